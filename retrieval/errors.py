"""What can go wrong, as one tree. `str()` of each is one sentence that can be shown to a user as it is.

RetrievalError
├── ImageUnreadable     one picture cannot be decoded: its path and the reason
├── NoPictures          a folder is missing, is not a folder, or holds no picture that can be read
├── EncoderInvalid      an encoder file, or the description beside it, is not what it should be
├── DecoderMissing      an index was made by an encoder that came without a decoder
├── LabelsInvalid       a table of labels, or a rule for them, cannot be used
├── MetadataInvalid     a table of metadata cannot be used
├── QueryInvalid        a query that cannot be answered: a region outside its picture, nothing left of it
├── RunInvalid          a training run's folder cannot be used, or is not one
└── TrainingFailed      training came to nothing: the message says why, and what to try
"""

from __future__ import annotations

from os import PathLike


class RetrievalError(Exception):
    """Root of every error that this package raises on purpose.

    Arguments go to `Exception` unchanged, so that an error survives pickling between processes.
    """


class ImageUnreadable(RetrievalError):
    """One picture cannot be decoded. `path` names it in printable form, `reason` says why.

    Example:
        >>> str(ImageUnreadable("photos/a.jpg", "empty file"))
        'photos/a.jpg cannot be read: empty file'
    """

    def __init__(self, path: str, reason: str) -> None:
        """Keep `path` and `reason` apart: the catalogue has a column for each."""
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        """One sentence for the user."""
        return f"{self.path} cannot be read: {self.reason}"


class NoPictures(RetrievalError):
    """There is nothing to work on in `folder`; `reason` says what was found instead and what to do.

    Example:
        >>> str(NoPictures("photos", "there is no such folder"))
        'no pictures in photos: there is no such folder'
    """

    def __init__(self, folder: str, reason: str) -> None:
        """Keep `folder` and `reason` apart."""
        super().__init__(folder, reason)
        self.folder = folder
        self.reason = reason

    def __str__(self) -> str:
        """One sentence for the user."""
        return f"no pictures in {self.folder}: {self.reason}"


class EncoderInvalid(RetrievalError):
    """The encoder at `path`, or the description beside it, cannot be used; `reason` says why.

    Example:
        >>> str(EncoderInvalid("encoder.json", "dim is 0, expected 1 or more"))
        'encoder encoder.json cannot be used: dim is 0, expected 1 or more'
    """

    def __init__(self, path: str, reason: str) -> None:
        """Keep `path` and `reason` apart."""
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        """One sentence for the user."""
        return f"encoder {self.path} cannot be used: {self.reason}"


class DecoderMissing(RetrievalError):
    """What is called `name` came without a decoder: nothing can be reconstructed.

    Example:
        >>> str(DecoderMissing("index photos/.retrieve")).partition(":")[0]
        'index photos/.retrieve has no decoder, so it cannot reconstruct'
    """

    def __init__(self, name: str) -> None:
        """Keep the `name`."""
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        """One sentence for the user."""
        return (
            f"{self.name} has no decoder, so it cannot reconstruct: make the index anew with --refit, the "
            "default encoder and without --no-decoder"
        )


class LabelsInvalid(RetrievalError):
    """Labels cannot be used; the message says which, why, and what to do.

    Example:
        >>> str(LabelsInvalid("label depth is 0, expected 1 (the top folders) or more"))
        'label depth is 0, expected 1 (the top folders) or more'
    """


class MetadataInvalid(RetrievalError):
    """A table of metadata cannot be used; the message names the first line that is wrong, and what to do.

    Example:
        >>> str(MetadataInvalid("metadata a.csv has no column path or file"))
        'metadata a.csv has no column path or file'
    """


class QueryInvalid(RetrievalError):
    """A query that cannot be answered whatever the picture; the message says why, and what to do.

    Example:
        >>> str(QueryInvalid("region is 0,0,0,9, expected a width and a height above 0"))
        'region is 0,0,0,9, expected a width and a height above 0'
    """


class RunInvalid(RetrievalError):
    """The training run in `folder` cannot be used; `reason` says why and what to do.

    Example:
        >>> str(RunInvalid("runs/a", "it holds a run already: name another folder"))
        'run runs/a cannot be used: it holds a run already: name another folder'
    """

    def __init__(self, folder: str, reason: str) -> None:
        """Keep `folder` and `reason` apart."""
        super().__init__(folder, reason)
        self.folder = folder
        self.reason = reason

    def __str__(self) -> str:
        """One sentence for the user."""
        return f"run {self.folder} cannot be used: {self.reason}"


class TrainingFailed(RetrievalError):
    """Training came to nothing; the message says why, and what to try.

    Example:
        >>> str(TrainingFailed("the loss is nan in epoch 3: train again with a smaller --learning-rate"))
        'the loss is nan in epoch 3: train again with a smaller --learning-rate'
    """


def table_reason(error: Exception) -> str:
    """Why a table cannot be read, from what was raised meanwhile.

    Example:
        >>> table_reason(FileNotFoundError(2, "No such file or directory", "labels.csv"))
        'No such file or directory'
    """
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8: save it as such"
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def counted(count: int, noun: str, one: str = "", several: str = "") -> str:
    """So many of what `noun` names, and what `one` of them, or `several`, do.

    Example:
        >>> counted(1, "picture"), counted(1200, "picture"), counted(1, "file", " is there", " are there")
        ('1 picture', '1,200 pictures', '1 file is there')
    """
    return f"1 {noun}{one}" if count == 1 else f"{count:,} {noun}s{several}"


def printable(text: str | PathLike[str]) -> str:
    """`text`, which may be any file name, on one line: control characters and undecodable bytes as escapes.

    Example:
        >>> printable("caf\\udce9\\n.jpg")
        'caf\\\\xe9\\\\n.jpg'
    """
    decoded = str(text).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if decoded.isprintable():
        return decoded
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in decoded)
