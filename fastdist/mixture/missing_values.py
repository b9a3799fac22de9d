"""Gaussian mixtures of points in which numbers are missing: these are NaN, and are integrated over.

Of a point only what is observed, o, has a density, that of the marginal mixture:

    p(x_o) = sum_k w_k N(x_o; mu_k,o, S_k,oo).

Points that lack the same values, m, share a *pattern*, and the kernel of one marginal.  Patterns with the
same number of observed values are processed together, so that even points with a pattern each are affordable:
for each pattern there remain K factors, of order d at most, and a few calls of kernels, some twenty
microseconds with eight components of sixteen values.  The result for a point depends on that point alone.

EM [1]_, [2]_ completes a point anew for each component, by the regression of what is missing on what is
observed, and adds what the regression leaves open to the products:

    x_k,o = x_o,    x_k,m = mu_k,m + S_k,mo S_k,oo^-1 (x_o - mu_k,o),
    sum of r_k (x_k - c_k) (x_k - c_k)^T, and of r_k C_k in the block m,
    C_k = S_k,mm - S_k,mo S_k,oo^-1 S_k,om,

where r_k are the responsibilities of the marginal.  With the factor [[L_oo, 0], [L_mo, L_mm]] of S_k in the
order (o, m), x_k,m is mu_k,m + L_mo w, L_oo w = x_o - mu_k,o, and C_k is L_mm L_mm^T: nothing is subtracted.
Points with missing numbers are completed in float64, also if they are float32.

The functions share these arguments:

    x : ndarray of float64 or float32, shape (n, d)
        Points; NaN is missing, all else is finite.
    sample_weight : ndarray of float64, shape (n,), or None
        How often each point counts; None is once.

Those that take parameters raise a NotPositiveDefiniteError if a covariance is so nearly singular that a part
of it has no factor, or it has none in another order.

.. [1] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum likelihood from incomplete data via the EM
   algorithm", Journal of the Royal Statistical Society B 39 (1977).
.. [2] Z. Ghahramani, M. I. Jordan, "Supervised learning from incomplete data via an EM approach", Advances in
   Neural Information Processing Systems 6 (1994).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastdist import parallel
from fastdist._dispatch import cholesky, mixture, normal
from fastdist._dispatch import multivariate_density as density
from fastdist.covariance.checks import entries
from fastdist.covariance.factors import product
from fastdist.mixture.moments import Moments
from fastdist.mixture.parameters import MixtureParameters, NotPositiveDefiniteError, logarithm
from fastdist.multivariate.likelihood import PARTS
from fastdist.multivariate.relations import mean_given
from fastdist.typing import Array

# Points whose patterns are sorted together.
CHUNK_ROWS = 1 << 16
# Patterns with fewer points each are completed by one call, for which each point gets a factor of its own.
FEW_POINTS = 4
# Values of a temporary array: some megabytes.
TEMPORARY_VALUES = 1 << 19


def score_samples(parameters: MixtureParameters, x: Array) -> Array:
    """The log density of what is observed of each point.

    Returns
    -------
    ndarray of the same dtype, shape (n,)
        ``log sum_k w_k N(x_o; mu_k,o, S_k,oo)``; 0 where nothing is observed.

    Examples
    --------
    >>> import numpy as np
    >>> from fastdist.mixture.parameters import checked
    >>> parameters = checked([0.5, 0.5], [[0, 0], [3, 3]], [[1, 1], [1, 1]], "diag")
    >>> x = np.array([[0.0, np.nan], [np.nan, 0.0], [np.nan, np.nan]])
    >>> score_samples(parameters, x).round(6)
    array([-1.601038, -1.601038,  0.      ])
    """
    out = np.empty(len(x), x.dtype)

    def score(first: int, patterns: Patterns) -> None:
        part = np.zeros(len(patterns.rows), x.dtype)
        for some, kernel in patterns:
            if kernel is not None:
                kernel.score_samples(patterns.values[some], part[some])
        out[first + patterns.rows] = part

    _for_patterns(parameters, x, score)
    return out


def responsibilities(parameters: MixtureParameters, x: Array) -> Array:
    """The probability that each component made a point, given what is observed of it.

    Returns
    -------
    ndarray of the same dtype, shape (n, K)
        ``w_k N(x_o; mu_k,o, S_k,oo) / p(x_o)``; the weights where nothing is observed.

    Examples
    --------
    >>> import numpy as np
    >>> from fastdist.mixture.parameters import checked
    >>> parameters = checked([0.25, 0.75], [[0, 0], [3, 3]], [[1, 1], [1, 1]], "diag")
    >>> responsibilities(parameters, np.array([[0.0, np.nan], [np.nan, np.nan]])).round(6)
    array([[0.967748, 0.032252],
           [0.25    , 0.75    ]])
    """
    out = np.empty((len(x), parameters.components), x.dtype)

    def explain(first: int, patterns: Patterns) -> None:
        out[first + patterns.rows], _ = _responsibilities(parameters, patterns)

    _for_patterns(parameters, x, explain)
    return out


def predict(parameters: MixtureParameters, x: Array) -> NDArray[np.intp]:
    """The component of the largest responsibility for each point.

    Returns
    -------
    ndarray of intp, shape (n,)
        The first one, if several are the largest.

    Examples
    --------
    >>> import numpy as np
    >>> from fastdist.mixture.parameters import checked
    >>> parameters = checked([0.25, 0.75], [[0, 0], [3, 3]], [[1, 1], [1, 1]], "diag")
    >>> predict(parameters, np.array([[0.0, np.nan], [np.nan, np.nan]]))
    array([0, 1])
    """
    out = np.empty(len(x), np.intp)

    def choose(first: int, patterns: Patterns) -> None:
        part = np.full(len(patterns.rows), parameters.weights.argmax(), np.intp)
        for some, kernel in patterns:
            if kernel is not None:
                kernel.predict(patterns.values[some], part[some])
        out[first + patterns.rows] = part

    _for_patterns(parameters, x, choose)
    return out


def expectation(
    parameters: MixtureParameters, x: Array, sample_weight: Array | None, centres: Array
) -> tuple[Moments, float]:
    """One E step, with the sums that the M step needs.

    Parameters
    ----------
    centres : ndarray of float64, shape (K, d)
        About which moments are taken.

    Returns
    -------
    Moments
        Of the points as each component completes them; the same bits on any number of threads.
    float
        The sum over points of weight times log density of what is observed.

    Notes
    -----
    The formulas stand at the top of this module.  A point of which nothing is observed belongs to all
    components by their weights, and is completed by their means.

    Examples
    --------
    >>> import numpy as np
    >>> from fastdist.mixture.parameters import checked
    >>> parameters = checked([1.0], [[0, 0]], [[[1, 0.5], [0.5, 1]]])
    >>> moments, _ = expectation(parameters, np.array([[2.0, np.nan]]), None, np.zeros((1, 2)))
    >>> moments.sums, moments.products
    (array([[2., 1.]]), array([[[4.  , 0.  ],
            [2.  , 1.75]]]))
    """
    n = len(x)
    rows = -(-n // PARTS)
    rows += -rows % CHUNK_ROWS
    parts = [_zeros(parameters) for _ in range(-(-n // rows) if n else 0)]
    log_likelihoods = [0.0] * len(parts)

    def add_range(start: int, stop: int) -> None:
        for first in range(start, stop, rows):
            for begin in range(first, min(n, first + rows), CHUNK_ROWS):
                end = min(n, begin + CHUNK_ROWS)
                weight = None if sample_weight is None else sample_weight[begin:end]
                part = first // rows
                log_likelihoods[part] += _add(parameters, x[begin:end], weight, centres, parts[part])

    parallel.for_ranges(add_range, n, 0, max(1, rows), max(1, rows))
    moments, log_likelihood = _zeros(parameters), 0.0
    for part, log_likelihood_of_part in zip(parts, log_likelihoods, strict=True):
        moments.add(part)
        log_likelihood += log_likelihood_of_part
    return moments, log_likelihood


def means_of_observed(x: Array, sample_weight: Array | None = None) -> Array:
    """The mean of what is observed in each column, with which an initialisation may complete points.

    Returns
    -------
    ndarray of float64, shape (d,)

    Raises
    ------
    ValueError
        If there is a column of which nothing is observed; the first is named.

    Examples
    --------
    >>> import numpy as np
    >>> means_of_observed(np.array([[1.0, np.nan], [3.0, 5.0]]))
    array([2., 5.])
    """
    n, d = x.shape
    sums, totals = np.zeros(d), np.zeros(d)
    few = max(1, TEMPORARY_VALUES // max(1, d))
    for first in range(0, n, few):
        rows = x[first : first + few].astype(np.float64)
        weight = 1.0 if sample_weight is None else sample_weight[first : first + few, None]
        observed = ~np.isnan(rows)
        totals += (weight * observed).sum(axis=0)
        sums += (weight * np.where(observed, rows, 0.0)).sum(axis=0)
    empty = ~(totals > 0)
    if empty.any():
        raise ValueError(f"column {int(empty.argmax())} of X holds no number: all of it is NaN")
    means: Array = sums / totals
    return means


def _zeros(parameters: MixtureParameters) -> Moments:
    return Moments.zeros(parameters.components, parameters.dimension, parameters.diagonal)


def _for_patterns(parameters: MixtureParameters, x: Array, task: Callable[[int, Patterns], None]) -> None:
    """Call ``task(first, patterns)`` for all points; their rows are counted from `first`."""

    def call_range(start: int, stop: int) -> None:
        for first in range(start, stop, CHUNK_ROWS):
            for patterns in patterns_of(
                parameters, x[first : min(stop, first + CHUNK_ROWS)], x.dtype, joint=False
            ):
                task(first, patterns)

    parallel.for_ranges(call_range, len(x), 0, CHUNK_ROWS, CHUNK_ROWS)


def _responsibilities(parameters: MixtureParameters, patterns: Patterns) -> tuple[Array, Array]:
    """Those of the points of some patterns, and the log density."""
    n, dtype = len(patterns.rows), patterns.values.dtype
    part, log_density = np.empty((n, parameters.components), dtype), np.zeros(n, dtype)
    for some, kernel in patterns:
        if kernel is None:
            part[some] = parameters.weights
        else:
            kernel.responsibilities(patterns.values[some], part[some], log_density[some])
    return part, log_density


def _add(
    parameters: MixtureParameters, x: Array, sample_weight: Array | None, centres: Array, moments: Moments
) -> float:
    """Add the moments of some points, as each component completes them; returns their log-likelihood."""
    log_likelihood = 0.0
    for patterns in patterns_of(parameters, x, np.float64, joint=True):
        weight = None if sample_weight is None else sample_weight[patterns.rows]
        if patterns.size == parameters.dimension:
            log_likelihood += parameters.kernel(x.dtype).add_expectations(
                patterns.values, weight, centres, moments.totals, moments.sums, moments.products
            )
            continue
        part, log_density = _responsibilities(parameters, patterns)
        if weight is not None:
            part *= weight[:, None]
            log_density *= weight
        log_likelihood += float(log_density.sum())
        completed = _completed(parameters, patterns)
        for k in range(parameters.components):
            one = slice(k, k + 1)
            sums = (moments.totals[one], moments.sums[one], moments.products[one])
            mixture.add_moments(completed[k], part[:, one], centres[one], *sums)
        _add_left_open(parameters, patterns, np.add.reduceat(part, patterns.starts, axis=0), moments.products)
    return log_likelihood


def _completed(parameters: MixtureParameters, patterns: Patterns) -> Array:
    """The points, with what each component expects of what is missing, (K, n, d)."""
    n, size, means = len(patterns.rows), patterns.size, parameters.means
    counts = np.diff([*patterns.starts, n])
    columns = np.repeat(patterns.columns, counts, axis=0)
    ordered = np.empty((parameters.components, n, parameters.dimension))
    ordered[:, :, :size] = patterns.values
    missing = ordered[:, :, size:]
    if patterns.factors is None or not size:
        missing[...] = means[:, columns[:, size:]]
    elif n < FEW_POINTS * len(counts):
        factors = np.moveaxis(np.repeat(patterns.factors, counts, axis=0), 1, 0)
        missing[...] = mean_given(patterns.values, means[:, columns], factors)
    else:
        for i, (some, _) in enumerate(patterns):
            mean, factor = means[:, None, patterns.columns[i]], patterns.factors[i, :, None]
            missing[:, some] = mean_given(patterns.values[some], mean, factor)
    completed = np.empty_like(ordered)
    np.put_along_axis(completed, columns[None], ordered, axis=2)
    return completed


def _add_left_open(parameters: MixtureParameters, patterns: Patterns, totals: Array, products: Array) -> None:
    """Add the covariances of what is missing, times the responsibilities of each pattern, (patterns, K)."""
    size, d = patterns.size, parameters.dimension
    missing = patterns.columns[:, size:]
    if patterns.factors is None:
        places, left_open = missing[:, None, :], parameters.factors[:, missing] ** 2
        left_open, stride = np.moveaxis(left_open, 0, 1), d
    else:
        # The missing numbers ascend, so that the lower triangle stays the lower.
        i, j = np.tril_indices(d - size)
        left_open = product(patterns.factors[:, :, size:, size:])[:, :, i, j]
        places, stride = (missing[:, i] * d + missing[:, j])[:, None, :], d * d
    places = places + stride * np.arange(parameters.components)[:, None]
    np.add.at(products.reshape(-1), places.ravel(), (totals[:, :, None] * left_open).ravel())


# Points by pattern, and the marginal mixture of each pattern


@dataclass(frozen=True)
class Patterns:
    """Points of several patterns that have as many numbers, ``size``, by pattern."""

    rows: NDArray[np.intp]
    # Where each pattern begins.
    starts: NDArray[np.intp]
    # For each pattern the numbers that are observed, and then those that are missing, (patterns, d).
    columns: NDArray[np.intp]
    size: int
    # What is observed, (len(rows), size).
    values: Array
    # The marginal of each pattern; None if nothing is observed.
    kernels: list[mixture.Mixture | None]
    # Of the covariances in the order of the columns, (patterns, K or 1, d, d), if it was asked for.
    factors: Array | None

    def __iter__(self) -> Iterator[tuple[slice, mixture.Mixture | None]]:
        """The points of each pattern, and its marginal."""
        ends = [*self.starts[1:].tolist(), len(self.rows)]
        for start, end, kernel in zip(self.starts.tolist(), ends, self.kernels, strict=True):
            yield slice(start, end), kernel


def patterns_of(parameters: MixtureParameters, x: Array, dtype: Any, joint: bool) -> Iterator[Patterns]:
    """The points by pattern, those that are complete first; what is incomplete is converted to `dtype`."""
    (n, d), components = x.shape, parameters.components
    lacks = np.isnan(x)
    bits = np.packbits(lacks, axis=1)
    words = np.zeros((n, bits.shape[1] + -bits.shape[1] % 8), np.uint8)
    words[:, : bits.shape[1]] = bits
    words = words.view("<u8")
    counts = np.count_nonzero(lacks, axis=1)
    order = np.lexsort([*words.T, counts])
    ordered = words[order]
    is_first = np.ones(n, bool)
    is_first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    # They go together up to so many points and patterns; a pattern of more points is dealt with in pieces.
    few = max(1, TEMPORARY_VALUES // (components * d))
    is_first[::few] = True
    starts = np.flatnonzero(is_first)
    sizes = d - counts[order[starts]]
    begin = 0
    while begin < len(starts):
        size = int(sizes[begin])
        end = min(len(starts), begin + max(1, TEMPORARY_VALUES // (components * d * d)))
        same = (sizes[begin:end] == size) & (starts[begin:end] // few == starts[begin] // few)
        end = begin + (len(same) if same.all() else int(same.argmin()))
        first = starts[begin]
        rows = order[first : starts[end] if end < len(starts) else n]
        columns = np.argsort(lacks[order[starts[begin:end]]], axis=1, kind="stable")
        if size == d:
            values = x[rows]
            kernels: list[mixture.Mixture | None] = [parameters.kernel(x.dtype)]
            factors = None
        else:
            observed = np.repeat(columns[:, :size], np.diff([*starts[begin:end], first + len(rows)]), axis=0)
            values = x[rows[:, None], observed].astype(dtype, copy=False)
            kernels, factors = _marginals(parameters, columns, size, values.dtype, joint)
        yield Patterns(rows, starts[begin:end] - first, columns, size, values, kernels, factors)
        begin = end


def _marginals(
    parameters: MixtureParameters, columns: Array, size: int, dtype: np.dtype[Any], joint: bool
) -> tuple[list[mixture.Mixture | None], Array | None]:
    """The marginal of each pattern; and the joint factors, if they are asked for and not diagonal."""
    d, weights = parameters.dimension, parameters.weights
    means = np.ascontiguousarray(np.moveaxis(parameters.means[:, columns[:, :size]], 0, 1))
    factors = None
    if parameters.diagonal:
        of_observed = np.ascontiguousarray(np.moveaxis(parameters.factors[:, columns[:, :size]], 0, 1))
        peaks = normal.logpdf(0.0, 0.0, of_observed).sum(axis=2)
    else:
        wanted = columns if joint else columns[:, :size]
        parts = entries(parameters.covariances.reshape(-1, d, d), wanted)
        factors = np.ascontiguousarray(cholesky.cholesky(np.moveaxis(parts, 0, 1)))
        failed = np.isnan(factors).any(axis=(0, 2, 3))
        if failed.any():
            tied, k = parameters.covariance_type == "tied", int(failed.argmax())
            whose = "the covariance" if tied else f"the covariance of component {k}"
            message = f"{whose} is too nearly singular for points with missing numbers"
            raise NotPositiveDefiniteError(k, message)
        of_observed = np.ascontiguousarray(factors[:, :, :size, :size])
        peaks = density.log_peak(of_observed) if size else None
    if not size:
        return [None] * len(columns), factors
    heights = logarithm(weights) + peaks
    of_each = zip(heights, means, of_observed, strict=True)
    return [
        mixture.Mixture(height, weights, mean, factor, dtype) for height, mean, factor in of_each
    ], factors
