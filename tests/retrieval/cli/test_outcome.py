from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
import typer

from index_store import IndexNotFound
from retrieval.cli.outcome import report_errors
from retrieval.errors import NoPictures


def end_of(error):
    """The exit status of a command that raises `error`."""

    def command():
        raise error

    with pytest.raises(typer.Exit) as ended:
        report_errors(command)()
    return ended.value.exit_code


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NoPictures("photos", "there is no such folder"), "no pictures in photos: there is no such folder"),
        (IndexNotFound("no index in a\nb"), "no index in a\\nb"),
        (PermissionError(13, "Permission denied", "out.png"), "out.png: Permission denied"),
        (OSError(28, "No space left on device"), "output: No space left on device"),
        (MemoryError(), "there is not enough memory: close other programs, or use fewer --threads"),
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
        report_errors(command)()


def test_a_command_keeps_its_name_help_and_arguments():
    def command(folder: str, *, k: int = 3) -> None:
        """What it does."""

    wrapped = report_errors(command)
    assert (wrapped.__name__, wrapped.__doc__) == ("command", "What it does.")
    assert inspect.signature(wrapped) == inspect.signature(command)


USELESS_LINES = [
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1795248946.656696   21574 port.cc:153] oneDNN custom operations are on.",
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with flags.",
    "E0000 00:00:1795248986.642831   21574 cuda_platform.cc:52] failed call to cuInit",
]


def stderr_of(code):
    """What reaches the user when `code` runs in the block."""
    lines = "\n    ".join(code)
    whole = (
        "import os, sys\nfrom retrieval.cli.outcome import filtered_native_stderr\n"
        f"with filtered_native_stderr():\n    {lines}\nprint('after', file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=False)
    return run.stderr.splitlines()


def test_useless_lines_are_dropped_and_everything_else_comes_through():
    told = ["terminate called after throwing", "F0000 00:00:1795248986.6  21574 a.cc:1] Check failed"]
    written = "".join(f"{line}\n" for line in [*USELESS_LINES, *told]).encode()
    assert stderr_of([f"os.write(2, {written!r})"]) == [*told, "after"]


def test_what_python_writes_is_not_held_back():
    code = ["print('at once', file=sys.stderr)", "os.write(2, b'later\\n')", "print('too', file=sys.stderr)"]
    assert stderr_of(code) == ["at once", "too", "later", "after"]


def test_an_error_in_the_block_rises_and_is_seen():
    assert stderr_of(["os.write(2, b'I0000 00:00:1 x')", "1 / 0"])[-1].startswith("ZeroDivisionError")


def test_a_closed_stdout_is_no_failure(photos, model_folder):
    command = f"exec {sys.executable} -m retrieval index {photos} --encoder {model_folder} >&-"
    run = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True)
    assert (run.returncode, "Traceback" in run.stderr) == (0, False)


def test_a_terminated_command_says_nothing_and_has_a_status_of_its_own(tmp_path):
    waiting = "import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"
    program = (
        f"import sys, retrieval.cli.app as app; app.make_app = lambda _: lambda **__: exec({waiting!r}); "
    )
    program += "from retrieval.cli import main; sys.argv = ['retrieve']; main()"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (143, "", "")


def test_names_that_the_locale_has_no_letters_for_are_one_sentence(capsys):
    @report_errors
    def fail():
        "café.png".encode("ascii")

    with pytest.raises(typer.Exit) as ended:
        fail()
    assert ended.value.exit_code == 1
    told = "retrieve: café.png: names of files are ascii here, set PYTHONUTF8=1 for those that are not\n"
    assert capsys.readouterr().err == told
