"""The formulas of the multivariate normal as one would write them: in pure Python, and in NumPy."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import partial
from operator import mul, sub
from typing import Any

import numpy as np
from numpy.random import PCG64

from bench.cases.case import PURE_PYTHON_LARGEST, SEED, Call
from bench.cases.multivariate import ONCE, SAMPLES, VectorRung, Vectors, parameters, points
from bench.peers import libraries
from bench.peers.pure_python import Rows, python_cholesky, python_logpdf, python_normal

LN_2PI = math.log(2 * math.pi)
# Beyond, pure Python takes seconds for a factor.
PURE_PYTHON_LARGEST_DIMENSION = 64
# Of more, a call of these takes some tenths of a second.
PEERS_LARGEST = 6_000_000
HERE = f"; of at most {PEERS_LARGEST // 10**6} million numbers"


peer = partial(
    libraries.peer, rung=VectorRung, forms=("new", "scalar"), dtypes=(np.float64,), largest=PEERS_LARGEST
)


def generator() -> np.random.Generator:
    return np.random.Generator(PCG64(SEED))


# Pure Python


def python(case: Vectors) -> Call:
    mean, cov, _ = (array.tolist() for array in parameters(case))
    gauss, n = random.Random(SEED).gauss, case.rows
    means = mean if case.batch else [mean] * n

    def factors() -> list[Rows]:
        return list(map(python_cholesky, cov)) if case.batch else [python_cholesky(cov)] * n

    if case.method == "cholesky":
        return lambda: list(map(dense, factors()))
    known = factors() if case.factor == ONCE else None
    if case.method in SAMPLES:
        return lambda: [python_normal(m, f, gauss) for m, f in zip(means, known or factors(), strict=True)]
    x = points(case).reshape(n, -1).tolist()
    if case.method == "fit":
        return partial(python_fit, x)

    def log_densities() -> list[float]:
        return list(map(python_logpdf, x, means, known or factors()))

    return {
        "logpdf": log_densities,
        "pdf": lambda: list(map(math.exp, log_densities())),
        "loglikelihood": lambda: sum(log_densities()),
        "mahalanobis": lambda: list(map(python_mahalanobis, x, means, known or factors())),
    }[case.method]


def python_mahalanobis(x: Sequence[float], mean: Sequence[float], rows: Rows) -> float:
    """|y|,  where L y = x - mean."""
    y: list[float] = []
    for deviation, row in zip(map(sub, x, mean), rows, strict=True):
        y.append((deviation - sum(map(mul, row, y))) / row[-1])
    return math.hypot(*y)


def dense(rows: Rows) -> list[list[float]]:
    return [[*row, *[0.0] * (len(rows) - len(row))] for row in rows]


def python_fit(x: Rows) -> tuple[list[float], list[list[float]]]:
    """Means of the deviations' products."""
    n, columns = len(x), list(zip(*x, strict=True))
    mean = [sum(column) / n for column in columns]
    deviations = [[x_i - m for x_i in column] for column, m in zip(columns, mean, strict=True)]
    return mean, [[sum(map(mul, a, b)) / n for b in deviations] for a in deviations]


# NumPy


def numpy_expression(case: Vectors) -> Call:
    """As one would write it."""
    mean, cov, scale_tril = (part.astype(case.dtype, copy=False) for part in parameters(case))
    once, batch, rows = case.factor == ONCE, case.batch, (case.rows, case.dimension)
    draw: Callable[..., Any] = partial(generator().standard_normal, dtype=case.dtype)
    inverse = np.linalg.inv(scale_tril)

    def samples() -> Any:
        factor = scale_tril if once else np.linalg.cholesky(cov)
        z = draw(rows)
        return mean + ((factor @ z[..., None])[..., 0] if batch else z @ factor.T)

    if case.method in SAMPLES:
        return samples
    x = points(case).reshape(rows)
    if case.method == "fit":
        return lambda: (x.mean(0), np.cov(x, rowvar=False, bias=True))

    def whitening() -> Any:
        return inverse if once else np.linalg.inv(np.linalg.cholesky(cov))

    def squares(whitening: Any) -> Any:
        deviations = x - mean
        y = (whitening @ deviations[..., None])[..., 0] if batch else deviations @ whitening.T
        return np.square(y).sum(-1)

    def log_densities() -> Any:
        w = whitening()
        log_det = np.log(np.diagonal(w, axis1=-2, axis2=-1)).sum(-1)
        return log_det - 0.5 * (squares(w) + case.dimension * LN_2PI)

    return {
        "logpdf": log_densities,
        "pdf": lambda: np.exp(log_densities()),
        "loglikelihood": lambda: log_densities().sum(),
        "mahalanobis": lambda: np.sqrt(squares(whitening())),
    }[case.method]


# The rungs

PYTHON = peer(
    "python math, random",
    python,
    "pure Python",
    how="textbook formulas over lists; `random.gauss`",
    methods=("sample", "rvs", "logpdf", "pdf", "mahalanobis", "loglikelihood", "fit", "cholesky"),
    largest=PURE_PYTHON_LARGEST,
    largest_dimension=PURE_PYTHON_LARGEST_DIMENSION,
)
NUMPY_EXPRESSION = peer(
    "NumPy expression",
    numpy_expression,
    "NumPy",
    how=f"`mean + z @ L.T`; `(x - mean) @ inv(L).T`, squared and summed; `np.cov`{HERE}",
    dtypes=(np.float64, np.float32),
    methods=("sample", "rvs", "logpdf", "pdf", "mahalanobis", "loglikelihood", "fit"),
)
