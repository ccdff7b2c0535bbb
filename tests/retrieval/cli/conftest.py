"""The command line as a user meets it, but in this process: a subprocess takes a third of a second."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

import pytest

from retrieval import Retriever
from retrieval.cli import main


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def fields(self):
        """The fields of each line."""
        return [line.split("\t") for line in self.out.splitlines()]


@pytest.fixture
def retrieve(monkeypatch, capsys):
    """Run `retrieve` with these arguments."""
    monkeypatch.delenv("RETRIEVE_INDEX", raising=False)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["retrieve", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Outcome(ended.value.code or 0, printed.out, printed.err)

    return run


@pytest.fixture
def indexed(model, photos):
    """The folder of `photos`, indexed."""
    Retriever.build(photos, encoder=model)
    return photos
