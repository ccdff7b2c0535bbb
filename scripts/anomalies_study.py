"""How well defects are told from normal pictures: fitted on half of CLEAN, DEFECT ranked against the rest.

    python scripts/anomalies_study.py CLEAN DEFECT

A defect picture belongs to the normal one of the same name up to its last "_". Defects of pictures that were
fitted to are left out. All are saved anew at other sizes as well, to see whether a score tells only the size.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from retrieval import Retriever
from retrieval.encoder import Model
from retrieval.images import find_images
from retrieval.insight.anomalies import AnomalyDetector, auroc
from retrieval.models import model_of

SIZES = (480, 800)
RESAMPLED = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clean", type=Path)
    parser.add_argument("defect", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patches-alone", action="store_true")
    options = parser.parse_args()
    clean, defect = pictures(options.clean), pictures(options.defect)
    order = np.random.default_rng(options.seed).permutation(len(clean))
    names = [sorted(clean)[row] for row in order]
    fitted, held = sorted(names[: len(names) // 2]), sorted(names[len(names) // 2 :])
    normal = [clean[name] for name in fitted]
    begun = time.perf_counter()
    model = None if options.patches_alone else autoencoder(normal, options.seed)
    solved = time.perf_counter()
    detector = AnomalyDetector.fit(normal, model, seed=options.seed)
    learnt = time.perf_counter()
    pairs = [(clean[name], defect[name]) for name in held if name in defect]
    scores = [[detector.judge(path).scores for path in pair] for pair in pairs]
    each = (time.perf_counter() - learnt) / (2 * len(pairs))
    print(
        f"{len(fitted)} fitted, {len(pairs)} + {len(pairs)} ranked at {detector.side} px; seconds: "
        f"autoencoder {solved - begun:.1f}, detector {learnt - solved:.1f}, a picture {each:.2f}; "
        f"chosen without labels: {detector.method}"
    )
    print(
        "| method | AUROC | 95 % | defect above its own clean | on synthetic defects |\n|---|---|---|---|---|"
    )
    for method in detector.methods:
        values = np.array([[one[method] for one in pair] for pair in scores])
        low, high = interval(values, options.seed)
        above = (values[:, 1] > values[:, 0]).mean()
        print(
            f"| {method} | {auroc(*values.T):.3f} | {low:.3f} to {high:.3f} | {above:.2f} "
            f"| {detector.checks[method].separation:.3f} |"
        )
    of_size(detector, pairs, scores)


def pictures(folder: Path) -> dict[str, Path]:
    """The pictures in `folder` by their names up to the last "_"."""
    return {
        Path(each.path).stem.rpartition("_")[0]: folder / each.path for each in find_images(folder).pictures
    }


def autoencoder(normal: list[Path], seed: int) -> Model:
    """The default autoencoder, fitted to the pictures at `normal`."""
    from retrieval.indexing.settings import BuildSettings

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "normal")
        folder.mkdir()
        for path in normal:
            (folder / path.name).symlink_to(path.resolve())
        with Retriever.build(folder, settings=BuildSettings(seed=seed)).index as index:
            return model_of(index)


def interval(values: np.ndarray, seed: int) -> tuple[float, float]:
    """The 95 % interval of the AUROC, pairs (n, 2) drawn again with replacement."""
    rng = np.random.default_rng(seed)
    drawn = [auroc(*values[rng.integers(len(values), size=len(values))].T) for _ in range(RESAMPLED)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def of_size(detector: AnomalyDetector, pairs: list, scores: list) -> None:
    """Print how normal pictures saved at another size rank against themselves: 0.5 if it does not show."""
    clean = [pair[0] for pair in pairs]
    with tempfile.TemporaryDirectory() as place:
        for size in SIZES:
            for path in clean:
                with Image.open(path) as picture:
                    resized = picture.resize((size, size), Image.Resampling.BICUBIC)
                resized.save(Path(place, f"{path.stem}.png"))
            anew = [detector.judge(Path(place, f"{path.stem}.png")).scores for path in clean]
            told = ", ".join(
                f"{method} {auroc([pair[0][method] for pair in scores], [one[method] for one in anew]):.3f}"
                for method in detector.methods
            )
            print(f"clean saved at {size} px against clean as it is, AUROC: {told}")


if __name__ == "__main__":
    main()
