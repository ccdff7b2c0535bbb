from __future__ import annotations

import pytest

from index_store import Index
from retrieval import Retriever
from retrieval.errors import MetadataInvalid
from retrieval.metadata import Metadata


@pytest.fixture
def written(tmp_path):
    def write(text, name="metadata.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_table_of_csv_gives_each_picture_its_values(written):
    metadata = Metadata.read(
        written("path,label,price,code\nwarm/red.png,glass,3,007\nblue.png,paper,12,8\n")
    )
    assert metadata.table["warm/red.png"] == {"label": "glass", "price": 3, "code": "007"}
    assert metadata.table["blue.png"] == {"label": "paper", "price": 12, "code": "8"}
    assert "other.png" not in metadata.table


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "-2", "0"], [1, -2, 0]),
        (["1", "2.5", ".5", "-1.5e-3"], [1.0, 2.5, 0.5, -0.0015]),
        (["1", "", "3"], [1, None, 3]),
        (["1", "x"], ["1", "x"]),
        (["01", "2"], ["01", "2"]),
        (["12345678901234567890", "1"], ["12345678901234567890", "1"]),
        (["nan", "1"], ["nan", "1"]),
        ([" spaced ", '"quoted, and ""so"""'], ["spaced", 'quoted, and "so"']),
    ],
)
def test_a_column_of_csv_holds_numbers_if_all_of_it_are(written, cells, values):
    lines = [f"{number}.png,{cell}" for number, cell in enumerate(cells)]
    metadata = Metadata.read(written("\n".join(["file,column", *lines])))
    found = [metadata.table[f"{number}.png"].get("column") for number in range(len(cells))]
    assert found == values
    assert list(map(type, found)) == list(map(type, values))


def test_json_lines_keep_the_types_that_they_have(written):
    text = '{"file": "./a.png", "label": "7", "share": 0.5, "count": 3, "good": true, "none": null}\n\n'
    metadata = Metadata.read(
        written("\ufeff" + text + '{"label": "ü", "path": "x//b.png", "file": 1}', "m.jsonl")
    )
    assert metadata.table["a.png"] == {"label": "7", "share": 0.5, "count": 3, "good": 1}
    assert metadata.table["x//b.png"] == {"label": "ü", "file": 1}


def test_a_table_may_name_pictures_by_absolute_paths(model, photos, tmp_path):
    directory = Retriever.build(photos, encoder=model).index.directory
    table = {str(photos / "violet.png"): {"label": "odd"}, str(tmp_path / "other.png"): {"label": "none"}}
    assert Metadata(table).keep_in(directory) == (str(tmp_path / "other.png"),)
    assert Index.open(directory).catalog.find("violet.png").metadata == {"label": "odd"}


def test_a_picture_may_be_named_in_two_ways_by_the_same_values_only(model, photos):
    directory = Retriever.build(photos, encoder=model).index.directory
    both = "violet.png", str(photos / "violet.png")
    assert Metadata({path: {"label": "odd"} for path in both}).keep_in(directory) == ()
    assert Index.open(directory).catalog.find("violet.png").metadata == {"label": "odd"}
    with pytest.raises(MetadataInvalid, match="two rows for"):
        Metadata({path: {"label": path} for path in both}).keep_in(directory)


def test_a_path_that_no_file_can_have_names_no_picture(model, photos):
    directory = Retriever.build(photos, encoder=model).index.directory
    assert Metadata({"/no\0where.png": {}}).keep_in(directory) == ("/no\0where.png",)


def test_values_are_kept_with_the_rows_and_rows_without_a_picture_are_named(model, photos, written):
    retriever = Retriever.build(photos, encoder=model)
    directory = retriever.index.directory
    table = {"warm/red.png": {"label": "glass"}, "violet.png": {"label": "paper"}, "violet.pgn": {}}
    assert Metadata(table).keep_in(directory) == ("violet.pgn",)
    assert Metadata({"violet.png": {"price": 3}, "cut.png": {}}).keep_in(directory) == ("cut.png",)
    retriever.refresh()
    found = {row.path: row.metadata for row in retriever.index.catalog.rows() if row.metadata}
    assert found == {"warm/red.png": {"label": "glass"}, "violet.png": {"price": 3}}
    (hit,) = retriever.query(photos / "violet.png", where="label = 'glass'")
    assert hit.path == photos / "warm" / "red.png"
    assert retriever.query(photos / "violet.png", where="price = 3")[0].distance == 0


def test_values_that_are_kept_already_change_nothing(model, photos):
    directory = Retriever.build(photos, encoder=model).index.directory
    Metadata({"violet.png": {"price": 3}}).keep_in(directory)
    generation = Index.open(directory).manifest.generation
    Metadata({"violet.png": {"price": 3}}).keep_in(directory)
    assert Index.open(directory).manifest.generation == generation


def test_the_same_row_twice_is_no_fault(written):
    assert Metadata.read(written("path,label\na.png,x\n./a.png,x\n")).table == {"a.png": {"label": "x"}}


def test_a_table_of_a_heading_alone_is_empty(written):
    assert Metadata.read(written("path,label\n")).table == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no column path or file that names the picture: it has none at all"),
        ("picture,label\na.png,x\n", "it has picture, label"),
        ("path;label\na.png;x\n", "it has path;label"),
        ("path,label\na.png\n", "has 1 cells in line 2, expected 2"),
        ("path,label\n,x\n", "names no picture in line 2"),
        ("path,label,Label\na.png,x,y\n", "has the column 'label' twice"),
        ("path,width\na.png,3\n", "has a column 'width', which the index fills in itself"),
        ("path,\na.png,3\n", "has a column '' that cannot be asked for"),
        ("path,label\na.png,x\n./a.png,y\n", r"has two rows for a\.png that differ \(line 3\)"),
        (b"path,label\na.png,\xe9\n", "cannot be read: it is not text in UTF-8"),
        ('path,label\na.png,"x\n', "cannot be read: unexpected end of data"),
    ],
)
def test_a_table_that_cannot_be_used_says_where(written, text, reason):
    with pytest.raises(MetadataInvalid, match=rf"^metadata .*metadata\.csv,? .*{reason}"):
        Metadata.read(written(text))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2 is not JSON"),
        ("[1]", "line 2 is no JSON object"),
        ('{"label": "x"}', "line 2 has no column path or file that names the picture: it has label"),
        ('{"path": "b.png", "label": ["x"]}', r"line 2, 'label' is \[\"x\"\], expected a text or a number"),
        ('{"path": "b.png", "label": NaN}', "line 2, 'label' is NaN, expected"),
        ('{"path": "b.png", "label": 9223372036854775808}', "line 2, 'label' is 9223372036854775808"),
        ('{"path": 3}', "names no picture in line 2"),
    ],
)
def test_a_line_of_json_that_cannot_be_used_is_named(written, line, reason):
    with pytest.raises(MetadataInvalid, match=rf"^metadata .*m\.jsonl,? {reason}"):
        Metadata.read(written('{"path": "a.png"}\n' + line, "m.jsonl"))


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(MetadataInvalid, match=r"none\.csv cannot be read: .*No such file"):
        Metadata.read(tmp_path / "none.csv")
