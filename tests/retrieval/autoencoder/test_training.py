import csv
import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from retrieval.autoencoder.architectures import ARCHITECTURES, NetworkConfig
from retrieval.autoencoder.options import RECIPE_RULES, TrainingOptions
from retrieval.autoencoder.recipes import RECIPES
from retrieval.autoencoder.run import Run
from retrieval.autoencoder.training import train
from retrieval.encoder import EncoderDescription, Model
from retrieval.errors import RunInvalid, TrainingFailed
from retrieval.progress import Progress, Step

SOLVED = TrainingOptions("solved", size=32, latent_dim=12, seed=5)
TUNED = replace(SOLVED, fine_tune=True, epochs=2, batch_size=8)


@pytest.fixture(scope="module")
def plain(options):
    """Options for what does not depend on the network: the one that takes least time to compile."""
    return replace(options, architecture="dense")


def new_run(folder):
    return Run.create(folder, {})


class Interrupted(Exception):
    pass


def test_training_makes_the_error_smaller(tmp_path, blobs):
    run = new_run(tmp_path / "run")
    train(blobs, TrainingOptions("conv-strided", size=16, epochs=10, batch_size=8), run)
    history = run.state().history
    assert [epoch.epoch for epoch in history] == list(range(1, 11))
    assert history[-1].validation_mse < 0.5 * history[0].validation_mse
    # No network: the mean picture.
    assert history[-1].validation_mse < np.var(blobs / 255, axis=0).mean()


def test_denoising_brings_back_more_than_it_is_given(tmp_path, grey_blobs):
    from retrieval.autoencoder.corruption import Corruption

    options = TrainingOptions("conv-pool", size=16, epochs=16, batch_size=8, noise=0.4, loss="mse")
    model = train(np.tile(grey_blobs, (4, 1, 1, 1)), options, new_run(tmp_path / "run"))
    noisy = Corruption(noise=0.4, grey=True).apply(grey_blobs, seed=9)
    out = model.decoder.decode(model.encoder.encode(noisy)).astype(float)
    assert np.mean((out - grey_blobs) ** 2) < 0.5 * np.mean((noisy.astype(float) - grey_blobs) ** 2)


def test_a_run_holds_a_model_that_a_new_process_runs_alike(finished, blobs):
    run, model = finished
    script = (
        "import sys, numpy as np; from retrieval.encoder import EncoderDescription, Model;"
        "model = Model.open(sys.argv[1]); codes = model.encoder.encode(np.load(sys.argv[2]));"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules;"
        "np.savez(sys.argv[3], codes=codes, pictures=model.decoder.decode(codes))"
    )
    pictures, result = run.folder / "blobs.npy", run.folder / "result.npz"
    np.save(pictures, blobs)
    subprocess.run([sys.executable, "-c", script, run.folder, pictures, result], check=True)
    with np.load(result) as arrays:
        codes = model.encoder.encode(blobs)
        np.testing.assert_array_equal(arrays["codes"], codes)
        np.testing.assert_array_equal(arrays["pictures"], model.decoder.decode(codes))


def test_the_keras_file_is_the_same_network(finished, blobs):
    import keras

    run, model = finished
    network = keras.models.load_model(run.folder / "autoencoder.keras", compile=False)
    codes = network.get_layer("encoder")(blobs.astype(np.float32) / 255).numpy()
    np.testing.assert_allclose(codes, model.encoder.encode(blobs), atol=1e-4)


def test_the_model_says_what_it_is(finished, options):
    description = finished[1].encoder.description
    assert (description.name, description.size, description.dim) == ("conv-pool", 16, 8 * 8 * 32)
    assert description.details["code_shape"] == [8, 8, 32]
    assert TrainingOptions.parse(description.details["options"]) == options
    assert Model.open(finished[0].folder).encoder.fingerprint == finished[1].encoder.fingerprint


