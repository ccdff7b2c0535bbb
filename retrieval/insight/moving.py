"""Copies moved to another folder, with a file by which all of them can be brought back."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import RetrievalError, printable
from ..images import read_file
from ..index_paths import path_values
from ..whole_files import replaced
from .compared import ComparedPicture
from .duplicates import Group

_BEGINNING = b'{"from'
UNDO = "undo.jsonl"
"""The file in the folder to which copies are moved: a line for each, before it is moved."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved, and why the rest was not: one sentence a file."""

    moved: tuple[Path, ...]
    left: tuple[str, ...]


def move_copies(groups: Sequence[Group], directory: Path, folders: Sequence[Path]) -> Moved:
    """Move all copies of `groups` to `directory`, under the name of their folder and their path in it.

    Nothing is ever overwritten: a name that is taken gets a number. A file that has changed since it was
    indexed, or that the system does not let go, stays where it is, and so do the copies of a picture that has
    changed, or is gone, itself. What went where is written to `undo.jsonl` there, a line before each move.

    Raises:
        RetrievalError: `directory` lies in one of `folders`, where its pictures would be indexed again, or
            has an `undo.jsonl` that is none of ours.
        OSError: `directory` cannot be made.
    """
    refuse_target(directory, folders)
    moved: list[Path] = []
    left: list[str] = []
    directory.mkdir(parents=True, exist_ok=True)
    undo = directory / UNDO
    if undo.exists():
        _mend(undo)
    for group in groups:
        if fault := _fault(group.kept):
            left += [
                f"{printable(each.picture.path)} stays: {printable(group.kept.path)} {fault}"
                for each in group.copies
            ]
            continue
        for copy in group.copies:
            path = copy.picture.path
            if fault := _fault(copy.picture):
                left.append(f"{printable(path)} stays: it {fault}")
                continue
            try:
                moved.append(_move_noted(path, directory / _place(copy.picture), undo))
            except OSError as error:
                left.append(_stays(path, error))
    return Moved(tuple(moved), tuple(left))


def undo_moves(undo: Path) -> Moved:
    """Bring back what the lines of the file `undo` say was moved, the last first.

    Its folder may have been moved or renamed. Lines of files that could not be brought back stay in it;
    without any it goes.

    Raises:
        RetrievalError: it cannot be read, or a line of it is none of ours.
    """
    moved: list[Path] = []
    left: list[str] = []
    kept: list[str] = []
    for source, target, line in reversed(_lines(undo)):
        if not os.path.lexists(target):
            if not os.path.lexists(source):
                left.append(f"{printable(target)} is gone")
                kept.append(line)
        elif os.path.lexists(source):
            left.append(f"{printable(target)} stays: {printable(source)} is there again")
            kept.append(line)
        else:
            try:
                source.parent.mkdir(parents=True, exist_ok=True)
                _move(target, source)
            except OSError as error:
                left.append(_stays(target, error))
                kept.append(line)
                continue
            _remove_empty(target.parent, undo.parent)
            moved.append(source)
    _rewrite(undo, kept[::-1])
    return Moved(tuple(moved), tuple(left))


def refuse_target(directory: Path, folders: Sequence[Path]) -> None:
    """Refuse a `directory` that nothing can be moved to.

    Raises:
        RetrievalError: it is a file, or lies in one of `folders`, where its pictures would be indexed again.
    """
    if directory.exists() and not directory.is_dir():
        raise RetrievalError(f"{directory} is a file: name a folder to move copies to")
    for folder in folders:
        if directory.resolve().is_relative_to(folder.resolve()):
            raise RetrievalError(
                f"{directory} lies in {folder}, where what is moved would be indexed again: "
                "name a folder outside"
            )


def _fault(picture: ComparedPicture) -> str | None:
    """Why a picture is not what was compared, if it is not."""
    if not picture.path.exists():
        return "is gone"
    if picture.path.is_symlink():
        return "is a link"
    try:
        facts = read_file(picture.path)[1]
    except RetrievalError:
        return "cannot be read"
    return None if facts.sha256 == picture.row.sha256 else "has changed since it was indexed"


