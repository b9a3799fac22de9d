"""Moments of a Gaussian mixture: what the M step of EM needs from data, for each component k.

    totals[k] = sum over r of g[r],    sums[k] = sum of g[r] v[r],    products[k] = sum of g[r] v[r] v[r]^T

with v[r] = x[r] - centre[k], and g[r] the responsibility times the weight of the point.  They are summed over
a block as soon as its responsibilities are known.  A centre is the mean of the previous step, so that v is
small however large x is, and no digits are lost (A. P. Dempster, N. M. Laird, D. B. Rubin, J. R. Stat. Soc. B
39, 1977).

The order of summation is fixed: neither vectors nor tiles affect the result.  A moment of points of few
coordinates has PARTIAL_SUMS partial sums, row r in partial sum r % PARTIAL_SUMS, which are added in pairs at
the end of a call.  So have all totals, and the moments of diagonal components.  Of longer points, PIECE_ROWS
rows are multiplied in registers (scatter.pxd), one after the other.  What a block adds to a partial sum, and
the sum of a piece, has the type of x; all other sums, and totals, are float64.
"""

from libc.string cimport memset

from fastdist._kernels.mathematics cimport floating, fused_multiply_add
from fastdist._kernels.mixture_density cimport (
    BLOCK_ROWS, COORDINATE_STEP, MOST_LANES, Block, Points, centred, log_densities)
from fastdist._kernels.panel cimport PANEL_LANES
from fastdist._kernels.room cimport aligned, make_room
from fastdist._kernels.scatter cimport padded_row, size_of_blocks

cdef enum:
    PARTIAL_SUMS = 16
    PIECE_ROWS = 64             # rows of long points: less their centre, and times g, they share the cache
    SHORT_DIMENSION = 15        # up to this dimension, all moments have partial sums
    SHORT_MOMENTS = 135         # sums and products in SHORT_DIMENSION dimensions

cdef struct Moments:
    # What is added to, and workspace for a call.
    Py_ssize_t count
    Py_ssize_t d
    bint diagonal
    const double *centres
    double *totals
    double *sums
    double *products
    double *partial_sums    # of each component: total, sums and products, PARTIAL_SUMS of each
    double *long_sums       # of a block of long points: the sums
    double *blocks          # and the products
    void *centred           # a piece of its rows, less their centre
    void *weighted          # and times g
    void *centre            # in the type of x, and what rounding it loses
    void *centre_low
    void *g                 # of a block's points
    void *room


# Workspace

cdef inline Py_ssize_t moments_in_partial_sums(Py_ssize_t d, bint diagonal) noexcept nogil:
    """How many moments of a component have partial sums: its total, sums and products, or its total alone."""
    if diagonal:
        return 1 + 2 * d
    if d <= SHORT_DIMENSION:
        return 1 + d + d * (d + 1) // 2
    return 1


cdef inline bint allocate_moments(Moments *moments, Py_ssize_t itemsize) noexcept nogil:
    """Partial sums, which are 0, and workspace for rows of long points; or False, with a MemoryError."""
    cdef Py_ssize_t d = moments.d, rows = 0, blocks = 0
    cdef Py_ssize_t size = moments.count * moments_in_partial_sums(d, moments.diagonal) * PARTIAL_SUMS
    cdef double *start
    if not moments.diagonal and d > SHORT_DIMENSION:
        rows, blocks = PIECE_ROWS * padded_row(d) * itemsize, size_of_blocks(d)
    moments.room = make_room(
        (size + blocks + padded_row(d)) * sizeof(double) + 2 * rows + (BLOCK_ROWS + 2 * d) * itemsize)
    if moments.room == NULL:
        return False
    start = <double *> aligned(moments.room)
    moments.partial_sums, moments.blocks, moments.long_sums = start, start + size, start + size + blocks
    moments.g = moments.long_sums + padded_row(d)
    moments.centred = <char *> moments.g + BLOCK_ROWS * itemsize
    moments.weighted = <char *> moments.centred + rows
    moments.centre = <char *> moments.weighted + rows
    moments.centre_low = <char *> moments.centre + d * itemsize
    memset(moments.partial_sums, 0, size * sizeof(double))
    memset(moments.centred, 0, 2 * rows)        # the padding of rows is multiplied, and never used
    return True


# Moments of points of few coordinates, and of diagonals: partial sums

