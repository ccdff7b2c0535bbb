"""Copies in folders of pictures: exact ones by content, edited ones by their vectors and a second look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index_store import OptionInvalid

from ..errors import QueryInvalid, counted
from ..index_paths import path_values
from ..progress import Progress
from ..retriever import Retriever
from .candidates import Pairs, missing_pairs, near_pairs
from .compared import ComparedPicture, ComparedPictures
from .copy_limits import CopyLimits
from .second_look import UNREADABLE, SecondLook
from .turns import TURNS, inverse


@dataclass(frozen=True, slots=True)
class Copy:
    """A picture that is a copy of the one its group keeps.

    agreement: how well the two agree where one lies over the other, 1 for exact copies. exact: the files hold
    the same bytes. turn: how the one kept becomes this one, such as "mirrored"; empty if it is not turned.
    """

    picture: ComparedPicture
    agreement: float
    exact: bool = False
    turn: str = ""

    @property
    def in_words(self) -> str:
        """What kind of copy it is.

        Example:
            >>> Copy(picture, 0.98, turn="mirrored").in_words  # doctest: +SKIP
            'edited, mirrored'
        """
        return "exact" if self.exact else f"edited, {self.turn}" if self.turn else "edited"

    def to_json(self) -> dict[str, Any]:
        """As an object of what JSON can hold."""
        facts = {"agreement": round(self.agreement, 4), "exact": self.exact, "turn": self.turn}
        return {**_facts_of(self.picture), **facts}


@dataclass(frozen=True, slots=True)
class Group:
    """A picture to keep and its copies, each of which was compared with it, best first."""

    kept: ComparedPicture
    copies: tuple[Copy, ...]

    def to_json(self) -> dict[str, Any]:
        """As an object of what JSON can hold."""
        return {"kept": _facts_of(self.kept), "copies": [copy.to_json() for copy in self.copies]}


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What was found: `groups`, those with most copies first, by these `limits`, None for exact copies alone.

    num_pictures: how many were looked at. num_pairs: how many pairs were compared by their pixels.
    unreadable: files that are gone or cannot be read any more.
    """

    groups: tuple[Group, ...]
    limits: CopyLimits | None
    folders: tuple[Path, ...]
    num_pictures: int
    num_pairs: int
    unreadable: tuple[Path, ...]

    @property
    def num_copies(self) -> int:
        """How many pictures would go if one of each group is kept."""
        return sum(len(group.copies) for group in self.groups)

    def in_words(self) -> str:
        """How many copies there are, in one line."""
        if not self.groups:
            return f"no copies among {counted(self.num_pictures, 'picture')}"
        copies = "1 copy" if self.num_copies == 1 else f"{self.num_copies:,} copies"
        return f"{copies} of {counted(len(self.groups), 'picture')}, among {self.num_pictures:,}"

    def to_json(self) -> dict[str, Any]:
        """As an object of what JSON can hold."""
        return {
            "folders": [path_values("path", folder) for folder in self.folders],
            "pictures": self.num_pictures,
            "limits": None if self.limits is None else self.limits.to_json(),
            "groups": [group.to_json() for group in self.groups],
            "unreadable": [path_values("path", path) for path in self.unreadable],
        }


@dataclass(frozen=True, slots=True)
class DuplicateOptions:
    """What counts as a copy.

    turned: also what was rotated by right angles or mirrored. across: only copies in another folder than the
    picture that is kept, which is of the folder named first. exact: only files with the same bytes.
    agreement: from where on a picture is a copy, 0 to 1, instead of what is measured on the folder.
    """

    turned: bool = False
    across: bool = False
    exact: bool = False
    agreement: float | None = None

    def __post_init__(self) -> None:
        """Refuse an agreement that none is."""
        if self.agreement is not None and not 0 <= self.agreement <= 1:
            raise OptionInvalid(f"agreement is {self.agreement}, expected 0 to 1")


