"""Building the index of a folder: find, fit, embed, store."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from index_store import Index, OptionInvalid, Rejected, Row, Structure

from .embed import Vector, embed
from .encoder import Encoder, Model
from .errors import NoPictures
from .images import Findings, Rejection, find_images
from .models import is_of_keras, open_model
from .place import remembered
from .progress import Progress
from .sample import FitSample, draw_sample

AnyEncoder: TypeAlias = Model | Encoder | str | Path

FITTED = "fitted.json"
"""Attachment that names the pictures an encoder was fitted to."""

_BATCH = 512


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """How to build an index.

    dim: numbers a vector; None leaves it to the encoder. seed: the same seed fits the same encoder.
    structure: how to search, see `index_store.SEARCHERS`. head: solve a last layer for the pictures on top of
    an encoder that is given.
    """

    dim: int | None = None
    seed: int = 0
    structure: Structure = "flat"
    head: bool = False

    def __post_init__(self) -> None:
        """Refuse a seed that no generator takes; the others are checked by who uses them."""
        if self.seed < 0:
            raise OptionInvalid(f"seed is {self.seed}, expected 0 or more")


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
    if settings.head:
        given = _with_head(encoder, folder, findings, settings, progress)
    else:
        given = None if encoder is None else open_model(encoder)
        _refuse_other_dim(given, settings.dim)
    with _nothing_left_on_failure(directory):
        # Before the long work, so that nobody waits a minute to hear that there is no permission.
        Index.create(directory, settings.dim or 1, structure=settings.structure).close()
        model, sample = (given, None) if given else _fitted(folder, findings, settings, progress)
        _store(folder, directory, _Content(findings, model, sample), settings, progress)


@dataclass(frozen=True, slots=True)
class _Content:
    findings: Findings
    model: Model
    sample: FitSample | None


def _refuse_nothing(folder: Path, findings: Findings) -> None:
    if findings.pictures:
        return
    first = findings.rejections[:1]
    if first:
        raise NoPictures(
            str(folder), f"{len(findings.rejections)} files were rejected, {first[0].path}: {first[0].reason}"
        )
    raise NoPictures(str(folder), "it holds no file in a picture format: name a folder that does")


def _refuse_other_dim(given: Model | None, dim: int | None) -> None:
    if given is not None and dim is not None and given.encoder.dim != dim:
        raise OptionInvalid(
            f"dim is {dim}, but the encoder given makes {given.encoder.dim}-dim vectors: leave dim out"
        )


def _with_head(
    encoder: AnyEncoder | None, folder: Path, findings: Findings, settings: BuildSettings, progress: Progress
) -> Model:
    """The model of `encoder` with a last layer solved from a few hundred of the pictures."""
    if encoder is None:
        raise OptionInvalid("head is for an encoder that is given, the default one has such a layer: leave it out")
    with progress.step("load TensorFlow"):
        from .autoencoder.foreign import Foreign
        from .autoencoder.head import HeadOptions, head_sample
    if isinstance(encoder, (str, Path)) and is_of_keras(encoder):
        foreign = Foreign.open(encoder)
    else:
        foreign = Foreign.of(open_model(encoder), name=str(encoder))
    paths = [found.path for found in findings.pictures]
    pictures = head_sample(folder, paths, size=foreign.description.size, seed=settings.seed)
    options = HeadOptions(**({} if settings.dim is None else {"dim": settings.dim}), seed=settings.seed)
    return foreign.with_head(pictures, options=options, progress=progress).model()


def _fitted(
    folder: Path, findings: Findings, settings: BuildSettings, progress: Progress
) -> tuple[Model, FitSample]:
    paths = [found.path for found in findings.pictures]
    sample = draw_sample(folder, paths, seed=settings.seed, progress=progress)
    # Here and not above: TensorFlow takes ten seconds to load.
    with progress.step("load TensorFlow"):
        from .autoencoder import solve
    chosen = {} if settings.dim is None else {"dim": settings.dim}
    return solve(sample.pictures, seed=settings.seed, progress=progress, **chosen), sample


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
    return {"folder": remembered(folder, directory), "seed": settings.seed, "fitted": fitted}


def _fill(index: Index, folder: Path, content: _Content, progress: Progress) -> None:
    paths = [found.path for found in content.findings.pictures]
    last = None
    with progress.step("embed", total=len(paths)) as step:
        _reject(index, content.findings.rejections)
        embedded = embed(folder, paths, content.model.encoder)
        while batch := list(islice(_advancing(embedded, step), _BATCH)):
            rejections = [item for item in batch if isinstance(item, Rejection)]
            _reject(index, rejections)
            _add(index, [item for item in batch if not isinstance(item, Rejection)])
            last = rejections[-1] if rejections else last
    if last is not None and len(index) == 0:
        raise NoPictures(
            str(folder), f"none of {len(paths)} files can be read, the last is {last.path}: {last.reason}"
        )


def _advancing(items: Iterator[Any], step: Any) -> Iterator[Any]:
    for item in items:
        step.advance()
        yield item


def _add(index: Index, embedded: Sequence[tuple[Row, Vector]]) -> None:
    if embedded:
        index.add(np.stack([vector for _, vector in embedded]), [row for row, _ in embedded])


def _reject(index: Index, rejections: Sequence[Rejection]) -> None:
    for rejection in rejections:
        index.reject(Rejected(rejection.path, rejection.reason))


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
