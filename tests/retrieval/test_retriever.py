from __future__ import annotations

import dataclasses
import io
import os
import pickle
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from index_store import IndexClosed, IndexNotFound, OptionInvalid
from retrieval import BuildSettings, Hit, Retriever
from retrieval.errors import DecoderMissing, ImageUnreadable, NoPictures, QueryInvalid


@pytest.fixture
def retriever(model, photos):
    return Retriever.build(photos, encoder=model)


def test_the_nearest_pictures_come_first_with_the_distances_worked_out_by_hand(retriever, photos):
    hits = retriever.query(photos / "warm" / "red.png")
    assert [hit.path.name for hit in hits[:3]] == ["red.png", "reddish.png", "violet.png"]
    distances = [0, 1 - 255 / np.hypot(255, 51), 1 - 1 / np.sqrt(2), 1, 1]
    np.testing.assert_allclose([hit.distance for hit in hits], distances, atol=1e-6)
    assert all(hit.path.is_absolute() and hit.path.exists() for hit in hits)


def test_k_bounds_the_answers_and_a_longer_answer_begins_with_the_shorter(retriever, photos):
    longer = retriever.query(photos / "violet.png", k=4)
    assert len(longer) == 4
    assert retriever.query(photos / "violet.png", k=2) == longer[:2]
    assert len(retriever.query(photos / "violet.png", k=1000)) == 5


def test_a_list_gets_a_list_of_answers_also_of_one_and_of_none(retriever, photos):
    paths = [photos / "violet.png", photos / "cold" / "blue.png"]
    answers = retriever.query(paths, k=3)
    assert answers == [retriever.query(path, k=3) for path in paths]
    assert retriever.query(paths[:1], k=3) == answers[:1]
    assert retriever.query([]) == []


def test_paths_images_and_arrays_get_the_same_answers(retriever, photos):
    image = Image.open(photos / "violet.png").convert("RGB")
    sources = [str(photos / "violet.png"), image, np.asarray(image), (photos / "violet.png").read_bytes()]
    names = [[(hit.id, hit.distance) for hit in hits] for hits in retriever.query(sources)]
    assert names[1:] == names[:1] * 3


def test_the_picture_itself_and_its_copies_are_told_apart_and_can_be_left_out(model, photos, tmp_path):
    red = photos / "warm" / "red.png"
    shutil.copy(red, photos / "cold" / "copy of red.png")
    retriever = Retriever.build(photos, encoder=model)
    hits = retriever.query(red)
    assert {hit.path.name for hit in hits if hit.is_self} == {"red.png"}
    assert {hit.path.name for hit in hits if hit.is_copy} == {"copy of red.png"}
    others = retriever.query(red, k=2, exclude_self=True)
    assert [hit.path.name for hit in others] == ["copy of red.png", "reddish.png"]
    others = retriever.query(red, k=2, exclude_copies=True)
    assert [hit.path.name for hit in others] == ["red.png", "reddish.png"]
    others = retriever.query(red, k=2, exclude_self=True, exclude_copies=True)
    assert [hit.path.name for hit in others] == ["reddish.png", "violet.png"]


def test_a_query_outside_the_folder_finds_copies_and_a_link_finds_itself(retriever, photos, tmp_path):
    shutil.copy(photos / "violet.png", tmp_path / "copy.png")
    (tmp_path / "link.png").symlink_to(photos / "violet.png")
    copy, link = (retriever.query(tmp_path / name, k=1)[0] for name in ("copy.png", "link.png"))
    assert (copy.is_self, copy.is_copy) == (False, True)
    assert (link.is_self, link.is_copy) == (True, False)


def test_of_equal_pictures_the_one_that_was_asked_with_is_the_first(model, photos):
    for name in ("0.png", "z.png"):
        shutil.copyfile(photos / "violet.png", photos / name)
    retriever = Retriever.build(photos, encoder=model)
    for name in ("0.png", "violet.png", "z.png"):
        hits = retriever.query(photos / name, k=3)
        assert (hits[0].path.name, hits[0].is_self) == (name, True)
        assert [hit.is_copy for hit in hits] == [False, True, True]


