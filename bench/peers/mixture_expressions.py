"""The formulas of Gaussian mixtures as one would write them: in pure Python, and in NumPy."""

from __future__ import annotations

import math
import random
from functools import partial
from typing import Any

import numpy as np

from bench.cases.case import PURE_PYTHON_LARGEST, SEED, Call
from bench.cases.mixture import FITS, NUMBERS, STEPS, Mixture, MixtureRung, of_log_likelihood, points, start
from bench.cases.mixture_data import Array, Parameters
from bench.peers import libraries
from bench.peers.pure_python import (
    python_factors,
    python_log_density,
    python_responsibilities,
    python_sample,
    python_step,
)

LN_2PI = math.log(2 * math.pi)
# Of which pure Python does some ten million a second, and NumPy a billion.
PURE_PYTHON_WORK, NUMPY_WORK = 1_000_000, 150_000_000


peer = partial(libraries.peer, rung=MixtureRung, forms=("new",))


def steps_of(case: Mixture) -> int:
    return {"step": 1, "fit": STEPS, "fit_predict": STEPS}.get(case.method, 0)


# Pure Python


def python(case: Mixture) -> Call:
    weights, means, covariances = (part.tolist() for part in start(case))
    factors = python_factors(covariances)
    if case.method == "sample":
        gauss, uniform = random.Random(SEED).gauss, random.Random(SEED + 1).random
        return lambda: [python_sample(weights, means, factors, uniform, gauss)[0] for _ in range(case.size)]
    x = points(case).tolist()

    def fit() -> Any:
        now = weights, means, covariances
        for _ in range(steps_of(case)):
            now = python_step(x, *now)
        return now

    def log_densities() -> list[float]:
        return [python_log_density(x_i, weights, means, factors) for x_i in x]

    def responsibilities(weights: Any, means: Any, factors: Any) -> list[list[float]]:
        return [python_responsibilities(x_i, weights, means, factors) for x_i in x]

    def labels() -> list[int]:
        weights, means, covariances = fit()
        return [r.index(max(r)) for r in responsibilities(weights, means, python_factors(covariances))]

    if case.method in FITS:
        return fit
    if case.method in NUMBERS:
        return lambda: of_log_likelihood(case, sum(log_densities()))
    if case.method in ("predict", "fit_predict"):
        return labels
    if case.method == "predict_proba":
        return lambda: responsibilities(weights, means, factors)
    return log_densities


# NumPy


def weighted_log_densities(x: Array, parameters: Parameters, covariance_type: str) -> Array:
    weights, means, covariances = parameters
    a = np.empty((len(x), len(weights)))
    for k, mean in enumerate(means):
        if covariance_type in ("full", "tied"):
            factor = np.linalg.cholesky(covariances if covariance_type == "tied" else covariances[k])
            squared = np.square((x - mean) @ np.linalg.inv(factor).T).sum(1)
            log_det = 2 * np.log(np.diagonal(factor)).sum()
        else:
            variances = np.broadcast_to(covariances[k], mean.shape)
            squared = (np.square(x - mean) / variances).sum(1)
            log_det = np.log(variances).sum()
        a[:, k] = np.log(weights[k]) - 0.5 * (squared + log_det + len(mean) * LN_2PI)
    return a


def log_sum_exp(a: Array) -> Array:
    highest = a.max(1, keepdims=True)
    total: Array = highest + np.log(np.exp(a - highest).sum(1, keepdims=True))
    return total


def numpy_responsibilities(x: Array, parameters: Parameters, covariance_type: str) -> Array:
    a = weighted_log_densities(x, parameters, covariance_type)
    r: Array = np.exp(a - log_sum_exp(a))
    return r


def numpy_step(x: Array, parameters: Parameters, covariance_type: str) -> Parameters:
    r = numpy_responsibilities(x, parameters, covariance_type)
    totals = r.sum(0)
    weights, means = totals / len(x), r.T @ x / totals[:, None]
    if covariance_type in ("diag", "spherical"):
        variances = r.T @ np.square(x) / totals[:, None] - np.square(means)
        return Parameters(weights, means, variances if covariance_type == "diag" else variances.mean(1))
    if covariance_type == "tied":
        return Parameters(weights, means, x.T @ x / len(x) - (weights * means.T) @ means)
    covariances = [
        (r_k * (x - mean).T) @ (x - mean) / total for r_k, mean, total in zip(r.T, means, totals, strict=True)
    ]
    return Parameters(weights, means, np.stack(covariances))


def numpy_sample(
    rng: np.random.Generator, n: int, parameters: Parameters, covariance_type: str
) -> tuple[Array, Array]:
    """Grouped by component, as scikit-learn's."""
    weights, means, covariances = parameters
    counts = rng.multinomial(n, weights)
    rows = []
    for k, (mean, count) in enumerate(zip(means, counts, strict=True)):
        z = rng.standard_normal((count, len(mean)))
        if covariance_type in ("full", "tied"):
            factor = np.linalg.cholesky(covariances if covariance_type == "tied" else covariances[k])
            rows.append(mean + z @ factor.T)
        else:
            rows.append(mean + z * np.sqrt(covariances[k]))
    return np.concatenate(rows), np.repeat(np.arange(len(means)), counts)


def numpy_expression(case: Mixture) -> Call:
    parameters, covariance_type = start(case), case.covariance_type
    if case.method == "sample":
        rng = np.random.default_rng(SEED)
        return partial(numpy_sample, rng, case.size, parameters, covariance_type)
    x = points(case)

    def fit() -> Parameters:
        now = parameters
        for _ in range(steps_of(case)):
            now = numpy_step(x, now, covariance_type)
        return now

    def log_densities() -> Array:
        densities: Array = log_sum_exp(weighted_log_densities(x, parameters, covariance_type))[:, 0]
        return densities

    if case.method in FITS:
        return fit
    if case.method in NUMBERS:
        return lambda: of_log_likelihood(case, log_densities().sum())
    if case.method in ("predict", "fit_predict"):
        return lambda: weighted_log_densities(x, fit(), covariance_type).argmax(1)
    if case.method == "predict_proba":
        return partial(numpy_responsibilities, x, parameters, covariance_type)
    return log_densities


# The rungs

PYTHON = peer(
    "python math, random",
    python,
    "pure Python",
    how="textbook formulas over lists; of fewer points the more components and numbers they have, and no fit "
    "of so few that components would collapse",
    dtypes=(np.float64,),
    covariance_types=("full",),
    largest=PURE_PYTHON_LARGEST,
    work=PURE_PYTHON_WORK,
)
NUMPY_EXPRESSION = peer(
    "NumPy expression",
    numpy_expression,
    "NumPy",
    how="the textbook's formulas over arrays, a component at a time, by the inverse of its factor; of fewer "
    "points where a call would take more than some tenths of a second",
    dtypes=(np.float64,),
    work=NUMPY_WORK,
)
