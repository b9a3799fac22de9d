"""What the functions of a Gaussian mixture of one dimension are measured against; each on one thread."""

from __future__ import annotations

import importlib
import math
import statistics
from functools import partial
from typing import Any

import numpy as np

from bench.cases.case import PURE_PYTHON_LARGEST, Call, Rung, not_installed
from bench.cases.mixture_functions import MixtureFunction, operand, parameters
from bench.peers.libraries import not_in_scipy_stats, peer


def standard_library(case: MixtureFunction) -> Call:
    weights, means, deviations = (list(map(float, part)) for part in parameters())
    normals = [
        statistics.NormalDist(mean, deviation) for mean, deviation in zip(means, deviations, strict=True)
    ]
    x = operand(case).tolist()

    def density(x: float) -> float:
        return sum(weight * normal.pdf(x) for weight, normal in zip(weights, normals, strict=True))

    def probability(x: float) -> float:
        return sum(weight * normal.cdf(x) for weight, normal in zip(weights, normals, strict=True))

    return {
        "pdf": lambda: list(map(density, x)),
        "logpdf": lambda: [math.log(density(x_i)) for x_i in x],
        "cdf": lambda: list(map(probability, x)),
        "sf": lambda: [1 - probability(x_i) for x_i in x],
    }[case.method]


def expression(case: MixtureFunction) -> Call:
    special = importlib.import_module("scipy.special")
    weights, means, deviations = parameters()
    heights = weights / (deviations * math.sqrt(2 * math.pi))
    x = operand(case)

    def standardized() -> Any:
        return (x[:, None] - means) / deviations

    def densities() -> Any:
        return np.exp(-0.5 * np.square(standardized())) @ heights

    return {
        "pdf": densities,
        "logpdf": lambda: special.logsumexp(-0.5 * np.square(standardized()), axis=1, b=heights),
        "cdf": lambda: special.ndtr(standardized()) @ weights,
        "sf": lambda: special.ndtr(-standardized()) @ weights,
    }[case.method]


def scipy(case: MixtureFunction) -> Call:
    stats = importlib.import_module("scipy.stats")
    weights, means, deviations = parameters()
    normal = partial(stats.Normal, validation_policy="skip_all")
    normals = [normal(mu=mean, sigma=sigma) for mean, sigma in zip(means, deviations, strict=True)]
    name = {"sf": "ccdf", "ppf": "icdf", "isf": "iccdf"}.get(case.method, case.method)
    return partial(getattr(stats.Mixture(normals, weights=weights), name), operand(case))


STANDARD_LIBRARY = Rung(
    "python statistics",
    standard_library,
    "standard library",
    how="`statistics.NormalDist`, a point at a time; there are no quantiles of mixtures",
    forms=("new",),
    methods=("pdf", "logpdf", "cdf", "sf"),
    largest=PURE_PYTHON_LARGEST,
)
EXPRESSION = peer(
    "scipy.special",
    expression,
    "SciPy",
    how="the weighted sums as an expression with `ndtr` and `logsumexp`; there are no quantiles of mixtures",
    forms=("new",),
    methods=("pdf", "logpdf", "cdf", "sf"),
    missing=not_installed("scipy"),
)
SCIPY = Rung(
    "SciPy",
    scipy,
    "SciPy",
    how='`scipy.stats.Mixture` of `Normal(validation_policy="skip_all")`s: `pdf`, `cdf`, `ccdf`, `icdf`, ...',
    forms=("new",),
    missing=not_in_scipy_stats("Mixture"),
)

PEERS = [STANDARD_LIBRARY, EXPRESSION, SCIPY]
