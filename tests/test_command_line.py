"""The command line on the installed package, in processes of its own, on files as odd as they come."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from retrieval import Retriever

MODEL = Path(__file__).parent / "retrieval" / "model"
RETRIEVE = [sys.executable, "-m", "retrieval"]


def run(*arguments, **options):
    """Run `retrieve` with these arguments."""
    options = {"capture_output": True, "text": True, "errors": "surrogateescape", "timeout": 60, **options}
    environment = {**os.environ, "PYTHONWARNINGS": "error", **options.pop("env", {})}
    return subprocess.run([*RETRIEVE, *map(os.fspath, arguments)], check=False, env=environment, **options)


def save(path, color=(200, 30, 30), size=(32, 32), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path, **options)
    return path


def bomb():
    """A PNG of a few bytes whose header promises 40,000 × 40,000 pixels."""
    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture
def zoo(tmp_path):
    """Seven pictures among everything that a folder may hold instead."""
    folder = tmp_path / "zoo"
    save(folder / "plain.jpg")
    save(folder / "tiny.png", (20, 200, 30), (8, 8))
    save(folder / "huge.jpg", (20, 30, 200), (6000, 4000))
    Image.new("L", (40, 30), 90).save(folder / "grey.png")
    save(folder / "renamed.txt.jpg", format="PNG")
    save(folder / "without ending.png").rename(folder / "without ending")
    save(folder / "deep" / "er" / "é 日.webp")
    save(folder / ".hidden.png")
    (folder / "cut.jpg").write_bytes((folder / "huge.jpg").read_bytes()[:2000])
    (folder / "text.png").write_text("Dear Sir,")
    (folder / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "empty.gif").touch()
    (folder / "bomb.png").write_bytes(bomb())
    (folder / "broken link.png").symlink_to("nowhere.png")
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "deep" / "up").symlink_to(folder)
    save(Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.png")))
    return folder


PICTURES = [
    "deep/er/é 日.webp",
    "grey.png",
    "huge.jpg",
    "plain.jpg",
    "renamed.txt.jpg",
    "tiny.png",
    "without ending",
]
REASONS = {
    "bomb.png": "1,600,000,000 pixels",
    "broken link.png": "the link leads to nothing",
    "caf\\xe9.png": "its name is not valid UTF-8",
    "cut.jpg": "truncated",
    "deep/up": "read already",
    "drawing.svg": "a vector drawing",
    "empty.gif": "empty file",
    "loop.png": "the link leads back to itself",
    "text.png": "it holds text",
}


def test_a_zoo_of_odd_files_is_indexed_reported_and_queried(zoo):
    indexed = run("index", zoo, "--encoder", MODEL, "--json")
    assert (indexed.returncode, indexed.stderr) == (0, "")
    result = json.loads(indexed.stdout)
    assert result["pictures"] == len(PICTURES)
    reasons = {one["path"]: one["reason"] for one in result["rejections"]}
    assert set(reasons) == set(REASONS)
    for path, words in REASONS.items():
        assert words in reasons[path], path
    rows = list(Retriever.open(zoo).index.catalog.rows())
    assert [row.path for row in rows] == PICTURES
    answer = run("query", zoo / "huge.jpg", "-k", "1", "--index", zoo)
    assert answer.stdout == f"1\t0.0000\t{zoo}/huge.jpg\t{zoo}/huge.jpg\tself\n"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_any_name_is_printed_whatever_the_terminal_can_show(zoo, encoding):
    odd = os.fsdecode(os.fsencode(zoo) + b"/caf\xe9.png")
    run("index", zoo, "--encoder", MODEL)
    answer = run("query", odd, "--index", zoo, env={"PYTHONIOENCODING": encoding})
    assert (answer.returncode, answer.stderr) == (0, "")
    assert len(answer.stdout.splitlines()) == len(PICTURES)
    assert "\\xe9.png" in answer.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_an_unreadable_folder_is_reported(zoo):
    (zoo / "deep").chmod(0)
    try:
        result = json.loads(run("index", zoo, "--encoder", MODEL, "--json").stdout)
    finally:
        (zoo / "deep").chmod(0o700)
    reasons = {one["path"]: one["reason"] for one in result["rejections"]}
    assert reasons["deep"] == "the folder cannot be read: permission denied"


@pytest.mark.parametrize("count", [1, 2, 10])
def test_tiny_folders_and_pictures_all_alike_are_indexed(tmp_path, count):
    for number in range(count):
        save(tmp_path / f"{number}.png")
    assert run("index", tmp_path, "--encoder", MODEL).returncode == 0
    answer = run("query", tmp_path / "0.png", "--index", tmp_path)
    # All have the same contents: one is the picture itself, the others are its copies, in order of their ids.
    assert [line.split("\t")[0] for line in answer.stdout.splitlines()] == [str(n + 1) for n in range(count)]
    assert answer.stdout.count("\tself\n") == 1
    assert answer.stdout.count("\tcopy\n") == count - 1
    left_out = ["--exclude-self", "--exclude-copies"]
    assert run("query", tmp_path / "0.png", "--index", tmp_path, *left_out).stdout == ""


def test_a_reader_that_wants_no_more_is_left_quietly(zoo):
    run("index", zoo, "--encoder", MODEL)
    many = [zoo / "plain.jpg"] * 300
    command = [*RETRIEVE, "query", *map(os.fspath, many), "--index", os.fspath(zoo)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=30) == 0
    process.stderr.close()


@pytest.fixture
def interruptible():
    """Whoever starts the tests in the background has them ignore Ctrl-C, and what they start as well."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_indexing_stops_soon_and_leaves_the_old_index(tmp_path):
    save(tmp_path / "a.png")
    run("index", tmp_path, "--encoder", MODEL)
    large = save(tmp_path / "large.png", size=(2000, 2000)).read_bytes()
    for number in range(500):
        (tmp_path / f"large {number}.png").write_bytes(large)
    command = [*RETRIEVE, "index", os.fspath(tmp_path), "--encoder", os.fspath(MODEL)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not (tmp_path / ".retrieve" / "lock.json").exists():
            time.sleep(0.02)
            assert process.poll() is None
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        out, err = process.communicate(timeout=30)
    assert time.monotonic() - sent < 10
    assert (process.returncode, out) == (130, "")
    assert err == "\nstopped: what was saved before is unchanged\n"
    assert len(Retriever.open(tmp_path)) == 1
    assert not list((tmp_path / ".retrieve").glob("*generation-2*"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only where the system has a full device")
def test_a_full_disk_under_stdout_is_one_sentence(zoo):
    run("index", zoo, "--encoder", MODEL)
    with Path("/dev/full").open("w") as full:
        answer = run("info", zoo, capture_output=False, stdout=full, stderr=subprocess.PIPE)
        asked = run("--help", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    for told in (answer, asked):
        assert told.returncode == 1
        assert told.stderr == "retrieve: output: No space left on device\n"
