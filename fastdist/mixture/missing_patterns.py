"""Points in which numbers are missing (NaN), sorted by pattern, and the marginal mixture of each pattern.

Patterns with as many numbers are dealt with together, so that points of which each has a pattern of its own
are affordable, too: for each pattern there remain K factors, of order d at most, and a few calls of kernels,
some twenty microseconds with eight components of sixteen numbers.  What comes of a point depends on that
point alone, not on what stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastdist._dispatch import cholesky, mixture, normal
from fastdist._dispatch import multivariate_density as density
from fastdist.covariance.checks import entries
from fastdist.mixture.parameters import MixtureParameters, NotPositiveDefiniteError, logarithm

# Numbers that a temporary array may hold: some megabytes.
NUMBERS = 1 << 19

Array = NDArray[Any]


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
    few = max(1, NUMBERS // (components * d))
    is_first[::few] = True
    starts = np.flatnonzero(is_first)
    sizes = d - counts[order[starts]]
    begin = 0
    while begin < len(starts):
        size = int(sizes[begin])
        end = min(len(starts), begin + max(1, NUMBERS // (components * d * d)))
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
