"""Densities of multivariate normals as generalised ufuncs of x, mean, L and log_peak.

The formulae are in multivariate_density.pxd.  Here the operands of a ufunc are processed in tiles, whatever
their strides; and a frozen distribution has a faster call for few points.
"""

from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.list cimport PyList_CheckExact
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from cpython.sequence cimport PySequence_Fast_GET_ITEM
from cpython.tuple cimport PyTuple_CheckExact
from libc.math cimport INFINITY, NAN, isfinite, isnan
from libc.stdint cimport int64_t

cimport cython
cimport numpy as cnp

from fastdist._kernels.arrays cimport in_order
from fastdist._kernels.environment cimport enter, environment, leave
from fastdist._kernels.mathematics cimport add, exponential, floating, fused_multiply_add
from fastdist._kernels.normal cimport log_scale, split_scale
from fastdist._kernels.numpy_scalar cimport fastdist_float64
from fastdist._kernels.room cimport aligned, make_room
from fastdist._kernels.ufunc cimport make_ufunc

cnp.import_array()
cnp.import_ufunc()

cdef enum:
    FEW_OPERATIONS = 65536  # d + 16 for each coordinate: some microseconds

cdef enum Result:
    SQUARED_MAHALANOBIS
    LOGPDF
    PDF

cdef struct Results:
    # Bytes from point to point.
    Result result
    const char *log_peak
    Py_ssize_t log_peak_bytes
    char *out
    Py_ssize_t out_bytes


cdef inline double result_of(Result result, double squared, double log_peak) noexcept nogil:
    """From the squared distance q:  q,  log_peak - q / 2  or  exp(log_peak - q / 2)."""
    cdef double value = squared
    if result != SQUARED_MAHALANOBIS:
        value = fused_multiply_add(-0.5, squared, log_peak)
    return exponential(value) if result == PDF else value


cdef bint is_usable(const Factor *factor) noexcept nogil:
    """Whether L and the reciprocals of its diagonal are finite."""
    cdef Py_ssize_t i, k
    for i in range(factor.d):
        for k in range(i + 1):
            if not isfinite(factor.scale_tril[i * factor.d + k]):
                return False
        if not isfinite(factor.reciprocals[i]):
            return False
    return True


cdef bint is_nan_point(
    floating zero, const PointsAndMeans *points, Py_ssize_t point, Py_ssize_t d
) noexcept nogil:
    """Whether x - mean is NaN in any coordinate: NaN itself, or  inf - inf."""
    cdef Py_ssize_t k
    for k in range(d):
        if isnan(coordinate_of(zero, points, point, k) - mean_of(points, point, k)):
            return True
    return False


cdef void settle_nan(
    floating zero, PointsAndMeans points, const Factor *factor, Results results, Py_ssize_t first,
    Py_ssize_t n
) noexcept nogil:
    """Points that are infinitely far away get the result for  q = inf,  not NaN.

    An infinite coordinate, or an overflow, may lead to  inf - inf  or  0 inf  further down in y.
    """
    cdef floating *out
    cdef double log_peak = 0
    cdef Py_ssize_t point
    if not is_usable(factor):
        return
    for point in range(first, first + n):
        out = <floating *> (results.out + point * results.out_bytes)
        if isnan(out[0]) and not is_nan_point(zero, &points, point, factor.d):
            if results.result != SQUARED_MAHALANOBIS:
                log_peak = (<const double *> (results.log_peak + point * results.log_peak_bytes))[0]
            out[0] = <floating> result_of(results.result, INFINITY, log_peak)


cdef inline void finish(
    floating zero, const PointsAndMeans *points, const Factor *factor, const Results *results,
    Py_ssize_t first, Py_ssize_t n, Py_ssize_t d, Py_ssize_t lanes,
) noexcept nogil:
    """The results of n points:  q,  log_peak - q / 2  or  exp(log_peak - q / 2)  from their w."""
    cdef double values[SHORT_LANES]
    cdef double peak
    cdef int64_t any_nan = 0
    cdef Py_ssize_t lane
    cdef char *out = results.out + first * results.out_bytes
    sum_squares(factor.w, values, d, lanes)
    for lane in range(n):       # not ``lanes``: unrolled, it would spill the sums above
        any_nan |= <int64_t> (values[lane] != values[lane])
    if results.result != SQUARED_MAHALANOBIS and results.log_peak_bytes == 0:
        peak = (<const double *> results.log_peak)[0]
        for lane in range(lanes):
            values[lane] = fused_multiply_add(-0.5, values[lane], peak)
    elif results.result != SQUARED_MAHALANOBIS:
        for lane in range(n):
            peak = (<const double *> (results.log_peak + (first + lane) * results.log_peak_bytes))[0]
            values[lane] = fused_multiply_add(-0.5, values[lane], peak)
    if results.result == PDF:
        for lane in range(lanes):
            values[lane] = exponential(values[lane])
    if n == lanes and results.out_bytes == <Py_ssize_t> sizeof(floating):
        for lane in range(lanes):
            (<floating *> out)[lane] = <floating> values[lane]
    else:
        for lane in range(n):
            (<floating *> (out + lane * results.out_bytes))[0] = <floating> values[lane]
    if any_nan:
        settle_nan(zero, points[0], factor, results[0], first, n)


