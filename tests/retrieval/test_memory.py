import platform
import subprocess
import sys

import pytest

# Pages that the system hands out while large arrays are made and freed on a thread, the second time.
_PAGES = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from retrieval.memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
import numpy as np

def make():
    for megabytes in (3, 40, 100, 40):
        np.ones(megabytes * 2**20, dtype=np.uint8)

def handed_out():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

with ThreadPoolExecutor(1) as pool:
    pool.submit(make).result()
    before = handed_out()
    pool.submit(make).result()
    print(handed_out() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the allocator of glibc is told to")
def test_pages_of_freed_arrays_are_used_again() -> None:
    assert _pages("keep") < 100 < _pages("leave")


def _pages(what: str) -> int:
    command = [sys.executable, "-c", _PAGES, what]
    small_pages = {"NUMPY_MADVISE_HUGEPAGE": "0"}
    done = subprocess.run(command, env=small_pages, capture_output=True, text=True, check=True)
    return int(done.stdout)
