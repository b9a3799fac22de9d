"""Sums of outer products of rows, in registers: the lower triangle of

    S  =  sum over rows r of  left_r right_r^T,      r = 0, 1, 2, ...

PANEL_ROWS x PANEL_LANES sums of it at a time (panel.pxd), block after block of the triangle.  They stay in
that order until ``add_to_triangle`` adds them to their entries.
"""

from fastdist._kernels.mathematics cimport floating
from fastdist._kernels.panel cimport PANEL_LANES, PANEL_ROWS, add_products


cdef inline Py_ssize_t padded_row(Py_ssize_t d) noexcept nogil:
    """The length of a row, padded because blocks reach beyond the triangle, to whole cache lines."""
    return (d + PANEL_ROWS + PANEL_LANES - 1) // PANEL_LANES * PANEL_LANES


cdef inline Py_ssize_t blocks_of_panel(Py_ssize_t d, Py_ssize_t panel) noexcept nogil:
    """How many, from the diagonal down, has the panel of columns from PANEL_LANES * panel on."""
    return (d - PANEL_LANES * panel + PANEL_ROWS - 1) // PANEL_ROWS


cdef inline Py_ssize_t size_of_blocks(Py_ssize_t d) noexcept nogil:
    """Entries of all blocks."""
    cdef Py_ssize_t panel, blocks = 0
    for panel in range((d + PANEL_LANES - 1) // PANEL_LANES):
        blocks += blocks_of_panel(d, panel)
    return blocks * (PANEL_ROWS * PANEL_LANES)


cdef inline void add_outer_products(
    const floating *left, const floating *right, Py_ssize_t n, Py_ssize_t d, double *blocks
) noexcept nogil:
    """Of n padded rows: their sum, which is then added to ``blocks``."""
    cdef floating sums[PANEL_ROWS * PANEL_LANES]
    cdef Py_ssize_t i, j, lane, block, panel
    for panel in range((d + PANEL_LANES - 1) // PANEL_LANES):
        j = PANEL_LANES * panel
        for block in range(blocks_of_panel(d, panel)):
            i = j + PANEL_ROWS * block
            for lane in range(PANEL_ROWS * PANEL_LANES):
                sums[lane] = 0
            add_products(
                sums, left + i, 1, padded_row(d), right + j, padded_row(d), n, PANEL_ROWS, PANEL_LANES)
            for lane in range(PANEL_ROWS * PANEL_LANES):
                blocks[lane] += <double> sums[lane]
            blocks += PANEL_ROWS * PANEL_LANES


cdef inline void add_to_triangle(const double *blocks, Py_ssize_t d, double *out) noexcept nogil:
    """out += S, (d, d), in its lower triangle."""
    cdef Py_ssize_t i, j, row, lane, block, panel
    for panel in range((d + PANEL_LANES - 1) // PANEL_LANES):
        j = PANEL_LANES * panel
        for block in range(blocks_of_panel(d, panel)):
            i = j + PANEL_ROWS * block
            for row in range(min(<Py_ssize_t> PANEL_ROWS, d - i)):
                for lane in range(min(<Py_ssize_t> PANEL_LANES, i + row - j + 1)):
                    out[(i + row) * d + j + lane] += blocks[row * PANEL_LANES + lane]
            blocks += PANEL_ROWS * PANEL_LANES
