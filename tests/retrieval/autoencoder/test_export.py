"""Export: Ctrl-C ends the run, also where TensorFlow's converter loses it."""

import os
import signal

import keras
import pytest
import tensorflow as tf
from keras import layers

from retrieval.autoencoder.export import to_litert


@pytest.fixture
def network():
    pictures = keras.Input((8, 8, 3))
    return keras.Model(pictures, layers.GlobalAveragePooling2D()(pictures))


class Interrupted:
    """What TensorFlow's own objects are: something that is cleaned up while a model is converted."""

    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_is_lost_while_converting_rises_afterwards(network, monkeypatch):
    convert = tf.lite.TFLiteConverter.from_concrete_functions

    def interrupting(*arguments):
        converter = convert(*arguments)
        original = converter.convert

        def convert_and_clean_up():
            waste = Interrupted()
            del waste  # Python drops what rises in here
            return original()

        converter.convert = convert_and_clean_up
        return converter

    monkeypatch.setattr(tf.lite.TFLiteConverter, "from_concrete_functions", interrupting)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        to_litert(network)
    assert signal.getsignal(signal.SIGINT) is before


def test_without_an_interrupt_nothing_rises(network):
    assert to_litert(network)[4:8] == b"TFL3"
