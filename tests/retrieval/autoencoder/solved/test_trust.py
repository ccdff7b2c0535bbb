"""Trust in parts and agreement of colours, on vectors whose neighbours are known."""

import numpy as np
import pytest

from retrieval.autoencoder.solved.config import choose_config, colors
from retrieval.autoencoder.solved.last_layers import Part
from retrieval.autoencoder.solved.lda import Linear
from retrieval.autoencoder.solved.trust import (
    color_agreement,
    part_weights,
    standard_similarities,
    weigh,
)

NOTHING = Linear(np.zeros((1, 1), dtype=np.float32), np.zeros(1, dtype=np.float32))


def of_kinds(rng, *, num=240, kinds=24, noise=0.3):
    """Vectors of pictures of 24 kinds in turn; with noise 9 the kinds are all but lost."""
    centers = rng.normal(size=(kinds, 16))[np.arange(num) % kinds]
    return (centers + noise * rng.normal(size=(num, 16))).astype(np.float32)


def test_similarities_are_in_deviations_from_the_mean():
    vectors = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    beside = ~np.eye(30, dtype=bool)
    cosines = (unit @ unit.T)[beside]
    found = standard_similarities(vectors)
    np.testing.assert_allclose(found[beside], (cosines - cosines.mean()) / cosines.std(), atol=1e-4)
    assert (np.diag(found) == 0).all()


def test_a_part_that_others_do_not_confirm_counts_less():
    rng = np.random.default_rng(0)
    parts = [standard_similarities(of_kinds(rng, noise=noise)) for noise in (0.3, 0.3, 0.3, 9.0)]
    weights = part_weights(parts, ["a", "a", "b", "c"])
    np.testing.assert_array_equal(weights[:3], 1)
    assert weights[3] < 0.1


def test_parts_of_one_branch_do_not_confirm_each_other():
    rng = np.random.default_rng(0)
    right = [standard_similarities(of_kinds(rng)) for _ in range(2)]
    alone = standard_similarities(of_kinds(rng, noise=9.0))
    weights = part_weights([*right, alone, alone], ["a", "b", "c", "c"])
    assert weights[:2].min() == 1
    assert weights[2:].max() < 0.1


def test_weights_follow_the_rule():
    # Three pictures' nearest two are always the others; with more, overlaps decide: all the same here.
    same = standard_similarities(of_kinds(np.random.default_rng(0)))
    np.testing.assert_array_equal(part_weights([same, same], ["a", "b"]), [1, 1])


@pytest.mark.parametrize("count", [2, 3, 8])
def test_pictures_that_are_all_alike_have_finite_weights(count):
    alike = standard_similarities(np.ones((count, 4), dtype=np.float32))
    none = standard_similarities(np.zeros((count, 4), dtype=np.float32))
    assert np.isfinite(part_weights([alike, none], ["a", "b"])).all()
    assert np.isfinite(color_agreement([alike, none], [True, False]))


def test_color_agrees_with_form_where_both_follow_the_kind():
    rng = np.random.default_rng(0)
    form, color = (standard_similarities(of_kinds(rng)) for _ in range(2))
    other = standard_similarities(rng.normal(size=(240, 16)).astype(np.float32))
    assert color_agreement([form, color], [False, True]) > 2.8
    assert abs(color_agreement([form, other], [False, True])) < 0.5


@pytest.mark.parametrize(
    ("aligned", "agrees", "kept"), [(True, True, 4), (True, False, 3), (False, False, 4)]
)
def test_colors_stay_unless_aligned_pictures_do_not_bear_them_out(aligned, agrees, kept):
    rng = np.random.default_rng(0)
    config = choose_config(64, aligned=aligned)
    parts = []
    for branch in config.branches:
        noise = 9.0 if branch.is_of_colors and not agrees else 0.3
        parts.append(Part(branch, NOTHING, of_kinds(rng, noise=noise)[:, None]))
    chosen, weights, found = weigh(parts, config, np.arange(200))
    assert [part.branch for part in chosen] == list(config.branches[:kept])
    assert (len(weights), found["colors"]) == (kept, kept == 4)
    assert config.branches[3] == colors(4)
