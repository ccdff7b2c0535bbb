"""Measure the search on real pictures and write the tables of docs/results.md.

Usage: python scripts/results.py DATA [--only grocery ...] [--limit N] [--runs RUNS] [--kept build/results]

DATA holds the folders grocery, trashnet, sign-digits (a folder a class), fashion-mnist and mnist (idx files)
with unpack.py beside them, and folders of drawings without classes in clean. Each is evaluated by
`retrieve evaluate`; its report is kept, so that --only measures one again and the tables still hold all.
RUNS/<set>/<name>, where there are any, are training runs to compare.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import mean
from typing import Any

from retrieval.evaluation import METRICS

PAGE = Path(__file__).parents[1] / "docs" / "results.md"
MARK = "<!-- What follows is written by scripts/results.py -->"
SETS = ("grocery", "trashnet", "sign-digits", "fashion-mnist", "mnist")
DRAWN = tuple(f"clean/{name}" for name in ("cutout", "glyphs", "icons", "dots300", "lines", "stars"))
FIGURES = (
    *("precision_at_1", "precision_at_5", "precision_at_10", "map", "ndcg", "knn_accuracy"),
    "self_recall_at_1",
)
COMPARED = ("latent", "pixel", "pca", "color_histogram")
FINDING_COPIES = ("copies", "latent", "pixel", "pixel_cosine")
FINDING_DRAWN = ("copies", "latent", "pixel", "pixel_l1", "pixel_cosine")

Report = dict[str, Any]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="*", choices=SETS + DRAWN, default=SETS + DRAWN)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--limit", type=int, help="unpack no more idx pictures than this of each split")
    parser.add_argument("--kept", type=Path, default=PAGE.parents[1] / "build" / "results")
    return parser.parse_args()


def measure(name: str, arguments: argparse.Namespace) -> None:
    """Evaluate one set with default settings and keep its report."""
    with tempfile.TemporaryDirectory() as temporary:
        pictures = arguments.data / name
        options: list[str | Path] = []
        if any(pictures.glob("*ubyte*")):
            unpack = [sys.executable, arguments.data / "unpack.py", name, temporary]
            limit = ["--limit", str(arguments.limit)] if arguments.limit else []
            subprocess.run([*unpack, *limit], check=True, stdout=sys.stderr)
            pictures, options = Path(temporary, "train"), ["--queries", Path(temporary, "test")]
        runs = sorted((arguments.runs / name).glob("*")) if arguments.runs else []
        options += [option for run in runs for option in ("--method", run)]
        command = ["-m", "retrieval", "evaluate", pictures, "--fit", "--json", *options]
        found = subprocess.run([sys.executable, *command], check=True, stdout=subprocess.PIPE).stdout
    kept = kept_at(name, arguments)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(found)


def cell(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return "–"
    if figure["low"] is None or figure["high"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ± {(figure['high'] - figure['low']) / 2:.3f}"


def milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def table(report: Report) -> list[str]:
    """Methods × figures, with half the width of their 95 % intervals."""
    heads = [METRICS[name].short for name in FIGURES]
    lines = [f"| method | {' | '.join(heads)} | dims | bytes | encode ms | search ms |"]
    lines.append("|---" * (len(FIGURES) + 5) + "|")
    for name, method in report["methods"].items():
        figures = [cell(method[figure]) for figure in FIGURES]
        costs = [f"{method['dim']:,}", f"{method['bytes_per_image']:,.0f}"]
        costs += [milliseconds(method[each]) for each in ("encode_ms", "search_ms")]
        title = f"**{method['title']}**" if name == "latent" else method["title"]
        lines.append(f"| {' | '.join([title, *figures, *costs])} |")
    return lines


def section(name: str, report: Report) -> list[str]:
    corpus, run = report["corpus"], report["run"]
    asked = "that are these pictures" if run["queries"] is None else "of their own"
    spent = sum(run["seconds"].values())
    facts = (
        f"{corpus['images']:,} pictures, {corpus['classes']} classes, {corpus['queries']:,} queries {asked}, "
        f"{corpus['duplicates']} duplicate files; {spent:,.0f} s in all, fitting included."
    )
    notes = [f"- {note}" for note in report["notes"]]
    return [f"## {name}", "", facts, "", *table(report), "", report["sentence"], "", *notes, ""]


def edits(reports: dict[str, Report]) -> list[str]:
    """Percent of edited pictures that find their original first, by `FINDING_COPIES`, for each set."""
    rows: dict[str, list[str]] = {}
    for report in reports.values():
        for each in report["self_retrieval"]:
            shares = [f"{each['recall_at_1'][name]['value']:.0%}" for name in FINDING_COPIES]
            rows.setdefault(each["label"], []).append(" / ".join(shares))
    heading = [f"| edit | {' | '.join(reports)} |", "|---" * (len(reports) + 1) + "|"]
    lines = [f"| {label} | {' | '.join(cells)} |" for label, cells in rows.items()]
    words = (
        "How many of the edited pictures find their original first: copies / latent / pixels, L2 / cosine."
    )
    return ["## Edited pictures", "", words, "", *heading, *lines, ""]


def drawings(reports: dict[str, Report]) -> list[str]:
    """Percent of edited drawings that find their original first, by `FINDING_DRAWN`, for each folder."""
    lines = ["| folder | pictures | for copies | latent | pixels, L2 | L1 | cosine |", "|---" * 7 + "|"]
    for name, report in reports.items():
        found = report["self_retrieval"]
        # The strengths of an edit follow each other, the mildest first.
        mildest = {each["edit"]: each for each in reversed(found)}.values()
        cells = [name, f"{report['corpus']['images']}"]
        for method in FINDING_DRAWN:
            first = ([each["recall_at_1"][method]["value"] for each in some] for some in (mildest, found))
            cells.append(" / ".join(f"{mean(shares):.1%}" for shares in first))
        lines.append(f"| {' | '.join(cells)} |")
    words = (
        "Folders of drawings without classes. How many of the edited ones find their original first: after\n"
        "the milder half of the edits, each at the first of its strengths in the table above / after all."
    )
    return ["## Drawings on a plain ground", "", words, "", *lines, ""]


def main() -> None:
    arguments = parse_arguments()
    for name in arguments.only:
        measure(name, arguments)
    reports, drawn = (kept_reports(names, arguments) for names in (SETS, DRAWN))
    lines = [line for name, report in reports.items() for line in section(name, report)] + edits(reports)
    lines += drawings(drawn)
    versions = next(iter(reports.values()))["run"]["versions"]
    lines.append(f"Measured with {', '.join(f'{name} {number}' for name, number in versions.items())}.")
    introduction = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    PAGE.write_text(f"{introduction}{MARK}\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"wrote {PAGE}")


def kept_reports(names: Iterable[str], arguments: argparse.Namespace) -> dict[str, Report]:
    paths = {name: kept_at(name, arguments) for name in names}
    return {name: json.loads(path.read_bytes()) for name, path in paths.items() if path.is_file()}


def kept_at(name: str, arguments: argparse.Namespace) -> Path:
    return Path(arguments.kept, f"{name}.json")


if __name__ == "__main__":
    main()
