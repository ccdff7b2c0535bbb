"""From Keras to what runs without TensorFlow, and to the file that training goes on from."""

from __future__ import annotations

import contextlib
import io
import signal
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import keras
import tensorflow as tf

from ..encoder import Decoder, Encoder, EncoderDescription, Model
from .quantize import in_bytes


def to_litert(model: keras.Model, *, quantized: bool = False) -> bytes:
    """`model`, of one input and one output, in LiteRT's format: float32, or `quantized` by `in_bytes`."""
    # For one picture at a time, as `Network` runs it: with the batch left open, up-sampling loses its
    # sizes on the way, and LiteRT has no convolution for that. Of constants, and not of the Keras model with
    # its variables: to turn those into constants takes as long again.
    shape = (1, *model.input_shape[1:])
    variables = model.trainable_variables, model.non_trainable_variables
    values = [[variable.numpy() for variable in each] for each in variables]

    def constant(pictures: tf.Tensor) -> tf.Tensor:
        constants = [[tf.constant(value) for value in each] for each in values]
        return model.stateless_call(*constants, pictures, training=False)[0]

    spec = tf.TensorSpec(shape, model.inputs[0].dtype, name="input")
    function = tf.function(constant).get_concrete_function(spec)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], tf.Module())
    # What nobody reads, and takes a sixth of the time: the whole network is read and written again for it.
    converter.exclude_conversion_metadata = True
    # It reports every export on stdout, where only results belong.
    with _interrupted_afterwards(), contextlib.redirect_stdout(io.StringIO()):
        content: bytes = converter.convert()
    return in_bytes(content) if quantized else content


def to_keras_file(model: keras.Model) -> bytes:
    """The content of the .keras file of `model`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        # Keras hands its variables to h5py in a way that NumPy 2 deprecates.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="__array__ implementation", category=DeprecationWarning)
            model.save(path)
        return path.read_bytes()


def export(network: keras.Model, description: EncoderDescription, *, running: bytes | None = None) -> Model:
    """The running model of an autoencoder, whose layers "encoder" and "decoder" are its halves.

    Of a network that is called "encoder" itself: a model without a decoder. `running` is what runs as the
    encoder, in LiteRT's format, where that is more than what `to_litert` makes of the layer.
    """
    if network.name == "encoder":
        return Model(Encoder(running or to_litert(network), description), keras=to_keras_file(network))
    return Model(
        encoder=Encoder(running or to_litert(network.get_layer("encoder")), description),
        decoder=Decoder(to_litert(network.get_layer("decoder"))),
        keras=to_keras_file(network),
    )


@contextlib.contextmanager
def _interrupted_afterwards() -> Iterator[None]:
    """Put off a Ctrl-C inside to the end of the block, which is seconds away.

    TensorFlow's converter runs clean-up code and callbacks from C++ that lose a KeyboardInterrupt.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[tuple[int, FrameType | None]] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: waiting.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if waiting and callable(before):
            before(*waiting[0])
