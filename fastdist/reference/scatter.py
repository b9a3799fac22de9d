"""Sums over data that give its mean and its covariance: the twin of ``_kernels/scatter.pyx``.

    sum_r x_r,    S = sum_r (x_r - mean) (x_r - mean)^T

in float64 and in a fixed order.
"""

from collections.abc import Sequence

from .arithmetic import fma
from .deviations import add

BLOCK_ROWS = 256  # rows whose products are added to the result together
PARTIAL_SUM_ROWS = 32  # rows of a block whose products are summed on their own


def add_rows(x: Sequence[Sequence[float]], unit: float, sums: list[list[float]]) -> None:
    """To the high and low parts of the ``sums`` of columns add the rows of x, times a power of two.

    >>> sums = [[0.0, 0.0], [0.0, 0.0]]
    >>> add_rows([[2.0**53, 1.0], [1.0, 2.0]], 1.0, sums)
    >>> sums == [[2.0**53, 3.0], [1.0, 0.0]]
    True
    """
    high, low = sums
    for row in x:
        for k, number in enumerate(row):
            high[k], low[k] = add(high[k], low[k], number * unit)


def centre(x: Sequence[Sequence[float]], mean: Sequence[float]) -> list[list[float]]:
    """The rows of x less the mean, in float64."""
    return [[float(row[i]) - mean[i] for i in range(len(mean))] for row in x]


def add_partial_sum(centred: Sequence[Sequence[float]], sums: list[list[float]]) -> None:
    """To the lower triangle of ``sums`` add the sum of the outer products of some rows.

    >>> sums = [[1.0, 0.0], [1.0, 1.0]]
    >>> add_partial_sum([[1.0, 2.0], [3.0, 4.0]], sums)
    >>> sums
    [[11.0, 0.0], [15.0, 21.0]]
    """
    for i in range(len(sums)):
        for j in range(i + 1):
            partial_sum = 0.0
            for row in centred:
                partial_sum = fma(row[i], row[j], partial_sum)
            sums[i][j] += partial_sum


def add_scatter(x: Sequence[Sequence[float]], mean: Sequence[float], out: list[list[float]]) -> None:
    """To the lower triangle of ``out`` add  sum_r (x_r - mean)(x_r - mean)^T  over the rows of x.

    Partial sums over PARTIAL_SUM_ROWS rows, r ascending, are added to the sum of a block of BLOCK_ROWS rows,
    and that to ``out``.  No product takes part in more than
    PARTIAL_SUM_ROWS + BLOCK_ROWS / PARTIAL_SUM_ROWS + n / BLOCK_ROWS additions.

    >>> out = [[0.0, 0.0], [0.0, 0.0]]
    >>> add_scatter([[1.0, 2.0], [3.0, 5.0]], [2.0, 3.0], out)
    >>> out
    [[2.0, 0.0], [3.0, 5.0]]
    """
    d = len(mean)
    for block in range(0, len(x), BLOCK_ROWS):
        centred = centre(x[block : block + BLOCK_ROWS], mean)
        sums = [[0.0] * d for _ in range(d)]
        for first in range(0, len(centred), PARTIAL_SUM_ROWS):
            add_partial_sum(centred[first : first + PARTIAL_SUM_ROWS], sums)
        for i in range(d):
            for j in range(i + 1):
                out[i][j] += sums[i][j]
