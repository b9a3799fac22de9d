"""Sums of deviations, and of their squares: all that a likelihood or a fit needs of its data.

They are compensated, float64, and in a fixed order: PARTIAL_SUMS side by side, over BLOCK_VALUES values.
"""

cimport numpy as cnp

from fastdist._kernels.arrays cimport data_of, float_type_of
from fastdist._kernels.environment cimport enter, environment, leave
from fastdist._kernels.mathematics cimport add, floating, fused_multiply_add

cnp.import_array()

cdef enum:
    PARTIAL_SUMS = 16
    BLOCK_VALUES = 4096     # summed into one row

globals()["BLOCK_VALUES"] = BLOCK_VALUES      # for Python


cdef inline void add_deviation(
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


cdef inline void sum_partial_sums(const double *high, const double *low, double *sums) noexcept nogil:
    """The sum of high and low parts: first of the high ones, then of the low."""
    cdef Py_ssize_t lane
    sums[0] = sums[1] = 0
    for lane in range(PARTIAL_SUMS):
        add(&sums[0], &sums[1], high[lane])
    for lane in range(PARTIAL_SUMS):
        sums[1] += low[lane]


cdef inline void sum_block(
    const floating *x, Py_ssize_t n, double shift, double unit, double *sums
) noexcept nogil:
    """sum(d) and sum(d^2), d = (x - shift) unit: first PARTIAL_SUMS of each, then their sum."""
    cdef double high[PARTIAL_SUMS]
    cdef double low[PARTIAL_SUMS]
    cdef double square_high[PARTIAL_SUMS]
    cdef double square_low[PARTIAL_SUMS]
    cdef Py_ssize_t row, lane
    for lane in range(PARTIAL_SUMS):
        high[lane] = low[lane] = square_high[lane] = square_low[lane] = 0
    for row in range(n // PARTIAL_SUMS):
        for lane in range(PARTIAL_SUMS):
            add_deviation(<double> x[row * PARTIAL_SUMS + lane], shift, unit,
                          &high[lane], &low[lane], &square_high[lane], &square_low[lane])
    for lane in range(n % PARTIAL_SUMS):
        add_deviation(<double> x[n - n % PARTIAL_SUMS + lane], shift, unit,
                      &high[lane], &low[lane], &square_high[lane], &square_low[lane])
    sum_partial_sums(high, low, sums)
    sum_partial_sums(square_high, square_low, sums + 2)


cdef inline void sum_blocks(
    const floating *x, Py_ssize_t n, double shift, double unit, double *sums
) noexcept nogil:
    cdef Py_ssize_t block, first
    for block in range((n + BLOCK_VALUES - 1) // BLOCK_VALUES):
        first = block * BLOCK_VALUES
        sum_block(x + first, min(n - first, <Py_ssize_t> BLOCK_VALUES), shift, unit, sums + 4 * block)


def sums_of_deviations(cnp.ndarray x not None, double shift, double unit, cnp.ndarray out not None):
    """For each block of values sum(d), sum(d^2), d = (x - shift) unit, each as high and low part.

    ``unit`` is a power of two.  A sum that is infinite or NaN is so in its high part.
    """
    cdef Py_ssize_t n = len(x)
    cdef int typenum = float_type_of(x, "x")
    cdef char *data = data_of(x, typenum, (n,), "x", False)
    cdef double *sums = <double *> data_of(
        out, cnp.NPY_FLOAT64, ((n + BLOCK_VALUES - 1) // BLOCK_VALUES, 4), "out", True)
    cdef environment caller
    with nogil:
        caller = enter()
        if typenum == cnp.NPY_FLOAT64:
            sum_blocks(<const double *> data, n, shift, unit, sums)
        else:
            sum_blocks(<const float *> data, n, shift, unit, sums)
        leave(caller)
