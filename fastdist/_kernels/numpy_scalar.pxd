"""A numpy.float64 made of a double, without a call of Python."""

cdef extern from *:
    """
    #include <numpy/arrayscalars.h>

    static inline PyObject *fastdist_float64(double x) {
        PyObject *number = PyArrayScalar_New(Double);
        if (number != NULL) PyArrayScalar_ASSIGN(number, Double, x);
        return number;
    }
    """
    object fastdist_float64(double x)
