"""The index of folders: scan, fit an encoder or keep the one there is, compare, embed, save."""

from __future__ import annotations

import dataclasses
import shutil
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from index_store import (
    Index,
    IndexDamaged,
    IndexNotFound,
    OptionInvalid,
    WriterLock,
    writer_lock,
)

from ..embed import embed
from ..encoder import Model
from ..errors import NoPictures
from ..images import ImageFile, find_images, is_remote
from ..index_facts import COMPLETE, is_complete
from ..index_paths import Folders, folders_of
from ..models import AnyEncoder, encoder_of, is_of_keras, open_model
from ..progress import Progress
from ..sample import FITTED, FitSample, FittedTo, draw_sample, fitted_before
from .changes import Update
from .made import (
    ORIGIN,
    RECIPE,
    REFIT,
    as_made_before,
    inherit,
    is_in_force,
    is_made_so,
    left_out_of,
    name_before,
    refuse_emptied,
    refuse_other_store,
    refuse_other_ways,
    refuse_others,
    take_up_folders,
    use_structure,
    way_of,
)
from .ray_job import embedding_of
from .settings import BuildSettings
from .update import bring_up_to_date, scan_folders


@dataclass(frozen=True, slots=True)
class _Build:
    """What is to be built: the index in `directory`, how and with what, and who follows it.

    left_out: what a person has taken out of it, nothing is fitted to.
    """

    directory: Path
    encoder: AnyEncoder | None
    settings: BuildSettings
    progress: Progress
    left_out: frozenset[ImageFile] = frozenset()


def build_index(
    folders: Sequence[Path],
    directory: Path,
    *,
    encoder: AnyEncoder | None,
    settings: BuildSettings,
    progress: Progress,
) -> Update:
    """Make the index in `directory` hold the pictures in `folders`, as they are now.

    Where there is no index, one is made, with `encoder` or with one that is fitted to the pictures. Where
    there is one, its encoder is kept, only what has changed is done, and folders that are new to it are
    added; its folders that are not named stay as they are. It is saved as it grows: what is interrupted goes
    on there the next time. Nobody else can write the index meanwhile.

    Raises:
        NoPictures: a folder is missing, holds nothing to index, or is suddenly empty.
        OptionInvalid: the index was made in another way than `settings` and `encoder` say; or the directory
            holds other files and no index.
        EncoderInvalid: there is nothing to index with.
        IndexBusy: somebody else is writing the index. IndexStoreError: it cannot be written.
    """
    for folder in folders:
        if not is_remote(folder) and not folder.is_dir():
            find_images(folder)  # raises, with the reason
    refuse_others(directory)
    build = _Build(directory, encoder, settings, progress)
    with writer_lock(directory) as lock, ExitStack() as opened:
        index = _open_if_there(directory, lock, damaged=settings.refit)
        if index is None:
            return _bring_up_to_date(None, *_all_folders(None, folders), directory, lock, build)
        opened.enter_context(index)
        refuse_other_store(index, settings)
        if settings.refit:
            return _refit(index, folders, lock, build)
        return _bring_up_to_date(index, *_all_folders(index, folders), directory, lock, build)


def _bring_up_to_date(
    index: Index | None, tops: Folders, names: Sequence[str], place: Path, lock: WriterLock, build: _Build
) -> Update:
    """Scan `names` of `tops`, fit or keep, compare, embed, save: for `index`, or for a new one in `place`."""
    with build.progress.step("find pictures"):
        scan = scan_folders(tops, names, skip=[build.directory])
    refuse_emptied(index, tops, names, scan)
    by = embedding_of(build.settings.ray)
    if index is None:
        pictures = tuple(file for file in scan.pictures if file not in build.left_out)
        if scan.pictures and not pictures:
            raise NoPictures(str(tops), "all that is there was taken out: `retrieve add` takes one back")
        model, fitted_to = _fit_or_keep(tops, pictures, build)
        index, encoder = _begin(build, tops, place, lock, model, fitted_to), model.encoder
        if isinstance(fitted_to, FitSample):
            by = by or partial(embed, read=fitted_to.read)
    else:
        refuse_other_ways(index, build.encoder, build.settings)
        use_structure(index, build.settings.structure)
        encoder = encoder_of(index)
    with index:
        return bring_up_to_date(
            index, tops, scan, encoder, build.progress, directory=build.directory, names=names, embedding=by
        )


def _refit(before: Index, folders: Sequence[Path], held: WriterLock, build: _Build) -> Update:
    """Build a whole index beside the one in force, which it replaces in one step when it is complete.

    What an interrupted one has come to is taken up again if it was made in the same way.
    """
    # Not asked of what was begun: it keeps its folders as they lie from where it will be in the end.
    place, tops = build.directory / REFIT, _all_folders(before, folders)[0]
    settings = as_made_before(before, build.encoder, build.settings)
    build = dataclasses.replace(build, settings=settings, left_out=left_out_of(before))
    refuse_others(place, passing=True)
    with writer_lock(place) as lock, ExitStack() as opened:
        begun = _open_if_there(place, lock, damaged=True)
        if begun is not None:
            opened.enter_context(begun)
            if is_complete(begun) and is_in_force(begun, before):
                # It was interrupted after the step: what it built is in force already.
                shutil.rmtree(place)
                return _bring_up_to_date(before, tops, [*tops.tops], build.directory, held, build)
            if not is_made_so(begun, build.encoder, build.settings):
                begun.close()
                begun = None
        taken = _bring_up_to_date(begun, tops, [*tops.tops], place, lock, build)
        with Index.open(place, lock=lock) as fresh:
            inherit(fresh, before)
            fresh.save()
    before.adopt(place)
    shutil.rmtree(place, ignore_errors=True)
    return taken


