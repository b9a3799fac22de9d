"""Box-Muller: two uniforms become two independent standard normals.

    z0 = sqrt(-2 ln u) cos(phi)      z1 = sqrt(-2 ln u) sin(phi)      u in (0, 1], phi in [0, 2 pi)

A point whose two coordinates are standard normals has a squared distance from the origin that is
exponential with mean 2, and a direction that is uniform; so draw those two, and read off the coordinates.
G. E. P. Box, M. E. Muller, Ann. Math. Statist. 29 (1958).

``textbook_normals`` is that formula.  The rest is the twin of ``_kernels/box_muller.pyx``, where the
direction is  phi = pi/4 - pi t,  t in [-1/4, 1/4),  in the first quadrant; two random signs, one for each
coordinate, reflect the point into all four.  With s = sin(pi t), c = cos(pi t):

    sqrt(2) cos(phi) = c + s,      sqrt(2) sin(phi) = c - s

so that  z0 = +-r (c + s),  z1 = +-r (c - s)  with  r = sqrt(-ln u):  no factor 2, nothing swapped.
For the last bits they are formed as  r + r w,  w = c +- s - 1,  in one fused multiply-add.

In float32 every number is a ``Float32``, which rounds what is computed with it.
"""

import math
import random as python_random
from collections.abc import Callable, Sequence

from .arithmetic import Float32, by_type, fused_multiply_add, square_root
from .coefficients import PI_HIGH_F32, PI_HIGH_F64
from .mathematics import (
    cos_pi_polynomial,
    minus_log,
    rough_half_reciprocal,
    sin_pi_polynomial,
    split_exponent,
)
from .stream import FLOAT32_NORMALS, FLOAT64_NORMALS, TILE_WORDS, halves, words


def textbook_normals(n: int, random: Callable[[], float] = python_random.random) -> list[float]:
    """n standard normals, as anyone would write it.

    >>> [round(z, 12) for z in textbook_normals(2, random=iter([0.5, 0.25]).__next__)]
    [0.0, 1.177410022515]
    """
    normals: list[float] = []
    while len(normals) < n:
        r = math.sqrt(-2 * math.log(1 - random()))  # random() in [0, 1): never ln 0
        phi = 2 * math.pi * random()
        normals.append(r * math.cos(phi))
        normals.append(r * math.sin(phi))
    return normals[:n]


def rotate(squared_radius: float, t: float) -> tuple[float, float, float]:
    """The rounded radius r, and  w0 = c + s - 1,  w1 = c - s - 1  with a correction for that rounding.

    The exact radius is  r (1 + lost),  lost = (squared_radius - r^2) / (2 squared_radius),  and

        r (1 + lost) (c + s) = r (1 + w0),      w0 = (c - 1) + s + lost (c + s).

    lost is less than half an ULP, so a rough  c + s = 1 + 2.4 t  will do in its factor: between the slope
    pi at t = 0 and 2.8 from end to end, 2.4 gave the least worst error of a normal.

    >>> rotate(4.0, 0.0)
    (2.0, 0.0, 0.0)
    """
    q = t * t
    r = square_root(squared_radius)
    lost = fused_multiply_add(-r, r, squared_radius) * rough_half_reciprocal(squared_radius)
    # c - 1 = q cosine,  s = t (pi + sine);  the term 2.4 lost t joins the sine.
    cosine = cos_pi_polynomial(q)
    sine = fused_multiply_add(lost, 2.4, sin_pi_polynomial(q))
    small0 = fused_multiply_add(q, cosine, fused_multiply_add(t, sine, lost))
    small1 = fused_multiply_add(q, cosine, fused_multiply_add(-t, sine, lost))
    pi = by_type(t, PI_HIGH_F64, PI_HIGH_F32)
    return r, fused_multiply_add(t, pi, small0), fused_multiply_add(-t, pi, small1)


# float64


def squared_radius_float64(x: int) -> float:
    """r^2 = -ln u,  u = (x + 1/2) 2^-64 in (0, 1]: 64 bits where they matter, near 0.

    >>> squared_radius_float64(0), squared_radius_float64(2**64 - 1)  # -ln(2^-65) = 65 ln 2, -ln 1
    (45.054566736396445, 0.0)
    """
    d = float(2 * x + 1)  # rounded once
    f, k = split_exponent(d)
    # u = d 2^-65 = (1 + f) 2^-e
    return minus_log(f, 65 - k)


def turn_float64(y: int) -> float:
    """t in [-1/4, 1/4): the lower 52 bits, times 2^-53, minus 1/4.

    >>> turn_float64(0), turn_float64(2**51)
    (-0.25, 0.0)
    """
    return y % 2**52 * 2.0**-53 - 0.25


