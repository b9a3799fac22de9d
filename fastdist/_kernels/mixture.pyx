"""Gaussian mixtures over blocks of points: densities, responsibilities, and the moments of EM.

The formulae are in mixture_density.pxd and mixture_moments.pxd.  Here each block of an array is processed as
far as the operation needs it, while it lies in the cache.
"""

from cpython.mem cimport PyMem_RawFree
from libc.string cimport memset

cimport cython
cimport numpy as cnp

from fastdist._kernels.arrays cimport data_of, rows_of
from fastdist._kernels.environment cimport enter, environment, leave
from fastdist._kernels.mathematics cimport floating
from fastdist._kernels.mixture_density cimport (
    BLOCK_ROWS, FLOAT64_LANES, MOST_LANES, REGISTER_DIMENSION, Block, DensityComponents, Points,
    allocate_block, log_sum_exp, normalise, prepare, score_diagonal, score_in_registers,
    score_tile, split, transpose_block, write_largest, write_log_densities, write_responsibilities)
from fastdist._kernels.mixture_moments cimport (
    SHORT_DIMENSION, PARTIAL_SUMS, PIECE_ROWS, Moments, add_diagonal, add_log_likelihood, add_partial_sums,
    add_short, add_total, add_weighted_rows, all_zero, allocate_moments, centre_rows, moments_in_partial_sums,
    sum_in_pairs, weigh)
from fastdist._kernels.multivariate_density cimport LONG_DIMENSION, LONG_LANES, SHORT_LANES
from fastdist._kernels.scatter cimport add_outer_products, add_to_triangle, padded_row, size_of_blocks

import numpy as np

cnp.import_array()

globals().update(BLOCK_ROWS=BLOCK_ROWS, PIECE_ROWS=PIECE_ROWS)       # for Python


# One component and all points of a block: functions that are not inlined, so that sums stay in registers

