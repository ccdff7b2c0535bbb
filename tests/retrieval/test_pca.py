from __future__ import annotations

import numpy as np
import pytest

from retrieval.pca import PCA


def rows_of(count, length, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(count, length)) @ random.normal(size=(length, length)) + 3


@pytest.mark.parametrize(("count", "length"), [(40, 6), (6, 40)])
def test_the_components_are_those_of_a_singular_value_decomposition(count, length):
    rows = rows_of(count, length)
    found = PCA.fit(rows, 3)
    _, values, directions = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(found.directions @ directions[:3].T), np.eye(3), atol=1e-8)
    np.testing.assert_allclose(found.deviations, values[:3] / np.sqrt(count - 1))


def test_all_components_bring_the_rows_back():
    rows = rows_of(20, 5)
    np.testing.assert_allclose(PCA.fit(rows, 5).reconstruct(rows), rows)


def test_the_components_of_the_rows_have_no_mean_and_their_deviations():
    rows = rows_of(50, 4)
    found = PCA.fit(rows, 2)
    components = found.transform(rows)
    np.testing.assert_allclose(components.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(components.std(axis=0, ddof=1), found.deviations)


def test_rows_that_vary_in_fewer_directions_get_fewer_components_but_one_at_least():
    line = np.arange(4)[:, None] * np.array([[1.0, 2.0, 3.0]])
    assert PCA.fit(line, 3).directions.shape == (1, 3)
    same = PCA.fit(np.ones((4, 3)), 3)
    assert same.directions.shape == (1, 3)
    np.testing.assert_array_equal(same.transform(np.ones((2, 3))), 0)


@pytest.mark.parametrize(("shape", "dim"), [((0, 3), 1), ((3,), 1), ((3, 3), 0)])
def test_what_has_no_components_is_refused(shape, dim):
    with pytest.raises(ValueError, match=r"expected at least 1 of each"):
        PCA.fit(np.zeros(shape), dim)
