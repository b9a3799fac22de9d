"""The multivariate normal: cases, and fastdist's rungs; ``peers/multivariate.py`` has the others."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.cases.case import QUICK_LARGEST, SEED, Call, Case, Rung, assert_close, placed, touched
from bench.cases.fastdist_rungs import BASELINE_LARGEST, fastdist_rungs, results_of_baseline
from bench.cases.sampling import BITS_COMPARED, STANDARD_ERRORS

ONCE, EACH_CALL = "factor once", "factor per call"
SAMPLES, DENSITIES = ("sample", "rvs"), ("logpdf", "pdf", "mahalanobis")
# Of larger matrices the peers' decompositions take half a second, and the baseline's results seconds.
QUICK_LARGEST_DIMENSION = 256
# Fewer tell nothing of a covariance.
FEW = 1000
# What a density may be off, relative to it, or to 1: the condition numbers of the data are below 10.
TOLERANCE = {np.float64: 1e-11, np.float32: 1e-4}

Array = NDArray[Any]


@dataclass(frozen=True)
class Vectors(Case):
    """Samples (``sample``, ``rvs``) or densities of rows of d numbers, a ``fit`` to them, or ``cholesky``.

    ``size`` counts the numbers of the rows, or of the matrices of d x d.  ``factor`` says whether the
    covariance is factored before, or by each call.  In a ``batch`` each row has its own mean and covariance,
    and there are as many matrices; else there is one.  The scalar is one row.
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
    def unit(self) -> int:
        """Numbers of a row, or of a matrix."""
        return self.dimension ** (2 if self.method == "cholesky" else 1)

    @property
    def rows(self) -> int:
        """Or matrices."""
        return self.size // self.unit

    @property
    def numbers(self) -> int:
        return self.rows * self.dimension**2 if self.batch else self.size

    @property
    def bytes_returned(self) -> int:
        if self.method in ("loglikelihood", "fit"):
            return 0
        return super().bytes_returned // (self.dimension if self.method in DENSITIES else 1)

    @property
    def shape(self) -> tuple[int, ...]:
        d = (self.dimension,)
        if self.method in ("loglikelihood", "fit"):
            return (1,) if self.method == "loglikelihood" else (self.dimension + self.dimension**2,)
        tail = d if self.method in SAMPLES else d + d if self.method == "cholesky" else ()
        return (self.rows, *tail)

    def shortened(self) -> Vectors | None:
        return self.of_at_most(QUICK_LARGEST) if self.dimension <= QUICK_LARGEST_DIMENSION else None

    def of_at_most(self, size: int) -> Vectors:
        """Whole rows, and one at least."""
        return replace(self, size=max(1, min(self.size, size) // self.unit) * self.unit)

    def results(self, call: Call) -> Array:
        returned = call()
        if self.method == "fit":
            returned = np.concatenate([np.ravel(part) for part in returned])
        return np.asarray(returned).reshape(self.shape)

    def check(self, results: Array) -> None:
        if self.method in SAMPLES:
            check_samples(self, results)
        elif self.method == "cholesky":
            check_factors(self, results)
        else:
            assert_close(results, expected_results(replace(self, form="new")), TOLERANCE[self.dtype])


# What holds of all right results; computed by LAPACK, and by other formulas than those that are timed


def check_samples(case: Vectors, samples: Array) -> None:
    """Whitened, they have mean 0 and covariance I, each within 6 standard errors."""
    mean, _, scale_tril = parameters(case)
    deviations = samples.astype(np.float64) - mean
    z = (np.linalg.inv(scale_tril) @ deviations[..., None])[..., 0] if case.batch else None
    if z is None:
        z = deviations @ np.linalg.inv(scale_tril).T
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


def check_factors(case: Vectors, factors: Array) -> None:
    """|L L^T - cov|_ij <= 2 (d + 1) eps sqrt(cov_ii cov_jj): half of it for the error of this product."""
    cov = parameters(case).cov
    assert (np.triu(factors, 1) == 0).all()
    assert (np.diagonal(factors, axis1=-2, axis2=-1) > 0).all()
    variances = np.diagonal(cov, axis1=-2, axis2=-1)
    allowed = np.sqrt(variances[..., :, None] * variances[..., None, :])
    allowed *= 2 * (case.dimension + 1) * float(np.finfo(factors.dtype).eps)
    errors = np.abs(factors @ factors.swapaxes(-1, -2) - cov)
    assert (errors <= allowed).all(), f"{case}: backward error {(errors / allowed).max()} of what is allowed"


@lru_cache(maxsize=2)
def expected_results(case: Vectors) -> Array:
    """By the inverse: -(x - mean)^T cov^-1 (x - mean) / 2 - ln det(2 pi cov) / 2; the others by it."""
    mean, cov, _ = parameters(case)
    x = points(case).astype(np.float64, copy=False).reshape(-1, case.dimension)
    if case.method == "fit":
        fitted: Array = np.concatenate([x.mean(0), np.cov(x.T, bias=True).ravel()])
        return fitted
    y = x - mean
    product = (np.linalg.inv(cov) @ y[..., None])[..., 0] if case.batch else y @ np.linalg.inv(cov)
    squared: Array = np.einsum("ij,ij->i", y, product)
    if case.method == "mahalanobis":
        distances: Array = np.sqrt(squared)
        return distances
    log_density = -0.5 * (squared + np.linalg.slogdet(cov)[1] + case.dimension * math.log(2 * math.pi))
    if case.method == "loglikelihood":
        total: Array = log_density.sum(keepdims=True)
        return total
    expected: Array = np.exp(log_density) if case.method == "pdf" else log_density
    return expected


# Data


class Parameters(NamedTuple):
    mean: Array
    cov: Array
    scale_tril: Array


def parameters(case: Vectors) -> Parameters:
    return make_parameters(case.dimension, case.rows if case.batch else None)


@lru_cache(maxsize=8)
def make_parameters(dimension: int, covariances: int | None, seed: int = SEED) -> Parameters:
    """cov = G G^T / d + I, with G of standard normals."""
    rng = np.random.default_rng(seed)
    batch = () if covariances is None else (covariances,)
    g = rng.standard_normal((*batch, dimension, dimension))
    cov = g @ g.swapaxes(-1, -2) / dimension + np.eye(dimension)
    return Parameters(rng.standard_normal((*batch, dimension)), cov, np.linalg.cholesky(cov))


def points(case: Vectors) -> Array:
    """Where the density is asked for."""
    rows = make_points(case.dimension, case.rows, case.batch, case.dtype)  # type: ignore[arg-type]
    return rows[0] if case.form == "scalar" else rows


@lru_cache(maxsize=4)
def make_points(dimension: int, rows: int, batch: bool, dtype: type[np.generic]) -> Array:
    """The first rows of more are the same."""
    mean = make_parameters(dimension, rows if batch else None).mean
    x = np.random.default_rng(SEED + 1).standard_normal((rows, dimension))
    x += mean
    return placed(x.astype(dtype, copy=False))


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
        if self.threads > 1 and (case.method == "cholesky" or case.batch):  # which fastdist does not divide
            return None
        nearest = super().nearest(case)
        return nearest.of_at_most(nearest.size) if isinstance(nearest, Vectors) else None


def call_of(case: Vectors, package: Any) -> Call:
    """A call of fastdist, or of its build for another level."""
    mean, cov, scale_tril = parameters(case)
    density = package.multivariate_normal
    if case.method == "cholesky":
        return partial(package._dispatch.cholesky.cholesky, cov)
    if case.method == "fit":
        return partial(density.fit, points(case))
    if case.method == "sample":
        return sampling_call(case, package.default_rng(SEED))
    once = case.factor == ONCE
    factor = {"scale_tril": scale_tril} if once else {"cov": cov}
    if once and not case.batch:
        frozen = density(mean, cov)
        if case.method == "rvs":
            return partial(frozen.rvs, case.rows, package.default_rng(SEED))
        return partial(getattr(frozen, case.method), points(case))
    return partial(getattr(density, case.method), points(case), mean, **factor)


def sampling_call(case: Vectors, generator: Any) -> Call:
    mean, cov, scale_tril = parameters(case)
    factor = {"scale_tril": scale_tril} if case.factor == ONCE else {"cov": cov, "method": "cholesky"}
    keywords: dict[str, Any] = {**factor}
    if case.form != "scalar":
        keywords["size"] = case.rows
    if case.form == "out":
        keywords["out"] = touched(case).reshape(case.shape)
    if case.dtype is np.float32:  # else the call is written without a dtype, as users write it
        keywords["dtype"] = case.dtype
    return partial(generator.multivariate_normal, mean, **keywords)


baseline_results = results_of_baseline(call_of)


def first_rows(case: Vectors) -> Iterator[tuple[int, Array]]:
    """A row depends on its place alone; of sums and batches all are compared."""
    whole = case.batch or case.method not in (*SAMPLES, *DENSITIES)
    part = case if whole else case.of_at_most(BITS_COMPARED)
    yield 0, baseline_results(replace(part, form="new") if case.form == "out" else part)


FASTDIST = fastdist_rungs(
    call_of,
    first_rows,
    rung=VectorRung,
    baseline={"largest": BASELINE_LARGEST, "largest_dimension": QUICK_LARGEST_DIMENSION},
    how="`Generator.multivariate_normal`, `multivariate_normal`: as its documentation has it",
)
