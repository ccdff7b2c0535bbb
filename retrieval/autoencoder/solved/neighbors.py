"""Which pictures are nearest to which, and pairs of pictures that find each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...parallel import in_order
from .lda import unit
from .pictures import Doubles, Floats

Rows = NDArray[np.intp]

_BLOCK = 256
_NEAREST = 5
_MOST_PICTURES = 2_000


def nearest(similarities: Floats, num: int) -> Rows:
    """The columns (n, num) of the largest `similarities` (n, m) of each row, in any order."""
    return np.argpartition(-similarities, num - 1, axis=1)[:, :num]


def nearest_others(vectors: Floats, num: int) -> Rows:
    """The `num` nearest other rows (n, num) of each of `vectors` (n, d), in any order, by cosine.

    All others, where there are fewer.
    """
    return nearest_with_cosines(unit(vectors), np.arange(len(vectors)), num)[0]


def nearest_with_cosines(vectors: Floats, asked: Rows, num: int) -> tuple[Rows, Floats]:
    """The `num` nearest other rows (m, num) of the rows `asked` (m,), in any order, and the cosines to them.

    Of `vectors` (n, d) of unit length. All others, where there are fewer.
    """
    num = min(num, len(vectors) - 1)

    def found(begin: int) -> tuple[Rows, Floats]:
        block = asked[begin : begin + _BLOCK]
        similarities = vectors[block] @ vectors.T
        similarities[np.arange(len(block)), block] = -np.inf
        rows = nearest(similarities, num)
        return rows, np.take_along_axis(similarities, rows, axis=1)

    rows, cosines = zip(*in_order(found, range(0, len(asked), _BLOCK)), strict=True)
    return np.concatenate(rows), np.concatenate(cosines)


def to_nearest(vectors: Floats) -> Floats:
    """From `vectors` (n, d) to the five nearest others of each, of 2,000 at most: (pairs, d)."""
    rows = np.random.default_rng(0).permutation(len(vectors))[:_MOST_PICTURES]
    near = nearest_others(vectors, _NEAREST)[rows]
    return (vectors[near] - vectors[rows, None]).reshape(-1, vectors.shape[1])


def mutual_links(vectors: Floats, num: int) -> Rows:
    """Pairs of rows (links, 2) of `vectors` (n, d) of which each is among the `num` nearest of the other.

    By cosine. The smaller row of a pair comes first, and each pair once.
    """
    near, count = nearest_others(vectors, num), len(vectors)
    columns = near.ravel()
    rows = np.repeat(np.arange(count), near.shape[1])
    mutual = np.intersect1d(rows * count + columns, columns * count + rows)
    pairs = np.stack([mutual // count, mutual % count], axis=1)
    return pairs[pairs[:, 0] < pairs[:, 1]]


def scatter_of_links(means: Floats, links: Rows) -> Doubles:
    """The covariance (d, d) of linked pictures around their middle; `means` (n, d) of their views."""
    apart = means[links[:, 0]] - means[links[:, 1]]
    products = np.asarray(apart.T @ apart, dtype=np.float64)
    return products / (2 * max(1, len(links)))


def nearness_of_links(vectors: Floats, links: Rows) -> float:
    """How much nearer `links` (m, 2) of `vectors` (n, d) are than any two: 1 where they are the same.

    Of the mean squared distance of any two, the share that is gone; 0 and less where they are as far apart,
    and 0 where there are no links.
    """
    spread = 2.0 * float(vectors.var(axis=0, dtype=np.float64).sum())
    if not len(links) or spread == 0.0:
        return 0.0
    apart = vectors[links[:, 0]] - vectors[links[:, 1]]
    return 1.0 - float(np.square(apart).sum(axis=1).mean(dtype=np.float64)) / spread
