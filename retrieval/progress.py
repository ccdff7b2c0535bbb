"""How far a long task is: steps with a name, a count and seconds. Subclasses decide how they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Step:
    """One step of a task, while it runs."""

    def advance(self, amount: int = 1) -> None:
        """`amount` more of the step's total are done."""

    def note(self, text: str) -> None:
        """Show `text` beside the step, such as the loss after this epoch."""


class Progress:
    """Follows a task step by step and keeps the seconds of each; this one shows nothing.

    Example:
        >>> progress = Progress()
        >>> with progress.step("embed", total=2) as step:
        ...     step.advance()
        ...     step.advance()
        >>> list(progress.seconds)
        ['embed']
    """

    def __init__(self) -> None:
        """Nothing done so far."""
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[Step]:
        """Do one step in this block; `total` is what its advances sum up to, None if nobody knows.

        A name that comes again adds its seconds to the earlier ones.
        """
        begun = perf_counter()
        try:
            with self._shown(name, total) as step:
                yield step
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - begun

    @contextmanager
    def _shown(self, name: str, total: int | None) -> Iterator[Step]:  # noqa: ARG002 - for who shows it
        """Show one step; the place to override."""
        yield Step()
