"""The choices that an index offers, checked once at the door."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Literal, SupportsIndex, TypeAlias, TypeVar

from .errors import OptionInvalid

Metric: TypeAlias = Literal["cosine", "l2"]
Structure: TypeAlias = Literal["exact", "flat", "hnsw", "ivf"]
Check: TypeAlias = Literal["quick", "full"]

METRICS: tuple[Metric, ...] = ("cosine", "l2")
STRUCTURES: tuple[Structure, ...] = ("exact", "flat", "hnsw", "ivf")
CHECKS: tuple[Check, ...] = ("quick", "full")

Choice = TypeVar("Choice", bound=str)


def check_choice(name: str, value: Choice, choices: Sequence[Choice]) -> Choice:
    """Return `value` if it is one of `choices`.

    Raises:
        OptionInvalid: it is not; the message lists the choices.

    Example:
        >>> check_choice("metric", "l2", METRICS)
        'l2'
    """
    if value not in choices:
        raise OptionInvalid(f"{name} is {value!r}, expected one of {', '.join(choices)}")
    return value


def check_fingerprint(value: str | None) -> str | None:
    """Return the fingerprint of an encoder, or None where there is none.

    Raises:
        OptionInvalid: not text, or empty.
    """
    if value is not None and not (isinstance(value, str) and value):
        raise OptionInvalid(f"encoder is {value!r}, expected its fingerprint as text, or None")
    return value


def check_whole_number(name: str, value: SupportsIndex) -> int:
    """Return `value` as an int from 1.

    Raises:
        OptionInvalid: it is not a whole number, or below 1.

    Example:
        >>> check_whole_number("k", 10)
        10
    """
    try:
        number = operator.index(value)
    except TypeError as err:
        raise OptionInvalid(f"{name} is {value!r}, expected a whole number from 1") from err
    if number < 1:
        raise OptionInvalid(f"{name} is {number}, expected a whole number from 1")
    return number