cdef inline void score_short(
    floating zero, const PointsAndMeans *points, Py_ssize_t n, const Factor *factor, const Results *results,
    Py_ssize_t d,
) noexcept nogil:
    """Points with one factor, tile by tile.  The last tile overlaps the previous one."""
    cdef Py_ssize_t tile, first
    if n < SHORT_LANES:
        for first in range(n):
            whiten_short(zero, points, first, factor, d, 1)
            finish(zero, points, factor, results, first, 1, d, 1)
        return
    for tile in range((n + SHORT_LANES - 1) // SHORT_LANES):
        first = min(SHORT_LANES * tile, n - SHORT_LANES)
        whiten_short(zero, points, first, factor, d, SHORT_LANES)
        finish(zero, points, factor, results, first, SHORT_LANES, d, SHORT_LANES)


cdef void whiten_long_tile(
    floating zero, const PointsAndMeans *points, Py_ssize_t first, Py_ssize_t n, const Factor *factor
) noexcept nogil:
    """A function of its own, so that its sums stay in registers."""
    whiten_long(zero, points, first, n, factor)


cdef void score(
    floating zero, const PointsAndMeans *points, Py_ssize_t n, const Factor *factor, const Results *results
) noexcept nogil:
    """n points with one factor."""
    cdef PointsAndMeans contiguous = points[0]
    cdef Py_ssize_t tile, first, m
    if factor.d >= LONG_DIMENSION:
        for tile in range((n + LONG_LANES - 1) // LONG_LANES):
            first = LONG_LANES * tile
            m = min(<Py_ssize_t> LONG_LANES, n - first)
            whiten_long_tile(zero, points, first, m, factor)
            finish(zero, points, factor, results, first, m, factor.d, LONG_LANES)
    elif (1 <= factor.d <= 3 and points.mean_bytes == 0
            and points.coordinate_bytes == <Py_ssize_t> sizeof(floating)
            and points.point_bytes == factor.d * points.coordinate_bytes):
        # Compile-time constants, so that the loops vectorise better
        contiguous.mean_bytes = 0
        contiguous.coordinate_bytes = sizeof(floating)
        if factor.d == 1:
            contiguous.point_bytes = sizeof(floating)
            score_short(zero, &contiguous, n, factor, results, 1)
        elif factor.d == 2:
            contiguous.point_bytes = 2 * sizeof(floating)
            score_short(zero, &contiguous, n, factor, results, 2)
        else:
            contiguous.point_bytes = 3 * sizeof(floating)
            score_short(zero, &contiguous, n, factor, results, 3)
    else:
        score_short(zero, points, n, factor, results, factor.d)


# The factor, row after row, with the reciprocals of its diagonal

cdef bint allocate_factor(Factor *factor, Py_ssize_t d) noexcept nogil:
    """Workspace for a factor and a tile of points; or False, with a MemoryError."""
    factor.d = d
    factor.room = make_room(d * (d + 1 + SHORT_LANES) * sizeof(double))
    factor.w = <double *> aligned(factor.room)
    factor.scale_tril = factor.w + d * SHORT_LANES
    factor.reciprocals = factor.scale_tril + d * d
    return factor.room != NULL


cdef void load_factor(
    Factor *factor, const char *scale_tril, Py_ssize_t row_bytes, Py_ssize_t column_bytes
) noexcept nogil:
    """The lower triangle of L, with the bytes from row to row and from column to column."""
    cdef Py_ssize_t i, k
    for i in range(factor.d):
        for k in range(i + 1):
            factor.scale_tril[i * factor.d + k] = (
                <const double *> (scale_tril + i * row_bytes + k * column_bytes))[0]
        factor.reciprocals[i] = -1 / factor.scale_tril[i * factor.d + i]


# The generalised ufuncs

cdef inline void score_batch(
    floating zero, char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, Result result
) noexcept nogil:
    """x, mean, L and, of densities, log_peak; a factor of stride 0 is shared by all points."""
    cdef Py_ssize_t operands_in = 3 if result == SQUARED_MAHALANOBIS else 4
    cdef const cnp.npy_intp *core = steps + operands_in + 1     # x, mean, rows of L, columns of L
    cdef PointsAndMeans points = PointsAndMeans(
        operands[0], steps[0], core[0], operands[1], steps[1], core[1])
    cdef Results results = Results(result, NULL, 0, operands[operands_in], steps[operands_in])
    cdef Factor factor
    cdef Py_ssize_t n = dimensions[0], i
    if result != SQUARED_MAHALANOBIS:
        results.log_peak, results.log_peak_bytes = operands[3], steps[3]
    if n == 0 or not allocate_factor(&factor, dimensions[1]):
        return
    if steps[2] == 0:
        load_factor(&factor, operands[2], core[2], core[3])
        score(zero, &points, n, &factor, &results)
    else:
        for i in range(n):
            load_factor(&factor, operands[2] + i * steps[2], core[2], core[3])
            score(zero, &points, 1, &factor, &results)
            points.x += points.point_bytes
            points.mean += points.mean_bytes
            results.log_peak += results.log_peak_bytes
            results.out += results.out_bytes
    PyMem_RawFree(factor.room)


cdef void score_f64(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, const void *result
) noexcept nogil:
    score_batch(<double> 0, operands, dimensions, steps, (<const Result *> result)[0])


cdef void score_f32(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, const void *result
) noexcept nogil:
    score_batch(<float> 0, operands, dimensions, steps, (<const Result *> result)[0])


cdef void whiten_f64(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, const void *data
) noexcept nogil:
    """x, mean, L -> y,  point by point."""
    cdef PointsAndMeans points = PointsAndMeans(
        operands[0], steps[0], steps[4], operands[1], steps[1], steps[5])
    cdef Factor factor
    cdef Py_ssize_t n = dimensions[0], d = dimensions[1], i, k
    if n and allocate_factor(&factor, d):
        for i in range(n):
            if i == 0 or steps[2]:
                load_factor(&factor, operands[2] + i * steps[2], steps[6], steps[7])
            whiten_short(<double> 0, &points, i, &factor, d, 1)
            for k in range(d):
                (<double *> (operands[3] + i * steps[3] + k * steps[8]))[0] = 0 - factor.w[k]
        PyMem_RawFree(factor.room)


cdef void log_peak_f64(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, const void *data
) noexcept nogil:
    """L -> -sum over i of (ln L[i][i] + ln(2 pi) / 2)."""
    cdef double scale, shrink, grow, scaled, reciprocal, high, low
    cdef Py_ssize_t n = dimensions[0], d = dimensions[1], i, k
    for i in range(n):
        high = low = 0
        for k in range(d):
            scale = (<const double *> (operands[0] + i * steps[0] + k * (steps[2] + steps[3])))[0]
            split_scale(scale, &shrink, &grow, &scaled, &reciprocal)
            add(&high, &low, log_scale(scale, shrink, grow, scaled) if scale > 0 else NAN)
        (<double *> (operands[1] + i * steps[1]))[0] = 0 - (high + low)


cdef Result RESULTS[3]
RESULTS[:] = [SQUARED_MAHALANOBIS, LOGPDF, PDF]

squared_mahalanobis = make_ufunc(
    "squared_mahalanobis", "(x, mean, scale_tril)", "(d),(d),(d,d)->()", "fddf", 3, score_f32, score_f64,
    &RESULTS[0])
logpdf = make_ufunc(
    "logpdf", "(x, mean, scale_tril, log_peak)", "(d),(d),(d,d),()->()", "fdddf", 4, score_f32, score_f64,
    &RESULTS[1])
pdf = make_ufunc(
    "pdf", "(x, mean, scale_tril, log_peak)", "(d),(d),(d,d),()->()", "fdddf", 4, score_f32, score_f64,
    &RESULTS[2])
whiten = make_ufunc(
    "whiten", "(x, mean, scale_tril)", "(d),(d),(d,d)->(d)", "dddd", 3, NULL, whiten_f64, NULL)
log_peak = make_ufunc("log_peak", "(scale_tril)", "(d,d)->()", "dd", 1, NULL, log_peak_f64, NULL)


# A faster call for few points

@cython.final
cdef class Whitener:
    """One mean, factor and log_peak; each call keeps the GIL."""

    cdef Factor factor
    cdef cnp.ndarray mean
    cdef double log_peak
    cdef double *point          # workspace for one

    def __cinit__(self, cnp.ndarray mean not None, cnp.ndarray scale_tril not None, double log_peak):
        if (cnp.PyArray_TYPE(mean) != cnp.NPY_FLOAT64 or cnp.PyArray_TYPE(scale_tril) != cnp.NPY_FLOAT64
                or cnp.PyArray_NDIM(mean) != 1 or cnp.PyArray_NDIM(scale_tril) != 2
                or cnp.PyArray_DIM(scale_tril, 0) != mean.shape[0]
                or cnp.PyArray_DIM(scale_tril, 1) != mean.shape[0]):
            raise ValueError("mean (d,) and scale_tril (d, d) must be float64")
        cdef Py_ssize_t d = mean.shape[0]
        self.mean = in_order(mean.copy())
        scale_tril = in_order(scale_tril)
        self.log_peak = log_peak
        if not allocate_factor(&self.factor, d):
            raise MemoryError
        load_factor(
            &self.factor, <const char *> cnp.PyArray_DATA(scale_tril), d * sizeof(double), sizeof(double))
        self.point = <double *> PyMem_RawMalloc((d + 1) * sizeof(double))
        if self.point == NULL:
            raise MemoryError

    def __dealloc__(self):
        PyMem_RawFree(self.factor.room)
        PyMem_RawFree(self.point)

    def squared_mahalanobis(self, x):
        return score_few(self, x, SQUARED_MAHALANOBIS)

    def logpdf(self, x):
        return score_few(self, x, LOGPDF)

    def pdf(self, x):
        return score_few(self, x, PDF)


cdef object score_few(Whitener whitener, x, Result result):
    """The result for a point given as floats, or for a small array; None for anything else.

    As in SciPy, axes of length 1 are dropped, and a one-dimensional array is points if d = 1.
    """
    cdef Py_ssize_t d = whitener.factor.d, n, i
    cdef double value
    cdef cnp.ndarray array, out
    if cnp.PyArray_CheckExact(x):
        array = <cnp.ndarray> x
        if (cnp.PyArray_TYPE(array) != cnp.NPY_FLOAT64 or d == 0
                or cnp.PyArray_SIZE(array) * (16 + d) > FEW_OPERATIONS
                or not cnp.PyArray_CHKFLAGS(array, cnp.NPY_ARRAY_C_CONTIGUOUS | cnp.NPY_ARRAY_ALIGNED)
                or not cnp.PyArray_ISNOTSWAPPED(array) or cnp.PyArray_NDIM(array) == 0):
            return None
        if cnp.PyArray_DIM(array, cnp.PyArray_NDIM(array) - 1) != d and not (
                d == 1 and cnp.PyArray_NDIM(array) == 1):
            return None
        n = cnp.PyArray_SIZE(array) // d
        if n == 1:
            score_at_once(whitener, <const double *> cnp.PyArray_DATA(array), 1, result, &value)
            return fastdist_float64(value)
        out = new_array(array, d)
        score_at_once(
            whitener, <const double *> cnp.PyArray_DATA(array), n, result, <double *> cnp.PyArray_DATA(out))
        return out
    if not (PyList_CheckExact(x) or PyTuple_CheckExact(x)) or len(x) != d or d == 0:
        return None
    for i in range(d):
        number = <object> PySequence_Fast_GET_ITEM(x, i)
        if not PyFloat_CheckExact(number):
            return None
        whitener.point[i] = PyFloat_AS_DOUBLE(number)
    score_at_once(whitener, whitener.point, 1, result, &value)
    return fastdist_float64(value)


cdef object new_array(cnp.ndarray x, Py_ssize_t d):
    """One value for each point, without axes of length 1."""
    cdef cnp.npy_intp shape[cnp.NPY_MAXDIMS]
    cdef int axis, dimensions = 0
    cdef int axes = cnp.PyArray_NDIM(x) - (d != 1 or cnp.PyArray_NDIM(x) > 1)
    for axis in range(axes):
        if cnp.PyArray_DIM(x, axis) != 1:
            shape[dimensions] = cnp.PyArray_DIM(x, axis)
            dimensions += 1
    return cnp.PyArray_EMPTY(dimensions, shape, cnp.NPY_FLOAT64, False)


cdef inline void score_at_once(
    Whitener whitener, const double *x, Py_ssize_t n, Result result, double *out
) noexcept:
    cdef environment caller = enter()
    cdef PointsAndMeans points = PointsAndMeans(
        <const char *> x, whitener.factor.d * sizeof(double), sizeof(double),
        <const char *> cnp.PyArray_DATA(whitener.mean), 0, sizeof(double))
    cdef Results results = Results(
        result, <const char *> &whitener.log_peak, 0, <char *> out, sizeof(double))
    score(<double> 0, &points, n, &whitener.factor, &results)
    leave(caller)
