"""Elementary functions with nothing but + - * / and fma: the same bits on every machine.

The twin of ``_kernels/mathematics.pxd``.  Polynomials are evaluated two coefficients at a time
(Estrin 1960), as the kernel does: the order of the operations decides the last bit.

In the float32 functions every number is a float32, and ``float32(...)`` marks each rounding.
"""

import struct

from .arithmetic import float32, fma, fma_float32
from .coefficients import (
    COS_F32,
    COS_F64,
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
    SIN_F32,
    SIN_F64,
)

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
