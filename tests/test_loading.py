"""What is loaded when, seen from a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval import Retriever

MODEL = Path(__file__).parent / "retrieval" / "model"
HEAVY = ("tensorflow", "keras", "faiss", "matplotlib", "scipy", "jinja2", "sklearn", "ray", "upath")
# Milliseconds each, of the 300 of a query, which has no use for them.
SPARED = (
    *("PIL.ImageDraw", "PIL.ImageFont", "PIL.ImageOps", "retrieval.images.sheet"),
    *("rich", "asyncio", "email", "http", "multiprocessing", "ssl", "importlib.metadata", "threadpoolctl"),
    *("retrieval.indexing.build", "retrieval.evaluation", "retrieval.demo", "retrieval.cli.index"),
)
# Where somebody has chosen how many threads BLAS starts.
CHOSEN = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


def told_after(code, expression):
    """The words of `expression`, a tuple, in a process that has run `code`."""
    check = f"import sys\nprint('loaded', *{expression}, file=sys.stderr)"
    environment = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    command = [sys.executable, "-c", f"{code}\n{check}"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    (line,) = (line for line in run.stderr.splitlines() if line.startswith("loaded"))
    return line.split()[1:]


def loaded_after(code, names=HEAVY):
    """Which of the modules `names` a process has loaded when it has run `code`."""
    return told_after(code, f"(name for name in {names} if name in sys.modules)")


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


def test_a_query_loads_little_and_starts_no_threads_of_blas(photos):
    query = command("query", photos / "red.png", "--index", photos)
    assert loaded_after(query, SPARED) == []
    info = "__import__('threadpoolctl').threadpool_info()"
    assert told_after(query, f"(one['num_threads'] for one in {info} if one['user_api'] == 'blas')") == ["1"]


def test_the_end_of_a_command_is_not_spent_on_looking_for_garbage(photos):
    # Registered first, called last.
    told = "import atexit, gc\natexit.register(lambda: print(gc.get_freeze_count() > 10_000))\n"
    end = [sys.executable, "-c", told + command("info", photos)]
    run = subprocess.run(end, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "True"


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
