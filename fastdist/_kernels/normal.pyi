"""The normal distribution's functions as ufuncs, and sums of deviations."""

from collections.abc import Callable
from typing import Any, Final, TypeVar, final

import numpy as np
from numpy.typing import NDArray

_Floating = TypeVar("_Floating", np.float64, np.float32)

BLOCK: Final[int]

# (x, loc, scale), in float64 and in float32.
pdf: Final[np.ufunc]
logpdf: Final[np.ufunc]
cdf: Final[np.ufunc]
logcdf: Final[np.ufunc]
sf: Final[np.ufunc]
logsf: Final[np.ufunc]
ppf: Final[np.ufunc]
isf: Final[np.ufunc]

@final
class Function:
    ufunc: Final[np.ufunc]

    def __init__(
        self, name: str, arrays: Callable[[np.ufunc, Any, Any, Any, dict[str, Any]], Any]
    ) -> None: ...
    def __call__(self, x: Any, loc: Any, scale: Any, keywords: dict[str, Any]) -> Any: ...

def sums_of_deviations(
    x: NDArray[_Floating], shift: float, unit: float, out: NDArray[np.float64]
) -> None: ...
