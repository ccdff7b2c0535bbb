"""Every searcher held against plain NumPy and the exact one, before and after save and load."""

from pathlib import Path

import numpy as np
import pytest

from index_store import SEARCHERS, ExactSearcher, IndexDamaged
from index_store.searchers import exact

FULL_DISK = Path("/dev/full")
RNG = np.random.default_rng(7)
CENTRES = RNG.normal(size=(12, 16))
CLUSTERS = (CENTRES[RNG.integers(0, 12, 600)] + 0.3 * RNG.normal(size=(600, 16))).astype(np.float32)
QUERIES = CLUSTERS[:25] + np.float32(0.05)


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


@pytest.fixture(params=list(SEARCHERS))
def kind(request, monkeypatch):
    # Else FlatSearcher leaves work as small as this to NumPy.
    monkeypatch.setattr(exact, "_NUMPY_NUMBERS", 0)
    return SEARCHERS[request.param]


@pytest.fixture(params=["l2", "cosine"])
def metric(request):
    return request.param


def world(metric):
    return (unit(CLUSTERS), unit(QUERIES)) if metric == "cosine" else (CLUSTERS, QUERIES)


def test_the_exact_searcher_agrees_with_plain_numpy(metric):
    vectors, queries = world(metric)
    distances, positions = ExactSearcher.build(vectors, metric).search(queries, 10)
    expected_distances, expected_positions = plain_search(queries, vectors, metric, 10)
    np.testing.assert_array_equal(positions, expected_positions)
    np.testing.assert_allclose(distances, expected_distances, atol=2e-7, rtol=1e-6)


def test_every_searcher_finds_what_the_exact_one_finds(kind, metric):
    vectors, queries = world(metric)
    distances, positions = kind.build(vectors, metric).search(queries, 10)
    expected_distances, expected_positions = ExactSearcher.build(vectors, metric).search(queries, 10)
    assert (distances.dtype, positions.dtype) == (np.float32, np.int64)
    same = (positions == expected_positions).all(axis=1)
    assert same.mean() == 1 if not kind.derived else same.mean() >= 0.95
    np.testing.assert_array_equal(distances[same], expected_distances[same])


def test_a_searcher_finds_the_same_after_save_and_load(kind, metric, tmp_path):
    vectors, queries = world(metric)
    path = tmp_path / "search.generation-1.faiss"
    built = kind.build(vectors, metric)
    built.save(path)
    assert path.exists() == kind.derived
    loaded = kind.load(path, vectors, metric)
    for before, after in zip(built.search(queries, 7), loaded.search(queries, 7), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 40, 100])
@pytest.mark.parametrize("alike", [False, True])
def test_tiny_indexes_are_searched_exactly(kind, metric, count, alike, tmp_path):
    vectors = unit(np.ones((count, 16))) if alike else world(metric)[0][:count]
    queries = world(metric)[1][:3]
    built = kind.build(vectors, metric)
    built.save(tmp_path / "search")
    expected = ExactSearcher.build(vectors, metric).search(queries, 3)
    for searcher in (built, kind.load(tmp_path / "search", vectors, metric)):
        distances, positions = searcher.search(queries, 3)
        assert distances.shape == positions.shape == (3, min(3, count))
        np.testing.assert_array_equal(positions, expected[1])
        np.testing.assert_array_equal(distances, expected[0])


def test_no_queries_have_no_neighbours(kind, metric):
    vectors, queries = world(metric)
    distances, positions = kind.build(vectors, metric).search(queries[:0], 3)
    assert distances.shape == positions.shape == (0, 3)


def test_every_vector_can_be_asked_for(kind, metric):
    vectors, queries = world(metric)
    distances, positions = kind.build(vectors, metric).search(queries[:2], 5000)
    assert distances.shape == (2, 600)
    np.testing.assert_array_equal(np.sort(positions, axis=1), [np.arange(600)] * 2)
    assert (np.diff(distances, axis=1) >= 0).all()


def test_a_longer_answer_begins_with_the_shorter_one(kind, metric):
    vectors, queries = world(metric)
    searcher = kind.build(vectors, metric)
    long = searcher.search(queries, 31)
    for k in (1, 2, 10, 30):
        for short_part, long_part in zip(searcher.search(queries, k), long, strict=True):
            np.testing.assert_array_equal(short_part, long_part[:, :k])


def test_vectors_may_be_memory_mapped(kind, tmp_path):
    CLUSTERS.tofile(tmp_path / "vectors")
    mapped = np.memmap(tmp_path / "vectors", dtype=np.float32, mode="r", shape=CLUSTERS.shape)
    distances, positions = kind.build(np.asarray(mapped), "l2").search(CLUSTERS[:5], 1)
    assert positions.ravel().tolist() == [0, 1, 2, 3, 4]
    assert distances.ravel().tolist() == [0] * 5


@pytest.mark.parametrize("structure", ["hnsw", "ivf"])
@pytest.mark.parametrize("wreck", ["missing", "empty", "cut", "foreign", "other vectors"])
def test_a_structure_that_cannot_be_loaded_is_named(structure, wreck, tmp_path):
    path, kind, vectors = tmp_path / "search.generation-1.faiss", SEARCHERS[structure], CLUSTERS[:50]
    kind.build(vectors[:40] if wreck == "other vectors" else vectors, "l2").save(path)
    if wreck == "missing":
        path.unlink()
    elif wreck != "other vectors":
        path.write_bytes({"empty": b"", "cut": path.read_bytes()[:-9], "foreign": b"a picture" * 99}[wreck])
    with pytest.raises(IndexDamaged, match=r"search\.generation-1\.faiss.*build it again from the vectors"):
        kind.load(path, vectors, "l2")


def test_a_structure_of_another_kind_is_refused(tmp_path):
    SEARCHERS["ivf"].build(CLUSTERS[:50], "l2").save(tmp_path / "search")
    with pytest.raises(IndexDamaged, match=r"IndexIVFFlat.*expected \('IndexHNSWFlat'"):
        SEARCHERS["hnsw"].load(tmp_path / "search", CLUSTERS[:50], "l2")


@pytest.mark.skipif(not FULL_DISK.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("structure", ["hnsw", "ivf"])
def test_a_full_disk_is_told_as_the_system_tells_it(structure):
    with pytest.raises(OSError, match="No space left"):
        SEARCHERS[structure].build(CLUSTERS[:50], "l2").save(FULL_DISK)
