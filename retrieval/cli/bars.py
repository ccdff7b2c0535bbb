"""Progress bars on stderr, for every step that takes longer than a second."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

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


def bars_on_stderr() -> Bars:
    """Bars on stderr, which is a terminal."""
    return Bars(Console(file=sys.stderr))
