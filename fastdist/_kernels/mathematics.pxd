"""Elementary functions for the kernels: inline, branch-free, and the same bits on every machine.

Only operations that IEEE 754 defines exactly are used (+ - * / sqrt fma, integer operations, exact
conversions), so that any instruction set gives the same result, and no branch or call stands in the
way of the compiler's vectoriser.  Each function is written once for float64 and float32.

Polynomials are evaluated two, four or eight coefficients at a time (Estrin 1960): the shorter the chain of
dependent operations, the more of them the CPU has in flight.  Coefficients: derive_coefficients.py.
Error bounds: fastdist/accuracy.py.
"""

from libc.math cimport INFINITY, fma, fmaf, sqrt, sqrtf
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memcpy

ctypedef fused floating:
    double
    float

cdef extern from *:
    """
    #include <float.h>
    #if FLT_EVAL_METHOD != 0
    #error "operations must be rounded to the type of their operands"
    #endif
    """

cdef extern from "coefficients.h" nogil:
    const double LN2_HIGH_F64, LN2_LOW_F64, PI_HIGH_F64, PI_LOW_F64, RECIPROCAL_LN2_F64
    const double LOG_F64[7]
    const double SIN_F64[6]
    const double COS_F64[7]
    const double EXP_F64[11]
    const float LN2_HIGH_F32, LN2_LOW_F32, PI_HIGH_F32, PI_LOW_F32, RECIPROCAL_LN2_F32
    const float LOG_F32[3]
    const float SIN_F32[3]
    const float COS_F32[4]
    const float EXP_F32[6]


cdef inline uint64_t bits_of_float64(double x) noexcept nogil:
    cdef uint64_t bits
    memcpy(&bits, &x, sizeof(bits))
    return bits


cdef inline double float64_of_bits(uint64_t bits) noexcept nogil:
    cdef double x
    memcpy(&x, &bits, sizeof(x))
    return x


cdef inline uint32_t bits_of_float32(float x) noexcept nogil:
    cdef uint32_t bits
    memcpy(&bits, &x, sizeof(bits))
    return bits


cdef inline float float32_of_bits(uint32_t bits) noexcept nogil:
    cdef float x
    memcpy(&x, &bits, sizeof(x))
    return x


cdef inline floating fused_multiply_add(floating a, floating b, floating c) noexcept nogil:
    """a b + c, rounded once."""
    if floating is double:
        return fma(a, b, c)
    else:
        return fmaf(a, b, c)


cdef inline floating square_root(floating x) noexcept nogil:
    if floating is double:
        return sqrt(x)
    else:
        return sqrtf(x)


cdef inline void add(double *high, double *low, double x) noexcept nogil:
    """high + low += x, where the error of the rounded high goes to low (D. E. Knuth, TAOCP 2, 4.2.2)."""
    cdef double total = high[0] + x
    cdef double part = total - high[0]
    low[0] += (high[0] - (total - part)) + (x - part)
    high[0] = total


cdef inline floating rough_half_reciprocal(floating x) noexcept nogil:
    """1 / (2 x) within 6 %, where x > 0 and the result are normal; finite for x = 0.

    The bits of a positive number, read as an integer, are nearly its logarithm: minus the bits is nearly
    1 / x.  The constant is the sum of the bits of 1 and of 1/2, less a tenth of a binade, which makes the
    error as large above as below.
    """
    if floating is double:
        return float64_of_bits(0x7FCE600000000000ULL - bits_of_float64(x))
    else:
        return float32_of_bits(<uint32_t> 0x7E730000 - bits_of_float32(x))


cdef inline floating quartet(floating x, floating x2, const floating *c) noexcept nogil:
    """c0 + c1 x + c2 x^2 + c3 x^3."""
    return fused_multiply_add(x2, fused_multiply_add(x, c[3], c[2]), fused_multiply_add(x, c[1], c[0]))


