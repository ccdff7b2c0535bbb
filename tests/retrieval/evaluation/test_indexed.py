import numpy as np
import pytest

from retrieval.evaluation import Labelling
from retrieval.evaluation.collection import Listing
from retrieval.evaluation.embedding import embed
from retrieval.evaluation.indexed import IndexedVectors, fitted_rows, latent_method
from retrieval.evaluation.method import fixed_methods
from retrieval.retriever import Retriever


@pytest.fixture
def fitted(stand_in_solve, swatches, tmp_path):
    """An index whose encoder was fitted to the swatches, with what was drawn to have enough of them."""
    return Retriever.build(swatches, index=tmp_path / "index")


def collected(folder):
    return embed(Listing.of(folder, Labelling()), fixed_methods())


def test_the_method_is_that_of_the_index(retriever):
    method = latent_method(retriever)
    assert (method.name, method.title, method.metric) == ("latent", "latent (quarters)", "cosine")
    assert method.bytes_per_image == 48
    assert method.encoder is retriever.encoder


def test_contents_that_are_not_in_the_index_are_not_found(retriever):
    vectors, positions = IndexedVectors(retriever.index).find(["0" * 64])
    assert (vectors.shape, positions.tolist()) == ((0, 12), [])


def test_what_else_is_fitted_is_fitted_to_the_same_pictures(fitted, swatches):
    for number in (3, 4):
        (swatches / "new").mkdir(exist_ok=True)
        path = swatches / "new" / f"{number}.bmp"
        path.write_bytes((swatches / "brick" / "0.png").read_bytes())
    try:
        pictures = collected(swatches)
        assert [pictures.paths[row] for row in fitted_rows(fitted, pictures)] == [
            path for path in pictures.paths if not path.startswith("new")
        ]
    finally:
        for path in (swatches / "new").iterdir():
            path.unlink()
        (swatches / "new").rmdir()


def test_other_pictures_are_all_taken_up_to_a_bound_by_their_contents(fitted, draw, tmp_path, monkeypatch):
    pictures = collected(draw(tmp_path / "others", each=3, seed=8))
    assert fitted_rows(fitted, pictures).tolist() == list(range(9))
    monkeypatch.setattr("retrieval.evaluation.indexed.MOST_FITTED", 4)
    chosen = fitted_rows(fitted, pictures)
    assert [pictures.contents[row] for row in np.sort(chosen)] == [
        content for content in pictures.contents if content in sorted(pictures.contents)[:4]
    ]
