"""The file of a search structure: what FAISS writes, then facts about it, then a word-sum of every block.

FAISS trusts what it reads, one bad byte can crash the process; so every byte is compared before FAISS sees
it. Sums of 64-bit words, some GB a second, find any single damage; the manifest's SHA-256 is for `verify`.
The file is memory-mapped: FAISS searches in it without reading it into memory.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import IndexDamaged

_MAGIC = b"RTRVFSS1"
# Behind everything: length of the facts, their checksum, magic.
_END = struct.Struct("<QI8s")
_BLOCK_BYTES = 1 << 22

WAY_OUT = "build it again from the vectors"


def write_structure(path: Path, write: Callable[[Any], None], facts: dict[str, Any]) -> None:
    """Write to `path` what `write` gives to a writer of FAISS, and `facts`, a JSON object.

    Raises:
        OSError: the disk refused.
    """
    import faiss

    # Through Python's file: FAISS takes only names that are UTF-8, and hides what the system said.
    with path.open("wb") as file:
        write(faiss.PyCallbackIOWriter(file.write))
        file.flush()
        size = file.tell()
        text = json.dumps({**facts, "sums": _sums(_mapped(path)[:size])}).encode()
        file.write(text)
        file.write(_END.pack(len(text), zlib.crc32(text), _MAGIC))


def read_facts(path: Path) -> dict[str, Any]:
    """The facts that were written with the structure, checked; the structure itself is not.

    Raises:
        IndexDamaged: missing, cut short, altered, or of another kind.
    """
    return _read(path)[1]


def open_structure(path: Path, *, mapped: bool) -> tuple[Any, dict[str, Any], object]:
    """A reader of FAISS, the facts, and what has to live as long as what was read.

    mapped: FAISS goes on reading from the file, and cannot change what it read; else it reads all into
    memory.

    Raises:
        IndexDamaged: missing, cut short or altered.
    """
    import faiss

    content, facts = _read(path)
    if _sums(content) != facts["sums"]:
        raise IndexDamaged(f"{path} was altered: its contents do not match their checksums: {WAY_OUT}")
    del facts["sums"]
    if not mapped:
        return faiss.PyCallbackIOReader(io.BytesIO(content.data).read), facts, None
    return faiss.ZeroCopyIOReader(faiss.swig_ptr(content), len(content)), facts, content


def _read(path: Path) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    try:
        mapped = _mapped(path)
        length, checksum, magic = _END.unpack(mapped[-_END.size :].tobytes())
        start = len(mapped) - _END.size - length
        text = mapped[max(0, start) : len(mapped) - _END.size].tobytes()
        if magic != _MAGIC or start < 1 or zlib.crc32(text) != checksum:
            raise ValueError("it does not end as one")
        return mapped[:start], json.loads(text)
    except (OSError, ValueError, struct.error) as err:
        raise IndexDamaged(f"{path} is not a search structure ({err}): {WAY_OUT}") from err


def _mapped(path: Path) -> NDArray[np.uint8]:
    return np.asarray(np.memmap(path, dtype=np.uint8, mode="r"))


def _sums(content: NDArray[np.uint8]) -> list[int]:
    """The sum of the 64-bit words of every block, modulo 2**64; the last word is filled up with zeros."""
    whole = len(content) // 8 * 8
    words = content[:whole].view("<u8")
    step = _BLOCK_BYTES // 8
    sums = [int(words[at : at + step].sum(dtype=np.uint64)) for at in range(0, len(words), step)]
    return [*sums, int.from_bytes(content[whole:].tobytes(), "little")]
