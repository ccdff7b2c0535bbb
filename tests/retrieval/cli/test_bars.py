from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from retrieval.cli import bars
from retrieval.cli.bars import Bars
from retrieval.cli.progress import progress_on_stderr
from retrieval.progress import Progress


@pytest.fixture
def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=120)


def test_a_step_longer_than_the_limit_is_shown_with_count_rate_and_note(terminal, monkeypatch):
    monkeypatch.setattr(bars, "_SHOWN_AFTER", 0.0)
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
    monkeypatch.setattr(bars, "_SHOWN_AFTER", 0.0)
    with Bars(terminal).step("load TensorFlow"):
        pass
    assert "load TensorFlow" in terminal.file.getvalue()
    assert "0/" not in terminal.file.getvalue()


def test_a_short_step_leaves_no_line(terminal):
    with Bars(terminal).step("find pictures", total=1) as step:
        step.advance()
    assert "find pictures" not in terminal.file.getvalue()


def test_steps_within_steps_are_shown_too(terminal, monkeypatch):
    monkeypatch.setattr(bars, "_SHOWN_AFTER", 0.0)
    progress = Bars(terminal)
    with progress.step("fit"), progress.step("decoder", total=1) as step:
        step.advance()
    assert "decoder" in terminal.file.getvalue()


def test_where_nobody_looks_nothing_is_shown(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert type(progress_on_stderr()) is Progress


def test_a_terminal_gets_bars(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    assert isinstance(progress_on_stderr(), Bars)
