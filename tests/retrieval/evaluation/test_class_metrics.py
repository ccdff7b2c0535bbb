import math

import numpy as np
import pytest

from retrieval.evaluation import confusion_matrix, knn_accuracy, knn_labels


def test_the_most_votes_win():
    assert knn_labels(np.array([[5, 2, 2, 5, 2]])).tolist() == [2]


def test_of_tied_classes_the_one_with_the_nearest_member_wins():
    assert knn_labels(np.array([[2, 5, 5, 2], [5, 2, 2, 5], [0, 7, 3, 3]]), k=4).tolist() == [2, 5, 3]
    assert knn_labels(np.array([[9, 4, 1]]), k=3).tolist() == [9]


def test_only_the_k_nearest_vote_and_fewer_than_k_are_enough():
    neighbours = np.array([[1, 2, 2]])
    assert knn_labels(neighbours, k=1).tolist() == [1]
    assert knn_labels(neighbours, k=10).tolist() == [2]


def test_neighbours_without_a_label_have_no_vote():
    assert knn_labels(np.array([[-1, -1, -1, 3], [-1, -1, -1, -1], [-5, -1, -5, -1]])).tolist() == [3, -1, -1]
    assert knn_labels(np.zeros((2, 0), dtype=np.int64)).tolist() == [-1, -1]


def test_accuracy_has_no_value_where_no_vote_could_be_right():
    neighbours = np.array([[1, 1], [1, 1], [1, 1], [1, 1]])
    values = knn_accuracy(neighbours, np.array([1, 2, 3, -1]), np.array([4, 4, 0, 0]), k=2)
    assert values[:2].tolist() == [1.0, 0.0]
    assert math.isnan(values[2])
    assert math.isnan(values[3])


def test_knn_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        knn_labels(np.array([1, 2, 3]))
    with pytest.raises(ValueError, match="k is 0"):
        knn_labels(np.array([[1]]), k=0)
    with pytest.raises(ValueError, match=r"labels has shape \(2,\)"):
        knn_accuracy(np.array([[1]]), np.array([1, 1]), np.array([1]), k=1)


def test_confusion_counts_true_by_row_and_given_by_column():
    truth, given = np.array([0, 0, 2, 2, 2, -1, 1]), np.array([0, 2, 2, 2, 0, 1, -1])
    assert confusion_matrix(truth, given).tolist() == [[1, 0, 1], [0, 0, 0], [1, 0, 2]]
    assert confusion_matrix(truth, given, num_classes=4).shape == (4, 4)


def test_confusion_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="a label is 3 but there are 2 classes"):
        confusion_matrix(np.array([3]), np.array([0]), num_classes=2)
    with pytest.raises(ValueError, match=r"predicted \(2,\)"):
        confusion_matrix(np.array([0]), np.array([0, 1]))
