"""One branch of the encoder, solved: whitening, atoms, and the content that patches of a picture share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ...parallel import in_order
from .config import BranchConfig, EncoderConfig
from .layout import LIGHT
from .lda import Linear, Scatter, directions, eigenvectors, unit
from .pictures import Doubles, Floats, Pixels, draw_patches

_PATCHES_FOR_ATOMS = 40
_PATCHES_FOR_WHITENING = 100_000
_PATCHES_OF_A_PICTURE = 32
_LEAST_PATCHES = 20_000
_PATCHES_A_BLOCK = 2048
_LEAST_PATCHES_OF_AN_ATOM = 39
_ITERATIONS = 8
_SHARE_OF_MEAN = 0.01
_LEAST_VARIANCE = 1e-8
_SMALL = 1e-6
# How far from the pole the typical colour lies: its tangent.
_SPREAD = 2.0


class Whitening(NamedTuple):
    """`patches @ kernel + bias`, with kernel (in, out) and bias (out,)."""

    kernel: Floats
    bias: Floats

    def apply(self, patches: Floats) -> Floats:
        """Whitened patches (n, out) of unit length, as the network's first two layers make them."""
        return unit(patches @ self.kernel + self.bias)


@dataclass(frozen=True, slots=True)
class Branch:
    """The weights of one branch, layer by layer.

    whitening: patch (in,) to (out,); atoms: (k, out) of unit length; content: (k, c) with its bias (c,).
    """

    config: BranchConfig
    whitening: Whitening
    atoms: Floats
    content: Linear


