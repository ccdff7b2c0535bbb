from __future__ import annotations

import numpy as np
import pytest

from retrieval.insight import layout
from retrieval.insight.layout import Layout


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def grouped():
    """60 vectors in three groups of 30, 20 and 10, in an order that tells nothing, and their groups."""
    rng = np.random.default_rng(7)
    groups = rng.permutation(np.repeat([0, 1, 2], [30, 20, 10]))
    return unit(np.eye(3, 8)[groups] + 0.05 * rng.standard_normal((60, 8))), groups


def neighbors_of_the_same(cells, groups):
    """The share of pictures whose nearest on the map is of their own group."""
    distances = np.linalg.norm(cells[:, None] - cells[None], axis=-1) + 1e9 * np.eye(len(cells))
    return (groups[distances.argmin(axis=1)] == groups).mean()


def is_one_map(made, count):
    assert made.cells.shape == (count, 2)
    assert len(np.unique(made.cells, axis=0)) == count
    assert made.cells.min(axis=0).tolist() == [0, 0]
    assert made.clusters.shape == (count,)
    assert made.clusters[made.examples].tolist() == list(range(len(made.examples)))
    sizes = np.bincount(made.clusters)
    assert (np.diff(sizes) <= 0).all()


def test_alike_pictures_lie_together_and_no_two_in_one_cell(grouped):
    vectors, groups = grouped
    made = Layout.of(vectors)
    is_one_map(made, 60)
    assert neighbors_of_the_same(made.cells, groups) > 0.9
    # A group is not torn apart: its cells lie within a square of about its size.
    for group, size in enumerate([30, 20, 10]):
        assert np.ptp(made.cells[groups == group], axis=0).max() <= 3 * np.sqrt(size)


def test_the_same_seed_gives_the_same_map(grouped):
    first, second = Layout.of(grouped[0], seed=3), Layout.of(grouped[0], seed=3)
    for name in ("cells", "clusters", "examples"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_of_many_pictures_a_sample_is_laid_out_and_the_others_lie_by_their_like(grouped, monkeypatch):
    vectors, groups = grouped
    monkeypatch.setattr(layout, "LANDMARKS", 40)
    made = Layout.of(vectors)
    is_one_map(made, 60)
    assert neighbors_of_the_same(made.cells, groups) > 0.9


def test_clusters_follow_the_groups_and_the_example_is_the_medoid(grouped):
    vectors, groups = grouped
    made = Layout.of(vectors)
    for cluster, example in enumerate(made.examples):
        rows = np.flatnonzero(made.clusters == cluster)
        assert len(set(groups[rows])) == 1
        sums = [((vectors[rows] - vectors[row]) ** 2).sum() for row in rows]
        assert example == rows[np.argmin(sums)]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9])
def test_few_pictures_have_a_map_too(count):
    is_one_map(Layout.of(unit(np.random.default_rng(count).standard_normal((count, 6)))), count)


@pytest.mark.parametrize("count", [2, 9, 40])
def test_pictures_without_a_difference_lie_side_by_side(count):
    made = Layout.of(np.tile(np.float32([1, 0, 0]), (count, 1)))
    is_one_map(made, count)
    assert len(made.examples) == 1
    assert made.cells.max() <= 3 * np.sqrt(count)


def test_two_pictures_are_no_further_apart_than_many():
    made = Layout.of(np.eye(2, dtype=np.float32))
    assert made.cells.tolist() == [[2, 0], [0, 0]]


def test_many_copies_beside_others_do_not_push_each_other_out(grouped):
    vectors = np.concatenate([np.repeat(grouped[0][:1], 100, axis=0), grouped[0]])
    made = Layout.of(vectors)
    is_one_map(made, 160)
    assert np.ptp(made.cells[:100], axis=0).max() <= 30
