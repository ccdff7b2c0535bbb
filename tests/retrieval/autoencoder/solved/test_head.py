"""The last layers: views of a picture agree."""

import numpy as np

from retrieval.autoencoder.solved.head import apply, solve_agreement, solve_head
from retrieval.autoencoder.solved.recipe import choose_recipe


def make_views(rng, *, n=300, dims=20):
    """What pictures have in common with their views is in the first five numbers, the rest is chance."""
    own = rng.normal(size=(n, 1, dims)) * np.r_[np.ones(5), np.zeros(dims - 5)]
    return (own + rng.normal(size=(n, 6, dims)) * np.r_[np.full(5, 0.2), np.full(dims - 5, 3.0)]).astype(
        np.float32
    )


def test_agreement_finds_what_views_have_in_common():
    linear = solve_agreement(make_views(np.random.default_rng(0)), ridge=0.0, num=5)
    share = np.abs(linear.weights[:5]).sum() / np.abs(linear.weights).sum()
    assert share > 0.9


def test_agreement_makes_views_of_a_picture_nearer_than_before():
    views = make_views(np.random.default_rng(0))
    found = apply(solve_agreement(views, ridge=0.1, num=5), views)

    def first_finds_second(vectors):
        unit = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
        return (np.argmax(unit[:, 0] @ unit[:, 1].T, axis=1) == np.arange(len(unit))).mean()

    assert first_finds_second(views) < 0.1
    assert first_finds_second(found) > 0.5


def test_no_more_directions_than_pictures_can_differ_in():
    views = make_views(np.random.default_rng(0), n=4)
    assert solve_agreement(views, ridge=0.1, num=128).weights.shape == (20, 3)


def test_the_latent_keeps_the_inner_products_of_its_parts():
    rng = np.random.default_rng(0)
    recipe = choose_recipe(32, aligned=True)
    pair = [make_views(rng), make_views(rng)]
    linears = [solve_agreement(views, ridge=0.1, num=8) for views in pair]
    scales = [(linear, apply(linear, views)) for linear, views in zip(linears, pair, strict=True)]
    head = solve_head(scales, recipe, dim=1000)
    joined = np.concatenate([views[:, :1] for _, views in scales], axis=2)
    joint = apply(head.joint, joined)[:, 0]
    parts = np.concatenate([scales[0][1][:, 0], scales[1][1][:, 0], joint], axis=1)
    latents = parts @ head.latent.weights + head.latent.bias
    expected = sum(views[:, 0] @ views[:, 0].T for _, views in scales) / 2 + joint @ joint.T
    np.testing.assert_allclose(latents @ latents.T, expected, atol=1e-4)
