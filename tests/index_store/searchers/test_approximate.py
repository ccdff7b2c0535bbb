import numpy as np
import pytest

from index_store.searchers import approximate, build
from index_store.searchers.approximate import training_sample
from index_store.searchers.plans import num_cells


@pytest.mark.parametrize(
    ("count", "cells"),
    [(0, 1), (1, 1), (77, 1), (78, 2), (2_000, 51), (24_336, 312), (999_999, 1_998), (1_000_000, 3_000)],
)
def test_every_cell_gets_39_vectors_to_learn_from(count, cells):
    assert num_cells(count) == cells
    assert cells == 1 or count >= 39 * cells


def test_the_sample_is_drawn_from_all_vectors(monkeypatch):
    monkeypatch.setattr(approximate, "_LEAST_SAMPLE", 0)
    vectors = np.arange(10_000, dtype=np.float32).reshape(-1, 1)
    sample = training_sample(vectors, 500)
    assert len(np.unique(sample)) == 500
    assert 4_500 < sample.mean() < 5_500
    np.testing.assert_array_equal(training_sample(vectors, 500), sample)
    assert training_sample(vectors, 20_000) is vectors


def test_vectors_added_late_are_found_though_those_added_first_are_alike():
    late = np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)
    vectors = np.concatenate([np.full((500, 8), 0.01, dtype=np.float32), late])
    _, positions = build("ivf", vectors, "l2").search(late[:50], 1)
    np.testing.assert_array_equal(positions.ravel(), np.arange(500, 550))


def test_few_vectors_raise_no_warning(capfd):
    build("ivf,int8", np.random.default_rng(0).normal(size=(1000, 8)).astype(np.float32), "l2")
    assert capfd.readouterr() == ("", "")
