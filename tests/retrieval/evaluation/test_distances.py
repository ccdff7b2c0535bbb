import faiss
import numpy as np
import pytest

from retrieval.evaluation import Exclusion
from retrieval.evaluation.distances import DistanceBlocks

METRICS = ["l2", "l1", "cosine"]


def all_distances(queries, database, metric):
    blocks = DistanceBlocks.between(queries, database, metric=metric, exclude=None)
    return blocks.block(slice(0, len(queries)))


def plain_distances(queries, database, metric):
    """One pair at a time, in float64."""
    differences = queries[:, None].astype(np.float64) - database[None].astype(np.float64)
    if metric == "l2":
        return np.sqrt((differences**2).sum(axis=2))
    if metric == "l1":
        return np.abs(differences).sum(axis=2)
    lengths = np.linalg.norm(queries, axis=1)[:, None] * np.linalg.norm(database, axis=1)
    return 1.0 - (queries[:, None].astype(np.float64) * database[None]).sum(axis=2) / lengths


@pytest.fixture
def vectors():
    return np.random.default_rng(0).normal(size=(40, 12)).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
def test_distances_are_those_of_plain_numpy(vectors, metric):
    ours = all_distances(vectors[:7], vectors, metric)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, plain_distances(vectors[:7], vectors, metric), rtol=3e-6, atol=3e-7)


@pytest.mark.parametrize("metric", METRICS)
def test_a_vector_is_at_distance_zero_from_itself(vectors, metric):
    assert (np.diag(all_distances(vectors * 1000, vectors * 1000, metric)) == 0.0).all()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dim", [3, 64, 77])
def test_copies_in_the_database_are_at_exactly_the_same_distance(metric, dim):
    random = np.random.default_rng(1)
    originals = random.normal(size=(101, dim)).astype(np.float32)
    copied = np.concatenate([originals, originals[::-1], originals[:50]])
    distances = all_distances(random.normal(size=(30, dim)).astype(np.float32), copied, metric)
    np.testing.assert_array_equal(distances[:, :101], distances[:, 101:202][:, ::-1])
    np.testing.assert_array_equal(distances[:, :50], distances[:, 202:])


@pytest.mark.parametrize("metric", METRICS)
def test_distances_do_not_depend_on_the_block(vectors, metric):
    blocks = DistanceBlocks.between(vectors, vectors, metric=metric, exclude=None)
    one_by_one = np.concatenate([blocks.block(slice(row, row + 1)) for row in range(len(vectors))])
    np.testing.assert_array_equal(blocks.block(slice(0, len(vectors))), one_by_one)


def test_faiss_gets_its_threads_back(vectors):
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(3)
    try:
        all_distances(vectors[:11], vectors, "l1")
        assert faiss.omp_get_max_threads() == 3
    finally:
        faiss.omp_set_num_threads(before)


def test_bits_are_counted_exactly():
    # A perceptual hash as zeros and ones: the squared distance is the number of bits that differ.
    bits = np.random.default_rng(2).integers(0, 2, (200, 64)).astype(np.float32)
    expected = np.count_nonzero(bits[:, None] != bits[None], axis=2)
    np.testing.assert_array_equal(all_distances(bits, bits, "l1"), expected)
    np.testing.assert_array_equal(all_distances(bits, bits, "l2"), np.sqrt(expected).astype(np.float32))


def test_small_differences_far_from_the_origin_are_seen():
    steps = np.arange(5, dtype=np.float32)[:, None] * np.float32(0.001)
    vectors = np.float32(1000.0) + np.repeat(steps, 8, axis=1)
    np.testing.assert_allclose(
        all_distances(vectors, vectors, "l2"), plain_distances(vectors, vectors, "l2"), rtol=1e-6
    )


def test_vectors_closer_than_the_resolution_are_equal():
    vectors = np.array([[1.0, 0.0], [1.0 + 1e-9, 0.0], [-1.0, 0.0]])
    assert all_distances(vectors[:1], vectors, "l2")[0, :2].tolist() == [0.0, 0.0]


