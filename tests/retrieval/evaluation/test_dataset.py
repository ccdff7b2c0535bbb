import hashlib

import numpy as np
import pytest
from PIL import Image

from retrieval.errors import ImageUnreadable, NoPictures
from retrieval.evaluation import Labelling, Method
from retrieval.evaluation import dataset as dataset_module
from retrieval.evaluation.dataset import (
    Dataset,
    IndexedVectors,
    decode_batches,
    decode_sizes,
    finite,
    open_file,
)
from retrieval.evaluation.method import fixed_methods
from retrieval.images import load
from retrieval.progress import Progress


def loaded(folder, methods=None, **options):
    return Dataset.load(folder, Labelling(), methods or fixed_methods(), **options)


def test_folders_can_be_left_out_and_missing_ones_are_refused(photos):
    assert "cold/blue.png" not in loaded(photos, skip=[photos / "cold"]).paths
    with pytest.raises(NoPictures, match="there is no such folder"):
        loaded(photos / "missing")


def test_rows_are_taken_with_everything_that_belongs_to_them(dataset):
    taken = dataset([0, 1, 2], ["a", None, "b"], contents=["x", "y", "z"]).take(np.array([2, 0]))
    assert (taken.paths, taken.labels, taken.contents) == (("p2.png", "p0.png"), ("b", "a"), ("z", "x"))
    assert taken.vectors["line"].tolist() == [[2.0], [0.0]]
    assert len(taken) == 2


def test_methods_with_one_encoder_share_their_vectors_also_when_rows_are_taken(swatches):
    pictures = loaded(swatches)
    taken = pictures.take(np.array([1, 2]))
    assert taken.vectors["pixel"] is taken.vectors["pixel_l1"] is taken.vectors["pixel_cosine"]
    assert pictures.take(np.arange(18)) is pictures


def test_every_method_sees_the_pictures_at_its_own_size(swatches, model):
    latent = Method.of(model.encoder, name="latent", title="latent")
    pictures = loaded(swatches, [latent, *fixed_methods()])
    assert pictures.paths[:2] == ("brick/0.png", "brick/1.png")
    assert pictures.labels == ("brick",) * 6 + ("grass",) * 6 + ("water",) * 6
    for method in (latent, *fixed_methods()):
        size = method.encoder.size
        alone = np.stack([load(swatches / path, size) for path in pictures.paths])
        np.testing.assert_allclose(pictures.vectors[method.name], method.encoder.encode(alone), atol=1e-6)


def test_pixels_are_kept_as_bytes_and_once_for_their_three_methods(swatches):
    vectors = loaded(swatches).vectors
    assert vectors["pixel"].dtype == np.uint8
    assert vectors["pixel"] is vectors["pixel_l1"] is vectors["pixel_cosine"]
    assert vectors["color_histogram"].dtype == np.float32


def test_what_cannot_be_read_is_left_out_and_named(photos):
    pictures = loaded(photos)
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
    pictures = loaded(swatches, [latent], known={"latent": Known()})
    assert pictures.vectors["latent"][-1].tolist() == [7.0] * 12
    made = pictures.vectors["latent"][:-1]
    made = made / np.linalg.norm(made, axis=1, keepdims=True)
    np.testing.assert_allclose(made, retriever.index.vectors()[:-1], atol=1e-6)


def test_the_vectors_of_an_index_are_found_by_content(swatches, retriever):
    contents = loaded(swatches).contents
    asked = (contents[3], "0" * 64, contents[0])
    vectors, positions = IndexedVectors(retriever.index).find(asked)
    assert positions.tolist() == [0, 2]
    np.testing.assert_array_equal(vectors, retriever.index.vectors()[[3, 0]])


def test_contents_that_are_not_in_the_index_are_not_found(retriever):
    vectors, positions = IndexedVectors(retriever.index).find(["0" * 64])
    assert (vectors.shape, positions.tolist()) == ((0, 12), [])


def test_a_step_counts_every_picture(photos):
    class Counting(Progress):
        def step(self, name, total=None):
            seen.append((name, total))
            return super().step(name, total)

    seen = []
    loaded(photos, progress=Counting())
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
        loaded(tmp_path)


def test_vectors_without_a_direction_become_zero():
    vectors = np.array([[1.0, 2.0], [np.nan, 1.0], [np.inf, 0.0]], dtype=np.float32)
    assert finite(vectors).tolist() == [[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]]
    assert finite(vectors[:1]) is not None