cdef inline floating octet(floating x, floating x2, floating x4, const floating *c) noexcept nogil:
    """c0 + c1 x + ... + c7 x^7."""
    return fused_multiply_add(x4, quartet(x, x2, c + 4), quartet(x, x2, c))


cdef inline void log1p_parts(floating f, floating *s, floating *g) noexcept nogil:
    """ln(1 + f) = f - s g  for f in [sqrt(1/2) - 1, sqrt(2) - 1].

    With s = f / (2 + f):  ln(1 + f) = 2 atanh(s) = 2 s + s z P(z),  z = s^2,
    and since 2 s = f - s f:  ln(1 + f) = f - s (f - z P(z)),
    in which f is exact and the rounding errors of the rest are scaled down by s, |s| < 0.18.
    """
    cdef floating z, z2, p
    s[0] = f / (<floating> 2 + f)
    z = s[0] * s[0]
    z2 = z * z
    if floating is double:
        p = fma(z, LOG_F64[5], LOG_F64[4])
        p = fma(z2, LOG_F64[6], p)
        p = fma(z2, p, fma(z, LOG_F64[3], LOG_F64[2]))
        p = fma(z2, p, fma(z, LOG_F64[1], LOG_F64[0]))
    else:
        p = fmaf(z2, LOG_F32[2], fmaf(z, LOG_F32[1], LOG_F32[0]))
    g[0] = fused_multiply_add(-z, p, f)


cdef inline floating ln2_high(floating like) noexcept nogil:
    """ln 2, rounded to the type of the argument."""
    if floating is double:
        return LN2_HIGH_F64
    else:
        return LN2_HIGH_F32


cdef inline floating ln2_low(floating like) noexcept nogil:
    """ln 2, less what ``ln2_high`` has of it."""
    if floating is double:
        return LN2_LOW_F64
    else:
        return LN2_LOW_F32


cdef inline floating minus_log(floating f, floating e) noexcept nogil:
    """-ln((1 + f) 2^-e) for f in [sqrt(1/2) - 1, sqrt(2) - 1] and integral e >= 0.

    Nothing cancels for e = 0, f -> 0: the relative accuracy is kept up to ln 1 = 0.
    """
    cdef floating s, g
    log1p_parts(f, &s, &g)
    return fused_multiply_add(e, ln2_high(f), fused_multiply_add(s, g, e * ln2_low(f)) - f)


cdef inline void split_exponent(floating x, floating *f, floating *e, floating *power) noexcept nogil:
    """x = (1 + f) 2^e,  1 + f in [sqrt(1/2), sqrt(2)), and power = 2^-e, for normal x > 0, e <= 1022 (126).

    Of NaN it makes some number: a caller brings NaN by another way.
    """
    cdef uint64_t offset, exponent
    cdef int32_t offset32
    cdef uint32_t exponent32
    # Counted from the bits of sqrt(1/2)
    if floating is double:
        offset = bits_of_float64(x) - 0x3FE6A09E667F3BCDULL
        exponent = offset & 0xFFF0000000000000ULL
        f[0] = float64_of_bits(bits_of_float64(x) - exponent) - 1
        power[0] = float64_of_bits(0x3FF0000000000000ULL - exponent)
        # e + 2^10, which is positive, in the mantissa of 2^52
        offset = (offset + 0x4000000000000000ULL) >> 52
        e[0] = float64_of_bits(offset | 0x4330000000000000ULL) - 4503599627371520.0    # 2^52 + 2^10
    else:
        offset32 = <int32_t> (bits_of_float32(x) - 0x3F3504F3)     # GCC, clang: modulo 2^32
        exponent32 = <uint32_t> offset32 & <uint32_t> 0xFF800000
        f[0] = float32_of_bits(bits_of_float32(x) - exponent32) - 1
        power[0] = float32_of_bits(<uint32_t> 0x3F800000 - exponent32)
        e[0] = <float> (offset32 >> 23)                             # an arithmetic shift


