"""A dictionary of patches: the directions around which whitened patches gather."""

from __future__ import annotations

import numpy as np

from .patches import Floats

_POINTS_PER_ATOM = 39
_ITERATIONS = 8


def find_atoms(whitened: Floats, num: int, *, seed: int) -> Floats:
    """At most `num` unit vectors (k, d) for `whitened` (n, d), by spherical k-means (`faiss.Kmeans`).

    Fewer than `num` where there are not the 39 patches per atom that k-means wants.
    """
    import faiss

    k = max(1, min(num, len(whitened) // _POINTS_PER_ATOM))
    clustering = faiss.Kmeans(
        whitened.shape[1], k, niter=_ITERATIONS, spherical=True, seed=seed + 1, max_points_per_centroid=256
    )
    clustering.train(np.ascontiguousarray(whitened))
    atoms: Floats = clustering.centroids
    return atoms


def sparse_codes(whitened: Floats, atoms: Floats, threshold: float) -> Floats:
    """How far each patch (n, d) agrees with each atom (k, d) beyond `threshold`: (n, k), mostly zeros."""
    codes: Floats = whitened @ atoms.T
    codes -= np.float32(threshold)
    return np.maximum(codes, 0.0, out=codes)
