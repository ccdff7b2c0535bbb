"""Measure what docs/autoencoders.md answers, on MNIST and Fashion-MNIST in idx files.

    python scripts/autoencoder_study.py QUESTION --data DIR [--work DIR] [--images 20000] [--epochs 6]

QUESTION is one of the names below, or `all`; DIR holds mnist/ and fashion-mnist/. Trained networks are kept
in the work folder and used again. Every table is printed as Markdown.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from retrieval.autoencoder.corruption import Corruption
from retrieval.autoencoder.options import TrainingOptions
from retrieval.autoencoder.run import Run
from retrieval.encoder import Model
from retrieval.evaluation import LabelledVectors, measure_ranking
from retrieval.pca import PCA

SETS = ("mnist", "fashion-mnist")
NOISES = (0.0, 0.3, 0.5, 0.8, 1.0)
LABELS = (10, 100, 1000)
TESTED = 10_000


@dataclass(frozen=True)
class Study:
    data: Path
    work: Path
    images: int
    epochs: int

    def pictures(self, name: str, split: str) -> np.ndarray:
        grey = read_idx(self.data / name / f"{split}-images-idx3-ubyte.gz")
        chosen = grey[: self.images if split == "train" else TESTED]
        return np.repeat(chosen[..., None], 3, axis=-1)

    def labels(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Those of the training pictures, and those of the test pictures."""
        files = (self.data / name / f"{split}-labels-idx1-ubyte.gz" for split in ("train", "t10k"))
        train, test = map(read_idx, files)
        return train[: self.images], test[:TESTED]

    def model(self, name: str, options: TrainingOptions, *, images: int | None = None) -> Model:
        """The network that `options` give on the data set `name`, trained now or by an earlier call."""
        chosen = replace(self, images=images or self.images)
        return chosen.trained(name, options, lambda: chosen.pictures(name, "train"), channels=1)

    def trained(
        self, name: str, options: TrainingOptions, pictures: Callable[[], np.ndarray], *, channels: int
    ) -> Model:
        values = {key: value for key, value in options.to_dict().items() if key != "fine_tune"}
        tag = "-".join(str(value) for value in values.values()).replace("None-", "")
        folder = self.work / f"{name}-{self.images}-{tag}"
        if (folder / "encoder.tflite").exists():
            return Model.open(folder)
        from retrieval.autoencoder.training import train

        shutil.rmtree(folder, ignore_errors=True)
        return train(pictures(), options, Run.create(folder, {}), channels=channels)

    def solved(self, name: str, pictures: Callable[[], np.ndarray]) -> Model:
        """The default encoder, solved from 3,000 pictures of the data set `name`."""
        folder = self.work / f"{name}-solved"
        if not (folder / "encoder.tflite").exists():
            from retrieval.autoencoder.solved.solve import solve

            solve(pictures()[:3000], dim=64).save(folder)
        return Model.open(folder)

    def options(self, architecture: str, **others: object) -> TrainingOptions:
        return TrainingOptions(
            architecture, **{"epochs": self.epochs, "batch_size": 64, "size": 28, **others}
        )  # type: ignore[arg-type]


def tutorials(study: Study) -> None:
    """The two figures that the tutorials report."""
    strided = study.options("conv-strided", noise=0.8, epochs=9, batch_size=50)
    pool = study.options("conv-pool", noise=0.5, epochs=20, batch_size=128)
    test = study.pictures("mnist", "t10k")
    model = study.model("mnist", strided, images=60_000)
    strided_error = error(through(model, test), test)
    print(f"conv-strided, noise 0.8, 9,720 steps of 50: MSE on clean input {strided_error:.5f}")
    noisy = Corruption(noise=0.5, grey=True).apply(test)
    model = study.model("mnist", pool, images=60_000)
    before, after = decibels(error(noisy, test)), decibels(error(through(model, noisy), test))
    gain = f"PSNR {before:.2f} -> {after:.2f} dB, gain {after - before:.2f} dB"
    print(f"conv-pool, noise 0.5, 20 epochs: {gain}")


