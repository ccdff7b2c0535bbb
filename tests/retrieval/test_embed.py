from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from retrieval.embed import embed, embed_picture
from retrieval.encoder import Encoder
from retrieval.errors import ImageUnreadable
from retrieval.images import ImageFile, RejectedFile

PATHS = ["cold/blue.png", "cut.png", "missing.png", "violet.png", "warm/red.png"]


def files(folder):
    """What a scan of `folder` would say of PATHS; of the missing one, what it said before it vanished."""
    found = [(path, (folder / path).stat() if (folder / path).exists() else None) for path in PATHS]
    return [
        ImageFile(path, status.st_size, status.st_mtime_ns) if status else ImageFile(path, 9, 9)
        for path, status in found
    ]


def test_a_vector_is_what_the_encoder_gives_for_the_picture(model, paint, tmp_path):
    path = paint(tmp_path / "a.png", (255, 0, 0), (0, 51, 0), (0, 0, 255), (102, 102, 102))
    seen = embed_picture(model.encoder, path)
    expected = [1, 0, 0, 0, 0.2, 0, 0, 0, 1, 0.4, 0.4, 0.4]
    # At the borders of the quarters the resize mixes colours a little.
    np.testing.assert_allclose(seen.vector, expected, atol=0.02)
    assert (seen.width, seen.height) == (32, 32)


def test_files_bytes_images_and_arrays_of_a_picture_have_the_same_vector(model, photos):
    path = photos / "violet.png"
    image = Image.open(path).convert("RGB")
    sources = [path, str(path), path.read_bytes(), image, np.asarray(image)]
    seen = [embed_picture(model.encoder, source) for source in sources]
    for each in seen[1:]:
        np.testing.assert_array_equal(each.vector, seen[0].vector)
    assert {(each.width, each.height) for each in seen} == {(48, 24)}


def test_only_contents_of_files_have_a_hash(model, photos):
    path = photos / "violet.png"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert embed_picture(model.encoder, path).sha256 == digest
    assert embed_picture(model.encoder, path.read_bytes()).sha256 == digest
    assert embed_picture(model.encoder, Image.open(path)).sha256 is None


def test_a_picture_without_any_direction_is_refused_with_the_reason(model, paint, tmp_path):
    path = paint(tmp_path / "black.png", (0, 0, 0))
    with pytest.raises(ImageUnreadable, match=r"black\.png cannot be read: it is blank"):
        embed_picture(model.encoder, path)


def test_a_folder_is_embedded_in_order_and_bad_files_do_not_shift_the_others(model, photos):
    results = list(embed(photos, files(photos), model.encoder))
    assert [
        result.path if isinstance(result, RejectedFile) else result[0].path for result in results
    ] == PATHS
    cut = (photos / "cut.png").stat()
    reason = "the file is truncated or damaged (a PNG file)"
    assert results[1] == RejectedFile("cut.png", reason, cut.st_size, cut.st_mtime_ns)
    assert results[2] == RejectedFile("missing.png", "there is no such file")
    row, vector, copy = results[3]
    assert copy is None
    assert (row.width, row.height, row.size) == (48, 24, (photos / "violet.png").stat().st_size)
    assert row.sha256 == hashlib.sha256((photos / "violet.png").read_bytes()).hexdigest()
    np.testing.assert_array_equal(vector, embed_picture(model.encoder, photos / "violet.png").vector)


def test_embedding_twice_gives_the_same_bits(model, photos):
    first, second = (list(embed(photos, files(photos) * 20, model.encoder)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        if isinstance(one, RejectedFile):
            assert one == other
        else:
            assert one[0] == other[0]
            np.testing.assert_array_equal(one[1], other[1])


def test_a_file_that_may_be_read_another_time_is_rejected_without_size_and_time(
    model, photos, paint, monkeypatch
):
    paint(photos / "black.png", (0, 0, 0))
    (blank,) = embed(photos, [ImageFile("black.png", 5, 6)], model.encoder)
    assert (blank.size, blank.mtime_ns) == (5, 6)  # it stays blank to this encoder
    monkeypatch.setattr("retrieval.embed.os.access", lambda *_: False)
    (unreadable,) = embed(photos, [ImageFile("cut.png", 5, 6)], model.encoder)
    assert (unreadable.size, unreadable.mtime_ns) == (0, 0)


def test_a_file_is_the_same_by_whatever_path_it_is_reached(model, photos, tmp_path):
    (tmp_path / "link.png").symlink_to(photos / "violet.png")
    (tmp_path / "hard.png").hardlink_to(photos / "violet.png")
    paths = [photos / "violet.png", tmp_path / "link.png", tmp_path / "hard.png"]
    assert len({embed_picture(model.encoder, path).file for path in paths}) == 1
    assert embed_picture(model.encoder, photos / "violet.png").file is not None
    assert embed_picture(model.encoder, (photos / "violet.png").read_bytes()).file is None


@pytest.fixture
def grainy(tmp_path):
    """A JPEG of 47 pixels a side, which an encoder of 16 takes reduced by two if it may."""
    grain = np.random.default_rng(0).integers(0, 256, (47, 47, 3)).astype(np.uint8)
    Image.fromarray(grain).save(tmp_path / "grain.jpg", quality=95)
    return tmp_path / "grain.jpg"


def seen_by_hand(path, *, least, box=None):
    with Image.open(path) as image:
        image.draft("RGB", (least, least))
        return np.asarray(image.resize((16, 16), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0))


@pytest.mark.parametrize(
    ("decoding", "reduced"), [(1, {"least": 32}), (2, {"least": 20, "box": (0, 0, 23.5, 23.5)})]
)
def test_a_picture_is_decoded_as_its_encoder_says_wherever_it_is_embedded(model, grainy, decoding, reduced):
    encoder = Encoder(model.encoder.model, replace(model.encoder.description, decoding=decoding))
    expected = encoder.encode(seen_by_hand(grainy, **reduced)[None])[0]
    for source in (grainy, str(grainy), grainy.read_bytes()):
        np.testing.assert_array_equal(embed_picture(encoder, source).vector, expected)
    files = [ImageFile(grainy.name, grainy.stat().st_size, grainy.stat().st_mtime_ns)]
    [result] = embed(grainy.parent, files, encoder)
    np.testing.assert_array_equal(result.vector, expected)


def test_the_two_ways_of_decoding_differ(grainy):
    one = seen_by_hand(grainy, least=32)
    other = seen_by_hand(grainy, least=20, box=(0, 0, 23.5, 23.5))
    assert np.abs(one.astype(int) - other).mean() > 1
