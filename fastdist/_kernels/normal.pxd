"""Density, distribution function and quantile of the normal distribution, for one number each.

Inline and without branches, so that a loop over them becomes a loop over vectors.  Any number may come:
infinite, NaN, subnormal.  Error bounds: fastdist/accuracy.py.

What decides the last bits is to know what each rounding lost: a number is carried as a sum x + x_low of two
where its error would be magnified.  Functions that take z + z_low have a last parameter ``exact``, a literal
in each call: z_low is 0, and its terms are left out.

From the parts to the functions; the twin, reference/normal.py, goes the other way.
"""

from libc.math cimport INFINITY, NAN, fma, fmaf

from fastdist._kernels.mathematics cimport (
    exp_parts, exp_polynomial, exp_reduce, floating, fused_multiply_add, if_less, lesser, ln2_high, ln2_low,
    log1p_parts, magnitude, octet, quartet, rough_half_reciprocal, scale_small, scale_by_power,
    shifted_integer, small_power, split_exponent, square_root)

cdef extern from *:
    const double TWO_540 "0x1p540"
    const double TWO_MINUS_540 "0x1p-540"
    const double TWO_510 "0x1p510"
    const double TWO_64 "0x1p64"
    const float TWO_32 "0x1p32f"
    const float TWO_70 "0x1p70f"
    const float TWO_62 "0x1p62f"
    const float TWO_MINUS_70 "0x1p-70f"
    const float TWO_MINUS_56 "0x1p-56f"

cdef extern from "coefficients.h" nogil:
    const double RECIPROCAL_SQRT_2PI_HIGH_F64, RECIPROCAL_SQRT_2PI_LOW_F64, HALF_LN_2PI_HIGH_F64
    const double HALF_LN_2PI_LOW_F64, SQRT_2PI_HIGH_F64, SQRT_2PI_LOW_F64
    const double TAIL_F64[24]
    const double TAIL_LOW_F64[4]
    const double QUANTILE_CENTRE_F64[18]
    const double QUANTILE_CENTRE_LOW_F64[1]
    const double QUANTILE_TAIL_F64[28]
    const float RECIPROCAL_SQRT_2PI_HIGH_F32, RECIPROCAL_SQRT_2PI_LOW_F32, HALF_LN_2PI_HIGH_F32
    const float HALF_LN_2PI_LOW_F32, SQRT_2PI_HIGH_F32, SQRT_2PI_LOW_F32
    const float TAIL_F32[12]
    const float TAIL_LOW_F32[4]
    const float QUANTILE_CENTRE_F32[9]
    const float QUANTILE_CENTRE_LOW_F32[1]
    const float QUANTILE_TAIL_F32[12]


# Constants in the type of an argument

cdef inline floating reciprocal_sqrt_2pi_high(floating like) noexcept nogil:
    if floating is double:
        return RECIPROCAL_SQRT_2PI_HIGH_F64
    else:
        return RECIPROCAL_SQRT_2PI_HIGH_F32


cdef inline floating reciprocal_sqrt_2pi_low(floating like) noexcept nogil:
    if floating is double:
        return RECIPROCAL_SQRT_2PI_LOW_F64
    else:
        return RECIPROCAL_SQRT_2PI_LOW_F32


cdef inline floating half_ln_2pi(floating like) noexcept nogil:
    if floating is double:
        return HALF_LN_2PI_HIGH_F64
    else:
        return HALF_LN_2PI_HIGH_F32


cdef inline floating half_ln_2pi_low(floating like) noexcept nogil:
    if floating is double:
        return HALF_LN_2PI_LOW_F64
    else:
        return HALF_LN_2PI_LOW_F32


cdef inline floating vanishing(floating like) noexcept nogil:
    """y from which on phi(y) and Phi(-y) round to 0.

    phi = 2^-1075 at 38.5802, Phi(-y) at 38.4854; of float32 2^-150 at 14.3564 and 14.1702.
    """
    if floating is double:
        return 38.6
    else:
        return <float> 14.4


cdef inline floating vanishing_scaled(floating like) noexcept nogil:
    """y from which on phi(y) / scale rounds to 0 for the least scale.

    phi(y) / 2^-1074 = 2^-1075 at 54.565; in float32 phi(y) / 2^-149 = 2^-150 at 20.314.
    """
    if floating is double:
        return 55
    else:
        return <float> 20.5


