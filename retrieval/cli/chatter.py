"""Keep from the user what TensorFlow's C++ libraries say at their start, and which no setting turns off."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# Lines of Google's logging up to errors, which Python is told of too; what is fatal begins with F.
_CHATTER = re.compile(
    rb"[IWE]\d{4} \d\d:\d\d:|WARNING: All log messages before absl::InitializeLog"
    rb"|To enable the following instructions: .* rebuild TensorFlow"
)
_STDERR = 2


@contextmanager
def without_chatter() -> Iterator[None]:
    """Inside, `sys.stderr` writes to the user as before, while what C++ writes there waits for the end.

    What is left of it then, without the lines that are of no use, is written after all.
    """
    if not _is_the_process_stderr():
        yield
        return
    sys.stderr.flush()
    kept, own = os.dup(_STDERR), sys.stderr
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), _STDERR)
        sys.stderr = open(  # noqa: SIM115, PTH123 - of a descriptor, closed below
            os.dup(kept), "w", buffering=1, encoding=own.encoding, errors=own.errors
        )
        try:
            yield
        finally:
            sys.stderr.close()
            sys.stderr = own
            os.dup2(kept, _STDERR)
            os.close(kept)
            caught.seek(0)
            for line in caught:
                if not _CHATTER.match(line):
                    os.write(_STDERR, line)


def _is_the_process_stderr() -> bool:
    try:
        return sys.stderr.fileno() == _STDERR
    except (AttributeError, OSError, ValueError):
        return False
