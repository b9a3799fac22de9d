"""Box-Muller: two uniforms become two independent standard normals.

    z0 = sqrt(-2 ln u) cos(phi)      z1 = sqrt(-2 ln u) sin(phi)      u in (0, 1], phi in [0, 2 pi)

A point whose two coordinates are standard normals has a squared distance from the origin that is
exponential with mean 2, and a direction that is uniform; so draw those two, and read off the coordinates.
G. E. P. Box, M. E. Muller, Ann. Math. Statist. 29 (1958).

Why this method: two inputs, two outputs, no rejection.  Every lane of a vector does the same work.

The direction here is  phi = pi t + pi/4 + a multiple of pi/2,  t in [-1/4, 1/4),  of which the multiple
is left to two random signs, one for each coordinate.  With s = sin(pi t), c = cos(pi t):

    sqrt(2) cos(pi/4 - pi t) = c + s,      sqrt(2) sin(pi/4 - pi t) = c - s

so that  z0 = +-r (c + s),  z1 = +-r (c - s)  with  r = sqrt(-ln u):  no factor 2, nothing swapped.
For the last bits they are formed as  r + r w,  w = c +- s - 1,  in one fused multiply-add.

A tile is done in passes, squared radii first, then square root and rotation: short chains of dependent
operations, many of them in flight.  Its first half of the bits makes radii, its second half directions;
all z0 are stored before all z1.  Error bounds: fastdist/accuracy.py.
"""

from cpython.pycapsule cimport PyCapsule_New
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastdist._kernels.mathematics cimport (
    bits_of_float32, bits_of_float64, cos_pi_polynomial, float32_of_bits, float64_of_bits, floating,
    fused_multiply_add, minus_log, pi_high, rough_half_reciprocal, sin_pi_polynomial, square_root)
from fastdist._kernels.stream cimport (
    FLOAT32_NORMALS, FLOAT64_NORMALS, TILE_WORDS, Transform, fill_range, half_word)

cdef extern from *:
    const double TWO_85_PLUS_TWO_52 "(0x1p85 + 0x1p52)"
    const double TWO_52_PLUS_65 "(0x1p52 + 65)"

cdef enum:
    FLOAT64_PAIRS = TILE_WORDS // 2     # two words a pair
    FLOAT32_PAIRS = TILE_WORDS          # two halves of a word a pair


cdef inline void rotate(floating squared_radius, floating t, floating *r, floating *w0, floating *w1) noexcept nogil:
    """The radius r, and  w0 = c + s - 1,  w1 = c - s - 1."""
    cdef floating q = t * t
    r[0] = square_root(squared_radius)
    # The root is rounded. The exact one is r (1 + lost),  lost = (squared_radius - r^2) / (2 squared_radius),
    # and  r (1 + lost) (1 + w) = r (1 + w + lost)  but for lost w, which is small where w + 1 is not.
    cdef floating lost = fused_multiply_add(-r[0], r[0], squared_radius) * rough_half_reciprocal(squared_radius)
    cdef floating c = fused_multiply_add(q, cos_pi_polynomial(q), lost)         # cos(pi t) - 1 + lost
    cdef floating s = t * sin_pi_polynomial(q)                                  # sin(pi t) - pi_high t
    w0[0] = fused_multiply_add(t, pi_high(t), c + s)
    w1[0] = fused_multiply_add(-t, pi_high(t), c - s)


# float64

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


cdef inline double turn_float64(uint64_t y) noexcept nogil:
    """t in [-1/4, 1/4): the lower 52 bits in the mantissa of a number in [1/2, 1), minus 3/4."""
    return float64_of_bits(y & 0xFFFFFFFFFFFFFULL | 0x3FE0000000000000ULL) - 0.75


cdef inline double signed_float64(double r, uint64_t y) noexcept nogil:
    """r with its sign flipped where the uppermost bit of y is set."""
    return float64_of_bits(bits_of_float64(r) ^ (y & 0x8000000000000000ULL))


cdef inline void normals_float64(
    const double *squared_radius, const uint64_t *words, double *z, double loc, double scale, bint standard
) noexcept nogil:
    """The second pass; ``standard`` is a literal in each call, so that no store pays for loc = 0, scale = 1."""
    cdef double r, r0, r1, w0, w1, z0, z1
    cdef uint64_t y
    cdef Py_ssize_t i
    for i in range(FLOAT64_PAIRS):
        y = words[i]
        rotate(squared_radius[i], turn_float64(y), &r, &w0, &w1)
        r0, r1 = signed_float64(r, y), signed_float64(r, y << 1)
        z0, z1 = fused_multiply_add(r0, w0, r0), fused_multiply_add(r1, w1, r1)
        if not standard:
            z0, z1 = loc + scale * z0, loc + scale * z1
        z[i] = z0
        z[FLOAT64_PAIRS + i] = z1


cdef void float64_tile(const uint64_t *words, void *z, double loc, double scale) noexcept nogil:
    cdef double squared_radius[FLOAT64_PAIRS]
    cdef Py_ssize_t i
    for i in range(FLOAT64_PAIRS):
        squared_radius[i] = squared_radius_float64(words[i])
    if loc == 0 and scale == 1:
        normals_float64(squared_radius, words + FLOAT64_PAIRS, <double *> z, 0, 1, True)
    else:
        normals_float64(squared_radius, words + FLOAT64_PAIRS, <double *> z, loc, scale, False)


