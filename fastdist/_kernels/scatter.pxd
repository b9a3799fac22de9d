"""Sums of outer products of rows, in registers: the lower triangle of

    S  =  sum over rows r of  left_r right_r^T,      r = 0, 1, 2, ...

ROWS x LANES sums of it at a time (panel.pxd), block after block of the triangle.  They are kept in that order
until ``add_to_triangle`` puts them where they belong.
"""

from fastdist._kernels.mathematics cimport floating
from fastdist._kernels.panel cimport LANES, ROWS, accumulate


cdef inline Py_ssize_t padded_row(Py_ssize_t d) noexcept nogil:
    """How long a row must be, as blocks reach beyond the triangle; whole lines of the cache."""
    return (d + ROWS + LANES - 1) // LANES * LANES


cdef inline Py_ssize_t blocks_of_panel(Py_ssize_t d, Py_ssize_t panel) noexcept nogil:
    """Of the panel of columns from  LANES panel  on: from the diagonal down."""
    return (d - LANES * panel + ROWS - 1) // ROWS


cdef inline Py_ssize_t size_of_blocks(Py_ssize_t d) noexcept nogil:
    """Numbers in all of them."""
    cdef Py_ssize_t panel, blocks = 0
    for panel in range((d + LANES - 1) // LANES):
        blocks += blocks_of_panel(d, panel)
    return blocks * (ROWS * LANES)


cdef inline void add_outer_products(
    const floating *left, const floating *right, Py_ssize_t n, Py_ssize_t d, double *blocks
) noexcept nogil:
    """Of n rows, which are padded; summed on their own, and then added."""
    cdef floating sums[ROWS * LANES]
    cdef Py_ssize_t i, j, lane, block, panel
    for panel in range((d + LANES - 1) // LANES):
        j = LANES * panel
        for block in range(blocks_of_panel(d, panel)):
            i = j + ROWS * block
            for lane in range(ROWS * LANES):
                sums[lane] = 0
            accumulate(sums, left + i, 1, padded_row(d), right + j, padded_row(d), n, ROWS, LANES)
            for lane in range(ROWS * LANES):
                blocks[lane] += <double> sums[lane]
            blocks += ROWS * LANES


cdef inline void add_to_triangle(const double *blocks, Py_ssize_t d, double *out) noexcept nogil:
    """out += S, (d, d), in its lower triangle."""
    cdef Py_ssize_t i, j, row, lane, block, panel
    for panel in range((d + LANES - 1) // LANES):
        j = LANES * panel
        for block in range(blocks_of_panel(d, panel)):
            i = j + ROWS * block
            for row in range(min(<Py_ssize_t> ROWS, d - i)):
                for lane in range(min(<Py_ssize_t> LANES, i + row - j + 1)):
                    out[(i + row) * d + j + lane] += blocks[row * LANES + lane]
            blocks += ROWS * LANES
