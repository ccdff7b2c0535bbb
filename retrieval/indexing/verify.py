"""Whether an index is sound, down to whether its vectors are those of its pictures; and mending it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index_store import Index, IndexStoreError, Repair, Report, Row, repair, verify

from ..embed import EmbeddedFile, embed
from ..encoder import Encoder
from ..errors import RetrievalError
from ..images import ImageFile
from ..index_paths import Folders, folders_of
from ..metadata import Metadata
from ..models import encoder_of
from ..progress import Progress
from .changes import has_contents
from .single_files import add_files, remove_rows
from .update import update_folders

SAMPLE = 200
"""How many pictures are embedded again by a deep look."""

_SAME = 1e-3  # of the cosine distance: what another machine, or another number of threads, may change


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look at an index found: what `index_store.verify` reports, and what only its pictures tell.

    faults: each in one sentence, with the way out; none if the index is sound. embedded: how many pictures
    were embedded again; others: the paths of those whose vector in the index is another.
    """

    report: Report
    faults: tuple[str, ...]
    embedded: int = 0
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mended:
    """What `mend_index` did.

    repaired: the faults that are no more. embedded: how many damaged pictures were embedded again; lost: the
    paths of those that were not, most because their files are not there. left: what is found after it.
    """

    repaired: tuple[str, ...]
    embedded: int
    lost: tuple[str, ...]
    left: Findings


def verify_index(directory: Path, *, deep: bool = False, progress: Progress | None = None) -> Findings:
    """Compare all that the index in `directory` holds with its checksums, and its parts with each other.

    deep: embed a sample of its pictures again as well, and compare the vectors.

    Raises:
        IndexNotFound, FormatUnsupported: no index there, or of another version.
    """
    report = verify(directory, deep=deep)
    if report.faults:
        return Findings(report, tuple(map(str, report.faults)))
    with Index.open(directory) as index:
        try:
            encoder = encoder_of(index)
        except (RetrievalError, IndexStoreError) as error:
            return Findings(report, (str(error),))
        if not deep:
            return Findings(report, ())
        embedded, others = _embedded_again(index, folders_of(index), encoder, progress or Progress())
    faults = tuple(
        f"the vector of {path} is not that of its picture: mend it with `retrieve verify --repair --deep`"
        for path in others
    )
    return Findings(report, faults, embedded, others)


def mend_index(directory: Path, findings: Findings, progress: Progress) -> Mended:
    """Mend what was found: what is derived is made anew, and what is damaged embedded again.

    Raises:
        IndexDamaged: too little is left to go on with. IndexBusy: somebody else is writing the index.
    """
    repaired = repair(directory) if findings.report.faults else Repair()
    if repaired.left:
        left = verify_index(directory, deep=False, progress=progress)
        return _mended(findings, left, 0, repaired.lost)
    lost = list(repaired.lost)
    if findings.others:
        remove_rows(directory, findings.others)
        lost += findings.others
    with Index.open(directory) as index:
        folders = folders_of(index)
    there = [path for path in lost if (folders / path).is_file()]
    embedded = 0
    if there:
        embedded = len(add_files(directory, [folders / path for path in there], progress).new)
        # What a person has said of a picture stays with it.
        Metadata({path: repaired.metadata[path] for path in there if path in repaired.metadata}).keep_in(
            directory
        )
    if repaired.num_lost > len(repaired.lost):
        # Of these the path is lost too: they are among what the folders hold and the index does not.
        embedded += len(update_folders(directory, progress).new)
    left = verify_index(directory, deep=bool(findings.embedded), progress=progress)
    return _mended(findings, left, embedded, [path for path in lost if path not in set(there)])


def _mended(found: Findings, left: Findings, embedded: int, lost: Sequence[str]) -> Mended:
    still = set(left.faults)
    return Mended(tuple(one for one in found.faults if one not in still), embedded, tuple(lost), left)


def _embedded_again(
    index: Index, folders: Folders, encoder: Encoder, progress: Progress
) -> tuple[int, tuple[str, ...]]:
    """How many of the pictures were embedded again, and the paths of those that came out otherwise."""
    drawn = np.random.default_rng(index.manifest.generation).permutation(index.ids)
    rows: list[Row] = []
    for start in range(0, len(drawn), SAMPLE):
        if len(rows) < SAMPLE:
            some = index.catalog.rows_of(drawn[start : start + SAMPLE])
            rows += [row for row in some if _is_unchanged(folders / row.path, row)]
    rows = rows[:SAMPLE]
    files = [ImageFile(row.path, row.size, row.mtime_ns) for row in rows]
    vectors = index.vectors([row.id for row in rows])
    others = []
    with progress.step("embed a sample", total=len(files)) as step:
        for row, vector, again in zip(rows, vectors, embed(folders, files, encoder), strict=True):
            step.advance()
            if not isinstance(again, EmbeddedFile) or _distance(vector, again.vector) > _SAME:
                others.append(row.path)
    return len(rows), tuple(others)


def _distance(stored: np.ndarray, again: np.ndarray) -> float:
    return float(1 - stored @ again / np.linalg.norm(again))


def _is_unchanged(path: Path, row: Row) -> bool:
    try:
        facts = path.stat()
    except OSError:
        return False
    # Copying a folder gives the same contents another time.
    return (facts.st_size, facts.st_mtime_ns) == (row.size, row.mtime_ns) or has_contents(path, row)
