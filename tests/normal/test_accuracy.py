"""The distribution functions err by no more than ``fastdist/accuracy.py`` says, keep their identities to the
bit, and give the same bits whatever stands beside an argument.

Committed golden values (``golden_normal.py`` makes them) are compared without mpmath.  Random arguments
are screened by the ten thousand in numpy's longdouble, where that is wider than float64, and the worst
of float64 are then judged by mpmath.  Where longdouble is float64, random ones are judged instead.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import importlib
import json
import math
import platform
from types import SimpleNamespace

import numpy as np
import pytest

from fastdist.accuracy import accuracy
from tests.support import golden_normal as golden
from tests.support.remembered import remembered

WIDE = np.longdouble
WIDE_ENOUGH = {"float64": np.finfo(WIDE).nmant >= 63, "float32": True}
ROOT_2_PI = WIDE("2.50662827463100050241576528481104525")
LOG_ROOT_2_PI = WIDE("0.918938533204672741780329736405617640")
PRECISION, LOWEST, HIGHEST = golden.PRECISION, golden.LOWEST, golden.HIGHEST
JUDGED = 0.005  # the share of the arguments that is handed to mpmath

DTYPES = ["float64", "float32"]
OF_X, OF_P = list(golden.OF_X), list(golden.OF_P)
FUNCTIONS = [*OF_X, *OF_P]
# f(-x) = mirrored(x)
MIRRORED = {"pdf": "pdf", "logpdf": "logpdf", "cdf": "sf", "sf": "cdf", "logcdf": "logsf", "logsf": "logcdf"}


def evaluate(level, function: str, x: object, loc: object = 0.0, scale: object = 1.0) -> np.ndarray:
    """The kernel's result.  Python's numbers take the dtype of x."""
    return getattr(level.normal, function)(x, loc, scale)


def ulp(want: np.ndarray, dtype: str) -> np.ndarray:
    """One unit in the last place of ``want`` in the dtype."""
    exponent = np.frexp(np.where(np.isfinite(want), want, 0))[1]
    return np.ldexp(WIDE(1), np.maximum(exponent - PRECISION[dtype], LOWEST[dtype]))


def report(level, function: str, dtype: str, error: float, arguments, got: object, want: object) -> str:
    """What a failure prints."""
    shown = ", ".join(float(x).hex() for x in arguments)
    return (
        f"{function}, {dtype}, {level.name}: {float(error):.4f} ULP at {shown}: "
        f"got {float(got).hex()}, want {float(want).hex()} = {want!r}"
    )


# Golden values


@functools.cache
def golden_file() -> dict:
    return json.loads(golden.GOLDEN.read_text(encoding="utf-8"))


@functools.cache
def golden_table(function: str, dtype: str, arguments: str):
    """Arguments (one column each), correctly rounded results, and what those lack in ULP.

    Of the tables that hold one side only, the other side is made here.
    """
    count = len(arguments.split())
    rows = golden_file()[dtype][arguments]
    stored = golden.OF_X if arguments.startswith("x") else ("ppf",)

    def column(name: str):
        at = count + 2 * stored.index(name)
        return np.array([float.fromhex(row[at]) for row in rows]), np.array([row[at + 1] for row in rows])

    given = np.array([[float.fromhex(cell) for cell in row[:count]] for row in rows]).T
    if function in OF_P:
        want, lacks = column("ppf")
        if function == "isf":
            want, lacks = -want, -lacks
            given[1:2] *= -1
    else:
        sides = (column(function), column(MIRRORED[function]))
        want, lacks = (np.concatenate(both) for both in zip(*sides, strict=True))
        negative = given.copy()
        negative[:2] *= -1
        given = np.concatenate([given, negative], axis=1)
    return given.astype(dtype), want, lacks


def golden_errors(got: np.ndarray, want: np.ndarray, lacks: np.ndarray, dtype: str):
    """|got - exact| in ULP of the exact result, and the exponent of that ULP; all steps are exact."""
    mantissa, exponent = np.frexp(np.where(np.isinf(want), 1.0, want))
    exponent = np.where(np.isinf(want), HIGHEST[dtype] + 1, exponent)
    # Below a power of two the ULP is half of that above.
    power = np.isinf(want) | (np.abs(mantissa) == 0.5)
    exponent = exponent - (power & (np.signbit(want) != np.signbit(lacks)))
    unit = np.maximum(exponent - PRECISION[dtype], LOWEST[dtype])
    # Halves of large numbers, so that an infinity is a number too.
    large = np.abs(want) > 1
    halves = [np.where(large, numbers.astype(np.float64) / 2, numbers) for numbers in (got, want)]
    limit = math.ldexp(1, HIGHEST[dtype] - 1)
    value, wanted = (np.where(np.isinf(h) & large, np.copysign(limit, h), h) for h in halves)
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.abs(np.ldexp(value - wanted, np.where(large, 1, 0) - unit) - lacks)
    beyond = np.isinf(want) & (np.signbit(want) == np.signbit(lacks)) & (got == want)
    return np.where(beyond, 0, np.where(np.isnan(error), np.inf, error)), unit


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_golden_values(level, function, dtype):
    """At every breakpoint and its neighbours, in dense grids over every scale, from end to end."""
    (x,), want, lacks = golden_table(function, dtype, "x" if function in OF_X else "p")
    got = evaluate(level, function, x)
    assert got.dtype == dtype
    error, _ = golden_errors(got, want, lacks, dtype)
    i = int(error.argmax())
    bound = accuracy(f"norm.{function}", dtype).max_ulp
    assert error[i] <= bound, report(level, function, dtype, error[i], [x[i]], got[i], want[i])


def terms(function: str, want: np.ndarray, x: np.ndarray, loc: np.ndarray, scale: np.ndarray):
    """The largest term of the result, where it is a sum:  logpdf(z) - log(scale),  loc + scale ppf(p)."""
    with np.errstate(over="ignore"):
        if function == "logpdf":
            return np.maximum(np.abs(want), np.abs(np.log(scale)))
        if function in OF_P:
            return np.maximum(np.abs(want), np.abs(loc))
    return np.abs(want)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_golden_values_with_loc_and_scale(level, function, dtype):
    """Of the exact (x - loc) / scale, however much cancels or however far the sizes are apart."""
    given, want, lacks = golden_table(function, dtype, "x loc scale" if function in OF_X else "p loc scale")
    got = evaluate(level, function, *given)
    error, unit = golden_errors(got, want, lacks, dtype)
    # In ULP of the largest term.
    exponent = np.frexp(terms(function, want, *given.astype(np.float64)))[1]
    largest = np.maximum(exponent - PRECISION[dtype], LOWEST[dtype])
    error = np.ldexp(error, np.where(np.isinf(want), 0, np.minimum(unit - largest, 0)))
    i = int(error.argmax())
    bound = accuracy(f"norm.{function}", dtype).max_located
    assert bound is not None
    assert error[i] <= bound, report(level, function, dtype, error[i], given[:, i], got[i], want[i])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_worst_input_known(level, function, dtype):
    """The worst input that is stated errs by what is stated."""
    stated = accuracy(f"norm.{function}", dtype)
    (worst,) = stated.worst_input
    x = np.array([float.fromhex(worst)], dtype)
    got = float(evaluate(level, function, x)[0])
    assert float(x[0]) == float.fromhex(worst)
    error = golden.error_in_ulp(got, golden.exact(function, float(x[0])), dtype)
    assert error == pytest.approx(stated.worst_ulp, abs=0.002)


def test_golden_file_is_current():
    """A sample of the lines of the golden file, computed anew; --check of the script compares all."""
    for dtype in DTYPES:
        for name, rows in golden_file()[dtype].items():
            functions = golden.OF_X if name.startswith("x") else ("ppf",)
            for cells in rows[::97]:
                arguments = [float.fromhex(cell) for cell in cells[: len(name.split())]]
                assert golden.row(functions, dtype, *arguments) == cells
        assert [row[0] for row in golden_file()[dtype]["x"]] == [
            golden.shown(x) for x in golden.x_arguments(dtype)
        ]
        assert [row[0] for row in golden_file()[dtype]["p"]] == [
            golden.shown(p) for p in golden.p_arguments(dtype)
        ]


# Random arguments


def random_arguments(function: str, dtype: str, n: int, seed: int) -> np.ndarray:
    """n arguments of both signs, evenly spread and of every magnitude; for p near 0, 1/2 and 1."""
    random = np.random.default_rng(seed)
    lowest, highest, precision = LOWEST[dtype], HIGHEST[dtype], PRECISION[dtype]

    def any_magnitude(low: int, high: int) -> np.ndarray:
        return np.ldexp(random.uniform(1, 2, n), random.integers(low, high, n))

    if function in OF_P:
        kinds = [
            random.random(n),
            0.1 * random.random(n),
            any_magnitude(-40, -1),
            any_magnitude(lowest, -2),
            1 - any_magnitude(-precision, -1),
            0.5 + random.choice([-1.0, 1.0], n) * any_magnitude(-precision, -2),
        ]
        chosen = np.choose(random.integers(0, len(kinds), n), kinds).astype(dtype)
        return np.clip(
            chosen, np.ldexp(np.dtype(dtype).type(1), lowest), np.nextafter(chosen.dtype.type(1), 0)
        )
    end = {"float64": 39, "float32": 15}[dtype]
    kinds = [
        random.uniform(-4, 4, n),
        random.uniform(-10, 10, n),
        random.uniform(-end, end, n),
        random.choice([-1.0, 1.0], n) * any_magnitude(-20, 3),
        random.choice([-1.0, 1.0], n) * any_magnitude(lowest, highest),
    ]
    return np.choose(random.choice(5, n, p=[0.3, 0.2, 0.25, 0.15, 0.1]), kinds).astype(dtype)


def wide_pdf(x: np.ndarray) -> np.ndarray:
    """exp(-x^2/2) / sqrt(2 pi),  with  x^2 = high^2 + (x - high)(x + high)  and high^2 exact."""
    x = np.minimum(np.abs(x), WIDE(160))
    high = np.ldexp(np.rint(np.ldexp(x, 16)), -16)
    return np.exp(-high * high / 2) * np.exp(-(x - high) * (x + high) / 2) / ROOT_2_PI


def wide_center(x: np.ndarray) -> np.ndarray:
    """cdf(x) - 1/2 = pdf(x) (x + x^3/3 + x^5/(3 5) + ...)  for 0 <= x <= 3/2."""
    total = np.zeros_like(x)
    for k in range(40, 0, -1):
        total = (1 + total) * (x * x / (2 * k + 1))
    return wide_pdf(x) * x * (1 + total)


def wide_fraction(x: np.ndarray) -> np.ndarray:
    """pdf(x) / sf(x) = x + 1/(x + 2/(x + 3/(x + ...)))  for x >= 3/2: 150 levels leave exp(-52)."""
    total = x
    for k in range(150, 0, -1):
        total = x + k / total
    return total


def wide_tail(x: np.ndarray, log: bool) -> np.ndarray:
    """sf(x) for x >= 0, or its logarithm."""
    near = x < 1.5
    middle = WIDE(0.5) - wide_center(np.where(near, x, 0))
    result = np.log(middle) if log else middle
    far = x[~near]
    fraction = wide_fraction(far)
    result[~near] = -far * far / 2 - np.log(fraction * ROOT_2_PI) if log else wide_pdf(far) / fraction
    return result


def wide_result(function: str, x: np.ndarray) -> np.ndarray:
    """A function of x in longdouble, where nothing cancels."""
    x = x.astype(WIDE)
    with np.errstate(all="ignore"):
        if function == "pdf":
            return wide_pdf(x)
        if function == "logpdf":
            return -x * x / 2 - LOG_ROOT_2_PI
        upper = np.where(function.endswith("sf"), x, -x)
        size = np.abs(upper)
        if function.startswith("log"):
            return np.where(upper > 0, wide_tail(size, log=True), np.log1p(-wide_tail(size, log=False)))
        tail = wide_tail(size, log=False)
        return np.where(upper > 0, tail, 1 - tail)


@remembered
def quantile_errors(function: str, p: np.ndarray, got: np.ndarray, dtype: str) -> np.ndarray:
    """Errors of ppf and isf in ULP:  (sf(x) - q) / pdf(x),  x = |got|,  q = min(p, 1 - p)."""
    p, x = p.astype(WIDE), np.abs(got).astype(WIDE)
    q = np.minimum(p, 1 - p)
    with np.errstate(all="ignore"):
        near = x < 1.5
        missing = (WIDE(0.5) - q) - wide_center(np.where(near, x, 0))
        missing[~near] = wide_tail(x[~near], log=False) - q[~near]
        missing /= wide_pdf(x)
    positive = (p > 0.5) if function == "ppf" else (p < 0.5)
    wrong = (np.sign(got) != np.where(p == 0.5, 0, np.where(positive, 1, -1))) | np.isnan(missing)
    return np.where(wrong, np.inf, np.abs(missing) / ulp(x + missing, dtype))


@functools.lru_cache(maxsize=32)
def arguments_and_results(function: str, dtype: str, n: int, seed: int):
    x = random_arguments(function, dtype, n, seed)
    return x, wide_result(function, x) if function in OF_X else None


def check_random(level, function: str, dtype: str, n: int, seed: int) -> None:
    x, want = arguments_and_results(function, dtype, n, seed)
    got = evaluate(level, function, x)
    judged = round(JUDGED * n)
    if not WIDE_ENOUGH[dtype]:
        error, worst = np.zeros(n), np.arange(judged)
    else:
        if want is None:
            error = quantile_errors(function, x, got, dtype)
        else:
            # Beyond the largest number an infinity is right.
            limit = np.ldexp(WIDE(1), HIGHEST[dtype])
            value = np.where(np.isinf(got), np.copysign(limit, got), got.astype(WIDE))
            with np.errstate(all="ignore"):
                error = np.abs(value - np.clip(want, -limit, limit)) / ulp(want, dtype)
        error = np.where(np.isnan(error), np.inf, error)
        worst = np.argpartition(error, -judged)[-judged:]
    if dtype == "float64":
        error = np.zeros(n)
        for i in worst.tolist():
            error[i] = golden.error_in_ulp(float(got[i]), golden.exact(function, float(x[i])), dtype)
    i = int(error.argmax())
    exact = golden.exact(function, float(x[i]))
    bound = accuracy(f"norm.{function}", dtype).max_ulp
    assert error[i] <= bound, report(level, function, dtype, error[i], [x[i]], got[i], exact)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_random_arguments(level, function, dtype):
    """50 000 arguments of every magnitude; of float64 mpmath judges the worst 250."""
    check_random(level, function, dtype, 50_000, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("seed", range(2, 12))
def test_random_arguments_at_length(level, function, dtype, seed):
    """Ten million more, of each million the worst 5000."""
    check_random(level, function, dtype, 1_000_000, seed)


# Identities


def all_arguments(function: str, dtype: str) -> np.ndarray:
    """The golden arguments, both signs of x, and random ones."""
    (x,), _, _ = golden_table(function, dtype, "x" if function in OF_X else "p")
    return np.concatenate([x, random_arguments(function, dtype, 50_000, seed=20)])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", OF_X)
def test_symmetry(level, assert_same_bits, function, dtype):
    """pdf(-x) = pdf(x),  cdf(-x) = sf(x),  with and without logarithm, to the bit."""
    x = all_arguments(function, dtype)
    got, mirrored = evaluate(level, function, -x), evaluate(level, MIRRORED[function], x)
    assert_same_bits(got, mirrored, f"{function}(-x) and {MIRRORED[function]}(x), {level.name}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_symmetry_of_quantiles(level, assert_same_bits, dtype):
    """isf(p) = -ppf(p),  and  ppf(1 - p) = -ppf(p)  where 1 - p is exact, to the bit.

    Adding 0 makes +0 of either zero, p = 1/2.
    """
    p = all_arguments("ppf", dtype)
    assert_same_bits(evaluate(level, "isf", p) + 0, 0 - evaluate(level, "ppf", p), f"isf, {level.name}")
    random = np.random.default_rng(21)
    k = np.concatenate([np.arange(2000), random.integers(0, 2 ** PRECISION[dtype], 100_000)])
    grid = np.ldexp(k.astype(dtype), -PRECISION[dtype])
    p = np.concatenate([grid, p[(1 - (1 - p)) == p]])
    for function in OF_P:
        got, mirrored = evaluate(level, function, 1 - p), evaluate(level, function, p)
        assert_same_bits(got + 0, 0 - mirrored, f"{function}(1 - p), {level.name}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_cdf_and_sf_sum_to_1(level, dtype):
    """Within the sum of the two bounds on their errors: cdf + sf, as float64 or longdouble adds them."""
    x = all_arguments("cdf", dtype)
    x = x[~np.isnan(x)]
    lower, upper = (evaluate(level, function, x).astype(WIDE) for function in ("cdf", "sf"))
    allowed = accuracy("norm.cdf", dtype).max_ulp * ulp(lower, dtype)
    allowed += accuracy("norm.sf", dtype).max_ulp * ulp(upper, dtype)
    allowed += np.finfo(WIDE).eps  # of the sum
    off = np.abs(lower + upper - 1)
    i = int((off / allowed).argmax())
    assert off[i] <= allowed[i], f"{dtype}, {level.name}: {off[i]!r} at {float(x[i]).hex()}"


@pytest.mark.parametrize("dtype", DTYPES)
def test_ranges(level, dtype):
    """0 <= cdf <= 1,  log cdf <= 0,  0 <= pdf <= pdf(0),  and ppf(p) has the sign of p - 1/2."""
    x = all_arguments("cdf", dtype)
    for function in ("cdf", "sf"):
        got = evaluate(level, function, x)
        assert got.min() >= 0, function
        assert got.max() <= 1, function
        assert evaluate(level, f"log{function}", x).max() <= 0, function
    got = evaluate(level, "pdf", x)
    assert got.min() >= 0
    assert got.max() == evaluate(level, "pdf", np.zeros(1, dtype))[0]
    p = all_arguments("ppf", dtype)
    np.testing.assert_array_equal(np.sign(evaluate(level, "ppf", p)), np.sign(p - 0.5))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("function", "inverse"), [("cdf", "ppf"), ("sf", "isf")])
def test_quantiles_invert(level, function, inverse, dtype):
    """ppf(cdf(x)) = x  to the conditioning limit.

    p = cdf(x) errs by at most  e = max_ulp ulp(p),  and that moves the quantile by the integral of dp / pdf
    over an interval of length e at most: by  e / pdf  at its outer end, where pdf is least.  With T the
    tail beyond |x|, the tail beyond that end is at least T - e, and pdf / tail increases outwards, so pdf
    there is at least  (1 - e / T) pdf(x).  Where T >= 4 e that is 3/4 of pdf(x), and with the error of
    the quantile itself

        |ppf(cdf(x)) - x| <= 4/3 e / pdf(x) + max_ulp ulp(x).

    Where T < 4 e (p next to 1, or subnormal) p no longer tells x, and nothing is asked.
    """
    x = all_arguments(function, dtype)
    x = x[np.abs(x) < 40]
    p = evaluate(level, function, x)
    e = accuracy(f"norm.{function}", dtype).max_ulp * ulp(p, dtype)
    tail = wide_tail(np.abs(x).astype(WIDE), log=False)
    derived = tail >= 4 * e
    x, p, e = x[derived], p[derived], e[derived]
    assert x.size > 10_000
    wide = x.astype(WIDE)
    back = evaluate(level, inverse, p).astype(WIDE)
    allowed = 4 * e / (3 * wide_pdf(wide))
    allowed += accuracy(f"norm.{inverse}", dtype).max_ulp * np.maximum(ulp(wide, dtype), ulp(back, dtype))
    off = np.abs(back - wide)
    i = int((off / allowed).argmax())
    assert off[i] <= allowed[i], (
        f"{inverse}({function}(x)), {dtype}, {level.name}: {float(back[i]).hex()} for {float(x[i]).hex()}, "
        f"{float(off[i] / allowed[i]):.3f} of the limit"
    )


# Monotonicity

STEEP = 2.0  # ULP of the result between neighbouring arguments
INCREASING = {"cdf": 1, "logcdf": 1, "sf": -1, "logsf": -1, "ppf": 1, "isf": -1}


def neighbours(x: float, n: int, dtype: str) -> np.ndarray:
    """2 n + 1 neighbouring numbers about x, through zero and subnormals; ascending."""
    kind = np.dtype(dtype).type
    signed = np.dtype(f"i{kind().itemsize}")
    least = np.iinfo(signed).min
    # As signed integers in the order of the numbers they are the bits of: -0 is left out.
    bits = int(np.array([x], dtype).view(signed)[0])
    place = bits if bits >= 0 else int(least) - bits
    last = int(np.array([math.inf], dtype).view(signed)[0])
    places = np.arange(max(place - n, -last), min(place + n, last) + 1).astype(signed)
    return np.where(places >= 0, places, least - places).astype(signed).view(dtype)


def runs(function: str, dtype: str, n: int) -> list[np.ndarray]:
    """2 n + 1 neighbours across every breakpoint, on both sides of 0, and at random places."""
    if function in OF_P:
        places = list(golden.p_breakpoints(dtype))
        few: list[float] = []
    else:
        places = [sign * x for x in golden.x_breakpoints(dtype) for sign in (1, -1)]
        few = [sign * x for x in golden.reduction_breakpoints(dtype, 29) for sign in (1, -1)]
    places += random_arguments(function, dtype, 60, seed=30).tolist()
    found = [neighbours(x, n, dtype) for x in places] + [neighbours(x, n // 10, dtype) for x in few]
    if function in OF_P:
        found = [run[(run >= 0) & (run <= 1)] for run in found]
    return [run[np.isfinite(run)] for run in found]


@functools.lru_cache(maxsize=32)
def runs_and_results(function: str, dtype: str, n: int):
    """All runs end to end, where each ends, and the function in longdouble."""
    each = runs(function, dtype, n)
    x = np.concatenate(each)
    ends = np.cumsum([run.size for run in each])[:-1] - 1  # the steps that lead from run to run
    return x, ends, wide_result(function, x) if function in OF_X else None


@pytest.mark.parametrize("n", [200, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", INCREASING)
def test_monotonicity(level, function, dtype, n):
    """Neighbouring arguments: a result never goes the wrong way by more than 1 ULP, and not at all where the
    exact results are at least STEEP = 2 ULP apart.  2 n + 1 neighbours at each place.

    Nothing more can be asked of functions that are not correctly rounded: where the exact result moves by
    less than the sum of two errors, the computed one may go back.
    """
    x, ends, want = runs_and_results(function, dtype, n)
    got = evaluate(level, function, x)
    direction = INCREASING[function]
    size = np.where(np.isinf(got), 0, got).astype(WIDE)
    unit = ulp(np.maximum(np.abs(size[1:]), np.abs(size[:-1])), dtype)
    with np.errstate(all="ignore"):
        # An infinity at either end is right or wrong by its sign.
        step = direction * (got[1:].astype(WIDE) - got[:-1].astype(WIDE)) / unit
        if want is not None:
            apart = direction * np.diff(want) / unit
        else:  # dx = dp / pdf
            apart = np.diff(x.astype(WIDE)) / wide_pdf(np.maximum(np.abs(size[1:]), np.abs(size[:-1]))) / unit
    step[ends] = 0
    step[np.isnan(step)] = np.where(got[1:] == got[:-1], 0, -np.inf)[np.isnan(step)]
    i = int(step.argmin())
    shown = f"{function}, {dtype}, {level.name}: from {float(x[i]).hex()} to {float(x[i + 1]).hex()}"
    assert step[i] >= -1, f"{shown}: {float(step[i]):.1f} ULP"
    if WIDE_ENOUGH[dtype]:
        steep = apart >= STEEP
        assert steep.sum() > n
        i = int(np.where(steep, step, 0).argmin())
        shown = f"{function}, {dtype}, {level.name}: from {float(x[i]).hex()} to {float(x[i + 1]).hex()}"
        assert not np.any(step[steep] < 0), f"{shown}: {float(step[i]):.1f}, exact {float(apart[i]):.2f} ULP"


# Special values: (x, loc, scale), result

INF, NAN = math.inf, math.nan
LOG_HALF, AT_0 = -0.6931471805599453, 0.3989422804014327
SPECIAL_OF_X = [
    # x, loc, scale: pdf, logpdf, cdf, sf.  logcdf and logsf are the logarithms of the last two.
    ((INF, 0, 1), (0, -INF, 1, 0)),
    ((-INF, 0, 1), (0, -INF, 0, 1)),
    ((0, 0, 1), (AT_0, -0.9189385332046727, 0.5, 0.5)),
    ((-0.0, 0, 1), (AT_0, -0.9189385332046727, 0.5, 0.5)),
    ((1, INF, 1), (0, -INF, 0, 1)),
    ((1, -INF, 1), (0, -INF, 1, 0)),
    ((-INF, INF, 1), (0, -INF, 0, 1)),
    ((1, 0, INF), (0, -INF, 0.5, 0.5)),
    ((INF, 1, 1e30), (0, -INF, 1, 0)),
]
NAN_OF_X = [
    *((NAN, 0, 1), (0, NAN, 1), (0, 0, NAN), (INF, 0, NAN), (NAN, NAN, NAN)),
    *((0, 0, 0), (0, 0, -0.0), (1, 0, 0), (INF, 0, 0), (0, 0, -1), (0, 0, -INF), (0, 0, -5e-324)),
    *((INF, INF, 1), (-INF, -INF, 1), (INF, 0, INF), (-INF, 0, INF), (1, INF, INF)),
]
SPECIAL_OF_P = [
    # p, loc, scale: ppf.  isf(p, loc, scale) = -ppf(p, -loc, scale).
    *(((0, 0, 1), -INF), ((-0.0, 0, 1), -INF), ((1, 0, 1), INF), ((0.5, 0, 1), 0), ((0.5, 3, 2), 3)),
    *(((0, 5, 2), -INF), ((1, 5, 2), INF), ((0, 0, INF), -INF), ((1, 0, INF), INF)),
    *(((0.25, 0, INF), -INF), ((0.75, 0, INF), INF)),
    *(((0.25, INF, 1), INF), ((1, INF, 1), INF), ((0.25, -INF, 1), -INF), ((0, -INF, 1), -INF)),
]
NAN_OF_P = [
    *((NAN, 0, 1), (0.25, NAN, 1), (0.25, 0, NAN), (0, 0, NAN), (1, NAN, 1)),
    *((0.25, 0, 0), (0.25, 0, -0.0), (0, 0, 0), (1, 0, 0), (0.25, 0, -1), (0.25, 0, -INF), (0.5, 0, -1)),
    *((-1, 0, 1), (2, 0, 1), (-INF, 0, 1), (INF, 0, 1), (-1e-30, 0, 1), (1.0000002, 0, 1)),
    *((0, INF, 1), (1, -INF, 1), (0.5, 0, INF)),
]


def special_cases(function: str):
    """SciPy's results: arguments, and what is wanted."""
    if function in OF_P:
        sign = 1 if function == "ppf" else -1
        known = [((p, sign * loc, scale), sign * want) for (p, loc, scale), want in SPECIAL_OF_P]
        return known + [((p, sign * loc, scale), NAN) for p, loc, scale in NAN_OF_P]
    at = {"pdf": 0, "logpdf": 1, "cdf": 2, "logcdf": 2, "sf": 3, "logsf": 3}[function]
    logarithm = {0: -INF, 0.5: LOG_HALF, 1: 0}
    known = [
        (arguments, logarithm[want[at]] if function in ("logcdf", "logsf") else want[at])
        for arguments, want in SPECIAL_OF_X
    ]
    return known + [(arguments, NAN) for arguments in NAN_OF_X]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_special_values(level, function, dtype):
    """Infinities, NaN, p outside of [0, 1], scale <= 0: as SciPy has them, alone and side by side."""
    cases = special_cases(function)
    given = np.array([arguments for arguments, _ in cases]).T.astype(dtype)
    want = np.array([result for _, result in cases])
    tolerance = {"rtol": 4 * float(np.finfo(dtype).eps), "atol": 0}
    together = evaluate(level, function, *given)
    assert together.dtype == dtype
    np.testing.assert_allclose(together, want, **tolerance)
    for i, (arguments, result) in enumerate(cases):
        alone = evaluate(level, function, *given[:, i])
        np.testing.assert_allclose(alone, result, **tolerance, err_msg=str(arguments))
        # loc and scale with stride 0
        several = evaluate(level, function, np.full(40, given[0, i]), *given[1:, i])
        np.testing.assert_allclose(several, result, **tolerance, err_msg=f"{arguments}, stride 0")


