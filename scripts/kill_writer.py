"""Kill a writer at random instants, and check that nothing that was saved is lost, doubled or mismatched.

    python scripts/kill_writer.py [--kills 1000] [--seed 0]

A process adds, removes, renames, rejects, attaches, saves, compacts and adopts at random, and is killed
(SIGKILL) after a random time; a reader that opened the index meanwhile must go on seeing what it opened. Then
the index must hold exactly one of the states that the writer was about to save, and none older than the last
one that it had saved. Another writer goes on from there. POSIX only.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from index_store import Index, RejectedFile, Row, verify

DIM, COPY_DIM = 6, 2
# In memory, where a save takes a tenth of the time: a killed process leaves there what it leaves on a disk.
QUICK = Path("/dev/shm")
State = dict[str, Any]


def vector_of(content: int, dim: int) -> list[float]:
    """The vector of some contents."""
    return [float((content * (at + 3) * 2654435761) % 1009) for at in range(dim)]


def row_of(content: int, path: str, **facts: Any) -> Row:
    """The row of some contents."""
    return Row(path, content, 10**18 + content, f"{content:064x}", 8, 6, **facts)


def state_of(index: Index) -> State:
    """All that an index holds; every row is checked against its vectors on the way."""
    rows = list(index.catalog.rows())
    contents = [int(row.sha256, 16) for row in rows]
    assert [row.id for row in rows] == index.ids.tolist()
    for array, dim in ((index.vectors(), DIM), (index.copies(), COPY_DIM)):
        assert array.tolist() == [vector_of(content, dim) for content in contents]
    assert [row.size for row in rows] == contents
    paths = [row.path for row in rows]
    assert len(set(paths)) == len(paths)
    return {
        "rows": [
            [row.id, row.path, content, dict(row.metadata)]
            for row, content in zip(rows, contents, strict=True)
        ],
        "rejected": [[each.path, each.reason] for each in index.catalog.rejected()],
        "attached": {name: index.attachment(name).read_text() for name in index.attachments},
        "step": index.settings.get("step", 0),
    }


class Writer:
    """Changes an index at random for ever, and tells what it is about to save."""

    def __init__(self, directory: Path, log: Path, seed: int) -> None:
        """Open the index for writing."""
        self.directory, self.random = directory, random.Random(seed)
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.index = Index.open(directory, writable=True)
        self.highest = self.index.manifest.next_id

    def tell(self, **what: Any) -> None:
        """Write one line to the log."""
        os.write(self.log, json.dumps(what).encode() + b"\n")

    def run(self) -> None:
        """Change and save until killed."""
        while True:
            for _ in range(self.random.randint(1, 4)):
                self.change()
            step = self.index.settings.get("step", 0) + 1
            self.index.set_settings({"step": step})
            self.tell(about_to_save=state_of(self.index))
            act = self.random.choice([self.index.save] * 5 + [self.index.compact, self.adopt])
            act()
            self.tell(saved=self.index.settings["step"])

    def change(self) -> None:
        """One change."""
        held = self.index.ids.tolist()
        some = self.random.sample(held, min(len(held), self.random.randint(0, 9)))
        acts = [self.add, self.add, self.add, self.rename, self.reject, self.attach, self.index.remove]
        act = self.index.remove if len(held) > 300 else self.random.choice(acts)
        if act == self.rename:
            self.rename(some)
        elif act == self.index.remove:
            self.index.remove(held[::2] if len(held) > 300 else some)
        else:
            act()

    def add(self) -> None:
        """Add vectors with rows."""
        contents = [self.random.getrandbits(40) for _ in range(self.random.randint(0, 40))]
        ids = self.index.add(
            np.reshape([vector_of(content, DIM) for content in contents], (-1, DIM)),
            [row_of(content, f"{content}.png") for content in contents],
            copies=np.reshape([vector_of(content, COPY_DIM) for content in contents], (-1, COPY_DIM)),
        )
        assert all(row_id >= self.highest for row_id in ids), "an id was given twice"
        self.highest = self.index.manifest.next_id

    def rename(self, ids: list[int]) -> None:
        """Rename some files, and let two swap their names."""
        rows = self.index.catalog.rows_of(ids)
        paths = [row.path for row in rows]
        renamed = paths[1:2] + paths[:1] + [f"renamed-{self.random.getrandbits(40)}.png" for _ in paths[2:]]
        self.index.update_rows(
            [
                dataclasses.replace(row, path=path, metadata={"was": row.path})
                for row, path in zip(rows, renamed[: len(rows)], strict=True)
            ]
        )

    def reject(self) -> None:
        """Reject some files, and forget others."""
        for number in range(self.random.randint(1, 4)):
            self.index.reject(RejectedFile(f"broken-{number}.png", str(self.random.random()), 1, 2))
        self.index.forget_rejected(["broken-2.png"])

    def attach(self) -> None:
        """Attach a file, or detach it."""
        if "model.bin" in self.index.attachments and self.random.random() < 0.3:
            self.index.detach("model.bin")
        else:
            self.index.attach("model.bin", str(self.random.random()).encode())

    def adopt(self) -> None:
        """Build an index of the same files in a subdirectory, and take it over."""
        refit = self.directory / "refit"
        step = self.index.settings["step"]
        with Index.create(refit, DIM, metric="l2", copy_dim=COPY_DIM, settings={"step": step}) as other:
            rows = list(self.index.catalog.rows())
            other.add(self.index.vectors(), rows, copies=self.index.copies())
            other.save()
            moved = {**state_of(other), "step": step}
        # What an earlier writer that was killed left there may have moved them already.
        first = moved["rows"][0][0] if moved["rows"] else 0
        for row in moved["rows"]:
            row[0] += max(0, self.highest - first)
        self.tell(about_to_save=moved)
        self.index.adopt(refit)
        self.highest = self.index.manifest.next_id


def write_until_killed(directory: Path, log: Path, seed: int) -> int:
    """Start a writer in a process of its own; returns its id."""
    if process := os.fork():
        return process
    try:
        Writer(directory, log, seed).run()
    except BaseException as err:  # what went wrong is told by the parent
        with log.open("a") as file:
            file.write(json.dumps({"failed": repr(err)}) + "\n")
    finally:
        os._exit(1)


def allowed_states(log: Path, before: State) -> tuple[list[State], str | None]:
    """The states that the index may be in after the kill, and what went wrong in the writer, if any did."""
    allowed, failed = [before], None
    for line in log.read_text().splitlines() if log.exists() else ():
        # A line that was being written when the writer was killed is of a save that had not begun.
        with contextlib.suppress(ValueError):
            told = json.loads(line)
            failed = failed or told.get("failed")
            if "about_to_save" in told:
                allowed.append(told["about_to_save"])
            elif "saved" in told:
                allowed = allowed[-1:]
    return allowed, failed


def kill_writers(directory: Path, kills: int, seed: int, longest: float = 0.2) -> dict[str, int]:
    """Let `kills` writers be killed, and check the index after each; returns what happened how often."""
    chance, counts = random.Random(seed), {"kills": 0, "saves": 0, "in the middle of a save": 0, "vectors": 0}
    with Index.create(directory, DIM, metric="l2", copy_dim=COPY_DIM, settings={"step": 0}) as index:
        index.save()
    before, next_id = state_of(Index.open(directory)), 0
    for number in range(kills):
        log = directory.parent / "log.jsonl"
        log.unlink(missing_ok=True)
        process = write_until_killed(directory, log, seed * 1_000_000 + number)
        time.sleep(chance.uniform(0, longest / 2))
        reader = Index.open(directory)
        seen = state_of_rows(reader)
        time.sleep(chance.uniform(0, longest / 2))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        assert state_of_rows(reader) == seen, "a reader saw another generation than the one that it opened"
        reader.close()
        allowed, failed = allowed_states(log, before)
        assert failed is None, failed
        with Index.open(directory, check="full") as index:
            after, last = state_of(index), index.manifest.next_id
        assert after in allowed, (
            f"kill {number}: step {after['step']} is not as saved: {log.read_text()[-2000:]}"
        )
        assert last >= next_id, "ids would be given twice"
        report = verify(directory)
        assert not report.faults, report.faults
        counts["kills"] += 1
        counts["saves"] += log.read_text().count('"saved"') if log.exists() else 0
        counts["in the middle of a save"] += len(allowed) > 1
        before, next_id = after, last
    counts["vectors"] = len(before["rows"])
    return counts


def state_of_rows(index: Index) -> list[Any]:
    """What a reader sees, whatever became of the attachments."""
    return [
        index.ids.tolist(),
        index.vectors().tolist(),
        list(index.catalog.rows()),
        list(index.catalog.rejected()),
    ]


def main() -> None:
    """Kill writers of an index in a temporary directory."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=QUICK if QUICK.is_dir() else None) as temporary:
        start = time.perf_counter()
        counts = kill_writers(Path(temporary) / "index", arguments.kills, arguments.seed)
    print(f"{counts}: nothing lost, doubled or mismatched; {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
