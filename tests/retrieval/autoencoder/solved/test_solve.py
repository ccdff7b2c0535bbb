"""All of solving, with fewer atoms than the real one; `tests/test_fitting.py` runs the real one."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.autoencoder.pretrained import PretrainedEncoder
from retrieval.autoencoder.recipes import RECIPES
from retrieval.autoencoder.solved import begin as begin_module
from retrieval.autoencoder.solved import branch as branch_module
from retrieval.autoencoder.solved import solve as solve_module
from retrieval.autoencoder.solved.branch import solve_branch, sparse_codes
from retrieval.autoencoder.solved.config import choose_config
from retrieval.autoencoder.solved.copies import draw_edits, with_copies
from retrieval.autoencoder.solved.decoder import solve_decoder
from retrieval.autoencoder.solved.last_layers import solve_last_layers, solve_part
from retrieval.autoencoder.solved.lda import unit
from retrieval.autoencoder.solved.network import has_layout, layout
from retrieval.autoencoder.solved.pictures import draw_patches, draw_views
from retrieval.autoencoder.solved.pooling import Pooling
from retrieval.autoencoder.solved.solve import solve
from retrieval.autoencoder.solved.trust import weigh
from retrieval.demo import CLASSES, draw_picture
from retrieval.encoder.model import KERAS
from retrieval.progress import Progress
from retrieval.threads import use_threads


def cheap_config(size, **kind):
    config = choose_config(size, **kind)
    branches = tuple(replace(branch, atoms=min(branch.atoms, 96)) for branch in config.branches)
    return replace(config, branches=branches, content_dims=16, part_dims=16, leading_dims=12)


@pytest.fixture(scope="module")
def pictures():
    """96 pictures of 64 pixels, of eight kinds in turn."""
    kinds = list(CLASSES)[::2]
    drawn = [draw_picture(kinds[number % 8], number // 8, size=64, seed=0) for number in range(96)]
    return np.stack([np.asarray(picture) for picture in drawn])


@pytest.fixture(scope="module")
def solve_cheaply():
    """`solve` with few atoms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(begin_module, "choose_config", cheap_config)
        yield solve


@pytest.fixture(scope="module")
def small(pictures):
    """The same, of 32 pixels."""
    return pictures[:, ::2, ::2]


@pytest.fixture(scope="module")
def steps():
    """The progress of `solved`."""
    return Progress()


@pytest.fixture(scope="module")
def solved(solve_cheaply, pictures, steps):
    return solve_cheaply(pictures, seed=3, progress=steps)


@pytest.fixture(scope="module")
def solved_small(solve_cheaply, small):
    """Without a decoder."""
    return solve_cheaply(small, decoder=False)


@pytest.fixture(scope="module")
def overruled(solve_cheaply, small):
    """As `solved_small`, but asked for as aligned and with 5 dims, and as not aligned with another seed."""
    aligned = solve_cheaply(small, decoder=False, aligned=True, dim=5)
    return aligned, solve_cheaply(small, decoder=False, aligned=False, seed=4)


@pytest.mark.slow
def test_vectors_have_length_one_and_the_dims_asked_for(solved, overruled, pictures, small):
    vectors = solved.encoder.encode(pictures)
    assert vectors.shape == (96, 64)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert overruled[0].encoder.encode(small[:2]).shape == (2, 5)


@pytest.mark.slow
def test_what_runs_gives_what_keras_does(solved, pictures, tmp_path):
    path = tmp_path / KERAS
    path.write_bytes(solved.keras)
    autoencoder = keras.models.load_model(path, compile=False)
    values = pictures.astype(np.float32) / 255
    latents = autoencoder.get_layer("encoder").predict(values, verbose=0)
    assert_nearly_parallel(solved.encoder.encode(pictures), latents)
    running = solved.decoder.decode(latents) / 255.0
    np.testing.assert_allclose(running, autoencoder.predict(values, verbose=0), atol=1e-4 + 0.5 / 255)


