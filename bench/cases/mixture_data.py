"""Data of Gaussian mixtures, and all right results, by other formulas than those that are timed.

All get the same points: of a mixture whose components overlap, so that most points have several components
in question.  Far apart, most responsibilities underflow to 0, and cost other than they do here.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.cases.case import SEED, placed

# Points of which the data are made at once: few, so that making them is no peak of memory.
CHUNK = 1 << 12

Array = NDArray[Any]


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


@lru_cache(maxsize=8)
def start_parameters(dimension: int, components: int, covariance_type: str) -> Parameters:
    """Where EM starts, and of what densities are asked: not what the data were drawn from.

    The weights are equal, and each mean is half a deviation away.
    """
    _, means, covariances = true_parameters(dimension, components, covariance_type)
    moved = means + 0.5 * np.cos(np.arange(means.size)).reshape(means.shape) / math.sqrt(dimension)
    return Parameters(np.full(components, 1 / components), moved, covariances)


@lru_cache(maxsize=8)
def make_points(
    n: int, dimension: int, components: int, covariance_type: str, dtype: type[np.generic]
) -> Array:
    """The first points of more are the same."""
    parameters = true_parameters(dimension, components, covariance_type)
    factors = np.linalg.cholesky(full_covariances(parameters, covariance_type))
    x = placed(np.empty((n, dimension), dtype))
    for first in range(0, n, CHUNK):
        rng = np.random.default_rng((SEED, first))
        labels = rng.choice(components, CHUNK, p=parameters.weights)
        z = rng.standard_normal((CHUNK, dimension))
        for k in range(components):
            of_component = labels == k
            z[of_component] = parameters.means[k] + z[of_component] @ factors[k].T
        x[first : first + CHUNK] = z[: n - first]
    return x


# In float64, by the inverse


def expectation(parameters: Parameters, x: Array, covariance_type: str) -> tuple[Array, Array]:
    """Log densities and responsibilities."""
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
