import re

import numpy as np
from PIL import Image

from retrieval.images import find_images
from retrieval.insight.anomalies import AnomalyDetector
from retrieval.insight.anomaly_ranking import AnomalyRanking
from retrieval.insight.heatmaps import HeatMaps, overlay


def maps_of(boards, model):
    found = {
        name: [boards / name / each.path for each in find_images(boards / name).pictures]
        for name in ("normal", "tested")
    }
    return HeatMaps(AnomalyRanking.of(AnomalyDetector.fit(found["normal"], model), found["tested"]))


def test_cold_places_stay_as_they_are_and_hot_ones_turn_red():
    picture = Image.new("RGB", (40, 20), (10, 20, 30))
    heat = np.zeros((4, 4), dtype=np.float32)
    heat[:, 2:] = 1.0
    drawn = np.asarray(overlay(picture, heat))
    assert drawn.shape == (20, 40, 3)
    assert (drawn[:, :10] == (10, 20, 30)).all()
    # A fifth of the picture, four fifths of (230, 0, 30).
    assert (drawn[:, 30:] == (186, 4, 30)).all()


def test_files_are_written_by_rank_with_the_dot_in_red(boards, model, tmp_path):
    maps = maps_of(boards, model)
    maps.save(tmp_path / "maps", 3)
    names = [f"{rank:03}-{one.path.stem}.png" for rank, one in enumerate(maps.ranking.judged[:3], start=1)]
    assert sorted(path.name for path in (tmp_path / "maps").iterdir()) == names
    drawn = Image.open(tmp_path / "maps" / names[0]).convert("RGB")
    assert drawn.size == (64, 64)
    assert (
        np.abs(np.asarray(drawn).astype(int) - np.asarray(Image.open(maps.ranking.judged[0].path))).max() > 0
    )


def test_the_page_holds_all_it_shows(boards, model):
    page = maps_of(boards, model).page(2)
    assert page.count("<section>") == 2
    assert page.count("data:image/jpeg;base64,") == 6
    assert not re.search(r"(src|href)=.(?!data:)", page)
    assert "Ranked by patches" in page
    assert ">unusual<" in page
