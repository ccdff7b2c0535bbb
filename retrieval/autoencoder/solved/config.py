"""The choices of the solved encoder, as data: one config for photographs, one for aligned pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

COLOR_AGREEMENT = 2.8
"""Drawn objects told apart by colour have 4.6 and more, sign-digits 2.0, on which colours do harm."""

MILD_SIDE = 0.92
"""The smallest share of a side that a view shows which keeps things in their places."""

# Of photographs. A threshold of .1 in place of .2: grocery's mAP .675 to .685, others within .01; sign-digits
# would lose .08.
_SOFT = 0.1
# Fewer atoms, contents and colours than where place tells more, and two views more, for less time in all: as
# good on seven folders, and the encoder takes three quarters of the time.
_ATOMS = 256
_CONTENTS = 64
_COLOR_DIMS = 36
_VIEWS = 12
# In radians, 7.5 degrees; and across for each step down.
_TURN = 0.13
_SLANT = 0.15
# No folder of ours reaches it.
_MOST_GATHERING = 10.0


@dataclass(frozen=True, slots=True)
class BranchConfig:
    """One branch of the encoder, which sees patches of the picture averaged down by `factor`.

    patch, stride: in pixels of the picture averaged down. atoms: how many kinds of patch it tells apart.
    threshold: the cosine above which a patch counts as similar to an atom. color_dims: how many directions of
    colour it keeps beside those of light; without any it sees light alone.
    Patches of one pixel are colours: those keep their brightness, larger ones lose it.
    """

    factor: int
    stride: int = 1
    patch: int = 5
    atoms: int = 512
    threshold: float = 0.2
    color_dims: int = 50

    @property
    def name(self) -> str:
        """The prefix of the names of its layers."""
        return f"colors_{self.factor}" if self.is_of_colors else f"patches_{self.factor}"

    @property
    def is_of_colors(self) -> bool:
        """Whether it sees single pixels, which have a colour and no form."""
        return self.patch == 1


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """What the steps of `solve` are to do.

    least_side: the smallest share of a side that a view shows. mirror: whether half of the views are
    mirrored. tilt: None draws views at random; else views are spread evenly, turned by so many radians and
    slanted by so much. least_color_agreement: how far colours have to agree with form for their branch to
    stay, see `trust.color_agreement`; None keeps it. layout_neighbors: among how many nearest pictures two
    have to find each other for their layouts to be compared, which decides whether the layout is a part.
    content_dims, content_ridge: of the shared content. grid: cells along a side when pooling by place.
    pair_dims: how many of the contents are pooled by pairs. part_dims: directions of each pooling of each
    branch; of these the latent vector starts from `leading_dims`, beside those of all together.
    ridge_pictures: `ridge_pictures` / pictures is the share of the mean variance within pictures that is
    added to the variance in every direction; the fewer the pictures, the less exactly that variance is known.
    neighbors: among how many nearest pictures two have to find each other to be linked.
    gatherings: how many times it is found where pictures gather. most_gathering: what that layer counts at
    most, where another one counts 1.
    """

    branches: tuple[BranchConfig, ...]
    least_side: float
    mirror: bool
    leading_dims: int
    tilt: tuple[float, float] | None = None
    least_color_agreement: float | None = None
    layout_neighbors: int = 15
    content_dims: int = 128
    content_ridge: float = 3e-4
    grid: int = 4
    pair_dims: int = 64
    part_dims: int = 128
    num_views: int = 10
    ridge_pictures: float = 250.0
    joint_dims: int = 64
    joint_ridge: float = 0.1
    neighbors: int = 5
    gatherings: int = 2
    most_gathering: float = 1.0

    @property
    def is_aligned(self) -> bool:
        """Whether the same place is to mean the same thing in all pictures."""
        return self.tilt is not None


def colors(factor: int) -> BranchConfig:
    """The branch of colours, on the picture averaged down by `factor`."""
    return BranchConfig(factor, patch=1, atoms=256, threshold=0.8)


def choose_config(size: int, *, aligned: bool, turned: bool = False, grey: bool = False) -> EncoderConfig:
    """The config for pictures of `size` pixels.

    aligned: whether the same place means the same thing in all; turned: whether near ones are turned then.
    grey: whether colours tell nothing; then none are seen.

    Photographs: the place of something says little, so views may show half of each side, and may be mirrored;
    colour says much. Aligned pictures, such as digits: the place says most, a mirrored one may be another
    sign, and brightness may depend on who took them: their colours stay where they agree with form, their
    layout counts where it bears out what is near, and views are turned where near pictures are. There
    what sets near pictures apart is how something is written, not what: gathering counts by all that it is
    worth. `docs/design.md` has the figures behind each.
    """
    if aligned:
        whole = size // 32
        patches = [BranchConfig(whole * factor) for factor in (1, 2, 4)]
        return EncoderConfig(
            _branches(patches, colors(whole * 2), grey=grey),
            least_side=MILD_SIDE,
            mirror=False,
            leading_dims=32,
            tilt=(_TURN, _SLANT) if turned else (0.0, 0.0),
            least_color_agreement=COLOR_AGREEMENT,
            layout_neighbors=5,
            gatherings=3 if turned else 2,
            most_gathering=_MOST_GATHERING if turned else 1.0,
        )
    if size <= 32:
        patches, factor = [BranchConfig(1), BranchConfig(2)], 2
    else:
        patches, factor = [BranchConfig(1, stride=3), BranchConfig(2), BranchConfig(4)], 4
    patches = [replace(each, atoms=_ATOMS, threshold=_SOFT, color_dims=_COLOR_DIMS) for each in patches]
    branches = _branches(patches, colors(factor), grey=grey)
    return EncoderConfig(
        branches, least_side=0.5, mirror=True, leading_dims=64, content_dims=_CONTENTS, num_views=_VIEWS
    )


def _branches(
    patches: list[BranchConfig], of_colors: BranchConfig, *, grey: bool
) -> tuple[BranchConfig, ...]:
    return tuple(replace(each, color_dims=0) for each in patches) if grey else (*patches, of_colors)


def probing(size: int) -> tuple[BranchConfig, BranchConfig, BranchConfig]:
    """Small branches for pictures of `size` pixels: of grey forms, of colours, and of more colours."""
    of_colors = colors(size // 16)
    forms = BranchConfig(size // 32, stride=2, atoms=128, color_dims=0)
    return forms, replace(of_colors, atoms=128), of_colors
