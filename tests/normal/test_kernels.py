"""The normal distribution: every instruction set gives the bits of the pure-Python twin."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
import pytest

from fastdist.reference import normal as twin
from fastdist.reference.arithmetic import Float32

DTYPES = ["float64", "float32"]
NUMBER = {"float64": float, "float32": Float32}
FUNCTIONS = ["pdf", "logpdf", "cdf", "logcdf", "sf", "logsf", "ppf", "isf"]
QUANTILES = ("ppf", "isf")
INF, NAN = math.inf, math.nan

# Where a function changes its course, by dtype: z, and y^2 / 2 or phi(y) at the end of their range; p; scale.
BORDERS = {
    "float64": {
        "z": [0.0, 4.0, 8.3, 37.52, 38.6, 55.0, 2.0**32, 1.8961503816218352e154, 1.9151118854380535e154],
        "p": [2.0**-7, 1 - 2.0**-7, 0.5, 2.0**-1022],
        "scale": [2.0**-540, 2.0**510, 2.0**-1022],
    },
    "float32": {
        "z": [0.0, 4.0, 5.4, 12.95, 14.4, 20.5, 2.0**16, 2.60876356e19, 2.6348510e19],
        "p": [2.0**-7, 1 - 2.0**-7, 0.5, 2.0**-126],
        "scale": [2.0**-56, 2.0**62, 2.0**-126],
    },
}


def with_neighbours(values: list[float], dtype: str) -> np.ndarray:
    """Each value, the two next to it, and all with the other sign."""
    exact = np.array(values, dtype)
    kind = np.dtype(dtype).type
    with np.errstate(over="ignore"):
        both = [exact, np.nextafter(exact, kind(-INF)), np.nextafter(exact, kind(INF))]
    return np.concatenate([*both, *(-array for array in both)])


def specials(dtype: str) -> np.ndarray:
    """Zeros, ends of the range, infinities and NaN, and what is next to them."""
    limits = np.finfo(dtype)
    return with_neighbours([0.0, 1.0, limits.tiny, limits.max, INF, NAN], dtype)


def z_values(dtype: str, n: int) -> np.ndarray:
    """Special ones, borders, numbers where the functions are not constant, and of every magnitude."""
    random = np.random.default_rng(1)
    largest = {"float64": 40, "float32": 15}[dtype]
    spread = random.uniform(-largest, largest, n // 2)
    near = random.normal(size=n // 4)
    exponents = {"float64": (-1074, 1024), "float32": (-149, 128)}[dtype]
    any_size = random.choice([-1, 1], n // 4) * np.exp2(random.uniform(*exponents, n // 4))
    values = np.concatenate([spread, near, any_size]).astype(dtype)
    return np.concatenate([specials(dtype), with_neighbours(BORDERS[dtype]["z"], dtype), values])


def p_values(dtype: str, n: int) -> np.ndarray:
    """The same of probabilities, and some that are none."""
    random = np.random.default_rng(2)
    lowest = {"float64": -1074, "float32": -149}[dtype]
    tiny = np.exp2(random.uniform(lowest, 0, n // 2))
    values = np.concatenate([random.random(n // 2), tiny, 1 - np.exp2(random.uniform(-53, 0, n // 8))])
    return np.concatenate([
        specials(dtype), with_neighbours(BORDERS[dtype]["p"], dtype), values.astype(dtype)
    ])  # fmt: skip


def any_parameters(x: np.ndarray, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Special x, loc and scale, all combined; borders of scale with some of them; and scales of any size.

    With the last x lies some scales away from loc.
    """
    random = np.random.default_rng(3)
    tiny, huge = {"float64": (1e-310, 1e300), "float32": (1e-40, 1e37)}[dtype]
    points = [0.0, -0.0, 0.3, 1.5, -2.0, tiny, -huge, float(np.finfo(dtype).max), INF, -INF, NAN]
    locs = [0.0, -0.0, 1.7, -huge, tiny, INF, NAN]
    borders = with_neighbours(BORDERS[dtype]["scale"], dtype).tolist()
    scales = [1.0, 0.7, tiny, huge, INF, 0.0, -0.0, -1.0, NAN]
    combined = [*itertools.product(points, locs, scales), *itertools.product(points[::3], locs[::3], borders)]
    special = np.array(combined, dtype).T
    n = x.size
    exponents = {"float64": (-1074, 1023), "float32": (-149, 127)}[dtype]
    common = random.random(n) < 0.5
    any_size = np.exp2(random.uniform(*exponents, n))
    scale = np.where(common, random.uniform(0.01, 10, n), any_size).astype(dtype)
    with np.errstate(all="ignore"):
        loc = (random.normal(size=n) * 10.0 ** random.integers(-3, 3, n) * scale).astype(dtype)
        located = loc + scale * x
    return tuple(np.concatenate(pair) for pair in zip(special, (located, loc, scale), strict=True))


