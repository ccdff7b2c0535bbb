from __future__ import annotations

import pytest
from PIL import Image

from retrieval import Retriever
from retrieval.cli.comparison import Comparison

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def comparison(paint, tmp_path, model):
    """Two kinds of two pictures that differ in colour: by whatever is searched, the nearest is right."""
    for number, (kind, color) in enumerate(
        [("warm", RED), ("warm", (255, 60, 0)), ("cold", BLUE), ("cold", (0, 60, 255))]
    ):
        paint(tmp_path / kind / f"{number}.png", color)
    return Comparison.of(Retriever.build(tmp_path, encoder=model))


def test_the_folders_are_the_classes(comparison):
    assert comparison.classes == ("cold", "warm")
    assert comparison.paths == ("cold/2.png", "cold/3.png", "warm/0.png", "warm/1.png")
    assert comparison.labels.tolist() == [0, 0, 1, 1]


def test_every_picture_is_queried_against_all_others(comparison):
    assert list(comparison.figures) == ["latent", "color_histogram", "pixel"]
    for name in ("latent", "pixel"):
        # One relevant picture of three; the cut-off of ten falls to three.
        assert comparison.figures[name] == pytest.approx(
            {"precision_at_1": 1.0, "precision_at_10": 1 / 3, "map": 1.0}
        )


def test_an_example_leaves_the_query_out(comparison):
    example = comparison.example()
    kind = example.query.partition("/")[0]
    assert len(example.hits) == 3
    assert example.hits[0].path.parent.name == kind
    assert example.hits[0].path != comparison.retriever.folder / example.query


def test_the_sheets_frame_right_and_wrong_answers(comparison, tmp_path):
    comparison.draw_examples(tmp_path / "examples.png", seed=0)
    comparison.draw_nearest(tmp_path / "nearest.png", seed=0)
    for name in ("examples.png", "nearest.png"):
        with Image.open(tmp_path / name) as sheet:
            colors = {color for _, color in sheet.getcolors(1 << 20)}
        assert {(0x2A, 0x9D, 0x4B), (0xD1, 0x37, 0x2F)} <= colors
