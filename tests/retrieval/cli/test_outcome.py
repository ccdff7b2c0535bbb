from __future__ import annotations

import inspect

import pytest
import typer

from index_store import IndexNotFound
from retrieval.cli.outcome import told
from retrieval.errors import NoPictures


def end_of(error):
    """The exit status of a command that raises `error`."""

    def command():
        raise error

    with pytest.raises(typer.Exit) as ended:
        told(command)()
    return ended.value.exit_code


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NoPictures("photos", "there is no such folder"), "no pictures in photos: there is no such folder"),
        (IndexNotFound("no index in a\nb"), "no index in a\\nb"),
        (PermissionError(13, "Permission denied", "out.png"), "out.png: Permission denied"),
        (OSError(28, "No space left on device"), "output: No space left on device"),
        (MemoryError(), "there is not enough memory: free some, or index fewer pictures at a time"),
    ],
)
def test_an_error_becomes_one_sentence_and_status_1(capsys, error, sentence):
    assert end_of(error) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"retrieve: {sentence}\n")


def test_ctrl_c_is_told_with_status_130(capsys):
    assert end_of(KeyboardInterrupt()) == 130
    assert "stopped: what was saved before is unchanged" in capsys.readouterr().err


def test_a_fault_of_the_program_is_not_hidden():
    def command():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        told(command)()


def test_a_command_keeps_its_name_help_and_arguments():
    def command(folder: str, *, k: int = 3) -> None:
        """What it does."""

    wrapped = told(command)
    assert (wrapped.__name__, wrapped.__doc__) == ("command", "What it does.")
    assert inspect.signature(wrapped) == inspect.signature(command)
