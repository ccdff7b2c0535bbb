"""Kill -9 at random instants of index, add, remove and refit: nothing is lost, doubled or done twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from index_store import Index, IndexNotFound

ROUNDS = 50
PICTURES = 70  # with fewer, drawn ones would be fitted too
LONGEST = 0.4  # seconds until a command is killed, or it is done


class Commands:
    """The process of kill_server.py."""

    def __init__(self, model, log):
        self.log = log
        command = [sys.executable, Path(__file__).with_name("kill_server.py"), model, log]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, *arguments, kill_after=None):
        """Run a command, and kill it after so many seconds; returns its status and what it logged."""
        before = self.logged()
        print(json.dumps(list(map(str, arguments))), file=self.process.stdin, flush=True)
        running = int(self.process.stdout.readline())
        if kill_after is not None:
            time.sleep(kill_after)
            with contextlib.suppress(ProcessLookupError):
                os.kill(running, signal.SIGKILL)
        status = int(self.process.stdout.readline())
        return status, self.logged()[len(before) :]

    def logged(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


class Pictures:
    """A folder whose pictures have random colours; `keys` are the hashes of pixels by those of files."""

    def __init__(self, folder, seed):
        self.folder, self.random, self.number = folder, random.Random(seed), 0
        self.keys, self.vectors = {}, {}
        folder.mkdir()

    def paths(self):
        return sorted(path for path in self.folder.glob("*.png"))

    def paint(self, path):
        colors = np.array([[self.random.randrange(1, 256) for _ in range(3)] for _ in range(4)], np.uint8)
        pixels = np.kron(colors.reshape(2, 2, 3), np.ones((8, 8, 1), np.uint8))
        Image.fromarray(pixels).save(path)
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        self.keys[content] = hashlib.sha256(pixels.tobytes()).hexdigest()
        vector = colors.reshape(12).astype(np.float64)
        self.vectors[content] = vector / np.linalg.norm(vector)

    def new(self):
        self.number += 1
        path = self.folder / f"{self.number:04d}.png"
        self.paint(path)
        return path

    def change(self):
        """Add, change, rename, copy and delete some."""
        for _ in range(self.random.randrange(20)):
            self.new()
        for path in self.random.sample(self.paths(), 12):
            kind = self.random.choice(["change", "rename", "copy", "delete", "delete"])
            self.number += 1
            if kind == "change":
                self.paint(path)
            elif kind == "rename":
                path.rename(self.folder / f"{self.number:04d}.png")
            elif kind == "copy":
                shutil.copy(path, self.folder / f"{self.number:04d}.png")
            else:
                path.unlink()


def held(directory, pictures):
    """The contents by path of an index, after a check of every vector; None where there is none."""
    try:
        index = Index.open(directory, check="full")
    except IndexNotFound:
        return None
    rows = list(index.catalog.rows())
    assert [row.id for row in rows] == index.ids.tolist()
    expected = np.array([pictures.vectors[row.sha256] for row in rows]).reshape(len(rows), 12)
    np.testing.assert_allclose(index.vectors(), expected, atol=1e-5)
    return {row.path: row.sha256 for row in rows}


def created(directory):
    return Index.open(directory).manifest.created


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
@pytest.mark.parametrize("seed", [int(os.environ.get("SEED", "1"))])
def test_killed_at_any_instant_the_next_command_goes_on(tmp_path, model_folder, seed):
    pictures, commands = Pictures(tmp_path / "photos", seed), Commands(model_folder, tmp_path / "log")
    directory, kills, longest = pictures.folder / ".retrieve", 0, LONGEST
    for _ in range(PICTURES):
        pictures.new()
    for number in range(ROUNDS):
        before, begun = held(directory, pictures), held(directory / "refit", pictures)
        if begun is not None and created(directory / "refit") == created(directory):
            begun = None  # left over: it is in force, and the index has changed since
        kind = pictures.random.choice(["index", "index", "refit", "add", "remove"]) if before else "index"
        on_disk = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in pictures.paths()}
        arguments = {
            "index": ["index", pictures.folder],
            "refit": ["index", pictures.folder, "--refit"],
            "add": ["add", *pictures.random.sample(pictures.paths(), 10), "--index", directory],
            "remove": ["remove", "--missing", "--index", directory],
        }[kind]
        status, logged = commands.run(*arguments, kill_after=pictures.random.uniform(0, longest))
        assert status in {0, -signal.SIGKILL}, (number, kind)
        kills += status != 0
        # However fast the machine is, two in three commands are killed.
        longest *= 1.1 if status else 0.8
        after = held(directory, pictures)
        if kind == "index" and set(logged) - {"fit"}:
            assert after is not None, "the encoder is saved before anything is embedded"
        if before is not None:
            for path, content in before.items():
                if on_disk.get(path) == content:
                    assert (after or {}).get(path) == content, (number, kind, path)
            known = begun if kind == "refit" else before
            done = {pictures.keys[content] for content in (known or {}).values()}
            assert done.isdisjoint(logged), (number, kind)
            assert "fit" not in logged or (kind == "refit" and begun is None), (number, kind)
        if pictures.random.random() < 0.5:
            pictures.change()
    assert commands.run("index", pictures.folder)[0] == 0
    final = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in pictures.paths()}
    assert held(directory, pictures) == final
    commands.close()
    assert kills >= ROUNDS // 2
    assert set(commands.logged()) >= {"fit", *(pictures.keys[content] for content in final.values())}
