"""Patches and colours whose directions all count the same: PCA whitening."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .patches import Floats

_SHARE_OF_MEAN = 0.01
_FLOOR = 1e-8
# How far from the pole the typical colour lies: its tangent.
_SPREAD = 2.0


class Whitening(NamedTuple):
    """`patches @ kernel + bias`, with kernel (in, out) and bias (out,)."""

    kernel: Floats
    bias: Floats

    def apply(self, patches: Floats) -> Floats:
        """Whitened patches (n, out) of unit length, as the network's first two layers make them."""
        whitened = patches @ self.kernel + self.bias
        lengths = np.sqrt(np.maximum((whitened * whitened).sum(axis=1, keepdims=True), 1e-12))
        return np.asarray(whitened / lengths, dtype=np.float32)


def whiten(patches: Floats) -> Whitening:
    """The whitening of `patches` (n, in): each loses its mean, then every direction gets variance about 1.

    The variances get 1 % of their mean added, so that noise is not blown up (Coates & Ng 2012, *Learning
    Feature Representations with K-means*).
    """
    width = patches.shape[1]
    centering = np.eye(width) - 1.0 / width
    samples = patches.astype(np.float64) @ centering
    mean = samples.mean(axis=0)
    covariance = (samples - mean).T @ (samples - mean) / len(samples)
    variances, directions = np.linalg.eigh(covariance)
    # The direction of the mean itself is empty now.
    variances, directions = np.maximum(variances[1:], 0.0), directions[:, 1:]
    kernel = centering @ directions / np.sqrt(variances + _SHARE_OF_MEAN * variances.mean() + _FLOOR)
    return Whitening(kernel.astype(np.float32), (-mean @ kernel).astype(np.float32))


def whiten_colors(colors: Floats) -> Whitening:
    """The whitening of `colors` (n, in) with one more number that never changes: kernel (in, in + 1).

    Made unit length afterwards, colours lie on a sphere, the mean colour at its pole, instead of losing
    their brightness and saturation; near and far stay near and far.
    """
    samples = colors.astype(np.float64)
    mean = samples.mean(axis=0)
    covariance = (samples - mean).T @ (samples - mean) / len(samples)
    variances, directions = np.linalg.eigh(covariance)
    variances = np.maximum(variances, 0.0)
    scale = _SPREAD / np.sqrt(len(variances))
    kernel = scale * directions / np.sqrt(variances + _SHARE_OF_MEAN * variances.mean() + _FLOOR)
    kernel = np.column_stack([kernel, np.zeros(len(variances))])
    bias = -mean @ kernel
    bias[-1] = 1.0
    return Whitening(kernel.astype(np.float32), bias.astype(np.float32))
