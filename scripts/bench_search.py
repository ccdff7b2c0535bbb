"""Search structures over many made vectors, beside HNSW and IVF of plain FAISS built by hand in the same run.

    python scripts/bench_search.py [--count 1000000] [--dim 64] [--plain] [--structures "auto|hnsw"]

How the vectors are made: 2,000 clusters of unequal sizes (Dirichlet), their centres normal with variances
that fall as 1 / (1 + j / 4); each cluster spreads over 16 directions of its own (variances falling as
1 / (1 + j / 2), 0.6 of a centre's length in all) and a little over all (0.15); length 1. Queries are made
with them and not stored. Recall is that of the ten nearest against exact search; queries/s are those of a
second of one core (processor time).
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import perf_counter, process_time

import faiss
import numpy as np

from index_store import searchers
from index_store.searchers.calibration import Effort, shares_found

CLUSTERS, LOCAL, SPREAD, NOISE = 2_000, 16, 0.6, 0.15
PIECE, K = 100_000, 10
# Cells looked into and candidates compared, from the quickest to the most thorough.
CURVE = ((1, 16), (2, 24), (3, 24), (4, 32), (6, 40), (8, 48), (16, 64), (32, 64), (64, 64))


def made_vectors(count: int, dim: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Pieces of (up to 100,000, dim) float32."""
    rng = np.random.default_rng(seed)
    falling = np.sqrt(1 / (1 + np.arange(dim) / 4))
    centres = rng.normal(size=(CLUSTERS, dim)) * falling
    centres = np.float32(centres / np.linalg.norm(centres, axis=1, keepdims=True))
    directions = rng.normal(size=(CLUSTERS, LOCAL, dim)) * falling
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    scales = np.sqrt(1 / (1 + np.arange(LOCAL) / 2))
    directions = np.float32(directions * SPREAD * (scales / np.linalg.norm(scales))[:, None])
    shares = rng.dirichlet(np.ones(CLUSTERS))
    for start in range(0, count, PIECE):
        size = min(PIECE, count - start)
        cluster = np.sort(rng.choice(CLUSTERS, size, p=shares))
        inside = rng.standard_normal((size, LOCAL), dtype=np.float32)
        vectors = centres[cluster] + NOISE / np.sqrt(dim) * rng.standard_normal((size, dim), dtype=np.float32)
        bounds = np.searchsorted(cluster, np.arange(CLUSTERS + 1))
        for which, (first, last) in enumerate(pairwise(bounds)):
            vectors[first:last] += inside[first:last] @ directions[which]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        yield np.float32(vectors[rng.permutation(size)])


def rate(search: object, queries: np.ndarray) -> float:
    """Queries for a second of one core, in one batch, best of five: other work of the machine is left out."""
    seconds = []
    for _ in range(5):
        begun = process_time()
        search(queries)  # type: ignore[operator]
        seconds.append(process_time() - begun)
    return len(queries) / min(seconds)


def show(name: str, found: np.ndarray, truth: np.ndarray, per_second: float, note: str = "") -> None:
    recall = shares_found(found, truth).mean()
    print(f"{name:<34}recall@10 {recall:.4f} {per_second:>9,.0f} queries/s a core  {note}", flush=True)


def bench(
    structure: str, vectors: np.ndarray, queries: np.ndarray, truth: np.ndarray, *, curve: bool
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "search.faiss"
        begun = perf_counter()
        built = searchers.build(structure, vectors, "cosine")
        building = perf_counter() - begun
        begun = perf_counter()
        built.save(path)
        saving = perf_counter() - begun
        size = path.stat().st_size / len(vectors) if built.derived else 0
        begun = perf_counter()
        searcher = searchers.load(path, structure, vectors, "cosine")
        opening = perf_counter() - begun
        del built
        per_second = rate(lambda rows: searcher.search(rows, K), queries)
        begun = perf_counter()
        for query in queries[:100]:
            searcher.search(query[None], K)
        single = (perf_counter() - begun) / 100
    note = (
        f"one {1e3 * single:.2f} ms, {size:.0f} bytes, built in {building:.1f} s, saved in {saving:.2f} s, "
    )
    note += f"opened in {opening:.3f} s"
    if hasattr(searcher, "facts"):
        note += f"; {searcher.facts.effort}, expected {searcher.facts.recall}"
    show(f"{structure}: {searcher.name}", searcher.search(queries, K)[1], truth, per_second, note)
    if curve and hasattr(searcher, "facts"):
        for width, shortlist in CURVE:
            searcher.facts = replace(searcher.facts, effort=Effort(width, shortlist))
            per_second = rate(lambda rows: searcher.search(rows, K), queries)
            show(f"  {width} cells, {shortlist} compared", searcher.search(queries, K)[1], truth, per_second)


def bench_plain(vectors: np.ndarray, queries: np.ndarray, truth: np.ndarray) -> None:
    """HNSW32 and IVF4000 of FAISS as its users build them."""
    for factory, efforts in (
        ("IVF4000,Flat", [faiss.SearchParametersIVF(nprobe=n) for n in (2, 4, 8, 16, 32, 64)]),
        ("HNSW32,Flat", [faiss.SearchParametersHNSW(efSearch=n) for n in (16, 32, 48, 64, 96, 128)]),
    ):
        index = faiss.index_factory(vectors.shape[1], factory)
        begun = perf_counter()
        index.train(vectors[: 64 * 4000])
        index.add(vectors)
        print(f"plain {factory} built in {perf_counter() - begun:.1f} s", flush=True)
        for effort in efforts:
            name = f"plain {factory} {getattr(effort, 'nprobe', 0) or effort.efSearch}"
            per_second = rate(
                lambda rows, index=index, effort=effort: index.search(rows, K, params=effort), queries
            )
            show(name, index.search(queries, K, params=effort)[1], truth, per_second)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--structures", default="auto", help="separated by |")
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--plain", action="store_true", help="also HNSW and IVF of plain FAISS")
    arguments = parser.parse_args()
    with tempfile.NamedTemporaryFile() as file:
        for piece in made_vectors(arguments.count + arguments.queries, arguments.dim):
            piece.tofile(file)
        file.flush()
        mapped = np.memmap(
            file.name, np.float32, "r", shape=(arguments.count + arguments.queries, arguments.dim)
        )
        vectors, queries = np.asarray(mapped)[: arguments.count], np.array(mapped[arguments.count :])
        print(f"{len(vectors):,} vectors, {faiss.omp_get_max_threads()} threads", flush=True)
        begun = process_time()
        truth = searchers.FlatSearcher(vectors, "cosine").search(queries, K)[1]
        print(f"flat: {len(queries) / (process_time() - begun):,.0f} queries/s a core", flush=True)
        begun = process_time()
        faiss.knn(queries, vectors, K)
        print(f"plain faiss.knn: {len(queries) / (process_time() - begun):,.0f} queries/s a core", flush=True)
        for structure in arguments.structures.split("|"):
            bench(structure, vectors, queries, truth, curve=arguments.plain)
        if arguments.plain:
            bench_plain(vectors, queries, truth)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


if __name__ == "__main__":
    main()
