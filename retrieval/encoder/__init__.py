"""The running encoder and decoder: LiteRT, no TensorFlow."""

from .description import EncoderDescription
from .encoder import Decoder, Encoder
from .maps import FeatureMaps
from .model import Model
from .network import Network

__all__ = ["Decoder", "Encoder", "EncoderDescription", "FeatureMaps", "Model", "Network"]
