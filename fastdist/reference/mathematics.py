"""Elementary functions with nothing but + - * / and fma: the same bits on every machine.

The twin of ``_kernels/mathematics.pxd``.  Polynomials are evaluated two coefficients at a time
(Estrin 1960), as the kernel does: the order of the operations decides the last bit.

In the functions named ``..._float32`` every number is a float32, and ``float32(...)`` marks each rounding.
Those at the end are for both: of ``float`` in float64, and of ``Float32`` in float32.
"""

import math
import struct
from collections.abc import Sequence

from .arithmetic import Float32, by_type, float32, fma, fma_float32, fused_multiply_add
from .coefficients import (
    COS_F32,
    COS_F64,
    EXP_F32,
    EXP_F64,
    LN2_HIGH_F32,
    LN2_HIGH_F64,
    LN2_LOW_F32,
    LN2_LOW_F64,
    LOG_F32,
    LOG_F64,
    PI_HIGH_F32,
    PI_HIGH_F64,
    PI_LOW_F32,
    PI_LOW_F64,
    RECIPROCAL_LN2_HIGH_F32,
    RECIPROCAL_LN2_HIGH_F64,
    SIN_F32,
    SIN_F64,
)

SQRT_HALF_F64 = math.sqrt(0.5)
SQRT_HALF_F32 = float32(SQRT_HALF_F64)

# float64


def minus_log_float64(f: float, e: float) -> float:
    """-ln((1 + f) 2^-e) for f in [sqrt(1/2) - 1, sqrt(2) - 1] and integral e.

    With s = f / (2 + f):  ln(1 + f) = 2 atanh(s) = 2 s + s z P(z),  z = s^2,
    and since 2 s = f - s f:  ln(1 + f) = f - s (f - z P(z)).

    >>> minus_log_float64(0.25, 3.0)  # -ln(5/32) = 1.85629799036562627...
    1.8562979903656263
    """
    s = f / (2 + f)
    z = s * s
    z2 = z * z
    p = fma(z, LOG_F64[5], LOG_F64[4])
    p = fma(z2, LOG_F64[6], p)
    p = fma(z2, p, fma(z, LOG_F64[3], LOG_F64[2]))
    p = fma(z2, p, fma(z, LOG_F64[1], LOG_F64[0]))
    return fma(e, LN2_HIGH_F64, fma(s, fma(-z, p, f), e * LN2_LOW_F64) - f)


def rough_half_reciprocal_float64(x: float) -> float:
    """1 / (2 x) within 6 %, where x > 0 and the result are normal; finite for x = 0.

    The bits of a positive number, read as an integer, are nearly its logarithm: minus the bits is nearly
    1 / x.  The constant is the sum of the bits of 1 and of 1/2, less a tenth of a binade, which makes the
    error as large above as below.

    >>> rough_half_reciprocal_float64(1.0), rough_half_reciprocal_float64(8.0)
    (0.474609375, 0.059326171875)
    """
    (bits,) = struct.unpack("<Q", struct.pack("<d", x))
    (y,) = struct.unpack("<d", struct.pack("<Q", 0x7FCE600000000000 - bits))
    return float(y)


def sin_pi_polynomial_float64(q: float) -> float:
    """S of  sin(pi t) = t (PI_HIGH + S),  q = t^2,  for t in [-1/4, 1/4]."""
    q2 = q * q
    p = fma(q2, fma(q, SIN_F64[5], SIN_F64[4]), fma(q, SIN_F64[3], SIN_F64[2]))
    p = fma(q2, p, fma(q, SIN_F64[1], SIN_F64[0]))
    return fma(q, p, PI_LOW_F64)


def cos_pi_polynomial_float64(q: float) -> float:
    """C of  cos(pi t) = 1 + q C,  q = t^2,  for t in [-1/4, 1/4]."""
    q2 = q * q
    p = fma(q2, COS_F64[6], fma(q, COS_F64[5], COS_F64[4]))
    p = fma(q2, p, fma(q, COS_F64[3], COS_F64[2]))
    return fma(q2, p, fma(q, COS_F64[1], COS_F64[0]))