# The same bits, whatever stands beside an argument and wherever it lies


def mixed_arguments(function: str, dtype: str, n: int) -> np.ndarray:
    """NaN, infinities, tails, the centre and subnormals in turn."""
    if function in OF_P:
        pool = [0.3, 0.0, 0.5, 1e-30, NAN, 0.99, 1.0, 2.0, 2.0 ** LOWEST[dtype], 0.02, -1.0, 0.9999, INF]
    else:
        pool = [0.3, NAN, -12.5, 0.0, INF, 3.0, -38.2, 1e-40, -1.0, -INF, 7.5, -0.0, 200.0, -1e30, -6.0]
    random = np.random.default_rng(40)
    mixed = np.array([pool[i % len(pool)] for i in range(n)]).astype(dtype)
    own = random_arguments(function, dtype, n, seed=41)
    return np.where(random.random(n) < 0.5, mixed, own)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_mixed_lanes(level, assert_same_bits, function, dtype):
    """Each argument gives in company the bits that it gives alone; NaN beside it changes nothing."""
    x = mixed_arguments(function, dtype, 1500)
    together = evaluate(level, function, x)
    alone = np.array([evaluate(level, function, x[i : i + 1])[0] for i in range(x.size)], dtype)
    assert_same_bits(together, alone, f"{function}, {level.name}")
    assert_same_bits(
        evaluate(level, function, x[::-1].copy())[::-1], alone, f"{function}, {level.name}, back"
    )