def dense(study: Study) -> None:
    """Dense against convolutional, at the same dims, beside PCA."""
    rows = []
    for dims in (20, 64):
        for name in SETS:
            test, train = study.pictures(name, "t10k"), study.pictures(name, "train")
            components = PCA.fit(flat(train), dims)
            pca = np.clip(components.reconstruct(flat(test)), 0, 1)
            models = [
                study.model(name, study.options(kind, latent_dim=dims, loss="mse"))
                for kind in ("dense", "conv")
            ]
            errors = [error(through(model, test), test) for model in models]
            rows.append([name, dims, float(np.mean((pca - flat(test)) ** 2)), *errors])
    table(["set", "dims", "PCA", "dense", "conv"], rows, digits=5)


def upscaling(study: Study) -> None:
    """Up-sampling against transposed convolution."""
    rows = []
    for name in SETS:
        for upscaling in ("up-sampling", "transposed"):
            test = study.pictures(name, "t10k")
            model = study.model(name, study.options("conv-pool", upscaling=upscaling))
            noisy = Corruption(noise=0.5, grey=True).apply(test)
            denoiser = study.model(name, study.options("conv-pool", upscaling=upscaling, noise=0.5))
            errors = [error(through(each, given), test) for each, given in ((model, test), (denoiser, noisy))]
            rows.append([name, upscaling, *errors])
    table(["set", "decoder", "MSE", "MSE, denoising 0.5"], rows, digits=5)


def noise(study: Study) -> None:
    """Trained at one strength of noise, tested at others."""
    rows = []
    for name in SETS:
        test = study.pictures(name, "t10k")
        inputs = [Corruption(noise=strength, grey=True).apply(test) for strength in NOISES]
        rows.append([name, "(input)", *[decibels(error(each, test)) for each in inputs]])
        for strength in (0.0, 0.3, 0.8):
            model = study.model(name, study.options("conv-pool", noise=strength))
            rows.append([name, strength, *[decibels(error(through(model, each), test)) for each in inputs]])
    table(["set", "trained at", *[f"tested at {strength}" for strength in NOISES]], rows, digits=2)


def cover(study: Study) -> None:
    """A part of the picture covered: what comes back."""
    rows = []
    for name in SETS:
        test = study.pictures(name, "t10k")
        for share in (0.25, 0.33):
            covered = Corruption(occlude=share).apply(test)
            hidden = (covered == 0) & (test > 0)
            before = [decibels(error(covered, test)), decibels(error(covered[hidden], test[hidden]))]
            rows.append([name, share, "(input)", *before])
            for kind, trained in (("conv", 0.0), ("conv-pool", share), ("conv", share)):
                model = study.model(name, study.options(kind, occlude=trained))
                out = through(model, covered)
                label = f"{kind}, trained at {trained}"
                after = [decibels(error(out, test)), decibels(error(out[hidden], test[hidden]))]
                rows.append([name, share, label, *after])
    table(["set", "covered", "network", "PSNR, whole", "PSNR, what was covered"], rows, digits=2)


def labels(study: Study) -> None:
    """Logistic regression on a few labelled latents: is pre-training worth it?"""
    rows = []
    for name in SETS:
        train, test = study.pictures(name, "train"), study.pictures(name, "t10k")
        truth = study.labels(name)
        for label, encode in spaces(study, name, train).items():
            seen, unseen = encode(train[:5000]), encode(test)
            scores = [accuracy(seen, unseen, truth, count) for count in LABELS]
            rows.append([name, label, seen.shape[1], *scores])
    table(["set", "space", "dims", *[f"{count} labels" for count in LABELS]], rows, digits=3)


def spaces(study: Study, name: str, train: np.ndarray) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    components = PCA.fit(flat(train), 64)
    trained = {
        "conv, trained end to end": study.model(name, study.options("conv", latent_dim=64, loss="mse")),
        "conv, not trained": study.model(name, study.options("conv", learning_rate=1e-12, epochs=1)),
        "dense, trained end to end": study.model(name, study.options("dense", latent_dim=64, loss="mse")),
    }
    solved = study.solved(name, lambda: enlarged(train[:3000]))
    return {
        "pixels": flat,
        "PCA": lambda pictures: components.transform(flat(pictures)).astype(np.float32),
        **{label: model.encoder.encode for label, model in trained.items()},
        "solved layer by layer": lambda pictures: solved.encoder.encode(enlarged(pictures)),
    }


