import time

import faiss
import numpy as np
import pytest

from retrieval.evaluation.costs import encode_milliseconds, search_milliseconds


class Sleeper:
    size, dim = 2, 1

    def __init__(self):
        self.calls = []

    def encode(self, pictures):
        self.calls.append(len(pictures))
        time.sleep(0.01 * len(pictures))
        return np.zeros((len(pictures), 1), dtype=np.float32)


def test_milliseconds_are_those_of_one_picture_after_a_first_call():
    encoder = Sleeper()
    assert 9.0 < encode_milliseconds(encoder, np.zeros((5, 2, 2, 3), np.uint8)) < 40.0
    assert encoder.calls == [1, 5]


@pytest.mark.parametrize("metric", ["l2", "l1", "cosine"])
def test_searching_is_timed_for_any_vectors_and_leaves_the_threads_alone(metric):
    threads = faiss.omp_get_max_threads()
    vectors = np.random.default_rng(0).integers(0, 256, (3, 8), dtype=np.uint8)
    assert 0.0 < search_milliseconds(vectors, vectors, metric) < 1000.0
    assert faiss.omp_get_max_threads() == threads
