"""The README and the pages in docs: commands that exist, Python that runs, links that lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

import retrieval.autoencoder
from retrieval.cli.app import COMMANDS, make_app
from retrieval.demo import draw_corpus
from retrieval.encoder import Model

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MODEL = Path(__file__).parent / "retrieval" / "model"


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def command_lines():
    """Every line of a page that calls `retrieve`, as (page, arguments)."""
    for page in PAGES:
        for line in page.read_text("utf-8").splitlines():
            called = re.match(r"^(?:    )?(?:.*&& )?(?:\.venv/bin/)?retrieve ([a-z]+ .*|demo)$", line)
            if called and called[1].split()[0] in COMMANDS:
                yield page.name, called[1]


def test_there_are_commands_to_check():
    assert {arguments.split()[0] for _, arguments in command_lines()} == set(COMMANDS)


@pytest.mark.parametrize(("page", "arguments"), sorted(set(command_lines())))
def test_commands_are_spelled_as_the_command_line_wants_them(page, arguments):
    name, *options = shlex.split(arguments, comments=True)
    command = typer.main.get_command(make_app([name]))
    # Parses, and refuses what it does not know, without running anything.
    found = getattr(command, "commands", {name: command})[name]
    found.make_context(name, options)


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    draw_corpus(tmp_path / "photos", images=32, size=48)
    first = next((tmp_path / "photos").rglob("*.jpg"))
    from PIL import Image

    Image.open(first).save(tmp_path / "photos" / "img.png")
    monkeypatch.chdir(tmp_path)
    # Fitting takes a minute, and tests/test_fitting.py does it.
    recipes = {"solved": SimpleNamespace(fit=lambda *_, **__: Model.open(MODEL))}
    monkeypatch.setattr(retrieval.autoencoder, "RECIPES", recipes, raising=False)
    names: dict[str, object] = {}
    for block in blocks(ROOT / "README.md", "python"):
        exec(compile(block, "README.md", "exec"), names)
    assert not names["hits"][0].is_self
    assert len(names["many"]) == 2
    assert names["neighbors"].ids.tolist() == [[1, 0]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page):
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text("utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_nothing_is_left_to_be_filled_in(page):
    assert re.findall(r"@[\w-]+@|TODO|TBD", page.read_text("utf-8")) == []
