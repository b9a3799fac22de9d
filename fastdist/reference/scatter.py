"""The scatter matrix of data: the twin of ``_kernels/scatter.pyx``.

    S = sum_r (x_r - mean) (x_r - mean)^T

of which the covariance is made that data are most likely under.  In float64, in a fixed order.
"""

from collections.abc import Sequence

from .arithmetic import fma

BLOCK = 256  # rows whose products are summed on their own


def add_scatter(x: Sequence[Sequence[float]], mean: Sequence[float], out: list[list[float]]) -> None:
    """To the lower triangle of ``out`` add  sum_r (x_r - mean)(x_r - mean)^T  over the rows of x.

    Each BLOCK rows are summed on their own, r ascending, and that sum is added: so the error does not grow
    with the number of rows, but with the number of blocks.

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
                total = 0.0
                for row in centred:
                    total = fma(row[i], row[j], total)
                out[i][j] += total
