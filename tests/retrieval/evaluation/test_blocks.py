import threading

import pytest

from retrieval.evaluation.blocks import MOST_WORKERS, block_size, map_blocks


def test_blocks_have_a_bounded_number_of_distances():
    for num_rows in (1, 1_000, 60_000, 100_000_000):
        size = block_size(num_rows)
        assert size >= 1
        assert size == 1 or size * num_rows <= 4_000_000


def test_results_come_in_order_although_the_first_takes_longest():
    later_one_done = threading.Event()

    def work(part):
        if part.start == 0:
            later_one_done.wait(0.2)
        else:
            later_one_done.set()
        return part.start

    assert list(map_blocks(work, num_queries=7, block=3)) == [0, 3, 6]


def test_threads_do_not_run_far_ahead_of_the_consumer():
    started = []

    def work(part):
        started.append(part.start)

    results = map_blocks(work, num_queries=1_000, block=1)
    next(results)
    assert len(started) <= MOST_WORKERS + 1
    results.close()
    assert len(started) <= MOST_WORKERS + 1


def test_an_error_in_a_block_reaches_the_consumer():
    def work(part):
        raise MemoryError(f"block {part.start}")

    with pytest.raises(MemoryError, match="block 0"):
        list(map_blocks(work, num_queries=3, block=1))


def test_no_queries_no_blocks():
    assert list(map_blocks(lambda part: part, num_queries=0, block=5)) == []
