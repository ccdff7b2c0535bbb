"""Building the index of a folder: scan, diff, fit an encoder or keep the one given, embed, save."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from index_store import (
    Index,
    IndexDamaged,
    IndexNotFound,
    OptionInvalid,
    RejectedFile,
    check_structure,
    writer_lock,
)

from .embed import embed
from .encoder import Model
from .errors import NoPictures
from .images import FolderScan, ImageFile, find_images
from .index_paths import folder_reference
from .models import AnyEncoder, is_of_keras, open_model
from .progress import Progress, Step
from .sample import FITTED, FittedTo, draw_head_sample, draw_sample, fitted_before

_BATCH = 512

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """How to build an index.

    dim: numbers a vector; None leaves it to the encoder. seed: the same seed fits the same encoder.
    structure: how to search, see `index_store.Structure`. head: solve a last layer for the pictures on top of
    an encoder that is given. recipe: how to fit an encoder, a name of `autoencoder.RECIPES`. decoder: train a
    decoder as well, which `reconstruct` needs and search does not.
    """

    dim: int | None = None
    seed: int = 0
    structure: str = "auto"
    head: bool = False
    recipe: str = "solved"
    decoder: bool = True

    def __post_init__(self) -> None:
        """Refuse a seed that no generator takes and an unknown structure, before anything is done."""
        if self.seed < 0:
            raise OptionInvalid(f"seed is {self.seed}, expected 0 or more")
        check_structure(self.structure)


@dataclass(frozen=True, slots=True)
class FolderChanges:
    """What indexing has to do: files to embed, and files that are rejected without another look."""

    new: tuple[ImageFile, ...]
    rejected: tuple[RejectedFile, ...]

    @classmethod
    def between(cls, rejected_before: dict[str, RejectedFile], scan: FolderScan) -> FolderChanges:
        """Everything is new but the files that were rejected before and have the same size and time still."""

        def is_known(file: ImageFile) -> bool:
            known = rejected_before.get(file.path)
            return known is not None and 0 != known.mtime_ns == file.mtime_ns and known.size == file.size

        known = tuple(rejected_before[file.path] for file in scan.pictures if is_known(file))
        new = tuple(file for file in scan.pictures if not is_known(file))
        return cls(new, scan.rejections + known)


def build_index(
    folder: Path, directory: Path, *, encoder: AnyEncoder | None, settings: BuildSettings, progress: Progress
) -> None:
    """Index the pictures in `folder` into `directory`, with `encoder` or one that is fitted to them.

    An index that is there stays in force until the new one is complete, whatever happens. Nobody else can
    write it from the first moment on.

    Raises:
        NoPictures, EncoderInvalid: there is nothing to index, or nothing to index it with.
        IndexBusy: somebody else is writing the index. IndexStoreError: it cannot be written.
    """
    if not folder.is_dir():
        find_images(folder)  # raises, with the reason
    with writer_lock(directory) as lock:
        with progress.step("find pictures"):
            scan = find_images(folder, skip=[directory])
        changes = FolderChanges.between(_rejected_before(directory), scan)
        _refuse_nothing(folder, changes)
        model, fitted_to = _fit_or_keep(folder, changes.new, encoder, settings, progress)
        with Index.create(
            directory,
            model.encoder.dim,
            structure=settings.structure,
            encoder=model.encoder.fingerprint,
            lock=lock,
            settings={
                "folder": folder_reference(folder, directory),
                "seed": settings.seed,
                "fitted": fitted_to and fitted_to.summary(),
                "skipped": asdict(scan.skipped),
            },
        ) as index:
            _attach(index, model, fitted_to)
            _embed(index, folder, changes, model, progress)
            with progress.step("save"):
                index.save()


def _rejected_before(directory: Path) -> dict[str, RejectedFile]:
    """What the index in force rejected, by path; nothing where there is none that can be read.

    Raises:
        FormatUnsupported: another version made it, and it would be lost.
    """
    try:
        index = Index.open(directory)
    except (IndexNotFound, IndexDamaged):
        return {}
    with index:
        return {rejected.path: rejected for rejected in index.catalog.rejected()}


def _refuse_nothing(folder: Path, changes: FolderChanges) -> None:
    if changes.new:
        return
    if changes.rejected:
        first = changes.rejected[0]
        raise NoPictures(
            str(folder), f"{len(changes.rejected)} files were rejected, {first.path}: {first.reason}"
        )
    raise NoPictures(str(folder), "it holds no file in a picture format: name a folder that does")


def _fit_or_keep(
    folder: Path,
    files: tuple[ImageFile, ...],
    encoder: AnyEncoder | None,
    settings: BuildSettings,
    progress: Progress,
) -> tuple[Model, FittedTo | None]:
    """The model to index with, and which of the folder's pictures it was fitted to, if any."""
    if settings.head and encoder is None:
        raise OptionInvalid(
            "head is for an encoder that is given, the default one has such a layer: leave it out"
        )
    paths = [file.path for file in files]
    if encoder is None:
        return _fit(folder, paths, settings, progress)
    if settings.head:
        return _with_head(encoder, folder, paths, settings, progress)
    model = open_model(encoder)
    if settings.dim not in {None, model.encoder.dim}:
        raise OptionInvalid(
            f"dim is {settings.dim}, but the encoder given makes {model.encoder.dim}-dim vectors: "
            "leave dim out"
        )
    return model, fitted_before(encoder, folder, paths)


