import errno
import hashlib
import sqlite3

import pytest

from index_store import IndexDamaged, IndexUnwritable, StoredFile, files
from index_store.files import check_files, read_chunks, settle_file, sha256_of, write_file, writing

HELLO = StoredFile("greeting.generation-1.txt", 5, hashlib.sha256(b"hello").hexdigest())


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
    assert sha256_of(path, 5) == hashlib.sha256(b"01234").hexdigest()


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
    assert "index the folder again" in str(caught.value)


def test_only_what_is_appended_to_may_be_longer(tmp_path):
    (tmp_path / HELLO.path).write_bytes(b"hello and what an interrupted writer left")
    check_files(tmp_path, {"vectors.f32": HELLO}, "full")


def test_a_quick_check_leaves_the_contents_of_large_files_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "QUICK_BYTES", 4)
    (tmp_path / HELLO.path).write_bytes(b"jello")
    check_files(tmp_path, {"greeting.txt": HELLO}, "quick")
    with pytest.raises(IndexDamaged, match="was altered"):
        check_files(tmp_path, {"greeting.txt": HELLO}, "full")


def test_all_faults_are_told_at_once(tmp_path):
    (tmp_path / HELLO.path).write_bytes(b"jello")
    missing = StoredFile("ids.generation-1.i64", 8, "0" * 64)
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
