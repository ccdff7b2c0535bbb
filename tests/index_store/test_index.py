import shutil
import sys
import threading

import numpy as np
import pytest

from index_store import (
    EncoderMismatch,
    IdsUnknown,
    Index,
    IndexBusy,
    IndexClosed,
    IndexDamaged,
    IndexNotFound,
    IndexReadOnly,
    IndexUnwritable,
    OptionInvalid,
    RejectedFile,
    RowsInvalid,
    VectorsInvalid,
)

CORNERS = [[0, 0], [3, 4], [6, 8]]


def corners(directory, **options):
    with Index.create(directory, 2, metric="l2", **options) as index:
        index.add(CORNERS)
        index.save()
    return directory


class TestCreateAndOpen:
    def test_what_was_saved_is_there_when_it_is_opened(self, saved):
        index = Index.open(saved)
        assert len(index) == 4
        assert index.ids.tolist() == [0, 1, 2, 3]
        assert index.vectors().tolist() == [[1, 0], [0, 1], [-1, 0], [0, -1]]
        assert [row.path for row in index.catalog.rows()] == ["a.png", "b.png", "c.png", "d.png"]
        assert list(index.catalog.rejected()) == [RejectedFile("broken.png", "cut short")]
        assert index.attachments == ("encoder.tflite",)
        assert index.attachment("encoder.tflite").read_bytes() == b"an encoder"
        assert index.settings == {"side": 64}
        assert (index.dim, index.directory, repr(index)) == (2, saved, f"Index('{saved}')")

    def test_the_manifest_tells_what_the_index_is(self, saved):
        manifest = Index.open(saved).manifest
        assert (manifest.generation, manifest.count, manifest.next_id) == (1, 4, 4)
        assert (manifest.metric, manifest.structure, manifest.encoder) == ("l2", "auto", "e" * 64)
        assert manifest.files["encoder.tflite"].path == "encoder.generation-1.tflite"
        assert manifest.created <= manifest.changed

    def test_a_directory_moved_whole_is_still_an_index(self, saved, tmp_path):
        shutil.move(saved, tmp_path / "elsewhere")
        assert Index.open(tmp_path / "elsewhere", check="full").search([[1, 0]], k=1).ids.tolist() == [[0]]

    def test_directories_are_made_as_needed(self, tmp_path):
        assert len(Index.open(str(corners(tmp_path / "a" / "b")))) == 3

    @pytest.mark.parametrize("structure", ["exact", "flat", "hnsw", "ivf"])
    @pytest.mark.parametrize("count", [0, 1, 2])
    def test_tiny_indexes_work_with_every_structure(self, directory, structure, count):
        with Index.create(directory, 2, metric="l2", structure=structure) as index:
            index.add(np.reshape(CORNERS[:count], (count, 2)))
            index.save()
        neighbors = Index.open(directory, check="full").search([[0, 0], [6, 8]], k=3)
        assert neighbors.distances.tolist() == [[0, 5][:count], [10, 5][:count] if count < 2 else [5, 10]]
        assert neighbors.ids.tolist() == [[0, 1][:count], [0, 1][:count] if count < 2 else [1, 0]]

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"dim": 0}, "dim is 0"),
            ({"metric": "l3"}, "metric is 'l3', expected one of cosine, l2"),
            ({"structure": "tree"}, "structure is 'tree', expected auto, exact, flat, hnsw, ivf, a code"),
            ({"encoder": 7}, "encoder is 7"),
            ({"settings": [1]}, r"settings are \[1\], expected a dict"),
        ],
    )
    def test_options_outside_their_choices_are_refused_before_anything_is_made(
        self, directory, options, told
    ):
        with pytest.raises(OptionInvalid, match=told):
            Index.create(directory, **{"dim": 2, **options})
        assert not directory.exists()

    def test_an_unknown_check_is_refused(self, saved):
        with pytest.raises(OptionInvalid, match="check is 'none', expected one of quick, full"):
            Index.open(saved, check="none")

    @pytest.mark.parametrize("writable", [False, True])
    def test_no_index_is_no_index_and_nothing_is_left_there(self, tmp_path, writable):
        with pytest.raises(IndexNotFound, match=f"no index in {tmp_path}: index the folder first"):
            Index.open(tmp_path, writable=writable)
        assert list(tmp_path.iterdir()) == []

    def test_a_file_is_neither_an_index_nor_a_place_for_one(self, tmp_path):
        path = tmp_path / "photo.jpg"
        path.write_bytes(b"a photo")
        with pytest.raises(IndexNotFound, match=r"photo\.jpg is not a directory"):
            Index.open(path)
        with pytest.raises(IndexUnwritable, match=r"photo\.jpg: a file is in the way.*name a directory"):
            Index.create(path, 2)
        assert path.read_bytes() == b"a photo"


