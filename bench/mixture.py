"""Gaussian mixtures: cases, and fastdist's rungs; ``mixture_peers.py`` has the others.

All get the same data: points of a mixture whose components overlap, so that most points have several
components in question.  Far apart, most responsibilities underflow to 0, and cost other than they do here.
"""

from __future__ import annotations

import math
import warnings
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
    why_alone,
    why_missing,
)
from multivariate import FEW
from numpy.typing import NDArray
from sampling import STANDARD_ERRORS

import fastdist
from fastdist import _dispatch

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")
METHODS = ("step", "fit", "score_samples", "predict_proba", "sample")
# What one call of ``fit`` makes; nobody stops before.
STEPS = 10
# The points that a quick run has time for.
QUICK_POINTS = 5_000
# Points of which the data are made at once: few, so that making them is no peak of memory.
CHUNK = 1 << 12
# What a result may be off, relative to it, or to 1: the condition numbers of the data are below 20.
TOLERANCE = {np.float64: 1e-9, np.float32: 2e-3}

Array = NDArray[Any]


@dataclass(frozen=True)
class Mixture(Case):
    """One EM ``step``, a ``fit`` of ten steps, ``score_samples``, ``predict_proba`` or ``sample``.

    ``size`` counts the points, of ``dimension`` numbers each; the mixture has so many ``components``.
    """

    dimension: int = 2
    components: int = 4
    covariance_type: str = "full"

    def __str__(self) -> str:
        what = {"step": "one EM step", "fit": f"fit of {STEPS} EM steps"}.get(self.method, self.method)
        return (
            f"{what}, {self.size:_} points of {self.dimension} {self.dtype.__name__}, "
            f"{self.components} components, {self.covariance_type}"
        )

    @property
    def bytes_returned(self) -> int:
        """Of parameters nothing; samples have labels besides."""
        n, item = self.size, np.dtype(self.dtype).itemsize
        per_point = {
            "score_samples": item,
            "predict_proba": item * self.components,
            "sample": item * self.dimension + np.dtype(np.intp).itemsize,
        }
        return n * per_point.get(self.method, 0)

    @property
    def quick(self) -> bool:
        """A thousand points, and all others once they are shortened."""
        return self.size <= QUICK_POINTS

    @property
    def quick_size(self) -> int:
        return min(self.size, QUICK_POINTS)

    def results(self, call: Call) -> Array:
        """The rows, without their labels; or the parameters, one after the other."""
        returned = call()
        if self.method in ("step", "fit"):
            return np.concatenate([np.ravel(part) for part in returned]).astype(self.dtype)
        return np.asarray(returned[0] if isinstance(returned, tuple) else returned)

    def check(self, results: Array) -> None:
        if self.method == "sample":
            check_samples(self, results)
            return
        expected = self.expected()
        assert results.shape == expected.shape
        close = np.abs(results - expected) <= TOLERANCE[self.dtype] * (1 + np.abs(expected))
        assert close.all(), f"{self}: {np.count_nonzero(~close)} results are off, at {np.argmin(close)} first"

    def expected(self) -> Array:
        if self.method in ("step", "fit"):
            return expected_parameters(self)
        log_density, responsibilities = expectation(start(self), points(self), self.covariance_type)
        return log_density if self.method == "score_samples" else responsibilities


class Parameters(NamedTuple):
    """As scikit-learn shapes them."""

    weights: Array
    means: Array
    covariances: Array


# Data


@lru_cache(maxsize=8)
def true_parameters(dimension: int, components: int, covariance_type: str) -> Parameters:
    """Weights in proportion 1 : 2 : 3, means some three deviations apart in any dimension.

    cov = G G^T / d + I, with G of standard normals; of the other types, what is left of it.
    """
    d, k = dimension, components
    rng = np.random.default_rng(SEED)
    weights = 1.0 + np.arange(k) % 3
    means = 3 / math.sqrt(d) * rng.standard_normal((k, d))
    g = rng.standard_normal((k, d, d))
    full = g @ g.swapaxes(1, 2) / d + np.eye(d)
    return Parameters(weights / weights.sum(), means, of_type(covariance_type, full))


def of_type(covariance_type: str, full: Array) -> Array:
    """Of as many full covariances."""
    if covariance_type == "full":
        return full
    if covariance_type == "tied":
        tied: Array = full.mean(0)
        return tied
    variances: Array = np.diagonal(full, axis1=1, axis2=2)
    return variances.copy() if covariance_type == "diag" else variances.mean(1)


