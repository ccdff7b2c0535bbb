"""The door of the package."""

import doctest
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import index_store

MODULES = sorted(info.name for info in pkgutil.walk_packages(index_store.__path__, "index_store."))


def test_every_public_name_is_there():
    assert [name for name in index_store.__all__ if not hasattr(index_store, name)] == []


def test_every_error_has_the_one_root_and_is_in_the_tree_that_errors_draws():
    errors = importlib.import_module("index_store.errors")
    names = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert names <= set(index_store.__all__)
    for name in names:
        assert issubclass(getattr(errors, name), index_store.IndexStoreError)
        assert name in errors.__doc__


@pytest.mark.parametrize("name", ["index_store", *MODULES])
def test_the_examples_in_the_docstrings(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    known = {"np": np, "Path": Path, "Index": index_store.Index, "Row": index_store.Row}
    module = importlib.import_module(name)
    assert doctest.testmod(module, extraglobs={**known, **vars(module)}).failed == 0


def test_importing_the_package_imports_no_other_room_and_loads_faiss_late():
    script = "import sys, index_store; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    environment = {**os.environ, "PYTHONPATH": str(Path(index_store.__file__).parent.parent)}
    loaded = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True
    )
    names = set(loaded.stdout.split())
    assert names >= {"index_store", "numpy"}
    assert not names & {"faiss", "filelock", "retrieval", "tensorflow", "scipy", "PIL"}
