from __future__ import annotations

from PIL import Image

from retrieval import Retriever
from retrieval.demo import CLASSES


def test_the_demo_draws_indexes_compares_and_says_what_to_run_next(retrieve, stand_in_solve, tmp_path):
    folder = tmp_path / "demo"
    outcome = retrieve("demo", folder, "--images", 48)
    assert (outcome.status, outcome.err) == (0, "")
    assert f"Drew 48 pictures of 16 kinds in {folder / 'pictures'}," in outcome.out
    for method in ("this search, 12 numbers", "colour histogram, 64", "pixels, 3,072"):
        assert method in outcome.out
    assert "retrieve index FOLDER" in outcome.out.splitlines()[-2]
    assert len(Retriever.open(folder / "pictures")) == 48
    for name in ("latent-and-pixels.png", "nearest.png"):
        with Image.open(folder / name) as sheet:
            assert min(sheet.size) > 500
            # The frames of right and wrong answers.
            colors = {color for _, color in sheet.getcolors(1 << 20)}
        assert {(0x2A, 0x9D, 0x4B), (0xD1, 0x37, 0x2F)} <= colors
    assert_example_leaves_the_query_out(outcome.out.splitlines(), folder)


def assert_example_leaves_the_query_out(lines, folder):
    [start] = [number for number, line in enumerate(lines) if line.startswith("Nearest to ")]
    query = lines[start].removeprefix("Nearest to ").removesuffix(":")
    hits = [line.split()[-1] for line in lines[start + 1 : start + 6]]
    assert len(set(hits)) == 5
    assert (folder / "pictures" / query).is_file()
    assert query not in hits


def test_as_json_it_holds_the_figures_of_each_method_and_can_be_run_again(retrieve, stand_in_solve, tmp_path):
    value = retrieve("demo", tmp_path / "demo", "--images", 32, "--seed", 3, "--json").json
    assert (value["pictures"], value["classes"]) == (32, len(CLASSES))
    assert {name: method["dim"] for name, method in value["methods"].items()} == {
        "latent": 12,
        "color_histogram": 64,
        "pixel": 3072,
    }
    for method in value["methods"].values():
        assert 0 <= method["precision_at_1"] <= 1
        # One other picture of the same class is all that ten answers can hold.
        assert method["precision_at_10"] <= 0.1 + 1e-9
    assert stand_in_solve[0].seed == 3
    assert set(value["seconds"]) > {"draw pictures", "embed", "compare"}
    assert retrieve("demo", tmp_path / "demo", "--images", 32).status == 0


def test_the_demo_does_not_draw_among_the_pictures_of_others(retrieve, paint, tmp_path):
    paint(tmp_path / "pictures" / "holiday.png", (255, 0, 0))
    outcome = retrieve("demo", tmp_path, "--images", 32)
    assert outcome.status == 1
    assert "holds other things than a demonstration, holiday.png for one: name a new folder" in outcome.err
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["holiday.png"]


def test_a_folder_of_the_user_s_own_is_left_alone(retrieve, photos):
    outcome = retrieve("demo", photos)
    assert (outcome.status, outcome.out) == (1, "")
    assert f"{photos} holds other things than a demonstration" in outcome.err
    assert not (photos / "pictures").exists()
