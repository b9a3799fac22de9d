"""Sums of deviations, and of their squares: the twin of ``_kernels/deviations.pyx``.

    d = (x - shift) unit,    sum(d)  and  sum(d^2),    each as a high and a low part

They give the log-likelihood of normals, their mean and their standard deviation.  Compensated, in float64.
"""

from collections.abc import Sequence
from typing import TypeAlias

from .arithmetic import fma

PARTIAL_SUMS = 16
BLOCK_VALUES = 4096  # summed into one row

Parts: TypeAlias = tuple[float, float]  # high, low


def add(high: float, low: float, x: float) -> tuple[float, float]:
    """high + low + x, where the error of the rounded high goes to low (D. E. Knuth, TAOCP 2, 4.2.2).

    >>> add(2.0**53, 0.0, 1.0) == (2.0**53, 1.0)
    True
    """
    total = high + x
    part = total - high
    return total, low + ((high - (total - part)) + (x - part))


def add_deviation(
    x: float, shift: float, unit: float, total: Parts, total_of_squares: Parts
) -> tuple[Parts, Parts]:
    """Add (x - shift) unit = d + lost to one sum, and its square to the other.

    ``unit`` is a power of two, so that it rounds nothing.
    """
    difference = x - shift
    part = x - difference
    d = difference * unit
    lost = ((x - (difference + part)) + (part - shift)) * unit
    square = d * d
    high, low = add(*total, d)
    square_high, square_low = add(*total_of_squares, square)
    return (high, low + lost), (square_high, square_low + (fma(d, d, -square) + 2 * d * lost))


def sum_partial_sums(partial_sums: Sequence[Parts]) -> Parts:
    """The sum of high and low parts: first of the high ones, then of the low."""
    high, low = 0.0, 0.0
    for each, _ in partial_sums:
        high, low = add(high, low, each)
    for _, each in partial_sums:
        low += each
    return high, low


def sum_block(x: Sequence[float], shift: float, unit: float) -> tuple[float, float, float, float]:
    """sum(d) and sum(d^2), d = (x - shift) unit, each as high and low part.

    Value i is added to partial sum i % PARTIAL_SUMS.
    """
    sums = [(0.0, 0.0)] * PARTIAL_SUMS
    squares = [(0.0, 0.0)] * PARTIAL_SUMS
    for i, value in enumerate(x):
        lane = i % PARTIAL_SUMS
        sums[lane], squares[lane] = add_deviation(value, shift, unit, sums[lane], squares[lane])
    return *sum_partial_sums(sums), *sum_partial_sums(squares)


def sums_of_deviations(
    x: Sequence[float], shift: float, unit: float
) -> list[tuple[float, float, float, float]]:
    """For each block of values sum(d), sum(d^2), d = (x - shift) unit, each as high and low part.

    ``unit`` is a power of two, so that it rounds no deviation.

    >>> sums_of_deviations([1.0, 2.0, 4.0], 2.0, 0.5)
    [(0.5, 0.0, 1.25, 0.0)]
    """
    return [
        sum_block(x[start : start + BLOCK_VALUES], shift, unit) for start in range(0, len(x), BLOCK_VALUES)
    ]
