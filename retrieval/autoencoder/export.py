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


def to_litert(model: keras.Model) -> bytes:
    """`model`, of one input and one output, in LiteRT's format, in float32."""
    # For one picture at a time, as `Network` runs it: with the batch left open, up-sampling loses its
    # sizes on the way, and LiteRT has no convolution for that.
    # The names are in the file: those that Keras gives would count the models made so far.
    one = keras.Input(batch_shape=(1, *model.input_shape[1:]), name="input")
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(one, model(one), name="network"))
    # It reports every export on stdout, where only results belong.
    with _interrupted_afterwards(), contextlib.redirect_stdout(io.StringIO()):
        content: bytes = converter.convert()
    return content


def to_keras_file(model: keras.Model) -> bytes:
    """The content of the .keras file of `model`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        # Keras hands its variables to h5py in a way that NumPy 2 deprecates.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="__array__ implementation", category=DeprecationWarning)
            model.save(path)
        return path.read_bytes()


def export(
    network: keras.Model, description: EncoderDescription, *, running: keras.Model | None = None
) -> Model:
    """The running model of an autoencoder, whose layers "encoder" and "decoder" are its halves.

    Of a network that is called "encoder" itself: a model without a decoder. `running` is what runs as the
    encoder, where that gives more than the latent vectors that the decoder takes.
    """
    if network.name == "encoder":
        return Model(Encoder(to_litert(running or network), description), keras=to_keras_file(network))
    return Model(
        encoder=Encoder(to_litert(running or network.get_layer("encoder")), description),
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
