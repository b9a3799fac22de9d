"""Room for a kernel's work, at the border of a cache line."""

from cpython.exc cimport PyErr_SetNone
from cpython.mem cimport PyMem_RawMalloc
from libc.stdint cimport uintptr_t

cdef enum:
    ALIGNMENT = 64      # bytes: the widest vector, which is also a line of the cache


cdef inline void *aligned(void *room) noexcept nogil:
    """The first address from there on at which no vector crosses lines."""
    return <void *> ((<uintptr_t> room + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT)


cdef inline void *make_room(Py_ssize_t size) noexcept nogil:
    """So many bytes from an aligned address on, for PyMem_RawFree; or NULL, with a MemoryError."""
    cdef void *room = PyMem_RawMalloc(size + ALIGNMENT)
    if room == NULL:
        with gil:
            PyErr_SetNone(MemoryError)
    return room
