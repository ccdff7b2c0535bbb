"""What the service answers, asked as a browser would."""

from __future__ import annotations

import gc
import io
import json
import re
import shutil
import struct
import time
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from index_store import Index
from retrieval import Retriever
from retrieval.service import live


def names(answer):
    return [hit["path"].rpartition("/")[2] for hit in answer.json()["hits"]]


def png(color=(255, 0, 0), size=(32, 32)):
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return file.getvalue()


def test_an_uploaded_picture_finds_what_the_retriever_finds(service, retriever, photos):
    red = photos / "warm" / "red.png"
    answer = service().post("/query?k=3", files={"file": red.read_bytes()})
    assert answer.status_code == 200
    expected = retriever.query(red.read_bytes(), k=3)
    found = [(hit["id"], hit["distance"], hit["marks"]) for hit in answer.json()["hits"]]
    assert found == [(hit.id, round(hit.distance, 5), hit.marks) for hit in expected]
    assert (answer.json()["width"], answer.json()["height"]) == (32, 32)


def test_a_picture_of_the_index_is_asked_with_by_its_id(service, ids):
    answer = service().get(f"/query/{ids['red.png']}?k=3")
    assert names(answer) == ["red.png", "reddish.png", "violet.png"]
    assert answer.json()["path"] == "warm/red.png"


def marks(answer):
    return {hit["path"].rpartition("/")[2]: hit["marks"] for hit in answer.json()["hits"] if hit["marks"]}


@pytest.fixture
def twin(retriever, photos):
    """Another file of the same contents as red.png, in the index."""
    (photos / "twin.png").write_bytes((photos / "warm" / "red.png").read_bytes())
    retriever.update()


def test_a_picture_of_the_index_is_marked_as_itself_and_its_copies_as_copies(
    service, ids, retriever, twin, photos
):
    client = service()
    of_index = client.get(f"/query/{ids['red.png']}?k=6")
    assert marks(of_index) == {"red.png": ["self"], "twin.png": ["copy"]}
    by_path = retriever.query(photos / "warm" / "red.png", k=6)
    assert marks(of_index) == {hit.path.name: hit.marks for hit in by_path if hit.marks}
    uploaded = client.post("/query", files={"file": (photos / "warm" / "red.png").read_bytes()})
    assert marks(uploaded) == {"red.png": ["copy"], "twin.png": ["copy"]}
    (photos / "warm" / "red.png").unlink()
    assert marks(client.get(f"/query/{ids['red.png']}?k=6"))["red.png"] == ["self", "missing"]


@pytest.mark.parametrize("region", ["", "&region=0,0,0.5,1"])
def test_the_pictures_that_are_asked_with_and_their_copies_can_be_left_out(service, ids, twin, region):
    client, asked = service(), f"/query/{ids['red.png']}?k=4{region}"
    assert "red.png" in names(client.get(asked))
    without_itself = names(client.get(f"{asked}&exclude_self=true&with={ids['blue.png']}"))
    assert len(without_itself) == 4
    assert not {"red.png", "blue.png"} & {*without_itself}
    assert "twin.png" in without_itself
    without_copies = names(client.get(f"{asked}&exclude_copies=true"))
    assert (without_copies[0], "twin.png" in without_copies) == ("red.png", False)


def test_questions_of_several_kinds_at_once_get_their_own_answers(listening, ids):
    host, port = listening()
    red, blue = ids["red.png"], ids["blue.png"]
    asked = {
        f"/query/{red}?k=1": ["red.png"],
        f"/query/{red}?k=2": ["red.png", "reddish.png"],
        f"/query/{red}?k=1&exclude_self=true": ["reddish.png"],
        f"/query/{blue}?k=1": ["blue.png"],
        f"/query/{blue}?k=5&where=name%3D'green.png'": ["green.png"],
    }

    def ask(path):
        with urllib.request.urlopen(f"http://{host}:{port}{path}") as answer:
            return path, [hit["path"].rpartition("/")[2] for hit in json.load(answer)["hits"]]

    with ThreadPoolExecutor(20) as clients:
        for path, found in clients.map(ask, [*asked] * 8):
            assert found == asked[path], path


def test_pictures_are_combined_and_taken_away(service, ids):
    red, blue = ids["red.png"], ids["blue.png"]
    assert names(service().get(f"/query/{red}?k=1&with={blue}")) == ["violet.png"]
    away = service().get(f"/query/{ids['violet.png']}?k=5&without={blue}")
    assert names(away).index("red.png") < names(away).index("blue.png")


