"""Load on `retrieve serve`: 32 clients for 30 s on loopback against 100,000 pictures.

The pictures are links to those of an indexed folder, their vectors those of the folder with noise; the index
is made by the store itself, so that nothing has to be embedded. Every client asks for one thing after the
other without a pause: similar pictures to one of the index, to an uploaded one, and thumbnails.

retrieve demo
python scripts/bench_serve.py retrieve-demo/pictures
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter, sleep

import numpy as np

from index_store import Index
from retrieval import Retriever
from retrieval.insight.calibration import Calibration

NOISE = 0.06  # a number: with 64 dims, cosine distances of about 0.1 from the picture that it was made of
Asked = Iterator[tuple[str, bytes]]
Seen = list[tuple[str, float, int]]  # what was asked for, milliseconds, status
SHARES = {"stored": 0.4, "upload": 0.2, "thumbnail": 0.4}


def make_index(source: Path, pictures: int, work: Path) -> Path:
    """An index of `pictures` links to the pictures of the index `source`."""
    real = Retriever.open(source)
    folder, index = work / "pictures", work / "index"
    rows = list(real.index.catalog.rows())[:1_000]
    for row in rows:
        link(real.folders / row.path, folder / row.path)
    made = Retriever.build(folder, index=index, encoder=real.index.directory).index
    vectors = np.array(made.vectors())
    copies = np.array(made.copies()) if made.copy_dim else None
    rows, rng = list(made.catalog.rows()), np.random.default_rng(0)
    with Index.open(index, writable=True) as grown:
        for start in range(len(rows), pictures, len(rows)):
            count = min(len(rows), pictures - start)
            more = [replace(row, id=-1, **moved(row.path, start)) for row in rows[:count]]
            for old, new in zip(rows, more, strict=False):
                link(folder / old.path, folder / new.path)
            near = vectors[:count] + rng.normal(0, NOISE, (count, made.dim)).astype(np.float32)
            grown.add(near, more, copies=None if copies is None else copies[:count])
        grown.save()
    return index


def moved(path: str, start: int) -> dict[str, str]:
    """Another path, and contents of its own: a thumbnail is made for each."""
    new = f"{start // 10_000:02d}/{start}/{path}"
    return {"path": new, "sha256": hashlib.sha256(new.encode()).hexdigest()}


def link(old: Path, new: Path) -> None:
    new.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(old, new)
    except OSError:
        new.symlink_to(old)


def requests(ids: list[int], uploads: list[bytes], port: int, seed: int) -> Asked:
    """What one client asks for, as bytes to send, one after the other."""
    rng = random.Random(seed)
    head = f"HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    for kind in (rng.choices(list(SHARES), SHARES.values())[0] for _ in itertools.count()):
        if kind == "upload":
            body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            body += rng.choice(uploads) + b"\r\n--x--\r\n"
            facts = f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(body)}\r\n\r\n"
            yield kind, f"POST /query?k=24 {head}{facts}".encode() + body
        else:
            path = f"/query/{rng.choice(ids)}?k=24" if kind == "stored" else f"/thumbnails/{rng.choice(ids)}"
            yield kind, f"GET {path} {head}\r\n".encode()


async def client(asked: Asked, port: int, until: float, seen: Seen) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for kind, request in asked:
        if perf_counter() > until:
            break
        begun = perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
        )
        await reader.readexactly(length)
        seen.append((kind, 1_000 * (perf_counter() - begun), int(head[9:12])))
    writer.close()


async def load(clients: int, seconds: float, port: int, ids: list[int], uploads: list[bytes]) -> Seen:
    seen: Seen = []
    until = perf_counter() + seconds
    asked = (requests(ids, uploads, port, seed) for seed in range(clients))
    await asyncio.gather(*(client(each, port, until, seen) for each in asked))
    return seen


def told(name: str, seen: Seen, seconds: float) -> None:
    errors = sum(status != 200 for _, _, status in seen)
    print(f"{name}: {len(seen):,} answers, {len(seen) / seconds:,.0f}/s, {errors} errors")
    for kind in ("all", *SHARES):
        times = [time for of, time, _ in seen if kind in ("all", of)]
        p50, p99 = np.percentile(times, (50, 99))
        print(f"  {kind:9s}  p50 {p50:7.1f} ms  p99 {p99:7.1f} ms  longest {max(times):7.1f} ms")


def processes_of(service: int) -> list[int]:
    """The process `service` and all that it began."""
    tasks = Path(f"/proc/{service}/task").iterdir()
    begun = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return [service, *(each for child in begun for each in processes_of(child))]


def resident(service: int) -> float:
    """Megabytes of the processes of `service` in memory that no file backs."""
    lines = [
        line
        for each in processes_of(service)
        for line in Path(f"/proc/{each}/status").read_text().splitlines()
    ]
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def processor_seconds(service: int) -> tuple[float, float, float]:
    """Seconds of processors that `service` and this process have taken, and those that nobody has."""
    ticks = os.sysconf("SC_CLK_TCK")
    stats = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2] for each in processes_of(service)]
    taken = sum(int(field) for stat in stats for field in stat.split()[11:13])
    own, all_ = os.times(), Path("/proc/stat").read_text().split(maxsplit=6)
    return taken / ticks, own.user + own.system, sum(map(int, all_[4:6])) / ticks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, help="an indexed folder, or an index")
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--work", type=Path, help="where to make the index, or where it was made before")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        index = work / "index"
        if not index.exists():
            make_index(arguments.folder, arguments.pictures, work)
        measure(index, arguments.clients, arguments.seconds)


def measure(index: Path, clients: int, seconds: float) -> None:
    retriever = Retriever.open(index)
    # Measured once an index, in the background of the service's first minute: not what this is about.
    for copies in (False, True)[: 1 + bool(retriever.index.copy_dim)]:
        Calibration.kept(retriever, copies=copies)
    ids = retriever.index.ids.tolist()
    uploads = [
        (retriever.folders / row.path).read_bytes() for row in retriever.index.catalog.rows_of(ids[:50])
    ]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "retrieval", "serve", str(index), "--port", str(port)])
    try:
        wait_for(f"http://127.0.0.1:{port}/info")
        asyncio.run(load(1, 3, port, ids, uploads))
        alone = asyncio.run(load(1, 10, port, ids, uploads))
        told("1 client", alone, 10)
        asyncio.run(load(clients, 3, port, ids, uploads))
        before, spent = resident(server.pid), processor_seconds(server.pid)
        together = asyncio.run(load(clients, seconds, port, ids, uploads))
        spent = [now - then for now, then in zip(processor_seconds(server.pid), spent, strict=True)]
        told(f"{clients} clients", together, seconds)
        for kind in ("all", *SHARES):
            slowest, usual = (
                np.percentile([time for of, time, _ in each if kind in ("all", of)], share)
                for each, share in ((together, 99), (alone, 50))
            )
            print(f"p99 of {clients} clients is {slowest / usual:.1f} times the median of one: {kind}")
        shares = [f"{each / seconds:.2f} ({1_000 * each / len(together):.2f} ms an answer)" for each in spent]
        others = max(0.0, (os.cpu_count() or 1) - sum(spent) / seconds)
        print(f"processors, of {os.cpu_count()}: service {shares[0]}, clients {shares[1]}, ", end="")
        print(f"nobody {spent[2] / seconds:.2f}, others {others:.2f}")
        print(f"memory: {before:.0f} MB before, {resident(server.pid):.0f} MB after")
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def wait_for(address: str) -> None:
    for _ in range(600):
        with suppress(OSError):
            urllib.request.urlopen(address).read()
            return
        sleep(0.1)
    raise SystemExit(f"{address} does not answer")


if __name__ == "__main__":
    main()