def test_a_zero_vector_is_at_cosine_distance_one_from_everything():
    vectors = np.array([[0.0, 0.0], [1.0, 0.0]], dtype=np.float32)
    assert all_distances(vectors, vectors, "cosine").tolist() == [[1.0, 1.0], [1.0, 0.0]]


def test_the_excluded_row_is_infinitely_far():
    points = np.array([[0.0], [1.0]], dtype=np.float32)
    blocks = DistanceBlocks.between(points, points, metric="l2", exclude=np.array([0, 1]))
    assert blocks.block(slice(1, 2)).tolist() == [[1.0, np.inf]]


def test_whole_numbers_are_accepted():
    assert all_distances(np.array([[0, 3]]), np.array([[4, 0]]), "l2").tolist() == [[5.0]]


@pytest.mark.parametrize(
    ("queries", "database", "metric", "words"),
    [
        (np.zeros((1, 2)), np.zeros((1, 3)), "l2", "queries have 2 dims, the database 3"),
        (np.zeros(2), np.zeros((1, 2)), "l2", r"queries has shape \(2,\)"),
        (np.zeros((1, 2)), np.zeros((0, 2)), "l2", r"database has shape \(0, 2\)"),
        (np.zeros((1, 2)), np.array([[0, 0], [np.nan, 0]]), "l2", "1 rows of database .* the first is row 1"),
        (np.zeros((1, 2)), np.zeros((1, 2)), "dot", "metric is 'dot', expected one of l2, l1, cosine"),
    ],
)
def test_what_does_not_fit_is_refused(queries, database, metric, words):
    with pytest.raises(ValueError, match=words):
        DistanceBlocks.between(queries, database, metric=metric, exclude=None)


def parsed(exclude, num_queries=2, num_rows=3):
    return Exclusion.parse(exclude, num_queries=num_queries, num_rows=num_rows)


def left_out(exclusion, num_rows=3):
    distances = np.zeros((len(exclusion.query_ids), num_rows), dtype=np.float32)
    exclusion.apply(distances, slice(0, len(distances)))
    return [np.flatnonzero(np.isinf(row)).tolist() for row in distances]


def test_one_row_a_query_and_minus_one_for_none():
    exclusion = parsed(np.array([2, -1]))
    assert left_out(exclusion) == [[2], []]
    assert exclusion.counts().tolist() == [1, 0]


def test_nothing_is_left_out_by_none():
    assert left_out(parsed(None)) == [[], []]
    assert parsed(None).counts().tolist() == [0, 0]


def test_all_copies_of_a_picture_are_left_out_by_their_common_id():
    exclusion = parsed(Exclusion(np.array([7, 9]), np.array([7, 9, 7])))
    assert left_out(exclusion) == [[0, 2], [1]]
    assert exclusion.counts().tolist() == [2, 1]


def test_negative_ids_match_nothing_not_even_each_other():
    exclusion = parsed(Exclusion(np.array([-1, 9]), np.array([-1, 9, -1])))
    assert left_out(exclusion) == [[], [1]]
    assert exclusion.counts().tolist() == [0, 1]


def test_a_part_of_the_queries_has_its_own_ids():
    distances = np.zeros((1, 3), dtype=np.float32)
    parsed(np.array([0, 1])).apply(distances, slice(1, 2))
    assert np.isinf(distances[0]).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("exclude", "error", "words"),
    [
        (np.array([0, 3]), ValueError, "row 3 of a database of 3 rows"),
        (np.array([0]), ValueError, r"exclude has shape \(1,\), expected \(2,\)"),
        (np.array([0.0, 1.0]), TypeError, "exclude holds float64"),
        (Exclusion(np.array([0]), np.array([0, 1, 2])), ValueError, "query_ids has shape"),
        (Exclusion(np.array([0, 1]), np.array([0, 1])), ValueError, "database_ids has shape"),
    ],
)
def test_an_exclusion_that_does_not_fit_is_refused(exclude, error, words):
    with pytest.raises(error, match=words):
        parsed(exclude)