def test_a_run_leaves_history_and_logs(finished):
    run, _ = finished
    with (run.folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert all(float(row["images_per_second"]) > 0 for row in rows)
    (log,) = (run.folder / "logs").glob("events.out.tfevents.*")
    assert b"validation_loss" in log.read_bytes()


def test_interrupted_and_resumed_it_goes_as_if_never_interrupted(tmp_path, blobs, finished, options):
    def interrupt(_, epoch):
        if epoch.epoch == 2:
            raise Interrupted

    run = new_run(tmp_path / "run")
    with pytest.raises(Interrupted):
        train(blobs, options, run, on_epoch=interrupt)
    assert len(run.state().history) == 2
    assert not (run.folder / "encoder.tflite").exists()
    model = train(blobs, options, Run.open(run.folder))
    losses = [[epoch.validation_loss for epoch in each.state().history] for each in (run, finished[0])]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
    np.testing.assert_allclose(model.encoder.encode(blobs), finished[1].encoder.encode(blobs), atol=0.01)


def test_an_epoch_that_was_not_finished_is_trained_again(tmp_path, blobs, plain):
    class Interrupting(Progress):
        @contextmanager
        def _shown(self, name, total):  # noqa: ARG002
            yield Counting()

    class Counting(Step):
        steps = 0

        def advance(self, amount=1):
            # 36 pictures in batches of 8 are 5 steps: in the middle of the second epoch.
            Counting.steps += amount
            if Counting.steps == 8:
                raise KeyboardInterrupt

    run = new_run(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        train(blobs, plain, run, progress=Interrupting())
    assert [epoch.epoch for epoch in run.state().history] == [1]
    train(blobs, plain, run)
    assert [epoch.epoch for epoch in run.state().history] == [1, 2, 3]


def test_the_best_weights_are_exported_not_the_last(tmp_path, blobs, plain):
    def spoil(network, epoch):
        if epoch.epoch == 1:
            for weight in network.trainable_weights:
                weight.assign(weight * 0 + 3)

    run = new_run(tmp_path / "run")
    model = train(blobs, replace(plain, epochs=2, learning_rate=1e-6), run, on_epoch=spoil)
    history = run.state().history
    assert history[1].validation_loss > history[0].validation_loss
    assert np.abs(run.best()[0]).max() < 1
    assert np.abs(run.state().weights[0]).max() > 2.9
    assert model.encoder.encode(blobs).max() < 50


def test_training_stops_early_where_nothing_is_gained(tmp_path, blobs, plain):
    run = new_run(tmp_path / "run")
    chosen = replace(plain, epochs=50, early_stopping=2, learning_rate=1e-9)
    train(blobs, chosen, run)
    history = run.state().history
    best = min(history, key=lambda epoch: epoch.validation_loss).epoch
    assert len(history) == best + 2 < 50


def test_the_seed_decides(tmp_path, blobs, plain):
    codes = []
    for number, seed in enumerate((0, 0, 1)):
        model = train(blobs, replace(plain, epochs=1, seed=seed), new_run(tmp_path / str(number)))
        codes.append(model.encoder.encode(blobs))
    np.testing.assert_allclose(codes[0], codes[1], atol=1e-3)
    assert np.abs(codes[0] - codes[2]).max() > 0.1


def test_sparsity_makes_the_code_smaller(tmp_path, blobs, plain):
    chosen = replace(plain, epochs=8, noise=0.0)
    plain = train(blobs, chosen, new_run(tmp_path / "plain")).encoder.encode(blobs)
    sparse = train(blobs, replace(chosen, sparsity=1.0), new_run(tmp_path / "sparse")).encoder.encode(blobs)
    assert np.abs(sparse).mean() < 0.7 * np.abs(plain).mean()


def test_without_validation_the_training_figures_stand_for_it(tmp_path, blobs, plain):
    run = new_run(tmp_path / "run")
    train(blobs, replace(plain, validation=0.0, epochs=1), run)
    (epoch,) = run.state().history
    assert (epoch.validation_loss, epoch.validation_mse) == (epoch.loss, epoch.mse)


def test_mixed_precision_is_exported_in_float32(tmp_path, blobs, options):
    model = train(blobs, replace(options, epochs=1, precision="mixed"), new_run(tmp_path / "run"))
    assert model.encoder.encode(blobs).dtype == np.float32
    import keras

    assert keras.config.dtype_policy().name == "float32"


def test_two_pictures_are_enough(tmp_path, blobs, options):
    model = train(blobs[:2], replace(options, epochs=1), new_run(tmp_path / "run"))
    assert model.decoder.decode(model.encoder.encode(blobs[:2])).shape == (2, 16, 16, 3)


@pytest.mark.parametrize(
    ("cut", "words"), [(np.s_[:1], "1 pictures, expected 2"), (np.s_[:, :8], r"expected \(n, 16, 16, 3\)")]
)
def test_what_cannot_be_trained_on_is_refused(tmp_path, blobs, options, cut, words):
    with pytest.raises(ValueError, match=words):
        train(blobs[cut], options, new_run(tmp_path / "run"))


def test_a_loss_that_is_no_number_ends_training(tmp_path, blobs):
    chosen = TrainingOptions("conv-strided", size=16, epochs=30, batch_size=8, learning_rate=1e30)
    with pytest.raises(TrainingFailed, match="smaller --learning-rate"):
        train(blobs, chosen, new_run(tmp_path / "run"))


def test_weights_of_another_network_are_refused(tmp_path, blobs, plain):
    run = new_run(tmp_path / "run")
    train(blobs, replace(plain, epochs=1), run)
    with pytest.raises(RunInvalid, match="not those of this network"):
        train(blobs, replace(plain, latent_dim=5), run)


def test_configuration_is_json_that_other_programs_read(finished, options):
    assert json.loads((finished[0].folder / "config.json").read_text())["options"] == options.to_dict()


@pytest.fixture(scope="module")
def pictures(blobs):
    return np.stack([np.asarray(Image.fromarray(picture).resize((32, 32))) for picture in blobs])


@contextmanager
def solving_at_once():
    """In place of the minute that solving takes: a network of the same kind; and what it was asked for."""
    import keras

    from retrieval.autoencoder.export import export
    from retrieval.autoencoder.networks import build

    asked = []

    def fit(pictures, *, dim, seed, decoder, progress):
        assert decoder
        asked.append((pictures.shape, dim, seed))
        keras.utils.set_random_seed(seed)
        network = build(NetworkConfig(ARCHITECTURES["conv-pool"], 32, 3, dim, chosen_loss="mse"))
        details = {"aligned": False, "fitted_on": len(pictures)}
        return export(network, EncoderDescription("solved", 32, dim, scale=(255.0,), details=details))

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECIPES, "solved", SimpleNamespace(fit=fit))
        yield asked


@pytest.fixture
def solving():
    with solving_at_once() as asked:
        yield asked


@pytest.fixture(scope="module")
def tuned(pictures, tmp_path_factory):
    """A run that was tuned to its end, and its model."""
    run = Run.create(tmp_path_factory.mktemp("tuned") / "run", {})
    with solving_at_once():
        return run, train(pictures, TUNED, run)


def test_the_solved_encoder_is_a_run_like_any_other(pictures, tmp_path, solving):
    run = Run.create(tmp_path / "run", {})
    model = train(pictures, SOLVED, run)
    assert solving == [((40, 32, 32, 3), 12, 5)]
    assert Model.open(run.folder).encoder.fingerprint == model.encoder.fingerprint
    assert model.encoder.description.details["options"] == SOLVED.to_dict()
    assert run.state().history == ()


def test_it_is_solved_from_a_bounded_number(pictures, tmp_path, solving, monkeypatch):
    monkeypatch.setitem(RECIPE_RULES, "solved", replace(RECIPE_RULES["solved"], max_pictures={32: 10}))
    train(pictures, SOLVED, Run.create(tmp_path / "run", {}))
    assert solving[0][0] == (10, 32, 32, 3)


def test_fine_tuning_changes_both_halves_and_is_solved_once(pictures, tmp_path, solving, tuned):
    run = Run.open(shutil.copytree(tuned[0].folder, tmp_path / "run"))
    assert [epoch.epoch for epoch in run.state().history] == [1, 2]
    assert run.state().history[1].mse < run.state().history[0].mse
    more = train(pictures, replace(TUNED, epochs=3), run)
    assert len(solving) == 0
    assert [epoch.epoch for epoch in run.state().history] == [1, 2, 3]
    assert more.encoder.model != tuned[1].encoder.model
    assert more.decoder.model != tuned[1].decoder.model
    assert more.encoder.description.details["fitted_on"] == 40


def test_tuning_that_was_interrupted_goes_as_if_never_interrupted(pictures, tmp_path, solving, tuned):
    def interrupt(_, epoch):
        raise Interrupted

    run = Run.create(tmp_path / "run", {})
    with pytest.raises(Interrupted):
        train(pictures, TUNED, run, on_epoch=interrupt)
    train(pictures, TUNED, run)
    assert len(solving) == 1
    losses = [[epoch.loss for epoch in each.state().history] for each in (tuned[0], run)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)


def test_every_recipe_has_its_rules():
    assert set(RECIPES) == set(RECIPE_RULES)