cdef inline floating largest(floating like) noexcept nogil:
    """The largest y whose y^2 / 2 is finite."""
    if floating is double:
        return 1.8961503816218352e154
    else:
        return <float> 2.60876356e19


cdef inline floating distant(floating like) noexcept nogil:
    """y from which on the lower part of G = exp(y^2 / 2) Phi(-y) is dropped.

    By then y^2 / 2 exceeds ln G by 2^57 (float32: 2^27), and the lower part is about to become meaningless,
    since the rounding error of y + 4 grows without bound.
    """
    if floating is double:
        return 4294967296       # 2^32
    else:
        return 65536            # 2^16


# (x - loc) / scale

cdef inline void split_scale(
    floating scale, floating *shrink, floating *grow, floating *scaled, floating *reciprocal
) noexcept nogil:
    """scaled = scale shrink grow with powers of two, such that neither it nor 1 / scaled over- or underflows.

    NaN unless scale > 0.  Up to 2^510 (float32: 2^62) no help is needed: if x - loc overflows, z is so large
    that its square does as well.  Beyond, x and loc are made small first.  From 2^-540 (2^-56) on,
    fma(-z, scaled, difference) is exact; below, the difference is made large first.  In float32 2^70 takes
    the least scale, 2^-149, to 2^-79, whose reciprocal is finite.
    """
    cdef floating tiny, huge, down, up
    if floating is double:
        tiny, huge, up, down = TWO_MINUS_540, TWO_510, TWO_540, TWO_MINUS_540
    else:
        tiny, huge, up, down = TWO_MINUS_56, TWO_62, TWO_70, TWO_MINUS_70
    shrink[0] = if_less(huge, scale, down, <floating> 1)
    grow[0] = if_less(scale, tiny, up, <floating> 1)
    scaled[0] = if_less(<floating> 0, scale, scale * shrink[0] * grow[0], <floating> NAN)
    reciprocal[0] = <floating> 1 / scaled[0]


cdef inline void standardise(
    floating x, floating loc, floating shrink, floating grow, floating scaled, floating reciprocal,
    floating *z, floating *z_low,
) noexcept nogil:
    """(x - loc) / scale = z + z_low, after ``split_scale``."""
    cdef floating minuend = x * shrink, subtrahend = loc * shrink
    cdef floating difference = minuend - subtrahend
    # What it lost  (D. E. Knuth, TAOCP 2, 4.2.2, Theorem B)
    cdef floating part = minuend - difference
    cdef floating lost = (minuend - (difference + part)) + (part - subtrahend)
    difference *= grow
    z[0] = difference * reciprocal
    lost = fused_multiply_add(lost, grow, fused_multiply_add(-z[0], scaled, difference)) * reciprocal
    # NaN, where z is infinite or scale is, is no less than anything.
    z_low[0] = if_less(magnitude(lost), magnitude(z[0]), lost, <floating> 0)


cdef inline floating exponent_of_scale(floating shrink, floating grow) noexcept nogil:
    """n where scale = scaled 2^n, after ``split_scale``."""
    cdef floating n
    if floating is double:
        n = 540
    else:
        n = 70
    return if_less(shrink, <floating> 1, n, if_less(<floating> 1, grow, -n, <floating> 0))


cdef inline void reciprocal_of_scale(
    floating scale, floating shrink, floating grow, floating scaled, floating *exponent, floating *reciprocal
) noexcept nogil:
    """1 / scale = reciprocal 2^-exponent with reciprocal between sqrt(1/2) and sqrt(2), or 0."""
    cdef floating f, e, power
    split_exponent(scaled, &f, &e, &power)
    exponent[0] = e + exponent_of_scale(shrink, grow)
    reciprocal[0] = if_less(scale, <floating> INFINITY, <floating> 1 / (<floating> 1 + f), <floating> 0)


cdef inline floating log_scale(
    floating scale, floating shrink, floating grow, floating scaled
) noexcept nogil:
    """ln scale + ln(2 pi) / 2, after ``split_scale``."""
    cdef floating value = log_plus(
        scaled, <floating> 0, exponent_of_scale(shrink, grow), half_ln_2pi(scale), half_ln_2pi_low(scale))
    return if_less(scale, <floating> INFINITY, value, scale)


