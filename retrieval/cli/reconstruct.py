"""`retrieve reconstruct`: what an autoencoder keeps of a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import IndexOption, JsonOption, OverwriteOption, find_index


def reconstruct(
    pictures: Annotated[
        list[str], typer.Argument(metavar="IMG...", help="Pictures, folders of pictures, or - for stdin.")
    ],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the pictures go, as PNG.")],
    directory: IndexOption = None,
    run: Annotated[
        Path | None, typer.Option("--run", metavar="DIR", help="A training run, instead of an index.")
    ] = None,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Draw what the autoencoder of an index or a run keeps of IMG, at the picture's own size.

    PSNR and SSIM compare it with the picture itself.

    \b
    retrieve reconstruct img.png --out reconstructed --index photos/
    """
    from ..models import open_model
    from ..restore import reconstruct as reconstructed
    from .queries import Query
    from .restored import Restoration, pixels_of, restore_all

    if run is not None and directory is not None:
        raise typer.BadParameter("--run and --index exclude each other: name one")
    model = open_model(run or find_index(directory))
    model.require_decoder()

    def restore(query: Query) -> Restoration:
        picture = pixels_of(query)
        return Restoration(picture, picture, reconstructed(model, picture))

    restore_all(pictures, out, restore, overwrite=overwrite, as_json=as_json)
