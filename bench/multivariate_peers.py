"""What the multivariate normal is measured against, from pure Python up; each on one thread."""

from __future__ import annotations

import importlib
import math
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from ladder import PURE_PYTHON_LARGEST, SEED, Call, not_installed
from multivariate import EACH_CALL, ONCE, VectorRung, Vectors, parameters, points
from numpy.random import PCG64
from sampling import mkl_stream
from threadpoolctl import threadpool_limits

from fastdist._main_job.multivariate_normals import Rows, python_cholesky, python_logpdf, python_sample

LN_2PI = math.log(2 * math.pi)
# Beyond, pure Python takes seconds for a factor.
PURE_PYTHON_LARGEST_DIMENSION = 64


def peer(name: str, start: Callable[[Vectors], Call], **options: Any) -> VectorRung:
    """A rung whose libraries multiply and decompose on one thread."""

    def start_alone(case: Vectors) -> Call:
        call = start(case)
        threadpool_limits(1)  # of all libraries that are loaded by now
        return call

    return VectorRung(name, start_alone, **{"forms": ("new", "scalar"), "dtypes": (np.float64,), **options})


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
    if case.method == "sample":
        return lambda: [python_sample(m, f, gauss) for m, f in zip(means, known or factors(), strict=True)]
    x = points(case).reshape(n, -1).tolist()
    return lambda: list(map(python_logpdf, x, means, known or factors()))


def dense(rows: Rows) -> list[list[float]]:
    return [[*row, *[0.0] * (len(rows) - len(row))] for row in rows]


# NumPy


def numpy_method(method: str) -> Callable[[Vectors], Call]:
    def start(case: Vectors) -> Call:
        mean, cov, _ = parameters(case)
        draw = partial(generator().multivariate_normal, method=method)
        if case.batch:
            return lambda: [draw(m, c) for m, c in zip(mean, cov, strict=True)]
        return partial(draw, mean, cov, None if case.form == "scalar" else case.rows)

    return start


def numpy_expression(case: Vectors) -> Call:
    """As one would write it."""
    mean, cov, scale_tril = parameters(case)
    once, batch, rows = case.factor == ONCE, case.batch, (case.rows, case.dimension)
    draw, solve = generator().standard_normal, np.linalg.solve

    def samples() -> Any:
        factor = scale_tril if once else np.linalg.cholesky(cov)
        z = draw(rows)
        return mean + ((factor @ z[..., None])[..., 0] if batch else z @ factor.T)

    def log_densities() -> Any:
        factor = scale_tril if once else np.linalg.cholesky(cov)
        deviations = x - mean
        y = solve(factor, deviations[..., None])[..., 0] if batch else solve(factor, deviations.T).T
        log_det = np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(-1)
        return -0.5 * (np.square(y).sum(-1) + case.dimension * LN_2PI) - log_det

    if case.method == "sample":
        return samples
    x = points(case).reshape(rows)
    return log_densities


def lapack_cholesky(case: Vectors) -> Call:
    return partial(np.linalg.cholesky, parameters(case).cov)


# mkl_random, SciPy, PyTorch


def mkl(case: Vectors) -> Call:
    mean, cov, scale_tril = parameters(case)
    draw, n = mkl_stream().multinormal_cholesky, None if case.form == "scalar" else case.rows
    if case.factor == ONCE:
        return lambda: draw(mean, scale_tril, n)
    return lambda: draw(mean, np.linalg.cholesky(cov), n)


def scipy(case: Vectors) -> Call:
    density = importlib.import_module("scipy.stats").multivariate_normal
    mean, cov, _ = parameters(case)
    if case.factor == ONCE:
        frozen = density(mean, cov)
        if case.method == "sample":
            return partial(frozen.rvs, case.rows, generator())
        return partial(frozen.logpdf, points(case))
    if case.method == "sample":
        return partial(density.rvs, mean, cov, case.rows, generator())
    return partial(density.logpdf, points(case), mean, cov)


def scipy_loop(case: Vectors) -> Call:
    density = importlib.import_module("scipy.stats").multivariate_normal
    mean, cov, _ = parameters(case)
    rng = generator()
    if case.factor == ONCE:
        frozen = list(map(density, mean, cov))
        if case.method == "sample":
            return lambda: [one.rvs(1, rng) for one in frozen]
        x = points(case)
        return lambda: [one.logpdf(x_i) for one, x_i in zip(frozen, x, strict=True)]
    if case.method == "sample":
        return lambda: [density.rvs(m, c, 1, rng) for m, c in zip(mean, cov, strict=True)]
    x = points(case)
    return lambda: list(map(density.logpdf, x, mean, cov))


def torch(case: Vectors) -> Call:
    library = importlib.import_module("torch")
    library.set_num_threads(1)
    library.manual_seed(SEED)
    mean, cov, scale_tril = (
        library.from_numpy(array.astype(case.dtype, copy=False)) for array in parameters(case)
    )
    if case.method == "cholesky":
        return lambda: library.linalg.cholesky(cov).numpy()
    normal = library.distributions.MultivariateNormal
    known = normal(mean, scale_tril=scale_tril) if case.factor == ONCE else None
    if case.method == "sample":
        shape = () if case.batch or case.form == "scalar" else (case.rows,)
        return lambda: (known or normal(mean, cov)).sample(shape).numpy()
    x = library.from_numpy(points(case))
    return lambda: (known or normal(mean, cov)).log_prob(x).numpy()


# The rungs

ONE_COVARIANCE = (False,)
MANY_COVARIANCES = (True,)
# Of a loop whose steps are alike, some thousand numbers show what each takes.
LOOP_LARGEST = 1500
NORMALS = ("sample", "logpdf")

PYTHON = peer(
    "python math, random",
    python,
    largest=PURE_PYTHON_LARGEST,
    largest_dimension=PURE_PYTHON_LARGEST_DIMENSION,
)
NUMPY_SVD, NUMPY_CHOLESKY = (
    peer(
        f"NumPy {method}",
        numpy_method(method),
        methods=("sample",),
        factors=(EACH_CALL,),
        batches=ONE_COVARIANCE,
    )
    for method in ("svd", "cholesky")
)
NUMPY_LOOP = peer(
    "NumPy cholesky, in a loop",
    numpy_method("cholesky"),
    methods=("sample",),
    factors=(EACH_CALL,),
    batches=MANY_COVARIANCES,
    largest=LOOP_LARGEST,
)
NUMPY_EXPRESSION = peer("NumPy expression", numpy_expression, methods=NORMALS)
LAPACK = peer("numpy.linalg.cholesky", lapack_cholesky, methods=("cholesky",))
MKL = peer(
    "mkl_random multinormal_cholesky",
    mkl,
    methods=("sample",),
    batches=ONE_COVARIANCE,
    missing=not_installed("mkl_random"),
)
SCIPY = peer("SciPy", scipy, methods=NORMALS, batches=ONE_COVARIANCE, missing=not_installed("scipy"))
SCIPY_LOOP = peer(
    "SciPy, in a loop",
    scipy_loop,
    methods=NORMALS,
    batches=MANY_COVARIANCES,
    largest=LOOP_LARGEST,
    missing=not_installed("scipy"),
)
TORCH = peer("PyTorch", torch, dtypes=(np.float64, np.float32), missing=not_installed("torch"))

PEERS = [
    PYTHON,
    NUMPY_SVD,
    NUMPY_CHOLESKY,
    NUMPY_LOOP,
    NUMPY_EXPRESSION,
    LAPACK,
    MKL,
    SCIPY,
    SCIPY_LOOP,
    TORCH,
]
