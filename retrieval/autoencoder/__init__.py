"""Fitting: architectures, solving, training, export. The only room that imports TensorFlow.

Import it inside the functions that fit: TensorFlow takes ten seconds to load on two cores.
"""

import os

# Errors still show; what the C++ library tells about the processor would end up among the user's results.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
