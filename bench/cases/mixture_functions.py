"""Functions of Gaussian mixtures of one dimension: cases, and fastdist's rungs; the rest is in ``peers/``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.cases.case import SEED, Call, Case, assert_close, placed
from bench.cases.fastdist_rungs import fastdist_rungs, results_of_baseline
from bench.cases.mixture_data import Parameters, make_points, start_parameters

COMPONENTS = 3
QUANTILES = ("ppf", "isf")
# Relative to a result, or to 1; of a quantile, what its probability may be off.
TOLERANCE = 1e-10
# The baseline's bits are compared of so many first points.
BITS_COMPARED = 20_000

Array = NDArray[Any]


@dataclass(frozen=True)
class MixtureFunction(Case):
    """``pdf``, ``logpdf``, ``cdf``, ``sf``, ``ppf`` or ``isf`` of ``size`` points."""

    element: ClassVar[str] = "point"

    def __str__(self) -> str:
        return f"{self.method} of {self.size:_} points, {COMPONENTS} components"

    def results(self, call: Call) -> Array:
        return np.asarray(call()).reshape(self.size)

    def check(self, results: Array) -> None:
        got = of_points("cdf" if self.method == "ppf" else "sf", results) if is_quantile(self) else results
        expected = operand(self) if is_quantile(self) else expected_results(self)
        assert_close(got, expected, TOLERANCE)


def is_quantile(case: MixtureFunction) -> bool:
    return case.method in QUANTILES


# Data


def parameters() -> Parameters:
    """Weights, means and standard deviations."""
    weights, means, covariances = start_parameters(1, COMPONENTS, "full")
    return Parameters(weights, means.ravel(), np.sqrt(covariances.ravel()))


def operand(case: MixtureFunction) -> Array:
    """Points of such a mixture, or uniform probabilities."""
    if is_quantile(case):
        return probabilities(case.size)
    x: Array = make_points(case.size, 1, COMPONENTS, "full", np.float64)[:, 0]
    return x


@lru_cache(maxsize=4)
def probabilities(size: int) -> Array:
    """The first of more are the same."""
    return placed(np.random.default_rng(SEED).random(size))


# What holds of all right results: by libm, a point at a time


@lru_cache(maxsize=4)
def expected_results(case: MixtureFunction) -> Array:
    return of_points(case.method, operand(case))


def of_points(method: str, x: Array) -> Array:
    weights, means, deviations = (part.tolist() for part in parameters())
    sign = {"cdf": -1, "sf": 1}.get(method)

    def of_point(x: float) -> float:
        z = [(x - mean) / deviation for mean, deviation in zip(means, deviations, strict=True)]
        if sign is not None:
            tails = (math.erfc(sign * z_k / math.sqrt(2)) / 2 for z_k in z)
            return float(sum(w * tail for w, tail in zip(weights, tails, strict=True)))
        terms = zip(weights, z, deviations, strict=True)
        density = sum(w * math.exp(-z_k * z_k / 2) / s for w, z_k, s in terms) / math.sqrt(2 * math.pi)
        return math.log(density) if method == "logpdf" else density

    return np.array([of_point(x_i) for x_i in x.tolist()])


# The rungs


def call_of(case: MixtureFunction, package: Any) -> Call:
    weights, means, deviations = parameters()
    squares = np.square(deviations).reshape(-1, 1, 1)
    model = package.GaussianMixture.from_parameters(weights, means.reshape(-1, 1), squares)
    x = operand(case)
    return partial(getattr(model, case.method), x if case.method not in ("pdf", "logpdf") else x[:, None])


baseline_results = results_of_baseline(call_of)


def first_points(case: MixtureFunction) -> Iterator[tuple[int, Array]]:
    yield 0, baseline_results(replace(case, size=min(case.size, BITS_COMPARED)))


FASTDIST = fastdist_rungs(
    call_of, first_points, threads_from=10_000, how="`GaussianMixture.from_parameters(...)`, and its methods"
)