def _fit(
    folder: Path, paths: list[str], settings: BuildSettings, progress: Progress
) -> tuple[Model, FittedTo]:
    sample = draw_sample(folder, paths, seed=settings.seed, progress=progress)
    # Here and not above: TensorFlow takes ten seconds to load.
    with progress.step("load TensorFlow"):
        from .autoencoder import RECIPES
    if settings.recipe not in RECIPES:
        raise OptionInvalid(f"recipe is {settings.recipe!r}, expected one of {', '.join(sorted(RECIPES))}")
    model = RECIPES[settings.recipe].fit(
        sample.pictures, dim=settings.dim, seed=settings.seed, decoder=settings.decoder, progress=progress
    )
    return model, sample


def _with_head(
    encoder: AnyEncoder, folder: Path, paths: list[str], settings: BuildSettings, progress: Progress
) -> tuple[Model, FittedTo]:
    """The model of `encoder` with a last layer solved from a few hundred of the pictures."""
    with progress.step("load TensorFlow"):
        from .autoencoder.head import HeadOptions
        from .autoencoder.pretrained import PretrainedEncoder
    if isinstance(encoder, (str, Path)) and is_of_keras(encoder):
        pretrained = PretrainedEncoder.open(encoder)
    else:
        pretrained = PretrainedEncoder.of(open_model(encoder), name=str(encoder))
    sample = draw_head_sample(
        folder, paths, size=pretrained.description.size, seed=settings.seed, progress=progress
    )
    chosen = {} if settings.dim is None else {"dim": settings.dim}
    options = HeadOptions(**chosen, seed=settings.seed)
    return pretrained.with_head(sample.pictures, options=options, progress=progress).model(), sample


def _attach(index: Index, model: Model, fitted_to: FittedTo | None) -> None:
    for name, file in model.files().items():
        index.attach(name, file)
    if fitted_to is not None:
        index.attach(FITTED, fitted_to.to_json().encode())


def _embed(index: Index, folder: Path, changes: FolderChanges, model: Model, progress: Progress) -> None:
    last = None
    for rejected in changes.rejected:
        index.reject(rejected)
    with progress.step("embed", total=len(changes.new)) as step:
        embedded = _advancing(embed(folder, changes.new, model.encoder), step)
        while batch := list(islice(embedded, _BATCH)):
            pictures = [item for item in batch if not isinstance(item, RejectedFile)]
            for item in batch:
                if isinstance(item, RejectedFile):
                    index.reject(item)
                    last = item
            if pictures:
                index.add(np.stack([vector for _, vector in pictures]), [row for row, _ in pictures])
    if last is not None and len(index) == 0:
        raise NoPictures(
            str(folder),
            f"none of {len(changes.new)} files can be read, the last is {last.path}: {last.reason}",
        )


def _advancing(items: Iterator[Item], step: Step) -> Iterator[Item]:
    for item in items:
        step.advance()
        yield item
