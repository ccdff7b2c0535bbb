import sys

import numpy as np
import pytest
from PIL import Image

from retrieval.autoencoder.run import Run


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
    script += "from retrieval import restore; from retrieval.autoencoder import gather, look, options;"
    script += "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
