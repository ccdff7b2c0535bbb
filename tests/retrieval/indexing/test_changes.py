from __future__ import annotations

import dataclasses

import pytest

from index_store import Index, RejectedFile, Row
from retrieval.images import FolderScan, ImageFile
from retrieval.indexing.changes import FolderChanges, Update


def row(path, content, *, size=10, mtime_ns=1):
    return Row(path, size=size, mtime_ns=mtime_ns, sha256=f"{content:064x}", width=4, height=3)


def file(path, *, size=10, mtime_ns=1):
    return ImageFile(path, size, mtime_ns)


@pytest.fixture
def between(tmp_path):
    """What differs between rows and files; `contents` are the numbers that files read hold, by path."""
    read = []

    def between(rows, files, contents=None, *, rejected=(), rejections=(), **options):
        with Index.create(tmp_path / "index", 2) as index:
            if rows:
                index.add([[1, 0]] * len(rows), rows)
            for one in rejected:
                index.reject(one)
            index.save()

        def contents_of(paths):
            read.extend(paths)
            return [f"{contents[path]:064x}" if path in contents else None for path in paths]

        scan = FolderScan(tuple(files), tuple(rejections))
        catalog = Index.open(tmp_path / "index").catalog
        return FolderChanges.between(catalog, scan, contents_of, **options)

    between.read = read
    return between


def paths(moves):
    return [(move.before.path, move.after.path) for move in moves]


def test_files_of_the_same_size_and_time_are_the_same_and_not_read(between):
    assert not between([row("a", 1), row("b", 2)], [file("a"), file("b")], {})
    assert between.read == []


def test_a_file_of_another_size_than_any_row_is_new_and_not_read(between):
    changes = between([row("a", 1)], [file("a"), file("b", size=11)], {})
    assert changes == FolderChanges(embed=(file("b", size=11),))
    assert between.read == []


def test_a_file_with_other_contents_replaces_its_row(between):
    changed = file("a", mtime_ns=2)
    changes = between([row("a", 1)], [changed], {"a": 5})
    assert changes.embed == (changed,)
    assert [(path, before.id) for path, before in changes.replaced.items()] == [("a", 0)]
    assert changes.gone == ()


def test_a_file_with_another_time_alone_is_only_touched(between):
    (touched,) = between([row("a", 1)], [file("a", mtime_ns=2)], {"a": 1}).touched
    assert touched == dataclasses.replace(row("a", 1, mtime_ns=2), id=0)


def test_a_row_without_a_file_is_gone(between):
    assert [gone.id for gone in between([row("a", 1), row("b", 2)], [file("a")], {}).gone] == [1]


def test_a_renamed_file_keeps_its_row(between):
    changes = between([row("a", 1), row("b", 2)], [file("b"), file("c/d", mtime_ns=7)], {"c/d": 1})
    assert paths(changes.renamed) == [("a", "c/d")]
    assert (changes.renamed[0].after.id, changes.renamed[0].after.mtime_ns) == (0, 7)
    assert (changes.embed, changes.gone) == ((), ())


def test_two_files_that_swapped_their_names_swap_their_rows(between):
    swapped = [file("a", mtime_ns=2), file("b", mtime_ns=2)]
    changes = between([row("a", 1), row("b", 2)], swapped, {"a": 2, "b": 1})
    assert sorted(paths(changes.renamed)) == [("a", "b"), ("b", "a")]
    assert (changes.embed, changes.gone, changes.replaced) == ((), (), {})


def test_a_copy_gets_a_row_of_its_own(between):
    changes = between([row("a", 1)], [file("a"), file("b")], {"b": 1})
    assert paths(changes.copied) == [("a", "b")]
    assert (changes.copied[0].after.id, changes.embed) == (-1, ())


def test_of_two_files_with_the_contents_of_one_that_is_gone_one_is_it_and_the_other_a_copy(between):
    changes = between([row("a", 1)], [file("b"), file("c")], {"b": 1, "c": 1})
    assert paths(changes.renamed) == [("a", "b")]
    assert paths(changes.copied) == [("a", "c")]


