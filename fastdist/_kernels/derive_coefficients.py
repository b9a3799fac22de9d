"""Derive the polynomial coefficients of the kernels and of their pure-Python twins.

Each polynomial is the minimax fit, by Remez exchange in 60-digit arithmetic, of the smooth part of
a function, weighted so that the *relative* error of the function is what is minimised.  Rounding a
fitted coefficient to the working precision would spoil the fit, so coefficients are rounded from the
lowest power up, and after each rounding the remaining powers are fitted again.

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
                system[row, column] = x**power
            system[row, count - 1] = (-1) ** row / weight(x)
            values[row] = function(x)
        *coefficients, levelled = mp.lu_solve(system, values)

        def error(x: mp.mpf, coefficients: list[mp.mpf] = coefficients) -> mp.mpf:
            polynomial = mp.fsum(c * x**p for c, p in zip(coefficients, powers, strict=True))
            return weight(x) * (function(x) - polynomial)

        points = alternating_extrema(error, low, high, count)
        if max(abs(error(x)) for x in points) < abs(levelled) * (1 + mp.mpf(10) ** -6):
            break
    return coefficients


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

    def round(self, x: mp.mpf) -> float:
        value: float = struct.unpack(self.struct_code, struct.pack(self.struct_code, float(x)))[0]
        return value


FLOAT64 = Precision("F64", "float64", "<d")
FLOAT32 = Precision("F32", "float32", "<f")


@dataclass(frozen=True)
class Series:
    """A function's smooth part on (0, high], and what one unit of its error does to the function."""

    name: str
    meaning: str
    function: Function
    weight: Function
    high: mp.mpf
    terms: dict[str, int]

    def coefficients(self, precision: Precision) -> list[float]:
        degree = self.terms[precision.suffix] - 1
        rounded: list[float] = []
        for power in range(degree + 1):

            def rest(x: mp.mpf) -> mp.mpf:
                return self.function(x) - mp.polyval(rounded[::-1], x) if rounded else self.function(x)

            fitted = minimax(rest, self.weight, self.high / 1000, self.high, range(power, degree + 1))
            rounded.append(precision.round(fitted[0]))
        return rounded

    def max_relative_error(self, coefficients: list[float]) -> mp.mpf:
        grid = [self.high * i / 1000 for i in range(1, 1001)]
        return max(abs(self.weight(x) * (self.function(x) - mp.polyval(coefficients[::-1], x))) for x in grid)


SERIES = [
    Series(
        "LOG",
        "(2 atanh(s) - 2 s) / s^3 in powers of z = s^2, z <= ((sqrt(2) - 1) / (sqrt(2) + 1))^2",
        lambda z: 2 * (mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z,
        lambda z: z / 2,
        ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2,
        {"F64": 7, "F32": 3},
    ),
    Series(
        "SIN",
        "(sin(pi t) / t - pi) / t^2 in powers of q = t^2, q <= 1/16",
        lambda q: (mp.sin(mp.pi * mp.sqrt(q)) / mp.sqrt(q) - mp.pi) / q,
        lambda q: q * mp.sqrt(q) / mp.sin(mp.pi * mp.sqrt(q)),
        mp.mpf(1) / 16,
        {"F64": 6, "F32": 3},
    ),
    Series(
        "COS",
        "(cos(pi t) - 1) / t^2 in powers of q = t^2, q <= 1/16",
        lambda q: (mp.cos(mp.pi * mp.sqrt(q)) - 1) / q,
        lambda q: q / mp.cos(mp.pi * mp.sqrt(q)),
        mp.mpf(1) / 16,
        {"F64": 7, "F32": 4},
    ),
]


def constants(precision: Precision) -> list[tuple[str, float]]:
    """ln 2 and pi, each as an unevaluated sum of two numbers."""
    parts = []
    for name, value in (("LN2", mp.log(2)), ("PI", mp.pi)):
        high = precision.round(value)
        parts += [(f"{name}_HIGH", high), (f"{name}_LOW", precision.round(value - high))]
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
        for series in SERIES:
            values = series.coefficients(precision)
            bits = mp.nstr(mp.log(series.max_relative_error(values), 2), 4)
            header.append(f"/* {series.meaning};\n   relative error 2^{bits} */")
            module += ["", f"# {series.meaning};", f"# relative error 2^{bits}"]
            module.append(f"{series.name}_{precision.suffix} = (")
            for power, value in enumerate(values):
                header.append(f"#define {series.name}_{precision.suffix}_{power} {value.hex()}{f}")
                module.append(f'    float.fromhex("{value.hex()}"),')
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
