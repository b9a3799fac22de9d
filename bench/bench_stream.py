"""Uniforms and raw words, the other sequences of the stream."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ladder import SEED, Call, Rung, parameters, python_rung, time_with
from sampling import ALL_THREADS, LEVELS, NUMPY, NUMPY_SFC64, Samples, mkl_rung

SIZES = (1, 1000, 4096, 1_000_000, 50_000_000)

CASES = [
    Samples("random", "scalar"),
    *(Samples("random", "out", dtype, size) for dtype in (np.float64, np.float32) for size in SIZES),
]
RAW_CASES = [Samples("random_raw", "new", np.uint64, size) for size in SIZES]


def python_random(case: Samples) -> Call:
    uniform, n = random.Random(SEED).random, case.size
    return uniform if case.form == "scalar" else lambda: [uniform() for _ in range(n)]


def mkl_random_sample(stream: Any, case: Samples) -> Call:
    uniform, n = stream.random_sample, case.size
    return uniform if case.form == "scalar" else lambda: uniform(n)


PYTHON = python_rung("python random.random", python_random, "new", "scalar")
MKL = mkl_rung("mkl_random SFMT19937", mkl_random_sample)

RUNGS: list[Rung] = [PYTHON, NUMPY, NUMPY_SFC64, MKL, *LEVELS, ALL_THREADS]
RAW_RUNGS: list[Rung] = [
    replace(rung, forms=("new",), dtypes=(np.uint64,)) for rung in (NUMPY, NUMPY_SFC64, *LEVELS, ALL_THREADS)
]


@pytest.mark.parametrize(
    ("rung", "case", "group"), [*parameters(RUNGS, CASES), *parameters(RAW_RUNGS, RAW_CASES)]
)
def test_stream(benchmark: Any, quick: bool, rung: Rung, case: Samples, group: Samples) -> None:
    time_with(benchmark, rung, case, group, quick)