def solve_branch(pictures: Pixels, branch: BranchConfig, config: EncoderConfig, *, seed: int) -> Branch:
    """Solve one branch on `pictures` (n, S, S, 3), layer after layer."""
    rng = np.random.default_rng([seed, branch.factor, branch.patch])
    per_picture = max(1, -(-_PATCHES_FOR_ATOMS * branch.atoms // len(pictures)))
    patches = draw_patches(pictures, branch, per_picture, rng).reshape(-1, 3 * branch.patch**2)
    solve_whitening = whiten_colors if branch.is_of_colors else partial(whiten, color_dims=branch.color_dims)
    whitening = solve_whitening(patches[rng.permutation(len(patches))[:_PATCHES_FOR_WHITENING]])
    atoms = find_atoms(whitening.apply(patches), branch.atoms, seed=seed)
    per_picture = max(_PATCHES_OF_A_PICTURE, -(-_LEAST_PATCHES // len(pictures)))
    scatter = _code_scatter(pictures, branch, (whitening, atoms), per_picture, rng)
    content = directions(scatter.between, scatter.total, ridge=config.content_ridge, num=config.content_dims)
    return Branch(branch, whitening, atoms, Linear(content, _never_zero(-scatter.mean @ content)))


def _code_scatter(
    pictures: Pixels,
    branch: BranchConfig,
    code: tuple[Whitening, Floats],
    per_picture: int,
    rng: np.random.Generator,
) -> Scatter:
    """The scatter of the sparse codes of `per_picture` patches of each picture, a group a picture.

    In its leading directions, between against total, patches of one picture agree while pictures differ: the
    sparse manifold transform (Chen, Paiton & Olshausen 2018; arXiv 2209.15261), with the picture as what its
    patches have in common.
    """
    whitening, atoms = code
    step = max(1, _PATCHES_A_BLOCK // per_picture)
    begins = range(0, len(pictures), step)

    def codes(block: tuple[int, np.random.Generator]) -> Floats:
        begin, own_rng = block
        patches = draw_patches(pictures[begin : begin + step], branch, per_picture, own_rng)
        whitened = whitening.apply(patches.reshape(-1, patches.shape[-1]))
        return sparse_codes(whitened, atoms, branch.threshold)

    blocks = list(zip(begins, rng.spawn(len(begins)), strict=True))
    return Scatter.of(codes, blocks, dim=len(atoms), group_size=per_picture)


def whiten(patches: Floats, *, color_dims: int) -> Whitening:
    """The whitening of `patches` (n, in): light without its mean, and `color_dims` of colours without light.

    Every direction of either gets variance about 1. Each on their own: colours often go with light, and
    whitened together it would be what light does not explain of them, mostly noise, that counts as much as
    light itself.

    The variances get 1 % of their mean added, so that noise is not blown up (Coates & Ng 2012, *Learning
    Feature Representations with K-means*).
    """
    places = patches.shape[1] // 3
    # By sqrt(3) a grey gets the length that it has as a colour.
    light = np.kron(np.eye(places), np.sqrt(3.0) * LIGHT) @ (np.eye(places) - 1.0 / places)
    colors = np.kron(np.eye(places), np.eye(3) - LIGHT)
    looks, dims = ([light, colors], [places - 1, 2 * places]) if color_dims else ([light], [places - 1])
    samples = patches.astype(np.float64)
    seen = [samples @ look for look in looks]
    variances = [each.var(axis=0) for each in seen]
    floor = _SHARE_OF_MEAN * sum(float(each.sum()) for each in variances) / sum(dims)
    # Pictures in grey have no colours: of them nothing is computed.
    last = len(looks) if variances[-1].max() > _LEAST_VARIANCE else 1
    kept = (dims[0], min(color_dims, 2 * places))
    axes = [_scaled_axes(each, num, floor) for each, num in zip(seen[:last], kept, strict=False)]
    kernel = np.hstack([look @ scaled for look, (_, scaled) in zip(looks, axes, strict=False)])
    bias = np.hstack([-mean @ scaled for mean, scaled in axes])
    return Whitening(kernel.astype(np.float32), _never_zero(bias))


def whiten_colors(colors: Floats) -> Whitening:
    """The whitening of `colors` (n, in) with one more number that never changes: kernel (in, in + 1).

    Made unit length afterwards, colours lie on a sphere, the mean colour at its pole, instead of losing
    their brightness and saturation; near and far stay near and far.
    """
    width = colors.shape[1]
    samples = colors.astype(np.float64)
    mean, axes = _scaled_axes(samples, width, _SHARE_OF_MEAN * float(samples.var(axis=0).mean()))
    kernel = np.column_stack([_SPREAD / np.sqrt(width) * axes, np.zeros(width)])
    bias = -mean @ kernel
    bias[-1] = 1.0
    return Whitening(kernel.astype(np.float32), bias.astype(np.float32))


def _never_zero(bias: Doubles) -> Floats:
    """`bias` with something small for zero: LiteRT makes NaN of zeros that are to get unit length.

    There are such where all patches are flat.
    """
    return np.where(bias == 0.0, _SMALL, bias).astype(np.float32)


def _scaled_axes(samples: Doubles, num: int, floor: float) -> tuple[Doubles, Doubles]:
    """The mean (in,) of `samples` (n, in), and their `num` main axes (in, num), each over its deviation.

    floor: added to each variance.
    """
    mean = samples.mean(axis=0)
    centred = samples - mean
    variances, axes = eigenvectors(centred.T @ centred / len(samples), num=num)
    return mean, axes / np.sqrt(np.maximum(variances, 0.0) + floor + _LEAST_VARIANCE)


def find_atoms(whitened: Floats, num: int, *, seed: int) -> Floats:
    """At most `num` unit vectors (k, d) around which `whitened` (n, d) gather, by spherical k-means.

    Fewer than `num` where there are not 39 patches per atom. An atom that no patch is nearest to moves to
    one of the patches that are farthest from theirs. The result does not depend on the number of threads.
    """
    k = max(1, min(num, len(whitened) // _LEAST_PATCHES_OF_AN_ATOM))
    begins = range(0, len(whitened), _PATCHES_A_BLOCK)
    atoms = unit(whitened[np.random.default_rng([seed, k]).choice(len(whitened), k, replace=False)])
    ones = np.ones(len(whitened), dtype=np.float32)
    for _ in range(_ITERATIONS):

        def nearest(begin: int, atoms: Floats = atoms) -> tuple[NDArray[np.intp], Floats]:
            cosines = whitened[begin : begin + _PATCHES_A_BLOCK] @ atoms.T
            return cosines.argmax(axis=1), cosines.max(axis=1)

        found = list(in_order(nearest, begins))
        owners = np.concatenate([owner for owner, _ in found])
        cosines = np.concatenate([cosine for _, cosine in found])
        membership = csr_array((ones, owners, np.arange(len(owners) + 1)), shape=(len(owners), k))
        sums = np.asarray(membership.T @ whitened)
        empty = np.flatnonzero(np.bincount(owners, minlength=k) == 0)
        sums[empty] = whitened[np.argsort(cosines, kind="stable")[: len(empty)]]
        atoms = unit(sums)
    return atoms


def sparse_codes(whitened: Floats, atoms: Floats, threshold: float) -> Floats:
    """By how much the cosine of each patch (n, d) with each atom (k, d) exceeds `threshold`: (n, k)."""
    codes: Floats = whitened @ atoms.T
    codes -= np.float32(threshold)
    return np.maximum(codes, 0.0, out=codes)
