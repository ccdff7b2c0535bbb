"""Pictures to look at: what an autoencoder learned, and how. No TensorFlow."""

from .exhibits import EXHIBITS, Exhibit
from .gallery import Hung, hang
from .material import Material

__all__ = ["EXHIBITS", "Exhibit", "Hung", "Material", "hang"]
