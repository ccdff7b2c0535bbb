"""Pairs of pictures that may be copies: near each other by their vectors, a bounded number a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from index_store import FlatSearcher

from ..errors import ImageUnreadable
from ..images import load
from ..parallel import in_order
from ..progress import Progress
from .compared import ComparedPictures, Vectors
from .turns import TURNS, inverse, turn

Places = NDArray[np.int64]
Pairs = NDArray[np.int64]
"""(m, 3): the places of two pictures, the smaller first, and the number of the turn given to the first."""

_BATCH = 1_024
_MOST = 32
"""Neighbours of a picture that are looked at; its group may have more, through other members."""


def near_pairs(
    pictures: ComparedPictures,
    among: Places,
    distance: float,
    *,
    turned: bool = False,
    across: bool = False,
    progress: Progress | None = None,
) -> Pairs:
    """The pairs of the pictures at the places `among` that lie within `distance`, nearest first.

    turned: one of the two may be turned, each pair in the way that brings it nearest, and as they are where
    that is near enough too: by vectors that tell copies a mirrored one lies as near as an upright one.
    across: only pairs of pictures in different folders.
    """
    searcher = FlatSearcher(pictures.vectors[among], "cosine")
    # By both pictures, and whether they are as they are: how far, and the turn.
    found: dict[tuple[int, int, bool], tuple[float, int]] = {}
    progress = progress or Progress()
    with progress.step("find near pictures", len(among)) as step:
        for places, numbers, vectors, admitted in _queries(pictures, among, turned=turned, across=across):
            distances, positions = searcher.search(vectors, _MOST + 1, admitted)
            near = np.argwhere(distances <= distance)
            for query, rank in near.tolist():
                first, second = int(places[query]), int(among[positions[query, rank]])
                number, value = int(numbers[query]), float(distances[query, rank])
                if first == second:
                    continue
                if first > second:
                    first, second, number = second, first, inverse(number)
                pair = first, second, number == 0
                if value < found.get(pair, (np.inf, 0))[0]:
                    found[pair] = value, number
            step.advance(len(np.unique(places)))
    nearest = sorted(found, key=lambda pair: found[pair][0])
    return np.array([(*pair[:2], found[pair][1]) for pair in nearest], dtype=np.int64).reshape(-1, 3)


def missing_pairs(linked: Pairs, seen: Pairs, order: Sequence[int], *, turned: bool = False) -> Pairs:
    """The pairs that no neighbours were, of pictures that are linked to each other in some steps.

    linked: (m, 2). Of each set of pictures that are linked, the first in `order` will be kept, and has to be
    compared with all others itself; turned: in all ways.
    """
    if not len(linked):
        return np.empty((0, 3), dtype=np.int64)
    size = len(order)
    graph = coo_array((np.ones(len(linked)), (linked[:, 0], linked[:, 1])), shape=(size, size))
    labels = connected_components(graph, directed=False)[1]
    first: dict[int, int] = {}
    for place in order:
        first.setdefault(int(labels[place]), place)
    known = {(one, other) for one, other, _ in seen.tolist()}
    members = np.unique(linked).tolist()
    wanted = {tuple(sorted((first[int(labels[place])], place))) for place in members} - known
    numbers = range(len(TURNS)) if turned else (0,)
    missing = [(*pair, number) for pair in sorted(wanted) if pair[0] != pair[1] for number in numbers]
    return np.array(missing, dtype=np.int64).reshape(-1, 3)


def _queries(
    pictures: ComparedPictures, among: Places, *, turned: bool, across: bool
) -> Iterator[tuple[Places, Places, Vectors, NDArray[np.bool_] | None]]:
    """What to search with, some at a time, and which of `among` may be found, all if None.

    That is: places (m,), numbers of turns (m,), vectors (m, d).
    """
    if not across:
        for query in _vectors_of(pictures, among, turned=turned):
            yield *query, None
        return
    folders = np.array([pictures.folders.index(pictures.pictures[place].folder) for place in among.tolist()])
    for folder in np.unique(folders).tolist():
        for query in _vectors_of(pictures, among[folders == folder], turned=turned):
            yield *query, folders != folder


def _vectors_of(
    pictures: ComparedPictures, places: Places, *, turned: bool
) -> Iterator[tuple[Places, Places, Vectors]]:
    if not turned:
        for start in range(0, len(places), _BATCH):
            part = places[start : start + _BATCH]
            yield part, np.zeros_like(part), pictures.vectors[part]
        return

    def embed_turned(place: int) -> tuple[int, Vectors]:
        return place, _turned_vectors(pictures, place)

    embedded = in_order(embed_turned, places.tolist())
    while batch := list(islice(embedded, _BATCH // len(TURNS))):
        counts = [len(vectors) for _, vectors in batch]
        numbers = np.concatenate([np.arange(count) for count in counts])
        repeated = np.repeat([place for place, _ in batch], counts)
        yield repeated, numbers, np.concatenate([vectors for _, vectors in batch])


def _turned_vectors(pictures: ComparedPictures, place: int) -> Vectors:
    """The picture's vectors in every turn, (8, d); only the known one if it cannot be read any more."""
    known: Vectors = pictures.vectors[place][None]
    encoder = pictures.encoder
    try:
        square = load(pictures.pictures[place].path, encoder.size, decoding=encoder.decoding)
    except ImageUnreadable:
        return known
    # One by one: several would each take all threads.
    turned = [np.ascontiguousarray(turn(square, number))[None] for number in range(1, len(TURNS))]
    both = [encoder.encode_both(each) for each in turned]
    vectors = np.concatenate([copies if pictures.second else latents for latents, copies in both])
    all_turns: Vectors = np.concatenate([known, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)])
    return all_turns
