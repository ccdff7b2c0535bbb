import json
import shutil

import numpy as np
import pytest
from PIL import Image

from retrieval.autoencoder.options import TrainingOptions


def decibels(fields):
    before, _, after = fields[1].removeprefix("PSNR ").removesuffix(" dB").partition(" -> ")
    return float(before), float(after)


@pytest.fixture
def denoise(retrieve, model_folder, tmp_path):
    """The model keeps the mean colour of each quarter, which takes noise away from flat pictures."""

    def denoise(*arguments):
        out = tmp_path / "out"
        return retrieve("denoise", *arguments, "--run", model_folder, "--out", out, "--overwrite")

    return denoise


def test_noise_is_added_first_and_taken_away(denoise, photos):
    outcome = denoise(photos / "warm" / "red.png", "--noise", "0.2")
    assert outcome.status == 0
    before, after = decibels(outcome.fields[0])
    assert 15 < before < 25
    assert after > before


def test_the_seed_decides_the_noise(denoise, photos, tmp_path):
    pictures = []
    for seed in (1, 1, 2):
        denoise(photos / "violet.png", "--noise", "0.5", "--seed", seed)
        pictures.append((tmp_path / "out" / "violet.png").read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]


def test_a_clean_picture_of_the_same_name_is_the_measure(denoise, photos, tmp_path):
    noisy = tmp_path / "noisy" / "warm"
    noisy.mkdir(parents=True)
    red = np.asarray(Image.open(photos / "warm" / "red.png")).astype(float)
    spoiled = np.clip(red + np.random.default_rng(0).normal(0, 60, red.shape), 0, 255).astype(np.uint8)
    Image.fromarray(spoiled).save(noisy / "red.png")
    outcome = denoise(tmp_path / "noisy", "--clean", photos)
    assert outcome.status == 0
    before, after = decibels(outcome.fields[0])
    assert after > before


def test_without_a_measure_it_tells_how_much_was_changed(denoise, photos):
    (fields,) = denoise(photos / "violet.png").fields
    assert "->" not in fields[1]


def test_a_clean_picture_that_is_missing_is_named(denoise, photos, tmp_path):
    outcome = denoise(photos / "violet.png", "--clean", tmp_path / "nothing")
    assert outcome.status == 1
    assert "nothing/violet.png" in outcome.err


def test_clean_pictures_and_added_noise_exclude_each_other(denoise, photos):
    assert denoise(photos, "--clean", photos, "--noise", "0.1").status == 2


def test_a_clean_picture_of_another_size_is_told_in_a_sentence(denoise, photos, paint, tmp_path):
    paint(tmp_path / "clean" / "violet.png", (0, 0, 0), size=(20, 30))
    outcome = denoise(photos / "violet.png", photos / "warm" / "red.png", "--clean", tmp_path / "clean")
    assert outcome.status == 1
    assert "clean/violet.png has 20 × 30 pixels" in outcome.err
    assert "violet.png 48 × 24 pixels: expected a clean picture of the same size" in outcome.err
    # The other picture is still tried.
    assert "clean/red.png cannot be read" in outcome.err


def test_a_run_without_a_decoder_is_told_once(retrieve, model_folder, photos, tmp_path):
    (tmp_path / "run").mkdir()
    for name in ("encoder.tflite", "encoder.json"):
        (tmp_path / "run" / name).write_bytes((model_folder / name).read_bytes())
    outcome = retrieve("denoise", photos, "--run", tmp_path / "run", "--out", tmp_path / "out")
    assert outcome.status == 1
    assert outcome.err.count("has no decoder") == 1


@pytest.mark.parametrize("option", ["--noise", "--occlude"])
def test_noise_that_is_no_number_is_refused(denoise, photos, option):
    outcome = denoise(photos / "violet.png", option, "nan")
    assert (outcome.status, outcome.out) == (2, "")


@pytest.mark.parametrize(("noise", "told"), [(0.0, True), (0.3, False)])
def test_a_run_that_never_saw_noise_is_told(retrieve, model_folder, photos, tmp_path, noise, told):
    run = tmp_path / "run"
    shutil.copytree(model_folder, run)
    options = TrainingOptions(architecture="conv", noise=noise).to_dict()
    (run / "config.json").write_text(json.dumps({"format": 1, "options": options}))
    outcome = retrieve("denoise", photos / "violet.png", "--run", run, "--out", tmp_path / "out")
    assert outcome.status == 0
    assert (f"run {run} was not trained to denoise" in outcome.err) == told
