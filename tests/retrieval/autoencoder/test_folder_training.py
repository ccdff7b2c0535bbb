import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retrieval.autoencoder.dataset import Split
from retrieval.autoencoder.folder_training import resume, start
from retrieval.autoencoder.run import Run
from retrieval.encoder import Model
from retrieval.errors import NoPictures, RunInvalid
from retrieval.progress import Progress


@pytest.fixture
def quick(options):
    return replace(options, epochs=1)


def test_a_folder_becomes_a_run_to_look_at(folder, tmp_path, quick):
    trained = start(folder, tmp_path / "run", replace(quick, snapshots=True), page=True, progress=Progress())
    look = tmp_path / "run" / "look"
    assert {path.name for path in look.iterdir()} >= {
        "reconstructions.png",
        "pca.png",
        "code.png",
        "look.html",
    }
    assert [path.name for path in (look / "snapshots").iterdir()] == ["epoch-0001.png"]
    config = trained.run.config()
    assert (config["pictures"], config["channels"], list(config["rejected"])) == (12, 3, ["cut.png"])
    assert set(config["versions"]) == {"keras", "numpy", "tensorflow"}
    assert not (tmp_path / "run" / "pictures.u8").exists()
    assert trained.best.epoch == 1
    opened = Model.open(tmp_path / "run")
    assert opened.encoder.fingerprint == trained.model.encoder.fingerprint


def test_a_finished_run_goes_on_to_more_epochs_though_its_folder_was_renamed(folder, tmp_path, quick):
    start(folder, tmp_path / "run", quick, progress=Progress())
    moved = folder.rename(tmp_path / "moved")
    trained = resume(moved, tmp_path / "run", epochs=2, progress=Progress())
    assert [epoch.epoch for epoch in trained.history] == [1, 2]
    assert Run.open(tmp_path / "run").config()["options"]["epochs"] == 2


def test_other_pictures_or_other_contents_are_not_gone_on_with(folder, tmp_path, quick, blobs):
    start(folder, tmp_path / "run", quick, progress=Progress())
    Image.fromarray(blobs[20]).save(folder / "new.png")
    with pytest.raises(RunInvalid, match=r"started on 12 pictures of .*, and the 13 in .* are not the same"):
        resume(folder, tmp_path / "run", progress=Progress())
    (folder / "new.png").replace(folder / "a" / "01.png")
    with pytest.raises(RunInvalid, match="are not the same"):
        resume(folder, tmp_path / "run", progress=Progress())


def test_a_run_that_is_there_is_refused_before_any_work(folder, tmp_path, quick):
    Run.create(tmp_path / "run", {})
    shutil.rmtree(folder)
    with pytest.raises(RunInvalid, match="holds a run already"):
        start(folder, tmp_path / "run", quick, progress=Progress())


def test_a_folder_that_is_not_there_leaves_nothing_behind(tmp_path, quick):
    with pytest.raises(NoPictures, match="there is no such folder"):
        start(tmp_path / "none", tmp_path / "run", quick, progress=Progress())
    assert not (tmp_path / "run").exists()


def test_grey_pictures_get_a_grey_network(tmp_path, grey_blobs, quick):
    folder = tmp_path / "grey"
    folder.mkdir()
    for number, picture in enumerate(grey_blobs[:6]):
        Image.fromarray(picture[..., 0]).save(folder / f"{number}.png")
    trained = start(folder, tmp_path / "run", quick, progress=Progress())
    assert trained.run.config()["channels"] == 1
    out = trained.model.decoder.decode(trained.model.encoder.encode(grey_blobs[:2]))
    np.testing.assert_array_equal(out[..., 0], out[..., 2])


def test_a_run_of_an_earlier_version_is_refused_with_a_reason(folder, tmp_path, quick):
    Run.create(tmp_path / "run", {"options": quick.to_dict(), "pictures_sha256": "0"})
    with pytest.raises(RunInvalid, match="an earlier version started it"):
        resume(folder, tmp_path / "run", progress=Progress())


def test_a_run_among_the_pictures_is_refused_unless_it_is_hidden(folder, tmp_path, quick, monkeypatch):
    with pytest.raises(RunInvalid, match="would be read as pictures"):
        start(folder, folder / "runs" / "conv", quick, progress=Progress())
    assert not (folder / "runs").exists()
    monkeypatch.chdir(folder)
    with pytest.raises(RunInvalid, match="would be read as pictures"):
        start(Path(), Path("runs/conv"), quick, progress=Progress())
    start(Path(), Path(".retrieve-runs/conv"), quick, progress=Progress())
    trained = resume(folder, folder / ".retrieve-runs" / "conv", epochs=2, progress=Progress())
    assert (len(trained.dataset.paths), len(trained.history)) == (12, 2)


def test_a_run_says_which_pictures_it_was_fitted_to(folder, tmp_path, quick):
    trained = start(folder, tmp_path / "run", quick, progress=Progress())
    fitted = json.loads((tmp_path / "run" / "fitted.json").read_text())
    held_back = Split.draw(12, quick.validation, seed=quick.seed).validation
    expected = [path for row, path in enumerate(trained.dataset.paths) if row not in held_back]
    assert fitted["pictures"] == expected == sorted(expected)
    assert (fitted["folder"], fitted["found"], fitted["size"], fitted["drawn"]) == (str(folder), 12, 16, 0)
    hashes = [hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in expected]
    assert fitted["sha256"] == hashes


def test_the_quality_is_that_of_the_pictures_held_back(folder, tmp_path, quick):
    trained = start(folder, tmp_path / "run", replace(quick, noise=0.0), progress=Progress())
    shown = trained.dataset.pixels[Split.draw(12, 0.1, seed=0).validation]
    decoded = trained.model.decoder.decode(trained.model.encoder.encode(shown)).astype(float)
    assert trained.psnr == pytest.approx(10 * np.log10(255**2 / np.mean((decoded - shown) ** 2)))
    assert 5 < trained.pca_psnr < 60
