"""Pictures that went through an autoencoder: where each is written, and what is printed about it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image

from index_store import IndexNotFound

from ..errors import RetrievalError
from ..images import open_picture
from ..whole_files import is_among_pictures, replaced
from .printing import echo_fields, echo_json, note, printable
from .queries import Query, expand

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Restoration:
    """One picture: the `reference` it is compared with, what the network was `given`, its `output`."""

    reference: Pixels
    given: Pixels
    output: Pixels


@dataclass(frozen=True, slots=True)
class Restored:
    """One picture written to `path`: its PSNR in dB and its SSIM, and those of what the network was given
    where that was not the reference itself.
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
    names: Sequence[str],
    out: Path,
    restore: Callable[[Query], Restoration],
    *,
    overwrite: bool,
    as_json: bool,
) -> None:
    """`restore` the pictures that `names` stand for, write them into `out` as PNG, and print how near they
    came; those of a folder go to the same folders below `out`. Exit status 1 where a picture failed.

    Raises:
        RetrievalError: `out` is a file or lies in an indexed folder, or a picture would replace another;
            before any work is done.
    """
    if out.exists() and not out.is_dir():
        raise RetrievalError(f"{out} is a file: name a folder by --out")
    _refuse_indexed(out)
    queries, failures = expand(names)
    taken: set[Path] = set()
    paths = [out / _output_path(query, names, taken) for query in queries]
    _refuse_existing(queries, paths, overwrite=overwrite)
    restored: list[Restored] = []
    for query, path in zip(queries, paths, strict=True):
        try:
            result = restore(query)
        except RetrievalError as error:
            failures.append(error)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path) as part:
            Image.fromarray(result.output).save(part)
        restored.append(_measured(query, path, result))
    _print(restored, failures, as_json=as_json)
    if failures:
        raise typer.Exit(1)


def clean_picture(clean: Path, query: Query, picture: Pixels, *, among: Sequence[str]) -> Pixels:
    """The picture in `clean` of the same name as `query`, whose pixels are `picture` and which is `among`.

    Raises:
        ImageUnreadable: it cannot be read. RetrievalError: it is of another size.
    """
    path = clean / _relative(query, among)
    reference = np.asarray(open_picture(path))
    if reference.shape != picture.shape:
        sizes = [f"{pixels.shape[1]} × {pixels.shape[0]} pixels" for pixels in (reference, picture)]
        raise RetrievalError(
            f"{path} has {sizes[0]} and {query.name} {sizes[1]}: expected a clean picture of the same size"
        )
    return reference


def _refuse_indexed(out: Path) -> None:
    from ..index_paths import nearest_index

    with suppress(IndexNotFound):
        folder = nearest_index(out).parent
        if is_among_pictures(out.absolute(), folder):
            raise RetrievalError(
                f"{out} lies in {folder}, where what is restored would be indexed as yours: name a folder "
                "outside by --out"
            )


def _refuse_existing(queries: Sequence[Query], paths: Sequence[Path], *, overwrite: bool) -> None:
    """See that no picture that is asked with is replaced, nor any other file unless that is asked for."""
    existing = [path for path in paths if path.exists()]
    if not existing:
        return
    asked = {os.path.realpath(query.name) for query in queries}
    for path in existing:
        if os.path.realpath(path) in asked:
            raise RetrievalError(f"{path} would be overwritten by a result: name another folder by --out")
    if not overwrite:
        there = f" and {len(existing) - 1:,} more exist" if len(existing) > 1 else " exists"
        raise RetrievalError(
            f"{existing[0]}{there} already: name another folder by --out, or add --overwrite"
        )


def _print(restored: Sequence[Restored], failures: Sequence[RetrievalError], *, as_json: bool) -> None:
    """A line a picture and the mean, or all of it as JSON; then the failures."""
    if as_json:
        pictures = [one.to_json() for one in restored]
        echo_json({"pictures": pictures, "failures": [str(failure) for failure in failures]})
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


def _relative(query: Query, names: Sequence[str]) -> Path:
    """Where `query` lies in the one of the folders among `names` that it came from; else its file name."""
    path = Path(query.name)
    for name in names:
        if path.is_relative_to(name) and Path(name).is_dir():
            return path.relative_to(name)
    return Path(path.name)


def _output_path(query: Query, names: Sequence[str], taken: set[Path]) -> Path:
    """A path ending in .png for `query`, relative, that none has `taken`."""
    wanted = _relative(query, names).with_suffix(".png")
    number, path = 1, wanted
    while path in taken:
        number += 1
        path = wanted.with_stem(f"{wanted.stem}-{number}")
    taken.add(path)
    return path


def _measured(query: Query, path: Path, result: Restoration) -> Restored:
    from ..autoencoder.quality import psnr, ssim

    reference, given, output = result.reference, result.given, result.output
    measured = psnr(output, reference), ssim(output, reference)
    before = () if given is reference else (psnr(given, reference), ssim(given, reference))
    return Restored(query.name, path, *measured, *before)


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