def test_an_open_file_is_asked_with_as_its_bytes_are(retriever, photos):
    with (photos / "violet.png").open("rb") as file:
        assert retriever.query(file, k=2) == retriever.query((photos / "violet.png").read_bytes(), k=2)


def test_the_bytes_of_a_file_find_copies_and_no_self(retriever, photos):
    first, second = retriever.query((photos / "violet.png").read_bytes(), k=2)
    assert (first.path.name, first.is_self, first.is_copy) == ("violet.png", False, True)
    assert not second.is_copy


def test_leaving_out_many_copies_still_gives_k_answers(model, photos):
    for number in range(40):
        shutil.copy(photos / "warm" / "red.png", photos / f"copy {number}.png")
    retriever = Retriever.build(photos, encoder=model)
    without = {"exclude_self": True, "exclude_copies": True}
    hits = retriever.query(photos / "warm" / "red.png", k=3, **without)
    assert [hit.path.name for hit in hits[:2]] == ["reddish.png", "violet.png"]
    assert len(hits) == 3
    assert len(retriever.query(photos / "warm" / "red.png", k=100, **without)) == 4


def test_a_picture_without_contents_of_a_file_is_nobodys_self(retriever, photos):
    image = Image.open(photos / "warm" / "red.png")
    hits = retriever.query(image, exclude_self=True, exclude_copies=True)
    assert hits[0].path.name == "red.png"
    assert not any(hit.is_self or hit.is_copy for hit in hits)


def test_vectors_of_one_and_of_many(retriever, photos):
    path = photos / "violet.png"
    np.testing.assert_allclose(retriever.encode(path), [1, 0, 1] * 4, atol=1e-6)
    many = retriever.encode([path, photos / "cold" / "green.png"])
    assert (many.shape, many.dtype) == ((2, 12), np.float32)
    np.testing.assert_array_equal(many[0], retriever.encode(path))
    assert retriever.encode([]).shape == (0, 12)


def test_a_reconstruction_has_the_size_of_the_picture(retriever, photos):
    picture = retriever.reconstruct(photos / "violet.png")
    assert (picture.mode, picture.size) == ("RGB", (48, 24))
    np.testing.assert_allclose(np.asarray(picture), np.full((24, 48, 3), (255, 0, 255)), atol=1)
    pictures = retriever.reconstruct([photos / "violet.png"] * 2)
    assert [each.size for each in pictures] == [(48, 24), (48, 24)]


def test_an_unreadable_query_is_named(retriever, photos):
    for ask in (retriever.query, retriever.encode, retriever.reconstruct):
        with pytest.raises(ImageUnreadable, match=r"cut\.png cannot be read: the file is truncated"):
            ask(photos / "cut.png")
        with pytest.raises(ImageUnreadable, match=r"cut\.png cannot be read"):
            ask([photos / "violet.png", photos / "cut.png"])


def test_a_folder_or_its_index_can_be_opened_and_answers_as_when_it_was_built(retriever, photos):
    expected = retriever.query(photos / "violet.png")
    for path in (photos, str(photos), photos / ".retrieve"):
        opened = Retriever.open(path)
        assert opened.query(photos / "violet.png") == expected
        assert opened.folder == photos
        assert len(opened) == 5


def test_an_index_elsewhere_answers_with_the_paths_of_the_folder(model, photos, tmp_path):
    Retriever.build(photos, index=tmp_path / "elsewhere", encoder=model)
    assert not (photos / ".retrieve").exists()
    hits = Retriever.open(tmp_path / "elsewhere").query(photos / "violet.png", k=1)
    assert hits[0].path == photos / "violet.png"


