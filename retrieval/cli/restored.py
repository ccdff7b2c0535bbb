"""Pictures that went through an autoencoder: where each is written, and what is told of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import ImageUnreadable, RetrievalError
from ..images import open_picture
from .printing import echo_fields, echo_json, note, printable
from .queries import Query, expand

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Work:
    """One picture: what it is `compared` with, what the network was `given`, what it `made` of that."""

    compared: Pixels
    given: Pixels
    made: Pixels


@dataclass(frozen=True, slots=True)
class Restored:
    """One picture written to `path`: its PSNR in dB and its SSIM, and those of what the network was given
    where that was not the very picture compared with.
    """

    name: str
    path: Path
    psnr: float
    ssim: float
    given_psnr: float | None = None
    given_ssim: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As an object; the PSNR of equal pictures, which is infinite, is null."""
        values: dict[str, Any] = {"picture": self.name, "path": str(self.path)}
        for name in ("psnr", "ssim", "given_psnr", "given_ssim"):
            value = getattr(self, name)
            if value is not None:
                values[name] = value if math.isfinite(value) else None
        return values


def restore_all(
    names: Sequence[str], out: Path, work: Callable[[Query], Work]
) -> tuple[list[Restored], list[RetrievalError]]:
    """Do `work` on the pictures that `names` stand for and write what it made into `out`, as PNG; those of a
    folder in the same folders below `out`. Also gives what went wrong with others.
    """
    queries, failures = expand(names)
    folders = [Path(name) for name in names if Path(name).is_dir()]
    restored: list[Restored] = []
    taken: set[Path] = set()
    for query in queries:
        path = out / _place(query, folders, taken)
        try:
            _refuse_original(query, path)
            result = work(query)
        except ImageUnreadable as error:
            failures.append(error)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(result.made).save(path)
        restored.append(_measured(query, path, result))
    return restored, failures


def _refuse_original(query: Query, path: Path) -> None:
    if path.exists() and Path(query.name).exists() and path.samefile(query.name):
        raise ImageUnreadable(query.name, "it would be overwritten: name another folder by --out")


def tell(restored: Sequence[Restored], failures: Sequence[RetrievalError], *, as_json: bool) -> None:
    """Print a line a picture and the mean, or all of it as JSON; then the failures."""
    if as_json:
        echo_json(
            {
                "pictures": [one.to_json() for one in restored],
                "failures": [str(failure) for failure in failures],
            }
        )
    else:
        for one in restored:
            echo_fields([one.path, *_in_words(one)])
        if len(restored) > 1:
            echo_fields([f"mean of {len(restored)}", *_in_words(_mean(restored))])
    for failure in failures:
        note(f"retrieve: {printable(str(failure))}")


def pixels_of(query: Query) -> Pixels:
    """The picture that `query` stands for, (height, width, 3)."""
    return np.asarray(open_picture(query.source))


def inside(query: Query, folders: Sequence[Path]) -> Path:
    """Where `query` lies in the one of `folders` that it came from, otherwise its file name."""
    path = Path(query.name)
    for folder in folders:
        if path.is_relative_to(folder):
            return path.relative_to(folder)
    return Path(path.name)


def _place(query: Query, folders: Sequence[Path], taken: set[Path]) -> Path:
    """A path ending in .png for `query`, relative, that none has `taken`."""
    wanted = inside(query, folders).with_suffix(".png")
    number, place = 1, wanted
    while place in taken:
        number += 1
        place = wanted.with_stem(f"{wanted.stem}-{number}")
    taken.add(place)
    return place


def _measured(query: Query, path: Path, work: Work) -> Restored:
    from ..autoencoder.quality import psnr, ssim

    made = psnr(work.made, work.compared), ssim(work.made, work.compared)
    if work.given is work.compared:
        return Restored(query.name, path, *made)
    return Restored(query.name, path, *made, psnr(work.given, work.compared), ssim(work.given, work.compared))


def _mean(restored: Sequence[Restored]) -> Restored:
    def mean(name: str) -> float:
        return float(np.mean([getattr(one, name) for one in restored]))

    given = (mean("given_psnr"), mean("given_ssim")) if restored[0].given_psnr is not None else (None, None)
    return Restored("mean", Path(), mean("psnr"), mean("ssim"), *given)


def _in_words(one: Restored) -> list[str]:
    if one.given_psnr is None or one.given_ssim is None:
        return [f"PSNR {one.psnr:.2f} dB", f"SSIM {one.ssim:.4f}"]
    return [
        f"PSNR {one.given_psnr:.2f} -> {one.psnr:.2f} dB",
        f"SSIM {one.given_ssim:.4f} -> {one.ssim:.4f}",
    ]
