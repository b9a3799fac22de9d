"""Densities and responsibilities of a Gaussian mixture, for blocks of points that stay in the cache.

    a[k] = ln weight[k] + ln N(x; mean[k], L[k] L[k]^T) = log_height[k] - q[k] / 2
    ln p(x) = ln sum over k of exp(a[k])                                            (log-sum-exp)
    responsibility[k] = exp(a[k]) / sum over j of exp(a[j])                         (Bayes)

A block of points is transposed: x[i][row] is coordinate i of all its points, so that a vector holds one
coordinate of many points.  Each component's mean is subtracted directly.  Subtracting any other centre first
would cancel the digits that say how close the point is.  All a[k][row] of a block exist at a time, and
nothing larger does.

Factors are *triangular*, matrices L[k] (or one that all components share), or *diagonal*, vectors of standard
deviations.
"""

from cpython.mem cimport PyMem_RawFree
from libc.math cimport INFINITY, frexp, ldexp

from fastdist._kernels.mathematics cimport (
    exponential, floating, fused_multiply_add, if_less, logarithm, magnitude)
from fastdist._kernels.multivariate_density cimport (
    LONG_DIMENSION, MOST_LANES, substitute, substitute_in_blocks, sum_squares)
from fastdist._kernels.room cimport aligned, make_room
from fastdist._kernels.stream cimport CACHE_LINE, prefetch

cdef extern from *:
    """
    /* float64 points of fewer than LONG_DIMENSION coordinates: enough sums at a time to hide the latency of
       each, and no more than there are registers. */
    #ifdef __AVX512F__
    #define FASTDIST_FLOAT64_LANES 64
    #else
    #define FASTDIST_FLOAT64_LANES 32
    #endif
    """
    enum:
        FLOAT64_LANES "FASTDIST_FLOAT64_LANES"

cdef enum:
    BLOCK_ROWS = 256
    COORDINATE_STEP = BLOCK_ROWS + 16   # from x[i] to x[i + 1]: a power of 2 would use few sets of the cache
    REGISTER_DIMENSION = 2              # up to this dimension, points are scored without a tile
    REGISTER_ARRAY = 4                  # arrays of 2 would make GCC vectorise over them, not over points
    TRANSPOSED_ROWS = 8                 # float64 values in a line of the cache

cdef struct Points:
    # Where the coordinates of points are: bytes from point to point, and from coordinate to coordinate.
    const char *x
    Py_ssize_t point_bytes
    Py_ssize_t coordinate_bytes

cdef struct DensityComponents:
    Py_ssize_t count
    Py_ssize_t d
    bint diagonal
    Py_ssize_t factors      # how many there are: one, if all components share it
    void *log_heights       # ln weight + log density at the mean: of the type of x, as all that follows
    void *weights
    void *means             # and what rounding them to float32 loses
    void *means_low
    void *scale_tril        # row after row; none of a diagonal factor
    void *reciprocals       # -1 / L[i][i], or 1 / deviation[i]
    void *room              # which holds all of these

cdef struct Block:
    Py_ssize_t n            # points; rows beyond are 0, up to a whole tile of MOST_LANES
    Py_ssize_t tiles
    void *x                 # x[i][row]
    void *a                 # a[k][row]; then exp(a[k][row] - base[row]); then responsibilities
    void *base              # max over k of a[k]
    void *total             # sum over k of exp(a[k] - base)
    void *w                 # a tile of points, whitened
    void *room


# The components, in the type of x

cdef inline void split(double mean, floating *high, floating *low) noexcept nogil:
    """mean = high + low, as far as the type can tell."""
    high[0] = <floating> mean
    low[0] = <floating> (mean - <double> high[0])


