"""Elementary functions with nothing but + - * / and fma: the same bits on every machine.

The twin of ``_kernels/mathematics.pxd``.  Polynomials are evaluated in blocks (Estrin 1960), as in the
kernel: the order of the operations decides the last bit.

Every function is for both dtypes: of a ``float`` it is computed in float64, and of a ``Float32`` in float32.
"""

import math
from collections.abc import Sequence

from .arithmetic import (
    Float32,
    bits_of_float32,
    bits_of_float64,
    by_type,
    float32,
    float32_of_bits,
    float64_of_bits,
    fused_multiply_add,
)
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
    RECIPROCAL_LN2_F32,
    RECIPROCAL_LN2_F64,
    SIN_F32,
    SIN_F64,
)

SQRT_HALF_F64 = math.sqrt(0.5)
SQRT_HALF_F32 = float32(SQRT_HALF_F64)


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
    """1 / (2 x) within 6 %, where x > 0 and the result are normal; finite for x = 0.

    The bits of a positive number, read as an integer, are nearly its logarithm: minus the bits is nearly
    1 / x.  The constant is the sum of the bits of 1 and of 1/2, less a tenth of a binade, which makes the
    error as large above as below.

    >>> rough_half_reciprocal(1.0), rough_half_reciprocal(8.0)
    (0.474609375, 0.059326171875)
    """
    if isinstance(x, Float32):
        return Float32(float32_of_bits(0x7E730000 - bits_of_float32(x)))
    return float64_of_bits(0x7FCE600000000000 - bits_of_float64(x))


# Logarithm


def log1p_parts(f: float) -> tuple[float, float]:
    """(s, g) of  ln(1 + f) = f - s g  for f in [sqrt(1/2) - 1, sqrt(2) - 1].

    With s = f / (2 + f):  ln(1 + f) = 2 atanh(s) = 2 s + s z P(z),  z = s^2,
    and since 2 s = f - s f:  ln(1 + f) = f - s (f - z P(z)).

    >>> s, g = log1p_parts(0.25)
    >>> 0.25 - s * g, math.log(1.25)
    (0.22314355131420976, 0.22314355131420976)
    """
    s = f / (2 + f)
    z = s * s
    p = polynomial(z, by_type(z, LOG_F64, LOG_F32), block=2)
    return s, fused_multiply_add(-z, p, f)


def minus_log(f: float, e: float) -> float:
    """-ln((1 + f) 2^-e) for f in [sqrt(1/2) - 1, sqrt(2) - 1] and integral e >= 0.

    Nothing cancels for e = 0, f -> 0: the relative accuracy is kept up to ln 1 = 0.

    >>> minus_log(0.25, 3.0), minus_log(Float32(0.25), Float32(3))  # -ln(5/32) = 1.85629799036562627...
    (1.8562979903656263, Float32(1.8562979698181152))
    """
    s, g = log1p_parts(f)
    ln2, ln2_low = by_type(f, (LN2_HIGH_F64, LN2_LOW_F64), (LN2_HIGH_F32, LN2_LOW_F32))
    return fused_multiply_add(e, ln2, fused_multiply_add(s, g, e * ln2_low) - f)


def split_exponent(x: float) -> tuple[float, float]:
    """(f, e) of  x = (1 + f) 2^e,  1 + f in [sqrt(1/2), sqrt(2)),  for normal x > 0.

    >>> split_exponent(12.0), split_exponent(10.0)
    ((-0.25, 4.0), (0.25, 3.0))
    """
    mantissa, e = math.frexp(x)
    if mantissa < by_type(x, SQRT_HALF_F64, SQRT_HALF_F32):
        mantissa, e = 2 * mantissa, e - 1
    return type(x)(mantissa - 1), type(x)(e)


def logarithm(x: float) -> float:
    """ln x  for x >= 1, and -inf for 0.

    >>> logarithm(2.0), logarithm(10.0), logarithm(0.0)
    (0.6931471805599453, 2.302585092994046, -inf)
    >>> logarithm(Float32(10))
    Float32(2.3025851249694824)
    """
    if x == 0:
        return type(x)(-math.inf)
    f, e = split_exponent(x)
    return -minus_log(f, -e)


# Exponential


def exp_reduce(a: float, a_low: float) -> tuple[float, float, float]:
    """(s, s_low, k) of  a + a_low = s + s_low + k ln 2,  |s| <= ln(2) / 2,  |a_low| at most some ULP of a.

    Beside 1.5 2^52, in float32 1.5 2^23, there is no room for digits after the point: added and taken
    away again, it leaves the nearest integer.  r = a - k ln 2 is exact, for the upper part of ln 2, in one
    fused multiply-add.

    >>> exp_reduce(-2.0, 0.0)  # -2 + 3 ln 2
    (0.07944154167983593, 1.824653763166999e-19, -3.0)
    """
    shift = by_type(a, 1.5 * 2.0**52, 1.5 * 2.0**23)
    k = fused_multiply_add(a, by_type(a, RECIPROCAL_LN2_F64, RECIPROCAL_LN2_F32), shift) - shift
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


def exponential(a: float) -> float:
    """exp(a): also where that is greater than 1, and beyond the range of numbers.

    From 710 on (float32: 89) the result is infinite, and from -746 on (-104) 0; no argument farther out is
    looked at.

    >>> exponential(1.0), exponential(-745.0), exponential(1000.0), exponential(-math.inf)
    (2.718281828459045, 5e-324, inf, 0.0)
    >>> exponential(Float32(1)), exponential(Float32(-103)), exponential(Float32(-1000))
    (Float32(2.7182817459106445), Float32(1.401298464324817e-45), Float32(0.0))
    """
    if math.isnan(a):
        return a
    limit = by_type(a, 800.0, 120.0)
    high, low, k = exp_parts(type(a)(min(max(a, -limit), limit)), type(a)(0))
    return scale_by_power(high + low, k)


# Sine and cosine


def sin_pi_polynomial(q: float) -> float:
    """S of  sin(pi t) = t (pi_high + S),  q = t^2,  for t in [-1/4, 1/4]."""
    p = polynomial(q, by_type(q, SIN_F64, SIN_F32), block=2)
    return fused_multiply_add(q, p, by_type(q, PI_LOW_F64, PI_LOW_F32))


def cos_pi_polynomial(q: float) -> float:
    """C of  cos(pi t) = 1 + q C,  q = t^2,  for t in [-1/4, 1/4]."""
    return polynomial(q, by_type(q, COS_F64, COS_F32), block=2)


def sin_pi(t: float) -> float:
    """sin(pi t) for t in [-1/4, 1/4].

    >>> sin_pi(1 / 6)
    0.5
    """
    return fused_multiply_add(t, by_type(t, PI_HIGH_F64, PI_HIGH_F32), t * sin_pi_polynomial(t * t))


def cos_pi(t: float) -> float:
    """cos(pi t) for t in [-1/4, 1/4].

    >>> cos_pi(0.0), cos_pi(0.25)
    (1.0, 0.7071067811865475)
    """
    return fused_multiply_add(t * t, cos_pi_polynomial(t * t), 1.0)
