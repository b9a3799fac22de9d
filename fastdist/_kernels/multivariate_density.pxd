"""The density of multivariate normals, by forward substitution.

    y = L^-1 (x - mean),    squared_mahalanobis = y^T y = (x - mean)^T (L L^T)^-1 (x - mean)
    logpdf = log_peak - y^T y / 2,      log_peak = -sum over i of (ln L[i][i] + ln(2 pi) / 2)

with the lower triangular factor L of the covariance (cholesky.pyx): neither its inverse nor its determinant
is formed.  The mean is subtracted first, while that costs the least accuracy.  Error bounds:
fastdist/accuracy.py.

Points are turned, a tile at a time, so that a vector holds one number of many points: w[k][lane].  Then all
lanes do the same.  Kept is  w = -y,  which makes a substitution of sums of products:

    w[i] = (x[i] - mean[i] + sum over k < i of L[i][k] w[k]) (-1 / L[i][i]),      k = 0, 1, ..., i - 1

Of long points, blocks of L and w are multiplied in registers (panel.pxd).  Neither blocks nor tiles nor
threads can be seen in a result.
"""

from fastdist._kernels.mathematics cimport floating, fused_multiply_add
from fastdist._kernels.panel cimport LANES, ROWS, accumulate
from fastdist._kernels.stream cimport prefetch

cdef enum:
    LONG = 24               # numbers of a point, from which on blocks of L are multiplied in registers
    WIDE = 32               # lanes of a tile of shorter points
    WIDEST = 64             # lanes of any tile
    CHUNK = 8               # numbers of long points that are turned at a time: a line of the cache

cdef struct Points:
    # Where the numbers of x and mean lie: bytes from point to point, and from number to number.
    const char *x
    Py_ssize_t point
    Py_ssize_t number
    const char *mean
    Py_ssize_t mean_point
    Py_ssize_t mean_number

cdef struct Factor:
    Py_ssize_t d
    double *scale_tril      # row after row
    double *reciprocals     # -1 / L[i][i]
    double *w               # room for a tile of points
    void *room              # where all of these lie


# Points, less their means, turned

cdef inline double number_of(
    floating zero, const Points *points, Py_ssize_t point, Py_ssize_t k
) noexcept nogil:
    """A number of x, as float64; ``zero`` tells what it is."""
    return <double> (<const floating *> (points.x + point * points.point + k * points.number))[0]


cdef inline double mean_of(const Points *points, Py_ssize_t point, Py_ssize_t k) noexcept nogil:
    return (<const double *> (points.mean + point * points.mean_point + k * points.mean_number))[0]


cdef inline void turn(
    floating zero, const Points *points, Py_ssize_t first, double *w, Py_ssize_t d, Py_ssize_t lanes
) noexcept nogil:
    """w[k][lane] = x[k] - mean[k] of the points from ``first`` on; ``lanes`` is a literal."""
    cdef double mean
    cdef Py_ssize_t k, lane
    for k in range(d):
        if lanes > 1 and d >= 2 * CHUNK and k % CHUNK == 0:
            for lane in range(lanes):       # the lines of the next tile
                prefetch(points.x + (first + lane + lanes) * points.point + k * points.number, 0, 3)
        if points.mean_point == 0:
            mean = mean_of(points, 0, k)
            for lane in range(lanes):
                w[k * lanes + lane] = number_of(zero, points, first + lane, k) - mean
        else:
            for lane in range(lanes):
                w[k * lanes + lane] = (
                    number_of(zero, points, first + lane, k) - mean_of(points, first + lane, k))


cdef inline void turn_chunk(
    floating zero, const Points *points, Py_ssize_t first, Py_ssize_t n, Py_ssize_t k, double *w
) noexcept nogil:
    """The same for CHUNK numbers, from the k-th on, of up to LANES points.  Idle lanes are 0.

    Lines of the cache are read as a whole, and those of the next tile are asked for.
    """
    cdef double centred[LANES * CHUNK]
    cdef Py_ssize_t lane, j
    for lane in range(n):
        prefetch(points.x + (first + lane + LANES) * points.point + k * points.number, 0, 3)
        for j in range(CHUNK):
            centred[lane * CHUNK + j] = (
                number_of(zero, points, first + lane, k + j) - mean_of(points, first + lane, k + j))
    for j in range(n * CHUNK, LANES * CHUNK):
        centred[j] = 0
    for lane in range(LANES):
        for j in range(CHUNK):
            w[(k + j) * LANES + lane] = centred[lane * CHUNK + j]