cdef inline void exp_reduce(
    floating a, floating a_low, floating *s, floating *s_low, floating *shifted_exponent
) noexcept nogil:
    """a + a_low = s + s_low + k ln 2,  |s| <= ln(2) / 2,  where |a_low| is at most some ULP of a.

    r = a - k ln 2 is exact, for the upper part of ln 2, in one fused multiply-add.
    k is returned as a ``shifted_integer``.
    """
    cdef floating k, r, r_low
    if floating is double:
        shifted_exponent[0] = fma(a, RECIPROCAL_LN2_F64, shifted_integer(<double> 0))
    else:
        shifted_exponent[0] = fmaf(a, RECIPROCAL_LN2_F32, shifted_integer(<float> 0))
    k = shifted_exponent[0] - shifted_integer(<floating> 0)
    r = fused_multiply_add(-k, ln2_high(a), a)
    r_low = fused_multiply_add(-k, ln2_low(a), a_low)
    s[0] = r + r_low
    s_low[0] = (r - s[0]) + r_low


cdef inline floating exp_polynomial(floating s) noexcept nogil:
    """P of  exp(s) = 1 + s + s^2 P(s)  for |s| <= ln(2) / 2."""
    cdef floating s2 = s * s
    cdef floating s4 = s2 * s2
    cdef floating p
    if floating is double:
        p = fma(s2, EXP_F64[10], fma(s, EXP_F64[9], EXP_F64[8]))
        return fma(s4 * s4, p, octet(s, s2, s4, &EXP_F64[0]))
    else:
        return fmaf(s4, fmaf(s, EXP_F32[5], EXP_F32[4]), quartet(s, s2, &EXP_F32[0]))


cdef inline void exp_parts(
    floating a, floating a_low, floating *high, floating *low, floating *shifted_exponent
) noexcept nogil:
    """exp(a + a_low) = (high + low) 2^k:  what high = 1 + s loses goes to low, |low| < 0.08."""
    cdef floating s, s_low
    exp_reduce(a, a_low, &s, &s_low, shifted_exponent)
    high[0] = <floating> 1 + s
    low[0] = fused_multiply_add(s * s, exp_polynomial(s), s_low) + ((<floating> 1 - high[0]) + s)


cdef inline floating small_power(floating like) noexcept nogil:
    """2^-128; in float32 2^-64."""
    if floating is double:
        return 2.938735877055718769921841343e-39
    else:
        return <float> 5.42101086242752217e-20


cdef inline floating scale_small(floating x, floating shifted_exponent) noexcept nogil:
    """x 2^k / small_power,  for k of ``exp_parts``, -1100 <= k <= 0 (-180 in float32).

    2^k need not be a normal number, but 2^(k + 128) is.  So x = y 2^-128 gives y 2^k, rounded once if that is
    subnormal.
    """
    if floating is double:
        return x * power_of_two(shifted_exponent + 128)
    else:
        return x * power_of_two(shifted_exponent + <float> 64)


cdef inline floating shifted_integer(floating x) noexcept nogil:
    """x rounded to an integer n, as n + 1.5 2^52 (2^23): its lowest bits are those of n."""
    if floating is double:
        return x + 6755399441055744.0
    else:
        return x + <float> 12582912


cdef inline floating power_of_two(floating shifted_exponent) noexcept nogil:
    """2^n of a ``shifted_integer``, which must be a normal number."""
    if floating is double:
        return float64_of_bits((bits_of_float64(shifted_exponent) + 1023) << 52)
    else:
        return float32_of_bits((bits_of_float32(shifted_exponent) + 127) << 23)


