"""The choices of the solved encoder, as data: one recipe for photographs, one for aligned pictures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """One branch of the encoder, which sees patches of the picture averaged down by `factor`.

    patch, stride: in pixels of the picture averaged down. atoms: how many kinds of patch it tells apart.
    threshold: the cosine from which on a patch counts as akin to an atom. Patches of one pixel are colours:
    those keep their brightness, larger ones lose it.
    """

    factor: int
    stride: int = 1
    patch: int = 5
    atoms: int = 2048
    threshold: float = 0.2

    @property
    def name(self) -> str:
        """What layers are called after."""
        return f"patches_{self.factor}" if self.patch > 1 else f"colors_{self.factor}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the steps of `solve` are to do.

    least_side: the smallest share of a side that a view shows. mirror: whether half of the views are
    mirrored. content_dims, content_ridge: of the shared content. grid: cells along a side when pooling.
    scale_dims: how many directions of each scale the latent vector starts from, beside those of all scales
    together. ridge_pictures: `ridge_pictures` / pictures is the share of the mean variance within pictures
    that is added to every direction's, since that variance is the worse known the fewer they are.
    """

    scales: tuple[Scale, ...]
    least_side: float
    mirror: bool
    scale_dims: int
    content_dims: int = 128
    content_ridge: float = 3e-4
    grid: int = 4
    num_views: int = 10
    ridge_pictures: float = 250.0
    joint_ridge: float = 0.1


def colors(factor: int) -> Scale:
    """The branch of colours, on the picture averaged down by `factor`."""
    return Scale(factor, patch=1, atoms=256, threshold=0.8)


def choose_recipe(size: int, *, aligned: bool) -> Recipe:
    """The recipe for pictures of `size` pixels.

    Photographs: where something is says little, so views may show half of each side, and may be mirrored;
    colour tells much. Aligned pictures, say digits: the place is what tells, a mirrored one may be another
    sign, and brightness depends on who took them. `docs/design.md` has the figures behind each.
    """
    if aligned:
        whole = size // 32
        scales = tuple(Scale(whole * factor) for factor in (1, 2, 4))
        return Recipe(scales, least_side=0.92, mirror=False, scale_dims=32)
    if size <= 32:
        scales = (Scale(1), Scale(2), colors(2))
    else:
        scales = (Scale(1, stride=3), Scale(2), Scale(4), colors(4))
    return Recipe(scales, least_side=0.5, mirror=True, scale_dims=64)
