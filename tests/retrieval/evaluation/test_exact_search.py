import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from retrieval.evaluation import Exclusion, exact_search, rank_blocks, self_retrieval
from retrieval.evaluation.exact_search import (
    MOST_WORKERS,
    block_size,
    map_blocks,
    map_rankings,
    nearest_rows,
)

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
def test_blocks_change_nothing_and_come_in_the_order_of_the_queries(vectors, metric, block, monkeypatch):
    whole = whole_order(vectors, vectors, metric=metric, exclude=np.arange(60))
    monkeypatch.setattr(exact_search, "BLOCK_CELLS", block * 60)
    blocks = list(rank_blocks(vectors, vectors, metric=metric, exclude=np.arange(60)))
    assert [ranked.start for ranked in blocks] == list(range(0, 60, block))
    assert [row for ranked in blocks for row in range(60)[ranked.queries]] == list(range(60))
    np.testing.assert_array_equal(np.concatenate([ranked.order for ranked in blocks]), whole)


@pytest.mark.parametrize("cells", [1, 60 * 5, 60 * 17])
def test_ranking_fewer_queries_at_once_changes_nothing(vectors, cells, monkeypatch):
    whole = whole_order(vectors, vectors, tie_seed=2)
    monkeypatch.setattr(exact_search, "BLOCK_CELLS", 60 * 13)
    monkeypatch.setattr(exact_search, "RANKED_CELLS", cells)
    blocks = list(rank_blocks(vectors, vectors, tie_seed=2))
    assert [row for ranked in blocks for row in range(60)[ranked.queries]] == list(range(60))
    np.testing.assert_array_equal(np.concatenate([ranked.order for ranked in blocks]), whole)


def test_work_is_done_on_every_block_in_order(vectors, monkeypatch):
    monkeypatch.setattr(exact_search, "BLOCK_CELLS", 60 * 13)
    nearest = map_rankings(lambda ranked: ranked.order[:, 0], vectors, vectors, exclude=np.arange(60))
    np.testing.assert_array_equal(
        np.concatenate(list(nearest)), nearest_rows(vectors, vectors, exclude=np.arange(60))
    )


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


@pytest.mark.parametrize("metric", ["l2", "l1", "cosine"])
@pytest.mark.parametrize("tie_seed", [None, 3])
def test_it_is_the_first_of_the_ranking_ties_and_exclusions_included(metric, tie_seed, monkeypatch):
    monkeypatch.setattr(exact_search, "BLOCK_CELLS", 60 * 7)
    random = np.random.default_rng(0)
    # Few different vectors, so that many are equally near.
    database, queries = (
        random.integers(1, 4, (60, 2)).astype(float),
        random.integers(1, 4, (25, 2)).astype(float),
    )
    exclude = Exclusion(random.integers(-1, 20, 25), random.integers(0, 20, 60))
    arguments = {"metric": metric, "exclude": exclude, "tie_seed": tie_seed}
    ranked = np.concatenate([block.order[:, 0] for block in rank_blocks(queries, database, **arguments)])
    np.testing.assert_array_equal(nearest_rows(queries, database, **arguments), ranked)


def test_where_every_row_is_left_out_there_is_none():
    points = np.array([[1.0], [2.0]])
    assert nearest_rows(points, points, exclude=Exclusion(np.array([5, -1]), np.array([5, 5]))).tolist() == [
        -1,
        1,
    ]


ROWS = np.array([[0.0], [1.0], [1.0], [4.0]], dtype=np.float32)


def ranks(queries, targets, **options):
    points = np.array(queries, dtype=np.float32)[:, None]
    return self_retrieval(points, ROWS, targets=np.array(targets), **options).ranks.tolist()


def test_ranks_by_hand():
    assert ranks([0.1, 3.9, 0.6, 9.0], [0, 3, 0, 0]) == [1, 1, 3, 4]


def test_a_copy_before_the_target_counts_before_it():
    assert ranks([1.0, 1.0], [1, 2]) == [1, 2]


def test_copies_of_the_target_can_be_left_out():
    exclude = Exclusion(np.array([0]), np.array([5, 0, 6, 7]))
    assert ranks([1.0], [2], exclude=exclude) == [1]


def test_ranks_are_the_places_in_the_full_ranking_whatever_the_block(monkeypatch):
    random = np.random.default_rng(0)
    database = random.integers(0, 3, (50, 3)).astype(np.float32)
    queries, targets = database[random.permutation(50)], random.integers(0, 50, 50)
    [ranked] = rank_blocks(queries, database, metric="l1", tie_seed=2)
    expected = np.argmax(ranked.order == targets[:, None], axis=1) + 1
    monkeypatch.setattr(exact_search, "BLOCK_CELLS", 350)
    found = self_retrieval(queries, database, targets=targets, metric="l1", tie_seed=2)
    np.testing.assert_array_equal(found.ranks, expected)


def test_reciprocal_ranks():
    points = np.array([[0.1], [0.6], [9.0]], dtype=np.float32)
    found = self_retrieval(points, ROWS, targets=np.array([0, 0, 0]))
    assert found.reciprocal_ranks() == pytest.approx([1, 1 / 3, 1 / 4])


@pytest.mark.parametrize(
    ("targets", "options", "words"),
    [
        ([4], {}, "the database has 4 rows"),
        ([-1], {}, "targets go from -1"),
        ([0, 1], {}, r"shape \(2,\), expected \(1,\)"),
        ([0.0], {}, "float64"),
        ([2], {"exclude": np.array([2])}, "target of query 0 is left out"),
    ],
)
def test_targets_that_do_not_fit_are_refused(targets, options, words):
    with pytest.raises(ValueError, match=words):
        ranks([0.0], targets, **options)


def test_blocks_have_a_bounded_number_of_distances():
    for num_rows in (1, 1_000, 60_000, 100_000_000):
        size = block_size(num_rows)
        assert size >= 1
        assert size == 1 or size * num_rows <= 4_000_000


def test_results_come_in_order_although_the_first_takes_longest():
    later_one_done = threading.Event()

    def work(part):
        if part.start == 0:
            later_one_done.wait(0.2)
        else:
            later_one_done.set()
        return part.start

    assert list(map_blocks(work, num_queries=7, block=3)) == [0, 3, 6]


def test_threads_do_not_run_far_ahead_of_the_consumer():
    started = []

    def work(part):
        started.append(part.start)

    results = map_blocks(work, num_queries=1_000, block=1)
    next(results)
    assert len(started) <= MOST_WORKERS + 1
    results.close()
    assert len(started) <= MOST_WORKERS + 1


def test_an_error_in_a_block_reaches_the_consumer():
    def work(part):
        raise MemoryError(f"block {part.start}")

    with pytest.raises(MemoryError, match="block 0"):
        list(map_blocks(work, num_queries=3, block=1))


def test_no_queries_no_blocks():
    assert list(map_blocks(lambda part: part, num_queries=0, block=5)) == []


def test_no_more_threads_are_used_than_chosen(thread_count, most_at_once):
    thread_count(1)
    assert most_at_once(lambda work: list(map_blocks(work, num_queries=20, block=1))) == 1
