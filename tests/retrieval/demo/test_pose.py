import numpy as np
import pytest

from retrieval.demo.pose import Pose, Spot, draw_spots, outline, ring_of, rotation


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
