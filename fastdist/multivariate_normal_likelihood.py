"""Sums over rows of data: the log-likelihood, and the mean and covariance that make it largest.

The data are read in blocks, wherever they lie (a memory map may be larger than memory), and summed in a fixed
order: the number of threads cannot be seen in a result.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist import parallel
from fastdist._dispatch import deviations, scatter
from fastdist._dispatch import multivariate_density as density
from fastdist.covariance import real
from fastdist.factored_covariance import SHARE, FactoredCovariance, broadcast_shape
from fastdist.multivariate_normal_parameters import Factored, of_covariance, shape_quantiles
from fastdist.normal_likelihood import total

# Rows whose distances are summed at a time.
BLOCK = deviations.BLOCK
# Parts of the data whose products are summed apart: threads may share them.
PARTS = 16
# Numbers of the data that are looked at together.
CHUNK = 1 << 16

Array = NDArray[Any]


def loglikelihood(x: ArrayLike, mean: Array, factored: Factored, batched: bool) -> np.float64:
    """The sum of the logarithms of the density; `fastdist.multivariate_normal.loglikelihood` has details."""
    d = mean.shape[-1]
    points = shape_quantiles(_numbers(x), d, batched)
    shape = broadcast_shape(points, mean.shape[:-1], factored.shape[:-2]) or (1,)
    n = math.prod(shape)
    points, means = (np.broadcast_to(a, (*shape, d)) for a in (points, mean))
    sums = np.empty((-(-n // BLOCK), 4))
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
        for first in range(start, stop, BLOCK):
            end = min(stop, first + BLOCK)
            block = np.concatenate([values(box).ravel() for box in parallel.boxes(shape, first, end)])
            row = first // BLOCK
            deviations.sums_of_deviations(block, 0.0, 1.0, sums[row : row + 1])

    parallel.for_ranges(sum_range, n, 0, BLOCK, max(BLOCK, SHARE // (d + d * d // 2 + 1)))
    if one:
        return np.float64(0.0 + n * float(factored.log_peak) - total(sums[:, :2]) / 2)  # not -0, if n = 0
    return np.float64(total(sums[:, :2]))


def fit(x: ArrayLike, fix_mean: Any, fix_cov: Any) -> tuple[Array, Array]:
    """Mean and covariance of most likelihood; `fastdist.multivariate_normal.fit` has the details."""
    data = _numbers(x)
    if data.ndim != 2:
        raise ValueError("`x` must be two-dimensional.")
    n, d = data.shape
    if fix_mean is not None:
        fix_mean = np.atleast_1d(fix_mean)
        if fix_mean.shape != (d,):
            raise ValueError(
                "`fix_mean` must be a one-dimensional array the same length as the dimensionality of the "
                "vectors `x`."
            )
    if fix_cov is not None:
        fix_cov = np.atleast_2d(fix_cov)
        if fix_cov.shape != (d, d):
            raise ValueError(
                "`fix_cov` must be a two-dimensional square array of same side length as the dimensionality "
                "of the vectors `x`."
            )
        try:
            of_covariance(real(fix_cov, "fix_cov"), None)
        except ValueError as error:
            raise ValueError("`fix_cov` must be symmetric positive semidefinite.") from error
    if not n:
        return (
            data.mean(axis=0) if fix_mean is None else fix_mean,  # with NumPy's warnings
            np.full((d, d), np.nan) if fix_cov is None else fix_cov,
        )
    if fix_mean is not None:
        if fix_cov is None:
            _, fix_cov = _sums(data, real(fix_mean, "fix_mean"), products=True)
            fix_cov /= n
        return fix_mean, fix_cov
    with np.errstate(all="ignore"):
        first = data[0].astype(np.float64)  # also of long doubles
        nearly = first + _sums(data, first, products=False)[0] / n
        deviation, products = _sums(data, nearly, products=fix_cov is None)
        deviation /= n  # what rounding has left
        if fix_cov is None:
            fix_cov = products / n - deviation[:, None] * deviation
        return nearly + deviation, fix_cov


def _numbers(x: ArrayLike) -> Array:
    """As an array of real numbers, as it lies."""
    data = np.asarray(x)
    return data if data.dtype.kind in "fiub" else real(data, "x")


def _sums(data: Array, shift: Array, products: bool) -> tuple[Array, Array]:
    """sum(x - shift) over the rows x, and sum((x - shift) (x - shift)^T) if it is wanted."""
    n, d = data.shape
    rows = -(-n // PARTS)  # in each part: whole blocks of the kernel
    rows += -rows % scatter.BLOCK
    few = max(1, CHUNK // max(1, d) // scatter.BLOCK) * scatter.BLOCK
    sums, squares = np.zeros((-(-n // rows), d)), np.zeros((-(-n // rows) if products else 0, d, d))

    def sum_range(start: int, stop: int) -> None:
        for first in range(start, stop, rows):
            part, end = first // rows, min(n, first + rows)
            for begin in range(first, end, few):
                chunk = np.ascontiguousarray(data[begin : min(end, begin + few)], np.float64)
                with np.errstate(all="ignore"):
                    sums[part] += (chunk - shift).sum(axis=0)
                if products:
                    scatter.add_scatter(chunk, shift, squares[part])

    parallel.for_ranges(sum_range, n, 0, rows, max(rows, SHARE // (d + d * d // 2 + 1)))
    lower = squares.sum(axis=0)
    return sums.sum(axis=0), lower + np.tril(lower, -1).T