def full_covariances(parameters: Parameters, covariance_type: str) -> Array:
    k, d = parameters.means.shape
    covariances = parameters.covariances
    if covariance_type in ("full", "tied"):
        return np.broadcast_to(covariances, (k, d, d))
    return np.eye(d) * covariances.reshape(k, -1, 1)


def start(case: Mixture) -> Parameters:
    """Where EM starts, and of what densities are asked: not what the data were drawn from.

    The weights are equal, and each mean is half a deviation away.
    """
    _, means, covariances = true_parameters(case.dimension, case.components, case.covariance_type)
    moved = means + 0.5 * np.cos(np.arange(means.size)).reshape(means.shape) / math.sqrt(case.dimension)
    return Parameters(np.full(case.components, 1 / case.components), moved, covariances)


def points(case: Mixture) -> Array:
    return make_points(case.size, case.dimension, case.components, case.covariance_type, case.dtype)


@lru_cache(maxsize=2)
def make_points(
    n: int, dimension: int, components: int, covariance_type: str, dtype: type[np.generic]
) -> Array:
    """The first points of more are the same."""
    parameters = true_parameters(dimension, components, covariance_type)
    factors = np.linalg.cholesky(full_covariances(parameters, covariance_type))
    x = np.empty((n, dimension), dtype)
    for first in range(0, n, CHUNK):
        rng = np.random.default_rng((SEED, first))
        labels = rng.choice(components, CHUNK, p=parameters.weights)
        z = rng.standard_normal((CHUNK, dimension))
        for k in range(components):
            of_component = labels == k
            z[of_component] = parameters.means[k] + z[of_component] @ factors[k].T
        x[first : first + CHUNK] = z[: n - first]
    return x


# What holds of all right results, by other formulas than those that are timed


def expectation(parameters: Parameters, x: Array, covariance_type: str) -> tuple[Array, Array]:
    """Log densities and responsibilities by the inverse, in float64."""
    a = np.empty((len(x), len(parameters.weights)))
    full = full_covariances(parameters, covariance_type)
    for k, (weight, mean, cov) in enumerate(zip(parameters.weights, parameters.means, full, strict=True)):
        y = x - mean
        squared = (y @ np.linalg.inv(cov) * y).sum(1)
        log_det = np.linalg.slogdet(cov)[1]
        a[:, k] = math.log(weight) - 0.5 * (squared + log_det + x.shape[1] * math.log(2 * math.pi))
    highest = a.max(1, keepdims=True)
    a -= highest
    np.exp(a, out=a)
    total = a.sum(1, keepdims=True)
    a /= total
    return (highest + np.log(total))[:, 0], a


def maximization(x: Array, responsibilities: Array, covariance_type: str) -> Parameters:
    totals = responsibilities.sum(0)
    means = responsibilities.T @ x / totals[:, None]
    full = np.empty((len(totals), x.shape[1], x.shape[1]))
    for k, mean in enumerate(means):
        y = x - mean
        full[k] = (responsibilities[:, k, None] * y).T @ y / totals[k]
    weights = totals / len(x)
    if covariance_type == "tied":
        return Parameters(weights, means, np.tensordot(weights, full, 1))
    return Parameters(weights, means, of_type(covariance_type, full))


@lru_cache(maxsize=2)
def expected_parameters(case: Mixture) -> Array:
    parameters, x = start(case), points(case).astype(np.float64, copy=False)
    for _ in range(STEPS if case.method == "fit" else 1):
        responsibilities = expectation(parameters, x, case.covariance_type)[1]
        parameters = maximization(x, responsibilities, case.covariance_type)
    return np.concatenate([part.ravel() for part in parameters])


def check_samples(case: Mixture, samples: Array) -> None:
    """Mean and covariance are the mixture's, each within 6 standard errors.

    cov = sum_k w_k (cov_k + mean_k mean_k^T) - mean mean^T; the errors of products are those of these rows.
    """
    assert samples.shape == (case.size, case.dimension)
    assert np.isfinite(samples).all()
    weights, means, _ = parameters = start(case)
    full = full_covariances(parameters, case.covariance_type)
    mean = weights @ means
    second = np.tensordot(weights, full + means[:, :, None] * means[:, None], 1)
    cov = second - np.outer(mean, mean)
    y = samples.astype(np.float64) - mean
    n = len(y)
    assert (np.abs(y.mean(0)) <= STANDARD_ERRORS * np.sqrt(np.diag(cov) / n)).all()
    if n < FEW:
        return
    errors = np.abs(y.T @ y / n - cov)
    squares = np.square(y)
    allowed = STANDARD_ERRORS * np.sqrt((squares.T @ squares / n - cov**2).clip(0) / n)
    assert (errors <= allowed).all(), f"a covariance is off by {errors.max()}"


