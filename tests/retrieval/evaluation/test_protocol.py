"""The evaluation as a whole, on small folders."""

import json
import math
import shutil

import numpy as np
import pytest
from PIL import Image

from index_store import Index, OptionInvalid
from retrieval.errors import LabelsInvalid, NoPictures
from retrieval.evaluation import (
    EvaluationSettings,
    LabelledVectors,
    Labelling,
    Method,
    evaluate,
    measure_ranking,
)
from retrieval.evaluation.chance import chance_values
from retrieval.evaluation.dataset import Dataset
from retrieval.evaluation.method import fixed_methods
from retrieval.evaluation.protocol import fitted_rows, with_own_names
from retrieval.evaluation.query_values import MetricChoice
from retrieval.retriever import Retriever

QUICK = EvaluationSettings(sample=0)
KEYS = ["latent", "pixel", "pixel_l1", "pixel_cosine", "pca", "color_histogram", "phash", "chance"]


@pytest.fixture(scope="module")
def report(retriever):
    return evaluate(retriever, settings=EvaluationSettings(sample=4))


def nan_to_none(value):
    return None if math.isnan(value) else value


def test_the_figures_of_the_latents_are_those_of_the_vectors_in_the_index(report, retriever):
    vectors, labels = np.array(retriever.index.vectors()), np.repeat([0, 1, 2], 6)
    pictures = LabelledVectors(vectors, labels)
    expected = measure_ranking(pictures, pictures, metric="cosine", exclude=np.arange(18))
    for name in ("map", "precision_at_1", "precision_at_10", "ndcg", "knn_accuracy", "recall_at_5"):
        assert report.methods["latent"].figures[name].value == pytest.approx(expected.micro(name).value), name
        assert report.methods["latent"].macro[name] == pytest.approx(expected.macro(name).value), name


def test_pixels_are_searched_by_all_three_metrics(report, swatches):
    paths = sorted(swatches.rglob("*.png"))
    images = [Image.open(path).resize((32, 32), Image.Resampling.BICUBIC, reducing_gap=3.0) for path in paths]
    pixels = np.stack([np.asarray(image).ravel() for image in images]).astype(np.float64)
    pictures = LabelledVectors(pixels, np.repeat([0, 1, 2], 6))
    for name, metric in (("pixel", "l2"), ("pixel_l1", "l1"), ("pixel_cosine", "cosine")):
        expected = measure_ranking(pictures, pictures, metric=metric, exclude=np.arange(18))
        assert report.methods[name].figures["map"].value == pytest.approx(expected.micro("map").value), name
    best = max(KEYS[1:4], key=lambda name: report.methods[name].figures["map"].value)
    assert report.best_pixel == best


def test_chance_is_what_guessing_gives(report):
    expected = chance_values(np.array([5]), np.array([17]), MetricChoice())
    chance = report.methods["chance"]
    for name in ("map", "precision_at_1", "recall_at_10", "ndcg"):
        assert chance.figures[name].value == pytest.approx(expected[name][0])
    assert chance.figures["knn_accuracy"].value == pytest.approx(5 / 17, abs=0.05)
    assert chance.figures["self_recall_at_1"].value == pytest.approx(1 / 18)


def test_the_report_has_the_keys_that_programs_read(report):
    content = report.to_json()
    assert list(content["methods"]) == KEYS
    for method in content["methods"].values():
        for name in ("precision_at_1", "precision_at_5", "precision_at_10", "recall_at_1", "recall_at_10"):
            assert set(method[name]) == {"value", "low", "high"}
        for name in ("map", "ndcg", "knn_accuracy"):
            assert method[name]["low"] <= method[name]["value"] <= method[name]["high"]
        assert {"dim", "bytes_per_image", "encode_ms", "search_ms", "macro"} <= set(method)
    assert set(content["difference"]["map"]) == {"value", "low", "high"}
    assert content["verdict"] in {"better", "worse", "no difference that these pictures can show"}
    corpus = content["corpus"]
    assert (corpus["images"], corpus["classes"], corpus["queries"], corpus["duplicates"]) == (18, 3, 18, 0)
    assert {"seed", "versions", "encoder", "seconds"} <= set(content["run"])
    assert len(corpus["fingerprint"]) == 64
    json.dumps(content, allow_nan=False)


def test_the_difference_is_that_of_the_means(report):
    latent, pixel = report.methods["latent"], report.methods["pixel"]
    difference = report.difference.figures["map"]
    assert difference.value == pytest.approx(latent.figures["map"].value - pixel.figures["map"].value)
    assert set(report.differences) == set(KEYS) - {"latent", "chance"}


