"""Box-Muller: two uniforms become two independent standard normals."""

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

_Floating = TypeVar("_Floating", np.float64, np.float32)

# Capsules of a C structure: what stream.BlockStream and stream.SequentialStream make of words.
float64: Final[object]
float32: Final[object]

def transform_tile(words: NDArray[np.uint64], z: NDArray[_Floating]) -> None: ...