def assert_nearly_parallel(vectors, expected):
    """The running encoder has weights of one byte; `test_network` has the layers of single precision."""
    cosines = (vectors * expected).sum(axis=1)
    assert cosines.min() > 0.97
    assert cosines.mean() > 0.99


@pytest.mark.slow
def test_another_seed_gives_another_encoder(solved_small, overruled):
    assert overruled[1].encoder.model != solved_small.encoder.model


@pytest.mark.slow
def test_through_the_recipe_branches_begin_beside_and_give_the_same_model(solved, solve_cheaply, pictures):
    again = RECIPES["solved"].fit(pictures, dim=None, seed=3, decoder=True, progress=None)
    assert again.encoder.fingerprint == solved.encoder.fingerprint
    assert again.decoder.model == solved.decoder.model


@pytest.mark.slow
@pytest.mark.parametrize(("aligned", "color_tells"), [(False, True), (True, False)])
def test_decoder_and_copies_are_solved_on_what_the_network_gives(
    solve_cheaply, monkeypatch, aligned, color_tells
):
    pictures = draw_centred(np.random.default_rng(1), color_tells=color_tells, num=160)
    solved_on = {}

    def solving(latents, *arguments, **options):
        solved_on["decoder"] = latents
        return solve_decoder(latents, *arguments, **options)

    def finding(encoder, pictures, *, seed, known):
        places = encoder.get_layer("layout").output if has_layout(encoder) else layout(encoder.input)
        network = keras.Model(encoder.input, [places, encoder.get_layer("parts").output])
        edits = draw_edits(pictures, seed=seed)
        assert [len(each) for each in known] == [len(each) for each in edits]
        expected = network.predict(edits[0].astype(np.float32) / 255, verbose=0)
        solved_on["copies"] = known[0], np.concatenate([unit(half) for half in expected], axis=1)
        return with_copies(encoder, pictures, seed=seed, known=known)

    monkeypatch.setattr(solve_module, "solve_decoder", solving)
    monkeypatch.setattr(solve_module, "with_copies", finding)
    model = solve_cheaply(pictures, dim=16, aligned=aligned)
    assert_nearly_parallel(model.encoder.encode(pictures), solved_on["decoder"])
    known, expected = solved_on["copies"]
    assert known.shape == expected.shape
    assert_nearly_parallel(unit(known), unit(expected))


@pytest.mark.slow
def test_a_cropped_picture_finds_its_original(solved, pictures):
    cropped = np.stack([picture[6:58, 4:56] for picture in pictures])
    rows = np.round(np.linspace(0, 51, 64)).astype(int)
    queries = solved.encoder.encode(cropped[:, rows][:, :, rows])
    found = np.argmax(queries @ solved.encoder.encode(pictures).T, axis=1)
    assert (found == np.arange(96)).mean() > 0.8


@pytest.mark.slow
def test_a_tinted_noisy_picture_finds_its_original_by_the_vector_for_copies(solved, pictures):
    rng = np.random.default_rng(0)
    tint, noise = rng.integers(-50, 50, size=(96, 1, 1, 3)), rng.normal(0, 30, size=pictures.shape)
    edited = np.clip(pictures + tint + noise, 0, 255).astype(np.uint8)
    originals, queries = (solved.encoder.encode_both(each) for each in (pictures, edited))
    assert originals[1].shape == (96, 95)  # 96 pictures differ in 95 directions at most
    np.testing.assert_allclose(np.linalg.norm(originals[1], axis=1), 1.0, atol=1e-5)
    by_latents, by_copies = (
        (np.argmax(asked @ known.T, axis=1) == np.arange(96)).mean()
        for asked, known in zip(queries, originals, strict=True)
    )
    assert by_copies > 0.8
    assert by_copies > by_latents


