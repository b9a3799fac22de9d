"""The scatter matrix of data."""

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

_Floating = TypeVar("_Floating", np.float64, np.float32)

BLOCK: Final[int]

def add_scatter(x: NDArray[_Floating], mean: NDArray[np.float64], out: NDArray[np.float64]) -> None: ...