cdef inline void turn_long(
    floating zero, const Points *points, Py_ssize_t first, Py_ssize_t n, double *w, Py_ssize_t d
) noexcept nogil:
    """In chunks, the last of which begins early enough to be a whole one."""
    cdef Points contiguous = points[0]
    cdef Py_ssize_t chunk
    # Literals, of which vectors can be made
    if points.number == <Py_ssize_t> sizeof(floating) and points.mean_point == 0 and (
            points.mean_number == <Py_ssize_t> sizeof(double)):
        contiguous.number = sizeof(floating)
        contiguous.mean_point = 0
        contiguous.mean_number = sizeof(double)
        for chunk in range((d + CHUNK - 1) // CHUNK):
            turn_chunk(zero, &contiguous, first, n, min(CHUNK * chunk, d - CHUNK), w)
    else:
        for chunk in range((d + CHUNK - 1) // CHUNK):
            turn_chunk(zero, points, first, n, min(CHUNK * chunk, d - CHUNK), w)


# Substitution

cdef inline void substitute(
    floating *w, const floating *scale_tril, const floating *reciprocals, Py_ssize_t d,
    Py_ssize_t start, Py_ssize_t stop, Py_ssize_t lanes,
) noexcept nogil:
    """Rows start ... stop - 1, which have the products with all rows before ``start``; ``lanes`` literal."""
    cdef floating total[WIDEST]
    cdef floating number
    cdef Py_ssize_t i, k, lane
    for i in range(start, stop):
        for lane in range(lanes):
            total[lane] = w[i * lanes + lane]
        for k in range(start, i):
            number = scale_tril[i * d + k]
            for lane in range(lanes):
                total[lane] = fused_multiply_add(number, w[k * lanes + lane], total[lane])
        number = reciprocals[i]
        for lane in range(lanes):
            w[i * lanes + lane] = total[lane] * number


cdef inline void add_products_before(
    floating *w, const floating *scale_tril, Py_ssize_t d, Py_ssize_t i, Py_ssize_t rows, Py_ssize_t lanes
) noexcept nogil:
    """To rows i ... i + rows - 1, the products with all rows before; ``rows`` and ``lanes`` are literals."""
    cdef floating sums[ROWS * WIDEST]
    cdef Py_ssize_t j, lane
    for j in range(rows):
        for lane in range(lanes):
            sums[j * lanes + lane] = w[(i + j) * lanes + lane]
    accumulate(sums, scale_tril + i * d, d, 1, w, lanes, i, rows, lanes)
    for j in range(rows):
        for lane in range(lanes):
            w[(i + j) * lanes + lane] = sums[j * lanes + lane]


cdef inline void substitute_in_blocks(
    floating *w, const floating *scale_tril, const floating *reciprocals, Py_ssize_t d, Py_ssize_t lanes
) noexcept nogil:
    """A tile of long points: ROWS rows at a time, and then those that are left; ``lanes`` literal."""
    cdef Py_ssize_t block, i
    for block in range(d // ROWS):
        i = ROWS * block
        add_products_before(w, scale_tril, d, i, ROWS, lanes)
        substitute(w, scale_tril, reciprocals, d, i, i + ROWS, lanes)
    for i in range(d - d % ROWS, d):
        add_products_before(w, scale_tril, d, i, 1, lanes)
        substitute(w, scale_tril, reciprocals, d, i, i + 1, lanes)


cdef inline void whiten_short(
    floating zero, const Points *points, Py_ssize_t first, const Factor *factor,
    Py_ssize_t d, Py_ssize_t lanes,
) noexcept nogil:
    """w = -L^-1 (x - mean) of some points, in ``factor.w``; ``lanes`` is a literal."""
    turn(zero, points, first, factor.w, d, lanes)
    substitute(factor.w, factor.scale_tril, factor.reciprocals, d, 0, d, lanes)


cdef inline void whiten_long(
    floating zero, const Points *points, Py_ssize_t first, Py_ssize_t n, const Factor *factor
) noexcept nogil:
    """The same of up to LANES points of LONG numbers or more."""
    turn_long(zero, points, first, n, factor.w, factor.d)
    substitute_in_blocks(factor.w, factor.scale_tril, factor.reciprocals, factor.d, LANES)


# The squared distance

cdef inline void sum_squares(
    const floating *w, floating *squares, Py_ssize_t d, Py_ssize_t lanes
) noexcept nogil:
    """q = w^T w of each point; ``lanes`` is a literal."""
    cdef floating total[WIDEST]
    cdef Py_ssize_t i, lane
    for lane in range(lanes):
        total[lane] = 0
    for i in range(d):
        for lane in range(lanes):
            total[lane] = fused_multiply_add(w[i * lanes + lane], w[i * lanes + lane], total[lane])
    for lane in range(lanes):
        squares[lane] = total[lane]
