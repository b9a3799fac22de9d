"""The elementary functions on arrays, so that tests and lessons can look at each alone."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Floating = TypeVar("_Floating", np.float64, np.float32)

def evaluate_minus_log(f: NDArray[_Floating], e: NDArray[_Floating], out: NDArray[_Floating]) -> None: ...
def evaluate_sin_pi(t: NDArray[_Floating], out: NDArray[_Floating]) -> None: ...
def evaluate_cos_pi(t: NDArray[_Floating], out: NDArray[_Floating]) -> None: ...
