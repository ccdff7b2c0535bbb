"""No label reaches the encoder: not from names of folders, not from names of files, not from their order."""

import shutil

import numpy as np
import pytest

from retrieval import sample
from retrieval.demo import draw_corpus
from retrieval.indexing.settings import BuildSettings
from retrieval.retriever import Retriever


def shuffled_copy(folder, target):
    """The same files under other names in folders drawn anew."""
    random = np.random.default_rng(7)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    labels = [path.parent.name for path in paths]
    for number, (path, label) in enumerate(
        zip(random.permutation(paths), random.permutation(labels), strict=True)
    ):
        (target / label).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target / label / f"{number}{path.suffix}")
    return target


def latents(folder, directory):
    retriever = Retriever.build(folder, index=directory, settings=BuildSettings(seed=3, decoder=False))
    return {row.sha256: retriever.index.vectors([row.id])[0] for row in retriever.index.catalog.rows()}


@pytest.mark.slow
def test_fitting_to_label_shuffled_copies_gives_identical_latents(tmp_path, few_atoms, monkeypatch):
    monkeypatch.setattr(sample, "LEAST", 2)  # no drawn pictures
    draw_corpus(tmp_path / "first", images=32, size=32)
    shuffled_copy(tmp_path / "first", tmp_path / "second")
    first = latents(tmp_path / "first", tmp_path / "first index")
    second = latents(tmp_path / "second", tmp_path / "second index")
    assert first.keys() == second.keys()
    assert len(first) == 32
    for content, vector in first.items():
        np.testing.assert_array_equal(vector, second[content])
