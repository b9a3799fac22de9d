"""The density of multivariate normals, as generalised ufuncs, and the short way for few points."""

from typing import Any, Final, Self, final

import numpy as np
from numpy.typing import NDArray

log_peak: Final[np.ufunc]  # (scale_tril)
whiten: Final[np.ufunc]  # (x, mean, scale_tril)
squared_mahalanobis: Final[np.ufunc]  # (x, mean, scale_tril)
logpdf: Final[np.ufunc]  # (x, mean, scale_tril, log_peak)
pdf: Final[np.ufunc]  # (x, mean, scale_tril, log_peak)

@final
class Whitener:
    def __new__(cls, mean: NDArray[np.float64], scale_tril: NDArray[np.float64], log_peak: float) -> Self: ...
    def squared_mahalanobis(self, x: Any) -> Any: ...
    def logpdf(self, x: Any) -> Any: ...
    def pdf(self, x: Any) -> Any: ...
