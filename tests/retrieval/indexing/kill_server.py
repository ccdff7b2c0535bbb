"""Runs commands in processes that can be killed, each forked from here, so that none has to import anything.

Reads the arguments of a command from each line of stdin, as JSON; writes the number of its process, then its
exit status. The fit is a stand-in; each fit and each picture that is encoded is a line in the log.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from types import SimpleNamespace

from retrieval import retriever, sample  # noqa: F401
from retrieval.cli import index as _index_command  # noqa: F401
from retrieval.cli import main
from retrieval.encoder import Encoder, Model
from retrieval.indexing import build, current, drift, single_files, update  # noqa: F401

MODEL, LOG = sys.argv[1:]


def log(text):
    descriptor = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{text}\n".encode())
    os.close(descriptor)


def fit(*_, **__):
    time.sleep(0.02)
    log("fit")
    return Model.open(MODEL)


def encode_logged(self, pictures, encode=Encoder.encode_both):
    for picture in pictures:
        log(hashlib.sha256(picture.tobytes()).hexdigest())
    return encode(self, pictures)


sys.modules["retrieval.autoencoder"] = SimpleNamespace(RECIPES={"solved": SimpleNamespace(fit=fit)})
Encoder.encode_both = encode_logged
update.COMMIT_PICTURES, update._BATCH = 12, 4

for line in sys.stdin:
    process = os.fork()
    if process == 0:
        sys.argv = ["retrieve", *json.loads(line)]
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            main()
        except SystemExit as ended:
            os._exit(int(ended.code or 0))
        os._exit(0)
    print(process, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
