import keras
import numpy as np
import pytest
from keras import layers

from retrieval.autoencoder.last_map import split_at_last_map


def body(*, sides=(12, 12)):
    """Pictures to a map of 5 × 5 places and 4 numbers."""
    pictures = keras.Input((*sides, 3))
    return keras.Model(pictures, layers.Conv2D(4, 3, strides=2, activation="relu")(pictures))


def averaging():
    network = body()
    return keras.Model(network.inputs[0], layers.GlobalAveragePooling2D()(network.outputs[0]))


def inside_another():
    pictures = keras.Input((12, 12, 3))
    return keras.Model(pictures, layers.Dense(6)(averaging()(pictures * 2.0 - 1.0)))


def in_a_sequence():
    return keras.Sequential([keras.Input((12, 12, 3)), inside_another(), layers.UnitNormalization()])


def by_a_pool_of_all_places():
    network = body()
    return keras.Model(network.inputs[0], layers.Flatten()(layers.AveragePooling2D(5)(network.outputs[0])))


def with_attention_before():
    network = body()
    gates = layers.Dense(4, activation="sigmoid")(
        layers.GlobalAveragePooling2D(keepdims=True)(network.outputs[0])
    )
    gated = layers.Multiply()([network.outputs[0], gates])
    return keras.Model(network.inputs[0], layers.GlobalAveragePooling2D()(gated))


@pytest.mark.parametrize(
    "build", [averaging, inside_another, in_a_sequence, by_a_pool_of_all_places, with_attention_before]
)
def test_the_mean_of_the_map_gives_the_vector(build):
    network = build()
    split = split_at_last_map(network)
    pictures = np.random.default_rng(0).random((3, 12, 12, 3), dtype=np.float32)
    maps = split.to_map(pictures).numpy()
    assert maps.shape == (3, 5, 5, 4)
    means = maps.mean(axis=(1, 2)).reshape(3, *split.to_vector.input_shape[1:])
    np.testing.assert_allclose(split.to_vector(means).numpy(), network(pictures).numpy(), atol=1e-6)


def flattening():
    network = body()
    return keras.Model(network.inputs[0], layers.Flatten()(network.outputs[0]))


def going_round():
    network = body()
    found = network.outputs[0]
    both = layers.Concatenate()([layers.GlobalAveragePooling2D()(found), layers.Flatten()(found)])
    return keras.Model(network.inputs[0], both)


def pooling_by_quarters():
    pictures = keras.Input((12, 12, 3))
    return keras.Model(pictures, layers.Flatten()(layers.AveragePooling2D(6)(pictures)))


def of_a_class_of_its_own():
    class Own(keras.Model):
        def call(self, pictures):
            return keras.ops.mean(pictures, axis=(1, 2))

    network = Own()
    network(np.zeros((1, 12, 12, 3), dtype=np.float32))
    return network


@pytest.mark.parametrize("build", [flattening, going_round, pooling_by_quarters, of_a_class_of_its_own])
def test_where_more_than_a_mean_of_a_map_makes_the_vector_there_is_no_split(build):
    assert split_at_last_map(build()) is None