LENGTHS = [*range(71), 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 2049]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_lengths_alignments_and_strides(level, assert_same_bits, function, dtype):
    """Any length, place and stride of x and of the result; loc and scale alone or as arrays."""
    x = mixed_arguments(function, dtype, 2 * LENGTHS[-1] + 16)
    want = evaluate(level, function, x)
    itemsize = x.itemsize
    for n in LENGTHS:
        what = f"{function}, {level.name}, {n}"
        for offset in range(8 if n < 71 else 2):
            part = slice(offset, offset + n)
            assert_same_bits(evaluate(level, function, x[part]), want[part], f"{what} from {offset}")
        for part in (slice(0, 2 * n, 2), slice(n, 0, -1), slice(2 * n, 0, -2)):
            assert_same_bits(evaluate(level, function, x[part]), want[part], f"{what}, {part}")
            into = np.full(x.size, 7, dtype)
            getattr(level.normal, function)(x[:n], 0.0, 1.0, out=into[part])
            assert_same_bits(into[part], want[:n], f"{what}, into {part}")
            into[part] = 7
            assert np.all(into == 7), f"{what}: written beside {part}"
        repeated = np.broadcast_to(x[3], n)
        assert_same_bits(evaluate(level, function, repeated), np.full(n, want[3]), f"{what}, stride 0")
        zeros, ones = np.zeros(n, dtype), np.ones(n, dtype)
        for loc, scale in ((zeros, ones), (zeros, 1.0), (0.0, ones)):
            assert_same_bits(evaluate(level, function, x[:n], loc, scale), want[:n], f"{what}, arrays")
        unaligned = np.frombuffer(b"\0" + x[:n].tobytes(), np.uint8)[1:].view(dtype)
        assert unaligned.nbytes == n * itemsize
        assert_same_bits(evaluate(level, function, unaligned), want[:n], f"{what}, unaligned")
        onto = x[:n].copy()
        getattr(level.normal, function)(onto, 0.0, 1.0, out=onto)
        assert_same_bits(onto, want[:n], f"{what}, onto itself")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_loc_and_scale_as_numbers_or_arrays(level, assert_same_bits, function, dtype):
    """One number, an array of them, or every other one of an array: the same bits."""
    n = 700
    x = mixed_arguments(function, dtype, n)
    for loc, scale in [*golden.locations_and_scales(dtype), (0.0, NAN), (INF, 1.0), (0.0, -1.0), (2.0, INF)]:
        number = np.dtype(dtype).type
        want = evaluate(level, function, x, number(loc), number(scale))
        wide_loc, wide_scale = np.full(2 * n, loc, dtype), np.full(2 * n, scale, dtype)
        for several in ((wide_loc[:n], wide_scale[:n]), (wide_loc[::2], wide_scale[::-2])):
            what = f"{function}, {level.name}, loc {loc}, scale {scale}"
            assert_same_bits(evaluate(level, function, x, *several), want, what)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_level_gives_the_same_bits(level, assert_same_bits, function, dtype):
    """As the plainest instruction set: breakpoints, random arguments, with loc and scale."""
    plainest = SimpleNamespace(normal=importlib.import_module("fastdist._isa.baseline.normal"))
    given, _, _ = golden_table(function, dtype, "x loc scale" if function in OF_X else "p loc scale")
    for arguments in ((all_arguments(function, dtype),), tuple(given)):
        got, want = (evaluate(kernels, function, *arguments) for kernels in (level, plainest))
        assert_same_bits(got, want, f"{function}, {level.name}")


