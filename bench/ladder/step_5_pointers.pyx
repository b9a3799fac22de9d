# cython: boundscheck=False
"""Step 5: contiguous pointers, and no GIL.

What changed: the generator is written in C too, xoshiro256++ of D. Blackman and S. Vigna, ACM TOMS 47 (2021),
with four words of state.  So nothing in the loop needs Python, it runs without the GIL, and the compiler sees
all of it: z is a pointer to numbers that lie one after the other, and ``rng.random()`` is inlined.

What remains: one pair after the other.  The logarithm, sine and cosine are calls of the C library, which take
one number at a time, and each step of the generator waits for the one before.
"""

cimport cython
from libc.math cimport M_PI as pi, cos, log, sin, sqrt
from libc.stdint cimport uint64_t

from numpy.random import SeedSequence


cdef inline uint64_t rotate_left(uint64_t x, int k) noexcept nogil:
    return (x << k) | (x >> (64 - k))


@cython.final
cdef class Generator:
    cdef uint64_t s0, s1, s2, s3

    def __init__(self, seed):
        self.s0, self.s1, self.s2, self.s3 = SeedSequence(seed).generate_state(4, "uint64")

    cdef inline double random(self) noexcept nogil:
        """53 bits, in [0, 1)."""
        cdef uint64_t bits = rotate_left(self.s0 + self.s3, 23) + self.s0
        cdef uint64_t s1 = self.s1
        self.s2 ^= self.s0
        self.s3 ^= s1
        self.s1 ^= self.s2
        self.s0 ^= self.s3
        self.s2 ^= s1 << 17
        self.s3 = rotate_left(self.s3, 45)
        return (bits >> 11) * (1.0 / (1ULL << 53))


cdef void fill_pointer(double *z, Py_ssize_t n, Generator rng) noexcept nogil:
    cdef Py_ssize_t i
    cdef double u, r, phi
    for i in range(0, n, 2):
        u = 1.0 - rng.random()
        r = sqrt(-2.0 * log(u))
        phi = 2.0 * pi * rng.random()
        z[i] = r * cos(phi)
        if i + 1 < n:
            z[i + 1] = r * sin(phi)


def fill(double[::1] z, Generator rng):
    """Fill z with standard normals."""
    with nogil:
        fill_pointer(&z[0], z.shape[0], rng)
