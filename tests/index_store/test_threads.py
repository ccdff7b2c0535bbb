import numpy as np
import pytest
from threadpoolctl import threadpool_info

from index_store.threads import by_rows, num_threads


def blas_threads():
    """Of NumPy's BLAS; FAISS brings one of its own."""
    blas = [one for one in threadpool_info() if one["user_api"] == "blas" and "numpy" in one["filepath"]]
    return {one["num_threads"] for one in blas}


@pytest.mark.parametrize("count", [0, 1, 31, 64, 1000])
def test_every_row_is_given_once(count, monkeypatch):
    monkeypatch.setattr("index_store.threads.num_threads", lambda: 4)
    seen = np.zeros(count, dtype=int)

    def act(rows):
        seen[rows] += 1

    by_rows(act, count)
    assert seen.tolist() == [1] * count


def test_blas_has_one_thread_meanwhile_and_its_own_number_afterwards():
    before, meanwhile = blas_threads(), []

    by_rows(lambda _: meanwhile.append(blas_threads()), 10)
    assert meanwhile == [{1}]
    assert blas_threads() == before


def test_an_error_is_passed_on():
    def fail(_):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        by_rows(fail, 100)


def test_the_threads_are_those_of_faiss():
    import faiss

    before = faiss.omp_get_max_threads()
    try:
        faiss.omp_set_num_threads(3)
        assert num_threads() == 3
    finally:
        faiss.omp_set_num_threads(before)
