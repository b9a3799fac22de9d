"""What is compared of multivariate normals, and what was asked of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from bench_multivariate_normal import ALONE, DIMENSIONS, batch_of, matrix_of, one_row, rows_of
from interleaved import X_ONE, Against, Comparison, Goal, against
from ladder import Rung, in_question
from multivariate import ALL_THREADS, EACH_CALL, IN_USE, LEVELS, ONCE, TWO_THREADS, Vectors
from multivariate_peers import (
    LAPACK,
    MKL,
    NUMPY_CHOLESKY,
    NUMPY_EXPRESSION,
    NUMPY_LOOP,
    NUMPY_SVD,
    PEERS,
    PYTHON,
    SCIPY,
    SCIPY_LOOP,
    TORCH,
)

LARGE = 8_000_000
OURS = in_question(LEVELS)
OURS_TWICE = [TWO_THREADS[rung.level] for rung in OURS if rung.level is not None]

X_SVD, X_NUMPY = against("x svd", NUMPY_SVD), against("x NumPy", NUMPY_CHOLESKY)
X_EXPRESSION, X_LAPACK = against("x formula", NUMPY_EXPRESSION), against("x LAPACK", LAPACK)
X_PYTHON, X_MKL = against("x Python", PYTHON), against("x mkl", MKL)
X_SCIPY, X_SCIPY_LOOP = against("x SciPy", SCIPY), against("x SciPy", SCIPY_LOOP)
X_NUMPY_LOOP = against("x NumPy", NUMPY_LOOP)

SAMPLING_ASKED = {2: 8, 3: 8, 8: 8, 16: 7, 64: 5, 256: 2.5}
MKL_ASKED = {2: 1.7, 3: 1.7, 8: 1.7, 16: 1.7, 64: 1.2, 256: 1.2}
DENSITY_ASKED = {2: 10, 3: 8, 8: 6, 16: 5, 64: 3, 256: 3}
# Below this dimension a factor is to take no longer than LAPACK's; at 1024 some time longer.
SMALL = 32


def goals(asked: dict[int, float], d: int, column: Against) -> list[Goal]:
    return [Goal(OURS, column, asked[d])] if d in asked else []


def sampling(d: int) -> Comparison:
    """As NumPy does it, from a covariance."""
    case = rows_of("sample", d, EACH_CALL)
    return Comparison(
        f"sampling, d = {d}, covariance given",
        case,
        [*PEERS, *OURS],
        (X_NUMPY, X_SVD, X_EXPRESSION, X_PYTHON),
        goals(SAMPLING_ASKED, d, X_NUMPY),
        [(rung, replace(case, form="out")) for rung in OURS],
    )


def sampling_by_factor(d: int) -> Comparison:
    """As mkl_random does it, from a factor."""
    return Comparison(
        f"sampling, d = {d}, factor given",
        rows_of("sample", d, ONCE),
        [*PEERS, *OURS],
        (X_MKL, X_EXPRESSION, X_SCIPY, X_PYTHON),
        goals(MKL_ASKED, d, X_MKL),
    )


def densities(d: int, factor: str) -> Comparison:
    return Comparison(
        f"logpdf, d = {d}, {'frozen' if factor == ONCE else 'covariance given'}",
        rows_of("logpdf", d, factor),
        [*PEERS, *OURS],
        (X_SCIPY, X_EXPRESSION, X_PYTHON),
        goals(DENSITY_ASKED, d, X_SCIPY) if factor == ONCE else [],
    )


def one(method: str, d: int, factor: str, title: str, asked: float | None = None) -> Comparison:
    return Comparison(
        title,
        one_row(method, d, factor),
        [*PEERS, *OURS],
        (X_SCIPY, X_NUMPY, X_EXPRESSION, X_PYTHON),
        [] if asked is None else [Goal(OURS, X_SCIPY, asked)],
    )


def batch(method: str, factor: str, title: str) -> Comparison:
    return Comparison(
        title,
        batch_of(method, factor),
        [*PEERS, *OURS],
        (X_SCIPY_LOOP, X_NUMPY_LOOP, X_EXPRESSION, X_PYTHON),
        [Goal(OURS, X_SCIPY_LOOP, 100)] if factor == EACH_CALL else [],
    )


def cholesky(d: int) -> Comparison:
    asked = Goal(OURS, X_LAPACK, 1)
    if d >= SMALL:
        asked = Goal(OURS, X_LAPACK, 2.5, at_most=True)
    return Comparison(
        f"cholesky, d = {d}",
        matrix_of(d),
        [PYTHON, LAPACK, TORCH, *OURS],
        (X_LAPACK, X_PYTHON),
        [asked] if d < SMALL or d == max(ALONE) else [],
    )


def two_threads(method: str, d: int) -> Comparison:
    every: list[Rung] = [*OURS, *OURS_TWICE, *([ALL_THREADS] if ALL_THREADS.threads > 2 else [])]
    return Comparison(
        f"{method}, d = {d}, two threads",
        large(method, d),
        every,
        (X_ONE,),
        [Goal(OURS_TWICE, X_ONE, 1.8)],
    )


def large(method: str, d: int) -> Vectors:
    return Vectors(method, "out" if method == "sample" else "new", np.float64, LARGE, d, ONCE)


COMPARISONS = [
    *(sampling(d) for d in DIMENSIONS),
    *(sampling_by_factor(d) for d in DIMENSIONS),
    *(densities(d, factor) for factor in (ONCE, EACH_CALL) for d in DIMENSIONS),
    one("logpdf", 2, ONCE, "logpdf of one point, d = 2, frozen", 15),
    one("logpdf", 2, EACH_CALL, "logpdf of one point, d = 2, covariance given"),
    one("sample", 2, EACH_CALL, "one sample, d = 2, covariance given"),
    batch("sample", EACH_CALL, "10 000 covariances, d = 3, sampled"),
    batch("sample", ONCE, "10 000 factors, d = 3, sampled"),
    batch("logpdf", EACH_CALL, "10 000 covariances, d = 3, scored"),
    batch("logpdf", ONCE, "10 000 factors, d = 3, scored"),
    *(cholesky(d) for d in ALONE),
    Comparison(
        "cholesky, 10 000 of d = 3",
        batch_of("cholesky"),
        [PYTHON, LAPACK, TORCH, *OURS],
        (X_LAPACK, X_PYTHON),
        [Goal(OURS, X_LAPACK, 1)],
    ),
    *(two_threads(method, d) for method in ("sample", "logpdf") for d in (2, 16, 64)),
]

THREADS = [IN_USE, TWO_THREADS[str(IN_USE.level)]]
MEMORY = [
    (Vectors("sample", "new", np.float64, LARGE, 16), [NUMPY_CHOLESKY, MKL, SCIPY, *THREADS]),
    (Vectors("logpdf", "new", np.float64, LARGE, 16, ONCE), [NUMPY_EXPRESSION, SCIPY, *THREADS]),
]
