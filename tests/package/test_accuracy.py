"""No function errs by more than ``fastdist/accuracy.py`` says.

Arguments are screened in numpy's longdouble, where that is wider than float64, and the
worst of float64 are then judged by mpmath.  Where longdouble is float64, random ones are judged instead.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
from pathlib import Path

import mpmath
import numpy as np
import pytest

import fastdist.accuracy
from fastdist.accuracy import (
    ACCURACY,
    BOUNDS,
    HALF_ULP_OF_1,
    accuracy,
    bound,
    markdown_bounds,
    markdown_table,
)

WIDE = np.longdouble
WIDE_ENOUGH = {"float64": np.finfo(WIDE).nmant >= 63, "float32": True}
PI = WIDE("3.14159265358979323846264338327950288")
LN2 = WIDE("0.693147180559945309417232121458176568")
PRECISION = {"float64": 53, "float32": 24}
LOWEST = {"float64": -1074, "float32": -149}
JUDGED = 0.003  # the share of the arguments that is handed to mpmath

mpmath.mp.prec = 160


def ulp(want: np.ndarray, dtype: str) -> np.ndarray:
    """One unit in the last place of ``want`` in the dtype."""
    exponent = np.frexp(want)[1]
    return np.ldexp(WIDE(1), np.maximum(exponent - PRECISION[dtype], LOWEST[dtype]))


def exact_ulp(want: mpmath.mpf, dtype: str) -> mpmath.mpf:
    """The same, of an mpmath number."""
    exponent = mpmath.frexp(want)[1] if want else LOWEST[dtype]
    return mpmath.mpf(2) ** max(exponent - PRECISION[dtype], LOWEST[dtype])


def numbers(low: float, high: float, n: int, dtype: str, random: np.random.Generator) -> np.ndarray:
    """n numbers in [low, high]: evenly spread; of every magnitude down to subnormals; and the ends."""
    kind = np.dtype(dtype).type
    low, high = kind(low), kind(high)
    spread = random.uniform(low, high, n)
    scaled = np.ldexp(random.uniform(low, high, n // 4), -random.integers(0, 12, n // 4))
    tiny = np.ldexp(random.uniform(low, high, n // 8), -random.integers(0, -LOWEST[dtype] + 1, n // 8))
    inner = [np.nextafter(low, kind(0)), np.nextafter(high, kind(0))]
    least = np.ldexp(1.0, LOWEST[dtype])
    ends = [low, high, *inner, 0.0, -0.0, least, -least, 3 * least, np.finfo(dtype).tiny]
    mixed = np.concatenate([ends, random.permutation(np.concatenate([scaled, tiny, spread]))])[:n]
    return np.clip(mixed.astype(dtype), low, high)


def arguments(function: str, dtype: str, n: int, seed: int) -> tuple[np.ndarray, ...]:
    """Arguments over the valid range; the worst known stands first."""
    random = np.random.default_rng(seed)
    if function == "minus_log":
        low, high = math.sqrt(0.5) - 1, math.sqrt(2) - 1
        if dtype == "float32":  # the mantissas that the kernel makes
            low, high = float.fromhex("0x1.6a09e6p-1") - 1, float.fromhex("0x1.6a09e4p+0") - 1
        f = numbers(low, high, n, dtype, random)
        few = random.integers(0, 4, n)
        many = random.integers(0, -LOWEST[dtype] + 1, n)
        e = np.where(random.random(n) < 0.7, few, many)
        e = np.where((e == 0) & (f > 0), 1, e)  # result >= 0
        found: tuple[np.ndarray, ...] = (f, e.astype(dtype))
    elif function == "exp":
        found = (numbers({"float64": -745.2, "float32": -104.0}[dtype], 0.0, n, dtype, random),)
    else:
        found = (numbers(-0.25, 0.25, n, dtype, random),)
    for array, worst in zip(found, accuracy(function, dtype).worst_input, strict=True):
        array[0] = float.fromhex(worst)
    return found


def wide_result(function: str, *x: np.ndarray) -> np.ndarray:
    """The function in longdouble, where nothing cancels."""
    wide = [array.astype(WIDE) for array in x]
    if function == "minus_log":
        return wide[1] * LN2 - np.log1p(wide[0])
    if function == "exp":
        return np.exp(wide[0])
    return {"sin_pi": np.sin, "cos_pi": np.cos}[function](PI * wide[0])


@functools.cache
def exact_result(function: str, *x: float) -> mpmath.mpf:
    """The function in 160 bits."""
    if function == "minus_log":
        return x[1] * mpmath.ln2 - mpmath.log1p(x[0])
    return {"sin_pi": mpmath.sinpi, "cos_pi": mpmath.cospi, "exp": mpmath.exp}[function](x[0])


@functools.cache
def arguments_and_results(function: str, dtype: str, n: int, seed: int):
    x = arguments(function, dtype, n, seed)
    return x, wide_result(function, *x)


def check_function(level, function: str, dtype: str, n: int, seed: int) -> None:
    bound = accuracy(function, dtype)
    x, want = arguments_and_results(function, dtype, n, seed)
    got = np.empty(n, dtype)
    getattr(level.mathematics, f"evaluate_{function}")(*x, got)
    error = np.abs(got.astype(WIDE) - want) / ulp(want, dtype)
    judged = round(JUDGED * n)
    if not WIDE_ENOUGH[dtype]:
        error = np.zeros(n)
    if dtype == "float64":
        worst = np.argpartition(error, -judged)[-judged:] if error.any() else np.arange(judged)
        error = np.zeros(n)
        for i in (0, *worst.tolist()):
            exact = exact_result(function, *(float(array[i]) for array in x))
            error[i] = abs(mpmath.mpf(float(got[i])) - exact) / exact_ulp(exact, dtype)
    i = int(error.argmax())
    shown = (
        f"{function}, {dtype}, {level.name}: {float(error[i]):.4f} ULP at "
        f"{[float(array[i]).hex() for array in x]}: got {float(got[i]).hex()}, "
        f"want {float(want[i]).hex()} = {want[i]!r}"
    )
    assert error[i] <= bound.max_ulp, shown
    assert error[0] == pytest.approx(bound.worst_ulp, abs=0.002), f"the worst input known: {shown}"


FUNCTIONS = ["minus_log", "sin_pi", "cos_pi", "exp"]
DTYPES = ["float64", "float32"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions(level, function, dtype):
    """200 000 arguments and the ends of the valid range."""
    check_function(level, function, dtype, 200_000, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("seed", range(1, 22))
def test_functions_at_length(level, function, dtype, seed):
    """Twenty-one million more."""
    check_function(level, function, dtype, 1_000_000, seed)


@pytest.mark.parametrize("dtype", DTYPES)
def test_zeros_and_ends(level, dtype):
    """sin 0 = 0, cos 0 = 1, exp 0 = 1, -ln 1 = 0, and next to 1 the first term of the series."""
    least = np.ldexp(np.dtype(dtype).type(1), LOWEST[dtype])
    out = np.empty(2, dtype)
    level.mathematics.evaluate_sin_pi(np.array([0.0, -0.0], dtype), out)
    assert out.tolist() == [0, 0]
    level.mathematics.evaluate_cos_pi(np.array([0.0, -0.0], dtype), out)
    assert out.tolist() == [1, 1]
    level.mathematics.evaluate_exp(np.array([0.0, -0.0], dtype), out)
    assert out.tolist() == [1, 1]
    level.mathematics.evaluate_minus_log(np.array([0, -least], dtype), np.zeros(2, dtype), out)
    assert [float(v).hex() for v in out] == ["0x0.0p+0", float(least).hex()]


# The normals, against the exact transform of the same words


def words(n: int, bits: int, random: np.random.Generator) -> np.ndarray:
    """n words, half of them plain, a quarter with leading zeros and a quarter with leading ones."""
    plain = random.integers(0, 2**bits - 1, n, dtype=np.uint64, endpoint=True)
    shift = random.integers(0, bits, n).astype(np.uint64)
    ones = np.uint64(2**bits - 1) - (plain >> shift)
    kind = random.integers(0, 4, n)
    return np.where(kind < 2, plain, np.where(kind == 2, plain >> shift, ones))


def pairs(level, dtype: str, n: int, seed: int) -> tuple[np.ndarray, ...]:
    """Words x, y, the worst known first, and the normals z0, z1 that the kernel makes of them."""
    bits, each = {"float64": (64, 512), "float32": (32, 1024)}[dtype]
    n -= n % each
    random = np.random.default_rng(seed)
    x, y = words(n, bits, random), words(n, bits, random)
    x[0], y[0] = (int(word, 16) for word in accuracy("standard_normal", dtype).worst_input)
    z = np.empty((n // each, 2 * each), dtype)
    for i in range(n // each):
        tile = np.concatenate([x[i * each : (i + 1) * each], y[i * each : (i + 1) * each]])
        if dtype == "float32":  # the lower half of a word first
            tile = tile[0::2] | tile[1::2] << np.uint64(32)
        level.box_muller.transform_tile(tile, z[i])
    return x, y, z[:, :each].ravel(), z[:, each:].ravel()


def wide_transform(x: np.ndarray, y: np.ndarray, dtype: str) -> tuple[np.ndarray, ...]:
    """r, c + s, c - s and the two signs, in longdouble."""
    if dtype == "float64":  # u is rounded once
        u = np.ldexp(np.array([float(2 * word + 1) for word in x.tolist()]).astype(WIDE), -65)
        minus_v = u - 1
        t = np.ldexp((y & np.uint64(2**52 - 1)).astype(WIDE), -53) - WIDE(0.25)
        top = 63
    else:
        # As the kernel rounds it: a signed number to float32, and then u, or u - 1 where that is negative.
        signed = x.astype(np.uint32).view(np.int32).astype(np.float32).astype(np.float64)
        g = (signed * 2.0**-32 + 2.0**-33).astype(np.float32).astype(WIDE)
        u, minus_v = np.where(g > 0, g, g + 1), np.where(g > 0, g - 1, g)
        t = np.ldexp(((y << np.uint64(2)).astype(np.uint32).view(np.int32) >> 7).astype(WIDE), -26)
        top = 31
    near_1 = u > WIDE(0.5)
    r = np.sqrt(np.where(near_1, -np.log1p(np.where(near_1, minus_v, 0)), -np.log(u)))
    # c + s = sqrt(2) sin(pi (1/4 + t)):  no cancellation near its zero
    plus, minus = (np.sqrt(WIDE(2)) * np.sin(PI * (WIDE(0.25) + v)) for v in (t, -t))
    signs = [np.where(y >> np.uint64(bit) & np.uint64(1), WIDE(-1), WIDE(1)) for bit in (top, top - 1)]
    return r, plus, minus, signs[0], signs[1]


@functools.cache
def exact_transform(x: int, y: int, component: int) -> tuple[mpmath.mpf, mpmath.mpf, mpmath.mpf]:
    """r, |c +- s| and z of two words for float64, in 160 bits."""
    u = mpmath.mpf(float(2 * x + 1)) / 2**65
    t = mpmath.mpf(y % 2**52) / 2**53 - mpmath.mpf(1) / 4
    r = mpmath.sqrt(-mpmath.log(u))
    turned = mpmath.sqrt(2) * mpmath.sinpi(mpmath.mpf(1) / 4 + (t, -t)[component])
    sign = -1 if y >> (63 - component) & 1 else 1
    return r, turned, sign * r * turned


def check_normals(level, dtype: str, n: int, seed: int) -> None:
    bound = accuracy("standard_normal", dtype)
    assert bound.max_near_zero is not None
    x, y, *z = pairs(level, dtype, n, seed)
    r, plus, minus, *signs = wide_transform(x, y, dtype)
    half_ulp_of_1 = WIDE(2) ** -PRECISION[dtype]
    judged = round(JUDGED * n)
    for component, turned in enumerate((plus, minus)):
        got, want = z[component], signs[component] * r * turned
        away = turned >= WIDE(0.5)
        error = np.abs(got.astype(WIDE) - want)
        scaled = np.where(away, error / ulp(want, dtype), 0)
        near = np.where(~away & (r > 0), error / np.where(r > 0, r * half_ulp_of_1, 1), 0)
        if dtype == "float64":
            # Which arguments mpmath judges: the worst on either side, as far as longdouble can tell.
            chosen = [0, *np.argpartition(scaled, -judged // 2)[-judged // 2 :].tolist()]
            chosen += np.argpartition(near, -judged // 2)[-judged // 2 :].tolist()
            if not WIDE_ENOUGH[dtype]:
                chosen = list(range(judged))
            scaled, near = np.zeros(got.size), np.zeros(got.size)
            for i in chosen:
                exact_r, exact_turned, exact = exact_transform(int(x[i]), int(y[i]), component)
                off = abs(mpmath.mpf(float(got[i])) - exact)
                if exact_turned >= 0.5:
                    scaled[i] = off / exact_ulp(exact, dtype)
                elif exact_r:
                    near[i] = off / exact_r * 2**53
        assert not np.any(got[r == 0]), "r = 0 makes zeros"
        for kind, errors, limit in (
            ("ULP", scaled, bound.max_ulp),
            ("half ULP of r", near, bound.max_near_zero),
        ):
            i = int(errors.argmax())
            assert errors[i] <= limit, (
                f"z{component}, {dtype}, {level.name}: {float(errors[i]):.4f} {kind} for words "
                f"{int(x[i]):#x}, {int(y[i]):#x}: got {float(got[i]).hex()}, want {float(want[i]).hex()}"
            )
        if component == 0:
            assert scaled[0] == pytest.approx(bound.worst_ulp, abs=0.002), "the worst input known"


@pytest.mark.parametrize("dtype", DTYPES)
def test_normals(level, dtype):
    """100 000 pairs, with the ends of the radii: in ULP, and near the zeros of c +- s relative to r."""
    check_normals(level, dtype, 100_000, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(2, 12))
def test_normals_at_length(level, dtype, seed):
    """Ten million pairs more."""
    check_normals(level, dtype, 1_000_000, seed)


# The statements themselves


@pytest.mark.parametrize("entry", ACCURACY, ids=lambda entry: f"{entry.function}-{entry.dtype}")
def test_statements_are_sound(entry):
    """Each function is stated once for each dtype, and no bound lies below the worst error found."""
    assert accuracy(entry.function, entry.dtype) is entry
    assert 0.5 <= entry.worst_ulp <= entry.max_ulp


def test_unknown_function():
    """A function without a statement is an error that names it."""
    with pytest.raises(KeyError, match="no accuracy is stated for tan in float64"):
        accuracy("tan", "float64")


def test_markdown_table():
    """One row for each statement, each of six cells."""
    lines = markdown_table().splitlines()
    assert len(lines) == 2 + len(ACCURACY)
    for line in lines:
        assert line.replace("\\|", "").count("|") == 7
    page = Path(__file__).parents[2] / "docs" / "accuracy.md"
    assert markdown_table() in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("entry", BOUNDS, ids=lambda entry: entry.function)
def test_bounds_are_sound(entry):
    """Each function has one bound, no error was found beyond it, and it scales with u."""
    assert bound(entry.function) is entry
    assert 0 < entry.worst_share <= 1
    variables = {"d": 3, "condition": 10.0, "q": 5.0, "logs": 4.0, "logpdf": -7.0, "s": 2.0, "mean": -1.0}
    variables |= {"K": 3, "a": -8.0, "log_weight": -1.0, "log_height": -5.5, "log_density": -7.0, "m": 100.0}
    variables |= {"log_r": -1.0, "x": -2.0, "f": 0.25}
    errors = {dtype: {"e": 1e6 * u, "e_k": 1e5 * u} for dtype, u in HALF_ULP_OF_1.items()}
    _, *names = inspect.signature(entry.compute).parameters  # u, and the variables
    known = {dtype: errors[dtype] | variables for dtype in entry.dtypes}
    values = [entry(dtype, **{name: known[dtype][name] for name in names}) for dtype in entry.dtypes]
    assert 0 < values[0] < 1e-9
    assert values[1:] == [values[0] * 2**29] * (len(entry.dtypes) - 1)


def test_bound_of_logpdf():
    """The formula, worked out by hand:  u (3 4 10 (2.5 5 + 0.6 3) + 3 4 + 7) = 1735 u."""
    variables = {"d": 3, "condition": 10.0, "q": 5.0, "logs": 4.0, "logpdf": -7.0}
    assert bound("multivariate_normal.logpdf")(**variables) == pytest.approx(1735 * 2.0**-53)


def test_each_pointer_to_a_proof_names_a_section():
    path = Path(__file__).parents[2] / "docs" / "error_bounds.md"
    titles = re.findall(r"(?m)^## (.*)$", path.read_text(encoding="utf-8"))
    sections = {title.lower().replace(" ", "-") for title in titles}
    pointers = re.findall(r"(?m)^# docs/error_bounds\.md#(.*)$", inspect.getsource(fastdist.accuracy))
    assert len(pointers) == len(BOUNDS)
    assert set(pointers) == sections - {"notation"}


def test_unknown_bound():
    """A function without a bound is an error that names it."""
    with pytest.raises(KeyError, match="no bound is stated for tan"):
        bound("tan")


def test_markdown_bounds():
    """One row for each bound, each of seven cells."""
    lines = markdown_bounds().splitlines()
    assert len(lines) == 2 + len(BOUNDS)
    for line in lines:
        assert line.replace("\\|", "").count("|") == 8
    page = Path(__file__).parents[2] / "docs" / "accuracy.md"
    assert markdown_bounds() in page.read_text(encoding="utf-8")
