from __future__ import annotations

import json
import os
import pty
import re
import sys
import threading
from functools import partial

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from retrieval import Retriever, evaluation
from retrieval.cli import evaluate, evaluation_printed

METHODS = ["latent", "pixel", "pixel_l1", "pixel_cosine", "pca", "color_histogram", "phash", "chance"]


@pytest.fixture
def classes(tmp_path, paint):
    """Two classes of four pictures, told apart by the colour of their lower half."""
    folder = tmp_path / "classes"
    for number in range(4):
        other = (60 * number, 255 - 60 * number, 120)
        paint(folder / "red" / f"{number}.png", other, other, (250, 10, number), (240, 20, 30))
        paint(folder / "blue" / f"{number}.png", other, other, (10, 20, 250), (5, number, 230))
    return folder


@pytest.fixture
def with_index(classes, model):
    """The same, with an index in it."""
    Retriever.build(classes, encoder=model)
    return classes


def test_the_index_of_the_folder_is_evaluated_and_that_is_said(retrieve, with_index):
    outcome = retrieve("evaluate", with_index, "--sample", 2)
    assert outcome.status == 0
    assert outcome.err == f"evaluating the index {with_index / '.retrieve'}\n"
    assert outcome.fields[0][:5] == ["method", "precision_at_1", "precision_at_10", "map", "knn_accuracy"]
    assert [fields[0] for fields in outcome.fields[1:9]] == METHODS
    assert "8 pictures of 2 classes, 8 queries, 0 duplicate files" in outcome.out
    assert "than pixel search on these pictures: mAP " in outcome.out or "no difference" in outcome.out
    assert "After these edits latent search finds fewest originals:" in outcome.out


def test_json_is_the_report_and_nothing_else(retrieve, with_index):
    content = retrieve("evaluate", with_index, "--sample", 0, "--json").json
    assert list(content["methods"]) == METHODS
    assert content["corpus"]["images"] == 8
    assert content["run"]["seed"] == 0


def test_without_an_index_one_is_fitted_without_classes_and_not_kept(retrieve, classes, stand_in_solve):
    outcome = retrieve("evaluate", classes, "--sample", 0, "--seed", 4)
    assert outcome.status == 0
    assert f"fitting an encoder to {classes}, without its classes; it is not kept" in outcome.err
    assert stand_in_solve[0].seed == 4
    assert not (classes / ".retrieve").exists()
    assert "Encoder and PCA were fitted to these pictures, without their classes" in outcome.out


def test_an_encoder_is_fitted_on_request_though_there_is_an_index(retrieve, with_index, stand_in_solve):
    assert retrieve("evaluate", with_index, "--sample", 0, "--fit").status == 0
    assert len(stand_in_solve) == 1


def test_another_index_and_other_encoders_can_be_named(retrieve, classes, model, model_folder, tmp_path):
    Retriever.build(classes, index=tmp_path / "elsewhere", encoder=model)
    arguments = ["--index", tmp_path / "elsewhere", "--method", model_folder, "--sample", 0, "--json"]
    content = retrieve("evaluate", classes, *arguments).json
    assert content["methods"]["model"]["map"]["value"] == pytest.approx(
        content["methods"]["latent"]["map"]["value"]
    )


def test_queries_labels_and_depth(retrieve, with_index, paint, tmp_path):
    paint(tmp_path / "queries" / "x" / "red" / "1.png", (200, 90, 90))
    paint(tmp_path / "queries" / "x" / "blue" / "1.png", (90, 90, 200))
    content = retrieve(
        "evaluate", with_index, "--queries", tmp_path / "queries", "--sample", 0, "--json"
    ).json
    assert content["corpus"]["queries"] == 2
    (tmp_path / "labels.csv").write_text("path,label\nred/0.png,a\nred/1.png,a\nblue/0.png,b\nblue/1.png,b\n")
    labelled = retrieve(
        "evaluate", with_index, "--labels", tmp_path / "labels.csv", "--sample", 0, "--json"
    ).json
    assert (labelled["corpus"]["queries"], labelled["corpus"]["unlabelled"]) == (4, 4)
    assert labelled["corpus"]["unmatched_labels"] == {"count": 0, "first": []}
    deep = retrieve("evaluate", with_index, "--label-depth", 2, "--sample", 0)
    assert deep.status == 1
    assert "none of the 8 pictures" in deep.err


def test_duplicates_are_told_and_excluded_on_request(retrieve, with_index):
    (with_index / "red" / "copy.png").write_bytes((with_index / "red" / "0.png").read_bytes())
    told = retrieve("evaluate", with_index, "--sample", 0)
    assert "1 file repeats the content of another" in told.out
    apart = retrieve("evaluate", with_index, "--sample", 0, "--exclude-duplicates", "--json").json
    assert (apart["corpus"]["duplicates"], apart["corpus"]["duplicates_excluded"]) == (1, True)


