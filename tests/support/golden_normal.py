"""Golden values of the normal distribution, from mpmath:

    python -m tests.support.golden_normal  # write tests/data/normal_golden.json, in a minute
    python -m tests.support.golden_normal --check  # compare with it: exit 1 where a line differs

The file has one line for each argument, in four tables for each dtype.  A result takes two cells: the exact
result correctly rounded, in hex, and what that lacks,  (exact - rounded) / ULP,  ULP being one unit in
the last place of the exact result (at least the least subnormal).  Its sign is kept where it rounds to
zero (-0.0): it says on which side of a power of two the exact result lies, hence which ULP is meant.  An
infinity stands for the power of two that follows the largest number, so that a number next to it is not
far off; what it lacks is cut off at FAR.

    "x"             x >= 0;  pdf logpdf cdf logcdf sf logsf
    "p"             p;  ppf
    "x loc scale"   the six of the exact rational (x - loc) / scale; the densities by scale
    "p loc scale"   ppf

The rest follows exactly:  pdf(-x) = pdf(x),  cdf(-x) = sf(x),  isf(p) = -ppf(p),  and with loc and scale by
changing the sign of x and loc.
"""

from __future__ import annotations

import functools
import json
import math
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import NormalDist

import mpmath
import numpy as np

GOLDEN = Path(__file__).parents[1] / "data" / "normal_golden.json"
SEED = 20261122
BITS = 280  # 200 and more after the cancellations below, none of which takes 60

DTYPES = ("float64", "float32")
OF_X = ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf")
OF_P = ("ppf", "isf")
PRECISION = {"float64": 53, "float32": 24}
LOWEST = {"float64": -1074, "float32": -149}  # exponent of the least subnormal
HIGHEST = {"float64": 1024, "float32": 128}  # exponent above the largest number

# The borders of the approximations in fastdist/_kernels/normal.pyx and mathematics.pxd, beside those that
# any method has (``x_breakpoints``, ``p_breakpoints``).  Each is tried with its neighbours and its negative.
X_BREAKPOINTS: dict[str, tuple[float, ...]] = {
    "float64": (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 16.0, 32.0, 38.6, 64.0, 2.0**32),
    "float32": (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 14.4, 16.0, 32.0, 64.0, 2.0**16),
}
P_BREAKPOINTS: dict[str, tuple[float, ...]] = {
    "float64": (0.5, 0.25, 0.75, 0.425, 0.575, 0.075, 0.925, 0.02425, 0.97575),
    "float32": (0.5, 0.25, 0.75, 0.425, 0.575, 0.075, 0.925, 0.02425, 0.97575),
}

mpmath.mp.prec = BITS
HALF = mpmath.mpf(1) / 2
ROOT_HALF = mpmath.sqrt(HALF)
ROOT_2_PI = mpmath.sqrt(2 * mpmath.pi)
LOG_ROOT_2_PI = mpmath.log(ROOT_2_PI)
FAR = 1e4
NOTHING = 100  # pdf(100) = 2^-7214: with any scale, nothing beside the least subnormal


# The functions, for any argument that mpmath holds


def log_upper_tail(x: mpmath.mpf) -> mpmath.mpf:
    """log sf(x) for x >= 32:  -x^2/2 - log(x sqrt(2 pi)) + log(1 - 1/x^2 + 3/x^4 - 15/x^6 + ...).

    The least term of the series is about exp(-x^2/2) < 2^-738, and the error less than the first left out.
    """
    term, total, k = mpmath.mpf(1), mpmath.mpf(1), 1
    while abs(term) > mpmath.ldexp(1, -BITS):
        term *= -(2 * k - 1) / (x * x)
        total += term
        k += 1
    return -x * x / 2 - mpmath.log(x * ROOT_2_PI) + mpmath.log(total)


