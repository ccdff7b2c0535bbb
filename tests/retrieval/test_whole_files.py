"""Files written whole or not at all."""

from __future__ import annotations

import pytest

from retrieval.whole_files import replaced


def test_the_file_takes_its_place_when_it_is_complete(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("before")
    with replaced(path) as part:
        part.write_text("after")
        assert (path.read_text(), part.suffix) == ("before", ".html")
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def stop_while_writing(part):
    part.write_text("half")
    raise KeyboardInterrupt


def test_what_was_there_stays_where_it_fails(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt), replaced(path) as part:
        stop_while_writing(part)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_disk_s_error_names_the_file_that_was_meant(tmp_path):
    path = tmp_path / "none" / "page.html"
    with pytest.raises(FileNotFoundError) as refused, replaced(path) as part:
        part.write_text("after")
    assert refused.value.filename == str(path)


def test_a_name_may_be_as_long_as_names_can_be(tmp_path):
    path = tmp_path / ("n" * 250 + ".html")
    with replaced(path) as part:
        part.write_text("after")
    assert path.read_text() == "after"
