import dataclasses
import shutil

import numpy as np
import pytest

from index_store import (
    IdsUnknown,
    Index,
    IndexBusy,
    IndexDamaged,
    IndexNotFound,
    IndexReadOnly,
    IndexUnwritable,
    OptionInvalid,
    RejectedFile,
    RowsInvalid,
    VectorsInvalid,
    verify,
    writer_lock,
)

SQUARE = [[1, 0], [0, 1], [-1, 0], [0, -1]]


def paths(index):
    return {row.id: row.path for row in index.catalog.rows()}


class TestRemove:
    def test_what_was_removed_is_not_found_again(self, saved):
        with Index.open(saved, writable=True) as index:
            index.remove([0, 2, 2])
            for _ in range(2):
                assert (len(index), index.removed, index.ids.tolist()) == (2, 2, [1, 3])
                assert index.vectors().tolist() == [[0, 1], [0, -1]]
                assert index.search([[1, 0]], k=4).ids.tolist() == [[1, 3]]
                assert paths(index) == {1: "b.png", 3: "d.png"}
                assert index.catalog.find("a.png") is None
                index.save()
        assert Index.open(saved, check="full").search([[1, 0]], k=9).ids.tolist() == [[1, 3]]

    def test_ids_that_are_not_held_are_named_and_nothing_is_removed(self, saved):
        with Index.open(saved, writable=True) as index:
            index.remove([2])
            for unknown in (2, 4):
                with pytest.raises(IdsUnknown, match=f"holds no vector with id {unknown}:"):
                    index.remove([0, unknown])
                with pytest.raises(IdsUnknown, match=f"id {unknown}:"):
                    index.vectors([unknown])
            assert len(index) == 3

    def test_ids_of_removed_vectors_are_not_given_again(self, saved, make_row):
        with Index.open(saved, writable=True) as index:
            index.remove([3])
            assert index.add([[7, 7]], [make_row("d.png", 7)]).tolist() == [4]
            index.save()
            index.compact()
            index.remove([4])
            index.save()
            index.compact()
            assert index.add([[8, 8]]).tolist() == [5]
            index.save()

    def test_vectors_without_rows_are_removed_too(self, directory):
        with Index.create(directory, 2, metric="l2") as index:
            index.add(SQUARE)
            index.remove([1])
            index.save()
        assert Index.open(directory).search([[0, 1]], k=1).ids.tolist() == [[0]]
        assert verify(directory).faults == ()

    def test_all_may_be_removed(self, saved):
        with Index.open(saved, writable=True) as index:
            index.remove(index.ids)
            index.save()
            assert index.search([[1, 0]], k=3).ids.shape == (1, 0)
            index.compact()
        assert len(Index.open(saved, check="full")) == 0

    @pytest.mark.parametrize("structure", ["exact", "hnsw", "ivf"])
    def test_every_structure_leaves_removed_vectors_out(self, directory, structure):
        vectors = np.random.default_rng(0).normal(size=(500, 4))
        with Index.create(directory, 4, metric="l2", structure=structure) as index:
            index.add(vectors)
            index.save()
            index.remove(range(0, 500, 2))
            index.save()
        found = Index.open(directory).search(vectors[:20], k=10).ids
        assert (found % 2 == 1).all()
        assert (found[1::2, 0] == np.arange(1, 20, 2)).all()


class TestAmong:
    def test_only_these_are_answered(self, saved):
        index = Index.open(saved)
        assert index.search([[1, 0]], k=9, among=[3, 1]).ids.tolist() == [[1, 3]]
        assert index.search([[1, 0]], k=2, among=[]).ids.shape == (1, 0)
        with pytest.raises(IdsUnknown, match="id 9:"):
            index.search([[1, 0]], among=[9])

    def test_a_mask_gives_as_many_as_there_are(self, directory):
        vectors = np.random.default_rng(1).normal(size=(300, 4))
        with Index.create(directory, 4, metric="l2", structure="hnsw") as index:
            index.add(vectors)
            index.save()
        among = np.arange(7, 300, 29)
        neighbors = Index.open(directory).search(vectors[:5], k=20, among=among)
        assert neighbors.ids.shape == (5, len(among))
        for query, ids in zip(vectors[:5], neighbors.ids, strict=True):
            order = np.argsort(np.linalg.norm(vectors[among] - query, axis=1))
            assert ids.tolist() == among[order].tolist()


