"""Where pictures gather: each is moved to the middle of those it shares neighbours with, and a layer does it.

How much the layer is worth is read off halves of the pictures: solved on one, how much does it foretell of
where the other goes? No label is needed.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array, diags_array, eye_array

from .lda import Linear, Scatter, unit
from .neighbors import nearest_others
from .pictures import Doubles, Floats

_LEAST_NEIGHBORS = 15
# The more pictures there are, the more of them are of a kind.
_PICTURES_A_NEIGHBOR = 150
_LEAST_SHARED = 0.1
_ROUNDS = 3
_LEAST_VARIANCE = 1e-6
_SMALL = 1e-6
_LEAST_PICTURES = 4 * _LEAST_NEIGHBORS


def gathered(vectors: Floats) -> Floats:
    """`vectors` (n, d), each moved to the middle of the pictures it shares neighbours with: of unit length.

    A picture counts by the share of neighbours that both have, among those that either has (as in re-ranking
    by k-reciprocal neighbours, arXiv 1701.08398): at least a tenth, of itself and one neighbour for every 150
    pictures, at least 15. Three times.
    """
    vectors = unit(vectors)
    shares = _shared_neighbors(vectors) + eye_array(len(vectors), format="csr")
    means = diags_array(1.0 / shares.sum(axis=1)) @ shares
    for _ in range(_ROUNDS):
        vectors = unit(np.asarray(means @ vectors, dtype=np.float32))
    return vectors


def _shared_neighbors(vectors: Floats) -> csr_array:
    """The share (n, n) of neighbours that two pictures have in common, 0 below the least; no own ones."""
    own = np.arange(len(vectors))[:, None]
    wanted = max(_LEAST_NEIGHBORS, len(vectors) // _PICTURES_A_NEIGHBOR)
    near = np.concatenate([own, nearest_others(vectors, wanted)], axis=1)
    count, num = near.shape
    ends = np.arange(0, count * num + 1, num)
    members = csr_array((np.ones(count * num), near.ravel(), ends), shape=(count, count))
    common = (members @ members.T).tocoo()
    shares = common.data / (2 * num - common.data)
    kept = (common.row != common.col) & (shares > _LEAST_SHARED)
    places = (common.row[kept], common.col[kept])
    return csr_array((shares[kept], places), shape=(count, count))


def solve_gathering(
    means: Floats, scatter: Scatter, targets: Floats, *, ridge: float
) -> tuple[Linear, float]:
    """The layer from features to `targets` (n, out), and what share of their variance it foretells.

    means: of the features of each picture's views, (n, d), of which `scatter` is. `ridge` times the mean
    variance is added in every direction, as for the other layers.
    The share is that of pictures which a layer was not solved on, see `worth`.
    """
    total = scatter.total
    total += ridge * np.trace(total) / len(total) * np.eye(len(total)) + 1e-12 * np.eye(len(total))
    centred = np.asarray(means - scatter.mean, dtype=np.float32)
    share = _foretold(centred, total, targets)
    weights = _regression(centred, total, targets).astype(np.float32)
    bias = -scatter.mean @ weights
    bias[bias == 0.0] = _SMALL  # LiteRT makes NaN of zeros that are to get unit length
    return Linear(weights, bias.astype(np.float32)), share


def worth(foretold: float, most: float) -> float:
    """What a layer that foretells this share s of its targets' variance is worth beside others, 0 to `most`.

    It is s / (1 - s), what it gets right in relation to what it gets wrong, less 1: half of the variance is
    worth nothing, two thirds as much as any other layer, and three quarters twice as much.
    """
    return float(np.clip(foretold / max(1.0 - foretold, 1e-6) - 1.0, 0.0, most))


def _foretold(centred: Floats, total: Doubles, targets: Floats) -> float:
    """The share of the variance of `targets` that is foretold for the half that was not used.

    0 or less if none, and 0 where so few pictures are all neighbours of each other.
    """
    if len(targets) < _LEAST_PICTURES:
        return 0.0
    first = np.random.default_rng(0).permutation(len(targets)) % 2 == 0
    wrong = 0.0
    for used, left in ((first, ~first), (~first, first)):
        found = centred[left] @ _regression(centred[used], total, targets[used])
        wrong += float(np.square(targets[left] - targets[used].mean(axis=0) - found).sum())
    variance = float(np.square(targets - targets.mean(axis=0)).sum())
    return 1.0 - wrong / variance if variance > _LEAST_VARIANCE * len(targets) else 0.0


def _regression(centred: Floats, total: Doubles, targets: Floats) -> Doubles:
    products = np.asarray(centred.T @ (targets - targets.mean(axis=0)), dtype=np.float64)
    return np.asarray(np.linalg.solve(total, products / len(targets)), dtype=np.float64)
