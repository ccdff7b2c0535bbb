"""Files of equal content: how many there are, on which side, and between which."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from .collection import Collection
from .trial import Trial


@dataclass(frozen=True, slots=True)
class Duplicates:
    """How many files repeat the content of another.

    within: pictures of the database that repeat an earlier one. across: queries, themselves no file of the
    database, whose content is in it. pairs: the first few, as (path, path of the earlier one or of the one
    in the database).
    """

    within: int
    across: int
    pairs: tuple[tuple[str, str], ...]

    @property
    def count(self) -> int:
        """All of them."""
        return self.within + self.across


NAMED_PAIRS = 10


def find_duplicates(trial: Trial) -> Duplicates:
    """Count the files of equal content in a trial.

    Example:
        >>> find_duplicates(trial)  # doctest: +SKIP
        Duplicates(within=1, across=0, pairs=(('b.jpg', 'a.jpg'),))
    """
    within, first_paths = _repeats(trial.database)
    across = [
        (path, first_paths[content])
        for path, content, own_row in zip(
            trial.queries.paths, trial.queries.contents, trial.own_rows.tolist(), strict=True
        )
        if own_row < 0 and content in first_paths
    ]
    return Duplicates(len(within), len(across), tuple((within + across)[:NAMED_PAIRS]))


def _repeats(pictures: Collection) -> tuple[list[tuple[str, str]], dict[str, str]]:
    first_paths: dict[str, str] = {}
    repeats = []
    for path, content in zip(pictures.paths, pictures.contents, strict=True):
        first = first_paths.setdefault(content, path)
        if first != path:
            repeats.append((path, first))
    return repeats, first_paths


def classes_with_one_picture(trial: Trial) -> tuple[str, ...]:
    """The classes of which the database has a single picture: asked about it, nothing right can be found."""
    counts = Counter(trial.database.labels)
    return tuple(name for name in trial.classes if counts[name] == 1)