def test_a_file_moved_over_another_takes_its_place(between):
    changes = between([row("a", 1), row("b", 2)], [file("b", mtime_ns=2)], {"b": 1})
    assert paths(changes.renamed) == [("a", "b")]
    assert [(gone.id, gone.path) for gone in changes.gone] == [(1, "b")]


def test_a_copy_over_another_file_replaces_its_row(between):
    changes = between([row("a", 1), row("b", 2)], [file("a"), file("b", mtime_ns=2)], {"b": 1})
    assert paths(changes.copied) == [("a", "b")]
    assert changes.replaced["b"].id == 1
    assert changes.gone == ()


def test_an_old_picture_under_a_new_name_and_a_new_one_under_the_old(between):
    changes = between([row("a", 1)], [file("a", mtime_ns=2), file("b")], {"a": 9, "b": 1})
    assert paths(changes.renamed) == [("a", "b")]
    assert changes.embed == (file("a", mtime_ns=2),)
    assert changes.replaced == {}


def test_a_file_that_cannot_be_read_is_left_to_be_rejected_when_it_is_embedded(between):
    assert between([row("a", 1)], [file("a"), file("b")], {}).embed == (file("b"),)


CUT = RejectedFile("cut.png", "truncated", size=50, mtime_ns=7)


@pytest.mark.parametrize(
    ("found", "before", "is_known"),
    [
        (ImageFile("cut.png", 50, 7), CUT, True),
        (ImageFile("cut.png", 51, 7), CUT, False),
        (ImageFile("cut.png", 50, 8), CUT, False),
        (ImageFile("other.png", 50, 7), CUT, False),
        (ImageFile("cut.png", 0, 0), RejectedFile("cut.png", "permission denied"), False),
    ],
)
def test_a_file_that_was_rejected_and_has_not_changed_is_not_looked_at_again(
    between, found, before, is_known
):
    changes = between([], [found], {}, rejected=[before])
    assert changes.embed == (() if is_known else (found,))
    assert changes.forgotten == ((before.path,) if before.path != found.path else ())


def test_only_rejections_that_are_new_are_kept_and_those_without_a_file_forgotten(between):
    empty, gone = RejectedFile("empty.jpg", "empty file"), RejectedFile("gone.jpg", "empty file")
    other = RejectedFile("other.jpg", "empty file")
    changes = between([], [], rejected=[empty, gone], rejections=[empty, other])
    assert (changes.rejected, changes.forgotten) == ((other,), ("gone.jpg",))


def test_a_picture_that_is_an_empty_file_now_is_gone_and_rejected(between):
    empty = RejectedFile("a", "empty file", mtime_ns=2)
    changes = between([row("a", 1)], [], rejections=[empty])
    assert ([gone.path for gone in changes.gone], changes.rejected) == (["a"], (empty,))


def test_rows_in_a_folder_that_cannot_be_read_stay(between):
    locked = RejectedFile("locked", "the folder cannot be read: permission denied")
    changes = between([row("locked/a", 1), row("lockedness", 2)], [], rejections=[locked])
    assert [gone.path for gone in changes.gone] == ["lockedness"]


def test_rows_of_folders_that_were_not_scanned_stay_and_serve_as_contents(between):
    changes = between([row("a", 1), row("b//c", 2)], [file("a"), file("d")], {"d": 2}, folders=[""])
    assert changes.gone == ()
    assert paths(changes.copied) == [("b//c", "d")]


def test_files_that_are_to_be_left_stay_as_they_are(between):
    changes = between(
        [row("a", 1), row("b", 2)], [file("a", mtime_ns=2), file("b"), file("c")], {}, leave={"a", "c"}
    )
    assert not changes
    assert between.read == []


def test_a_summary_counts_each_kind_once():
    taken = Update(new=("a", "b"), gone=("c",), renamed=(("d", "e"),), changed=("f",))
    assert str(taken) == "+ 2 new, - 1 gone, 1 renamed, 1 changed"
    assert taken.to_json() == {"new": 2, "changed": 1, "gone": 1, "renamed": 1, "copied": 0, "rejected": 0}
    assert not Update()
    assert str(Update()) == ""