class TestAdd:
    def test_ids_count_up_and_are_never_given_twice(self, directory):
        with Index.create(directory, 2, metric="l2") as index:
            assert index.add(CORNERS).tolist() == [0, 1, 2]
            assert index.add(np.empty((0, 2))).tolist() == []
            assert index.add(CORNERS[:1]).dtype == np.int64
            index.save()
            assert index.add(CORNERS[:1]).tolist() == [4]
            index.save()
        with Index.create(directory, 2, metric="l2") as rebuilt:
            assert rebuilt.add(CORNERS[:2]).tolist() == [5, 6]
            rebuilt.save()
        assert Index.open(directory).search([[3, 4]], k=1).ids.tolist() == [[6]]

    def test_what_was_added_is_found_before_it_is_saved(self, saved, make_row):
        with Index.open(saved, writable=True) as index:
            index.add([[5, 5]], [make_row("e.png")])
            assert index.search([[5, 5]], k=2).ids.tolist() == [[4, 0]]
            assert index.vectors([4]).tolist() == [[5, 5]]
            assert index.catalog.find("e.png").id == 4
            assert len(index) == 5
        assert len(Index.open(saved)) == 4

    def test_cosine_vectors_have_length_1(self, directory):
        with Index.create(directory, 2) as index:
            index.add([[30, 40]])
            np.testing.assert_allclose(index.vectors(), [[0.6, 0.8]], rtol=1e-7)
            assert index.search([[0.3, 0.4]], k=1).distances[0, 0] == pytest.approx(0, abs=1e-12)
            assert index.search([[-3, -4]], k=1).distances[0, 0] == pytest.approx(2)

    @pytest.mark.parametrize(
        ("vectors", "told"),
        [
            ([[1, 2, 3]], "vectors for index .* have 3 dims, it holds 2-dim vectors"),
            ([[1, 2], [np.nan, 0]], "NaN or infinite in row 1"),
            ([[0, 0]], "of length 0"),
        ],
    )
    def test_vectors_that_cannot_be_stored_are_refused_and_nothing_is_added(self, directory, vectors, told):
        with Index.create(directory, 2) as index:
            with pytest.raises(VectorsInvalid, match=told):
                index.add(vectors)
            assert len(index) == 0

    def test_a_file_indexed_twice_is_refused_and_shifts_nobodys_id(self, saved, make_row):
        with Index.open(saved, writable=True) as index:
            with pytest.raises(RowsInvalid, match=r"path 'b\.png' has a row already"):
                index.add([[7, 7], [8, 8]], [make_row("e.png"), make_row("b.png")])
            assert len(index) == 4
            assert index.add([[9, 9]], [make_row("e.png")]).tolist() == [4]
            assert index.catalog.rows_of([4])[0].path == "e.png"
            assert index.vectors([4]).tolist() == [[9, 9]]

    def test_one_row_a_vector(self, directory, make_row):
        with Index.create(directory, 2) as index:
            with pytest.raises(RowsInvalid, match="got 2 rows for 1 vectors"):
                index.add([[1, 2]], [make_row("a.png"), make_row("b.png")])
            with pytest.raises(RowsInvalid, match="relative"):
                index.add([[1, 2]], [make_row("/a.png")])
            with pytest.raises(RowsInvalid, match="relative"):
                index.reject(RejectedFile("/a.png", "empty"))

    def test_an_index_without_rows_is_an_index(self, directory):
        index = Index.open(corners(directory))
        assert len(list(index.catalog.rows())) == 0
        with pytest.raises(IdsUnknown, match="no row for id 1"):
            index.catalog.rows_of([1])


