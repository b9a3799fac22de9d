"""Sums of products in registers: the core of all kernels that multiply, solve or factor with a matrix.

    sums[i][l]  +=  sum over k of  a[i][k] b[k][l],      k = 0, 1, 2, ...

PANEL_ROWS x PANEL_LANES sums at a time.  A vector of b is loaded once for PANEL_ROWS sums and an entry of a
once for PANEL_LANES sums, and no sum leaves its register before the last k.  Each is one chain of fused
multiply-adds with k ascending, so that neither the shape of a panel nor cutting k into pieces affects the
result.
"""

from fastdist._kernels.mathematics cimport floating, fused_multiply_add

cdef extern from *:
    """
    /* float64 sums take 16 of the 32 registers of AVX-512, and 12 of the 16 of AVX2; a and b need some as
       well.  Without FMA each fused multiply-add is a call, and registers hardly matter. */
    #ifdef __AVX512F__
    #define FASTDIST_PANEL_ROWS 8
    #else
    #define FASTDIST_PANEL_ROWS 3
    #endif
    """
    enum:
        PANEL_ROWS "FASTDIST_PANEL_ROWS"

cdef enum:
    PANEL_LANES = 16    # more than 8, which GCC would unroll before it looks for vectors


cdef inline void add_products(
    floating *sums, const floating *a, Py_ssize_t row, Py_ssize_t column,
    const floating *b, Py_ssize_t step, Py_ssize_t n, Py_ssize_t rows, Py_ssize_t lanes,
) noexcept nogil:
    """sums[i][l] += sum over k < n of a[i][k] b[k][l],  i < ``rows``, l < ``lanes``: compile-time constants.

    a[i][k] lies at  i row + k column,  b[k][l] at  k step + l.
    """
    cdef Py_ssize_t i, k, lane
    for k in range(n):
        for i in range(rows):
            for lane in range(lanes):
                sums[i * lanes + lane] = fused_multiply_add(
                    a[i * row + k * column], b[k * step + lane], sums[i * lanes + lane])
