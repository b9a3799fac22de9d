"""Gaussian mixtures over blocks of points: densities, responsibilities, and the moments of an E step."""

from typing import Any, Final, Self, final

import numpy as np
from numpy.typing import DTypeLike, NDArray

BLOCK_ROWS: Final[int]
PIECE_ROWS: Final[int]

@final
class Mixture:
    components: Final[int]
    dimension: Final[int]
    dtype: Final[np.dtype[Any]]
    def __new__(
        cls,
        log_heights: NDArray[np.float64],
        weights: NDArray[np.float64],
        means: NDArray[np.float64],
        factors: NDArray[np.float64],
        dtype: DTypeLike,
    ) -> Self: ...
    def score_samples(self, x: NDArray[Any], out: NDArray[Any]) -> None: ...
    def responsibilities(
        self, x: NDArray[Any], out: NDArray[Any], log_density: NDArray[Any] | None = None
    ) -> None: ...
    def nearest(self, x: NDArray[Any], out: NDArray[np.intp]) -> None: ...
    def predict(self, x: NDArray[Any], out: NDArray[np.intp]) -> None: ...
    def add_expectations(
        self,
        x: NDArray[Any],
        sample_weight: NDArray[np.float64] | None,
        centres: NDArray[np.float64],
        totals: NDArray[np.float64],
        sums: NDArray[np.float64],
        products: NDArray[np.float64],
    ) -> float: ...

def add_moments(
    x: NDArray[Any],
    responsibilities: NDArray[Any],
    centres: NDArray[np.float64],
    totals: NDArray[np.float64],
    sums: NDArray[np.float64],
    products: NDArray[np.float64],
) -> None: ...
