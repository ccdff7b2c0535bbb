from __future__ import annotations

import base64
import io
import os
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image


def stdin_with(data, *, terminal=False):
    return SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: terminal)


def test_a_pipe_gets_lines_of_rank_distance_path_query_and_self(retrieve, indexed):
    red = indexed / "warm" / "red.png"
    outcome = retrieve("query", red, "--index", indexed)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.fields[:3] == [
        ["1", "0.0000", str(red), str(red), "self"],
        ["2", "0.0194", str(indexed / "warm" / "reddish.png"), str(red), ""],
        ["3", "0.2929", str(indexed / "violet.png"), str(red), ""],
    ]
    assert len(outcome.fields) == 5


def test_paths_below_the_current_directory_are_told_as_seen_from_there(retrieve, indexed, monkeypatch):
    monkeypatch.chdir(indexed)
    assert retrieve("query", "warm/red.png", "-k", 2).fields[1][2] == "warm/reddish.png"
    monkeypatch.chdir(indexed / "warm")
    outcome = retrieve("query", "red.png", "-k", 3)
    assert [fields[2] for fields in outcome.fields[1:]] == ["reddish.png", str(indexed / "violet.png")]


def test_the_very_picture_can_be_left_out(retrieve, indexed):
    outcome = retrieve("query", indexed / "warm" / "red.png", "--index", indexed, "--exclude-self", "-k", 1)
    assert [fields[:2] for fields in outcome.fields] == [["1", "0.0194"]]


