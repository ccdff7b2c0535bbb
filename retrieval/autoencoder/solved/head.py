"""The last layers: views of the same picture agree, within each scale and over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .discriminant import Scatter, directions
from .patches import Floats
from .recipe import Recipe

_JOINT_DIMS = 64
_BLOCK = 128


class Linear(NamedTuple):
    """`x @ weights + bias`, with weights (in, out) and bias (out,)."""

    weights: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Head:
    """The weights after pooling.

    scales: each scale's features (d,) to at most 128 directions; joint: those of all scales, each of unit
    length, to 64; latent: the first `scale_dims` of each scale and the joint ones, each of unit length, to
    the latent vector.
    """

    scales: tuple[Linear, ...]
    scale_dims: int
    joint: Linear
    latent: Linear


def solve_agreement(views: Floats, *, ridge: float, num: int) -> Linear:
    """The `num` directions in which the views of a picture agree while pictures differ.

    views: (n, v, d), any float type. Linear discriminant analysis with every picture its own class, so no
    label is needed; at most n - 1 directions, as many as n pictures can differ in.
    """
    scatter = Scatter(views.shape[2], views.shape[1])
    for begin in range(0, len(views), _BLOCK):
        block = views[begin : begin + _BLOCK].astype(np.float32)
        scatter.add(block.reshape(-1, views.shape[2]))
    num = max(1, min(num, len(views) - 1))
    weights = directions(scatter.between, scatter.within, ridge=ridge, num=num)
    return Linear(weights, (-scatter.mean @ weights).astype(np.float32))


def apply(linear: Linear, views: Floats) -> Floats:
    """`views` (n, v, d) in the directions of `linear`, of unit length: (n, v, out) float32."""
    blocks = [views[begin : begin + _BLOCK] for begin in range(0, len(views), _BLOCK)]
    return np.concatenate([unit(block.astype(np.float32) @ linear.weights + linear.bias) for block in blocks])


def solve_head(scales: list[tuple[Linear, Floats]], recipe: Recipe, *, dim: int) -> Head:
    """Solve what comes after the scales; each with its views (n, v, out), the whole picture the first."""
    joined = np.concatenate([views for _, views in scales], axis=2)
    joint = solve_agreement(joined, ridge=recipe.joint_ridge, num=_JOINT_DIMS)
    share = np.float32(len(scales) ** -0.5)
    whole = [unit(views[:, 0, : recipe.scale_dims]) * share for _, views in scales]
    latent = _compress(np.concatenate([*whole, apply(joint, joined[:, :1])[:, 0]], axis=1), dim)
    weights = latent.weights.copy()
    weights[: sum(part.shape[1] for part in whole)] *= share
    return Head(tuple(linear for linear, _ in scales), recipe.scale_dims, joint, Linear(weights, latent.bias))


def unit(vectors: Floats) -> Floats:
    """`vectors` (..., d) of length 1."""
    lengths = np.sqrt(np.maximum((vectors * vectors).sum(axis=-1, keepdims=True), 1e-12))
    return np.asarray(vectors / lengths, dtype=np.float32)


def _compress(vectors: Floats, dim: int) -> Linear:
    """The rotation to the `dim` directions that keep most of the inner products of `vectors` (n, d)."""
    moments = vectors.T.astype(np.float64) @ vectors.astype(np.float64)
    rotation = np.linalg.eigh(moments)[1][:, ::-1][:, :dim]
    return Linear(rotation.astype(np.float32), np.zeros(rotation.shape[1], dtype=np.float32))
