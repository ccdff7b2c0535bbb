from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from retrieval.autoencoder import solved_training
from retrieval.autoencoder.architectures import ARCHITECTURES
from retrieval.autoencoder.design import Design
from retrieval.autoencoder.options import TrainingOptions
from retrieval.autoencoder.run import Run
from retrieval.autoencoder.solved_training import train_solved
from retrieval.encoder import EncoderDescription, Model

SOLVED = TrainingOptions("solved", size=32, latent_dim=12, seed=5)
TUNED = replace(SOLVED, fine_tune=True, epochs=2, batch_size=8)


@pytest.fixture
def pictures(blobs):
    return np.stack([np.asarray(Image.fromarray(picture).resize((32, 32))) for picture in blobs])


@pytest.fixture
def solving(monkeypatch):
    """In place of the minute that solving takes: a network of the same kind; and what it was asked for."""
    from retrieval.autoencoder.export import export
    from retrieval.autoencoder.networks import build

    asked = []

    def solve(pictures, *, dim, seed, progress):
        asked.append((pictures.shape, dim, seed))
        network = build(Design(ARCHITECTURES["conv-pool"], 32, 3, dim, chosen_loss="mse"))
        details = {"aligned": False, "fitted_on": len(pictures)}
        return export(network, EncoderDescription("solved", 32, dim, scale=(255.0,), details=details))

    monkeypatch.setattr(solved_training, "solve", solve)
    return asked


def test_the_solved_encoder_is_a_run_like_any_other(pictures, tmp_path, solving):
    run = Run.create(tmp_path / "run", {})
    model = train_solved(pictures, SOLVED, run)
    assert solving == [((40, 32, 32, 3), 12, 5)]
    assert Model.open(run.folder).encoder.fingerprint == model.encoder.fingerprint
    assert model.encoder.description.details["options"] == SOLVED.to_dict()
    assert run.state().history == ()


def test_it_is_solved_from_a_bounded_number(pictures, tmp_path, solving, monkeypatch):
    monkeypatch.setattr(solved_training, "_MOST", 10)
    train_solved(pictures, SOLVED, Run.create(tmp_path / "run", {}))
    assert solving[0][0] == (10, 32, 32, 3)


def test_fine_tuning_changes_both_halves_and_is_solved_once(pictures, tmp_path, solving):
    run = Run.create(tmp_path / "run", {})
    tuned = train_solved(pictures, TUNED, run)
    assert [epoch.epoch for epoch in run.state().history] == [1, 2]
    assert run.state().history[1].mse < run.state().history[0].mse
    more = train_solved(pictures, replace(TUNED, epochs=3), run)
    assert len(solving) == 1
    assert [epoch.epoch for epoch in run.state().history] == [1, 2, 3]
    assert more.encoder.model != tuned.encoder.model
    assert more.decoder.model != tuned.decoder.model
    assert more.encoder.description.details["fitted_on"] == 40
