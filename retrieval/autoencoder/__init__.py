"""Fitting: architectures, solving, training, export. The only room that imports TensorFlow.

Import what fits inside the functions that fit: TensorFlow takes ten seconds to load on two cores. Importing
the room itself does not load it.
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .recipes import RECIPES as RECIPES

__all__ = ["RECIPES"]

# Errors still show; what the C++ library tells about the processor would end up among the user's results.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def __getattr__(name: str) -> Any:
    if name == "RECIPES":
        from .recipes import RECIPES

        return RECIPES
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
