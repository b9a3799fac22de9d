"""Multivariate normals: standard normals pushed through an affine map.

    x = mean + L z,      x[i] = mean[i] + sum over k <= i of L[i][k] z[k],      k = 0, 1, ..., i

with a lower triangular L, so that x has the covariance L L^T (Golub, Van Loan, Matrix Computations, 4.2; the
factor comes from cholesky.pyx).  In generative models this is the whole of "draw z, push it through a model".

Rows are mapped in place, while what the stream has just written lies in cache.  Where a row is short, its
product is written out, and the compiler puts several rows into a vector.  Longer ones are done from the last
LANES numbers to the first: what is overwritten is not needed any more.

One order of summation (panel.pxd), for short rows and long: the same bits everywhere.
"""

from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from fastdist._kernels.mathematics cimport floating, fused_multiply_add
from fastdist._kernels.panel cimport LANES, ROWS, accumulate
from fastdist._kernels.stream cimport TILES_PER_BLOCK, Transform

cdef enum:
    LONGEST_SHORT = 8       # numbers in a row that is written out


# Short rows

cdef inline bint is_short(Py_ssize_t d) noexcept nogil:
    """Whether there is a literal for it in ``colorize_rows``."""
    return 1 <= d <= 4 or d == LONGEST_SHORT


cdef inline void colorize_short(
    floating *z, Py_ssize_t n, const floating *mean, const floating *scale_tril, Py_ssize_t d
) noexcept nogil:
    """n rows of d numbers in place; d is a literal, up to LONGEST_SHORT.

    The whole square is multiplied, zeros and all: rows that are alike make vectors.  A product with 0 changes
    nothing but the sign of a zero, which the addition of the mean, itself never -0, takes away.
    """
    cdef floating square[LONGEST_SHORT * LONGEST_SHORT]
    cdef floating shift[LONGEST_SHORT]
    cdef floating row[LONGEST_SHORT]
    cdef floating x[LONGEST_SHORT]
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


# Long rows.  A panel holds LANES rows of L as columns, so that they are read in order: panel[k][lane].

cdef inline Py_ssize_t first_of_panel(Py_ssize_t d, Py_ssize_t panel) noexcept nogil:
    """The row of L in lane 0.  Negative in the first panel, with idle lanes then, unless LANES divides d."""
    return d + LANES * panel - (d + LANES - 1) // LANES * LANES


cdef inline Py_ssize_t place_of_panel(Py_ssize_t d, Py_ssize_t panel) noexcept nogil:
    """Where it starts: after all panels before it, which are as long as their last row."""
    return LANES * (panel * first_of_panel(d, 0) + LANES * (panel * (panel + 1) // 2))


cdef inline void pack(const floating *scale_tril, Py_ssize_t d, floating *panels) noexcept nogil:
    """All panels, one after the other, 0 above the diagonal of L and in idle lanes."""
    cdef Py_ssize_t panel, first, k, lane
    cdef floating *place
    for panel in range((d + LANES - 1) // LANES):
        first = first_of_panel(d, panel)
        place = panels + place_of_panel(d, panel)
        for k in range(first + LANES):
            for lane in range(LANES):
                place[k * LANES + lane] = 0 if k > first + lane else scale_tril[(first + lane) * d + k]


cdef inline void multiply_rows(
    floating *z, Py_ssize_t d, const floating *panel, Py_ssize_t first, const floating *shift, Py_ssize_t rows
) noexcept nogil:
    """LANES numbers of some rows; ``rows`` is a literal."""
    cdef floating sums[ROWS * LANES]
    cdef Py_ssize_t i, lane
    for i in range(rows):
        for lane in range(LANES):
            sums[i * LANES + lane] = 0
    accumulate(sums, z, d, 1, panel, LANES, first + LANES, rows, LANES)
    for i in range(rows):
        for lane in range(LANES):
            sums[i * LANES + lane] += shift[lane]
    if first >= 0:
        for i in range(rows):
            memcpy(z + i * d + first, sums + i * LANES, LANES * sizeof(floating))
    else:
        for i in range(rows):
            for lane in range(first + LANES):
                z[i * d + lane] = sums[i * LANES - first + lane]


cdef inline void colorize_long(
    floating *z, Py_ssize_t n, const floating *mean, const floating *panels, Py_ssize_t d
) noexcept nogil:
    """n rows in place; ``mean`` is padded by LANES numbers in front."""
    cdef Py_ssize_t panel, first, r
    cdef const floating *place
    cdef const floating *shift
    for panel in range((d + LANES - 1) // LANES - 1, -1, -1):
        first = first_of_panel(d, panel)
        place = panels + place_of_panel(d, panel)
        shift = mean + LANES + first
        for r in range(n // ROWS):
            multiply_rows(z + ROWS * r * d, d, place, first, shift, ROWS)
        for r in range(n - n % ROWS, n):
            multiply_rows(z + r * d, d, place, first, shift, 1)


cdef inline void load(
    const floating *mean, const floating *scale_tril, Py_ssize_t d, floating *means, floating *factor
) noexcept nogil:
    """The mean, behind LANES numbers that idle lanes read, and L, in the order of their use."""
    cdef Py_ssize_t i, k
    for i in range(LANES):
        means[i] = 0
    for i in range(d):
        means[LANES + i] = mean[i] + <floating> 0       # no -0: the sign of no zero is to be seen
    if not is_short(d):
        pack(scale_tril, d, factor)
        return
    for i in range(d):
        for k in range(d):
            factor[i * d + k] = 0 if k > i else scale_tril[i * d + k]


# Samples of the stream

cdef inline Py_ssize_t end_of_piece(
    const Transform *transform, uint64_t first, Py_ssize_t filled, Py_ssize_t n, Py_ssize_t least
) noexcept nogil:
    """Where to stop, of n samples from ``first`` on, after some ``least`` more than those that are filled.

    At a border of blocks, from where the stream goes on without a detour.
    """
    cdef Py_ssize_t block = TILES_PER_BLOCK * transform.samples
    cdef Py_ssize_t piece = (least + block - 1) // block * block
    return min(n, filled + piece - <Py_ssize_t> ((first + <uint64_t> filled) % <uint64_t> block))
