from __future__ import annotations

import io
import re
import sys
import time

import pytest
from rich.console import Console

from retrieval.cli import progress as cli_progress
from retrieval.cli.progress import Bars, Lines, progress_on_stderr
from retrieval.progress import Progress


@pytest.fixture
def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=120)


def test_a_step_longer_than_the_limit_is_shown_with_count_rate_and_note(terminal, monkeypatch):
    monkeypatch.setattr(cli_progress, "_SHOWN_AFTER", 0.0)
    progress = Bars(terminal)
    with progress.step("embed", total=4) as step:
        step.advance(3)
        step.note("loss [b]0.25[/b]")
        step.advance()
    shown = terminal.file.getvalue()
    assert "embed" in shown
    assert "4/4" in shown
    assert "/s" in shown
    assert "loss [b]0.25[/b]" in shown
    assert list(progress.seconds) == ["embed"]


def test_a_step_of_unknown_length_is_shown_without_a_count(terminal, monkeypatch):
    monkeypatch.setattr(cli_progress, "_SHOWN_AFTER", 0.0)
    with Bars(terminal).step("load TensorFlow"):
        pass
    assert "load TensorFlow" in terminal.file.getvalue()
    assert "0/" not in terminal.file.getvalue()


def test_a_short_step_leaves_no_line(terminal):
    with Bars(terminal).step("find pictures", total=1) as step:
        step.advance()
    assert "find pictures" not in terminal.file.getvalue()


def test_steps_within_steps_are_shown_too(terminal, monkeypatch):
    monkeypatch.setattr(cli_progress, "_SHOWN_AFTER", 0.0)
    progress = Bars(terminal)
    with progress.step("fit"), progress.step("decoder", total=1) as step:
        step.advance()
    assert "decoder" in terminal.file.getvalue()


def test_for_a_program_nothing_is_shown_and_for_a_log_lines(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert type(progress_on_stderr(quiet=True)) is Progress
    assert isinstance(progress_on_stderr(), Lines)


def test_a_log_gets_a_line_every_so_often_and_one_at_the_end_of_a_long_step(monkeypatch, capsys):
    monkeypatch.setattr(cli_progress, "_LINE_EVERY", 0.05)
    progress = Lines()
    with progress.step("embed", total=2_000) as step:
        step.advance(1_200)
        step.note("loss 0.25")
        time.sleep(0.2)
    with progress.step("save"):
        pass
    lines = re.sub(r"\d+ s", "N s", capsys.readouterr().err).splitlines()
    assert lines[0] == "embed: 1,200 of 2,000, N s, loss 0.25"
    assert len(lines) >= 3
    assert lines[-1] == "embed: done, 1,200 of 2,000, N s, loss 0.25"
    assert list(progress.seconds) == ["embed", "save"]


def test_a_terminal_gets_bars(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    assert isinstance(progress_on_stderr(), Bars)
