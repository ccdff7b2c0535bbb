"""What a latent search has to beat: encoders that learn nothing, or no more than a rotation of the pixels.

Each has `size`, `dim` and `encode` to the letter as the running encoder has them.
"""

from .color_histogram import ColorHistogram
from .perceptual_hash import PerceptualHash
from .pixels import FlatPixels
from .principal_components import PrincipalComponents

__all__ = ["ColorHistogram", "FlatPixels", "PerceptualHash", "PrincipalComponents"]
