"""The normal distribution: density, distribution function and quantile.

    phi(z) = exp(-z^2 / 2) / sqrt(2 pi)      Phi(z) = integral of phi from -infinity to z
    z = (x - loc) / scale

    pdf = phi(z) / scale     cdf = Phi(z)      sf = Phi(-z)
    logpdf, logcdf, logsf    their logarithms, which do not end where those round to 0
    ppf(p) = x  where  cdf(x) = p              isf(p) = x  where  sf(x) = p

The ``textbook_...`` functions are those formulas.  The rest is the twin of ``_kernels/normal.pxd`` and
``.pyx``, which know what each rounding lost: a number is carried as a sum x + x_low of two where its error
would be magnified.  So it would be in  exp(a),  a = -z^2 / 2:  an error of a is the relative error of that.
Far out a is some hundreds, and half a unit in its last place is hundreds of units of the density.

    >>> pdf(37.3), textbook_pdf(37.3)  # exactly 3.06284629069566747... 10^-303
    (3.062846290695667e-303, 3.062846290695747e-303)

Every function is for both dtypes: of a ``float`` it is computed in float64, and of a ``Float32`` in float32.

    >>> pdf(1.0), pdf(Float32(1))
    (0.24197072451914337, Float32(0.2419707179069519))

Where the kernel computes both sides of a choice and selects, there is an ``if`` here.
"""

import math
import statistics
from collections.abc import Sequence

from .arithmetic import Float32, by_type, fused_multiply_add, square_root
from .coefficients import (
    HALF_LN_2PI_HIGH_F32,
    HALF_LN_2PI_HIGH_F64,
    HALF_LN_2PI_LOW_F32,
    HALF_LN_2PI_LOW_F64,
    LN2_HIGH_F32,
    LN2_HIGH_F64,
    LN2_LOW_F32,
    LN2_LOW_F64,
    QUANTILE_CENTRE_F32,
    QUANTILE_CENTRE_F64,
    QUANTILE_CENTRE_LOW_F32,
    QUANTILE_CENTRE_LOW_F64,
    QUANTILE_TAIL_F32,
    QUANTILE_TAIL_F64,
    RECIPROCAL_SQRT_2PI_HIGH_F32,
    RECIPROCAL_SQRT_2PI_HIGH_F64,
    RECIPROCAL_SQRT_2PI_LOW_F32,
    RECIPROCAL_SQRT_2PI_LOW_F64,
    SQRT_2PI_HIGH_F32,
    SQRT_2PI_HIGH_F64,
    SQRT_2PI_LOW_F32,
    SQRT_2PI_LOW_F64,
    TAIL_F32,
    TAIL_F64,
    TAIL_LOW_F32,
    TAIL_LOW_F64,
)
from .mathematics import (
    exp_parts,
    exp_polynomial,
    exp_reduce,
    log1p_parts,
    polynomial,
    rough_half_reciprocal,
    scale_by_power,
    scale_small,
    small_power,
    split_exponent,
)

# As anyone would write them


def textbook_pdf(x: float, loc: float = 0.0, scale: float = 1.0) -> float:
    """The density.  Rounding z^2 costs up to 500 units in the last place.

    >>> textbook_pdf(1.0)
    0.24197072451914337
    """
    z = (x - loc) / scale
    return math.exp(-z * z / 2) / (scale * math.sqrt(2 * math.pi))


def textbook_logpdf(x: float, loc: float = 0.0, scale: float = 1.0) -> float:
    """Its logarithm.  Little is lost but by loc and scale: the error of z counts twice in its square."""
    z = (x - loc) / scale
    return -z * z / 2 - math.log(scale * math.sqrt(2 * math.pi))


def textbook_cdf(x: float, loc: float = 0.0, scale: float = 1.0) -> float:
    """The distribution function.  Rounding z / sqrt(2) costs up to 1500 units in the last place."""
    z = (x - loc) / scale
    return math.erfc(-z / math.sqrt(2)) / 2


