import numpy as np
import pytest

from retrieval.evaluation.baselines import PrincipalComponents, principal_components


def noise(count, size=4, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def by_singular_values(fitted, shown, dim):
    rows = fitted.reshape(len(fitted), -1).astype(np.float64)
    directions = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)[2][:dim]
    return (shown.reshape(len(shown), -1) - rows.mean(axis=0)) @ directions.T


@pytest.mark.parametrize("count", [20, 200])
def test_vectors_are_those_of_the_singular_values_up_to_signs(count):
    # 48 components: 20 pictures take the way by their products, 200 that by the covariance.
    fitted, shown = noise(count), noise(7, seed=1)
    vectors = PrincipalComponents.fit(fitted, 5).encode(shown)
    np.testing.assert_allclose(np.abs(vectors), np.abs(by_singular_values(fitted, shown, 5)), rtol=1e-4)


def test_the_first_direction_is_the_one_that_varies_most():
    vectors = PrincipalComponents.fit(noise(100), 6).encode(noise(100))
    assert np.all(np.diff(vectors.var(axis=0)) <= 1e-6)


def test_signs_are_settled_so_that_a_run_repeats():
    directions = PrincipalComponents.fit(noise(30), 4).directions
    largest = np.abs(directions).argmax(axis=0)
    assert np.all(directions[largest, np.arange(4)] > 0)


def test_order_of_the_fitted_pictures_changes_nothing():
    first, second = PrincipalComponents.fit(noise(30), 3), PrincipalComponents.fit(noise(30)[::-1], 3)
    np.testing.assert_allclose(first.encode(noise(5)), second.encode(noise(5)), atol=1e-3)


def test_fewer_pictures_than_dims_give_fewer_dims():
    assert PrincipalComponents.fit(noise(4), 64).dim == 3


@pytest.mark.parametrize("pictures", [noise(1), np.full((5, 4, 4, 3), 9, dtype=np.uint8)])
def test_pictures_that_do_not_vary_give_vectors_of_one_number(pictures):
    components = PrincipalComponents.fit(pictures, 8)
    assert components.encode(pictures).tolist() == [[0.0]] * len(pictures)


def test_many_pictures_are_encoded_in_parts(monkeypatch):
    components, pictures = PrincipalComponents.fit(noise(30), 3), noise(10)
    whole = components.encode(pictures)
    monkeypatch.setattr(principal_components, "BLOCK_PICTURES", 4)
    np.testing.assert_allclose(components.encode(pictures), whole, rtol=1e-6)


def test_nothing_to_fit_is_refused():
    with pytest.raises(ValueError, match="got 0 pictures and dim 3, expected at least 1 of each"):
        PrincipalComponents.fit(noise(0), 3)
    with pytest.raises(ValueError, match="got 2 pictures and dim 0"):
        PrincipalComponents.fit(noise(2), 0)
