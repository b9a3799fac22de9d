"""The mathematics of Gaussian mixtures, over blocks of points that stay in the cache.

    a[k] = ln weight[k] + ln N(x; mean[k], L[k] L[k]^T) = log_height[k] - q[k] / 2
    ln p(x) = ln sum over k of exp(a[k])                                            (log-sum-exp)
    responsibility[k] = exp(a[k]) / sum over j of exp(a[j])                         (Bayes)

A block of points is turned: x[i][row] is number i of all its points, so that a vector holds one number of
many points.  Every mean is subtracted on its own: it is one component that a point lies near, and whatever
else were subtracted first would cost the digits that tell how near.  All a[k][row] of a block exist at a
time, and nothing that is larger.
"""

from libc.math cimport INFINITY, frexp, ldexp

from fastdist._kernels.mathematics cimport (
    exponential, floating, fused_multiply_add, if_less, logarithm, magnitude)
from fastdist._kernels.multivariate_density cimport (
    LONG, WIDEST, substitute, substitute_in_blocks, sum_squares)
from fastdist._kernels.stream cimport CACHE_LINE, prefetch

cdef extern from *:
    """
    /* Points of less than LONG numbers of float64: as many sums at a time as there are registers to hide what
       each waits for. */
    #ifdef __AVX512F__
    #define FASTDIST_TILE 64
    #else
    #define FASTDIST_TILE 32
    #endif
    """
    enum:
        TILE "FASTDIST_TILE"

cdef enum:
    ROWS_OF_BLOCK = 256
    STEP = ROWS_OF_BLOCK + 16       # from x[i] to x[i + 1]: a power of 2 would use few sets of the cache
    LONGEST_SHORT = 15              # numbers of a point, all of whose moments are summed in strands
    LONGEST_IN_REGISTERS = 2        # numbers of a point that is scored without a tile
    ROOM_IN_REGISTERS = 4           # of arrays of 2 GCC makes vectors, instead of the loop over points

cdef struct Points:
    # Where the numbers of x lie: bytes from point to point, and from number to number.
    const char *x
    Py_ssize_t point
    Py_ssize_t number

cdef struct Components:
    Py_ssize_t count
    Py_ssize_t d
    bint diagonal           # whether factors are deviations, of which only the reciprocals are kept
    Py_ssize_t factors      # how many there are: one, if all share it
    void *heights           # log_height, weight: of the type that is computed in, as all that follows
    void *weights
    void *means             # and what float32 loses of them
    void *means_low
    void *scale_tril        # row after row
    void *reciprocals       # -1 / L[i][i], or 1 / deviation[i]
    void *room              # where all of these lie

cdef struct Block:
    Py_ssize_t n            # points; rows beyond are 0, up to a whole tile of WIDEST
    Py_ssize_t tiles
    void *x                 # x[i][row]
    void *a                 # a[k][row], and then what is made of it
    void *base              # max over k of a[k], and the sum of exp(a[k] - base)
    void *total
    void *w                 # a tile of points, less a mean and whitened
    void *room


# Points, turned

