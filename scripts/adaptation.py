"""What --adapt makes of a network: a table for docs/results.md.

    python scripts/adaptation.py ENCODER.keras FOLDER [FOLDER ...] [--solved]

Each FOLDER, a folder a class, is indexed by the network alone and by the network adapted to it, as `retrieve
index` does, into a temporary directory; and every picture is asked against all others, by cosine. PCA is of
the network's vectors of length 1, of the same pictures. With --solved the default encoder stands beside them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval import Progress, Retriever
from retrieval.evaluation import LabelledVectors, bootstrap, measure_ranking, paired_difference
from retrieval.indexing.settings import BuildSettings
from retrieval.pca import PCA

FIGURES = ("precision_at_1", "precision_at_10", "map")
DIM = 64

Vectors = NDArray[np.float32]
Values = dict[str, NDArray[Any]]


def indexed(folder: Path, encoder: str | None, *, adapt: bool = False) -> tuple[Vectors, NDArray[np.intp]]:
    """The vectors of all pictures in `folder`, in the order of their paths, and numbers of their classes."""
    progress = Progress()
    with tempfile.TemporaryDirectory() as directory:
        settings = BuildSettings(adapt=adapt, decoder=False)
        retriever = Retriever.build(
            folder, index=directory, encoder=encoder, settings=settings, progress=progress
        )
        rows = sorted(retriever.index.catalog.rows(), key=lambda row: row.path)
        vectors = retriever.index.vectors([row.id for row in rows])
    seconds = ", ".join(f"{name} {spent:.1f}" for name, spent in progress.seconds.items())
    print(f"{folder.name}, {'adapted' if adapt else encoder or 'solved'}: {seconds} s", file=sys.stderr)
    classes = np.unique([Path(row.path).parent.as_posix() for row in rows], return_inverse=True)[1]
    return vectors, classes


def measured(vectors: Vectors, classes: NDArray[np.intp]) -> Values:
    """Each figure of each query, against all other pictures."""
    pictures = LabelledVectors(vectors, classes)
    found = measure_ranking(pictures, pictures, metric="cosine", exclude=np.arange(len(vectors)))
    return {name: np.asarray(found.values[name]) for name in FIGURES}


def components(vectors: Vectors) -> Vectors:
    rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return PCA.fit(rows, DIM).transform(rows).astype(np.float32)


def cell(values: NDArray[Any]) -> str:
    interval = bootstrap(values)
    return f"{interval.value:.3f} ± {(interval.high - interval.low) / 2:.3f}"


def difference(values: NDArray[Any], others: NDArray[Any]) -> str:
    interval = paired_difference(values, others)
    return f"{interval.value:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"


def table(folder: Path, encoder: str, *, solved: bool) -> list[str]:
    """The lines of one folder."""
    alone, classes = indexed(folder, encoder)
    adapted, _ = indexed(folder, encoder, adapt=True)
    methods = {"network alone": alone, "PCA of it": components(alone), "**adapted**": adapted}
    if solved:
        methods["default encoder"] = indexed(folder, None)[0]
    values = {name: measured(vectors, classes) for name, vectors in methods.items()}
    lines = [
        f"| {folder.name} | {name} | {methods[name].shape[1]:,} | "
        + " | ".join(cell(each[figure]) for figure in FIGURES)
        + " |"
        for name, each in values.items()
    ]
    gains = [difference(values["**adapted**"][each], values["network alone"][each]) for each in FIGURES]
    return [*lines, f"| | adapted − network alone | | {' | '.join(gains)} |"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("encoder")
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--solved", action="store_true")
    arguments = parser.parse_args()
    print("| folder | vectors | dims | P@1 | P@10 | mAP |\n|---|---|---|---|---|---|")
    for folder in arguments.folders:
        print("\n".join(table(folder, arguments.encoder, solved=arguments.solved)), flush=True)


if __name__ == "__main__":
    main()
