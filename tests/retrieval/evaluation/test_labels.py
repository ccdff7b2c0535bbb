import pytest

from retrieval.errors import LabelsInvalid
from retrieval.evaluation import Labelling


@pytest.mark.parametrize(
    ("depth", "expected"),
    [(None, ["c", "a", None]), (1, ["a", "a", None]), (2, ["b", None, None]), (4, [None, None, None])],
)
def test_the_class_is_the_name_of_a_folder(depth, expected):
    labelling = Labelling(depth=depth)
    assert [labelling.label_of(path) for path in ("a/b/c/1.jpg", "a/1.jpg", "1.jpg")] == expected


def test_a_depth_that_names_no_folder_is_refused():
    with pytest.raises(LabelsInvalid, match=r"label depth is 0, expected 1 \(the top folders\) or more"):
        Labelling(depth=0)


def test_a_table_and_a_depth_are_refused():
    with pytest.raises(LabelsInvalid, match="expected one of them"):
        Labelling(depth=1, table={})


def written(tmp_path, text, encoding="utf-8"):
    (tmp_path / "labels.csv").write_text(text, encoding=encoding)
    return tmp_path / "labels.csv"


@pytest.mark.parametrize("heading", ["", "path,label\n", "Path, Label\n"])
def test_a_table_is_read_with_and_without_heading(tmp_path, heading):
    lines = heading + 'a/1.jpg,cat\n./a/2.jpg, dog \n\n"x, y.jpg","odd, name"\nnone.jpg,\na/1.jpg,cat\n'
    labelling = Labelling.read_csv(written(tmp_path, lines))
    assert labelling.table == {"a/1.jpg": "cat", "a/2.jpg": "dog", "x, y.jpg": "odd, name"}
    assert labelling.label_of("a/1.jpg") == "cat"
    assert labelling.label_of("cat/unknown.jpg") is None


def test_a_table_from_a_spreadsheet_begins_with_a_mark(tmp_path):
    labelling = Labelling.read_csv(written(tmp_path, "path,label\n1.jpg,été\n", encoding="utf-8-sig"))
    assert labelling.table == {"1.jpg": "été"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.jpg\n", r"labels .*labels.csv have 1 columns in line 1, expected 2: path,label"),
        ("path,label\n1.jpg,a,b\n", "have 3 columns in line 2"),
        ("1.jpg,a\n2.jpg,a\n1.jpg,b\n", r"give 1.jpg two labels, 'a' and 'b' \(line 3\): give it one"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, text, words):
    with pytest.raises(LabelsInvalid, match=words):
        Labelling.read_csv(written(tmp_path, text))


def test_a_table_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(LabelsInvalid, match=r"missing\.csv cannot be read"):
        Labelling.read_csv(tmp_path / "missing.csv")
    (tmp_path / "latin.csv").write_bytes(b"\xe9t\xe9.jpg,a\n")
    with pytest.raises(LabelsInvalid, match=r"latin\.csv cannot be read"):
        Labelling.read_csv(tmp_path / "latin.csv")
