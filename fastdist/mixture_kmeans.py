"""k-means, whose labels are the usual start of a mixture's fit: Lloyd's iteration from k-means++."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastdist.mixture_data import CHUNK, Batch
from fastdist.mixture_missing import means_of_observed
from fastdist.mixture_parameters import MixtureParameters

# Lloyd's iteration ends when the centres move by less, in standard deviations of the data.
TOLERANCE = 1e-4
ITERATIONS = 300

Array = NDArray[Any]


@np.errstate(all="ignore")
def variances_of_observed(data: Iterable[Batch], origin: Array) -> Array:
    """The weighted variances of the values that are there, by sums about a point near their means."""
    totals, sums, squares = np.zeros((3, len(origin)))
    few = max(1, CHUNK // len(origin))
    for batch in data:
        for start in range(0, len(batch.x), few):
            deviations = batch.x[start : start + few] - origin
            weights = np.where(np.isnan(deviations), 0.0, 1.0)
            if batch.sample_weight is not None:
                weights *= batch.sample_weight[start : start + few, None]
            deviations[np.isnan(deviations)] = 0
            totals += weights.sum(axis=0)
            sums += (weights * deviations).sum(axis=0)
            squares += (weights * deviations * deviations).sum(axis=0)
    means = sums / totals
    return squares / totals - means * means


def nearest_centre(centres: Array, unit: Array) -> MixtureParameters:
    """The mixture whose `predict` is the nearest centre: equal weights, equal and diagonal covariances."""
    components = len(centres)
    weights = np.full(components, 1 / components)
    return MixtureParameters(weights, centres, np.broadcast_to(unit * unit, centres.shape), "diag")


def _squared_distances(x: Array, centre: Array, unit: Array) -> Array:
    total = np.zeros(len(x))
    for j in range(x.shape[1]):
        difference = (x[:, j] - centre[..., j]) / unit[j]
        total += difference * difference
    return total


@np.errstate(all="ignore")
def kmeans_plusplus(
    sample: Batch, components: int, unit: Array, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Rows that are far from each other: the seeding of k-means++.

    Each is drawn with a probability in proportion to its squared distance from the nearest row before it
    [1]_; of 2 + log K that are drawn, the one is taken after which the sum of these distances is smallest.

    References
    ----------
    .. [1] D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA (2007).
    """
    x = sample.x
    weight = np.ones(len(x)) if sample.sample_weight is None else sample.sample_weight
    chosen = np.empty(components, np.intp)
    closest, potential = np.full(len(x), np.inf), weight
    trials = 2 + int(math.log(components))
    for k in range(components):
        cumulative = np.cumsum(potential)
        draws = rng.random(trials if k else 1) * cumulative[-1]
        # The first row whose cumulative sum is larger: one of potential 0 is never taken, unless all are.
        candidates = np.minimum(np.searchsorted(cumulative, draws, side="right"), len(x) - 1)
        best = math.inf
        for candidate in candidates.tolist():
            distances = np.minimum(closest, _squared_distances(x, x[candidate].astype(np.float64), unit))
            cost = float((weight * distances).sum())
            if cost < best:
                best, chosen[k], nearest = cost, candidate, distances
        closest, potential = nearest, weight * nearest
    return chosen


@np.errstate(all="ignore")
def kmeans(sample: Batch, components: int, unit: Array, rng: np.random.Generator) -> Array:
    """The centres of k-means: Lloyd's iteration from k-means++."""
    x = sample.x
    n, d = x.shape
    weight = np.ones(n) if sample.sample_weight is None else sample.sample_weight
    centres = x[kmeans_plusplus(sample, components, unit, rng)].astype(np.float64)
    origin = means_of_observed(sample.x, sample.sample_weight)
    variances = variances_of_observed([sample], origin)
    tolerance = TOLERANCE * float((variances / unit**2).sum()) / d
    before: Array | None = None
    for _ in range(ITERATIONS):
        labels = nearest_centre(centres, unit).predict(x)
        if before is not None and (labels == before).all():
            break
        before = labels
        totals = np.bincount(labels, weight, components)
        sums = [np.bincount(labels, weight * (x[:, j] - origin[j]), components) for j in range(d)]
        filled = totals > 0
        moved = centres.copy()
        moved[filled] = origin + np.stack(sums, axis=1)[filled] / totals[filled, None]
        if not filled.all():
            _relocate(moved, filled, x, weight, centres[labels], unit)
        shift = float((((moved - centres) / unit) ** 2).sum())
        centres = moved
        if shift <= tolerance:
            break
    return centres


def _relocate(centres: Array, filled: Array, x: Array, weight: Array, own: Array, unit: Array) -> None:
    """Put centres without points where points are farthest from their own."""
    distances = np.where(weight > 0, _squared_distances(x, own, unit), 0.0)
    farthest = np.argsort(-distances, kind="stable")
    for k, row in zip(np.flatnonzero(~filled), farthest, strict=False):
        if distances[row] > 0:
            centres[k] = x[row]
