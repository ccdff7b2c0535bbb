import copy
import dataclasses
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from index_store import (
    FORMAT_VERSION,
    FormatUnsupported,
    IndexDamaged,
    IndexNotFound,
    Manifest,
    OptionInvalid,
    StoredFile,
)
from index_store.manifest import check_settings, checksum_of, faults_of

INDEX = Path("photos/.retrieve")

MANIFEST = Manifest(
    generation=3,
    dim=2,
    metric="cosine",
    structure="hnsw",
    encoder="ab" * 32,
    created=datetime(2025, 1, 31, 12, 0, tzinfo=timezone.utc),
    changed=datetime(2025, 2, 1, 0, 0, 1, tzinfo=timezone.utc),
    count=5,
    next_id=7,
    settings={"side": 64, "folder": "\udcff", "nothing": None},
    files={
        "vectors.f32": StoredFile("vectors.generation-1.f32", 48, ("0" * 64,)),
        "ids.i64": StoredFile("ids.generation-1.i64", 48, ("1" * 64,)),
        "copies.f32": StoredFile("copies.generation-1.f32", 72, ("2" * 64,)),
        "catalog.sqlite": StoredFile("catalog.generation-3.sqlite", 4096),
    },
    removed=1,
    rows=5,
    copy_dim=3,
    structure_reason="few vectors",
)

SOUND = {
    "format_version": 1,
    "generation": 1,
    "dim": 2,
    "metric": "l2",
    "structure": "flat",
    "encoder": None,
    "created": "2025-01-31T12:00:00+00:00",
    "changed": "2025-01-31T12:00:00+00:00",
    "count": 3,
    "next_id": 3,
    "settings": {},
    "files": {
        "vectors.f32": {"path": "vectors.generation-1.f32", "size": 24, "sha256": "0" * 64},
        "ids.i64": {"path": "ids.generation-1.i64", "size": 24, "sha256": "0" * 64},
        "catalog.sqlite": {"path": "catalog.generation-1.sqlite", "size": 9, "sha256": "0" * 64},
    },
}


def parse(text):
    return Manifest.parse(text.encode(), INDEX)


def test_a_manifest_comes_back_from_its_json():
    assert parse(MANIFEST.to_json()) == MANIFEST
    assert json.loads(MANIFEST.to_json())["format_version"] == FORMAT_VERSION == 4


def test_layout_and_order_of_the_json_do_not_matter():
    data = json.loads(MANIFEST.to_json())
    assert parse(json.dumps(dict(reversed(data.items())))) == MANIFEST


@pytest.mark.parametrize(
    ("version", "way_out"), [(7, "upgrade retrieve"), (5, "upgrade retrieve"), (0, "index the folder again")]
)
def test_another_format_is_told_from_damage_with_both_numbers(version, way_out):
    text = MANIFEST.to_json().replace('"format_version": 4', f'"format_version": {version}')
    with pytest.raises(FormatUnsupported) as caught:
        parse(text)
    told = f"index photos/.retrieve has format {version}, this version of retrieve reads 1 to 4: {way_out}"
    assert str(caught.value) == told


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"PK\x03\x04", b"[" * 100_000])
def test_what_is_not_json_is_damage(content):
    with pytest.raises(IndexDamaged, match=r"photos/\.retrieve/manifest\.json is not JSON"):
        Manifest.parse(content, INDEX)


@pytest.mark.parametrize("content", [b"[]", b"7", b"null", b'{"name": "web page", "version": "7"}'])
def test_the_json_of_others_is_damage(content):
    with pytest.raises(IndexDamaged, match=r"manifest\.json: (not a JSON object|format_version is missing)"):
        Manifest.parse(content, INDEX)


def test_a_value_changed_by_hand_is_found():
    with pytest.raises(IndexDamaged, match=r"manifest\.json: was altered"):
        parse(MANIFEST.to_json().replace('"side": 64', '"side": 65'))


def test_a_directory_without_manifest_holds_no_index(tmp_path):
    with pytest.raises(IndexNotFound, match=r"no index in .*: index the folder first"):
        Manifest.read(tmp_path)
    with pytest.raises(IndexNotFound, match="no index in"):
        Manifest.read(tmp_path / "nowhere")


def test_a_file_is_no_index(tmp_path):
    path = tmp_path / "photo.jpg"
    path.touch()
    with pytest.raises(IndexNotFound, match=r"photo\.jpg is not a directory"):
        Manifest.read(path)


def test_a_manifest_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(IndexDamaged, match=r"manifest\.json cannot be read"):
        Manifest.read(tmp_path)


def test_settings_are_kept_as_they_will_be_read():
    settings = {"sizes": (64, 32), "nested": {"a": None}}
    checked = check_settings(settings)
    assert checked == {"sizes": [64, 32], "nested": {"a": None}}
    assert checked["nested"] is not settings["nested"]


@pytest.mark.parametrize("settings", [[], "x", {"a": object()}, {"a": float("nan")}, {"a": {1, 2}}])
def test_settings_that_json_cannot_hold_are_refused(settings):
    with pytest.raises(OptionInvalid, match="settings"):
        check_settings(settings)


def test_a_manifest_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        MANIFEST.count = 6


def with_checksum(data):
    return {**data, "checksum": checksum_of(data)}


def test_a_sound_manifest_has_no_faults():
    assert faults_of(with_checksum(SOUND)) == []


