"""The default encoder: a convolutional encoder whose layers are solved, not trained by gradients."""

from .solve import DIM, SIZES, solve

__all__ = ["DIM", "SIZES", "solve"]
