"""Multivariate normals from the stream: its normals, mapped as multivariate_sampling.pxd says."""

from cpython.mem cimport PyMem_RawFree
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport uint64_t

cimport cython
cimport numpy as cnp

from fastdist._kernels.arrays cimport data_of_key, in_order
from fastdist._kernels.environment cimport enter, environment, leave
from fastdist._kernels.mathematics cimport floating, fused_multiply_add
from fastdist._kernels.panel cimport PANEL_LANES, PANEL_ROWS
from fastdist._kernels.room cimport aligned, make_room
from fastdist._kernels.stream cimport Domain, Transform, fill_range
from fastdist._kernels.ufunc cimport make_ufunc

cnp.import_array()
cnp.import_ufunc()

cdef enum:
    CACHED_ROWS = 32        # at least so many rows share a panel of L while it lies in cache


cdef void colorize_long_rows(
    floating *z, Py_ssize_t n, const floating *mean, const floating *panels, Py_ssize_t d
) noexcept nogil:
    """A function of its own, so that its sums stay in registers."""
    colorize_long(z, n, mean, panels, d)


cdef inline void colorize_rows(
    floating *z, Py_ssize_t n, const floating *mean, const floating *factor, Py_ssize_t d
) noexcept nogil:
    """``factor`` is L itself for short rows, its panels for long ones."""
    cdef const floating *shift = mean + PANEL_LANES
    if not is_short(d):
        colorize_long_rows(z, n, mean, factor, d)
    elif d == 1:
        colorize_short(z, n, shift, factor, 1)
    elif d == 2:
        colorize_short(z, n, shift, factor, 2)
    elif d == 3:
        colorize_short(z, n, shift, factor, 3)
    elif d == 4:
        colorize_short(z, n, shift, factor, 4)
    else:
        colorize_short(z, n, shift, factor, UNROLLED_DIMENSION)


# A generalised ufunc, where each row has its own mean and factor

cdef inline void colorize_batch(
    floating zero, char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps
) noexcept nogil:
    """z, mean, L -> x with any strides, of the type of ``zero``."""
    cdef Py_ssize_t n = dimensions[0], d = dimensions[1], i, k
    cdef const char *z = operands[0]
    cdef const char *mean = operands[1]
    cdef const char *scale_tril = operands[2]
    cdef char *out = operands[3]
    cdef Py_ssize_t of_z = steps[4], of_mean = steps[5], of_out = steps[8]
    cdef Py_ssize_t of_row = steps[6], of_column = steps[7]
    cdef floating total
    for _ in range(n):
        for i in range(d - 1, -1, -1):      # x may overwrite z
            total = 0
            for k in range(i + 1):
                total = fused_multiply_add(
                    (<const floating *> (scale_tril + i * of_row + k * of_column))[0],
                    (<const floating *> (z + k * of_z))[0], total)
            (<floating *> (out + i * of_out))[0] = (
                (<const floating *> (mean + i * of_mean))[0] + zero) + total
        z += steps[0]
        mean += steps[1]
        scale_tril += steps[2]
        out += steps[3]


cdef void colorize_f64(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, const void *data
) noexcept nogil:
    colorize_batch(<double> 0, operands, dimensions, steps)


cdef void colorize_f32(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, const void *data
) noexcept nogil:
    colorize_batch(<float> 0, operands, dimensions, steps)


colorize = make_ufunc(
    "colorize", "mean + L z: (z, mean, L)", "(d),(d),(d,d)->(d)", "ffff", 3, colorize_f32, colorize_f64, NULL)


# Rows of the stream

cdef inline void multivariate_normals(
    const uint64_t *key, Domain domain, const Transform *transform, uint64_t first,
    floating *out, Py_ssize_t n, const floating *mean, const floating *factor, Py_ssize_t d,
) noexcept nogil:
    """n rows of the stream from sample ``first`` on, filled and mapped some blocks at a time."""
    cdef Py_ssize_t filled = 0, done = 0, end, rows
    while filled < n * d:
        end = end_of_fill(transform, first, filled, n * d, CACHED_ROWS * d)
        fill_range(
            key, domain, transform, first + <uint64_t> filled, <char *> (out + filled), end - filled, 0, 1)
        filled = end
        rows = filled // d - done
        if filled < n * d:
            rows -= rows % PANEL_ROWS
        colorize_rows(out + done * d, rows, mean, factor, d)
        done += rows