cdef void float64_copy(const void *z, void *out, Py_ssize_t n, double loc, double scale) noexcept nogil:
    cdef Py_ssize_t i
    if loc == 0 and scale == 1:
        memcpy(out, z, n * sizeof(double))
        return
    for i in range(n):
        (<double *> out)[i] = loc + scale * (<const double *> z)[i]


# float32

cdef inline float squared_radius_float32(uint32_t x) noexcept nogil:
    """r^2 = -ln u,  u = (x + 1/2) 2^-32 in (0, 1): relative accuracy at both ends.

    Read as a signed number, x gives g = u for u < 1/2, but g = u - 1 for u >= 1/2, which a float holds
    more exactly than u.  So  u = one + g  with one = 0 or 1, and after u = (1 + f) 2^-e
    f = u 2^e - 1 = g 2^e + (one 2^e - 1)  is formed without rounding u.
    """
    cdef float g = fused_multiply_add(<float> <int32_t> x, <float> (1.0 / (<uint64_t> 1 << 32)),
                                      <float> (1.0 / (<uint64_t> 1 << 33)))
    cdef float one = float32_of_bits(<uint32_t> (<int32_t> x >> 31) & 0x3F800000)
    cdef int32_t offset = <int32_t> (bits_of_float32(one + g) - 0x3F3504F3)        # of sqrt(1/2)
    cdef float power = float32_of_bits(<uint32_t> (0x3F800000 - (offset & <int32_t> 0xFF800000)))      # 2^e
    cdef float f = fused_multiply_add(g, power, fused_multiply_add(one, power, <float> -1))
    return minus_log(f, -<float> (offset >> 23))


cdef inline float turn_float32(uint32_t y) noexcept nogil:
    """t in [-1/4, 1/4]: the lower 30 bits, read as a signed number."""
    return <float> <int32_t> (y << 2) * <float> (1.0 / (<uint64_t> 1 << 33))


cdef inline float signed_float32(float r, uint32_t y) noexcept nogil:
    """r with its sign flipped where the uppermost bit of y is set."""
    return float32_of_bits(bits_of_float32(r) ^ (y & <uint32_t> 0x80000000))


cdef inline void normals_float32(
    const float *squared_radius, const uint64_t *words, float *z, float loc, float scale, bint standard
) noexcept nogil:
    cdef float r, r0, r1, w0, w1, z0, z1
    cdef uint32_t y
    cdef Py_ssize_t i
    for i in range(FLOAT32_PAIRS):
        y = half_word(words, i)
        rotate(squared_radius[i], turn_float32(y), &r, &w0, &w1)
        r0, r1 = signed_float32(r, y), signed_float32(r, y << 1)
        z0, z1 = fused_multiply_add(r0, w0, r0), fused_multiply_add(r1, w1, r1)
        if not standard:
            z0, z1 = loc + scale * z0, loc + scale * z1
        z[i] = z0
        z[FLOAT32_PAIRS + i] = z1


cdef void float32_tile(const uint64_t *words, void *z, double loc, double scale) noexcept nogil:
    cdef float squared_radius[FLOAT32_PAIRS]
    cdef Py_ssize_t i
    for i in range(FLOAT32_PAIRS):
        squared_radius[i] = squared_radius_float32(half_word(words, i))
    if loc == 0 and scale == 1:
        normals_float32(squared_radius, words + TILE_WORDS // 2, <float *> z, 0, 1, True)
    else:
        normals_float32(squared_radius, words + TILE_WORDS // 2, <float *> z, <float> loc, <float> scale, False)


cdef void float32_copy(const void *z, void *out, Py_ssize_t n, double loc, double scale) noexcept nogil:
    cdef float shift = <float> loc, factor = <float> scale
    cdef Py_ssize_t i
    if loc == 0 and scale == 1:
        memcpy(out, z, n * sizeof(float))
        return
    for i in range(n):
        (<float *> out)[i] = shift + factor * (<const float *> z)[i]


# For the stream (stream.pyx), for tests and lessons, and for Cython code elsewhere (fastdist/__init__.pxd)

cdef Transform FLOAT64 = Transform(2 * FLOAT64_PAIRS, sizeof(double), float64_tile, float64_copy)
cdef Transform FLOAT32 = Transform(2 * FLOAT32_PAIRS, sizeof(float), float32_tile, float32_copy)

float64 = PyCapsule_New(&FLOAT64, "fastdist.Transform", NULL)
float32 = PyCapsule_New(&FLOAT32, "fastdist.Transform", NULL)


def transform_tile(const uint64_t[::1] words, floating[::1] z):
    """The normals of one tile of words."""
    cdef const Transform *transform = &FLOAT64
    if floating is float:
        transform = &FLOAT32
    if words.shape[0] != TILE_WORDS or z.shape[0] != transform.samples:
        raise ValueError(f"a tile is {TILE_WORDS} words and {transform.samples} normals")
    transform.tile(&words[0], &z[0], 0, 1)


cdef void fill_normals_float64(
    const uint64_t *key, uint64_t first, double *out, Py_ssize_t n, double loc, double scale
) noexcept nogil:
    fill_range(key, FLOAT64_NORMALS, &FLOAT64, first, <char *> out, n, loc, scale)


cdef void fill_normals_float32(
    const uint64_t *key, uint64_t first, float *out, Py_ssize_t n, double loc, double scale
) noexcept nogil:
    fill_range(key, FLOAT32_NORMALS, &FLOAT32, first, <char *> out, n, loc, scale)
