"""What all tests rely on."""

from __future__ import annotations

import gc
import importlib
import signal
import time
from collections import Counter
from dataclasses import replace

import pytest

from retrieval.threads import use_threads

# A process that was started in the background ignores Ctrl-C, and so would the commands that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with most slow tests first, so that at the end no process waits long for another."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


def pytest_collection_finish() -> None:
    """What was loaded stays: spare the garbage collector going through it each time, for half a second."""
    gc.freeze()


@pytest.fixture
def thread_count():
    """Sets how many threads there are, until the end of the test."""
    yield use_threads
    use_threads(None)


@pytest.fixture
def most_at_once():
    """How many calls of `work` are under way at once, at most, while `compute(work)` calls it many times."""

    def measured(compute):
        running, most = [], []

        def work(item):
            running.append(item)
            most.append(len(running))
            time.sleep(0.01)
            running.remove(item)

        compute(work)
        return max(most)

    return measured


@pytest.fixture
def few_atoms(monkeypatch):
    """Every step of fitting, but with few atoms and contents: where it is not quality that is tested."""
    # Not at the top: few tests need the room.
    begin = importlib.import_module("retrieval.autoencoder.solved.begin")
    choose_config = begin.choose_config

    def cheap(size, **kind):
        config = choose_config(size, **kind)
        branches = tuple(replace(branch, atoms=128) for branch in config.branches)
        return replace(config, branches=branches, content_dims=16)

    monkeypatch.setattr(begin, "choose_config", cheap)
