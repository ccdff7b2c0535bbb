from __future__ import annotations

import sys
from importlib.metadata import version

import pytest

from retrieval.cli.app import COMMANDS, needed


def test_without_arguments_or_with_help_every_command_is_listed(retrieve):
    assert retrieve("--help").status == 0
    for name in COMMANDS:
        assert f"\n  {name} " in retrieve("--help").out
        assert f"\n  {name} " in retrieve().out + retrieve().err


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command_gives_an_example_and_json(retrieve, name):
    shown = retrieve(name, "--help")
    assert shown.status == 0
    assert f"retrieve {name}" in shown.out.split("Options:")[0].split("\n", 1)[1]
    assert "--json" in shown.out


def test_the_version_is_that_of_the_package(retrieve):
    assert retrieve("--version").out == f"retrieve {version('retrieve')}\n"


@pytest.mark.parametrize(
    "arguments",
    [["fetch"], ["query"], ["query", "a.png", "-k", "0"], ["index"], ["index", ".", "--structure", "tree"]],
)
def test_wrong_usage_is_told_on_stderr_with_status_2(retrieve, arguments):
    outcome = retrieve(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert "Usage: " in outcome.err


def test_a_named_command_is_loaded_alone():
    assert needed(["query", "info"]) == ("query",)
    assert needed(["--help"]) == needed(["fetch"]) == needed([]) == COMMANDS


def test_keras_does_not_take_along_what_is_not_used_and_others_do(retrieve, monkeypatch):
    retrieve("--version")
    monkeypatch.delitem(sys.modules, "sklearn", raising=False)
    with pytest.raises(ModuleNotFoundError, match="not used here"):
        exec("import sklearn", {"__name__": "keras.src.wrappers"})
    find = "from importlib.util import find_spec; found = find_spec('sklearn')"
    for importer in ("mine", "keras_of_mine"):
        names = {"__name__": importer}
        exec(find, names)
        assert names["found"] is not None


def test_help_has_a_short_name(retrieve):
    assert retrieve("-h").out == retrieve("--help").out
    for name in COMMANDS:
        assert retrieve(name, "-h").out == retrieve(name, "--help").out


def test_summaries_are_whole(retrieve):
    assert "..." not in retrieve("--help").out.partition("Commands:")[2]


def test_a_shell_can_complete_commands_and_options(retrieve, monkeypatch):
    monkeypatch.setenv("_RETRIEVE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "retrieve que")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert retrieve().out.split() == ["query"]
    monkeypatch.setenv("COMP_WORDS", "retrieve query --exclude-s")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert retrieve().out.split() == ["--exclude-self"]


def test_the_help_of_query_explains_the_columns(retrieve):
    text = " ".join(retrieve("query", "--help").out.split())
    assert "rank, distance, path, query and marks" in text


def test_ctrl_c_before_the_command_is_one_sentence_too(retrieve, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("retrieval.cli.app.make_app", interrupted)
    outcome = retrieve("info")
    assert (outcome.status, outcome.err) == (130, "\nstopped\n")


@pytest.mark.parametrize(
    "arguments",
    [["index", ""], ["query", "a.png", "--index", ""], ["query", ""], ["train", "--run", "", "a"]],
)
def test_an_empty_argument_is_not_the_current_directory(retrieve, indexed, monkeypatch, arguments):
    monkeypatch.chdir(indexed)
    outcome = retrieve(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == "Error: an argument is empty, as of a shell variable that is not set\n"
