"""Vectors, rows and files on disk: a vector index that knows no images and no TensorFlow.

`Index` does it all: create, open, add, search, save. `writer_lock` keeps other writers out during long work
that ends in an index. The searchers can be used alone, on any vectors.
"""

from .catalog import Catalog
from .checks import Check, Metric, check_store, check_whole_number
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
    StoreUnreachable,
    VectorsInvalid,
)
from .files import StoredFile
from .index import Index
from .index_view import Neighbors
from .manifest import FORMAT_VERSION, Manifest
from .names import LOCK_FILES, is_own_name
from .repair import Repair, repair
from .rows import RejectedFile, Row
from .searchers import ExactSearcher, FlatSearcher, Searcher
from .structure import Structure, check_structure
from .swap import WriterLock, writer_lock
from .tune import MeasuredStructure, compares_all, measure_structures, recommended_structure
from .verify import Fault, Report, verify

__all__ = [
    "FORMAT_VERSION",
    "LOCK_FILES",
    "Catalog",
    "Check",
    "EncoderMismatch",
    "ExactSearcher",
    "Fault",
    "FlatSearcher",
    "FormatUnsupported",
    "IdsUnknown",
    "Index",
    "IndexBusy",
    "IndexClosed",
    "IndexDamaged",
    "IndexNotFound",
    "IndexReadOnly",
    "IndexStoreError",
    "IndexUnwritable",
    "Manifest",
    "MeasuredStructure",
    "Metric",
    "Neighbors",
    "OptionInvalid",
    "RejectedFile",
    "Repair",
    "Report",
    "Row",
    "RowsInvalid",
    "Searcher",
    "StoreUnreachable",
    "StoredFile",
    "Structure",
    "VectorsInvalid",
    "WriterLock",
    "check_store",
    "check_structure",
    "check_whole_number",
    "compares_all",
    "is_own_name",
    "measure_structures",
    "recommended_structure",
    "repair",
    "verify",
    "writer_lock",
]
