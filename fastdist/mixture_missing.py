"""Gaussian mixtures of points in which numbers are missing: these are NaN, and are integrated over.

Of a point only what is observed, o, has a density, that of the marginal mixture:

    p(x_o) = sum_k w_k N(x_o; mu_k,o, S_k,oo).

Points that lack the same numbers, m, share a *pattern*, and the kernel of one marginal.  What that costs: for
each pattern K factors of order |o|, or d in EM, made many patterns at a time, and some ten calls of NumPy and
of the kernels; so points that all have a pattern of their own take tens of microseconds each.  A result
depends on its point alone, not on what stands beside it.

EM [1]_, [2]_ completes a point anew for each component, by the regression of what is missing on what is
observed, and adds what the regression leaves open to the products:

    x_k,o = x_o,    x_k,m = mu_k,m + S_k,mo S_k,oo^-1 (x_o - mu_k,o),
    sum of r_k (x_k - c_k) (x_k - c_k)^T, and of r_k C_k in the block m,
    C_k = S_k,mm - S_k,mo S_k,oo^-1 S_k,om,

where r_k are the responsibilities of the marginal.  With the factor [[L_oo, 0], [L_mo, L_mm]] of S_k in the
order (o, m), x_k,m is mu_k,m + L_mo w, L_oo w = x_o - mu_k,o, and C_k is L_mm L_mm^T: nothing is subtracted.
Points with missing numbers are completed in float64, also if they are float32.

.. [1] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum likelihood from incomplete data via the EM
   algorithm", Journal of the Royal Statistical Society B 39 (1977).
.. [2] Z. Ghahramani, M. I. Jordan, "Supervised learning from incomplete data via an EM approach", Advances in
   Neural Information Processing Systems 6 (1994).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastdist import parallel
from fastdist._dispatch import cholesky, mixture, normal
from fastdist._dispatch import multivariate_density as density
from fastdist.factored_covariance import product
from fastdist.mixture_moments import Moments
from fastdist.mixture_parameters import MixtureParameters, NotPositiveDefiniteError, logarithm
from fastdist.multivariate_normal_relations import condition, entries

# Numbers that a temporary array may hold: some megabytes.
NUMBERS = 1 << 19
# Parts of the data whose moments are summed apart: threads may share them.
PARTS = 16

Array = NDArray[Any]


@dataclass(frozen=True)
class Pattern:
    """Points that lack the same numbers, and the marginal mixture of what they have."""

    rows: NDArray[np.intp]
    observed: NDArray[np.intp]
    missing: NDArray[np.intp]
    # What is observed, (len(rows), len(observed)).
    values: Array
    # None if nothing is observed.
    kernel: mixture.Mixture | None
    # Of the covariances in the order (observed, missing), (K or 1, d, d), if it was asked for.
    factor: Array | None


def score_samples(parameters: MixtureParameters, x: Array) -> Array:
    """The log density of what is observed of each point.

    Parameters
    ----------
    x : ndarray of float64 or float32, shape (n, d)
        Points; NaN is missing, all else is finite.

    Returns
    -------
    ndarray of the same dtype, shape (n,)
        ``log sum_k w_k N(x_o; mu_k,o, S_k,oo)``; 0 where nothing is observed.

    Raises
    ------
    NotPositiveDefiniteError
        If a covariance is so nearly singular that a part of it has no factor.

    Examples
    --------
    >>> import numpy as np
    >>> from fastdist.mixture_parameters import checked
    >>> parameters = checked([0.5, 0.5], [[0, 0], [3, 3]], [[1, 1], [1, 1]], "diag")
    >>> x = np.array([[0.0, np.nan], [np.nan, 0.0], [np.nan, np.nan]])
    >>> score_samples(parameters, x).round(6)
    array([-1.601038, -1.601038,  0.      ])
    """
    out = np.empty(len(x), x.dtype)

    def score(first: int, pattern: Pattern) -> None:
        part = np.zeros(len(pattern.rows), x.dtype)
        if pattern.kernel is not None:
            pattern.kernel.score_samples(pattern.values, part)
        out[first + pattern.rows] = part

    _for_patterns(parameters, x, score)
    return out


def responsibilities(parameters: MixtureParameters, x: Array, with_log_density: bool = False) -> Any:
    """The probability that each component made a point, given what is observed of it.

    Parameters
    ----------
    x : ndarray of float64 or float32, shape (n, d)
        Points; NaN is missing, all else is finite.
    with_log_density : bool, optional
        Whether to return `score_samples` as well.

    Returns
    -------
    ndarray of the same dtype, shape (n, K), or a tuple of it and of one of shape (n,)
        ``w_k N(x_o; mu_k,o, S_k,oo) / p(x_o)``; the weights where nothing is observed.

    Raises
    ------
    NotPositiveDefiniteError
        If a covariance is so nearly singular that a part of it has no factor.

    Examples
    --------
    >>> import numpy as np
    >>> from fastdist.mixture_parameters import checked
    >>> parameters = checked([0.25, 0.75], [[0, 0], [3, 3]], [[1, 1], [1, 1]], "diag")
    >>> responsibilities(parameters, np.array([[0.0, np.nan], [np.nan, np.nan]])).round(6)
    array([[0.967748, 0.032252],
           [0.25    , 0.75    ]])
    """
    out = np.empty((len(x), parameters.components), x.dtype)
    logs = np.empty(len(x) if with_log_density else 0, x.dtype)

    def explain(first: int, pattern: Pattern) -> None:
        part, log_density = _responsibilities(parameters, pattern, x.dtype)
        out[first + pattern.rows] = part
        if with_log_density:
            logs[first + pattern.rows] = log_density

    _for_patterns(parameters, x, explain)
    return (out, logs) if with_log_density else out


def predict(parameters: MixtureParameters, x: Array) -> NDArray[np.intp]:
    """The component of the largest responsibility for each point.

    Parameters
    ----------
    x : ndarray of float64 or float32, shape (n, d)
        Points; NaN is missing, all else is finite.

    Returns
    -------
    ndarray of intp, shape (n,)
        The first one, if several are the largest.

    Raises
    ------
    NotPositiveDefiniteError
        If a covariance is so nearly singular that a part of it has no factor.

    Examples
    --------
    >>> import numpy as np
    >>> from fastdist.mixture_parameters import checked
    >>> parameters = checked([0.25, 0.75], [[0, 0], [3, 3]], [[1, 1], [1, 1]], "diag")
    >>> predict(parameters, np.array([[0.0, np.nan], [np.nan, np.nan]]))
    array([0, 1])
    """
    out = np.empty(len(x), np.intp)

    def choose(first: int, pattern: Pattern) -> None:
        part = np.full(len(pattern.rows), parameters.weights.argmax(), np.intp)
        if pattern.kernel is not None:
            pattern.kernel.predict(pattern.values, part)
        out[first + pattern.rows] = part

    _for_patterns(parameters, x, choose)
    return out


def expectation(
    parameters: MixtureParameters, x: Array, sample_weight: Array | None, centres: Array
) -> tuple[Moments, float]:
    """One E step, with the sums that the M step needs.

    Parameters
    ----------
    x : ndarray of float64 or float32, shape (n, d)
        Points; NaN is missing, all else is finite.
    sample_weight : ndarray of float64, shape (n,), or None
        How often each point counts; None is once.
    centres : ndarray of float64, shape (K, d)
        About which moments are taken.

    Returns
    -------
    Moments
        Of the points as each component completes them; the same bits on any number of threads.
    float
        The sum over points of weight times log density of what is observed.

    Raises
    ------
    NotPositiveDefiniteError
        If a covariance is so nearly singular that it has no factor in another order.

    Notes
    -----
    The formulas stand at the top of this module.  A point of which nothing is observed belongs to all
    components by their weights, and is completed by their means.

    Examples
    --------
    >>> import numpy as np
    >>> from fastdist.mixture_parameters import checked
    >>> parameters = checked([1.0], [[0, 0]], [[[1, 0.5], [0.5, 1]]])
    >>> moments, _ = expectation(parameters, np.array([[2.0, np.nan]]), None, np.zeros((1, 2)))
    >>> moments.sums, moments.products
    (array([[2., 1.]]), array([[[4.  , 0.  ],
            [2.  , 1.75]]]))
    """
    n = len(x)
    few = _rows(parameters)
    rows = -(-n // PARTS)
    rows += -rows % few
    parts = [_zeros(parameters) for _ in range(-(-n // rows) if n else 0)]
    log_likelihoods = [0.0] * len(parts)

    def add_range(start: int, stop: int) -> None:
        for first in range(start, stop, rows):
            for begin in range(first, min(n, first + rows), few):
                end = min(n, first + rows, begin + few)
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

    Parameters
    ----------
    x : ndarray of float64 or float32, shape (n, d)
        Points; NaN is missing.
    sample_weight : ndarray of float64, shape (n,), or None
        How often each point counts; None is once.

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
    few = max(1, NUMBERS // max(1, d))
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


def _rows(parameters: MixtureParameters) -> int:
    """Points that are completed at a time: whole blocks of the kernel."""
    blocks = NUMBERS // (parameters.components * parameters.dimension * mixture.BLOCK)
    return max(1, blocks) * mixture.BLOCK


def _for_patterns(parameters: MixtureParameters, x: Array, task: Any) -> None:
    """Call ``task(first, pattern)`` for all patterns of some rows, which are counted from `first`."""
    few = _rows(parameters)

    def call_range(start: int, stop: int) -> None:
        for first in range(start, stop, few):
            for pattern in _patterns(parameters, x[first : min(stop, first + few)], x.dtype, joint=False):
                task(first, pattern)

    parallel.for_ranges(call_range, len(x), 0, few, few)


def _responsibilities(
    parameters: MixtureParameters, pattern: Pattern, dtype: np.dtype[Any]
) -> tuple[Array, Array]:
    n = len(pattern.rows)
    part, log_density = np.empty((n, parameters.components), dtype), np.zeros(n, dtype)
    if pattern.kernel is None:
        part[...] = parameters.weights
    else:
        pattern.kernel.responsibilities(pattern.values, part, log_density)
    return part, log_density


def _patterns(parameters: MixtureParameters, x: Array, dtype: Any, joint: bool) -> Iterator[Pattern]:
    """The patterns of points, in an order of their own; what is incomplete is converted to `dtype`."""
    n, d = x.shape
    lacks = np.isnan(x)
    bits = np.packbits(lacks, axis=1)
    words = np.zeros((n, bits.shape[1] + -bits.shape[1] % 8), np.uint8)
    words[:, : bits.shape[1]] = bits
    words = words.view("<u8")
    counts = np.count_nonzero(lacks, axis=1)
    order = np.lexsort([*words.T, counts])
    ordered = words[order]
    firsts = np.flatnonzero(np.r_[[True] * bool(n), (ordered[1:] != ordered[:-1]).any(axis=1)])
    ends = np.r_[firsts[1:], n]
    # The observed numbers of each pattern, and then the missing ones, both ascending.
    columns = np.argsort(lacks[order[firsts]], axis=1, kind="stable")
    sizes = d - counts[order[firsts]]
    for size in np.unique(sizes)[::-1].tolist():
        chosen = np.flatnonzero(sizes == size)
        if size == d:
            rows = order[: ends[0]]
            everything, nothing = columns[0], columns[0, :0]
            kernel = parameters.kernel(x.dtype)
            yield Pattern(rows, everything, nothing, x if len(rows) == n else x[rows], kernel, None)
            continue
        few = max(1, NUMBERS // (len(parameters.factors) * d * d))
        for begin in range(0, len(chosen), few):
            some = chosen[begin : begin + few]
            marginals = _marginals(parameters, columns[some], size, np.dtype(dtype), joint)
            for i, (kernel_of_some, factor) in zip(some.tolist(), marginals, strict=True):
                rows = order[firsts[i] : ends[i]]
                observed, missing = columns[i, :size], columns[i, size:]
                values = x[rows[:, None], observed].astype(dtype, copy=False)
                yield Pattern(rows, observed, missing, values, kernel_of_some, factor)


def _marginals(
    parameters: MixtureParameters, columns: Array, size: int, dtype: np.dtype[Any], joint: bool
) -> Iterator[tuple[mixture.Mixture | None, Array | None]]:
    """The kernel of each marginal, and the joint factor; columns are (patterns, d), `size` are observed."""
    log_weights = logarithm(parameters.weights)
    d = parameters.dimension
    if parameters.diagonal:
        peaks = normal.logpdf(0.0, 0.0, parameters.factors)  # of each number alone
        for observed in columns[:, :size]:
            means, factors = (
                np.ascontiguousarray(a[:, observed]) for a in (parameters.means, parameters.factors)
            )
            heights = log_weights + peaks[:, observed].sum(axis=1)
            kernel = mixture.Mixture(heights, parameters.weights, means, factors, dtype) if size else None
            yield kernel, None
        return
    wanted = columns if joint else columns[:, :size]
    parts = entries(parameters.covariances.reshape(-1, d, d), wanted)
    factors = np.ascontiguousarray(cholesky.cholesky(np.moveaxis(parts, 0, 1)))  # (patterns, K or 1, ., .)
    failed = np.isnan(factors).any(axis=(0, 2, 3))
    if failed.any():
        k = int(failed.argmax())
        whose = (
            "the covariance" if parameters.covariance_type == "tied" else f"the covariance of component {k}"
        )
        raise NotPositiveDefiniteError(k, f"{whose} is too nearly singular for points with missing numbers")
    of_observed = np.ascontiguousarray(factors[:, :, :size, :size])
    heights = log_weights + density.log_peak(of_observed) if size else None
    means = np.ascontiguousarray(np.moveaxis(parameters.means[:, columns[:, :size]], 0, 1))
    for i in range(len(columns)):
        kernel = None
        if heights is not None:
            kernel = mixture.Mixture(heights[i], parameters.weights, means[i], of_observed[i], dtype)
        yield kernel, factors[i] if joint else None


def _add(
    parameters: MixtureParameters, x: Array, sample_weight: Array | None, centres: Array, moments: Moments
) -> float:
    """Add the moments of some points, as each component completes them; returns their log-likelihood."""
    float64 = np.dtype(np.float64)
    n = np.count_nonzero(np.isnan(x).any(axis=1))
    weighted = np.empty((n, parameters.components))
    completed = np.empty((parameters.components, n, parameters.dimension))
    log_likelihood, begin = 0.0, 0
    for pattern in _patterns(parameters, x, float64, joint=True):
        weight = None if sample_weight is None else sample_weight[pattern.rows]
        if not pattern.missing.size:
            assert pattern.kernel is not None
            log_likelihood += pattern.kernel.add_expectations(
                pattern.values, weight, centres, moments.totals, moments.sums, moments.products
            )
            continue
        part, log_density = _responsibilities(parameters, pattern, float64)
        if weight is not None:
            part *= weight[:, None]
            log_density *= weight
        log_likelihood += float(log_density.sum())
        end = begin + len(pattern.rows)
        weighted[begin:end] = part
        completed[:, begin:end, pattern.observed] = pattern.values
        completed[:, begin:end, pattern.missing] = _complete(
            parameters, pattern, part.sum(axis=0), moments.products
        )
        begin = end
    for k in range(parameters.components if n else 0):
        one = slice(k, k + 1)
        sums = (moments.totals[one], moments.sums[one], moments.products[one])
        mixture.add_moments(completed[k], weighted[:, one], centres[one], *sums)
    return log_likelihood


def _complete(parameters: MixtureParameters, pattern: Pattern, totals: Array, products: Array) -> Array:
    """What each component expects of what is missing, (K, n, |m|); what that leaves open goes to products."""
    missing = pattern.missing
    if parameters.diagonal:
        products[:, missing] += totals[:, None] * parameters.factors[:, missing] ** 2
        return parameters.means[:, None, missing]
    assert pattern.factor is not None
    if pattern.observed.size:
        order = np.concatenate([pattern.observed, missing])
        expected, factor = condition(
            pattern.values, parameters.means[:, None, order], pattern.factor[:, None]
        )
        factor = factor[:, 0]
    else:
        expected, factor = parameters.means[:, None, missing], pattern.factor
    # The missing numbers ascend, so that lower triangles stay lower.
    left_open = np.tril(product(factor))
    products[:, missing[:, None], missing] += totals[:, None, None] * left_open
    return expected
