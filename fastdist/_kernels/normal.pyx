"""The normal distribution as NumPy ufuncs of x, loc and scale.

A ufunc's inner loop goes through its operands in tiles.  What is not contiguous is first copied into a tile,
loc and scale turn x into z = (x - loc) / scale, and then a function of z (normal.pxd) runs over contiguous
numbers, so that the compiler makes vectors of it.  For loc = 0 and scale = 1 that is all.

How the operands lie in memory, and which level's loop runs, cannot be seen in a result.
"""

from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_Check
from cpython.long cimport PyLong_AsDouble, PyLong_CheckExact
from libc.math cimport INFINITY, fabs
from libc.string cimport memcpy

cimport cython
cimport numpy as cnp

import numpy as np

from fastdist._kernels.environment cimport enter, environment, here, leave
from fastdist._kernels.mathematics cimport floating, if_less
from fastdist._kernels.numpy_scalar cimport fastdist_float64
from fastdist._kernels.stream cimport CACHE, CACHE_LINE, prefetch
from fastdist._kernels.ufunc cimport make_ufunc

cnp.import_array()
cnp.import_ufunc()

cdef enum:
    TILE = 256              # numbers: what is kept of a tile, 28 KiB at most, fits into an L1 cache of 32
    GROUP = 16              # numbers in the widest vector
    SMALL = 4096            # numbers, some microseconds

cdef extern from *:
    const double LARGEST_F32 "FLT_MAX"
    const double LEAST_F32 "0x1p-149"


# The parameters of a tile: rows of TILE numbers

cdef enum:
    SHRINK
    GROW
    SCALED
    RECIPROCAL
    SCALE_EXPONENT
    SCALE_RECIPROCAL
    ROWS
    LOG_SCALE = SCALE_EXPONENT      # no function needs both

# Of z alone; and of z + z_low, with the parameters.
ctypedef void (*StandardF64)(const double *z, double *out, Py_ssize_t n) noexcept nogil
ctypedef void (*StandardF32)(const float *z, float *out, Py_ssize_t n) noexcept nogil
ctypedef void (*ScaledF64)(
    const double *z, const double *z_low, const double *rows, double *out, Py_ssize_t n) noexcept nogil
ctypedef void (*ScaledF32)(
    const float *z, const float *z_low, const float *rows, float *out, Py_ssize_t n) noexcept nogil

cdef enum:
    NOTHING
    DENSITY
    LOG_DENSITY

cdef struct Tiles:
    StandardF64 standard_f64
    StandardF32 standard_f32
    ScaledF64 scaled_f64            # NULL for a quantile, which is  loc + scale z
    ScaledF32 scaled_f32
    int needs               # of the scale: NOTHING more, DENSITY or LOG_DENSITY


# The functions over a tile.  ``upper``, a literal, asks for the mirror image:  sf(z) = cdf(-z).

cdef inline floating mirrored(floating x, bint upper) noexcept nogil:
    if upper:
        return -x
    return x