def test_a_folder_moved_whole_answers_with_its_new_paths(retriever, photos, tmp_path):
    shutil.move(photos, tmp_path / "moved")
    hits = Retriever.open(tmp_path / "moved").query(tmp_path / "moved" / "violet.png", k=1)
    assert hits == [Hit(tmp_path / "moved" / "violet.png", id=2, distance=0.0, is_self=True)]


def test_the_model_and_the_facts_can_be_had(retriever, model):
    assert retriever.model.files() == model.files()
    assert retriever.encoder.fingerprint == model.encoder.fingerprint
    assert retriever.facts().pictures == 5
    assert repr(retriever).startswith("Retriever('")


def test_without_a_decoder_only_reconstructing_fails(model, photos):
    retriever = Retriever.build(photos, encoder=model.encoder)
    assert len(retriever.query(photos / "violet.png")) == 5
    with pytest.raises(DecoderMissing):
        retriever.reconstruct(photos / "violet.png")


def test_several_threads_get_the_answers_that_one_gets(retriever, photos):
    paths = [photos / "violet.png", photos / "warm" / "red.png"] * 20
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(retriever.query, paths))
    assert answers == [retriever.query(path) for path in paths]


def test_where_nothing_is_indexed_opening_says_so(tmp_path):
    with pytest.raises(IndexNotFound, match=r"no index in"):
        Retriever.open(tmp_path)


