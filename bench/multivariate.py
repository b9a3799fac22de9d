"""The multivariate normal: cases, and fastdist's rungs; ``multivariate_peers.py`` has the others."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from ladder import (
    REFERENCE_LEVEL,
    SEED,
    Call,
    Case,
    Rung,
    largest_on,
    package_on,
    touched,
    why_alone,
    why_missing,
)
from numpy.typing import NDArray
from sampling import STANDARD_ERRORS

import fastdist
from fastdist import _dispatch
from fastdist.parallel import MINIMUM_SHARE

ONCE, EACH_CALL = "factor once", "factor per call"
# Of larger matrices the peers' decompositions take half a second, and the baseline's results seconds.
QUICK_LARGEST_DIMENSION = 256
# Fewer tell nothing of a covariance.
FEW = 1000
# What a log density may be off, relative to it, or to 1: the condition numbers of the data are below 10.
TOLERANCE = {np.float64: 1e-11, np.float32: 1e-4}

Array = NDArray[Any]


@dataclass(frozen=True)
class Vectors(Case):
    """``sample`` rows of d numbers, their ``logpdf``, or ``cholesky`` of matrices of d x d.

    ``size`` counts the numbers of the rows, or of the matrices.  ``factor`` says whether the covariance is
    factored before, or by each call.  In a ``batch`` each row has its own mean and covariance, and there are
    as many matrices; else there is one.  The scalar is one row.
    """

    dimension: int = 2
    factor: str = EACH_CALL
    batch: bool = False

    def __str__(self) -> str:
        dtype, d = self.dtype.__name__, self.dimension
        if self.method == "cholesky":
            return f"cholesky of {self.rows:_} {dtype} {d} x {d}"
        covariances = ", a covariance each" if self.batch else ""
        out = ", out=" if self.form == "out" else ""
        rows = "one row" if self.form == "scalar" else f"{self.rows:_} rows"
        return f"{self.method} of {rows} of {d} {dtype}{covariances}, {self.factor}{out}"

    @property
    def rows(self) -> int:
        """Or matrices."""
        return max(1, self.size // self.dimension ** (2 if self.method == "cholesky" else 1))

    @property
    def bytes_returned(self) -> int:
        return super().bytes_returned // (self.dimension if self.method == "logpdf" else 1)

    @property
    def quick(self) -> bool:
        return self.dimension <= QUICK_LARGEST_DIMENSION

    @property
    def shape(self) -> tuple[int, ...]:
        d = (self.dimension,)
        return (self.rows, *{"sample": d, "logpdf": (), "cholesky": d + d}[self.method])

    def results(self, call: Call) -> Array:
        return np.asarray(call()).reshape(self.shape)

    def check(self, results: Array) -> None:
        checks = {"sample": check_samples, "logpdf": check_log_densities, "cholesky": check_factors}
        checks[self.method](self, results)


# What holds of all right results; computed by LAPACK, and by other formulas than those that are timed


def check_samples(case: Vectors, samples: Array) -> None:
    """Whitened, they have mean 0 and covariance I, each within 6 standard errors."""
    mean, _, scale_tril = parameters(case)
    deviations = samples.astype(np.float64) - mean
    if case.batch:
        z = np.linalg.solve(scale_tril, deviations[..., None])[..., 0]
    else:
        z = np.linalg.solve(scale_tril, deviations.T).T
    assert np.isfinite(z).all()
    n, d = z.shape
    if n * d >= FEW:
        squared = np.square(z).sum()
        assert abs(squared - n * d) < STANDARD_ERRORS * math.sqrt(2 * n * d), f"mean square {squared / n / d}"
    if n >= FEW:
        assert (np.abs(z.mean(0)) < STANDARD_ERRORS / math.sqrt(n)).all()
        errors = np.abs(z.T @ z / n - np.eye(d))
        allowed = STANDARD_ERRORS * np.sqrt((1 + np.eye(d)) / n)
        assert (errors < allowed).all(), f"a covariance is off by {errors.max()}"


def check_log_densities(case: Vectors, results: Array) -> None:
    """-(x - mean)^T cov^-1 (x - mean) / 2 - ln det(2 pi cov) / 2, of the inverse."""
    mean, cov, _ = parameters(case)
    y = points(case).astype(np.float64).reshape(-1, case.dimension) - mean
    product = (np.linalg.inv(cov) @ y[..., None])[..., 0] if case.batch else y @ np.linalg.inv(cov)
    log_det_cov = np.linalg.slogdet(cov)[1]
    expected = -0.5 * ((y * product).sum(-1) + log_det_cov + case.dimension * math.log(2 * math.pi))
    close = np.abs(results - expected) <= TOLERANCE[case.dtype] * (1 + np.abs(expected))
    assert close.all(), f"{case}: {np.count_nonzero(~close)} results are off, at {np.argmin(close)} first"


def check_factors(case: Vectors, factors: Array) -> None:
    """|L L^T - cov|_ij <= 2 (d + 1) eps sqrt(cov_ii cov_jj): half of it for the error of this product."""
    cov = parameters(case).cov
    assert (np.triu(factors, 1) == 0).all()
    assert (np.diagonal(factors, axis1=-2, axis2=-1) > 0).all()
    variances = np.diagonal(cov, axis1=-2, axis2=-1)
    allowed = np.sqrt(variances[..., :, None] * variances[..., None, :])
    allowed *= 2 * (case.dimension + 1) * np.finfo(case.dtype).eps
    errors = np.abs(factors @ factors.swapaxes(-1, -2) - cov)
    assert (errors <= allowed).all(), f"{case}: backward error {(errors / allowed).max()} of what is allowed"


# Data


class Parameters(NamedTuple):
    mean: Array
    cov: Array
    scale_tril: Array


def parameters(case: Vectors) -> Parameters:
    return make_parameters(case.dimension, case.rows if case.batch else None)


@lru_cache(maxsize=4)
def make_parameters(dimension: int, covariances: int | None) -> Parameters:
    """cov = G G^T / d + I, with G of standard normals."""
    rng = np.random.default_rng(SEED)
    batch = () if covariances is None else (covariances,)
    g = rng.standard_normal((*batch, dimension, dimension))
    cov = g @ g.swapaxes(-1, -2) / dimension + np.eye(dimension)
    return Parameters(rng.standard_normal((*batch, dimension)), cov, np.linalg.cholesky(cov))


def points(case: Vectors) -> Array:
    """Where the density is asked for."""
    rows = make_points(case.dimension, case.rows, case.batch, case.dtype)
    return rows[0] if case.form == "scalar" else rows


@lru_cache(maxsize=2)
def make_points(dimension: int, rows: int, batch: bool, dtype: type[np.generic]) -> Array:
    mean = make_parameters(dimension, rows if batch else None).mean
    x = np.random.default_rng(SEED + 1).standard_normal((rows, dimension))
    x += mean
    return x.astype(dtype, copy=False)


# The rungs


@dataclass(frozen=True)
class VectorRung(Rung):
    """Who answers, for one covariance or for batches, and whether by a factor that is given."""

    factors: tuple[str, ...] = (ONCE, EACH_CALL)
    batches: tuple[bool, ...] = (False, True)
    largest_dimension: int | None = None

    def nearest(self, case: Any) -> Case | None:
        if case.factor not in self.factors or case.batch not in self.batches:
            return None
        if self.largest_dimension is not None and case.dimension > self.largest_dimension:
            return None
        return super().nearest(case)


def call_of(case: Vectors, package: Any) -> Call:
    """A call of fastdist, or of its build for another level."""
    mean, cov, scale_tril = parameters(case)
    if case.method == "cholesky":
        return partial(package._dispatch.cholesky.cholesky, cov)
    once = case.factor == ONCE
    factor = {"scale_tril": scale_tril} if once else {"cov": cov}
    if case.method == "logpdf":
        density = package.multivariate_normal
        if once and not case.batch:
            return partial(density(mean, cov).logpdf, points(case))
        return partial(density.logpdf, points(case), mean, **factor)
    keywords: dict[str, Any] = factor if once else {**factor, "method": "cholesky"}
    if case.form != "scalar":
        keywords["size"] = case.rows
    if case.form == "out":
        keywords["out"] = touched(case)[: math.prod(case.shape)].reshape(case.shape)
    if case.dtype is np.float32:  # else the call is written without a dtype, as users write it
        keywords["dtype"] = case.dtype
    return partial(package.default_rng(SEED).multivariate_normal, mean, **keywords)


def expected_results(case: Vectors) -> Iterator[Array]:
    yield reference_results(replace(case, form="new") if case.form == "out" else case)


@lru_cache(maxsize=2)
def reference_results(case: Vectors) -> Array:
    return case.results(call_of(case, package_on(REFERENCE_LEVEL)))


def fastdist_rung(name: str, level: str, **options: Any) -> VectorRung:
    return VectorRung(
        name,
        start=lambda case: call_of(case, package_on(level)),
        reference=expected_results,
        level=level,
        **options,
    )


def threads_rung(name: str, threads: int, level: str) -> VectorRung:
    return fastdist_rung(
        name,
        level,
        threads=threads,
        methods=("sample", "logpdf"),
        smallest=2 * MINIMUM_SHARE,  # less is not divided
        missing=why_missing(level) or why_alone(),
    )


LEVELS = [
    fastdist_rung(
        f"fastdist {level}",
        level,
        missing=why_missing(level),
        largest=largest_on(level),
        largest_dimension=QUICK_LARGEST_DIMENSION if largest_on(level) else None,
    )
    for level in _dispatch.LEVELS
]
IN_USE = LEVELS[_dispatch.LEVELS.index(_dispatch.LEVEL)]
ALL_THREADS = threads_rung("fastdist, all threads", fastdist.get_num_threads(), _dispatch.LEVEL)
TWO_THREADS = {level: threads_rung(f"fastdist {level}, 2 threads", 2, level) for level in _dispatch.LEVELS}
