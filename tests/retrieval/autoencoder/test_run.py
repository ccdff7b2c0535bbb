import errno
import os

import numpy as np
import pytest

from retrieval.autoencoder.run import Epoch, Run, State, to_csv
from retrieval.errors import RunInvalid

EPOCHS = (Epoch(1, 0.5, 0.25, 0.6, 0.3, 2.0, 100.0), Epoch(2, 0.4, 0.125, 0.5, 0.2, 1.5, 133.3))


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path / "run", {"pictures": 3})


def test_a_run_remembers_its_configuration(run):
    assert Run.open(run.folder).config() == {"format": 1, "pictures": 3}
    run.change("pictures", 4)
    assert Run.open(run.folder).config()["pictures"] == 4


def test_a_run_that_did_nothing_yet_has_an_empty_state(run):
    assert run.state().history == ()
    assert run.state().weights == []


def test_state_comes_back_whole(run):
    weights = [np.arange(6, dtype=np.float32).reshape(2, 3), np.float32([7])]
    run.save_state(State(EPOCHS, weights, [np.array(9)]))
    state = Run.open(run.folder).state()
    assert state.history == EPOCHS
    for before, after in zip([*weights, np.array(9)], [*state.weights, *state.optimizer], strict=True):
        np.testing.assert_array_equal(before, after)


def test_history_is_csv(run):
    run.save_state(State(EPOCHS))
    assert (run.folder / "history.csv").read_text() == to_csv(EPOCHS)
    assert to_csv(EPOCHS).splitlines() == [
        "epoch,loss,mse,validation_loss,validation_mse,seconds,images_per_second",
        "1,0.5,0.25,0.6,0.3,2,100",
        "2,0.4,0.125,0.5,0.2,1.5,133.3",
    ]


def test_best_weights_are_apart_from_the_last(run):
    run.save_best([np.float32([1, 2])])
    run.save_state(State(EPOCHS, [np.float32([3, 4])]))
    np.testing.assert_array_equal(run.best()[0], [1, 2])


def test_a_folder_with_a_run_is_not_taken_again(run):
    with pytest.raises(RunInvalid, match="holds a run already: go on with it by --resume"):
        Run.create(run.folder, {})


def test_a_file_is_no_place_for_a_run(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunInvalid, match="it is a file"):
        Run.create(tmp_path / "file", {})


def test_a_run_that_cannot_be_made_says_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunInvalid, match=r"cannot be made \(Not a directory\): name another folder by --run"):
        Run.create(tmp_path / "file" / "run", {})


def test_a_disk_that_is_full_is_told_with_the_file_and_what_was_there_stays(run, monkeypatch):
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}

    def refuse(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space left") as caught:
        run.write("config.json", "{}")
    assert caught.value.filename == str(run.folder / "config.json")
    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no config.json"),
        ("{", "not JSON"),
        ("[]", "holds list"),
        ('{"format": 9}', "format 9.*format 1"),
    ],
)
def test_what_is_no_run_is_refused_by_name(tmp_path, text, words):
    if text is not None:
        (tmp_path / "config.json").write_text(text)
    with pytest.raises(RunInvalid, match=words) as caught:
        Run.open(tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("damage", [lambda content: content[:100], lambda _: b"nonsense", lambda _: b""])
def test_damaged_weights_are_named(run, damage):
    run.save_state(State(EPOCHS, [np.ones(1000)]))
    path = run.folder / "last.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RunInvalid, match=r"last\.npz"):
        run.state()
    with pytest.raises(RunInvalid, match=r"best\.npz"):
        run.best()
