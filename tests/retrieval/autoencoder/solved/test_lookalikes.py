"""Look-alikes of drawn figures whose pairs are known."""

import numpy as np
import pytest

from retrieval.autoencoder.solved import neighbors as neighbors_module
from retrieval.autoencoder.solved.lookalikes import find_latent_lookalikes, find_lookalikes


def draw(lights, colors, rng):
    """Pictures (n, 32, 32, 3) of `lights` (n, 4, 4), times their `colors` (n, 4, 4, 3), with some noise."""
    small = lights[..., None] * colors
    seen = small.repeat(8, axis=1).repeat(8, axis=2) + rng.normal(scale=4, size=(len(lights), 32, 32, 3))
    return np.clip(seen, 0, 255).astype(np.uint8)


def any_lights(rng, num):
    return rng.uniform(20, 230, size=(num, 4, 4))


def any_colors(rng, num):
    """Of any tint with the same light, nearly."""
    tints = rng.uniform(-0.4, 0.4, size=(num, 4, 4, 2))
    red, blue = tints[..., 0], tints[..., 1]
    return 1 + np.stack([red, -(0.299 * red + 0.114 * blue) / 0.587, blue], axis=-1)


@pytest.mark.parametrize("block", [7, 256])
def test_figures_in_two_colors_are_lookalikes(block, monkeypatch):
    monkeypatch.setattr(neighbors_module, "_BLOCK", block)
    rng = np.random.default_rng(0)
    lights, colors = any_lights(rng, 40), any_colors(rng, 40)
    recolored = 0.5 * colors + 0.5 * any_colors(rng, 40)
    found = find_lookalikes(draw(np.tile(lights, (2, 1, 1)), np.concatenate([colors, recolored]), rng))
    assert found.share == 1.0
    assert found.pairs.tolist() == [[row, row + 40] for row in range(40)]


def test_flags_of_the_same_stripes_are_no_lookalikes_in_other_colors():
    rng = np.random.default_rng(0)
    # All have one light but for two numbers, by which near ones are near in any of the five colourings.
    first, second, third = any_lights(rng, 3)
    along, across = rng.uniform(-1, 1, size=(2, 200, 1, 1))
    coloring = np.arange(200) % 5
    seen = draw(np.clip(first + along * second + across * third, 30, 200), any_colors(rng, 5)[coloring], rng)
    pairs = find_lookalikes(seen).pairs
    assert (coloring[pairs[:, 0]] == coloring[pairs[:, 1]]).all()


def test_few_lookalikes_are_none():
    rng = np.random.default_rng(0)
    pictures = draw(any_lights(rng, 120), any_colors(rng, 120), rng)
    assert find_lookalikes(pictures) is None
    # Four of 122, and eight of 124.
    assert find_lookalikes(np.concatenate([pictures, pictures[:2]])) is None
    assert find_lookalikes(np.concatenate([pictures, pictures[:4]])).pairs.tolist() == [
        [row, row + 120] for row in range(4)
    ]


@pytest.mark.parametrize("num", [2, 31])
def test_too_few_pictures_have_none(num):
    rng = np.random.default_rng(0)
    pictures = draw(any_lights(rng, num), any_colors(rng, num), rng)
    assert find_lookalikes(np.concatenate([pictures[: num // 2]] * 2)) is None


def test_pictures_that_are_all_the_same_are_no_lookalikes():
    rng = np.random.default_rng(0)
    one = draw(any_lights(rng, 1), any_colors(rng, 1), rng)
    assert find_lookalikes(one.repeat(50, axis=0)) is None
    assert find_lookalikes(np.zeros((50, 32, 32, 3), dtype=np.uint8)) is None


def test_latents_have_lookalikes_that_are_distinctly_near():
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(60, 16)).astype(np.float32)
    latents /= np.linalg.norm(latents, axis=1, keepdims=True)
    found = find_latent_lookalikes(np.concatenate([latents, latents[:10] + 0.05]))
    assert found.pairs.tolist() == [[row, row + 60] for row in range(10)]
    assert found.share == pytest.approx(20 / 70)


def test_latents_that_few_or_none_are_near_have_no_lookalikes():
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(60, 16)).astype(np.float32)
    assert find_latent_lookalikes(latents) is None
    assert find_latent_lookalikes(np.concatenate([latents, latents[:1]])) is None
    assert find_latent_lookalikes(latents[:10].repeat(3, axis=0)) is None
    assert find_latent_lookalikes(np.zeros((60, 16), dtype=np.float32)) is None
