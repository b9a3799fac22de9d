"""Multivariate normals: standard normals pushed through an affine map.

    x = mean + L z,      x[i] = mean[i] + sum over k <= i of L[i][k] z[k],      k = 0, 1, ..., i

with a lower triangular L, so that x has the covariance L L^T (Golub, Van Loan, Matrix Computations, 4.2; the
factor comes from cholesky.pyx).  In generative models this is the whole of "draw z, push it through a model".

Rows are mapped in place, while what the stream has just written lies in cache.  The product of a short row is
unrolled, and the compiler puts several rows into a vector.  Longer rows are computed from their last
PANEL_LANES coordinates to their first, so that no normal is overwritten before its last use.

Short and long rows have one order of summation (panel.pxd), and so the same bits everywhere.
"""

from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from fastdist._kernels.mathematics cimport floating, fused_multiply_add
from fastdist._kernels.panel cimport PANEL_LANES, PANEL_ROWS, add_products
from fastdist._kernels.stream cimport TILES_PER_BLOCK, Transform

cdef enum:
    UNROLLED_DIMENSION = 8      # coordinates of the longest row whose product is unrolled


# Short rows

cdef inline bint is_short(Py_ssize_t d) noexcept nogil:
    """Whether ``colorize_rows`` has it as a compile-time constant."""
    return 1 <= d <= 4 or d == UNROLLED_DIMENSION


cdef inline void colorize_short(
    floating *z, Py_ssize_t n, const floating *mean, const floating *scale_tril, Py_ssize_t d
) noexcept nogil:
    """n rows in place; ``d`` is a compile-time constant, up to UNROLLED_DIMENSION.

    The whole square of L is multiplied, with its zeros: rows of equal length vectorise.  A product with 0
    changes nothing but the sign of a zero, and adding the mean, which is never -0, removes that sign.
    """
    cdef floating square[UNROLLED_DIMENSION * UNROLLED_DIMENSION]
    cdef floating shift[UNROLLED_DIMENSION]
    cdef floating row[UNROLLED_DIMENSION]
    cdef floating x[UNROLLED_DIMENSION]
    cdef floating total
    cdef Py_ssize_t r, i, k
    for i in range(d):
        shift[i] = mean[i]
        for k in range(d):
            square[i * d + k] = scale_tril[i * d + k]
    for r in range(n):
        for k in range(d):
            row[k] = z[r * d + k]
        for i in range(d):
            total = 0
            for k in range(d):
                total = fused_multiply_add(square[i * d + k], row[k], total)
            x[i] = shift[i] + total
        for i in range(d):
            z[r * d + i] = x[i]


# Long rows.  A panel holds PANEL_LANES rows of L, transposed so that they are read in order: panel[k][lane].

cdef inline Py_ssize_t first_row_of_panel(Py_ssize_t d, Py_ssize_t panel) noexcept nogil:
    """The row of L in lane 0.  In the first panel it is negative unless PANEL_LANES divides d: idle lanes."""
    return d + PANEL_LANES * panel - (d + PANEL_LANES - 1) // PANEL_LANES * PANEL_LANES


cdef inline Py_ssize_t panel_offset(Py_ssize_t d, Py_ssize_t panel) noexcept nogil:
    """Where a panel starts: behind all earlier ones, each as long as its last row."""
    return PANEL_LANES * (panel * first_row_of_panel(d, 0) + PANEL_LANES * (panel * (panel + 1) // 2))


cdef inline void pack(const floating *scale_tril, Py_ssize_t d, floating *panels) noexcept nogil:
    """All panels, one after the other; 0 above the diagonal of L and in idle lanes."""
    cdef Py_ssize_t panel, first, k, lane
    cdef floating *start
    for panel in range((d + PANEL_LANES - 1) // PANEL_LANES):
        first = first_row_of_panel(d, panel)
        start = panels + panel_offset(d, panel)
        for k in range(first + PANEL_LANES):
            for lane in range(PANEL_LANES):
                start[k * PANEL_LANES + lane] = 0 if k > first + lane else scale_tril[(first + lane) * d + k]


cdef inline void multiply_rows(
    floating *z, Py_ssize_t d, const floating *panel, Py_ssize_t first, const floating *shift, Py_ssize_t rows
) noexcept nogil:
    """PANEL_LANES coordinates of ``rows`` rows, a compile-time constant."""
    cdef floating sums[PANEL_ROWS * PANEL_LANES]
    cdef Py_ssize_t i, lane
    for i in range(rows):
        for lane in range(PANEL_LANES):
            sums[i * PANEL_LANES + lane] = 0
    add_products(sums, z, d, 1, panel, PANEL_LANES, first + PANEL_LANES, rows, PANEL_LANES)
    for i in range(rows):
        for lane in range(PANEL_LANES):
            sums[i * PANEL_LANES + lane] += shift[lane]
    if first >= 0:
        for i in range(rows):
            memcpy(z + i * d + first, sums + i * PANEL_LANES, PANEL_LANES * sizeof(floating))
    else:
        for i in range(rows):
            for lane in range(first + PANEL_LANES):
                z[i * d + lane] = sums[i * PANEL_LANES - first + lane]


cdef inline void colorize_long(
    floating *z, Py_ssize_t n, const floating *mean, const floating *panels, Py_ssize_t d
) noexcept nogil:
    """n rows in place; PANEL_LANES values stand before the mean."""
    cdef Py_ssize_t panel, first, r
    cdef const floating *start
    cdef const floating *shift
    for panel in range((d + PANEL_LANES - 1) // PANEL_LANES - 1, -1, -1):
        first = first_row_of_panel(d, panel)
        start = panels + panel_offset(d, panel)
        shift = mean + PANEL_LANES + first
        for r in range(n // PANEL_ROWS):
            multiply_rows(z + PANEL_ROWS * r * d, d, start, first, shift, PANEL_ROWS)
        for r in range(n - n % PANEL_ROWS, n):
            multiply_rows(z + r * d, d, start, first, shift, 1)


cdef inline void load_map(
    const floating *mean, const floating *scale_tril, Py_ssize_t d, floating *means, floating *factor
) noexcept nogil:
    """The mean, behind PANEL_LANES zeros for idle lanes, and L, in the order of their use."""
    cdef Py_ssize_t i, k
    for i in range(PANEL_LANES):
        means[i] = 0
    for i in range(d):
        means[PANEL_LANES + i] = mean[i] + <floating> 0       # not -0
    if not is_short(d):
        pack(scale_tril, d, factor)
        return
    for i in range(d):
        for k in range(d):
            factor[i * d + k] = 0 if k > i else scale_tril[i * d + k]


# Samples of the stream

cdef inline Py_ssize_t end_of_fill(
    const Transform *transform, uint64_t first, Py_ssize_t filled, Py_ssize_t n, Py_ssize_t least
) noexcept nogil:
    """Up to which of n samples from ``first`` on to fill next: at least ``least`` more than are filled.

    It is a border of blocks, from which the stream goes on without seeking.
    """
    cdef Py_ssize_t block = TILES_PER_BLOCK * transform.samples
    cdef Py_ssize_t samples = (least + block - 1) // block * block
    return min(n, filled + samples - <Py_ssize_t> ((first + <uint64_t> filled) % <uint64_t> block))
