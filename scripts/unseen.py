"""Do the gains hold for pictures that the encoder was not fitted to? Fit on half, ask with the other half.

Usage: python scripts/unseen.py FOLDER [FOLDER ...]

Each FOLDER holds a folder a class. Printed are P@1 / P@10 / mAP of the same queries in the same half: with an
encoder fitted to that half, with one fitted to all pictures, and by pixels.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np

from retrieval import Retriever
from retrieval.evaluation import EvaluationSettings, Report, evaluate
from retrieval.images import find_images

FIGURES = ("precision_at_1", "precision_at_10", "map")


def split(folder: Path, into: Path, seed: int = 0) -> tuple[Path, Path]:
    """Copies of the pictures of `folder`: every second one of a random order, and the others."""
    paths = [found.path for found in find_images(folder).pictures]
    order = np.random.default_rng(seed).permutation(len(paths))
    halves = into / "searched", into / "asked"
    for rank, row in enumerate(order):
        target = halves[rank % 2] / paths[row]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / paths[row], target)
    return halves


def figures(report: Report, method: str) -> str:
    values = (report.methods[method].figures[name].value for name in FIGURES)
    return " / ".join(f"{value:.3f}" for value in values)


def measure(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        searched, asked = split(folder, Path(temporary))
        settings = EvaluationSettings(queries=asked, baselines=(), sample=0)
        fitted = evaluate(Retriever.build(searched), settings=settings)
        fitted_to_all = evaluate(Retriever.build(temporary), searched, settings=settings)
        print(f"{folder.name}: {fitted.corpus.queries:,} asked, {fitted.corpus.images:,} searched")
        print(f"  fitted to the searched half  {figures(fitted, 'latent')}")
        print(f"  fitted to both               {figures(fitted_to_all, 'latent')}")
        print(f"  pixels                       {figures(fitted, 'pixel')}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    for folder in parser.parse_args().folders:
        measure(folder)


if __name__ == "__main__":
    main()
