import errno
import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def test_a_reconstruction_is_written_at_the_pictures_own_size(retrieve, model_folder, photos, tmp_path):
    picture = photos / "violet.png"
    outcome = retrieve("reconstruct", picture, "--run", model_folder, "--out", tmp_path / "out")
    assert outcome.status == 0
    ((path, psnr, ssim),) = outcome.fields
    assert path == str(tmp_path / "out" / "violet.png")
    with Image.open(path) as result:
        assert result.size == (48, 24)
        np.testing.assert_allclose(np.asarray(result)[12, 24], (255, 0, 255), atol=3)
    assert float(psnr.split()[1]) > 30
    assert float(ssim.split()[1]) > 0.9


def test_a_folder_keeps_its_folders_and_tells_what_it_could_not_read(
    retrieve, model_folder, photos, tmp_path
):
    out = tmp_path / "out"
    outcome = retrieve("reconstruct", photos, "--run", model_folder, "--out", out, "--json")
    assert outcome.status == 1
    assert (out / "warm" / "red.png").is_file()
    assert {one["path"] for one in outcome.json["pictures"]} == {str(path) for path in out.rglob("*.png")}
    assert len(outcome.json["failures"]) == 2
    assert "cut.png" in outcome.err


def test_an_index_lends_its_decoder(retrieve, indexed, tmp_path):
    outcome = retrieve("reconstruct", indexed / "violet.png", "--index", indexed, "--out", tmp_path / "out")
    assert outcome.status == 0
    assert (tmp_path / "out" / "violet.png").is_file()


def test_pictures_of_the_same_name_get_names_of_their_own(retrieve, model_folder, photos, paint, tmp_path):
    other = paint(tmp_path / "other" / "violet.jpg", (0, 0, 0))
    outcome = retrieve(
        "reconstruct", photos / "violet.png", other, "--run", model_folder, "--out", tmp_path / "o"
    )
    assert [fields[0].rpartition("/")[2] for fields in outcome.fields] == [
        "violet.png",
        "violet-2.png",
        "mean of 2",
    ]


def test_an_original_is_never_overwritten(retrieve, model_folder, photos):
    before = (photos / "violet.png").read_bytes()
    outcome = retrieve("reconstruct", photos / "violet.png", "--run", model_folder, "--out", photos)
    assert outcome.status == 1
    assert "would be overwritten" in outcome.err
    assert "cannot be read" not in outcome.err
    assert (photos / "violet.png").read_bytes() == before


def test_a_run_and_an_index_exclude_each_other(retrieve, model_folder, photos, tmp_path):
    outcome = retrieve(
        "reconstruct", photos, "--run", model_folder, "--index", photos, "--out", tmp_path / "o"
    )
    assert outcome.status == 2


@pytest.mark.parametrize("command", ["reconstruct", "denoise"])
def test_equal_pictures_have_no_psnr_that_json_can_say(retrieve, model_folder, paint, tmp_path, command):
    picture = paint(tmp_path / "white.png", (255, 255, 255), size=(16, 16))
    outcome = retrieve(command, picture, "--run", model_folder, "--out", tmp_path / "o", "--json")
    (one,) = outcome.json["pictures"]
    assert one["psnr"] is None or math.isfinite(one["psnr"])
    assert json.loads(outcome.out)["failures"] == []


def test_a_picture_that_cannot_be_written_is_named_and_leaves_no_half(
    retrieve, indexed, tmp_path, monkeypatch
):
    def refuse(self, path):
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", refuse)
    outcome = retrieve("reconstruct", indexed / "violet.png", "--index", indexed, "--out", tmp_path / "out")
    assert outcome.status == 1
    assert outcome.err == f"retrieve: {tmp_path / 'out' / 'violet.png'}: No space left on device\n"
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_is_no_folder_to_write_to(retrieve, indexed, tmp_path):
    (tmp_path / "out.png").write_bytes(b"mine")
    asked = ["reconstruct", indexed / "violet.png", "--index", indexed, "--out", tmp_path / "out.png"]
    assert retrieve(*asked).err == f"retrieve: {tmp_path / 'out.png'} is a file: name a folder by --out\n"


def test_what_is_there_is_replaced_only_where_that_is_asked_for(
    retrieve, model_folder, photos, paint, tmp_path
):
    out = paint(tmp_path / "out" / "violet.png", (1, 2, 3)).parent
    before = (out / "violet.png").read_bytes()
    asked = ["reconstruct", photos / "violet.png", photos / "warm", "--run", model_folder, "--out", out]
    outcome = retrieve(*asked)
    assert (outcome.status, outcome.out) == (1, "")
    told = f"{out / 'violet.png'} exists already: name another folder by --out, or add --overwrite"
    assert outcome.err == f"retrieve: {told}\n"
    assert {path: path.read_bytes() for path in out.iterdir()} == {out / "violet.png": before}
    assert retrieve(*asked, "--overwrite").status == 0
    assert (out / "violet.png").read_bytes() != before
    assert "violet.png and 2 more exist already" in retrieve(*asked).err


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_no_picture_that_is_asked_with_is_replaced_by_the_result_of_another(
    retrieve, model_folder, paint, tmp_path, overwrite
):
    paint(tmp_path / "a.bmp", (255, 0, 0))
    other = paint(tmp_path / "a.png", (0, 0, 255))
    before = other.read_bytes()
    outcome = retrieve("reconstruct", tmp_path, "--run", model_folder, "--out", tmp_path, *overwrite)
    assert outcome.status == 1
    assert "would be overwritten by a result" in outcome.err
    assert other.read_bytes() == before


def test_nothing_is_restored_into_an_indexed_folder(retrieve, indexed):
    for out, status in ((indexed / "warm", 1), (indexed / "new" / "deep", 1), (indexed / ".restored", 0)):
        told = retrieve("reconstruct", indexed / "violet.png", "--index", indexed, "--out", out)
        assert (told.status, "would be indexed as yours" in told.err) == (status, bool(status))
    assert not (indexed / "new").exists()
