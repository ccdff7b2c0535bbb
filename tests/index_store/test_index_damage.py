"""Every file of an index, wrecked in every way: the error names the file."""

import dataclasses
import re

import numpy as np
import pytest

from index_store import FormatUnsupported, Index, IndexDamaged, IndexNotFound, Manifest, verify

FILES = [
    "vectors.generation-1.f32",
    "ids.generation-1.i64",
    "catalog.generation-1.sqlite",
    "encoder.generation-1.tflite",
]


CHECKED = [name for name in FILES if not name.startswith("catalog")]
"""The catalog checks its rows itself, when they are read."""


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("check", ["quick", "full"])
@pytest.mark.parametrize("writable", [False, True])
class TestFiles:
    def test_missing(self, saved, name, check, writable):
        (saved / name).unlink()
        with pytest.raises(IndexDamaged, match=re.escape(f"{saved / name} cannot be read")):
            Index.open(saved, check=check, writable=writable)

    def test_truncated(self, saved, name, check, writable):
        content = (saved / name).read_bytes()
        (saved / name).write_bytes(content[:-1])
        told = f"{saved / name} has {len(content) - 1} bytes, expected {len(content)}"
        with pytest.raises(IndexDamaged, match=re.escape(told)):
            Index.open(saved, check=check, writable=writable)

    def test_flipped_byte(self, saved, name, check, writable):
        if name not in CHECKED:
            pytest.skip("see test_any_byte_flipped_is_harmless_or_named")
        content = bytearray((saved / name).read_bytes())
        content[len(content) // 3] ^= 16
        (saved / name).write_bytes(content)
        with pytest.raises(IndexDamaged, match=re.escape(f"{saved / name} was altered")) as caught:
            Index.open(saved, check=check, writable=writable)
        assert f"index {saved} is damaged" in str(caught.value)
        assert "bring the files back from a backup, or make the index anew" in str(caught.value)


def test_any_byte_of_the_manifest_flipped_is_found(saved):
    sound = (saved / "manifest.json").read_bytes()
    # White space between fields is the one thing that may change.
    for at in (at for at in range(0, len(sound), 3) if not sound[at : at + 1].isspace()):
        content = bytearray(sound)
        content[at] ^= 1
        with pytest.raises((IndexDamaged, FormatUnsupported), match=re.escape(f"index {saved} ")):
            Manifest.parse(bytes(content), saved)


def test_a_manifest_cut_short_is_named(saved):
    path = saved / "manifest.json"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(IndexDamaged, match=r"manifest\.json is not JSON"):
        Index.open(saved)


def test_the_json_of_others_is_named(saved):
    (saved / "manifest.json").write_text('{"manifest_version": 3, "name": "browser extension"}')
    with pytest.raises(IndexDamaged, match=r"manifest\.json: format_version is missing"):
        Index.open(saved)


@pytest.mark.parametrize("writable", [False, True])
def test_a_newer_format_is_not_damage(saved, writable):
    path = saved / "manifest.json"
    path.write_text(path.read_text().replace('"format_version": 4', '"format_version": 7'))
    with pytest.raises(FormatUnsupported, match=f"index {saved} has format 7, .* 1 to 4: upgrade retrieve"):
        Index.open(saved, writable=writable)


def test_a_manifest_that_was_removed_is_no_index(saved):
    (saved / "manifest.json").unlink()
    with pytest.raises(IndexNotFound, match="no index in"):
        Index.open(saved)


def test_all_damaged_files_are_named_at_once(saved):
    for name in FILES:
        (saved / name).unlink()
    with pytest.raises(IndexDamaged) as caught:
        Index.open(saved)
    assert all(name in str(caught.value) for name in FILES)


def test_a_large_file_is_compared_in_full_when_asked(directory):
    with Index.create(directory, 1024) as index:
        index.add(np.random.default_rng(0).normal(size=(1100, 1024)))
        index.save()
    path = directory / "vectors.generation-1.f32"
    for at, quick in ((2_000_000, True), (4_400_000, False)):
        content = bytearray(path.read_bytes())
        content[at] ^= 1
        path.write_bytes(content)
        if quick:
            assert len(Index.open(directory)) == 1100
        else:
            with pytest.raises(IndexDamaged, match=r"vectors\.generation-1\.f32 was altered"):
                Index.open(directory)
        with pytest.raises(IndexDamaged, match=r"vectors\.generation-1\.f32 was altered"):
            Index.open(directory, check="full")


@pytest.mark.parametrize(("at", "refused"), [(4_200_000, False), (4_500_000, True)])
def test_a_writer_who_does_not_look_at_damage_does_not_hide_it(directory, at, refused):
    with Index.create(directory, 1024) as index:
        index.add(np.random.default_rng(0).normal(size=(1100, 1024)))
        index.save()
    path = directory / "vectors.generation-1.f32"
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))
    if refused:
        with pytest.raises(IndexDamaged, match=r"vectors\.generation-1\.f32 was altered"):
            Index.open(directory, writable=True)
        return
    with Index.open(directory, writable=True) as index:
        index.add(np.random.default_rng(1).normal(size=(1100, 1024)))
        index.save()
    with pytest.raises(IndexDamaged, match=r"vectors\.generation-1\.f32 was altered"):
        Index.open(directory, check="full")


