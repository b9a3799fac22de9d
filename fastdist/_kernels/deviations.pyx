"""Sums of deviations, and of their squares: all that a likelihood or a fit needs of its data.

Compensated, in float64, and in a fixed order: so many sums side by side, and so many numbers in a block.
"""

cimport numpy as cnp

from fastdist._kernels.arrays cimport data_of, float_type_of
from fastdist._kernels.environment cimport enter, environment, leave
from fastdist._kernels.mathematics cimport add, floating, fused_multiply_add

cnp.import_array()

cdef enum:
    LANES = 16              # sums side by side
    SUMS_BLOCK = 4096       # numbers summed into one row

BLOCK = SUMS_BLOCK          # for Python


cdef inline void accumulate(
    double x, double shift, double unit, double *high, double *low, double *square_high, double *square_low
) noexcept nogil:
    """Add (x - shift) unit = d + lost to one sum, and its square to the other."""
    cdef double difference = x - shift
    cdef double part = x - difference
    cdef double d = difference * unit
    cdef double lost = ((x - (difference + part)) + (part - shift)) * unit
    cdef double square = d * d
    add(high, low, d)
    low[0] += lost
    add(square_high, square_low, square)
    square_low[0] += fused_multiply_add(d, d, -square) + 2 * d * lost


cdef inline void sum_block(
    const floating *x, Py_ssize_t n, double shift, double unit, double *sums
) noexcept nogil:
    """sum(d) and sum(d^2), d = (x - shift) unit: each LANES sums side by side, then one after the other."""
    cdef double high[LANES]
    cdef double low[LANES]
    cdef double square_high[LANES]
    cdef double square_low[LANES]
    cdef Py_ssize_t row, lane
    for lane in range(LANES):
        high[lane] = low[lane] = square_high[lane] = square_low[lane] = 0
    for row in range(n // LANES):
        for lane in range(LANES):
            accumulate(<double> x[row * LANES + lane], shift, unit,
                       &high[lane], &low[lane], &square_high[lane], &square_low[lane])
    for lane in range(n % LANES):
        accumulate(<double> x[n - n % LANES + lane], shift, unit,
                   &high[lane], &low[lane], &square_high[lane], &square_low[lane])
    sums[0] = sums[1] = sums[2] = sums[3] = 0
    for lane in range(LANES):
        add(&sums[0], &sums[1], high[lane])
        add(&sums[2], &sums[3], square_high[lane])
    for lane in range(LANES):
        sums[1] += low[lane]
        sums[3] += square_low[lane]


cdef inline void sum_blocks(
    const floating *x, Py_ssize_t n, double shift, double unit, double *sums
) noexcept nogil:
    cdef Py_ssize_t block, first
    for block in range((n + SUMS_BLOCK - 1) // SUMS_BLOCK):
        first = block * SUMS_BLOCK
        sum_block(x + first, min(n - first, <Py_ssize_t> SUMS_BLOCK), shift, unit, sums + 4 * block)


def sums_of_deviations(cnp.ndarray x not None, double shift, double unit, cnp.ndarray out not None):
    """For each BLOCK numbers sum(d), sum(d^2), d = (x - shift) unit, each as high and low part.

    ``unit`` is a power of two.  Where a sum is infinite or NaN, its high part says so.
    """
    cdef Py_ssize_t n = len(x)
    cdef int typenum = float_type_of(x, "x")
    cdef char *data = data_of(x, typenum, (n,), "x", False)
    cdef double *sums = <double *> data_of(
        out, cnp.NPY_FLOAT64, ((n + SUMS_BLOCK - 1) // SUMS_BLOCK, 4), "out", True)
    cdef environment caller
    with nogil:
        caller = enter()
        if typenum == cnp.NPY_FLOAT64:
            sum_blocks(<const double *> data, n, shift, unit, sums)
        else:
            sum_blocks(<const float *> data, n, shift, unit, sums)
        leave(caller)
