"""Seconds of `retrieve index` as a whole process; then of each step of indexing from Python, and of all.

    python scripts/bench_index.py photos/ [--encoder RUN]

The indexes go into temporary directories; the folder is only read. Pictures that were read for the fit are
not read again: `bench_embedding.py` has the rate of embedding. From Python Keras takes longer to load than
on the command line, which keeps it from loading what is not used.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from bench_query import seconds_of

from retrieval import Progress, Retriever


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--encoder", help="instead of fitting one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "retrieval", "index", str(arguments.folder), "--index", directory]
        chosen = ["--encoder", arguments.encoder] if arguments.encoder else []
        print(f"{'retrieve index':<24}{seconds_of(command + chosen):8.2f} s, as a process")
    progress = Progress()
    begun, busy = perf_counter(), process_time()
    with tempfile.TemporaryDirectory() as directory:
        Retriever.build(arguments.folder, index=directory, encoder=arguments.encoder, progress=progress)
        whole, busy = perf_counter() - begun, process_time() - busy
    for name, seconds in progress.seconds.items():
        print(f"{name:<24}{seconds:8.2f} s")
    print(f"{'all':<24}{whole:8.2f} s, of processors {busy:.2f} s")


if __name__ == "__main__":
    main()
