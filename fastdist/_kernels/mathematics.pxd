"""Elementary functions for the kernels: inline, branch-free, and the same bits on every machine.

Only operations that IEEE 754 defines exactly are used (+ - * / sqrt fma, integer operations, exact
conversions), so that any instruction set gives the same result, and no branch or call stands in the
way of the compiler's vectoriser.  Each function is written once for float64 and float32.

Polynomials are evaluated two coefficients at a time (Estrin 1960): the shorter the chain of dependent
operations, the more of them the CPU has in flight.  Coefficients: derive_coefficients.py.
Error bounds: fastdist/accuracy.py.
"""

from libc.math cimport fma, fmaf, sqrt, sqrtf
from libc.stdint cimport uint32_t, uint64_t
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
    const double LN2_HIGH_F64, LN2_LOW_F64, PI_HIGH_F64, PI_LOW_F64
    const double LOG_F64_0, LOG_F64_1, LOG_F64_2, LOG_F64_3, LOG_F64_4, LOG_F64_5, LOG_F64_6
    const double SIN_F64_0, SIN_F64_1, SIN_F64_2, SIN_F64_3, SIN_F64_4, SIN_F64_5
    const double COS_F64_0, COS_F64_1, COS_F64_2, COS_F64_3, COS_F64_4, COS_F64_5, COS_F64_6
    const float LN2_HIGH_F32, LN2_LOW_F32, PI_HIGH_F32, PI_LOW_F32
    const float LOG_F32_0, LOG_F32_1, LOG_F32_2
    const float SIN_F32_0, SIN_F32_1, SIN_F32_2
    const float COS_F32_0, COS_F32_1, COS_F32_2, COS_F32_3


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


cdef inline floating minus_log(floating f, floating e) noexcept nogil:
    """-ln((1 + f) 2^-e) for f in [sqrt(1/2) - 1, sqrt(2) - 1] and integral e >= 0.

    With s = f / (2 + f):  ln(1 + f) = 2 atanh(s) = 2 s + s z P(z),  z = s^2,
    and since 2 s = f - s f:  ln(1 + f) = f - s (f - z P(z)),
    in which f is exact and the rounding errors of the rest are scaled down by s, |s| < 0.18.
    Nothing cancels for e = 0, f -> 0: the relative accuracy is kept up to ln 1 = 0.
    """
    cdef floating s = f / (<floating> 2 + f)
    cdef floating z = s * s
    cdef floating z2 = z * z
    cdef floating p
    if floating is double:
        p = fma(z, LOG_F64_5, LOG_F64_4)
        p = fma(z2, LOG_F64_6, p)
        p = fma(z2, p, fma(z, LOG_F64_3, LOG_F64_2))
        p = fma(z2, p, fma(z, LOG_F64_1, LOG_F64_0))
        return fma(e, LN2_HIGH_F64, fma(s, fma(-z, p, f), e * LN2_LOW_F64) - f)
    else:
        p = fmaf(z2, LOG_F32_2, fmaf(z, LOG_F32_1, LOG_F32_0))
        return fmaf(e, LN2_HIGH_F32, fmaf(s, fmaf(-z, p, f), e * LN2_LOW_F32) - f)


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
        p = fma(q2, fma(q, SIN_F64_5, SIN_F64_4), fma(q, SIN_F64_3, SIN_F64_2))
        p = fma(q2, p, fma(q, SIN_F64_1, SIN_F64_0))
        return fma(q, p, PI_LOW_F64)
    else:
        p = fmaf(q2, SIN_F32_2, fmaf(q, SIN_F32_1, SIN_F32_0))
        return fmaf(q, p, PI_LOW_F32)


cdef inline floating cos_pi_polynomial(floating q) noexcept nogil:
    """C of  cos(pi t) = 1 + q C,  q = t^2,  for t in [-1/4, 1/4]."""
    cdef floating q2 = q * q
    cdef floating p
    if floating is double:
        p = fma(q2, COS_F64_6, fma(q, COS_F64_5, COS_F64_4))
        p = fma(q2, p, fma(q, COS_F64_3, COS_F64_2))
        return fma(q2, p, fma(q, COS_F64_1, COS_F64_0))
    else:
        return fmaf(q2, fmaf(q, COS_F32_3, COS_F32_2), fmaf(q, COS_F32_1, COS_F32_0))


cdef inline floating sin_pi(floating t) noexcept nogil:
    """sin(pi t) for t in [-1/4, 1/4]."""
    return fused_multiply_add(t, pi_high(t), t * sin_pi_polynomial(t * t))


cdef inline floating cos_pi(floating t) noexcept nogil:
    """cos(pi t) for t in [-1/4, 1/4]."""
    return fused_multiply_add(t * t, cos_pi_polynomial(t * t), <floating> 1)
