"""The model that an index is built with: given, given and completed for the pictures, or fitted to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from index_store import OptionInvalid

from .build_settings import AnyEncoder, BuildSettings
from .encoder import Model
from .models import is_of_keras, open_model
from .progress import Progress
from .sample import FitSample, draw_sample


def given_model(encoder: AnyEncoder | None, settings: BuildSettings) -> Model | None:
    """The model of `encoder` if the index is to be built with it as it is; None if something is to be fitted.

    Raises:
        EncoderInvalid: nothing of the kind is there.
        OptionInvalid: other settings than go with it.
    """
    if settings.head and encoder is None:
        raise OptionInvalid(
            "head is for an encoder that is given, the default one has such a layer: leave it out"
        )
    if encoder is None or settings.head:
        return None
    model = open_model(encoder)
    if settings.dim not in {None, model.encoder.dim}:
        raise OptionInvalid(
            f"dim is {settings.dim}, but the encoder given makes {model.encoder.dim}-dim vectors: "
            "leave dim out"
        )
    return model


def fit_model(
    folder: Path,
    paths: Sequence[str],
    *,
    encoder: AnyEncoder | None,
    settings: BuildSettings,
    progress: Progress,
) -> tuple[Model, FitSample | None]:
    """Fit the default encoder to the pictures at `paths` in `folder`, or a last layer on top of `encoder`.

    With the default encoder comes the sample that it was fitted to.

    Raises:
        NoPictures: none of them can be read. EncoderInvalid: `encoder` is none.
    """
    if encoder is not None:
        return _with_head(encoder, folder, paths, settings, progress), None
    sample = draw_sample(folder, paths, seed=settings.seed, progress=progress)
    # Here and not above: TensorFlow takes ten seconds to load.
    with progress.step("load TensorFlow"):
        from .autoencoder import RECIPES
    recipe = RECIPES[settings.recipe]
    model = recipe.fit(
        sample.pictures, dim=settings.dim, seed=settings.seed, decoder=settings.decoder, progress=progress
    )
    return model, sample


def _with_head(
    encoder: AnyEncoder, folder: Path, paths: Sequence[str], settings: BuildSettings, progress: Progress
) -> Model:
    """The model of `encoder` with a last layer solved from a few hundred of the pictures."""
    with progress.step("load TensorFlow"):
        from .autoencoder.head import HeadOptions, head_sample
        from .autoencoder.pretrained import PretrainedEncoder
    if isinstance(encoder, (str, Path)) and is_of_keras(encoder):
        pretrained = PretrainedEncoder.open(encoder)
    else:
        pretrained = PretrainedEncoder.of(open_model(encoder), name=str(encoder))
    pictures = head_sample(folder, paths, size=pretrained.description.size, seed=settings.seed)
    chosen = {} if settings.dim is None else {"dim": settings.dim}
    options = HeadOptions(**chosen, seed=settings.seed)
    return pretrained.with_head(pictures, options=options, progress=progress).model()
