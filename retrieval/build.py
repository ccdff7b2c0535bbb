"""Building the index of a folder: find, fit, embed, store."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from index_store import Index, RejectedFile, Row

from .build_settings import AnyEncoder, BuildSettings
from .embed import Vector, embed
from .encoder import Model
from .errors import NoPictures
from .fitting import fit_model, given_model
from .images import FolderScan, find_images
from .index_paths import folder_reference
from .progress import Progress, Step
from .sample import FitSample

FITTED = "fitted.json"
"""Attachment that names the pictures an encoder was fitted to."""

_BATCH = 512

Item = TypeVar("Item")


def build_index(
    folder: Path, directory: Path, *, encoder: AnyEncoder | None, settings: BuildSettings, progress: Progress
) -> None:
    """Index the pictures in `folder` into `directory`, with `encoder` or one that is fitted to them.

    An index that is there stays in force until the new one is complete, whatever happens.

    Raises:
        NoPictures, EncoderInvalid: there is nothing to index, or nothing to index it with.
        IndexStoreError: the index cannot be written.
    """
    with progress.step("find pictures"):
        findings = find_images(folder, skip=[directory])
    _refuse_nothing(folder, findings)
    paths = [found.path for found in findings.pictures]
    given = given_model(encoder, settings)
    with _nothing_left_on_failure(directory):
        # Before the long work, so that nobody waits a minute to hear that there is no permission.
        Index.create(directory, settings.dim or 1, structure=settings.structure).close()
        model, sample = (
            (given, None)
            if given
            else fit_model(folder, paths, encoder=encoder, settings=settings, progress=progress)
        )
        _store(folder, directory, _Content(findings, model, sample), settings, progress)


@dataclass(frozen=True, slots=True)
class _Content:
    findings: FolderScan
    model: Model
    sample: FitSample | None


def _refuse_nothing(folder: Path, findings: FolderScan) -> None:
    if findings.pictures:
        return
    first = findings.rejections[:1]
    if first:
        raise NoPictures(
            str(folder), f"{len(findings.rejections)} files were rejected, {first[0].path}: {first[0].reason}"
        )
    raise NoPictures(str(folder), "it holds no file in a picture format: name a folder that does")


def _store(
    folder: Path, directory: Path, content: _Content, settings: BuildSettings, progress: Progress
) -> None:
    encoder = content.model.encoder
    with Index.create(
        directory,
        encoder.dim,
        structure=settings.structure,
        encoder=encoder.fingerprint,
        settings=_kept(folder, directory, content, settings),
    ) as index:
        for name, file in content.model.files().items():
            index.attach(name, file)
        if content.sample is not None:
            index.attach(FITTED, content.sample.to_json().encode())
        _fill(index, folder, content, progress)
        with progress.step("save"):
            index.save()


def _kept(folder: Path, directory: Path, content: _Content, settings: BuildSettings) -> dict[str, Any]:
    sample = content.sample
    fitted = sample and {"pictures": len(sample.paths), "drawn": sample.drawn, "note": sample.note}
    return {"folder": folder_reference(folder, directory), "seed": settings.seed, "fitted": fitted}


def _fill(index: Index, folder: Path, content: _Content, progress: Progress) -> None:
    paths = [found.path for found in content.findings.pictures]
    last = None
    with progress.step("embed", total=len(paths)) as step:
        _reject(index, content.findings.rejections)
        embedded = embed(folder, paths, content.model.encoder)
        while batch := list(islice(_advancing(embedded, step), _BATCH)):
            rejections = [item for item in batch if isinstance(item, RejectedFile)]
            _reject(index, rejections)
            _add(index, [item for item in batch if not isinstance(item, RejectedFile)])
            last = rejections[-1] if rejections else last
    if last is not None and len(index) == 0:
        raise NoPictures(
            str(folder), f"none of {len(paths)} files can be read, the last is {last.path}: {last.reason}"
        )


def _advancing(items: Iterator[Item], step: Step) -> Iterator[Item]:
    for item in items:
        step.advance()
        yield item


def _add(index: Index, embedded: Sequence[tuple[Row, Vector]]) -> None:
    if embedded:
        index.add(np.stack([vector for _, vector in embedded]), [row for row, _ in embedded])


def _reject(index: Index, rejections: Sequence[RejectedFile]) -> None:
    for rejection in rejections:
        index.reject(rejection)


@contextlib.contextmanager
def _nothing_left_on_failure(directory: Path) -> Iterator[None]:
    """Remove `directory` again if the block fails and nothing but the lock came into being there."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            if {path.name for path in directory.iterdir()} <= {"lock"}:
                (directory / "lock").unlink(missing_ok=True)
                directory.rmdir()
        raise
