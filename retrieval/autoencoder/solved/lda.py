"""Linear discriminant analysis without labels: directions in which members of a group agree, groups differ.

With a picture as the group and its patches or views as the members, it solves three kinds of layers: the
shared content of patches, the agreement of views, and the last layers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError

from ...parallel import in_order
from .lapack import largest_eigenvectors
from .pictures import Doubles, Floats

AnyFloats = NDArray[np.floating[Any]]
AnyFloat = TypeVar("AnyFloat", np.float32, np.float64)
Block = TypeVar("Block")

_PICTURES_A_BLOCK = 256
# Of the trace of a covariance. The single-precision products in it leave up to 2e-8 of the trace where the
# variance is zero (measured on drawings, cut-outs and photographs).
_FLOOR = 1e-6
# With a ridge of this much and more, single precision solves the problem as well, in half of the time.
_RIDGE_FOR_SINGLES = 0.01


class Linear(NamedTuple):
    """`x @ weights + bias`, with weights (in, out) and bias (out,)."""

    weights: Floats
    bias: Floats


class Scatter:
    """The covariances between and within groups of equal size, summed block by block.

    Members are centred at the mean of their group before they are multiplied: the products can then be of
    single precision, since nothing large cancels. Sums, and products of means, are of double precision.
    """

    def __init__(self, dim: int, group_size: int) -> None:
        """Nothing added yet; members have `dim` numbers."""
        self.group_size = group_size
        self._means: list[Doubles] = []
        self._within: Doubles = np.zeros((dim, dim))

    @classmethod
    def of(
        cls, members: Callable[[Block], Floats], blocks: Sequence[Block], *, dim: int, group_size: int
    ) -> Scatter:
        """The scatter of the `members` (groups · group_size, dim) of all `blocks`, several blocks at a time.

        The sums are taken in the order of the blocks: they do not depend on the number of threads. What
        `members` returns is written to.
        """
        scatter = cls(dim, group_size)
        for means, within in in_order(lambda block: _sums(members(block), group_size), blocks):
            scatter._means.append(means)
            scatter._within += within
        return scatter

    def add(self, members: Floats) -> None:
        """Add `members` (groups · group_size, dim), group after group."""
        means, within = _sums(members.copy(), self.group_size)
        self._means.append(means)
        self._within += within

    def count_within(self, apart: Doubles) -> None:
        """Count `apart` (dim, dim), a covariance, as what members of a group differ in, too."""
        self._within += apart * (self.group_size * self.num_groups)

    @property
    def mean(self) -> Doubles:
        """The mean of all members (dim,)."""
        return np.asarray(np.concatenate(self._means).mean(axis=0))

    @property
    def total(self) -> Doubles:
        """The covariance (dim, dim) of all members."""
        return self.between + self.within

    @property
    def between(self) -> Doubles:
        """The covariance (dim, dim) of the groups' means."""
        return self._between(np.float64)

    @property
    def between_in_singles(self) -> Floats:
        """The same, of products of single precision: in half of the time."""
        return self._between(np.float32)

    def _between(self, kind: type[AnyFloat]) -> NDArray[AnyFloat]:
        means = np.concatenate(self._means)
        means -= means.mean(axis=0)
        centred = means.astype(kind, copy=False)
        products: NDArray[AnyFloat] = centred.T @ centred
        products /= kind(len(means))
        return products

    @property
    def within(self) -> Doubles:
        """The covariance (dim, dim) of members around the mean of their group."""
        return self._within / (self.group_size * self.num_groups)

    @property
    def num_groups(self) -> int:
        """How many groups have been added."""
        return sum(len(means) for means in self._means)


def _sums(members: Floats, group_size: int) -> tuple[Doubles, Floats]:
    """The means (groups, dim) of groups, and the products (dim, dim) of `members`, centred in place."""
    groups = members.reshape(-1, group_size, members.shape[1])
    means = groups.mean(axis=1, dtype=np.float64)
    groups -= means[:, None].astype(np.float32)
    return means, members.T @ members