def _stays(path: Path, error: OSError) -> str:
    """That the file at `path` stays, and at which other file or folder that lies."""
    other = None if error.filename is None else printable(os.fsdecode(error.filename))
    at = "" if other in {None, printable(path)} else f"{other}: "
    return f"{printable(path)} stays: {at}{error.strerror or error}"


def _place(picture: ComparedPicture) -> Path:
    return Path(picture.folder.name or "folder") / picture.path.relative_to(picture.folder)


def _move_noted(source: Path, wanted: Path, undo: Path) -> Path:
    wanted.parent.mkdir(parents=True, exist_ok=True)
    target = next(path for path in _names(wanted) if not os.path.lexists(path))
    # Relative to the file itself: they are moved together.
    line = {**path_values("from", source.absolute()), **path_values("to", target.relative_to(undo.parent))}
    _append(undo, json.dumps(line).encode() + b"\n")
    _move(source, target)
    return target


def _append(undo: Path, line: bytes) -> None:
    with undo.open("ab") as file:
        begin = file.tell()
        try:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.truncate(undo, begin)
            raise


def _names(wanted: Path) -> Iterator[Path]:
    """`wanted`, and then the same with a number before its ending."""
    yield wanted
    number = 2
    while True:
        yield wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        number += 1


def _move(source: Path, target: Path) -> None:
    """Give the file another name, without ever taking the place of another file.

    Raises:
        OSError: the target is there by now, or the disk refused; the source is then as it was.
    """
    try:
        # Renaming would replace a file that has come to be there in the meantime.
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        _copy(source, target)
    try:
        source.unlink()
    except BaseException:
        # It may be read but not taken away.
        if os.path.lexists(source):
            target.unlink()
        raise


def _copy(source: Path, target: Path) -> None:
    """To another disk, or on one that knows no links."""
    with source.open("rb") as whole, target.open("xb") as part:
        try:
            shutil.copyfileobj(whole, part)
            part.flush()
            os.fsync(part.fileno())
        except BaseException:
            target.unlink()
            raise
    if _sha256(source) != _sha256(target):
        target.unlink()
        raise OSError(None, "the copy differs from the file", os.fspath(source))
    shutil.copystat(source, target)


def _sha256(path: Path) -> str:
    return read_file(path)[1].sha256


def _lines(undo: Path) -> list[tuple[Path, Path, str]]:
    """Of each line: from where, to where, and the line."""
    try:
        lines = _whole(undo.read_bytes()).decode().splitlines()
        if not lines:
            raise ValueError("there are none")
        values = [json.loads(line) for line in lines]
        return [
            (_path_in(value, "from"), undo.parent / _path_in(value, "to"), line)
            for value, line in zip(values, lines, strict=True)
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise RetrievalError(
            f"{undo} does not say what was moved: name the file {UNDO} in the folder of --move-to"
        ) from error


def _whole(content: bytes) -> bytes:
    """Without the beginning of a line that a full disk or a lost process left: nothing was moved after it."""
    end = content.rfind(b"\n") + 1
    try:
        json.loads(content[end:])
    except ValueError:
        return content[:end]
    return content + b"\n"


def _mend(undo: Path) -> None:
    """Let `undo` end with a whole line. Raises RetrievalError if it is not ours."""
    content = undo.read_bytes()
    whole = _whole(content)
    if whole or not _BEGINNING.startswith(content[: len(_BEGINNING)]):
        _lines(undo)
    if whole != content:
        with replaced(undo) as part:
            part.write_bytes(whole)


def _path_in(values: dict[str, Any], name: str) -> Path:
    """What `path_values` made of a path."""
    if f"{name}_bytes" in values:
        return Path(os.fsdecode(base64.b64decode(values[f"{name}_bytes"])))
    return Path(values[name])


def _remove_empty(folder: Path, top: Path) -> None:
    """Remove `folder` and those around it, as far as they are empty, up to `top`."""
    with suppress(OSError):
        while folder.resolve().is_relative_to(top.resolve()) and folder.resolve() != top.resolve():
            folder.rmdir()
            folder = folder.parent


def _rewrite(undo: Path, lines: Sequence[str]) -> None:
    if not lines:
        undo.unlink()
        return
    with replaced(undo) as part:
        part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
