"""`retrieve denoise`: a denoising autoencoder applied to pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from .options import JsonOption, OverwriteOption, SeedOption, finite
from .printing import note, printable


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
        float,
        typer.Option(
            min=0.0, callback=finite, help="First add noise of this deviation, on values of 0 to 1."
        ),
    ] = 0.0,
    occlude: Annotated[
        float,
        typer.Option(min=0.0, max=0.99, callback=finite, help="First cover this share of each picture."),
    ] = 0.0,
    clean: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Pictures of the same names and sizes to compare the results with."),
    ] = None,
    tiling: Annotated[
        Literal["auto", "whole", "tiles"],
        typer.Option("--way", help="Shrink the picture whole to the network's size, or go tile by tile."),
    ] = "auto",
    overwrite: OverwriteOption = False,
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
    from ..autoencoder.corruption import Corruption
    from ..autoencoder.dataset import channels_of
    from ..models import open_model
    from ..restore import denoise as denoised
    from .queries import Query
    from .restored import Restoration, clean_picture, pixels_of, restore_all

    if clean is not None and (noise or occlude):
        raise typer.BadParameter(
            "--clean is for pictures that are noisy already: leave --noise and --occlude"
        )
    model = open_model(run)
    model.require_decoder()
    _note_clean_training(run)

    def restore(query: Query) -> Restoration:
        picture = pixels_of(query)
        reference = given = picture
        corruption = Corruption(noise, occlude, grey=channels_of(picture[None]) == 1)
        if corruption:
            given = corruption.apply(picture[None], seed=seed)[0]
        elif clean is not None:
            reference = clean_picture(clean, query, picture, among=pictures)
        return Restoration(reference, given, denoised(model, given, tiling=tiling))

    restore_all(pictures, out, restore, overwrite=overwrite, as_json=as_json)


def _note_clean_training(run: Path) -> None:
    """Say so where a run never saw noise: it gives back what it is given, or less."""
    from ..autoencoder.options import TrainingOptions
    from ..autoencoder.run import CONFIG, Run

    if not (run / CONFIG).is_file():
        return
    options = TrainingOptions.of_run(Run.open(run))
    if not (options.noise or options.occlude):
        note(
            f"retrieve: run {printable(run)} was not trained to denoise: train one with --noise or --occlude"
        )
