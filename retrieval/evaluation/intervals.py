"""How sure a mean over queries is: bootstrap intervals, paired differences, and what they allow to say.

An interval speaks about *other queries of the same kind asked of the same database*. It knows nothing of
other databases or classes, and it takes the queries to be independent. In leave-one-out they are not quite:
pictures of one class answer each other. With `groups=` (the classes) whole classes are drawn instead, which
asks what other classes would give. That is another question with a much wider answer: where classes differ
in difficulty, measured on simulated classes of 10-40 queries, the plain interval covers the mean over all
conceivable classes in only 40 %, the grouped one in 94 % with ten classes or more and 90 % with five.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from .arrays import Floats, Integers

Verdict: TypeAlias = Literal["better", "worse", "no difference that these pictures can show"]

BLOCK_DRAWS = 2_000_000
FEWEST_DIFFERENCES = 6
"""Of five all have the same sign by chance in 2 of 32 cases, more than one in twenty: that tells nothing."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the interval around it; `low` and `high` are NaN when there is too little to say."""

    value: float
    low: float
    high: float


def bootstrap(
    values: Floats,
    *,
    level: float = 0.95,
    repeats: int = 2000,
    seed: int = 0,
    groups: Integers | None = None,
) -> Interval:
    """Interval of the mean of `values (q,)`, by drawing as many queries again with replacement.

    Bias-corrected and accelerated (BCa), because these values are skewed, and widened for small samples.
    Measured on 1,500 samples each of three skewed distributions like average precisions and reciprocal
    ranks, at a level of 95 %: this one covers the true mean in 93-97 % at 20 queries, 95-96 % at 50 and
    94-96 % at 200, a plain percentile interval in 90-92 %, 93-94 % and 94-95 %.

    Values that are NaN are left out. With `groups (q,)` whole groups are drawn; the value is still the mean
    over queries. With fewer than two queries (or groups) to draw from, `low` and
    `high` are NaN; when all values are equal, both are that value, which for few queries says too much.
    Memory: about 50 MB up to two million queries.

    Source: Efron, *Better bootstrap confidence intervals* (1987); the widening is that of Hesterberg's
    expanded percentile interval, *What teachers should know about the bootstrap* (2015).

    Raises:
        ValueError: `values` is not `(q,)`, groups do not fit, `level` is not between 0 and 1, or `repeats`
            is below 100.

    Example: found by 60 of 100 queries.
        >>> interval = bootstrap(np.repeat([0.0, 1.0], [40, 60]))
        >>> interval.value, 0.45 < interval.low < 0.55, 0.65 < interval.high < 0.75
        (0.6, True, True)
    """
    return bootstrap_each([values], level=level, repeats=repeats, seed=seed, groups=groups)[0]


def bootstrap_each(
    samples: Sequence[Floats],
    *,
    level: float = 0.95,
    repeats: int = 2000,
    seed: int = 0,
    groups: Integers | None = None,
    fewest: int = 2,
) -> tuple[Interval, ...]:
    """`bootstrap` of each of several `values (q,)`, in a fraction of the time.

    fewest: of fewer queries, or groups of them, `low` and `high` are NaN.
    Where the same values are missing the same queries are drawn anyhow, so that they are drawn once for all.

    Raises:
        ValueError: as `bootstrap`.

    Example:
        >>> both = bootstrap_each([np.array([0.0, 1.0, 1.0]), np.array([0.5, 0.0, 1.0])])
        >>> both[1] == bootstrap(np.array([0.5, 0.0, 1.0]))
        True
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level is {level}, expected a share between 0 and 1, such as 0.95")
    if repeats < 100:
        raise ValueError(f"repeats is {repeats}, expected at least 100: the ends are read off the repeats")
    checked = [_check_values(values) for values in samples]
    alike: dict[bytes, list[int]] = {}
    for place, values in enumerate(checked):
        alike.setdefault(np.isnan(values).tobytes(), []).append(place)
    found: dict[int, Interval] = {}
    for places in alike.values():
        units = [_units(checked[place], groups) for place in places]
        sums, sizes = np.stack([each for each, _ in units]), units[0][1]
        means = _resampled_means(sums, sizes, repeats, seed)
        for place, own_sums, own_means in zip(places, sums, means, strict=True):
            found[place] = _interval(own_sums, sizes, own_means, level, fewest)
    return tuple(found[place] for place in range(len(checked)))


def paired_difference(
    a: Floats,
    b: Floats,
    *,
    level: float = 0.95,
    repeats: int = 2000,
    seed: int = 0,
    groups: Integers | None = None,
) -> Interval:
    """Interval of the mean of `a - b`, two methods' values `(q,)` for the same queries.

    Much narrower than two intervals side by side would suggest, because hard queries are hard for both.
    Queries where either is NaN are left out. Of fewer than six queries, or groups, `low` and `high` are NaN.
    Everything else as in `bootstrap`.

    Raises:
        ValueError: `a` and `b` differ in shape; else as `bootstrap`.

    Example: always better by 0.1 or 0.3.
        >>> b = np.linspace(0.0, 0.5, 50)
        >>> difference = paired_difference(b + np.tile([0.1, 0.3], 25), b)
        >>> round(difference.value, 9), verdict(difference)
        (0.2, 'better')
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"a has shape {first.shape}, b {second.shape}: pass values for the same queries")
    return bootstrap_each(
        [first - second], level=level, repeats=repeats, seed=seed, groups=groups, fewest=FEWEST_DIFFERENCES
    )[0]


