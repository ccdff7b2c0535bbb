"""The command line: one small file a command, and the only room that prints.

To add a command, write a function in a file of its own, with typer's annotations and a docstring that is its
help, and add its name to `COMMANDS` in `app.py`. Import what is heavy inside the function: `retrieve --help`
and `retrieve query` load what they need, not what other commands need. The shared pieces:

* `printing`: `echo` and `echo_json` (results, stdout), `note` (stderr), `printable` (any text or path);
* `progress.progress_on_stderr()`: the `Progress` to hand to whatever takes long;
* `options`: `IndexOption`, `JsonOption`, `ThreadsOption` and others that several commands take;
* errors: let them rise. `outcome.report_errors`, which `app.py` puts around every command, turns those of
  `retrieval.errors` and `index_store` into one sentence on stderr and exit status 1.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys

WRONG_USAGE = 2
INTERRUPTED = 130
TERMINATED = 143

_FOR_OTHERS = ("matplotlib", "sklearn")


def main() -> None:
    """Run the command line: exit status 0 done, 1 failed, 2 wrong usage, 130 interrupted, 143 terminated."""
    if _HiddenFromKeras not in sys.meta_path:
        sys.meta_path.insert(0, _HiddenFromKeras)
    # The end is not spent on looking for garbage: with a query that is a tenth of its time.
    atexit.register(gc.freeze)
    # Ended as by an exception, so that nothing is left in temporary folders.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    # Python has no stream where the shell closed one, as `retrieve train photos/ >&-` does.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    try:
        from .app import make_app, needed
        from .printing import make_output_safe

        make_output_safe()
        _refuse_empty(sys.argv[1:])
        make_app(needed(sys.argv[1:]))(prog_name="retrieve")
    except KeyboardInterrupt:
        # Before or after the command itself, which tells of its own interruption.
        print("\nstopped", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except OSError as error:
        # Help and version, which no command prints, on a disk that is full.
        from .outcome import FAILED, drop_unwritable_output

        print(f"retrieve: output: {error.strerror or error}", file=sys.stderr)
        drop_unwritable_output()
        sys.exit(FAILED)


class _HiddenFromKeras:
    """Lets Keras, and nobody else, find no scikit-learn and no Matplotlib.

    It loads them for features that are not used here, but only where they are installed: a third of the time
    that Keras and TensorFlow take to load.
    """

    @classmethod
    def find_spec(cls, name: str, *_: object) -> None:
        """Raises ModuleNotFoundError where Keras asks for one of these."""
        if name not in _FOR_OTHERS:
            return
        frame = sys._getframe(1)
        while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith("importlib."):
            frame = frame.f_back
        if str(frame.f_globals.get("__name__")).startswith("keras."):
            raise ModuleNotFoundError(f"{name} is not used here", name=name)


def _refuse_empty(arguments: list[str]) -> None:
    """Refuse an empty argument, which as a path would be the current directory, and all that is in it."""
    if "" in arguments:
        print("Error: an argument is empty, as of a shell variable that is not set", file=sys.stderr)
        sys.exit(WRONG_USAGE)
