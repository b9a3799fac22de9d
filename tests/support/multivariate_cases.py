"""What the tests of the multivariate kernels share: dimensions, matrices, and layouts in memory.

from tests.support import multivariate_cases as cases
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from fastdist.reference.arithmetic import Float32

DTYPES = ["float64", "float32"]
# On both sides of the borders of vectors and of blocks.
DIMENSIONS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65]
# Too long for the twin: there the plainest instruction set is the measure.
LARGE_DIMENSIONS = [96, 127, 128, 129, 200, 257, 400]
# Vectors side by side: on both sides of the widths, and of what is taken at a time.
COUNTS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 70]


def numbers(array: np.ndarray) -> Any:
    """The array as a twin reads it: nested lists of ``float``, or of ``Float32``."""
    if array.ndim == 1:
        return list(map(Float32, array.tolist())) if array.dtype == np.float32 else array.tolist()
    return [numbers(row) for row in array]


def baseline(kernel: str) -> Any:
    """A kernel as built for the plainest instruction set."""
    return importlib.import_module(f"fastdist._isa.baseline.{kernel}")


def covariances(d: int, n: int, seed: int, dtype: str) -> np.ndarray:
    """n covariances of standard deviations between 1/1000 and 1000, every third of them nearly singular.

    NaN above the diagonal, where no one looks.
    """
    random = np.random.default_rng(seed)
    square = random.normal(size=(n, d, d))
    square[::3, :, d // 2 :] *= 1e-3
    deviations = 10.0 ** random.uniform(-3, 3, (n, d))
    matrices = square @ square.swapaxes(1, 2) * deviations[:, :, None] * deviations[:, None, :]
    matrices[:, *np.triu_indices(d, 1)] = np.nan
    return matrices.astype(dtype)


def factors(d: int, n: int, seed: int, dtype: str) -> np.ndarray:
    """n lower triangular matrices with a positive diagonal, and NaN above it, where no one looks.

    Each row has a scale of its own; what it has beside the diagonal shrinks with d, so that a solution stays
    within the range of numbers.
    """
    random = np.random.default_rng(seed)
    matrices = random.normal(size=(n, d, d)) / np.sqrt(max(d, 1))
    matrices[:, range(d), range(d)] = random.uniform(0.5, 2, (n, d))
    matrices *= 10.0 ** random.uniform(-2, 2, (n, d, 1))
    matrices[:, *np.triu_indices(d, 1)] = np.nan
    return matrices.astype(dtype)


def layouts(array: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The same numbers, otherwise in memory."""
    yield "Fortran order", np.asfortranarray(array)
    reverse = (slice(None, None, -1),) * array.ndim
    yield "reversed", np.array(array[reverse])[reverse]
    spread = np.full([2 * n for n in array.shape], np.nan, array.dtype)
    every_second = spread[(slice(None, None, 2),) * array.ndim + (...,)]
    every_second[...] = array
    yield "every second", every_second
    read_only = array.copy()
    read_only.flags.writeable = False
    yield "read-only", read_only
    raw = np.empty(array.nbytes + 1, np.uint8)[1:]
    unaligned = np.frombuffer(raw.data, array.dtype, array.size).reshape(array.shape)
    unaligned[...] = array
    yield "unaligned", unaligned
    yield "the other byte order", array.astype(array.dtype.newbyteorder())
