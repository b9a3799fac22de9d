"""Inversion: one word of random bits becomes one standard normal, the quantile of a uniform.

    z = Phi^-1(u),    u uniform in (0, 1)

``textbook_normals`` is that formula.  The rest is the twin of ``_kernels/inversion.pyx``:

    z = Phi^-1((1 + t) / 2),    t = (2 x + 1) 2^-64 in [-1, 1],    x the word as a signed integer

In the centre, |t| <= 1 - 2^-6, it is  t F(a),  a = 1 - t^2,  where F is a quotient of polynomials; in the
tails it is the quantile of `normal` for  p = (1 - |t|) / 2.
"""

import random as python_random
from collections.abc import Callable, Sequence
from statistics import NormalDist

from .arithmetic import Float32, by_type, fused_multiply_add
from .box_muller import signed
from .coefficients import (
    INVERSION_AT_PIVOT_F32,
    INVERSION_AT_PIVOT_F64,
    INVERSION_DENOMINATOR_F32,
    INVERSION_DENOMINATOR_F64,
    INVERSION_NUMERATOR_F32,
    INVERSION_NUMERATOR_F64,
    INVERSION_PIVOT_F32,
    INVERSION_PIVOT_F64,
)
from .mathematics import polynomial
from .normal import quantile_tail


def textbook_normals(n: int, random: Callable[[], float] = python_random.random) -> list[float]:
    """n standard normals, as anyone would write it.

    >>> [round(z, 12) for z in textbook_normals(2, random=iter([0.5, 0.975]).__next__)]
    [0.0, 1.95996398454]
    """
    return [NormalDist().inv_cdf(random()) for _ in range(n)]  # fails for 0.0, once in 2^53


# From a word to t and p


def signed_uniform_float64(word: int) -> float:
    """t = (2 x + 1) 2^-64, rounded once, x the word as a signed integer.

    >>> signed_uniform_float64(2**63), signed_uniform_float64(2**64 - 1) == -(2.0**-64)
    (-1.0, True)
    """
    x = word - 2**64 if word >= 2**63 else word
    return float(2 * x + 1) * 2.0**-64


def signed_uniform_float32(word: int) -> Float32:
    """t = (2 x + 1) 2^-32, where x is rounded to a float32 first.

    >>> signed_uniform_float32(0) == 2.0**-32
    True
    """
    return Float32(fused_multiply_add(Float32(signed(word)), 2.0**-31, 2.0**-32))


def tail_probability_float64(word: int) -> float:
    """p = (1 - |t|) / 2 = (n + 1/2) 2^-64, n the number of words that are further out; rounded as t is.

    >>> tail_probability_float64(2**63) == tail_probability_float64(2**63 - 1) == 2.0**-65
    True
    """
    outside = word ^ (2**63 if word >> 63 else 2**63 - 1)
    return 0.5 * signed_uniform_float64(outside)


def tail_probability_float32(word: int) -> Float32:
    """The same among words of 32 bits."""
    outside = word ^ (2**31 if word >> 31 else 2**31 - 1)
    return 0.5 * signed_uniform_float32(outside)


# From those to the normal


def complement_of_square(t: float) -> float:
    """a = 1 - t^2."""
    return fused_multiply_add(-t, t, 1.0)


def is_tail(a: float) -> bool:
    """Whether |t| > 1 - 2^-6."""
    return a < 1 - (1 - 2.0**-6) ** 2


def centre(t: float, a: float) -> float:
    """z = t (F(b) + (b - a) P(a) / Q(a)),  F(a) = z / t and b the pivot.

    >>> centre(0.5, 0.75)  # the upper quartile
    0.6744897501960817
    """
    p = polynomial(a, by_type(a, INVERSION_NUMERATOR_F64, INVERSION_NUMERATOR_F32))
    q = polynomial(a, by_type(a, INVERSION_DENOMINATOR_F64, INVERSION_DENOMINATOR_F32))
    b = by_type(a, INVERSION_PIVOT_F64, INVERSION_PIVOT_F32)
    at_b = by_type(a, INVERSION_AT_PIVOT_F64, INVERSION_AT_PIVOT_F32)
    return fused_multiply_add(t, at_b, t * (b - a) * p / q)


def normal_float64(word: int) -> float:
    """The normal of a word of 64 bits.

    >>> normal_float64(2**62), normal_float64(2**63)
    (0.6744897501960817, -9.155293772686072)
    """
    t = signed_uniform_float64(word)
    a = complement_of_square(t)
    if is_tail(a):
        z = quantile_tail(tail_probability_float64(word))
        return -z if t < 0 else z
    return centre(t, a)


def normal_float32(word: int) -> float:
    """The normal of a word of 32 bits.

    >>> normal_float32(2**31)
    Float32(-6.337957859039307)
    """
    t = signed_uniform_float32(word)
    a = complement_of_square(t)
    if is_tail(a):
        z = quantile_tail(tail_probability_float32(word))
        return -z if t < 0 else z
    return centre(t, a)


def normals_float64(words: Sequence[int]) -> list[float]:
    """The normals of words of 64 bits, in order.

    >>> normals_float64([0, 1])[0] == normal_float64(0)
    True
    """
    return [normal_float64(word) for word in words]


def normals_float32(words: Sequence[int]) -> list[float]:
    """The normals of words of 32 bits, in order."""
    return [normal_float32(word) for word in words]
