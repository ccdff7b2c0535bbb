"""Make the golden index of the current format version: dry by default, --write writes it."""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import tempfile
from pathlib import Path

from index_store import FORMAT_VERSION, LOCK_FILES, Index, RejectedFile, Row

GOLDEN = Path(__file__).parents[1] / "tests" / "index_store" / "golden" / f"v{FORMAT_VERSION}"


def make(directory: Path) -> None:
    """Three vectors saved, then two more: two generations, an attachment of each, a rejected file."""
    rows = [Row(f"shapes/{name}.png", 100, 10**18, name * 64, 8, 6) for name in "abcde"]
    rows[3] = dataclasses.replace(rows[3], metadata={"label": "d", "price": 1.5})
    settings = {"side": 64}
    with Index.create(
        directory, 3, metric="l2", structure="hnsw", encoder="f" * 64, settings=settings, copy_dim=2
    ) as index:
        index.add([[0, 0, 0], [1, 0, 0], [0, 2, 0]], rows[:3], copies=[[0, 1], [1, 2], [2, 3]])
        index.attach("encoder.tflite", b"first encoder")
        index.save()
        index.add([[0, 0, 3], [4, 4, 4]], rows[3:], copies=[[3, 4], [4, 5]])
        index.reject(RejectedFile("shapes/not-utf8-\udcff.png", "cut short", 7, 10**18 + 1))
        index.attach("encoder.json", b'{"kind": "first"}')
        index.save()
    for name in LOCK_FILES:
        (directory / name).unlink(missing_ok=True)


def main() -> None:
    """Make it, tell what it holds, and put it in place if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"replace {GOLDEN.name} in the tests")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary) / GOLDEN.name
        make(made)
        for path in sorted(made.iterdir()):
            print(f"{path.stat().st_size:8,} bytes  {path.name}")
        if arguments.write:
            shutil.rmtree(GOLDEN, ignore_errors=True)
            shutil.copytree(made, GOLDEN)
    print(f"written to {GOLDEN}" if arguments.write else "nothing written: --write writes")


if __name__ == "__main__":
    main()