@pytest.mark.parametrize("saves", [0, 1])
def test_what_is_altered_under_a_writer_gets_no_valid_checksum(saved, make_row, saves):
    path = saved / "vectors.generation-1.f32"
    with Index.open(saved, writable=True) as index:
        for number in range(saves + 1):
            if number == saves:
                content = bytearray(path.read_bytes())
                content[3] ^= 1
                path.write_bytes(content)
            index.add([[5, number]], [make_row(f"{number}.png", 9 - number)])
            index.save()
    with pytest.raises(IndexDamaged, match=r"vectors\.generation-1\.f32 was altered"):
        Index.open(saved)


def contents(directory):
    """Everything that can be read."""
    index = Index.open(directory, check="full")
    rows = list(index.catalog.rows())
    found = [index.catalog.find(row.path).id for row in rows]
    return [index.ids.tolist(), index.vectors().tolist(), rows, found, list(index.catalog.rejected())]


@pytest.fixture
def lived(saved, make_row):
    """An index that was changed: rows that are no more, renamed ones, metadata."""
    with Index.open(saved, writable=True) as index:
        index.add([[5, 5]], [dataclasses.replace(make_row("e.png", 9), sha256="ab" * 32)])
        index.remove([2])
        index.update_rows([dataclasses.replace(make_row("renamed.png", 1), id=1, metadata={"label": "b"})])
        index.save()
    return saved


@pytest.mark.parametrize("name", ["manifest.json", *FILES])
def test_any_byte_flipped_is_harmless_or_named(lived, name):
    sound = contents(lived)
    path, random = lived / name, np.random.default_rng(0)
    content = path.read_bytes()
    for at in random.choice(len(content), min(len(content), 150), replace=False):
        wrecked = bytearray(content)
        wrecked[at] ^= 1 << random.integers(8)
        path.write_bytes(wrecked)
        faults = verify(lived).faults
        if faults:
            assert any(fault.file == name for fault in faults), (at, faults)
        else:
            assert contents(lived) == sound, at


def test_an_altered_row_is_found_by_a_full_check(lived):
    path = lived / "catalog.generation-1.sqlite"
    path.write_bytes(path.read_bytes().replace(b"renamed.png", b"renamed.gif"))
    assert len(Index.open(lived)) == 4
    with pytest.raises(IndexDamaged, match=r"catalog\.generation-1\.sqlite was altered in 1 row"):
        Index.open(lived, check="full")
    with pytest.raises(IndexDamaged, match="row 1 does not match its checksum"):
        Index.open(lived).catalog.rows_of([1])


def test_every_used_byte_of_a_row_is_named(lived):
    """The pages of the catalog are mostly empty: here only bytes within the rows are flipped."""
    path = lived / "catalog.generation-1.sqlite"
    content = path.read_bytes()
    for text in (b"renamed.png", b"d.png", bytes.fromhex("ab" * 32), b"cut short", b'{"label":"b"}'):
        at = content.index(text)
        for offset in range(len(text)):
            wrecked = bytearray(content)
            wrecked[at + offset] ^= 4
            path.write_bytes(wrecked)
            assert [fault.file for fault in verify(lived).faults], (text, offset)
