"""The real pictures beside the repository, where they are."""

from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import ImageUnreadable
from retrieval.images import find_images, load_picture, open_picture, read_picture

DATA = Path(__file__).parents[4] / "shared" / "data"

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data beside the repository"),
]


def read_or_reason(path):
    try:
        return read_picture(path, 32)
    except ImageUnreadable as error:
        return error.reason


@pytest.mark.parametrize(
    ("folder", "rejected"),
    [
        ("copies", {}),
        (
            "odd-files",
            {
                "formats/ukbench09380.svg": "a vector drawing (.svg), not pixels: export it as PNG",
                "ukbench09268_corrupt.jpg": "its contents are in no picture format that can be read here",
            },
        ),
    ],
)
def test_every_file_is_decoded_or_rejected_with_a_reason(folder, rejected):
    scan = find_images(DATA / folder)
    reasons = {rejection.path: rejection.reason for rejection in scan.rejections}
    for found in scan.pictures:
        outcome = read_or_reason(DATA / folder / found.path)
        if isinstance(outcome, str):
            reasons[found.path] = outcome
            continue
        picture, facts = outcome
        assert picture.pixels.std() > 20
        assert (facts.size, facts.mtime_ns) == (found.size, found.mtime_ns)
    assert reasons == rejected
    files = {
        path.relative_to(DATA / folder).as_posix() for path in (DATA / folder).rglob("*") if path.is_file()
    }
    told = {found.path for found in scan.pictures} | reasons.keys()
    assert {Path(path).name.partition("-")[0] for path in files - told} == {"LICENSE"}


def test_photographs_of_each_orientation_come_out_upright():
    # Three shots of one desk: the wall behind it is lit from above.
    for number, size in ((1, (4032, 3024)), (6, (3024, 4032)), (8, (3024, 4032))):
        picture = load_picture(DATA / "odd-files" / "exif" / f"exif-rotn-{number}.jpg", 16)
        assert (picture.width, picture.height) == size
        rows, columns = picture.pixels.mean(axis=(1, 2)), picture.pixels.mean(axis=(0, 2))
        assert rows[:4].mean() > rows[-4:].mean() + 30
        assert abs(columns[:4].mean() - columns[-4:].mean()) < 60


def test_one_photograph_in_many_modes_comes_out_alike():
    modes = DATA / "odd-files" / "modes"
    original = np.asarray(open_picture(modes / "original.jpg").resize((32, 32))).astype(int)
    for name in ("RGB.jpg", "RGBA.png", "P.png", "CMYK.jpg", "YCbCr.jpg", "LAB.webp", "HSV.webp", "PA.webp"):
        pixels = np.asarray(open_picture(modes / name).resize((32, 32))).astype(int)
        assert np.abs(pixels - original).mean() < 6, name
    for name in ("L.png", "LA.png", "1.png", "I.webp", "F.webp"):
        grey = np.asarray(open_picture(modes / name).resize((32, 32))).astype(int)[:, :, 1]
        assert np.abs(grey - original @ [0.299, 0.587, 0.114]).mean() < 8, name
