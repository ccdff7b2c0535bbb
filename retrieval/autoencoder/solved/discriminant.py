"""Directions in which the members of a group agree while groups differ."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from .patches import Floats

Doubles = NDArray[np.float64]


class Scatter:
    """Sums over groups of equal size, gathered block by block, from which `directions` are solved.

    The sums of groups and of members come from the same members, in double precision; with means taken from
    other members the covariance within groups would not be one.
    """

    def __init__(self, dim: int, group_size: int) -> None:
        """Nothing gathered yet; members have `dim` numbers."""
        self.group_size = group_size
        self.num_groups = 0
        self._sum: Doubles = np.zeros(dim)
        self._members: Doubles = np.zeros((dim, dim))
        self._groups: Doubles = np.zeros((dim, dim))

    def add(self, members: Floats) -> None:
        """Gather `members` (groups · group_size, dim), group after group."""
        means = members.reshape(-1, self.group_size, members.shape[1]).mean(axis=1)
        self.num_groups += len(means)
        self._sum += means.sum(axis=0, dtype=np.float64)
        self._members += members.T @ members
        self._groups += means.T @ means

    @property
    def mean(self) -> Doubles:
        """The mean of all members (dim,)."""
        return self._sum / self.num_groups

    @property
    def total(self) -> Doubles:
        """The covariance (dim, dim) of all members."""
        return self._members / (self.num_groups * self.group_size) - np.outer(self.mean, self.mean)

    @property
    def between(self) -> Doubles:
        """The covariance (dim, dim) of the groups' means."""
        return self._groups / self.num_groups - np.outer(self.mean, self.mean)

    @property
    def within(self) -> Doubles:
        """The covariance (dim, dim) of members around the mean of their group."""
        return self.total - self.between


def directions(signal: Doubles, noise: Doubles, *, ridge: float, num: int) -> Floats:
    """The `num` directions (dim, num) with most `signal` per `noise`, both covariances (dim, dim).

    `ridge` times the mean variance of `noise` is added to its every direction. In a direction, noise plus
    ridge is 1. This is linear discriminant analysis; fewer than `num` come back where dim is smaller.
    """
    dim = len(signal)
    num = min(num, dim)
    # What single precision in the products above makes of a variance of zero.
    floor = 1e-6 * max(float(np.trace(noise)), float(np.trace(signal)), 1e-12)
    metric = noise + (ridge * np.trace(noise) / dim + floor) * np.eye(dim)
    _, vectors = eigh(signal, metric, subset_by_index=(dim - num, dim - 1))
    return np.ascontiguousarray(vectors[:, ::-1], dtype=np.float32)
