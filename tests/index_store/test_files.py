import contextlib
import errno
import hashlib
import sqlite3

import pytest

from index_store import IndexDamaged, IndexUnwritable, StoredFile, files
from index_store.files import (
    BlockSums,
    altered_spans,
    check_files,
    read_chunks,
    settle_file,
    write_file,
    writing,
)

HELLO = StoredFile("greeting.generation-1.txt", 5, (hashlib.sha256(b"hello").hexdigest(),))


def test_a_written_file_is_described_and_leaves_no_temporary(tmp_path):
    assert write_file(tmp_path / HELLO.path, [b"he", b"", b"llo"]) == HELLO
    assert [path.name for path in tmp_path.iterdir()] == [HELLO.path]
    assert (tmp_path / HELLO.path).read_bytes() == b"hello"
    assert settle_file(tmp_path / HELLO.path) == HELLO


def test_a_write_that_fails_leaves_the_file_that_was_there(tmp_path):
    def chunks():
        yield b"half"
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / HELLO.path
    path.write_bytes(b"hello")
    with pytest.raises(OSError, match="No space left"):
        write_file(path, chunks())
    assert path.read_bytes() == b"hello"


def test_chunks_stop_where_they_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "CHUNK", 4)
    path = tmp_path / "numbers"
    path.write_bytes(b"0123456789")
    assert list(read_chunks(path)) == [b"0123", b"4567", b"89"]
    assert list(read_chunks(path, start=3, stop=8)) == [b"3456", b"7"]
    assert list(read_chunks(path, start=8, stop=99)) == [b"89"]


def test_a_sound_file_passes(tmp_path):
    (tmp_path / HELLO.path).write_bytes(b"hello")
    check_files(tmp_path, {"greeting.txt": HELLO}, "full")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"hell", "has 4 bytes, expected 5"),
        (b"hello!", "has 6 bytes, expected 5"),
        (b"jello", "was altered: its contents do not match their checksum"),
        (None, "cannot be read: No such file"),
    ],
)
@pytest.mark.parametrize("check", ["quick", "full"])
def test_a_damaged_file_is_named_with_its_fault(tmp_path, content, fault, check):
    path = tmp_path / HELLO.path
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(IndexDamaged) as caught:
        check_files(tmp_path, {"greeting.txt": HELLO}, check)
    assert f"{path} {fault}" in str(caught.value)
    assert "or make the index anew" in str(caught.value)


def test_only_what_is_appended_to_may_be_longer(tmp_path):
    (tmp_path / HELLO.path).write_bytes(b"hello and what an interrupted writer left")
    check_files(tmp_path, {"vectors.f32": HELLO}, "full")


def in_blocks(content, block, piece=0):
    sums = BlockSums(block=block, piece=piece)
    sums.update(content)
    return StoredFile(HELLO.path, len(content), sums.sums(), block, piece)


@pytest.mark.parametrize(("content", "quick"), [(b"jello", True), (b"hellO", False)])
def test_a_quick_check_compares_the_last_block_and_a_full_one_all(tmp_path, content, quick):
    stored = in_blocks(b"hello", 2)
    assert len(stored.sums) == 3
    (tmp_path / HELLO.path).write_bytes(content)
    if quick:
        check_files(tmp_path, {"greeting.txt": stored}, "quick")
    else:
        with pytest.raises(IndexDamaged, match="was altered"):
            check_files(tmp_path, {"greeting.txt": stored}, "quick")
    with pytest.raises(IndexDamaged, match="was altered"):
        check_files(tmp_path, {"greeting.txt": stored}, "full")


@pytest.mark.parametrize("content", [b"0123456789", b"01234567", b"012345678", b"01", b""])
@pytest.mark.parametrize("check", ["end", "quick", "full"])
@pytest.mark.parametrize("piece", [0, 1, 2])
def test_checked_sums_can_be_gone_on_from(tmp_path, content, check, piece):
    (tmp_path / HELLO.path).write_bytes(content)
    sums = check_files(tmp_path, {"vectors.f32": in_blocks(content, 4, piece)}, check)["vectors.f32"]
    sums.update(b"more")
    assert sums.sums() == in_blocks(content + b"more", 4, piece).sums


