import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from retrieval.autoencoder.run import Run
from retrieval.encoder import Encoder


@pytest.fixture
def discs(tmp_path):
    """Eight grey pictures of 28 pixels, and a file that is none."""
    folder = tmp_path / "discs"
    folder.mkdir()
    rows, columns = np.mgrid[:28, :28]
    for number in range(8):
        disc = (rows - 8 - number) ** 2 + (columns - 14) ** 2 < 36
        Image.fromarray((disc * 220).astype(np.uint8)).save(folder / f"{number}.png")
    (folder / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


@pytest.fixture
def train(retrieve, discs, tmp_path):
    def train(*options):
        return retrieve("train", discs, "--run", tmp_path / "run", *options)

    return train


@pytest.mark.slow
def test_from_a_folder_to_an_index_and_back_to_pictures(train, retrieve, discs, tmp_path):
    run = tmp_path / "run"
    trained = train("--architecture", "conv-pool", "--noise", "0.3", "--epochs", "1", "--html")
    assert trained.status == 0
    assert "trained conv-pool on 8 pictures" in trained.out
    assert "28 × 28, grey" in trained.out
    assert "7 × 7 × 32 = 1,568 numbers" in trained.out
    assert "left out cut.png" in trained.err
    assert (run / "look" / "look.html").is_file()

    resumed = train("--resume", "--epochs", "2", "--json")
    assert [epoch["epoch"] for epoch in resumed.json["history"]] == [1, 2]

    indexed = retrieve("index", discs, "--encoder", run)
    assert "conv-pool, 1568 dims" in indexed.out

    out = tmp_path / "out"
    denoised = retrieve(
        "denoise", discs / "3.png", discs / "4.png", "--run", run, "--noise", "0.3", "--out", out
    )
    assert denoised.status == 0
    assert [fields[0] for fields in denoised.fields] == [str(out / "3.png"), str(out / "4.png"), "mean of 2"]
    assert "->" in denoised.fields[0][1]
    with Image.open(out / "3.png") as picture:
        assert picture.size == (28, 28)


def test_options_that_cannot_be_are_wrong_usage_told_at_once(train):
    outcome = train("--architecture", "dense", "--size", "30", "--noise", "-1")
    assert outcome.status == 2
    assert "multiple of 4" in outcome.err
    assert "noise is -1" in outcome.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--noise", "0.3"], "the solved encoder is not"),
        (["--loss", "bce"], "leaves no choice"),
        (["--size", "28"], "expected 32 or 64"),
        (["--architecture", "conv", "--fine-tune"], "fine_tune is for the solved"),
        (["--architecture", "resnet"], "resnet"),
    ],
)
def test_what_does_not_go_together_is_refused(train, options, words):
    outcome = train(*options)
    assert outcome.status == 2
    # The frame of a message on a terminal breaks its lines.
    assert words in " ".join(outcome.err.replace("│", " ").split())


def test_only_epochs_can_change_when_resuming(train, tmp_path):
    from retrieval.autoencoder.options import TrainingOptions

    Run.create(tmp_path / "run", {"options": TrainingOptions("conv-pool", size=28, noise=0.3).to_dict()})
    outcome = train("--resume", "--noise", "0.5")
    assert outcome.status == 2
    assert "only the epochs" in " ".join(outcome.err.replace("│", " ").split())


def test_there_must_be_a_run_to_resume(train, tmp_path):
    outcome = train("--resume")
    assert outcome.status == 1
    assert "no config.json in it: it is not the folder of a training run" in outcome.err


def test_interrupted_it_says_how_to_go_on(train, tmp_path, monkeypatch):
    from retrieval.autoencoder import folder_training

    def interrupted(*_, **__):
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "last.npz").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(folder_training, "start", interrupted)
    outcome = train("--architecture", "dense")
    assert outcome.status == 130
    assert f"--run {tmp_path / 'run'} --resume" in outcome.err


def test_reading_a_run_takes_no_tensorflow():
    import subprocess

    script = "import sys; from retrieval.cli import train, denoise, reconstruct;"
    script += "from retrieval import restore; from retrieval.autoencoder import dataset, figures, options;"
    script += "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_architectures_to_choose_from_are_those_there_are():
    from retrieval.autoencoder.architectures import ARCHITECTURES
    from retrieval.autoencoder.options import RECIPE_RULES
    from retrieval.cli.train import Architectures

    assert set(get_args(Architectures)) == {*RECIPE_RULES, *ARCHITECTURES}


