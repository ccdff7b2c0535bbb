"""Fitting: architectures, solving, training, export. The only room that imports TensorFlow.

Import what fits inside the functions that fit: TensorFlow takes ten seconds to load on two cores. Importing
the room itself does not load it.
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .solved import solve as solve

__all__ = ["solve"]

# Errors still show; what the C++ library tells about the processor would end up among the user's results.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def __getattr__(name: str) -> Any:
    if name == "solve":
        from .solved import solve

        return solve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
