"""Multivariate normals: independent standard normals, colored by the factor of a covariance.

    x = mean + L z,    cov = L L^T,    z = (z_0, ..., z_(d-1)) independent standard normals

L is ``scale_tril``, lower triangular: coordinate i is made of the first i + 1 normals alone.

``textbook_multivariate_normals`` is that formula.  The rest is the twin of
``_kernels/multivariate_sampling.pyx``.  Row r of a stream is made of its normals  r d  to  r d + d - 1.  It
depends on the key and on r alone.

In float32 every number is a ``Float32``, which rounds what is computed with it.
"""

import random as python_random
from collections.abc import Callable, Sequence

from .arithmetic import Float32, fused_multiply_add
from .box_muller import normals_float32, normals_float64, textbook_normals
from .cholesky import Matrix, textbook_cholesky


def textbook_multivariate_normals(
    n: int, mean: Sequence[float], cov: Matrix, random: Callable[[], float] = python_random.random
) -> list[list[float]]:
    """n vectors with a given mean and covariance, as anyone would write it.

    >>> halves = iter([0.5, 0.25]).__next__  # z = (0, 1.1774...)
    >>> ((x, y),) = textbook_multivariate_normals(1, [1.0, 2.0], [[4.0, 2.0], [2.0, 10.0]], halves)
    >>> round(x, 12), round(y, 12)
    (1.0, 5.532230067546)
    """
    d = len(mean)
    factor = textbook_cholesky(cov)
    rows: list[list[float]] = []
    for _ in range(n):
        z = textbook_normals(d, random)
        rows.append([mean[i] + sum(factor[i][k] * z[k] for k in range(i + 1)) for i in range(d)])
    return rows


def colorize(z: Sequence[float], mean: Sequence[float], scale_tril: Matrix) -> list[float]:
    """mean + L z,  the terms of each sum added by one fused multiply-add, k ascending.

    mean + 0 is never -0, and so neither is the result, whatever L z is.

    >>> colorize([1.0, -2.0], [10.0, 20.0], [[2.0, 0.0], [1.0, 3.0]])
    [12.0, 15.0]
    >>> colorize([-0.0], [-0.0], [[1.0]])
    [0.0]
    """
    x: list[float] = []
    for i, (centre, row) in enumerate(zip(mean, scale_tril, strict=True)):
        total = type(centre)(0)
        for k in range(i + 1):
            total = fused_multiply_add(row[k], z[k], total)
        x.append((centre + 0.0) + total)
    return x


def multivariate_normals(
    key: Sequence[int], first: int, n: int, mean: Sequence[float], scale_tril: Matrix
) -> list[list[float]]:
    """n rows, made of the normals of a key from ``first`` on; float32 if the mean is.

    >>> key, mean, factor = (1, 2, 3, 4), [1.0, 2.0], [[2.0, 0.0], [1.0, 3.0]]
    >>> rows = multivariate_normals(key, 0, 3, mean, factor)
    >>> rows[1:] == multivariate_normals(key, 2, 2, mean, factor)
    True
    """
    d = len(mean)
    if not d:
        return [[] for _ in range(n)]
    normals = normals_float32 if isinstance(mean[0], Float32) else normals_float64
    z = normals(key, first, n * d)
    return [colorize(z[row * d : row * d + d], mean, scale_tril) for row in range(n)]