# Parts of the functions

cdef inline void minus_half_square(
    floating y, floating y_low, floating *high, floating *low, bint exact
) noexcept nogil:
    """-(y + y_low)^2 / 2 = high + low, where y_low^2 / 2 is nothing."""
    cdef floating h = <floating> -0.5 * y
    high[0] = h * y
    low[0] = fused_multiply_add(h, y, -high[0])
    if not exact:
        low[0] = fused_multiply_add(-y, y_low, low[0])


cdef inline void scaled_tail(floating y, floating y_low, floating *high, floating *low) noexcept nogil:
    """exp(y^2 / 2) Phi(-y) = high + low for y >= 0;  low is an ULP or so of high for y < ``distant``.

    With q = 1 / (y + 4) and t = (y - 4) / (y + 4) = 1 - 8 q it is q S(t), S a polynomial between 2 and 0.4
    (M. M. Shepherd, J. G. Laframboise, Math. Comp. 36 (1981), for erfc).  What the last steps round away is
    kept in low; and the rounded q belongs to another y, by ``moved``, where the derivative is
    y G - 1 / sqrt(2 pi)  for  G = exp(y^2 / 2) Phi(-y).

    S is fitted up to y = 45 (float32: 15).  Beyond, only ln G - y^2 / 2 uses it, where its error, 4e-12 at
    most (2e-5), is 0.27 ULP of the sum at most (0.03), just below y = 181.
    """
    cdef floating d = y + <floating> 4
    cdef floating q = <floating> 1 / d
    cdef floating moved = fused_multiply_add(
        -d, fused_multiply_add(-d, q, <floating> 1), (y - (d - <floating> 4)) + y_low)
    cdef floating t = fused_multiply_add(<floating> -8, q, <floating> 1)
    cdef floating t2 = t * t
    cdef floating t4 = t2 * t2
    cdef floating s0, s0_low, s1, s1_low, s2, s2_low, s3, s3_low, rest, p3, p2, p1, s
    if floating is double:
        s0, s1, s2, s3 = TAIL_F64[0], TAIL_F64[1], TAIL_F64[2], TAIL_F64[3]
        s0_low, s1_low, s2_low, s3_low = TAIL_LOW_F64[0], TAIL_LOW_F64[1], TAIL_LOW_F64[2], TAIL_LOW_F64[3]
        rest = fma(t4 * t4, quartet(t, t2, &TAIL_F64[20]), octet(t, t2, t4, &TAIL_F64[12]))
        rest = fma(t4 * t4, rest, octet(t, t2, t4, &TAIL_F64[4]))
    else:
        s0, s1, s2, s3 = TAIL_F32[0], TAIL_F32[1], TAIL_F32[2], TAIL_F32[3]
        s0_low, s1_low, s2_low, s3_low = TAIL_LOW_F32[0], TAIL_LOW_F32[1], TAIL_LOW_F32[2], TAIL_LOW_F32[3]
        rest = octet(t, t2, t4, &TAIL_F32[4])
    p3 = fused_multiply_add(t, rest, s3)
    p2 = fused_multiply_add(t, p3, s2)
    p1 = fused_multiply_add(t, p2, s1)
    s = fused_multiply_add(t, p1, s0)
    high[0] = q * s
    # What was lost of p3, p2, p1, s and q s
    s3_low = fused_multiply_add(t, rest, s3 - p3) + s3_low
    s2_low = fused_multiply_add(t, p3, s2 - p2) + fused_multiply_add(t, s3_low, s2_low)
    s1_low = fused_multiply_add(t, p2, s1 - p1) + fused_multiply_add(t, s2_low, s1_low)
    s0_low = fused_multiply_add(t, p1, s0 - s) + fused_multiply_add(t, s1_low, s0_low)
    low[0] = fused_multiply_add(q, s, -high[0]) + fused_multiply_add(
        moved, fused_multiply_add(y, high[0], -reciprocal_sqrt_2pi_high(y)), q * s0_low)


