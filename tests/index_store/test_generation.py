import numpy as np
import pytest

from index_store import Index, IndexDamaged, generation
from index_store.generation import Generation
from index_store.manifest import Manifest
from index_store.searchers import approximate

RING = np.array([[np.cos(angle), np.sin(angle)] for angle in np.arange(200) / 30], dtype=np.float32)


@pytest.fixture
def searched(directory):
    """A directory with a saved index that has a search structure."""

    def make(structure):
        with Index.create(directory, 2, metric="l2", structure=structure) as index:
            index.add(RING)
            index.save()
        return directory

    return make


def test_a_reader_goes_on_in_the_generation_that_it_opened(saved):
    old = Index.open(saved)
    with Index.open(saved, writable=True) as writer:
        writer.add([[9, 9]])
        writer.save()
    with Index.create(saved, 2, metric="l2") as rebuilt:
        rebuilt.add([[5, 5]])
        rebuilt.save()
    assert sorted(path.name for path in saved.glob("*.sqlite")) == ["catalog.generation-3.sqlite"]
    assert len(old) == 4
    assert old.search([[1, 0]], k=1).ids.tolist() == [[0]]
    assert old.vectors([2]).tolist() == [[-1, 0]]
    assert [row.path for row in old.catalog.rows()] == ["a.png", "b.png", "c.png", "d.png"]
    assert Index.open(saved).vectors().tolist() == [[5, 5]]


def test_a_reader_that_is_overtaken_while_opening_opens_the_new_generation(saved, monkeypatch):
    sound = generation.check_files

    def overtake(*arguments):
        monkeypatch.setattr(generation, "check_files", sound)
        with Index.create(saved, 2, metric="l2") as rebuilt:
            rebuilt.add([[5, 5]])
            rebuilt.save()
        sound(*arguments)

    monkeypatch.setattr(generation, "check_files", overtake)
    assert Index.open(saved).vectors().tolist() == [[5, 5]]


def test_arrays_handed_out_outlive_the_index(saved):
    index = Index.open(saved)
    vectors, ids = index.vectors(), index.ids
    index.close()
    assert vectors.tolist() == [[1, 0], [0, 1], [-1, 0], [0, -1]]
    assert ids.tolist() == [0, 1, 2, 3]


def test_an_array_cut_short_after_the_check_is_damage(saved):
    manifest = Manifest.read(saved)
    (saved / manifest.files["vectors.f32"].path).write_bytes(b"\0" * 8)
    with pytest.raises(IndexDamaged, match=r"vectors\.generation-1\.f32"):
        Generation(saved, manifest)


def test_a_saved_structure_is_loaded_not_built(searched, monkeypatch):
    directory = searched("hnsw")
    monkeypatch.delattr(approximate.ApproximateSearcher, "build")
    index = Index.open(directory)
    assert index._opened().searcher().name == "HNSW32,Flat"
    assert Index.open(directory).search(RING[7:8], k=1).ids.tolist() == [[7]]


def remove(path):
    path.unlink()


def cut(path):
    path.write_bytes(path.read_bytes()[:-3])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("wreck", [remove, cut, flip])
@pytest.mark.parametrize("check", ["quick", "full"])
def test_where_a_structure_is_missing_or_damaged_every_vector_is_compared(searched, wreck, check):
    directory = searched("hnsw")
    wreck(directory / "search.generation-1.faiss")
    index = Index.open(directory, check=check)
    assert index.search(RING[[7, 150]], k=1).ids.tolist() == [[7], [150]]
    assert "search.generation-1.faiss is missing or damaged" in index._opened().searcher().reason


def test_a_large_structure_is_compared_in_full_before_faiss_sees_it(searched, monkeypatch):
    directory = searched("hnsw")
    flip(directory / "search.generation-1.faiss")
    monkeypatch.setattr("faiss.read_index", None)
    assert Index.open(directory).search(RING[7:8], k=1).ids.tolist() == [[7]]


def test_a_structure_that_holds_the_first_vectors_is_used_for_them(searched, tmp_path):
    directory = searched("hnsw")
    with Index.open(directory, writable=True) as index:
        stale = (directory / "search.generation-1.faiss").read_bytes()
        index.add([[9, 9]])
        index.save()
    (directory / "search.generation-2.faiss").write_bytes(stale)
    assert Index.open(directory).search([[9, 9]], k=1).ids.tolist() == [[200]]


def test_a_structure_is_loaded_once(searched):
    index = Index.open(searched("hnsw"))
    content = index._opened()
    assert content.searcher() is content.searcher()
