from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest

from index_store import Index
from retrieval import Retriever
from retrieval.metadata import Metadata


def files(indexed, pattern):
    (file,) = (indexed / ".retrieve").glob(pattern)
    return file


def flip(path, position):
    content = bytearray(path.read_bytes())
    content[position] ^= 0xFF
    path.write_bytes(bytes(content))


def test_a_sound_index_is_said_to_be_sound(retrieve, indexed):
    outcome = retrieve("verify", indexed)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == f"{indexed / '.retrieve'}: sound, 5 pictures, 0 removed ones\n"
    deep = retrieve("verify", indexed, "--deep")
    assert deep.out.splitlines()[1] == "  embedded  5 pictures again, 0 came out otherwise"


@pytest.mark.parametrize("pattern", ["vectors.*", "catalog.*"])
def test_damage_is_named_and_mended_from_the_pictures(retrieve, indexed, pattern):
    before = retrieve("query", indexed / "violet.png", "--index", indexed).fields
    damaged = files(indexed, pattern)
    flip(damaged, damaged.read_bytes().index(b"violet.png") if pattern == "catalog.*" else 100)
    found = retrieve("verify", indexed)
    assert found.status == 1
    assert damaged.name in found.out
    mended = retrieve("verify", indexed, "--repair")
    assert mended.status == 0, mended.out
    assert "mended " in mended.out
    assert retrieve("verify", indexed, "--deep").status == 0
    after = retrieve("query", indexed / "violet.png", "--index", indexed).fields
    assert sorted(line[1:3] for line in after) == sorted(line[1:3] for line in before)


def test_what_is_damaged_and_has_no_file_any_more_is_named_as_lost(retrieve, indexed):
    (indexed / "violet.png").unlink()
    flip(files(indexed, "vectors.*"), 100)
    outcome = retrieve("verify", indexed, "--repair")
    assert outcome.status == 0
    assert "lost violet.png" in outcome.out
    assert "embedded 4 damaged pictures again" in outcome.out
    assert sorted(row.path for row in Index.open(indexed / ".retrieve").catalog.rows()) == [
        "cold/blue.png",
        "cold/green.png",
        "warm/red.png",
        "warm/reddish.png",
    ]


def test_a_vector_of_another_picture_is_found_by_a_deep_look_and_mended(retrieve, indexed):
    with Index.open(indexed / ".retrieve", writable=True) as index:
        row = index.catalog.find("violet.png")
        index.remove([row.id])
        index.add(np.eye(12)[:1], [dataclasses.replace(row, id=-1)])
        index.save()
    assert retrieve("verify", indexed).status == 0
    found = retrieve("verify", indexed, "--deep")
    assert found.status == 1
    assert found.out.startswith("the vector of violet.png is not that of its picture: mend it with `retrieve")
    assert "--refit" not in found.err
    assert retrieve("verify", indexed, "--deep", "--repair").status == 0
    assert Retriever.open(indexed).query(indexed / "violet.png", k=1)[0].distance < 1e-5


def test_a_damaged_encoder_is_named_with_the_way_out(retrieve, indexed, model_folder):
    flip(files(indexed, "encoder.generation-*.tflite"), 50)
    found = retrieve("verify", indexed, "--repair")
    assert found.status == 1
    assert "encoder.generation-1.tflite was altered" in found.out
    refused = retrieve("index", indexed)
    assert refused.status == 1
    assert refused.err.endswith("what can be mended; `retrieve index FOLDER --refit` makes the index anew\n")
    assert retrieve("index", indexed, "--encoder", model_folder, "--refit").status == 0
    assert retrieve("verify", indexed, "--deep").status == 0


def test_a_deep_look_takes_copied_files_of_other_times_for_what_they_are(retrieve, indexed):
    for picture in indexed.rglob("*.png"):
        os.utime(picture, (1e9, 1e9))
    assert "embedded  5 pictures again, 0 came out" in retrieve("verify", indexed, "--deep").out


def test_what_cannot_be_mended_is_made_anew_says_the_last_line(retrieve, indexed):
    files(indexed, "encoder.generation-*.tflite").unlink()
    told = retrieve("verify", indexed)
    assert "make the index anew" in told.out
    assert "`retrieve index FOLDER --refit` makes the index anew" in told.err


def test_what_was_said_of_a_picture_stays_when_its_vector_is_made_anew(retrieve, indexed):
    Metadata({"violet.png": {"label": "odd"}}).keep_in(indexed / ".retrieve")
    files(indexed, "vectors.generation-*.f32").write_bytes(b"")
    mended = retrieve("verify", indexed, "--repair")
    assert (mended.status, "embedded 5 damaged pictures again" in mended.out) == (0, True)
    assert Index.open(indexed / ".retrieve").catalog.find("violet.png").metadata == {"label": "odd"}


def test_it_is_told_where_no_picture_is_left_to_embed_again(retrieve, indexed):
    for picture in indexed.rglob("*.png"):
        picture.unlink()
    assert "embedded  none: all pictures are gone" in retrieve("verify", indexed, "--deep").out
