"""Peak memory of indexing very many small pictures, in a process of its own.

python scripts/bench_memory.py [--pictures 50000] [--encoder RUN]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 64


def draw(folder: Path, count: int) -> None:
    """Write distinct pictures cheaply: coarse random colours, enlarged."""
    rng = np.random.default_rng(0)
    for number in range(count):
        path = folder / f"{number // 1000:03d}" / f"{number:06d}.jpg"
        path.parent.mkdir(exist_ok=True)
        coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
        coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path, quality=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pictures", type=int, default=50_000)
    parser.add_argument("--encoder", help="instead of fitting one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder), arguments.pictures)
        chosen = ["--encoder", arguments.encoder] if arguments.encoder else []
        subprocess.run([sys.executable, "-m", "retrieval", "index", folder, *chosen], check=True)
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    print(f"peak memory {peak / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
