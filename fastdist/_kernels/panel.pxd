"""Sums of products in registers: the core of all kernels that multiply, solve or factor with a matrix.

    sums[i][l]  +=  sum over k of  a[i][k] b[k][l],      k = 0, 1, 2, ...

ROWS x LANES sums at a time.  A vector of b is loaded once for ROWS sums, a number of a once for LANES of
them, and no sum leaves its register before k is through.  Each is one chain of fused multiply-adds with k
ascending, so that the shape of the block, or cutting k into pieces, cannot be seen in a result.
"""

from fastdist._kernels.mathematics cimport floating, fused_multiply_add

cdef extern from *:
    """
    /* Sums of float64 take 16 of the 32 registers of AVX-512, and 12 of the 16 of AVX2; a and b need some as
       well.  Without AVX2 each fused multiply-add is a call, so that registers hardly matter. */
    #ifdef __AVX512F__
    #define FASTDIST_ROWS 8
    #else
    #define FASTDIST_ROWS 3
    #endif
    """
    enum:
        ROWS "FASTDIST_ROWS"

cdef enum:
    LANES = 16          # more than 8, which GCC would unroll before it looks for vectors


cdef inline void accumulate(
    floating *sums, const floating *a, Py_ssize_t row, Py_ssize_t column,
    const floating *b, Py_ssize_t step, Py_ssize_t n, Py_ssize_t rows, Py_ssize_t lanes,
) noexcept nogil:
    """sums[i][l] += sum over k < n of a[i][k] b[k][l],  i < ``rows``, l < ``lanes``, both literals.

    a[i][k] lies at  i row + k column,  b[k][l] at  k step + l.
    """
    cdef Py_ssize_t i, k, lane
    for k in range(n):
        for i in range(rows):
            for lane in range(lanes):
                sums[i * lanes + lane] = fused_multiply_add(
                    a[i * row + k * column], b[k * step + lane], sums[i * lanes + lane])
