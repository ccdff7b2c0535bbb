from __future__ import annotations

import subprocess
import sys

CHATTER = [
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1795248946.656696   21574 port.cc:153] oneDNN custom operations are on.",
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with flags.",
    "E0000 00:00:1795248986.642831   21574 cuda_platform.cc:52] failed call to cuInit",
]


def stderr_of(code):
    """What reaches the user when `code` runs in the block."""
    lines = "\n    ".join(code)
    whole = (
        "import os, sys\nfrom retrieval.cli.chatter import without_chatter\n"
        f"with without_chatter():\n    {lines}\nprint('after', file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=False)
    return run.stderr.splitlines()


def test_chatter_is_dropped_and_everything_else_comes_through():
    told = ["terminate called after throwing", "F0000 00:00:1795248986.6  21574 a.cc:1] Check failed"]
    written = "".join(f"{line}\n" for line in [*CHATTER, *told]).encode()
    assert stderr_of([f"os.write(2, {written!r})"]) == [*told, "after"]


def test_what_python_writes_is_not_held_back():
    code = ["print('at once', file=sys.stderr)", "os.write(2, b'later\\n')", "print('too', file=sys.stderr)"]
    assert stderr_of(code) == ["at once", "too", "later", "after"]


def test_an_error_in_the_block_rises_and_is_seen():
    assert stderr_of(["os.write(2, b'I0000 00:00:1 x')", "1 / 0"])[-1].startswith("ZeroDivisionError")
