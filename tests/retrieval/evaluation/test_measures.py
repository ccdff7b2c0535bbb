import numpy as np
import pytest

from retrieval.evaluation import measures
from retrieval.evaluation.distances import DistanceBlocks
from retrieval.evaluation.measures import are_grey, exact_copies, l1_distances, measure_of, parts_of

METRICS = ["l2", "l1", "cosine"]


def exact_distances(queries, database, metric):
    """Whole numbers added up as whole numbers."""
    points, rows = queries[:, None].astype(np.int64), database[None].astype(np.int64)
    if metric == "l1":
        return np.abs(points - rows).sum(axis=2).astype(np.float32)
    if metric == "l2":
        return np.sqrt(((points - rows) ** 2).sum(axis=2).astype(np.float64)).astype(np.float32)
    squares = (points**2).sum(axis=2) * (rows**2).sum(axis=2)
    cosines = (points * rows).sum(axis=2) / np.sqrt(np.where(squares > 0, squares, 1))
    return (1.0 - cosines).astype(np.float32)


def drawn(random, count, dim, *, grey=False):
    values = random.integers(0, 256, (count, dim // 3 if grey else dim), dtype=np.uint8)
    return values.repeat(3, axis=1) if grey else values


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dim", [1, 9, 3072])
@pytest.mark.parametrize("grey", [False, True])
def test_distances_are_those_of_whole_numbers(metric, dim, grey):
    if grey and dim % 3:
        pytest.skip("a grey vector has three numbers for each pixel")
    random = np.random.default_rng(0)
    database = drawn(random, 50, dim, grey=grey)
    # Queries of both kinds in one block, and some that are rows.
    queries = np.concatenate([drawn(random, 7, dim, grey=grey), drawn(random, 6, dim), database[:5]])
    found = measure_of(database, metric)(queries)
    assert found.dtype == np.float32
    expected = exact_distances(queries, database, metric)
    if metric == "cosine":
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)
        assert (np.diag(found[-5:]) == 0.0).all()
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("repeats", [1, 3])
def test_sums_at_the_ends_of_the_range_are_exact(metric, value, repeats):
    # Every product has the largest size that there is, and all have one sign.
    rows = np.array([[value] * 6144, [255 - value] * 6144, [value] * 6143 + [value ^ 1]], dtype=np.uint8)
    database = rows if repeats == 1 else np.stack([rows[0], rows[1]])
    found = measure_of(database, metric)(rows)
    np.testing.assert_allclose(found, exact_distances(rows, database, metric), rtol=1e-6, atol=1e-7)
    if metric != "cosine":
        np.testing.assert_array_equal(found, exact_distances(rows, database, metric))


@pytest.mark.parametrize("metric", METRICS)
def test_parts_of_the_database_change_nothing(metric, monkeypatch):
    random = np.random.default_rng(1)
    database, queries = drawn(random, 40, 30), drawn(random, 6, 30)
    whole = measure_of(database, metric)(queries)
    monkeypatch.setattr(measures, "CACHE_CELLS", 6 * 7)
    monkeypatch.setattr(measures, "CACHE_BYTES", 7 * 30 * 4)
    np.testing.assert_array_equal(measure_of(database, metric)(queries), whole)


@pytest.mark.parametrize("metric", METRICS)
def test_bytes_are_as_far_from_each_other_as_the_same_floats(metric):
    random = np.random.default_rng(2)
    database, queries = drawn(random, 60, 48), drawn(random, 20, 48)
    of_bytes, of_floats = (
        DistanceBlocks.between(queries.astype(dtype), database.astype(dtype), metric=metric, exclude=None)
        for dtype in (np.uint8, np.float32)
    )
    every = slice(0, 20)
    np.testing.assert_allclose(of_bytes.block(every), of_floats.block(every), rtol=1e-6, atol=1e-7)
    if metric != "cosine":
        np.testing.assert_array_equal(of_bytes.block(every), of_floats.block(every))


def test_bytes_against_floats_are_searched_as_floats():
    blocks = DistanceBlocks.between(
        np.array([[3, 4]], dtype=np.uint8), np.array([[0.0, 0.5]]), metric="l1", exclude=None
    )
    assert blocks.block(slice(0, 1)).tolist() == [[6.5]]


def test_black_is_at_cosine_distance_one_from_everything():
    vectors = np.array([[0, 0], [0, 9]], dtype=np.uint8)
    assert measure_of(vectors, "cosine")(vectors).tolist() == [[1.0, 1.0], [1.0, 0.0]]


def test_no_queries_no_distances():
    none = np.zeros((0, 6), dtype=np.uint8)
    for metric in METRICS:
        assert measure_of(np.ones((4, 6), dtype=np.uint8), metric)(none).shape == (0, 4)
    assert l1_distances(none, np.ones((4, 6))).shape == (0, 4)


def test_grey_is_every_number_three_times():
    vectors = np.array([[1, 1, 1, 2, 2, 2], [1, 1, 1, 2, 2, 3], [1, 2, 1, 2, 2, 2]], dtype=np.uint8)
    assert are_grey(vectors).tolist() == [True, False, False]
    assert are_grey(np.ones((2, 64), dtype=np.uint8)).tolist() == [False, False]


def test_parts_cover_every_row_once():
    distances = np.zeros((3, 1001), dtype=np.float32)
    rows = [row for part in parts_of(distances) for row in range(1001)[part]]
    assert rows == list(range(1001))


def test_copies_are_at_the_same_distance_however_noisy_the_product_is(monkeypatch):
    def noisy(database):
        random = np.random.default_rng(3)
        return lambda queries: random.random((len(queries), len(database)), dtype=np.float32)

    monkeypatch.setitem(measures._OF_FLOATS, "l2", noisy)
    row = measure_of(np.array([[1.0], [2.0], [1.0], [1.0]]), "l2")(np.zeros((1, 1)))[0]
    assert row[0] == row[2] == row[3] != row[1]


def test_copies_are_found_and_minus_zero_is_zero():
    vectors = np.array([[0.0, 1.0], [2.0, 2.0], [-0.0, 1.0], [2.0, 2.0], [0.0, 1.0]])
    copies, originals = exact_copies(vectors)
    assert copies.tolist() == [2, 3, 4]
    assert originals.tolist() == [0, 1, 0]
