"""Links between pictures, by hand."""

import numpy as np
import pytest

from retrieval.autoencoder.solved import neighbors
from retrieval.autoencoder.solved.neighbors import (
    mutual_links,
    nearest,
    nearest_others,
    nearness_of_links,
    scatter_of_links,
    to_nearest,
)


def circle(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_the_nearest_are_those_of_largest_similarity():
    similarities = np.array([[0.1, 0.9, 0.5], [0.2, 0.1, 0.3]], dtype=np.float32)
    assert [set(row) for row in nearest(similarities, 2)] == [{1, 2}, {0, 2}]


def test_the_nearest_others_are_never_the_picture_itself():
    found = nearest_others(circle(0, 10, 25, 90), 2)
    assert [set(row) for row in found] == [{1, 2}, {0, 2}, {0, 1}, {1, 2}]
    assert nearest_others(circle(0, 90), 5).tolist() == [[1], [0]]


def test_differences_are_those_to_the_nearest_others(monkeypatch):
    vectors = circle(0, 10, 25, 90)
    monkeypatch.setattr(neighbors, "_NEAREST", 2)
    pairs = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (3, 1), (3, 2)]
    expected = sorted((vectors[near] - vectors[one]).tolist() for one, near in pairs)
    np.testing.assert_allclose(sorted(to_nearest(vectors).tolist()), expected, atol=1e-6)
    monkeypatch.setattr(neighbors, "_MOST_PICTURES", 3)
    assert to_nearest(vectors).shape == (3 * 2, 2)


def test_a_link_is_mutual():
    # 10 is nearest to 25, but 0 is nearer to 10.
    np.testing.assert_array_equal(mutual_links(circle(0, 10, 25, 90, 93), 1), [[0, 1], [3, 4]])


def test_links_do_not_depend_on_length_or_blocks(monkeypatch):
    vectors = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    links = mutual_links(vectors, 3)
    monkeypatch.setattr(neighbors, "_BLOCK", 7)
    lengths = np.random.default_rng(1).uniform(0.5, 2, size=(40, 1)).astype(np.float32)
    np.testing.assert_array_equal(mutual_links(vectors * lengths, 3), links)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    order = np.argsort(-(unit @ unit.T) + 9 * np.eye(40), axis=1)[:, :3]
    expected = [(a, b) for a in range(40) for b in range(a) if a in order[b] and b in order[a]]
    assert {tuple(link) for link in links} == {(b, a) for a, b in expected}


def test_few_pictures_have_few_links():
    assert mutual_links(circle(0, 90), 5).tolist() == [[0, 1]]


def test_the_scatter_of_links_is_the_covariance_around_their_middle():
    means = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    links = np.array([[0, 1], [2, 5]])
    expected = np.zeros((4, 4))
    for first, second in links:
        middle = (means[first] + means[second]) / 2
        for each in (means[first], means[second]):
            expected += np.outer(each - middle, each - middle) / 2
    np.testing.assert_allclose(scatter_of_links(means, links), expected, atol=1e-6)
    assert (scatter_of_links(means, links[:0]) == 0).all()


def test_links_are_as_near_as_they_are_to_any_two():
    corners = np.array([[0, 0], [0, 1], [4, 0], [4, 1]], dtype=np.float32)
    # Any two are 2 · (4 + 1/4) apart on average, squared.
    assert nearness_of_links(corners, np.array([[0, 1], [2, 3]])) == pytest.approx(1 - 1 / 8.5)
    assert nearness_of_links(corners, np.array([[0, 3]])) == pytest.approx(1 - 17 / 8.5)
    assert nearness_of_links(corners, np.array([[1, 1]])) == 1.0


def test_without_links_or_differences_nothing_is_near():
    assert nearness_of_links(circle(0, 90), np.zeros((0, 2), dtype=np.intp)) == 0.0
    assert nearness_of_links(circle(5, 5), np.array([[0, 1]])) == 0.0
