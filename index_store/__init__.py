"""Vectors, rows and files on disk: a vector index that knows no images and no TensorFlow.

`Index` is the door: create, open, add, search, save. The searchers can be used alone, on any vectors.
"""

from .catalog import Catalog
from .choices import Check, Metric, Structure
from .errors import (
    EncoderMismatch,
    FormatUnsupported,
    IdsUnknown,
    IndexBusy,
    IndexClosed,
    IndexDamaged,
    IndexNotFound,
    IndexReadOnly,
    IndexStoreError,
    IndexUnwritable,
    OptionInvalid,
    RowsInvalid,
    VectorsInvalid,
)
from .files import StoredFile
from .index import Index
from .manifest import FORMAT_VERSION, Manifest
from .neighbors import Neighbors
from .rows import RejectedFile, Row
from .searchers import SEARCHERS, ExactSearcher, FlatSearcher, HnswSearcher, IvfSearcher, Searcher

__all__ = [
    "FORMAT_VERSION",
    "SEARCHERS",
    "Catalog",
    "Check",
    "EncoderMismatch",
    "ExactSearcher",
    "FlatSearcher",
    "FormatUnsupported",
    "HnswSearcher",
    "IdsUnknown",
    "Index",
    "IndexBusy",
    "IndexClosed",
    "IndexDamaged",
    "IndexNotFound",
    "IndexReadOnly",
    "IndexStoreError",
    "IndexUnwritable",
    "IvfSearcher",
    "Manifest",
    "Metric",
    "Neighbors",
    "OptionInvalid",
    "RejectedFile",
    "Row",
    "RowsInvalid",
    "Searcher",
    "StoredFile",
    "Structure",
    "VectorsInvalid",
]
