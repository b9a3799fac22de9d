"""A NumPy ufunc made of a loop for float32 and one for float64, both run in the kernels' environment."""

from cpython.mem cimport PyMem_RawCalloc

cimport numpy as cnp

from fastdist._kernels.environment cimport enter, environment, leave

cdef enum:
    MOST_OPERANDS = 8

# The operands' addresses, the lengths of loop and core dimensions, and the strides in bytes: what NumPy's C
# API calls args, dimensions and steps.
ctypedef void (*Loop)(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, const void *data
) noexcept nogil

cdef struct LoopData:
    Loop loop
    const void *data

cdef struct UfuncTables:
    # NumPy keeps pointers to these.
    cnp.PyUFuncGenericFunction loops[2]
    void *data[2]
    char types[2 * MOST_OPERANDS]
    LoopData loop_data[2]


cdef inline void run_loop(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, void *data
) noexcept nogil:
    cdef environment caller = enter()
    cdef const LoopData *called = <const LoopData *> data
    called.loop(operands, dimensions, steps, called.data)
    leave(caller)


cdef inline object make_ufunc(
    const char *name, const char *arguments, const char *signature, const char *types, int inputs,
    Loop float32, Loop float64, const void *data
):
    """The ufunc; ``signature`` is that of a generalised ufunc, or NULL.

    ``types`` has a letter for each operand: f for float32 in one loop and float64 in the other, d for float64
    in both, q for int64.  Without a loop for float32 there is the other alone.  ``name``, ``arguments`` and
    ``signature`` are literals, since NumPy keeps pointers to them.
    """
    cdef UfuncTables *tables = <UfuncTables *> PyMem_RawCalloc(1, sizeof(UfuncTables))
    cdef int first = 1 if float32 == NULL else 0, operands = 0, loop, i
    if tables == NULL:
        raise MemoryError
    while types[operands]:
        operands += 1
    tables.loop_data[:] = [LoopData(float32, data), LoopData(float64, data)]
    for loop in range(2):
        tables.loops[loop] = <cnp.PyUFuncGenericFunction> &run_loop
        tables.data[loop] = &tables.loop_data[loop]
        for i in range(operands):
            if types[i] == c"q":
                tables.types[operands * loop + i] = cnp.NPY_INT64
            else:
                tables.types[operands * loop + i] = (
                    cnp.NPY_FLOAT32 if types[i] == c"f" and loop == 0 else cnp.NPY_FLOAT64)
    return cnp.PyUFunc_FromFuncAndDataAndSignature(
        &tables.loops[first], &tables.data[first], &tables.types[operands * first], 2 - first, inputs,
        operands - inputs, cnp.PyUFunc_None, name, arguments, 0, signature)
