import os
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retrieval.demo import CLASSES, draw_corpus, draw_picture

IMAGES = 3 * len(CLASSES) + 2


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, draw_corpus(folder, images=IMAGES, size=40, seed=7)


def digests(folder, paths):
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in paths}


def test_every_class_has_its_share(corpus):
    folder, paths = corpus
    shares = Counter(path.parent.name for path in paths)
    assert list(shares) == list(CLASSES)
    assert list(shares.values()) == [4, 4] + [3] * (len(CLASSES) - 2)
    assert sorted(paths) == sorted(path for path in folder.rglob("*") if path.is_file())


def test_pictures_have_the_size_and_are_not_constant(corpus):
    _, paths = corpus
    for path in paths:
        with Image.open(path) as picture:
            assert (picture.mode, picture.size) == ("RGB", (40, 40))
            assert picture.format == ("PNG" if path.suffix == ".png" else "JPEG")
            assert np.asarray(picture).std() > 3
    assert {path.suffix for path in paths} == {".jpg", ".png"}


def test_no_two_pictures_are_alike(corpus):
    assert len(set(digests(*corpus).values())) == IMAGES


def test_a_seed_draws_the_same_pictures_over_what_was_there(corpus, tmp_path):
    (tmp_path / "bricks").mkdir()
    (tmp_path / "bricks" / "0001.jpg").write_bytes(b"older")
    (tmp_path / "bricks" / "mine.txt").write_text("kept")
    again = draw_corpus(tmp_path, images=IMAGES, size=40, seed=7)
    assert digests(tmp_path, again) == digests(*corpus)
    assert (tmp_path / "bricks" / "mine.txt").read_text() == "kept"


def test_another_seed_draws_other_pictures(corpus, tmp_path):
    others = draw_corpus(tmp_path, images=IMAGES, size=40, seed=8)
    mine, theirs = digests(*corpus), digests(tmp_path, others)
    assert mine.keys() == theirs.keys()
    assert not set(mine.values()) & set(theirs.values())


def test_a_larger_corpus_begins_with_the_smaller_one(corpus, tmp_path):
    larger = draw_corpus(tmp_path, images=4 * len(CLASSES), size=40, seed=7)
    assert digests(*corpus).items() <= digests(tmp_path, larger).items()


def test_each_path_is_announced_when_it_is_written(tmp_path):
    seen = []

    def note(path):
        assert path.stat().st_size > 0
        seen.append(path)

    assert draw_corpus(tmp_path, images=len(CLASSES), size=16, on_picture=note) == seen


def test_pictures_do_not_depend_on_the_hash_seed():
    code = (
        "import hashlib; from retrieval.demo import CLASSES, draw_picture;"
        "print(hashlib.sha256(b''.join(draw_picture(n, 1, size=16).tobytes() for n in CLASSES)).hexdigest())"
    )
    here = sha256(b"".join(draw_picture(name, 1, size=16).tobytes() for name in CLASSES)).hexdigest()
    for hash_seed in ("1", "2"):
        there = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        )
        assert there.stdout.strip() == here


def test_all_faults_are_told_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"3 pictures for 16 classes.*8 pixels.*seed -1"):
        draw_corpus(tmp_path / "demo", images=3, size=8, seed=-1)
    assert not (tmp_path / "demo").exists()


def test_there_are_sixteen_classes_or_more_in_order_of_name():
    assert len(CLASSES) >= 16
    assert list(CLASSES) == sorted(CLASSES)
    assert len(set(CLASSES.values())) == len(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("size", [16, 37, 64])
def test_painters_fill_a_square_of_the_size_asked_for(name, size):
    for seed in range(3):
        picture = CLASSES[name](np.random.default_rng(seed), size)
        assert (picture.mode, picture.size) == ("RGB", (size, size))
        assert np.asarray(picture).std() > 5


@pytest.mark.parametrize("name", CLASSES)
def test_painters_depend_on_nothing_but_the_generator(name):
    first, again, other = (CLASSES[name](np.random.default_rng(seed), 32).tobytes() for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_pixels_and_mean_colors_do_not_tell_the_classes():
    count = 10
    pictures = [
        np.asarray(draw_picture(name, number, size=32), dtype=np.float32)
        for name in CLASSES
        for number in range(count)
    ]
    labels = np.repeat(np.arange(len(CLASSES)), count)
    for vectors in (np.stack(pictures).reshape(len(labels), -1), np.stack(pictures).mean(axis=(1, 2))):
        distances = np.square(vectors[:, None] - vectors[None]).sum(axis=-1)
        np.fill_diagonal(distances, np.inf)
        assert (labels[distances.argmin(axis=1)] == labels).mean() < 0.4