def test_a_hit_cannot_be_changed(retriever, photos):
    hit = retriever.query(photos / "violet.png", k=1)[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        hit.distance = 1.0


def test_each_of_several_queries_gets_its_answer_or_its_reason(retriever, photos, monkeypatch):
    monkeypatch.setattr("retrieval.retriever._BATCH", 2)
    paths = [photos / "violet.png", photos / "cut.png", photos / "warm" / "red.png", photos / "empty.jpg"]
    first, bad, second, empty = retriever.query_each(paths, k=3)
    assert (first, second) == (retriever.query(paths[0], k=3), retriever.query(paths[2], k=3))
    assert isinstance(bad, ImageUnreadable)
    assert empty.reason == "empty file"


def test_a_picture_that_was_deleted_since_is_missing_and_one_replaced_is_changed(retriever, photos, paint):
    (photos / "warm" / "reddish.png").unlink()
    paint(photos / "violet.png", (0, 255, 0), size=(60, 60))
    hits = {hit.path.name: hit for hit in retriever.query(photos / "warm" / "red.png")}
    assert {name for name, hit in hits.items() if hit.missing} == {"reddish.png"}
    assert {name for name, hit in hits.items() if hit.changed} == {"violet.png"}


def test_a_replaced_picture_of_the_same_size_in_bytes_is_changed_too(retriever, photos):
    path = photos / "cold" / "blue.png"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    hits = {hit.path.name: hit for hit in retriever.query(photos / "warm" / "red.png")}
    assert {name for name, hit in hits.items() if hit.changed} == {"blue.png"}


def test_pictures_with_other_times_and_the_same_contents_are_not_changed(retriever, photos, tmp_path):
    for path in photos.rglob("*.png"):
        os.utime(path, ns=(1, 1))
    assert not any(hit.changed or hit.missing for hit in retriever.query(photos / "violet.png"))


def test_an_index_whose_pictures_are_nowhere_is_refused_with_the_places(model, photos, tmp_path):
    Retriever.build(photos, index=tmp_path / "index", encoder=model)
    shutil.move(photos, tmp_path / "moved")
    with pytest.raises(NoPictures, match=rf"no pictures in {photos}: those of index .*: move them back"):
        Retriever.open(tmp_path / "index")
    shutil.move(tmp_path / "moved", photos)
    assert len(Retriever.open(tmp_path / "index")) == 5


def test_an_index_taken_out_of_its_folder_is_refused(retriever, photos, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    shutil.move(photos / ".retrieve", tmp_path / "elsewhere" / "index")
    with pytest.raises(NoPictures, match=rf"no pictures in {tmp_path / 'elsewhere'}: those of index"):
        Retriever.open(tmp_path / "elsewhere" / "index")


def names_of(hits):
    return [hit.path.name for hit in hits]


def test_answers_are_those_that_meet_a_condition_and_as_many_as_there_are(retriever, photos):
    red = photos / "warm" / "red.png"
    assert names_of(retriever.query(red, k=2, where="folder = 'cold'")) == ["blue.png", "green.png"]
    assert names_of(retriever.query(red, where="width > 32")) == ["violet.png"]
    assert names_of(retriever.query(red, k=1, where="name <> 'red.png'")) == ["reddish.png"]
    assert retriever.query(red, where="width > 1000") == []
    assert names_of(retriever.query(red, where="folder = 'warm'", exclude_self=True)) == ["reddish.png"]
    assert [names_of(hits) for hits in retriever.query([red, red], where="width > 32")] == [
        ["violet.png"]
    ] * 2


def test_a_condition_on_what_is_not_there_names_what_is(retriever, photos):
    with pytest.raises(OptionInvalid, match=r"no such column: label; the columns are id, path, folder, name"):
        retriever.query(photos / "violet.png", where="label = 'x'")


def test_two_pictures_together_find_what_is_like_both_before_what_is_like_one(retriever, photos):
    red, blue = photos / "warm" / "red.png", photos / "cold" / "blue.png"
    hits = retriever.query(red, k=3, with_=[blue])
    assert names_of(hits)[0] == "violet.png"
    assert hits[0].distance == pytest.approx(0, abs=1e-6)
    assert hits == retriever.query(blue, k=3, with_=red)
    assert {hit.path.name for hit in hits if hit.is_self} <= {"red.png", "blue.png"}
    both = retriever.query(red, with_=[blue], exclude_self=True)
    assert names_of(both)[:2] == ["violet.png", "reddish.png"]
    assert len(both) == 3


def test_without_a_picture_what_is_like_it_comes_later(retriever, photos):
    violet, blue = photos / "violet.png", photos / "cold" / "blue.png"
    hits = {hit.path.name: hit.distance for hit in retriever.query(violet, without=[blue])}
    # From (1, 0, 1) / sqrt(2) half of blue is taken away.
    left = np.array([np.sqrt(0.5), 0, np.sqrt(0.5) - 0.5])
    left /= np.linalg.norm(left)
    assert hits["red.png"] == pytest.approx(1 - left[0], abs=1e-6)
    assert hits["blue.png"] == pytest.approx(1 - left[2], abs=1e-6)
    assert hits["violet.png"] == pytest.approx(1 - (left[0] + left[2]) / np.sqrt(2), abs=1e-6)


def test_a_picture_without_itself_is_refused_and_does_not_stop_the_others(retriever, photos):
    red, blue = photos / "warm" / "red.png", photos / "cold" / "blue.png"
    with pytest.raises(QueryInvalid, match="nothing is left of the query"):
        retriever.query(red, without=[red])
    first, second = retriever.query_each([red, blue], k=1, without=[red])
    assert isinstance(first, QueryInvalid)
    assert names_of(second) == ["blue.png"]


def test_a_part_of_a_picture_finds_what_looks_like_the_part(retriever, photos, paint, tmp_path):
    left = paint(tmp_path / "quarters.png", (0, 255, 0), (255, 0, 0), (0, 255, 0), (255, 0, 0), size=(40, 20))
    for source in (left, str(left), left.read_bytes(), Image.open(left), io.BytesIO(left.read_bytes())):
        assert names_of(retriever.query(source, k=1, region=(0, 0, 20, 20))) == ["green.png"]
    assert names_of(retriever.query(left, k=1, region=(0.5, 0, 0.5, 1))) == ["red.png"]
    with pytest.raises(
        QueryInvalid, match="region 0,0,41,20 reaches beyond the 40 x 20 pixels of the picture"
    ):
        retriever.query(left, region=(0, 0, 41, 20))


def test_the_file_that_a_part_is_of_is_the_picture_itself(retriever, photos):
    hit = retriever.query(photos / "violet.png", k=1, region=(0, 0, 10, 10))[0]
    assert (hit.path.name, hit.is_self) == ("violet.png", True)


def test_an_unreadable_picture_beside_the_query_is_named(retriever, photos):
    with pytest.raises(ImageUnreadable, match=r"cut\.png cannot be read"):
        retriever.query(photos / "violet.png", with_=photos / "cut.png")


def test_an_option_that_is_not_there_is_refused(retriever, photos):
    with pytest.raises(TypeError, match="wher"):
        retriever.query(photos / "violet.png", wher="1")


@pytest.fixture
def with_copies(model_with_copies, tmp_path, paint):
    """`a` and `b` look alike by the quarter that is the latent vector, `b` and `c` by the other three."""
    red, green, blue = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    # 16 pixels, so that resizing does not mix the colours of two quarters.
    for name, colors in {"a": (red, red, green, blue), "b": (red, blue, red, green)}.items():
        paint(tmp_path / "photos" / f"{name}.png", *colors, size=(16, 16))
    paint(tmp_path / "photos" / "c.png", green, blue, red, green, size=(16, 16))
    return Retriever.build(tmp_path / "photos", encoder=model_with_copies)


def test_copies_are_found_by_vectors_of_their_own(with_copies):
    folder = with_copies.folder
    kinds = with_copies.query(folder / "b.png")
    assert {hit.path.name for hit in kinds[:2]} == {"a.png", "b.png"}
    np.testing.assert_allclose([hit.distance for hit in kinds], [0, 0, 1], atol=1e-6)
    copies = with_copies.query(folder / "b.png", copies=True)
    assert {hit.path.name for hit in copies[:2]} == {"b.png", "c.png"}
    np.testing.assert_allclose([hit.distance for hit in copies], [0, 0, 1], atol=1e-6)


def test_copies_are_found_with_what_else_a_query_may_say(with_copies):
    folder = with_copies.folder
    [hit] = with_copies.query(folder / "b.png", copies=True, exclude_self=True, where="name = 'c.png'")
    assert (hit.path.name, round(hit.distance, 4)) == ("c.png", 0.0)
    hits = with_copies.query(folder / "c.png", copies=True, with_=folder / "a.png")
    np.testing.assert_allclose([hit.distance for hit in hits], [1 - 0.5**0.5] * 3, atol=1e-6)


def test_an_index_that_cannot_tell_copies_says_so(retriever, photos):
    with pytest.raises(QueryInvalid, match=r"cannot tell copies: its encoder, quarters, gives no vectors"):
        retriever.query(photos / "violet.png", copies=True)


def test_without_a_folder_nothing_is_built():
    with pytest.raises(NoPictures, match=r"no pictures in no folder: name one or more"):
        Retriever.build()


@pytest.mark.parametrize("dim", [0, -4, 2.5, "64"])
def test_dims_that_cannot_be_are_refused_before_anything_is_done(dim):
    with pytest.raises(OptionInvalid, match=r"dim is .*, expected 1 or more, a whole number"):
        BuildSettings(dim=dim)


def test_a_single_path_can_be_removed(retriever, photos):
    assert retriever.remove(str(photos / "violet.png")).gone == ("violet.png",)
    assert retriever.remove(photos / "warm").gone == ("warm/red.png", "warm/reddish.png")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"region": (0, 0, 1)}, r"region is \(0, 0, 1\), expected four numbers"),
        ({"region": 5}, "region is 5, expected four numbers"),
        ({"region": "0,0"}, "region is '0,0', expected x,y,width,height"),
        ({"where": 5}, "where is 5, expected a condition as text"),
    ],
)
def test_options_of_other_kinds_are_refused(retriever, photos, options, told):
    with pytest.raises(QueryInvalid, match=told):
        retriever.query(photos / "violet.png", **options)