@pytest.mark.slow
def test_the_decoder_comes_near_the_pictures_it_was_solved_on(solved, pictures):
    reconstructed = solved.decoder.decode(solved.encoder.encode(pictures)).astype(float)
    error = np.mean((reconstructed - pictures) ** 2)
    assert error < 0.3 * np.mean((pictures.mean(axis=0) - pictures) ** 2)


@pytest.mark.slow
def test_the_same_pictures_and_seed_give_the_same_model_on_any_number_of_threads(
    solved, solve_cheaply, pictures
):
    use_threads(3)
    again = solve_cheaply(pictures, seed=3)
    use_threads(None)
    assert again.encoder.fingerprint == solved.encoder.fingerprint
    assert again.decoder.model == solved.decoder.model


@pytest.mark.slow
def test_without_a_decoder_the_keras_file_is_the_encoder(solved_small, small):
    assert solved_small.decoder is None
    network = PretrainedEncoder.of(solved_small).network
    expected = network.predict(small[:5].astype(np.float32) / 255, verbose=0)
    assert_nearly_parallel(solved_small.encoder.encode(small[:5]), expected)


@pytest.fixture(scope="module")
def few_patches():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(branch_module, "_LEAST_PATCHES", 600)
        yield


@st.composite
def plain_pictures(draw):
    """2 to 9 pictures of 32 pixels: drawn, flat, nearly flat, or repeated."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    kind = draw(st.sampled_from(["constant", "flat", "one pixel", "bits", "dots", "two", "repeated"]))
    pictures = np.full(
        (draw(st.integers(2, 9)), 32, 32, 3), draw(st.sampled_from([0, 1, 128, 255])), np.uint8
    )
    if kind == "flat":
        pictures[:] = rng.integers(256, size=(len(pictures), 1, 1, 3))
    elif kind == "one pixel":
        pictures[0, 5, 7, 1] ^= 1
    elif kind == "bits":
        pictures ^= rng.integers(2, size=pictures.shape, dtype=np.uint8)
    elif kind == "dots":
        for picture in pictures:
            top, left = rng.integers(28, size=2)
            picture[top : top + 4, left : left + 4] = rng.integers(256, size=3)
    elif kind == "two":
        pictures[::2] = rng.integers(256, size=(32, 32, 3))
    elif kind == "repeated":
        pictures[:] = np.asarray(draw_picture(next(iter(CLASSES)), 0, size=32, seed=0))
    return pictures


@given(plain_pictures(), st.booleans())
@settings(max_examples=12, deadline=None)
def test_any_pictures_have_finite_weights(few_patches, pictures, aligned):
    config = cheap_config(32, aligned=aligned)
    rng = np.random.default_rng(0)
    views = draw_views(4, least_side=0.5, mirror=True, rng=rng)
    parts = []
    for branch in config.branches:
        solved = solve_branch(pictures, replace(branch, atoms=32), config, seed=0)
        # In place of maps, which take Keras: codes of 36 patches of each picture.
        patches = draw_patches(pictures, branch, 36, rng)
        codes = sparse_codes(solved.whitening.apply(patches), solved.atoms, branch.threshold)
        maps = unit(codes @ solved.content.weights + solved.content.bias)
        pooling = Pooling(views, maps.shape[1:], grid=2, pair_dims=8)
        for pool in (pooling.cells, pooling.pairs):
            parts.append(solve_part(branch, np.stack([pool(each) for each in maps]), config))
            assert all(np.isfinite(weights).all() for weights in parts[-1].agreement)
        assert all(np.isfinite(weights).all() for weights in (*solved.whitening, *solved.content))
    chosen, weights, _ = weigh(parts, config, np.arange(len(pictures)))
    last = solve_last_layers(chosen, weights, config, dim=8)
    assert all(
        np.isfinite(each).all() for each in (*last.joint, *last.neighbors, *last.gathering, *last.latent)
    )


def draw_centred(rng, *, color_tells, num=240, kinds=20):
    """Striped discs of 32 pixels at one place; each direction of its own colour, or of any."""
    rows, columns = np.mgrid[:32, :32] - 15.5
    own = rng.uniform(60, 230, size=(kinds, 3))
    pictures = np.full((num, 32, 32, 3), 20.0)
    for number, picture in enumerate(pictures):
        angle = np.pi * (number % kinds) / kinds
        waves = np.sin(np.cos(angle) * rows + np.sin(angle) * columns + rng.uniform(0, 6))
        color = own[number % kinds] if color_tells else rng.uniform(60, 230, size=3)
        disc = np.hypot(rows, columns) < 14
        picture[disc] = color * (0.8 + 0.3 * waves[disc, None])
    return np.clip(pictures + rng.normal(scale=3, size=pictures.shape), 0, 255).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("color_tells", [True, False])
def test_aligned_pictures_keep_colors_where_they_tell_things_apart(solve_cheaply, color_tells):
    pictures = draw_centred(np.random.default_rng(0), color_tells=color_tells)
    details = solve_cheaply(pictures, decoder=False).encoder.description.details
    assert (details["aligned"], details["colors"]) == (True, color_tells), details


@pytest.mark.parametrize("light_tells", [True, False])
def test_the_layout_counts_where_it_bears_out_what_other_parts_say(light_tells):
    rng = np.random.default_rng(0)
    kinds = np.arange(400) % 8
    features = 2.0 * rng.normal(size=(8, 1, 30))[kinds] + rng.normal(size=(400, 1, 30))
    config = cheap_config(32, aligned=True)
    views = draw_views(4, least_side=config.least_side, mirror=False, rng=rng)
    seen = features + 0.2 * rng.normal(size=(400, len(views), 30))
    parts = [solve_part(config.branches[0], seen.astype(np.float16), config)]
    lights = rng.integers(256, size=(8, 4, 4))[kinds] if light_tells else rng.integers(256, size=(400, 4, 4))
    noisy = np.clip(lights + rng.normal(scale=20, size=lights.shape), 0, 255).astype(np.uint8)
    pictures = noisy.repeat(8, axis=1).repeat(8, axis=2)[..., None].repeat(3, axis=3)
    weights = np.ones(1, dtype=np.float32)
    without = solve_last_layers(parts, weights, config, dim=16)
    assert without.gathering_foretold > 0.5
    kept, counts = solve_module._with_layout_if_useful(without, parts, weights, pictures, views, config)
    assert len(kept) == len(counts) == 1 + light_tells


def draw_spots(rng, *, num=270, places=9):
    """A spot of 32 pixels of any size and light at one of nine places, on a noisy ground of any light."""
    at = np.arange(num) % places
    rows, columns = (8 + 8 * part + rng.normal(scale=1.2, size=num) for part in (at // 3, at % 3))
    down, across = np.mgrid[:32, :32]
    apart = (down - rows[:, None, None]) ** 2 + (across - columns[:, None, None]) ** 2
    sizes, grounds, lights = (rng.uniform(*ends, size=(num, 1, 1)) for ends in ((2, 4), (40, 80), (60, 140)))
    seen = grounds + lights * np.exp(-apart / 2 / sizes**2) + rng.normal(scale=6, size=apart.shape)
    return np.clip(seen, 0, 255).astype(np.uint8)[..., None].repeat(3, axis=3), at


@pytest.mark.slow
def test_where_place_alone_tells_the_layout_is_a_part_though_nothing_is_aligned(solve_cheaply, solved):
    pictures, places = draw_spots(np.random.default_rng(0))
    encoder = solve_cheaply(pictures, decoder=False).encoder
    details = encoder.description.details
    assert (details["aligned"], details["layout"]) == (False, True), details
    assert not solved.encoder.description.details["layout"]
    vectors = encoder.encode(pictures)
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -1)
    assert (places[similar.argmax(axis=1)] == places).mean() > 0.98


@pytest.mark.slow
def test_what_lies_on_each_other_is_found_in_other_colors(solve_cheaply, monkeypatch):
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:32, :32] - 15.5
    angles, places = rng.uniform(0, np.pi, size=(60, 1, 1)), rng.uniform(-6, 6, size=(2, 60, 1, 1))
    discs = np.hypot(rows - places[0], columns - places[1]) < rng.uniform(4, 12, size=(60, 1, 1))
    along = np.cos(angles) * rows + np.sin(angles) * columns
    waves = np.sin(rng.uniform(0.3, 1.5, size=(60, 1, 1)) * along)
    pictures, own = [], rng.uniform(0, 200, size=(2, 60, 1, 1, 3))
    for _ in range(2):
        colors, stripes = 0.5 * own + 0.5 * rng.uniform(0, 200, size=own.shape)
        striped = colors + (waves[..., None] > 0) * (stripes - colors)
        seen = np.where(discs[..., None], striped, 250.0) + rng.normal(scale=3, size=(60, 32, 32, 3))
        pictures.append(np.clip(seen, 0, 255).astype(np.uint8))
    seen = np.concatenate(pictures)

    def found():
        encoder = solve_cheaply(seen, decoder=False).encoder
        vectors = encoder.encode(seen)
        similar = vectors @ vectors.T
        np.fill_diagonal(similar, -1)
        right = similar.argmax(axis=1) == (np.arange(120) + 60) % 120
        return float(right.mean()), encoder.description.details

    with_them, details = found()
    assert details["lookalikes"] > 0.2
    monkeypatch.setattr(begin_module, "find_lookalikes", lambda _: None)
    without, details = found()
    assert "lookalikes" not in details
    assert with_them > without + 0.2, (with_them, without)


@pytest.mark.slow
def test_what_latents_find_distinctly_near_counts_as_views_too(solve_cheaply, monkeypatch):
    kinds = list(CLASSES)[1::2]
    drawn = [draw_picture(kinds[number % 8], number // 8, size=32, seed=0) for number in range(240)]
    pictures = np.stack([np.asarray(picture) for picture in drawn])
    known = []

    def solving(*arguments, lookalikes=None, **options):
        known.append(lookalikes)
        return solve_last_layers(*arguments, lookalikes=lookalikes, **options)

    monkeypatch.setattr(solve_module, "solve_last_layers", solving)
    details = solve_cheaply(pictures, decoder=False).encoder.description.details
    without, found = known
    assert without is None
    assert details["latent_lookalikes"] == round(found.share, 3) > 0.05
    first, second = found.pairs.T
    assert (first % 8 == second % 8).mean() > 0.8


@pytest.mark.slow
def test_a_person_can_overrule_the_alignment(overruled):
    assert [model.encoder.description.details["aligned"] for model in overruled] == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["alike", "grey", "two"])
def test_strange_folders_give_finite_vectors(solve_cheaply, small, kind):
    strange = {
        "alike": np.repeat(small[:1], 70, axis=0),
        "grey": small[..., :1].repeat(3, axis=3),
        "two": small[:2],
    }[kind]
    assert np.isfinite(solve_cheaply(strange).encoder.encode(strange)).all()


@pytest.mark.slow
def test_what_is_done_is_told(solved, steps):
    assert list(steps.seconds) == [
        "solve the branches",
        "solve the layers",
        "solve for copies",
        "export",
        "solve the decoder",
    ]
    details = solved.encoder.description.details
    assert (details["aligned"], details["fitted_on"], details["seed"]) == (False, 96, 3)


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (np.zeros((5, 64, 64), dtype=np.uint8), "expected"),
        (np.zeros((5, 48, 48, 3), dtype=np.uint8), "S 32 or 64"),
        (np.zeros((5, 32, 32, 3), dtype=np.float32), "uint8"),
        (np.zeros((1, 32, 32, 3), dtype=np.uint8), "2 or more"),
    ],
)
def test_other_pictures_are_refused(pictures, message):
    with pytest.raises(ValueError, match=message):
        solve(pictures)
