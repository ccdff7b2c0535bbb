"""Embedding on the machines of a Ray cluster, as a Ray Data job over the paths of the pictures."""

from __future__ import annotations

import importlib.util
import logging
import os
import pickle
import re
import signal
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from index_store import OptionInvalid, RejectedFile

from ..embed import Embed, EmbeddedFile, embed
from ..encoder import Encoder, EncoderDescription
from ..errors import NoPictures, RetrievalError
from ..images import ImageFile, is_remote
from ..index_paths import Folders, split_path
from ..threads import num_threads, use_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOCAL = "local"
"""Instead of an address: a cluster of this machine alone, which ends with the job."""

_MOST = 256  # pictures a task: what is lost with a machine, and done again on another
_LEAST = 16
_TASKS = 8  # at least for each worker, so that they end together
_REMOTE_THREADS = 4  # a worker, of one processor, that waits for a store most of the time
_CONNECT_SECONDS = 10.0
_STORE_BYTES = 128 * 2**20  # for the results that wait, 2 kB a picture


def check_ray(address: str | None) -> None:
    """Refuse what cannot be an address, and an environment without Ray where one is given.

    Raises:
        OptionInvalid: says what to do.
    """
    if address is None:
        return
    if address != LOCAL and not re.fullmatch(r"[^/]+:\d+", address):
        raise OptionInvalid(
            f"ray is {address!r}, expected local, or host:port of a cluster that this machine is part of"
        )
    if importlib.util.find_spec("ray") is None or importlib.util.find_spec("pyarrow") is None:
        raise OptionInvalid("Ray Data is not installed: pip install 'retrieve[ray]'")


def embedding_of(address: str | None) -> Embed | None:
    """What embeds on the cluster at `address`; None if that is None."""
    return None if address is None else partial(embed_on_ray, address)


def embed_on_ray(
    address: str, folders: Folders, files: Sequence[ImageFile], encoder: Encoder
) -> Iterator[EmbeddedFile | RejectedFile]:
    """What `embed` gives, in the same order, computed by the workers of a Ray cluster.

    Each worker has one processor and reads the files itself: all machines see the folders under the same
    path, or they are at a URL. This program has to be installed on all of them, in one version.

    Raises:
        NoPictures: a worker does not see a folder.
        RetrievalError: there is no such cluster, or the job failed on it.
    """
    if not files:
        return
    with _cluster(address) as workers:
        from ray.exceptions import RayError

        try:
            for row in _job(folders, files, encoder, workers).iter_rows():
                result = pickle.loads(row["result"])
                if isinstance(result, RetrievalError):
                    raise result
                yield result
        except RayError as error:
            raise RetrievalError(_ended_early(f"on Ray {address}", _in_words(error))) from error


def _job(folders: Folders, files: Sequence[ImageFile], encoder: Encoder, workers: int) -> Any:
    """The dataset, not computed yet, whose rows are what `_Worker` makes of `files`, in their order."""
    # Here and not above: it takes seconds to load, and is an extra.
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    count = int(np.clip(len(files) // (workers * _TASKS), _LEAST, _MOST))
    rows = [dict(zip(ImageFile.__slots__, astuple(file), strict=True)) for file in files]
    paths = ray.data.from_items(rows, override_num_blocks=-(-len(rows) // count))
    return paths.map_batches(
        _Worker,
        fn_constructor_args=(folders, encoder.model, encoder.description),
        batch_size=None,  # as many as a block has
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers, initial_size=workers),
    )


class _Worker:
    """One of the processes that embed, which Ray starts, with an encoder of its own."""

    def __init__(self, folders: Folders, model: bytes, description: EncoderDescription) -> None:
        self.folders = folders
        self.encoder = Encoder(model, description)
        remote = any(map(is_remote, folders.tops.values()))
        use_threads(_REMOTE_THREADS if remote else 1)

    def __call__(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, list[bytes]]:
        """What `embed` gives for each file, pickled; or for all of them the error that ends the job."""
        columns = (batch[name].tolist() for name in ImageFile.__slots__)
        files = [ImageFile(*values) for values in zip(*columns, strict=True)]
        try:
            self.check_folders({split_path(file.path)[0] for file in files})
            results = [pickle.dumps(result) for result in embed(self.folders, files, self.encoder)]
        except RetrievalError as error:
            results = [pickle.dumps(error)] * len(files)
        # Ray would try again what fails each time, and wrap the reason in pages of its own.
        except Exception as error:
            words = _ended_early(f"on {socket.gethostname()}", f"{type(error).__name__}: {error}")
            results = [pickle.dumps(RetrievalError(words))] * len(files)
        return {"result": results}

    def check_folders(self, names: Iterable[str]) -> None:
        """Raise NoPictures where one of the folders of these `names` is not on this machine."""
        for top in (self.folders.tops[name] for name in names):
            if not is_remote(top) and not top.is_dir():
                reason = (
                    f"{socket.gethostname()}, a machine of the Ray cluster, has no such folder: put the "
                    "pictures where all machines see them under one path, or name a URL"
                )
                raise NoPictures(str(top), reason)


@contextmanager
def _cluster(address: str) -> Iterator[int]:
    """Connected to the cluster at `address`; gives the number of its processors.

    A process that is connected already, to whatever cluster, stays so.
    """
    # Before Ray is loaded: it would tell its makers of the job, and us of all that it does.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray

    ours = not ray.is_initialized()
    if ours:
        _connect(address)
    try:
        yield max(1, int(ray.cluster_resources().get("CPU", 1)))
    finally:
        if ours:
            ray.shutdown()


def _connect(address: str) -> None:
    import ray

    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    started: dict[str, Any] = {
        "num_cpus": num_threads(),
        "object_store_memory": _STORE_BYTES,
        "include_dashboard": False,
    }
    with _own_signal_handler():
        try:
            _refuse_unreachable(address)
            ray.init(address=address, **quiet, **(started if address == LOCAL else {}))
        except (OSError, RuntimeError, ValueError) as error:
            raise RetrievalError(f"no Ray cluster at {address}: {_in_words(error)}") from error


def _refuse_unreachable(address: str) -> None:
    """Raise OSError or ValueError where nobody listens: Ray itself waits for minutes then."""
    host, colon, port = address.rpartition(":")
    if colon:
        socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()


@contextmanager
def _own_signal_handler() -> Iterator[None]:
    """Inside, Ray may take over SIGTERM; afterwards it ends the process as it did before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM) or signal.SIG_DFL
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _ended_early(where: str, reason: str) -> str:
    said = " ".join(reason.split())
    return f"the job {where} ended early: {said}; what was saved stays, run it again to go on"


def _in_words(error: Exception) -> str:
    """The line of a message of Ray that tells most: the last that names an error, or the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]+(Error|Invalid|Exception): ", line)]
    return next(iter([*named[-1:], *lines]), type(error).__name__)