def sin_pi_float64(t: float) -> float:
    """sin(pi t) for t in [-1/4, 1/4].

    >>> sin_pi_float64(1 / 6)
    0.5
    """
    return fma(t, PI_HIGH_F64, t * sin_pi_polynomial_float64(t * t))


def cos_pi_float64(t: float) -> float:
    """cos(pi t) for t in [-1/4, 1/4].

    >>> cos_pi_float64(0.0), cos_pi_float64(0.25)
    (1.0, 0.7071067811865475)
    """
    return fma(t * t, cos_pi_polynomial_float64(t * t), 1.0)


# float32


def minus_log_float32(f: float, e: float) -> float:
    """-ln((1 + f) 2^-e), as in float64, with a shorter polynomial.

    >>> minus_log_float32(0.25, 3.0)
    1.8562979698181152
    """
    s = float32(f / float32(2 + f))
    z = float32(s * s)
    z2 = float32(z * z)
    p = fma_float32(z2, LOG_F32[2], fma_float32(z, LOG_F32[1], LOG_F32[0]))
    small = fma_float32(s, fma_float32(-z, p, f), float32(e * LN2_LOW_F32))
    return fma_float32(e, LN2_HIGH_F32, float32(small - f))


def rough_half_reciprocal_float32(x: float) -> float:
    """1 / (2 x) within 6 %, as in float64."""
    (bits,) = struct.unpack("<I", struct.pack("<f", x))
    (y,) = struct.unpack("<f", struct.pack("<I", 0x7E730000 - bits))
    return float(y)


def sin_pi_polynomial_float32(q: float) -> float:
    """S of  sin(pi t) = t (PI_HIGH + S),  as in float64."""
    q2 = float32(q * q)
    p = fma_float32(q2, SIN_F32[2], fma_float32(q, SIN_F32[1], SIN_F32[0]))
    return fma_float32(q, p, PI_LOW_F32)


def cos_pi_polynomial_float32(q: float) -> float:
    """C of  cos(pi t) = 1 + q C,  as in float64."""
    q2 = float32(q * q)
    return fma_float32(q2, fma_float32(q, COS_F32[3], COS_F32[2]), fma_float32(q, COS_F32[1], COS_F32[0]))


def sin_pi_float32(t: float) -> float:
    """sin(pi t) for t in [-1/4, 1/4]."""
    return fma_float32(t, PI_HIGH_F32, float32(t * sin_pi_polynomial_float32(float32(t * t))))


def cos_pi_float32(t: float) -> float:
    """cos(pi t) for t in [-1/4, 1/4]."""
    q = float32(t * t)
    return fma_float32(q, cos_pi_polynomial_float32(q), 1.0)


# Both: the type of the arguments is that of the operations and of the result.


def polynomial(x: float, coefficients: Sequence[float], block: int = 8) -> float:
    """c0 + c1 x + c2 x^2 + ...: the first block of terms, plus a power of x times the rest.

    A block is halved in the same way, so that eight terms are  (c0 + c1 x + (c2 + c3 x) x^2) + (...) x^4:
    what the kernel writes out, with ``quartet`` and ``octet``.

    >>> polynomial(10.0, [1, 2, 3]), polynomial(0.1, [1] * 20)
    (321.0, 1.1111111111111112)
    """
    if len(coefficients) == 1:
        return coefficients[0]
    terms, power = 1, x
    while terms < block and 2 * terms < len(coefficients):
        terms, power = 2 * terms, power * power
    rest = polynomial(x, coefficients[terms:], block)
    return fused_multiply_add(power, rest, polynomial(x, coefficients[:terms], block))


def rough_half_reciprocal(x: float) -> float:
    """1 / (2 x) within 6 %."""
    if isinstance(x, Float32):
        return Float32(rough_half_reciprocal_float32(x))
    return rough_half_reciprocal_float64(x)


def split_exponent(x: float) -> tuple[float, float]:
    """(f, e) of  x = (1 + f) 2^e,  1 + f in [sqrt(1/2), sqrt(2)),  for normal x > 0.

    >>> split_exponent(12.0), split_exponent(10.0)
    ((-0.25, 4.0), (0.25, 3.0))
    """
    mantissa, e = math.frexp(x)
    if mantissa < by_type(x, SQRT_HALF_F64, SQRT_HALF_F32):
        mantissa, e = 2 * mantissa, e - 1
    return type(x)(mantissa - 1), type(x)(e)