def pdf(x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.exp(-x * x / 2) / ROOT_2_PI if abs(x) < NOTHING else mpmath.mpf(0)


def logpdf(x: mpmath.mpf) -> mpmath.mpf:
    return -x * x / 2 - LOG_ROOT_2_PI


def sf(x: mpmath.mpf) -> mpmath.mpf:
    if x >= NOTHING:
        return mpmath.mpf(0)
    if x >= 32:
        return mpmath.exp(log_upper_tail(x))
    return mpmath.erfc(x * ROOT_HALF) / 2 if x > 0 else (1 + mpmath.erf(-x * ROOT_HALF)) / 2


def scaled_sf(x: mpmath.mpf) -> mpmath.mpf:
    """exp(x^2/2) sf(x)."""
    return mpmath.exp(x * x / 2) * sf(x)


def logsf(x: mpmath.mpf) -> mpmath.mpf:
    if x >= 32:
        return log_upper_tail(x)
    return mpmath.log(sf(x)) if x > 0 else mpmath.log1p(-sf(-x))


def cdf(x: mpmath.mpf) -> mpmath.mpf:
    return sf(-x)


def logcdf(x: mpmath.mpf) -> mpmath.mpf:
    return logsf(-x)


def isf(p: mpmath.mpf) -> mpmath.mpf:
    """The x of sf(x) = p, by Halley's method: a relative error e of x becomes about x^2 e^3."""
    if p > HALF:
        return -isf(1 - p)
    if p == HALF:
        return mpmath.mpf(0)
    x = -mpmath.mpf(NormalDist().inv_cdf(float(p)))  # to 1e-15
    for _ in range(3):
        # Next to 1/2 the difference from 1/2 is what counts.
        missing = (HALF - p) - mpmath.erf(x * ROOT_HALF) / 2 if p > 0.1 else sf(x) - p
        newton = missing / pdf(x)
        step = newton / (1 - x * newton / 2)
        x += step
    if abs(step) > mpmath.ldexp(abs(x), -BITS // 2):
        raise ArithmeticError(f"isf({p}) does not converge")
    return x


def ppf(p: mpmath.mpf) -> mpmath.mpf:
    return -isf(p)


FUNCTIONS: dict[str, Callable[[mpmath.mpf], mpmath.mpf]] = {
    "pdf": pdf,
    "logpdf": logpdf,
    "cdf": cdf,
    "logcdf": logcdf,
    "sf": sf,
    "logsf": logsf,
    "ppf": ppf,
    "isf": isf,
}


@functools.cache
def exact(function: str, argument: float, loc: float = 0.0, scale: float = 1.0) -> mpmath.mpf:
    """The function of finite numbers as they are, loc and scale too; for ppf and isf 0 < argument < 1."""
    with mpmath.workprec(BITS):
        value, location, size = mpmath.mpf(argument), mpmath.mpf(loc), mpmath.mpf(scale)
        if function in OF_P:
            return location + size * FUNCTIONS[function](value)
        result = FUNCTIONS[function]((value - location) / size)
        if function == "pdf":
            return result / size
        return result - mpmath.log(size) if function == "logpdf" else result


# Rounding, and errors


def ulp(wanted: mpmath.mpf, dtype: str) -> mpmath.mpf:
    """One unit in the last place of an exact result."""
    exponent = mpmath.frexp(wanted)[1] if wanted else LOWEST[dtype]
    return mpmath.ldexp(1, max(exponent - PRECISION[dtype], LOWEST[dtype]))


def error_in_ulp(got: float, wanted: mpmath.mpf, dtype: str) -> float:
    """|got - wanted| in ULP; an infinity counts as the power of two that follows the largest number."""
    if math.isnan(got):
        return math.inf
    limit = mpmath.ldexp(1, HIGHEST[dtype])
    if math.isinf(got) and got * mpmath.sign(wanted) > 0 and abs(wanted) >= limit:
        return 0.0
    value = mpmath.mpf(got) if math.isfinite(got) else math.copysign(1, got) * limit
    return float(abs(value - wanted) / ulp(wanted, dtype))


def rounded(wanted: mpmath.mpf, dtype: str) -> tuple[float, float]:
    """The nearest number of the dtype, and what it lacks, in ULP."""
    limit = mpmath.ldexp(1, HIGHEST[dtype])
    unit = ulp(wanted, dtype)
    if abs(wanted) >= limit:
        beyond = min(abs(wanted) - limit, FAR * unit) / unit
        return math.copysign(math.inf, wanted), math.copysign(round(float(beyond), 4), wanted)
    units = wanted / unit
    nearest = mpmath.nint(units)
    # The product can be the power of two that follows the largest number: infinity.
    value = nearest * unit
    overflows = abs(value) >= limit
    number = math.copysign(math.inf, wanted) if overflows else float(value)
    lacks = float(units - nearest)
    return number, math.copysign(round(abs(lacks), 4), lacks)


# Arguments


def neighbours(x: float, dtype: str) -> list[float]:
    """x rounded to the dtype, between the numbers next to it."""
    kind = np.dtype(dtype).type
    middle, end = kind(x), kind(math.inf)
    with np.errstate(over="ignore"):
        return [float(np.nextafter(middle, -end)), float(middle), float(np.nextafter(middle, end))]


def inverse(
    function: Callable[[mpmath.mpf], mpmath.mpf], value: mpmath.mpf, low: float, high: float
) -> float:
    """Where a decreasing function takes a value, by bisection."""
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (middle, high) if function(mpmath.mpf(middle)) > value else (low, middle)
    return low


@functools.cache
def x_breakpoints(dtype: str) -> tuple[float, ...]:
    """Where a method may change, or a result does: x >= 0."""
    two = mpmath.mpf(2)
    normal = LOWEST[dtype] + PRECISION[dtype] - 1
    found = [0.0, *X_BREAKPOINTS[dtype]]
    # Results that become subnormal, the least subnormal, zero:
    for function in (pdf, sf):
        found += [inverse(function, two**e, 0.0, 50.0) for e in (normal, LOWEST[dtype], LOWEST[dtype] - 1)]
    # 1 - sf(x) rounded to 1, and log: 0 on the other side of the same x
    found += [inverse(sf, two ** -(PRECISION[dtype] + k), 0.0, 50.0) for k in (0, 1)]
    # the argument of a logarithm takes another power of two, half-way
    found += [inverse(scaled_sf, two**-k * mpmath.sqrt(two), 0.0, 50.0) for k in range(2, 7)]
    found.append(inverse(sf, 1 - mpmath.sqrt(HALF), 0.0, 50.0))
    # -x^2/2 overflows
    found.append(float(mpmath.sqrt(two ** (HIGHEST[dtype] + 1))))
    # the squares of numbers below become subnormal, and nothing
    found += [float(mpmath.sqrt(two**e)) for e in (normal, LOWEST[dtype])]
    return tuple(found)


@functools.cache
def reduction_breakpoints(dtype: str, every: int) -> tuple[float, ...]:
    """x^2/2 = (k + 1/2) ln 2,  where exp(-x^2/2) takes another power of two: every k to 16, then some."""
    last = -LOWEST[dtype] + 2
    ks = [k for k in range(last) if k < 16 or k % every == 0 or k > last - 6]
    return tuple(float(mpmath.sqrt((2 * k + 1) * mpmath.ln2)) for k in ks)


@functools.cache
def p_breakpoints(dtype: str) -> tuple[float, ...]:
    """The same for p in [0, 1]: powers of two from either end, and exp(-r^2) of round numbers r."""
    found = [0.0, 1.0, *P_BREAKPOINTS[dtype]]
    precision, lowest = PRECISION[dtype], -LOWEST[dtype]
    some = {*range(1, precision + 2), *range(precision, lowest, lowest // 40), lowest - precision + 1}
    found += [math.ldexp(1, -k) for k in sorted(some)]
    found += [1 - math.ldexp(1, -k) for k in range(2, precision + 1)]
    found += [0.5 + sign * math.ldexp(1, -k) for k in range(3, precision + 1) for sign in (-1, 1)]
    found += [float(mpmath.exp(-r * r)) for r in (1.6, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)]
    return tuple(found)


def log_uniform(draw: random.Random, low: int, high: int) -> float:
    """A number of any mantissa, whose exponent is uniform in [low, high)."""
    return math.ldexp(1 + draw.random(), low + int(draw.random() * (high - low)))


def in_dtype(numbers: list[float], dtype: str) -> list[float]:
    """Rounded, each once, in order."""
    with np.errstate(over="ignore"):
        return sorted({float(x) for x in np.array(numbers).astype(dtype)})


def x_arguments(dtype: str) -> list[float]:
    """x >= 0 of every magnitude."""
    draw = random.Random(f"x {dtype} {SEED}")
    largest = float(np.finfo(dtype).max)
    end = {"float64": 39.0, "float32": 15.0}[dtype]
    lowest, highest = LOWEST[dtype], HIGHEST[dtype]
    found = [math.inf, math.ldexp(1, lowest), 3 * math.ldexp(1, lowest), largest]
    for x in (*x_breakpoints(dtype), *reduction_breakpoints(dtype, 29), float(np.finfo(dtype).tiny)):
        found += neighbours(x, dtype)
    found += neighbours(largest, dtype)
    found += [1e100, 1e300] if dtype == "float64" else [1e18, 1e19, 1e30]
    for low, high, n in ((0, 1, 500), (0, 4, 700), (4, 10, 400), (10, end, 400), (0.97 * end, end, 150)):
        found += [low + (high - low) * draw.random() for _ in range(n)]
    for low, high, n in ((-8, 1, 200), (-60, -8, 100), (lowest, -60, 100), (4, 64, 100), (64, highest, 100)):
        found += [log_uniform(draw, low, high) for _ in range(n)]
    return [x for x in in_dtype(found, dtype) if x >= 0]


def p_arguments(dtype: str) -> list[float]:
    """p in [0, 1], near 0, 1/2 and 1 of every magnitude."""
    draw = random.Random(f"p {dtype} {SEED}")
    lowest, precision = LOWEST[dtype], PRECISION[dtype]
    found = [3 * math.ldexp(1, lowest), 5 * math.ldexp(1, lowest)]
    for p in (*p_breakpoints(dtype), float(np.finfo(dtype).tiny)):
        found += neighbours(p, dtype)
    for low, high, n in ((0, 1, 1000), (0, 0.08, 500), (0.92, 1, 500)):
        found += [low + (high - low) * draw.random() for _ in range(n)]
    found += [log_uniform(draw, -40, -3) for _ in range(500)]
    found += [log_uniform(draw, lowest, -20) for _ in range(800)]
    found += [log_uniform(draw, lowest, lowest + precision) for _ in range(100)]
    found += [1 - log_uniform(draw, -precision, -3) for _ in range(400)]
    found += [0.5 + sign * log_uniform(draw, -precision, -3) for _ in range(120) for sign in (-1, 1)]
    return [p for p in in_dtype(found, dtype) if 0 <= p <= 1]


def locations_and_scales(dtype: str) -> list[tuple[float, float]]:
    """Awkward pairs: rounded decimals and thirds, neighbours of 0 and 1, and sizes far apart."""
    usual = [
        (0.1, 1 / 3),
        (1 / 3, 0.1),
        (-0.1, 3.0),
        (100.0, 15.0),
        (0.0, 0.1),
        (0.1, 1.0),
        (1e6, 1e-3),
        (-1.0, 1 + 2.0**-20),
        (1e-9, 1e9),
    ]
    if dtype == "float64":
        extreme = [
            (0.0, 1e-300),
            (1e-300, 1e-300),
            (0.0, 1e-310),
            (1e-310, 1e-310),
            (0.1, 1e-310),
            (0.0, 1e300),
            (1e300, 1e300),
            (-1e300, 1e-300),
            (1e300, 1.0),
            (1e308, 1e308),
            (0.0, 5e-324),
        ]
    else:
        extreme = [
            (0.0, 1e-37),
            (1e-37, 1e-37),
            (0.0, 1e-42),
            (1e-42, 1e-42),
            (0.1, 1e-42),
            (0.0, 1e37),
            (1e37, 1e37),
            (-1e37, 1e-37),
            (1e37, 1.0),
            (1e38, 1e38),
            (0.0, 2.0**-149),
        ]
    kind = np.dtype(dtype).type
    return [(float(kind(loc)), float(kind(scale))) for loc, scale in usual + extreme]


def x_loc_scale_arguments(dtype: str) -> list[tuple[float, float, float]]:
    """x for results of every size, and x next to loc, where the difference cancels."""
    draw = random.Random(f"x loc scale {dtype} {SEED}")
    found = []
    for loc, scale in locations_and_scales(dtype):
        places = [0.0, 1.0, -2.5, *({"float64": (38.0, -36.0), "float32": (14.0, -12.0)}[dtype])]
        places += [12 * draw.random() - 6 for _ in range(8)] + [30 * draw.random() - 15 for _ in range(4)]
        x = [loc + scale * z for z in places] + [*neighbours(loc, dtype), 0.0]
        found += [(number, loc, scale) for number in in_dtype(x, dtype) if math.isfinite(number)]
    return found


def p_loc_scale_arguments(dtype: str) -> list[tuple[float, float, float]]:
    draw = random.Random(f"p loc scale {dtype} {SEED}")
    found = []
    for loc, scale in locations_and_scales(dtype):
        p = [0.5, *neighbours(0.25, dtype), math.ldexp(1, LOWEST[dtype])]
        p += [draw.random() for _ in range(6)] + [log_uniform(draw, LOWEST[dtype], -3) for _ in range(3)]
        found += [(number, loc, scale) for number in in_dtype(p, dtype)]
    return found


# The file


def shown(x: float) -> str:
    """Hex without the zeros at its end; ``float.fromhex`` reads it."""
    return re.sub(r"\.?0*p", "p", x.hex())


AT_INFINITY = {
    "pdf": 0.0,
    "logpdf": -math.inf,
    "cdf": 1.0,
    "logcdf": 0.0,
    "sf": 0.0,
    "logsf": -math.inf,
}


def row(functions: tuple[str, ...], dtype: str, *arguments: float) -> list[str | float]:
    """Arguments, and the two cells of each result."""
    cells: list[str | float] = [shown(x) for x in arguments]
    for function in functions:
        if math.isinf(arguments[0]):
            value = AT_INFINITY[function]
            lacks = -FAR if math.isinf(value) else 0.0
        elif function in OF_P and arguments[0] in (0, 1):
            lacks = math.copysign(FAR, arguments[0] - 0.5)
            value = math.copysign(math.inf, lacks)
        else:
            value, lacks = rounded(exact(function, *arguments), dtype)
        cells += [shown(value), lacks]
    return cells


def tables(dtype: str) -> dict[str, Iterator[list[str | float]]]:
    """The rows of each table, computed as they are asked for."""
    return {
        "x": (row(OF_X, dtype, x) for x in x_arguments(dtype)),
        "p": (row(("ppf",), dtype, p) for p in p_arguments(dtype)),
        "x loc scale": (row(OF_X, dtype, *triple) for triple in x_loc_scale_arguments(dtype)),
        "p loc scale": (row(("ppf",), dtype, *triple) for triple in p_loc_scale_arguments(dtype)),
    }


def file_text() -> str:
    """JSON with one row a line."""
    blocks = []
    for dtype in DTYPES:
        parts = []
        for name, rows in tables(dtype).items():
            lines = ",\n".join(json.dumps(cells, separators=(",", ":")) for cells in rows)
            parts.append(f'"{name}": [\n{lines}\n]')
        blocks.append(f'"{dtype}": {{\n' + ",\n".join(parts) + "\n}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


if __name__ == "__main__":
    from tests.support.golden_file import write_or_check

    write_or_check("Golden values of the normal distribution, from mpmath.", GOLDEN, file_text)
