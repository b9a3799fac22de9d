"""The density of multivariate normals, by forward substitution.

    y = L^-1 (x - mean),    squared_mahalanobis = y^T y = (x - mean)^T (L L^T)^-1 (x - mean)
    logpdf = log_peak - y^T y / 2,      log_peak = -sum over i of (ln L[i][i] + ln(2 pi) / 2)

with the lower triangular factor L of the covariance (cholesky.pyx): neither its inverse nor its determinant
is formed.  The mean is subtracted first, where that costs the least accuracy.  Error bounds:
fastdist/accuracy.py.

Points are transposed tile by tile: w[k][lane] is coordinate k of point ``lane``, so that all lanes do the
same.  The kernel keeps  w = -y,  which turns a substitution into sums of products:

    w[i] = (x[i] - mean[i] + sum over k < i of L[i][k] w[k]) (-1 / L[i][i]),      k = 0, 1, ..., i - 1

For long points, blocks of L and w are multiplied in registers (panel.pxd).  Blocks, tiles and threads do not
affect the result.
"""

from fastdist._kernels.mathematics cimport floating, fused_multiply_add
from fastdist._kernels.panel cimport PANEL_LANES, PANEL_ROWS, add_products
from fastdist._kernels.stream cimport prefetch

cdef enum:
    LONG_DIMENSION = 24         # coordinates from which on blocks of L are multiplied in registers
    SHORT_LANES = 32            # points in a tile of short ones
    LONG_LANES = PANEL_LANES    # points in a tile of long ones
    MOST_LANES = 64             # points in any tile
    CHUNK_COORDINATES = 8       # of long points, transposed at a time: float64 values in a line of the cache

cdef struct PointsAndMeans:
    # Where their coordinates are: bytes from point to point, and from coordinate to coordinate.
    const char *x
    Py_ssize_t point_bytes
    Py_ssize_t coordinate_bytes
    const char *mean
    Py_ssize_t mean_bytes
    Py_ssize_t mean_coordinate_bytes

cdef struct Factor:
    Py_ssize_t d
    double *scale_tril      # row after row
    double *reciprocals     # -1 / L[i][i]
    double *w               # workspace: a tile of points
    void *room              # which holds all of these


# Points less their means, transposed

cdef inline double coordinate_of(
    floating zero, const PointsAndMeans *points, Py_ssize_t point, Py_ssize_t k
) noexcept nogil:
    """A coordinate of x, which has the type of ``zero``, as float64."""
    return <double> (
        <const floating *> (points.x + point * points.point_bytes + k * points.coordinate_bytes))[0]


cdef inline double mean_of(const PointsAndMeans *points, Py_ssize_t point, Py_ssize_t k) noexcept nogil:
    return (<const double *> (
        points.mean + point * points.mean_bytes + k * points.mean_coordinate_bytes))[0]


cdef inline void transpose(
    floating zero, const PointsAndMeans *points, Py_ssize_t first, double *w, Py_ssize_t d, Py_ssize_t lanes
) noexcept nogil:
    """w[k][lane] = x[k] - mean[k] of the points from ``first`` on; ``lanes`` is a compile-time constant."""
    cdef double mean
    cdef Py_ssize_t k, lane
    for k in range(d):
        if lanes > 1 and d >= 2 * CHUNK_COORDINATES and k % CHUNK_COORDINATES == 0:
            for lane in range(lanes):       # the cache lines of the next tile
                prefetch(points.x + (first + lane + lanes) * points.point_bytes + k * points.coordinate_bytes,
                         0, 3)
        if points.mean_bytes == 0:
            mean = mean_of(points, 0, k)
            for lane in range(lanes):
                w[k * lanes + lane] = coordinate_of(zero, points, first + lane, k) - mean
        else:
            for lane in range(lanes):
                w[k * lanes + lane] = (
                    coordinate_of(zero, points, first + lane, k) - mean_of(points, first + lane, k))


cdef inline void transpose_chunk(
    floating zero, const PointsAndMeans *points, Py_ssize_t first, Py_ssize_t n, Py_ssize_t k, double *w
) noexcept nogil:
    """CHUNK_COORDINATES coordinates, from the k-th on, of up to LONG_LANES points.  Idle lanes are 0.

    Whole cache lines are read, and those of the next tile are prefetched.
    """
    cdef double centred[LONG_LANES * CHUNK_COORDINATES]
    cdef Py_ssize_t lane, j
    for lane in range(n):
        prefetch(points.x + (first + lane + LONG_LANES) * points.point_bytes + k * points.coordinate_bytes,
                 0, 3)
        for j in range(CHUNK_COORDINATES):
            centred[lane * CHUNK_COORDINATES + j] = (
                coordinate_of(zero, points, first + lane, k + j) - mean_of(points, first + lane, k + j))
    for j in range(n * CHUNK_COORDINATES, LONG_LANES * CHUNK_COORDINATES):
        centred[j] = 0
    for lane in range(LONG_LANES):
        for j in range(CHUNK_COORDINATES):
            w[(k + j) * LONG_LANES + lane] = centred[lane * CHUNK_COORDINATES + j]


