"""IEEE 754 arithmetic that Python lacks: the fused multiply-add, and float32.

A Python float is a float64, and ``+ - * /`` and ``math.sqrt`` round its exact result once, to the
nearest float64, ties to even.  What is missing for the twins:

- ``fma(a, b, c)``: a b + c rounded once, where ``a * b + c`` rounds twice.
- float32.  The result of one ``+ - * /`` or square root of float32 numbers, computed in float64 and
  then rounded to float32, is right in spite of its two roundings, since 53 >= 2 * 24 + 2
  (S. A. Figueroa, SIGNUM Newsletter 30, 1995).  So ``float32(a + b)`` is float32 addition.
  The fused multiply-add needs more care: ``fma_float32``.

A function for both dtypes is written once, with ``+ - * /``, ``fused_multiply_add`` and ``square_root``: of
``float`` it computes in float64, and of ``Float32`` in float32, since each operation of those is rounded so.
"""

from __future__ import annotations

import math
import struct
import sys
from typing import TypeVar

Either = TypeVar("Either")


def fma_of_integers(a: float, b: float, c: float) -> float:
    """a b + c, rounded once: computed exactly as a fraction of integers.

    Dividing two Python integers rounds once, subnormal results included.

    >>> fma_of_integers(1 + 2**-52, 1 - 2**-52, -1.0) == -(2.0**-104)
    True
    """
    if not (math.isfinite(a) and math.isfinite(b)):
        return a * b + c
    if not math.isfinite(c):
        return c
    if a == 0 or b == 0:
        return a * b + c  # exact; the signs of zeros are those of the product and the sum
    (numerator_a, denominator_a), (numerator_b, denominator_b) = a.as_integer_ratio(), b.as_integer_ratio()
    numerator_c, denominator_c = c.as_integer_ratio()
    denominator = denominator_a * denominator_b
    numerator = numerator_a * numerator_b * denominator_c + numerator_c * denominator
    try:
        return numerator / (denominator * denominator_c)
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf


if sys.version_info >= (3, 13):

    def fma(a: float, b: float, c: float) -> float:
        """a b + c, rounded once.

        >>> fma(0.1, 10.0, -1.0)
        5.551115123125783e-17
        """
        try:
            return math.fma(a, b, c)
        except (OverflowError, ValueError):  # where IEEE 754 has inf and nan
            return fma_of_integers(a, b, c)

else:
    fma = fma_of_integers


def float32(x: float) -> float:
    """x rounded to the nearest float32, ties to even.

    >>> float32(0.1)
    0.10000000149011612
    """
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", x))[0]
        return rounded
    except OverflowError:
        return math.copysign(math.inf, x)


def fma_float32(a: float, b: float, c: float) -> float:
    """a b + c of three float32 numbers, rounded once to float32.

    The product has 48 bits and is exact in float64.  The sum is first *rounded to odd*: where it is not
    exact, of the two float64 around it that with an odd last bit.  An odd last bit never lies half-way
    between two float32, so that rounding again gives the float32 nearest to the exact sum.
    S. Boldo, G. Melquiond, IEEE Trans. Computers 57 (2008).

    >>> fma_float32(1 + 2**-12, 1 + 2**-12, 2.0**-80) == 1 + 2**-11 + 2**-23
    True
    """
    product = a * b
    total = product + c
    if math.isfinite(total):
        # total + error = product + c exactly (D. E. Knuth, TAOCP 2, 4.2.2, Theorem B)
        part = total - product
        error = (product - (total - part)) + (c - part)
        if error != 0 and bits_of_float64(total) % 2 == 0:
            total = math.nextafter(total, math.copysign(math.inf, error))
    return float32(total)


def bits_of_float64(x: float) -> int:
    """The 64 bits of a float64, as an integer.

    >>> hex(bits_of_float64(1.0))
    '0x3ff0000000000000'
    """
    bits: int = struct.unpack("<Q", struct.pack("<d", x))[0]
    return bits


def float64_of_bits(bits: int) -> float:
    """The float64 of 64 bits."""
    x: float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return x


def bits_of_float32(x: float) -> int:
    """The 32 bits of a float32, as an integer."""
    bits: int = struct.unpack("<I", struct.pack("<f", x))[0]
    return bits


def float32_of_bits(bits: int) -> float:
    """The float32 of 32 bits."""
    x: float = struct.unpack("<f", struct.pack("<I", bits))[0]
    return x


class Float32(float):
    """A float32: what is computed with one is one, rounded once.  A plain number beside it is rounded first.

    >>> Float32(1) / 3
    Float32(0.3333333432674408)
    >>> 1 + Float32(2**-24)  # half an ULP of 1
    Float32(1.0)
    """

    __slots__ = ()

    def __new__(cls, x: float) -> Float32:
        return super().__new__(cls, float32(x))

    def __repr__(self) -> str:
        return f"Float32({float(self)})"

    def __add__(self, other: float) -> Float32:
        return Float32(float(self) + float32(other))

    def __sub__(self, other: float) -> Float32:
        return Float32(float(self) - float32(other))

    def __rsub__(self, other: float) -> Float32:
        return Float32(float32(other) - float(self))

    def __mul__(self, other: float) -> Float32:
        return Float32(float(self) * float32(other))

    def __truediv__(self, other: float) -> Float32:
        return Float32(float(self) / float32(other))

    def __rtruediv__(self, other: float) -> Float32:
        return Float32(float32(other) / float(self))

    def __neg__(self) -> Float32:
        return Float32(-float(self))

    def __abs__(self) -> Float32:
        return Float32(abs(float(self)))

    __radd__ = __add__
    __rmul__ = __mul__


def fused_multiply_add(a: float, b: float, c: float) -> float:
    """a b + c, rounded once: to float32 if one of them is a ``Float32``, the others being so as well.

    >>> fused_multiply_add(Float32(0.1), 10, -1)
    Float32(1.4901161193847656e-08)
    """
    if isinstance(a, Float32) or isinstance(b, Float32) or isinstance(c, Float32):
        return Float32(fma_float32(float32(a), float32(b), float32(c)))
    return fma(a, b, c)


def square_root(x: float) -> float:
    """The square root, in the type of x."""
    return type(x)(math.sqrt(x))


def by_type(x: float, in_float64: Either, in_float32: Either) -> Either:
    """What is meant for the type of x: constants have other digits, and polynomials other lengths.

    >>> by_type(Float32(1), "0x1.62e42fefa39efp-1", "0x1.62e430p-1")
    '0x1.62e430p-1'
    """
    return in_float32 if isinstance(x, Float32) else in_float64
