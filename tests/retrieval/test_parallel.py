from __future__ import annotations

import threading
import time

import pytest

from retrieval.parallel import beside, in_order, one_ahead


def test_results_come_in_the_order_of_the_items():
    def slow_for_small(number):
        time.sleep(0.02 if number < 2 else 0)
        return number * number

    assert list(in_order(slow_for_small, range(20), threads=4)) == [number * number for number in range(20)]


def test_works_on_several_threads():
    both = threading.Barrier(2, timeout=5)  # breaks unless two threads arrive
    assert list(in_order(lambda _: both.wait() >= 0, range(2), threads=2)) == [True, True]


def test_takes_few_items_more_than_results_were_asked_for():
    taken = []

    def items():
        for number in range(100_000):
            taken.append(number)
            yield number

    results = in_order(str, items(), threads=2)
    assert next(results) == "0"
    assert len(taken) < 100
    results.close()


def test_an_error_rises_and_ends_the_work():
    done = []

    def fail_at_three(number):
        done.append(number)
        time.sleep(0.001)
        if number == 3:
            raise ValueError("three")
        return number

    with pytest.raises(ValueError, match="three"):
        list(in_order(fail_at_three, range(10_000), threads=2))
    assert len(done) < 200


def test_who_wants_no_more_leaves_the_rest_undone():
    done = []
    for _ in in_order(done.append, range(10_000), threads=2):
        break
    assert len(done) < 200


def test_beside_the_block_on_a_thread_of_its_own(thread_count):
    thread_count(2)
    both = threading.Barrier(2, timeout=5)  # breaks unless two threads arrive
    with beside(lambda: both.wait() >= 0) as arrived:
        both.wait()
        assert arrived()


def test_on_one_thread_it_is_computed_when_it_is_waited_for_and_once(thread_count):
    thread_count(1)
    done = []
    with beside(lambda: done.append(threading.get_ident())) as finish:
        assert not done
        finish()
        finish()
    assert done == [threading.get_ident()]


@pytest.mark.parametrize("count", [1, 2])
def test_what_fails_beside_rises_where_it_is_waited_for(thread_count, count):
    def fail():
        raise ValueError("three")

    thread_count(count)
    with beside(fail) as result, pytest.raises(ValueError, match="three"):
        result()


def test_the_next_one_is_made_while_one_is_used(thread_count):
    thread_count(2)
    both = threading.Barrier(2, timeout=5)  # breaks unless two threads arrive

    def made():
        yield 0
        both.wait()
        yield 1

    numbers = one_ahead(made())
    assert next(numbers) == 0
    both.wait()
    assert list(numbers) == [1]


def test_on_one_thread_each_is_made_when_it_is_wanted(thread_count):
    thread_count(1)
    made = []
    numbers = one_ahead(made.append(number) or number for number in range(3))
    assert next(numbers) == 0
    assert made == [0]
    assert list(numbers) == [1, 2]


@pytest.mark.parametrize("count", [1, 2])
def test_what_fails_ahead_rises_in_its_turn(thread_count, count):
    def made():
        yield 0
        raise ValueError("one")

    thread_count(count)
    numbers = one_ahead(made())
    assert next(numbers) == 0
    with pytest.raises(ValueError, match="one"):
        next(numbers)


@pytest.mark.parametrize(("items", "expected"), [(1, 4), (2, 2), (8, 1)])
def test_work_within_work_has_its_share_of_the_threads(thread_count, most_at_once, items, expected):
    def most_within(_):
        return most_at_once(lambda work: list(in_order(work, range(4 * expected))))

    thread_count(4)
    assert set(in_order(most_within, range(items))) == {expected}
