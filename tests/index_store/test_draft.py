from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from index_store import IndexDamaged, OptionInvalid
from index_store.draft import Draft, now
from index_store.manifest import Manifest
from index_store.swap import swap


def test_now_is_utc_to_the_second():
    assert now().microsecond == 0
    assert now().utcoffset() == timedelta(0)
    assert abs(now() - datetime.now(timezone.utc)) < timedelta(seconds=2)


def test_a_draft_begins_behind_what_was_saved(saved):
    manifest = Manifest.read(saved)
    draft = Draft.extend(saved, manifest)
    assert draft.manifest.generation == 2
    assert set(draft.manifest.files) == {"encoder.tflite"}
    assert draft.manifest.rows == 4
    np.testing.assert_array_equal(draft.ids, [0, 1, 2, 3])
    assert len(list(draft.catalog.rows())) == 4
    draft.close()


def test_an_append_that_is_interrupted_is_written_over(saved, make_row, monkeypatch):
    def interrupt(**_):
        raise KeyboardInterrupt

    draft = Draft.extend(saved, Manifest.read(saved))
    with monkeypatch.context() as patch:
        patch.setattr(draft, "_change", interrupt)
        with pytest.raises(KeyboardInterrupt):
            draft.append(np.float32([[7, 7], [8, 8]]), [make_row("y.png"), make_row("z.png")])
    assert draft.append(np.float32([[9, 9]]), [make_row("z.png")]).tolist() == [4]
    assert draft.vectors[4:].tolist() == [[9, 9]]
    assert [row.path for row in draft.catalog.rows()][4:] == ["z.png"]
    draft.close()


def test_rows_of_an_interrupted_append_are_not_saved(saved, make_row, monkeypatch):
    draft = Draft.extend(saved, Manifest.read(saved))
    draft.catalog.add([make_row("z.png")], [4])
    draft.seal()
    assert len(list(draft.catalog.rows())) == 4
    draft.close()
    swap(saved)
    assert Manifest.read(saved).generation == 2


@pytest.mark.parametrize("name", ["vectors.generation-1.f32", "ids.generation-1.i64"])
def test_an_altered_file_is_not_gone_on_with(saved, name):
    manifest = Manifest.read(saved)
    content = bytearray((saved / name).read_bytes())
    content[5] ^= 1
    (saved / name).write_bytes(content)
    with pytest.raises(IndexDamaged, match=f"{name} was altered"):
        Draft.extend(saved, manifest)


def test_a_source_that_cannot_be_read_is_named(saved, tmp_path):
    draft = Draft.extend(saved, Manifest.read(saved))
    with pytest.raises(OptionInvalid, match=r"cannot attach .*nowhere\.bin: No such file"):
        draft.attach("extra.bin", tmp_path / "nowhere.bin")
    assert "extra.bin" not in draft.manifest.files
    draft.close()
