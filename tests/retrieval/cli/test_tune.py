import numpy as np
import pytest

from index_store import Index
from retrieval import Retriever

VECTORS = np.random.default_rng(0).normal(size=(1_200, 8)).astype(np.float32)


@pytest.fixture
def vectors_index(tmp_path):
    """An index of vectors: what `tune` looks at."""
    with Index.create(tmp_path / "index", 8) as index:
        index.add(VECTORS)
        index.save()
    return tmp_path / "index"


def test_structures_are_compared_and_one_is_recommended(retrieve, vectors_index):
    told = retrieve("tune", vectors_index, "--structure", "flat", "--structure", "ivf,int8")
    lines = told.out.splitlines()
    assert lines[0].split() == ["structure", "recall@10", "queries/s", "one,", "ms", "bytes", "built,", "s"]
    assert [line.split()[0] for line in lines[1:3]] == ["flat", "ivf,int8"]
    assert lines[1].split()[1] == "1.0000"
    # It compares with all of so few, as flat does, and will not when they are many.
    assert lines[3] == "recommended: auto; the index asks for auto"
    assert "next:" not in told.out + told.err


def test_the_comparison_as_json(retrieve, vectors_index):
    arguments = ("--structure", "ivf,int8", "--target-recall", "0.9", "--max-memory", "1GB", "--json")
    told = retrieve("tune", "--index", vectors_index, *arguments)
    assert told.json["recommended"] == "ivf,int8;recall=0.9"
    (one,) = told.json["structures"]
    assert 0.8 < one["recall"] <= 1


def test_a_structure_that_is_none_is_told_in_one_sentence(retrieve, vectors_index):
    told = retrieve("tune", vectors_index, "--structure", "tree")
    assert told.status == 2
    assert "structure is 'tree', expected auto, exact" in told.err


def test_nothing_is_printed_where_there_is_nothing_to_compare(retrieve, model, tmp_path, paint):
    paint(tmp_path / "one" / "a.png", (9, 99, 9))
    Retriever.build(tmp_path / "one", encoder=model)
    outcome = retrieve("tune", tmp_path / "one")
    assert (outcome.status, outcome.out) == (1, "")
    assert "expected 2 or more to compare searches with" in outcome.err
