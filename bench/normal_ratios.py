"""What is compared of normals and uniforms, and what was asked of them."""

from __future__ import annotations

import bench_normal
import bench_stream
import numpy as np
from interleaved import Comparison, Goal, against
from ladder import in_question
from sampling import ALL_THREADS, IN_USE, LEVELS, NUMPY, ON_PCG64, TWO_THREADS, Samples

MILLION, TEN_MILLION = 1_000_000, 10_000_000
ON_GIVEN = "{}, into a given array"
OURS = in_question(LEVELS)
THREADS = [IN_USE, TWO_THREADS, *([ALL_THREADS] if ALL_THREADS.threads > 2 else [])]

X_NUMPY, X_ONE = against("x NumPy", NUMPY), against("x one", IN_USE)
X_PYTHON = against("x Python", bench_normal.TEXTBOOK)
X_MKL, X_MKL_UNIFORM = against("x mkl", bench_normal.MKL), against("x mkl", bench_stream.MKL)
COLUMNS = (X_NUMPY, X_MKL, X_ONE)
UNIFORM_COLUMNS = (X_NUMPY, X_MKL_UNIFORM, X_ONE)
ASKED_OF_FEW = {10: 1.2, 100: 3, 1000: 6}

COMPARISONS = [
    Comparison(
        ON_GIVEN.format("float64 normals"),
        Samples("standard_normal", "out", np.float64, MILLION),
        bench_normal.RUNGS,
        (*COLUMNS, X_PYTHON),
        [
            Goal(OURS, X_NUMPY, 8, 10),
            Goal(OURS, X_MKL, 1.7, 2.2),
            Goal(OURS, X_PYTHON, 150, 200),
            Goal([ON_PCG64], X_NUMPY, 2.5, 3, of="the same of Generator(PCG64)"),
        ],
    ),
    Comparison(
        "float64 normals, a new array each",
        Samples("standard_normal", "new", np.float64, MILLION),
        bench_normal.RUNGS,
        COLUMNS,
    ),
    Comparison(
        ON_GIVEN.format("float32 normals"),
        Samples("standard_normal", "out", np.float32, MILLION),
        bench_normal.RUNGS,
        COLUMNS,
        [Goal(OURS, X_NUMPY, 16, 20)],
    ),
    Comparison(
        ON_GIVEN.format("float64 uniforms"),
        Samples("random", "out", np.float64, MILLION),
        bench_stream.RUNGS,
        UNIFORM_COLUMNS,
        [Goal(OURS, X_NUMPY, 4, 5)],
    ),
    Comparison(
        ON_GIVEN.format("float32 uniforms"),
        Samples("random", "out", np.float32, MILLION),
        bench_stream.RUNGS,
        UNIFORM_COLUMNS,
    ),
    Comparison(
        "float64 normals, threads",
        Samples("standard_normal", "out", np.float64, TEN_MILLION),
        [NUMPY, *THREADS],
        COLUMNS,
        [Goal([TWO_THREADS], X_ONE, 1.9)],
    ),
    Comparison(
        "one float64 normal",
        Samples("standard_normal", "scalar"),
        bench_normal.RUNGS,
        COLUMNS,
        [Goal(OURS, X_NUMPY, 2, 3)],
    ),
    *(
        Comparison(
            f"{size} float64 normals, {words}",
            Samples("standard_normal", form, np.float64, size),
            bench_normal.RUNGS,
            COLUMNS,
            [Goal(OURS, X_NUMPY, asked)] if form == "out" else [],
        )
        for size, asked in ASKED_OF_FEW.items()
        for form, words in (("out", "into a given array"), ("new", "a new array each"))
    ),
]

MEMORY = [
    (
        Samples("standard_normal", "out", np.float64, TEN_MILLION),
        [NUMPY, bench_normal.MKL, IN_USE, ON_PCG64, TWO_THREADS],
    ),
    (
        Samples("standard_normal", "out", np.float32, TEN_MILLION),
        [NUMPY, bench_normal.MKL, IN_USE, ON_PCG64, TWO_THREADS],
    ),
    (Samples("random", "out", np.float64, TEN_MILLION), [NUMPY, IN_USE, TWO_THREADS]),
]
