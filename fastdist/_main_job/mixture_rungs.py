"""A mixture in pure Python, as anyone would write it, and fastdist and scikit-learn beside it."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import mul
from typing import Any

import numpy as np

import fastdist
from fastdist import GaussianMixture
from fastdist._main_job.job import (
    ALL_THREADS,
    DTYPES,
    ONE_THREAD,
    PURE_PYTHON,
    SCIKIT_LEARN,
    Job,
    Rung,
    in_one_thread,
    scikit_learn_mixture,
)
from fastdist._main_job.mixtures import PUBLISHED, published_mixture
from fastdist._main_job.multivariate_normals import Rows, python_cholesky, python_logpdf
from fastdist._main_job.multivariate_normals import python_sample as python_normal
from fastdist._main_job.standard_normals import Array

Numbers = Sequence[float]
Matrices = Sequence[Rows]

# Of a fit that is timed; nobody stops before.
STEPS = 5
# Of the normals, and of pure Python's; a covariance needs some points.
SHARE_OF_SAMPLES, PURE_PYTHON_SHARE, FEWEST = 100, 200, 50


# Pure Python.  A component is its weight, its mean, and the rows of its factor up to the diagonal.


def python_factors(covariances: Matrices) -> list[list[list[float]]]:
    """The Cholesky factor of each."""
    return [python_cholesky(cov) for cov in covariances]


def python_weighted(x: Numbers, weights: Numbers, means: Rows, factors: Matrices) -> list[float]:
    """ln w_k + ln N(x; mean_k, cov_k) of each component."""
    return [
        math.log(weight) + python_logpdf(x, mean, rows)
        for weight, mean, rows in zip(weights, means, factors, strict=True)
    ]


def log_sum_exp(a: Numbers) -> float:
    """ln sum_k e^a_k = max a + ln sum_k e^(a_k - max a),  which neither overflows nor underflows."""
    highest = max(a)
    if highest == -math.inf:
        return highest
    return highest + math.log(sum(math.exp(a_k - highest) for a_k in a))


def python_log_density(x: Numbers, weights: Numbers, means: Rows, factors: Matrices) -> float:
    """ln p(x)."""
    return log_sum_exp(python_weighted(x, weights, means, factors))


def python_responsibilities(x: Numbers, weights: Numbers, means: Rows, factors: Matrices) -> list[float]:
    """P(k | x) = w_k N(x; mean_k, cov_k) / p(x)."""
    a = python_weighted(x, weights, means, factors)
    log_density = log_sum_exp(a)
    return [math.exp(a_k - log_density) for a_k in a]


def python_sample(
    weights: Numbers,
    means: Rows,
    factors: Matrices,
    uniform: Callable[[], float],
    gauss: Callable[[], float],
) -> tuple[list[float], int]:
    """A component by its weight, and a row of its normal."""
    u, k = uniform(), 0
    while u >= weights[k] and k < len(weights) - 1:
        u -= weights[k]
        k += 1
    return python_normal(means[k], factors[k], gauss), k


def python_step(
    xs: Rows, weights: Numbers, means: Rows, covariances: Matrices
) -> tuple[list[float], list[list[float]], list[list[list[float]]]]:
    """One step of EM: the responsibilities, and the parameters that they make most likely.

    n_k = sum_i r_ik,    w_k = n_k / n,    mean_k = sum_i r_ik x_i / n_k,
    cov_k = sum_i r_ik (x_i - mean_k) (x_i - mean_k)^T / n_k
    """
    factors = python_factors(covariances)
    responsibilities = [python_responsibilities(x, weights, means, factors) for x in xs]
    columns = list(zip(*xs, strict=True))
    new_weights, new_means, new_covariances = [], [], []
    for r in zip(*responsibilities, strict=True):
        total = sum(r)
        mean = [sum(map(mul, r, column)) / total for column in columns]
        deviations = [[x - m for x in column] for column, m in zip(columns, mean, strict=True)]
        weighted = [list(map(mul, r, deviation)) for deviation in deviations]
        new_covariances.append([[sum(map(mul, u, v)) / total for v in deviations] for u in weighted])
        new_means.append(mean)
        new_weights.append(total / len(xs))
    return new_weights, new_means, new_covariances


# The rungs


def rungs(job: Job) -> list[Rung]:
    """A fit of so many steps, densities, responsibilities and samples of the published mixture."""
    n = max(FEWEST, job.samples // SHARE_OF_SAMPLES)
    x, _ = published_mixture().sample(n, rng=fastdist.default_rng(job.seed))
    library = scikit_learn_mixture()
    return [
        *_python_rungs(job, x),
        *(rung for dtype in DTYPES for rung in _rungs(job, x.astype(dtype), dtype, library)),
    ]


FIT, SCORE, INFER, SAMPLE = f"fit, {STEPS} EM steps", "score_samples", "predict_proba", "sample"


def _python_rungs(job: Job, x: Array) -> Iterator[Rung]:
    n = max(FEWEST, job.pure_python_samples // PURE_PYTHON_SHARE)
    weights, means, covariances = PUBLISHED.weights, PUBLISHED.means, PUBLISHED.covariances
    xs, factors = x[:n].tolist(), python_factors(covariances)
    uniform, gauss = random.Random(job.seed).random, random.Random(job.seed + 1).gauss
    calls: dict[str, Callable[[], object]] = {
        FIT: partial(python_fit, xs),
        SCORE: lambda: [python_log_density(x_i, weights, means, factors) for x_i in xs],
        INFER: lambda: [python_responsibilities(x_i, weights, means, factors) for x_i in xs],
        SAMPLE: lambda: [python_sample(weights, means, factors, uniform, gauss) for _ in range(n)],
    }
    for function, call in calls.items():
        yield Rung(function, PURE_PYTHON, "float64", len(xs), call)


def python_fit(xs: Rows) -> tuple[Numbers, Rows, Matrices]:
    """So many steps from the published parameters."""
    now: tuple[Numbers, Rows, Matrices] = PUBLISHED.weights, PUBLISHED.means, PUBLISHED.covariances
    for _ in range(STEPS):
        now = python_step(xs, *now)
    return now


def _rungs(job: Job, x: Array, dtype: str, library: Any) -> Iterator[Rung]:
    ours = _calls(published_mixture(), GaussianMixture, x)
    # The samples of both are float64.
    functions = [name for name in ours if dtype == "float64" or name != SAMPLE]
    if dtype == "float64":
        ours[SAMPLE] = partial(published_mixture().sample, len(x), rng=fastdist.default_rng(job.seed))
    theirs = {}
    if library is not None:
        model = published_to_scikit_learn(library.GaussianMixture)
        model.random_state = np.random.RandomState(job.seed % 2**32)  # an int would repeat the samples
        theirs = _calls(model, library.GaussianMixture, x)
    for function in functions:
        if function in theirs:
            yield Rung(function, SCIKIT_LEARN, dtype, len(x), theirs[function])
        yield Rung(function, ONE_THREAD, dtype, len(x), in_one_thread(ours[function]))
        yield Rung(function, ALL_THREADS, dtype, len(x), ours[function])


def _calls(model: Any, estimator: Any, x: Array) -> dict[str, Callable[[], object]]:
    """By scikit-learn's interface."""
    return {
        FIT: partial(steps_of, estimator, x),
        SCORE: partial(model.score_samples, x),
        INFER: partial(model.predict_proba, x),
        SAMPLE: partial(model.sample, len(x)),
    }


