from datetime import datetime, timezone

from index_store import Index
from retrieval import Retriever
from retrieval.indexing.made import is_in_force


def test_an_index_made_in_the_same_way_in_the_same_second_is_not_the_one_in_force(
    photos, model, tmp_path, monkeypatch
):
    moment = datetime(2025, 1, 31, tzinfo=timezone.utc)
    monkeypatch.setattr("index_store.index.now", lambda: moment)
    for name in ("before", "refit"):
        Retriever.build(photos, index=tmp_path / name, encoder=model)
    begun = Index.open(tmp_path / "refit")
    with Index.open(tmp_path / "before", writable=True) as before:
        assert not is_in_force(begun, before)
        before.adopt(tmp_path / "refit")
        assert is_in_force(begun, before)
