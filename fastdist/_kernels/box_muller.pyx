"""Box-Muller: two uniforms become two independent standard normals.

    z0 = sqrt(-2 ln u) cos(phi)      z1 = sqrt(-2 ln u) sin(phi)      u in (0, 1], phi in [0, 2 pi)

A point whose two coordinates are standard normals has a squared distance from the origin that is
exponential with mean 2, and a direction that is uniform; so draw those two, and read off the coordinates.
G. E. P. Box, M. E. Muller, Ann. Math. Statist. 29 (1958).

Why this method: two inputs, two outputs, no rejection.  Every lane of a vector does the same work.

The direction here is  phi = pi/4 - pi t,  t in [-1/4, 1/4),  in the first quadrant; two random signs, one
for each coordinate, reflect the point into all four.  With s = sin(pi t), c = cos(pi t):

    sqrt(2) cos(phi) = c + s,      sqrt(2) sin(phi) = c - s

so that  z0 = +-r (c + s),  z1 = +-r (c - s)  with  r = sqrt(-ln u):  no factor 2, nothing swapped.
For the last bits they are formed as  r + r w,  w = c +- s - 1,  in one fused multiply-add.

A tile is done in passes, squared radii first, then square root and rotation: short chains of dependent
operations, many of them in flight.  Its first half of the bits makes radii, its second half directions;
all z0 are stored before all z1.  Error bounds: fastdist/accuracy.py.
"""

from cpython.pycapsule cimport PyCapsule_New
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memcpy

cimport numpy as cnp

from fastdist._kernels.arrays cimport data_of, float_type_of
from fastdist._kernels.environment cimport enter, environment, leave
from fastdist._kernels.mathematics cimport (
    bits_of_float32, bits_of_float64, cos_pi_polynomial, float32_of_bits, float64_of_bits, floating,
    fused_multiply_add, minus_log, pi_high, rough_half_reciprocal, sin_pi_polynomial, square_root)
from fastdist._kernels.stream cimport (
    FLOAT32_NORMALS, FLOAT64_NORMALS, TILE_WORDS, Transform, fill_range, half_word)

cnp.import_array()

cdef extern from *:
    const double TWO_85_PLUS_TWO_52 "(0x1p85 + 0x1p52)"
    const double TWO_52_PLUS_65 "(0x1p52 + 65)"
    const float TWO_MINUS_26 "0x1p-26f"
    const float TWO_MINUS_32 "0x1p-32f"
    const float TWO_MINUS_33 "0x1p-33f"

cdef enum:
    FLOAT64_PAIRS = TILE_WORDS // 2     # two words a pair
    FLOAT32_PAIRS = TILE_WORDS          # two halves of a word a pair


# From random bits to the squared radius and the direction

cdef inline double squared_radius_float64(uint64_t x) noexcept nogil:
    """r^2 = -ln u,  u = (x + 1/2) 2^-64 in (0, 1]: 64 bits where they matter, near 0."""
    # d = 2 x + 1, rounded once: 33 low bits in the mantissa of 2^52, 32 high bits in that of 2^85.
    cdef double low = float64_of_bits(x << 1 & 0x1FFFFFFFEULL | 0x4330000000000001ULL)
    cdef double high = float64_of_bits(x >> 32 | 0x4540000000000000ULL)
    cdef double d = (high - TWO_85_PLUS_TWO_52) + low
    # d = (1 + f) 2^k,  1 + f in [sqrt(1/2), sqrt(2)):  counted from the bits of sqrt(1/2).
    cdef uint64_t offset = bits_of_float64(d) - 0x3FE6A09E667F3BCDULL
    cdef double f = float64_of_bits(bits_of_float64(d) - (offset & 0xFFF0000000000000ULL)) - 1
    # u = d 2^-65 = (1 + f) 2^-e,  e = 65 - k;  k from the mantissa of 2^52 + k.
    cdef double e = TWO_52_PLUS_65 - float64_of_bits(offset >> 52 | 0x4330000000000000ULL)
    return minus_log(f, e)


