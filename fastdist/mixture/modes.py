"""The modes of a Gaussian mixture: where its density has a maximum, and how high it is.

With r_k the responsibilities and P_k = S_k^-1, the gradient and the Hessian of the log density are

    g = sum_k r_k u_k,    H = sum_k r_k u_k u_k^T - A - g g^T,    u_k = P_k (mu_k - x),    A = sum_k r_k P_k.

g = 0 is a fixed point of  x <- x + A^-1 g = (sum_k r_k P_k)^-1 sum_k r_k P_k mu_k,  a step of EM, which never
falls [1]_; near a mode Newton's step  x - H^-1 g  is much shorter a way.  Lengths are measured by A, and
curvatures are the eigenvalues of H relative to A: no unit of measurement matters.  All of it is computed in
coordinates in which one of the components is standard normal, so that correlations which the components
share cost no digits.

.. [1] M. A. Carreira-Perpinan, "Mode-finding for mixtures of Gaussian distributions", IEEE Transactions on
   Pattern Analysis and Machine Intelligence 22 (2000).
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from fastdist._dispatch import cholesky
from fastdist._dispatch import multivariate_density as density
from fastdist._dispatch import multivariate_sampling as sampling
from fastdist.covariance.checks import EPSILON
from fastdist.covariance.factors import product
from fastdist.mixture.parameters import MixtureParameters
from fastdist.read_only import read_only
from fastdist.typing import Array

# Steps of an ascent.  Newton's take a dozen, and some thirty where the curvature vanishes.
STEPS = 500
# An ascent ends after a step that is shorter, or where the fixed-point iteration moves by rounding errors.
SHORT, STILL = 1e-13, 8 * EPSILON
# Modes that are nearer to each other are one: where the curvature vanishes they are found to some 1e-5.
NEAR = 1e-4
# Where a curvature is less, the density itself is looked at, on both sides at this distance.
FLAT, ASIDE = 1e-6, 1e-3
# How far from a saddle an ascent starts anew, and how often.
OFF_SADDLE, ROUNDS = 0.1, 4
# Pairs and triples of so many components are started from.
MOST_IN_PAIRS, MOST_IN_TRIPLES = 32, 8
# Values of a temporary array: some megabytes.
TEMPORARY_VALUES = 1 << 18
# In one dimension: where modes are looked for around each mean, in standard deviations.
GRID = np.linspace(-5, 5, 101)
# Halvings of an interval of these, to the last bit.
HALVINGS = 80


@dataclass(frozen=True, eq=False)
class Modes:
    """The modes of a mixture, the highest first; ``len(modes)`` is how many there are.

    Attributes
    ----------
    locations : ndarray of float64, shape (m, d)
        Where the density has a maximum.
    heights : ndarray of float64, shape (m,)
        The density there.
    log_heights : ndarray of float64, shape (m,)
        Its logarithm, which does not underflow.
    """

    locations: Array
    heights: Array
    log_heights: Array

    def __eq__(self, other: object) -> bool:
        """Whether all numbers are the same."""
        if not isinstance(other, Modes):
            return NotImplemented
        pairs = zip(astuple(self), astuple(other), strict=True)
        return all(np.array_equal(mine, theirs) for mine, theirs in pairs)

    def __hash__(self) -> int:
        return hash(tuple(self.locations.ravel().tolist()))

    def __len__(self) -> int:
        return len(self.log_heights)


def modes(parameters: MixtureParameters, starts: Array | None = None) -> Modes:
    """The maxima of the density, from these starts as well: `GaussianMixture.modes` has the details."""
    if parameters.dimension == 1:
        x = _distinct(parameters, _between_extremes(parameters))
    else:
        k = int(parameters.weights.argmax())
        origin, factor = parameters.means[k], parameters.full_factors()[k]
        white = _whitened(parameters, origin, factor)
        whitened_starts = None if starts is None else density.whiten(starts, origin, factor)
        x = sampling.colorize(_maxima(white, whitened_starts), origin, factor)
    log_heights = parameters.score_samples(x)
    order = np.argsort(-log_heights, kind="stable")
    x, log_heights = x[order], log_heights[order]
    with np.errstate(over="ignore"):
        heights = np.exp(log_heights)
    advice = "modes are read-only: change a copy, such as modes.locations.copy()"
    return Modes(*(read_only(array, advice) for array in (x, heights, log_heights)))


def starts_of_data(x: Array, count: int = 9) -> Array:
    """Points of the data at `count` quantiles of each coordinate, from which `modes` may climb.

    Parameters
    ----------
    x : ndarray of float64 or float32, shape (n, d)
        The data; points with NaN are not taken.
    count : int, optional
        How many quantiles: 1 / (count + 1), 2 / (count + 1), ...

    Returns
    -------
    ndarray of float64, shape (m, d)
        Points that are complete, none twice; m is not more than ``count * d``.

    Examples
    --------
    >>> import numpy as np
    >>> starts_of_data(np.array([[5.0, 1], [4, 2], [3, 3], [2, 4], [1, 5]]), 1)
    array([[3., 3.]])
    """
    if not len(x):
        return np.empty((0, x.shape[1]))
    ranks = np.unique(np.arange(1, count + 1) * (len(x) - 1) // (count + 1))
    rows = np.concatenate([np.argpartition(column, ranks)[ranks] for column in x.T])
    points = x[np.unique(rows)].astype(np.float64)
    return np.unique(points[~np.isnan(points).any(axis=1)], axis=0)


# One dimension


def _between_extremes(parameters: MixtureParameters) -> Array:
    """All x with g > 0 before and g < 0 after: g changes its sign at most once between its extremes."""
    means, deviations = parameters.means[:, 0], parameters.full_factors()[:, 0, 0]
    grid = (means[:, None] + deviations[:, None] * GRID).ravel()
    grid = np.unique(grid[(grid >= means.min()) & (grid <= means.max())])
    spread = np.float64(deviations.min())
    # Also where all components are alike, so that there is but one place.
    grid = np.concatenate([[means.min() - spread], grid, [means.max() + spread]])
    extremes = _sign_changes(grid, _second_derivative(parameters, grid), parameters, _second_derivative)
    grid = np.unique(np.concatenate([grid, *extremes]))
    falls, _ = _sign_changes(grid, _derivative(parameters, grid), parameters, _derivative)
    return falls[:, None]


def _derivatives(parameters: MixtureParameters, x: Array) -> tuple[Array, Array, Array]:
    r = parameters.responsibilities(x[:, None])
    precisions = parameters.full_factors()[:, 0, 0] ** -2.0
    return r, precisions * (parameters.means[:, 0] - x[:, None]), precisions


def _derivative(parameters: MixtureParameters, x: Array) -> Array:
    """g, which is 0 where all that is left of it is rounding errors."""
    r, u, _ = _derivatives(parameters, x)
    g = (r * u).sum(axis=1)
    return np.where(np.abs(g) > 8 * EPSILON * (r * np.abs(u)).sum(axis=1), g, 0.0)


def _second_derivative(parameters: MixtureParameters, x: Array) -> Array:
    """H, in one dimension: its sign is what matters."""
    r, u, precisions = _derivatives(parameters, x)
    g = (r * u).sum(axis=1, keepdims=True)
    curvature: Array = (r * ((u - g) ** 2 - precisions)).sum(axis=1)
    return curvature


def _sign_changes(grid: Array, values: Array, parameters: MixtureParameters, f: Any) -> tuple[Array, Array]:
    """Where f falls through 0, and where it rises through it, by halving the intervals of a grid."""
    grid, values = grid[values != 0], values[values != 0]
    changes = np.flatnonzero(np.signbit(values[1:]) != np.signbit(values[:-1]))
    low, high, falls = grid[changes], grid[changes + 1], values[changes] > 0
    for _ in range(HALVINGS if len(changes) else 0):
        middle = low + (high - low) / 2
        at_middle = f(parameters, middle)
        before = (at_middle > 0) == falls
        low, high = np.where(before, middle, low), np.where(before, high, middle)
        low = np.where(at_middle == 0, middle, low)
    return low[falls], low[~falls]


# More dimensions


def _whitened(parameters: MixtureParameters, origin: Array, factor: Array) -> MixtureParameters:
    """The mixture of L^-1 (x - origin), with L the factor."""
    d = parameters.dimension
    means = density.whiten(parameters.means, origin, factor)
    # Row j is L^-1 times column j of a component's factor.
    columns = density.whiten(parameters.full_factors().mT, np.zeros(d), factor)
    factors = np.tril(columns.mT)
    return MixtureParameters(parameters.weights, means, product(factors), "full", factors)


def _maxima(parameters: MixtureParameters, starts: Array | None) -> Array:
    """Where ascents lead to that is a maximum, from the means, from ridges and from the starts."""
    places = [parameters.means, _on_ridges(parameters)]
    if starts is not None:
        places.append(starts[np.isfinite(starts).all(axis=1)])
    x = np.concatenate(places)
    maxima: list[Array] = []
    for _ in range(ROUNDS):
        reached = _ascended(parameters, x)
        is_maximum, x = _judged(parameters, reached)
        maxima.append(reached[is_maximum])
        if not len(x):
            break
    return _distinct(parameters, np.concatenate(maxima))


def _on_ridges(parameters: MixtureParameters) -> Array:
    """``(sum_k a_k P_k)^-1 sum_k a_k P_k mu_k`` for pairs, triples and all of the components."""
    components = parameters.components
    shares: list[Array] = [np.full(components, 1.0)]
    if components <= MOST_IN_PAIRS:
        for pair in combinations(range(components), 2):
            for share in (0.25, 0.5, 0.75):
                shares.append(np.zeros(components))
                shares[-1][list(pair)] = share, 1 - share
    if components <= MOST_IN_TRIPLES:
        for triple in combinations(range(components), 3):
            shares.append(np.zeros(components))
            shares[-1][list(triple)] = 1 / 3
    a = np.stack(shares)
    a /= a.sum(axis=1, keepdims=True)
    precisions = _precisions(parameters)
    x = np.empty((len(a), parameters.dimension))
    for part in _parts(parameters, len(a)):
        # About a mean, so that large means do not cancel.
        origin = parameters.means[a[part].argmax(axis=1)]
        u = _pulls(parameters, precisions, origin)
        average = np.tensordot(a[part], precisions, 1)
        x[part] = origin + _solve(average, (a[part][:, :, None] * u).sum(axis=1))
    return x


def _precisions(parameters: MixtureParameters) -> Array:
    """All S_k^-1, (K, d, d)."""
    precisions = parameters.precisions
    if parameters.dimension == 1:
        return np.broadcast_to(precisions.reshape(-1, 1, 1), (parameters.components, 1, 1))
    return precisions


def _pulls(parameters: MixtureParameters, precisions: Array, x: Array) -> Array:
    """All u_k of each point, (n, K, d)."""
    v = parameters.means - x[:, None, :]
    return np.stack([v[:, k] @ precisions[k] for k in range(len(precisions))], axis=1)


def _parts(parameters: MixtureParameters, n: int) -> list[slice]:
    """Points that are dealt with at a time."""
    d = parameters.dimension
    rows = max(1, TEMPORARY_VALUES // (d * max(d, parameters.components)))
    return [slice(first, first + rows) for first in range(0, n, rows)]


def _solve(matrices: Array, vectors: Array) -> Array:
    solutions: Array = np.linalg.solve(matrices, vectors[..., None])[..., 0]
    return solutions


def _local(parameters: MixtureParameters, precisions: Array, x: Array) -> tuple[Array, Array, Array]:
    """g, A and H at each point."""
    r = parameters.responsibilities(x)
    u = _pulls(parameters, precisions, x)
    g = (r[:, :, None] * u).sum(axis=1)
    average = np.tensordot(r, precisions, 1)
    # About g, so that no squares cancel.
    u -= g[:, None, :]
    return g, average, (r[:, :, None] * u).mT @ u - average


def _ascended(parameters: MixtureParameters, starts: Array) -> Array:
    """Where the starts lead to."""
    precisions = _precisions(parameters)
    parts = [_ascended_part(parameters, precisions, starts[part]) for part in _parts(parameters, len(starts))]
    return np.concatenate(parts)


@np.errstate(all="ignore")
def _ascended_part(parameters: MixtureParameters, precisions: Array, starts: Array) -> Array:
    x, climbing = starts.copy(), np.arange(len(starts))
    for _ in range(STEPS):
        here = x[climbing]
        g, average, hessian = _local(parameters, precisions, here)
        concave = ~np.isnan(cholesky.cholesky(-hessian)).any(axis=(1, 2))
        by_fixed_point = _solve(average, g)
        by_newton = _solve(np.where(concave[:, None, None], -hessian, average), g)
        up, further = (
            parameters.score_samples(here + by_fixed_point),
            parameters.score_samples(here + by_newton),
        )
        # Of two heights that differ by rounding errors Newton's is as good.
        newton = concave & (further >= up - 16 * EPSILON * (1 + np.abs(up)))
        step = np.where(newton[:, None], by_newton, by_fixed_point)
        x[climbing] = here + step
        done = (_length(by_fixed_point, average) <= STILL) | (_length(step, average) <= SHORT)
        done |= (np.abs(step) <= 2 * EPSILON * np.abs(here)).all(axis=1)
        climbing = climbing[~done]
        if not len(climbing):
            break
    return x


def _length(step: Array, average: Array) -> Array:
    lengths: Array = np.sqrt(np.maximum((step[:, None, :] @ average @ step[:, :, None])[:, 0, 0], 0.0))
    return lengths


def _judged(parameters: MixtureParameters, x: Array) -> tuple[Array, Array]:
    """Which points are maxima; and, of those that are not, two points on either side."""
    precisions = _precisions(parameters)
    is_maximum, aside = np.zeros(len(x), bool), [x[:0]]
    for part in _parts(parameters, len(x)):
        some = x[part]
        _, average, hessian = _local(parameters, precisions, some)
        factor = np.linalg.cholesky(average)
        half = np.linalg.solve(factor, hessian)
        curvatures, directions = np.linalg.eigh(np.linalg.solve(factor, half.mT))
        # The most upward direction, of length 1 as A measures it.
        direction = np.linalg.solve(factor.mT, directions[:, :, -1:])[..., 0]
        largest = curvatures[:, -1]
        height, left, right = (
            parameters.score_samples(some + way * direction) for way in (0.0, -ASIDE, ASIDE)
        )
        noise = 4 * EPSILON * (1 + np.abs(height))
        falls = np.maximum(left, right) <= height + noise
        good = (largest < -FLAT) | ((largest < FLAT) & falls)
        is_maximum[part] = good
        for way in (-OFF_SADDLE, OFF_SADDLE):
            aside.append((some + way * direction)[~good])
    return is_maximum, np.concatenate(aside)


def _distinct(parameters: MixtureParameters, x: Array) -> Array:
    """Of those that are near each other the highest."""
    x = x[np.argsort(-parameters.score_samples(x), kind="stable")]
    precisions = _precisions(parameters)
    kept: list[int] = []
    left = np.ones(len(x), bool)
    for i in range(len(x)):
        if left[i]:
            kept.append(i)
            average = np.tensordot(parameters.responsibilities(x[i : i + 1]), precisions, 1)[0]
            v = x - x[i]
            left &= ((v @ average) * v).sum(axis=1) > NEAR**2
    distinct: Array = x[kept]
    return distinct
