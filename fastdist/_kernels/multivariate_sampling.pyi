"""Standard normals pushed through mean + L z."""

from typing import Any, Final, Self, final

import numpy as np
from numpy.typing import NDArray

from fastdist._kernels.stream import BlockStream

# (z, mean, scale_tril), where each row has its own.
colorize: Final[np.ufunc]

@final
class Colorizer:
    dimension: Final[int]
    dtype: Final[np.dtype[Any]]

    def __new__(cls, mean: NDArray[Any], scale_tril: NDArray[Any]) -> Self: ...
    def apply(self, z: NDArray[Any]) -> None: ...
    def fill_range(
        self, normals: BlockStream, key: NDArray[np.uint64], first: int, out: NDArray[Any]
    ) -> None: ...
