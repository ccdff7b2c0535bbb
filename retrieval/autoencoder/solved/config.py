"""The choices of the solved encoder, as data: one config for photographs, one for aligned pictures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BranchConfig:
    """One branch of the encoder, which sees patches of the picture averaged down by `factor`.

    patch, stride: in pixels of the picture averaged down. atoms: how many kinds of patch it tells apart.
    threshold: the cosine above which a patch counts as similar to an atom. Patches of one pixel are colours:
    those keep their brightness, larger ones lose it.
    """

    factor: int
    stride: int = 1
    patch: int = 5
    atoms: int = 2048
    threshold: float = 0.2

    @property
    def name(self) -> str:
        """The prefix of the names of its layers."""
        return f"patches_{self.factor}" if self.patch > 1 else f"colors_{self.factor}"


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """What the steps of `solve` are to do.

    least_side: the smallest share of a side that a view shows. mirror: whether half of the views are
    mirrored. content_dims, content_ridge: of the shared content. grid: cells along a side when pooling.
    branch_dims: how many directions of each branch the latent vector starts from, beside those of all
    branches together. ridge_pictures: `ridge_pictures` / pictures is the share of the mean variance within
    pictures that is added to the variance in every direction; the fewer the pictures, the less exactly that
    variance is known.
    """

    branches: tuple[BranchConfig, ...]
    least_side: float
    mirror: bool
    branch_dims: int
    content_dims: int = 128
    content_ridge: float = 3e-4
    grid: int = 4
    num_views: int = 10
    ridge_pictures: float = 250.0
    joint_ridge: float = 0.1


def colors(factor: int) -> BranchConfig:
    """The branch of colours, on the picture averaged down by `factor`."""
    return BranchConfig(factor, patch=1, atoms=256, threshold=0.8)


def choose_config(size: int, *, aligned: bool) -> EncoderConfig:
    """The config for pictures of `size` pixels.

    Photographs: the place of something says little, so views may show half of each side, and may be mirrored;
    colour says much. Aligned pictures, such as digits: the place says most, a mirrored one may be another
    sign, and brightness depends on who took them. `docs/design.md` has the figures behind each.
    """
    if aligned:
        whole = size // 32
        branches = tuple(BranchConfig(whole * factor) for factor in (1, 2, 4))
        return EncoderConfig(branches, least_side=0.92, mirror=False, branch_dims=32)
    if size <= 32:
        branches = (BranchConfig(1), BranchConfig(2), colors(2))
    else:
        branches = (BranchConfig(1, stride=3), BranchConfig(2), BranchConfig(4), colors(4))
    return EncoderConfig(branches, least_side=0.5, mirror=True, branch_dims=64)
