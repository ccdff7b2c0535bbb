"""The running encoder and decoder: LiteRT, no TensorFlow."""

from .decoder import Decoder
from .description import EncoderDescription
from .encoder import Encoder
from .model import Model
from .network import Network

__all__ = ["Decoder", "Encoder", "EncoderDescription", "Model", "Network"]