cdef inline bint prepare(
    floating zero, DensityComponents *components, const double *log_heights, const double *weights,
    const double *means, const double *factors
) noexcept nogil:
    """Copies in the type of ``zero``, reciprocals instead of divisors; or False, with a MemoryError."""
    cdef Py_ssize_t count = components.count, d = components.d, i, diagonal_entry
    cdef Py_ssize_t reciprocals = components.factors * d
    cdef Py_ssize_t triangles = 0 if components.diagonal else reciprocals * d
    cdef floating *out
    components.room = make_room((2 * count + 2 * count * d + triangles + reciprocals) * sizeof(floating))
    if components.room == NULL:
        return False
    out = <floating *> aligned(components.room)
    components.scale_tril = out
    for i in range(triangles):
        out[i] = <floating> factors[i]
    out += triangles
    components.reciprocals = out
    for i in range(reciprocals):
        diagonal_entry = i if components.diagonal else i * d + i % d
        out[i] = <floating> ((1 if components.diagonal else -1) / factors[diagonal_entry])
    out += reciprocals
    components.means, components.means_low = out, out + count * d
    for i in range(count * d):
        split(means[i], &out[i], &out[count * d + i])
    out += 2 * count * d
    components.log_heights, components.weights = out, out + count
    for i in range(count):
        out[i] = <floating> log_heights[i]
        out[count + i] = <floating> weights[i]
    return True


# A block of points, transposed

cdef inline bint allocate_block(
    Block *block, Py_ssize_t d, Py_ssize_t count, Py_ssize_t itemsize
) noexcept nogil:
    """Workspace for a block; or False, with a MemoryError."""
    cdef Py_ssize_t row_bytes = BLOCK_ROWS * itemsize
    cdef char *start
    block.room = make_room((count + 2) * row_bytes + d * (COORDINATE_STEP + MOST_LANES) * itemsize)
    if block.room == NULL:
        return False
    start = <char *> aligned(block.room)
    block.a = start
    block.base = start + count * row_bytes
    block.total = start + (count + 1) * row_bytes
    block.w = start + (count + 2) * row_bytes
    block.x = <char *> block.w + d * MOST_LANES * itemsize
    return True