def test_a_report_is_written(retrieve, with_index, tmp_path):
    outcome = retrieve("evaluate", with_index, "--sample", 2, "--report", tmp_path / "report")
    assert outcome.err.splitlines()[-1] == f"wrote {tmp_path / 'report' / 'report.html'}"
    assert json.loads((tmp_path / "report" / "report.json").read_text())["corpus"]["images"] == 8
    assert (tmp_path / "report" / "confusion.png").is_file()


def test_a_report_replaces_an_earlier_one_and_nothing_else(retrieve, with_index, tmp_path):
    ask = ("evaluate", with_index, "--sample", 0, "--report", tmp_path / "report")
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "wins.png").write_text("mine")
    refused = retrieve(*ask)
    assert (refused.status, "holds files of yours" in refused.err) == (2, True)
    assert (tmp_path / "report" / "wins.png").read_text() == "mine"
    (tmp_path / "report" / "wins.png").unlink()
    assert [retrieve(*ask).status for _ in range(2)] == [0, 0]


def test_a_report_among_the_pictures_is_refused(retrieve, with_index):
    outcome = retrieve("evaluate", with_index, "--report", with_index / "report")
    assert (outcome.status, outcome.out) == (2, "")
    assert "would be taken for yours" in outcome.err
    assert not (with_index / "report").exists()
    assert retrieve("evaluate", with_index, "--sample", 0, "--report", with_index / ".report").status == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fit", "--index", "there"], "give one of them"),
        (["--labels", "labels.csv", "--label-depth", 1], "give one of them"),
        (["--sample", -1], "--sample"),
    ],
)
def test_wrong_usage_is_told(retrieve, classes, arguments, words):
    outcome = retrieve("evaluate", classes, *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert words in outcome.err


def test_a_folder_that_is_missing_is_one_sentence(retrieve, tmp_path):
    outcome = retrieve("evaluate", tmp_path / "missing")
    assert outcome.status == 1
    assert outcome.err.splitlines()[-1].endswith("missing: there is no such folder")


@pytest.fixture(scope="module")
def report(model, tmp_path_factory):
    """An evaluation with classes and edits, of pictures in noise."""
    folder, random = tmp_path_factory.mktemp("noise"), np.random.default_rng(0)
    for kind in ("red", "blue"):
        (folder / kind).mkdir()
        for number in range(4):
            values = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(values).save(folder / kind / f"{number}.png")
    Retriever.build(folder, encoder=model)
    return evaluation.evaluate(Retriever.open(folder), settings=evaluation.EvaluationSettings(sample=2))


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
def test_no_figure_is_cut_however_narrow_the_terminal(report, monkeypatch, columns):
    lead, follow = pty.openpty()
    monkeypatch.setenv("COLUMNS", str(columns))
    printed: list[bytes] = []
    reader = threading.Thread(target=lambda: printed.extend(iter(partial(read_terminal, lead), b"")))
    reader.start()
    with os.fdopen(follow, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        evaluation_printed.print_report(report)
        monkeypatch.undo()
    reader.join()
    os.close(lead)
    text = re.sub(r"\x1b\[[\d;]*m", "", b"".join(printed).decode())
    tables = text[: text.index(" pictures of 2 classes")].splitlines()
    assert max(map(len, tables)) <= columns
    assert "…" not in text
    cells = [cell.strip() for line in tables if line.startswith("│") for cell in line.strip("│").split("│")]
    for method in report.methods.values():
        for name in evaluation_printed.FIGURES:
            assert evaluation_printed._in_brackets(method.figures[name]) in cells
        for cost in (f"{method.dim:,}", f"{method.bytes_per_image:,.0f}"):
            assert cost in cells
    heads = "".join(line for line in tables if line.startswith("┃"))
    for title in (
        "P@1",
        "P@10",
        "mAP",
        "k-NN",
        "edited, found first",
        "dims",
        "bytes",
        "encode ms",
        "search ms",
    ):
        assert f" {title} " in heads
    if columns == 200:
        assert heads.count("method") == 1


def read_terminal(lead):
    try:
        return os.read(lead, 1 << 16)
    except OSError:  # nobody writes any more
        return b""


def test_a_person_sees_a_table(retrieve, with_index, monkeypatch):
    monkeypatch.setattr(evaluation_printed, "is_terminal", lambda: True)
    monkeypatch.setattr(evaluation_printed, "console", lambda: Console(width=160))
    out = retrieve("evaluate", with_index, "--sample", 0).out
    assert "│ latent (quarters)" in out
    assert "P@10" in out
    assert "in brackets 95 % intervals" in out


def test_the_command_is_loaded_without_the_evaluation():
    assert not hasattr(evaluate, "Method")


def test_a_file_is_no_folder_for_a_report(retrieve, indexed, tmp_path):
    (tmp_path / "report").write_text("mine")
    outcome = retrieve("evaluate", indexed, "--report", tmp_path / "report")
    assert (outcome.status, outcome.out) == (2, "")
    assert f"{tmp_path / 'report'} is a file: name a folder" in " ".join(outcome.err.split())