# Floating-point status flags

# All flags that the C library's <fenv.h> names
ALL_FLAGS = {"x86_64": 0x3D, "aarch64": 0x1F, "arm64": 0x1F}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_status_flags_are_left_as_found(level, function, dtype):
    """No flag is raised, inexact neither; and none is lowered but those that NumPy itself lowers."""
    flags = ALL_FLAGS.get(platform.machine())
    if flags is None:
        pytest.skip(f"the bits of the flags are not known for {platform.machine()}")
    library = ctypes.CDLL(ctypes.util.find_library("m"))
    x = mixed_arguments(function, dtype, 1000)
    loc, scale, out = np.zeros(1000, dtype), np.ones(1000, dtype), np.empty(1000, dtype)
    location, size = loc[0], scale[0]
    ufunc = getattr(level.normal, function)

    def left(found: int, call: object, *arguments: object) -> int:
        library.feclearexcept(flags)
        library.feraiseexcept(found)
        call(*arguments, out=out)
        after = library.fetestexcept(flags)
        library.feclearexcept(flags)
        return after

    for found in (0, flags):
        want = left(found, np.positive, x)
        for arguments in ((x, location, size), (x, loc, scale), (x[:1], location, size)):
            assert left(found, ufunc, *arguments) == want, f"{function}, {level.name}, found {found:#x}"