cdef inline void add_total(const floating *g, Py_ssize_t tiles, double *partial_sums) noexcept nogil:
    """Sum of g."""
    cdef Py_ssize_t tile, lane
    for tile in range(tiles * (MOST_LANES // PARTIAL_SUMS)):
        for lane in range(PARTIAL_SUMS):
            partial_sums[lane] += <double> g[PARTIAL_SUMS * tile + lane]


cdef inline void add_short(
    const floating *x, const floating *g, Py_ssize_t tiles, const floating *centre,
    const floating *centre_low, double *partial_sums, Py_ssize_t d
) noexcept nogil:
    """Sums of  u[i] = g v[i]  and products  u[i] v[j],  j <= i; ``d`` may be a compile-time constant."""
    cdef floating moments[SHORT_MOMENTS * PARTIAL_SUMS]
    cdef floating v[SHORT_DIMENSION * PARTIAL_SUMS]
    cdef floating u[PARTIAL_SUMS]
    cdef Py_ssize_t size = (d + d * (d + 1) // 2) * PARTIAL_SUMS
    cdef Py_ssize_t tile, lane, i, j, product
    for i in range(size):
        moments[i] = 0
    for tile in range(tiles * (MOST_LANES // PARTIAL_SUMS)):
        product = d
        for i in range(d):
            for lane in range(PARTIAL_SUMS):
                v[i * PARTIAL_SUMS + lane] = centred(
                    x[i * COORDINATE_STEP + PARTIAL_SUMS * tile + lane], centre[i], centre_low[i])
            for lane in range(PARTIAL_SUMS):
                u[lane] = g[PARTIAL_SUMS * tile + lane] * v[i * PARTIAL_SUMS + lane]
                moments[i * PARTIAL_SUMS + lane] += u[lane]
            for j in range(i + 1):
                for lane in range(PARTIAL_SUMS):
                    moments[product * PARTIAL_SUMS + lane] = fused_multiply_add(
                        u[lane], v[j * PARTIAL_SUMS + lane], moments[product * PARTIAL_SUMS + lane])
                product += 1
    for i in range(size):
        partial_sums[i] += <double> moments[i]


cdef inline void add_diagonal(
    const floating *x, const floating *g, Py_ssize_t tiles, const floating *centre,
    const floating *centre_low, double *partial_sums, Py_ssize_t d
) noexcept nogil:
    """Sums of  u = g v[i]  and, after those of all i, of  u v[i]."""
    cdef floating sums[PARTIAL_SUMS]
    cdef floating squares[PARTIAL_SUMS]
    cdef floating u, v
    cdef Py_ssize_t tile, lane, i
    for i in range(d):
        for lane in range(PARTIAL_SUMS):
            sums[lane] = squares[lane] = 0
        for tile in range(tiles * (MOST_LANES // PARTIAL_SUMS)):
            for lane in range(PARTIAL_SUMS):
                v = centred(x[i * COORDINATE_STEP + PARTIAL_SUMS * tile + lane], centre[i], centre_low[i])
                u = g[PARTIAL_SUMS * tile + lane] * v
                sums[lane] += u
                squares[lane] = fused_multiply_add(u, v, squares[lane])
        for lane in range(PARTIAL_SUMS):
            partial_sums[i * PARTIAL_SUMS + lane] += <double> sums[lane]
            partial_sums[(d + i) * PARTIAL_SUMS + lane] += <double> squares[lane]


cdef inline double sum_in_pairs(const double *partial_sums) noexcept nogil:
    cdef double sums[PARTIAL_SUMS]
    cdef Py_ssize_t width = PARTIAL_SUMS // 2, lane
    for lane in range(PARTIAL_SUMS):
        sums[lane] = partial_sums[lane]
    while width:
        for lane in range(width):
            sums[lane] += sums[lane + width]
        width //= 2
    return sums[0]


cdef inline void add_partial_sums(Moments *moments) noexcept nogil:
    """To totals, sums and products."""
    cdef Py_ssize_t d = moments.d, k, i, j
    cdef const double *partial_sums
    for k in range(moments.count):
        partial_sums = moments.partial_sums + (
            k * moments_in_partial_sums(d, moments.diagonal) * PARTIAL_SUMS)
        moments.totals[k] += sum_in_pairs(partial_sums)
        if not moments.diagonal and d > SHORT_DIMENSION:
            continue
        for i in range(d):
            partial_sums += PARTIAL_SUMS
            moments.sums[k * d + i] += sum_in_pairs(partial_sums)
        for i in range(d):
            if moments.diagonal:
                partial_sums += PARTIAL_SUMS
                moments.products[k * d + i] += sum_in_pairs(partial_sums)
                continue
            for j in range(i + 1):
                partial_sums += PARTIAL_SUMS
                moments.products[(k * d + i) * d + j] += sum_in_pairs(partial_sums)


# Moments of longer points: pieces of some rows, one after the other

cdef inline void centre_row(
    const char *x, Py_ssize_t coordinate_bytes, floating g, const floating *centre,
    const floating *centre_low, floating *v, floating *u, Py_ssize_t d
) noexcept nogil:
    """v = x - centre,  u = g v,  PANEL_LANES coordinates at a time; the last panel overlaps the previous."""
    cdef floating deviation[PANEL_LANES]
    cdef Py_ssize_t panel, first, lane
    for panel in range((d + PANEL_LANES - 1) // PANEL_LANES):
        first = min(PANEL_LANES * panel, d - PANEL_LANES)
        for lane in range(PANEL_LANES):
            deviation[lane] = centred(
                (<const floating *> (x + (first + lane) * coordinate_bytes))[0], centre[first + lane],
                centre_low[first + lane])
        for lane in range(PANEL_LANES):
            v[first + lane] = deviation[lane]
        for lane in range(PANEL_LANES):
            u[first + lane] = g * deviation[lane]


cdef inline void centre_rows(
    floating zero, const Points *points, Py_ssize_t first, Py_ssize_t n, const floating *g, Moments *moments
) noexcept nogil:
    """v and u of n points from ``first`` on, each in a padded row."""
    cdef const floating *centre = <const floating *> moments.centre
    cdef const floating *centre_low = <const floating *> moments.centre_low
    cdef Py_ssize_t d = moments.d, row
    cdef floating *v
    cdef floating *u
    cdef const char *x
    for row in range(n):
        x = points.x + (first + row) * points.point_bytes
        v = <floating *> moments.centred + row * padded_row(d)
        u = <floating *> moments.weighted + row * padded_row(d)
        if points.coordinate_bytes == <Py_ssize_t> sizeof(floating):    # a compile-time constant: vectorises
            centre_row(x, sizeof(floating), g[row], centre, centre_low, v, u, d)
        else:
            centre_row(x, points.coordinate_bytes, g[row], centre, centre_low, v, u, d)


cdef inline void add_weighted_rows(
    const floating *weighted, Py_ssize_t n, Py_ssize_t d, double *out
) noexcept nogil:
    """The sum of n padded rows, PANEL_LANES coordinates at a time."""
    cdef floating sums[PANEL_LANES]
    cdef Py_ssize_t panel, row, lane
    for panel in range((d + PANEL_LANES - 1) // PANEL_LANES):
        for lane in range(PANEL_LANES):
            sums[lane] = 0
        for row in range(n):
            for lane in range(PANEL_LANES):
                sums[lane] += weighted[row * padded_row(d) + PANEL_LANES * panel + lane]
        for lane in range(PANEL_LANES):
            out[PANEL_LANES * panel + lane] += <double> sums[lane]


# The weights g of a block's points

cdef inline void weigh(
    const floating *responsibilities, const double *sample_weight, const Block *block, floating *g
) noexcept nogil:
    """g = responsibility times sample_weight, if there is one; 0 in the rows that fill the last tile."""
    cdef Py_ssize_t row
    if sample_weight == NULL:
        for row in range(block.n):
            g[row] = responsibilities[row]
    else:
        for row in range(block.n):
            g[row] = <floating> (<double> responsibilities[row] * sample_weight[row])
    for row in range(block.n, block.tiles * MOST_LANES):
        g[row] = 0


cdef inline bint all_zero(const floating *g, Py_ssize_t rows) noexcept nogil:
    """Whether they add nothing."""
    cdef Py_ssize_t row
    cdef bint nothing = True
    for row in range(rows):
        nothing &= g[row] == 0
    return nothing


cdef inline void add_log_likelihood(
    floating zero, const Block *block, const double *sample_weight, double *partial_sums
) noexcept nogil:
    """Sum of sample_weight ln p.  A row of weight 0 adds nothing, whatever its density."""
    cdef floating values[BLOCK_ROWS]
    cdef Py_ssize_t row
    cdef double weight
    log_densities(zero, block, values)
    for row in range(block.n):
        weight = 1 if sample_weight == NULL else sample_weight[row]
        if weight != 0:
            partial_sums[row % PARTIAL_SUMS] += weight * <double> values[row]