@pytest.mark.parametrize(
    ("at", "found_by"),
    [(0, ["full"]), (8, ["quick", "full"]), (9, ["quick", "full"]), (10, ["end", "quick", "full"])],
)
def test_a_writer_compares_the_piece_that_it_goes_on_from(tmp_path, at, found_by):
    content = bytearray(b"0123456789a")
    stored = in_blocks(content, 4, 2)
    content[at] ^= 1
    (tmp_path / HELLO.path).write_bytes(content)
    for check in ("end", "quick", "full"):
        expected = pytest.raises(IndexDamaged) if check in found_by else contextlib.nullcontext()
        with expected:
            check_files(tmp_path, {"vectors.f32": stored}, check)


def test_a_block_in_pieces_has_the_sum_of_their_sums():
    first, second, third = (hashlib.sha256(part).hexdigest() for part in (b"01", b"23", b"4"))
    block = hashlib.sha256((first + second).encode()).hexdigest()
    assert in_blocks(b"01234", 4, 2).sums == (block, third)
    assert in_blocks(b"012", 4, 2).sums == (first, hashlib.sha256(b"2").hexdigest())


@pytest.mark.parametrize(
    ("piece", "content", "altered"),
    [
        (0, b"0123x5678x and more", [(4, 8), (8, 10)]),
        (0, b"012345678", [(8, 10)]),
        (1, b"0123x5678x and more", [(4, 8), (9, 10)]),
        (1, b"012", [(0, 4), (4, 8), (8, 9), (9, 10)]),
    ],
)
def test_what_is_altered_or_missing_is_told_by_the_span(tmp_path, piece, content, altered):
    path = tmp_path / HELLO.path
    path.write_bytes(content)
    assert altered_spans(path, in_blocks(b"0123456789", 4, piece)) == altered


@pytest.mark.parametrize("pieces", [[b"0123456789"], [b"0", b"12345678", b"9"], [b"", b"0123", b"456789"]])
def test_sums_do_not_depend_on_how_the_bytes_come(pieces):
    sums = BlockSums(block=4)
    for piece in pieces:
        sums.update(piece)
    expected = [hashlib.sha256(part).hexdigest() for part in (b"0123", b"4567", b"89")]
    assert (sums.sums(), sums.size) == (tuple(expected), 10)
    assert BlockSums(expected[:2], 4).size == 8


def test_all_faults_are_told_at_once(tmp_path):
    (tmp_path / HELLO.path).write_bytes(b"jello")
    missing = StoredFile("ids.generation-1.i64", 8, ("0" * 64,))
    with pytest.raises(IndexDamaged, match=r"greeting.*altered.*; .*ids\.generation-1\.i64 cannot be read"):
        check_files(tmp_path, {"greeting.txt": HELLO, "ids.i64": missing}, "quick")


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "x/a.f32"),
            r"No space left on device \(a\.f32\).*free some",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied"),
            "Permission denied.*make the directory writable, or put the index elsewhere with --index DIR$",
        ),
        (
            FileExistsError(errno.EEXIST, "File exists", "x/index"),
            r"a file is in the way \(index\).*name a directory",
        ),
        (OSError(errno.EIO, "Input/output error"), "Input/output error.*check the disk"),
        (sqlite3.OperationalError("database or disk is full"), "database or disk is full.*free some room"),
    ],
)
def test_what_the_disk_refuses_names_the_directory_and_the_way_out(tmp_path, refusal, told):
    with pytest.raises(IndexUnwritable, match=told) as caught, writing(tmp_path):
        raise refusal
    assert str(tmp_path) in str(caught.value)
    assert "what was saved there before is unchanged" in str(caught.value)
    assert caught.value.__cause__ is refusal
