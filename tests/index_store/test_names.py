import pytest

from index_store import OptionInvalid
from index_store.names import check_attachment_name, is_real_name, is_stray_name, newest_generation, real_name


def test_a_real_name_carries_its_generation_before_the_extension():
    assert real_name("encoder.tflite", 3) == "encoder.generation-3.tflite"
    assert real_name("weights.tar.gz", 12) == "weights.generation-12.tar.gz"


@pytest.mark.parametrize(
    "name",
    [
        "vectors.generation-2.f32",
        "catalog.generation-12.sqlite-journal",
        "encoder.generation-1.tflite-part",
        "manifest.json-part",
    ],
)
def test_what_a_killed_writer_leaves_is_ours(name):
    assert is_stray_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "lock",
        "vectors.f32",
        "holiday.000001.png",
        "vectors.generation-0.f32",
        "vectors.generation-2.f32.bak ",
        "vectors.generation-2",
        "Vectors.generation-2.f32",
    ],
)
def test_what_others_put_there_is_not(name):
    assert not is_stray_name(name)


@pytest.mark.parametrize(
    "name", ["../vectors.generation-1.f32", "/etc/vectors.generation-1.f32", "manifest.json", ""]
)
def test_a_real_name_is_never_a_path(name):
    assert not is_real_name(name)


def test_the_newest_generation_is_the_highest_in_any_name(tmp_path):
    assert newest_generation(tmp_path) == 0
    for name in ("vectors.generation-2.f32", "catalog.generation-11.sqlite-part", "holiday.000099.png"):
        (tmp_path / name).touch()
    assert newest_generation(tmp_path) == 11


@pytest.mark.parametrize(
    "name", ["vectors.f32", "ids.i64", "catalog.sqlite", "search.faiss", "manifest.json", "lock", "lock.json"]
)
def test_names_of_the_index_itself_cannot_be_attached(name):
    with pytest.raises(OptionInvalid, match="belongs to the index itself"):
        check_attachment_name(name)


@pytest.mark.parametrize(
    "name", ["encoder", "../x.bin", "a/b.bin", "Encoder.tflite", ".hidden", "x.", "é.bin", ""]
)
def test_names_that_are_not_portable_cannot_be_attached(name):
    with pytest.raises(OptionInvalid, match="expected lower-case letters"):
        check_attachment_name(name)


def test_a_name_that_can_be_attached():
    assert check_attachment_name("auto-encoder_2.keras") == "auto-encoder_2.keras"