class TestRows:
    def test_a_renamed_file_keeps_its_id_and_vector(self, saved, make_row):
        before = Index.open(saved)
        with Index.open(saved, writable=True) as index:
            index.update_rows(
                [
                    dataclasses.replace(
                        make_row("new/b.png", 1), id=1, metadata={"label": "cat", "n": 2, "none": None}
                    )
                ]
            )
            index.save()
        index = Index.open(saved, check="full")
        assert index.catalog.find("new/b.png").metadata == {"label": "cat", "n": 2, "none": None}
        assert index.catalog.find("b.png") is None
        assert index.vectors([1]).tolist() == [[0, 1]]
        assert (before.catalog.find("b.png").id, before.catalog.find("new/b.png")) == (1, None)

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ([{"path": "a.png", "id": 1}], "path 'a.png' has a row already"),
            ([{"path": "x.png", "id": 1}, {"path": "y.png", "id": 1}], "an id comes twice"),
            ([{"path": "/x.png", "id": 1}], "relative"),
            ([{"id": 1, "sha256": "cafe"}], "sha256 of .* is 'cafe', expected 64 hexadecimal digits"),
            ([{"id": 1, "metadata": {"a": [1]}}], "metadata of .*, expected names with text"),
            ([{"id": 1, "metadata": {"a": float("nan")}}], "metadata of"),
        ],
    )
    def test_rows_that_cannot_be_kept_are_refused(self, saved, make_row, changes, told):
        rows = [dataclasses.replace(make_row("b.png", 1), **change) for change in changes]
        with Index.open(saved, writable=True) as index:
            with pytest.raises(RowsInvalid, match=told):
                index.update_rows(rows)
            assert paths(index)[1] == "b.png"

    def test_rejected_files_are_forgotten(self, saved):
        with Index.open(saved, writable=True) as index:
            index.forget_rejected(["broken.png", "never.png"])
            index.save()
        assert list(Index.open(saved).catalog.rejected()) == []


class TestCopies:
    @pytest.fixture
    def seconds(self, directory, make_row):
        with Index.create(directory, 2, metric="l2", copy_dim=3) as index:
            index.add(SQUARE, [make_row(f"{name}.png") for name in "abcd"], copies=np.eye(4, 3))
            index.remove([1])
            index.save()
        return directory

    def test_second_vectors_are_searched_and_handed_out(self, seconds):
        index = Index.open(seconds, check="full")
        assert index.copy_dim == 3
        assert index.copies().tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]
        assert index.copies([3]).tolist() == [[0, 0, 0]]
        assert index.search_copies([[0, 1, 0]], k=9).ids.tolist() == [[3, 0, 2]]
        assert index.search_copies([[0, 0, 1]], k=9, among=[0, 3]).ids.tolist() == [[3, 0]]

    def test_they_are_asked_for_and_must_fit(self, seconds):
        with Index.open(seconds, writable=True) as index:
            for copies, told in (
                (None, "give copies as well"),
                ([[1, 2]], "have 2 dims"),
                ([[1, 2, 3]] * 2, "got 2"),
            ):
                with pytest.raises(VectorsInvalid, match=told):
                    index.add([[5, 5]], copies=copies)

    def test_an_index_without_them_says_so(self, saved):
        with Index.open(saved, writable=True) as index, pytest.raises(VectorsInvalid, match="give no copies"):
            index.add([[5, 5]], copies=[[1]])
        with pytest.raises(OptionInvalid, match="has no vectors that tell copies"):
            Index.open(saved).search_copies([[1]])

    def test_compaction_keeps_them(self, seconds):
        with Index.open(seconds, writable=True) as index:
            index.compact()
        assert Index.open(seconds, check="full").copies([2]).tolist() == [[0, 0, 1]]


class TestCompact:
    def test_what_was_removed_is_gone_from_the_files_and_readers_go_on(self, saved):
        before = Index.open(saved)
        with Index.open(saved, writable=True) as index:
            index.remove([1])
            index.compact()
            assert (index.removed, index.ids.tolist(), index.manifest.next_id) == (0, [0, 2, 3], 4)
            assert index.search([[0, 1]], k=1).ids.tolist() == [[0]]
        after = Index.open(saved, check="full")
        assert paths(after) == {0: "a.png", 2: "c.png", 3: "d.png"}
        assert after.attachment("encoder.tflite").read_bytes() == b"an encoder"
        assert list(after.catalog.rejected()) == [RejectedFile("broken.png", "cut short")]
        assert after.settings == {"side": 64}
        assert (saved / "vectors.generation-3.f32").stat().st_size == 24
        assert not list(saved.glob("*generation-1.f32"))
        assert before.search([[0, 1]], k=1).ids.tolist() == [[1]]
        assert paths(before) == {0: "a.png", 1: "b.png", 2: "c.png", 3: "d.png"}
        assert verify(saved).faults == ()

    def test_without_removed_vectors_it_only_saves(self, saved):
        with Index.open(saved, writable=True) as index:
            index.compact()
            assert index.manifest.generation == 1
            index.add([[9, 9]])
            index.compact()
            assert index.manifest.generation == 2

    def test_an_altered_file_is_not_gone_on_with(self, saved):
        with Index.open(saved, writable=True) as index:
            index.remove([1])
            index.save()
            content = bytearray((saved / "vectors.generation-1.f32").read_bytes())
            content[1] ^= 1
            (saved / "vectors.generation-1.f32").write_bytes(content)
            kept = {path.name for path in saved.iterdir()}
            with pytest.raises(IndexDamaged, match="was altered"):
                index.compact()
            assert {path.name for path in saved.iterdir()} == kept


