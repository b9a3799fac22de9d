"""The Cholesky factor: a symmetric matrix as  A = L L^T,  L lower triangular with a positive diagonal.

    L[j][j] = sqrt(A[j][j] - sum_{k<j} L[j][k]^2)
    L[i][j] = (A[i][j] - sum_{k<j} L[i][k] L[j][k]) / L[j][j],   i > j

Such a factor exists if and only if A is positive definite, and computing it is how one finds out.  L z has
covariance L L^T if the components of z are independent with variance 1.

``textbook_cholesky`` is those formulas.  The rest is the twin of ``_kernels/cholesky.pyx``: one fused
multiply-add subtracts each term of a sum, k ascending.  No term is rounded by itself, and the bits of the
result depend on A alone.  The computed factor is the exact one of a matrix close to A:
|L L^T - A| <= (d + 1) 2^-53 |L| |L^T|  in each entry (N. J. Higham, Accuracy and Stability of Numerical
Algorithms, 2nd edition, 2002, section 10.1).

A matrix is a sequence of rows.  Entries of type ``float`` are computed in float64, and entries of
type ``Float32`` in float32.
"""

import math
from collections.abc import Sequence

from .arithmetic import fused_multiply_add, square_root

Matrix = Sequence[Sequence[float]]


# As anyone would write it


def textbook_cholesky(a: Matrix) -> list[list[float]]:
    """The factor L of a positive definite matrix.

    >>> textbook_cholesky([[4.0, 2.0], [2.0, 10.0]])
    [[2.0, 0.0], [1.0, 3.0]]
    """
    d = len(a)
    factor = [[0.0] * d for _ in range(d)]
    for i in range(d):
        for j in range(i + 1):
            rest = a[i][j] - sum(factor[i][k] * factor[j][k] for k in range(j))
            factor[i][j] = math.sqrt(rest) if i == j else rest / factor[j][j]
    return factor


# The twin


def schur_complement(start: float, row: Sequence[float], other: Sequence[float], terms: int) -> float:
    """start - sum_{k < terms} row[k] other[k],  k ascending, each term with one rounding.

    >>> schur_complement(10.0, [1.0, 2.0], [3.0, 4.0], 2)
    -1.0
    """
    rest = start
    for k in range(terms):
        rest = fused_multiply_add(-row[k], other[k], rest)
    return rest


def largest_from(start: int, variance: Sequence[float]) -> int:
    """Which is largest, the first of equals; NaN is not larger than anything.

    >>> largest_from(1, [9.0, 1.0, 3.0, 3.0])
    2
    """
    largest = start
    for i in range(start + 1, len(variance)):
        if variance[i] > variance[largest]:
            largest = i
    return largest


def zeros(a: Matrix) -> list[list[float]]:
    """A matrix of zeros, of the shape and the type of another."""
    return [[type(entry)(0) for entry in row] for row in a]


def cholesky(a: Matrix) -> list[list[float]]:
    """The factor L of a symmetric matrix, whose lower triangle is read; all NaN if there is none.

    >>> cholesky([[4.0, 2.0], [2.0, 10.0]])
    [[2.0, 0.0], [1.0, 3.0]]
    >>> cholesky([[1.0, 2.0], [2.0, 1.0]])
    [[nan, nan], [nan, nan]]
    """
    d = len(a)
    factor = zeros(a)
    for j in range(d):
        pivot = schur_complement(a[j][j], factor[j], factor[j], j)
        if not 0 < pivot < math.inf:
            return [[type(entry)(math.nan) for entry in row] for row in a]
        factor[j][j] = square_root(pivot)
        for i in range(j + 1, d):
            factor[i][j] = schur_complement(a[i][j], factor[i], factor[j], j) / factor[j][j]
    return factor


def pivoted_cholesky(a: Matrix, tolerance: float) -> tuple[list[list[float]], list[int], int]:
    """(L, p, rank) of  A[p[i]][p[j]] = (L L^T)[i][j],  for positive semi-definite A.

    A[p[i]][p[i]] - sum_{k<j} L[i][k]^2  is the variance of component p[i] that the first j components leave
    open.  The component with the largest comes next.  When that is at most  tolerance * max(A[i][i]),  it
    counts as zero, and so do the remaining columns of L.

    >>> pivoted_cholesky([[1.0, 2.0], [2.0, 4.0]], 1e-15)
    ([[2.0, 0.0], [1.0, 0.0]], [1, 0], 1)
    """
    d = len(a)
    factor = zeros(a)
    permutation = list(range(d))
    variance = [a[i][i] for i in range(d)]
    limit = tolerance * variance[largest_from(0, variance)] if d else 0.0
    for j in range(d):
        pivot = largest_from(j, variance)
        if not (variance[pivot] > limit and 0 < variance[pivot] < math.inf):
            return factor, permutation, j
        permutation[j], permutation[pivot] = permutation[pivot], permutation[j]
        variance[j], variance[pivot] = variance[pivot], variance[j]
        factor[j], factor[pivot] = factor[pivot], factor[j]
        factor[j][j] = square_root(variance[j])
        for i in range(j + 1, d):
            low, high = sorted((permutation[i], permutation[j]))
            rest = schur_complement(a[high][low], factor[i], factor[j], j)
            factor[i][j] = rest / factor[j][j]
            variance[i] = fused_multiply_add(-factor[i][j], factor[i][j], variance[i])
    return factor, permutation, d
