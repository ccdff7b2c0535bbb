"""Every searcher held against plain NumPy and the exact one, before and after save and load."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from index_store import OptionInvalid, searchers
from index_store.searchers import build, load, masks, plans, up_to_date

FULL_DISK = Path("/dev/full")
RNG = np.random.default_rng(7)
CENTRES = RNG.normal(size=(12, 16))
CLUSTERS = (CENTRES[RNG.integers(0, 12, 2000)] + 0.3 * RNG.normal(size=(2000, 16))).astype(np.float32)
QUERIES = CLUSTERS[:25] + np.float32(0.05)
BUILT = [
    *("hnsw", "ivf", "int8", "pq", "rabitq", "float16", "binary", "hnsw,int8", "ivf,int8", "ivf,float32"),
    *("ivf,binary", "hnsw,binary128", "IVF16,SQ8", "PCA12,IVF16,SQ8"),
]


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def plain_search(queries, vectors, metric, k):
    """Written down anew, in float64."""
    queries, vectors = queries.astype(np.float64), vectors.astype(np.float64)
    if metric == "cosine":
        lengths = np.linalg.norm(queries, axis=1)[:, None] * np.linalg.norm(vectors, axis=1)
        distances = 1 - queries @ vectors.T / lengths
    else:
        distances = np.linalg.norm(queries[:, None] - vectors, axis=2)
    positions = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, positions, axis=1), positions


@pytest.fixture(params=["exact", "flat", *BUILT])
def structure(request):
    return request.param


@pytest.fixture(params=["l2", "cosine"])
def metric(request):
    return request.param


@cache
def searcher_over(structure, metric):
    """Built once: to search does not change it."""
    return build(structure, world(metric)[0], metric)


def world(metric):
    return (unit(CLUSTERS), unit(QUERIES)) if metric == "cosine" else (CLUSTERS, QUERIES)


def assert_answers(found, expected, *, at_least):
    """The same answers to a share of the queries, to the last bit; and none that is out of order."""
    same = (found[1] == expected[1]).all(axis=1)
    assert same.mean() >= at_least
    np.testing.assert_array_equal(found[0][same], expected[0][same])
    assert (np.diff(found[0], axis=1) >= 0).all()


def test_the_exact_searcher_agrees_with_plain_numpy(metric):
    vectors, queries = world(metric)
    distances, positions = build("exact", vectors, metric).search(queries, 10)
    expected_distances, expected_positions = plain_search(queries, vectors, metric, 10)
    np.testing.assert_array_equal(positions, expected_positions)
    np.testing.assert_allclose(distances, expected_distances, atol=2e-7, rtol=1e-6)


def test_every_searcher_finds_what_the_exact_one_finds(structure, metric):
    vectors, queries = world(metric)
    found = searcher_over(structure, metric).search(queries, 10)
    assert (found[0].dtype, found[1].dtype) == (np.float32, np.int64)
    expected = build("exact", vectors, metric).search(queries, 10)
    assert_answers(found, expected, at_least=1 if structure in ("exact", "flat") else 0.8)


@pytest.mark.parametrize("share", [0.9, 0.3, 0.001, 0.0])
def test_a_search_among_some_is_a_search_of_those_alone(structure, metric, share, monkeypatch):
    monkeypatch.setattr(masks, "_FEW", 10)
    vectors, queries = world(metric)
    among = np.random.default_rng(1).random(len(vectors)) < share
    chosen = np.flatnonzero(among)
    found = searcher_over(structure, metric).search(queries, 10, among)
    distances, positions = build("exact", vectors[chosen], metric).search(queries, 10)
    assert found[1].shape == positions.shape == (25, min(10, len(chosen)))
    expected = distances, chosen[positions]
    assert_answers(found, expected, at_least=1 if structure in ("exact", "flat") else 0.8)


def test_a_searcher_finds_the_same_after_save_and_load(structure, metric, tmp_path):
    vectors, queries = world(metric)
    path = tmp_path / "search.generation-1.faiss"
    built = searcher_over(structure, metric)
    built.save(path)
    assert path.exists() == built.derived
    loaded = load(path, structure, vectors, metric)
    assert loaded.name == built.name
    for before, after in zip(built.search(queries, 7), loaded.search(queries, 7), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("structure", ["exact", "flat", "hnsw", "ivf,int8", "binary"])
@pytest.mark.parametrize("count", [0, 1, 2, 40, 100])
@pytest.mark.parametrize("alike", [False, True])
def test_tiny_indexes_are_searched_exactly(structure, metric, count, alike, tmp_path):
    vectors = unit(np.ones((count, 16))) if alike else world(metric)[0][:count]
    queries = world(metric)[1][:3]
    built = build(structure, vectors, metric)
    built.save(tmp_path / "search")
    expected = build("exact", vectors, metric).search(queries, 3)
    for searcher in (built, load(tmp_path / "search", structure, vectors, metric)):
        distances, positions = searcher.search(queries, 3)
        assert distances.shape == positions.shape == (3, min(3, count))
        np.testing.assert_array_equal(positions, expected[1])
        np.testing.assert_array_equal(distances, expected[0])


def test_no_queries_have_no_neighbours(structure):
    queries = QUERIES
    distances, positions = searcher_over(structure, "l2").search(queries[:0], 3)
    assert distances.shape == positions.shape == (0, 3)


def test_every_vector_can_be_asked_for(structure):
    queries = QUERIES
    distances, positions = searcher_over(structure, "l2").search(queries[:2], 5000)
    assert distances.shape == (2, 2000)
    np.testing.assert_array_equal(np.sort(positions, axis=1), [np.arange(2000)] * 2)
    assert (np.diff(distances, axis=1) >= 0).all()


def test_an_answer_of_up_to_ten_begins_with_the_shorter_one(structure):
    queries = QUERIES
    searcher = searcher_over(structure, "l2")
    long = searcher.search(queries, 10)
    for k in (1, 2, 9):
        for short_part, long_part in zip(searcher.search(queries, k), long, strict=True):
            np.testing.assert_array_equal(short_part, long_part[:, :k])


@pytest.mark.parametrize("structure", ["flat", "hnsw", "ivf"])
def test_vectors_may_be_memory_mapped(structure, tmp_path):
    CLUSTERS.tofile(tmp_path / "vectors")
    mapped = np.memmap(tmp_path / "vectors", dtype=np.float32, mode="r", shape=CLUSTERS.shape)
    distances, positions = build(structure, np.asarray(mapped), "l2").search(CLUSTERS[:5], 1)
    assert positions.ravel().tolist() == [0, 1, 2, 3, 4]
    assert distances.ravel().tolist() == [0] * 5


SOME_BUILT = ["hnsw", "ivf", "ivf,int8", "ivf,binary", "PCA12,IVF16,SQ8"]


@pytest.mark.parametrize("structure", SOME_BUILT)
def test_what_was_saved_stays_in_force_while_few_vectors_are_new(structure, tmp_path, monkeypatch):
    path, queries = tmp_path / "search", CLUSTERS[-5:]
    build(structure, CLUSTERS[:1900], "l2").save(path)
    searcher, changed = up_to_date(path, structure, CLUSTERS, "l2")
    assert not changed
    for found in (searcher, load(path, structure, CLUSTERS, "l2")):
        assert found.search(queries, 1)[1].ravel().tolist() == [1995, 1996, 1997, 1998, 1999]
        among = np.arange(2000) >= 1998
        assert found.search(queries[:1], 3, among)[1].shape == (1, 2)


@pytest.mark.parametrize("structure", SOME_BUILT)
def test_a_structure_is_extended_not_built_again(structure, tmp_path, monkeypatch):
    path = tmp_path / "search"
    build(structure, CLUSTERS[:1500], "l2").save(path)
    monkeypatch.setattr(searchers, "_SMALL_TAIL", 100)
    monkeypatch.setattr(searchers.ApproximateSearcher, "build", None)
    searcher, changed = up_to_date(path, structure, CLUSTERS, "l2")
    assert changed
    searcher.save(path)
    expected = build("exact", CLUSTERS, "l2").search(QUERIES, 10)
    for found in (searcher, load(path, structure, CLUSTERS, "l2")):
        assert found.covered == 2000
        assert_answers(found.search(QUERIES, 10), expected, at_least=0.8)


def test_a_structure_that_is_outgrown_or_of_another_kind_is_built_again(tmp_path):
    path = tmp_path / "search"
    build("ivf,int8", CLUSTERS[:450].repeat(3, axis=0)[:1000], "l2").save(path)
    outgrown = np.tile(CLUSTERS, (3, 1))
    searcher, changed = up_to_date(path, "ivf,int8", outgrown, "l2")
    assert changed
    assert (searcher.facts.count, searcher.covered) == (6000, 6000)
    searcher, changed = up_to_date(path, "int8", CLUSTERS, "l2")
    assert changed
    assert searcher.name == "SQ8"


def test_a_structure_that_is_no_longer_wanted_is_replaced_by_none(tmp_path):
    path = tmp_path / "search"
    build("hnsw", CLUSTERS, "l2").save(path)
    searcher, changed = up_to_date(path, "flat", CLUSTERS, "l2")
    assert changed
    assert not searcher.derived
    assert up_to_date(None, "flat", CLUSTERS, "l2")[1] is False


@pytest.mark.parametrize("wreck", ["missing", "empty", "cut", "foreign", "flipped", "facts", "fewer vectors"])
def test_a_damaged_structure_is_told_and_built_again(wreck, tmp_path):
    path, vectors = tmp_path / "search.generation-1.faiss", CLUSTERS[:300]
    build("hnsw", vectors, "l2").save(path)
    content = bytearray(path.read_bytes())
    content[{"flipped": len(content) // 2, "facts": -50}.get(wreck, 0)] ^= 1
    if wreck == "missing":
        path.unlink()
    elif wreck != "fewer vectors":
        wrecks = {"empty": b"", "cut": content[:-9], "foreign": b"a picture" * 99}
        path.write_bytes(wrecks.get(wreck, content))
    held = vectors[:200] if wreck == "fewer vectors" else vectors
    found = load(path, "hnsw", held, "l2")
    assert (found.name, found.derived) == ("flat", False)
    assert "search.generation-1.faiss is missing or damaged" in found.reason
    searcher, changed = up_to_date(path, "hnsw", held, "l2")
    assert (changed, searcher.covered) == (True, len(held))


def test_what_is_auto_grows_with_the_corpus(monkeypatch):
    assert build("auto", CLUSTERS, "l2").name == "flat"
    monkeypatch.setattr(plans, "EXACT_NUMBERS", 16_000)
    assert build("auto", CLUSTERS, "l2").name.startswith("IVF")


@pytest.mark.skipif(not FULL_DISK.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("structure", ["hnsw", "ivf"])
def test_a_full_disk_is_told_as_the_system_tells_it(structure):
    with pytest.raises(OSError, match="No space left"):
        build(structure, CLUSTERS, "l2").save(FULL_DISK)


@pytest.mark.parametrize(
    ("structure", "told"),
    [
        ("IDMap,Flat", "add does not make sense with IndexIDMap"),
        ("IVF5000,Flat", "Number of training"),
    ],
)
def test_what_faiss_cannot_build_is_one_sentence(structure, told):
    vectors = np.random.default_rng(0).normal(size=(2000, 16)).astype(np.float32)
    with pytest.raises(OptionInvalid, match=rf"cannot be built over 2,000 vectors of 16 numbers \(.*{told}"):
        build(structure, vectors, "l2")
