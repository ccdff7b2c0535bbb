from __future__ import annotations

import base64
import io
import json
import re

import pytest
from PIL import Image

from retrieval import Retriever
from retrieval.insight import map_page


def data_of(page):
    text = page.read_text("utf-8")
    (found,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    return json.loads(found)


def sheet_of(url):
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))


@pytest.fixture
def beside(monkeypatch):
    """Let a page hold no pictures, as if there were many."""
    monkeypatch.setattr(map_page, "MOST_INSIDE", 0)


def test_a_map_is_one_page_that_holds_its_pictures_and_fetches_nothing(retrieve, indexed, tmp_path):
    out = tmp_path / "map.html"
    outcome = retrieve("map", indexed, "--out", out)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == f"wrote {out}: 5 pictures in 2 clusters\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["map.html", "photos"]
    assert re.findall(r"""(?:src|href)=["']?(?!data:)[a-z/]+|https?://|@import""", out.read_text()) == []
    data = data_of(out)
    assert sorted(data["names"]) == sorted(row.path for row in Retriever.open(indexed).index.catalog.rows())
    assert data["folders"] == {"": indexed.resolve().as_uri()}
    cells = list(zip(data["cells"][::2], data["cells"][1::2], strict=True))
    assert len(set(cells)) == 5
    assert len(data["examples"]) == len(data["faces"]) == len(set(data["clusters"])) == 2


def test_each_picture_lies_on_the_sheet_where_the_page_looks_for_it(retrieve, indexed, tmp_path):
    retrieve("map", indexed, "--out", tmp_path / "map.html")
    data = data_of(tmp_path / "map.html")
    colors = {"warm/red.png": (255, 0, 0), "cold/blue.png": (0, 0, 255), "violet.png": (255, 0, 255)}
    for sheets in data["pictures"]:
        (url,) = sheets["urls"]
        for name, color in colors.items():
            place = data["names"].index(name)
            corner = place % sheets["columns"] * sheets["side"], place // sheets["columns"] * sheets["side"]
            seen = sheet_of(url).getpixel((corner[0] + 4, corner[1] + 4))
            assert max(abs(a - b) for a, b in zip(seen, color, strict=True)) < 8
    violet = data["names"].index("violet.png")
    assert data["sizes"][2 * violet : 2 * violet + 2] == [48, 24]


def test_of_many_pictures_the_sheets_lie_beside_the_page(retrieve, indexed, tmp_path, beside):
    out, files = tmp_path / "out" / "map.html", tmp_path / "out" / "map_files"
    out.parent.mkdir()
    outcome = retrieve("map", indexed, "--out", out)
    assert outcome.out == f"wrote {out} and {files}: 5 pictures in 2 clusters\n"
    urls = [url for sheets in data_of(out)["pictures"] for url in sheets["urls"]]
    assert urls == ["map_files/sheet-0.jpg", "map_files/overview-0.jpg"]
    assert all((out.parent / url).read_bytes().startswith(b"\xff\xd8") for url in urls)
    assert sorted(path.name for path in out.parent.iterdir()) == ["map.html", "map_files"]


def test_an_existing_map_is_replaced_only_where_that_is_asked_for(retrieve, indexed, tmp_path, beside):
    out = tmp_path / "map.html"
    assert retrieve("map", indexed, "--out", out).status == 0
    before = out.read_bytes()
    refused = retrieve("map", indexed, "--out", out)
    assert refused.status == 1
    assert refused.err == (
        f"retrieve: {out} exists already: name another file, or add --overwrite to replace it\n"
    )
    assert retrieve("map", indexed, "--out", out, "--overwrite").status == 0
    assert out.read_bytes() == before  # the same seed gives the same map
    out.unlink()
    assert "map_files exists already: name another --out" in retrieve("map", indexed, "--out", out).err