def find_duplicates(
    retriever: Retriever,
    others: Sequence[Path] = (),
    *,
    options: DuplicateOptions | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Duplicates:
    """The copies among the pictures of an index, and of folders beside it.

    Of each group that picture is kept that has most pixels; of those with as many, the one changed longest
    ago, then the one with the shortest path. Every copy agrees with that picture itself: there are no chains.

    Raises:
        NoPictures: a folder is missing or holds none. QueryInvalid: `across` with one folder.

    Example:
        >>> found = find_duplicates(Retriever.open("photos"))
        >>> [(group.kept.path.name, len(group.copies)) for group in found.groups]
        [('bridge.jpg', 11)]
    """
    asked, progress = options or DuplicateOptions(), progress or Progress()
    pictures = ComparedPictures.of(retriever, others, progress)
    if asked.across and len(pictures.folders) < 2:
        raise QueryInvalid(
            f"there is only one folder, {retriever.folders}: name another to look for copies across folders"
        )
    order = _keeping_order(pictures, across=asked.across)
    contents = _Contents.of(pictures, order)
    look = SecondLook([picture.path for picture in pictures.pictures])
    links, limits = _Links({}), None
    num_pairs, unreadable = 0, []
    if not asked.exact and len(contents.first) > 1:
        limits = CopyLimits.of(pictures, look, seed=seed, progress=progress)
        least = limits.agreement if asked.agreement is None else asked.agreement
        look = look if limits.trimmed else look.without_trimmed()
        unique = np.array(sorted(contents.first), dtype=np.int64)
        pairs = near_pairs(
            pictures, unique, limits.distance, turned=asked.turned, across=asked.across, progress=progress
        )
        links.add(pairs, look.agreements(pairs, progress), least)
        more = missing_pairs(links.pairs(), pairs, order, turned=asked.turned)
        links.add(more, look.agreements(more, progress), least)
        num_pairs = len(pairs) + len(more)
        seen = np.unique(np.concatenate([pairs[:, :2], more[:, :2]])).tolist()
        unreadable = [pictures.pictures[at].path for at in seen if not look.is_readable(at)]
    groups = _grouped(pictures, contents, links, order, across=asked.across)
    return Duplicates(
        groups=tuple(sorted(groups, key=lambda group: -len(group.copies))),
        limits=limits,
        folders=pictures.folders,
        num_pictures=len(pictures),
        num_pairs=num_pairs,
        unreadable=tuple(unreadable),
    )


@dataclass(frozen=True, slots=True)
class _Contents:
    """first: by the place of the first picture with some contents, the places of all, itself included."""

    first: dict[int, list[int]]

    @classmethod
    def of(cls, pictures: ComparedPictures, order: Sequence[int]) -> _Contents:
        by_hash: dict[str, list[int]] = {}
        for place in order:
            by_hash.setdefault(pictures.pictures[place].row.sha256, []).append(place)
        return cls({places[0]: places for places in by_hash.values()})


@dataclass(frozen=True, slots=True)
class _Links:
    """Which pictures agree: by both places, how well, and the turn of the first."""

    found: dict[tuple[int, int], tuple[float, int]]

    def add(self, pairs: Pairs, agreements: NDArray[np.float32], least: float) -> None:
        """Take up those of `pairs` (m, 3) that agree by `least` or more."""
        for (first, second, number), value in zip(pairs.tolist(), agreements.tolist(), strict=True):
            if (
                value >= max(least, UNREADABLE)
                and value > self.found.get((first, second), (UNREADABLE, 0))[0]
            ):
                self.found[first, second] = value, number
                self.found[second, first] = value, inverse(number)

    def pairs(self) -> NDArray[np.int64]:
        """(m, 2), each pair both ways."""
        return np.array(list(self.found), dtype=np.int64).reshape(-1, 2)

    def by_picture(self) -> dict[int, list[int]]:
        """Whom each picture agrees with."""
        partners: dict[int, list[int]] = {}
        for first, second in self.found:
            partners.setdefault(first, []).append(second)
        return partners


def _keeping_order(pictures: ComparedPictures, *, across: bool) -> list[int]:
    """The places of all pictures, the one that would rather be kept first."""

    def rank(place: int) -> tuple[Any, ...]:
        picture = pictures.pictures[place]
        folder = pictures.folders.index(picture.folder) if across else 0
        row, path = picture.row, str(picture.path)
        return folder, -row.width * row.height, row.mtime_ns, len(path), path

    return sorted(range(len(pictures)), key=rank)


def _grouped(
    pictures: ComparedPictures, contents: _Contents, links: _Links, order: Sequence[int], *, across: bool
) -> Iterator[Group]:
    """Each picture, in `order`, takes what agrees with it and is in no group yet."""
    partners, taken = links.by_picture(), set[int]()
    for place in order:
        if place not in contents.first or place in taken:
            continue
        taken.add(place)
        free = [other for other in partners.get(place, []) if other not in taken]
        free.sort(key=lambda other: -links.found[place, other][0])
        kept, known = pictures.pictures[place], pictures.pictures
        copies = [Copy(known[same], 1.0, exact=True) for same in contents.first[place][1:]]
        for other in free:
            value, number = links.found[place, other]
            copies += [Copy(known[same], value, turn=TURNS[number]) for same in contents.first[other]]
        if across:
            copies = [copy for copy in copies if copy.picture.folder != kept.folder]
            # The others may be what a copy in another folder is a copy of.
            free = [other for other in free if known[other].folder != kept.folder]
        if copies:
            taken.update(free)
            yield Group(kept, tuple(copies))


def _facts_of(picture: ComparedPicture) -> dict[str, Any]:
    row = picture.row
    return {**path_values("path", picture.path), "width": row.width, "height": row.height, "bytes": row.size}