def textbook_logcdf(x: float, loc: float = 0.0, scale: float = 1.0) -> float:
    """Its logarithm: an error where the distribution function rounds to 0, and 0 where it rounds to 1.

    >>> textbook_logcdf(10.0), logcdf(10.0)
    (0.0, -7.619853024160525e-24)
    """
    return math.log(textbook_cdf(x, loc, scale))


def textbook_ppf(p: float, loc: float = 0.0, scale: float = 1.0) -> float:
    """The quantile for 0 < p < 1, as the standard library has it: within some units in the last place.

    M. J. Wichura, Applied Statistics 37 (1988).
    """
    return statistics.NormalDist(loc, scale).inv_cdf(p)


# The eight functions


def pdf(x: float, loc: float = 0.0, scale: float = 1.0) -> float:
    """The density  phi(z) / scale.

    >>> pdf(0.0), pdf(38.5), pdf(3.0, loc=1.0, scale=2.0)
    (0.3989422804014327, 5.4e-323, 0.12098536225957168)
    """
    x, loc, scale = alike(x, loc, scale)
    z, z_low = standardise(x, loc, scale)
    if math.isnan(z):
        return z
    # Beyond the limit the result is 0 for the least scale even.
    y, y_low = distance(z, z_low, by_type(z, 55.0, 20.5))
    s, s_low, k = exp_reduce(*minus_half_square(y, y_low))
    # c exp(s) = c + (c s + (c (s^2 P(s) + s_low) + c_low)):  each sum has a larger and a smaller part
    c = by_type(z, RECIPROCAL_SQRT_2PI_HIGH_F64, RECIPROCAL_SQRT_2PI_HIGH_F32)
    c_low = by_type(z, RECIPROCAL_SQRT_2PI_LOW_F64, RECIPROCAL_SQRT_2PI_LOW_F32)
    rest = fused_multiply_add(c, fused_multiply_add(s * s, exp_polynomial(s), s_low), c_low)
    p = c + fused_multiply_add(c, s, rest)
    reciprocal, exponent = reciprocal_of_scale(scale)
    return scale_by_power(p * reciprocal, k - exponent)


def logpdf(x: float, loc: float = 0.0, scale: float = 1.0) -> float:
    """ln pdf = -z^2 / 2 - ln(scale sqrt(2 pi)).

    >>> logpdf(0.0), logpdf(1e10), logpdf(3.0, loc=1.0, scale=2.0)
    (-0.9189385332046728, -5e+19, -2.112085713764618)
    """
    x, loc, scale = alike(x, loc, scale)
    z, z_low = standardise(x, loc, scale)
    if math.isnan(z):
        return z
    # Beyond the limit the result is -inf, but y z_low might be infinite as well.
    y, y_low = distance(z, z_low, largest(z) * 1.01)
    return fused_multiply_add(-0.5 * y, y, fused_multiply_add(-y, y_low, -log_scale(scale)))


def cdf(x: float, loc: float = 0.0, scale: float = 1.0) -> float:
    """The distribution function  Phi(z).

    >>> cdf(0.0), cdf(-1.0), cdf(-38.0)
    (0.5, 0.15865525393145705, 2.88542835e-316)
    """
    z, z_low = standardise(*alike(x, loc, scale))
    return standard_cdf(z, z_low)


def sf(x: float, loc: float = 0.0, scale: float = 1.0) -> float:
    """The survival function  1 - cdf = Phi(-z),  which is not 0 where cdf rounds to 1.

    >>> sf(1.0), sf(10.0), 1 - cdf(10.0)
    (0.15865525393145705, 7.619853024160525e-24, 0.0)
    """
    z, z_low = standardise(*alike(x, loc, scale))
    return standard_cdf(-z, -z_low)