cdef inline void transpose_long(
    floating zero, const PointsAndMeans *points, Py_ssize_t first, Py_ssize_t n, double *w, Py_ssize_t d
) noexcept nogil:
    """In chunks, the last of which overlaps the previous one."""
    cdef PointsAndMeans contiguous = points[0]
    cdef Py_ssize_t chunk, k
    # Strides that are compile-time constants, so that the loops vectorise
    if points.coordinate_bytes == <Py_ssize_t> sizeof(floating) and points.mean_bytes == 0 and (
            points.mean_coordinate_bytes == <Py_ssize_t> sizeof(double)):
        contiguous.coordinate_bytes = sizeof(floating)
        contiguous.mean_bytes = 0
        contiguous.mean_coordinate_bytes = sizeof(double)
        for chunk in range((d + CHUNK_COORDINATES - 1) // CHUNK_COORDINATES):
            k = min(CHUNK_COORDINATES * chunk, d - CHUNK_COORDINATES)
            transpose_chunk(zero, &contiguous, first, n, k, w)
    else:
        for chunk in range((d + CHUNK_COORDINATES - 1) // CHUNK_COORDINATES):
            k = min(CHUNK_COORDINATES * chunk, d - CHUNK_COORDINATES)
            transpose_chunk(zero, points, first, n, k, w)


# Substitution

cdef inline void substitute(
    floating *w, const floating *scale_tril, const floating *reciprocals, Py_ssize_t d,
    Py_ssize_t start, Py_ssize_t stop, Py_ssize_t lanes,
) noexcept nogil:
    """Rows start ... stop - 1, which have the products with all rows before ``start``.

    ``lanes`` is a compile-time constant, here and below.
    """
    cdef floating total[MOST_LANES]
    cdef floating entry
    cdef Py_ssize_t i, k, lane
    for i in range(start, stop):
        for lane in range(lanes):
            total[lane] = w[i * lanes + lane]
        for k in range(start, i):
            entry = scale_tril[i * d + k]
            for lane in range(lanes):
                total[lane] = fused_multiply_add(entry, w[k * lanes + lane], total[lane])
        entry = reciprocals[i]
        for lane in range(lanes):
            w[i * lanes + lane] = total[lane] * entry


cdef inline void add_products_before(
    floating *w, const floating *scale_tril, Py_ssize_t d, Py_ssize_t i, Py_ssize_t rows, Py_ssize_t lanes
) noexcept nogil:
    """Rows i ... i + rows - 1 get the products with all rows before; ``rows`` is a compile-time constant."""
    cdef floating sums[PANEL_ROWS * MOST_LANES]
    cdef Py_ssize_t j, lane
    for j in range(rows):
        for lane in range(lanes):
            sums[j * lanes + lane] = w[(i + j) * lanes + lane]
    add_products(sums, scale_tril + i * d, d, 1, w, lanes, i, rows, lanes)
    for j in range(rows):
        for lane in range(lanes):
            w[(i + j) * lanes + lane] = sums[j * lanes + lane]


cdef inline void substitute_in_blocks(
    floating *w, const floating *scale_tril, const floating *reciprocals, Py_ssize_t d, Py_ssize_t lanes
) noexcept nogil:
    """A tile of long points: PANEL_ROWS rows at a time, and then the remaining ones."""
    cdef Py_ssize_t block, i
    for block in range(d // PANEL_ROWS):
        i = PANEL_ROWS * block
        add_products_before(w, scale_tril, d, i, PANEL_ROWS, lanes)
        substitute(w, scale_tril, reciprocals, d, i, i + PANEL_ROWS, lanes)
    for i in range(d - d % PANEL_ROWS, d):
        add_products_before(w, scale_tril, d, i, 1, lanes)
        substitute(w, scale_tril, reciprocals, d, i, i + 1, lanes)


cdef inline void whiten_short(
    floating zero, const PointsAndMeans *points, Py_ssize_t first, const Factor *factor,
    Py_ssize_t d, Py_ssize_t lanes,
) noexcept nogil:
    """w = -L^-1 (x - mean) of ``lanes`` points, in ``factor.w``."""
    transpose(zero, points, first, factor.w, d, lanes)
    substitute(factor.w, factor.scale_tril, factor.reciprocals, d, 0, d, lanes)


cdef inline void whiten_long(
    floating zero, const PointsAndMeans *points, Py_ssize_t first, Py_ssize_t n, const Factor *factor
) noexcept nogil:
    """The same for up to LONG_LANES points of at least LONG_DIMENSION coordinates."""
    transpose_long(zero, points, first, n, factor.w, factor.d)
    substitute_in_blocks(factor.w, factor.scale_tril, factor.reciprocals, factor.d, LONG_LANES)


# The squared distance

cdef inline void sum_squares(
    const floating *w, floating *squares, Py_ssize_t d, Py_ssize_t lanes
) noexcept nogil:
    """q = w^T w of each point."""
    cdef floating total[MOST_LANES]
    cdef Py_ssize_t i, lane
    for lane in range(lanes):
        total[lane] = 0
    for i in range(d):
        for lane in range(lanes):
            total[lane] = fused_multiply_add(w[i * lanes + lane], w[i * lanes + lane], total[lane])
    for lane in range(lanes):
        squares[lane] = total[lane]
