"""PLACEHOLDER"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from index_store import Index


@dataclass(frozen=True)
class Drift:
    """x"""

    def to_json(self) -> dict[str, Any]:
        """x"""
        return {}


def drift_of(index: Index) -> Drift | None:
    """x"""
    return None