cdef inline float squared_radius_float32(uint32_t x) noexcept nogil:
    """r^2 = -ln u,  u = (x + 1/2) 2^-32 in (0, 1): relative accuracy at both ends.

    Read as a signed number, x gives g = u for u < 1/2, but g = u - 1 for u >= 1/2, which a float holds
    more exactly than u.  So  u = one + g  with one = 0 or 1, and after u = (1 + f) 2^-e
    f = u 2^e - 1 = g 2^e + (one 2^e - 1)  is formed without rounding u.
    """
    cdef float g = fused_multiply_add(<float> <int32_t> x, TWO_MINUS_32, TWO_MINUS_33)
    cdef float one = float32_of_bits(<uint32_t> (<int32_t> x >> 31) & 0x3F800000)
    cdef int32_t offset = <int32_t> (bits_of_float32(one + g) - 0x3F3504F3)         # of sqrt(1/2)
    cdef uint32_t exponent = <uint32_t> offset & <uint32_t> 0xFF800000
    cdef float two_to_e = float32_of_bits(<uint32_t> 0x3F800000 - exponent)
    cdef float f = fused_multiply_add(g, two_to_e, fused_multiply_add(one, two_to_e, <float> -1))
    return minus_log(f, -<float> (offset >> 23))


cdef inline void direction(
    const uint64_t *words, Py_ssize_t i, floating *t, floating *sign0, floating *sign1
) noexcept nogil:
    """t in [-1/4, 1/4), and two zeros with random signs: 52 + 2 bits of a word, 30 + 2 of a half."""
    cdef uint64_t y
    cdef uint32_t half
    if floating is double:
        # 52 bits in the mantissa of a number in [1/2, 1)
        y = words[i]
        t[0] = float64_of_bits(y & 0xFFFFFFFFFFFFFULL | 0x3FE0000000000000ULL) - 0.75
        sign0[0] = float64_of_bits(y & 0x8000000000000000ULL)
        sign1[0] = float64_of_bits(y << 1 & 0x8000000000000000ULL)
    else:
        # 30 bits as a signed number, of which a float holds the upper 25
        half = half_word(words, i)
        t[0] = <float> (<int32_t> (half << 2) >> 7) * TWO_MINUS_26
        sign0[0] = float32_of_bits(half & <uint32_t> 0x80000000)
        sign1[0] = float32_of_bits(half << 1 & <uint32_t> 0x80000000)


# From those to the normals

cdef inline void rotate(
    floating squared_radius, floating t, floating *r, floating *w0, floating *w1
) noexcept nogil:
    """The rounded radius r, and  w0 = c + s - 1,  w1 = c - s - 1  with a correction for that rounding.

    The exact radius is  r (1 + lost),  lost = (squared_radius - r^2) / (2 squared_radius),  and

        r (1 + lost) (c + s) = r (1 + w0),      w0 = (c - 1) + s + lost (c + s).

    lost is less than half an ULP, so a rough  c + s = 1 + 2.4 t  will do in its factor: between the slope
    pi at t = 0 and 2.8 from end to end, 2.4 gave the least worst error of a normal.
    """
    cdef floating q = t * t
    cdef floating root = square_root(squared_radius)
    cdef floating residual = fused_multiply_add(-root, root, squared_radius)
    cdef floating lost = residual * rough_half_reciprocal(squared_radius)
    # c - 1 = q cosine,  s = t (pi_high + sine);  the term 2.4 lost t joins the sine.
    cdef floating cosine = cos_pi_polynomial(q)
    cdef floating sine = fused_multiply_add(lost, <floating> 2.4, sin_pi_polynomial(q))
    cdef floating small0 = fused_multiply_add(q, cosine, fused_multiply_add(t, sine, lost))
    cdef floating small1 = fused_multiply_add(q, cosine, fused_multiply_add(-t, sine, lost))
    r[0] = root
    w0[0] = fused_multiply_add(t, pi_high(t), small0)
    w1[0] = fused_multiply_add(-t, pi_high(t), small1)


cdef inline floating flip_sign(floating x, floating zero) noexcept nogil:
    """x if zero is 0.0, -x if it is -0.0."""
    if floating is double:
        return float64_of_bits(bits_of_float64(x) ^ bits_of_float64(zero))
    else:
        return float32_of_bits(bits_of_float32(x) ^ bits_of_float32(zero))


