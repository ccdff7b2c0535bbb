import copy

import pytest

from index_store.manifest_faults import checksum_of, faults_of

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
        "next_id is 3, expected at least count, 4",
        "vectors.f32 is 24 bytes, expected 4 x 8",
        "ids.i64 is 24 bytes, expected 4 x 8",
    ]


def test_the_checksum_is_of_the_contents_not_of_their_order():
    assert checksum_of(SOUND) == checksum_of(dict(reversed(SOUND.items())))
    assert checksum_of(SOUND) == checksum_of(with_checksum(SOUND))
    assert checksum_of(SOUND) != checksum_of({**SOUND, "encoder": "other"})
