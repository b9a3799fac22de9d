"""Inversion: one word of random bits becomes one standard normal, the quantile of a uniform.

    z = Phi^-1((1 + t) / 2),    t = (2 x + 1) 2^-64 in [-1, 1],    x the word as a signed integer

Box-Muller (box_muller.pyx) makes two normals of two words, and a call for one normal has to keep the other.
Inversion keeps nothing: normal i is made of word i.  So it suits any NumPy bit generator, whose state may be
saved and assigned between two calls, and from which other methods may draw in between.

In the centre, |t| <= 1 - 2^-6, the quantile is

    z = t F(a),    F(a) = F(b) + (b - a) P(a) / Q(a),    a = 1 - t^2

with a constant b.  P and Q are polynomials with positive coefficients, so that nothing cancels, and their
rounding errors count for a third, since F(a) differs from F(b) by no more than that.  In the tails z is the
quantile of ``norm.ppf`` (normal.pxd) for the probability p = (1 - |t|) / 2, which the word gives without
cancellation.  All words of a tile are treated as if they were in the centre, in passes with short chains of
dependent operations; then the few in the tails are moved together and done again.

In float32 a word has 32 bits.  The largest |z| is 9.16 in float64 and 6.34 in float32.  Error bounds:
fastdist/accuracy.py.  Coefficients: derive_coefficients.py.

M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37
(1988), has such quotients.
"""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.math cimport fma, fmaf
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

cimport numpy as cnp
from numpy.random cimport bitgen_t

from fastdist._kernels.arrays cimport can_be_filled, data_of, small_array
from fastdist._kernels.environment cimport enter, environment, here, leave
from fastdist._kernels.mathematics cimport (
    bits_of_float32, bits_of_float64, float32_of_bits, float64_of_bits, floating, fused_multiply_add, octet,
    quartet)
from fastdist._kernels.normal cimport ppf_tail

import numpy as np

cnp.import_array()

cdef extern from "coefficients.h" nogil:
    const double INVERSION_PIVOT_F64, INVERSION_AT_PIVOT_F64
    const double INVERSION_NUMERATOR_F64[13]
    const double INVERSION_DENOMINATOR_F64[13]
    const float INVERSION_PIVOT_F32, INVERSION_AT_PIVOT_F32
    const float INVERSION_NUMERATOR_F32[7]
    const float INVERSION_DENOMINATOR_F32[7]

cdef extern from *:
    const double TWO_85_PLUS_TWO_64_PLUS_TWO_52 "(0x1p85 + 0x1p64 + 0x1p52)"
    const double TWO_MINUS_64 "0x1p-64"
    const float TWO_MINUS_31 "0x1p-31f"
    const float TWO_MINUS_32 "0x1p-32f"

cdef enum:
    TILE_WORDS = 512        # words and the arrays of the passes, 19 KiB, stay in an L1 cache of 32
    GROUP_WORDS = 8         # words that are tested together for tails; also whole vectors

# Fewer normals than this are written without a look at interrupts.
cdef Py_ssize_t undivided = 1 << 14

cdef union Words:
    uint64_t float64[TILE_WORDS]
    uint32_t float32[TILE_WORDS]


# From a word to t and p

cdef inline floating signed_uniform(floating like, const void *words, Py_ssize_t i) noexcept nogil:
    """t = (2 x + 1) 2^-64, rounded once; in float32 (2 x + 1) 2^-32, where x is rounded to a float first."""
    cdef uint64_t word
    cdef double low, high
    if floating is double:
        # 2 x + 1: 33 low bits in the mantissa of 2^52; 32 high bits, plus 2^31, in that of 2^85.
        word = (<const uint64_t *> words)[i]
        low = float64_of_bits(word << 1 & 0x1FFFFFFFEULL | 0x4330000000000001ULL)
        high = float64_of_bits(word >> 32 ^ 0x4540000080000000ULL)
        return ((high - TWO_85_PLUS_TWO_64_PLUS_TWO_52) + low) * TWO_MINUS_64
    else:
        return fmaf(<float> (<const int32_t *> words)[i], TWO_MINUS_31, TWO_MINUS_32)


cdef inline floating tail_probability(floating like, const void *words, Py_ssize_t i) noexcept nogil:
    """p = (1 - |t|) / 2 = (n + 1/2) 2^-64, n the number of words that are further out; rounded as t is."""
    cdef uint64_t outside
    cdef uint32_t outside_float32
    cdef int64_t x
    cdef int32_t x_float32
    if floating is double:
        x = (<const int64_t *> words)[i]
        outside = <uint64_t> (x ^ x >> 63) ^ 0x7FFFFFFFFFFFFFFFULL
        return 0.5 * signed_uniform(like, &outside, 0)
    else:
        x_float32 = (<const int32_t *> words)[i]
        outside_float32 = <uint32_t> (x_float32 ^ x_float32 >> 31) ^ <uint32_t> 0x7FFFFFFF
        return <float> 0.5 * signed_uniform(like, &outside_float32, 0)