def test_the_costs_are_those_of_the_vectors(report):
    sizes = {name: (method.dim, method.bytes_per_image) for name, method in report.methods.items()}
    assert sizes["latent"] == sizes["pca"] == (12, 48)
    assert (sizes["pixel"], sizes["phash"], sizes["chance"]) == ((3072, 3072), (64, 8), (0, 0))
    assert report.methods["chance"].search_ms is None
    assert all(method.encode_ms > 0 for name, method in report.methods.items() if name != "chance")


def test_edited_pictures_are_measured_for_every_method(report):
    assert len(report.edits) == 26
    assert all(set(each.recall_at_1) == set(KEYS) - {"chance"} for each in report.edits)
    easy = next(each for each in report.edits if each.label == "JPEG, quality 30")
    assert easy.recall_at_1["pixel"].value == 1.0
    noise, occlusion = report.curves
    assert (noise.edit, noise.quality, len(noise.strengths)) == ("noise", "precision_at_1", 11)
    assert (occlusion.strengths[0], occlusion.strengths[-1]) == (0.0, 0.75)
    assert all(len(points) == 11 for points in noise.points.values())
    # Of the pixel methods, L2 and whichever does best.
    pixels = {name for name in noise.points if name.startswith("pixel")}
    assert pixels == {"pixel", report.best_pixel}


def test_examples_show_where_latent_search_wins_and_loses(report):
    wins, losses = report.examples["wins"], report.examples["losses"]
    assert all(example.gain > 0 for example in wins)
    assert all(example.gain < 0 for example in losses)
    assert len(report.examples["random"]) == 6
    for example in (*wins, *losses, *report.examples["random"]):
        assert len(example.latent) == len(example.pixel) == 7
        assert example.path not in {answer.path for answer in example.latent}
        assert all(answer.right == (answer.label == example.label) for answer in example.pixel)


def test_the_same_evaluation_again_is_the_same(report, retriever):
    again = evaluate(retriever, settings=EvaluationSettings(sample=4)).to_json()
    first = report.to_json()
    for content in (first, again):
        for method in content["methods"].values():
            method["encode_ms"] = method["search_ms"] = None
        content["run"]["time"] = content["run"]["seconds"] = None
    assert again == first


def test_without_classes_edited_pictures_find_their_originals(swatches, build, tmp_path):
    for number, path in enumerate(sorted(swatches.rglob("*.png"))):
        shutil.copy(path, tmp_path / f"{number}.png")
    report = evaluate(build(tmp_path), settings=EvaluationSettings(sample=5))
    content = report.to_json()
    assert content["methods"]["latent"]["map"] == {"value": None, "low": None, "high": None}
    assert report.judged_by == "self_mrr"
    assert 0.0 < report.methods["latent"].figures["self_mrr"].value <= 1.0
    assert report.difference.figures["self_mrr"].value == pytest.approx(
        report.methods["latent"].figures["self_mrr"].value - report.methods["pixel"].figures["self_mrr"].value
    )
    assert report.curves[0].quality == "self_recall_at_1"
    assert report.curves[0].points["pixel"][0].value == 1.0
    assert (content["corpus"]["classes"], content["corpus"]["queries"]) == (0, 5)
    assert all(example.edit and example.path for example in report.examples["random"])
    assert "reciprocal rank" in report.sentence