# The rungs


@dataclass(frozen=True)
class MixtureRung(Rung):
    """Who answers, for which covariances, and ``work`` points x components x d^2 at most.

    With fewer points than ``least`` for each number of each mean there is none: components would collapse.
    """

    covariance_types: tuple[str, ...] = COVARIANCE_TYPES
    work: int | None = None
    least: int = 0

    def nearest(self, case: Any) -> Case | None:
        if case.covariance_type not in self.covariance_types:
            return None
        nearest = super().nearest(case)
        if nearest is None or self.work is None:
            return nearest
        most = self.work // (case.components * case.dimension**2)
        if most < self.least * case.components * case.dimension:
            return None
        return replace(nearest, size=min(nearest.size, most))


def call_of(case: Mixture, package: Any) -> Call:
    """A call of fastdist, or of its build for another level."""
    if case.method == "step":
        return step_of(case, package)
    if case.method == "fit":
        return fit_of(case, package.GaussianMixture)
    model = package.GaussianMixture.from_parameters(*start(case), covariance_type=case.covariance_type)
    if case.method == "sample":
        return partial(model.sample, case.size, rng=package.default_rng(SEED))
    return partial(getattr(model, case.method), points(case))


def step_of(case: Mixture, package: Any) -> Call:
    """The E and M step of the loop in ``fit``, from one call to the next: nothing is made ready before."""
    moments = package.mixture_moments
    x = points(case)
    now = package.mixture_parameters.MixtureParameters(*start(case), case.covariance_type)

    def step() -> tuple[Array, Array, Array]:
        nonlocal now
        centres = now.means
        found, _ = moments.expectation(now, x, None, centres)
        now = found.maximize(centres, case.covariance_type, 0.0)
        return now.weights, now.means, now.covariances

    return step


def fit_of(case: Mixture, estimator: Any) -> Call:
    """Of scikit-learn's interface, from given parameters, without any regularisation."""
    weights, means, covariances = start(case)
    inverse = np.linalg.inv if case.covariance_type in ("full", "tied") else np.reciprocal
    model = estimator(
        case.components,
        covariance_type=case.covariance_type,
        tol=0.0,
        reg_covar=0.0,
        max_iter=STEPS,
        weights_init=weights,
        means_init=means,
        precisions_init=inverse(covariances),
    )
    x = points(case)

    def fit() -> tuple[Array, Array, Array]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has not converged, which was not asked for
            model.fit(x)
        return model.weights_, model.means_, model.covariances_

    return fit


def expected_results(case: Mixture) -> Iterator[Array]:
    yield reference_results(case)


@lru_cache(maxsize=2)
def reference_results(case: Mixture) -> Array:
    return case.results(call_of(case, package_on(REFERENCE_LEVEL)))


def fastdist_rung(name: str, level: str, **options: Any) -> MixtureRung:
    return MixtureRung(
        name,
        lambda case: call_of(case, package_on(level)),
        **{"forms": ("new",), "reference": expected_results, "level": level, **options},
    )


def threads_rung(name: str, threads: int, level: str) -> MixtureRung:
    return fastdist_rung(name, level, threads=threads, missing=why_missing(level) or why_alone())


# Where the baseline is not in use, its multiply-adds are calls.
BASELINE_WORK, BASELINE_LEAST = 20_000_000, 20

LEVELS = [
    fastdist_rung(
        f"fastdist {level}",
        level,
        missing=why_missing(level),
        work=BASELINE_WORK if largest_on(level) else None,
        least=BASELINE_LEAST,
    )
    for level in _dispatch.LEVELS
]
IN_USE = LEVELS[_dispatch.LEVELS.index(_dispatch.LEVEL)]
ALL_THREADS = threads_rung("fastdist, all threads", fastdist.get_num_threads(), _dispatch.LEVEL)
TWO_THREADS = {level: threads_rung(f"fastdist {level}, 2 threads", 2, level) for level in _dispatch.LEVELS}
