"""What can go wrong with an index.

IndexStoreError
├── IndexNotFound        no index in this directory
├── IndexDamaged         a file is missing, cut short, altered or not ours
├── FormatUnsupported    written by a version with another format on disk
├── IndexBusy            another writer holds the index
├── IndexUnwritable      the disk refused: no room, no permission, not a directory
├── IndexReadOnly        opened for reading, asked to write
├── IndexClosed          used after close()
├── StoreUnreachable     vectors and rows are in another store, and it does not answer
├── EncoderMismatch      the index was made by another encoder
├── IdsUnknown           (also LookupError)
├── VectorsInvalid       (also ValueError) shape, dims, dtype, NaN, zero length
├── RowsInvalid          (also ValueError) a path twice, not relative, too few rows
└── OptionInvalid        (also ValueError) an argument outside its choices

Every message says what was found, what was expected and what to do, and names the path.
"""

from __future__ import annotations


class IndexStoreError(Exception):
    """The root of every error that `index_store` raises on purpose."""


class IndexNotFound(IndexStoreError):
    """No index in this directory."""


class IndexDamaged(IndexStoreError):
    """A file of the index is missing, cut short, altered or not one of ours."""


class FormatUnsupported(IndexStoreError):
    """The index was written by a version of this program with another format on disk."""


class IndexBusy(IndexStoreError):
    """Another writer holds the index: readers are never refused."""


class IndexUnwritable(IndexStoreError):
    """The disk refused a write. What was saved before is unchanged."""


class IndexReadOnly(IndexStoreError):
    """The index was opened for reading and asked to write."""


class IndexClosed(IndexStoreError):
    """The index was used after it had been closed."""


class StoreUnreachable(IndexStoreError):
    """The store that holds vectors and rows of the index cannot be reached, or refuses."""


class EncoderMismatch(IndexStoreError):
    """Vectors of two encoders cannot be compared."""


class IdsUnknown(IndexStoreError, LookupError):
    """Ids that the index does not hold."""


class VectorsInvalid(IndexStoreError, ValueError):
    """Vectors that cannot be stored or searched for."""


class RowsInvalid(IndexStoreError, ValueError):
    """Rows that cannot be stored."""


class OptionInvalid(IndexStoreError, ValueError):
    """An argument outside its choices."""
