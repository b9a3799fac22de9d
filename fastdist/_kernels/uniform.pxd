"""Uniforms in [0, 1) from random bits, as NumPy makes them: multiples of 2^-53 or of 2^-24."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from fastdist._kernels.mathematics cimport float64_of_bits


cdef extern from *:
    const double TWO_MINUS_53 "0x1p-53"


cdef inline double uniform_float64(uint64_t word) noexcept nogil:
    """floor(word / 2^11) 2^-53 = high 2^-32 + low 2^-53, of 32 and 21 bits.

    AVX2 cannot convert 64-bit integers: the bits are placed in the mantissas of 2^20 + high 2^-32 and
    of 1/2 + low 2^-53, and the powers of two subtracted.  Every step is exact.
    """
    cdef double high = float64_of_bits(word >> 32 | 0x4130000000000000ULL)
    cdef double low = float64_of_bits(word >> 11 & 0x1FFFFF | 0x3FE0000000000000ULL)
    return (high - 1048576.5) + low


cdef inline double one_uniform_float64(uint64_t word) noexcept nogil:
    """The same by the CPU's conversion of integers: shorter for one word, but it does not vectorise."""
    return <double> <int64_t> (word >> 11) * TWO_MINUS_53


cdef inline float uniform_float32(uint32_t half) noexcept nogil:
    """floor(half / 2^8) 2^-24."""
    return <float> <int32_t> (half >> 8) * <float> (1.0 / (1 << 24))
