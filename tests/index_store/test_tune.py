import numpy as np
import pytest

from index_store.tune import Measured, recommended, tune

VECTORS = np.random.default_rng(0).normal(size=(1_500, 8)).astype(np.float32)


def test_every_structure_is_measured_against_exact_search():
    measured = list(tune(VECTORS, "l2", ["flat", "ivf,int8"], recall=0.9))
    assert [one.structure for one in measured] == ["flat;recall=0.9", "ivf,int8;recall=0.9"]
    flat, ivf = measured
    assert (flat.name, flat.recall, flat.bytes) == ("flat", 1.0, 0.0)
    # 1,350 vectors are left when a tenth of all has been held back to ask with.
    assert ivf.name == "IVF34,SQ8"
    assert 0.85 < ivf.recall <= 1
    assert 16 <= ivf.bytes < 40
    assert all(one.rate > 0 and one.milliseconds > 0 for one in measured)


def test_a_large_corpus_is_sampled():
    (flat,) = tune(VECTORS, "l2", ["ivf,int8"], sample=1_100)
    assert flat.name == "IVF28,SQ8"


FLAT = Measured("flat", "flat", 1.0, 100.0, 50.0, 0.0, 0.0)
HNSW = Measured("hnsw", "HNSW32,Flat", 0.999, 4_000.0, 0.4, 530.0, 90.0)
IVF = Measured("ivf,pq", "IVF2000,PQ64x4fs", 0.991, 9_000.0, 0.5, 42.0, 20.0)
RABITQ = Measured("ivf,rabitq", "IVF2000,RaBitQ", 0.96, 20_000.0, 0.5, 26.0, 20.0)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, IVF),
        ({"recall": 0.95}, RABITQ),
        ({"recall": 0.999}, HNSW),
        ({"recall": 0.999, "memory": 100.0}, FLAT),
        ({"memory": 30.0}, FLAT),
    ],
)
def test_the_fastest_of_those_that_find_enough_is_recommended(options, expected):
    assert recommended([FLAT, HNSW, IVF, RABITQ], **options) == expected


def test_where_none_finds_enough_the_one_that_finds_most_is_recommended():
    assert recommended([RABITQ, IVF], recall=1.0) == IVF


def test_exact_search_is_recommended_while_it_is_fast_enough():
    quick = Measured("flat", "flat", 1.0, 900.0, 2.0, 0.0, 0.0)
    assert recommended([quick, HNSW, IVF]) == quick