def eigenvectors(
    matrix: AnyFloats, metric: Doubles | None = None, *, num: int | None = None, singles: bool = False
) -> tuple[AnyFloats, AnyFloats]:
    """The `num` largest eigenvalues (num,) of the symmetric `matrix` (d, d), largest first; vectors (d, num).

    With a `metric` (d, d), a covariance, it is the generalised problem, and vectors have length 1 in the
    metric. Any finite matrices have a result: where rounding has made the metric indefinite, its eigenvalues
    are raised to the size of the most negative one. `singles`: solve the generalised problem in single
    precision.
    """
    dim = len(matrix)
    num = dim if num is None else min(num, dim)
    if metric is not None:
        kind = np.float32 if singles else np.float64
        pair = matrix.astype(kind, copy=False), metric.astype(kind, copy=False)
        try:
            return largest_eigenvectors(*pair, num)
        except LinAlgError:
            pass
        variances, axes = np.linalg.eigh(metric)
        floor = max(-variances[0], np.finfo(float).eps * dim * variances[-1], np.finfo(np.float32).tiny)
        whitening = axes / np.sqrt(np.maximum(variances, floor))
        values, vectors = np.linalg.eigh(whitening.T @ matrix @ whitening)
        vectors = whitening @ vectors
    else:
        values, vectors = np.linalg.eigh(matrix)
    return values[::-1][:num], vectors[:, ::-1][:, :num]


def directions(signal: AnyFloats, noise: Doubles, *, ridge: float, num: int) -> Floats:
    """The `num` directions (dim, num) with most `signal` per `noise`, both covariances (dim, dim).

    `ridge` times the mean variance of `noise` is added to its every direction. In a direction, noise plus
    ridge is 1. Fewer than `num` come back where dim is smaller.
    """
    dim = len(signal)
    trace = float(np.trace(noise))
    floor = _FLOOR * max(trace, float(np.trace(signal, dtype=np.float64)), 1e-12)
    metric = noise.copy()
    metric[np.diag_indices(dim)] += ridge * trace / dim + floor
    found = eigenvectors(signal, metric, num=num, singles=ridge >= _RIDGE_FOR_SINGLES)[1]
    return np.ascontiguousarray(found, dtype=np.float32)


def scatter_of_views(views: AnyFloats) -> Scatter:
    """The scatter of `views` (n, v, d): a picture is a group, its views are the members."""
    dim = views.shape[2]

    def members(block: slice) -> Floats:
        return views[block].astype(np.float32).reshape(-1, dim)

    return Scatter.of(members, _blocks(len(views)), dim=dim, group_size=views.shape[1])


def solve_agreement(scatter: Scatter, *, ridge: float, num: int, apart: Doubles | None = None) -> Linear:
    """The `num` directions in which the views of a picture agree while pictures differ.

    `apart` (d, d) is a covariance of what else should not matter, and is added to that within pictures. At
    most n - 1 directions, as many as n pictures can differ in.
    """
    within = scatter.within if apart is None else scatter.within + apart
    between = scatter.between_in_singles if ridge >= _RIDGE_FOR_SINGLES else scatter.between
    num = max(1, min(num, scatter.num_groups - 1))
    weights = directions(between, within, ridge=ridge, num=num)
    return Linear(weights, (-scatter.mean @ weights).astype(np.float32))


def apply(linear: Linear, views: AnyFloats) -> Floats:
    """`views` (n, v, d) in the directions of `linear`, of unit length: (n, v, out) float32."""

    def one(block: slice) -> Floats:
        return unit(views[block].astype(np.float32) @ linear.weights + linear.bias)

    return np.concatenate(list(in_order(one, _blocks(len(views)))))


def multiplied(linear: Linear, factors: Floats) -> Linear:
    """`linear` for inputs (in,) that are yet to be multiplied by `factors` (in,)."""
    return Linear((factors[:, None] * linear.weights).astype(np.float32), linear.bias)


def unit(vectors: Floats) -> Floats:
    """`vectors` (..., d) of length 1."""
    lengths = np.sqrt(np.maximum((vectors * vectors).sum(axis=-1, keepdims=True), 1e-12))
    return np.asarray(vectors / lengths, dtype=np.float32)


def compress(vectors: Floats, dim: int, differences: Floats | None = None) -> Linear:
    """The rotation to the `dim` directions that keep most of the inner products of `vectors` (n, d).

    With `differences` (m, d) that matter as well, both alike: most of the sum of the shares kept.
    """
    kept = _products(vectors)
    if differences is not None:
        kept = kept / max(np.trace(kept), 1e-12)
        products = _products(differences)
        kept += products / max(np.trace(products), 1e-12)
    rotation = eigenvectors(kept, num=dim)[1]
    return Linear(rotation.astype(np.float32), np.zeros(rotation.shape[1], dtype=np.float32))


def _products(vectors: Floats) -> Doubles:
    doubles = vectors.astype(np.float64)
    return np.asarray(doubles.T @ doubles)


def _blocks(num: int) -> list[slice]:
    return [slice(begin, begin + _PICTURES_A_BLOCK) for begin in range(0, num, _PICTURES_A_BLOCK)]
