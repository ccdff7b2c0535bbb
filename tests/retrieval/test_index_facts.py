from __future__ import annotations

import json

from index_store import FORMAT_VERSION
from retrieval import BuildSettings, Retriever


def test_the_facts_are_those_of_the_index(model, photos):
    facts = Retriever.build(photos, encoder=model).facts()
    assert (facts.folder, facts.directory) == (photos, photos / ".retrieve")
    assert (facts.pictures, facts.rejected) == (5, 2)
    assert (facts.encoder, facts.size, facts.dim) == ("quarters", 16, 12)
    assert (facts.metric, facts.structure, facts.fingerprint) == ("cosine", "auto", model.encoder.fingerprint)
    assert facts.bytes_per_picture == 48
    on_disk = {path for path in facts.directory.iterdir() if path.name not in {"lock", "manifest.json"}}
    assert facts.bytes_on_disk == sum(path.stat().st_size for path in on_disk)
    assert (facts.format_version, facts.generation, facts.fitted) == (FORMAT_VERSION, 1, None)


def test_what_the_encoder_was_fitted_to_is_told(stand_in_solve, photos):
    fitted = Retriever.build(photos, settings=BuildSettings(dim=12)).facts().fitted
    assert (fitted["pictures"], fitted["drawn"]) == (5, 61)


def test_the_facts_can_be_written_as_json(model, photos):
    facts = Retriever.build(photos, encoder=model).facts()
    read = json.loads(json.dumps(facts.to_json()))
    assert read["folder"] == str(photos)
    assert read["pictures"] == 5
    assert read["built"].endswith("+00:00")
