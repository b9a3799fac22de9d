"""Normals of the stream, as a pure function of the key; see fastdist/__init__.pxd."""

from libc.stdint cimport uint64_t

cdef void fill_normals_float64(
    const uint64_t *key, uint64_t first, double *out, Py_ssize_t n, double loc, double scale) noexcept nogil
cdef void fill_normals_float32(
    const uint64_t *key, uint64_t first, float *out, Py_ssize_t n, double loc, double scale) noexcept nogil
