"""Where the fit of a mixture starts: scikit-learn's four ways, on NumPy and the kernels.

Nothing of size n x K is made: labels and random responsibilities are produced as the sums read them.  k-means
runs on all rows, or of many on a sample (`mixture_data.Data.sample`), whose centres then label all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastdist.mixture_data import CHUNK, Batch, Data
from fastdist.mixture_missing import means_of_observed
from fastdist.mixture_moments import Moments, is_far, moments_of
from fastdist.mixture_parameters import MixtureParameters

# Lloyd's iteration ends when the centres move by less, in standard deviations of the data.
TOLERANCE = 1e-4
ITERATIONS = 300
# What ``reg_covar='scale'`` adds to the variances, in units of each feature's variance.
RELATIVE_REGULARISATION = 1e-6

Array = NDArray[Any]


def initial_parameters(
    data: Data,
    components: int,
    covariance_type: str,
    init_params: str,
    reg_covar: Any,
    unit: Array,
    rng: np.random.Generator,
) -> MixtureParameters:
    """The parameters after the M step of initial responsibilities.

    Parameters
    ----------
    data : Data
    components : int
    covariance_type : {'full', 'tied', 'diag', 'spherical'}
    init_params : {'kmeans', 'k-means++', 'random', 'random_from_data'}
        Responsibilities are the labels of k-means; or at random; or those of ``components`` rows alone, drawn
        by k-means++ or uniformly.
    reg_covar : float or ndarray, shape (d,)
    unit : ndarray of float64, shape (d,)
        In which distances are measured.
    rng : Generator
    """
    sample = data.sample(components, rng)
    if sample.missing:
        sample = Batch(
            completed(sample.x, means_of_observed(sample.x, sample.sample_weight)),
            sample.sample_weight,
            False,
        )
    diagonal = covariance_type in ("diag", "spherical")
    if init_params in ("k-means++", "random_from_data"):
        if init_params == "k-means++":
            chosen = kmeans_plusplus(sample, components, unit, rng)
        else:
            chosen = _drawn(sample, components, rng)
        centres = sample.x[chosen].astype(np.float64)
        moments = Moments.zeros(components, data.d, diagonal)
        moments.totals += 1
        return moments.maximize(centres, covariance_type, reg_covar)
    if init_params == "kmeans":
        centres = kmeans(sample, components, unit, rng)
        nearest = nearest_centre(centres, unit)

        def labels(x: Array, first: int) -> Callable[[int, int], Array]:
            kernel = nearest.kernel(x.dtype)

            def one_hot(i: int, j: int) -> Array:
                label = np.empty(j - i, np.intp)
                kernel.predict(x[i:j], label)
                hot: Array = label[:, None] == np.arange(components)
                return hot

            return one_hot
    else:
        centres = np.repeat(means_of_observed(sample.x, sample.sample_weight)[None], components, axis=0)
        uniforms = _uniforms(rng, data.n * components)

        def labels(x: Array, first: int) -> Callable[[int, int], Array]:
            def random_rows(i: int, j: int) -> Array:
                r = uniforms((first + i) * components, (j - i) * components).reshape(-1, components)
                shares: Array = r / r.sum(axis=1, keepdims=True)
                return shares

            return random_rows

    moments = _moments(data, labels, centres, diagonal)
    try:
        parameters = moments.maximize(centres, covariance_type, reg_covar)
        if not is_far(parameters, centres):
            return parameters
    except ValueError:
        pass  # too few digits, perhaps
    centres = moments.means(centres)
    return _moments(data, labels, centres, diagonal).maximize(centres, covariance_type, reg_covar)


def _moments(
    data: Data,
    responsibilities: Callable[[Array, int], Callable[[int, int], Array]],
    centres: Array,
    diagonal: bool,
) -> Moments:
    """The sums over all rows, for responsibilities that are made where they are needed."""
    total = Moments.zeros(centres.shape[0], centres.shape[1], diagonal)
    first = 0
    for batch in data:
        x, weight = batch.x, batch.sample_weight
        if batch.missing:
            x = completed(x, centres.mean(axis=0))
        given = responsibilities(x, first)

        def weighted(
            i: int, j: int, x: Array = x, weight: Array | None = weight, given: Any = given
        ) -> Array:
            r = given(i, j)
            rows: Array = (r if weight is None else r * weight[i:j, None]).astype(x.dtype)
            return rows

        total.add(moments_of(weighted, x, centres, diagonal))
        first += len(x)
    return total


def _uniforms(rng: Any, n: int) -> Callable[[int, int], Array]:
    """The next n uniforms of a stream, any part of which is made at once; none is 0."""
    stream = rng.bit_generator._uniforms
    key, position = stream.reserve(n)

    def part(first: int, count: int) -> Array:
        out = np.empty(count)
        stream.fill_range(key, position + first, out)
        return out + 2.0**-54

    return part


def _drawn(sample: Batch, components: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Different rows, at random; none of weight 0."""
    weight = sample.sample_weight
    if weight is None:
        return rng.choice(len(sample.x), components, replace=False)
    if np.count_nonzero(weight) < components:
        raise ValueError(
            f"Expected n_samples >= n_components but got n_components = {components}, "
            f"n_samples = {np.count_nonzero(weight)} of a weight that is not 0"
        )
    return rng.choice(len(sample.x), components, replace=False, p=weight / weight.sum())


# Features


def variances_of_features(data: Iterable[Batch], origin: Array) -> Array:
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


def scale_of(data: Data, reg_covar: Any, rng: np.random.Generator) -> tuple[Any, Array]:
    """What is added to variances, and the unit of distances: with 'scale' for each feature its own.

    A feature without variance has 1 for its variance then.
    """
    sample = data.sample(1, rng)
    origin = means_of_observed(sample.x, sample.sample_weight)
    if isinstance(reg_covar, str):
        variances = variances_of_features(data, origin)
        variances = np.where(variances > 0, variances, 1.0)
        return RELATIVE_REGULARISATION * variances, np.sqrt(variances)
    with np.errstate(all="ignore"):
        variance = float(variances_of_features([sample], origin).sum()) / data.d
    return float(reg_covar), np.full(data.d, math.sqrt(variance) if 0 < variance < math.inf else 1.0)


def completed(x: Array, means: Array) -> Array:
    """A copy with the means in place of what is missing."""
    return np.where(np.isnan(x), means.astype(x.dtype), x)


# k-means


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


def kmeans(sample: Batch, components: int, unit: Array, rng: np.random.Generator) -> Array:
    """The centres of k-means: Lloyd's iteration from k-means++."""
    x = sample.x
    n, d = x.shape
    weight = np.ones(n) if sample.sample_weight is None else sample.sample_weight
    centres = x[kmeans_plusplus(sample, components, unit, rng)].astype(np.float64)
    origin = means_of_observed(sample.x, sample.sample_weight)
    variances = variances_of_features([sample], origin)
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
