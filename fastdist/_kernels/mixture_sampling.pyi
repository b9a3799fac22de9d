"""Samples of Gaussian mixtures: which component, and then a normal of that component alone."""

from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from fastdist._kernels.stream import BlockStream

@final
class MixtureSampler:
    def __new__(
        cls, cumulative: NDArray[np.float64], means: NDArray[np.float64], factors: NDArray[np.float64]
    ) -> Self: ...
    def apply(
        self, uniforms: NDArray[np.float64], z: NDArray[np.float64], labels: NDArray[np.int64]
    ) -> None: ...
    def fill_range(
        self,
        normals: BlockStream,
        key: NDArray[np.uint64],
        first_word: int,
        first_normal: int,
        out: NDArray[np.float64],
        labels: NDArray[np.int64],
    ) -> None: ...
