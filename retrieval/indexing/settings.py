"""How to build an index, as a person says it."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

from index_store import OptionInvalid, check_store, check_structure

from .ray_job import check_ray


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """How to build an index. What is None is as when the index was made, or has its default.

    dim: numbers a vector; by default 64, or as many as an encoder makes that is given. seed: the same seed
    fits the same encoder; 0. structure: how to search, see `index_store.Structure`; "auto". adapt: make an
    encoder that is given better by the pictures. recipe: how to fit an encoder, a name of
    `autoencoder.RECIPES`; "solved". decoder: solve a decoder as well, which `reconstruct` needs and search
    does not. refit: make an index that is there anew, with another encoder. store: where vectors and rows go
    if not into the directory of the index, as in "milvus:http://host:19530". ray: the address of a cluster
    that is to embed, as in "host:6379", or "local" to start one here; by default this process does.
    """

    dim: int | None = None
    seed: int | None = None
    structure: str | None = None
    adapt: bool = False
    recipe: str | None = None
    decoder: bool = True
    refit: bool = False
    store: str | None = None
    ray: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be, a seed below 0 or an unknown structure or store, before anything is done."""
        for name, value, least in (("dim", self.dim, 1), ("seed", self.seed, 0)):
            if value is not None and not (isinstance(value, Integral) and value >= least):
                raise OptionInvalid(f"{name} is {value!r}, expected {least} or more, a whole number")
        if self.structure is not None:
            check_structure(self.structure)
        if self.store is not None:
            check_store(self.store)
        check_ray(self.ray)
