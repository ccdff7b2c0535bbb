import numpy as np
import pytest
from PIL import Image, ImageColor

from retrieval.images import RIGHT, WRONG, SheetCell, SheetRow, contact_sheet, grid

RED = Image.new("RGB", (200, 200), "red")
WIDE = Image.new("RGB", (200, 100), "blue")


def where(sheet, color):
    """The box of all pixels of just this colour, (left, top, right, bottom), or None."""
    hits = np.all(np.asarray(sheet) == ImageColor.getrgb(color), axis=2)
    return Image.fromarray(hits).getbbox()


def size_of(box):
    return box[2] - box[0], box[3] - box[1]


def test_pictures_keep_their_shape_and_stand_on_white():
    sheet = contact_sheet([SheetRow([SheetCell(RED), SheetCell(WIDE)])], cell=100)
    assert size_of(where(sheet, "red")) == (100, 100)
    assert size_of(where(sheet, "blue")) == (100, 50)
    assert sheet.getpixel((0, 0)) == (255, 255, 255)


def test_hits_stand_in_order_after_the_framed_query():
    green = Image.new("RGB", (9, 9), "lime")
    sheet = contact_sheet([SheetRow([SheetCell(WIDE), SheetCell(green)], query=SheetCell(RED))], cell=100)
    query, frame = where(sheet, "red"), where(sheet, "#1f6feb")
    assert size_of(frame) == (104, 104)
    assert (frame[0], frame[1]) == (query[0] - 2, query[1] - 2)
    rule = where(sheet, "#c9c9c9")
    assert frame[2] < rule[0] < rule[2] < where(sheet, "blue")[0]
    assert where(sheet, "blue")[2] < where(sheet, "lime")[0]


def test_frames_tell_right_from_wrong():
    sheet = contact_sheet(
        [SheetRow([SheetCell(RED, frame=RIGHT), SheetCell(WIDE, frame=WRONG), SheetCell(RED)])], cell=100
    )
    assert size_of(where(sheet, RIGHT)) == (104, 104)
    assert size_of(where(sheet, WRONG)) == (104, 104)
    assert where(sheet, RIGHT)[2] < where(sheet, WRONG)[0]


def test_a_caption_takes_room_below_and_stays_within_its_cell():
    plain = contact_sheet([SheetRow([SheetCell(RED)])], cell=100)
    captioned = contact_sheet([SheetRow([SheetCell(RED, "0.123\n" + "long/" * 40)])], cell=100)
    assert captioned.width == plain.width
    assert captioned.height > plain.height + 15
    below = np.asarray(captioned)[where(captioned, "red")[3] + 4 :]
    assert np.any(below < 100)
    margin = where(captioned, "red")[0]
    assert np.all(below[:, : margin - 1] == 255)
    assert np.all(below[:, margin + 101 :] == 255)


def test_a_title_stands_above():
    sheet = contact_sheet([SheetRow([SheetCell(RED)])], title="nearest " * 50, cell=100)
    above = np.asarray(sheet)[: where(sheet, "red")[1]]
    assert np.any(above < 100)
    assert np.all(above[:, -10:] == 255)


def test_an_unreadable_picture_is_a_grey_cell_that_says_so(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    sheet = contact_sheet(
        [SheetRow([SheetCell(RED), SheetCell(tmp_path / "a.jpg"), SheetCell(tmp_path / "gone.jpg")])],
        cell=100,
    )
    left, top, right, bottom = where(sheet, "#e3e3e3")
    assert (right - left, bottom - top) == (212, 100)  # two cells and the gap between them
    assert np.any(np.asarray(sheet)[top:bottom, left : left + 100] < 100)


def test_tiny_pictures_are_enlarged_pixel_by_pixel():
    sheet = contact_sheet([SheetRow([SheetCell(np.array([[0, 255], [255, 0]], dtype=np.uint8))])], cell=100)
    assert set(np.unique(np.asarray(sheet))) == {0, 255}


def test_rows_stand_below_each_other_and_may_be_of_any_length():
    sheet = contact_sheet(
        [SheetRow([SheetCell(RED)]), SheetRow([]), SheetRow([SheetCell(WIDE)] * 3)], cell=100
    )
    assert where(sheet, "red")[3] < where(sheet, "blue")[1]
    assert contact_sheet([], title="nothing").mode == "RGB"


def test_a_grid_fills_rows():
    pictures = [np.full((4, 4, 3), (0, 0, 255), dtype=np.uint8)] * 5
    sheet = grid(pictures, columns=2, cell=50)
    blue = np.all(np.asarray(sheet) == (0, 0, 255), axis=2)
    assert blue.sum() == 5 * 50 * 50
    assert size_of(Image.fromarray(blue).getbbox()) == (2 * 50 + 6, 3 * 50 + 2 * 6)


def test_mistakes_of_the_caller():
    with pytest.raises(ValueError, match="cell is 8 pixels, expected 32 or more"):
        contact_sheet([], cell=8)
    with pytest.raises(ValueError, match="columns is 0, expected 1 or more"):
        grid([], columns=0)


def test_a_row_of_many_hits_goes_on_below_its_first_hits():
    green = Image.new("RGB", (9, 9), "lime")
    hits = [SheetCell(WIDE, "0.1")] * 12 + [SheetCell(green, "0.2")] * 2
    sheet = contact_sheet([SheetRow(hits, query=SheetCell(RED)), SheetRow([SheetCell(RED)])], cell=50)
    twelve = contact_sheet([SheetRow(hits[:12], query=SheetCell(RED))], cell=50)
    assert sheet.width == twelve.width
    blue, lime = where(sheet, "blue"), where(sheet, "lime")
    assert lime[0] == blue[0]
    assert size_of(lime) == (2 * 50 + 6, 50)
    assert lime[1] > blue[3]
    reds = np.all(np.asarray(sheet) == (255, 0, 0), axis=2)
    assert reds[: lime[1]].sum() == 50 * 50
    assert reds[lime[3] :].sum() == 50 * 50
    assert np.array_equal(np.asarray(sheet)[: blue[3]], np.asarray(twelve)[: blue[3]])


def test_the_length_of_lines_can_be_chosen():
    sheet = contact_sheet([SheetRow([SheetCell(WIDE)] * 100)], cell=40, columns=25)
    assert sheet.width < 25 * 50
    assert size_of(where(sheet, "blue"))[1] > 3 * 40
    with pytest.raises(ValueError, match="columns is 0, expected 1 or more"):
        contact_sheet([], columns=0)
