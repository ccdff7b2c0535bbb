"""One scale of the encoder, solved: whitening, atoms, and the content that patches of a picture share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .atoms import find_atoms, sparse_codes
from .discriminant import Scatter, directions
from .patches import Floats, Pixels, draw_patches
from .recipe import Recipe, Scale
from .whitening import Whitening, whiten, whiten_colors

_PATCHES_FOR_ATOMS = 40
_PATCHES_FOR_WHITENING = 100_000
_PATCHES_OF_A_PICTURE = 32
_LEAST_PATCHES = 20_000
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Branch:
    """The weights of one scale, layer by layer.

    whitening: patch (in,) to (out,); atoms: (k, out) of unit length; content: (k, c) with its bias (c,).
    """

    scale: Scale
    whitening: Whitening
    atoms: Floats
    content: Floats
    content_bias: Floats


def solve_branch(pictures: Pixels, scale: Scale, recipe: Recipe, *, seed: int) -> Branch:
    """Solve one scale on `pictures` (n, S, S, 3), layer after layer."""
    rng = np.random.default_rng([seed, scale.factor, scale.patch])
    per_picture = max(1, -(-_PATCHES_FOR_ATOMS * scale.atoms // len(pictures)))
    patches = draw_patches(pictures, scale, per_picture, rng).reshape(-1, 3 * scale.patch**2)
    solve_whitening = whiten if scale.patch > 1 else whiten_colors
    whitening = solve_whitening(patches[rng.permutation(len(patches))[:_PATCHES_FOR_WHITENING]])
    atoms = find_atoms(whitening.apply(patches), scale.atoms, seed=seed)
    content, bias = _solve_content(pictures, scale, recipe, (whitening, atoms), rng)
    return Branch(scale, whitening, atoms, content, bias)


def _solve_content(
    pictures: Pixels, scale: Scale, recipe: Recipe, code: tuple[Whitening, Floats], rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """The directions of the sparse code in which patches of one picture agree while pictures differ.

    The sparse manifold transform (Chen, Paiton & Olshausen 2018; arXiv 2209.15261), with the picture as what
    its patches have in common: M = cov(mean code of a picture) against V = cov(code).
    """
    whitening, atoms = code
    per_picture = max(_PATCHES_OF_A_PICTURE, -(-_LEAST_PATCHES // len(pictures)))
    scatter = Scatter(len(atoms), per_picture)
    for begin in range(0, len(pictures), _BLOCK):
        patches = draw_patches(pictures[begin : begin + _BLOCK], scale, per_picture, rng)
        whitened = whitening.apply(patches.reshape(-1, patches.shape[-1]))
        scatter.add(sparse_codes(whitened, atoms, scale.threshold))
    content = directions(scatter.between, scatter.total, ridge=recipe.content_ridge, num=recipe.content_dims)
    return content, (-scatter.mean @ content).astype(np.float32)
