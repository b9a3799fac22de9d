"""Standard normals, from the textbook formula in pure Python up to all threads.

``pytest bench/bench_normal.py`` times every rung; ``pytest bench --quick`` checks that each works and
is right; ``python bench/ratios.py`` times them in turn, for ratios.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from ladder import SEED, Call, Rung, parameters, python_rung, time_with
from sampling import ALL_THREADS, LEVELS, NUMPY, NUMPY_SFC64, ON_PCG64, Samples, mkl_rung

from fastdist.reference.box_muller import textbook_normals

# Call overhead; 4096 fit L1, 1e6 L2 or L3, 5e7 only RAM.
OVERHEAD_SIZES = (1, 10, 100, 1000)
SIZES = (*OVERHEAD_SIZES, 4096, 1_000_000, 50_000_000)
DTYPES = (np.float64, np.float32)

CASES = [
    Samples("standard_normal", "scalar"),
    *(Samples("standard_normal", "new", dtype, size) for dtype in DTYPES for size in OVERHEAD_SIZES),
    *(Samples("standard_normal", "out", dtype, size) for dtype in DTYPES for size in SIZES),
]


def textbook(case: Samples) -> Call:
    uniform, n = random.Random(SEED).random, case.size
    return lambda: textbook_normals(n, uniform)


def gauss(case: Samples) -> Call:
    normal, n = random.Random(SEED).gauss, case.size
    return normal if case.form == "scalar" else lambda: [normal() for _ in range(n)]


def mkl_icdf(stream: Any, case: Samples) -> Call:
    normal, n = stream.standard_normal, None if case.form == "scalar" else case.size
    return lambda: normal(n, method="ICDF")


TEXTBOOK = python_rung("python textbook", textbook, "new")
GAUSS = python_rung("python random.gauss", gauss, "new", "scalar")
MKL = mkl_rung("mkl_random ICDF SFMT19937", mkl_icdf)  # its fastest

RUNGS: list[Rung] = [TEXTBOOK, GAUSS, NUMPY, NUMPY_SFC64, MKL, *LEVELS, ON_PCG64, ALL_THREADS]


@pytest.mark.parametrize(("rung", "case", "group"), parameters(RUNGS, CASES))
def test_standard_normal(benchmark: Any, quick: bool, rung: Rung, case: Samples, group: Samples) -> None:
    time_with(benchmark, rung, case, group, quick)
