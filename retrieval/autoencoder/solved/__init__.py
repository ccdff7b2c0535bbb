"""The default encoder: a convolutional encoder whose layers are solved, not descended to."""

from .solve import DIM, SIZES, solve

__all__ = ["DIM", "SIZES", "solve"]
