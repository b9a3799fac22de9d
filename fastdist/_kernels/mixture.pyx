"""Gaussian mixtures over blocks of points: densities, responsibilities, and what the M step of EM needs.

The formulae of the first two stand in mixture.pxd.  The M step (A. P. Dempster, N. M. Laird, D. B. Rubin,
J. R. Stat. Soc. B 39, 1977) needs, of each component k, the moments

    totals[k] = sum over r of g_r,    sums[k] = sum of g_r v_r,    products[k] = sum of g_r v_r v_r^T

with v_r = x_r - centre[k], and g_r the responsibility times the weight of the point.  They are made of a
block as soon as its responsibilities are known.  A centre is the mean of the step before, so that v is small
however large x is, and no digits are lost.

Their order is fixed; neither vectors nor tiles can be seen in a result.  Points of few numbers are summed in
LANES strands, row r in strand r % LANES, which are added in pairs at the end of a call.  So are all totals,
and what belongs to diagonals.  Of longer points, PIECE rows are multiplied in registers (scatter.pxd), one
after the other.  What is summed at a time, a strand of a block or a piece, is so in the type of x; sums of
these are of float64, and totals of float64 alone.
"""

from cpython.mem cimport PyMem_RawFree
from libc.string cimport memset

cimport cython
cimport numpy as cnp

from fastdist._kernels.arrays cimport data_of, rows_of
from fastdist._kernels.environment cimport enter, environment, leave
from fastdist._kernels.mathematics cimport floating, fused_multiply_add
from fastdist._kernels.multivariate_density cimport LONG, WIDE, WIDEST
from fastdist._kernels.panel cimport LANES
from fastdist._kernels.room cimport aligned, make_room
from fastdist._kernels.scatter cimport add_outer_products, add_to_triangle, padded_row, size_of_blocks

import numpy as np

cnp.import_array()

cdef enum:
    ROWS_OF_PIECE = 64      # centred rows that share the cache with their weighted twins
    SHORT_MOMENTS = 135     # sums and products of points of LONGEST_SHORT numbers

BLOCK = ROWS_OF_BLOCK       # for Python
PIECE = ROWS_OF_PIECE

cdef struct Moments:
    # What is added to, and room for a call.
    Py_ssize_t count
    Py_ssize_t d
    bint diagonal
    const double *centres
    double *totals
    double *sums
    double *products
    double *strands         # of each component: its total, sums and products, LANES of each
    double *long_sums       # of a block of long points: sums,
    double *blocks          # and products;
    void *centred           # some of its rows, less their centre,
    void *weighted          # and times g
    void *centre            # in the type that is computed in, and what float32 loses of it
    void *centre_low
    void *g                 # the weights of a block's points
    void *room


# All points of a block: functions that are not inlined, so that their sums stay in registers

