"""What holds for any vectors."""

import tempfile

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from index_store import Index

# Few distinct numbers, so that equal vectors and equal distances are common.
NUMBERS = st.integers(-3, 3)
METRICS = st.sampled_from(["l2", "cosine"])
STRUCTURES = st.sampled_from(["exact", "flat"])
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


@st.composite
def batches(draw, least=1):
    """(n, 3) vectors without a zero vector."""
    vectors = draw(arrays(np.float32, st.tuples(st.integers(least, 12), st.just(3)), elements=NUMBERS))
    vectors[~vectors.any(axis=1)] = [1, 0, 0]
    return vectors


def answer(vectors, queries, k, metric="l2", structure="flat"):
    with tempfile.TemporaryDirectory() as directory:
        with Index.create(directory, 3, metric=metric, structure=structure) as index:
            index.add(vectors)
            index.save()
        return Index.open(directory).search(queries, k)


@quick
@given(batches(), batches(), st.integers(1, 12), METRICS, STRUCTURES)
def test_a_longer_answer_begins_with_the_shorter_one(vectors, queries, k, metric, structure):
    short = answer(vectors, queries, k, metric, structure)
    long = answer(vectors, queries, k + 1, metric, structure)
    np.testing.assert_array_equal(long.ids[:, :k], short.ids)
    np.testing.assert_array_equal(long.distances[:, :k], short.distances)


@quick
@given(batches(), METRICS, STRUCTURES)
def test_a_stored_vector_finds_itself_or_an_earlier_one_as_near(vectors, metric, structure):
    found = answer(vectors, vectors, 1, metric, structure)
    np.testing.assert_allclose(found.distances, 0, atol=1e-12)
    assert (found.ids.ravel() <= np.arange(len(vectors))).all()


@quick
@given(batches(), batches(), st.randoms(use_true_random=False), METRICS)
def test_order_of_insertion_changes_nothing_but_ids(vectors, queries, random, metric):
    order = list(range(len(vectors)))
    random.shuffle(order)
    here, there = answer(vectors, queries, 12, metric), answer(vectors[order], queries, 12, metric)
    np.testing.assert_array_equal(there.distances, here.distances)
    # Equally near vectors come in the order of their ids, which differs: compared by what they were before.
    before = np.array(order)[there.ids]
    by_distance = np.lexsort((before, there.distances), axis=1)
    np.testing.assert_array_equal(np.take_along_axis(before, by_distance, axis=1), here.ids)


@quick
@given(batches(), batches(), METRICS)
def test_distances_never_fall_and_keep_their_range(vectors, queries, metric):
    distances = answer(vectors, queries, 12, metric).distances
    assert (np.diff(distances, axis=1) >= 0).all()
    assert distances.min() >= 0
    assert metric == "l2" or distances.max() <= 2


@quick
@given(st.lists(batches(), min_size=1, max_size=4), st.booleans())
def test_what_was_added_in_parts_is_there_as_a_whole(parts, save_between):
    with tempfile.TemporaryDirectory() as directory:
        with Index.create(directory, 3, metric="l2") as index:
            for part in parts:
                index.add(part)
                if save_between:
                    index.save()
            index.save()
        opened = Index.open(directory, check="full")
        np.testing.assert_array_equal(opened.vectors(), np.concatenate(parts))
        np.testing.assert_array_equal(opened.ids, np.arange(sum(map(len, parts))))
