"""Where each picture lies on the map: alike pictures beside each other, each in a cell of its own."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..pca import PCA
from ..threads import single_threaded_products

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]
Points = NDArray[np.float64]

LANDMARKS = 5_000
"""More pictures than this are placed by their nearest among as many drawn at random."""
_NEAREST = 5
_PERPLEXITY = 30.0
_ITERATIONS = 500  # twice as many take twice the time and make no better map, once it is put on a grid
_FEW = 8  # below that, neighbourhoods say nothing
_MOST_CLUSTERS = 48
_FILLED = 0.45  # of the cells: the rest is the space between groups
_ROOM = 1.3  # times the extent, so that groups at the rim can spread outwards too
_TRIED = 64  # cells a picture asks for before the free ones are looked up anew


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A map of n pictures in k clusters.

    cells: (n, 2) int64, column and row of each picture from 0; no two pictures share a cell. clusters: (n,)
    int64, 0 is the largest. examples: (k,) int64, for each cluster the row of its medoid, the picture that
    is nearest to all of its pictures.
    """

    cells: Numbers
    clusters: Numbers
    examples: Numbers

    @classmethod
    def of(cls, vectors: Vectors, seed: int = 0) -> Layout:
        """Lay out `vectors` (n, dim), at least one; the same seed gives the same map.

        Positions are those of t-SNE, begun with principal components (Kobak and Berens, *The art of using
        t-SNE for single-cell transcriptomics*, 2019). Of more than 5,000 vectors so many are laid out, and
        the others put at the median of their five nearest (Poličar et al., *Embedding to reference t-SNE
        space addresses batch effects*, 2021). Then each takes the nearest free cell of a grid. The clusters
        are those of k-means on the vectors. One thread computes, so that the map does not depend on how
        many there are.

        Example:
            >>> Layout.of(np.eye(2, dtype=np.float32)).cells.tolist()
            [[2, 0], [0, 0]]
        """
        with single_threaded_products():
            drawn = np.sort(np.random.default_rng(seed).permutation(len(vectors))[:LANDMARKS])
            landmarks = np.asarray(vectors[drawn], dtype=np.float32)
            points = _placed(vectors, landmarks, _embedded(landmarks, seed))
            clusters, examples = _clusters(vectors, landmarks, seed)
            return cls(_cells(points), clusters, examples)


def _embedded(vectors: Vectors, seed: int) -> Points:
    """Positions (n, 2) of `vectors`."""
    start = np.zeros((len(vectors), 2))
    pca = PCA.fit(vectors, 2)
    start[:, : len(pca.directions)] = pca.transform(vectors)
    deviation = float(pca.deviations[0])
    if len(vectors) < _FEW or deviation == 0.0:
        return start
    from sklearn.manifold import TSNE  # takes a second to load

    tsne = TSNE(
        perplexity=min(_PERPLEXITY, (len(vectors) - 1) / 3),
        init=(start / deviation * 1e-4).astype(np.float32),
        max_iter=_ITERATIONS,
        random_state=seed,
    )
    return np.asarray(tsne.fit_transform(vectors), dtype=np.float64)


def _placed(vectors: Vectors, landmarks: Vectors, points: Points) -> Points:
    """Positions (n, 2) of `vectors`, given the `points` of those that are `landmarks`."""
    if len(vectors) == len(landmarks):
        return points
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=_NEAREST, algorithm="brute").fit(landmarks)
    distances, rows = nearest.kneighbors(vectors)
    placed: Points = np.median(points[rows], axis=1)
    # A landmark is its own nearest and stays where it is.
    own = distances[:, 0] < 1e-6
    placed[own] = points[rows[own, 0]]
    return placed


def _clusters(vectors: Vectors, landmarks: Vectors, seed: int) -> tuple[Numbers, Numbers]:
    """The cluster of each vector (n,), the largest first, and the row of each cluster's medoid (k,)."""
    from sklearn.cluster import KMeans

    count = min(max(1, round(np.sqrt(len(vectors) / 2))), _MOST_CLUSTERS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer vectors differ than there would be clusters
        means = KMeans(count, n_init=1, random_state=seed).fit(landmarks)
    found = means.predict(np.asarray(vectors, dtype=np.float32))
    names, sizes = np.unique(found, return_counts=True)
    rank = np.zeros(count, dtype=np.int64)
    rank[names[np.argsort(-sizes, kind="stable")]] = np.arange(len(names))
    clusters = rank[found]
    return clusters, np.array([_medoid(vectors, clusters == cluster) for cluster in range(len(names))])


def _medoid(vectors: Vectors, member: NDArray[np.bool_]) -> int:
    """The row of the member with the least sum of squared distances to all: the one nearest to their mean."""
    rows = np.flatnonzero(member)
    members = np.asarray(vectors[rows], dtype=np.float64)
    return int(rows[((members - members.mean(axis=0)) ** 2).sum(axis=1).argmin()])


def _cells(points: Points) -> Numbers:
    """A cell (n, 2) of a grid for each of `points`, near it, all different."""
    wanted, shape = _on_grid(points)
    free = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).reshape(-1, 2)
    cells, waiting = np.empty((len(points), 2), dtype=np.int64), np.arange(len(points))
    while len(waiting):
        rows, taken = _claimed(wanted[waiting], free)
        cells[waiting[rows]] = free[taken]
        waiting, free = np.delete(waiting, rows), np.delete(free, taken, axis=0)
    cells -= cells.min(axis=0)
    return cells


def _on_grid(points: Points) -> tuple[Points, tuple[int, int]]:
    """`points` in units of cells, and the columns and rows of a grid that has cells enough for them."""
    extent = np.ptp(points, axis=0)
    extent = np.maximum(extent, max(float(extent.max()) / min(len(points), 20), 1e-9))
    unit = np.sqrt(extent.prod() / (len(points) / _FILLED))
    columns, rows = (int(np.ceil(each * _ROOM)) + 1 for each in extent / unit)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    return (points - middle) / unit + (np.array([columns, rows]) - 1) / 2, (columns, rows)


def _claimed(wanted: Points, free: Numbers) -> tuple[Numbers, Numbers]:
    """Which of `wanted` get which of the `free` cells: of those that ask for the same the nearest gets it."""
    from scipy.spatial import KDTree

    tried = min(_TRIED, len(free))
    distances, cells = KDTree(free).query(wanted, k=range(1, tried + 1))
    got = np.full(len(wanted), -1)
    is_free = np.ones(len(free), dtype=bool)
    for choice in range(tried):
        asking = np.flatnonzero(got < 0)
        asking = asking[is_free[cells[asking, choice]]]
        asking = asking[np.argsort(distances[asking, choice], kind="stable")]
        taken, first = np.unique(cells[asking, choice], return_index=True)
        got[asking[first]] = taken
        is_free[taken] = False
    rows = np.flatnonzero(got >= 0)
    return rows, got[rows]
