"""What is measured beside a multivariate normal's own properties, and its relations to another."""

from __future__ import annotations

import importlib
import math
from functools import partial
from typing import Any

import numpy as np

from bench.cases.case import Call, not_installed
from bench.cases.multivariate_relations import LEVEL, Relation, given, kept, other, this
from bench.peers import libraries

LN_2PI_E = math.log(2 * math.pi * math.e)
Array = np.ndarray[Any, np.dtype[Any]]


peer = partial(libraries.peer, forms=("scalar",), dtypes=(np.float64,))


# NumPy


def entropy(scale_tril: Array) -> Any:
    return np.log(np.diagonal(scale_tril)).sum() + len(scale_tril) * LN_2PI_E / 2


def kl_divergence(mean: Array, scale_tril: Array, mean_1: Array, scale_tril_1: Array) -> Any:
    """With M = L1^-1 L0 and y = L1^-1 (m1 - m0)."""
    ratio = np.linalg.solve(scale_tril_1, np.column_stack([scale_tril, mean_1 - mean]))
    log_ratio = np.log(np.diagonal(scale_tril_1) / np.diagonal(scale_tril)).sum()
    return np.square(ratio).sum() / 2 - len(mean) / 2 + log_ratio


def conditional(mean: Array, cov: Array, b: Array, values: Array) -> tuple[Array, Array]:
    a = np.delete(np.arange(len(mean)), b)
    gain = np.linalg.solve(cov[np.ix_(b, b)], cov[np.ix_(b, a)]).T
    return mean[a] + gain @ (values - mean[b]), cov[np.ix_(a, a)] - gain @ cov[np.ix_(b, a)]


def ellipse(cov: Array) -> tuple[Any, Any, Any]:
    values, vectors = np.linalg.eigh(cov)
    short, long = np.sqrt(-2 * math.log1p(-LEVEL) * values)
    return math.atan2(vectors[1, 1], vectors[0, 1]), long, short


def marginal(mean: Array, cov: Array, chosen: Array) -> tuple[Array, Array]:
    return mean[chosen], cov[np.ix_(chosen, chosen)]


def numpy_expression(case: Relation) -> Call:
    mean, cov, scale_tril = this(case)
    mean_1, _, scale_tril_1 = other(case)
    return {
        "entropy": partial(entropy, scale_tril),
        "kl_divergence": partial(kl_divergence, mean, scale_tril, mean_1, scale_tril_1),
        "marginal": partial(marginal, mean, cov, kept(case)),
        "conditional": partial(conditional, mean, cov, kept(case), given(case)),
        "confidence_ellipse": partial(ellipse, cov),
    }[case.method]


# SciPy, PyTorch, gmr


def scipy(case: Relation) -> Call:
    distribution = importlib.import_module("scipy.stats").multivariate_normal
    mean, cov, _ = this(case)
    if case.method == "freeze":
        return partial(distribution, mean, cov)
    frozen = distribution(mean, cov)
    call: Call = partial(frozen.marginal, kept(case)) if case.method == "marginal" else frozen.entropy
    return call


def torch(case: Relation) -> Call:
    library = libraries.torch()
    normal = partial(library.distributions.MultivariateNormal, validate_args=False)
    mean, cov, scale_tril = map(library.from_numpy, this(case))
    if case.method == "freeze":
        return partial(normal, mean, cov)
    known = normal(mean, scale_tril=scale_tril)
    if case.method == "entropy":
        call: Call = known.entropy
        return call
    mean_1, _, scale_tril_1 = map(library.from_numpy, other(case))
    return partial(library.distributions.kl_divergence, known, normal(mean_1, scale_tril=scale_tril_1))


def gmr(case: Relation) -> Call:
    normal = importlib.import_module("gmr").MVN(*this(case)[:2])
    if case.method == "marginal":
        return partial(normal.marginalize, kept(case))
    if case.method == "conditional":
        return partial(normal.condition, kept(case), given(case))
    return partial(normal.to_ellipse, math.sqrt(-2 * math.log1p(-LEVEL)))


# The rungs

NUMPY_EXPRESSION = peer(
    "NumPy expression",
    numpy_expression,
    "NumPy",
    how="the textbook's formula, by `np.linalg`, from a factor that is known where one helps",
    methods=("entropy", "kl_divergence", "marginal", "conditional", "confidence_ellipse"),
)
SCIPY = peer(
    "SciPy",
    scipy,
    "SciPy",
    how="`scipy.stats.multivariate_normal(mean, cov)`, and the frozen distribution's methods",
    methods=("freeze", "entropy", "marginal"),
    missing=not_installed("scipy"),
)
TORCH = peer(
    "PyTorch",
    torch,
    "PyTorch",
    how="`MultivariateNormal`, made by `scale_tril=` unless making it is timed; "
    "`validate_args=False`; `torch.distributions.kl_divergence`",
    methods=("freeze", "entropy", "kl_divergence"),
    missing=not_installed("torch"),
)
GMR = peer(
    "gmr",
    gmr,
    "other",
    how="`MVN(mean, covariance)`: `marginalize`, `condition`, `to_ellipse`",
    methods=("marginal", "conditional", "confidence_ellipse"),
    missing=not_installed("gmr"),
)

PEERS = [NUMPY_EXPRESSION, SCIPY, TORCH, GMR]