def test_a_folder_of_something_else_is_never_replaced(retrieve, indexed, tmp_path, beside):
    (tmp_path / "map_files").mkdir()
    (tmp_path / "map_files" / "letter.txt").write_text("dear")
    outcome = retrieve("map", indexed, "--out", tmp_path / "map.html", "--overwrite")
    assert outcome.status == 1
    assert outcome.err.endswith("map_files holds other files than those of a map: name another --out\n")
    assert (tmp_path / "map_files" / "letter.txt").read_text() == "dear"
    assert not (tmp_path / "map.html").exists()


def test_small_pictures_are_not_written_where_they_would_be_indexed(retrieve, indexed, beside):
    outcome = retrieve("map", indexed, "--out", indexed / "map.html")
    assert outcome.status == 1
    assert "and be indexed with it: name an --out outside of that folder" in outcome.err
    assert not (indexed / "map_files").exists()


def test_a_picture_is_never_overwritten(retrieve, model, photos, paint):
    # By its ending a page, and yet one of the pictures.
    paint(photos / "a.png", (9, 9, 9))
    Retriever.build(photos, encoder=model)
    (photos / "link.html").symlink_to(photos / "a.png")
    outcome = retrieve("map", photos, "--out", photos / "link.html", "--overwrite")
    assert outcome.status == 1
    assert "is one of the pictures, which are never overwritten: name another file" in outcome.err


def test_where_nothing_is_indexed_one_sentence_says_so(retrieve, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = retrieve("map", tmp_path)
    assert outcome.status == 1
    assert outcome.err == f"retrieve: no index in {tmp_path}: make one with `retrieve index FOLDER`\n"
    assert list(tmp_path.iterdir()) == []


def test_an_empty_index_has_no_map(retrieve, indexed, tmp_path):
    for path in sorted(indexed.rglob("*.png")):
        path.unlink()
    assert retrieve("remove", "--missing", "--index", indexed).status == 0
    outcome = retrieve("map", indexed, "--out", tmp_path / "map.html")
    assert outcome.status == 1
    assert len(outcome.err.splitlines()) == 1
    assert "holds none: index some" in outcome.err
    assert not (tmp_path / "map.html").exists()


def test_one_picture_has_a_map(retrieve, model, tmp_path, paint):
    paint(tmp_path / "one" / "red.png", (255, 0, 0))
    Retriever.build(tmp_path / "one", encoder=model)
    outcome = retrieve("map", tmp_path / "one", "--out", tmp_path / "map.html")
    assert outcome.out == f"wrote {tmp_path / 'map.html'}: 1 picture in 1 cluster\n"
    assert data_of(tmp_path / "map.html")["cells"] == [0, 0]


def test_what_can_no_longer_be_read_is_drawn_as_a_frame_and_counted(retrieve, indexed, tmp_path):
    (indexed / "violet.png").unlink()
    outcome = retrieve("map", indexed, "--out", tmp_path / "map.html")
    assert outcome.status == 0
    assert "retrieve: 1 of them can no longer be read, and are drawn as empty frames" in outcome.err
    data = data_of(tmp_path / "map.html")
    violet = data["names"].index("violet.png")
    assert data["sizes"][2 * violet : 2 * violet + 2] == [0, 0]


def test_names_are_shown_and_not_obeyed(retrieve, model, photos, paint, tmp_path):
    name = "<script>alert(1)<" + "!--'.png"
    paint(photos / name, (1, 2, 3))
    Retriever.build(photos, encoder=model)
    retrieve("map", photos, "--out", tmp_path / "map.html")
    assert "<script>alert" not in (tmp_path / "map.html").read_text()
    assert name in data_of(tmp_path / "map.html")["names"]


def test_a_page_ends_as_pages_do(retrieve, indexed):
    outcome = retrieve("map", indexed, "--out", "map.png")
    assert outcome.status == 2
    assert "map.png has no ending of a page: name an .html file" in outcome.err


def test_as_json_it_names_what_it_wrote(retrieve, indexed, tmp_path, beside):
    out = tmp_path / "map.html"
    assert retrieve("map", indexed, "--out", out, "--json").json == {
        "page": str(out),
        "files": str(tmp_path / "map_files"),
        "pictures": 5,
        "clusters": 2,
        "unreadable": 0,
    }