cdef inline void tail(
    floating exponent, floating exponent_low, floating scaled, floating scaled_low,
    floating *high, floating *low,
) noexcept nogil:
    """Phi(-y) = exp(-y^2 / 2) (scaled + scaled_low) = high + low;  exponent + exponent_low = -y^2 / 2."""
    cdef floating exp_high, exp_low, shifted_exponent, p, p_low
    exp_parts(exponent, exponent_low, &exp_high, &exp_low, &shifted_exponent)
    scaled, scaled_low = scaled * small_power(scaled), scaled_low * small_power(scaled)
    p = exp_high * scaled
    p_low = fused_multiply_add(
        exp_high, scaled_low, fused_multiply_add(exp_low, scaled, fused_multiply_add(exp_high, scaled, -p)))
    high[0] = scale_small(p + p_low, shifted_exponent)
    low[0] = scale_small((p - (p + p_low)) + p_low, shifted_exponent)


cdef inline floating log_plus(
    floating v, floating v_low, floating shift, floating a, floating a_low
) noexcept nogil:
    """ln((v + v_low) 2^shift) + a + a_low, for normal v > 0."""
    cdef floating f, e, s, g, power, small, c, part, w, w_low, total
    split_exponent(v, &f, &e, &power)
    e += shift
    log1p_parts(f, &s, &g)
    # 1 / v = 2^-e / (1 + f), and 1 / (1 + f) = 1 - f + f^2 nearly
    small = fused_multiply_add(v_low * power, fused_multiply_add(f, f, <floating> 1 - f), a_low)
    small = fused_multiply_add(-s, g, fused_multiply_add(e, ln2_low(e), small))
    # a + c = w + w_low  (D. E. Knuth, TAOCP 2, 4.2.2, Theorem B); what c = e ln 2 lost is let go
    c = e * ln2_high(e)
    w = a + c
    part = w - a
    w_low = (a - (w - part)) + (c - part)
    # f + small = part + what joins w_low
    part = f + small
    w_low += (f - part) + small
    total = w + part
    return total + (((w - total) + part) + w_low)


cdef inline void minus_log_parts(floating x, floating *high, floating *low) noexcept nogil:
    """-ln x = high + low, for 0 < x <= 1, subnormal or not."""
    cdef floating f, e, s, g, power, part
    if floating is double:
        split_exponent(x * TWO_64, &f, &e, &power)
        e = 64 - e
    else:
        split_exponent(x * TWO_32, &f, &e, &power)
        e = <float> 32 - e
    log1p_parts(f, &s, &g)
    part = fused_multiply_add(s, g, e * ln2_low(e)) - f
    high[0] = fused_multiply_add(e, ln2_high(e), part)
    low[0] = fused_multiply_add(e, ln2_high(e), -high[0]) + part


# The functions of z + z_low

cdef inline floating density(
    floating y, floating y_low, floating c, floating c_low, floating *shifted_exponent, bint exact
) noexcept nogil:
    """p of  (c + c_low) exp(-y^2 / 2) = p 2^k,  k as of ``exp_reduce``."""
    cdef floating a, a_low, s, s_low, rest
    minus_half_square(y, y_low, &a, &a_low, exact)
    exp_reduce(a, a_low, &s, &s_low, shifted_exponent)
    # c exp(s) = c + (c s + (c (s^2 P(s) + s_low) + c_low)):  each sum has a larger and a smaller part
    rest = fused_multiply_add(c, fused_multiply_add(s * s, exp_polynomial(s), s_low), c_low)
    return c + fused_multiply_add(c, s, rest)


cdef inline floating standard_pdf(floating z) noexcept nogil:
    """phi(z) = exp(-z^2 / 2) / sqrt(2 pi)."""
    cdef floating unit = small_power(z), shifted_exponent, p
    p = density(
        magnitude(z), <floating> 0, reciprocal_sqrt_2pi_high(z) * unit, reciprocal_sqrt_2pi_low(z) * unit,
        &shifted_exponent, True)
    # Where phi vanishes this is not a number of any meaning, and not taken.
    p = scale_small(p, shifted_exponent)
    return if_less(vanishing(z), magnitude(z), <floating> 0, p)


