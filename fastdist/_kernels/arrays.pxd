"""Where the numbers of NumPy's arrays lie: what a kernel cannot read or write is refused by name."""

from cpython.long cimport PyLong_CheckExact
from cpython.tuple cimport PyTuple_CheckExact
from libc.stdint cimport uint64_t

cimport numpy as cnp


cdef inline str wanted(str name, cnp.ndarray array, str shape, int typenum, str layout):
    return (f"{name} of shape {(<object> array).shape}, {array.dtype}; wanted is {shape}, "
            f"{cnp.PyArray_DescrFromType(typenum)}, {layout}")


cdef inline cnp.ndarray in_order(cnp.ndarray array):
    """The array, or a copy if it is not C-contiguous, aligned and in native byte order."""
    return <cnp.ndarray> cnp.PyArray_FROM_OF(array, cnp.NPY_ARRAY_CARRAY_RO | cnp.NPY_ARRAY_NOTSWAPPED)


cdef inline char *data_of(
    cnp.ndarray array, int typenum, tuple shape, str name, bint written
) except? NULL:
    """Of an array that must be contiguous."""
    cdef int flags = cnp.NPY_ARRAY_CARRAY if written else cnp.NPY_ARRAY_CARRAY_RO
    if (cnp.PyArray_TYPE(array) != typenum or not cnp.PyArray_CHKFLAGS(array, flags)
            or not cnp.PyArray_ISNOTSWAPPED(array) or (<object> array).shape != shape):
        raise ValueError(wanted(name, array, str(shape), typenum, "contiguous"))
    return <char *> cnp.PyArray_DATA(array)


cdef inline int float_type_of(cnp.ndarray array, str name) except -1:
    """NPY_FLOAT64 or NPY_FLOAT32, whichever the array has."""
    cdef int typenum = cnp.PyArray_TYPE(array)
    if typenum != cnp.NPY_FLOAT64 and typenum != cnp.NPY_FLOAT32:
        raise TypeError(f"{name} must be float64 or float32, not {array.dtype}")
    return typenum


cdef inline const uint64_t *data_of_key(cnp.ndarray key) except NULL:
    """The four words of a key of the stream."""
    return <const uint64_t *> data_of(key, cnp.NPY_UINT64, (4,), "key", False)


cdef inline char *rows_of(
    cnp.ndarray array, int typenum, Py_ssize_t numbers, str name
) except? NULL:
    """Of an array of shape (n, numbers), of any strides."""
    if (cnp.PyArray_NDIM(array) != 2 or cnp.PyArray_DIM(array, 1) != numbers
            or cnp.PyArray_TYPE(array) != typenum or not cnp.PyArray_ISALIGNED(array)
            or not cnp.PyArray_ISNOTSWAPPED(array)):
        raise ValueError(wanted(name, array, f"(n, {numbers})", typenum, "aligned"))
    return <char *> cnp.PyArray_DATA(array)


cdef inline bint can_be_filled(object out, int typenum):
    """Whether it is an array that can be filled as it lies: contiguous, writable, aligned, native."""
    return (isinstance(out, cnp.ndarray) and cnp.PyArray_TYPE(out) == typenum
            and cnp.PyArray_ISONESEGMENT(out) and cnp.PyArray_ISBEHAVED(out))


cdef inline object small_array(object size, int typenum, Py_ssize_t limit):
    """A new array of less than ``limit`` numbers; None for any other size than an int or a tuple of ints."""
    cdef cnp.npy_intp shape[cnp.NPY_MAXDIMS]
    cdef Py_ssize_t axes, n = 1, axis
    cdef tuple lengths
    if PyLong_CheckExact(size):
        lengths = (size,)
    elif PyTuple_CheckExact(size) and len(<tuple> size) <= cnp.NPY_MAXDIMS:
        lengths = <tuple> size
    else:
        return None
    axes = len(lengths)
    for axis in range(axes):
        if not PyLong_CheckExact(lengths[axis]) or not 0 <= lengths[axis] < limit:
            return None
        shape[axis] = lengths[axis]
        n *= shape[axis]
        if n >= limit:
            return None
    return cnp.PyArray_EMPTY(<int> axes, shape, typenum, False)
