"""Names for the array types that the evaluation passes around."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Distances: TypeAlias = NDArray[np.float32]
Integers: TypeAlias = NDArray[np.int64]
Vectors: TypeAlias = NDArray[np.floating[Any]]
Bytes: TypeAlias = NDArray[np.uint8]
