from __future__ import annotations

import subprocess
import sys

import numpy  # noqa: F401 - loads BLAS
import pytest
from threadpoolctl import threadpool_info

from retrieval.errors import RetrievalError
from retrieval.threads import available_cores, num_threads, single_threaded_products, use_threads


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch):
    monkeypatch.delenv("RETRIEVE_THREADS", raising=False)
    yield
    use_threads(None)


def test_by_default_every_processor_gets_a_thread():
    assert num_threads() == available_cores() >= 1


def test_the_variable_is_used_and_a_choice_goes_before_it(monkeypatch):
    monkeypatch.setenv("RETRIEVE_THREADS", "7")
    assert num_threads() == 7
    use_threads(2)
    assert num_threads() == 2
    use_threads(None)
    assert num_threads() == 7


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_variable_that_is_no_count_is_refused(monkeypatch, value):
    monkeypatch.setenv("RETRIEVE_THREADS", value)
    with pytest.raises(RetrievalError, match=rf"RETRIEVE_THREADS is '{value}', expected a whole number"):
        num_threads()


def test_no_threads_at_all_are_refused():
    with pytest.raises(RetrievalError, match=r"threads is 0, expected 1 or more"):
        use_threads(0)


def test_products_keep_to_the_thread_that_asks_and_get_their_threads_back():
    before = [library["num_threads"] for library in threadpool_info()]
    with single_threaded_products():
        assert {library["num_threads"] for library in threadpool_info()} == {1}
    assert [library["num_threads"] for library in threadpool_info()] == before


def test_a_chosen_number_reaches_openmp_which_faiss_uses():
    program = "from retrieval.threads import use_threads; use_threads(1); import faiss; "
    program += "print(faiss.omp_get_max_threads())"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "1"
