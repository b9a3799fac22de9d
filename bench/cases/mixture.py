"""Gaussian mixtures: cases, and fastdist's rungs; ``peers/mixture.py`` has the others."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.cases.case import SEED, Call, Case, Rung, assert_close
from bench.cases.fastdist_rungs import fastdist_rungs, results_of_baseline
from bench.cases.mixture_data import (
    Parameters,
    expectation,
    full_covariances,
    make_points,
    maximization,
    start_parameters,
)
from bench.cases.multivariate import FEW
from bench.cases.sampling import STANDARD_ERRORS

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")
# What gives parameters, what one number, and what the rows of points.
FITS, NUMBERS = ("step", "fit"), ("score", "aic", "bic")
# What a call of ``fit`` makes; nobody stops before.
STEPS = 10
QUICK_POINTS = 5_000
# What a result may be off, relative to it, or to 1: the condition numbers of the data are below 20.
TOLERANCE = {np.float64: 1e-9, np.float32: 2e-3}

Array = NDArray[Any]


@dataclass(frozen=True)
class Mixture(Case):
    """One EM ``step``, a ``fit`` of ten, or a method of a mixture that has been fitted.

    ``size`` counts the points, of ``dimension`` numbers each; the mixture has so many ``components``.
    """

    element: ClassVar[str] = "point"

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
    def numbers(self) -> int:
        return self.size * (self.dimension + self.components)

    @property
    def work(self) -> int:
        """Of a call, roughly: multiply-adds, and so many besides for an exponential."""
        steps = STEPS if self.method in ("fit", "fit_predict") else 1
        return self.size * steps * self.work_of_point

    @property
    def work_of_point(self) -> int:
        return self.components * (self.dimension**2 + 16)

    @property
    def bytes_returned(self) -> int:
        """Of parameters nothing; samples have labels besides."""
        item, label = np.dtype(self.dtype).itemsize, np.dtype(np.intp).itemsize
        per_point = {
            "score_samples": item,
            "predict_proba": item * self.components,
            "predict": label,
            "fit_predict": label,
            "sample": item * self.dimension + label,
        }
        return self.size * per_point.get(self.method, 0)

    def shortened(self) -> Mixture:
        return replace(self, size=min(self.size, QUICK_POINTS))

    def results(self, call: Call) -> Array:
        """Rows, without their labels; or the parameters, one after the other."""
        returned = call()
        if self.method in FITS:
            return np.concatenate([np.ravel(part) for part in returned]).astype(self.dtype)
        rows = returned[0] if isinstance(returned, tuple) else returned
        if self.method in (*NUMBERS, "predict", "fit_predict"):
            return np.atleast_1d(np.asarray(rows)).astype(self.dtype)
        return np.asarray(rows)

    def check(self, results: Array) -> None:
        if self.method == "sample":
            check_samples(self, results)
            return
        assert_close(results, expected_results(self), TOLERANCE[self.dtype])


def start(case: Mixture) -> Parameters:
    return start_parameters(case.dimension, case.components, case.covariance_type)


def points(case: Mixture) -> Array:
    return make_points(case.size, case.dimension, case.components, case.covariance_type, case.dtype)  # type: ignore[arg-type]


# What holds of all right results


@lru_cache(maxsize=4)
def expected_results(case: Mixture) -> Array:
    now, x = start(case), points(case).astype(np.float64, copy=False)
    for _ in range({"step": 1, "fit": STEPS, "fit_predict": STEPS}.get(case.method, 0)):
        responsibilities = expectation(now, x, case.covariance_type)[1]
        now = maximization(x, responsibilities, case.covariance_type)
    if case.method in FITS:
        parameters: Array = np.concatenate([part.ravel() for part in now])
        return parameters
    log_density, responsibilities = expectation(now, x, case.covariance_type)
    if case.method in NUMBERS:
        return np.array([of_log_likelihood(case, log_density.sum())])
    if case.method in ("predict", "fit_predict"):
        labels: Array = responsibilities.argmax(1)
        return labels
    return log_density if case.method == "score_samples" else responsibilities


def of_log_likelihood(case: Mixture, log_likelihood: float) -> float:
    """The score, -2 ln L + 2 p, or -2 ln L + p ln n."""
    if case.method == "score":
        return log_likelihood / case.size
    penalty = 2 if case.method == "aic" else math.log(case.size)
    return penalty * free_parameters(case) - 2 * log_likelihood


def free_parameters(case: Mixture) -> int:
    """Weights that add up to 1, means, and what is free of the covariances."""
    k, d = case.components, case.dimension
    triangle = d * (d + 1) // 2
    free = {"full": k * triangle, "tied": triangle, "diag": k * d, "spherical": k}
    return k - 1 + k * d + free[case.covariance_type]


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
    """Who answers, for which covariances, and with how much ``work`` in a call at most, else of fewer points.

    With fewer points than ``least`` for each number of each mean there is no fit: components would collapse.
    """

    covariance_types: tuple[str, ...] = COVARIANCE_TYPES
    work: int | None = None
    least: int = 5

    def nearest(self, case: Any) -> Case | None:
        if case.covariance_type not in self.covariance_types:
            return None
        nearest = super().nearest(case)
        if not isinstance(nearest, Mixture) or self.work is None or nearest.work <= self.work:
            return nearest
        most = self.work * nearest.size // nearest.work
        fits = case.method in (*FITS, "fit_predict")
        if most < (self.least * case.components * case.dimension if fits else 1):
            return None
        return replace(nearest, size=most)


def call_of(case: Mixture, package: Any) -> Call:
    """A call of fastdist, or of its build for another level."""
    if case.method == "step":
        return step_of(case, package)
    if case.method in ("fit", "fit_predict"):
        return fit_of(case, package.GaussianMixture)
    model = package.GaussianMixture.from_parameters(*start(case), covariance_type=case.covariance_type)
    if case.method == "sample":
        return partial(model.sample, case.size, rng=package.default_rng(SEED))
    return partial(getattr(model, case.method), points(case))


def step_of(case: Mixture, package: Any) -> Call:
    """The E and M step of the loop in ``fit``, from one call to the next: nothing is made ready before."""
    moments = package.mixture.moments
    x = points(case)
    now = package.mixture.parameters.MixtureParameters(*start(case), case.covariance_type)

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
    x, method = points(case), getattr(model, case.method if case.method == "fit_predict" else "fit")

    def fit() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has not converged, which was not asked for
            labels = method(x)
        return labels if case.method == "fit_predict" else (model.weights_, model.means_, model.covariances_)

    return fit


# Where the baseline is not in use, its multiply-adds are calls.
BASELINE_WORK = 20_000_000
# More takes seconds there: then bits are compared in quick runs alone, which have fewer points.
COMPARED_WORK = 500_000_000


baseline_results = results_of_baseline(call_of)


def reference(case: Mixture) -> Iterator[tuple[int, Array]]:
    """A row depends on its point alone; of sums and samples all bits are compared."""
    if case.method in ("score_samples", "predict_proba", "predict"):
        yield 0, baseline_results(replace(case, size=min(case.size, BASELINE_WORK // case.work_of_point)))
    elif case.work <= COMPARED_WORK:
        yield 0, baseline_results(case)


FASTDIST = fastdist_rungs(
    call_of,
    reference,
    rung=MixtureRung,
    threads_from=QUICK_POINTS,
    baseline={"work": BASELINE_WORK},
    forms=("new",),
    how="`GaussianMixture` of parameters that are given; a step is one of the loop in its `fit`",
)
