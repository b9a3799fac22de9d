"""Distribution function and quantiles of a Gaussian mixture in one dimension.

    F(x) = sum_k w_k Phi((x - mu_k) / sigma_k)

is a sum of positive terms, so that it is as accurate in its lower tail as they are; 1 - F is another such
sum.  A quantile lies between the smallest and the largest of the components' own, which bracket it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist.covariance.checks import EPSILON, real
from fastdist.mixture.parameters import MixtureParameters, logarithm
from fastdist.normal import norm
from fastdist.typing import Array

# Steps: about ten are taken, and each that is not half as long as the last but one halves the bracket.
STEPS = 200
# Quantiles that are searched for at a time.
CHUNK_QUANTILES = 1 << 15


def cdf(parameters: MixtureParameters, x: ArrayLike) -> Any:
    """The probability of a value up to `x`: `GaussianMixture.cdf` has the details."""
    return _sum(parameters, x, "cdf")


def sf(parameters: MixtureParameters, x: ArrayLike) -> Any:
    """The probability of a value above `x`: `GaussianMixture.sf` has the details."""
    return _sum(parameters, x, "sf")


def ppf(parameters: MixtureParameters, q: ArrayLike) -> Any:
    """x with ``cdf(x) = q``: `GaussianMixture.ppf` has the details."""
    return _inverse(parameters, q, "ppf")


def isf(parameters: MixtureParameters, q: ArrayLike) -> Any:
    """x with ``sf(x) = q``, minus `ppf` of the mixture of -X: `GaussianMixture.isf` has the details."""
    return _inverse(parameters, q, "isf")


class _Component(NamedTuple):
    """One component: its standard deviation is ``deviation * (1 + lost)``, where lost is a rounding error.

    z^2 magnifies that error in the tails, so that it is made good: d Phi(z) / d ln(sigma) = -z phi(z).
    """

    weight: float
    mean: float
    deviation: float
    lost: float

    def cdf(self, x: Array) -> Array:
        """Phi(z)."""
        below: Array = norm.cdf(x, self.mean, self.deviation) - self._correction(x)
        return below

    def sf(self, x: Array) -> Array:
        """Phi(-z)."""
        above: Array = norm.sf(x, self.mean, self.deviation) + self._correction(x)
        return above

    def smaller_tail(self, x: Array, below: NDArray[np.bool_]) -> Array:
        """Phi(-|z|), ``below`` the mean or above it."""
        sign = np.where(below, 1.0, -1.0)
        tail: Array = norm.cdf(sign * x, sign * self.mean, self.deviation) - sign * self._correction(x)
        return tail

    def density(self, x: Array) -> Array:
        density: Array = norm.pdf(x, self.mean, self.deviation)
        return density

    @np.errstate(all="ignore")
    def _correction(self, x: Array) -> Array:
        z = (x - self.mean) / self.deviation
        correction: Array = self.lost * np.where(np.isfinite(z), z, 0.0) * norm.pdf(z)
        return correction


class _Components:
    """Those that have a weight, by ascending means."""

    def __init__(self, parameters: MixtureParameters, name: str, sign: int = 1) -> None:
        if parameters.dimension != 1:
            raise ValueError(
                f"{name} needs a mixture in one dimension, not in {parameters.dimension}: "
                "marginal(i) is one of them"
            )
        means = sign * parameters.means[:, 0]
        order = np.argsort(means, kind="stable")
        order = order[parameters.weights[order] > 0]
        self.means = means[order]
        weights = parameters.weights[order].tolist()
        deviations = parameters.full_factors()[order, 0, 0].tolist()
        variances = parameters.full_covariances()[order, 0, 0].tolist()
        lost = [
            float((Fraction(variance) / Fraction(deviation) ** 2 - 1) / 2)
            for variance, deviation in zip(variances, deviations, strict=True)
        ]
        self._all = list(map(_Component, weights, self.means.tolist(), deviations, lost))
        # Of the first ones, each rounded once.
        self.cumulative = np.array([math.fsum(weights[:k]) for k in range(len(weights) + 1)])

    def __iter__(self) -> Iterator[_Component]:
        return iter(self._all)

    def excess(self, x: Array, q: Array) -> tuple[Array, Array, Array]:
        """F(x) - q, the density f, and its derivative.

        Components below x count as w_k - w_k Phi(-z), so that F - q has digits where F hardly changes.
        """
        change, density, slope = np.zeros(x.shape), np.zeros(x.shape), np.zeros(x.shape)
        for component in self:
            below = x <= component.mean
            change += component.weight * np.where(below, 1, -1) * component.smaller_tail(x, below)
            height = component.weight * component.density(x)
            density += height
            slope -= height * ((x - component.mean) / component.deviation / component.deviation)
        whole = self.cumulative[np.searchsorted(self.means, x)]
        return (whole - q) + change, density, slope


def _as_array(x: ArrayLike, name: str) -> tuple[Array, Any]:
    """As float64, and the dtype of the result."""
    given = np.asarray(x)
    dtype = np.float32 if given.dtype.type is np.float32 else np.float64
    return real(given, name, ValueError), dtype


def _sum(parameters: MixtureParameters, x: ArrayLike, name: str) -> Any:
    components = _Components(parameters, name)
    x, dtype = _as_array(x, "x")
    total = np.zeros(x.shape)
    for component in components:
        total += component.weight * (component.cdf(x) if name == "cdf" else component.sf(x))
    everything = x == (np.inf if name == "cdf" else -np.inf)  # whatever rounding has left of the weights
    return np.where(everything, 1.0, np.minimum(total, 1.0)).astype(dtype)[()]


def _inverse(parameters: MixtureParameters, q: ArrayLike, name: str) -> Any:
    sign = 1 if name == "ppf" else -1
    components = _Components(parameters, name, sign)
    q, dtype = _as_array(q, "q")
    # Of 0, of 1, and of what is outside.
    out = np.array(norm.ppf(q))
    inside = (q > 0) & (q < 1)
    wanted = q[inside]
    found = [
        _quantiles(components, wanted[i : i + CHUNK_QUANTILES])
        for i in range(0, len(wanted), CHUNK_QUANTILES)
    ]
    if found:
        out[inside] = np.concatenate(found)
    with np.errstate(over="ignore"):
        return (sign * out).astype(dtype)[()]


@np.errstate(all="ignore")
def _quantiles(components: _Components, q: Array) -> Array:
    """x with F(x) = q, for q in (0, 1)."""
    z = norm.ppf(q)
    low, high, x = np.full(q.shape, np.inf), np.full(q.shape, -np.inf), np.zeros(q.shape)
    for component in components:
        own = component.mean + component.deviation * z
        rounding = 4 * EPSILON * (np.abs(own) + abs(component.mean))
        low, high = np.minimum(low, own - rounding), np.maximum(high, own + rounding)
        x += component.weight * own
    x = np.clip(x, low, high)
    before, searching = high - low, np.arange(len(q))
    for _ in range(STEPS):
        here, wanted = x[searching], q[searching]
        excess, density, slope = components.excess(here, wanted)
        low[searching] = np.where(excess < 0, here, low[searching])
        high[searching] = np.where(excess > 0, here, high[searching])
        # Halley's, or Newton's for the logarithm of F far from the solution.
        near = np.abs(excess) < wanted / 2
        by_halley = -excess / (density - excess * slope / (2 * density))
        probability = np.maximum(excess + wanted, 0)
        by_logarithm = -logarithm(probability / wanted) * (probability / density)
        step = np.where(near, by_halley, by_logarithm)
        there = here + step
        slow = ~(np.abs(step) <= before[searching] / 2)
        bisect = (slow | ~(there >= low[searching]) | ~(there <= high[searching])) & (excess != 0)
        middle = low[searching] + (high[searching] - low[searching]) / 2
        there = np.where(excess == 0, here, np.where(bisect, middle, there))
        before[searching] = np.abs(there - here)
        x[searching] = there
        searching = searching[before[searching] > EPSILON * np.abs(there)]
        if not len(searching):
            break
    return x