def test_a_terminal_gets_a_table_that_marks_the_picture_itself(retrieve, indexed, monkeypatch):
    monkeypatch.setattr("retrieval.cli.query.is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    odd = indexed / "[red]odd.png"
    shutil.copy(indexed / "warm" / "red.png", odd)
    lines = retrieve("query", odd, "--index", indexed, "-k", 2).out.splitlines()
    assert lines[0].strip() == f"nearest to {odd}"
    assert re.fullmatch(r" *rank +distance +path *", lines[2])
    assert re.fullmatch(rf" *1 +0\.0000 +{indexed}/warm/red\.png  \(a copy\) *", lines[4])
    assert re.fullmatch(rf" *2 +0\.0194 +{indexed}/warm/reddish\.png *", lines[5])


def test_several_pictures_and_folders_are_answered_one_after_another(retrieve, indexed):
    outcome = retrieve("query", indexed / "violet.png", indexed / "cold", "-k", 1, "--index", indexed)
    asked = [str(indexed / name) for name in ("violet.png", "cold/blue.png", "cold/green.png")]
    assert [fields[3] for fields in outcome.fields] == asked
    assert [fields[2] for fields in outcome.fields] == asked


def test_an_unreadable_query_is_one_sentence_and_the_others_go_on(retrieve, indexed):
    queries = [indexed / "cut.png", indexed / "violet.png", indexed / "missing.png"]
    outcome = retrieve("query", *queries, "-k", 1, "--index", indexed)
    assert outcome.status == 1
    assert len(outcome.fields) == 1
    assert outcome.err.splitlines() == [
        f"retrieve: {queries[0]} cannot be read: the file is truncated or damaged (a PNG file)",
        f"retrieve: {queries[2]} cannot be read: there is no such file",
    ]


def test_bad_files_of_a_queried_folder_are_told_too(retrieve, indexed):
    outcome = retrieve("query", indexed, "-k", 1, "--index", indexed)
    assert outcome.status == 1
    assert len(outcome.fields) == 5
    assert f"retrieve: {indexed / 'empty.jpg'} cannot be read: empty file" in outcome.err


def test_a_folder_without_pictures_is_told(retrieve, indexed, tmp_path):
    (tmp_path / "none").mkdir()
    outcome = retrieve("query", tmp_path / "none", "--index", indexed)
    assert (outcome.status, outcome.out) == (1, "")
    assert "it is a folder without pictures" in outcome.err


def test_a_picture_comes_on_stdin(retrieve, indexed, monkeypatch):
    monkeypatch.setattr(sys, "stdin", stdin_with((indexed / "violet.png").read_bytes()))
    outcome = retrieve("query", "-", "-k", 1, "--index", indexed)
    assert outcome.fields == [["1", "0.0000", str(indexed / "violet.png"), "standard input", "copy"]]


@pytest.mark.parametrize(("data", "reason"), [(b"", "nothing came"), (b"Dear Sir,", "it holds text")])
def test_what_is_no_picture_on_stdin_is_told(retrieve, indexed, monkeypatch, data, reason):
    monkeypatch.setattr(sys, "stdin", stdin_with(data))
    outcome = retrieve("query", "-", "--index", indexed)
    assert outcome.status == 1
    assert outcome.err == f"retrieve: standard input cannot be read: {reason}\n"


def test_waiting_for_a_picture_from_a_terminal_is_wrong_usage(retrieve, indexed, monkeypatch):
    monkeypatch.setattr(sys, "stdin", stdin_with(b"", terminal=True))
    outcome = retrieve("query", "-", "--index", indexed)
    assert outcome.status == 2
    assert "wants a picture on standard input" in " ".join(outcome.err.split())


def test_json_holds_queries_hits_and_failures(retrieve, indexed):
    queries = [indexed / "warm" / "red.png", indexed / "cut.png"]
    outcome = retrieve("query", *queries, "-k", 2, "--index", indexed, "--json")
    assert outcome.status == 1
    (answer,) = outcome.json["queries"]
    assert answer["query"] == str(queries[0])
    assert answer["hits"][0] == {
        "rank": 1,
        "distance": 0.0,
        "path": str(queries[0]),
        "id": 3,
        "is_self": True,
        "is_copy": False,
    }
    assert answer["hits"][1]["distance"] == pytest.approx(0.019419, abs=2e-6)
    assert len(outcome.json["failures"]) == 1


def test_the_sheet_shows_each_query_with_its_hits(retrieve, indexed, tmp_path):
    sheet = tmp_path / "sheet.png"
    outcome = retrieve("query", indexed / "cold", "-k", 3, "--index", indexed, "--montage", sheet)
    assert outcome.err == f"wrote {sheet}\n"
    with Image.open(sheet) as drawn:
        # Two rows of a query and three hits, cells of 160 pixels.
        assert drawn.width > 4 * 160
        assert drawn.height > 2 * 160
        assert {(0, 0, 255), (0, 255, 0)} <= {color for _, color in drawn.getcolors(1 << 20)}


def test_a_sheet_without_the_ending_of_a_picture_is_wrong_usage(retrieve, indexed, tmp_path):
    outcome = retrieve("query", indexed / "violet.png", "--index", indexed, "--montage", tmp_path / "sheet")
    assert outcome.status == 2
    assert "name a .png file" in " ".join(outcome.err.split())


def test_a_sheet_that_cannot_be_written_is_one_sentence(retrieve, indexed, tmp_path):
    sheet = tmp_path / "missing" / "sheet.png"
    outcome = retrieve("query", indexed / "violet.png", "--index", indexed, "--montage", sheet)
    assert outcome.status == 1
    assert outcome.out == ""
    assert (
        outcome.err == f"retrieve: there is no folder {sheet.parent} to write sheet.png to: make it first\n"
    )


def test_the_page_holds_all_its_pictures_and_no_markup_from_file_names(retrieve, indexed, tmp_path):
    odd = indexed / "<b onclick=x>&.png"
    shutil.copy(indexed / "violet.png", odd)
    page = tmp_path / "page.html"
    assert retrieve("query", odd, "-k", 1, "--index", indexed, "--html", page).status == 0
    text = page.read_text(encoding="utf-8")
    assert "<b onclick" not in text
    assert "&lt;b onclick=x&gt;&amp;.png" in text
    urls = re.findall(r'src="([^"]*)"', text)
    assert len(urls) == 2
    assert re.findall(r'href="([^"]*)"', text) == [odd.as_uri(), (indexed / "violet.png").as_uri()]
    for url in urls:
        kind, _, data = url.partition("base64,")
        assert kind == "data:image/jpeg;"
        assert Image.open(io.BytesIO(base64.b64decode(data))).size == (48, 24)


def test_a_hit_that_is_gone_from_the_disk_is_still_an_answer(retrieve, indexed, tmp_path):
    (indexed / "warm" / "reddish.png").unlink()
    outcome = retrieve(
        "query", indexed / "warm" / "red.png", "-k", 2, "--index", indexed,
        "--html", tmp_path / "page.html", "--montage", tmp_path / "sheet.png",
    )  # fmt: skip
    assert outcome.status == 0
    assert outcome.fields[1][2] == str(indexed / "warm" / "reddish.png")
    assert "cannot be read" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_names_with_control_signs_do_not_break_the_lines(retrieve, model_folder, photos):
    shutil.copy(photos / "violet.png", photos / "two\nlines\t.png")
    retrieve("index", photos, "--encoder", model_folder)
    outcome = retrieve("query", photos / "violet.png", "-k", 2, "--index", photos)
    assert [len(fields) for fields in outcome.fields] == [5, 5]
    assert "two\\nlines\\t.png" in outcome.out


def test_without_an_index_the_sentence_says_how_to_make_one(retrieve, photos):
    outcome = retrieve("query", photos / "violet.png", "--index", photos)
    assert outcome.status == 1
    assert outcome.err == f"retrieve: no index in {photos}: make one with `retrieve index FOLDER`\n"


@pytest.mark.parametrize(("option", "name"), [("--montage", "out.png"), ("--html", "out.html")])
def test_an_existing_file_is_replaced_only_where_that_is_asked_for(retrieve, indexed, tmp_path, option, name):
    out = tmp_path / name
    out.write_bytes(b"mine")
    asked = ["query", indexed / "violet.png", "--index", indexed, option, out]
    outcome = retrieve(*asked)
    assert (outcome.status, outcome.out) == (1, "")
    assert (
        outcome.err
        == f"retrieve: {out} exists already: name another file, or add --overwrite to replace it\n"
    )
    assert out.read_bytes() == b"mine"
    assert retrieve(*asked, "--overwrite").status == 0
    assert out.stat().st_size > 1000
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [name]


@pytest.mark.parametrize(("option", "suffix"), [("--montage", ".png"), ("--html", ".html")])
def test_no_option_makes_it_overwrite_a_picture(retrieve, indexed, tmp_path, option, suffix):
    (tmp_path / f"link{suffix}").symlink_to(indexed / "cold" / "blue.png")
    (tmp_path / f"hard{suffix}").hardlink_to(indexed / "cold" / "blue.png")
    asked = shutil.copy(indexed / "violet.png", tmp_path / f"asked{suffix}")
    before = {path: path.read_bytes() for path in [*indexed.rglob("*.png"), *tmp_path.glob("*.*")]}
    changed = indexed / "warm" / "red.png"
    before[changed] = changed.read_bytes() + b" edited since"
    changed.write_bytes(before[changed])
    inside = [indexed / "cold" / "blue.png", changed]
    pictures = [*(inside if suffix == ".png" else []), *tmp_path.glob(f"*{suffix}")]
    assert len(pictures) == (5 if suffix == ".png" else 3)
    for out in pictures:
        outcome = retrieve("query", asked, "--index", indexed, option, out, "--overwrite")
        assert outcome.status == 1
        assert f"{out} is one of the pictures, which are never overwritten" in outcome.err
    assert {path: path.read_bytes() for path in before} == before


def test_nor_a_file_of_the_index_nor_what_is_no_file(retrieve, indexed):
    manifest = indexed / ".retrieve" / "manifest.json"
    asked = ["query", indexed / "violet.png", "--index", indexed, "--overwrite", "--montage"]
    (indexed.parent / "folder.png").mkdir()
    assert "belongs to the index" in retrieve(*asked, manifest.with_suffix(".png")).err
    assert "not a regular file" in retrieve(*asked, indexed.parent / "folder.png").err
    assert retrieve("info", indexed).status == 0


def test_a_sheet_and_a_page_of_the_same_name_are_wrong_usage(retrieve, indexed, tmp_path):
    same = tmp_path / "same.png"
    outcome = retrieve("query", indexed / "violet.png", "--index", indexed, "--montage", same, "--html", same)
    assert outcome.status == 2
    assert not same.exists()


def test_a_page_that_cannot_be_written_leaves_the_earlier_one(retrieve, indexed, tmp_path, monkeypatch):
    page = tmp_path / "page.html"
    page.write_text("earlier")

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", fail)
    outcome = retrieve("query", indexed / "violet.png", "--index", indexed, "--html", page, "--overwrite")
    assert (outcome.status, outcome.err) == (1, f"retrieve: {page}: No space left on device\n")
    assert page.read_bytes() == b"earlier"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["page.html"]


def test_copies_are_marked_and_can_be_left_out_while_the_picture_stays(retrieve, indexed, model_folder):
    shutil.copy(indexed / "violet.png", indexed / "copy.png")
    retrieve("index", indexed, "--encoder", model_folder)
    asked = ["query", indexed / "violet.png", "--index", indexed, "-k", 2]
    assert [fields[2:5:2] for fields in retrieve(*asked).fields] == [
        [str(indexed / "violet.png"), "self"],
        [str(indexed / "copy.png"), "copy"],
    ]
    assert retrieve(*asked, "--exclude-self").fields[0][2] == str(indexed / "copy.png")
    assert retrieve(*asked, "--exclude-copies").fields[0][2] == str(indexed / "violet.png")


@pytest.mark.parametrize("name", ["two\nlines\t.png", "\u202egnp.a.png"])
def test_paths_in_json_are_those_of_the_files(retrieve, model_folder, photos, name):
    odd = photos / name
    shutil.copy(photos / "violet.png", odd)
    indexed = retrieve("index", photos, "--encoder", model_folder, "--json").json
    assert Path(indexed["folder"]).samefile(photos)
    (answer,) = retrieve("query", odd, "-k", 2, "--index", photos, "--json").json["queries"]
    assert Path(answer["query"]).samefile(odd)
    assert {Path(hit["path"]) for hit in answer["hits"]} == {odd, photos / "violet.png"}
    assert not any("path_bytes" in hit for hit in answer["hits"])


def test_paths_in_json_that_are_not_utf8_come_with_their_bytes(retrieve, model_folder, photos):
    folder = photos.rename(Path(os.fsdecode(os.fsencode(photos.parent) + b"/caf\xe9")))
    facts = retrieve("index", folder, "--encoder", model_folder, "--json").json
    assert os.fsdecode(base64.b64decode(facts["folder_bytes"])) == str(folder)
    assert facts["folder"].endswith("/caf\\xe9")
    value = retrieve("query", folder / "violet.png", "-k", 1, "--index", folder, "--json").json
    (hit,) = value["queries"][0]["hits"]
    assert Path(os.fsdecode(base64.b64decode(hit["path_bytes"]))).samefile(folder / "violet.png")
    assert retrieve("info", folder, "--json").json["directory_bytes"]


def test_missing_and_changed_pictures_are_noted_and_marked(retrieve, indexed, paint):
    (indexed / "warm" / "reddish.png").unlink()
    paint(indexed / "violet.png", (0, 255, 0), size=(60, 60))
    asked = ["query", indexed / "warm" / "red.png", "--index", indexed]
    outcome = retrieve(*asked)
    assert outcome.status == 0
    assert [fields[4] for fields in outcome.fields[:3]] == ["self", "missing", "changed"]
    assert outcome.err == (
        "retrieve: of 5 pictures found, 1 missing and 1 changed since they were indexed: "
        "index the folder again\n"
    )
    red, reddish, violet = retrieve(*asked, "--json").json["queries"][0]["hits"][:3]
    assert (reddish["missing"], violet["changed"]) == (True, True)
    assert {"missing", "changed"}.isdisjoint(red)


def test_an_index_that_was_moved_away_from_its_pictures_is_one_sentence(
    retrieve, photos, model_folder, tmp_path
):
    retrieve("index", photos, "--encoder", model_folder, "--index", tmp_path / "index")
    shutil.move(photos, tmp_path / "moved")
    outcome = retrieve("query", tmp_path / "moved" / "violet.png", "--index", tmp_path / "index")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == (
        f"retrieve: no pictures in {photos}: those of index {tmp_path / 'index'} were moved or deleted: "
        "move them back, or index them again\n"
    )
    assert "(its pictures are not there)" in retrieve("info", tmp_path / "index").out


def test_a_condition_leaves_the_pictures_that_meet_it(retrieve, indexed):
    asked = ["query", indexed / "warm" / "red.png", "--index", indexed, "-k", 2]
    outcome = retrieve(*asked, "--where", "folder = 'cold' or width > 32")
    assert (outcome.status, outcome.err) == (0, "")
    assert [Path(fields[2]).name for fields in outcome.fields] == ["violet.png", "blue.png"]
    assert retrieve(*asked, "--where", "width > 32", "--json").json["where"] == "width > 32"
    refused = retrieve(*asked, "--where", "1; drop table row")
    assert (refused.status, refused.out) == (1, "")
    assert refused.err.startswith(
        "retrieve: where '1; drop table row' cannot be used: near \";\": syntax error;"
    )
    assert refused.err.count("\n") == 1


def test_pictures_are_combined_and_shown_so(retrieve, indexed, tmp_path):
    red, blue, violet = (indexed / name for name in ("warm/red.png", "cold/blue.png", "violet.png"))
    asked = ["query", red, "--index", indexed, "--with", blue, "--without", indexed / "cold" / "green.png"]
    outcome = retrieve(*asked, "-k", 1, "--json")
    (answer,) = outcome.json["queries"]
    assert (answer["query"], answer["with"]) == (str(red), [str(blue)])
    assert answer["without"] == [str(indexed / "cold" / "green.png")]
    assert [hit["path"] for hit in answer["hits"]] == [str(violet)]
    page, sheet = tmp_path / "page.html", tmp_path / "sheet.png"
    assert retrieve(*asked, "--html", page, "--montage", sheet, "--where", "width < 40").status == 0
    text = page.read_text()
    assert text.count("<img") == 3 + 4
    assert 'class="more"' in text
    assert 'class="less"' in text
    assert "where width &lt; 40" in text
    with Image.open(sheet) as picture:
        assert picture.width > picture.height
    refused = retrieve(*asked, "--montage", blue, "--overwrite")
    assert f"{blue} is one of the pictures" in refused.err


def test_a_part_of_the_picture_is_asked_with_and_shown_so(retrieve, indexed, paint, tmp_path):
    quarters = paint(tmp_path / "quarters.png", (0, 255, 0), (255, 0, 0), size=(40, 20))
    asked = ["query", quarters, "--index", indexed, "-k", 1]
    outcome = retrieve(*asked, "--region", "20,0,20,20", "--html", tmp_path / "page.html", "--json")
    (answer,) = outcome.json["queries"]
    assert answer["region"] == [20, 0, 20, 20]
    assert Path(answer["hits"][0]["path"]).name == "red.png"
    beyond = retrieve(*asked, "--region", "20,0,30,20")
    assert (beyond.status, beyond.out) == (1, "")
    assert beyond.err == (
        f"retrieve: {quarters}: region 20,0,30,20 reaches beyond the 40 x 20 pixels of the picture\n"
    )
    assert "expected x,y,width,height" in retrieve(*asked, "--region", "20,0").err


def test_a_terminal_is_told_the_whole_query(retrieve, indexed, monkeypatch):
    monkeypatch.setattr("retrieval.cli.query.is_terminal", lambda: True)
    monkeypatch.chdir(indexed)
    outcome = retrieve("query", "violet.png", "--without", "cold/blue.png", "--region", "0,0,9,9")
    assert "nearest to violet.png, region 0,0,9,9 − cold/blue.png" in outcome.out


def test_copies_are_found_where_the_encoder_tells_them(retrieve, indexed, model_with_copies):
    from retrieval import Retriever

    red = indexed / "warm" / "red.png"
    outcome = retrieve("query", red, "--index", indexed, "--copies")
    assert (outcome.status, outcome.out) == (1, "")
    assert "cannot tell copies" in outcome.err
    Retriever.build(indexed, index=indexed / "other", encoder=model_with_copies)
    found = retrieve("query", red, "--index", indexed / "other", "--copies", "-k", 1).fields
    assert [fields[1:3] for fields in found] == [["0.0000", str(red)]]


def test_that_nothing_is_found_is_told(retrieve, indexed):
    asked = ["query", indexed / "violet.png", "--index", indexed]
    outcome = retrieve(*asked, "--where", "width > 1000")
    assert (outcome.status, outcome.out) == (0, "")
    assert outcome.err == "retrieve: nothing found: no picture that is left meets the condition\n"
    names = [path for path in indexed.rglob("*.png") if path.name not in {"violet.png", "cut.png"}]
    retrieve("remove", *names, "--index", indexed)
    assert retrieve(*asked, "--exclude-self").err == "retrieve: nothing found: no other picture is indexed\n"
    retrieve("remove", indexed / "violet.png", "--index", indexed)
    assert retrieve(*asked).err == "retrieve: nothing found: the index holds no pictures\n"


def test_of_a_damaged_index_the_way_out_is_told(retrieve, indexed):
    (indexed / ".retrieve" / "ids.generation-1.i64").write_bytes(b"")
    outcome = retrieve("query", indexed / "violet.png", "--index", indexed)
    assert outcome.status == 1
    assert outcome.err.count("`retrieve verify --repair` mends what can be mended") == 1
    assert "`retrieve index FOLDER --refit` makes the index anew" in outcome.err
    again = retrieve("index", indexed)
    assert again.err.count("`retrieve verify --repair` mends what can be mended") == 1


def test_a_page_has_the_ending_of_one_and_does_not_go_into_the_index(retrieve, indexed, tmp_path):
    picture = indexed / "violet.png"
    asked = retrieve("query", picture, "--index", indexed, "--html", tmp_path / "page.txt")
    assert (asked.status, asked.out) == (2, "")
    assert "page.txt has no ending of a page: name an .html file" in asked.err
    asked = retrieve("query", picture, "--index", indexed, "--html", indexed / ".retrieve" / "page.html")
    assert (asked.status, asked.out) == (1, "")
    assert "page.html belongs to the index: name another file" in asked.err


def test_it_is_told_that_a_sheet_among_the_pictures_will_be_one(retrieve, indexed, tmp_path):
    sheets = [indexed / "sheet.png", tmp_path / "sheet.png"]
    asked = ("query", indexed / "violet.png", "--index", indexed, "--montage")
    told = [retrieve(*asked, each) for each in sheets]
    assert [each.status for each in told] == [0, 0]
    assert ["lies among the pictures" in each.err for each in told] == [True, False]


def test_a_standard_input_that_the_shell_closed_is_one_sentence(retrieve, indexed, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    outcome = retrieve("query", "-", "--index", indexed)
    assert (outcome.status, outcome.err) == (1, "retrieve: standard input cannot be read: it is closed\n")


def test_the_captions_of_a_sheet_are_lines_whatever_the_names(retrieve, indexed, tmp_path, monkeypatch):
    (indexed / "violet.png").rename(indexed / "vio\nlet.png")
    retrieve("index", indexed)
    captions = []
    monkeypatch.setattr(
        "retrieval.images.contact_sheet",
        lambda rows, **_: (
            captions.extend([rows[0].query.caption, *(hit.caption for hit in rows[0].hits)])
            or Image.new("RGB", (1, 1))
        ),
    )
    sheet = tmp_path / "sheet.png"
    assert retrieve("query", indexed / "vio\nlet.png", "--index", indexed, "--montage", sheet).status == 0
    assert captions[:2] == ["query\nvio\\nlet.png", "0.0000 self\nphotos/vio\\nlet.png"]
