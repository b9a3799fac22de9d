"""A covariance and its factor, and the densities that follow from it.

The attributes are those of `scipy.stats.Covariance`: `covariance`, `log_pdet`, `rank`, `shape`, `whiten`,
`colorize`.  Densities are ufuncs of the kernels, which may be divided among threads.
"""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fastdist import parallel
from fastdist._dispatch import cholesky
from fastdist._dispatch import multivariate_density as density
from fastdist._dispatch import multivariate_sampling as sampling
from fastdist.covariance.checks import EPSILON, distinct
from fastdist.typing import Array

LOG_2PI = 1.8378770664093453  # ln(2 pi)
# Eigenvalues below this fraction of the largest count as 0, as in SciPy.
SINGULAR = 1e6 * EPSILON
# How far from the support of a singular distribution a point may lie, in standard deviations.
SUPPORT = 1e3 * SINGULAR
# The least work of a thread: some 0.1 ms.
SHARE_PRODUCTS = 1 << 18


def broadcast_shape(x: Array, *parameters: tuple[int, ...]) -> tuple[int, ...]:
    """The shape to which points broadcast with batches of parameters, of these shapes."""
    try:
        return np.broadcast_shapes(x.shape[:-1], *parameters)
    except ValueError:
        raise ValueError(
            "points of x and the batch of distributions must broadcast: they are of shapes "
            f"{x.shape[:-1]} and {np.broadcast_shapes(*parameters)}"
        ) from None


