import numpy as np
import pytest

from index_store.errors import OptionInvalid
from index_store.tune import MeasuredStructure, measure_structures, recommended_structure

VECTORS = np.random.default_rng(0).normal(size=(1_500, 8)).astype(np.float32)


def test_every_structure_is_measured_against_exact_search():
    measured = list(measure_structures(VECTORS, "l2", ["flat", "ivf,int8"], recall=0.9))
    assert [one.structure for one in measured] == ["flat;recall=0.9", "ivf,int8;recall=0.9"]
    flat, ivf = measured
    assert (flat.name, flat.recall, flat.bytes) == ("flat", 1.0, 0.0)
    # 1,350 vectors are left when a tenth of all has been held back to ask with.
    assert ivf.name == "IVF34,SQ8"
    assert 0.85 < ivf.recall <= 1
    assert 16 <= ivf.bytes < 40
    assert all(one.rate > 0 and one.milliseconds > 0 for one in measured)


def test_a_large_corpus_is_sampled():
    (flat,) = measure_structures(VECTORS, "l2", ["ivf,int8"], sample=1_100)
    assert flat.name == "IVF28,SQ8"


FLAT = MeasuredStructure("flat", "flat", 1.0, 100.0, 50.0, 0.0, 0.0)
HNSW = MeasuredStructure("hnsw", "HNSW32,Flat", 0.999, 4_000.0, 0.4, 530.0, 90.0)
IVF = MeasuredStructure("ivf,pq", "IVF2000,PQ64x4fs", 0.991, 9_000.0, 0.5, 42.0, 20.0)
RABITQ = MeasuredStructure("ivf,rabitq", "IVF2000,RaBitQ", 0.96, 20_000.0, 0.5, 26.0, 20.0)


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
    assert recommended_structure([FLAT, HNSW, IVF, RABITQ], **options) == expected


def test_where_none_finds_enough_the_one_that_finds_most_is_recommended():
    assert recommended_structure([RABITQ, IVF], recall=1.0) == IVF


def test_exact_search_is_recommended_while_it_is_fast_enough():
    quick = MeasuredStructure("flat", "flat", 1.0, 900.0, 2.0, 0.0, 0.0)
    assert recommended_structure([quick, HNSW, IVF]) == quick


def test_of_exact_searches_the_simplest_is_recommended_whatever_the_clock_says():
    flat = MeasuredStructure("flat", "flat", 1.0, 900.0, 1.0, 0.0, 0.0)
    also_flat = MeasuredStructure("ivf,rabitq", "flat", 1.0, 950.0, 0.9, 0.0, 0.0)
    assert recommended_structure([flat, also_flat]) == flat


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_vectors_to_compare_with_are_refused(count):
    with pytest.raises(OptionInvalid, match=f"there are {count} vectors, expected 2 or more"):
        next(measure_structures(VECTORS[:count], "l2"))
