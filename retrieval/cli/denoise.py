"""`retrieve denoise`: a denoising autoencoder applied to pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from .options import JsonOption, SeedOption


def denoise(
    pictures: Annotated[
        list[str], typer.Argument(metavar="IMG...", help="Pictures, folders of pictures, or - for stdin.")
    ],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the pictures go, as PNG.")],
    run: Annotated[
        Path, typer.Option("--run", metavar="DIR", help="A run trained with --noise or --occlude.")
    ],
    noise: Annotated[
        float, typer.Option(min=0.0, help="First add noise of this deviation, on values of 0 to 1.")
    ] = 0.0,
    occlude: Annotated[
        float, typer.Option(min=0.0, max=0.99, help="First cover this share of each picture.")
    ] = 0.0,
    clean: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Pictures of the same file names to compare the results with."),
    ] = None,
    way: Annotated[
        Literal["auto", "whole", "tiles"],
        typer.Option(help="Shrink the picture whole to the network's size, or go over it tile by tile."),
    ] = "auto",
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Write IMG without its noise, at the picture's own size.

    PSNR and SSIM compare the result with the clean picture: with IMG itself where --noise or --occlude
    spoils it first, with the picture of the same name in --clean, and otherwise with IMG as it is, which
    tells how much was changed. Two figures with an arrow are before and after.

    \b
    retrieve denoise scans/ --out cleaned --run runs/denoiser
    retrieve denoise photos/ --noise 0.3 --out cleaned --run runs/denoiser
    """
    import numpy as np

    from ..autoencoder.corruption import Corruption
    from ..autoencoder.gather import channels_of
    from ..images import open_picture
    from ..models import open_model
    from ..restore import denoise as denoised
    from .queries import Query
    from .restored import Work, inside, pixels_of, restore_all, tell

    if clean is not None and (noise or occlude):
        raise typer.BadParameter(
            "--clean is for pictures that are noisy already: leave --noise and --occlude"
        )
    model = open_model(run)
    folders = [Path(name) for name in pictures if Path(name).is_dir()]

    def work(query: Query) -> Work:
        picture = pixels_of(query)
        compared = given = picture
        corruption = Corruption(noise, occlude, grey=channels_of(picture[None]) == 1)
        if corruption:
            given = corruption.apply(picture[None], seed=seed)[0]
        elif clean is not None:
            compared = np.asarray(open_picture(clean / inside(query, folders)))
        return Work(compared, given, denoised(model, given, way=way))

    restored, failures = restore_all(pictures, out, work)
    tell(restored, failures, as_json=as_json)
    if failures:
        raise typer.Exit(1)
