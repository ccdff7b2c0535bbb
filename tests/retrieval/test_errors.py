import pickle

import pytest

from retrieval.errors import ImageUnreadable, NoPictures, RetrievalError


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
