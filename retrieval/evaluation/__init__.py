"""Is the search good, compared with what, and how sure is that: metrics, rankings and intervals.

The metrics are plain NumPy functions of ranked relevance. `measure_ranking` applies them to vectors with
classes without holding all rankings, `self_retrieval` needs no classes, `bootstrap` says how sure a mean is.
`evaluate` puts them together: it compares the search of a retriever with others, and gives a `Report`.
"""

from .class_metrics import confusion_matrix, knn_accuracy, knn_labels
from .distances import Exclusion
from .exact_search import SelfRetrieval, rank_blocks, self_retrieval
from .intervals import Interval, Verdict, bootstrap, paired_difference, verdict
from .labels import Labelling
from .measures import DistanceMetric
from .method import BASELINE_NAMES, Method, PictureEncoder
from .metrics import (
    average_precision,
    interpolated_precision,
    ndcg,
    precision_at,
    recall_at,
    reciprocal_rank,
)
from .order import RankedBlock
from .page import draw_examples, write_report
from .protocol import EvaluationSettings, evaluate
from .query_values import (
    LabelledVectors,
    Mean,
    MetricChoice,
    QueryValues,
    mean_over_classes,
    mean_over_queries,
    measure_ranking,
)
from .report import MethodReport, Report
from .scores import METRICS, Example
from .task import CorpusFacts

__all__ = [
    "BASELINE_NAMES",
    "METRICS",
    "CorpusFacts",
    "DistanceMetric",
    "EvaluationSettings",
    "Example",
    "Exclusion",
    "Interval",
    "LabelledVectors",
    "Labelling",
    "Mean",
    "Method",
    "MethodReport",
    "MetricChoice",
    "PictureEncoder",
    "QueryValues",
    "RankedBlock",
    "Report",
    "SelfRetrieval",
    "Verdict",
    "average_precision",
    "bootstrap",
    "confusion_matrix",
    "draw_examples",
    "evaluate",
    "interpolated_precision",
    "knn_accuracy",
    "knn_labels",
    "mean_over_classes",
    "mean_over_queries",
    "measure_ranking",
    "ndcg",
    "paired_difference",
    "precision_at",
    "rank_blocks",
    "recall_at",
    "reciprocal_rank",
    "self_retrieval",
    "verdict",
    "write_report",
]