def of_twin(function: str, dtype: str, x: np.ndarray, loc: np.ndarray, scale: np.ndarray) -> np.ndarray:
    number, twin_function = NUMBER[dtype], getattr(twin, function)
    arguments = zip(x.tolist(), loc.tolist(), scale.tolist(), strict=True)
    return np.array([twin_function(number(a), b, c) for a, b, c in arguments], dtype)


@functools.cache
def standard(function: str, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Arguments, and the twin's results for loc = 0, scale = 1."""
    x = p_values(dtype, 800) if function in QUANTILES else z_values(dtype, 1200)
    return x, of_twin(function, dtype, x, np.zeros_like(x), np.ones_like(x))


@functools.cache
def located(function: str, dtype: str) -> tuple[np.ndarray, ...]:
    """x, loc, scale, and the twin's results."""
    x, loc, scale = any_parameters(z_values(dtype, 400), dtype)
    if function in QUANTILES:
        p = np.resize(p_values(dtype, 600), x.size)
        x = np.where((x >= 0) & (x <= 1), x, np.random.default_rng(4).permutation(p))
    return x, loc, scale, of_twin(function, dtype, x, loc, scale)


parametrize_functions = pytest.mark.parametrize("function", FUNCTIONS)
parametrize_dtypes = pytest.mark.parametrize("dtype", DTYPES)


@parametrize_dtypes
@parametrize_functions
def test_standard(level, function, dtype, assert_same_bits):
    """loc = 0, scale = 1: as numbers, where the kernel has a shorter way, and as arrays, where it has not."""
    x, want = standard(function, dtype)
    ufunc, kind = getattr(level.normal, function), np.dtype(dtype).type
    assert_same_bits(ufunc(x, kind(0), kind(1)), want, f"{level.name}, {function}")
    assert_same_bits(ufunc(x, np.zeros_like(x), np.ones_like(x)), want, f"{level.name}, {function}, arrays")


@parametrize_dtypes
@parametrize_functions
def test_loc_and_scale(level, function, dtype, assert_same_bits):
    """Any loc and scale, one for each x; lanes mixed."""
    *arguments, want = located(function, dtype)
    order = np.random.default_rng(5).permutation(want.size)
    got = getattr(level.normal, function)(*(array[order] for array in arguments))
    assert_same_bits(got, want[order], f"{level.name}, {function}")


@parametrize_dtypes
@parametrize_functions
def test_constant_loc_and_scale(level, function, dtype, assert_same_bits):
    """One loc and scale for all x."""
    x, loc, scale, want = located(function, dtype)
    same = {}
    for i, parameters in enumerate(zip(loc.tolist(), scale.tolist(), strict=True)):
        same.setdefault(repr(parameters), []).append(i)
    groups = [np.array(places) for places in same.values() if len(places) > 1]
    assert len(groups) > 50
    for places in groups:
        first = places[0]
        got = getattr(level.normal, function)(x[places], loc[first], scale[first])
        what = f"{level.name}, {function}, loc={loc[first]!r}, scale={scale[first]!r}"
        assert_same_bits(got, want[places], what)


@pytest.mark.parametrize("function", ["pdf", "logpdf", "cdf", "logcdf", "ppf"])
def test_textbook_versions_are_nearly_right(function):
    """Far out they lose some digits, but not more."""
    x = [0.01 + 0.04 * i for i in range(25)] if function == "ppf" else [-7.5 + 0.3 * i for i in range(40)]
    textbook, exact = getattr(twin, f"textbook_{function}"), getattr(twin, function)
    for loc, scale in ((0.0, 1.0), (1.5, 0.3)):
        for number in x if function == "ppf" else [loc + scale * z for z in x]:
            want = exact(number, loc, scale)
            assert textbook(number, loc, scale) == pytest.approx(want, rel=1e-13, abs=1e-15)
