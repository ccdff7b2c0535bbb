"""How an index was made: what its settings keep of that, and whether what is asked for now agrees with it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from index_store import Index, OptionInvalid, Row, check_store, check_structure, is_own_name

from ..encoder import Encoder, Model
from ..errors import NoPictures, counted, printable
from ..images import FolderScan, ImageFile, Skipped, is_remote
from ..index_facts import COMPLETE, FIRST_NEW
from ..index_paths import Folders, split_path
from ..models import AnyEncoder, is_of_keras, open_model
from .changes import REMOVED, has_contents
from .settings import BuildSettings

RECIPE = "solved"
"""How an encoder is fitted unless another recipe is named."""

REFIT = "refit"
"""The directory in an index where another is built that is to replace it."""

# What a system puts into any directory, and what lies in that of an index beside its own files.
_OF_SYSTEMS = {".DS_Store", "lost+found", "Thumbs.db", "desktop.ini"}
_BESIDE = {REFIT, "thumbnails", "calibration.json", *_OF_SYSTEMS}

_LOOKED_AT = 50  # pictures of a folder that may have another name by now

ORIGIN = "origin"
"""The setting that tells an index from another that was made in the same way in the same second."""


def way_of(encoder: AnyEncoder | None, settings: BuildSettings) -> dict[str, Any]:
    """What an index keeps of how it was made: what was asked for, so that it can be asked for again."""
    return {
        "dim": settings.dim,
        "recipe": settings.recipe or RECIPE if encoder is None or settings.adapt else None,
        "encoder": None if encoder is None else _identity(encoder),
        "adapt": settings.adapt,
    }


def refuse_other_ways(index: Index, encoder: AnyEncoder | None, settings: BuildSettings) -> None:
    """Refuse what contradicts how `index` was made.

    Raises:
        OptionInvalid: says what, and what to do.
    """
    made, seed = index.settings.get("made", {}), index.settings.get("seed", 0)
    contradictions = []
    if settings.dim not in {None, index.dim, made.get("dim")}:
        contradictions.append(f"with {index.dim} dims, not {settings.dim}")
    if encoder is not None and _identity(encoder) not in {made.get("encoder"), index.manifest.encoder}:
        contradictions.append("with another encoder than the one given")
    if settings.adapt and not made.get("adapt", True):
        contradictions.append("with an encoder that is not adapted to the pictures")
    if settings.recipe is not None and settings.recipe != made.get("recipe", settings.recipe):
        before = f"by recipe {made['recipe']}" if made["recipe"] else "with an encoder that was given"
        contradictions.append(f"{before}, not by recipe {settings.recipe}")
    if settings.seed is not None and settings.seed != seed and made.get("encoder") is None:
        contradictions.append(f"with seed {seed}, not {settings.seed}")
    if contradictions:
        raise OptionInvalid(
            f"index {index.directory} was made {' and '.join(contradictions)}: "
            "leave that out to go on with it, or make it anew with --refit"
        )


def refuse_other_store(index: Index, settings: BuildSettings) -> None:
    """Refuse to move `index` to another store.

    Raises:
        OptionInvalid: says where it is.
    """
    kept = index.settings.get("store")
    if settings.store is not None and check_store(settings.store) != kept:
        raise OptionInvalid(
            f"index {index.directory} is kept in {kept or 'its directory'}, not in {settings.store}: leave "
            "that out, or put another index elsewhere with --index DIR"
        )


def is_made_so(index: Index, encoder: AnyEncoder | None, settings: BuildSettings) -> bool:
    """Whether `index` was made in just this way, so that it can be gone on with."""
    kept = index.settings
    return (kept.get("made"), kept.get("seed")) == (way_of(encoder, settings), settings.seed or 0)


def is_in_force(begun: Index, index: Index) -> bool:
    """Whether `index` is what was made of `begun`, by adopting it."""

    def origin(of: Index) -> tuple[object, ...]:
        return of.manifest.encoder, of.manifest.created, of.settings.get(ORIGIN)

    return origin(begun) == origin(index)


def as_made_before(before: Index, encoder: AnyEncoder | None, settings: BuildSettings) -> BuildSettings:
    """`settings` for making the index `before` anew: what they leave open is as it was."""
    settings = dataclasses.replace(settings, store=before.settings.get("store"))
    made, structure = before.settings.get("made", {}), settings.structure or _structure_of(before)
    seed = before.settings.get("seed") if settings.seed is None else settings.seed
    if encoder is not None:
        return dataclasses.replace(settings, seed=seed, structure=structure)
    dim = made.get("dim") if settings.dim is None else settings.dim
    recipe = settings.recipe or made.get("recipe")
    return dataclasses.replace(settings, dim=dim, seed=seed, recipe=recipe, structure=structure)


def _structure_of(before: Index) -> str | None:
    """The structure of the index, where one can be made so today."""
    try:
        return check_structure(before.manifest.structure)
    except OptionInvalid:
        return None


def refuse_others(directory: Path, *, passing: bool = False) -> None:
    """Make sure that an index can be made in `directory`: among other files it would replace some.

    `passing`: the directory is removed in the end, with hidden files too.

    Raises:
        OptionInvalid: it holds such files, and no index.
    """
    if (directory / "manifest.json").exists() or not directory.is_dir():
        return
    others = sorted(path.name for path in directory.iterdir() if not _may_lie_there(path.name, passing))
    if others:
        raise OptionInvalid(
            f"{printable(str(directory))} holds {counted(len(others), 'other file')}, "
            f"{printable(others[0])} for one, and no index: "
            "move what is there away, or name another directory for the index"
        )


def _may_lie_there(name: str, passing: bool) -> bool:
    if passing:
        return name in _OF_SYSTEMS or is_own_name(name)
    return name.startswith(".") or name in _BESIDE or is_own_name(name)


def refuse_emptied(index: Index | None, tops: Folders, names: Iterable[str], scan: FolderScan) -> None:
    """Refuse to go on where a folder holds nothing to index, or nothing any more.

    Raises:
        NoPictures: says which it is. That an index is emptied needs to be asked for.
    """
    found = {split_path(file.path)[0] for file in scan.pictures}
    for name in names:
        if name in found:
            continue
        top = tops.tops[name]
        if index is not None and (count := _count(index.catalog.rows(), name)):
            raise NoPictures(
                str(top),
                f"it holds none any more, of {count:,} that are indexed: if its disk is not there, connect "
                "it; if they are gone for good, run `retrieve remove --missing`",
            )
        rejected = [one for one in scan.rejections if split_path(one.path)[0] == name]
        if rejected:
            first = rejected[0]
            raise NoPictures(str(top), f"{len(rejected)} files were rejected, {first.path}: {first.reason}")
        if index is None or name not in index.settings.get("folders", {"": {}}):
            raise NoPictures(str(top), "it holds no file in a picture format: name a folder that does")


def name_before(index: Index, tops: Folders, folder: Path) -> str | None:
    """The name of the folder of `index` that is `folder` by now: it is gone, and its pictures are there.

    Most of those that are looked at, by their contents: another folder may have files of the same names.
    """
    if is_remote(folder):
        return None
    gone = {name for name, top in tops.tops.items() if not is_remote(top) and not top.exists()}
    rows: dict[str, list[Row]] = {name: [] for name in gone}
    for row in index.catalog.rows() if gone else ():
        if (name := split_path(row.path)[0]) in gone:
            rows[name].append(row)
    for name, own in rows.items():
        some = own[:: -(-len(own) // _LOOKED_AT) or 1]
        if sum(has_contents(folder / split_path(row.path)[1], row) for row in some) * 2 > len(some):
            return name
    return None


def take_up_folders(index: Index, tops: Folders, directory: Path) -> None:
    """Let `index`, which lies in `directory` in the end, keep where its folders are, if it has new ones."""
    kept = index.settings
    told = dict(kept)
    if kept.get(COMPLETE, True):
        # Everything that is there now is what the encoder was fitted to, or its like.
        told.setdefault(FIRST_NEW, index.manifest.next_id)
    known = kept.get("folders", {"": kept.get("folder", {})})
    told.pop("folder", None)  # what it was called until there could be several
    told["folders"] = tops.references(directory, known)
    if set(known) != set(tops.tops) and len(tops.tops) > 1:
        told[COMPLETE] = False
    if told != kept:
        index.set_settings(told)


def use_structure(index: Index, structure: str | None) -> None:
    """Let `index` be searched by another structure, if one is named."""
    if structure is not None and check_structure(structure) != index.manifest.structure:
        index.set_structure(structure)


def complete(index: Index, skipped: Skipped | None) -> None:
    """Let `index` keep that nothing is missing from it, and what was `skipped` where that was counted."""
    kept = index.settings
    told = {FIRST_NEW: index.manifest.next_id, **kept, COMPLETE: True}
    if skipped is not None:
        told["skipped"] = asdict(skipped)
    if told != kept:
        index.set_settings(told)


def left_out_of(index: Index) -> frozenset[ImageFile]:
    """What a person has taken out of `index`, as the files were then."""
    removed = (one for one in index.catalog.rejected() if one.reason == REMOVED)
    return frozenset(ImageFile(one.path, one.size, one.mtime_ns) for one in removed)


def inherit(index: Index, before: Index) -> None:
    """Give the rows of `index` what a person has said of the pictures in `before`, which it replaces."""
    # Its ids will be others, and all of them come with the encoder.
    index.set_settings({name: value for name, value in index.settings.items() if name != FIRST_NEW})
    for one in before.catalog.rejected():
        row = index.catalog.find(one.path) if one.reason == REMOVED else None
        if row is not None and (row.size, row.mtime_ns) == (one.size, one.mtime_ns):
            index.remove([row.id])
            index.reject(one)
    told = {row.path: row.metadata for row in before.catalog.rows() if row.metadata}
    if rows := [_telling(row, told) for row in index.catalog.rows() if told and row.path in told]:
        index.update_rows(rows)


def _telling(row: Row, told: dict[str, Any]) -> Row:
    return dataclasses.replace(row, metadata=told[row.path])


def _count(rows: Iterable[Row], name: str) -> int:
    return sum(split_path(row.path)[0] == name for row in rows)


def _identity(encoder: AnyEncoder) -> str:
    """What tells an encoder that is given from others, without running TensorFlow."""
    if isinstance(encoder, (Model, Encoder)) or not is_of_keras(encoder):
        return open_model(encoder).encoder.fingerprint
    path = Path(encoder)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else str(encoder)
