"""How an index is to be searched, as a person says it.

    auto                     chosen for the corpus: exact while that is fast enough, then approximate
    exact, flat              every vector is compared: by differences; by products, with the same answers
    hnsw, ivf                a graph of the vectors; cells around centroids
    int8, pq, binary, ...    codes instead of vectors, alone or behind a kind: "ivf,int8"
    IVF4096,SQ8              any factory string of FAISS

and, behind a semicolon each, the recall that an approximate one has to reach and the memory that it may take:
"auto;recall=0.999;memory=2000000000".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from .errors import OptionInvalid

Kind: TypeAlias = Literal["auto", "exact", "flat", "hnsw", "ivf"]
Code: TypeAlias = Literal[
    "float32", "float16", "int8", "rabitq", "pq", "binary", "binary64", "binary128", "binary256"
]

KINDS: tuple[Kind, ...] = get_args(Kind)
CODES: tuple[Code, ...] = get_args(Code)

DEFAULT_RECALL = 0.99
# What FAISS' factory strings are made of; whether it is one, only FAISS can tell.
_FACTORY = re.compile(r"[A-Z][\w,().+-]*")
# FAISS ends the process with these.
_NO_NUMBER = re.compile(r"[A-Za-z_]0+(?![\d.])|HNSW1(?!\d)")
_NOT_PARSED = "could not parse"
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(frozen=True, slots=True)
class Structure:
    """A search structure as it was asked for.

    kind: how the vectors are arranged. code: how each is kept in the structure, None for what suits the kind.
    factory: a factory string of FAISS, in place of both. recall: the share of the ten nearest that an
    approximate structure has to find. memory: bytes that it may take, None for any number.

    Example:
        >>> str(Structure.parse("ivf,int8;recall=0.95"))
        'ivf,int8;recall=0.95'
    """

    kind: Kind = "auto"
    code: Code | None = None
    factory: str = ""
    recall: float = DEFAULT_RECALL
    memory: int | None = None

    @classmethod
    def parse(cls, text: str) -> Structure:
        """Understand what a person wrote.

        Raises:
            OptionInvalid: neither one of the names nor a factory string of FAISS, or an option that is none.
        """
        if not isinstance(text, str) or not text.strip():
            raise OptionInvalid(f"structure is {text!r}, expected {EXPECTED}")
        name, *options = (part.strip() for part in text.split(";"))
        structure = cls._named(name)
        for option in options:
            structure = structure._with(option)
        return structure

    @classmethod
    def of(
        cls,
        name: str = "auto",
        *,
        code: str | None = None,
        recall: str | None = None,
        memory: str | None = None,
    ) -> Structure:
        """A structure from the answers to separate questions; None leaves the choice.

        Raises:
            OptionInvalid: as in `parse`.

        Example:
            >>> str(Structure.of("ivf", code="int8", memory="2GB"))
            'ivf,int8;memory=2000000000'
        """
        options = {"recall": recall, "memory": memory}
        chosen = [f"{option}={value}" for option, value in options.items() if value is not None]
        named, *others = name.split(";")
        return cls.parse(";".join([named if code is None else f"{named},{code}", *others, *chosen]))

    @classmethod
    def _named(cls, name: str) -> Structure:
        kind, _, code = name.partition(",")
        if name in CODES:
            kind, code = "auto", name
        if kind in KINDS and (not code or code in CODES):
            return cls(kind, code or None)
        if not _FACTORY.fullmatch(name):
            raise OptionInvalid(f"structure is {name!r}, expected {EXPECTED}")
        return cls(factory=name)

    def _with(self, option: str) -> Structure:
        name, _, value = option.partition("=")
        if name == "recall":
            return replace(self, recall=parse_recall(value))
        if name == "memory":
            return replace(self, memory=parse_bytes(value))
        raise OptionInvalid(f"structure has the option {option!r}, expected recall=0.99 or memory=2GB")

    def __str__(self) -> str:
        """What `parse` reads."""
        name = self.factory or (self.kind if self.code is None else f"{self.kind},{self.code}")
        recall = f";recall={self.recall:g}" if self.recall != DEFAULT_RECALL else ""
        return name + recall + (f";memory={self.memory}" if self.memory is not None else "")


EXPECTED = f"{', '.join(KINDS)}, a code ({', '.join(CODES)}), both as in ivf,int8, or a FAISS factory string"


def check_structure(text: str, dim: int | None = None) -> str:
    """Return the name of a search structure as `str(Structure)` writes it.

    dim: numbers of the vectors it is for, where they are known.

    Raises:
        OptionInvalid: neither one of the names nor a factory string of FAISS, or one for other dims.

    Example:
        >>> check_structure("ivf, int8; memory=2GB".replace(" ", ""))
        'ivf,int8;memory=2000000000'
    """
    structure = Structure.parse(text)
    if structure.kind == "exact" and structure.code:
        raise OptionInvalid(
            f"structure is {text!r}: exact search has no codes, expected exact or flat,{structure.code}"
        )
    if structure.factory:
        _check_factory(structure.factory, dim)
    return str(structure)


def is_structure(value: object) -> bool:
    """Whether a manifest can name this structure. A factory string is not tried: that would load FAISS."""
    try:
        return isinstance(value, str) and str(Structure.parse(value)) == value
    except OptionInvalid:
        return False


def parse_recall(text: str) -> float:
    """A share above 0 and up to 1. Raises OptionInvalid."""
    try:
        recall = float(text)
    except ValueError:
        recall = 0.0
    if not 0 < recall <= 1:
        raise OptionInvalid(f"recall is {text!r}, expected a number above 0 and up to 1, as 0.99")
    return recall


def parse_bytes(text: str) -> int:
    """A number of bytes: 2GB, 500MB, 1000000.

    Raises:
        OptionInvalid: something else, or nothing.

    Example:
        >>> parse_bytes("1.5GB")
        1500000000
    """
    value = text.strip().upper()
    unit = next((unit for unit in ("TB", "GB", "MB", "KB", "B") if value.endswith(unit)), "")
    try:
        number = float(value.removesuffix(unit)) * _UNITS.get(unit, 1)
        if not 1 <= number < 2**63:
            raise ValueError(number)
    except ValueError as err:
        raise OptionInvalid(f"memory is {text!r}, expected a number of bytes, as 500MB or 2GB") from err
    return int(number)


def _check_factory(factory: str, dim: int | None) -> None:
    import faiss

    if _NO_NUMBER.search(factory) or "IDMap" in factory:
        # With a map of ids, FAISS takes no vectors without them.
        raise OptionInvalid(
            f"structure is {factory!r}: no number in it may be 0, that of HNSW not 1, and it may map no ids"
        )
    try:
        faiss.index_factory(dim or 64, factory)
    except MemoryError as err:
        raise OptionInvalid(f"structure is {factory!r}, which takes more memory than there is") from err
    except RuntimeError as err:
        reason = reason_of(err)
        if dim is not None or _NOT_PARSED in reason:
            raise OptionInvalid(
                f"structure is {factory!r}, which FAISS cannot make of {dim or 'any'} numbers ({reason}), "
                f"expected {EXPECTED}"
            ) from err


def reason_of(error: RuntimeError) -> str:
    """What FAISS says in an error, without where in its source it says so."""
    return re.sub(r"Error in .* at \S+:\d+: (Error: '.*?' failed: )?", "", str(error)).strip()