@cython.final
cdef class Colorizer:
    """The map of one mean and one factor, both float64 or both float32."""

    cdef readonly Py_ssize_t dimension
    cdef readonly object dtype
    cdef int typenum
    cdef void *room         # which holds the next two
    cdef void *mean
    cdef void *factor

    def __cinit__(self, cnp.ndarray mean not None, cnp.ndarray scale_tril not None):
        cdef int typenum = cnp.PyArray_TYPE(mean)
        if typenum != cnp.NPY_FLOAT64 and typenum != cnp.NPY_FLOAT32:
            raise TypeError(f"mean must be float64 or float32, not {mean.dtype}")
        if cnp.PyArray_TYPE(scale_tril) != typenum:
            raise ValueError(
                f"mean and scale_tril must have the same dtype, not {mean.dtype} and {scale_tril.dtype}")
        if (cnp.PyArray_NDIM(mean) != 1 or cnp.PyArray_NDIM(scale_tril) != 2
                or scale_tril.shape[0] != mean.shape[0] or scale_tril.shape[1] != mean.shape[0]):
            raise ValueError("mean and scale_tril must have the shapes (d,) and (d, d)")
        cdef Py_ssize_t d = mean.shape[0], entries
        mean, scale_tril = in_order(mean), in_order(scale_tril)
        self.dimension = d
        self.dtype = mean.dtype
        self.typenum = typenum
        entries = d * d if is_short(d) else panel_offset(d, (d + PANEL_LANES - 1) // PANEL_LANES)
        self.room = make_room((entries + PANEL_LANES + d) * <Py_ssize_t> mean.dtype.itemsize)
        if self.room == NULL:
            raise MemoryError
        self.factor = aligned(self.room)
        self.mean = <char *> self.factor + entries * <Py_ssize_t> mean.dtype.itemsize
        if typenum == cnp.NPY_FLOAT64:
            load_map(
                <const double *> cnp.PyArray_DATA(mean), <const double *> cnp.PyArray_DATA(scale_tril), d,
                <double *> self.mean, <double *> self.factor)
        else:
            load_map(
                <const float *> cnp.PyArray_DATA(mean), <const float *> cnp.PyArray_DATA(scale_tril), d,
                <float *> self.mean, <float *> self.factor)

    def __dealloc__(self):
        PyMem_RawFree(self.room)

    def apply(self, cnp.ndarray z not None):
        """Map rows of standard normals in place; the GIL is released."""
        cdef Py_ssize_t rows = self.rows_of(z)
        if self.typenum == cnp.NPY_FLOAT64:
            apply_to[double](self, <double *> cnp.PyArray_DATA(z), rows)
        else:
            apply_to[float](self, <float *> cnp.PyArray_DATA(z), rows)

    def fill_range(
        self, normals not None, cnp.ndarray key not None, uint64_t first, cnp.ndarray out not None
    ):
        """Write rows of samples first, first + 1, ... of a key's normals, mapped; the GIL is released."""
        cdef Py_ssize_t rows = self.rows_of(out)
        cdef Domain domain = <Domain> <int> normals.domain
        cdef const Transform *transform = <const Transform *> PyCapsule_GetPointer(
            normals.transform, "fastdist.Transform")
        if transform.typenum != self.typenum:
            raise TypeError(f"normals must be {self.dtype}")
        cdef const uint64_t *words = data_of_key(key)
        if self.typenum == cnp.NPY_FLOAT64:
            fill_from[double](self, words, domain, transform, first, <double *> cnp.PyArray_DATA(out), rows)
        else:
            fill_from[float](self, words, domain, transform, first, <float *> cnp.PyArray_DATA(out), rows)

    cdef Py_ssize_t rows_of(self, cnp.ndarray out) except -1:
        """The number of rows of an array that can be written in place."""
        if (cnp.PyArray_TYPE(out) != self.typenum or not cnp.PyArray_ISNOTSWAPPED(out)
                or not cnp.PyArray_CHKFLAGS(out, cnp.NPY_ARRAY_CARRAY) or cnp.PyArray_NDIM(out) == 0
                or cnp.PyArray_DIM(out, cnp.PyArray_NDIM(out) - 1) != self.dimension):
            raise ValueError(f"rows must be {self.dimension} contiguous, writable {self.dtype} values")
        return cnp.PyArray_SIZE(out) // self.dimension if self.dimension else 0


cdef apply_to(Colorizer colorizer, floating *z, Py_ssize_t rows):
    cdef const floating *mean = <const floating *> colorizer.mean
    cdef const floating *factor = <const floating *> colorizer.factor
    cdef Py_ssize_t d = colorizer.dimension
    cdef environment caller
    with nogil:
        caller = enter()
        colorize_rows(z, rows, mean, factor, d)
        leave(caller)


cdef fill_from(
    Colorizer colorizer, const uint64_t *key, Domain domain, const Transform *transform, uint64_t first,
    floating *out, Py_ssize_t rows,
):
    cdef const floating *mean = <const floating *> colorizer.mean
    cdef const floating *factor = <const floating *> colorizer.factor
    cdef Py_ssize_t d = colorizer.dimension
    cdef environment caller
    with nogil:
        caller = enter()
        multivariate_normals(key, domain, transform, first, out, rows, mean, factor, d)
        leave(caller)
