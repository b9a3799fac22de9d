"""Sums over data: the log-likelihood of normals, and the mean and deviation that make it largest.

The data are read once, wherever they are (a memory map may be larger than memory), in blocks of
`BLOCK_VALUES` elements in C order.  The kernel sums each block in float64, compensated; those of blocks are
added exactly.  So neither threads nor the layout in memory affect the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist import parallel
from fastdist._dispatch import deviations, normal
from fastdist.normal.arguments import as_real, check_shapes
from fastdist.typing import Array

BLOCK_VALUES = deviations.BLOCK_VALUES
# The least work of a thread: some 0.1 ms.
SHARE_VALUES = 1 << 18
# The sum of squares of deviations, in units of their spread, that is far from underflow.
SMALLEST_SQUARES = 2.0**-600

Values = Callable[[int, int], Array]


def loglikelihood(x: ArrayLike, loc: ArrayLike, scale: ArrayLike) -> np.float64:
    """The sum of the logarithms of the density; `fastdist.norm.loglikelihood` has the details."""
    x, loc, scale = as_real(x, "x"), as_real(loc, "loc"), as_real(scale, "scale")
    if x.size and loc.ndim == scale.ndim == 0:
        total = _of_numbers(x, float(loc), float(scale))
        if math.isfinite(total):
            return np.float64(total)
    return np.float64(_of_arrays(x, loc, scale))


def _of_numbers(x: Array, loc: float, scale: float) -> float:
    """sum(logpdf(x)) = n logpdf(loc) - sum((x - loc)^2) / (2 scale^2); not finite if that fails."""
    peak = float(normal.logpdf(loc, loc, scale))
    if not math.isfinite(peak):
        return peak
    unit = _unit(scale)
    squares = total(_block_sums(_values_of(x), x.size, loc, unit)[:, 2:])
    return x.size * peak - squares / (2 * (scale * unit) ** 2)


def _of_arrays(x: Array, loc: Array, scale: Array) -> float:
    """The sum of ``logpdf(x, loc, scale)``, of which only a part exists at any time."""
    try:
        n = np.broadcast(x, loc, scale).size
    except ValueError:
        check_shapes(x=x, loc=loc, scale=scale)
    return total(_block_sums(_gathered([x, loc, scale], normal.logpdf), n, 0.0, 1.0)[:, :2])


def mean_and_deviation(x: Array) -> tuple[np.float64, np.float64]:
    """The mean, and the root of the mean squared deviation from it, of data that are not empty.

    With d = (x - shift) unit, where the shift lies among the data and the unit is a power of two:

        mean = shift + mean(d) / unit,    deviation = sqrt(mean(d^2) - mean(d)^2) / unit
    """
    values, n = _values_of(x), x.size
    # A shift that no outlier can pull away: the middle of the first elements.
    first = values(0, min(n, BLOCK_VALUES))
    shift = float(np.partition(first, first.size // 2)[first.size // 2])
    unit = _unit(max(float(first.max()) - shift, shift - float(first.min())))
    sums = _block_sums(values, n, shift, unit)
    if not SMALLEST_SQUARES < sum(sums[:, 2].tolist()) < math.inf:
        # The first elements are no guide to all of them: once more, in the unit of all.
        low, high = float(x.min()), float(x.max())
        if not (math.isfinite(low) and math.isfinite(high)):
            raise ValueError(
                "The data contains non-finite values; leave them out, as in data[np.isfinite(data)]"
            )
        if math.isinf(high - low):
            shift = 0.0
        unit = _unit(max(high - shift, shift - low))
        sums = _block_sums(values, n, shift, unit)
    mean = _exact_total(sums[:, :2]) / n
    variance = _exact_total(sums[:, 2:]) / n - mean**2
    deviation = math.sqrt(max(variance, Fraction(0))) / unit
    return np.float64(Fraction(shift) + mean / Fraction(unit)), np.float64(deviation)


def _unit(spread: float) -> float:
    """The power of two u with ``spread * u`` in [1/2, 1), or the nearest that float64 has."""
    return math.ldexp(1.0, min(-math.frexp(spread)[1], 1023))


def _values_of(x: Array) -> Values:
    """Any range of the elements, in C order and contiguous: as they lie, if they lie so."""
    if x.dtype in parallel.NATIVE_SCALARS and x.flags.c_contiguous and x.flags.aligned:
        flat = np.asarray(x).reshape(-1)
        return lambda start, stop: flat[start:stop]
    return _gathered([x], np.positive)


def _gathered(operands: list[Array], ufunc: np.ufunc) -> Values:
    """Any range of ``ufunc(*operands)`` in float64, in C order of the broadcast shape."""
    dtypes = [np.float64] * len(operands)

    def values(start: int, stop: int) -> Array:
        out = np.empty(stop - start)
        pieces = np.nditer(
            operands,
            flags=["buffered", "external_loop", "ranged", "zerosize_ok"],
            op_dtypes=dtypes,
            order="C",
        )
        if start < stop:
            pieces.iterrange = start, stop  # type: ignore[misc]
        place = 0
        for piece in pieces:
            arguments = piece if isinstance(piece, tuple) else (piece,)
            ufunc(*arguments, out=out[place : (place := place + arguments[0].size)])
        return out

    return values


def _block_sums(values: Values, n: int, shift: float, unit: float) -> NDArray[np.float64]:
    """For each block: sum(d), sum(d^2), d = (x - shift) unit, each as high and low part."""
    sums = np.empty((-(-n // BLOCK_VALUES), 4))

    def sum_range(start: int, stop: int) -> None:
        part = sums[start // BLOCK_VALUES : -(-stop // BLOCK_VALUES)]
        deviations.sums_of_deviations(values(start, stop), shift, unit, part)

    parallel.for_ranges(sum_range, n, 0, BLOCK_VALUES, SHARE_VALUES)
    return sums


def total(sums: NDArray[np.float64]) -> float:
    """The sum of all, rounded once; of the high parts alone if it is infinite, nearly so, or NaN."""
    high: float = sum(sums[:, 0].tolist())
    if not math.isfinite(2 * high):
        return high
    return math.fsum(sums.ravel().tolist())


def _exact_total(sums: NDArray[np.float64]) -> Fraction:
    """The sum of all, to twice the precision of float64."""
    parts = sums.ravel().tolist()
    high = math.fsum(parts)
    return Fraction(high) + Fraction(math.fsum([*parts, -high]))