def verdict(difference: Interval) -> Verdict:
    """What a paired difference allows to say: its interval lies above 0, below 0, or neither.

    Example:
        >>> verdict(Interval(0.02, -0.01, 0.05))
        'no difference that these pictures can show'
    """
    if difference.low > 0.0:
        return "better"
    if difference.high < 0.0:
        return "worse"
    return "no difference that these pictures can show"


def _check_values(values: Floats) -> Floats:
    checked = np.asarray(values, dtype=np.float64)
    if checked.ndim != 1:
        raise ValueError(f"values has shape {checked.shape}, expected (queries,)")
    return checked


def _units(checked: Floats, groups: Integers | None) -> tuple[Floats, Floats]:
    """What is drawn, as sum of values and number of queries: each query, or each group."""
    kept = ~np.isnan(checked)
    if groups is None:
        return checked[kept], np.ones(int(kept.sum()))
    names = np.asarray(groups)
    if names.shape != checked.shape:
        raise ValueError(f"groups has shape {names.shape}, expected {checked.shape}: pass one a query")
    _, index = np.unique(names[kept], return_inverse=True)
    sums, sizes = np.bincount(index, weights=checked[kept]), np.bincount(index)
    return sums.astype(np.float64, copy=False), sizes.astype(np.float64)


def _interval(sums: Floats, sizes: Floats, means: Floats, level: float, fewest: int) -> Interval:
    """The interval of one sample's units, from the means of its repeats."""
    value = float(sums.sum() / sizes.sum()) if len(sums) else math.nan
    if len(sums) < fewest:
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(means, _bca_levels(means, value, _acceleration(sums, sizes), level, len(sums)))
    return Interval(value, float(low), float(high))


def _resampled_means(samples: Floats, sizes: Floats, repeats: int, seed: int) -> Floats:
    """The means (samples, repeats) of units drawn with replacement; `samples` (samples, units) are sums."""
    means = np.full((len(samples), repeats), math.nan)
    num_units = len(sizes)
    if num_units < 2:
        return means
    random = np.random.default_rng(seed)
    rows = max(1, BLOCK_DRAWS // num_units)
    alike = bool(np.all(sizes == sizes[0]))
    for start in range(0, repeats, rows):
        drawn = random.integers(0, num_units, (min(rows, repeats - start), num_units))
        totals = sizes.sum() if alike else sizes[drawn].sum(axis=1)
        for sums, own_means in zip(samples, means, strict=True):
            own_means[start : start + rows] = sums[drawn].sum(axis=1) / totals
    return means


def _acceleration(sums: Floats, sizes: Floats) -> float:
    """How fast the spread changes with the mean: skewness of the leave-one-out means, over six."""
    without = (sums.sum() - sums) / (sizes.sum() - sizes)
    deviations = without.mean() - without
    squares = float(np.sum(deviations**2))
    return float(np.sum(deviations**3)) / (6.0 * squares**1.5) if squares > 0.0 else 0.0


def _bca_levels(means: Floats, value: float, acceleration: float, level: float, num_units: int) -> Floats:
    """Which quantiles of the resampled means are the ends of the interval."""
    from scipy.special import ndtr, ndtri  # takes a quarter of a second to load

    # Half of the ties: with 0/1 values many resampled means are exactly the mean.
    share_below = float(np.mean(means < value) + np.mean(means <= value)) / 2.0
    bias = ndtri(min(max(share_below, 1e-6), 1.0 - 1e-6))
    reach = _small_sample_reach((1.0 + level) / 2.0, num_units)
    shifted = bias + np.array([-reach, reach])
    # Where the stretch is not positive, the end is the least or the largest mean.
    stretch = np.maximum(1.0 - acceleration * shifted, 1e-9)
    levels: Floats = ndtr(bias + shifted / stretch)
    return levels


def _small_sample_reach(share: float, num_units: int) -> float:
    """Student's t quantile times sqrt(n / (n - 1)): 1.96 for many units, more for few."""
    from scipy.special import stdtrit

    freedom = num_units - 1
    return float(stdtrit(freedom, share)) * math.sqrt(num_units / freedom)
