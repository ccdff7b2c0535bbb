import numpy as np
import pytest
from sklearn.decomposition import PCA

from retrieval.autoencoder.look.principal import Principal


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)])
def test_it_is_the_pca_of_scikit_learn(shape):
    rows = np.random.default_rng(0).normal(size=shape).astype(np.float32) * np.linspace(1, 3, shape[1])
    rows = rows.astype(np.float32)
    ours, theirs = Principal.fit(rows, 4), PCA(4).fit(rows)
    np.testing.assert_allclose(np.abs(ours.directions), np.abs(theirs.components_), atol=1e-4)
    np.testing.assert_allclose(ours.deviations**2, theirs.explained_variance_, rtol=1e-4)
    rebuilt = theirs.inverse_transform(theirs.transform(rows))
    np.testing.assert_allclose(ours.rebuild(rows), rebuilt, atol=1e-4)


def test_there_are_no_more_components_than_rows_allow():
    rows = np.random.default_rng(0).normal(size=(5, 100)).astype(np.float32)
    assert Principal.fit(rows, 64).directions.shape == (4, 100)
    np.testing.assert_allclose(Principal.fit(rows, 64).rebuild(rows), rows, atol=1e-4)


def test_rows_that_are_all_the_same_come_back():
    rows = np.full((4, 6), 0.5, dtype=np.float32)
    np.testing.assert_allclose(Principal.fit(rows, 3).rebuild(rows), rows, atol=1e-6)
