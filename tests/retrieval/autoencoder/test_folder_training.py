import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

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


def test_a_finished_run_goes_on_to_more_epochs(folder, tmp_path, quick):
    start(folder, tmp_path / "run", quick, progress=Progress())
    trained = resume(folder, tmp_path / "run", epochs=2, progress=Progress())
    assert [epoch.epoch for epoch in trained.history] == [1, 2]
    assert Run.open(tmp_path / "run").config()["options"]["epochs"] == 2


def test_other_pictures_are_not_gone_on_with(folder, tmp_path, quick, blobs):
    start(folder, tmp_path / "run", quick, progress=Progress())
    Image.fromarray(blobs[20]).save(folder / "new.png")
    with pytest.raises(RunInvalid, match=r"started on 12 pictures of .*, and the 13 in .* are not the same"):
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
    for number, picture in enumerate(grey_blobs[:6]):
        Image.fromarray(picture[..., 0]).save(tmp_path / f"{number}.png")
    trained = start(tmp_path, tmp_path / "run", quick, progress=Progress())
    assert trained.run.config()["channels"] == 1
    out = trained.model.decoder.decode(trained.model.encoder.encode(grey_blobs[:2]))
    np.testing.assert_array_equal(out[..., 0], out[..., 2])
