"""The index of a folder at a URL: made, kept current, asked and shown; what it cannot do is refused."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest
from fastapi.testclient import TestClient

from index_store import OptionInvalid
from retrieval import Retriever
from retrieval.answers import Answer, Query, answers_page, answers_sheet
from retrieval.images import StoreFailed, folder_at
from retrieval.index_paths import Folders
from retrieval.indexing.watch import watch_folders
from retrieval.insight.duplicates import find_duplicates
from retrieval.service import ServiceSettings, create_app

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("upath") is None or importlib.util.find_spec("fsspec") is None,
    reason="what reads URLs is not installed: pip install '.[ray]'",
)


@pytest.fixture
def retriever(photos, model, tmp_path):
    return Retriever.build(photos.as_uri(), index=tmp_path / "index", encoder=model)


def test_it_holds_what_the_index_of_the_same_folder_here_holds(retriever, photos, model, tmp_path):
    here = Retriever.build(photos, index=tmp_path / "here", encoder=model).index
    assert [(row.id, row.path, row.sha256, row.width) for row in retriever.index.catalog.rows()] == [
        (row.id, row.path, row.sha256, row.width) for row in here.catalog.rows()
    ]
    assert {one.path: one.reason for one in retriever.index.catalog.rejected()} == {
        one.path: one.reason for one in here.catalog.rejected()
    }
    np.testing.assert_array_equal(retriever.index.vectors(), here.vectors())


def test_it_is_kept_current_and_what_is_the_same_is_not_read_again(retriever, photos, paint, decoded):
    assert not retriever.update()
    assert decoded == []
    paint(photos / "violet.png", (1, 200, 3))
    (photos / "cold" / "blue.png").rename(photos / "cold" / "sea.png")
    assert str(retriever.update()) == "1 renamed, 1 changed"
    assert decoded == ["violet.png"]


def test_what_the_store_did_not_give_is_tried_again(photos, model, tmp_path, monkeypatch):
    folder = folder_at(photos.as_uri())
    read = type(folder.fs).cat_file

    def sometimes(self, path, *rest, **options):
        if path.endswith("violet.png"):
            raise TimeoutError("timed out")
        return read(self, path, *rest, **options)

    monkeypatch.setattr(type(folder.fs), "cat_file", sometimes)
    retriever = Retriever.build(folder, index=tmp_path / "index", encoder=model)
    rejected = retriever.index.catalog.find_rejected("violet.png")
    assert (rejected.reason, rejected.mtime_ns) == ("the store does not give it: timed out", 0)
    monkeypatch.undo()
    assert str(retriever.update()) == "+ 1 new"
    assert issubclass(StoreFailed, OSError)


def test_its_answers_are_urls_that_were_not_asked_for(tmp_path, retriever, photos):
    asked = (photos / "warm" / "red.png").read_bytes()
    opened = Retriever.open(tmp_path / "index")
    hits = opened.query(asked, k=2)
    assert hits[0].to_json()["path"] == f"{photos.as_uri()}/warm/red.png"
    assert [hit.marks for hit in hits] == [["copy"], []]
    (photos / "warm" / "red.png").unlink()
    assert opened.query(asked, k=1)[0].marks == ["copy"]


def test_its_pictures_are_shown(tmp_path, retriever, photos):
    hits = retriever.query(photos / "violet.png", k=3)
    answer = Answer(Query("violet.png", photos / "violet.png"), hits)
    assert answers_sheet([answer]).width > 100
    assert f'href="{photos.as_uri()}/violet.png"' in answers_page([answer])
    client = TestClient(create_app(tmp_path / "index", ServiceSettings()), base_url="http://127.0.0.1:8000")
    shown = client.get(f"/images/{hits[0].id}")
    assert (shown.content, shown.headers["content-type"]) == (
        (photos / "violet.png").read_bytes(),
        "image/png",
    )
    assert client.get(f"/thumbnails/{hits[0].id}").status_code == 200


def test_an_index_keeps_the_url_and_other_folders_beside_it(tmp_path, retriever, photos, paint):
    kept = retriever.index.settings["folders"]
    assert json.loads(json.dumps(kept)) == {"": {"url": photos.as_uri()}}
    paint(tmp_path / "more" / "green.png", (10, 200, 90))
    both = Retriever.build(tmp_path / "more", index=tmp_path / "index")
    assert [str(top) for top in both.folders.tops.values()] == [photos.as_uri(), str(tmp_path / "more")]
    assert both.query(tmp_path / "more" / "green.png", k=1)[0].marks == ["self"]


def test_what_needs_files_here_is_refused(tmp_path, retriever, photos):
    with pytest.raises(OptionInvalid, match="retrieve duplicates needs pictures on this machine"):
        find_duplicates(retriever)
    with pytest.raises(OptionInvalid, match="retrieve watch needs pictures on this machine"):
        next(watch_folders(tmp_path / "index"))
    with pytest.raises(OptionInvalid, match="cannot lie there: name a folder for it with --index DIR"):
        Retriever.build(photos.as_uri())


def test_a_file_here_lies_in_no_folder_at_a_url(photos):
    folders = Folders.of(folder_at(photos.as_uri()))
    assert folders.path_of(photos / "violet.png") is None
    assert folders.name_of(photos) is None
    assert folders.name_of(folder_at(photos.as_uri())) == ""
