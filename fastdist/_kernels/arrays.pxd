"""Where the numbers of NumPy's arrays lie: what a kernel cannot read or write is refused by name."""

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


cdef inline char *rows_of(
    cnp.ndarray array, int typenum, Py_ssize_t numbers, str name
) except? NULL:
    """Of an array of shape (n, numbers), of any strides."""
    if (cnp.PyArray_NDIM(array) != 2 or cnp.PyArray_DIM(array, 1) != numbers
            or cnp.PyArray_TYPE(array) != typenum or not cnp.PyArray_ISALIGNED(array)
            or not cnp.PyArray_ISNOTSWAPPED(array)):
        raise ValueError(wanted(name, array, f"(n, {numbers})", typenum, "aligned"))
    return <char *> cnp.PyArray_DATA(array)
