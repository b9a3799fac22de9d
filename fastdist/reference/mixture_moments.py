"""Moments of a mixture of normal distributions: the twin of ``_kernels/mixture_moments.pxd``.

    totals_k = sum_n g_nk,    sums_k = sum_n g_nk v_nk,    products_k = sum_n g_nk v_nk v_nk^T

with v_nk = x_n - centre_k.  Sums over some rows have the type of the data; sums of these are float64.
"""

from .arithmetic import fused_multiply_add
from .mixture_density import Vector

BLOCK_ROWS = 256  # rows that are processed together
PIECE_ROWS = 64  # rows of long points whose products are summed on their own
PARTIAL_SUMS = 16
SHORT_DIMENSION = 15  # up to this dimension, moments have partial sums


def sum_of(terms: Vector, factors: Vector | None) -> float:
    """sum_n terms[n],  or  sum_n terms[n] factors[n]:  one after the other, in their type.

    >>> sum_of([1.0, 2.0], None), sum_of([1.0, 2.0], [2.0, 3.0])
    (3.0, 8.0)
    """
    total = type(terms[0])(0)
    for n, term in enumerate(terms):
        total = total + term if factors is None else fused_multiply_add(term, factors[n], total)
    return total


def add_short(start: float, terms: Vector, factors: Vector | None = None, block: int = BLOCK_ROWS) -> float:
    """start + ``sum_of``, in PARTIAL_SUMS partial sums: row n belongs to partial sum n % PARTIAL_SUMS.

    What a block adds to a partial sum is summed on its own.

    >>> add_short(1.0, [1.0, 2.0, 3.0]), add_short(0.0, [1.0] * 600, [0.5] * 600)
    (7.0, 300.0)
    """
    partial_sums = [0.0] * PARTIAL_SUMS
    for first in range(0, len(terms), block):
        for lane in range(min(PARTIAL_SUMS, len(terms) - first)):
            rows = slice(first + lane, first + block, PARTIAL_SUMS)
            partial_sums[lane] += float(sum_of(terms[rows], factors and factors[rows]))
    return start + sum_in_pairs(partial_sums)


def sum_in_pairs(partial_sums: Vector) -> float:
    """The sum of sums that are added in pairs.

    >>> sum_in_pairs([1.0, 2.0, 3.0, 4.0])
    10.0
    """
    sums = list(partial_sums)
    while len(sums) > 1:
        half = len(sums) // 2
        sums = [sums[lane] + sums[lane + half] for lane in range(half)]
    return sums[0]


def add_log_likelihood(log_densities: Vector, sample_weight: Vector) -> float:
    """sum_n sample_weight[n] ln p_n.  A row of weight 0 adds nothing, whatever its density."""
    terms = [g * float(each) if g else 0.0 for g, each in zip(sample_weight, log_densities, strict=True)]
    return add_short(0.0, terms, block=max(1, len(terms)))
