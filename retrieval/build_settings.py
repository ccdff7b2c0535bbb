"""How to build an index."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from index_store import OptionInvalid, Structure

from .encoder import Encoder, Model

AnyEncoder: TypeAlias = Model | Encoder | str | Path


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """How to build an index.

    dim: numbers a vector; None leaves it to the encoder. seed: the same seed fits the same encoder.
    structure: how to search, see `index_store.SEARCHERS`. head: solve a last layer for the pictures on top of
    an encoder that is given. recipe: how to fit an encoder, a name of `autoencoder.RECIPES`. decoder: train a
    decoder as well, which `reconstruct` needs and search does not.
    """

    dim: int | None = None
    seed: int = 0
    structure: Structure = "flat"
    head: bool = False
    recipe: str = "solved"
    decoder: bool = True

    def __post_init__(self) -> None:
        """Refuse a seed that no generator takes; the others are checked by who uses them."""
        if self.seed < 0:
            raise OptionInvalid(f"seed is {self.seed}, expected 0 or more")
