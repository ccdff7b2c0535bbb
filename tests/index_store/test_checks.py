from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from index_store import OptionInvalid, VectorsInvalid
from index_store.checks import (
    CHECKS,
    METRICS,
    Check,
    Metric,
    check_choice,
    check_fingerprint,
    check_vectors,
    check_whole_number,
)

INDEX = "vectors for index photos/.retrieve"


def test_the_choices_are_those_of_the_types():
    assert get_args(Metric) == METRICS
    assert get_args(Check) == CHECKS


def test_an_unknown_choice_is_told_with_the_known_ones():
    with pytest.raises(OptionInvalid, match="metric is 'l3', expected one of cosine, l2"):
        check_choice("metric", "l3", METRICS)


def test_whole_numbers_of_numpy_are_whole_numbers():
    assert check_whole_number("k", np.int64(3)) == 3


@pytest.mark.parametrize("value", [0, -1, 1.5, "3", None])
def test_other_numbers_are_refused(value):
    with pytest.raises(OptionInvalid, match=r"k is .*, expected a whole number from 1"):
        check_whole_number("k", value)


@pytest.mark.parametrize("value", ["", 7, b"f"])
def test_a_fingerprint_is_text(value):
    with pytest.raises(OptionInvalid, match="expected its fingerprint"):
        check_fingerprint(value)
    assert check_fingerprint(None) is None


def check(vectors, dim=2, metric="l2"):
    return check_vectors(vectors, dim, metric=metric, what=INDEX)


@pytest.mark.parametrize(
    "vectors",
    [
        [[3, 4], [0, 1]],
        np.array([[3, 4], [0, 1]], dtype=np.float64),
        np.array([[3, 4], [0, 1]], dtype=np.uint8),
        np.asfortranarray([[3, 4], [0, 1]], dtype=np.float32),
        np.array([[3, 9, 4, 9], [0, 9, 1, 9]], dtype=np.float16)[:, ::2],
    ],
)
def test_numbers_of_any_kind_become_contiguous_float32(vectors):
    checked = check(vectors)
    assert checked.dtype == np.float32
    assert checked.flags.c_contiguous
    assert checked.tolist() == [[3, 4], [0, 1]]


def test_cosine_brings_vectors_to_length_1_and_leaves_those_of_the_caller_alone():
    vectors = np.array([[3, 4], [0, 1e-30]], dtype=np.float32)
    np.testing.assert_allclose(check(vectors, metric="cosine"), [[0.6, 0.8], [0, 1]], rtol=1e-7)
    assert vectors[0].tolist() == [3, 4]


def test_vectors_that_have_length_1_already_are_not_moved():
    vectors = np.random.default_rng(0).normal(size=(200, 64)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_array_equal(check(unit, 64, "cosine"), unit)


def test_no_vectors_are_vectors_too():
    assert check(np.empty((0, 2)), metric="cosine").shape == (0, 2)


def test_other_dims_are_told_with_both_numbers():
    with pytest.raises(VectorsInvalid) as caught:
        check(np.zeros((1, 3)))
    assert str(caught.value).startswith(
        "vectors for index photos/.retrieve have 3 dims, it holds 2-dim vectors: use the encoder that"
    )
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("vectors", [np.zeros(2), np.zeros((1, 1, 2)), 3.0])
def test_one_vector_is_a_batch_of_one(vectors):
    with pytest.raises(VectorsInvalid, match=r"have shape \(.*\), expected \(n, 2\)"):
        check(vectors)


@pytest.mark.parametrize(
    "vectors", [[["a", "b"]], np.zeros((1, 2), dtype=complex), np.zeros((1, 2), dtype=bool)]
)
def test_what_is_no_number_is_refused(vectors):
    with pytest.raises(VectorsInvalid, match=r"have dtype .*, expected float32"):
        check(vectors)


def test_rows_of_different_lengths_are_refused():
    with pytest.raises(VectorsInvalid, match=r"are not an array of shape \(n, dim\)"):
        check([[1, 2], [3]])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_rows_that_are_not_finite_are_named(bad):
    with pytest.raises(VectorsInvalid, match=f"{INDEX} are NaN or infinite in row 1: leave them out"):
        check([[0, 0], [0, bad], [0, 0]])


def test_many_bad_rows_are_counted():
    with pytest.raises(VectorsInvalid, match="in row 0, 1, 2, 3, 4 and 3 more"):
        check(np.full((8, 2), np.nan))


def test_a_vector_without_direction_has_no_cosine():
    with pytest.raises(VectorsInvalid, match="of length 0, which has no direction in row 1"):
        check([[1, 0], [0, 0]], metric="cosine")
    assert check([[0, 0]]).tolist() == [[0, 0]]


@given(arrays(np.float32, (4, 3), elements=st.floats(-100, 100, width=32)))
def test_normalising_twice_changes_nothing(vectors):
    vectors[:, 0] += 200
    once = check(vectors, 3, "cosine")
    np.testing.assert_array_equal(check(once, 3, "cosine"), once)
    np.testing.assert_allclose(np.linalg.norm(once.astype(np.float64), axis=1), 1, atol=1e-6)