cdef inline floating scaled_pdf(
    floating z, floating z_low, floating exponent, floating reciprocal
) noexcept nogil:
    """phi(z) / scale,  1 / scale = reciprocal 2^-exponent."""
    cdef floating y = magnitude(z), shifted_exponent, p
    p = density(
        y, if_less(z, <floating> 0, -z_low, z_low), reciprocal_sqrt_2pi_high(z), reciprocal_sqrt_2pi_low(z),
        &shifted_exponent, False)
    p = scale_by_power(p * reciprocal, (shifted_exponent - shifted_integer(<floating> 0)) - exponent)
    return if_less(vanishing_scaled(z), y, <floating> 0, p)


cdef inline floating standard_logpdf(floating z) noexcept nogil:
    """ln phi(z) = -z^2 / 2 - ln(2 pi) / 2."""
    return fused_multiply_add(<floating> -0.5 * z, z, -half_ln_2pi(z))


cdef inline floating scaled_logpdf(floating z, floating z_low, floating log_scale) noexcept nogil:
    """-z^2 / 2 - ln(scale sqrt(2 pi))."""
    # Half the square of this is infinite, but its product with z_low is not, nor of the other sign.
    cdef floating limit = largest(z) * <floating> 1.01
    cdef floating y = lesser(magnitude(z), limit)
    cdef floating y_low = if_less(limit, magnitude(z), <floating> 0, if_less(z, <floating> 0, -z_low, z_low))
    return fused_multiply_add(<floating> -0.5 * y, y, fused_multiply_add(-y, y_low, -log_scale))


cdef inline floating standard_cdf(floating z, floating z_low, bint exact) noexcept nogil:
    """Phi(z + z_low)."""
    cdef floating y = magnitude(z), y_low = 0
    cdef floating a, a_low, scaled, scaled_low, p, p_low
    if not exact:
        y_low = if_less(z, <floating> 0, -z_low, z_low)
    minus_half_square(y, y_low, &a, &a_low, exact)
    scaled_tail(y, y_low, &scaled, &scaled_low)
    tail(a, a_low, scaled, scaled_low, &p, &p_low)
    p = if_less(vanishing(z), y, <floating> 0, p)
    return if_less(z, <floating> 0, p, <floating> 1 - p)


cdef inline void logcdf_parts(
    floating z, floating z_low, floating *v, floating *v_low, floating *a, floating *a_low, bint exact
) noexcept nogil:
    """ln Phi(z) = ln(v + v_low) + a + a_low:  ln G - y^2 / 2,  G = exp(y^2 / 2) Phi(-y),  for z = -y < 0;
    else  ln(1 - Phi(-z)).  It is a itself where that is infinite.
    """
    cdef floating y = magnitude(z), y_low = 0, zero = 0
    cdef floating scaled, scaled_low, p, p_low
    if not exact:
        y_low = if_less(z, zero, -z_low, z_low)
    minus_half_square(y, y_low, a, a_low, exact)
    scaled_tail(y, y_low, &scaled, &scaled_low)
    scaled_low = if_less(y, distant(z), scaled_low, zero)
    # Where Phi(-y) vanishes this is not a number of any meaning, and not taken.
    tail(a[0], a_low[0], scaled, scaled_low, &p, &p_low)
    p = if_less(vanishing(z), y, zero, p)
    p_low = if_less(vanishing(z), y, zero, p_low)
    v[0] = if_less(z, zero, scaled, <floating> 1 - p)
    v_low[0] = if_less(z, zero, scaled_low, ((<floating> 1 - v[0]) - p) - p_low)
    a[0] = if_less(z, zero, a[0], zero)
    a_low[0] = if_less(z, zero, a_low[0], zero)


# The quantile: from p in the centre, and in the tail

cdef inline bint is_tail(floating p) noexcept nogil:
    """Whether p is less than 2^-7 away from 0 or 1."""
    return lesser(p, <floating> 1 - p) < <floating> 0.0078125       # exactly 2^-7


cdef inline floating centre_variable(floating p) noexcept nogil:
    """w = -ln(4 p (1 - p))."""
    cdef floating lower = lesser(p, <floating> 1 - p), w, w_low
    minus_log_parts(<floating> 4 * lower * (<floating> 1 - lower), &w, &w_low)
    return w