cdef inline void normals(
    const floating *squared_radius, const uint64_t *words, Py_ssize_t pairs, floating *z,
    floating loc, floating scale, bint standard,
) noexcept nogil:
    """loc + scale z; ``standard`` is a literal in each call, so that no store pays for loc = 0, scale = 1."""
    cdef floating t, sign0, sign1, r, r0, r1, w0, w1, z0, z1
    cdef Py_ssize_t i
    for i in range(pairs):
        direction(words, i, &t, &sign0, &sign1)
        rotate(squared_radius[i], t, &r, &w0, &w1)
        r0, r1 = flip_sign(r, sign0), flip_sign(r, sign1)
        z0, z1 = fused_multiply_add(r0, w0, r0), fused_multiply_add(r1, w1, r1)
        if not standard:
            z0, z1 = loc + scale * z0, loc + scale * z1
        z[i] = z0
        z[pairs + i] = z1


cdef inline void transform(const uint64_t *words, floating *z, floating loc, floating scale) noexcept nogil:
    """The normals of a tile: radii from the first half of the words, directions from the second."""
    cdef floating squared_radius[FLOAT32_PAIRS]         # float64 fills half of it
    cdef const uint64_t *directions = words + TILE_WORDS // 2
    cdef Py_ssize_t i, pairs = FLOAT64_PAIRS
    if floating is double:
        for i in range(FLOAT64_PAIRS):
            squared_radius[i] = squared_radius_float64(words[i])
    else:
        pairs = FLOAT32_PAIRS
        for i in range(FLOAT32_PAIRS):
            squared_radius[i] = squared_radius_float32(half_word(words, i))
    if loc == 0 and scale == 1:
        normals(squared_radius, directions, pairs, z, <floating> 0, <floating> 1, True)
    else:
        normals(squared_radius, directions, pairs, z, loc, scale, False)


cdef inline void shift_and_scale(
    const floating *z, floating *out, Py_ssize_t n, floating loc, floating scale
) noexcept nogil:
    """What ``transform`` would have stored for loc and scale, from what it stored for 0 and 1."""
    cdef Py_ssize_t i
    if loc == 0 and scale == 1:
        memcpy(out, z, n * sizeof(floating))
        return
    for i in range(n):
        out[i] = loc + scale * z[i]


# For the stream (stream.pyx), without the types

cdef void float64_tile(const uint64_t *words, void *z, double loc, double scale) noexcept nogil:
    transform(words, <double *> z, loc, scale)


cdef void float32_tile(const uint64_t *words, void *z, double loc, double scale) noexcept nogil:
    transform(words, <float *> z, <float> loc, <float> scale)


cdef void float64_copy(const void *z, void *out, Py_ssize_t n, double loc, double scale) noexcept nogil:
    shift_and_scale(<const double *> z, <double *> out, n, loc, scale)


cdef void float32_copy(const void *z, void *out, Py_ssize_t n, double loc, double scale) noexcept nogil:
    shift_and_scale(<const float *> z, <float *> out, n, <float> loc, <float> scale)


cdef Transform FLOAT64 = Transform(
    2 * FLOAT64_PAIRS, sizeof(double), cnp.NPY_FLOAT64, True, float64_tile, float64_copy)
cdef Transform FLOAT32 = Transform(
    2 * FLOAT32_PAIRS, sizeof(float), cnp.NPY_FLOAT32, True, float32_tile, float32_copy)

float64 = PyCapsule_New(&FLOAT64, "fastdist.Transform", NULL)
float32 = PyCapsule_New(&FLOAT32, "fastdist.Transform", NULL)


# For tests and lessons

def transform_tile(cnp.ndarray words not None, cnp.ndarray z not None):
    """The normals of one tile of words."""
    cdef const Transform *made = &FLOAT64 if float_type_of(z, "z") == cnp.NPY_FLOAT64 else &FLOAT32
    made.tile(
        <const uint64_t *> data_of(words, cnp.NPY_UINT64, (TILE_WORDS,), "words", False),
        data_of(z, made.typenum, (made.samples,), "z", True), 0, 1)


# For Cython code elsewhere (fastdist/__init__.pxd)

cdef void fill_normals_float64(
    const uint64_t *key, uint64_t first, double *out, Py_ssize_t n, double loc, double scale
) noexcept nogil:
    cdef environment caller = enter()
    fill_range(key, FLOAT64_NORMALS, &FLOAT64, first, <char *> out, n, loc, scale)
    leave(caller)


cdef void fill_normals_float32(
    const uint64_t *key, uint64_t first, float *out, Py_ssize_t n, double loc, double scale
) noexcept nogil:
    cdef environment caller = enter()
    fill_range(key, FLOAT32_NORMALS, &FLOAT32, first, <char *> out, n, loc, scale)
    leave(caller)
