"""The elementary functions on arrays, so that tests and lessons can look at each alone."""

cimport numpy as cnp

from fastdist._kernels.arrays cimport data_of, float_type_of

cnp.import_array()


cdef inline void minus_logs(const floating *f, const floating *e, floating *out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = minus_log(f[i], e[i])


cdef inline void sines(const floating *t, floating *out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = sin_pi(t[i])


cdef inline void cosines(const floating *t, floating *out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = cos_pi(t[i])


cdef inline void exponentials(const floating *a, floating *out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating high, low, shifted_exponent
    for i in range(n):
        exp_parts(a[i], <floating> 0, &high, &low, &shifted_exponent)
        out[i] = scale_small((high + low) * small_power(high), shifted_exponent)


cdef Py_ssize_t operands(cnp.ndarray argument, cnp.ndarray out, char **data, char **results) except -1:
    """Where an argument and the results of the same dtype lie; how many they are."""
    cdef int typenum = float_type_of(out, "out")
    cdef Py_ssize_t n = len(out)
    data[0] = data_of(argument, typenum, (n,), "argument", False)
    results[0] = data_of(out, typenum, (n,), "out", True)
    return n


def evaluate_minus_log(cnp.ndarray f not None, cnp.ndarray e not None, cnp.ndarray out not None):
    """out = -ln((1 + f) 2^-e)."""
    cdef char *fractions
    cdef char *exponents
    cdef char *results
    cdef Py_ssize_t n = operands(f, out, &fractions, &results)
    operands(e, out, &exponents, &results)
    if cnp.PyArray_TYPE(out) == cnp.NPY_FLOAT64:
        minus_logs(<const double *> fractions, <const double *> exponents, <double *> results, n)
    else:
        minus_logs(<const float *> fractions, <const float *> exponents, <float *> results, n)


def evaluate_sin_pi(cnp.ndarray t not None, cnp.ndarray out not None):
    """out = sin(pi t)."""
    cdef char *data
    cdef char *results
    cdef Py_ssize_t n = operands(t, out, &data, &results)
    if cnp.PyArray_TYPE(out) == cnp.NPY_FLOAT64:
        sines(<const double *> data, <double *> results, n)
    else:
        sines(<const float *> data, <float *> results, n)


def evaluate_cos_pi(cnp.ndarray t not None, cnp.ndarray out not None):
    """out = cos(pi t)."""
    cdef char *data
    cdef char *results
    cdef Py_ssize_t n = operands(t, out, &data, &results)
    if cnp.PyArray_TYPE(out) == cnp.NPY_FLOAT64:
        cosines(<const double *> data, <double *> results, n)
    else:
        cosines(<const float *> data, <float *> results, n)


def evaluate_exp(cnp.ndarray a not None, cnp.ndarray out not None):
    """out = exp(a), for a <= 0, down to where it rounds to 0: about -745.2, in float32 -104."""
    cdef char *data
    cdef char *results
    cdef Py_ssize_t n = operands(a, out, &data, &results)
    if cnp.PyArray_TYPE(out) == cnp.NPY_FLOAT64:
        exponentials(<const double *> data, <double *> results, n)
    else:
        exponentials(<const float *> data, <float *> results, n)
