"""What is loaded when, seen from a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from retrieval import Retriever

MODEL = Path(__file__).parent / "retrieval" / "model"
HEAVY = ("tensorflow", "keras", "faiss", "matplotlib", "scipy", "jinja2", "sklearn", "ray", "upath")


def loaded_after(code):
    """Which of the heavy modules a process has loaded when it has run `code`."""
    check = (
        f"import sys\nprint('loaded', *(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\n{check}"], capture_output=True, text=True, check=True
    )
    (line,) = (line for line in run.stderr.splitlines() if line.startswith("loaded"))
    return line.split()[1:]


def command(*arguments):
    """Code that runs `retrieve` with these arguments."""
    return (
        f"import sys\nsys.argv = {['retrieve', *map(str, arguments)]!r}\nfrom retrieval.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    )


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """An indexed folder of two pictures."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("photos")
    for name in ("red", "blue"):
        Image.new("RGB", (32, 32), name).save(folder / f"{name}.png")
    Retriever.build(folder, encoder=MODEL)
    return folder


def test_importing_the_rooms_loads_nothing_heavy():
    rooms = ("", ".retriever", ".encoder", ".images", ".evaluation", ".demo", ".indexing.build")
    code = "import index_store, " + ", ".join(f"retrieval{room}" for room in rooms)
    assert loaded_after(code) == []


def test_neither_help_nor_info_nor_query_loads_anything_heavy(photos):
    assert loaded_after(command("--help")) == []
    assert loaded_after(command("info", photos)) == []
    assert loaded_after(command("query", photos / "red.png", "--index", photos)) == []


def test_indexing_with_a_given_encoder_does_not_load_tensorflow(photos, tmp_path):
    code = command("index", photos, "--encoder", MODEL, "--index", tmp_path / "index")
    assert {"tensorflow", "keras"}.isdisjoint(loaded_after(code))


def test_the_recipes_can_be_had_and_begun_without_tensorflow():
    code = "import retrieval.autoencoder.recipes, retrieval.autoencoder.solved.begin"
    assert {"tensorflow", "keras"}.isdisjoint(loaded_after(code))


@pytest.mark.slow
@pytest.mark.parametrize("order", [("faiss", "tensorflow"), ("tensorflow", "faiss")])
def test_faiss_and_tensorflow_work_in_either_order(order):
    code = f"""
import {order[0]}, {order[1]}
import numpy as np
vectors = np.eye(4, dtype=np.float32)
assert faiss.knn(vectors, vectors, 1)[1].ravel().tolist() == [0, 1, 2, 3]
assert float(tensorflow.reduce_sum(tensorflow.matmul(vectors, vectors))) == 4.0
assert faiss.Kmeans(4, 2, min_points_per_centroid=1).train(vectors) >= 0
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
