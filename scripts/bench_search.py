"""Search structures over many made vectors, beside HNSW and IVF of plain FAISS built by hand in the same run.

    python scripts/bench_search.py [--count 1000000] [--dim 64] [--plain] [--structures "auto|hnsw"]

How the vectors are made: 2,000 clusters of unequal sizes (Dirichlet), their centres normal with variances
that fall as 1 / (1 + j / 4); each cluster spreads over 16 directions of its own (variances falling as
1 / (1 + j / 2), 0.6 of a centre's length in all) and a little over all (0.15); length 1. Queries are made
with them and not stored. Recall is that of the ten nearest against exact search, with the standard error of
its mean: a few queries lose most of their neighbours, so that 200 tell a recall of .99 to about .003 only;
queries/s are those of a second of one core (processor time).
"""

from __future__ import annotations

import argparse
import math
import resource
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, TypeAlias

import faiss
import numpy as np

from index_store import searchers
from index_store.searchers.approximate import ApproximateSearcher
from index_store.searchers.calibration import Effort, shares_found

CLUSTERS, LOCAL, SPREAD, NOISE = 2_000, 16, 0.6, 0.15
PIECE, K = 100_000, 10
# Cells looked into and candidates compared, from the quickest to the most thorough.
CURVE = ((2, 24), (3, 32), (4, 32), (6, 48), (8, 48), (12, 48), (16, 48), (24, 64), (32, 64), (64, 64))
# Of plain FAISS, cells looked into and candidates of a walk.
PROBES, WALKS = (2, 3, 4, 6, 8, 12, 16, 32, 64), (16, 32, 64, 128, 256, 512)
ROUNDS, SINGLE = 5, 100

Case: TypeAlias = tuple[str, Callable[[np.ndarray], np.ndarray]]


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


def show_by_turns(cases: list[Case], queries: np.ndarray, truth: np.ndarray) -> None:
    """Queries for a second of one core, in one batch, best of five: other work of the machine is left out.

    All cases by turns, so that they are measured beside the same work.
    """
    best = [float("inf")] * len(cases)
    for _ in range(ROUNDS):
        for at, (_, search) in enumerate(cases):
            begun = process_time()
            search(queries)
            best[at] = min(best[at], process_time() - begun)
    for (name, search), seconds in zip(cases, best, strict=True):
        shares, rate = shares_found(search(queries), truth), len(queries) / seconds
        recall, error = shares.mean(), shares.std() / math.sqrt(len(queries))
        print(f"{name:<34}recall@10 {recall:.4f} ± {error:.4f} {rate:>9,.0f} queries/s a core", flush=True)


def cases_of(
    structure: str, vectors: np.ndarray, queries: np.ndarray, path: Path, *, curve: bool
) -> list[Case]:
    """A structure of ours with the effort that was measured for it and, for the `curve`, with others."""
    begun = perf_counter()
    built = searchers.build(structure, vectors, "cosine")
    print(f"{structure}: {built.name} built in {perf_counter() - begun:.1f} s", flush=True)
    begun = perf_counter()
    built.save(path)
    size = path.stat().st_size / len(vectors) if built.derived else 0
    print(f"  saved in {perf_counter() - begun:.2f} s, {size:.0f} bytes a vector", flush=True)
    del built
    begun = perf_counter()
    searcher = searchers.load(path, structure, vectors, "cosine")
    print(f"  opened in {perf_counter() - begun:.3f} s", flush=True)
    begun = perf_counter()
    for query in queries[:SINGLE]:
        searcher.search(query[None], K)
    print(f"  one query {1e3 * (perf_counter() - begun) / SINGLE:.2f} ms", flush=True)
    if not isinstance(searcher, ApproximateSearcher):
        return [(structure, lambda rows: searcher.search(rows, K)[1])]
    facts = searcher.facts
    print(f"  {facts.effort}, expected {facts.recall}", flush=True)

    def search(rows: np.ndarray, effort: Effort) -> np.ndarray:
        searcher.facts = replace(facts, effort=effort)
        return searcher.search(rows, K)[1]

    efforts = [facts.effort, *(Effort(*effort) for effort in CURVE if curve)]
    return [(f"{structure} {one.width}, {one.shortlist}", partial(search, effort=one)) for one in efforts]


def cases_of_plain(vectors: np.ndarray) -> list[Case]:
    """IVF and HNSW of FAISS as its users build them."""
    cases = []
    for factory, efforts in (
        ("IVF2000,Flat", [faiss.SearchParametersIVF(nprobe=n) for n in PROBES]),
        ("IVF4000,Flat", [faiss.SearchParametersIVF(nprobe=n) for n in PROBES]),
        ("HNSW32,Flat", [faiss.SearchParametersHNSW(efSearch=n) for n in WALKS]),
    ):
        index = faiss.index_factory(vectors.shape[1], factory)
        begun = perf_counter()
        index.train(vectors[: 64 * 4000])
        index.add(vectors)
        print(f"plain {factory} built in {perf_counter() - begun:.1f} s", flush=True)
        for effort in efforts:
            name = f"plain {factory} {getattr(effort, 'nprobe', 0) or effort.efSearch}"
            cases.append((name, partial(search_plain, index=index, effort=effort)))
    return cases


def search_plain(rows: np.ndarray, index: Any, effort: Any) -> np.ndarray:
    return index.search(rows, K, params=effort)[1]


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
        with tempfile.TemporaryDirectory() as directory:
            cases = []
            for at, structure in enumerate(arguments.structures.split("|")):
                path = Path(directory) / f"{at}.faiss"
                cases += cases_of(structure, vectors, queries, path, curve=arguments.plain)
            cases += cases_of_plain(vectors) if arguments.plain else []
            show_by_turns(cases, queries, truth)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


if __name__ == "__main__":
    main()