def accuracy(seen: np.ndarray, unseen: np.ndarray, truth: Sequence[np.ndarray], count: int) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    scores = []
    for seed in range(10 if count < 1000 else 3):
        rows = np.random.default_rng(seed).permutation(len(seen))
        # As many of each class as of any other: with ten labels, one each.
        chosen = np.concatenate([rows[truth[0][rows] == label][: count // 10] for label in range(10)])
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
        scores.append(model.fit(seen[chosen], truth[0][chosen]).score(unseen, truth[1]))
    return float(np.mean(scores))


def search(study: Study) -> None:
    """Each architecture as the encoder of an index; cosine but for pixels."""
    train, test = study.pictures("fashion-mnist", "train"), study.pictures("fashion-mnist", "t10k")[:2000]
    truth = study.labels("fashion-mnist")
    components = PCA.fit(flat(train), 64)
    kinds = {
        "dense": study.options("dense"),
        "conv-pool": study.options("conv-pool"),
        "conv-strided": study.options("conv-strided"),
        "conv": study.options("conv", latent_dim=64, loss="mse"),
    }
    methods: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "pixels": flat,
        "PCA": lambda pictures: components.transform(flat(pictures)).astype(np.float32),
    }
    for kind, options in kinds.items():
        methods[kind] = study.model("fashion-mnist", options).encoder.encode
    solved = study.solved("fashion-mnist", lambda: enlarged(train[:3000]))
    methods["solved"] = lambda pictures: solved.encoder.encode(enlarged(pictures))
    rows = []
    for name, encode in methods.items():
        database, queries = encode(train), encode(test)
        metric = "l2" if name == "pixels" else "cosine"
        asked = LabelledVectors(queries, truth[1][:2000].astype(np.int64))
        searched = LabelledVectors(database, truth[0].astype(np.int64))
        measured = measure_ranking(asked, searched, metric=metric)
        figures = [float(measured.micro(each).value) for each in ("precision_at_1", "precision_at_10", "map")]
        rows.append([name, database.shape[1], *figures])
    table(["space", "dims", "P@1", "P@10", "mAP"], rows, digits=3)


QUESTIONS = {each.__name__: each for each in (tutorials, dense, upscaling, noise, cover, labels, search)}


def read_idx(path: Path) -> np.ndarray:
    """The array in a gzipped idx file of unsigned bytes."""
    raw = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(raw, ">i4", count=raw[3], offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def enlarged(pictures: np.ndarray) -> np.ndarray:
    """Pictures of 28 pixels as the solved encoder takes them, of 32."""
    from retrieval.images import load

    return np.stack([load(picture, 32) for picture in pictures])


def flat(pictures: np.ndarray) -> np.ndarray:
    return pictures[..., 0].reshape(len(pictures), -1).astype(np.float32) / 255


def through(model: Model, pictures: np.ndarray) -> np.ndarray:
    return model.require_decoder().decode(model.encoder.encode(pictures))


def error(pictures: np.ndarray, reference: np.ndarray) -> float:
    """Mean squared error on values of 0 to 1."""
    return float(np.mean((pictures.astype(np.float32) - reference) ** 2)) / 255**2


def decibels(squared_error: float) -> float:
    return float(-10 * np.log10(max(squared_error, 1e-12)))


def table(header: Sequence[str], rows: Sequence[Sequence[object]], *, digits: int) -> None:
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for row in rows:
        numbers = [isinstance(cell, float) and cell > 1e-9 for cell in row]
        texts = zip(row, numbers, strict=True)
        cells = [f"{cell:.{digits}f}" if is_number else str(cell) for cell, is_number in texts]
        print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("question", choices=[*QUESTIONS, "all"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("study"))
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=6)
    options = parser.parse_args()
    study = Study(options.data, options.work, options.images, options.epochs)
    for name, question in QUESTIONS.items():
        if options.question in {name, "all"}:
            print(f"\n### {name}: {question.__doc__}\n", flush=True)
            question(study)


if __name__ == "__main__":
    main()