cdef inline void turn_block(
    floating zero, const Points *points, Py_ssize_t first, const Block *block, Py_ssize_t d
) noexcept nogil:
    """x[i][row] of block.n points from ``first`` on."""
    cdef floating *x = <floating *> block.x
    cdef const char *source
    cdef Py_ssize_t group, i, j, rows
    for group in range(block.tiles * WIDEST // 8):
        # 8 points at a time: of float64, a line of the cache is written as a whole
        source = points.x + (first + 8 * group) * points.point
        if points.number == <Py_ssize_t> sizeof(floating) and d * points.number >= CACHE_LINE:
            for j in range(8):          # rows of the next block come from memory meanwhile
                for i in range((d * points.number + CACHE_LINE - 1) // CACHE_LINE):
                    prefetch(source + (ROWS_OF_BLOCK + j) * points.point + i * CACHE_LINE, 0, 2)
        rows = min(<Py_ssize_t> 8, block.n - 8 * group)
        if rows == 8:
            for i in range(d):
                for j in range(8):
                    x[i * STEP + 8 * group + j] = (
                        <const floating *> (source + j * points.point + i * points.number))[0]
        else:
            for i in range(d):
                for j in range(8):
                    x[i * STEP + 8 * group + j] = 0
                for j in range(rows):
                    x[i * STEP + 8 * group + j] = (
                        <const floating *> (source + j * points.point + i * points.number))[0]


# The squared distance of all points from one mean, and a

cdef inline floating centred(floating x, floating mean, floating mean_low) noexcept nogil:
    """x - mean; a mean that float32 does not hold is a sum of two.

    Near the mean the first difference is exact (P. H. Sterbenz, Floating-Point Computation, 1974, 4.3).
    """
    if floating is double:
        return x - mean
    else:
        return (x - mean) - mean_low


cdef inline void split(double mean, floating *high, floating *low) noexcept nogil:
    """mean = high + low, as far as the type can tell."""
    high[0] = <floating> mean
    low[0] = <floating> (mean - <double> high[0])


cdef inline floating weighted_log_density(floating q, floating height) noexcept nogil:
    """log_height - q / 2; a distance that overflows, or becomes inf - inf on the way, is infinite."""
    q = if_less(q, <floating> INFINITY, q, <floating> INFINITY)
    return fused_multiply_add(<floating> -0.5, q, height)


cdef inline void score_short(
    const floating *x, Py_ssize_t tiles, const floating *mean, const floating *mean_low,
    const floating *scale_tril, const floating *reciprocals, floating height, floating *a, Py_ssize_t d
) noexcept nogil:
    """Points of ``d`` numbers, a literal: a loop over points alone, of which vectors are made.

    w[i] = (x[i] - mean[i] + sum over j < i of L[i][j] w[j]) (-1 / L[i][i]),    q = sum over i of w[i]^2
    """
    cdef floating w[ROOM_IN_REGISTERS]
    cdef floating centre[ROOM_IN_REGISTERS]
    cdef floating centre_low[ROOM_IN_REGISTERS]
    cdef floating factor[LONGEST_IN_REGISTERS * ROOM_IN_REGISTERS]
    cdef floating reciprocal[ROOM_IN_REGISTERS]
    cdef floating q, total
    cdef Py_ssize_t row, i, j
    for i in range(d):
        centre[i], centre_low[i], reciprocal[i] = mean[i], mean_low[i], reciprocals[i]
        for j in range(d):
            factor[i * d + j] = scale_tril[i * d + j]
    for row in range(WIDEST * tiles):
        q = 0
        for i in range(d):
            total = centred(x[i * STEP + row], centre[i], centre_low[i])
            for j in range(i):
                total = fused_multiply_add(factor[i * d + j], w[j], total)
            w[i] = total * reciprocal[i]
            q = fused_multiply_add(w[i], w[i], q)
        a[row] = weighted_log_density(q, height)


cdef inline void score_tile(
    const floating *x, const floating *mean, const floating *mean_low, const floating *scale_tril,
    const floating *reciprocals, floating height, floating *w, floating *a, Py_ssize_t d, Py_ssize_t lanes
) noexcept nogil:
    """A tile of ``lanes`` points, a literal: the same, by the substitution of multivariate_density.pxd."""
    cdef Py_ssize_t i, lane
    for i in range(d):
        for lane in range(lanes):
            w[i * lanes + lane] = centred(x[i * STEP + lane], mean[i], mean_low[i])
    if d < LONG:
        substitute(w, scale_tril, reciprocals, d, 0, d, lanes)
    else:
        substitute_in_blocks(w, scale_tril, reciprocals, d, lanes)
    sum_squares(w, a, d, lanes)
    for lane in range(lanes):
        a[lane] = weighted_log_density(a[lane], height)


cdef inline void score_diagonal(
    const floating *x, Py_ssize_t tiles, const floating *mean, const floating *mean_low,
    const floating *reciprocals, floating height, floating *a, Py_ssize_t d
) noexcept nogil:
    """q = sum over i of w[i]^2,  w[i] = (x[i] - mean[i]) / deviation[i], tile after tile."""
    cdef floating q[WIDEST]
    cdef floating w
    cdef Py_ssize_t i, lane
    for _ in range(tiles):
        for lane in range(WIDEST):
            q[lane] = 0
        for i in range(d):
            for lane in range(WIDEST):
                w = centred(x[i * STEP + lane], mean[i], mean_low[i]) * reciprocals[i]
                q[lane] = fused_multiply_add(w, w, q[lane])
        for lane in range(WIDEST):
            a[lane] = weighted_log_density(q[lane], height)
        x += WIDEST
        a += WIDEST


# ln sum exp

cdef inline floating larger(floating a, floating b) noexcept nogil:
    return if_less(a, b, b, a)


cdef inline void log_sum_exp(floating zero, const Block *block, Py_ssize_t components) noexcept nogil:
    """ln sum over k of exp(a[k]) = base + ln total; and a[k] becomes exp(a[k] - base).

    The largest term is exp(0): nothing overflows, and at most small terms underflow.  Where all a[k] are
    -inf, the base is 0 instead, since -inf - -inf is NaN; the total is 0 then, and the sum -inf, as it is.
    """
    cdef floating *base = <floating *> block.base
    cdef floating *total = <floating *> block.total
    cdef floating *a = <floating *> block.a
    cdef Py_ssize_t rows = block.tiles * WIDEST, k, row
    for row in range(rows):
        base[row] = a[row]
        total[row] = 0
    for k in range(1, components):
        for row in range(rows):
            base[row] = larger(base[row], a[k * ROWS_OF_BLOCK + row])
    for row in range(rows):
        base[row] = if_less(-<floating> INFINITY, base[row], base[row], <floating> 0)
    for k in range(components):
        for row in range(rows):
            a[k * ROWS_OF_BLOCK + row] = exponential(a[k * ROWS_OF_BLOCK + row] - base[row])
            total[row] += a[k * ROWS_OF_BLOCK + row]


cdef inline void log_densities(floating zero, const Block *block, floating *out) noexcept nogil:
    """ln p of each point; ``out`` has room for whole tiles."""
    cdef const floating *base = <const floating *> block.base
    cdef const floating *total = <const floating *> block.total
    cdef Py_ssize_t row
    for row in range(block.tiles * WIDEST):
        out[row] = base[row] + logarithm(total[row])


cdef inline floating scaled_distance(
    floating zero, const Components *components, const Block *block, Py_ssize_t row, Py_ssize_t k,
    floating unit,
) noexcept nogil:
    """q of a point and component k, all multiplied by ``unit``, a power of two; inf if it overflows still."""
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
        total = x[i * STEP] * unit - mean[i] * unit - mean_low[i] * unit
        for j in range(0 if components.diagonal else i):
            total = fused_multiply_add(scale_tril[i * d + j], w[j], total)
        w[i] = total * reciprocals[i]
        q = fused_multiply_add(w[i], w[i], q)
    return if_less(q, <floating> INFINITY, q, <floating> INFINITY)


cdef inline void give_to_heaviest_tail(
    floating zero, const Components *components, const Block *block, Py_ssize_t row
) noexcept nogil:
    """Responsibilities of a point so far away that the logarithms of all densities overflow.

    There a[k] = -q[k] / 2, but for what is nothing beside it: of the components that have a weight the one of
    the least q takes all, and several of these share by their weights.  Distances are measured in a unit in
    which no number is more than 1.  If they do still, the point tells nothing, and the weights remain.
    """
    cdef floating *a = <floating *> block.a + row
    cdef const floating *x = <const floating *> block.x + row
    cdef const floating *means = <const floating *> components.means
    cdef const floating *weights = <const floating *> components.weights
    cdef Py_ssize_t count = components.count, k, i
    cdef floating size = 0, least = <floating> INFINITY, total = 0, unit
    cdef int exponent = 0
    for i in range(components.d):
        size = larger(size, magnitude(x[i * STEP]))
    for i in range(count * components.d):
        size = larger(size, magnitude(means[i]))
    frexp(size, &exponent)
    unit = <floating> ldexp(1, -exponent)
    for k in range(count):
        a[k * ROWS_OF_BLOCK] = <floating> INFINITY
        if weights[k] > 0:
            a[k * ROWS_OF_BLOCK] = scaled_distance(zero, components, block, row, k, unit)
        least = if_less(a[k * ROWS_OF_BLOCK], least, a[k * ROWS_OF_BLOCK], least)
    for k in range(count):
        a[k * ROWS_OF_BLOCK] = weights[k] if a[k * ROWS_OF_BLOCK] == least else <floating> 0
        total += a[k * ROWS_OF_BLOCK]
    for k in range(count):
        a[k * ROWS_OF_BLOCK] = a[k * ROWS_OF_BLOCK] / total if total > 0 else weights[k]


cdef inline void make_responsibilities(
    floating zero, const Components *components, const Block *block
) noexcept nogil:
    """What log_sum_exp has left of a[k] becomes the responsibility: exp(a[k] - base) / total."""
    cdef floating *a = <floating *> block.a
    cdef floating *reciprocal = <floating *> block.total        # in its place: it is not needed any more
    cdef Py_ssize_t rows = block.tiles * WIDEST, k, row
    cdef bint lost = False
    for row in range(rows):
        lost |= reciprocal[row] == 0
        reciprocal[row] = <floating> 1 / reciprocal[row]
    for k in range(components.count):
        for row in range(rows):
            a[k * ROWS_OF_BLOCK + row] *= reciprocal[row]
    if lost:
        for row in range(block.n):
            if reciprocal[row] == <floating> INFINITY:
                give_to_heaviest_tail(zero, components, block, row)
