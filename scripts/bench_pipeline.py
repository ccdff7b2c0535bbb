"""Is training ever starved? Images a second that the input pipeline delivers, and that training `conv` takes.

    python scripts/bench_pipeline.py [--images 2000] [--size 64] [--noise 0.3]

The pictures are drawn; the pipeline is measured with a network of no cost, which sums what it is given.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

from retrieval.autoencoder.dataset import Split, load_dataset
from retrieval.autoencoder.networks import build
from retrieval.autoencoder.objectives import Reconstruction
from retrieval.autoencoder.options import TrainingOptions
from retrieval.autoencoder.run import Run
from retrieval.autoencoder.trainer import Batches, Trainer
from retrieval.demo import draw_corpus
from retrieval.progress import Progress

REQUIRED = 3.0
EPOCHS = 3


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--noise", type=float, default=0.3)
    arguments = parser.parse_args()
    options = TrainingOptions(
        "conv", size=arguments.size, noise=arguments.noise, validation=0.0, epochs=EPOCHS, batch_size=64
    )
    with tempfile.TemporaryDirectory() as folder:
        draw_corpus(Path(folder, "pictures"), images=arguments.images)
        begun = time.monotonic()
        dataset = load_dataset(Path(folder, "pictures"), options.size, overflow=Path(folder, "overflow"))
        decoded = len(dataset.paths) / (time.monotonic() - begun)
        print(f"decode, once, 96 px files     {decoded:8,.0f} images/s")
        batches = Batches(dataset.pixels, options.corruption(channels=3), 64, seed=0)
        split = Split.draw(len(dataset.paths), 0.0, seed=0)
        network = build(options.network_config(channels=3))
        trainer = Trainer(network, Reconstruction(network, "mse"), batches, split, options, Run(Path(folder)))
        taken = max(epoch.images_per_second for epoch in trainer.fit(progress=Progress()))
        free = rate(batches, split)
    print(f"pipeline, network of no cost  {free:8,.0f} images/s")
    print(f"training conv                 {taken:8,.0f} images/s")
    print(f"the pipeline is {free / taken:.1f} times as fast, required {REQUIRED:.0f}")
    raise SystemExit(0 if free >= REQUIRED * taken else 1)


def rate(batches: Batches, split: Split) -> float:
    """Images a second over `EPOCHS` epochs, given to a network of no cost."""
    cost = tf.function(lambda corrupted, clean: tf.reduce_sum(corrupted) + tf.reduce_sum(clean))
    begun = time.monotonic()
    for corrupted, clean in batches.training(split.training, epochs=range(1, EPOCHS + 1)):
        cost(corrupted, clean)
    return EPOCHS * len(split.training) / (time.monotonic() - begun)


if __name__ == "__main__":
    main()
