import numpy as np
import pytest

from retrieval.errors import NoPictures
from retrieval.evaluation import Labelling, Method
from retrieval.evaluation.collection import Listing
from retrieval.evaluation.embedding import embed, finite
from retrieval.evaluation.indexed import IndexedVectors
from retrieval.evaluation.method import fixed_methods
from retrieval.images import load
from retrieval.progress import Progress


def listed(folder):
    return Listing.of(folder, Labelling())


def test_every_method_sees_the_pictures_at_its_own_size(swatches, model):
    latent = Method.of(model.encoder, name="latent", title="latent")
    pictures = embed(listed(swatches), [latent, *fixed_methods()])
    assert pictures.paths[:2] == ("brick/0.png", "brick/1.png")
    assert pictures.labels == ("brick",) * 6 + ("grass",) * 6 + ("water",) * 6
    for method in (latent, *fixed_methods()):
        size = method.encoder.size
        alone = np.stack([load(swatches / path, size) for path in pictures.paths])
        np.testing.assert_allclose(pictures.vectors[method.name], method.encoder.encode(alone), atol=1e-6)


def test_pixels_are_kept_as_bytes_and_once_for_their_three_methods(swatches):
    vectors = embed(listed(swatches), fixed_methods()).vectors
    assert vectors["pixel"].dtype == np.uint8
    assert vectors["pixel"] is vectors["pixel_l1"] is vectors["pixel_cosine"]
    assert vectors["color_histogram"].dtype == np.float32


def test_what_cannot_be_read_is_left_out_and_named(photos):
    pictures = embed(listed(photos), fixed_methods())
    assert pictures.paths == (
        "cold/blue.png",
        "cold/green.png",
        "violet.png",
        "warm/red.png",
        "warm/reddish.png",
    )
    assert pictures.labels == ("cold", "cold", None, "warm", "warm")
    assert [rejection.path for rejection in pictures.rejections] == ["cut.png", "empty.jpg"]
    assert len(pictures.vectors["phash"]) == 5


def test_known_vectors_are_taken_as_they_are(swatches, retriever):
    class Known:
        def find(self, contents):
            return np.full((1, 12), 7.0, dtype=np.float32), np.array([len(contents) - 1])

    latent = Method.of(retriever.encoder, name="latent", title="latent")
    pictures = embed(listed(swatches), [latent], known={"latent": Known()})
    assert pictures.vectors["latent"][-1].tolist() == [7.0] * 12
    made = pictures.vectors["latent"][:-1]
    made = made / np.linalg.norm(made, axis=1, keepdims=True)
    np.testing.assert_allclose(made, retriever.index.vectors()[:-1], atol=1e-6)


def test_the_vectors_of_an_index_are_found_by_content(swatches, retriever):
    contents = embed(listed(swatches), fixed_methods()).contents
    asked = (contents[3], "0" * 64, contents[0])
    vectors, positions = IndexedVectors(retriever.index).find(asked)
    assert positions.tolist() == [0, 2]
    np.testing.assert_array_equal(vectors, retriever.index.vectors()[[3, 0]])


def test_a_step_counts_every_picture(photos):
    class Counting(Progress):
        def step(self, name, total=None):
            seen.append((name, total))
            return super().step(name, total)

    seen = []
    embed(listed(photos), fixed_methods(), progress=Counting())
    assert seen == [("read and embed", 6)]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "no file in it is a picture"),
        (["a.jpg", "b.jpg"], "none of its 2 files can be read as a picture"),
    ],
)
def test_a_folder_without_a_readable_picture_is_refused(tmp_path, files, words):
    for name in files:
        (tmp_path / name).write_bytes(b"\xff\xd8\xff")
    with pytest.raises(NoPictures, match=words):
        embed(listed(tmp_path), fixed_methods())


def test_vectors_without_a_direction_become_zero():
    vectors = np.array([[1.0, 2.0], [np.nan, 1.0], [np.inf, 0.0]], dtype=np.float32)
    assert finite(vectors).tolist() == [[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]]
    assert finite(vectors[:1]) is not None
