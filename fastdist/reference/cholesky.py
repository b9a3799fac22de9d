"""The Cholesky factor: a symmetric matrix as  A = L L^T,  L lower triangular with a positive diagonal.

    L[j][j] = sqrt(A[j][j] - sum_{k<j} L[j][k]^2)
    L[i][j] = (A[i][j] - sum_{k<j} L[i][k] L[j][k]) / L[j][j],   i > j

There is such a factor if and only if A is positive definite:  it is how one finds out.  Of random vectors
with covariance A it is the square root: L z has covariance L L^T, if the components of z are independent with
variance 1.

``textbook_cholesky`` is those formulas.  The rest is the twin of ``_kernels/cholesky.pyx``: there every term
of a sum is taken away by one fused multiply-add, k ascending, so that a term is not rounded by itself and the
bits of the result depend on nothing but A.  So the computed factor is the exact one of a matrix close to A:
|L L^T - A| <= (d + 1) 2^-53 |L| |L^T|  in each entry (N. J. Higham, Accuracy and Stability of Numerical
Algorithms, 2nd edition, 2002, section 10.1).

A matrix is a sequence of rows.  Every function is for both dtypes: of ``float`` entries it computes in
float64, and of ``Float32`` entries in float32.
"""

import math
from collections.abc import Sequence
from typing import Any

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


def zeros(a: Matrix) -> list[list[float]]:
    """A matrix of zeros, of the shape and the type of another."""
    return [[type(entry)(0) for entry in row] for row in a]


def cholesky(a: Matrix) -> list[list[float]]:
    """The factor L of a symmetric matrix, of which the lower triangle is read; all NaN if there is none.

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

    s_i = A[p[i]][p[i]] - sum_{k<j} L[i][k]^2  is the variance that the first j components in this order leave
    unexplained.  The component that has most of it comes next; what is left when that is not above
    tolerance * max(A[i][i])  counts as zero, as do the columns of L from there on.

    >>> pivoted_cholesky([[1.0, 2.0], [2.0, 4.0]], 1e-15)
    ([[2.0, 0.0], [1.0, 0.0]], [1, 0], 1)
    """
    d = len(a)
    factor = zeros(a)
    permutation = list(range(d))
    unexplained = [a[i][i] for i in range(d)]
    limit = tolerance * max_from(unexplained, 0)[0] if d else 0.0
    for j in range(d):
        pivot, place = max_from(unexplained, j)
        if not (pivot > limit and 0 < pivot < math.inf):
            return factor, permutation, j
        for each in (factor, permutation, unexplained):
            exchange(each, j, place)
        factor[j][j] = square_root(pivot)
        for i in range(j + 1, d):
            low, high = sorted((permutation[i], permutation[j]))
            rest = schur_complement(a[high][low], factor[i], factor[j], j)
            factor[i][j] = rest / factor[j][j]
            unexplained[i] = fused_multiply_add(-factor[i][j], factor[i][j], unexplained[i])
    return factor, permutation, d


def max_from(numbers: Sequence[float], start: int) -> tuple[float, int]:
    """The largest from a place on, and its place: the first of equals.  NaN is no larger than anything.

    >>> max_from([9.0, 1.0, 3.0, 3.0], 1)
    (3.0, 2)
    """
    place = start
    for i in range(start + 1, len(numbers)):
        if numbers[i] > numbers[place]:
            place = i
    return numbers[place], place


def exchange(sequence: list[Any], i: int, j: int) -> None:
    """Exchange two items."""
    sequence[i], sequence[j] = sequence[j], sequence[i]