def trained(tmp_path, model, **facts):
    """What a training of `epochs` with this outcome gives, without the training."""
    from retrieval.autoencoder.folder_training import Trained
    from retrieval.autoencoder.options import TrainingOptions
    from retrieval.autoencoder.run import Epoch

    losses, noise = facts.get("losses", (2.0, 1.0, 1.5)), facts.get("noise", 0.0)
    options = TrainingOptions("conv", noise=noise, epochs=max(1, len(losses)), batch_size=8)
    details = {"code_shape": facts.get("code_shape", [12]), "options": options.to_dict()}
    encoder = Encoder(model.encoder.model, replace(model.encoder.description, details=details))
    history = tuple(Epoch(n, 1, 1, loss, loss, 1, 1) for n, loss in enumerate(losses, start=1))
    dataset = SimpleNamespace(paths=("a.png", "b.png"), rejections=(), channels=3)
    psnr = facts.get("psnr", 30.0)
    return Trained(replace(model, encoder=encoder), Run(tmp_path / "run"), history, dataset, psnr, 20.0)


@pytest.fixture
def training_gives(monkeypatch, model, tmp_path):
    """Let training come to an outcome at once."""

    def training_gives(**facts):
        from retrieval.autoencoder import folder_training

        monkeypatch.setattr(folder_training, "start", lambda *_, **__: trained(tmp_path, model, **facts))

    return training_gives


def test_a_last_epoch_that_is_the_best_is_a_reason_to_go_on(train, training_gives, discs, tmp_path):
    training_gives(losses=(3.0, 2.0, 1.0))
    outcome = train("-a", "conv", "--size", "28")
    assert f"retrieve train {discs} --run {tmp_path / 'run'} --resume --epochs 6" in outcome.err


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"losses": (3.0, 2.0, 1.0)}, "try more epochs"),
        ({"code_shape": [2, 2, 3]}, "try more pictures"),
        ({}, "--architecture conv-strided"),
        ({"losses": ()}, "--architecture conv-strided"),
    ],
)
def test_a_model_that_is_worse_than_pca_says_so_with_a_way_out(train, training_gives, facts, words):
    training_gives(psnr=17.44, **facts)
    outcome = train("-a", "conv", "--size", "28")
    assert "worse than those of PCA with as many dims (17.4 against 20.0 dB)" in outcome.err
    assert words in outcome.err


def test_a_good_model_has_no_hints(train, training_gives):
    training_gives()
    outcome = train("-a", "conv", "--size", "28")
    assert outcome.status == 0
    assert "PCA" not in outcome.err
    assert "improving" not in outcome.err


@pytest.mark.parametrize(("noise", "command"), [(0.3, "retrieve denoise IMG --run"), (0.0, "retrieve index")])
def test_the_next_step_is_what_the_model_is_for(train, training_gives, noise, command):
    training_gives(noise=noise)
    assert f"next: {command}" in train("-a", "conv", "--size", "28").err


@pytest.mark.slow
def test_in_the_folder_of_pictures_a_run_goes_on_and_is_not_indexed(retrieve, discs, monkeypatch):
    monkeypatch.chdir(discs)
    started = retrieve("train", ".", "-a", "dense", "--epochs", "1")
    assert started.status == 0
    assert "retrieve index . --encoder .retrieve-runs/dense" in started.err
    assert (discs / ".retrieve-runs" / "dense" / "look" / "reconstructions.png").is_file()
    resumed = retrieve("train", ".", "-a", "dense", "--resume", "--epochs", "2", "--json")
    assert (resumed.json["pictures"], len(resumed.json["history"])) == (8, 2)
    indexed = retrieve("index", ".", "--encoder", ".retrieve-runs/dense", "--json")
    assert indexed.json["pictures"] == 8


@pytest.mark.parametrize("place", ["taken", "inside"])
def test_a_run_that_cannot_be_started_is_refused_before_anything_is_loaded(
    retrieve, photos, tmp_path, monkeypatch, place
):
    # Where the import is tried, it fails.
    monkeypatch.setitem(sys.modules, "retrieval.autoencoder.folder_training", None)
    run = {"taken": tmp_path / "run", "inside": photos / "run"}[place]
    if place == "taken":
        run.mkdir()
        (run / "config.json").write_text("{}")
    outcome = retrieve("train", photos, "--run", run, "--architecture", "conv")
    assert (outcome.status, outcome.out) == (1, "")
    assert {"taken": "it holds a run already", "inside": f"it is inside {photos}"}[place] in outcome.err
