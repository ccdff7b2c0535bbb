from __future__ import annotations

import numpy as np
import pytest

from index_store import Index
from retrieval.indexing.drift import drift_of


@pytest.fixture
def index_of(tmp_path):
    """An index of `old` vectors and then `new` ones, whose encoder was fitted before the latter came."""

    def index_of(old, new, fitted=True):
        settings = {"fitted": {"pictures": len(old)} if fitted else None, "first_new_id": len(old)}
        index = Index.create(tmp_path / "index", old.shape[1], settings=settings)
        index.add(old)
        if len(new):
            index.add(new)
        index.save()
        return index

    return index_of


def around(center, count, seed, spread=0.3):
    random = np.random.default_rng(seed)
    return np.eye(16)[center] + spread * random.standard_normal((count, 16))


def test_more_of_the_same_is_no_drift(index_of):
    assert drift_of(index_of(around(0, 300, 1), around(0, 300, 2))) is None


def test_pictures_of_another_kind_are_told_with_what_to_do(index_of):
    drift = drift_of(index_of(around(0, 300, 1), around(1, 200, 2)))
    assert (drift.new, drift.pictures) == (200, 500)
    assert drift.share > 0.95
    assert str(drift).startswith("200 of the 500 pictures came after the encoder was fitted and are unlike")
    assert str(drift).endswith("index again with --refit")
    assert drift.to_json()["share"] == pytest.approx(drift.share, abs=1e-4)


def test_the_share_is_counted_over_all_pairs(index_of):
    old = np.array([[1.0, 0, 0]] * 40 + [[0.8, 0.6, 0]] * 1)
    drift = drift_of(index_of(old, np.array([[0.0, 0, 1]] * 40)))
    # Old ones have a twin at distance 0, but for one at distance 0.2; new ones are at distance 1 of all.
    assert drift.share == 1.0


def test_a_few_pictures_of_another_kind_are_no_reason_to_refit(index_of):
    assert drift_of(index_of(around(0, 400, 1), around(1, 29, 2))) is None


def test_a_tenth_of_the_corpus_at_least_has_to_be_new(index_of):
    assert drift_of(index_of(around(0, 400, 1), around(1, 40, 2))) is None


def test_an_encoder_that_was_given_cannot_drift(index_of):
    assert drift_of(index_of(around(0, 300, 1), around(1, 200, 2), fitted=False)) is None


def test_copies_of_old_pictures_are_no_drift(index_of):
    old = around(0, 300, 1)
    assert drift_of(index_of(old, old)) is None