# And their modes of rounding: downward, upward, toward zero
ROUNDING = {
    "x86_64": (0x400, 0x800, 0xC00),
    "aarch64": (0x800000, 0x400000, 0xC00000),
    "arm64": (0x800000, 0x400000, 0xC00000),
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_environment_of_a_direct_call(level, assert_same_bits, function):
    """Numbers and small arrays: the caller's mode of rounding changes no bit, and no flag is raised."""
    if platform.machine() not in ROUNDING:
        pytest.skip(f"the modes of rounding are not known for {platform.machine()}")
    library = ctypes.CDLL(ctypes.util.find_library("m"))
    flags = ALL_FLAGS[platform.machine()]
    call = level.normal.Function(function)
    x = np.random.default_rng(5).random((3, 7)) * 0.98 + 0.01
    small = [(1.0, 0.1, 0.7), *((a, 0.1, 0.7) for a in (*x, *x.astype(np.float32), x[:, ::1]))]
    want = [np.asarray(call(*arguments, {})) for arguments in small]
    for mode in ROUNDING[platform.machine()]:
        library.feclearexcept(flags)
        library.fesetround(mode)
        try:
            got = [call(*arguments, {}) for arguments in small]
        finally:
            left = library.fetestexcept(flags)
            library.fesetround(0)
        assert left == 0, f"{function}, {level.name}, mode {mode:#x}: flags {left:#x}"
        for i, (a, b) in enumerate(zip(got, want, strict=True)):
            assert_same_bits(np.asarray(a), b, f"{function}, {level.name}, mode {mode:#x}, call {i}")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_is_raised(level, function, dtype):
    """np.errstate(all="raise") has nothing to raise, whatever the arguments."""
    given, _, _ = golden_table(function, dtype, "x loc scale" if function in OF_X else "p loc scale")
    special = np.array([arguments for arguments, _ in special_cases(function)]).T.astype(dtype)
    x = np.concatenate([all_arguments(function, dtype), mixed_arguments(function, dtype, 1000)])
    few = mixed_arguments(function, dtype, 60)
    with np.errstate(all="raise"):
        evaluate(level, function, x)
        evaluate(level, function, *given)
        evaluate(level, function, *special)
        for number in few:
            evaluate(level, function, number)
