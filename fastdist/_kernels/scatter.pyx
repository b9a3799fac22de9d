"""The scatter matrix of data: the sum of the outer products of deviations, of which a covariance is made.

    S = sum over rows r of (x_r - mean) (x_r - mean)^T

BLOCK rows are summed on their own, r ascending, in registers (scatter.pxd), and that sum is added to the
result; so the error does not grow with the number of rows, but with that of blocks.
"""

from cpython.mem cimport PyMem_RawFree
from libc.string cimport memset

from fastdist._kernels.environment cimport enter, environment, leave
from fastdist._kernels.mathematics cimport floating
from fastdist._kernels.room cimport aligned, make_room

cdef enum:
    ROWS_OF_BLOCK = 256

BLOCK = ROWS_OF_BLOCK          # for Python


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


def add_scatter(const floating[:, ::1] x, const double[::1] mean, double[:, ::1] out):
    """Add the scatter matrix of the rows of x to the lower triangle of ``out``; the GIL is released."""
    cdef Py_ssize_t block, first, rows, n = x.shape[0], d = x.shape[1]
    cdef Py_ssize_t padded = padded_row(d), size = size_of_blocks(d)
    cdef double *centred
    cdef double *sums
    cdef void *room
    cdef environment caller
    if mean.shape[0] != d or out.shape[0] != d or out.shape[1] != d:
        raise ValueError(f"of {d} numbers: a mean of {mean.shape[0]}, sums {out.shape[0]} x {out.shape[1]}")
    if n == 0 or d == 0:
        return
    room = make_room((ROWS_OF_BLOCK * padded + size) * sizeof(double))
    if room == NULL:
        raise MemoryError
    sums = <double *> aligned(room)
    centred = sums + size
    with nogil:
        caller = enter()
        for block in range((n + ROWS_OF_BLOCK - 1) // ROWS_OF_BLOCK):
            first = block * ROWS_OF_BLOCK
            rows = min(<Py_ssize_t> ROWS_OF_BLOCK, n - first)
            centre(&x[first, 0], &mean[0], rows, d, centred, padded)
            memset(sums, 0, size * sizeof(double))
            add_outer_products(centred, centred, rows, d, sums)
            add_to_triangle(sums, d, &out[0, 0])
        leave(caller)
    PyMem_RawFree(room)
