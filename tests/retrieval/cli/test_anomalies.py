import numpy as np
import pytest
from PIL import Image

from retrieval import Retriever


@pytest.fixture
def parts(tmp_path):
    """Grey noise in `parts/good`, and in `parts/bad` two pictures with a white square."""
    rng = np.random.default_rng(0)
    for number in range(12):
        pixels = rng.integers(60, 120, size=(48, 48), dtype=np.uint8)
        if number >= 10:
            pixels[20:32, 20:32] = 255
        path = tmp_path / "parts" / ("bad" if number >= 10 else "good") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return tmp_path / "parts"


def test_the_strangest_come_first_and_the_area_is_told(retrieve, parts):
    told = retrieve("anomalies", parts, "--normal", parts / "good", "--method", "patches", "-k", 3)
    assert told.status == 0
    assert [fields[0] for fields in told.fields] == ["1", "2", "3"]
    assert {fields[3] for fields in told.fields[:2]} == {str(parts / "bad" / f"{n}.png") for n in (10, 11)}
    assert told.fields[0][2] == ""
    assert "unusual" in told.fields[0][4]
    assert "AUROC by the folders: patches 1.000" in told.err
    assert "s a picture" in told.err


def test_the_index_of_the_folder_reconstructs(retrieve, parts, model):
    Retriever.build(parts, encoder=model)
    told = retrieve("anomalies", parts, "--anomalous", "bad", "--json")
    assert told.status == 0
    assert set(told.json["checks"]) == {"patches", "reconstruction"}
    assert set(told.json["auroc"]) == {"patches", "reconstruction"}
    assert told.json["auroc"][told.json["method"]] == 1.0
    assert len(told.json["pictures"]) == 12
    assert set(told.json["pictures"][0]["scores"]) == {"patches", "reconstruction"}
    assert told.err == ""


def test_it_is_told_that_an_autoencoder_may_know_the_normal_pictures(retrieve, parts, model):
    Retriever.build(parts, encoder=model)
    told = retrieve("anomalies", parts, "--normal", parts / "good")
    assert "too good where the autoencoder was fitted to the normal pictures" in told.err


def test_an_autoencoder_is_fitted_where_there_is_no_index(retrieve, parts, stand_in_solve):
    told = retrieve("anomalies", parts / "bad", "--normal", parts / "good")
    assert told.status == 0
    assert len(stand_in_solve) == 1
    assert "an autoencoder is fitted first" in told.err
    assert all(len(fields[2]) for fields in told.fields)
    assert "AUROC by" not in told.err
    assert not (parts / "good" / ".retrieve").exists()


def test_maps_and_page_are_written_and_never_over_anything(retrieve, parts, tmp_path):
    page, maps = tmp_path / "page.html", tmp_path / "maps"
    arguments = ("anomalies", parts, "--method", "patches", "-k", 2, "--html", page, "--heatmaps", maps)
    assert retrieve(*arguments).status == 0
    assert len(list(maps.glob("*.png"))) == 2
    assert page.read_text().count("<section>") == 2
    again = retrieve(*arguments)
    assert again.status == 1
    assert "page.html exists already" in again.err
    page.unlink()
    assert "maps is not empty: name another folder, or add --overwrite" in retrieve(*arguments).err
    assert retrieve(*arguments, "--overwrite").status == 0


def test_maps_among_the_pictures_are_refused(retrieve, parts):
    told = retrieve("anomalies", parts, "--heatmaps", parts / "maps")
    assert told.status == 1
    assert "lies among the pictures" in told.err
    assert retrieve("anomalies", parts, "--html", parts / "good" / "0.png").status == 2


def test_a_folder_without_pictures_is_told(retrieve, tmp_path):
    told = retrieve("anomalies", tmp_path, "--method", "patches")
    assert told.status == 1
    assert f"no pictures in {tmp_path}: name a folder that holds some" in told.err


def test_an_index_without_a_decoder_leaves_patches(retrieve, parts, model):
    from retrieval.encoder import Model

    Retriever.build(parts, encoder=Model(model.encoder))
    told = retrieve("anomalies", parts)
    assert told.status == 0
    assert "has no decoder: ranked by patches alone" in told.err
    refused = retrieve("anomalies", parts, "--method", "reconstruction")
    assert refused.status == 1
    assert "has no decoder, so it cannot reconstruct" in refused.err


def test_a_broken_picture_is_told_and_the_rest_ranked(retrieve, parts):
    (parts / "bad" / "cut.png").write_bytes((parts / "bad" / "10.png").read_bytes()[:60])
    told = retrieve("anomalies", parts, "--method", "patches")
    assert told.status == 1
    assert len(told.fields) == 12
    assert "cut.png cannot be read" in told.err


def test_it_is_told_where_normal_pictures_differ_too_much(retrieve, tmp_path, paint):
    for number in range(6):
        paint(tmp_path / "flat" / f"{number}.png", (number * 40, 90, 200 - number * 30))
    told = retrieve("anomalies", tmp_path / "flat", "--method", "patches")
    assert told.status == 0
    assert "AUROC: patches 0.50" in told.err
    assert "the order says little about small defects" in told.err


def test_a_broken_normal_picture_is_told(retrieve, parts):
    (parts / "good" / "cut.png").write_bytes((parts / "bad" / "10.png").read_bytes()[:60])
    told = retrieve("anomalies", parts / "bad", "--normal", parts / "good", "--method", "patches")
    assert told.status == 0
    assert f"of the normal pictures 1 cannot be read, such as {parts / 'good' / 'cut.png'}" in told.err


def test_an_index_elsewhere_stands_for_its_folder(retrieve, parts, model, tmp_path):
    Retriever.build(parts, encoder=model, index=tmp_path / "index")
    for arguments in ([tmp_path / "index"], ["--index", tmp_path / "index"]):
        told = retrieve("anomalies", *arguments, "--json")
        assert told.status == 0
        assert len(told.json["pictures"]) == 12
        assert "reconstruction" in told.json["checks"]


def test_a_page_without_a_folder_to_lie_in_is_refused_before_any_work(retrieve, parts, tmp_path):
    told = retrieve("anomalies", parts, "--html", tmp_path / "none" / "page.html")
    assert (told.status, told.err.count("\n")) == (1, 1)
    assert "there is no folder" in told.err


def test_a_map_of_a_picture_with_a_long_name_has_a_shorter_one(retrieve, parts, tmp_path):
    picture = next(parts.rglob("*.png"))
    for path in parts.rglob("*.png"):
        path.rename(path.with_name(f"{path.stem}{'ü' * 120}.png"))
    assert not picture.exists()
    told = retrieve("anomalies", parts, "--method", "patches", "-k", 2, "--heatmaps", tmp_path / "maps")
    assert (told.status, len(list((tmp_path / "maps").glob("00?-*ü.png")))) == (0, 2)


def test_a_folder_of_anomalies_that_is_not_there_is_told_before_any_work(retrieve, parts):
    told = retrieve("anomalies", parts, "--method", "patches", "--anomalous", "nope")
    assert (told.status, told.out) == (1, "")
    assert "no picture lies in a folder called nope" in told.err
