"""Derive the coefficients of the kernels and of their twins in pure Python: of polynomials and one quotient.

Each polynomial is the minimax fit, by Remez exchange in 60-digit arithmetic, of the smooth part of
a function, weighted so that the *relative* error of the function is what is minimised.  Rounding a
fitted coefficient to the working precision spoils the fit a little.  Where that matters (``refit``),
coefficients are rounded from the lowest power up, and after each rounding the remaining powers are fitted
again; elsewhere the first coefficients are kept as sums of two numbers, or matter less.

    python fastdist/_kernels/derive_coefficients.py          # write both files
    python fastdist/_kernels/derive_coefficients.py --check  # exit 1 when they are not current

Needs mpmath (the ``dev`` extra).  See E. Remez (1934); N. Brisebarre, S. Chevillard (2007) on
polynomials with machine-number coefficients.
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path

import mpmath as mp

mp.mp.dps = 60

KERNEL_HEADER = Path(__file__).with_name("coefficients.h")
REFERENCE_MODULE = Path(__file__).parents[1] / "reference" / "coefficients.py"

Function = Callable[[mp.mpf], mp.mpf]


def minimax(function: Function, weight: Function, low: mp.mpf, high: mp.mpf, powers: range) -> list[mp.mpf]:
    """Coefficients of ``powers`` that minimise ``max |weight (function - polynomial)|``."""
    count = len(powers) + 1
    points = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * i / (count - 1)) for i in range(count)]
    coefficients: list[mp.mpf] = []
    for _ in range(40):
        system = mp.matrix(count, count)
        values = mp.matrix(count, 1)
        for row, x in enumerate(points):
            for column, power in enumerate(powers):
                system[row, column] = weight(x) * x**power
            system[row, count - 1] = (-1) ** row
            values[row] = weight(x) * function(x)
        *coefficients, levelled = mp.lu_solve(system, values)

        def error(x: mp.mpf, coefficients: list[mp.mpf] = coefficients) -> mp.mpf:
            polynomial = mp.fsum(c * x**p for c, p in zip(coefficients, powers, strict=True))
            return weight(x) * (function(x) - polynomial)

        points = alternating_extrema(error, low, high, count)
        if max(abs(error(x)) for x in points) < abs(levelled) * (1 + mp.mpf(10) ** -6):
            break
    return coefficients


def minimax_quotient(
    function: Function, low: mp.mpf, high: mp.mpf, degree: int
) -> tuple[list[mp.mpf], list[mp.mpf]]:
    """Coefficients of the polynomials P and Q, Q(0) = 1, that minimise ``max |P / (Q function) - 1|``.

    The levelled equations  P(x) - f(x) Q(x) = +-E f(x) Q(x)  are linear once the last Q is known.
    """
    count = 2 * degree + 2
    powers = range(1, degree + 1)
    spread = mp.log(high / low) / 2  # the extrema crowd towards the singularity at 0
    middle = mp.sqrt(low * high)
    points = [middle * mp.exp(-spread * mp.cos(mp.pi * i / (count - 1))) for i in range(count)]
    numerator: list[mp.mpf] = []
    denominator = [mp.mpf(1)] + [mp.mpf(0)] * degree
    for _ in range(40):
        system = mp.matrix(count, count)
        for row, x in enumerate(points):
            values = [x**power / function(x) for power in range(degree + 1)]
            level = (-1) ** row * mp.polyval(denominator[::-1], x)
            system[row, :] = mp.matrix([[*values, *(-(x**power) for power in powers), -level]])
        *solution, levelled = mp.lu_solve(system, mp.ones(count, 1))
        numerator, denominator = solution[: degree + 1], [mp.mpf(1), *solution[degree + 1 :]]

        def error(x: mp.mpf, p: list[mp.mpf] = numerator, q: list[mp.mpf] = denominator) -> mp.mpf:
            return mp.polyval(p[::-1], x) / (mp.polyval(q[::-1], x) * function(x)) - 1

        points = alternating_extrema(error, low, high, count)
        if max(abs(error(x)) for x in points) < abs(levelled) * (1 + mp.mpf(10) ** -6):
            break
    return numerator, denominator


def alternating_extrema(error: Function, low: mp.mpf, high: mp.mpf, count: int) -> list[mp.mpf]:
    """The ``count`` points where the error is extreme, with alternating signs."""
    steps = 24 * count
    grid = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * i / steps) for i in range(steps + 1)]
    errors = [error(x) for x in grid]
    extrema: list[mp.mpf] = []
    start = 0
    while start <= steps:
        end = start
        while end <= steps and mp.sign(errors[end]) == mp.sign(errors[start]):
            end += 1
        top = max(range(start, end), key=lambda i: abs(errors[i]))
        extrema.append(grid[top])
        if 0 < top < steps:  # vertex of the parabola through the three neighbours
            (x0, x1, x2), (y0, y1, y2) = grid[top - 1 : top + 2], errors[top - 1 : top + 2]
            left, right = (x1 - x0) * (y1 - y2), (x1 - x2) * (y1 - y0)
            extrema[-1] = x1 - ((x1 - x0) * left - (x1 - x2) * right) / (2 * (left - right))
        start = end
    while len(extrema) > count:
        extrema.pop(0 if abs(error(extrema[0])) < abs(error(extrema[-1])) else -1)
    if len(extrema) < count:
        raise ArithmeticError(f"{len(extrema)} alternations where {count} are needed")
    return extrema


@dataclass(frozen=True)
class Precision:
    """A floating-point format: how to round to it."""

    suffix: str
    name: str
    struct_code: str
    c_type: str

    def round(self, x: mp.mpf) -> float:
        value: float = struct.unpack(self.struct_code, struct.pack(self.struct_code, float(x)))[0]
        return value


FLOAT64 = Precision("F64", "float64", "<d", "double")
FLOAT32 = Precision("F32", "float32", "<f", "float")


@dataclass(frozen=True)
class Series:
    """A function's smooth part on [low, high], and what one unit of its error does to the function.

    Ranges may depend on the precision.  With ``refit`` the rest is fitted again after each rounding; else
    coefficients are rounded as they are, the first ``pairs`` to a sum of two numbers.
    """

    name: str
    meaning: str
    function: Function
    weight: Function
    low: dict[str, mp.mpf]
    high: dict[str, mp.mpf]
    terms: dict[str, int]
    refit: bool = False
    pairs: int = 0

    def coefficients(self, precision: Precision) -> tuple[list[float], list[float]]:
        """The coefficients, and what rounding took from the first ``pairs`` of them."""
        low, high, terms = (each[precision.suffix] for each in (self.low, self.high, self.terms))
        if not self.refit:
            exact = minimax(self.function, self.weight, low, high, range(terms))
            rounded = [precision.round(c) for c in exact]
            pairs = zip(exact[: self.pairs], rounded, strict=False)
            return rounded, [precision.round(c - r) for c, r in pairs]
        rounded = []
        for power in range(terms):

            def rest(x: mp.mpf) -> mp.mpf:
                return self.function(x) - mp.polyval(rounded[::-1], x) if rounded else self.function(x)

            fitted = minimax(rest, self.weight, high / 1000, high, range(power, terms))
            rounded.append(precision.round(fitted[0]))
        return rounded, []

    def max_relative_error(
        self, precision: Precision, coefficients: list[float], lows: list[float]
    ) -> mp.mpf:
        low, high = self.low[precision.suffix], self.high[precision.suffix]
        exact = [mp.mpf(c) + r for c, r in zip_longest(coefficients, lows, fillvalue=0)]
        grid = [low + (high - low) * i / 1001 for i in range(1, 1002)]  # 0 is not among them
        return max(abs(self.weight(x) * (self.function(x) - mp.polyval(exact[::-1], x))) for x in grid)

    def tables(self, precision: Precision) -> tuple[dict[str, list[float]], mp.mpf]:
        """The arrays, by what is appended to the name, and the relative error of the function."""
        values, lows = self.coefficients(precision)
        return {"": values, "_LOW": lows}, self.max_relative_error(precision, values, lows)


@dataclass(frozen=True)
class Quotient:
    """A function on [low, high] as a quotient of two polynomials of the same degree."""

    name: str
    meaning: str
    function: dict[str, Function]
    low: mp.mpf
    high: mp.mpf
    degree: dict[str, int]

    def tables(self, precision: Precision) -> tuple[dict[str, list[float]], mp.mpf]:
        """The arrays, by what is appended to the name, and the relative error of the function."""
        function = self.function[precision.suffix]
        exact = minimax_quotient(function, self.low, self.high, self.degree[precision.suffix])
        p, q = ([precision.round(c) for c in coefficients] for coefficients in exact)
        grid = [self.low + (self.high - self.low) * i / 1001 for i in range(1002)]
        values = [mp.polyval(p[::-1], a) / (mp.polyval(q[::-1], a) * function(a)) for a in grid]
        return {"_NUMERATOR": p, "_DENOMINATOR": q}, max(abs(value - 1) for value in values)


def both(value: mp.mpf) -> dict[str, mp.mpf]:
    """The same for either precision."""
    return {"F64": value, "F32": value}


# Functions of the normal distribution.  Phi(-y) = erfc(y / sqrt(2)) / 2.

TAIL_PIVOT = 4  # y of the middle of the scaled tail's range
QUANTILE_PIVOT = {"F64": 6, "F32": 4}  # r of the middle of the quantile's tail
QUANTILE_BORDER = mp.mpf(2) ** -7  # p where the quantile's tail begins
LEAST = {"F64": mp.mpf(2) ** -1075, "F32": mp.mpf(2) ** -150}


def scaled_tail(t: mp.mpf) -> mp.mpf:
    """(y + pivot) exp(y^2 / 2) Phi(-y) where t = (y - pivot) / (y + pivot)."""
    y = TAIL_PIVOT * (1 + t) / (1 - t)
    return (y + TAIL_PIVOT) * mp.exp(y * y / 2) * mp.erfc(y / mp.sqrt(2)) / 2


def quantile(log_p: mp.mpf) -> mp.mpf:
    """x >= 0 where ln Phi(-x) = log_p, by Newton's method."""
    x = mp.sqrt(-2 * log_p) - mp.mpf(1) / 2
    while True:
        p = mp.erfc(x / mp.sqrt(2)) / 2
        step = (mp.log(p) - log_p) * p * mp.sqrt(2 * mp.pi) * mp.exp(x * x / 2)
        x += step
        if abs(step) < mp.mpf(10) ** -50:
            return x