def test_a_region_and_a_condition_are_taken_into_account(service, ids, photos, paint):
    both = paint(photos / "both.png", (255, 0, 0), (0, 255, 0), (255, 0, 0), (0, 255, 0))
    half = service().post("/query?k=1&region=0.5,0,0.5,1", files={"file": both.read_bytes()})
    assert names(half) == ["green.png"]
    only = service().get(f"/query/{ids['red.png']}", params={"where": "folder = 'cold'"})
    assert sorted(names(only)) == ["blue.png", "green.png"]


def test_all_pictures_can_be_browsed_page_by_page_by_folder_and_at_random(service):
    client = service()
    first = client.get("/pictures?count=2").json()
    assert first["count"] == 5
    rest = client.get(f"/pictures?after={first['pictures'][-1]['id']}").json()["pictures"]
    assert len({each["id"] for each in [*first["pictures"], *rest]}) == 5
    assert client.get("/folders").json() == [
        {"folder": "cold", "count": 2},
        {"folder": "warm", "count": 2},
    ]
    cold = client.get("/pictures?folder=cold").json()["pictures"]
    assert sorted(each["path"] for each in cold) == ["cold/blue.png", "cold/green.png"]
    drawn = client.get("/pictures?seed=1&count=3").json()["pictures"]
    assert drawn == client.get("/pictures?seed=1&count=3").json()["pictures"]
    assert len(drawn) == 3


def test_pictures_thumbnails_and_reconstructions_are_sent(service, ids, photos, retriever):
    client, red = service(), ids["red.png"]
    image = client.get(f"/images/{red}")
    assert image.content == (photos / "warm" / "red.png").read_bytes()
    assert image.headers["content-type"] == "image/png"
    thumbnail = client.get(f"/thumbnails/{red}")
    assert Image.open(io.BytesIO(thumbnail.content)).size == (32, 32)
    kept = list((retriever.index.directory / "thumbnails").rglob("*.jpg"))
    assert [path.read_bytes() for path in kept] == [thumbnail.content]
    rebuilt = Image.open(io.BytesIO(client.get(f"/reconstructions/{red}").content))
    assert rebuilt.size == (16, 16)


def test_a_new_generation_is_taken_up_without_a_restart(service, retriever, photos, paint, monkeypatch):
    client = service()
    monkeypatch.setattr("retrieval.service.live._SECONDS_BETWEEN_LOOKS", 0.0)
    assert client.get("/info").json()["pictures"] == 5
    paint(photos / "new.png", (10, 200, 10))
    Retriever.open(photos).update()
    while client.get("/info").json()["pictures"] == 5:
        time.sleep(0.05)
    assert client.get("/info").json()["pictures"] == 6


def test_a_new_generation_is_taken_up_while_nobody_asks(service, retriever, photos, paint, monkeypatch):
    monkeypatch.setattr("retrieval.service.live._SECONDS_BETWEEN_LOOKS", 0.05)
    taken_up, snapshot = [], live.Snapshot
    monkeypatch.setattr(live, "Snapshot", lambda *of: taken_up.append(1) or snapshot(*of))
    with service():
        paint(photos / "new.png", (10, 200, 10))
        Retriever.open(photos).update()
        until = time.monotonic() + 30
        while len(taken_up) < 2 and time.monotonic() < until:
            time.sleep(0.05)
    assert len(taken_up) == 2


def test_what_is_there_when_it_begins_is_not_looked_through_for_garbage_again(service):
    gc.unfreeze()
    try:
        with service():
            until = time.monotonic() + 60
            while not gc.get_freeze_count() and time.monotonic() < until:
                time.sleep(0.01)
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()


def test_info_health_and_metrics(service, ids):
    client = service()
    client.get(f"/query/{ids['red.png']}")
    info = client.get("/info").json()
    assert info["pictures"] == 5
    assert set(info["calibration"]) == {"copy", "part", "neighbor", "random", "no_match"}
    assert client.get("/healthz").json() == {"status": "ok"}
    text = client.get("/metrics").text
    assert 'retrieve_queries_total{kind="stored"} 1.0' in text
    assert "retrieve_pictures 5.0" in text


