"""From one value a query to one figure: over queries (micro) or over classes (macro)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Floats, Integers


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean, of how many values, and how many were left out because they have none (NaN)."""

    value: float
    counted: int
    left_out: int


def mean_over_queries(values: Floats) -> Mean:
    """The micro average: every query counts the same, so that large classes count most.

    Values that are NaN (queries with nothing to find) are left out and counted; when all are, the value
    is NaN.

    Raises:
        ValueError: `values` is not `(q,)`.

    Example:
        >>> mean_over_queries(np.array([1.0, np.nan, 0.5]))
        Mean(value=0.75, counted=2, left_out=1)
    """
    checked = _check_values(values)
    kept = checked[~np.isnan(checked)]
    value = float(kept.mean()) if len(kept) else float("nan")
    return Mean(value, len(kept), len(checked) - len(kept))


def mean_over_classes(values: Floats, labels: Integers) -> Mean:
    """The macro average: the mean over classes of each class's mean, so that every class counts the same.

    `labels (q,)` are the queries' classes. Queries with NaN or a negative label do not count. `counted`
    and `left_out` are classes here: those with a query that counts, and those without.

    Raises:
        ValueError: shapes are not both `(q,)`.

    Example: class 0 has mean 0.5, class 1 has 1.0; over queries it would be 0.625.
        >>> mean_over_classes(np.array([0.0, 0.5, 1.0, 1.0]), np.array([0, 0, 0, 1]))
        Mean(value=0.75, counted=2, left_out=0)
    """
    checked, classes = _check_values(values), np.asarray(labels)
    if classes.shape != checked.shape:
        raise ValueError(f"labels has shape {classes.shape}, expected {checked.shape}: pass one a query")
    names, index = np.unique(classes, return_inverse=True)
    kept = ~np.isnan(checked)
    counts = np.bincount(index[kept], minlength=len(names))
    sums = np.bincount(index[kept], weights=checked[kept], minlength=len(names))
    counted = (counts > 0) & (names >= 0)
    means = sums[counted] / counts[counted]
    value = float(means.mean()) if len(means) else float("nan")
    return Mean(value, len(means), int(np.count_nonzero(names >= 0)) - len(means))


def _check_values(values: Floats) -> Floats:
    checked = np.asarray(values, dtype=np.float64)
    if checked.ndim != 1:
        raise ValueError(f"values has shape {checked.shape}, expected (queries,): pass one value a query")
    return checked