def logcdf(x: float, loc: float = 0.0, scale: float = 1.0) -> float:
    """ln cdf.

    >>> logcdf(0.0), logcdf(-1e10), logcdf(10.0)
    (-0.6931471805599453, -5e+19, -7.619853024160525e-24)
    """
    z, z_low = standardise(*alike(x, loc, scale))
    return standard_logcdf(z, z_low)


def logsf(x: float, loc: float = 0.0, scale: float = 1.0) -> float:
    """ln sf.

    >>> logsf(-10.0) == logcdf(10.0)
    True
    """
    z, z_low = standardise(*alike(x, loc, scale))
    return standard_logcdf(-z, -z_low)


def ppf(p: float, loc: float = 0.0, scale: float = 1.0) -> float:
    """The quantile: x where cdf(x) = p.

    >>> ppf(0.5), ppf(0.975), ppf(1e-300), ppf(1.0), ppf(0.25, loc=100.0, scale=15.0)
    (0.0, 1.9599639845400538, -37.0470962993612, inf, 89.88265374705877)
    """
    p, loc, scale = alike(p, loc, scale)
    z = -standard_isf(p) + 0  # not -0
    return located(z, loc, scale)


def isf(p: float, loc: float = 0.0, scale: float = 1.0) -> float:
    """The quantile from above: x where sf(x) = p.

    >>> isf(0.025), isf(1e-300)
    (1.9599639845400543, 37.0470962993612)
    """
    p, loc, scale = alike(p, loc, scale)
    return located(standard_isf(p), loc, scale)


def alike(x: float, loc: float, scale: float) -> tuple[float, float, float]:
    """The three in the type of the first."""
    kind = Float32 if isinstance(x, Float32) else float
    return kind(x), kind(loc), kind(scale)


def largest(z: float) -> float:
    """The largest y whose y^2 / 2 is finite."""
    return type(z)(by_type(z, 1.8961503816218352e154, 2.60876356e19))


def vanishing(z: float) -> float:
    """y from which on phi(y) and Phi(-y) round to 0."""
    return type(z)(by_type(z, 38.6, 14.4))


# (x - loc) / scale


def split_scale(scale: float) -> tuple[float, float, float, int]:
    """(scaled, shrink, grow, n) of  scaled = scale shrink grow = scale 2^-n.

    Neither scaled nor 1 / scaled over- or underflows.

    >>> split_scale(3.0), split_scale(2.0**-1000) == (2.0**-460, 1.0, 2.0**540, -540)
    ((3.0, 1.0, 1.0, 0), True)
    """
    n = by_type(scale, 540, 70)
    if scale > by_type(scale, 2.0**510, 2.0**62):
        return scale * 2.0**-n, 2.0**-n, 1.0, n
    if scale < by_type(scale, 2.0**-540, 2.0**-56):
        return scale * 2.0**n, 1.0, 2.0**n, -n
    return scale, 1.0, 1.0, 0


def standardise(x: float, loc: float, scale: float) -> tuple[float, float]:
    """(z, z_low) of  (x - loc) / scale = z + z_low;  NaN unless scale > 0.

    >>> z, z_low = standardise(1.0, 0.1, 3.0)
    >>> from fractions import Fraction
    >>> float((1 - Fraction(0.1)) / 3 - Fraction(z)) == z_low
    True
    """
    if not scale > 0:
        return type(x)(math.nan), 0.0
    scaled, shrink, grow, _ = split_scale(scale)
    reciprocal = 1 / scaled
    minuend, subtrahend = x * shrink, loc * shrink
    difference = minuend - subtrahend
    # What it lost  (D. E. Knuth, TAOCP 2, 4.2.2, Theorem B)
    part = minuend - difference
    lost = (minuend - (difference + part)) + (part - subtrahend)
    difference = difference * grow
    z = difference * reciprocal
    lost = fused_multiply_add(lost, grow, fused_multiply_add(-z, scaled, difference)) * reciprocal
    # NaN, where z is infinite or scale is, is no less than anything.
    return z, lost if abs(lost) < abs(z) else 0.0