cdef void standard_pdf_tile(const floating *z, floating *out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = standard_pdf(z[i])


cdef void scaled_pdf_tile(
    const floating *z, const floating *z_low, const floating *rows, floating *out, Py_ssize_t n
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = scaled_pdf(
            z[i], z_low[i], rows[SCALE_EXPONENT * TILE + i], rows[SCALE_RECIPROCAL * TILE + i])


cdef void standard_logpdf_tile(const floating *z, floating *out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = standard_logpdf(z[i])


cdef void scaled_logpdf_tile(
    const floating *z, const floating *z_low, const floating *rows, floating *out, Py_ssize_t n
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = scaled_logpdf(z[i], z_low[i], rows[LOG_SCALE * TILE + i])


cdef inline void cdf_loop(
    const floating *z, const floating *z_low, floating *out, Py_ssize_t n, bint upper, bint exact
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        if exact:
            out[i] = standard_cdf(mirrored(z[i], upper), <floating> 0, exact)
        else:
            out[i] = standard_cdf(mirrored(z[i], upper), mirrored(z_low[i], upper), exact)


cdef inline void logcdf_loop(
    const floating *z, const floating *z_low, floating *out, Py_ssize_t n, bint upper, bint exact
) noexcept nogil:
    """In two passes: the chain of dependent operations of one would be too long for the CPU to overlap."""
    cdef floating v[TILE]
    cdef floating v_low[TILE]
    cdef floating a[TILE]
    cdef floating a_low[TILE]
    cdef Py_ssize_t i
    for i in range(n):
        if exact:
            logcdf_parts(mirrored(z[i], upper), <floating> 0, &v[i], &v_low[i], &a[i], &a_low[i], exact)
        else:
            logcdf_parts(
                mirrored(z[i], upper), mirrored(z_low[i], upper), &v[i], &v_low[i], &a[i], &a_low[i], exact)
    for i in range(n):
        # -y^2 / 2 may be infinite, and then its sum with anything is.
        out[i] = if_less(
            -<floating> INFINITY, a[i], log_plus(v[i], v_low[i], <floating> 0, a[i], a_low[i]), a[i])


cdef void ppf_tile(const floating *p, floating *out, Py_ssize_t n) noexcept nogil:
    """All of the tile as if it were in the centre; then the few in the tails, moved together."""
    cdef floating w[TILE]
    cdef floating tails[TILE + GROUP]
    cdef int places[TILE]
    cdef Py_ssize_t i, m = 0
    for i in range(n):
        w[i] = centre_variable(p[i])
    for i in range(n):
        tails[m] = p[i]
        places[m] = <int> i
        m += is_tail(p[i])
    for i in range(n):
        out[i] = ppf_centre(p[i], w[i])
    for i in range(GROUP):      # whole vectors
        tails[m + i] = 0
    for i in range((m + GROUP - 1) // GROUP * GROUP):
        tails[i] = ppf_tail(tails[i])
    for i in range(m):
        out[places[i]] = tails[i]


cdef void standard_cdf_tile(const floating *z, floating *out, Py_ssize_t n) noexcept nogil:
    cdf_loop(z, NULL, out, n, False, True)


cdef void scaled_cdf_tile(
    const floating *z, const floating *z_low, const floating *rows, floating *out, Py_ssize_t n
) noexcept nogil:
    cdf_loop(z, z_low, out, n, False, False)


cdef void standard_sf_tile(const floating *z, floating *out, Py_ssize_t n) noexcept nogil:
    cdf_loop(z, NULL, out, n, True, True)


cdef void scaled_sf_tile(
    const floating *z, const floating *z_low, const floating *rows, floating *out, Py_ssize_t n
) noexcept nogil:
    cdf_loop(z, z_low, out, n, True, False)


cdef void standard_logcdf_tile(const floating *z, floating *out, Py_ssize_t n) noexcept nogil:
    logcdf_loop(z, NULL, out, n, False, True)


cdef void scaled_logcdf_tile(
    const floating *z, const floating *z_low, const floating *rows, floating *out, Py_ssize_t n
) noexcept nogil:
    logcdf_loop(z, z_low, out, n, False, False)


cdef void standard_logsf_tile(const floating *z, floating *out, Py_ssize_t n) noexcept nogil:
    logcdf_loop(z, NULL, out, n, True, True)


cdef void scaled_logsf_tile(
    const floating *z, const floating *z_low, const floating *rows, floating *out, Py_ssize_t n
) noexcept nogil:
    logcdf_loop(z, z_low, out, n, True, False)


cdef void isf_tile(const floating *p, floating *out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    ppf_tile(p, out, n)
    for i in range(n):
        out[i] = <floating> 0 - out[i]      # 0, not -0, at 1/2


cdef Tiles PDF = Tiles(
    standard_pdf_tile[double], standard_pdf_tile[float],
    scaled_pdf_tile[double], scaled_pdf_tile[float], DENSITY)
cdef Tiles LOGPDF = Tiles(
    standard_logpdf_tile[double], standard_logpdf_tile[float],
    scaled_logpdf_tile[double], scaled_logpdf_tile[float], LOG_DENSITY)
cdef Tiles CDF = Tiles(
    standard_cdf_tile[double], standard_cdf_tile[float],
    scaled_cdf_tile[double], scaled_cdf_tile[float], NOTHING)
cdef Tiles SF = Tiles(
    standard_sf_tile[double], standard_sf_tile[float],
    scaled_sf_tile[double], scaled_sf_tile[float], NOTHING)
cdef Tiles LOGCDF = Tiles(
    standard_logcdf_tile[double], standard_logcdf_tile[float],
    scaled_logcdf_tile[double], scaled_logcdf_tile[float], NOTHING)
cdef Tiles LOGSF = Tiles(
    standard_logsf_tile[double], standard_logsf_tile[float],
    scaled_logsf_tile[double], scaled_logsf_tile[float], NOTHING)
cdef Tiles PPF = Tiles(ppf_tile[double], ppf_tile[float], NULL, NULL, NOTHING)
cdef Tiles ISF = Tiles(isf_tile[double], isf_tile[float], NULL, NULL, NOTHING)


# From a ufunc's operands to tiles

cdef inline const floating *contiguous(
    const char *data, cnp.npy_intp step, Py_ssize_t n, Py_ssize_t padded, floating padding, floating *tile,
    bint in_place,
) noexcept nogil:
    """n numbers as they lie; or copied into the tile, and padded.

    So they are with ``in_place``, where the result takes their place: of operands in the same memory the
    compiler's loops would do number by number.
    """
    cdef Py_ssize_t i
    if step == <Py_ssize_t> sizeof(floating) and n == padded and not in_place:
        return <const floating *> data
    if step == <Py_ssize_t> sizeof(floating):
        memcpy(tile, data, n * sizeof(floating))
    else:
        for i in range(n):
            tile[i] = (<const floating *> (data + i * step))[0]
    for i in range(n, padded):
        tile[i] = padding
    return tile


cdef inline void prepare(const floating *scale, Py_ssize_t n, floating *rows, int needs) noexcept nogil:
    """What the functions need of the scales of a tile."""
    cdef Py_ssize_t i
    for i in range(n):
        split_scale(scale[i], &rows[SHRINK * TILE + i], &rows[GROW * TILE + i], &rows[SCALED * TILE + i],
                    &rows[RECIPROCAL * TILE + i])
    if needs == DENSITY:
        for i in range(n):
            reciprocal_of_scale(
                scale[i], rows[SHRINK * TILE + i], rows[GROW * TILE + i], rows[SCALED * TILE + i],
                &rows[SCALE_EXPONENT * TILE + i], &rows[SCALE_RECIPROCAL * TILE + i])
    elif needs == LOG_DENSITY:
        for i in range(n):
            rows[LOG_SCALE * TILE + i] = log_scale(
                scale[i], rows[SHRINK * TILE + i], rows[GROW * TILE + i], rows[SCALED * TILE + i])


cdef inline void standardise_tile(
    const floating *x, const floating *loc, const floating *rows, floating *z, floating *z_low, Py_ssize_t n
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        standardise(x[i], loc[i], rows[SHRINK * TILE + i], rows[GROW * TILE + i], rows[SCALED * TILE + i],
                    rows[RECIPROCAL * TILE + i], &z[i], &z_low[i])


cdef inline void call_standard(
    const Tiles *tiles, const floating *z, floating *out, Py_ssize_t n
) noexcept nogil:
    if floating is double:
        tiles.standard_f64(z, out, n)
    else:
        tiles.standard_f32(z, out, n)


cdef inline void call_scaled(
    const Tiles *tiles, const floating *z, const floating *z_low, const floating *rows,
    floating *out, Py_ssize_t n,
) noexcept nogil:
    if floating is double:
        tiles.scaled_f64(z, z_low, rows, out, n)
    else:
        tiles.scaled_f32(z, z_low, rows, out, n)


cdef inline void run(
    floating zero, const Tiles *tiles, char **operands, const cnp.npy_intp *steps, Py_ssize_t n
) noexcept nogil:
    """x, loc, scale and the result; ``zero`` tells their type."""
    cdef floating x_tile[TILE]
    cdef floating loc_tile[TILE]
    cdef floating scale_tile[TILE]
    cdef floating rows[ROWS * TILE]
    cdef floating z[TILE]
    cdef floating z_low[TILE]
    cdef floating out_tile[TILE]
    cdef const floating *x
    cdef const floating *loc = loc_tile
    cdef const floating *scale = scale_tile
    cdef floating *out
    cdef char *place[4]
    cdef Py_ssize_t tile, i, m, padded
    cdef bint constant = steps[1] == 0 and steps[2] == 0
    cdef bint standard, quantile = tiles.scaled_f64 == NULL
    cdef bint prefetched = (
        tiles.needs == LOG_DENSITY and steps[3] == <Py_ssize_t> sizeof(floating) and n * steps[3] > CACHE)
    if n == 0:
        return
    standard = constant and (<floating *> operands[1])[0] == zero and (<floating *> operands[2])[0] == 1
    for tile in range((n + TILE - 1) // TILE):
        for i in range(4):
            place[i] = operands[i] + tile * TILE * steps[i]
        # Padded to whole vectors: what is left over would be done number by number.  A single number is not.
        m = min(n - tile * TILE, <Py_ssize_t> TILE)
        padded = 1 if m == 1 else (m + GROUP - 1) // GROUP * GROUP
        x = contiguous(place[0], steps[0], m, padded, <floating> 0.5, x_tile, place[0] == place[3])
        out = <floating *> place[3]
        if steps[3] != <Py_ssize_t> sizeof(floating) or padded != m:
            out = out_tile
        if not standard and (tile == 0 or not constant):
            loc = contiguous(place[1], steps[1], m, padded, zero, loc_tile, place[1] == place[3])
            scale = contiguous(
                place[2], steps[2], m, padded, <floating> 1, scale_tile, place[2] == place[3])
            if not quantile:
                prepare(scale, padded, rows, tiles.needs)
        # The lines of the next tile, for a function that waits for memory alone
        if prefetched and n - tile * TILE >= 2 * TILE:
            for i in range(TILE * sizeof(floating) // CACHE_LINE):
                prefetch(place[3] + TILE * sizeof(floating) + i * CACHE_LINE, 1, 3)
        if standard:
            call_standard(tiles, x, out, padded)
        elif quantile:
            call_standard(tiles, x, z, padded)
            for i in range(padded):
                out[i] = located(z[i], loc[i], scale[i])
        else:
            standardise_tile(x, loc, rows, z, z_low, padded)
            call_scaled(tiles, z, z_low, rows, out, padded)
        if out == out_tile and steps[3] == <Py_ssize_t> sizeof(floating):
            memcpy(place[3], out_tile, m * sizeof(floating))
        elif out == out_tile:
            for i in range(m):
                (<floating *> (place[3] + i * steps[3]))[0] = out_tile[i]


cdef void loop_f64(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, const void *tiles
) noexcept nogil:
    run(<double> 0, <const Tiles *> tiles, operands, steps, dimensions[0])


cdef void loop_f32(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, const void *tiles
) noexcept nogil:
    run(<float> 0, <const Tiles *> tiles, operands, steps, dimensions[0])


# The ufuncs

cdef object norm_ufunc(const char *name, const Tiles *tiles):
    return make_ufunc(name, "(x, loc, scale)", NULL, "ffff", 3, loop_f32, loop_f64, tiles)


pdf = norm_ufunc("pdf", &PDF)
logpdf = norm_ufunc("logpdf", &LOGPDF)
cdf = norm_ufunc("cdf", &CDF)
logcdf = norm_ufunc("logcdf", &LOGCDF)
sf = norm_ufunc("sf", &SF)
logsf = norm_ufunc("logsf", &LOGSF)
ppf = norm_ufunc("ppf", &PPF)
isf = norm_ufunc("isf", &ISF)

cdef enum:
    FUNCTIONS = 8

NAMES = ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf", "ppf", "isf")
cdef const Tiles *TILES[FUNCTIONS]
TILES[:] = [&PDF, &LOGPDF, &CDF, &LOGCDF, &SF, &LOGSF, &PPF, &ISF]


cdef inline bint to_number(object argument, double *number) except -1:
    """Whether the argument is a Python number that a float64 holds, and which."""
    if PyFloat_Check(argument):
        number[0] = PyFloat_AS_DOUBLE(argument)
        return True
    if not PyLong_CheckExact(argument):
        return False
    try:
        number[0] = PyLong_AsDouble(argument)
    except OverflowError:
        return False
    return True


@cython.final
cdef class Function:
    """One of the ufuncs for Python numbers, and for small arrays of x alone.

    None stands for anything else, which is for the ufunc itself.
    """

    cdef const Tiles *tiles

    def __cinit__(self, name):
        self.tiles = TILES[NAMES.index(name)]

    def __call__(self, x, loc, scale, dict keywords not None):
        cdef double number, loc_number, scale_number, result
        if not keywords and to_number(loc, &loc_number) and to_number(scale, &scale_number):
            if to_number(x, &number):
                run_at_once(self.tiles, &number, loc_number, scale_number, &result, 1)
                return fastdist_float64(result)
            if is_small(x):
                if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT64:
                    return of_small(<double> 0, self.tiles, <cnp.ndarray> x, loc_number, scale_number)
                if (type(loc) is not np.float64 and type(scale) is not np.float64
                        and in_float32(loc_number) and in_float32(scale_number)):
                    return of_small(<float> 0, self.tiles, <cnp.ndarray> x, loc_number, scale_number)
        return None


cdef inline bint is_small(object x) noexcept:
    """Whether x is an array that is read as it lies, of a size where a ufunc's overhead would be felt."""
    return (
        cnp.PyArray_CheckExact(x)
        and (cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT64 or cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT32)
        and cnp.PyArray_NDIM(x) > 0
        and cnp.PyArray_SIZE(x) <= SMALL
        and cnp.PyArray_CHKFLAGS(x, cnp.NPY_ARRAY_C_CONTIGUOUS | cnp.NPY_ARRAY_ALIGNED)
        and cnp.PyArray_ISNOTSWAPPED(x)
    )


cpdef bint in_float32(double number) noexcept:
    """Whether float32 holds a number, other than as infinity or 0."""
    cdef double size = fabs(number)
    return size == 0 or LEAST_F32 <= size <= LARGEST_F32 or size == INFINITY or size != size


cdef inline object of_small(floating zero, const Tiles *tiles, cnp.ndarray x, double loc, double scale):
    """A new array; ``zero`` tells the type."""
    cdef cnp.ndarray out = cnp.PyArray_EMPTY(
        cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), cnp.PyArray_TYPE(x), False)
    run_at_once(
        tiles, <floating *> cnp.PyArray_DATA(x), loc, scale, <floating *> cnp.PyArray_DATA(out),
        cnp.PyArray_SIZE(x))
    return out


cdef inline void run_at_once(
    const Tiles *tiles, floating *x, double loc, double scale, floating *out, Py_ssize_t n
) noexcept nogil:
    cdef environment caller = enter()
    cdef floating parameters[2]
    cdef char *operands[4]
    cdef cnp.npy_intp[4] steps = [sizeof(floating), 0, 0, sizeof(floating)]
    parameters[:] = [<floating> here(loc), <floating> here(scale)]
    operands[:] = [<char *> x, <char *> &parameters[0], <char *> &parameters[1], <char *> out]
    run(<floating> 0, tiles, operands, steps, n)
    leave(caller)
