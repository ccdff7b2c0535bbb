import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from retrieval.encoder import Model
from retrieval.errors import DecoderMissing, ImageUnreadable, NoPictures
from retrieval.images import find_images
from retrieval.insight.anomalies import AnomalyDetector, auroc
from retrieval.insight.anomaly_ranking import AnomalyRanking


def paths_in(folder):
    return [folder / each.path for each in find_images(folder).pictures]


@pytest.fixture
def detector(boards, model):
    return AnomalyDetector.fit(paths_in(boards / "normal"), model)


def test_pictures_with_a_dot_come_first(detector, boards):
    ranking = AnomalyRanking.of(detector, paths_in(boards / "tested"))
    assert [one.path.parent.name for one in ranking.judged] == ["bad"] * 4 + ["good"] * 4
    assert ranking.auroc(lambda path: path.parent.name == "bad")["patches"] == 1.0
    assert [ranking.marks(one) for one in ranking.judged[:4]] == [["unusual"]] * 4


def test_the_map_is_hot_at_the_dot(detector, boards):
    heat = detector.heats(boards / "tested" / "bad" / "16.png")["patches"]
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert 14 <= 4 * row + 2 <= 26
    assert 38 <= 4 * column + 2 <= 50


def test_the_method_is_the_one_that_tells_synthetic_defects_better(detector):
    checks = detector.checks
    assert set(checks) == {"patches", "reconstruction"}
    assert checks[detector.method].separation == max(check.separation for check in checks.values())
    assert all(0 < check.middle <= check.usual for check in checks.values())


def test_reconstruction_is_what_the_autoencoder_loses(boards, model, tmp_path, paint):
    detector = AnomalyDetector.fit(paths_in(boards / "normal"), model)
    # The tests' model keeps the mean colour of each quarter; shrinking blurs the edges between them a little.
    kept = paint(tmp_path / "kept.png", (255, 0, 0), (0, 255, 0), size=(64, 64))
    assert detector.judge(kept).scores["reconstruction"] < 0.05
    assert detector.judge(boards / "normal" / "00.png").scores["reconstruction"] > 0.1


def test_without_a_model_there_are_patches_alone(boards):
    detector = AnomalyDetector.fit(paths_in(boards / "normal"))
    assert detector.methods == ("patches",)
    assert detector.method == "patches"
    assert set(detector.judge(boards / "tested" / "good" / "12.png").scores) == {"patches"}


def test_a_picture_saved_at_another_size_gets_nearly_the_same_score(tmp_path):
    rng, scores = np.random.default_rng(0), {}
    paths = [tmp_path / f"{number}.png" for number in range(13)]
    for path in paths:
        coarse = Image.fromarray(rng.integers(0, 256, size=(10, 10, 3), dtype=np.uint8))
        coarse.resize((160, 160), Image.Resampling.BICUBIC).save(path)
    detector = AnomalyDetector.fit(paths[:12])
    assert detector.side == 160
    for side in (160, 240, 400):
        again = tmp_path / f"{side}-px.png"
        Image.open(paths[12]).resize((side, side), Image.Resampling.BICUBIC).save(again)
        scores[side] = detector.judge(again).scores["patches"]
    assert scores[160] > 0.1
    assert scores[240] == pytest.approx(scores[160], rel=0.03)
    assert scores[400] == pytest.approx(scores[160], rel=0.03)


def test_pictures_are_compared_at_a_size_that_few_are_below(boards, tmp_path):
    detector = AnomalyDetector.fit(paths_in(boards / "normal"))
    assert detector.side == 64
    Image.open(boards / "normal" / "00.png").resize((40, 80)).save(tmp_path / "small.png")
    assert detector.judge(tmp_path / "small.png").is_small
    assert not detector.judge(boards / "normal" / "00.png").is_small


def test_large_pictures_are_compared_at_320_pixels(tmp_path, paint):
    colors = [(number * 40, 0, 90) for number in range(4)]
    paths = [paint(tmp_path / f"{color[0]}.png", color, size=(700, 500)) for color in colors]
    assert AnomalyDetector.fit(paths).side == 320


def test_a_normal_picture_is_not_compared_with_itself(boards):
    strange = boards / "normal" / "strange.png"
    Image.open(boards / "tested" / "bad" / "17.png").save(strange)
    detector = AnomalyDetector.fit(paths_in(boards / "normal"))
    ranking = AnomalyRanking.of(detector, paths_in(boards / "normal"), among_normal=True)
    assert ranking.judged[0].path == strange


def test_files_that_cannot_be_read_are_told(detector, boards):
    broken = boards / "tested" / "broken.png"
    broken.write_bytes((boards / "normal" / "00.png").read_bytes()[:60])
    ranking = AnomalyRanking.of(detector, [broken, boards / "normal" / "00.png"])
    assert [failure.path for failure in ranking.failures] == [str(broken)]
    assert len(ranking.judged) == 1
    with pytest.raises(ImageUnreadable, match=r"broken\.png"):
        detector.judge(broken)


def test_too_few_normal_pictures_are_refused(boards):
    with pytest.raises(NoPictures, match="3 can be read, expected 4 normal ones or more"):
        AnomalyDetector.fit(paths_in(boards / "normal")[:3])


def test_a_model_without_a_decoder_is_refused_at_once(boards, model):
    with pytest.raises(DecoderMissing):
        AnomalyDetector.fit(paths_in(boards / "normal"), Model(model.encoder))


def test_pictures_of_one_kind_have_no_roc_curve(detector, boards):
    ranking = AnomalyRanking.of(detector, paths_in(boards / "tested"))
    assert ranking.auroc(bool) == {}


def test_the_area_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    normal, anomalous = rng.integers(0, 9, size=40), rng.integers(3, 12, size=25)
    expected = roc_auc_score([0] * 40 + [1] * 25, [*normal, *anomalous])
    assert auroc(normal, anomalous) == pytest.approx(expected)