def _open_if_there(directory: Path, lock: WriterLock, *, damaged: bool = False) -> Index | None:
    """The index in `directory`, to be changed; None if there is none, or if it is `damaged` and may be lost.

    Raises:
        IndexDamaged: it is, and may not be lost.
    """
    try:
        return Index.open(directory, lock=lock)
    except IndexNotFound:
        return None
    except IndexDamaged:
        if damaged:
            return None
        raise


def _all_folders(index: Index | None, folders: Sequence[Path]) -> tuple[Folders, list[str]]:
    """All folders that `index` is to have, and the names of those in `folders`."""
    first, *others = folders
    tops = Folders.of(first) if index is None else folders_of(index)
    for folder in folders if index else others:
        if tops.name_of(folder) is None:
            name = None if index is None else name_before(index, tops, folder)
            tops = tops.extended(folder) if name is None else tops.moved(name, folder)
    return tops, list(dict.fromkeys(name for folder in folders if (name := tops.name_of(folder)) is not None))


def _begin(
    build: _Build, tops: Folders, place: Path, lock: WriterLock, model: Model, fitted_to: FittedTo | None
) -> Index:
    """An index without pictures. What was fitted is saved at once, so that it is not fitted again."""
    index = Index.create(
        place,
        model.encoder.dim,
        structure=build.settings.structure or "auto",
        encoder=model.encoder.fingerprint,
        lock=lock,
        copy_dim=model.encoder.copy_dim,
        store=build.settings.store,
        settings={
            "seed": build.settings.seed or 0,
            "fitted": fitted_to and fitted_to.summary(),
            "made": way_of(build.encoder, build.settings),
            ORIGIN: uuid.uuid4().hex,
            COMPLETE: False,
        },
    )
    try:
        take_up_folders(index, tops, build.directory)
        for name, file in model.files().items():
            index.attach(name, file)
        if fitted_to is not None:
            index.attach(FITTED, fitted_to.to_json().encode())
        if build.encoder is None or build.settings.adapt:
            index.save()
    except BaseException:
        index.close()
        raise
    return index


def _fit_or_keep(
    folder: Folders, files: tuple[ImageFile, ...], build: _Build
) -> tuple[Model, FittedTo | None]:
    """The model to index with, and which of the folder's pictures it was fitted to, if any."""
    encoder, settings, progress = build.encoder, build.settings, build.progress
    if settings.adapt and encoder is None:
        raise OptionInvalid(
            "adapt is for an encoder that is given, the default one is fitted to the pictures: leave it out"
        )
    paths = [file.path for file in files]
    if encoder is None:
        return _fit(folder, paths, settings, progress)
    if settings.adapt:
        return _adapt(encoder, folder, paths, settings, progress)
    model = open_model(encoder)
    if settings.dim not in {None, model.encoder.dim}:
        raise OptionInvalid(
            f"dim is {settings.dim}, but the encoder given makes {model.encoder.dim}-dim vectors: "
            "leave dim out"
        )
    return model, fitted_before(encoder, folder.first, paths)


def _fit(
    folder: Folders, paths: list[str], settings: BuildSettings, progress: Progress
) -> tuple[Model, FitSample]:
    from ..autoencoder import RECIPES

    recipe = settings.recipe or RECIPE
    if recipe not in RECIPES:
        raise OptionInvalid(f"recipe is {recipe!r}, expected one of {', '.join(sorted(RECIPES))}")
    sample = draw_sample(folder, paths, seed=settings.seed or 0, progress=progress)
    model = RECIPES[recipe].fit(
        sample.pictures,
        dim=settings.dim,
        seed=settings.seed or 0,
        decoder=settings.decoder,
        progress=progress,
        own=len(sample.paths),
    )
    return model, sample


def _adapt(
    encoder: AnyEncoder, folder: Folders, paths: list[str], settings: BuildSettings, progress: Progress
) -> tuple[Model, FittedTo]:
    """The network of `encoder` adapted to the pictures, together with an encoder fitted to them."""
    with progress.step("load TensorFlow"):
        from ..autoencoder.adapt import AdaptOptions, adapt
        from ..autoencoder.pretrained import PretrainedEncoder
    if isinstance(encoder, (str, Path)) and is_of_keras(encoder):
        pretrained = PretrainedEncoder.open(encoder)
    else:
        pretrained = PretrainedEncoder.of(open_model(encoder), name=str(encoder))
    usual = AdaptOptions(seed=settings.seed or 0)
    options = usual if settings.dim is None else dataclasses.replace(usual, dim=settings.dim)
    solving = dataclasses.replace(settings, dim=max(usual.dim, options.dim), decoder=False)
    model, sample = _fit(folder, paths, solving, progress)
    adapted = adapt(pretrained, model, sample, folder, options=options, progress=progress)
    return adapted, dataclasses.replace(sample, by="adapt")