def log1p_parts(f: float) -> tuple[float, float]:
    """(s, g) of  ln(1 + f) = f - s g,  as in ``minus_log_float64``.

    >>> s, g = log1p_parts(0.25)
    >>> 0.25 - s * g, math.log(1.25)
    (0.22314355131420976, 0.22314355131420976)
    """
    s = f / (2 + f)
    z = s * s
    p = polynomial(z, by_type(z, LOG_F64, LOG_F32), block=2)
    return s, fused_multiply_add(-z, p, f)


def exp_reduce(a: float, a_low: float) -> tuple[float, float, float]:
    """(s, s_low, k) of  a + a_low = s + s_low + k ln 2,  |s| <= ln(2) / 2,  |a_low| at most some ULP of a.

    Beside 1.5 2^52, in float32 1.5 2^23, there is no room for digits after the point: added and taken
    away again, it leaves the nearest integer.  r = a - k ln 2 is exact, for the upper part of ln 2, in one
    fused multiply-add.

    >>> exp_reduce(-2.0, 0.0)  # -2 + 3 ln 2
    (0.07944154167983593, 1.824653763166999e-19, -3.0)
    """
    shift = by_type(a, 1.5 * 2.0**52, 1.5 * 2.0**23)
    k = fused_multiply_add(a, by_type(a, RECIPROCAL_LN2_HIGH_F64, RECIPROCAL_LN2_HIGH_F32), shift) - shift
    r = fused_multiply_add(-k, by_type(a, LN2_HIGH_F64, LN2_HIGH_F32), a)
    r_low = fused_multiply_add(-k, by_type(a, LN2_LOW_F64, LN2_LOW_F32), a_low)
    s = r + r_low
    return s, (r - s) + r_low, k


def exp_polynomial(s: float) -> float:
    """P of  exp(s) = 1 + s + s^2 P(s)  for |s| <= ln(2) / 2."""
    return polynomial(s, by_type(s, EXP_F64, EXP_F32))


def exp_parts(a: float, a_low: float) -> tuple[float, float, float]:
    """(high, low, k) of  exp(a + a_low) = (high + low) 2^k:  what high = 1 + s loses goes to low.

    >>> high, low, k = exp_parts(-2.0, 0.0)
    >>> (high + low) * 2**k, math.exp(-2)
    (0.1353352832366127, 0.1353352832366127)
    """
    s, s_low, k = exp_reduce(a, a_low)
    high = 1 + s
    return high, fused_multiply_add(s * s, exp_polynomial(s), s_low) + ((1 - high) + s), k


def small_power(x: float) -> float:
    """2^-128; in float32 2^-64."""
    return by_type(x, 2.0**-128, 2.0**-64)


def scale_small(x: float, k: float) -> float:
    """x 2^k / small_power,  for -1100 <= k <= 0 (-180 in float32).

    2^k need not be a normal number, but 2^(k + 128) is.  So x = y 2^-128 gives y 2^k, rounded once if that
    is subnormal.
    """
    return x * math.ldexp(1.0, int(k) + by_type(x, 128, 64))


def exp(a: float) -> float:
    """exp(a) for a <= 0, down to where it rounds to 0: about -745.2, in float32 -104.

    >>> exp(-2.0), exp(-745.0)
    (0.1353352832366127, 5e-324)
    """
    high, low, k = exp_parts(a, 0.0)
    return scale_small((high + low) * small_power(a), k)


def scale_by_power(x: float, n: float) -> float:
    """x 2^n for integral n, 1/16 < |x| < 16: rounded once if subnormal; infinite or 0 beyond the range.

    2^n itself may be out of range; the root of it, or what is nearest to that, is not.

    >>> scale_by_power(1.5, -1074.0), scale_by_power(1.5, -2000.0), scale_by_power(1.5, 1030.0)
    (1e-323, 0.0, inf)
    """
    whole = int(max(n, by_type(x, -1200, -200)))
    half = round(whole / 2)  # the even one of two
    return x * math.ldexp(1.0, half) * math.ldexp(1.0, whole - half)
