"""Sums over rows of data: the log-likelihood, and the mean and covariance that make it largest.

The data are read in blocks, wherever they lie (a memory map may be larger than memory), and summed in a fixed
order: the number of threads cannot be seen in a result.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastdist import parallel
from fastdist._dispatch import deviations, scatter
from fastdist._dispatch import multivariate_density as density
from fastdist.covariance.checks import as_array, check_symmetric, least_eigenvalue, real
from fastdist.covariance.factors import SHARE_PRODUCTS, FactoredCovariance, broadcast_shape
from fastdist.exceptions import level_of_caller
from fastdist.multivariate.parameters import Factored, are_semidefinite, shape_quantiles
from fastdist.normal.likelihood import total
from fastdist.typing import Array

# Rows whose distances are summed at a time.
BLOCK_VALUES = deviations.BLOCK_VALUES
# Parts of the data whose products are summed separately, by any number of threads.
PARTS = 16
# Values of the data that are checked together.
CHUNK_VALUES = 1 << 16
# The unit of sums that would overflow.
SMALL_UNIT = 2.0**-64
ORIGIN = np.zeros(2)


def loglikelihood(x: ArrayLike, mean: Array, factored: Factored, batched: bool) -> np.float64:
    """The sum of the logarithms of the density; `fastdist.multivariate_normal.loglikelihood` has details."""
    d = mean.shape[-1]
    points = shape_quantiles(_numbers(x), d, batched)
    shape = broadcast_shape(points, mean.shape[:-1], factored.shape[:-2]) or (1,)
    n = math.prod(shape)
    points, means = (np.broadcast_to(a, (*shape, d)) for a in (points, mean))
    sums = np.empty((-(-n // BLOCK_VALUES), 4))
    one = isinstance(factored, FactoredCovariance) and not batched

    def values(box: tuple[int | slice, ...]) -> Array:
        rows = points[box].astype(np.float64, copy=False)
        if not isinstance(factored, FactoredCovariance):
            logs: Array = factored.logpdf(rows, means[box])
            return logs
        if one:
            squared: Array = density.squared_mahalanobis(rows, mean, factored.scale_tril)
            return squared
        factors = np.broadcast_to(factored.scale_tril, (*shape, d, d))[box]
        peaks = np.broadcast_to(factored.log_peak, shape)[box]
        logs = density.logpdf(rows, means[box], factors, peaks)
        return logs

    def sum_range(start: int, stop: int) -> None:
        for first in range(start, stop, BLOCK_VALUES):
            end = min(stop, first + BLOCK_VALUES)
            block = np.concatenate([values(box).ravel() for box in parallel.boxes(shape, first, end)])
            row = first // BLOCK_VALUES
            deviations.sums_of_deviations(block, 0.0, 1.0, sums[row : row + 1])

    parallel.for_ranges(
        sum_range, n, 0, BLOCK_VALUES, max(BLOCK_VALUES, SHARE_PRODUCTS // (d + d * d // 2 + 1))
    )
    if one:
        return np.float64(0.0 + n * float(factored.log_peak) - total(sums[:, :2]) / 2)  # not -0, if n = 0
    return np.float64(total(sums[:, :2]))


def fit(x: ArrayLike, fix_mean: Any, fix_cov: Any) -> tuple[Array, Array]:
    """Mean and covariance of most likelihood; `fastdist.multivariate_normal.fit` has the details."""
    data = _numbers(x)
    if data.ndim != 2:
        raise ValueError(f"`x` must be two-dimensional. Its shape is {data.shape}, not (points, dimensions).")
    n, d = data.shape
    mean = None if fix_mean is None else _fixed_mean(fix_mean, d)
    cov = None if fix_cov is None else _fixed_cov(fix_cov, d)
    if not n and (mean is None or cov is None):
        warnings.warn("fit of no points: what is not fixed is NaN", RuntimeWarning, level_of_caller())
    with np.errstate(all="ignore"):
        left = np.zeros(d)
        if mean is None:
            mean, left = _mean(data)
        if cov is None:
            cov = _scatter(data, mean) / n
            cov = np.where(np.isinf(cov), cov, cov - left[:, None] * left)
    return mean, cov


def _fixed_mean(fix_mean: Any, d: int) -> Array:
    """A copy of what is known, with SciPy's checks."""
    mean = np.atleast_1d(real(fix_mean, "`fix_mean`", ValueError)).copy()
    if mean.shape != (d,):
        raise ValueError(
            "`fix_mean` must be a one-dimensional array the same length as the dimensionality of the vectors "
            f"`x`. Its shape is {mean.shape}, not ({d},)."
        )
    return mean


