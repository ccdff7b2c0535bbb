import numpy as np
import pytest

from retrieval.evaluation import Exclusion, blocks, rank_blocks, self_retrieval

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
    monkeypatch.setattr(blocks, "BLOCK_CELLS", 350)
    found = self_retrieval(queries, database, targets=targets, metric="l1", tie_seed=2)
    np.testing.assert_array_equal(found.ranks, expected)


def test_recall_and_reciprocal_ranks():
    points = np.array([[0.1], [0.6], [9.0]], dtype=np.float32)
    found = self_retrieval(points, ROWS, targets=np.array([0, 0, 0]))
    assert found.found_at(1).tolist() == [1.0, 0.0, 0.0]
    assert found.found_at(3).tolist() == [1.0, 1.0, 0.0]
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
