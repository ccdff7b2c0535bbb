"""Small pictures, and one small run trained on them, shared by the tests of this room."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from retrieval.autoencoder.options import TrainingOptions
from retrieval.autoencoder.run import Run


@pytest.fixture(scope="session")
def blobs():
    """40 pictures (16, 16, 3): a disc of some colour, place and size on a ground of another."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:16, :16]
    pictures = np.empty((40, 16, 16, 3), dtype=np.uint8)
    for picture in pictures:
        (y, x), radius = random.uniform(4, 12, 2), random.uniform(2, 5)
        inside = (rows - y) ** 2 + (columns - x) ** 2 < radius**2
        picture[:] = np.where(inside[..., None], random.integers(128, 256, 3), random.integers(0, 64, 3))
    return pictures


@pytest.fixture(scope="session")
def grey_blobs(blobs):
    """The same in grey."""
    return np.repeat(blobs[..., :1], 3, axis=-1)


@pytest.fixture(scope="session")
def options():
    """A network that a second can train."""
    return TrainingOptions("conv-pool", size=16, epochs=3, batch_size=8, noise=0.2)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, blobs, options):
    """A run of `options` on `blobs`, and its model."""
    from retrieval.autoencoder.training import train

    run = Run.create(tmp_path_factory.mktemp("runs") / "finished", {"options": options.to_dict()})
    return run, train(blobs, options, run)


@pytest.fixture
def folder(tmp_path, blobs):
    """Twelve of the blobs as PNG files in two folders, and a file that is no picture."""
    root = tmp_path / "pictures"
    for number, picture in enumerate(blobs[:12]):
        path = root / ("a" if number % 2 else "b") / f"{number:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    (root / "cut.png").write_bytes((root / "b" / "00.png").read_bytes()[:40])
    return root