def distance(z: float, z_low: float, limit: float) -> tuple[float, float]:
    """(y, y_low) of  |z + z_low| = y + y_low,  y at most the limit.

    >>> distance(-2.0, 1e-17, 55.0), distance(-60.0, 1e-15, 55.0)
    ((2.0, -1e-17), (55.0, 0.0))
    """
    if abs(z) > limit:
        return type(z)(limit), 0.0
    return (-z, -z_low) if z < 0 else (abs(z), z_low)


def reciprocal_of_scale(scale: float) -> tuple[float, float]:
    """1 / scale = reciprocal 2^-exponent,  reciprocal between sqrt(1/2) and sqrt(2), or 0.

    >>> reciprocal_of_scale(8.0), reciprocal_of_scale(5e-324)
    ((1.0, 3.0), (1.0, -1074.0))
    """
    if scale == math.inf:
        return 0.0, 0.0
    scaled, _, _, n = split_scale(scale)
    f, e = split_exponent(scaled)
    return 1 / (1 + f), e + n


def log_scale(scale: float) -> float:
    """ln scale + ln(2 pi) / 2."""
    if scale == math.inf:
        return scale
    scaled, _, _, n = split_scale(scale)
    half_ln_2pi = by_type(scale, HALF_LN_2PI_HIGH_F64, HALF_LN_2PI_HIGH_F32)
    half_ln_2pi_low = by_type(scale, HALF_LN_2PI_LOW_F64, HALF_LN_2PI_LOW_F32)
    return log_plus(scaled, 0.0, n, half_ln_2pi, half_ln_2pi_low)


# Distribution function


def minus_half_square(y: float, y_low: float) -> tuple[float, float]:
    """(high, low) of  -(y + y_low)^2 / 2 = high + low.

    >>> minus_half_square(1 + 2.0**-30, 0.0) == (-0.5 - 2.0**-30, -(2.0**-61))
    True
    """
    h = -0.5 * y
    high = h * y
    return high, fused_multiply_add(-y, y_low, fused_multiply_add(h, y, -high))


def polynomial_parts(x: float, coefficients: Sequence[float], lows: Sequence[float]) -> tuple[float, float]:
    """(high, low) of a polynomial whose first coefficients are sums of two numbers.

    These are added one after the other (Horner), and what each step rounds away is carried along.

    >>> polynomial_parts(2.0**-60, [1.0, 1.0, 7.0], [0.0, 0.0]) == (1.0, 2.0**-60)
    True
    """
    high, low = polynomial(x, coefficients[len(lows) :]), 0.0
    for c, c_low in reversed(list(zip(coefficients, lows, strict=False))):
        total = fused_multiply_add(x, high, c)
        low = fused_multiply_add(x, high, c - total) + fused_multiply_add(x, low, c_low)
        high = total
    return high, low


def scaled_tail(y: float, y_low: float) -> tuple[float, float]:
    """(high, low) of  exp(y^2 / 2) Phi(-y) = high + low  for y >= 0.

    With q = 1 / (y + 4) and t = (y - 4) / (y + 4) = 1 - 8 q it is q S(t), S a polynomial between 2 and 0.4
    (M. M. Shepherd, J. G. Laframboise, Math. Comp. 36 (1981), for erfc).  What the last steps round away is
    kept in low; and the rounded q belongs to another y, by ``moved``, where the derivative is
    y G - 1 / sqrt(2 pi)  for  G = exp(y^2 / 2) Phi(-y).

    >>> scaled_tail(0.0, 0.0)[0], scaled_tail(1e9, 0.0)[0] * 1e9  # 1/2, and nearly 1 / sqrt(2 pi)
    (0.5, 0.39894228039991675)
    """
    d = y + 4
    q = 1 / d
    moved = fused_multiply_add(-d, fused_multiply_add(-d, q, 1.0), (y - (d - 4)) + y_low)
    t = fused_multiply_add(-8.0, q, 1.0)
    s, s_low = polynomial_parts(t, by_type(y, TAIL_F64, TAIL_F32), by_type(y, TAIL_LOW_F64, TAIL_LOW_F32))
    high = q * s
    phi_0 = by_type(y, RECIPROCAL_SQRT_2PI_HIGH_F64, RECIPROCAL_SQRT_2PI_HIGH_F32)
    slope = fused_multiply_add(y, high, -phi_0)
    return high, fused_multiply_add(q, s, -high) + fused_multiply_add(moved, slope, q * s_low)


