import pytest

from retrieval.autoencoder.options import TrainingOptions
from retrieval.autoencoder.run import Run
from retrieval.errors import RunInvalid


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"architecture": "resnet"}, ["'resnet'", "dense, conv-pool, conv-strided, conv"]),
        ({"size": 30}, ["30", "multiple of 4"]),
        ({"size": 4}, ["4", "from 8 up"]),
        ({"architecture": "conv-pool", "size": 12}, ["12", "16 or more for conv-pool"]),
        ({"epochs": 0}, ["epochs is 0", "1 or more"]),
        ({"batch_size": -1}, ["batch_size is -1"]),
        ({"latent_dim": 0}, ["latent_dim is 0"]),
        ({"noise": -0.1}, ["noise is -0.1"]),
        ({"noise": float("nan")}, ["noise is nan"]),
        ({"occlude": 1.0}, ["occlude is 1.0", "below 1"]),
        ({"validation": 1.5}, ["validation is 1.5"]),
        ({"loss": "ssim"}, ["'ssim'", "mse, bce"]),
        ({"learning_rate": 0.0}, ["learning_rate is 0.0"]),
    ],
)
def test_what_cannot_be_is_named_with_what_was_expected(values, words):
    with pytest.raises(ValueError, match=r"expected|solved") as caught:
        TrainingOptions(**{"architecture": "dense", **values})
    assert all(word in str(caught.value) for word in words)


def test_all_faults_are_told_at_once():
    with pytest.raises(ValueError, match=r"size is 30.*epochs is 0.*noise is -1"):
        TrainingOptions("dense", size=30, epochs=0, noise=-1)


def test_options_come_back_from_their_dict():
    options = TrainingOptions("conv", size=32, noise=0.3, latent_dim=17, snapshots=True)
    assert TrainingOptions.parse(options.to_dict()) == options


def test_options_of_a_run_are_those_it_was_started_with(tmp_path):
    options = TrainingOptions("conv", size=32, sparsity=0.5)
    assert TrainingOptions.of_run(Run.create(tmp_path / "run", {"options": options.to_dict()})) == options


@pytest.mark.parametrize(
    "options", [{}, {"architecture": "dense", "colour": "red"}, {"architecture": "none"}, 7]
)
def test_options_of_another_version_are_refused(tmp_path, options):
    run = Run.create(tmp_path / "run", {"options": options})
    with pytest.raises(RunInvalid, match="its options cannot be used"):
        TrainingOptions.of_run(run)


@pytest.mark.parametrize(
    ("pictures", "epochs", "batch_size"), [(100, 480, 16), (240, 200, 16), (1_200, 40, 64), (60_000, 30, 64)]
)
def test_few_pictures_are_trained_on_in_many_epochs(pictures, epochs, batch_size):
    resolved = TrainingOptions("conv").resolved(pictures)
    assert (resolved.epochs, resolved.batch_size) == (epochs, batch_size)


def test_what_was_asked_for_is_not_resolved_otherwise():
    asked = TrainingOptions("conv", epochs=2, batch_size=7)
    assert asked.resolved(100) == asked
    solved = TrainingOptions("solved")
    assert solved.resolved(100) == solved
