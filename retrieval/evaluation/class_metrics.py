"""Metrics that look at the class of the neighbours: k-nearest-neighbour accuracy, confusion matrix.

Classes are integers from 0; a negative label means "no label": such a neighbour has no vote, and such a
query has no value.
"""

from __future__ import annotations

import numpy as np

from .arrays import Floats, Integers
from .metrics import check_k


def knn_labels(neighbour_labels: Integers, *, k: int | None = None) -> Integers:
    """The class that most of the `k` nearest neighbours have: `(q,)`, -1 where none has a label.

    `neighbour_labels (q, n)` are the neighbours' classes, nearest first, -1 for none or past the end.
    When classes have equally many votes, the one whose nearest member is nearest wins. Source: Cover and
    Hart, *Nearest neighbor pattern classification* (1967); the tie-break is ours.

    Raises:
        ValueError: not 2-D, or `k` below 1.

    Example: classes 7 and 4 have two votes each; 4 has the nearer member.
        >>> knn_labels(np.array([[9, 4, 7, 7, 4]]), k=5).tolist()
        [4]
    """
    labels = np.asarray(neighbour_labels)
    if labels.ndim != 2:
        raise ValueError(f"neighbour_labels has shape {labels.shape}, expected (queries, neighbours)")
    nearest = labels[:, : check_k(k, labels.shape[1])]
    if nearest.shape[1] == 0:
        return np.full(len(labels), -1, dtype=np.int64)
    columns = [np.count_nonzero(nearest == column[:, None], axis=1) for column in nearest.T]
    votes = np.where(nearest < 0, 0, np.stack(columns, axis=1))
    winners = np.take_along_axis(nearest, np.argmax(votes, axis=1)[:, None], axis=1)[:, 0]
    return np.maximum(winners, -1).astype(np.int64)


def knn_accuracy(
    neighbour_labels: Integers, labels: Integers, num_relevant: Integers, *, k: int | None = None
) -> Floats:
    """1 where the vote of the `k` nearest gives the query's own class, else 0: `(q,) float64`.

    NaN where `num_relevant (q,)` is 0 (nobody else is of that class, so that no vote can be right) or the
    query's label is negative. Vote and tie-break: `knn_labels`.

    Raises:
        ValueError: shapes do not fit, or `k` below 1.

    Example: the vote is 4 for both.
        >>> neighbours = np.array([[4, 4, 7], [7, 4, 4]])
        >>> knn_accuracy(neighbours, np.array([4, 7]), np.array([5, 5]), k=3).tolist()
        [1.0, 0.0]
    """
    votes, truth, totals = knn_labels(neighbour_labels, k=k), np.asarray(labels), np.asarray(num_relevant)
    if truth.shape != votes.shape or totals.shape != votes.shape:
        raise ValueError(
            f"labels has shape {truth.shape}, num_relevant {totals.shape}, expected {votes.shape}: "
            "pass one of each for each query"
        )
    return np.where((truth < 0) | (totals <= 0), np.nan, votes == truth)


def confusion_matrix(labels: Integers, predicted: Integers, *, num_classes: int | None = None) -> Integers:
    """How often a query of class `row` was given class `column`: `(classes, classes) int64`.

    With the nearest neighbour's class as `predicted`, this shows which classes the search mixes up.
    Queries without a label or without an answer (negative) are left out. Source: Manning et al. (2008),
    section 14.6.

    Raises:
        ValueError: shapes differ, or a label is not below `num_classes`.

    Example:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1])).tolist()
        [[1, 1], [0, 1]]
    """
    truth, guess = np.asarray(labels), np.asarray(predicted)
    if truth.ndim != 1 or truth.shape != guess.shape:
        raise ValueError(
            f"labels has shape {truth.shape}, predicted {guess.shape}, expected (queries,) twice"
        )
    largest = max(truth.max(initial=-1), guess.max(initial=-1))
    classes = int(largest) + 1 if num_classes is None else num_classes
    if largest >= classes:
        raise ValueError(f"a label is {largest} but there are {classes} classes: pass num_classes above it")
    known = (truth >= 0) & (guess >= 0)
    cells = truth[known].astype(np.int64) * classes + guess[known].astype(np.int64)
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)