def test_fields_that_later_versions_may_add_are_no_fault():
    assert faults_of(with_checksum({**SOUND, "storage": "float32"})) == []


@pytest.mark.parametrize("name", [*SOUND, "checksum"])
def test_a_missing_field_is_named(name):
    data = with_checksum(SOUND)
    del data[name]
    assert faults_of(data) == [f"{name} is missing"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("generation", 0),
        ("dim", 0),
        ("dim", 2.0),
        ("dim", True),
        ("metric", "l3"),
        ("metric", ["l2"]),
        ("structure", "tree"),
        ("encoder", 7),
        ("created", "yesterday"),
        ("changed", "2025-01-31T12:00:00"),
        ("changed", 5),
        ("count", -1),
        ("next_id", "3"),
        ("settings", []),
        ("files", None),
        ("checksum", "0"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(name, value):
    (fault,) = faults_of({**with_checksum(SOUND), name: value})
    assert fault.startswith(f"{name} is {value!r}, expected ")


def test_all_faults_are_listed():
    data = {**with_checksum(SOUND), "dim": 0, "count": None}
    del data["metric"]
    assert [fault.split()[0] for fault in faults_of(data)] == ["dim", "metric", "count"]


def test_a_file_outside_the_directory_is_a_fault():
    data = copy.deepcopy(SOUND)
    data["files"]["catalog.sqlite"]["path"] = "../a.generation-1.sqlite"
    data["files"]["ids.i64"]["size"] = -8
    assert [fault.split(",")[0] for fault in faults_of(with_checksum(data))] == [
        "files['ids.i64']: size is -8",
        "files['catalog.sqlite']: path is '../a.generation-1.sqlite'",
    ]


def test_files_that_every_index_has_are_asked_for():
    data = {**SOUND, "files": {"vectors.f32": 3}}
    assert faults_of(with_checksum(data)) == [
        "files names no ids.i64",
        "files names no catalog.sqlite",
        "files['vectors.f32'] is 3, expected an object",
    ]


def test_sizes_that_contradict_the_count_are_faults():
    assert faults_of(with_checksum({**SOUND, "count": 4})) == [
        "next_id is 3, expected at least 4, the number of vectors",
        "vectors.f32 is 24 bytes, expected 4 x 8",
        "ids.i64 is 24 bytes, expected 4 x 8",
    ]


def test_the_checksum_is_of_the_contents_not_of_their_order():
    assert checksum_of(SOUND) == checksum_of(dict(reversed(SOUND.items())))
    assert checksum_of(SOUND) == checksum_of(with_checksum(SOUND))
    assert checksum_of(SOUND) != checksum_of({**SOUND, "encoder": "other"})


BLOCKS = {
    **SOUND,
    "format_version": 3,
    "removed": 1,
    "rows": 2,
    "copy_dim": 0,
    "structure_reason": "",
    "count": 2,
    "files": {
        "vectors.f32": {"path": "vectors.generation-1.f32", "size": 24, "sums": ["0" * 64]},
        "ids.i64": {"path": "ids.generation-1.i64", "size": 24, "sums": ["0" * 64]},
        "catalog.sqlite": {"path": "catalog.generation-1.sqlite", "size": 9, "sums": []},
    },
}


def test_a_manifest_of_the_current_format_has_checksums_by_block():
    assert faults_of(with_checksum(BLOCKS)) == []
    manifest = parse(json.dumps(with_checksum(BLOCKS)))
    assert (manifest.count, manifest.removed, manifest.total) == (2, 1, 3)
    assert manifest.files["ids.i64"] == StoredFile("ids.generation-1.i64", 24, ("0" * 64,))


def test_pieces_come_back_as_they_were_written():
    manifest = parse(json.dumps(with_checksum(BLOCKS)))
    files = {name: dataclasses.replace(file, piece=8) for name, file in manifest.files.items()}
    written = dataclasses.replace(manifest, files=files)
    assert parse(written.to_json()) == written


def test_from_format_4_on_a_file_says_what_its_pieces_are():
    missing = {**BLOCKS, "format_version": 4}
    assert faults_of(with_checksum(missing)) == [
        f"files[{name!r}]: piece is missing" for name in BLOCKS["files"]
    ]


def test_up_to_format_2_a_file_is_one_block():
    manifest = parse(json.dumps(with_checksum(SOUND)))
    assert manifest.files["ids.i64"] == StoredFile("ids.generation-1.i64", 24, ("0" * 64,), 24)
    assert (manifest.removed, manifest.copy_dim) == (0, 0)


@pytest.mark.parametrize("name", ["removed", "rows", "copy_dim", "structure_reason"])
def test_a_field_of_the_current_format_that_is_missing_is_named(name):
    data = with_checksum(BLOCKS)
    del data[name]
    assert faults_of(data) == [f"{name} is missing"]


def test_sums_that_are_none_and_copies_that_are_missing_are_faults():
    data = copy.deepcopy(BLOCKS)
    data["files"]["ids.i64"]["sums"] = ["0"]
    assert [fault.split(",")[0] for fault in faults_of(with_checksum(data))] == [
        "files['ids.i64']: sums is ['0']"
    ]
    assert faults_of(with_checksum({**BLOCKS, "copy_dim": 2})) == ["files names no copies.f32"]