cdef void score_component(
    floating zero, const DensityComponents *components, const Block *block, Py_ssize_t k
) noexcept nogil:
    """a[k] of all points of a block."""
    cdef Py_ssize_t d = components.d, tiles = block.tiles, tile
    cdef Py_ssize_t factor = 0 if components.factors == 1 else k
    cdef const floating *x = <const floating *> block.x
    cdef const floating *mean = <const floating *> components.means + k * d
    cdef const floating *mean_low = <const floating *> components.means_low + k * d
    cdef const floating *scale_tril = <const floating *> components.scale_tril + factor * d * d
    cdef const floating *reciprocals = <const floating *> components.reciprocals + factor * d
    cdef floating log_height = (<const floating *> components.log_heights)[k]
    cdef floating *w = <floating *> block.w
    cdef floating *a = <floating *> block.a + k * BLOCK_ROWS
    if components.diagonal:
        score_diagonal(x, tiles, mean, mean_low, reciprocals, log_height, a, d)
    elif d == 1:
        score_in_registers(x, tiles, mean, mean_low, scale_tril, reciprocals, log_height, a, 1)
    elif d == REGISTER_DIMENSION:
        score_in_registers(
            x, tiles, mean, mean_low, scale_tril, reciprocals, log_height, a, REGISTER_DIMENSION)
    elif floating is float and d < LONG_DIMENSION:
        for tile in range(tiles):
            score_tile(x + MOST_LANES * tile, mean, mean_low, scale_tril, reciprocals, log_height, w,
                       a + MOST_LANES * tile, d, MOST_LANES)
    elif floating is float:
        for tile in range(tiles * (MOST_LANES // SHORT_LANES)):
            score_tile(x + SHORT_LANES * tile, mean, mean_low, scale_tril, reciprocals, log_height, w,
                       a + SHORT_LANES * tile, d, SHORT_LANES)
    elif d < LONG_DIMENSION:
        for tile in range(tiles * (MOST_LANES // FLOAT64_LANES)):
            score_tile(x + FLOAT64_LANES * tile, mean, mean_low, scale_tril, reciprocals, log_height, w,
                       a + FLOAT64_LANES * tile, d, FLOAT64_LANES)
    else:
        for tile in range(tiles * (MOST_LANES // LONG_LANES)):
            score_tile(x + LONG_LANES * tile, mean, mean_low, scale_tril, reciprocals, log_height, w,
                       a + LONG_LANES * tile, d, LONG_LANES)


cdef void add_long(
    floating zero, const Points *points, Py_ssize_t first, Py_ssize_t n, Py_ssize_t k, Moments *moments
) noexcept nogil:
    """Sums of u and products u v^T of a block's points, piece after piece, to those of component k."""
    cdef const floating *g = <const floating *> moments.g
    cdef const floating *weighted = <const floating *> moments.weighted
    cdef Py_ssize_t d = moments.d, piece, start, rows, i
    memset(moments.long_sums, 0, padded_row(d) * sizeof(double))
    memset(moments.blocks, 0, size_of_blocks(d) * sizeof(double))
    for piece in range((n + PIECE_ROWS - 1) // PIECE_ROWS):
        start = piece * PIECE_ROWS
        rows = min(<Py_ssize_t> PIECE_ROWS, n - start)
        centre_rows(zero, points, first + start, rows, g + start, moments)
        add_weighted_rows(weighted, rows, d, moments.long_sums)
        add_outer_products(weighted, <const floating *> moments.centred, rows, d, moments.blocks)
    for i in range(d):
        moments.sums[k * d + i] += moments.long_sums[i]
    add_to_triangle(moments.blocks, d, moments.products + k * d * d)


cdef void add_component(
    floating zero, const Points *points, Py_ssize_t first, const Block *block, Py_ssize_t k, Moments *moments
) noexcept nogil:
    """What the points of a block, with the weights ``moments.g``, add to component k."""
    cdef Py_ssize_t d = moments.d, tiles = block.tiles, i
    cdef const floating *x = <const floating *> block.x
    cdef const floating *g = <const floating *> moments.g
    cdef floating *centre = <floating *> moments.centre
    cdef floating *low = <floating *> moments.centre_low
    cdef double *total = moments.partial_sums + (
        k * moments_in_partial_sums(d, moments.diagonal) * PARTIAL_SUMS)
    cdef double *others = total + PARTIAL_SUMS
    if all_zero(g, block.n):
        return
    for i in range(d):
        split(moments.centres[k * d + i], &centre[i], &low[i])
    add_total(g, tiles, total)
    if moments.diagonal:
        add_diagonal(x, g, tiles, centre, low, others, d)
    elif d == 1:
        add_short(x, g, tiles, centre, low, others, 1)
    elif d == 2:
        add_short(x, g, tiles, centre, low, others, 2)
    elif d == 3:
        add_short(x, g, tiles, centre, low, others, 3)
    elif d == 4:
        add_short(x, g, tiles, centre, low, others, 4)
    elif d <= SHORT_DIMENSION:
        add_short(x, g, tiles, centre, low, others, d)
    else:
        add_long(zero, points, first, block.n, k, moments)


# All components and all points of a block

cdef void score_components(
    floating zero, const DensityComponents *components, const Block *block
) noexcept nogil:
    """All a[k][row]."""
    cdef Py_ssize_t k
    for k in range(components.count):
        score_component(zero, components, block, k)


cdef inline void add_block(
    floating zero, const Points *points, Py_ssize_t first, const Block *block, const double *sample_weight,
    Moments *moments
) noexcept nogil:
    """Add the moments for the block's responsibilities."""
    cdef Py_ssize_t k
    for k in range(moments.count):
        weigh(<const floating *> block.a + k * BLOCK_ROWS, sample_weight, block, <floating *> moments.g)
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
    const DensityComponents *components
    Points points
    Py_ssize_t n
    Py_ssize_t d
    Py_ssize_t count
    char *out                       # (n,), or (n, count)
    char *log_density               # of RESPONSIBILITIES, if it is wanted
    const double *sample_weight     # of ADD_EXPECTATIONS, if there is one
    Points given                    # responsibilities of ADD_MOMENTS
    Moments moments                 # of both


cdef inline void read_responsibilities(
    floating zero, const Points *given, Py_ssize_t first, const Block *block, Py_ssize_t count
) noexcept nogil:
    """a[k][row] = the given responsibilities of block.n points from ``first`` on."""
    cdef floating *a = <floating *> block.a
    cdef const char *source
    cdef Py_ssize_t row, k
    for k in range(count):
        source = given.x + first * given.point_bytes + k * given.coordinate_bytes
        for row in range(block.n):
            a[k * BLOCK_ROWS + row] = (<const floating *> (source + row * given.point_bytes))[0]


cdef inline void process_blocks(
    floating zero, Call *call, Block *block, double *log_likelihood
) noexcept nogil:
    cdef const double *sample_weight = NULL
    cdef Py_ssize_t i, first
    for i in range((call.n + BLOCK_ROWS - 1) // BLOCK_ROWS):
        first = i * BLOCK_ROWS
        block.n = min(<Py_ssize_t> BLOCK_ROWS, call.n - first)
        block.tiles = (block.n + MOST_LANES - 1) // MOST_LANES
        transpose_block(zero, &call.points, first, block, call.d)
        if call.operation == ADD_MOMENTS:
            read_responsibilities(zero, &call.given, first, block, call.count)
            add_block(zero, &call.points, first, block, NULL, &call.moments)
            continue
        score_components(zero, call.components, block)
        if call.operation == NEAREST:
            write_largest(zero, block, <Py_ssize_t *> call.out + first, call.count)
            continue
        log_sum_exp(zero, block, call.count)
        if call.operation == SCORE_SAMPLES:
            write_log_densities(zero, block, <floating *> call.out + first)
            continue
        if call.operation == RESPONSIBILITIES and call.log_density != NULL:
            write_log_densities(zero, block, <floating *> call.log_density + first)
        elif call.operation == ADD_EXPECTATIONS:
            if call.sample_weight != NULL:
                sample_weight = call.sample_weight + first
            add_log_likelihood(zero, block, sample_weight, log_likelihood)
        normalise(zero, call.components, block)
        if call.operation == PREDICT:
            write_largest(zero, block, <Py_ssize_t *> call.out + first, call.count)
        elif call.operation == RESPONSIBILITIES:
            write_responsibilities(zero, block, <floating *> call.out + first * call.count, call.count)
        else:
            add_block(zero, &call.points, first, block, sample_weight, &call.moments)


cdef double run(Call *call, int typenum) except? -1:
    """The call; of ADD_EXPECTATIONS the log-likelihood.  The GIL is released."""
    cdef double log_likelihood[PARTIAL_SUMS]
    cdef double total = 0
    cdef bint adds = call.operation == ADD_EXPECTATIONS or call.operation == ADD_MOMENTS
    cdef Py_ssize_t itemsize = sizeof(double) if typenum == cnp.NPY_FLOAT64 else sizeof(float)
    cdef environment caller
    cdef Block block
    call.moments.room = NULL
    if not allocate_block(&block, call.d, call.count, itemsize) or (
            adds and not allocate_moments(&call.moments, itemsize)):
        PyMem_RawFree(block.room)
        raise MemoryError
    memset(log_likelihood, 0, sizeof(log_likelihood))
    with nogil:
        caller = enter()
        if typenum == cnp.NPY_FLOAT64:
            process_blocks(<double> 0, call, &block, log_likelihood)
        else:
            process_blocks(<float> 0, call, &block, log_likelihood)
        if adds:
            add_partial_sums(&call.moments)
        total = sum_in_pairs(log_likelihood)
        leave(caller)
    PyMem_RawFree(block.room)
    PyMem_RawFree(call.moments.room)
    return total


# For Python

cdef Points points_of(cnp.ndarray x, int typenum, Py_ssize_t columns, str name) except *:
    cdef const char *data = rows_of(x, typenum, columns, name)
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

    cdef DensityComponents own
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
        cdef const double *of_log_heights = <double *> data_of(
            log_heights, cnp.NPY_FLOAT64, (count,), "log_heights", False)
        cdef const double *of_weights = <double *> data_of(
            weights, cnp.NPY_FLOAT64, (count,), "weights", False)
        cdef const double *of_means = <double *> data_of(means, cnp.NPY_FLOAT64, (count, d), "means", False)
        cdef const double *of_factors = <double *> data_of(factors, cnp.NPY_FLOAT64, shape, "factors", False)
        cdef environment caller = enter()
        cdef bint prepared
        if self.typenum == cnp.NPY_FLOAT64:
            prepared = prepare(<double> 0, &self.own, of_log_heights, of_weights, of_means, of_factors)
        else:
            prepared = prepare(<float> 0, &self.own, of_log_heights, of_weights, of_means, of_factors)
        leave(caller)
        if not prepared:
            raise MemoryError

    def __dealloc__(self):
        PyMem_RawFree(self.own.room)

    @property
    def components(self):
        """The number of components."""
        return self.own.count

    @property
    def dimension(self):
        """The number of coordinates of a point."""
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
        """Write the responsibility of each component for each row of x, and its log density if asked for."""
        cdef Call call = self.start(RESPONSIBILITIES, x)
        call.out = data_of(out, self.typenum, (call.n, call.count), "out", True)
        if log_density is not None:
            call.log_density = data_of(log_density, self.typenum, (call.n,), "log_density", True)
        run(&call, self.typenum)

    def predict(self, cnp.ndarray x not None, cnp.ndarray out not None):
        """Write, for each row of x, the first component with the largest responsibility."""
        cdef Call call = self.start(PREDICT, x)
        call.out = data_of(out, cnp.NPY_INTP, (call.n,), "out", True)
        run(&call, self.typenum)

    def nearest(self, cnp.ndarray x not None, cnp.ndarray out not None):
        """Write, for each row of x, the first component with the largest weighted log density.

        The rounding of responsibilities does not matter here.  With equal weights and covariances it is the
        component with the nearest mean.
        """
        cdef Call call = self.start(NEAREST, x)
        call.out = data_of(out, cnp.NPY_INTP, (call.n,), "out", True)
        run(&call, self.typenum)

    def add_expectations(
        self, cnp.ndarray x not None, cnp.ndarray sample_weight, cnp.ndarray centres not None,
        cnp.ndarray totals not None, cnp.ndarray sums not None, cnp.ndarray products not None
    ):
        """Add the moments of an E step; return the log-likelihood."""
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
        raise TypeError(f"x must be float64 or float32, not {x.dtype}")
    if cnp.PyArray_NDIM(centres) != 2:
        raise ValueError(f"centres must be of shape (K, d), not {(<object> centres).shape}")
    cdef Call call = start(ADD_MOMENTS, x, typenum, centres.shape[0], centres.shape[1])
    call.given = points_of(responsibilities, typenum, call.count, "responsibilities")
    if responsibilities.shape[0] != call.n:
        raise ValueError(f"responsibilities of {responsibilities.shape[0]} points, but x has {call.n}")
    add_to(&call, centres, totals, sums, products, diagonal)
    run(&call, typenum)
