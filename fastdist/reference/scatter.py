"""Sums over data: the twin of ``_kernels/scatter.pyx``.

    sum_r x_r,    S = sum_r (x_r - mean) (x_r - mean)^T

of which the mean and the covariance are made that data are most likely under.  In float64, in a fixed order.
"""

from collections.abc import Sequence

from .arithmetic import fma
from .deviations import add

BLOCK = 256  # rows whose products are added to the result together
STRAND = 32  # rows of a block whose products are summed on their own


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


def add_scatter(x: Sequence[Sequence[float]], mean: Sequence[float], out: list[list[float]]) -> None:
    """To the lower triangle of ``out`` add  sum_r (x_r - mean)(x_r - mean)^T  over the rows of x.

    Each STRAND rows are summed on their own, r ascending; these sums are added to that of a BLOCK, and
    those of blocks to ``out``.  No product goes through more than STRAND + BLOCK / STRAND + n / BLOCK
    additions.

    >>> out = [[0.0, 0.0], [0.0, 0.0]]
    >>> add_scatter([[1.0, 2.0], [3.0, 5.0]], [2.0, 3.0], out)
    >>> out
    [[2.0, 0.0], [3.0, 5.0]]
    """
    d = len(mean)
    for start in range(0, len(x), BLOCK):
        centred = [[float(row[i]) - mean[i] for i in range(d)] for row in x[start : start + BLOCK]]
        for i in range(d):
            for j in range(i + 1):
                out[i][j] += sum_of_products([row[i] for row in centred], [row[j] for row in centred])


def sum_of_products(left: Sequence[float], right: Sequence[float]) -> float:
    """The sum of the sums of STRAND products.

    >>> sum_of_products([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    total = 0.0
    for start in range(0, len(left), STRAND):
        strand = 0.0
        for a, b in zip(left[start : start + STRAND], right[start : start + STRAND], strict=True):
            strand = fma(a, b, strand)
        total += strand
    return total
