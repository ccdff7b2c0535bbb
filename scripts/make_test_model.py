"""Write the model that the tests run: mean colours of the quarters of a picture. Prints only, unless --write.

Its vectors can be worked out by hand: (red, green, blue) of the upper left, upper right, lower left and lower
right quarter, each from 0 to 1. The decoder paints the quarters. A black picture has no direction at all.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
from keras import layers

from retrieval.autoencoder import export
from retrieval.encoder import EncoderDescription

FOLDER = Path(__file__).parent.parent / "tests" / "retrieval" / "model"
SIZE = 16


def build() -> keras.Model:
    encoder = keras.Sequential(
        [keras.Input((SIZE, SIZE, 3)), layers.AveragePooling2D(SIZE // 2), layers.Flatten()], name="encoder"
    )
    decoder = keras.Sequential(
        [keras.Input((12,)), layers.Reshape((2, 2, 3)), layers.UpSampling2D(SIZE // 2)], name="decoder"
    )
    return keras.Sequential([keras.Input((SIZE, SIZE, 3)), encoder, decoder])


def main() -> None:
    description = EncoderDescription(name="quarters", size=SIZE, dim=12, scale=(255.0,))
    model = export.export(build(), description)
    if "--write" in sys.argv[1:]:
        model.save(FOLDER)
    for name, content in model.files().items():
        print(f"{len(content):>8} {FOLDER / name}")


if __name__ == "__main__":
    main()
