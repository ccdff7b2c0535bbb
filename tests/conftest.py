"""What all tests rely on."""

from __future__ import annotations

import importlib
import signal
from dataclasses import replace

import pytest

# A process that was started in the background ignores Ctrl-C, and so would the commands that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def few_atoms(monkeypatch):
    """Every step of fitting, but with few atoms and contents: where it is not quality that is tested."""
    # Not at the top: few tests need the room.
    begin = importlib.import_module("retrieval.autoencoder.solved.begin")
    choose_config = begin.choose_config

    def cheap(size, *, aligned):
        config = choose_config(size, aligned=aligned)
        branches = tuple(replace(branch, atoms=128) for branch in config.branches)
        return replace(config, branches=branches, content_dims=16)

    monkeypatch.setattr(begin, "choose_config", cheap)
