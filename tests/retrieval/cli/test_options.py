from __future__ import annotations

from pathlib import Path

import pytest

from index_store import IndexNotFound
from retrieval.cli.options import find_index, find_index_of


def test_the_option_comes_before_the_variable_and_that_before_the_nearest(indexed, monkeypatch):
    monkeypatch.chdir(indexed / "warm")
    monkeypatch.delenv("RETRIEVE_INDEX", raising=False)
    assert find_index(None) == indexed / ".retrieve"
    monkeypatch.setenv("RETRIEVE_INDEX", str(indexed))
    assert find_index(None) == indexed
    assert find_index(Path("option")) == Path("option")


def test_with_none_of_them_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RETRIEVE_INDEX", raising=False)
    with pytest.raises(IndexNotFound, match="make one with `retrieve index FOLDER`"):
        find_index(None)


def test_a_variable_that_names_no_index_is_named_itself(monkeypatch):
    monkeypatch.setenv("RETRIEVE_INDEX", "nope")
    with pytest.raises(IndexNotFound, match="RETRIEVE_INDEX is nope: no index in nope, there is no such"):
        find_index(None)


def test_of_a_file_the_places_above_it_are_named(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("RETRIEVE_INDEX", raising=False)
    with pytest.raises(IndexNotFound, match="there nor in any folder around it"):
        find_index_of([tmp_path / "there" / "a.png"], None)


@pytest.mark.parametrize("command", ["info", "verify", "watch", "tune"])
def test_two_different_indexes_are_not_one(retrieve, indexed, tmp_path, command):
    outcome = retrieve(command, tmp_path, "--index", indexed)
    assert (outcome.status, outcome.out) == (2, "")
    assert f"{tmp_path} and --index {indexed} both name an index: name one" in outcome.err


def test_the_same_index_may_be_named_twice(retrieve, indexed, monkeypatch):
    monkeypatch.chdir(indexed.parent)
    assert retrieve("info", indexed, "--index", indexed.name).status == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["query", "violet.png", "--region", "0,0,1"],
            "--region: region is '0,0,1', expected x,y,width,height",
        ),
        (["index", ".", "--store", "here"], "--store: store is 'here', expected milvus:URI"),
        (["tune", ".", "--structure", "nope"], "--structure: structure is 'nope', expected auto, exact"),
        (["tune", ".", "--target-recall", "nan"], "recall is 'nan', expected a number above 0"),
    ],
)
def test_a_value_that_cannot_be_is_wrong_usage(retrieve, indexed, monkeypatch, arguments, told):
    monkeypatch.chdir(indexed)
    outcome = retrieve(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert told in outcome.err