def pair_float64(x: int, y: int) -> tuple[float, float]:
    """Two normals of two words: x is the radius; y the direction, and in its upper two bits the signs.

    >>> pair_float64(2**62, 0xC000000000000000)
    (0.0, -1.6651092223153954)
    """
    r, w0, w1 = rotate(squared_radius_float64(x), turn_float64(y))
    r0 = -r if y >> 63 & 1 else r
    r1 = -r if y >> 62 & 1 else r
    return fused_multiply_add(r0, w0, r0), fused_multiply_add(r1, w1, r1)


def tile_float64(words: Sequence[int]) -> list[float]:
    """The 1024 normals of a tile of words: its first half makes radii, its second half directions."""
    middle = TILE_WORDS // 2
    pairs = [pair_float64(x, y) for x, y in zip(words[:middle], words[middle:], strict=True)]
    return [z0 for z0, _ in pairs] + [z1 for _, z1 in pairs]


def normals_float64(key: Sequence[int], first: int, n: int) -> list[float]:
    """Standard normals first .. first + n - 1 of a key.

    >>> normals_float64((1, 2, 3, 4), 0, 1030)[1020:] == normals_float64((1, 2, 3, 4), 1020, 10)
    True
    """
    first_tile, skip = divmod(first, TILE_WORDS)  # a word makes one normal
    tiles = (skip + n + TILE_WORDS - 1) // TILE_WORDS
    source = words(key, FLOAT64_NORMALS, TILE_WORDS * first_tile, TILE_WORDS * tiles)
    normals: list[float] = []
    for start in range(0, len(source), TILE_WORDS):
        normals += tile_float64(source[start : start + TILE_WORDS])
    return normals[skip : skip + n]


# float32


def signed(x: int) -> int:
    """32 bits, read as a signed number.

    >>> signed(0x7FFFFFFF), signed(0xFFFFFFFF)
    (2147483647, -1)
    """
    return x - 2**32 if x >= 2**31 else x


def squared_radius_float32(x: int) -> float:
    """r^2 = -ln u,  u = (x + 1/2) 2^-32 in (0, 1): relative accuracy at both ends.

    Read as a signed number, x gives g = u for u < 1/2, but g = u - 1 for u >= 1/2, which a float32 holds
    more exactly than u.  So  u = one + g  with one = 0 or 1, and after u = (1 + f) 2^-e
    f = u 2^e - 1 = g 2^e + (one 2^e - 1)  is formed without rounding u.

    >>> squared_radius_float32(2**32 - 1) == 2.0**-33
    True
    """
    g = fused_multiply_add(Float32(signed(x)), 2.0**-32, 2.0**-33)
    one = Float32(1.0 if signed(x) < 0 else 0.0)
    _, k = split_exponent(one + g)
    power = 2.0**-k
    f = fused_multiply_add(g, power, fused_multiply_add(one, power, -1.0))
    return minus_log(f, -k)


def turn_float32(y: int) -> float:
    """t in [-1/4, 1/4): the lower 30 bits as a signed number, of which a float32 holds the upper 25.

    >>> turn_float32(0), turn_float32(2**29), turn_float32(2**29 - 1) < 0.25
    (Float32(0.0), Float32(-0.25), True)
    """
    return Float32((signed(y << 2 & 0xFFFFFFFF) >> 7) * 2.0**-26)


def pair_float32(x: int, y: int) -> tuple[float, float]:
    """Two normals of two halves of words, as in float64."""
    r, w0, w1 = rotate(squared_radius_float32(x), turn_float32(y))
    r0 = -r if y >> 31 & 1 else r
    r1 = -r if y >> 30 & 1 else r
    return fused_multiply_add(r0, w0, r0), fused_multiply_add(r1, w1, r1)


def tile_float32(words: Sequence[int]) -> list[float]:
    """The 2048 normals of a tile of words, two of each: half a word is a radius or a direction."""
    both = halves(words)
    middle = TILE_WORDS
    pairs = [pair_float32(x, y) for x, y in zip(both[:middle], both[middle:], strict=True)]
    return [z0 for z0, _ in pairs] + [z1 for _, z1 in pairs]


def normals_float32(key: Sequence[int], first: int, n: int) -> list[float]:
    """float32 standard normals first .. first + n - 1 of a key."""
    first_tile, skip = divmod(first, 2 * TILE_WORDS)  # a word makes two normals
    tiles = (skip + n + 2 * TILE_WORDS - 1) // (2 * TILE_WORDS)
    source = words(key, FLOAT32_NORMALS, TILE_WORDS * first_tile, TILE_WORDS * tiles)
    normals: list[float] = []
    for start in range(0, len(source), TILE_WORDS):
        normals += tile_float32(source[start : start + TILE_WORDS])
    return normals[skip : skip + n]