def test_the_page_fetches_nothing_from_elsewhere(service):
    client = service()
    for path in ("/", "/page.css", "/page.js"):
        text = client.get(path).text
        assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", text), path
    assert "default-src 'self'" in client.get("/").headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/query/999", 404),
        ("/images/999", 404),
        ("/images/-1", 422),
        ("/images/..%2f..%2fmanifest.json", 404),
        ("/images/0/../../manifest.json", 404),
        ("/thumbnails/99999999999999999999", 422),
        ("/query/0?where=no_column=1", 422),
        ("/query/0?where=1;drop table row", 422),
        ("/query/0?region=5,5", 422),
        ("/query/0?region=0.9,0,0.5,1", 422),
        ("/query/0?with=a", 422),
        ("/query/0?with=999", 404),
        ("/query/0?with=99999999999999999999999", 422),
        ("/query/0?without=-1", 422),
        ("/agreement/0/0?region=5,5", 422),
        ("/reconstructions/0?region=0.9,0,0.5,1", 422),
        ("/reconstructions/999?region=0,0,1,1", 404),
        ("/query/0?k=0", 422),
        ("/nothing", 404),
    ],
)
def test_what_cannot_be_answered_gets_one_sentence(service, path, status):
    answer = service().get(path)
    assert (answer.status_code, "detail" in answer.json()) == (status, True)


@pytest.mark.parametrize("content", [b"", b"no picture", png()[:60], b"<svg></svg>"])
def test_uploads_that_are_no_pictures_are_refused(service, content):
    answer = service().post("/query", files={"file": ("a.png", content)})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("a.png cannot be read: ")


def test_pictures_of_too_many_pixels_are_refused_before_they_are_decoded(service):
    wide = io.BytesIO()
    Image.new("1", (10_000, 50)).save(wide, "PNG")
    answer = service().post("/query", files={"file": wide.getvalue()})
    assert (answer.status_code, "10,000 x 50" in answer.json()["detail"]) == (413, True)
    # A bomb: a head that promises 3.6 billion pixels.
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + png()[33:]
    )
    assert service().post("/query", files={"file": bomb}).status_code == 413


def test_text_in_place_of_a_file_is_told_in_words(service):
    answer = service().post("/query", data={"file": "hello"})
    told = {"detail": "file: expected a picture, sent as a form sends a file"}
    assert (answer.status_code, answer.json()) == (422, told)


def test_a_picture_that_the_index_does_not_hold_is_told_without_the_paths_of_its_files(service, retriever):
    told = service().get("/images/999").json()["detail"]
    assert told == "there is no such picture in this index"


def test_the_head_of_an_answer_alone_can_be_asked_for(service, ids):
    client = service()
    for path in ("/", "/healthz", f"/images/{ids['red.png']}", f"/query/{ids['red.png']}"):
        answer = client.head(path)
        assert (answer.status_code, answer.content, "content-length" in answer.headers) == (200, b"", True)
    assert client.head("/images/999").status_code == 404


def test_a_picture_that_the_browser_has_is_not_sent_again(service, ids, photos, paint):
    client, path = service(), f"/images/{ids['red.png']}"
    etag = client.get(path).headers["etag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        again = client.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    paint(photos / "warm" / "red.png", (200, 0, 0), (0, 0, 200))
    assert client.get(path, headers={"if-none-match": etag}).status_code == 200


def test_uploads_that_a_browser_cannot_show_are_shown_by_their_thumbnail(service):
    tiff = io.BytesIO()
    Image.new("RGB", (640, 480), (255, 0, 0)).save(tiff, "TIFF")
    answer = service().post("/thumbnails", files={"file": tiff.getvalue()})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(answer.content)).size == (320, 240)
    assert service().post("/thumbnails", files={"file": b"no picture"}).status_code == 422


def test_what_explains_a_hit_of_a_part_sees_that_part(service, photos, paint):
    halves = paint(photos / "halves.png", (255, 0, 0), (0, 0, 255), (255, 0, 0), (0, 0, 255))
    Retriever.open(photos).update()
    client = service()
    stored = client.get("/pictures").json()["pictures"]
    [number] = [each["id"] for each in stored if each["path"] == "halves.png"]
    for path, ask in (
        (f"/reconstructions/{number}", client.get),
        ("/reconstructions", lambda path: client.post(path, files={"file": halves.read_bytes()})),
        (f"/agreement/{number}/{number}", client.get),
        (f"/agreement/{number}", lambda path: client.post(path, files={"file": halves.read_bytes()})),
    ):
        whole, part = (ask(f"{path}?region={region}") for region in ("0,0,1,1", "0,0,0.5,1"))
        assert whole.status_code == part.status_code == 200, part.text
        assert whole.content != part.content


