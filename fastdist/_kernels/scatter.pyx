"""Sums over data that give its mean and its covariance: of the rows, and of their outer products.

    sum over rows r of x_r,    S = sum over rows r of (x_r - mean) (x_r - mean)^T

The first is compensated.  The second is made of partial sums over 32 rows, r ascending, in registers
(scatter.pxd).  These are added to the sum of a block of 256 rows, and those to the result.  So no product
takes part in more than 32 + 8 + n / 256 additions, and the error bound is as many roundings.
"""

from cpython.mem cimport PyMem_RawFree
from libc.string cimport memset

cimport numpy as cnp

from fastdist._kernels.arrays cimport data_of, float_type_of
from fastdist._kernels.environment cimport enter, environment, leave
from fastdist._kernels.mathematics cimport add, floating
from fastdist._kernels.room cimport aligned, make_room

cnp.import_array()

cdef enum:
    BLOCK_ROWS = 256
    PARTIAL_SUM_ROWS = 32
    REGISTER_DIMENSION = 3      # up to this dimension, sums of rows stay in registers

globals()["BLOCK_ROWS"] = BLOCK_ROWS      # for Python


cdef inline void add_short_rows(
    const floating *x, Py_ssize_t n, double unit, double *high, double *low, Py_ssize_t d
) noexcept nogil:
    """n rows, whose sums stay in registers; ``d`` is a compile-time constant."""
    cdef double highs[REGISTER_DIMENSION]
    cdef double lows[REGISTER_DIMENSION]
    cdef Py_ssize_t row, k
    for k in range(d):
        highs[k], lows[k] = high[k], low[k]
    for row in range(n):
        for k in range(d):
            add(&highs[k], &lows[k], <double> x[row * d + k] * unit)
    for k in range(d):
        high[k], low[k] = highs[k], lows[k]


cdef inline void add_long_rows(
    const floating *x, Py_ssize_t n, double unit, double *high, double *low, Py_ssize_t d
) noexcept nogil:
    cdef Py_ssize_t row, k
    for row in range(n):
        for k in range(d):
            add(&high[k], &low[k], <double> x[row * d + k] * unit)


cdef inline void add_rows_of(
    const floating *x, Py_ssize_t n, double unit, double *high, double *low, Py_ssize_t d
) noexcept nogil:
    if d == 1:
        add_short_rows(x, n, unit, high, low, 1)
    elif d == 2:
        add_short_rows(x, n, unit, high, low, 2)
    elif d == REGISTER_DIMENSION:
        add_short_rows(x, n, unit, high, low, REGISTER_DIMENSION)
    else:
        add_long_rows(x, n, unit, high, low, d)


def add_rows(cnp.ndarray x not None, double unit, cnp.ndarray sums not None):
    """Add the rows of x, times a power of two, to ``sums``: a row of high parts and a row of low parts.

    A sum that is infinite or NaN is so in its high part.  The GIL is released.
    """
    cdef Py_ssize_t n, d
    n, d = (<object> x).shape
    cdef int typenum = float_type_of(x, "x")
    cdef char *data = data_of(x, typenum, (n, d), "x", False)
    cdef double *high = <double *> data_of(sums, cnp.NPY_FLOAT64, (2, d), "sums", True)
    cdef environment caller
    with nogil:
        caller = enter()
        if typenum == cnp.NPY_FLOAT64:
            add_rows_of(<const double *> data, n, unit, high, high + d, d)
        else:
            add_rows_of(<const float *> data, n, unit, high, high + d, d)
        leave(caller)


cdef inline void centre(
    const floating *x, const double *mean, Py_ssize_t n, Py_ssize_t d, double *centred, Py_ssize_t padded
) noexcept nogil:
    """x - mean of n rows, padded with 0."""
    cdef Py_ssize_t row, k
    for row in range(n):
        for k in range(d):
            centred[row * padded + k] = <double> x[row * d + k] - mean[k]
        for k in range(d, padded):
            centred[row * padded + k] = 0


cdef void add_partial_sum(const double *centred, Py_ssize_t n, Py_ssize_t d, double *sums) noexcept nogil:
    """A function of its own, so that its sums stay in registers."""
    add_outer_products(centred, centred, n, d, sums)


cdef inline void add_scatter_of(
    const floating *x, const double *mean, Py_ssize_t n, Py_ssize_t d, double *out, double *room
) noexcept nogil:
    cdef Py_ssize_t block, part, first, rows, row, padded = padded_row(d), size = size_of_blocks(d)
    cdef double *sums = room
    cdef double *centred = room + size
    for block in range((n + BLOCK_ROWS - 1) // BLOCK_ROWS):
        first = block * BLOCK_ROWS
        rows = min(<Py_ssize_t> BLOCK_ROWS, n - first)
        centre(x + first * d, mean, rows, d, centred, padded)
        memset(sums, 0, size * sizeof(double))
        for part in range((rows + PARTIAL_SUM_ROWS - 1) // PARTIAL_SUM_ROWS):
            row = part * PARTIAL_SUM_ROWS
            add_partial_sum(centred + row * padded, min(<Py_ssize_t> PARTIAL_SUM_ROWS, rows - row), d, sums)
        add_to_triangle(sums, d, out)


def add_scatter(cnp.ndarray x not None, cnp.ndarray mean not None, cnp.ndarray out not None):
    """Add the scatter matrix of the rows of x to the lower triangle of ``out``; the GIL is released."""
    cdef Py_ssize_t n, d
    n, d = (<object> x).shape
    cdef int typenum = float_type_of(x, "x")
    cdef char *data = data_of(x, typenum, (n, d), "x", False)
    cdef const double *center = <const double *> data_of(mean, cnp.NPY_FLOAT64, (d,), "mean", False)
    cdef double *triangle = <double *> data_of(out, cnp.NPY_FLOAT64, (d, d), "out", True)
    cdef void *room
    cdef environment caller
    if n == 0 or d == 0:
        return
    room = make_room((BLOCK_ROWS * padded_row(d) + size_of_blocks(d)) * sizeof(double))
    if room == NULL:
        raise MemoryError
    with nogil:
        caller = enter()
        if typenum == cnp.NPY_FLOAT64:
            add_scatter_of(<const double *> data, center, n, d, triangle, <double *> aligned(room))
        else:
            add_scatter_of(<const float *> data, center, n, d, triangle, <double *> aligned(room))
        leave(caller)
    PyMem_RawFree(room)