cdef inline void transpose_block(
    floating zero, const Points *points, Py_ssize_t first, const Block *block, Py_ssize_t d
) noexcept nogil:
    """x[i][row] of block.n points from ``first`` on.

    TRANSPOSED_ROWS points at a time: a line of the cache of float64 values is written as a whole.
    """
    cdef floating *x = <floating *> block.x
    cdef const char *source
    cdef Py_ssize_t group, i, j, rows
    for group in range(block.tiles * MOST_LANES // TRANSPOSED_ROWS):
        source = points.x + (first + TRANSPOSED_ROWS * group) * points.point_bytes
        if points.coordinate_bytes == <Py_ssize_t> sizeof(floating) and (
                d * points.coordinate_bytes >= CACHE_LINE):
            for j in range(TRANSPOSED_ROWS):        # rows of the next block come from memory meanwhile
                for i in range((d * points.coordinate_bytes + CACHE_LINE - 1) // CACHE_LINE):
                    prefetch(source + (BLOCK_ROWS + j) * points.point_bytes + i * CACHE_LINE, 0, 2)
        rows = min(<Py_ssize_t> TRANSPOSED_ROWS, block.n - TRANSPOSED_ROWS * group)
        if rows == TRANSPOSED_ROWS:
            for i in range(d):
                for j in range(TRANSPOSED_ROWS):
                    x[i * COORDINATE_STEP + TRANSPOSED_ROWS * group + j] = (
                        <const floating *> (
                            source + j * points.point_bytes + i * points.coordinate_bytes))[0]
        else:
            for i in range(d):
                for j in range(TRANSPOSED_ROWS):
                    x[i * COORDINATE_STEP + TRANSPOSED_ROWS * group + j] = 0
                for j in range(rows):
                    x[i * COORDINATE_STEP + TRANSPOSED_ROWS * group + j] = (
                        <const floating *> (
                            source + j * points.point_bytes + i * points.coordinate_bytes))[0]


# The weighted log densities a[k] of all points of a block

cdef inline floating centred(floating x, floating mean, floating mean_low) noexcept nogil:
    """x - mean; a mean that float32 cannot represent is a sum of two parts.

    Near the mean the first difference is exact (P. H. Sterbenz, Floating-Point Computation, 1974, 4.3).
    """
    if floating is double:
        return x - mean
    else:
        return (x - mean) - mean_low


cdef inline floating weighted_log_density(floating q, floating log_height) noexcept nogil:
    """log_height - q / 2; a distance that overflows, or becomes inf - inf on the way, is infinite."""
    q = if_less(q, <floating> INFINITY, q, <floating> INFINITY)
    return fused_multiply_add(<floating> -0.5, q, log_height)


cdef inline void score_in_registers(
    const floating *x, Py_ssize_t tiles, const floating *mean, const floating *mean_low,
    const floating *scale_tril, const floating *reciprocals, floating log_height, floating *a, Py_ssize_t d
) noexcept nogil:
    """a of points of small dimension ``d``, a compile-time constant.  The loop over points vectorises.

    w[i] = (x[i] - mean[i] + sum over j < i of L[i][j] w[j]) (-1 / L[i][i]),    q = sum over i of w[i]^2
    """
    cdef floating w[REGISTER_ARRAY]
    cdef floating centre[REGISTER_ARRAY]
    cdef floating centre_low[REGISTER_ARRAY]
    cdef floating factor[REGISTER_DIMENSION * REGISTER_ARRAY]
    cdef floating reciprocal[REGISTER_ARRAY]
    cdef floating q, total
    cdef Py_ssize_t row, i, j
    for i in range(d):
        centre[i], centre_low[i], reciprocal[i] = mean[i], mean_low[i], reciprocals[i]
        for j in range(d):
            factor[i * d + j] = scale_tril[i * d + j]
    for row in range(MOST_LANES * tiles):
        q = 0
        for i in range(d):
            total = centred(x[i * COORDINATE_STEP + row], centre[i], centre_low[i])
            for j in range(i):
                total = fused_multiply_add(factor[i * d + j], w[j], total)
            w[i] = total * reciprocal[i]
            q = fused_multiply_add(w[i], w[i], q)
        a[row] = weighted_log_density(q, log_height)


cdef inline void score_tile(
    const floating *x, const floating *mean, const floating *mean_low, const floating *scale_tril,
    const floating *reciprocals, floating log_height, floating *w, floating *a, Py_ssize_t d, Py_ssize_t lanes
) noexcept nogil:
    """The same for a tile of ``lanes`` points, a compile-time constant, by multivariate_density.pxd."""
    cdef Py_ssize_t i, lane
    for i in range(d):
        for lane in range(lanes):
            w[i * lanes + lane] = centred(x[i * COORDINATE_STEP + lane], mean[i], mean_low[i])
    if d < LONG_DIMENSION:
        substitute(w, scale_tril, reciprocals, d, 0, d, lanes)
    else:
        substitute_in_blocks(w, scale_tril, reciprocals, d, lanes)
    sum_squares(w, a, d, lanes)
    for lane in range(lanes):
        a[lane] = weighted_log_density(a[lane], log_height)


cdef inline void score_diagonal(
    const floating *x, Py_ssize_t tiles, const floating *mean, const floating *mean_low,
    const floating *reciprocals, floating log_height, floating *a, Py_ssize_t d
) noexcept nogil:
    """q = sum over i of w[i]^2,  w[i] = (x[i] - mean[i]) / deviation[i], tile after tile."""
    cdef floating q[MOST_LANES]
    cdef floating w
    cdef Py_ssize_t i, lane
    for _ in range(tiles):
        for lane in range(MOST_LANES):
            q[lane] = 0
        for i in range(d):
            for lane in range(MOST_LANES):
                w = centred(x[i * COORDINATE_STEP + lane], mean[i], mean_low[i]) * reciprocals[i]
                q[lane] = fused_multiply_add(w, w, q[lane])
        for lane in range(MOST_LANES):
            a[lane] = weighted_log_density(q[lane], log_height)
        x += MOST_LANES
        a += MOST_LANES


# ln sum exp

cdef inline floating larger(floating a, floating b) noexcept nogil:
    return if_less(a, b, b, a)


cdef inline void log_sum_exp(floating zero, const Block *block, Py_ssize_t components) noexcept nogil:
    """ln sum over k of exp(a[k]) = base + ln total; and a[k] becomes exp(a[k] - base).

    The largest term is exp(0): nothing overflows, and only small terms underflow.  Where all a[k] are -inf,
    the base is 0, since -inf - -inf is NaN: then the total is 0 and the logarithm -inf, as they should be.
    """
    cdef floating *base = <floating *> block.base
    cdef floating *total = <floating *> block.total
    cdef floating *a = <floating *> block.a
    cdef Py_ssize_t rows = block.tiles * MOST_LANES, k, row
    for row in range(rows):
        base[row] = a[row]
        total[row] = 0
    for k in range(1, components):
        for row in range(rows):
            base[row] = larger(base[row], a[k * BLOCK_ROWS + row])
    for row in range(rows):
        base[row] = if_less(-<floating> INFINITY, base[row], base[row], <floating> 0)
    for k in range(components):
        for row in range(rows):
            a[k * BLOCK_ROWS + row] = exponential(a[k * BLOCK_ROWS + row] - base[row])
            total[row] += a[k * BLOCK_ROWS + row]


cdef inline void log_densities(floating zero, const Block *block, floating *out) noexcept nogil:
    """ln p = base + ln total of each point; ``out`` holds whole tiles."""
    cdef const floating *base = <const floating *> block.base
    cdef const floating *total = <const floating *> block.total
    cdef Py_ssize_t row
    for row in range(block.tiles * MOST_LANES):
        out[row] = base[row] + logarithm(total[row])


# Responsibilities

cdef inline floating scaled_distance(
    floating zero, const DensityComponents *components, const Block *block, Py_ssize_t row, Py_ssize_t k,
    floating unit,
) noexcept nogil:
    """q of a point and component k, with x and mean multiplied by ``unit``, a power of two.

    It is inf if it overflows nevertheless.
    """
    cdef Py_ssize_t d = components.d, i, j
    cdef Py_ssize_t factor = 0 if components.factors == 1 else k
    cdef const floating *x = <const floating *> block.x + row
    cdef const floating *mean = <const floating *> components.means + k * d
    cdef const floating *mean_low = <const floating *> components.means_low + k * d
    cdef const floating *scale_tril = <const floating *> components.scale_tril + factor * d * d
    cdef const floating *reciprocals = <const floating *> components.reciprocals + factor * d
    cdef floating *w = <floating *> block.w
    cdef floating total, q = 0
    for i in range(d):
        total = x[i * COORDINATE_STEP] * unit - mean[i] * unit - mean_low[i] * unit
        for j in range(0 if components.diagonal else i):
            total = fused_multiply_add(scale_tril[i * d + j], w[j], total)
        w[i] = total * reciprocals[i]
        q = fused_multiply_add(w[i], w[i], q)
    return if_less(q, <floating> INFINITY, q, <floating> INFINITY)


cdef inline void give_to_heaviest_tail(
    floating zero, const DensityComponents *components, const Block *block, Py_ssize_t row
) noexcept nogil:
    """Responsibilities of a point so far away that all its densities underflow, logarithms included.

    There a[k] = -q[k] / 2, since log_height[k] is nothing beside it.  Of the components whose weight is
    positive, the one with the least q takes all; several that have it share by their weights.  Distances are
    measured in a unit in which no coordinate exceeds 1.  If they overflow nevertheless, the point says
    nothing, and the responsibilities are the weights.
    """
    cdef floating *a = <floating *> block.a + row
    cdef const floating *x = <const floating *> block.x + row
    cdef const floating *means = <const floating *> components.means
    cdef const floating *weights = <const floating *> components.weights
    cdef Py_ssize_t count = components.count, k, i
    cdef floating size = 0, least = <floating> INFINITY, total = 0, unit
    cdef int exponent = 0
    for i in range(components.d):
        size = larger(size, magnitude(x[i * COORDINATE_STEP]))
    for i in range(count * components.d):
        size = larger(size, magnitude(means[i]))
    frexp(size, &exponent)
    unit = <floating> ldexp(1, -exponent)
    for k in range(count):
        a[k * BLOCK_ROWS] = <floating> INFINITY
        if weights[k] > 0:
            a[k * BLOCK_ROWS] = scaled_distance(zero, components, block, row, k, unit)
        least = if_less(a[k * BLOCK_ROWS], least, a[k * BLOCK_ROWS], least)
    for k in range(count):
        a[k * BLOCK_ROWS] = weights[k] if a[k * BLOCK_ROWS] == least else <floating> 0
        total += a[k * BLOCK_ROWS]
    for k in range(count):
        a[k * BLOCK_ROWS] = a[k * BLOCK_ROWS] / total if total > 0 else weights[k]


cdef inline void normalise(
    floating zero, const DensityComponents *components, const Block *block
) noexcept nogil:
    """After log_sum_exp: a[k] becomes the responsibility exp(a[k] - base) / total."""
    cdef floating *a = <floating *> block.a
    cdef floating *reciprocal = <floating *> block.total        # the total is not needed any more
    cdef Py_ssize_t rows = block.tiles * MOST_LANES, k, row
    cdef bint underflow = False
    for row in range(rows):
        underflow |= reciprocal[row] == 0
        reciprocal[row] = <floating> 1 / reciprocal[row]
    for k in range(components.count):
        for row in range(rows):
            a[k * BLOCK_ROWS + row] *= reciprocal[row]
    if underflow:
        for row in range(block.n):
            if reciprocal[row] == <floating> INFINITY:
                give_to_heaviest_tail(zero, components, block, row)


# Results of a block, point after point, without the rows that fill its last tile

cdef inline void write_log_densities(floating zero, const Block *block, floating *out) noexcept nogil:
    cdef floating values[BLOCK_ROWS]
    cdef Py_ssize_t row
    log_densities(zero, block, values)
    for row in range(block.n):
        out[row] = values[row]


cdef inline void write_transposed(
    const floating *a, Py_ssize_t n, floating *out, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t row, k
    for row in range(n):
        for k in range(count):
            out[row * count + k] = a[k * BLOCK_ROWS + row]


cdef inline void write_responsibilities(
    floating zero, const Block *block, floating *out, Py_ssize_t count
) noexcept nogil:
    """For common ``count`` it is a compile-time constant, and the loop vectorises."""
    cdef const floating *a = <const floating *> block.a
    if count == 2:
        write_transposed(a, block.n, out, 2)
    elif count == 3:
        write_transposed(a, block.n, out, 3)
    elif count == 4:
        write_transposed(a, block.n, out, 4)
    elif count == 8:
        write_transposed(a, block.n, out, 8)
    else:
        write_transposed(a, block.n, out, count)


cdef inline void write_largest(
    floating zero, const Block *block, Py_ssize_t *out, Py_ssize_t count
) noexcept nogil:
    """The first k whose a[k] is largest."""
    cdef const floating *a = <const floating *> block.a
    cdef floating *largest = <floating *> block.base
    cdef Py_ssize_t row, k
    for row in range(block.n):
        largest[row] = a[row]
        out[row] = 0
    for k in range(1, count):
        for row in range(block.n):
            out[row] = k if largest[row] < a[k * BLOCK_ROWS + row] else out[row]
            largest[row] = larger(largest[row], a[k * BLOCK_ROWS + row])