def published_to_scikit_learn(estimator: Any) -> Any:
    """It has no way to be built of parameters: its fitted attributes are set."""
    model = estimator(len(PUBLISHED.weights))
    model.weights_, model.means_ = np.array(PUBLISHED.weights), np.array(PUBLISHED.means)
    model.covariances_ = np.array(PUBLISHED.covariances)
    # L^-T, of cov = L L^T
    model.precisions_cholesky_ = np.linalg.inv(np.linalg.cholesky(model.covariances_)).swapaxes(1, 2)
    model.n_features_in_ = model.means_.shape[1]
    return model


def steps_of(estimator: Any, x: Array) -> Any:
    """A fit from the published parameters."""
    model = estimator(
        len(PUBLISHED.weights),
        tol=0.0,
        reg_covar=0.0,
        max_iter=STEPS,
        weights_init=np.array(PUBLISHED.weights),
        means_init=np.array(PUBLISHED.means),
        precisions_init=np.linalg.inv(PUBLISHED.covariances),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged, which was not asked for
        return model.fit(x)


def notes() -> list[str]:
    """What is not quite the same, and what is missing."""
    if scikit_learn_mixture() is None:
        return ["scikit-learn is not installed: pip install scikit-learn compares with it"]
    return ["scikit-learn may use as many threads as its BLAS has"]
