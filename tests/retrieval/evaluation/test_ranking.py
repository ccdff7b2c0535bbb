import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from retrieval.evaluation import Exclusion, rank_blocks

METRICS = ["l2", "l1", "cosine"]


def whole_order(queries, database, **options):
    return np.concatenate([ranked.order for ranked in rank_blocks(queries, database, **options)])


@pytest.fixture
def vectors():
    return np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
def test_the_order_is_that_of_a_stable_argsort(vectors, metric):
    [ranked] = rank_blocks(vectors[:9], vectors, metric=metric)
    distances = np.empty_like(ranked.distances)
    np.put_along_axis(distances, ranked.order, ranked.distances, axis=1)
    np.testing.assert_array_equal(ranked.order, np.argsort(distances, axis=1, kind="stable"))
    plain = {
        "l2": lambda: np.linalg.norm(vectors[:9, None] - vectors, axis=2),
        "l1": lambda: np.abs(vectors[:9, None] - vectors).sum(axis=2),
        "cosine": lambda: (
            1
            - np.stack([vectors @ v / np.linalg.norm(v) for v in vectors[:9]])
            / np.linalg.norm(vectors, axis=1)
        ),
    }
    np.testing.assert_allclose(distances, plain[metric](), rtol=1e-5, atol=1e-6)


def test_equal_distances_come_in_the_order_of_the_database():
    database = np.array([[2.0], [1.0], [-1.0], [1.0], [-2.0], [2.0]], dtype=np.float32)
    assert whole_order(np.zeros((1, 1)), database).tolist() == [[1, 2, 3, 0, 4, 5]]


@pytest.mark.parametrize("metric", METRICS)
def test_a_seed_orders_equals_the_same_way_for_every_method(metric):
    alike = np.ones((30, 2), dtype=np.float32)
    shuffled = whole_order(alike[:2], alike, metric=metric, tie_seed=5)
    np.testing.assert_array_equal(shuffled[0], np.random.default_rng(5).permutation(30))
    np.testing.assert_array_equal(shuffled[0], shuffled[1])
    longer = np.ones((30, 7), dtype=np.float32)
    np.testing.assert_array_equal(whole_order(longer[:1], longer, metric="l2", tie_seed=5)[0], shuffled[0])


def test_a_seed_leaves_different_distances_in_their_order(vectors):
    np.testing.assert_array_equal(
        whole_order(vectors[:5], vectors, tie_seed=1), whole_order(vectors[:5], vectors)
    )


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("block", [1, 7, 60, 1000])
def test_blocks_change_nothing_and_come_in_the_order_of_the_queries(vectors, metric, block):
    blocks = list(rank_blocks(vectors, vectors, metric=metric, exclude=np.arange(60), block=block))
    assert [ranked.start for ranked in blocks] == list(range(0, 60, block))
    assert [row for ranked in blocks for row in range(60)[ranked.queries]] == list(range(60))
    whole = whole_order(vectors, vectors, metric=metric, exclude=np.arange(60))
    np.testing.assert_array_equal(np.concatenate([ranked.order for ranked in blocks]), whole)


@pytest.mark.parametrize("metric", METRICS)
def test_the_query_is_never_among_its_own_answers(vectors, metric):
    copies = np.concatenate([vectors, vectors[:20]])
    order = whole_order(copies, copies, metric=metric, exclude=np.arange(80))
    assert order.shape == (80, 79)
    assert not (order == np.arange(80)[:, None]).any()
    assert (np.sort(order, axis=1)[5] == np.delete(np.arange(80), 5)).all()
    # The copy of the query is still there, and it is the nearest.
    assert order[:20, 0].tolist() == list(range(60, 80))


def test_copies_are_left_out_on_request_and_the_shorter_lists_are_padded():
    points = np.array([[0.0], [1.0], [0.0], [5.0]], dtype=np.float32)
    content = np.array([10, 11, 10, 12])
    [ranked] = rank_blocks(points, points, exclude=Exclusion(content, content))
    assert ranked.order.tolist() == [[1, 3, -1], [0, 2, 3], [1, 3, -1], [1, 0, 2]]
    assert ranked.distances[0].tolist() == [1.0, 5.0, np.inf]


def test_a_single_picture_has_no_answers():
    point = np.zeros((1, 3), dtype=np.float32)
    assert whole_order(point, point, exclude=np.array([0])).shape == (1, 0)


def test_faults_are_told_before_anything_is_ranked(vectors):
    with pytest.raises(ValueError, match="dims"):
        rank_blocks(vectors, vectors[:, :3])
    with pytest.raises(ValueError, match="block is 0"):
        rank_blocks(vectors, vectors, block=0)
    with pytest.raises(ValueError, match="row 60"):
        rank_blocks(vectors, vectors, exclude=np.full(60, 60))


small_grids = hnp.arrays(np.float32, st.tuples(st.integers(1, 15), st.just(2)), elements=st.integers(-2, 2))


@settings(deadline=None, max_examples=50)
@given(small_grids, st.sampled_from(["l2", "l1"]))
def test_whatever_the_ties_nearer_comes_first_and_then_the_earlier_row(points, metric):
    for query, order in zip(points, whole_order(points, points, metric=metric), strict=True):
        differences = points - query
        squared = metric == "l2"
        exact = (differences**2).sum(axis=1) if squared else np.abs(differences).sum(axis=1)
        assert order.tolist() == sorted(range(len(points)), key=lambda row: (exact[row], row))