def test_queries_of_their_own_are_asked_and_their_faults_reported(retriever, draw, tmp_path, swatches):
    queries = draw(tmp_path / "queries", each=2, seed=9)
    shutil.copy(swatches / "grass" / "1.png", queries / "grass" / "copy.png")
    (queries / "brick" / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (queries / "stray.png").write_bytes((queries / "brick" / "0.png").read_bytes())
    settings = EvaluationSettings(sample=0, queries=queries)
    report = evaluate(retriever, settings=settings)
    corpus = report.corpus
    assert (corpus.images, corpus.queries, corpus.unlabelled) == (18, 7, 1)
    assert (corpus.duplicates.across, corpus.duplicates.within) == (1, 0)
    assert corpus.duplicates.pairs == (("grass/copy.png", "grass/1.png"),)
    assert [path for path, _ in corpus.unreadable] == ["brick/cut.png"]
    assert any("1 file repeats the content of another" in note for note in report.notes)
    assert any("brick/cut.png" in note for note in report.notes)
    strict = EvaluationSettings(sample=0, queries=queries, exclude_duplicates=True)
    apart = evaluate(retriever, settings=strict)
    assert apart.corpus.duplicates_excluded
    answers = [example.pixel[0].path for example in report.examples["random"] if "copy" in example.path]
    assert answers in ([], ["grass/1.png"])
    assert any("kept from answering each other" in note for note in apart.notes)


def test_queries_without_classes_cannot_be_asked(retriever, swatches, tmp_path):
    for number, path in enumerate(sorted(swatches.rglob("*.png"))[:3]):
        shutil.copy(path, tmp_path / f"{number}.png")
    report = evaluate(retriever, settings=EvaluationSettings(sample=2, queries=tmp_path))
    assert (report.judged_by, report.corpus.queries, report.corpus.unlabelled) == ("self_mrr", 2, 3)
    assert any("the queries were not asked" in note for note in report.notes)


def test_queries_from_the_folder_itself_do_not_find_themselves(retriever, swatches):
    own = evaluate(retriever, settings=QUICK)
    asked = evaluate(retriever, settings=EvaluationSettings(sample=0, queries=swatches))
    for name in KEYS[:-1]:
        assert asked.methods[name].figures["map"] == own.methods[name].figures["map"]
    assert any("none was allowed to find its own file" in note for note in asked.notes)


def test_classes_can_come_from_a_table(retriever, swatches):
    table = {f"{name}/{number}.png": str(number % 2) for name in ("brick", "grass") for number in range(6)}
    settings = EvaluationSettings(sample=0, labelling=Labelling(table=table))
    report = evaluate(retriever, settings=settings)
    assert (report.corpus.classes, report.corpus.queries, report.corpus.unlabelled) == (2, 12, 6)
    assert any("6 pictures have no class" in note for note in report.notes)


@pytest.mark.parametrize(
    ("labelling", "words"),
    [
        (Labelling(table={"other.jpg": "a"}), r"names none of the 18 pictures in .*swatches"),
        (Labelling(depth=3), r"none of the 18 pictures in .*swatches lies 3 folders deep"),
    ],
)
def test_labels_for_no_picture_are_refused(retriever, labelling, words):
    with pytest.raises(LabelsInvalid, match=words):
        evaluate(retriever, settings=EvaluationSettings(labelling=labelling))


def test_another_encoder_takes_part_under_a_name_of_its_own(retriever, model_folder):
    other = Method.open(model_folder)
    same = Method.of(retriever.encoder, name="pca", title="again")
    report = evaluate(retriever, settings=EvaluationSettings(sample=0, methods=(other, same)))
    assert list(report.methods)[-3:] == ["model", "pca_2", "chance"]
    latent = report.methods["latent"].figures["map"]
    assert report.methods["model"].figures["map"].value == pytest.approx(latent.value)
    assert report.differences["model"].figures["map"].value == pytest.approx(0.0)


def test_names_are_made_different(retriever):
    method = Method.of(retriever.encoder, name="a", title="a")
    named = with_own_names([method, method, method, Method.of(retriever.encoder, name="chance", title="c")])
    assert [each.name for each in named] == ["a", "a_2", "a_3", "chance_2"]


def test_classes_of_one_picture_and_of_unequal_size_are_told(draw, build, tmp_path):
    folder = draw(tmp_path / "uneven", each=5)
    for number in range(1, 5):
        (folder / "water" / f"{number}.png").unlink()
    report = evaluate(build(folder), settings=QUICK)
    assert report.corpus.single_classes == ("water",)
    assert (report.corpus.images, report.corpus.queries, report.corpus.fewest, report.corpus.most) == (
        11,
        10,
        1,
        5,
    )
    assert any("1 classes have a single picture (water)" in note for note in report.notes)
    assert any("Classes are of unequal size (1 to 5 pictures)" in note for note in report.notes)
    # 10 answers each: the cut-offs are as they were asked for.
    assert not any("cut-offs" in note for note in report.notes)


def test_fewer_pictures_than_the_cut_off_are_told(draw, build, tmp_path):
    report = evaluate(build(draw(tmp_path / "few", each=2)), settings=QUICK)
    assert any("cut-offs were lowered: 10 as 5" in note for note in report.notes)


def test_folders_of_one_name_in_two_places_are_told(draw, build, tmp_path):
    draw(tmp_path / "both" / "a", each=2)
    draw(tmp_path / "both" / "b", each=2, seed=1)
    report = evaluate(build(tmp_path / "both"), settings=QUICK)
    assert report.corpus.classes == 3
    assert any("count as one class (brick, grass, water)" in note for note in report.notes)


def test_with_one_picture_a_class_the_verdict_is_about_the_edits(build, paint, tmp_path):
    random = np.random.default_rng(0)
    for number in range(30):
        colors = random.integers(0, 256, (4, 3)).tolist()
        paint(tmp_path / "singles" / f"class {number}" / "1.png", *map(tuple, colors))
    retriever = build(tmp_path / "singles")
    report = evaluate(retriever, settings=EvaluationSettings(sample=8))
    assert (report.judged_by, report.corpus.classes, report.corpus.queries) == ("self_mrr", 30, 8)
    assert math.isfinite(report.difference.figures["self_mrr"].value)
    assert "the reciprocal rank of an edited picture's original" in report.sentence
    assert report.notes[-1] == (
        "No class has two pictures, so nothing was measured by class: what is measured is whether an "
        "edited picture finds its original."
    )
    nothing = evaluate(retriever, settings=QUICK)
    assert nothing.sentence == (
        "There was nothing to measure: no class has two pictures, and none were edited."
    )


def test_queries_of_classes_that_the_pictures_do_not_have_are_told(retriever, draw, tmp_path):
    queries = draw(tmp_path / "queries", each=2, seed=9)
    for name in ("brick", "grass", "water"):
        (queries / name).rename(queries / f"other {name}")
    report = evaluate(retriever, settings=EvaluationSettings(sample=3, queries=queries))
    assert (report.judged_by, report.corpus.queries) == ("self_mrr", 3)
    assert "the reciprocal rank of an edited picture's original" in report.sentence
    assert any(
        "No query has a class that the pictures have, so the queries were not asked" in note
        for note in report.notes
    )


def test_baselines_can_be_chosen_and_pixels_are_always_there(retriever, report):
    chosen = evaluate(retriever, settings=EvaluationSettings(sample=0, baselines=("color_histogram",)))
    assert list(chosen.methods) == ["latent", "pixel", "color_histogram", "chance"]
    for name, method in chosen.methods.items():
        assert method.figures["map"] == report.methods[name].figures["map"]
    with pytest.raises(OptionInvalid, match="baseline is 'pixels', expected one of pixel, pixel_l1"):
        EvaluationSettings(baselines=("pixels",))


def test_what_differs_in_colour_is_found_by_every_method(build, paint, tmp_path):
    colors = [("warm", (255, 0, 0)), ("warm", (255, 60, 0)), ("cold", (0, 0, 255)), ("cold", (0, 60, 255))]
    for number, (kind, color) in enumerate(colors):
        paint(tmp_path / "two" / kind / f"{number}.png", color)
    settings = EvaluationSettings(sample=0, baselines=("pixel", "color_histogram"))
    report = evaluate(build(tmp_path / "two"), settings=settings)
    for name in ("latent", "pixel"):
        # One relevant picture of three; the cut-off of ten falls to three.
        figures = report.methods[name].figures
        found = [figures[each].value for each in ("precision_at_1", "precision_at_10", "map")]
        assert found == pytest.approx([1.0, 1 / 3, 1.0])


@pytest.mark.parametrize("by", [{}, {"by": "retrieve train"}])
def test_whoever_fitted_the_encoder_to_the_pictures_it_is_told(draw, build, tmp_path, by):
    folder = draw(tmp_path / "pictures", each=3)
    retriever = build(folder)
    caveat = "Encoder and PCA were fitted to these pictures, without their classes"
    assert not any(caveat in note for note in evaluate(retriever, settings=QUICK).notes)
    paths = [f"{name}/{number}.png" for name in ("brick", "grass") for number in range(3)]
    before, fitted = retriever.index, {"pictures": 6, "drawn": 0, "note": None, **by}
    with Index.create(
        before.directory,
        before.dim,
        encoder=before.manifest.encoder,
        settings={**before.settings, "fitted": fitted},
    ) as index:
        for name in before.attachments:
            index.attach(name, before.attachment(name))
        index.attach("fitted.json", json.dumps({"pictures": paths}).encode())
        index.add(before.vectors(), list(before.catalog.rows()))
        index.save()
    again = Retriever.open(retriever.index.directory)
    report = evaluate(again, settings=QUICK)
    assert any(caveat in note for note in report.notes)
    assert report.to_json()["run"]["fitted"] == fitted
    assert fitted_rows(again, collected(folder)).tolist() == list(range(6))


def test_misspelt_rows_of_the_table_are_counted_and_named(retriever):
    table = {f"{name}/{number}.png": name for name in ("brick", "grass") for number in range(6)}
    settings = EvaluationSettings(sample=0, labelling=Labelling(table={**table, "brick/1.pgn": "brick"}))
    report = evaluate(retriever, settings=settings)
    assert report.to_json()["corpus"]["unmatched_labels"] == {"count": 1, "first": ["brick/1.pgn"]}
    assert any("1 row of the table of labels names no picture (brick/1.pgn)" in note for note in report.notes)


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_pictures_have_a_report_too(build, paint, tmp_path, count):
    for number in range(count):
        paint(tmp_path / "tiny" / f"{number}.png", (255 * number, 90, 20))
    report = evaluate(build(tmp_path / "tiny"), settings=EvaluationSettings(sample=3))
    assert report.corpus.images == count
    assert report.verdict == "no difference that these pictures can show"
    json.dumps(report.to_json(), allow_nan=False)
    if count == 1:
        assert report.sentence == (
            "There was nothing to measure: the pictures have no classes, and none were edited."
        )


def test_pictures_that_are_not_in_the_index_are_encoded_anew(draw, build, tmp_path):
    folder = draw(tmp_path / "grown", each=2)
    retriever = build(folder)
    draw(folder / "new", each=1, seed=5)
    report = evaluate(retriever, settings=QUICK)
    assert report.corpus.images == 9
    assert any("3 pictures are not in the index" in note for note in report.notes)


def test_black_pictures_that_the_index_refuses_are_searched_like_others(draw, build, tmp_path, paint):
    folder = draw(tmp_path / "dark", each=2)
    paint(folder / "brick" / "black.png", (0, 0, 0))
    report = evaluate(build(folder), settings=EvaluationSettings(sample=2))
    assert report.corpus.images == 7
    assert np.isfinite(report.methods["latent"].figures["map"].value)


def test_the_fingerprint_is_that_of_contents_and_classes_not_of_names(retriever, build, swatches, tmp_path):
    renamed = tmp_path / "renamed"
    for path in swatches.rglob("*.png"):
        (renamed / "deeper" / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, renamed / "deeper" / path.parent.name / f"x{path.name}")
    first = evaluate(retriever, settings=QUICK).corpus.fingerprint
    assert evaluate(build(renamed), settings=QUICK).corpus.fingerprint == first
    (renamed / "deeper" / "brick" / "x0.png").rename(renamed / "deeper" / "grass" / "y0.png")
    assert evaluate(build(renamed), settings=QUICK).corpus.fingerprint != first


def test_a_folder_without_pictures_is_refused(retriever, tmp_path):
    with pytest.raises(NoPictures, match="no file in it is a picture"):
        evaluate(retriever, tmp_path)
    with pytest.raises(NoPictures, match="there is no such folder"):
        evaluate(retriever, settings=EvaluationSettings(queries=tmp_path / "missing"))


@pytest.fixture
def fitted(stand_in_solve, swatches, tmp_path):
    """An index whose encoder was fitted to the swatches, with what was drawn to have enough of them."""
    return Retriever.build(swatches, index=tmp_path / "index")


def collected(folder):
    return Dataset.load(folder, Labelling(), fixed_methods())


def test_what_else_is_fitted_is_fitted_to_the_same_pictures(fitted, swatches):
    for number in (3, 4):
        (swatches / "new").mkdir(exist_ok=True)
        path = swatches / "new" / f"{number}.bmp"
        path.write_bytes((swatches / "brick" / "0.png").read_bytes())
    try:
        pictures = collected(swatches)
        assert [pictures.paths[row] for row in fitted_rows(fitted, pictures)] == [
            path for path in pictures.paths if not path.startswith("new")
        ]
    finally:
        for path in (swatches / "new").iterdir():
            path.unlink()
        (swatches / "new").rmdir()


def test_other_pictures_are_all_taken_up_to_a_bound_by_their_contents(fitted, draw, tmp_path, monkeypatch):
    pictures = collected(draw(tmp_path / "others", each=3, seed=8))
    assert fitted_rows(fitted, pictures).tolist() == list(range(9))
    monkeypatch.setattr("retrieval.evaluation.protocol.MOST_FITTED", 4)
    chosen = fitted_rows(fitted, pictures)
    assert [pictures.contents[row] for row in np.sort(chosen)] == [
        content for content in pictures.contents if content in sorted(pictures.contents)[:4]
    ]


@pytest.mark.parametrize(("name", "value"), [("sample", -1), ("sample", 2.5), ("neighbours", 0)])
def test_counts_that_are_none_are_refused(name, value):
    with pytest.raises(OptionInvalid, match=f"{name} is {value}, expected"):
        EvaluationSettings(**{name: value})


def test_the_path_of_an_index_is_to_be_opened_first(photos):
    with pytest.raises(OptionInvalid, match=r"a path: open it with Retriever\.open first"):
        evaluate(photos)
