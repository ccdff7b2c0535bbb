import doctest

import numpy as np
import pytest

from retrieval.evaluation import Exclusion, blocks, nearest, rank_blocks
from retrieval.evaluation.nearest import nearest_rows


@pytest.mark.parametrize("metric", ["l2", "l1", "cosine"])
@pytest.mark.parametrize("tie_seed", [None, 3])
def test_it_is_the_first_of_the_ranking_ties_and_exclusions_included(metric, tie_seed, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_CELLS", 60 * 7)
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


def test_the_example_is_right():
    assert doctest.testmod(nearest).failed == 0
