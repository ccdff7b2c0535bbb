"""A condition in SQL, as far as Milvus can evaluate it, in the words of Milvus."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from .errors import OptionInvalid
from .where import COLUMNS as _COLUMNS

COLUMNS = tuple(_COLUMNS)
"""The columns that every index has."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*')|"(?P<quoted>[^"]+)"|(?P<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)"""
    r"""|(?P<word>[^\W\d]\w*)|(?P<sign><>|<=|>=|==|!=|[<>=(),-]))"""
)
_WORDS = {"and", "or", "not", "in", "like", "is", "null"}
_SIGNS = {"=": "==", "<>": "!="}


def filter_of(condition: str, columns: Sequence[str]) -> str:
    """`condition` as Milvus writes it.

    Raises:
        OptionInvalid: it has words that are no column, or signs that Milvus does not know.

    Example:
        >>> filter_of("label = 'glass' and width in (600, 800)", ["label", "width"])
        'label == "glass" and width in [ 600 , 800 ]'
    """
    known = {column.lower(): column for column in columns}
    parts: list[str] = []
    brackets: list[str] = []
    at = 0
    while condition[at:].strip():
        token = _TOKEN.match(condition, at)
        if token is None:
            raise _refusal(condition, f"{condition[at:].split()[0]!r} is not understood", columns)
        at = token.end()
        part = _part(token, known)
        if part is None:
            raise _refusal(condition, f"no such column: {token['word'] or token['quoted']}", columns)
        if part == "(":
            brackets.append("]" if parts[-1:] == ["in"] else ")")
            part = "[" if brackets[-1] == "]" else "("
        elif part == ")" and brackets:
            part = brackets.pop()
        parts.append(part)
    if not parts:
        raise _refusal(condition, "it is empty", columns)
    return " ".join(parts)


def _part(token: re.Match[str], known: dict[str, str]) -> str | None:
    """A token in the words of Milvus; None if it should be a column and is none."""
    if token["text"] is not None:
        return json.dumps(token["text"][1:-1].replace("''", "'"), ensure_ascii=False)
    if token["number"] is not None:
        return token["number"]
    if token["sign"] is not None:
        return _SIGNS.get(token["sign"], token["sign"])
    word = token["quoted"] or token["word"]
    if token["word"] and word.lower() in _WORDS:
        return word.lower()
    column = known.get(word.lower())
    if column is None or column.isidentifier():
        return column
    return f"$meta[{json.dumps(column, ensure_ascii=False)}]"


def _refusal(condition: str, reason: str, columns: Sequence[str]) -> OptionInvalid:
    shown = " ".join(condition.split())[:80]
    return OptionInvalid(f"where {shown!r} cannot be used: {reason}; the columns are {', '.join(columns)}")
