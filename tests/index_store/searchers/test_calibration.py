import math

import numpy as np
import pytest

from index_store.searchers import FlatSearcher, build, calibration
from index_store.searchers.calibration import shares_found

RNG = np.random.default_rng(3)
CENTRES = RNG.normal(size=(60, 16))
MADE = (CENTRES[RNG.integers(0, 60, 22_000)] + 0.4 * RNG.normal(size=(22_000, 16))).astype(np.float32)
VECTORS, FRESH = MADE[:20_000], MADE[20_000:]


# With 8 cells each has 2,500 vectors, as at ten millions.
@pytest.mark.parametrize("cells", [8, 128])
def test_fresh_queries_find_what_was_aimed_at_and_expected(cells):
    _, nearest = FlatSearcher(VECTORS, "l2").search(FRESH, 10)
    costs = []
    for recall in (0.95, 0.99, 0.998):
        searcher = build(f"IVF{cells},PQ16x4fs;recall={recall}", VECTORS, "l2")
        shares = shares_found(searcher.search(FRESH, 10)[1], nearest)
        error = float(shares.std()) / math.sqrt(len(shares))
        assert shares.mean() >= recall
        # The expectation has an error of its own.
        assert abs(shares.mean() - searcher.facts.recall) < 4 * error
        costs.append(searcher.cost_of(searcher.facts.effort.width) + 16 * searcher.facts.effort.shortlist)
    assert costs == sorted(set(costs))


def test_a_graph_finds_what_was_aimed_at_for_vectors_that_it_does_not_hold():
    _, nearest = FlatSearcher(VECTORS, "l2").search(FRESH, 10)
    searcher = build("hnsw;recall=0.99", VECTORS, "l2")
    assert searcher.covered == len(VECTORS)
    assert shares_found(searcher.search(FRESH, 10)[1], nearest).mean() >= 0.99
    assert searcher.search(VECTORS[-1:], 1)[1].tolist() == [[len(VECTORS) - 1]]


def test_more_queries_tell_much_recall_at_less_effort(monkeypatch):
    efforts = []
    for count in (1024, 4096):
        monkeypatch.setattr(calibration, "_QUERIES_FOR_MORE", count)
        efforts.append(build("IVF8,PQ16x4fs;recall=0.998", VECTORS, "l2").facts.effort)
    assert efforts[1].shortlist < efforts[0].shortlist
    assert efforts[1].width == efforts[0].width
