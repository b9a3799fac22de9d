"""The fill functions, for other Cython code.

Each writes samples first .. first + n - 1 of the stream of a key: a pure function, that any number of
threads may call at once without the GIL.  The key is ``BlockXoshiro256(seed).key``, four words.

    from fastdist cimport fill_normals_float64
    fill_normals_float64(&key[0], first, &out[0], n, loc, scale)

Compile with fastdist importable; at run time the functions of the instruction set in use are bound.
"""

from libc.stdint cimport uint64_t

cdef void fill_words(const uint64_t *key, uint64_t first, uint64_t *out, Py_ssize_t n) noexcept nogil
cdef void fill_uniforms(const uint64_t *key, uint64_t first, double *out, Py_ssize_t n) noexcept nogil
cdef void fill_normals_float64(
    const uint64_t *key, uint64_t first, double *out, Py_ssize_t n, double loc, double scale) noexcept nogil
cdef void fill_normals_float32(
    const uint64_t *key, uint64_t first, float *out, Py_ssize_t n, double loc, double scale) noexcept nogil