def quantile_centre(w: mp.mpf) -> mp.mpf:
    """(x / (1/2 - p) - sqrt(2 pi)) / w where w = -ln(4 p (1 - p)) and Phi(-x) = p."""
    d = mp.sqrt(-mp.expm1(-w)) / 2  # 1/2 - p
    return (mp.sqrt(2) * mp.erfinv(2 * d) / d - mp.sqrt(2 * mp.pi)) / w


def quantile_tail(pivot: int) -> Function:
    """1 - x / r where t = (r - pivot) / (r + pivot), r = sqrt(-2 ln p) and Phi(-x) = p."""

    @lru_cache(None)
    def function(t: mp.mpf) -> mp.mpf:
        r = pivot * (1 + t) / (1 - t)
        return 1 - quantile(-r * r / 2) / r

    return function


# a and F(a), which a double and a float hold within a hundredth of an ULP
INVERSION_PIVOT = {"F64": mp.mpf(151) / 512, "F32": mp.mpf(177) / 512}


def inversion_factor(a: mp.mpf) -> mp.mpf:
    """F(a) = x / t where a = 1 - t^2 and Phi(x) = (1 + t) / 2."""
    t = mp.sqrt(1 - a)
    return mp.sqrt(2) * mp.erfinv(t) / t if t else mp.sqrt(mp.pi / 2)