cdef void score_component(
    floating zero, const Components *components, const Block *block, Py_ssize_t k
) noexcept nogil:
    """a[k] of all points of a block."""
    cdef Py_ssize_t d = components.d, tiles = block.tiles, tile
    cdef Py_ssize_t factor = 0 if components.factors == 1 else k
    cdef const floating *x = <const floating *> block.x
    cdef const floating *mean = <const floating *> components.means + k * d
    cdef const floating *mean_low = <const floating *> components.means_low + k * d
    cdef const floating *scale_tril = <const floating *> components.scale_tril + factor * d * d
    cdef const floating *reciprocals = <const floating *> components.reciprocals + factor * d
    cdef floating height = (<const floating *> components.heights)[k]
    cdef floating *w = <floating *> block.w
    cdef floating *a = <floating *> block.a + k * ROWS_OF_BLOCK
    if components.diagonal:
        score_diagonal(x, tiles, mean, mean_low, reciprocals, height, a, d)
    elif d == 1:
        score_short(x, tiles, mean, mean_low, scale_tril, reciprocals, height, a, 1)
    elif d == LONGEST_IN_REGISTERS:
        score_short(x, tiles, mean, mean_low, scale_tril, reciprocals, height, a, LONGEST_IN_REGISTERS)
    elif floating is float and d < LONG:
        for tile in range(tiles):
            score_tile(
                x + WIDEST * tile, mean, mean_low, scale_tril, reciprocals, height, w, a + WIDEST * tile, d,
                WIDEST)
    elif floating is float:
        for tile in range(tiles * (WIDEST // WIDE)):
            score_tile(
                x + WIDE * tile, mean, mean_low, scale_tril, reciprocals, height, w, a + WIDE * tile, d, WIDE)
    elif d < LONG:
        for tile in range(tiles * (WIDEST // TILE)):
            score_tile(
                x + TILE * tile, mean, mean_low, scale_tril, reciprocals, height, w, a + TILE * tile, d, TILE)
    else:
        for tile in range(tiles * (WIDEST // LANES)):
            score_tile(
                x + LANES * tile, mean, mean_low, scale_tril, reciprocals, height, w, a + LANES * tile, d,
                LANES)


cdef void score_block(floating zero, const Components *components, const Block *block) noexcept nogil:
    """All a[k][row] of a block."""
    cdef Py_ssize_t k
    for k in range(components.count):
        score_component(zero, components, block, k)


# Moments of points of few numbers, and of diagonals: in strands

cdef inline Py_ssize_t strands_of(Py_ssize_t d, bint diagonal) noexcept nogil:
    """How many moments of a component are summed so: its total, sums and products."""
    if diagonal:
        return 1 + 2 * d
    if d <= LONGEST_SHORT:
        return 1 + d + d * (d + 1) // 2
    return 1


cdef inline void add_total(const floating *g, Py_ssize_t tiles, double *strands) noexcept nogil:
    """Sum of g."""
    cdef Py_ssize_t tile, lane
    for tile in range(tiles * (WIDEST // LANES)):
        for lane in range(LANES):
            strands[lane] += <double> g[LANES * tile + lane]


cdef inline void add_short(
    const floating *x, const floating *g, Py_ssize_t tiles, const floating *centre,
    const floating *centre_low, double *strands, Py_ssize_t d
) noexcept nogil:
    """Sums of  u[i] = g v[i]  and products  u[i] v[j],  j <= i,  of ``d`` numbers, a literal."""
    cdef floating moments[SHORT_MOMENTS * LANES]
    cdef floating v[LONGEST_SHORT * LANES]
    cdef floating u[LANES]
    cdef Py_ssize_t size = (d + d * (d + 1) // 2) * LANES
    cdef Py_ssize_t tile, lane, i, j, product
    for i in range(size):
        moments[i] = 0
    for tile in range(tiles * (WIDEST // LANES)):
        product = d
        for i in range(d):
            for lane in range(LANES):
                v[i * LANES + lane] = centred(
                    x[i * STEP + LANES * tile + lane], centre[i], centre_low[i])
            for lane in range(LANES):
                u[lane] = g[LANES * tile + lane] * v[i * LANES + lane]
                moments[i * LANES + lane] += u[lane]
            for j in range(i + 1):
                for lane in range(LANES):
                    moments[product * LANES + lane] = fused_multiply_add(
                        u[lane], v[j * LANES + lane], moments[product * LANES + lane])
                product += 1
    for i in range(size):
        strands[i] += <double> moments[i]


cdef inline void add_diagonal(
    const floating *x, const floating *g, Py_ssize_t tiles, const floating *centre,
    const floating *centre_low, double *strands, Py_ssize_t d
) noexcept nogil:
    """Sums of  u = g v[i]  and, for all i after them, of  u v[i]."""
    cdef floating sums[LANES]
    cdef floating squares[LANES]
    cdef floating u, v
    cdef Py_ssize_t tile, lane, i
    for i in range(d):
        for lane in range(LANES):
            sums[lane] = squares[lane] = 0
        for tile in range(tiles * (WIDEST // LANES)):
            for lane in range(LANES):
                v = centred(x[i * STEP + LANES * tile + lane], centre[i], centre_low[i])
                u = g[LANES * tile + lane] * v
                sums[lane] += u
                squares[lane] = fused_multiply_add(u, v, squares[lane])
        for lane in range(LANES):
            strands[i * LANES + lane] += <double> sums[lane]
            strands[(d + i) * LANES + lane] += <double> squares[lane]


cdef inline double in_pairs(const double *strands) noexcept nogil:
    """The sum of LANES strands."""
    cdef double sums[LANES]
    cdef Py_ssize_t width = LANES // 2, lane
    for lane in range(LANES):
        sums[lane] = strands[lane]
    while width:
        for lane in range(width):
            sums[lane] += sums[lane + width]
        width //= 2
    return sums[0]


# Moments of longer points: some rows on their own, one after the other

cdef inline void centre_row(
    const char *x, Py_ssize_t number, floating g, const floating *centre, const floating *centre_low,
    floating *v, floating *u, Py_ssize_t d
) noexcept nogil:
    """v = x - centre,  u = g v,  LANES numbers at a time, the last of which begin early enough."""
    cdef floating deviation[LANES]
    cdef Py_ssize_t panel, first, lane
    for panel in range((d + LANES - 1) // LANES):
        first = min(LANES * panel, d - LANES)
        for lane in range(LANES):
            deviation[lane] = centred(
                (<const floating *> (x + (first + lane) * number))[0], centre[first + lane],
                centre_low[first + lane])
        for lane in range(LANES):
            v[first + lane] = deviation[lane]
        for lane in range(LANES):
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
        x = points.x + (first + row) * points.point
        v = <floating *> moments.centred + row * padded_row(d)
        u = <floating *> moments.weighted + row * padded_row(d)
        if points.number == <Py_ssize_t> sizeof(floating):      # a literal, of which vectors can be made
            centre_row(x, sizeof(floating), g[row], centre, centre_low, v, u, d)
        else:
            centre_row(x, points.number, g[row], centre, centre_low, v, u, d)


cdef inline void add_rows(const floating *rows, Py_ssize_t n, Py_ssize_t d, double *out) noexcept nogil:
    """The sum of n padded rows, LANES numbers at a time."""
    cdef floating sums[LANES]
    cdef Py_ssize_t panel, row, lane
    for panel in range((d + LANES - 1) // LANES):
        for lane in range(LANES):
            sums[lane] = 0
        for row in range(n):
            for lane in range(LANES):
                sums[lane] += rows[row * padded_row(d) + LANES * panel + lane]
        for lane in range(LANES):
            out[LANES * panel + lane] += <double> sums[lane]


cdef void add_long(
    floating zero, const Points *points, Py_ssize_t first, Py_ssize_t n, Py_ssize_t k, Moments *moments
) noexcept nogil:
    """Sums of u and products u v^T of a block's points, piece after piece, to those of component k."""
    cdef const floating *g = <const floating *> moments.g
    cdef const floating *weighted = <const floating *> moments.weighted
    cdef Py_ssize_t d = moments.d, piece, start, rows, i
    memset(moments.long_sums, 0, padded_row(d) * sizeof(double))
    memset(moments.blocks, 0, size_of_blocks(d) * sizeof(double))
    for piece in range((n + ROWS_OF_PIECE - 1) // ROWS_OF_PIECE):
        start = piece * ROWS_OF_PIECE
        rows = min(<Py_ssize_t> ROWS_OF_PIECE, n - start)
        centre_rows(zero, points, first + start, rows, g + start, moments)
        add_rows(weighted, rows, d, moments.long_sums)
        add_outer_products(weighted, <const floating *> moments.centred, rows, d, moments.blocks)
    for i in range(d):
        moments.sums[k * d + i] += moments.long_sums[i]
    add_to_triangle(moments.blocks, d, moments.products + k * d * d)


# Both

cdef inline bint all_zero(const floating *g, Py_ssize_t rows) noexcept nogil:
    """Whether they add nothing."""
    cdef Py_ssize_t row
    cdef bint nothing = True
    for row in range(rows):
        nothing &= g[row] == 0
    return nothing


cdef void add_component(
    floating zero, const Points *points, Py_ssize_t first, const Block *block, Py_ssize_t k, Moments *moments
) noexcept nogil:
    """What the points of a block, with the weights ``moments.g``, add to component k."""
    cdef Py_ssize_t d = moments.d, tiles = block.tiles, i
    cdef const floating *x = <const floating *> block.x
    cdef const floating *g = <const floating *> moments.g
    cdef floating *centre = <floating *> moments.centre
    cdef floating *low = <floating *> moments.centre_low
    cdef double *strands = moments.strands + k * strands_of(d, moments.diagonal) * LANES
    if all_zero(g, block.n):
        return
    for i in range(d):
        split(moments.centres[k * d + i], &centre[i], &low[i])
    add_total(g, tiles, strands)
    if moments.diagonal:
        add_diagonal(x, g, tiles, centre, low, strands + LANES, d)
    elif d == 1:
        add_short(x, g, tiles, centre, low, strands + LANES, 1)
    elif d == 2:
        add_short(x, g, tiles, centre, low, strands + LANES, 2)
    elif d == 3:
        add_short(x, g, tiles, centre, low, strands + LANES, 3)
    elif d == 4:
        add_short(x, g, tiles, centre, low, strands + LANES, 4)
    elif d <= LONGEST_SHORT:
        add_short(x, g, tiles, centre, low, strands + LANES, d)
    else:
        add_long(zero, points, first, block.n, k, moments)


cdef inline void gather(Moments *moments) noexcept nogil:
    """Add the strands to the results."""
    cdef Py_ssize_t d = moments.d, k, i, j
    cdef const double *strands
    for k in range(moments.count):
        strands = moments.strands + k * strands_of(d, moments.diagonal) * LANES
        moments.totals[k] += in_pairs(strands)
        if not moments.diagonal and d > LONGEST_SHORT:
            continue
        for i in range(d):
            strands += LANES
            moments.sums[k * d + i] += in_pairs(strands)
        for i in range(d):
            if moments.diagonal:
                strands += LANES
                moments.products[k * d + i] += in_pairs(strands)
                continue
            for j in range(i + 1):
                strands += LANES
                moments.products[(k * d + i) * d + j] += in_pairs(strands)


# What is made of a block that has been scored

cdef inline void write_log_densities(floating zero, const Block *block, floating *out) noexcept nogil:
    """ln p of the points alone, not of the rows that fill the last tile."""
    cdef floating values[ROWS_OF_BLOCK]
    cdef Py_ssize_t row
    log_densities(zero, block, values)
    for row in range(block.n):
        out[row] = values[row]


cdef inline void write_turned(
    const floating *a, Py_ssize_t n, floating *out, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t row, k
    for row in range(n):
        for k in range(count):
            out[row * count + k] = a[k * ROWS_OF_BLOCK + row]


cdef inline void write_responsibilities(
    floating zero, const Block *block, floating *out, Py_ssize_t count
) noexcept nogil:
    """Point after point; of some counts, as literals, vectors are made."""
    cdef const floating *a = <const floating *> block.a
    if count == 2:
        write_turned(a, block.n, out, 2)
    elif count == 3:
        write_turned(a, block.n, out, 3)
    elif count == 4:
        write_turned(a, block.n, out, 4)
    elif count == 8:
        write_turned(a, block.n, out, 8)
    else:
        write_turned(a, block.n, out, count)


cdef inline void write_largest(
    floating zero, const Block *block, Py_ssize_t *out, Py_ssize_t count
) noexcept nogil:
    """The first k of which a[k] is largest."""
    cdef const floating *a = <const floating *> block.a
    cdef floating *largest = <floating *> block.base
    cdef Py_ssize_t row, k
    for row in range(block.n):
        largest[row] = a[row]
        out[row] = 0
    for k in range(1, count):
        for row in range(block.n):
            out[row] = k if largest[row] < a[k * ROWS_OF_BLOCK + row] else out[row]
            largest[row] = larger(largest[row], a[k * ROWS_OF_BLOCK + row])


cdef inline void add_expectations(
    floating zero, const Points *points, Py_ssize_t first, const Block *block, const double *sample_weight,
    Moments *moments
) noexcept nogil:
    """What a block adds to the moments, its responsibilities times the weights of its points."""
    cdef floating *g = <floating *> moments.g
    cdef const floating *a = <const floating *> block.a
    cdef Py_ssize_t row, k
    for k in range(moments.count):
        if sample_weight == NULL:
            for row in range(block.n):
                g[row] = a[k * ROWS_OF_BLOCK + row]
        else:
            for row in range(block.n):
                g[row] = <floating> (<double> a[k * ROWS_OF_BLOCK + row] * sample_weight[first + row])
        for row in range(block.n, block.tiles * WIDEST):
            g[row] = 0
        add_component(zero, points, first, block, k, moments)


cdef inline void add_log_likelihood(
    floating zero, Py_ssize_t first, const Block *block, const double *sample_weight, double *strands
) noexcept nogil:
    """Sum of weight ln p, in strands.  A row of weight 0 adds nothing, whatever its density."""
    cdef floating values[ROWS_OF_BLOCK]
    cdef Py_ssize_t row
    cdef double weight
    log_densities(zero, block, values)
    for row in range(block.n):
        weight = 1 if sample_weight == NULL else sample_weight[first + row]
        if weight != 0:
            strands[row % LANES] += weight * <double> values[row]


cdef inline void add_given(
    floating zero, const Points *points, Py_ssize_t first, const Block *block, const Points *given,
    Moments *moments
) noexcept nogil:
    """As add_expectations, with responsibilities that are ``given``."""
    cdef floating *g = <floating *> moments.g
    cdef const char *source
    cdef Py_ssize_t row, k
    for k in range(moments.count):
        source = given.x + first * given.point + k * given.number
        for row in range(block.n):
            g[row] = (<const floating *> (source + row * given.point))[0]
        for row in range(block.n, block.tiles * WIDEST):
            g[row] = 0
        add_component(zero, points, first, block, k, moments)


# Whole arrays of points, block after block

cdef enum Operation:
    SCORE_SAMPLES
    RESPONSIBILITIES
    PREDICT
    NEAREST
    ADD_EXPECTATIONS
    ADD_MOMENTS

cdef struct Call:
    Operation operation
    const Components *components
    Points points
    Py_ssize_t n
    Py_ssize_t d
    Py_ssize_t count
    char *out                       # (n,), or (n, count)
    char *log_density               # of RESPONSIBILITIES, if it is wanted
    const double *sample_weight     # of ADD_EXPECTATIONS, if there are any
    Points given                    # responsibilities of ADD_MOMENTS
    Moments moments                 # of both


cdef inline void go_through(
    floating zero, Call *call, Block *block, double *log_likelihood
) noexcept nogil:
    """Each block is scored as far as the operation needs it, while it lies in the cache."""
    cdef Py_ssize_t i, first
    for i in range((call.n + ROWS_OF_BLOCK - 1) // ROWS_OF_BLOCK):
        first = i * ROWS_OF_BLOCK
        block.n = min(<Py_ssize_t> ROWS_OF_BLOCK, call.n - first)
        block.tiles = (block.n + WIDEST - 1) // WIDEST
        turn_block(zero, &call.points, first, block, call.d)
        if call.operation == ADD_MOMENTS:
            add_given(zero, &call.points, first, block, &call.given, &call.moments)
            continue
        score_block(zero, call.components, block)
        if call.operation == NEAREST:
            write_largest(zero, block, <Py_ssize_t *> call.out + first, call.count)
            continue
        log_sum_exp(zero, block, call.count)
        if call.operation == PREDICT:
            make_responsibilities(zero, call.components, block)
            write_largest(zero, block, <Py_ssize_t *> call.out + first, call.count)
        elif call.operation == SCORE_SAMPLES:
            write_log_densities(zero, block, <floating *> call.out + first)
        elif call.operation == RESPONSIBILITIES:
            if call.log_density != NULL:
                write_log_densities(zero, block, <floating *> call.log_density + first)
            make_responsibilities(zero, call.components, block)
            write_responsibilities(zero, block, <floating *> call.out + first * call.count, call.count)
        else:
            add_log_likelihood(zero, first, block, call.sample_weight, log_likelihood)
            make_responsibilities(zero, call.components, block)
            add_expectations(zero, &call.points, first, block, call.sample_weight, &call.moments)


cdef double run(Call *call, int typenum) except? -1:
    """The call; of ADD_EXPECTATIONS the log-likelihood.  The GIL is released."""
    cdef double log_likelihood[LANES]
    cdef double total = 0
    cdef bint adds = call.operation == ADD_EXPECTATIONS or call.operation == ADD_MOMENTS
    cdef Py_ssize_t itemsize = sizeof(double) if typenum == cnp.NPY_FLOAT64 else sizeof(float)
    cdef environment caller
    cdef Block block
    call.moments.room = NULL
    if not make_block(&block, call.d, call.count, itemsize) or (
            adds and not make_moments(&call.moments, itemsize)):
        PyMem_RawFree(block.room)
        raise MemoryError
    memset(log_likelihood, 0, sizeof(log_likelihood))
    with nogil:
        caller = enter()
        if typenum == cnp.NPY_FLOAT64:
            go_through(<double> 0, call, &block, log_likelihood)
        else:
            go_through(<float> 0, call, &block, log_likelihood)
        if adds:
            gather(&call.moments)
        total = in_pairs(log_likelihood)
        leave(caller)
    PyMem_RawFree(block.room)
    PyMem_RawFree(call.moments.room)
    return total


# Room

cdef bint make_block(Block *block, Py_ssize_t d, Py_ssize_t count, Py_ssize_t itemsize) noexcept nogil:
    """Room for a block; or False, with a MemoryError."""
    cdef Py_ssize_t row = ROWS_OF_BLOCK * itemsize
    cdef char *place
    block.room = make_room((count + 2) * row + d * (STEP + WIDEST) * itemsize)
    if block.room == NULL:
        return False
    place = <char *> aligned(block.room)
    block.a = place
    block.base = place + count * row
    block.total = place + (count + 1) * row
    block.w = place + (count + 2) * row
    block.x = <char *> block.w + d * WIDEST * itemsize
    return True


cdef bint make_moments(Moments *moments, Py_ssize_t itemsize) noexcept nogil:
    """Room for strands, which are 0, and for rows of long points; or False, with a MemoryError."""
    cdef Py_ssize_t d = moments.d, rows = 0, blocks = 0
    cdef Py_ssize_t strands = moments.count * strands_of(d, moments.diagonal) * LANES
    cdef double *place
    if not moments.diagonal and d > LONGEST_SHORT:
        rows, blocks = ROWS_OF_PIECE * padded_row(d) * itemsize, size_of_blocks(d)
    moments.room = make_room(
        (strands + blocks + padded_row(d)) * sizeof(double) + 2 * rows + (ROWS_OF_BLOCK + 2 * d) * itemsize)
    if moments.room == NULL:
        return False
    place = <double *> aligned(moments.room)
    moments.strands, moments.blocks, moments.long_sums = place, place + strands, place + strands + blocks
    moments.g = moments.long_sums + padded_row(d)
    moments.centred = <char *> moments.g + ROWS_OF_BLOCK * itemsize
    moments.weighted = <char *> moments.centred + rows
    moments.centre = <char *> moments.weighted + rows
    moments.centre_low = <char *> moments.centre + d * itemsize
    memset(moments.strands, 0, strands * sizeof(double))
    memset(moments.centred, 0, 2 * rows)        # what pads the rows is multiplied, and not used
    return True


cdef bint load(
    floating zero, Components *components, const double *heights, const double *weights, const double *means,
    const double *factors
) noexcept nogil:
    """Copies in the type of ``zero``, reciprocals instead of divisors; or False, with a MemoryError."""
    cdef Py_ssize_t count = components.count, d = components.d, i, place
    cdef Py_ssize_t numbers = components.factors * d
    cdef Py_ssize_t triangles = 0 if components.diagonal else numbers * d
    cdef floating *out
    components.room = make_room((2 * count + 2 * count * d + triangles + numbers) * sizeof(floating))
    if components.room == NULL:
        return False
    out = <floating *> aligned(components.room)
    components.scale_tril = out
    for i in range(triangles):
        out[i] = <floating> factors[i]
    out += triangles
    components.reciprocals = out
    for i in range(numbers):
        place = i if components.diagonal else i * d + i % d
        out[i] = <floating> (1 / factors[place] if components.diagonal else -1 / factors[place])
    out += numbers
    components.means, components.means_low = out, out + count * d
    for i in range(count * d):
        split(means[i], &out[i], &out[count * d + i])
    out += 2 * count * d
    components.heights, components.weights = out, out + count
    for i in range(count):
        out[i] = <floating> heights[i]
        out[count + i] = <floating> weights[i]
    return True


# For Python

cdef Points points_of(cnp.ndarray x, int typenum, Py_ssize_t numbers, str name) except *:
    cdef const char *data = rows_of(x, typenum, numbers, name)
    return Points(data, cnp.PyArray_STRIDE(x, 0), cnp.PyArray_STRIDE(x, 1))


cdef Call start(Operation operation, cnp.ndarray x, int typenum, Py_ssize_t count, Py_ssize_t d) except *:
    cdef Call call
    memset(&call, 0, sizeof(call))
    call.operation = operation
    call.points = points_of(x, typenum, d, "x")
    call.n, call.d, call.count = cnp.PyArray_DIM(x, 0), d, count
    return call


cdef int add_to(
    Call *call, cnp.ndarray centres, cnp.ndarray totals, cnp.ndarray sums, cnp.ndarray products,
    bint diagonal
) except -1:
    """Where the moments of a call go."""
    cdef tuple shape = (call.count,) + (call.d,) * (1 if diagonal else 2)
    call.moments.count, call.moments.d, call.moments.diagonal = call.count, call.d, diagonal
    call.moments.centres = <double *> data_of(
        centres, cnp.NPY_FLOAT64, (call.count, call.d), "centres", False)
    call.moments.totals = <double *> data_of(totals, cnp.NPY_FLOAT64, (call.count,), "totals", True)
    call.moments.sums = <double *> data_of(sums, cnp.NPY_FLOAT64, (call.count, call.d), "sums", True)
    call.moments.products = <double *> data_of(products, cnp.NPY_FLOAT64, shape, "products", True)
    return 0


@cython.final
cdef class Mixture:
    """The components of a mixture, ready for data of one dtype; the GIL is released in each call."""

    cdef Components own
    cdef readonly object dtype
    cdef int typenum

    def __cinit__(
        self, cnp.ndarray log_heights not None, cnp.ndarray weights not None, cnp.ndarray means not None,
        cnp.ndarray factors not None, dtype
    ):
        self.dtype = np.dtype(dtype)
        self.typenum = self.dtype.num
        if self.typenum not in (cnp.NPY_FLOAT64, cnp.NPY_FLOAT32) or not self.dtype.isnative:
            raise TypeError(f"a mixture computes in float64 or float32, not {self.dtype}")
        if cnp.PyArray_NDIM(means) != 2 or cnp.PyArray_NDIM(factors) not in (2, 3):
            raise ValueError("means must be of shape (K, d), factors (K, d), (K, d, d) or (1, d, d)")
        cdef Py_ssize_t count = means.shape[0], d = means.shape[1]
        self.own.count, self.own.d = count, d
        self.own.diagonal = cnp.PyArray_NDIM(factors) == 2
        self.own.factors = factors.shape[0]
        if count == 0 or self.own.factors not in (1, count):
            raise ValueError(f"{count} components with {self.own.factors} factors")
        cdef tuple shape = (self.own.factors,) + (d,) * (1 if self.own.diagonal else 2)
        cdef const double *of_heights = <double *> data_of(
            log_heights, cnp.NPY_FLOAT64, (count,), "log_heights", False)
        cdef const double *of_weights = <double *> data_of(
            weights, cnp.NPY_FLOAT64, (count,), "weights", False)
        cdef const double *of_means = <double *> data_of(means, cnp.NPY_FLOAT64, (count, d), "means", False)
        cdef const double *of_factors = <double *> data_of(factors, cnp.NPY_FLOAT64, shape, "factors", False)
        cdef environment caller = enter()
        cdef bint loaded
        if self.typenum == cnp.NPY_FLOAT64:
            loaded = load(<double> 0, &self.own, of_heights, of_weights, of_means, of_factors)
        else:
            loaded = load(<float> 0, &self.own, of_heights, of_weights, of_means, of_factors)
        leave(caller)
        if not loaded:
            raise MemoryError

    def __dealloc__(self):
        PyMem_RawFree(self.own.room)

    @property
    def components(self):
        """How many there are."""
        return self.own.count

    @property
    def dimension(self):
        """The numbers of a point."""
        return self.own.d

    cdef Call start(self, Operation operation, cnp.ndarray x) except *:
        cdef Call call = start(operation, x, self.typenum, self.own.count, self.own.d)
        call.components = &self.own
        return call

    def score_samples(self, cnp.ndarray x not None, cnp.ndarray out not None):
        """Write the log density of each row of x."""
        cdef Call call = self.start(SCORE_SAMPLES, x)
        call.out = data_of(out, self.typenum, (call.n,), "out", True)
        run(&call, self.typenum)

    def responsibilities(
        self, cnp.ndarray x not None, cnp.ndarray out not None, cnp.ndarray log_density=None
    ):
        """Write the responsibility of each component for each row of x; and the log density, if asked for."""
        cdef Call call = self.start(RESPONSIBILITIES, x)
        call.out = data_of(out, self.typenum, (call.n, call.count), "out", True)
        if log_density is not None:
            call.log_density = data_of(log_density, self.typenum, (call.n,), "log_density", True)
        run(&call, self.typenum)

    def predict(self, cnp.ndarray x not None, cnp.ndarray out not None):
        """Write, for each row of x, which responsibility is largest, the first of equals."""
        cdef Call call = self.start(PREDICT, x)
        call.out = data_of(out, cnp.NPY_INTP, (call.n,), "out", True)
        run(&call, self.typenum)

    def nearest(self, cnp.ndarray x not None, cnp.ndarray out not None):
        """Write, for each row of x, which weighted log density is largest, the first of equals.

        Without a look at how responsibilities are rounded: of equal weights and covariances it is the nearest
        mean.
        """
        cdef Call call = self.start(NEAREST, x)
        call.out = data_of(out, cnp.NPY_INTP, (call.n,), "out", True)
        run(&call, self.typenum)

    def add_expectations(
        self, cnp.ndarray x not None, cnp.ndarray sample_weight, cnp.ndarray centres not None,
        cnp.ndarray totals not None, cnp.ndarray sums not None, cnp.ndarray products not None
    ):
        """Add the moments of an E step, and return the log-likelihood."""
        cdef Call call = self.start(ADD_EXPECTATIONS, x)
        add_to(&call, centres, totals, sums, products, self.own.diagonal)
        if sample_weight is not None:
            call.sample_weight = <double *> data_of(
                sample_weight, cnp.NPY_FLOAT64, (call.n,), "sample_weight", False)
        return run(&call, self.typenum)


def add_moments(
    cnp.ndarray x not None, cnp.ndarray responsibilities not None, cnp.ndarray centres not None,
    cnp.ndarray totals not None, cnp.ndarray sums not None, cnp.ndarray products not None
):
    """Add the moments for given responsibilities; products of shape (K, d) are diagonals."""
    cdef int typenum = cnp.PyArray_TYPE(x)
    cdef bint diagonal = cnp.PyArray_NDIM(products) == 2
    if typenum not in (cnp.NPY_FLOAT64, cnp.NPY_FLOAT32):
        raise TypeError(f"x of float64 or float32, not {x.dtype}")
    if cnp.PyArray_NDIM(centres) != 2:
        raise ValueError(f"centres must be of shape (K, d), not {(<object> centres).shape}")
    cdef Call call = start(ADD_MOMENTS, x, typenum, centres.shape[0], centres.shape[1])
    call.given = points_of(responsibilities, typenum, call.count, "responsibilities")
    if responsibilities.shape[0] != call.n:
        raise ValueError(f"responsibilities of {responsibilities.shape[0]} rows for {call.n} points")
    add_to(&call, centres, totals, sums, products, diagonal)
    run(&call, typenum)
