"""The normal distribution's functions as ufuncs."""

from typing import Any, Final, Self, final

import numpy as np

# (x, loc, scale), in float64 and in float32.
pdf: Final[np.ufunc]
logpdf: Final[np.ufunc]
cdf: Final[np.ufunc]
logcdf: Final[np.ufunc]
sf: Final[np.ufunc]
logsf: Final[np.ufunc]
ppf: Final[np.ufunc]
isf: Final[np.ufunc]

def in_float32(number: float) -> bool: ...

@final
class Function:
    def __new__(cls, name: str) -> Self: ...
    def __call__(self, x: Any, loc: Any, scale: Any, keywords: dict[str, Any]) -> Any: ...