def tail(exponent: float, exponent_low: float, scaled: float, scaled_low: float) -> tuple[float, float]:
    """(high, low) of  Phi(-y) = exp(-y^2 / 2) (scaled + scaled_low) = high + low.

    exponent + exponent_low = -y^2 / 2.
    """
    exp_high, exp_low, k = exp_parts(exponent, exponent_low)
    scaled, scaled_low = scaled * small_power(scaled), scaled_low * small_power(scaled)
    p = exp_high * scaled
    p_low = fused_multiply_add(
        exp_high, scaled_low, fused_multiply_add(exp_low, scaled, fused_multiply_add(exp_high, scaled, -p))
    )
    return scale_small(p + p_low, k), scale_small((p - (p + p_low)) + p_low, k)


def standard_cdf(z: float, z_low: float) -> float:
    """Phi(z + z_low)."""
    if math.isnan(z):
        return z
    y, y_low = distance(z, z_low, vanishing(z))
    p, _ = tail(*minus_half_square(y, y_low), *scaled_tail(y, y_low))
    return p if z < 0 else 1 - p


# Its logarithm


def standard_logcdf(z: float, z_low: float) -> float:
    """ln Phi(z + z_low).

    For z = -y < 0 it is  ln G - y^2 / 2,  G = exp(y^2 / 2) Phi(-y);  else  ln(1 - Phi(-z)).
    """
    if math.isnan(z):
        return z
    if z < -largest(z):
        return type(z)(-math.inf)
    y, y_low = distance(z, z_low, largest(z))
    a, a_low = minus_half_square(y, y_low)
    scaled, scaled_low = scaled_tail(y, y_low)
    if y >= by_type(y, 2.0**32, 2.0**16):
        scaled_low = 0.0  # of no use beside y^2 / 2, and no number any more
    if z < 0:
        return log_plus(scaled, scaled_low, 0, a, a_low)
    p, p_low = tail(a, a_low, scaled, scaled_low) if y <= vanishing(y) else (0.0, 0.0)
    v = 1 - p
    v_low = ((1 - v) - p) - p_low
    return log_plus(type(z)(v), v_low, 0, 0.0, 0.0)


def log_plus(v: float, v_low: float, shift: int, a: float, a_low: float) -> float:
    """ln((v + v_low) 2^shift) + a + a_low,  for normal v > 0.

    >>> log_plus(10.0, 0.0, 0, -2.0, 0.0), math.log(10) - 2  # 0.302585092994045684...
    (0.30258509299404557, 0.3025850929940459)
    """
    f, e = split_exponent(v)
    power = math.ldexp(1.0, -int(e))
    e = e + shift
    s, g = log1p_parts(f)
    # 1 / v = 2^-e / (1 + f), and 1 / (1 + f) = 1 - f + f^2 nearly
    small = fused_multiply_add(v_low * power, fused_multiply_add(f, f, 1 - f), a_low)
    small = fused_multiply_add(-s, g, fused_multiply_add(e, by_type(e, LN2_LOW_F64, LN2_LOW_F32), small))
    # a + c = w + w_low  (D. E. Knuth, TAOCP 2, 4.2.2, Theorem B); what c = e ln 2 lost is let go
    c = e * by_type(e, LN2_HIGH_F64, LN2_HIGH_F32)
    w = a + c
    part = w - a
    w_low = (a - (w - part)) + (c - part)
    # f + small = part + what joins w_low
    part = f + small
    w_low = w_low + ((f - part) + small)
    total = w + part
    return total + (((w - total) + part) + w_low)


