"""Sums of deviations, and of their squares: the twin of ``_kernels/deviations.pyx``.

    d = (x - shift) unit,    sum(d)  and  sum(d^2),    each as a high and a low part

of which the log-likelihood of normals, their mean and their deviation are made.  Compensated, in float64.
"""

from collections.abc import Sequence

from .arithmetic import fma

LANES = 16  # sums side by side
BLOCK = 4096  # numbers summed into one row


def add(high: float, low: float, x: float) -> tuple[float, float]:
    """high + low + x, where the error of the rounded high goes to low (D. E. Knuth, TAOCP 2, 4.2.2).

    >>> add(2.0**53, 0.0, 1.0) == (2.0**53, 1.0)
    True
    """
    total = high + x
    part = total - high
    return total, low + ((high - (total - part)) + (x - part))


def deviation(x: float, shift: float, unit: float) -> tuple[float, float]:
    """(d, lost) of  (x - shift) unit = d + lost,  for a power of two."""
    difference = x - shift
    part = x - difference
    return difference * unit, ((x - (difference + part)) + (part - shift)) * unit


def sum_block(x: Sequence[float], shift: float, unit: float) -> tuple[float, float, float, float]:
    """sum(d) and sum(d^2), d = (x - shift) unit, each as high and low part.

    Each of LANES sums takes every LANES-th number; then they are added one after the other.
    """
    sums = [(0.0, 0.0)] * LANES
    squares = [(0.0, 0.0)] * LANES
    for i, value in enumerate(x):
        lane = i % LANES
        d, lost = deviation(value, shift, unit)
        square = d * d
        high, low = add(*sums[lane], d)
        sums[lane] = high, low + lost
        high, low = add(*squares[lane], square)
        squares[lane] = high, low + (fma(d, d, -square) + 2 * d * lost)
    return *total(sums), *total(squares)


def total(sums: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The sum of high and low parts: first of the high ones, then of the low."""
    high, low = 0.0, 0.0
    for each, _ in sums:
        high, low = add(high, low, each)
    for _, each in sums:
        low += each
    return high, low


def sums_of_deviations(
    x: Sequence[float], shift: float, unit: float
) -> list[tuple[float, float, float, float]]:
    """For each BLOCK numbers sum(d), sum(d^2), d = (x - shift) unit, each as high and low part.

    ``unit`` is a power of two, so that no deviation is rounded by it.

    >>> sums_of_deviations([1.0, 2.0, 4.0], 2.0, 0.5)
    [(0.5, 0.0, 1.25, 0.0)]
    """
    return [sum_block(x[start : start + BLOCK], shift, unit) for start in range(0, len(x), BLOCK)]
