"""Is the search good, compared with what, and how sure is that: metrics, rankings and intervals.

The metrics are plain NumPy functions of ranked relevance. `measure_ranking` applies them to vectors with
classes without holding all rankings, `self_retrieval` needs no classes, `bootstrap` says how sure a mean is.
`evaluate` puts them together: it compares the search of a retriever with others, and gives a `Report`.
"""

from .averages import Mean, mean_over_classes, mean_over_queries
from .class_metrics import confusion_matrix, knn_accuracy, knn_labels
from .distances import Metric
from .exclusion import Exclusion
from .intervals import Interval, Verdict, bootstrap, paired_difference, verdict
from .labels import Labelling
from .method import BASELINES, Method, PictureEncoder
from .metrics import (
    average_precision,
    graded_ndcg,
    interpolated_precision,
    ndcg,
    precision_at,
    recall_at,
    reciprocal_rank,
)
from .page import draw_examples, write_report
from .protocol import EvaluationSettings, evaluate
from .query_values import LabelledVectors, MetricChoice, QueryValues, measure_ranking
from .ranking import RankedBlock, rank_blocks
from .report import MethodReport, Report
from .scores import METRICS, Example
from .self_retrieval import SelfRetrieval, self_retrieval
from .task import CorpusFacts
from .tied_metrics import average_precision_with_ties, ndcg_with_ties

__all__ = [
    "BASELINES",
    "METRICS",
    "CorpusFacts",
    "EvaluationSettings",
    "Example",
    "Exclusion",
    "Interval",
    "LabelledVectors",
    "Labelling",
    "Mean",
    "Method",
    "MethodReport",
    "Metric",
    "MetricChoice",
    "PictureEncoder",
    "QueryValues",
    "RankedBlock",
    "Report",
    "SelfRetrieval",
    "Verdict",
    "average_precision",
    "average_precision_with_ties",
    "bootstrap",
    "confusion_matrix",
    "draw_examples",
    "evaluate",
    "graded_ndcg",
    "interpolated_precision",
    "knn_accuracy",
    "knn_labels",
    "mean_over_classes",
    "mean_over_queries",
    "measure_ranking",
    "ndcg",
    "ndcg_with_ties",
    "paired_difference",
    "precision_at",
    "rank_blocks",
    "recall_at",
    "reciprocal_rank",
    "self_retrieval",
    "verdict",
    "write_report",
]
