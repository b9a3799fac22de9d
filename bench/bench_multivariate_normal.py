"""Multivariate normals: samples, log densities and Cholesky factors, from pure Python up to all threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ladder import Rung, parameters, time_with
from multivariate import ALL_THREADS, EACH_CALL, LEVELS, ONCE, Vectors
from multivariate_peers import PEERS

DIMENSIONS = (1, 2, 3, 8, 16, 64, 256, 1024)
# Matrices of which each is factored in a call of its own.
ALONE = (2, 3, 8, 16, 31, 64, 256, 1024)
ROWS, LARGEST = 100_000, 2_000_000
BATCH, BATCH_DIMENSION = 10_000, 3
FLOAT32_DIMENSIONS = (2, 16, 64)


def rows_of(
    method: str, d: int, factor: str, form: str = "new", dtype: type[np.generic] = np.float64
) -> Vectors:
    """100 000 of them, or fewer where that were too many numbers."""
    return Vectors(method, form, dtype, d * min(ROWS, LARGEST // d), d, factor)


def one_row(method: str, d: int, factor: str) -> Vectors:
    return Vectors(method, "scalar", size=d, dimension=d, factor=factor)


def batch_of(method: str, factor: str = EACH_CALL) -> Vectors:
    size = BATCH * BATCH_DIMENSION ** (2 if method == "cholesky" else 1)
    return Vectors(method, "new", size=size, dimension=BATCH_DIMENSION, factor=factor, batch=True)


def matrix_of(d: int) -> Vectors:
    return Vectors("cholesky", "new", size=d * d, dimension=d)


METHODS, FACTORS = ("sample", "logpdf"), (ONCE, EACH_CALL)
CASES = [
    *(
        case
        for method in METHODS
        for d in DIMENSIONS
        for factor in FACTORS
        for case in (
            one_row(method, d, factor),
            rows_of(method, d, factor),
        )
    ),
    *(rows_of("sample", d, ONCE, "out") for d in DIMENSIONS),
    *(rows_of(method, d, ONCE, dtype=np.float32) for method in METHODS for d in FLOAT32_DIMENSIONS),
    *(batch_of(method, factor) for method in METHODS for factor in FACTORS),
    *(matrix_of(d) for d in ALONE),
    batch_of("cholesky"),
]

RUNGS: list[Rung] = [*PEERS, *LEVELS, ALL_THREADS]


@pytest.mark.parametrize(("rung", "case", "group"), parameters(RUNGS, CASES))
def test_multivariate_normal(benchmark: Any, quick: bool, rung: Rung, case: Vectors, group: Vectors) -> None:
    time_with(benchmark, rung, case, group, quick)
