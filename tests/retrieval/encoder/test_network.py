"""A LiteRT network in several threads."""

import subprocess
import sys

import numpy as np
import pytest

from retrieval.encoder import Network
from retrieval.encoder.network import _open
from retrieval.threads import use_threads


def test_shapes_are_without_the_batch(model):
    network = Network(model.encoder.model)
    assert (network.input_shape, network.output_shape) == ((16, 16, 3), (12,))


def test_bytes_that_are_no_network_are_refused():
    with pytest.raises(ValueError, match="LiteRT cannot run it"):
        Network(b"no network at all")


def test_run_gives_what_run_one_gives(model):
    network = Network(model.encoder.model)
    values = np.random.default_rng(0).random((5, 16, 16, 3), dtype=np.float32)
    one_by_one = np.stack([network.run_one(value) for value in values])
    np.testing.assert_array_equal(network.run(values), one_by_one)


def test_interpreters_are_opened_once_a_thread_however_often_it_runs(model, monkeypatch):
    opened = []

    def counting(content):
        opened.append(_open(content))
        return opened[-1]

    monkeypatch.setattr("retrieval.encoder.network._open", counting)
    use_threads(3)
    network = Network(model.encoder.model)
    values = np.zeros((64, 16, 16, 3), dtype=np.float32)
    for _ in range(5):
        network.run(values)
        network.run_one(values[0])
    use_threads(None)
    assert len(opened) <= 3


def test_a_closed_network_runs_again(model):
    network = Network(model.encoder.model)
    values = np.random.default_rng(0).random((5, 16, 16, 3), dtype=np.float32)
    expected = network.run(values)
    network.close()
    np.testing.assert_array_equal(network.run(values), expected)


def test_a_network_ends_with_the_program_and_writes_nothing_of_its_own(model_folder):
    program = (
        "import sys; from pathlib import Path; from retrieval.encoder import Network;"
        "import numpy as np; n = Network(Path(sys.argv[1]).read_bytes());"
        "n.run(np.zeros((4, 16, 16, 3), dtype=np.float32))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(model_folder / "encoder.tflite")],
        capture_output=True,
        check=True,
        timeout=60,
    )
    # One line of LiteRT that no setting turns off; the command line leaves it out.
    said = ran.stderr.replace(b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n", b"")
    assert (ran.stdout, said) == (b"", b"")
