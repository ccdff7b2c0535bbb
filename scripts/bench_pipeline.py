"""Is training ever starved? Images a second that the input pipeline delivers, and that training `conv` takes.

    python scripts/bench_pipeline.py [--images 2000] [--size 64] [--seconds 10] [--noise 0.3]

The pictures are drawn; the pipeline is measured with a network of no cost, which sums what it is given.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

from retrieval.autoencoder.descent import Descent
from retrieval.autoencoder.gather import gather
from retrieval.autoencoder.networks import build
from retrieval.autoencoder.objective import Reconstruction
from retrieval.autoencoder.options import TrainingOptions
from retrieval.autoencoder.pipeline import Pipeline
from retrieval.autoencoder.run import Run
from retrieval.autoencoder.split import split
from retrieval.demo import draw_corpus

REQUIRED = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--noise", type=float, default=0.3)
    arguments = parser.parse_args()
    options = TrainingOptions("conv", size=arguments.size, noise=arguments.noise, validation=0.0)
    with tempfile.TemporaryDirectory() as folder:
        draw_corpus(Path(folder, "pictures"), images=arguments.images)
        begun = time.monotonic()
        gathered = gather(Path(folder, "pictures"), options.size, overflow=Path(folder, "overflow"))
        print(
            f"decode, once, 96 px files     {len(gathered.paths) / (time.monotonic() - begun):8,.0f} images/s"
        )
        pipeline = Pipeline(gathered.pixels, options.corruption(channels=3), options.batch_size, seed=0)
        rows = split(len(gathered.paths), 0.0, seed=0)
        network = build(options.design(channels=3))
        objective = Reconstruction(network, "mse")
        descent = Descent(network, objective, pipeline, rows, options, Run(Path(folder)))
        free = rate(
            pipeline, rows.training, tf.function(lambda a, b: tf.reduce_sum(a) + tf.reduce_sum(b)), arguments
        )
        taken = rate(pipeline, rows.training, descent._step, arguments)
    print(f"pipeline, network of no cost  {free:8,.0f} images/s")
    print(f"training conv                 {taken:8,.0f} images/s")
    print(f"the pipeline is {free / taken:.1f} times as fast, required {REQUIRED:.0f}")
    raise SystemExit(0 if free >= REQUIRED * taken else 1)


def rate(
    pipeline: Pipeline,
    rows: np.ndarray,
    step: Callable[[tf.Tensor, tf.Tensor], object],
    arguments: argparse.Namespace,
) -> float:
    """Images a second over whole epochs, from the second on."""
    images, epoch, begun = 0, 1, 0.0
    while epoch < 3 or time.monotonic() - begun < arguments.seconds:
        if epoch == 2:
            images, begun = 0, time.monotonic()
        for clean, corrupted in pipeline.epoch(epoch, rows):
            step(clean, corrupted)
            images += clean.shape[0]
        epoch += 1
    return images / (time.monotonic() - begun)


if __name__ == "__main__":
    main()