# Quantile


def minus_log_parts(x: float) -> tuple[float, float]:
    """(high, low) of  -ln x = high + low,  for 0 < x <= 1, subnormal or not.

    >>> minus_log_parts(5e-324)[0], -math.log(5e-324)
    (744.4400719213812, 744.4400719213812)
    """
    shift = by_type(x, 64, 32)
    f, e = split_exponent(x * 2.0**shift)
    e = shift - e
    s, g = log1p_parts(f)
    ln2, ln2_low = by_type(x, (LN2_HIGH_F64, LN2_LOW_F64), (LN2_HIGH_F32, LN2_LOW_F32))
    part = fused_multiply_add(s, g, e * ln2_low) - f
    high = fused_multiply_add(e, ln2, part)
    return high, fused_multiply_add(e, ln2, -high) + part


def standard_isf(p: float) -> float:
    """z where Phi(-z) = p:  in the centre, and in the tail where p is less than 2^-7 away from 0 or 1.

    >>> standard_isf(0.25), standard_isf(0.0), standard_isf(1.5)
    (0.6744897501960817, inf, nan)
    """
    if not 0 <= p <= 1:
        return type(p)(math.nan)
    lower = min(p, 1 - p)
    if lower == 0:
        z = type(p)(math.inf)
    else:
        z = quantile_tail(lower) if lower < 2.0**-7 else quantile_centre(lower)
    return -z if p > 0.5 else z


def quantile_centre(p: float) -> float:
    """z where Phi(-z) = p,  for p in [2^-7, 1/2].

    With d = 1/2 - p it is  d F(w),  w = -ln(4 p (1 - p)) = -ln(1 - 4 d^2):  F is smooth, from sqrt(2 pi)
    on, since z is odd in d and has its logarithmic ends in common with w.

    >>> quantile_centre(0.5), quantile_centre(0.25)
    (0.0, 0.6744897501960817)
    """
    d = 0.5 - p
    d_low = (0.5 - d) - p
    w, _ = minus_log_parts(4 * p * (1 - p))
    f0, f0_low = by_type(p, (SQRT_2PI_HIGH_F64, SQRT_2PI_LOW_F64), (SQRT_2PI_HIGH_F32, SQRT_2PI_LOW_F32))
    coefficients = (f0, *by_type(p, QUANTILE_CENTRE_F64, QUANTILE_CENTRE_F32))
    lows = (f0_low, *by_type(p, QUANTILE_CENTRE_LOW_F64, QUANTILE_CENTRE_LOW_F32))
    f, f_low = polynomial_parts(w, coefficients, lows)
    return fused_multiply_add(d, f, fused_multiply_add(d, f_low, d_low * f))


def quantile_tail(p: float) -> float:
    """z where Phi(-z) = p,  for 0 < p < 2^-7.

    With r = sqrt(-2 ln p) it is  r (1 - E(t)),  t = (r - c) / (r + c):  z ~ r for p -> 0.

    >>> quantile_tail(2.0**-10), quantile_tail(5e-324)
    (3.0972690781987846, 38.46740561714435)
    """
    high, low = minus_log_parts(p)
    r2 = 2 * high
    r = square_root(r2)
    # What the root lost, relative to r: z loses about 1.05 times that.
    lost = fused_multiply_add(2.0, low, fused_multiply_add(-r, r, r2)) * rough_half_reciprocal(r2)
    pivot = by_type(r, 6, 4)
    t = (r - pivot) / (r + pivot)
    e = polynomial(t, by_type(t, QUANTILE_TAIL_F64, QUANTILE_TAIL_F32))
    e = fused_multiply_add(lost, -1.05, e)
    return fused_multiply_add(-r, e, r)


def located(z: float, loc: float, scale: float) -> float:
    """loc + scale z;  NaN unless scale > 0."""
    return fused_multiply_add(scale, z, loc) if scale > 0 else type(z)(math.nan)