def test_milliseconds_of_an_upload_hold_its_decoding(service, monkeypatch):
    from retrieval.service.live import Snapshot

    embed = Snapshot.embed

    def slowly(*args, **options):
        time.sleep(0.2)
        return embed(*args, **options)

    monkeypatch.setattr(Snapshot, "embed", slowly)
    assert service().post("/query", files={"file": png()}).json()["milliseconds"] >= 200


def test_nothing_is_kept_where_the_index_is_gone(service, ids, retriever):
    client = service()
    shutil.rmtree(retriever.index.directory)
    assert client.get(f"/thumbnails/{ids['red.png']}").status_code == 200
    assert not retriever.index.directory.exists()


def test_a_file_that_is_gone_is_told(service, ids, photos):
    (photos / "violet.png").unlink()
    answer = service().get(f"/images/{ids['violet.png']}")
    assert (answer.status_code, "gone" in answer.json()["detail"]) == (404, True)


def test_only_vectors_of_the_index_are_needed_to_ask_with_a_picture_of_it(service, ids, photos):
    (photos / "violet.png").unlink()
    assert names(service().get(f"/query/{ids['violet.png']}?k=1")) == ["violet.png"]


def test_an_empty_index_can_be_looked_at(tmp_path, retriever, service):
    with Index.open(retriever.index.directory, writable=True) as index:
        index.remove(np.asarray(index.ids))
        index.save()
    client = service()
    assert client.get("/pictures").json() == {"count": 0, "pictures": []}
    assert client.post("/query", files={"file": png()}).json()["hits"] == []


def test_copies_are_told_only_by_an_index_that_can(service, ids):
    answer = service().get(f"/query/{ids['red.png']}?copies=true")
    assert (answer.status_code, "--refit" in answer.json()["detail"]) == (422, True)
    upload = service().post("/query?copies=true", files={"file": png()})
    assert (upload.status_code, "--refit" in upload.json()["detail"]) == (422, True)


def test_copies_are_searched_for_by_vectors_of_their_own(model_with_copies, photos, paint):
    from fastapi.testclient import TestClient

    from retrieval.service import create_app

    red, white, blue = (255, 0, 0), (255, 255, 255), (0, 0, 255)
    original = paint(photos / "quarters.png", red, white, blue, white)
    directory = Retriever.build(photos, encoder=model_with_copies).index.directory
    client = TestClient(create_app(directory), base_url="http://127.0.0.1:8000")
    assert client.get("/info").json()["has_copies"] is True
    found = client.post("/query?copies=true", files={"file": original.read_bytes()})
    assert names(found)[0] == "quarters.png"
    assert found.json()["hits"][0]["meaning"] == "very close"
    stored = client.get(f"/query/{found.json()['hits'][0]['id']}?copies=true")
    assert names(stored)[0] == "quarters.png"


def test_a_calibration_is_kept_until_the_pictures_change(retriever, photos, paint, monkeypatch):
    from retrieval.insight.calibration import FILE, Calibration

    measured = []
    of = Calibration.of
    monkeypatch.setattr(Calibration, "of", lambda *args, **kwargs: measured.append(1) or of(*args, **kwargs))
    assert Calibration.kept(retriever) == Calibration.kept(retriever)
    assert (len(measured), (retriever.index.directory / FILE).is_file()) == (1, True)
    (retriever.index.directory / FILE).write_text("nonsense")
    Calibration.kept(retriever)
    paint(photos / "new.png", (10, 200, 10))
    retriever.update()
    Calibration.kept(retriever)
    assert len(measured) == 3


def test_a_picture_that_is_uploaded_can_be_rebuilt(service):
    answer = service().post("/reconstructions", files={"file": png()})
    assert Image.open(io.BytesIO(answer.content)).size == (16, 16)


def test_pictures_inside_folders_inside_a_folder_count_as_in_it(service, retriever, photos, paint):
    paint(photos / "cold" / "it's" / "deep.png", (0, 1, 255))
    retriever.update()
    client = service()
    assert {"folder": "cold/it's", "count": 1} in client.get("/folders").json()
    assert {"folder": "cold", "count": 3} in client.get("/folders").json()
    deep = client.get("/pictures", params={"folder": "cold/it's", "where": "width > 1 -- all"})
    assert [each["path"] for each in deep.json()["pictures"]] == ["cold/it's/deep.png"]
    found = client.post("/query", params={"folder": "cold"}, files={"file": png()})
    assert sorted(names(found)) == ["blue.png", "deep.png", "green.png"]