def test_a_region_may_be_typed(retriever, photos):
    typed = retriever.query(photos / "violet.png", region="0,0,0.5,1")
    assert typed == retriever.query(photos / "violet.png", region=(0, 0, 0.5, 1))


def test_it_can_be_sent_to_another_process_which_opens_the_index_for_itself(retriever, photos, monkeypatch):
    sent = pickle.dumps(retriever)
    monkeypatch.chdir("/")
    again = pickle.loads(sent)
    query = photos / "violet.png"
    assert again.query(query) == retriever.query(query)
    np.testing.assert_array_equal(again.encode(query), retriever.encode(query))


def test_at_the_end_of_a_block_it_is_closed(retriever, photos):
    with retriever as same:
        assert len(same.query(photos / "violet.png")) == 5
    with pytest.raises(IndexClosed, match="is closed: open it again"):
        retriever.query(photos / "violet.png")


def test_single_pictures_can_be_added(retriever, photos, paint):
    paint(photos / "new.png", (9, 99, 9))
    paint(photos / "other.png", (9, 99, 99))
    assert retriever.add(photos / "new.png").new == ("new.png",)
    assert retriever.query(photos / "new.png", k=1)[0].is_self
    assert len(retriever) == 6
    with pytest.raises(ImageUnreadable, match="there is no such file"):
        retriever.add([photos / "other.png", photos / "none.png"])
    assert len(retriever) == 6


