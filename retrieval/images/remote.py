"""Folders of pictures at a URL, such as s3://bucket/photos, by fsspec: what is in there, and reading it.

Such a folder, and a file in it, is a `UPath`, which has the methods of a `pathlib.Path`. It stands wherever a
`Path` is expected that is only joined, shown or read from; where more is wanted of it, it is refused.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from index_store import OptionInvalid, RejectedFile

from ..errors import ImageUnreadable, NoPictures
from .find import FolderScan, ImageFile, Skipped, is_hidden, names_picture, suffix_of
from .formats import SIGNATURE_BYTES, is_other, picture_format, refused_suffixes
from .reasons import EMPTY, NOT_UTF8, printable

EMPTY_NAME = "a folder in its name is called nothing (//): rename it"
_SCHEME = "://"

# What stores call the time of the last change.
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "created")


class StoreFailed(OSError):
    """A store did not give a file; of the file itself that tells nothing."""


def folder_at(name: str | Path) -> Path:
    """The folder of this `name`, which is a path or a URL.

    Raises:
        OptionInvalid: fsspec cannot read such a URL here, and what to install; or it holds a password.

    Example:
        >>> folder_at("photos"), folder_at("s3://bucket/photos")  # doctest: +SKIP
        (PosixPath('photos'), S3Path('photos', protocol='s3'))
    """
    if not isinstance(name, str):
        return name
    if _SCHEME not in name:
        return Path(name)
    try:
        from upath import UPath
    except ImportError as error:
        raise OptionInvalid(
            f"{name} is a URL, and what reads it is not installed: pip install 'retrieve[ray]'"
        ) from error
    if re.search(r"://[^/@]*:[^/@]*@", name):
        raise OptionInvalid("an index would keep the password in this URL: let the store's package find it")
    url = name.rstrip("/")
    try:
        folder = UPath(url)
    except (ImportError, ValueError) as error:
        raise OptionInvalid(f"{name} cannot be read: {_in_words(error)}") from error
    if str(folder) != url:
        # What an index keeps of it would not lead back to it.
        raise OptionInvalid(
            f"{name} cannot be kept as a URL, only as {folder}: name an object store's, s3://..."
        )
    return cast("Path", folder)


def is_remote(path: object) -> bool:
    """Whether `path` is one that `folder_at` made of a URL, or lies below it."""
    upath = sys.modules.get("upath")
    return upath is not None and isinstance(path, upath.UPath) and not isinstance(path, Path)


def find_remote(folder: Path) -> FolderScan:
    """What `find_images` says of a folder on disk, of one at a URL; in as few requests as its store allows.

    Files without a known suffix are asked for their first bytes. Those with the suffix of another kind are
    not: pictures among them are counted as `other`, not as `misnamed`. There are no links.

    Raises:
        NoPictures: there is no such folder, or the store refuses.
    """
    store = cast("Any", folder)
    try:
        store.fs.invalidate_cache()
        if store.fs.info(store.path)["type"] != "directory":
            raise NoPictures(str(folder), "it is a file, expected a folder of pictures")
        listed = store.fs.find(store.path, detail=True)
        return _scanned(store, {_inside(store, name): info for name, info in listed.items()})
    except NoPictures:
        raise
    except FileNotFoundError as error:
        raise NoPictures(str(folder), "there is no such folder") from error
    # Each store has errors of its own: no credentials, no network, no permission.
    except Exception as error:
        raise NoPictures(str(folder), f"the folder cannot be read: {_in_words(error)}") from error


def read_remote(path: Path) -> bytes:
    """The contents of a file at a URL, in one request.

    Raises:
        ImageUnreadable: by `StoreFailed`, whatever the reason.
    """
    store, name = cast("Any", path), printable(str(path))
    try:
        return bytes(store.fs.cat_file(store.path))
    except FileNotFoundError as error:
        raise ImageUnreadable(name, "there is no such file") from StoreFailed(str(error))
    except Exception as error:
        reason = f"the store does not give it: {_in_words(error)}"
        raise ImageUnreadable(name, reason) from StoreFailed(str(error))


def _inside(folder: Any, name: str) -> str:
    return name.removeprefix(folder.path.rstrip("/") + "/")


def _scanned(folder: Any, listed: Mapping[str, Mapping[str, Any]]) -> FolderScan:
    shown = {path: info for path, info in listed.items() if not _hidden_part(path)}
    hidden = {part for path in listed if (part := _hidden_part(path))}
    named = {path for path in shown if names_picture(_suffix(path))}
    doubtful = [path for path in shown if path not in named and not is_other(_suffix(path))]
    wanted = named | _beginning_as_pictures(folder, doubtful)
    pictures, rejections = [], []
    for path in sorted(wanted):
        size, mtime_ns = int(shown[path].get("size") or 0), _mtime_ns(shown[path])
        if reason := _reason_against(path, size):
            rejections.append(RejectedFile(printable(path), reason, size, mtime_ns))
        else:
            pictures.append(ImageFile(path, size, mtime_ns))
    skipped = Skipped(hidden=len(hidden), other=len(shown) - len(wanted))
    return FolderScan(tuple(pictures), tuple(rejections), skipped)


def _hidden_part(path: str) -> str | None:
    """What of `path` leads to its first hidden folder or file; None if nothing is hidden.

    Example:
        >>> _hidden_part("a/.git/b/c"), _hidden_part("a/b")
        ('a/.git', None)
    """
    parts = path.split("/")
    ends = (end for end, part in enumerate(parts, start=1) if is_hidden(part))
    end = next(ends, None)
    return None if end is None else "/".join(parts[:end])


def _beginning_as_pictures(folder: Any, paths: Sequence[str]) -> set[str]:
    if not paths:
        return set()
    names = [(folder / path).path for path in paths]
    heads = folder.fs.cat_ranges(names, 0, SIGNATURE_BYTES, on_error="return")
    # What cannot be read may be a picture: its reason comes when it is embedded.
    return {
        path
        for path, head in zip(paths, heads, strict=True)
        if not isinstance(head, bytes) or picture_format(head)
    }


def _reason_against(path: str, size: int) -> str | None:
    if printable(path) != path:
        return NOT_UTF8
    if not all(path.split("/")):
        return EMPTY_NAME
    return refused_suffixes().get(_suffix(path), None if size else EMPTY)


def _suffix(path: str) -> str:
    return suffix_of(path.rpartition("/")[2])


def _mtime_ns(info: Mapping[str, Any]) -> int:
    """When a file was changed, in nanoseconds since 1970; 0 where the store does not keep that."""
    time = next((info[key] for key in _TIMES if info.get(key)), 0.0)
    if isinstance(time, str):
        time = datetime.fromisoformat(time.replace("Z", "+00:00"))
    return int((time.timestamp() if isinstance(time, datetime) else float(time)) * 1e9)


def _in_words(error: Exception) -> str:
    """What a store said, on one line."""
    return " ".join(str(error).split()) or type(error).__name__
