from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from retrieval import Retriever
from retrieval.insight.compared import ComparedPictures
from retrieval.insight.copy_limits import CopyLimits, _least_agreement
from retrieval.insight.second_look import SecondLook


def test_edited_copies_lie_within_the_limits(retriever):
    pictures = ComparedPictures.of(retriever)
    limits = CopyLimits.of(pictures, SecondLook([picture.path for picture in pictures.pictures]))
    assert limits.distance > 0
    assert 0.9 < limits.agreement <= limits.edited <= 1
    # Four of the ten pictures are copies of each other.
    assert 30 < limits.nearest <= 60
    assert f"{limits.agreement:.3f}" in limits.in_words()


def test_the_same_seed_gives_the_same_limits(retriever):
    pictures = ComparedPictures.of(retriever)
    look = SecondLook([picture.path for picture in pictures.pictures])
    assert CopyLimits.of(pictures, look, seed=3) == CopyLimits.of(pictures, look, seed=3)


@pytest.mark.parametrize(
    ("edited", "others", "expected"),
    [
        (0.96, [], 0.94),
        (0.99, [], 0.96),
        (0.96, [0.95] * 10, 0.94),
        (0.96, [0.95] * 11, 0.96),
        (0.96, [0.95] * 11 + [0.1] * 289, 0.94),
        (0.96, [0.97] * 300, 0.94),
        (0.5, [], 0.9),
        (0.5, [0.4] * 300, 0.9),
    ],
)
def test_a_crowd_of_near_pictures_takes_the_slack_away(edited, others, expected):
    assert _least_agreement(edited, np.array(others)) == pytest.approx(expected)


def test_where_nothing_can_be_read_nothing_counts_as_a_copy(retriever, copied):
    pictures = ComparedPictures.of(retriever)
    look = SecondLook([picture.path for picture in pictures.pictures])
    for picture in pictures.pictures:
        picture.path.unlink()
    assert CopyLimits.of(pictures, look).agreement == 1.0


def test_drawings_are_not_cropped_to_measure_by(tmp_path, model):
    folder = tmp_path / "drawn"
    folder.mkdir()
    for number in range(6):
        picture = Image.new("RGB", (96, 96), "white")
        picture.paste((20, 20, 60), (10 * number, 30, 10 * number + 16, 50))
        picture.save(folder / f"{number}.png")
    pictures = ComparedPictures.of(Retriever.build(folder, encoder=model))
    look = SecondLook([picture.path for picture in pictures.pictures])
    limits = CopyLimits.of(pictures, look)
    # With crops among the edits, a tenth of them would agree by next to nothing.
    assert limits.edited > 0.9
    assert limits.agreement >= 0.9
    assert limits.nearest == 0


def limits_of(folder, model, draw):
    """Limits of 40 drawings of 120 pixels, each drawn by `draw(pen, rng)`."""
    folder.mkdir()
    rng = np.random.default_rng(5)
    for number in range(40):
        picture = Image.new("RGB", (120, 120), "white")
        draw(ImageDraw.Draw(picture), rng)
        picture.save(folder / f"{number}.png")
    pictures = ComparedPictures.of(Retriever.build(folder, encoder=model))
    return CopyLimits.of(pictures, SecondLook([picture.path for picture in pictures.pictures]))


def disc(pen, rng):
    """Of almost any size, almost anywhere."""
    radius, (x, y) = rng.uniform(16, 22), rng.uniform(48, 72, 2)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(20, 20, 60))


def scribble(pen, rng):
    """A line with four corners."""
    pen.line([tuple(point) for point in rng.uniform(20, 100, (5, 2))], fill=(20, 20, 60), width=4)


def test_discs_are_not_known_once_trimmed_and_scribbles_are(tmp_path, model):
    assert not limits_of(tmp_path / "discs", model, disc).trimmed
    assert limits_of(tmp_path / "scribbles", model, scribble).trimmed
