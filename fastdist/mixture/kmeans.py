"""k-means, whose labels are the usual start of a mixture's fit: Lloyd's iteration from k-means++."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastdist.mixture.data import CHUNK, Batch
from fastdist.mixture.missing_values import means_of_observed
from fastdist.mixture.moments import moments_of
from fastdist.mixture.parameters import MixtureParameters

# Lloyd's iteration ends when the centres move by less, in standard deviations of the data.
TOLERANCE = 1e-4
EPSILON = 2.0**-52
ITERATIONS = 300

Array = NDArray[Any]
# Those of the rows from start to stop.
Responsibilities = Callable[[int, int], Array]


@np.errstate(all="ignore")
def variances_of_observed(data: Iterable[Batch], origin: Array, unit: Any = 1.0) -> Array:
    """The weighted variances of the values that are there, in squares of a unit.

    By sums about a point near their means.  What is no more than the rounding errors of that point is 0.
    """
    totals, sums, squares = np.zeros((3, len(origin)))
    few = max(1, CHUNK // len(origin))
    for batch in data:
        for start in range(0, len(batch.x), few):
            deviations = (batch.x[start : start + few] - origin) / unit
            weights = np.where(np.isnan(deviations), 0.0, 1.0)
            if batch.sample_weight is not None:
                weights *= batch.sample_weight[start : start + few, None]
            deviations[np.isnan(deviations)] = 0
            totals += weights.sum(axis=0)
            sums += (weights * deviations).sum(axis=0)
            squares += (weights * deviations * deviations).sum(axis=0)
    means = sums / totals
    variances = squares / totals - means * means
    rounding = 4 * EPSILON * np.abs(origin) / unit
    return np.where(variances > rounding * rounding, variances, 0.0)


@np.errstate(all="ignore")
def nearest_centre(centres: Array, unit: Array) -> MixtureParameters:
    """The mixture whose `nearest` component has the nearest centre: equal weights, equal covariances."""
    components = len(centres)
    weights = np.full(components, 1 / components)
    deviations = np.broadcast_to(unit, centres.shape)
    return MixtureParameters(weights, centres, deviations * deviations, "diag", deviations)


def nearest_labels(centres: Array, unit: Array) -> Callable[[Any, int], Responsibilities]:
    """Responsibilities of rows x: 1 for the nearest centre, 0 for the others."""
    nearest = nearest_centre(centres, unit)

    def of_rows(x: Any, first: int) -> Responsibilities:
        kernel = nearest.kernel(x.dtype)

        def one_hot(i: int, j: int) -> Array:
            label = np.empty(j - i, np.intp)
            kernel.nearest(x[i:j], label)
            hot: Array = label[:, None] == np.arange(len(centres))
            return hot

        return one_hot

    return of_rows


def weighted(responsibilities: Responsibilities, batch: Batch) -> Responsibilities:
    """Responsibilities times the weights of rows, in the dtype of the data."""

    def of_rows(i: int, j: int) -> Array:
        r = responsibilities(i, j)
        if batch.sample_weight is not None:
            r = r * batch.sample_weight[i:j, None]
        return r.astype(batch.x.dtype)

    return of_rows


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
    trials, last = 2 + int(math.log(components)), int(np.flatnonzero(weight)[-1])
    for k in range(components):
        cumulative = np.cumsum(potential)
        draws = rng.random(trials if k else 1) * cumulative[-1]
        # The first row whose cumulative sum is larger: one of potential 0 is never taken, unless all are.
        candidates = np.minimum(np.searchsorted(cumulative, draws, side="right"), last)
        best, chosen[k], nearest = math.inf, candidates[0], closest
        for candidate in candidates.tolist():
            distances = np.minimum(closest, _squared_distances(x, x[candidate].astype(np.float64), unit))
            cost = float((weight * distances).sum())
            if cost < best:
                best, chosen[k], nearest = cost, candidate, distances
        closest, potential = nearest, weight * nearest
    return chosen


@np.errstate(all="ignore")
def kmeans(sample: Batch, components: int, unit: Array, rng: np.random.Generator) -> Array:
    """The centres of k-means: Lloyd's iteration from k-means++.

    A centre that no point is nearest to moves to where a point is farthest from its own.
    """
    x, weight = sample.x, sample.sample_weight
    centres = x[kmeans_plusplus(sample, components, unit, rng)].astype(np.float64)
    variances = variances_of_observed([sample], means_of_observed(x, weight), unit)
    tolerance = TOLERANCE * float(variances.sum()) / len(unit)
    for _ in range(ITERATIONS):
        labels = weighted(nearest_labels(centres, unit)(x, 0), sample)
        moments = moments_of(labels, x, centres, True)
        moved = moments.means(centres)
        empty = np.flatnonzero(moments.totals == 0)
        if len(empty):
            own = centres[nearest_centre(centres, unit).nearest(x)]
            distances = _squared_distances(x, own, unit) * (1.0 if weight is None else weight > 0)
            for k, row in zip(empty, np.argsort(-distances, kind="stable"), strict=False):
                if distances[row] > 0:
                    moved[k] = x[row]
        shift = float((((moved - centres) / unit) ** 2).sum())
        centres = moved
        if shift <= tolerance:
            break
    return centres
