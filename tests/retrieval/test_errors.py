import pickle
from pathlib import Path

import pytest

from retrieval.errors import ImageUnreadable, NoPictures, RetrievalError, printable


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ImageUnreadable("a/b.jpg", "empty file"), "a/b.jpg cannot be read: empty file"),
        (NoPictures("photos", "there is no such folder"), "no pictures in photos: there is no such folder"),
    ],
)
def test_an_error_is_one_sentence_also_after_pickling(error, sentence):
    assert isinstance(error, RetrievalError)
    assert str(error) == sentence
    assert str(pickle.loads(pickle.dumps(error))) == sentence


def test_parts_are_kept_apart():
    assert ImageUnreadable("a.jpg", "why").path == "a.jpg"
    assert ImageUnreadable("a.jpg", "why").reason == "why"
    assert NoPictures("photos", "why").folder == "photos"


def test_nothing_in_a_name_reaches_the_terminal_that_could_upset_it():
    assert printable("plain é 日.jpg") == "plain é 日.jpg"
    assert printable(Path("two\nlines\x1b[31m.jpg")) == "two\\nlines\\x1b[31m.jpg"
    assert printable(b"caf\xe9.jpg".decode("utf-8", "surrogateescape")) == "caf\\xe9.jpg"
