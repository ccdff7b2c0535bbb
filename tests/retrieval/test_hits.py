from __future__ import annotations

import json
import pickle
import re
from html.parser import HTMLParser

import pytest

from retrieval import Hit, Retriever, answers
from retrieval.answers import Hits


@pytest.fixture
def retriever(model, photos):
    return Retriever.build(photos, encoder=model)


class Parsed(HTMLParser):
    """The attributes of all pictures, and all text."""

    def __init__(self, text):
        super().__init__()
        self.pictures, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        assert tag in {"div", "figure", "figcaption", "img", "b", "br", "span", "p"}
        if tag == "img":
            self.pictures.append(dict(attrs))

    def handle_data(self, data):
        self.texts += [data.strip()] * bool(data.strip())


def test_the_answers_are_a_list_in_every_way(retriever, photos):
    hits, plain = retriever.query(photos / "violet.png"), list(retriever.query(photos / "violet.png"))
    assert hits == plain
    assert isinstance(hits, list)
    assert all(isinstance(hit, Hit) for hit in hits)
    assert repr(hits) == repr(plain)
    assert pickle.loads(pickle.dumps(hits)) == plain
    assert json.dumps([hit.to_json() for hit in hits])


def test_every_way_to_ask_gives_answers_that_show_themselves(retriever, photos):
    path = photos / "violet.png"
    asked = [
        retriever.query(path, exclude_self=True),
        *retriever.query([path, path]),
        *retriever.query_each([path]),
        retriever.query(path, where="width > 100000"),
    ]
    assert [type(hits) for hits in asked] == [Hits] * 5
    assert "no answers" in asked[-1]._repr_html_()


def test_a_notebook_shows_pictures_distances_and_paths_in_order(retriever, photos):
    hits = retriever.query(photos / "warm" / "red.png", k=3)
    shown = Parsed(hits._repr_html_())
    assert [picture["alt"] for picture in shown.pictures] == [str(hit.path) for hit in hits]
    assert all(picture["src"].startswith("data:image/jpeg;base64,") for picture in shown.pictures)
    distances = [text for text in shown.texts if re.fullmatch(r"\d\.\d{4}", text)]
    assert distances == ["0.0000", "0.0194", "0.2929"]
    assert "self" in shown.texts


def test_a_missing_file_is_marked(retriever, photos):
    (photos / "warm" / "reddish.png").unlink()
    shown = Parsed(retriever.query(photos / "warm" / "red.png", k=2)._repr_html_())
    assert len(shown.pictures) == 1
    assert shown.texts.count("missing") == 2  # in place of the picture, and as a mark


def test_paths_are_shown_and_not_obeyed(model, photos, paint):
    paint(photos / "<img src=x onerror=alert(1)> & \"'.png", (255, 0, 0))
    hits = Retriever.build(photos, encoder=model).query(photos / "warm" / "red.png", k=2)
    shown = Parsed(hits._repr_html_())
    assert len(shown.pictures) == 2
    assert {picture["alt"] for picture in shown.pictures} == {str(hit.path) for hit in hits}


def test_of_many_answers_the_first_are_shown(retriever, photos, monkeypatch):
    monkeypatch.setattr(answers, "MOST_IN_NOTEBOOK", 2)
    shown = Parsed(retriever.query(photos / "violet.png")._repr_html_())
    assert len(shown.pictures) == 2
    assert "and 3 more" in shown.texts


def test_some_of_the_answers_show_themselves_too(retriever, photos):
    hits = retriever.query(photos / "violet.png")
    assert hits[:2] == [hits[0], hits[1]]
    assert hits[:2]._repr_html_().count("<figure") == hits._repr_html_().count("<figure") - 3 == 2