def call(ufunc: np.ufunc, x: Array, mean: Array, scale_tril: Array, *log_peak: Array) -> Any:
    """``ufunc(x, mean, scale_tril, *log_peak)``, made on several threads if that pays."""
    d = x.shape[-1]
    share = max(1, SHARE_PRODUCTS // (d + d * d // 2 + 1))
    if x.size < d * 2 * share and scale_tril.ndim == 2 and mean.ndim == 1:
        return ufunc(x, mean, scale_tril, *log_peak)
    shape = broadcast_shape(x, mean.shape[:-1], scale_tril.shape[:-2])
    n = math.prod(shape)
    if not shape or n < 2 * share:
        return ufunc(x, mean, scale_tril, *log_peak)
    x, mean = (np.broadcast_to(a, (*shape, d)) for a in (x, mean))
    scale_tril = np.broadcast_to(scale_tril, (*shape, d, d))
    peaks = [np.broadcast_to(peak, shape) for peak in log_peak]
    out = np.empty(shape, np.float32 if x.dtype == np.float32 else np.float64)

    def call_range(start: int, stop: int) -> None:
        for box in parallel.boxes(shape, start, stop):
            ufunc(x[box], mean[box], scale_tril[box], *[peak[box] for peak in peaks], out=out[box])

    parallel.for_ranges(call_range, n, 0, max(1, parallel.UFUNC_BLOCK_ELEMENTS // max(1, d)), share)
    return out


def product(scale_tril: Array) -> Array:
    """L L^T: row i of L, colorized."""
    origin = np.zeros(scale_tril.shape[-1])
    cov: Array = sampling.colorize(scale_tril, origin, scale_tril[..., None, :, :])
    return cov


def restore_factored(
    scale_tril: Array, covariance: Array | None, shape: tuple[int, ...]
) -> FactoredCovariance:
    """A pickled covariance; its arrays may lie in a buffer of the caller's, unaligned."""
    covariance = None if covariance is None else np.array(covariance, np.float64)
    return FactoredCovariance(np.array(scale_tril, np.float64), covariance).broadcast_to(shape)


def restore_singular(covariance: Array, factor: Array, permutation: Array, rank: int) -> SingularCovariance:
    """The same of a singular one."""
    parts = np.array(covariance, np.float64), np.array(factor, np.float64), np.array(permutation, np.int64)
    return SingularCovariance(*parts, rank)


class FactoredCovariance:
    """A positive definite covariance, or a batch of them, by its factor.

    Parameters
    ----------
    scale_tril : ndarray of float64, shape (..., d, d)
        L with ``covariance = L L^T``, lower triangular with a positive diagonal.
    covariance : ndarray of float64, optional
        It, if it is known.

    Attributes
    ----------
    scale_tril : ndarray
        What was given.
    log_peak : float64 or ndarray, shape (...)
        ``-(log_pdet + d log(2 pi)) / 2``, the log density at the mean.
    shape : tuple of ints
        That of `covariance`.

    Examples
    --------
    >>> from fastdist import multivariate_normal
    >>> multivariate_normal([0, 0], [[4, 1], [1, 1]]).cov_object.whiten([2.0, 1.0]).round(6)
    array([1.     , 0.57735])
    """

    def __init__(self, scale_tril: Array, covariance: Array | None = None) -> None:
        self.scale_tril = scale_tril
        self.shape = scale_tril.shape
        self.log_peak = density.log_peak(scale_tril)
        self._covariance = covariance
        self._origin = np.zeros(self.shape[-1])
        # Read-only: what is computed from these would not follow a change.
        scale_tril.setflags(write=False)
        self.log_peak.setflags(write=False)
        if covariance is not None:
            covariance.setflags(write=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """What is repeated along an axis is pickled once."""
        covariance = None if self._covariance is None else distinct(self._covariance, 2)
        return restore_factored, (distinct(self.scale_tril, 2), covariance, self.shape)

    def broadcast_to(self, shape: tuple[int, ...]) -> Self:
        """This covariance, repeated to a batch of a shape (..., d, d)."""
        if shape == self.shape:
            return self
        batch = type(self).__new__(type(self))
        vars(batch).update(vars(self))
        batch.shape = shape
        batch.scale_tril = np.broadcast_to(self.scale_tril, shape)
        batch.log_peak = np.broadcast_to(self.log_peak, shape[:-2])
        batch._covariance = np.broadcast_to(self.covariance, shape)
        return batch

    @property
    def covariance(self) -> Array:
        """The covariance: entry i, j is the product of rows i and j of the factor."""
        if self._covariance is None:
            self._covariance = product(self.scale_tril)
            self._covariance.setflags(write=False)
        return self._covariance

    @property
    def factor(self) -> Array:
        """F with ``covariance = F F^T``: `scale_tril`."""
        return self.scale_tril

    @property
    def rank(self) -> Any:
        """The number of dimensions, for each covariance."""
        return np.full(self.shape[:-2], self.shape[-1])[()]

    @property
    def log_pdet(self) -> Any:
        """Logarithm of the determinant."""
        return -(2 * self.log_peak + self.rank * LOG_2PI)

    def whiten(self, x: Any) -> Any:
        """L^-1 x: what is distributed with this covariance becomes uncorrelated, with variances 1."""
        return density.whiten(x, self._origin, self.scale_tril)

    def colorize(self, x: Any) -> Any:
        """L x: what is uncorrelated, with variances 1, gets this covariance."""
        return sampling.colorize(x, self._origin, self.scale_tril)

    def squared_mahalanobis(self, x: Array, mean: Array) -> Any:
        """``|L^-1 (x - mean)|^2``."""
        return call(density.squared_mahalanobis, x, mean, self.scale_tril)

    def logpdf(self, x: Array, mean: Array) -> Any:
        """``log_peak - |L^-1 (x - mean)|^2 / 2``."""
        return call(density.logpdf, x, mean, self.scale_tril, self.log_peak)

    def pdf(self, x: Array, mean: Array) -> Any:
        """exp(logpdf)."""
        return call(density.pdf, x, mean, self.scale_tril, self.log_peak)


class SingularCovariance:
    """A positive semidefinite covariance of rank r, by its factor with pivots.

    With F the first r columns of it, L11 its first r rows, and B = L21 L11^-1 made of its other rows,

        covariance[p][:, p] = F F^T,    F = (I, B)^T L11,
        pseudo-determinant = det(F^T F) = det(L11)^2 det(I + B B^T).

    A point is in the support if x2 = B x1, where (x1, x2) is ``(x - mean)[p]``; the residual x2 - B x1 is
    K r, where |r| is the distance from the support, and K K^T = I + B B^T.

    Parameters
    ----------
    covariance : ndarray of float64, shape (d, d)
        The covariance.
    factor : ndarray, shape (d, d)
    permutation : ndarray of int64, shape (d,)
    rank : int
        What `pivoted_cholesky` makes of it.
    """

    def __init__(self, covariance: Array, factor: Array, permutation: Array, rank: int) -> None:
        d = len(covariance)
        self.covariance = covariance
        self.shape = covariance.shape
        self.rank = np.int64(rank)
        self._permutation = permutation
        self._factor = factor
        self._upper, lower = factor[:rank, :rank], factor[rank:, :rank]
        # B L11 = L21, from the last column to the first.
        origin = np.zeros(rank)
        self._dependence = density.whiten(lower[:, ::-1], origin, self._upper.T[::-1, ::-1])[:, ::-1]
        gram = np.eye(d - rank)
        for column in self._dependence.T:
            gram += column[:, None] * column
        self._distance = cholesky.cholesky(gram)
        # Less that of the identity: -ln det K alone, and 0 if nothing depends on anything.
        stretch = density.log_peak(self._distance) - density.log_peak(np.eye(d - rank))
        self.log_peak = density.log_peak(self._upper) + stretch
        self._tolerance = SUPPORT * math.sqrt(max(0.0, covariance.diagonal().max()))
        covariance.setflags(write=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return restore_singular, (self.covariance, self._factor, self._permutation, int(self.rank))

    def broadcast_to(self, shape: tuple[int, ...]) -> Self:
        """Itself: a singular covariance is never one of a batch."""
        assert shape == self.shape
        return self

    @property
    def log_pdet(self) -> Any:
        """Logarithm of the pseudo-determinant, the product of the eigenvalues that are not 0."""
        return -(2 * self.log_peak + self.rank * LOG_2PI)

    @property
    def factor(self) -> Array:
        """F with ``covariance = F F^T``: lower triangular but for the order of its rows."""
        factor = np.empty(self.shape)
        factor[self._permutation] = self._factor
        return factor

    def whiten(self, x: Any) -> Any:
        """r uncorrelated numbers with variances 1, and zeros."""
        x = np.asarray(x, np.float64)[..., self._permutation]
        out = np.zeros(x.shape)
        origin = np.zeros(self.rank)
        out[..., : self.rank] = density.whiten(x[..., : self.rank], origin, self._upper)
        return out

    def colorize(self, x: Any) -> Any:
        """What has this covariance, of uncorrelated numbers with variances 1."""
        out: Array = np.empty(np.shape(x))
        out[..., self._permutation] = sampling.colorize(x, np.zeros(self.shape[-1]), self._factor)
        return out

    def squared_mahalanobis(self, x: Array, mean: Array) -> Any:
        """``|L11^-1 x1|^2``, and inf outside of the support."""
        return self._on_support(density.squared_mahalanobis, np.inf, x, mean)

    def logpdf(self, x: Array, mean: Array) -> Any:
        """``log_peak - |L11^-1 x1|^2 / 2``, and -inf outside of the support."""
        return self._on_support(density.logpdf, -np.inf, x, mean, self.log_peak)

    def pdf(self, x: Array, mean: Array) -> Any:
        """exp(logpdf)."""
        return self._on_support(density.pdf, 0.0, x, mean, self.log_peak)

    def _on_support(self, ufunc: np.ufunc, outside: float, x: Array, mean: Array, *log_peak: Any) -> Any:
        """A function of x1, and what it is outside of the support; some points at a time, to save room."""
        origin = np.zeros(self.rank)
        out = np.empty(broadcast_shape(x, mean.shape[:-1]), x.dtype)
        points, means = (np.broadcast_to(a, (*out.shape, x.shape[-1])) for a in (x, mean))
        values = out if out.ndim else out[None]
        if not out.ndim:
            points, means = points[None], means[None]

        @np.errstate(all="ignore")
        def call_range(start: int, stop: int) -> None:
            for first in range(start, stop, chunk):
                for box in parallel.boxes(values.shape, first, min(stop, first + chunk)):
                    deviation = (points[box].astype(np.float64) - means[box])[..., self._permutation]
                    result = ufunc(deviation[..., : self.rank], origin, self._upper, *log_peak)
                    result = np.where(self._is_outside(deviation), outside, result)
                    values[box] = np.where(np.isnan(deviation).any(axis=-1), np.nan, result)

        chunk = max(1, parallel.UFUNC_BLOCK_ELEMENTS // x.shape[-1])
        parallel.for_ranges(call_range, values.size, 0, chunk, max(1, SHARE_PRODUCTS // x.shape[-1]))
        return out[()]

    def _is_outside(self, deviation: Array) -> NDArray[np.bool_]:
        residual = deviation[..., self.rank :]
        for k in range(self.rank):
            residual = residual - deviation[..., k, None] * self._dependence[:, k]
        origin = np.zeros(len(self._distance))
        squared = density.squared_mahalanobis(residual, origin, self._distance)
        within: NDArray[np.bool_] = np.sqrt(squared) <= self._tolerance  # NaN, as 0 inf, is not
        return ~within
