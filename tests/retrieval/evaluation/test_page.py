"""The page and its pictures, on reports with and without classes."""

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from retrieval.evaluation import EvaluationSettings, evaluate, write_report

CHARTS = {"figures.png", "self-retrieval.png", "robustness.png"}
BY_CLASS = {"precision-recall.png", "confusion.png"}


@pytest.fixture(scope="module")
def report(retriever):
    return evaluate(retriever, settings=EvaluationSettings(sample=3))


@pytest.fixture(scope="module")
def written(report, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "deep" / "report"
    return write_report(report, folder)


def test_page_figures_and_pictures_are_written(written, report):
    files = {path.name for path in written.parent.iterdir()}
    sheets = {f"{kind}.png" for kind, examples in report.examples.items() if examples}
    assert files == {"report.html", "report.json"} | CHARTS | BY_CLASS | sheets
    assert json.loads((written.parent / "report.json").read_text()) == report.to_json()
    for path in written.parent.glob("*.png"):
        with Image.open(path) as image:
            image.load()
            assert min(image.size) > 200
            assert np.asarray(image.convert("L")).std() > 5, f"{path.name} is empty"


def test_the_page_needs_nothing_else(written):
    page = written.read_text()
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "http" not in re.sub(r"base64,[\w+/=]*", "", page)
    assert "{{" not in page
    assert "nan" not in re.sub(r"base64,[\w+/=]*", "", page).lower().split()


def test_the_page_says_the_verdict_and_the_figures(written, report):
    page = written.read_text()
    assert report.sentence in page
    for method in report.methods.values():
        assert method.title in page
    value = report.methods["latent"].figures["map"].value
    assert (f"{value:.3f}"[1:] if value < 1 else "1.000") in page
    assert report.corpus.fingerprint in page


def test_a_report_without_classes_has_its_own_page(swatches, build, tmp_path):
    for number, path in enumerate(sorted(swatches.rglob("*.png"))):
        shutil.copy(path, tmp_path / f"{number}.png")
    report = evaluate(build(tmp_path), settings=EvaluationSettings(sample=3))
    page = write_report(report, tmp_path / "report")
    files = {path.name for path in page.parent.glob("*.png")}
    assert files >= CHARTS
    assert not BY_CLASS & files
    assert "Green: its original." in page.read_text()


def test_a_report_without_anything_measured_has_a_page_too(build, paint, tmp_path):
    paint(tmp_path / "one" / "1.png", (200, 0, 0))
    report = evaluate(build(tmp_path / "one"), settings=EvaluationSettings(sample=0))
    page = write_report(report, tmp_path / "report")
    assert "There was nothing to measure" in page.read_text()
    assert list(page.parent.glob("*.png")) == []


def test_names_that_mean_something_to_a_page_or_a_chart_are_only_names(draw, build, tmp_path):
    folder = draw(tmp_path / "odd", each=2)
    for old, new in (("brick", "<b>$x_1$ & $"), ("grass", "日本語 ünï"), ("water", "a" * 60)):
        (folder / old).rename(folder / new)
    report = evaluate(build(folder), settings=EvaluationSettings(sample=2))
    page = write_report(report, tmp_path / "report").read_text()
    assert "<b>$x" not in page
    assert (tmp_path / "report" / "confusion.png").is_file()


def test_many_classes_are_drawn_without_their_names(build, paint, tmp_path):
    random = np.random.default_rng(0)
    for name in range(45):
        for number in range(2):
            color = tuple(int(value) for value in random.integers(0, 256, 3))
            paint(tmp_path / "many" / f"{name:02d}" / f"{number}.png", color)
    report = evaluate(build(tmp_path / "many"), settings=EvaluationSettings(sample=0))
    write_report(report, str(tmp_path / "report"))
    assert report.corpus.classes == 45
    with Image.open(tmp_path / "report" / "confusion.png") as image:
        assert image.width > 1000


def test_pictures_that_are_gone_when_the_sheets_are_drawn_are_shown_as_such(draw, build, tmp_path):
    folder = draw(tmp_path / "gone", each=2)
    report = evaluate(build(folder), settings=EvaluationSettings(sample=0))
    shutil.rmtree(folder)
    assert (write_report(report, tmp_path / "report").parent / "random.png").is_file()
