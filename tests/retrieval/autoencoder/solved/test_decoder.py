"""The solved decoder: what latent vectors know of pictures comes back."""

import numpy as np

from retrieval.autoencoder.export import to_litert
from retrieval.autoencoder.solved.decoder import solve_decoder
from retrieval.encoder import Decoder


def drawn(num, size, seed=0):
    """Smooth pictures (n, S, S, 3), each a sum of three waves, and the strengths of these (n, 3)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size] * (2 * np.pi / size)
    waves = np.stack([np.sin(rows), np.cos(columns), np.sin(rows + columns)])
    strengths = rng.normal(size=(num, 3))
    strengths /= np.linalg.norm(strengths, axis=1, keepdims=True)
    pictures = 128 + 100 * np.tensordot(strengths, waves, axes=1)[..., None] * [1.0, 0.5, 0.2]
    return strengths.astype(np.float32), np.clip(pictures, 0, 255).astype(np.uint8)


def error(decoder, latents, pictures):
    return np.mean((decoder.predict(latents, verbose=0) * 255 - pictures) ** 2)


def test_pictures_come_back_also_those_it_was_not_solved_on():
    size = 64
    latents, pictures = drawn(300, size)
    decoder = solve_decoder(latents[:200], pictures[:200], seed=0)
    assert decoder.output_shape == (None, size, size, 3)
    variance = np.mean((pictures - pictures.mean(axis=0)) ** 2)
    assert error(decoder, latents[:200], pictures[:200]) < 0.05 * variance
    assert error(decoder, latents[200:], pictures[200:]) < 0.1 * variance


def test_values_stay_between_black_and_white():
    latents, pictures = drawn(50, 32)
    found = solve_decoder(latents, pictures, seed=0).predict(9 * latents, verbose=0)
    assert (found.min(), found.max()) == (0.0, 1.0)


def test_litert_decodes_what_keras_does():
    latents, pictures = drawn(50, 64)
    decoder = solve_decoder(latents, pictures, seed=0)
    expected = decoder.predict(latents, verbose=0)
    np.testing.assert_allclose(
        Decoder(to_litert(decoder)).decode(latents) / 255.0, expected, atol=1e-4 + 0.5 / 255
    )


def test_pictures_that_are_all_alike_come_back():
    pictures = np.full((2, 32, 32, 3), 77, dtype=np.uint8)
    latents = np.repeat(np.eye(1, 5, dtype=np.float32), 2, axis=0)
    found = solve_decoder(latents, pictures, seed=0).predict(latents, verbose=0)
    np.testing.assert_allclose(found, 77 / 255, atol=1e-3)


def test_the_same_seed_gives_the_same_decoder():
    latents, pictures = drawn(30, 32)
    first, again, other = (solve_decoder(latents, pictures, seed=seed).get_weights() for seed in (1, 1, 2))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first[0], other[0])