class TestRefresh:
    def test_a_reader_takes_up_the_newest_generation(self, saved):
        reader = Index.open(saved)
        old, vectors = reader.catalog, reader.vectors()
        assert not reader.refresh()
        with Index.open(saved, writable=True) as writer:
            writer.add([[9, 9]])
            writer.remove([0])
            assert not reader.refresh()
            writer.compact()
            assert not writer.refresh()
        assert reader.refresh()
        assert not reader.refresh()
        assert reader.ids.tolist() == [1, 2, 3, 4]
        assert vectors.tolist() == SQUARE
        assert old.find("a.png").id == 0

    def test_where_the_index_is_gone_the_reader_goes_on(self, saved):
        reader = Index.open(saved)
        (saved / "manifest.json").unlink()
        with pytest.raises(IndexNotFound):
            reader.refresh()
        assert reader.search([[1, 0]], k=1).ids.tolist() == [[0]]


class TestAdopt:
    @pytest.fixture
    def refit(self, saved, make_row):
        with Index.create(saved / "refit", 3, metric="cosine", encoder="f", settings={"side": 32}) as index:
            index.add(np.eye(3), [make_row(f"{name}.png", at) for at, name in enumerate("abc")])
            index.attach("encoder.tflite", b"refitted")
            index.reject(RejectedFile("d.png", "empty"))
            index.save()
        return saved / "refit"

    def test_it_becomes_the_next_generation_with_new_ids(self, saved, refit):
        before = Index.open(saved)
        with Index.open(saved, writable=True) as index:
            index.adopt(refit)
            assert (index.manifest.generation, index.dim, index.ids.tolist()) == (2, 3, [4, 5, 6])
        assert not refit.exists()
        after = Index.open(saved, check="full")
        assert paths(after) == {4: "a.png", 5: "b.png", 6: "c.png"}
        assert after.attachment("encoder.tflite").read_bytes() == b"refitted"
        assert (after.settings, after.manifest.encoder, after.manifest.next_id) == ({"side": 32}, "f", 7)
        assert after.search([[0, 1, 0]], k=1).ids.tolist() == [[5]]
        assert [one.path for one in after.catalog.rejected()] == ["d.png"]
        assert before.search([[1, 0]], k=1).ids.tolist() == [[0]]
        assert verify(saved).faults == ()

    def test_a_damaged_one_is_not_adopted(self, saved, refit):
        next(refit.glob("vectors*")).write_bytes(b"")
        with Index.open(saved, writable=True) as index:
            with pytest.raises(IndexDamaged, match="vectors"):
                index.adopt(refit)
            assert index.add([[9, 9]]).tolist() == [4]
            index.save()
        assert len(Index.open(saved, check="full")) == 5

    def test_one_that_is_being_written_is_not_adopted(self, saved, refit):
        with (
            writer_lock(refit),
            Index.open(saved, writable=True) as index,
            pytest.raises(IndexBusy, match="refit is being written"),
        ):
            index.adopt(refit)

    def test_where_there_is_none_is_told(self, saved):
        with (
            Index.open(saved, writable=True) as index,
            pytest.raises(IndexNotFound, match=r"no index in .*refit"),
        ):
            index.adopt(saved / "refit")


def test_a_directory_that_is_gone_is_told(saved, tmp_path):
    with Index.open(saved, writable=True) as index:
        index.add([[9, 9]])
        shutil.move(saved, tmp_path / "away")
        with pytest.raises(IndexUnwritable, match=f"cannot write index {saved}: .*: check the disk"):
            index.save()
    shutil.move(tmp_path / "away", saved)
    assert len(Index.open(saved, check="full")) == 4
    assert verify(saved).faults == ()


def test_settings_and_attachments_change_with_the_next_generation(saved):
    with Index.open(saved, writable=True) as index:
        index.set_settings({"complete": True})
        index.detach("encoder.tflite")
        assert Index.open(saved).settings == {"side": 64}
        with pytest.raises(OptionInvalid, match="has no attachment"):
            index.detach("encoder.tflite")
        with pytest.raises(OptionInvalid, match="settings"):
            index.set_settings([])
        index.save()
    index = Index.open(saved, check="full")
    assert (index.settings, index.attachments) == ({"complete": True}, ())


@pytest.mark.parametrize(
    "change",
    [
        lambda index: index.remove([0]),
        lambda index: index.update_rows([]),
        lambda index: index.forget_rejected([]),
        lambda index: index.set_settings({}),
        lambda index: index.detach("encoder.tflite"),
        lambda index: index.compact(),
        lambda index: index.adopt("nowhere"),
    ],
)
def test_a_reader_changes_nothing(saved, change):
    with pytest.raises(IndexReadOnly, match=f"index {saved} was opened for reading"):
        change(Index.open(saved))
