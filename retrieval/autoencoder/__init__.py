"""Fitting: architectures, solving, training, export. The only room that imports TensorFlow.

Import what fits inside the functions that fit: TensorFlow takes ten seconds to load on two cores. Importing
the room itself does not load it.
"""

import os
from typing import TYPE_CHECKING, Any

from ..threads import num_threads

if TYPE_CHECKING:
    from .recipes import RECIPES as RECIPES

__all__ = ["RECIPES"]

# Read by TensorFlow when it is loaded. What is wrong, Python is told of by exceptions; what the C++ library
# logs would end up among the user's results.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(num_threads()))
os.environ.setdefault("TF_NUM_INTEROP_THREADS", str(num_threads()))


def __getattr__(name: str) -> Any:
    if name == "RECIPES":
        from .recipes import RECIPES

        return RECIPES
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
