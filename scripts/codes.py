"""Bytes a picture against what search finds, for every code, on indexes of folders whose names are labels.

    python scripts/codes.py idx-grocery idx-trashnet

Every stored picture asks for the others. The code alone: pictures ranked by the distances of codes.
Re-ranked: the ranking of the code's shortlist decided by the vectors. mAP: mean average precision over the
labels (folder names).
"""

from __future__ import annotations

import argparse
from pathlib import Path, PurePosixPath

import numpy as np

from index_store import Index
from index_store.searchers.approximate import ApproximateSearcher
from index_store.searchers.binary import BinarySearcher
from index_store.searchers.calibration import shares_found, without
from index_store.searchers.distances import nearest_among
from index_store.searchers.exact import FlatSearcher
from index_store.searchers.plans import code_bytes, sample_a_cell

SHORTLIST = 256


def label_of(path: str) -> str:
    """The folder of a picture, as the evaluation reads it."""
    return PurePosixPath(path).parent.as_posix()


def mean_average_precision(order: np.ndarray, own: np.ndarray, labels: np.ndarray) -> float:
    """Of complete rankings (m, n - 1) by position."""
    same = labels[order] == labels[own][:, None]
    precision = np.cumsum(same, axis=1) / np.arange(1, order.shape[1] + 1)
    counts = same.sum(axis=1)
    return float(((precision * same).sum(axis=1)[counts > 0] / counts[counts > 0]).mean())


def complete(order: np.ndarray, shortlist: int, vectors: np.ndarray, metric: str) -> np.ndarray:
    """The ranking with its first decided by the vectors."""
    _, first = nearest_among(vectors, vectors, order[:, :shortlist], shortlist, metric)  # type: ignore[arg-type]
    return np.concatenate([first, order[:, shortlist:]], axis=1)


FACTORIES = {
    "float32": "Flat", "float16": "SQfp16", "int8": "SQ8", "pq": "PQ{dim}x4", "rabitq": "RaBitQ",
    "binary256": "256,BFlat", "binary128": "128,BFlat", "binary64": "64,BFlat",
}  # fmt: skip


def bench(directory: Path) -> None:
    index = Index.open(directory)
    vectors, metric = np.array(index.vectors()), index.manifest.metric
    labels = np.unique([label_of(row.path) for row in index.catalog.rows()], return_inverse=True)[1]
    own = np.arange(len(vectors))
    _, exact = FlatSearcher(vectors, metric).search(vectors, len(vectors))
    truth = without(exact, own)
    print(f"{directory.name}: {len(vectors):,} pictures, {vectors.shape[1]} dims")
    print(
        f"{'code':<11}{'bytes':>6}{'recall@10 in 32':>17}{'in 64':>8}{'in 256':>8}{'mAP':>8}{'re-ranked':>11}"
    )
    for code, factory in FACTORIES.items():
        searcher = BinarySearcher if "BFlat" in factory else ApproximateSearcher
        coded = searcher.trained(vectors, factory.format(dim=vectors.shape[1]), sample_a_cell(len(vectors)))
        coded.add(vectors)
        _, found = coded.search(vectors, len(vectors))
        order = without(np.asarray(found, dtype=np.int64), own)
        recalls = [shares_found(order[:, :size], truth[:, :10]).mean() for size in (32, 64, SHORTLIST)]
        alone = mean_average_precision(order, own, labels)
        again = mean_average_precision(
            without_own(complete(found, SHORTLIST, vectors, metric), own), own, labels
        )
        print(
            f"{code:<11}{code_bytes(code, vectors.shape[1]):>6}{recalls[0]:>17.4f}"  # type: ignore[arg-type]
            f"{recalls[1]:>8.4f}{recalls[2]:>8.4f}{alone:>8.4f}{again:>11.4f}",
            flush=True,
        )


def without_own(order: np.ndarray, own: np.ndarray) -> np.ndarray:
    """A complete ranking without the picture that asks."""
    return without(order, own)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("indexes", type=Path, nargs="+")
    for directory in parser.parse_args().indexes:
        bench(directory)


if __name__ == "__main__":
    main()
