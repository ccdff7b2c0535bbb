import numpy as np
import pytest
from scipy.fft import dctn

from retrieval.evaluation import baselines
from retrieval.evaluation.baselines import (
    BASELINES,
    ColorHistogram,
    FlatPixels,
    PerceptualHash,
    PrincipalComponents,
    check_pictures,
)


def test_right_pictures_come_back_as_they_are():
    pictures = np.zeros((0, 4, 4, 3), dtype=np.uint8)
    assert check_pictures(pictures, 4) is pictures


@pytest.mark.parametrize(
    ("shape", "kind"), [((4, 4, 3), "uint8"), ((1, 4, 4, 1), "uint8"), ((1, 4, 4, 3), "int16")]
)
def test_wrong_pictures_are_refused_with_what_came_and_what_is_expected(shape, kind):
    with pytest.raises(ValueError, match=rf"pictures are .*{kind}, expected \(n, 4, 4, 3\) uint8"):
        check_pictures(np.zeros(shape, dtype=kind), 4)


def test_a_vector_is_the_pixels_row_by_row():
    pictures = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    vectors = FlatPixels(2).encode(pictures)
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [list(range(12)), list(range(12, 24))]


def test_its_size_and_dim_are_those_of_cifar():
    assert (FlatPixels().size, FlatPixels().dim) == (32, 3072)


@pytest.mark.parametrize("pictures", [np.zeros((1, 3, 2, 3), np.uint8), np.zeros((1, 2, 2, 3))])
def test_other_pictures_are_refused(pictures):
    with pytest.raises(ValueError, match=r"expected \(n, 2, 2, 3\) uint8: load them with"):
        FlatPixels(2).encode(pictures)


def test_every_color_falls_into_the_cell_of_its_quarters():
    picture = np.array([[[0, 0, 0], [63, 64, 128]], [[255, 192, 0], [255, 192, 63]]], dtype=np.uint8)[None]
    shares = ColorHistogram(2).encode(picture)[0] ** 2
    expected = np.zeros(64)
    expected[0], expected[0 * 16 + 1 * 4 + 2], expected[3 * 16 + 3 * 4 + 0] = 0.25, 0.25, 0.5
    np.testing.assert_allclose(shares, expected, atol=1e-6)


def test_where_a_color_is_does_not_matter():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    np.testing.assert_array_equal(
        ColorHistogram().encode(pictures), ColorHistogram().encode(pictures[:, ::-1, ::-1])
    )


def test_distances_are_those_of_hellinger():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    first, second = ColorHistogram(8).encode(pictures).astype(np.float64)
    overlap = np.sum(np.sqrt(first**2 * second**2))
    assert np.sum((first - second) ** 2) == pytest.approx(2 - 2 * overlap)


def test_no_pictures_have_no_vectors():
    assert ColorHistogram().encode(np.zeros((0, 64, 64, 3), np.uint8)).shape == (0, 64)


def scenes(count=20):
    small = np.random.default_rng(0).integers(20, 200, (count, 8, 8, 3))
    return small.repeat(4, axis=1).repeat(4, axis=2).astype(np.uint8)


def test_bits_say_which_low_frequencies_are_above_the_median():
    for picture, bits in zip(scenes(), PerceptualHash().encode(scenes()), strict=True):
        grey = picture @ np.array([0.299, 0.587, 0.114])
        lowest = dctn(grey, norm=None)[:8, :8].ravel()
        np.testing.assert_array_equal(bits, lowest > np.median(lowest))


def test_half_of_the_bits_are_set():
    assert PerceptualHash().encode(scenes()).sum(axis=1).tolist() == [32.0] * 20


def test_half_the_brightness_changes_few_bits_and_other_scenes_many():
    hashes, darker = PerceptualHash().encode(scenes()), PerceptualHash().encode(scenes() // 2)
    own = np.abs(hashes - darker).sum(axis=1)
    others = np.abs(hashes[:, None] - hashes[None]).sum(axis=2)[~np.eye(20, dtype=bool)]
    assert own.max() <= 4 < others.min()


def test_plain_pictures_all_have_the_same_bits():
    plain = np.stack([np.full((32, 32, 3), level, dtype=np.uint8) for level in (1, 77, 255)])
    assert len(np.unique(PerceptualHash().encode(plain), axis=0)) == 1


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
    directions = PrincipalComponents.fit(noise(30), 4).pca.directions.T
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
    monkeypatch.setattr(baselines, "BLOCK_PICTURES", 4)
    np.testing.assert_allclose(components.encode(pictures), whole, rtol=1e-6)


def test_nothing_to_fit_is_refused():
    with pytest.raises(ValueError, match="got 0 pictures and dim 3, expected at least 1 of each"):
        PrincipalComponents.fit(noise(0), 3)
    with pytest.raises(ValueError, match="got 2 pictures and dim 0"):
        PrincipalComponents.fit(noise(2), 0)


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda baseline: baseline.name)
def test_every_baseline_has_the_signature_of_an_encoder(baseline):
    pictures = noise(3, size=baseline.encoder.size)
    vectors = baseline.encoder.encode(pictures)
    assert vectors.shape == (3, baseline.encoder.dim)
    assert vectors.dtype == np.float32
    assert baseline.encoder.encode(pictures[:0]).shape == (0, baseline.encoder.dim)
    if baseline.whole_numbers:
        np.testing.assert_array_equal(vectors.astype(np.uint8), vectors)


def test_baselines_have_names_of_their_own():
    assert len({baseline.name for baseline in BASELINES}) == len(BASELINES)
