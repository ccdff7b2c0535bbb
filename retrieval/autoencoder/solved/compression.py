"""The last layer: to few numbers, so that near pictures stay near, and inner products nearly what they were.

The rotation that keeps most of the inner products (`lda.compress`) loses what sets near pictures apart:
that is little of all that varies. So it is only where the solving begins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from ...parallel import in_order
from .lda import Linear, compress, unit
from .pictures import Doubles, Floats

_TEMPERATURE = 0.05
# What a mean squared error of inner products counts in nats: one of .07 squared is half a nat.
_ALL_PAIRS = 100.0
_STEPS = 30
_MOST_PICTURES = 2_000
_ROWS_A_BLOCK = 250
_LEAST_LENGTH = 1e-6


class _Block(NamedTuple):
    """Pictures `begin` to `end`: the cosines (rows, n) of each with all, and its neighbours (rows, n)."""

    begin: int
    end: int
    cosines: Floats
    neighbors: Floats

    @property
    def rows(self) -> slice:
        return slice(self.begin, self.end)


def keep_neighbors(vectors: Floats, dim: int) -> Linear:
    """The layer from `vectors` (n, d) to `dim` numbers that keeps near pictures near.

    How near pictures are to one is a distribution over all others, as in stochastic neighbour embedding
    (Hinton & Roweis 2002): exp(cosine / 0.05), over their sum. The layer makes that of its results as much
    like that of `vectors` as it can (the mean Kullback-Leibler divergence, in nats), and leaves all inner
    products nearly what they were. It mixes the 2 · `dim` leading directions alone, and 2,000 pictures are
    compared, so that it holds for others too.
    """
    leading = compress(vectors, 2 * dim).weights
    if leading.shape[1] <= dim:
        return compress(vectors, dim)
    chosen = np.random.default_rng(0).permutation(len(vectors))[:_MOST_PICTURES]
    known = unit(vectors[chosen])
    begins = range(0, len(known), _ROWS_A_BLOCK)
    blocks = list(in_order(lambda begin: _block(known, begin), begins))
    shortened, shape = known @ leading, (leading.shape[1], dim)

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        value, gradient = _loss(shortened @ flat.reshape(shape).astype(np.float32), blocks)
        return value, (shortened.T @ gradient).ravel().astype(np.float64)

    found = minimize(loss, np.eye(*shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    weights = leading @ found.x.reshape(shape).astype(np.float32)
    return Linear(weights, np.zeros(dim, dtype=np.float32))


def _block(known: Floats, begin: int) -> _Block:
    end = min(begin + _ROWS_A_BLOCK, len(known))
    cosines: Floats = known[begin:end] @ known.T
    return _Block(begin, end, cosines, _neighbors(cosines, begin)[0])


def _neighbors(cosines: Floats, begin: int) -> tuple[Floats, Floats]:
    """How far all are neighbours of each picture from `begin` on, (rows, n); and the divisor (rows,)."""
    shares: Floats = np.exp((cosines - 1.0) / np.float32(_TEMPERATURE))
    own = np.arange(len(shares))
    shares[own, begin + own] = 0.0
    sums = shares.sum(axis=1)
    shares /= sums[:, None]
    return shares, sums


def _loss(results: Floats, blocks: list[_Block]) -> tuple[float, Floats]:
    """What `results` (n, dim) lose of the neighbours and inner products of `blocks`, and its gradient."""
    count = len(results)
    lengths = np.maximum(np.linalg.norm(results, axis=1), _LEAST_LENGTH)[:, None]
    directions = results / lengths

    def one(block: _Block) -> tuple[float, Floats, Floats, Floats]:
        own, own_lengths = directions[block.rows], lengths[block.rows]
        cosines = own @ directions.T
        wrong = cosines * own_lengths * lengths[:, 0] - block.cosines
        shares, sums = _neighbors(cosines, block.begin)
        value = np.log(sums).sum(dtype=np.float64)
        value -= (block.neighbors * (cosines - 1.0)).sum(dtype=np.float64) / _TEMPERATURE
        value += _ALL_PAIRS / count * np.square(wrong).sum(dtype=np.float64)
        shares -= block.neighbors
        shares /= np.float32(_TEMPERATURE)
        by_products = np.float32(4.0 * _ALL_PAIRS / count) * (wrong @ results)
        return float(value), shares @ directions, shares.T @ own, by_products

    value, toward = 0.0, np.zeros_like(results)
    gradient = np.empty_like(results)
    for block, (lost, as_one, as_other, by_products) in zip(blocks, in_order(one, blocks), strict=True):
        value += lost
        toward += as_other
        toward[block.rows] += as_one
        gradient[block.rows] = by_products
    # A result counts for its neighbours by its direction, whatever its length.
    toward -= directions * (directions * toward).sum(axis=1, keepdims=True)
    gradient += toward / lengths
    return value / count, gradient / np.float32(count)