cdef inline floating scale_by_power(floating x, floating n) noexcept nogil:
    """x 2^n for integral n < 2000 (250), 1/16 < |x| < 16: rounded once if subnormal; or inf, or 0."""
    cdef floating lowest, half
    if floating is double:
        lowest = -1200
    else:
        lowest = -200
    n = if_less(n, lowest, lowest, n)
    half = shifted_integer(<floating> 0.5 * n)
    x *= power_of_two(half)
    return x * power_of_two(shifted_integer(n - (half - shifted_integer(<floating> 0))))


cdef inline floating magnitude(floating x) noexcept nogil:
    """|x|."""
    if floating is double:
        return float64_of_bits(bits_of_float64(x) & 0x7FFFFFFFFFFFFFFFULL)
    else:
        return float32_of_bits(bits_of_float32(x) & <uint32_t> 0x7FFFFFFF)


cdef inline floating lesser(floating a, floating b) noexcept nogil:
    """The lesser of two; a if one is NaN."""
    if b < a:
        return b
    return a


cdef inline floating if_less(floating a, floating b, floating then, floating otherwise) noexcept nogil:
    """then where a < b; otherwise otherwise: a selection, not a branch, in vectorised loops."""
    if a < b:
        return then
    return otherwise


cdef inline floating exponential(floating a) noexcept nogil:
    """exp(a)."""
    cdef floating limit, high, low, shifted_exponent
    if floating is double:
        limit = 800
    else:
        limit = 120
    a = if_less(a, -limit, -limit, if_less(limit, a, limit, a))     # beyond, it is 0 or inf
    exp_parts(a, <floating> 0, &high, &low, &shifted_exponent)
    return scale_by_power(high + low, shifted_exponent - shifted_integer(<floating> 0))


cdef inline floating logarithm(floating x) noexcept nogil:
    """ln(x) for normal x; -inf for x = 0."""
    cdef floating f, e, power
    split_exponent(x, &f, &e, &power)
    return if_less(<floating> 0, x, -minus_log(f, -e), -<floating> INFINITY)


cdef inline floating pi_high(floating like) noexcept nogil:
    """pi, rounded to the type of the argument."""
    if floating is double:
        return PI_HIGH_F64
    else:
        return PI_HIGH_F32


cdef inline floating sin_pi_polynomial(floating q) noexcept nogil:
    """S of  sin(pi t) = t (pi_high + S),  q = t^2,  for t in [-1/4, 1/4]."""
    cdef floating q2 = q * q
    cdef floating p
    if floating is double:
        p = fma(q2, fma(q, SIN_F64[5], SIN_F64[4]), fma(q, SIN_F64[3], SIN_F64[2]))
        p = fma(q2, p, fma(q, SIN_F64[1], SIN_F64[0]))
        return fma(q, p, PI_LOW_F64)
    else:
        p = fmaf(q2, SIN_F32[2], fmaf(q, SIN_F32[1], SIN_F32[0]))
        return fmaf(q, p, PI_LOW_F32)


cdef inline floating cos_pi_polynomial(floating q) noexcept nogil:
    """C of  cos(pi t) = 1 + q C,  q = t^2,  for t in [-1/4, 1/4]."""
    cdef floating q2 = q * q
    cdef floating p
    if floating is double:
        p = fma(q2, COS_F64[6], fma(q, COS_F64[5], COS_F64[4]))
        p = fma(q2, p, fma(q, COS_F64[3], COS_F64[2]))
        return fma(q2, p, fma(q, COS_F64[1], COS_F64[0]))
    else:
        return fmaf(q2, fmaf(q, COS_F32[3], COS_F32[2]), fmaf(q, COS_F32[1], COS_F32[0]))


cdef inline floating sin_pi(floating t) noexcept nogil:
    """sin(pi t) for t in [-1/4, 1/4]."""
    return fused_multiply_add(t, pi_high(t), t * sin_pi_polynomial(t * t))


cdef inline floating cos_pi(floating t) noexcept nogil:
    """cos(pi t) for t in [-1/4, 1/4]."""
    return fused_multiply_add(t * t, cos_pi_polynomial(t * t), <floating> 1)
