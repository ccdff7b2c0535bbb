import pytest

from index_store.searchers.plans import plan_for
from index_store.structure import Structure


@pytest.mark.parametrize(
    ("structure", "count", "factory"),
    [
        ("auto", 100_000, ""),
        ("auto", 999_999, "IVF1998,PQ64x4fs"),
        ("auto", 1_000_000, "IVF3000,PQ64x4fs"),
        ("auto;recall=0.95", 1_000_000, "IVF3000,PQ64x4fs"),
        ("auto;recall=0.999", 999_999, "IVF3996,PQ64x4fs"),
        ("auto", 10_000_000, "IVF4096,PQ64x4fs"),
        ("auto;memory=300MB", 10_000_000, "IVF4096,RaBitQ"),
        ("auto;memory=200MB", 10_000_000, "64,BIVF4096"),
        ("auto;memory=10MB", 100_000, "PQ64x4fs"),
        ("int8", 100_000, "SQ8"),
        ("int8", 1_000_000, "IVF3000,SQ8"),
        ("hnsw,float16", 10_000, "HNSW32,SQfp16"),
        ("hnsw,binary", 10_000, "256,BHNSW32"),
        ("exact", 1_000_000, ""),
        ("flat", 1_000_000, ""),
        ("IVF64,SQ8", 500, ""),
        ("IVF64,SQ8", 5_000, "IVF64,SQ8"),
    ],
)
def test_what_is_built_for_64_dims(structure, count, factory):
    plan = plan_for(Structure.parse(structure), count, 64)
    assert plan.factory == factory
    assert plan.searcher == ("binary" if ",B" in factory else "faiss" if factory else plan.searcher)


@pytest.mark.parametrize(
    ("structure", "count", "reason"),
    [
        ("auto", 100_000, "100,000 vectors are few enough to compare with all of them"),
        ("auto", 1_000_000, "1,000,000 vectors are too many to compare with all of them, 32 bytes each"),
        ("auto;memory=1MB", 10_000_000, "and no code takes less than 160,000,000 bytes"),
        ("hnsw", 1_000_000, "as asked for"),
        ("ivf,int8", 999, "999 vectors are too few for ivf,int8, which needs 1,000 to learn from"),
    ],
)
def test_the_reason_is_told(structure, count, reason):
    assert reason in plan_for(Structure.parse(structure), count, 64).reason


def test_a_code_that_an_older_index_names_for_exact_search_is_none():
    assert plan_for(Structure.parse("exact,int8"), 5_000, 16).searcher == "exact"
