import numpy as np
import pytest
from PIL import Image

from retrieval.demo.color import Palette
from retrieval.demo.drawing import (
    BACKDROPS,
    Brush,
    Pose,
    Spot,
    before_backdrop,
    clear_layer,
    draw_spots,
    light_up,
    outline,
    ring_of,
    rotation,
)


def test_place_turns_scales_and_shifts():
    pose = Pose(np.array([50.0, 20.0]), 10 * rotation(np.pi / 2))
    np.testing.assert_allclose(
        pose.place(np.array([[1.0, 0.0], [0.0, 2.0]])), [(50, 30), (30, 20)], atol=1e-9
    )
    assert pose.radius == pytest.approx(10)


def test_a_pose_neither_squashed_nor_turned_is_its_spot():
    pose = Pose.draw(np.random.default_rng(0), Spot(np.array([5.0, 6.0]), 2.0), turn=0.0, squash=0.0)
    np.testing.assert_allclose(pose.place(np.array([[1.0, 0.0], [0.0, 1.0]])), [(7, 6), (5, 8)], atol=1e-9)


@pytest.mark.parametrize("mirror", [False, True])
def test_only_a_mirrored_pose_changes_sides(mirror):
    spot = Spot(np.zeros(2), 1.0)
    poses = [Pose.draw(np.random.default_rng(seed), spot, mirror=mirror) for seed in range(20)]
    sides = {float(np.sign(np.linalg.det(pose.frame))) for pose in poses}
    assert sides == ({-1.0, 1.0} if mirror else {1.0})
    assert all(0.85 < pose.radius <= 1 for pose in poses)


@pytest.mark.parametrize("seed", range(10))
def test_spots_are_in_the_picture_and_apart(seed):
    spots = draw_spots(np.random.default_rng(seed), 200, fewest=2, most=5, radius=(0.3, 0.5))
    centers = np.array([spot.center for spot in spots])
    radii = [spot.radius for spot in spots]
    assert 2 <= len(spots) <= 5
    assert centers.min() > 0
    assert centers.max() < 200
    assert radii == sorted(radii, reverse=True)
    assert max(radii) <= 0.5 * 200 / len(spots) ** 0.45 + 1e-9
    gaps = np.hypot(*(centers[:, None] - centers[None]).transpose(2, 0, 1))
    assert gaps[~np.eye(len(spots), dtype=bool)].min() > 20


def test_ring_of_angles_and_radii():
    ring = ring_of(np.array([0.0, np.pi / 2]), np.array([2.0, 3.0]))
    np.testing.assert_allclose(ring, [[2, 0], [0, 3]], atol=1e-9)


def test_outline_goes_there_above_and_back_below():
    points = outline(np.array([0.0, 1.0]), np.array([0.5, 0.25]))
    assert points.tolist() == [[0, -0.5], [1, -0.25], [1, 0.25], [0, 0.5]]


@pytest.fixture
def brush():
    return Brush(clear_layer(100), Pose(np.array([50.0, 50.0]), 40 * np.eye(2)))


def painted(brush):
    return np.asarray(brush.layer.getchannel("A")) > 0


def test_fill_covers_the_polygon(brush):
    brush.fill(np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]), (1, 2, 3))
    assert brush.layer.getpixel((50, 50)) == (1, 2, 3, 255)
    assert painted(brush).sum() == pytest.approx(41 * 41)


def test_a_disc_with_a_hole_is_a_ring(brush):
    brush.disc((0.0, 0.0), 1.0, (9, 9, 9))
    brush.hole((0.0, 0.0), 0.5)
    assert painted(brush).sum() == pytest.approx(np.pi * (40**2 - 20**2), rel=0.05)
    assert not painted(brush)[50, 50]


def test_a_stroke_has_its_width_and_at_least_a_pixel(brush):
    brush.stroke(np.array([[-1.0, 0.0], [1.0, 0.0]]), (9, 9, 9), width=0.1)
    assert painted(brush)[:, 50].sum() == 4
    brush.stroke(np.array([[0.0, -1.0], [0.0, -0.5]]), (9, 9, 9), width=0.0001)
    assert painted(brush)[20].sum() == 1


GREENS = Palette(np.linspace([0, 0.2, 0], [0, 1, 0], 256, dtype=np.float32))


@pytest.mark.parametrize("backdrop", BACKDROPS)
def test_backdrops_fill_the_picture_with_colors_of_the_palette(backdrop):
    colors = backdrop(np.random.default_rng(0), 40, GREENS)
    assert colors.shape == (40, 40, 3)
    assert colors[..., [0, 2]].max() == 0
    assert 0.2 <= colors[..., 1].min() < colors[..., 1].max() <= 1


def test_a_clear_layer_shows_only_the_backdrop():
    picture = np.asarray(before_backdrop(np.random.default_rng(1), clear_layer(40), GREENS))
    assert picture.shape == (40, 40, 3)
    assert picture[..., [0, 2]].max() == 0


def test_a_subject_hides_the_backdrop_and_darkens_it_beside():
    layer = clear_layer(40)
    layer.paste((250, 0, 0, 255), (10, 10, 30, 30))
    staged, empty = (
        np.asarray(before_backdrop(np.random.default_rng(2), subject, GREENS)).astype(int)
        for subject in (layer, clear_layer(40))
    )
    assert staged[10:30, 10:30, 0].min() > 150
    assert staged[10:30, 10:30, 1].max() == 0
    outside = np.ones((40, 40), dtype=bool)
    outside[10:30, 10:30] = False
    change = (staged - empty)[outside][:, 1]
    assert change.max() == 0
    assert change.min() < 0


def test_a_subject_that_covers_everything_is_only_shaded():
    layer = Image.new("RGBA", (40, 40), (200, 0, 0, 255))
    reds = np.asarray(before_backdrop(np.random.default_rng(3), layer, GREENS))[..., 0]
    assert reds.min() == pytest.approx(0.8 * 200, abs=1)
    assert reds.max() == pytest.approx(1.25 * 200, abs=1)


def test_light_changes_a_picture_but_not_what_it_shows():
    board = Image.fromarray(
        np.kron(np.indices((4, 4)).sum(axis=0) % 2, np.full((12, 12), 200)).astype(np.uint8)
    )
    board = board.convert("RGB")
    for seed in range(10):
        lit = light_up(np.random.default_rng(seed), board)
        assert (lit.mode, lit.size) == ("RGB", board.size)
        assert lit.tobytes() != board.tobytes()
        before, after = (np.asarray(picture.convert("L"), dtype=float).ravel() for picture in (board, lit))
        assert np.corrcoef(before, after)[0, 1] > 0.85


def test_light_differs_from_draw_to_draw():
    grey = Image.new("RGB", (32, 32), (128, 128, 128))
    means = [np.asarray(light_up(np.random.default_rng(seed), grey)).mean() for seed in range(12)]
    assert np.ptp(means) > 15


def test_light_is_uneven():
    grey = Image.new("RGB", (32, 32), (128, 128, 128))
    lit = np.asarray(light_up(np.random.default_rng(0), grey), dtype=float)
    quarters = lit.reshape(2, 16, 2, 16, 3).mean(axis=(1, 3, 4))
    assert np.ptp(quarters) > 2
