"""Pictures that went through an autoencoder: where each is written, and what is told of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..autoencoder.quality import psnr, ssim
from ..errors import ImageUnreadable, RetrievalError
from ..images import open_picture
from .printing import note, say_fields, say_json, shown
from .queries import Query

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
    queries: Sequence[Query], out: Path, work: Callable[[Query], Work], failures: list[RetrievalError]
) -> Iterator[Restored]:
    """Do `work` on each of `queries` and write what it made into `out`, as PNG; add `failures`."""
    out.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for query in queries:
        try:
            result = work(query)
        except ImageUnreadable as error:
            failures.append(error)
            continue
        path = out / _file_name(query, taken)
        Image.fromarray(result.made).save(path)
        yield _measured(query, path, result)


def tell(restored: Sequence[Restored], failures: Sequence[RetrievalError], *, as_json: bool) -> None:
    """Print a line a picture and the mean, or all of it as JSON; then the failures."""
    if as_json:
        say_json(
            {
                "pictures": [one.to_json() for one in restored],
                "failures": [str(failure) for failure in failures],
            }
        )
    else:
        for one in restored:
            say_fields([one.path, *_in_words(one)])
        if len(restored) > 1:
            say_fields([f"mean of {len(restored)}", *_in_words(_mean(restored))])
    for failure in failures:
        note(f"retrieve: {shown(str(failure))}")


def pixels_of(query: Query) -> Pixels:
    """The picture that `query` stands for, (height, width, 3)."""
    return np.asarray(open_picture(query.source))


def _file_name(query: Query, taken: set[str]) -> str:
    name = Path(query.name.replace(" ", "-") if query.name == "standard input" else query.name)
    number, chosen = 1, f"{name.stem}.png"
    while chosen in taken:
        number, chosen = number + 1, f"{name.stem}-{number + 1}.png"
    taken.add(chosen)
    return chosen


def _measured(query: Query, path: Path, work: Work) -> Restored:
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