def inversion_slope(pivot: mp.mpf) -> Function:
    """(F(a) - F(pivot)) / (pivot - a)."""

    @lru_cache(None)
    def function(a: mp.mpf) -> mp.mpf:
        return (inversion_factor(a) - inversion_factor(pivot)) / (pivot - a)

    return function


def moebius(x: mp.mpf, pivot: int) -> mp.mpf:
    """[0, infinity) to [-1, 1), pivot to 0."""
    return (x - pivot) / (x + pivot)


def quantile_tail_series(suffix: str, pivot: int) -> Series:
    """The tail of the quantile for one precision."""
    error = quantile_tail(pivot)
    return Series(
        "QUANTILE_TAIL",
        f"1 - x / r in powers of t = (r - {pivot}) / (r + {pivot}), r = sqrt(-2 ln p), x = -quantile(p), "
        "p <= 2^-7",
        error,
        lambda t: 1 / (1 - error(t)),
        {suffix: moebius(mp.sqrt(-2 * mp.log(QUANTILE_BORDER)), pivot)},
        {suffix: moebius(mp.sqrt(-2 * mp.log(LEAST[suffix])), pivot)},
        {"F64": 28, "F32": 12},
    )


SERIES = [
    Series(
        "LOG",
        "(2 atanh(s) - 2 s) / s^3 in powers of z = s^2, z <= ((sqrt(2) - 1) / (sqrt(2) + 1))^2",
        lambda z: 2 * (mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z,
        lambda z: z / 2,
        both(mp.mpf(0)),
        both(((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2),
        {"F64": 7, "F32": 3},
        refit=True,
    ),
    Series(
        "SIN",
        "(sin(pi t) / t - pi) / t^2 in powers of q = t^2, q <= 1/16",
        lambda q: (mp.sin(mp.pi * mp.sqrt(q)) / mp.sqrt(q) - mp.pi) / q,
        lambda q: q * mp.sqrt(q) / mp.sin(mp.pi * mp.sqrt(q)),
        both(mp.mpf(0)),
        both(mp.mpf(1) / 16),
        {"F64": 6, "F32": 3},
        refit=True,
    ),
    Series(
        "COS",
        "(cos(pi t) - 1) / t^2 in powers of q = t^2, q <= 1/16",
        lambda q: (mp.cos(mp.pi * mp.sqrt(q)) - 1) / q,
        lambda q: q / mp.cos(mp.pi * mp.sqrt(q)),
        both(mp.mpf(0)),
        both(mp.mpf(1) / 16),
        {"F64": 7, "F32": 4},
        refit=True,
    ),
    Series(
        "EXP",
        "(exp(s) - 1 - s) / s^2 in powers of s, |s| <= ln(2) / 2",
        lambda s: (mp.expm1(s) - s) / s**2,
        # s^2 at its largest: s^2 itself is 0 in the middle, where Remez needs a weight
        lambda s: (mp.log(2) / 2) ** 2 / mp.exp(s),
        both(-mp.log(2) / 2),
        both(mp.log(2) / 2),
        {"F64": 11, "F32": 6},
    ),
    Series(
        "TAIL",
        "(y + 4) exp(y^2 / 2) Phi(-y) in powers of t = (y - 4) / (y + 4), y <= 45, in float32 y <= 15",
        scaled_tail,
        lambda t: 1 / scaled_tail(t),
        both(mp.mpf(-1)),
        {"F64": moebius(mp.mpf(45), TAIL_PIVOT), "F32": moebius(mp.mpf(15), TAIL_PIVOT)},
        {"F64": 24, "F32": 12},
        pairs=4,
    ),
    Series(
        "QUANTILE_CENTRE",
        "(x / (1/2 - p) - sqrt(2 pi)) / w in powers of w = -ln(4 p (1 - p)), x = -quantile(p), p >= 2^-7",
        quantile_centre,
        lambda w: w / (mp.sqrt(2 * mp.pi) + w * quantile_centre(w)),
        both(mp.mpf(2) ** -20),
        both(-mp.log(4 * QUANTILE_BORDER * (1 - QUANTILE_BORDER))),
        {"F64": 18, "F32": 9},
        pairs=1,
    ),
    *(quantile_tail_series(suffix, pivot) for suffix, pivot in QUANTILE_PIVOT.items()),
]
QUOTIENTS = [
    Quotient(
        "INVERSION",
        "(F(a) - F(pivot)) / (pivot - a), a = 1 - t^2, F = quantile((1 + t) / 2) / t, |t| <= 1 - 2^-6",
        {suffix: inversion_slope(pivot) for suffix, pivot in INVERSION_PIVOT.items()},
        4 * QUANTILE_BORDER * (1 - QUANTILE_BORDER),
        mp.mpf(1),
        {"F64": 12, "F32": 6},
    ),
]


def constants(precision: Precision) -> list[tuple[str, float]]:
    """Most as an unevaluated sum of two numbers."""
    named = {
        "LN2": mp.log(2),
        "PI": mp.pi,
        "SQRT_2PI": mp.sqrt(2 * mp.pi),
        "RECIPROCAL_SQRT_2PI": 1 / mp.sqrt(2 * mp.pi),
        "HALF_LN_2PI": mp.log(2 * mp.pi) / 2,
    }
    parts = [("RECIPROCAL_LN2", precision.round(1 / mp.log(2)))]
    for name, value in named.items():
        high = precision.round(value)
        parts += [(f"{name}_HIGH", high), (f"{name}_LOW", precision.round(value - high))]
    pivot = INVERSION_PIVOT[precision.suffix]
    parts.append(("INVERSION_PIVOT", precision.round(pivot)))
    parts.append(("INVERSION_AT_PIVOT", precision.round(inversion_factor(pivot))))
    return parts


def generate() -> tuple[str, str]:
    """The text of the C header and of the Python module."""
    derived = "derive_coefficients.py"
    header = [f"/* Derived by {derived}; do not edit. */", "#pragma once"]
    module = [f'"""Coefficients of the twins, derived by ``_kernels/{derived}``; do not edit."""']
    for precision in (FLOAT64, FLOAT32):
        header.append(f"\n/* {precision.name} */")
        module.append("")
        f = "f" if precision is FLOAT32 else ""
        for name, value in constants(precision):
            header.append(f"#define {name}_{precision.suffix} {value.hex()}{f}")
            module.append(f'{name}_{precision.suffix} = float.fromhex("{value.hex()}")')
        fits: list[Series | Quotient] = [series for series in SERIES if precision.suffix in series.low]
        for fit in [*fits, *QUOTIENTS]:
            tables, error = fit.tables(precision)
            bits = mp.nstr(mp.log(error, 2), 4)
            header.append(f"/* {fit.meaning};\n   relative error 2^{bits} */")
            module += ["", f"# {fit.meaning};", f"# relative error 2^{bits}"]
            for part, numbers in tables.items():
                if numbers:
                    name = f"{fit.name}{part}_{precision.suffix}"
                    header.append(f"static const {precision.c_type} {name}[{len(numbers)}] = {{")
                    header += [f"    {number.hex()}{f}," for number in numbers]
                    header.append("};")
                    if len(numbers) == 1:
                        module.append(f'{name} = (float.fromhex("{numbers[0].hex()}"),)')
                        continue
                    module.append(f"{name} = (")
                    module += [f'    float.fromhex("{number.hex()}"),' for number in numbers]
                    module.append(")")
    return "\n".join(header) + "\n", "\n".join(module) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files")
    check = parser.parse_args().check
    current = True
    for path, text in zip((KERNEL_HEADER, REFERENCE_MODULE), generate(), strict=True):
        if check:
            current = current and path.read_text() == text
        else:
            path.write_text(text)
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main())
