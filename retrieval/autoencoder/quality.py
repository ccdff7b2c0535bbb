"""How near one picture is to another: PSNR and SSIM. No TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

Pixels = NDArray[np.uint8]
_Values = NDArray[np.float64]

_WHITE = 255.0
_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = (0.01 * _WHITE) ** 2, (0.03 * _WHITE) ** 2


def psnr(picture: Pixels, reference: Pixels) -> float:
    """Peak signal-to-noise ratio in decibels: 10 log10(255² / mean squared error); infinite for equal ones.

    Both (..., height, width, channels) uint8 of the same shape.

    Example: every value is off by 51, a fifth of 255; 10 log10(25) is 13.98.
        >>> black = np.zeros((8, 8, 3), dtype=np.uint8)
        >>> round(psnr(black + 51, black), 2)
        13.98
    """
    _refuse_shapes(picture, reference)
    error = float(np.mean((picture.astype(np.float64) - reference) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(_WHITE**2 / error))


def ssim(picture: Pixels, reference: Pixels) -> float:
    """Structural similarity, 1 for equal pictures; both (height, width, channels) uint8 of the same shape.

    The mean over positions and channels of Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment"
    (IEEE TIP 13, 2004): a Gaussian window of 11 × 11 pixels and deviation 1.5, K1 = 0.01, K2 = 0.03, only
    positions where the whole window is in the picture. Of pictures with a side below 11 pixels the window is
    cut down to the shorter side.

    Example:
        >>> stripes = np.tile(np.array([0, 255], dtype=np.uint8), (16, 8))[..., None]
        >>> ssim(stripes, stripes), ssim(255 - stripes, stripes) < 0
        (1.0, True)
    """
    _refuse_shapes(picture, reference)
    a, b = picture.astype(np.float64), reference.astype(np.float64)
    mean_a, mean_b = _blurred(a), _blurred(b)
    variances = _blurred(a * a) + _blurred(b * b) - mean_a**2 - mean_b**2
    covariance = _blurred(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
    return float(np.mean(luminance * (2 * covariance + _C2) / (variances + _C2)))


def _blurred(values: _Values) -> _Values:
    side = min(_WINDOW, *values.shape[:2])
    side -= 1 - side % 2
    window = np.exp(-0.5 * ((np.arange(side) - side // 2) / _SIGMA) ** 2)
    edge = side // 2
    for axis in (0, 1):
        values = correlate1d(values, window / window.sum(), axis=axis, mode="nearest")
    height, width = values.shape[:2]
    return values[edge : height - edge, edge : width - edge]


def _refuse_shapes(picture: NDArray[Any], reference: NDArray[Any]) -> None:
    if picture.shape != reference.shape or picture.ndim < 3 or picture.size == 0:
        raise ValueError(
            f"pictures are {picture.shape} and {reference.shape}, expected twice (height, width, channels)"
        )