class TestSearch:
    def test_nearest_first_with_distances(self, directory):
        neighbors = Index.open(corners(directory)).search([[3, 3], [6, 8]], k=2)
        np.testing.assert_allclose(neighbors.distances, [[1, np.sqrt(18)], [0, 5]], rtol=1e-6)
        assert neighbors.ids.tolist() == [[1, 0], [2, 1]]
        assert (neighbors.distances.dtype, neighbors.ids.dtype) == (np.float32, np.int64)

    def test_ties_come_in_the_order_of_their_ids(self, saved):
        assert Index.open(saved).search([[0, 0]], k=4).ids.tolist() == [[0, 1, 2, 3]]

    def test_no_more_neighbours_than_vectors(self, directory):
        assert Index.open(corners(directory)).search([[0, 0]], k=np.int64(99)).ids.shape == (1, 3)

    def test_no_queries_no_answers(self, directory):
        assert Index.open(corners(directory)).search(np.empty((0, 2)), k=2).ids.shape == (0, 2)

    @pytest.mark.parametrize("k", [0, -1, 1.5])
    def test_k_is_a_whole_number_from_1(self, directory, k):
        with pytest.raises(OptionInvalid, match="k is"):
            Index.open(corners(directory)).search([[0, 0]], k=k)

    def test_queries_of_other_dims_are_told_with_both_numbers_and_the_directory(self, directory):
        with pytest.raises(
            VectorsInvalid, match=f"queries for index {directory} have 3 dims, it holds 2-dim"
        ):
            Index.open(corners(directory)).search([[0, 0, 0]])

    def test_vectors_by_id(self, directory):
        index = Index.open(corners(directory))
        assert index.vectors([2, 0]).tolist() == [[6, 8], [0, 0]]
        with pytest.raises(IdsUnknown, match=f"index {directory} holds no vector with id 3"):
            index.vectors([0, 3])

    def test_a_reader_may_be_searched_from_many_threads(self, directory):
        vectors = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
        with Index.create(directory, 4, structure="hnsw") as index:
            index.add(vectors)
            index.save()
        reader, found = Index.open(directory), []
        threads = [
            threading.Thread(
                target=lambda at=at: found.append((at, reader.search(vectors[[at]], k=1).ids[0, 0]))
            )
            for at in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == [(at, at) for at in range(8)]


class TestSave:
    def test_an_index_is_added_to_and_saved_again(self, saved, make_row):
        with Index.open(saved, writable=True) as index:
            for number in range(3):
                index.add([[number + 2, 0]], [make_row(f"later-{number}.png", number)])
                index.save()
                assert index.manifest.generation == number + 2
        again = Index.open(saved, check="full")
        assert again.search([[4, 0]], k=2).ids.tolist() == [[6, 5]]
        assert [row.path for row in again.catalog.rows_of([6, 0])] == ["later-2.png", "a.png"]
        assert again.attachment("encoder.tflite").name == "encoder.generation-1.tflite"
        assert again.settings == {"side": 64}

    def test_only_the_files_of_the_generation_in_force_stay(self, saved):
        with Index.open(saved, writable=True) as index:
            index.add([[9, 9]])
            index.attach("encoder.json", b"{}")
            index.save()
        assert {path.name for path in saved.iterdir()} == {
            "lock",
            "manifest.json",
            "vectors.generation-1.f32",
            "ids.generation-1.i64",
            "catalog.generation-1.sqlite",
            "encoder.generation-1.tflite",
            "encoder.generation-2.json",
        }

    def test_without_save_nothing_is_changed(self, saved):
        before = {path.name: path.read_bytes() for path in saved.iterdir()}
        with Index.open(saved, writable=True) as index:
            index.add([[9, 9]])
            index.attach("encoder.tflite", b"another")
            index.reject(RejectedFile("z.png", "empty"))
        after = {path.name: path.read_bytes() for path in saved.iterdir()}
        # The next writer overwrites the rows behind those that count.
        assert {name: content[: len(before[name])] for name, content in after.items()} == before
        assert len(Index.open(saved, check="full")) == 4

    def test_without_changes_save_makes_no_generation(self, saved):
        with Index.open(saved, writable=True) as index:
            index.save()
            assert index.manifest.generation == 1

    def test_a_rebuild_stands_beside_the_old_index_until_it_is_saved(self, saved):
        with Index.create(saved, 3) as rebuilt:
            rebuilt.add([[1, 2, 3]])
            assert Index.open(saved, check="full").dim == 2
            rebuilt.save()
        assert Index.open(saved, check="full").dim == 3
        assert Index.open(saved).attachments == ()

    def test_a_damaged_index_can_be_indexed_again(self, saved):
        (saved / "manifest.json").write_text("not JSON")
        with Index.create(saved, 2, metric="l2") as rebuilt:
            rebuilt.add([[5, 5]])
            rebuilt.save()
        assert Index.open(saved, check="full").vectors().tolist() == [[5, 5]]
        assert not list(saved.glob("*.generation-1.*"))

    def test_an_empty_index_can_be_saved(self, directory):
        with Index.create(directory, 2) as index:
            index.save()
        assert len(Index.open(directory, check="full")) == 0

    def test_files_of_others_are_left_alone(self, saved):
        (saved / "frame.000001.png").write_bytes(b"mine")
        with Index.create(saved, 2) as index:
            index.save()
        assert (saved / "frame.000001.png").read_bytes() == b"mine"

    def test_settings_handed_out_are_a_copy(self, saved):
        with Index.open(saved, writable=True) as index:
            index.settings["side"] = 99
            index.attach("extra.bin", b"")
            index.save()
        assert Index.open(saved).settings == {"side": 64}


class TestAttachments:
    def test_a_file_is_copied(self, saved, tmp_path):
        source = tmp_path / "model"
        source.write_bytes(b"x" * 3_000_000)
        with Index.open(saved, writable=True) as index:
            index.attach("decoder.keras", source)
            source.unlink()
            index.save()
        assert Index.open(saved).attachment("decoder.keras").read_bytes() == b"x" * 3_000_000

    def test_the_last_one_counts(self, saved):
        with Index.open(saved, writable=True) as index:
            index.attach("encoder.tflite", b"second")
            index.attach("encoder.tflite", b"third")
            assert index.attachment("encoder.tflite").read_bytes() == b"third"
            assert Index.open(saved).attachment("encoder.tflite").read_bytes() == b"an encoder"
            index.save()
        assert Index.open(saved, check="full").attachment("encoder.tflite").read_bytes() == b"third"

    def test_an_unknown_attachment_is_told_with_the_known_ones(self, saved):
        with pytest.raises(OptionInvalid, match=r"no attachment 'x\.bin', expected one of: encoder\.tflite"):
            Index.open(saved).attachment("x.bin")
        with pytest.raises(OptionInvalid, match="no attachment 'manifest"):
            Index.open(saved).attachment("manifest.json")

    def test_a_name_of_the_index_itself_is_refused(self, saved):
        with (
            Index.open(saved, writable=True) as index,
            pytest.raises(OptionInvalid, match="belongs to the index"),
        ):
            index.attach("vectors.f32", b"")

    def test_a_file_that_went_away_is_told(self, saved):
        index = Index.open(saved)
        (saved / "encoder.generation-1.tflite").unlink()
        with pytest.raises(IndexDamaged, match=r"encoder\.generation-1\.tflite is gone"):
            index.attachment("encoder.tflite")


class TestEncoder:
    def test_the_encoder_of_the_index_is_welcome(self, saved):
        Index.open(saved).require_encoder("e" * 64)
        Index.open(saved).require_encoder("e" * 64, dim=2)

    def test_another_encoder_is_told_with_both(self, saved):
        with pytest.raises(EncoderMismatch) as caught:
            Index.open(saved).require_encoder("0123456789abcdef", dim=128)
        assert str(caught.value) == (
            f"index {saved} holds 2-dim vectors of encoder eeeeeeeeeeee, "
            "this is encoder 0123456789ab, 128-dim: "
            "query with the encoder of the index, or index the folder again"
        )

    def test_an_index_that_names_no_encoder_fits_none(self, directory):
        with pytest.raises(EncoderMismatch, match="an encoder that it does not name"):
            Index.open(corners(directory)).require_encoder("f")


class TestWriters:
    @pytest.mark.parametrize(
        "begin", [lambda path: Index.create(path, 2), lambda path: Index.open(path, writable=True)]
    )
    def test_a_second_writer_is_refused_at_once_and_readers_are_not(self, saved, begin):
        with Index.open(saved, writable=True):
            with pytest.raises(IndexBusy, match=f"index {saved} is being written"):
                begin(saved)
            assert len(Index.open(saved)) == 4
        begin(saved).close()

    def test_a_writer_may_be_closed_from_another_thread(self, saved):
        index = Index.open(saved, writable=True)
        thread = threading.Thread(target=index.close)
        thread.start()
        thread.join()
        Index.open(saved, writable=True).close()

    def test_the_lock_is_free_when_opening_failed(self, saved):
        (saved / "encoder.generation-1.tflite").write_bytes(b"altered!!!")
        for _ in range(2):
            with pytest.raises(IndexDamaged):
                Index.open(saved, writable=True)

    @pytest.mark.parametrize(
        "change",
        [
            lambda index: index.add([[1, 2]]),
            lambda index: index.reject(RejectedFile("x.png", "empty")),
            lambda index: index.attach("x.bin", b""),
            lambda index: index.save(),
        ],
    )
    def test_a_reader_changes_nothing(self, saved, change):
        index = Index.open(saved)
        with pytest.raises(IndexReadOnly, match=f"index {saved} was opened for reading"):
            change(index)

    def test_readers_leave_no_trace(self, saved):
        (saved / "lock").unlink()
        before = {path.name for path in saved.iterdir()}
        with Index.open(saved) as index:
            index.search([[1, 0]])
            list(index.catalog.rows())
        assert {path.name for path in saved.iterdir()} == before

    def test_a_closed_index_says_so(self, saved):
        index = Index.open(saved)
        index.close()
        index.close()
        for use in (
            lambda: len(index),
            lambda: index.search([[1, 0]]),
            lambda: index.ids,
            lambda: index.save(),
        ):
            with pytest.raises(IndexClosed, match=f"index {saved} is closed: open it again"):
                use()


def test_a_small_index_is_queried_without_faiss(saved, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    assert Index.open(saved).search([[1, 0]], k=1).ids.tolist() == [[0]]


class TestArgumentsOfOtherKinds:
    @pytest.mark.parametrize("ids", [[1.5], [True, False, True, False], "ab", {1, 2}, [[1], [2, 3]]])
    def test_ids_are_whole_numbers(self, saved, ids):
        with Index.open(saved, writable=True) as index:
            for ask in (index.vectors, index.remove, lambda ids: index.search([[1, 0]], 1, among=ids)):
                with pytest.raises(OptionInvalid, match="whole numbers"):
                    ask(ids)
            assert len(index) == 4

    def test_of_a_mask_the_way_out_is_told(self, saved):
        index = Index.open(saved)
        mask = np.array([False, True, False, True])
        with pytest.raises(OptionInvalid, match=r"of a mask over all ids take index\.ids\[mask\]"):
            index.search([[1, 0]], 1, among=mask)
        assert index.search([[1, 0]], 4, among=index.ids[mask]).ids.tolist() == [[1, 3]]

    def test_an_empty_list_is_no_vectors_and_no_ids(self, saved):
        with Index.open(saved, writable=True) as index:
            assert index.add([]).tolist() == []
            assert index.search([], 3).ids.shape == (0, 3)
            assert index.vectors([]).shape == (0, 2)
            assert index.search([[1, 0]], 1, among=[]).ids.shape == (1, 0)

    def test_a_condition_is_text_and_a_row_a_row(self, saved):
        with Index.open(saved, writable=True) as index:
            with pytest.raises(OptionInvalid, match="where is None, expected a condition as text"):
                index.where(None)
            with pytest.raises(RowsInvalid, match=r"a row is 3, expected an index_store\.Row"):
                index.add([[1, 0]], rows=[3])


def test_an_index_opened_by_a_relative_path_stays_the_one_it_was(saved, tmp_path, monkeypatch):
    monkeypatch.chdir(saved.parent)
    index = Index.open(saved.name)
    monkeypatch.chdir("/")
    assert index.where("name = 'a.png'").tolist() == [0]
    assert index.attachment("encoder.tflite").read_bytes() == b"an encoder"
    assert not index.refresh()