def test_queries_may_come_one_by_one(retriever, photos):
    paths = [photos / "violet.png", photos / "warm" / "red.png"]
    assert list(retriever.query_each(iter(paths))) == retriever.query(paths)


@pytest.mark.parametrize("source", [iter(["a.png"]), {"a.png"}])
def test_what_gives_several_pictures_is_to_be_made_a_list(retriever, source):
    with pytest.raises(ImageUnreadable, match="or a list made of it"):
        retriever.query(source)


def test_an_empty_path_is_no_folder(retriever):
    with pytest.raises(ImageUnreadable, match=r"^'' cannot be read: it is empty, expected a path"):
        retriever.query("")


@pytest.mark.parametrize("folder", [["photos"], None, 3, ""])
def test_a_folder_to_build_from_is_a_path(folder):
    with pytest.raises(NoPictures, match="expected the path of a folder, or several one by one"):
        Retriever.build(folder)


@pytest.mark.parametrize("k", [1, 2, 3, 12])
def test_of_many_copies_the_one_that_was_asked_with_is_always_the_first(model, photos, k):
    red = photos / "warm" / "red.png"
    for number in range(12):
        shutil.copy(red, photos / f"copy{number:02}.png")
    with Retriever.build(photos, encoder=model) as retriever:
        hits = retriever.query(red, k=k)
    assert len(hits) == k
    assert hits[0].is_self
    assert hits[0].path.name == "red.png"


@pytest.mark.parametrize("k", [0, -1, -5, 2.5, "3", None])
@pytest.mark.parametrize("options", [{}, {"exclude_self": True}, {"where": "width > 9999"}])
def test_k_is_a_whole_number_from_one(retriever, photos, k, options):
    with pytest.raises(OptionInvalid, match=r"k is .*, expected a whole number from 1"):
        retriever.query(photos / "warm" / "red.png", k, **options)


def test_it_can_be_asked_while_another_thread_updates_it(retriever, photos, paint):
    red, stop = photos / "warm" / "red.png", threading.Event()

    def ask():
        while not stop.is_set():
            assert retriever.query(red, 3)[0].is_self
            assert len(retriever.query(red, 3, where="width > 0")) == 3

    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(ask)
        for number in range(8):
            paint(photos / f"new{number}.png", (number, 200, 9))
            retriever.update()
            (photos / f"new{number}.png").unlink()
            retriever.update()
        stop.set()
        asking.result()
