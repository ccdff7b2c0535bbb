from __future__ import annotations

import base64
import io
import re
import shutil
import sys
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
    assert outcome.err == f"retrieve: {sheet}: No such file or directory\n"


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