# From those to the normal

cdef inline floating complement_of_square(floating t) noexcept nogil:
    """a = 1 - t^2."""
    return fused_multiply_add(-t, t, <floating> 1)


cdef inline bint is_tail(floating a) noexcept nogil:
    """Whether |t| > 1 - 2^-6."""
    return a < <floating> 0.031005859375        # 1 - (1 - 2^-6)^2, exactly


cdef inline floating centre(floating t, floating a) noexcept nogil:
    """z = t (F(b) + (b - a) P(a) / Q(a)),  F(a) = z / t and b the pivot."""
    cdef floating a2 = a * a
    cdef floating a4 = a2 * a2
    cdef floating p, q
    if floating is double:
        p = fma(a4, INVERSION_NUMERATOR_F64[12], quartet(a, a2, &INVERSION_NUMERATOR_F64[8]))
        q = fma(a4, INVERSION_DENOMINATOR_F64[12], quartet(a, a2, &INVERSION_DENOMINATOR_F64[8]))
        p = fma(a4 * a4, p, octet(a, a2, a4, &INVERSION_NUMERATOR_F64[0]))
        q = fma(a4 * a4, q, octet(a, a2, a4, &INVERSION_DENOMINATOR_F64[0]))
        return fma(t, INVERSION_AT_PIVOT_F64, t * (INVERSION_PIVOT_F64 - a) * p / q)
    else:
        p = fmaf(a, INVERSION_NUMERATOR_F32[5], INVERSION_NUMERATOR_F32[4])
        q = fmaf(a, INVERSION_DENOMINATOR_F32[5], INVERSION_DENOMINATOR_F32[4])
        p = fmaf(a2, INVERSION_NUMERATOR_F32[6], p)
        q = fmaf(a2, INVERSION_DENOMINATOR_F32[6], q)
        p = fmaf(a4, p, quartet(a, a2, &INVERSION_NUMERATOR_F32[0]))
        q = fmaf(a4, q, quartet(a, a2, &INVERSION_DENOMINATOR_F32[0]))
        return fmaf(t, INVERSION_AT_PIVOT_F32, t * (INVERSION_PIVOT_F32 - a) * p / q)


cdef inline floating with_sign_of(floating z, const void *words, Py_ssize_t i) noexcept nogil:
    """z > 0, or -z where t < 0: the uppermost bit of the word is the sign of t."""
    if floating is double:
        return float64_of_bits(bits_of_float64(z) | (<const uint64_t *> words)[i] & 0x8000000000000000ULL)
    else:
        return float32_of_bits(bits_of_float32(z) | (<const uint32_t *> words)[i] & <uint32_t> 0x80000000)


cdef inline floating invert_one(floating like, const void *word) noexcept nogil:
    """The normal of a word."""
    cdef floating t = signed_uniform(like, word, 0)
    cdef floating a = complement_of_square(t)
    if is_tail(a):
        return with_sign_of(-ppf_tail(tail_probability(like, word, 0)), word, 0)
    return centre(t, a)


cdef double invert_word(floating like, uint64_t word) noexcept nogil:
    """The same, whatever environment the caller has set."""
    cdef environment caller = enter()
    cdef uint32_t word_float32
    cdef floating z
    word = bits_of_float64(here(float64_of_bits(word)))
    if floating is double:
        z = invert_one(like, &word)
    else:
        word_float32 = <uint32_t> word
        z = invert_one(like, &word_float32)
    z = <floating> here(z)
    leave(caller)
    return z


cdef inline Py_ssize_t whole_groups(Py_ssize_t n) noexcept nogil:
    return (n + GROUP_WORDS - 1) // GROUP_WORDS * GROUP_WORDS