@pytest.fixture
def noisy(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    Image.fromarray(values).save(tmp_path / "noisy.png")
    return tmp_path / "noisy.png"


def test_each_size_is_what_loading_at_that_size_gives(noisy):
    content, pictures = decode_sizes(noisy, [8, 64], decoding=2)
    assert content == hashlib.sha256(noisy.read_bytes()).hexdigest()
    for size, pixels in pictures.items():
        np.testing.assert_array_equal(pixels, load(noisy, size))


@pytest.mark.parametrize("decoding", [1, 2])
def test_a_jpeg_at_the_largest_size_is_what_loading_at_that_size_gives(noisy, tmp_path, decoding):
    Image.open(noisy).resize((900, 1200)).save(tmp_path / "large.jpg")
    _, pictures = decode_sizes(tmp_path / "large.jpg", [32, 64], decoding=decoding)
    np.testing.assert_array_equal(pictures[64], load(tmp_path / "large.jpg", 64, decoding=decoding))
    near = np.abs(pictures[32].astype(float) - load(tmp_path / "large.jpg", 32))
    assert near.mean() < 2.5  # noise is the worst case


class Mean:
    """The mean colour of a picture of 64 pixels."""

    size, dim = 64, 3

    def __init__(self, decoding=None):
        if decoding is not None:
            self.decoding = decoding

    def encode(self, pictures):
        return pictures.mean(axis=(1, 2)).astype(np.float32)


@pytest.mark.parametrize(("ways", "expected"), [((None,), 2), ((None, 2), 2), ((2, None, 1), 1)])
def test_all_methods_see_the_same_pixels_those_of_the_most_careful_encoder(noisy, tmp_path, ways, expected):
    folder = tmp_path / "large"
    folder.mkdir()
    Image.open(noisy).resize((350, 350)).save(folder / "a.jpg")
    methods = [Method.of(Mean(way), name=f"mean {way}", title="mean") for way in ways]
    pictures = loaded(folder, methods)
    mean = Mean().encode(load(folder / "a.jpg", 64, decoding=expected)[None])
    for method in methods:
        np.testing.assert_array_equal(pictures.vectors[method.name], mean)
    other = Mean().encode(load(folder / "a.jpg", 64, decoding=3 - expected)[None])
    assert (mean != other).any()


def test_a_picture_is_turned_upright_once(tmp_path):
    image = Image.new("RGB", (8, 16))
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    image.save(tmp_path / "turned.png", exif=exif)
    _, pictures = decode_sizes(tmp_path / "turned.png", [16], decoding=2)
    np.testing.assert_array_equal(pictures[16], load(tmp_path / "turned.png", 16))
    assert pictures[16][:, -2:].max() > 100
    assert pictures[16][:, :8].max() < 20


def test_batches_keep_the_order_and_name_what_cannot_be_read(tmp_path, paint, monkeypatch):
    monkeypatch.setattr(dataset_module, "BATCH", 2)
    paths = ["0.png", "cut.png", "2.png", "empty.jpg", "gone.png", "5.png"]
    for number in (0, 2, 5):
        paint(tmp_path / f"{number}.png", (number, 0, 0))
    (tmp_path / "cut.png").write_bytes((tmp_path / "0.png").read_bytes()[:40])
    (tmp_path / "empty.jpg").touch()
    batches = list(decode_batches(tmp_path, paths, [4, 4], decoding=1))
    assert [path for batch in batches for path in batch.paths] == ["0.png", "2.png", "5.png"]
    reds = np.concatenate([batch.pixels[4][:, 0, 0, 0] for batch in batches])
    assert reds.tolist() == [0, 2, 5]
    rejected = [rejection.path for batch in batches for rejection in batch.rejections]
    assert rejected == ["cut.png", "empty.jpg", "gone.png"]
    assert batches[1].pixels[4].shape == (1, 4, 4, 3)


def test_an_unreadable_file_is_named_by_its_path(tmp_path):
    (tmp_path / "no.jpg").write_bytes(b"no picture")
    with pytest.raises(ImageUnreadable, match=r"no\.jpg cannot be read"):
        open_file(tmp_path / "no.jpg", at_least=8)


def test_one_picture_in_two_formats_looks_equal_and_a_changed_pixel_does_not(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "0.png")
    Image.fromarray(pixels).save(tmp_path / "1.bmp")
    pixels[3, 4] ^= 255
    Image.fromarray(pixels).save(tmp_path / "2.png")
    pictures = loaded(tmp_path)
    assert len(set(pictures.contents)) == 3
    assert pictures.looks[0] == pictures.looks[1] != pictures.looks[2]
    assert pictures.take(np.array([2, 0])).looks == (pictures.looks[2], pictures.looks[0])
