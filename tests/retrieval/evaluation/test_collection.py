import numpy as np
import pytest

from retrieval.errors import NoPictures
from retrieval.evaluation import Labelling
from retrieval.evaluation.collection import Listing


def test_pictures_are_listed_by_path_with_their_labels(photos):
    listing = Listing.of(photos, Labelling())
    assert dict(zip(listing.paths, listing.labels, strict=True)) == {
        "cold/blue.png": "cold",
        "cold/green.png": "cold",
        "cut.png": None,
        "violet.png": None,
        "warm/red.png": "warm",
        "warm/reddish.png": "warm",
    }
    assert [rejection.path for rejection in listing.rejections] == ["empty.jpg"]


def test_folders_can_be_left_out_and_missing_ones_are_refused(photos):
    assert "cold/blue.png" not in Listing.of(photos, Labelling(), skip=[photos / "cold"]).paths
    with pytest.raises(NoPictures, match="there is no such folder"):
        Listing.of(photos / "missing", Labelling())


def test_rows_are_taken_with_everything_that_belongs_to_them(collection):
    taken = collection([0, 1, 2], ["a", None, "b"], contents=["x", "y", "z"]).take(np.array([2, 0]))
    assert (taken.paths, taken.labels, taken.contents) == (("p2.png", "p0.png"), ("b", "a"), ("z", "x"))
    assert taken.vectors["line"].tolist() == [[2.0], [0.0]]
    assert len(taken) == 2


def test_bytes_become_floats_that_hold_them_exactly(collection):
    whole = np.arange(256, dtype=np.uint8).reshape(2, 128)
    pictures = collection([0, 1], ["a", "b"]).with_vectors("bytes", whole)
    assert pictures.floats("bytes").dtype == np.float16
    np.testing.assert_array_equal(pictures.floats("bytes").astype(int), whole)
    assert pictures.floats("line") is pictures.vectors["line"]
