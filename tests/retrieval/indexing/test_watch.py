"""An index that is watched, in this process; the command, in one of its own."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from index_store import Index, IndexUnwritable
from retrieval import RetrievalError, Retriever
from retrieval.indexing import watch
from retrieval.indexing.watch import Trouble, watch_folders

pytestmark = pytest.mark.slow
LONG = 30.0  # seconds, on a machine that has other things to do


@pytest.fixture
def impatient(monkeypatch):
    """Watching that waits a fifth of what it waits otherwise."""
    monkeypatch.setattr(watch, "SETTLED_SECONDS", 0.2)
    monkeypatch.setattr(watch, "_TRY_AGAIN_SECONDS", 0.2)
    monkeypatch.setattr(watch, "_QUIET_MILLISECONDS", 100)


@pytest.fixture
def watched(model, photos, impatient, tmp_path):
    """What is told of an index in a directory of its own, one after the other, while it is watched."""
    told, stop = queue.Queue(), threading.Event()
    directory = tmp_path / "index"
    Retriever.build(photos, index=directory, encoder=model)

    def follow():
        try:
            for news in watch_folders(directory, stop=stop):
                told.put(news)
        except BaseException as error:
            told.put(error)

    class Watched:
        folder = photos

        def __init__(self):
            self.thread = threading.Thread(target=follow)

        def start(self):
            self.thread.start()

        def next(self):
            return told.get(timeout=LONG)

        def paths(self):
            return sorted(row.path for row in Index.open(directory).catalog.rows())

        def is_quiet(self, seconds=0.6):
            time.sleep(seconds)
            return told.empty()

        def until(self, condition):
            deadline = time.monotonic() + LONG
            while not condition():
                assert time.monotonic() < deadline
                time.sleep(0.05)

    watched = Watched()
    yield watched
    stop.set()
    watched.thread.join(LONG)
    assert not watched.thread.is_alive()


def test_what_changed_before_it_began_and_what_changes_then_is_taken_up(watched, paint):
    paint(watched.folder / "before.png", (9, 9, 9))
    watched.start()
    assert watched.next().new == ("before.png",)
    paint(watched.folder / "deep" / "after.png", (90, 9, 9))
    assert watched.next().new == ("deep/after.png",)
    (watched.folder / "violet.png").rename(watched.folder / "lilac.png")
    assert watched.next().renamed == (("violet.png", "lilac.png"),)
    (watched.folder / "lilac.png").unlink()
    assert watched.next().gone == ("lilac.png",)


def test_a_burst_is_taken_up_together(watched, paint):
    watched.start()
    assert watched.is_quiet()
    for number in range(200):
        paint(watched.folder / "burst" / f"{number}.png", (number, 9, 200 - number))
    told = watched.next()
    while len(watched.paths()) < 205:
        told = watched.next()
    assert told.rejected == ()
    assert watched.is_quiet()


def test_a_file_that_is_still_being_written_is_waited_for(watched, paint, tmp_path):
    whole = paint(tmp_path / "whole.png", (9, 90, 200), size=(300, 300)).read_bytes()
    watched.start()
    assert watched.is_quiet()
    with (watched.folder / "slow.png").open("wb") as file:
        for start in range(0, len(whole), len(whole) // 12):
            file.write(whole[start : start + len(whole) // 12])
            file.flush()
            time.sleep(0.1)
    told = watched.next()
    assert (told.new, told.rejected) == (("slow.png",), ())


def test_a_file_that_was_taken_for_complete_is_tried_again_when_it_grows(watched, paint, tmp_path):
    whole = paint(tmp_path / "whole.png", (9, 90, 200), size=(300, 300)).read_bytes()
    watched.start()
    (watched.folder / "paused.png").write_bytes(whole[: len(whole) // 2])
    assert [one.path for one in watched.next().rejected] == ["paused.png"]
    (watched.folder / "paused.png").write_bytes(whole)
    assert watched.next().new == ("paused.png",)


def test_a_folder_that_vanishes_loses_nothing_and_is_watched_again_when_it_is_back(watched, paint, tmp_path):
    watched.start()
    assert watched.is_quiet()
    watched.folder.rename(tmp_path / "elsewhere")
    trouble = watched.next()
    assert isinstance(trouble, Trouble)
    assert "there is no such folder" in trouble.reason
    watched.folder.mkdir()  # what is left where a disk was mounted
    assert "it holds none any more, of 5" in watched.next().reason
    assert watched.is_quiet()
    assert len(watched.paths()) == 5
    paint(tmp_path / "elsewhere" / "meanwhile.png", (9, 9, 9))
    watched.folder.rmdir()
    (tmp_path / "elsewhere").rename(watched.folder)
    told = watched.next()
    while isinstance(told, Trouble):  # between the two steps
        told = watched.next()
    assert told.new == ("meanwhile.png",)
    paint(watched.folder / "later.png", (99, 9, 9))
    assert watched.next().new == ("later.png",)


def test_an_index_that_vanishes_with_its_folder_is_waited_for(photos, model, impatient, paint, tmp_path):
    directory, stop, told = Retriever.build(photos, encoder=model).index.directory, threading.Event(), []
    thread = threading.Thread(target=lambda: told.extend(watch_folders(directory, stop=stop)))

    def wait_for(count):
        until = time.monotonic() + LONG
        while len(told) < count and time.monotonic() < until:
            time.sleep(0.05)

    thread.start()
    time.sleep(1.0)
    photos.rename(tmp_path / "elsewhere")
    wait_for(1)
    paint(tmp_path / "elsewhere" / "meanwhile.png", (9, 9, 9))
    (tmp_path / "elsewhere").rename(photos)
    wait_for(2)
    stop.set()
    thread.join()
    assert told[0].reason == f"index {directory} is gone: it is waited for"
    assert [news.new for news in told[1:]] == [("meanwhile.png",)]


def test_while_another_process_writes_it_waits(watched, paint, tmp_path):
    paint(watched.folder / "new.png", (9, 9, 9))
    with Index.open(tmp_path / "index", writable=True):
        watched.start()
        assert "is being written by" in watched.next().reason
    assert watched.next().new == ("new.png",)


def test_an_index_that_cannot_be_written_is_told_once_and_ends_it_after_some_tries(watched, monkeypatch):
    tries = []

    def refuse(*_, **__):
        tries.append(True)
        raise IndexUnwritable("the disk is full")

    monkeypatch.setattr(watch, "update_folders", refuse)
    monkeypatch.setattr(watch, "_TRY_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(watch, "_MOST_TRIES", 3)
    watched.start()
    assert watched.next() == Trouble("the disk is full")
    assert isinstance(watched.next(), IndexUnwritable)
    assert len(tries) == 3


@pytest.fixture
def looked(monkeypatch):
    """A list that grows with every look at the folders."""
    looked, update = [], watch.update_folders

    def counted(*arguments, **options):
        looked.append(True)
        return update(*arguments, **options)

    monkeypatch.setattr(watch, "update_folders", counted)
    return looked


def test_changes_of_hidden_files_are_no_reason_to_look(watched, looked):
    watched.start()
    watched.until(lambda: looked)
    time.sleep(0.5)
    count = len(looked)
    (watched.folder / ".part").write_bytes(b"1")
    assert watched.is_quiet()
    assert len(looked) == count


def test_an_index_in_the_folder_is_no_reason_to_look_when_it_changes(photos, model, looked, impatient):
    directory, stop = photos / "index", threading.Event()
    Retriever.build(photos, index=directory, encoder=model)
    thread = threading.Thread(target=lambda: list(watch_folders(directory, stop=stop)))
    thread.start()
    try:
        time.sleep(1.0)
        count = len(looked)
        with Index.open(directory, writable=True) as index:
            index.set_settings(index.settings | {"other": 1})
            index.save()
        time.sleep(0.8)
    finally:
        stop.set()
        thread.join(LONG)
    assert 1 <= len(looked) == count


def test_a_system_that_watches_no_more_folders_is_one_sentence(photos, model, monkeypatch):
    def refuse(*_, **__):
        raise OSError("OS file watch limit reached.")
        yield

    monkeypatch.setattr("watchfiles.watch", refuse)
    directory = Retriever.build(photos, encoder=model).index.directory
    with pytest.raises(RetrievalError, match=r"cannot watch .*limit reached.*max_user_watches"):
        list(watch_folders(directory))


def test_as_json_what_changed_together_is_one_line(model, photos, paint):
    # A file of this moment could still be being written, and would be waited for.
    os.utime(photos / "violet.png", (1_000_000_000, 1_000_000_000))
    Retriever.build(photos, encoder=model)
    command = [sys.executable, "-m", "retrieval", "watch", os.fspath(photos), "--json"]
    (photos / "violet.png").rename(photos / "lilac.png")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONG)
    assert (told["renamed"], told["new"], told["rejected"]) == ([["violet.png", "lilac.png"]], [], {})


def test_the_command_prints_a_line_a_change_and_ends_with_ctrl_c(model, photos, paint):
    Retriever.build(photos, encoder=model)
    command = [sys.executable, "-m", "retrieval", "watch", os.fspath(photos)]
    paint(photos / "new.png", (9, 9, 9))
    shutil.copy(photos / "cut.png", photos / "cut too.png")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(2)]
        (photos / "violet.png").unlink()
        lines.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LONG)
    assert lines == [
        "+ new.png\n",
        "! cut too.png: the file is truncated or damaged (a PNG file)\n",
        "- violet.png\n",
    ]
    assert (process.returncode, out) == (0, "")
    assert err.splitlines()[0].startswith("watching the folders of ")
    assert err.splitlines()[-1] == "stopped watching"
