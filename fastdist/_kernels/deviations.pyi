"""Sums of deviations, and of their squares."""

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

_Floating = TypeVar("_Floating", np.float64, np.float32)

BLOCK_VALUES: Final[int]

def sums_of_deviations(
    x: NDArray[_Floating], shift: float, unit: float, out: NDArray[np.float64]
) -> None: ...
