"""How well `retrieve duplicates` finds edited copies in a folder, beside a perceptual hash on the same pairs.

Draws pictures of FOLDER by content, edits each of them in four ways (10 % cut off each side, JPEG of quality
30, half the size, a colour cast of 20 %), and looks for copies among all pictures and all edited ones. Two
pictures are copies if they come from the same contents; a group says so of all its members.

python scripts/duplicates_study.py photos/ --originals 500
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

import numpy as np

from retrieval import BuildSettings, Retriever
from retrieval.evaluation.edits import EDITS
from retrieval.images import find_images, open_picture
from retrieval.insight.duplicates import find_duplicates
from retrieval.progress import Progress

EDITED = {"crop": 0.9, "JPEG": 30, "scale": 0.5, "colour cast": 0.2}
LIMITS = (0, 2, 4, 6, 8, 10, 12)


def make(folder: Path, pictures: Path, count: int) -> None:
    """All pictures of `folder`, and the edited ones; names begin with the number of the file."""
    for name in ("originals", "edited"):
        (pictures / name).mkdir(parents=True)
    paths = sorted(file.path for file in find_images(folder).pictures)
    for number, path in enumerate(paths):
        shutil.copyfile(folder / path, pictures / "originals" / f"{number:05}{Path(path).suffix}")
    drawn = np.sort(np.random.default_rng(0).permutation(len(paths))[:count])
    for number in drawn.tolist():
        content = (folder / paths[number]).read_bytes()
        digest, picture = hashlib.sha256(content).hexdigest(), open_picture(content)
        for edit in EDITS:
            if edit.name in EDITED:
                edited = edit.apply(picture, EDITED[edit.name], content=digest)
                name = f"{number:05}-{edit.name.replace(' ', '-')}"
                kind = {"suffix": ".jpg", "quality": 30} if edit.name == "JPEG" else {"suffix": ".png"}
                edited.save((pictures / "edited" / name).with_suffix(kind.pop("suffix")), **kind)


def scores(files: list[Path], pairs: Iterable[tuple[int, int]]) -> tuple[float, float, int, dict[str, float]]:
    """Precision of `pairs`, recall of all pairs of an original and its edited copy, in all and by edit."""
    contents = {file.name[:5]: file.read_bytes() for file in files if file.parent.name == "originals"}
    # Files of the same contents are copies of each other, whatever their numbers.
    origin = [hashlib.sha256(contents[file.name[:5]]).hexdigest() for file in files]
    told = {(min(pair), max(pair)) for pair in pairs}
    right = sum(origin[one] == origin[other] for one, other in told)
    originals = {file.name[:5]: at for at, file in enumerate(files) if file.parent.name == "originals"}
    found: dict[str, list[bool]] = {}
    for at, file in enumerate(files):
        if file.parent.name == "edited":
            pair = sorted((at, originals[file.name[:5]]))
            found.setdefault(file.stem[6:], []).append(tuple(pair) in told)
    by_edit = {name: float(np.mean(values)) for name, values in sorted(found.items())}
    recall = float(np.mean([each for values in found.values() for each in values]))
    return right / max(1, len(told)), recall, len(told), by_edit


def hash_pairs(files: list[Path]) -> dict[int, list[tuple[int, int]]]:
    """The pairs within each of some Hamming distances of the perceptual hash, 64 bits."""
    import imagehash

    hashes = np.array(
        [imagehash.phash(open_picture(file)).hash.reshape(-1) for file in files], dtype=np.float32
    )
    signs = 2 * hashes - 1
    pairs: dict[int, list[tuple[int, int]]] = {limit: [] for limit in LIMITS}
    for start in range(0, len(files), 512):
        distances = np.rint((signs.shape[1] - signs[start : start + 512] @ signs.T) / 2)
        for limit in LIMITS:
            near = np.argwhere(distances <= limit) + np.array([start, 0])
            pairs[limit] += [(one, other) for one, other in near.tolist() if one < other]
    return pairs


def show(name: str, measured: tuple[float, float, int, dict[str, float]]) -> None:
    precision, recall, count, by_edit = measured
    edits = " | ".join(f"{value:.3f}" for value in by_edit.values())
    print(f"| {name} | {precision:.4f} | {recall:.3f} | {edits} | {count:,} |", flush=True)


def study(folder: Path, work: Path, count: int) -> None:
    pictures, index = work / "pictures", work / "index"
    if not pictures.exists():
        make(folder, pictures, count)
    if not index.exists():
        Retriever.build(pictures, index=index, settings=BuildSettings(decoder=False))
    retriever, progress = Retriever.open(index), Progress()
    begun = perf_counter()
    found = find_duplicates(retriever, progress=progress)
    seconds = perf_counter() - begun
    files = [retriever.folders / row.path for row in retriever.index.catalog.rows()]
    place = {file: at for at, file in enumerate(files)}
    groups = [
        sorted(place[each.path] for each in (group.kept, *(copy.picture for copy in group.copies)))
        for group in found.groups
    ]
    told = [(one, other) for group in groups for one in group for other in group if one < other]
    ours = scores(files, told)
    print(f"{len(files):,} pictures, {found.num_pairs:,} pairs compared, {seconds:.0f} s: ", end="")
    print(", ".join(f"{name} {spent:.1f}" for name, spent in progress.seconds.items()))
    print(found.limits.in_words() if found.limits else "")
    print(f"| | precision | recall | {' | '.join(ours[3])} | pairs |\n|---|{'---|' * (len(ours[3]) + 3)}")
    show("retrieve duplicates", ours)
    for limit, pairs in hash_pairs(files).items():
        show(f"phash within {limit} of 64", scores(files, pairs))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--originals", type=int, default=500)
    parser.add_argument("--work", type=Path, help="Keep pictures and index here, or use those that are here.")
    asked = parser.parse_args()
    if asked.work is not None:
        study(asked.folder, asked.work, asked.originals)
        return
    with tempfile.TemporaryDirectory() as work:
        study(asked.folder, Path(work), asked.originals)


if __name__ == "__main__":
    main()
