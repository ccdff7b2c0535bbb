"""Whole-process time of `retrieve query` on an indexed folder, beside the import of TensorFlow.

retrieve demo --images 2000
python scripts/bench_query.py retrieve-demo/pictures
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from time import perf_counter

from retrieval import Retriever

# Compiled, as an installed package is.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def seconds_of(command: list[str]) -> float:
    begun = perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
    return perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", help="an indexed folder")
    parser.add_argument("--repeats", type=int, default=15)
    arguments = parser.parse_args()
    retriever = Retriever.open(arguments.folder)
    picture = str(retriever.folder / next(retriever.index.catalog.rows()).path)
    query = [sys.executable, "-m", "retrieval", "query", picture, "--index", arguments.folder]
    tensorflow = [sys.executable, "-c", "import tensorflow"]
    seconds_of(query), seconds_of(tensorflow)  # the first of each reads the files from the disk
    queries = [seconds_of(query) for _ in range(arguments.repeats)]
    imports = [seconds_of(tensorflow) for _ in range(max(3, arguments.repeats // 5))]
    queries.extend(seconds_of(query) for _ in range(arguments.repeats))
    middle, other = statistics.median(queries), statistics.median(imports)
    print(f"pictures           {len(retriever):,}")
    print(f"retrieve query     {middle:.3f} s, median of {len(queries)} (fastest {min(queries):.3f})")
    print(f"import tensorflow  {other:.3f} s, median of {len(imports)} (fastest {min(imports):.3f})")
    print(f"ratio              {other / middle:.1f}")


if __name__ == "__main__":
    main()