cdef inline floating ppf_centre(floating p, floating w) noexcept nogil:
    """z where Phi(z) = p, not in the tail.

    With d = 1/2 - p it is  -d F(w),  w = -ln(4 p (1 - p)) = -ln(1 - 4 d^2):  F is smooth, from sqrt(2 pi)
    on, since z is odd in d and has its logarithmic ends in common with w.
    """
    cdef floating lower = lesser(p, <floating> 1 - p)
    cdef floating d = <floating> 0.5 - lower
    cdef floating d_low = (<floating> 0.5 - d) - lower
    cdef floating w2, w4, f0, f0_low, p0, p0_low, rest, p1, f, z
    w2 = w * w
    w4 = w2 * w2
    if floating is double:
        f0, f0_low = SQRT_2PI_HIGH_F64, SQRT_2PI_LOW_F64
        p0, p0_low = QUANTILE_CENTRE_F64[0], QUANTILE_CENTRE_LOW_F64[0]
        rest = fma(w4 * w4, QUANTILE_CENTRE_F64[17], octet(w, w2, w4, &QUANTILE_CENTRE_F64[9]))
        rest = fma(w4 * w4, rest, octet(w, w2, w4, &QUANTILE_CENTRE_F64[1]))
    else:
        f0, f0_low = SQRT_2PI_HIGH_F32, SQRT_2PI_LOW_F32
        p0, p0_low = QUANTILE_CENTRE_F32[0], QUANTILE_CENTRE_LOW_F32[0]
        rest = octet(w, w2, w4, &QUANTILE_CENTRE_F32[1])
    # F = f0 + w (p0 + w rest)
    p1 = fused_multiply_add(w, rest, p0)
    f = fused_multiply_add(w, p1, f0)
    p0_low = fused_multiply_add(w, rest, p0 - p1) + p0_low
    f0_low = fused_multiply_add(w, p1, f0 - f) + fused_multiply_add(w, p0_low, f0_low)
    z = fused_multiply_add(d, f, fused_multiply_add(d, f0_low, d_low * f))
    return if_less(p, <floating> 0.5, -z, z)


cdef inline floating ppf_tail(floating p) noexcept nogil:
    """The same, in the tail.

    With r = sqrt(-2 ln p) it is  -r (1 - E(t)),  t = (r - c) / (r + c):  z ~ -r for p -> 0.
    """
    cdef floating lower = lesser(p, <floating> 1 - p)
    cdef floating pivot, l, l_low, r2, r, lost, t, t2, t4, t8, e, z
    minus_log_parts(lower, &l, &l_low)
    r2 = <floating> 2 * l
    r = square_root(r2)
    # What the root lost, relative to r.  The result, still of positive sign, loses r Phi(-z) / phi(z) times
    # that, from 1.13 at p = 2^-7 to 1 at 0: 1.05 will do.
    lost = fused_multiply_add(<floating> 2, l_low, fused_multiply_add(-r, r, r2)) * rough_half_reciprocal(r2)
    if floating is double:
        pivot = 6
    else:
        pivot = 4
    t = (r - pivot) / (r + pivot)
    t2 = t * t
    t4 = t2 * t2
    t8 = t4 * t4
    if floating is double:
        e = fma(t8, quartet(t, t2, &QUANTILE_TAIL_F64[24]), octet(t, t2, t4, &QUANTILE_TAIL_F64[16]))
        e = fma(t8, e, octet(t, t2, t4, &QUANTILE_TAIL_F64[8]))
        e = fma(t8, e, octet(t, t2, t4, &QUANTILE_TAIL_F64[0]))
    else:
        e = fmaf(t8, quartet(t, t2, &QUANTILE_TAIL_F32[8]), octet(t, t2, t4, &QUANTILE_TAIL_F32[0]))
    e = fused_multiply_add(lost, <floating> -1.05, e)
    z = fused_multiply_add(-r, e, r)
    z = if_less(<floating> 0, lower, z, if_less(lower, <floating> 0, <floating> NAN, <floating> INFINITY))
    return if_less(p, <floating> 0.5, -z, z)


cdef inline floating located(floating z, floating loc, floating scale) noexcept nogil:
    """loc + scale z; NaN unless scale > 0."""
    return if_less(<floating> 0, scale, fused_multiply_add(scale, z, loc), <floating> NAN)
