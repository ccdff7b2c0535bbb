"""The progress of a command on stderr: bars on a terminal, lines in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import perf_counter

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

from ..progress import Progress, Step

_LINE_EVERY = 10.0  # seconds
_SHOWN_AFTER = 1.0  # seconds


class Bars(Progress):
    """Shows each step as a bar with its rate and the time left."""

    def __init__(self, console: Console) -> None:
        """Show the bars on `console`."""
        super().__init__()
        self._console = console

    @contextmanager
    def _shown(self, name: str, total: int | None) -> Iterator[Step]:
        with _LateProgress(*_columns(total), console=self._console) as bars:
            yield _BarStep(bars, bars.add_task(name, total=total, note=""))


class _LateProgress(RichProgress):
    """Shows a task only once it has taken a second: what is over at once is not worth a line."""

    def get_renderables(self) -> Iterable[RenderableType]:
        tasks = [task for task in self.tasks if (task.elapsed or 0.0) > _SHOWN_AFTER]
        if tasks:
            yield self.make_tasks_table(tasks)


class _BarStep(Step):
    def __init__(self, bars: RichProgress, task: TaskID) -> None:
        self._bars, self._task = bars, task

    def advance(self, amount: int = 1) -> None:
        self._bars.advance(self._task, amount)

    def note(self, text: str) -> None:
        self._bars.update(self._task, note=text)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s")


def _columns(total: int | None) -> list[ProgressColumn]:
    name, text = (
        TextColumn("{task.description:<20}", markup=False),
        TextColumn("{task.fields[note]}", markup=False),
    )
    if total is None:
        return [name, BarColumn(), TimeElapsedColumn(), text]
    return [
        name,
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
        text,
    ]


class Lines(Progress):
    """Writes a line for every ten seconds of a step, and one at the end of each that took longer."""

    @contextmanager
    def _shown(self, name: str, total: int | None) -> Iterator[Step]:
        step, ended, begun = _CountingStep(name, total), Event(), perf_counter()
        # A thread, because a step need not tell of itself while it runs.
        clock = Thread(target=step.write_until, args=(ended, begun), daemon=True)
        clock.start()
        try:
            yield step
        finally:
            ended.set()
            clock.join()
        if perf_counter() - begun > _LINE_EVERY:
            step.write(begun, "done, ")


class _CountingStep(Step):
    def __init__(self, name: str, total: int | None) -> None:
        self._name, self._total, self._done, self._note = name, total, 0, ""

    def advance(self, amount: int = 1) -> None:
        self._done += amount

    def note(self, text: str) -> None:
        self._note = f", {text}"

    def write_until(self, ended: Event, begun: float) -> None:
        while not ended.wait(_LINE_EVERY):
            self.write(begun)

    def write(self, begun: float, state: str = "") -> None:
        count = "" if self._total is None else f"{self._done:,} of {self._total:,}, "
        seconds = perf_counter() - begun
        print(f"{self._name}: {state}{count}{seconds:.0f} s{self._note}", file=sys.stderr, flush=True)


def progress_on_stderr(*, quiet: bool = False) -> Progress:
    """Bars if stderr is a terminal, otherwise lines, or nothing if `quiet`; the seconds are kept anyway.

    quiet: for --json, whose reader is a program that may take anything on stderr for a fault.
    """
    if sys.stderr.isatty():
        return Bars(Console(file=sys.stderr))
    return Progress() if quiet else Lines()
