"""Atoms: the directions around which patches gather."""

import numpy as np

from retrieval.autoencoder.solved.atoms import find_atoms, sparse_codes


def test_atoms_are_the_directions_that_patches_come_from():
    rng = np.random.default_rng(0)
    patches = np.eye(5)[np.arange(1000) % 5] + rng.normal(scale=0.02, size=(1000, 5))
    atoms = find_atoms(patches.astype(np.float32), 5, seed=0)
    np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.sort(atoms.max(axis=1)), np.ones(5), atol=0.05)
    assert set(atoms.argmax(axis=1)) == set(range(5))


def test_few_patches_make_few_atoms():
    patches = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    assert find_atoms(patches, 2048, seed=0).shape == (2, 4)


def test_a_code_is_what_exceeds_the_threshold():
    atoms = np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32)
    codes = sparse_codes(np.array([[0.8, 0.6], [0.1, 0.995]], dtype=np.float32), atoms, 0.2)
    np.testing.assert_allclose(codes, [[0.6, 0.4, 0], [0, 0.795, 0]], atol=1e-6)
