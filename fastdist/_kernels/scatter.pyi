"""Sums of the rows of data, and of their outer products."""

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

_Floating = TypeVar("_Floating", np.float64, np.float32)

BLOCK_ROWS: Final[int]

def add_rows(x: NDArray[_Floating], unit: float, sums: NDArray[np.float64]) -> None: ...
def add_scatter(x: NDArray[_Floating], mean: NDArray[np.float64], out: NDArray[np.float64]) -> None: ...