cdef void invert(const void *words, floating *z, Py_ssize_t n) noexcept nogil:
    """The normals of n words: whole groups, and at most a tile."""
    cdef floating t[TILE_WORDS]
    cdef floating a[TILE_WORDS]
    cdef uint8_t in_tail[TILE_WORDS]
    cdef int places[TILE_WORDS + 1]
    cdef uint64_t any_in_tail
    cdef Py_ssize_t group, i, m = 0
    for i in range(n):
        t[i] = signed_uniform(<floating> 0, words, i)
        a[i] = complement_of_square(t[i])
    for i in range(n):
        z[i] = centre(t[i], a[i])
    for i in range(n):
        in_tail[i] = is_tail(a[i])
    for group in range(n // GROUP_WORDS):
        memcpy(&any_in_tail, in_tail + GROUP_WORDS * group, GROUP_WORDS)
        if any_in_tail:
            for i in range(GROUP_WORDS * group, GROUP_WORDS * (group + 1)):
                places[m] = <int> i
                m += in_tail[i]
    # p takes the place of t, and its quantile that of a.
    for i in range(m):
        t[i] = tail_probability(<floating> 0, words, places[i])
    for i in range(m, whole_groups(m)):
        t[i] = <floating> 0.0078125     # any number there
    for i in range(whole_groups(m)):
        a[i] = -ppf_tail(t[i])
    for i in range(m):
        z[places[i]] = with_sign_of(a[i], words, places[i])


# Any number of normals

cdef inline void draw_words(bitgen_t *bitgen, floating like, Words *words, Py_ssize_t n) noexcept nogil:
    """The next n words; those that make them whole groups are 0."""
    cdef Py_ssize_t i
    if floating is double:
        for i in range(n):
            words.float64[i] = bitgen.next_uint64(bitgen.state)
        for i in range(n, whole_groups(n)):
            words.float64[i] = 0
    else:
        for i in range(n):
            words.float32[i] = bitgen.next_uint32(bitgen.state)
        for i in range(n, whole_groups(n)):
            words.float32[i] = 0


cdef void fill(bitgen_t *bitgen, floating *out, Py_ssize_t n, double loc, double scale) noexcept nogil:
    """Write the next n normals, as loc + scale z."""
    cdef Words words
    cdef floating z[TILE_WORDS]
    cdef environment caller = enter()
    cdef floating loc_here = <floating> here(loc), scale_here = <floating> here(scale)
    cdef bint standard = loc_here == 0 and scale_here == 1
    cdef Py_ssize_t tile, first, m, i
    for tile in range((n + TILE_WORDS - 1) // TILE_WORDS):
        first = TILE_WORDS * tile
        m = min(n - first, <Py_ssize_t> TILE_WORDS)
        draw_words(bitgen, <floating> 0, &words, m)
        if standard and m % GROUP_WORDS == 0:
            invert(&words, out + first, m)
            continue
        invert(&words, z, whole_groups(m))
        for i in range(m):
            out[first + i] = z[i] if standard else loc_here + scale_here * z[i]
    leave(caller)


cdef class InversionStream:
    """Normals made of the words of any NumPy bit generator, in order; the caller holds its lock."""

    cdef object bit_generator       # keeps the source alive
    cdef bitgen_t *bitgen
    cdef int typenum

    def __init__(self, object bit_generator, object dtype):
        self.bit_generator = bit_generator
        self.bitgen = <bitgen_t *> PyCapsule_GetPointer(bit_generator.capsule, "BitGenerator")
        self.typenum = np.dtype(dtype).num

    def next(self):
        """The next normal, as a Python number."""
        if self.typenum == cnp.NPY_FLOAT64:
            return invert_word(<double> 0, self.bitgen.next_uint64(self.bitgen.state))
        return invert_word(<float> 0, self.bitgen.next_uint32(self.bitgen.state))

    def draw(self, object size, double loc=0, double scale=1):
        """The next normals, as loc + scale z, in a new array; None unless size is a small int or tuple."""
        cdef object out = small_array(size, self.typenum, undivided)
        if out is not None:
            self.fill(out, loc, scale)
        return out

    def fill_at_once(self, object out):
        """Write the next normals; or return False if ``out`` is large or no array for them."""
        if not can_be_filled(out, self.typenum) or cnp.PyArray_SIZE(out) >= undivided:
            return False
        self.fill(out)
        return True

    def fill(self, cnp.ndarray out, double loc=0, double scale=1):
        """Write the next normals, as loc + scale z; the GIL is released."""
        cdef void *data = cnp.PyArray_DATA(out)
        cdef Py_ssize_t n = cnp.PyArray_SIZE(out)
        with nogil:
            if self.typenum == cnp.NPY_FLOAT64:
                fill(self.bitgen, <double *> data, n, loc, scale)
            else:
                fill(self.bitgen, <float *> data, n, loc, scale)


# For tests and lessons

def invert_words(cnp.ndarray words not None, cnp.ndarray z not None):
    """Write the normals of words: of uint64 as float64, of uint32 as float32."""
    cdef bint is_float64 = cnp.PyArray_TYPE(z) == cnp.NPY_FLOAT64
    cdef tuple shape = (words.shape[0],)
    cdef int word = cnp.NPY_UINT64 if is_float64 else cnp.NPY_UINT32
    cdef char *source = data_of(words, word, shape, "words", False)
    cdef char *out = data_of(z, cnp.NPY_FLOAT64 if is_float64 else cnp.NPY_FLOAT32, shape, "z", True)
    cdef Py_ssize_t n = words.shape[0], first, m
    if n % GROUP_WORDS:
        raise ValueError(f"the number of words must be a multiple of {GROUP_WORDS}, not {n}")
    for first in range(0, n, <Py_ssize_t> TILE_WORDS):
        m = min(n - first, <Py_ssize_t> TILE_WORDS)
        if is_float64:
            invert(source + 8 * first, <double *> out + first, m)
        else:
            invert(source + 4 * first, <float *> out + first, m)
