"""The progress of a command, shown where somebody looks."""

from __future__ import annotations

import sys

from ..progress import Progress


def progress_on_stderr() -> Progress:
    """Bars if stderr is a terminal; otherwise a progress that shows nothing, but keeps the seconds."""
    if not sys.stderr.isatty():
        return Progress()
    from .bars import bars_on_stderr

    return bars_on_stderr()