def _fixed_cov(fix_cov: Any, d: int) -> Array:
    """The same of a covariance."""
    cov = np.atleast_2d(real(fix_cov, "`fix_cov`", ValueError)).copy()
    if cov.shape != (d, d):
        raise ValueError(
            "`fix_cov` must be a two-dimensional square array of same side length as the dimensionality of "
            f"the vectors `x`. Its shape is {cov.shape}, not ({d}, {d})."
        )
    words = "`fix_cov` must be symmetric positive semidefinite."
    check_symmetric(cov, fix_cov, "fix_cov", ValueError, words)
    if not are_semidefinite(cov):
        raise ValueError(f"{words} {least_eigenvalue(cov, 'fix_cov')}")
    return cov


def _numbers(x: ArrayLike) -> Array:
    """As an array of real numbers, as it lies."""
    data = as_array(x, "x")
    return data if data.dtype.kind in "fiub" else real(data, "x", ValueError)


def _mean(data: Array) -> tuple[Array, Array]:
    """The mean of each column, and what its rounding has left over.

    An infinity makes it infinite, infinities of both signs NaN.
    """
    n = len(data)
    sums = _column_sums(data, 1.0)
    if np.isfinite(sums[0]).all():
        return _quotient(sums, n)
    # Columns that are not finite, and sums that overflow, which those of smaller numbers do not.
    beyond = ~np.isfinite(sums[0])
    sums = np.where(beyond, _column_sums(data, SMALL_UNIT), sums)
    mean, left = _quotient(sums, n)
    unit = np.where(beyond, SMALL_UNIT, 1.0)
    return np.where(np.isfinite(sums[0]), mean / unit, sums[0]), np.where(np.isfinite(left), left / unit, 0.0)


def _quotient(sums: Array, n: int) -> tuple[Array, Array]:
    """(high + low) / n, rounded, and the rest."""
    high, low = sums
    quotient = high / n
    # high - n quotient is exact in float64; forward substitution subtracts by a fused multiply-add.
    _, rest = density.whiten(np.array([quotient, high]).T, ORIGIN, np.array([[1.0, 0.0], [n, 1.0]])).T
    rest = (rest + low) / n
    rounded = quotient + rest
    return rounded, (quotient - rounded) + rest


def _column_sums(data: Array, unit: float) -> Array:
    """The sums of the columns, times a power of two: their high parts, and their low."""
    parts = np.zeros((_parts(data), 2, data.shape[1]))
    _for_chunks(data, lambda part, chunk: scatter.add_rows(chunk, unit, parts[part]))
    sums = np.zeros(parts.shape[1:])
    scatter.add_rows(parts[:, 0].copy(), 1.0, sums)
    high, low = sums[0], sums[1] + parts[:, 1].sum(axis=0)
    total = np.where(np.isfinite(high), high + low, high)
    return np.array([total, (high - total) + low])


def _scatter(data: Array, mean: Array) -> Array:
    """The sum of (x - mean) (x - mean)^T over the rows x."""
    d = data.shape[1]
    parts = np.zeros((_parts(data), d, d))
    _for_chunks(data, lambda part, chunk: scatter.add_scatter(chunk, mean, parts[part]))
    lower: Array = parts.sum(axis=0)  # 0 above the diagonal
    both: Array = lower + lower.T
    np.fill_diagonal(both, lower.diagonal())
    return both


def _rows_of_part(data: Array) -> int:
    """How many rows are in a part: whole blocks of the kernel."""
    return max(1, -(-len(data) // (PARTS * scatter.BLOCK_ROWS))) * scatter.BLOCK_ROWS


def _parts(data: Array) -> int:
    """The number of parts."""
    return -(-len(data) // _rows_of_part(data))


def _for_chunks(data: Array, task: Callable[[int, Array], None]) -> None:
    """``task(part, chunk)`` for some rows at a time of each part of the data, the parts on threads."""
    n, d = data.shape
    rows = _rows_of_part(data)
    rows = max(1, CHUNK_VALUES // max(1, d) // scatter.BLOCK_ROWS) * scatter.BLOCK_ROWS

    def for_range(start: int, stop: int) -> None:
        with np.errstate(all="ignore"):
            for first in range(start, stop, rows):
                end = min(n, first + rows)
                for begin in range(first, end, rows):
                    chunk = np.require(data[begin : min(end, begin + rows)], np.float64, ["C", "A"])
                    task(first // rows, chunk)

    if n <= rows:
        for_range(0, n)
    else:
        parallel.for_ranges(for_range, n, 0, rows, max(rows, SHARE_PRODUCTS // (d + d * d // 2 + 1)))
