"""A LiteRT network in several threads, without chatter."""

import subprocess
import sys

import numpy as np
import pytest

from retrieval.encoder import Network


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


def test_nothing_is_written_to_the_terminal(model_folder):
    program = (
        "import sys; from pathlib import Path; from retrieval.encoder import Network;"
        "import numpy as np; n = Network(Path(sys.argv[1]).read_bytes());"
        "n.run(np.zeros((4, 16, 16, 3), dtype=np.float32))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(model_folder / "encoder.tflite")], capture_output=True, check=True
    )
    assert (ran.stdout, ran.stderr) == (b"", b"")
