"""`fastdist.norm`: each function from pure Python up to all threads; sums over data; frozen parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from densities import ALL_THREADS, FUNCTIONS, LEVELS, UFUNC, Function
from density_peers import PEERS
from ladder import Rung, parameters, time_with

# Call overhead; in L1 or L2, in L3, only in RAM; the scalar call is the size of 1.
SIZES = (100, 10_000, 1_000_000, 50_000_000)
SIZE_WITH_PARAMETERS = 1_000_000
DTYPES = (np.float64, np.float32)

CASES = [
    *(Function(name, "scalar") for name in FUNCTIONS),
    *(Function(name, "out", dtype, size) for name in FUNCTIONS for dtype in DTYPES for size in SIZES),
    *(
        Function(name, "out", dtype, SIZE_WITH_PARAMETERS, given)
        for name in FUNCTIONS
        for dtype in DTYPES
        for given in ("numbers", "arrays")
    ),
    *(Function(name, "new", size=size) for name in ("loglikelihood", "fit") for size in SIZES),
    Function("freeze", "scalar"),
]

RUNGS: list[Rung] = [*PEERS, *LEVELS, UFUNC, ALL_THREADS]


@pytest.mark.parametrize(("rung", "case", "group"), parameters(RUNGS, CASES))
def test_norm(benchmark: Any, quick: bool, rung: Rung, case: Function, group: Function) -> None:
    time_with(benchmark, rung, case, group, quick)
