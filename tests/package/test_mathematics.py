"""Elementary functions: every instruction set gives the bits of the pure-Python twin."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fastdist.reference import mathematics as twin
from fastdist.reference.arithmetic import Float32

DTYPES = ["float64", "float32"]
NUMBER = {"float64": float, "float32": Float32}
LOWEST = {"float64": -1074, "float32": -149}


def numbers(low: float, high: float, dtype: str, n: int = 2000) -> np.ndarray:
    """Numbers in [low, high], evenly spread and of every magnitude; ends, zeros, and what is next to them."""
    random = np.random.default_rng(1)
    kind = np.dtype(dtype).type
    ends = np.array([low, high, 0.0, -0.0], dtype)
    spread = random.uniform(low, high, n)
    tiny = random.uniform(low, high, n) * np.exp2(random.uniform(LOWEST[dtype], 0, n))
    near = [np.nextafter(ends, kind(low)), np.nextafter(ends, kind(high))]
    return np.clip(
        np.concatenate([ends, *near, spread.astype(dtype), tiny.astype(dtype)]), kind(low), kind(high)
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", ["sin_pi", "cos_pi", "exp"])
def test_functions_of_one_number(level, function, dtype, assert_same_bits):
    """Over the valid range; for exp also half-way between two multiples of ln 2."""
    if function == "exp":
        lowest = {"float64": -1075, "float32": -150}[dtype]
        halves = np.array([(k + 0.5) * math.log(2) for k in range(lowest, 0)], dtype)
        kind = np.dtype(dtype).type
        halves = np.concatenate(
            [halves, np.nextafter(halves, kind(0)), np.nextafter(halves, kind(-math.inf))]
        )
        x = np.concatenate([numbers({"float64": -745.2, "float32": -104.0}[dtype], 0.0, dtype), halves])
    else:
        x = numbers(-0.25, 0.25, dtype)
    of_twin, number = getattr(twin, function), NUMBER[dtype]
    got = np.empty_like(x)
    getattr(level.mathematics, f"evaluate_{function}")(x, got)
    assert_same_bits(got, [of_twin(number(value)) for value in x.tolist()], f"{level.name}, {function}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_minus_log(level, dtype, assert_same_bits):
    """Every exponent, and none, with numbers over the range of the mantissa."""
    f = numbers(math.sqrt(0.5) - 1, math.sqrt(2) - 1, dtype)
    e = np.random.default_rng(2).permutation(np.arange(f.size) % (1 - LOWEST[dtype])).astype(dtype)
    number = NUMBER[dtype]
    got = np.empty_like(f)
    level.mathematics.evaluate_minus_log(f, e, got)
    want = [twin.minus_log(number(a), number(b)) for a, b in zip(f.tolist(), e.tolist(), strict=True)]
    assert_same_bits(got, want, f"{level.name}, minus_log")


@pytest.mark.parametrize("function", ["sin_pi", "cos_pi", "exp"])
def test_lengths_must_agree(level, function):
    """As many results as arguments."""
    with pytest.raises(ValueError, match=r"wanted is \(3,\)"):
        getattr(level.mathematics, f"evaluate_{function}")(np.zeros(2), np.empty(3))


def test_other_dtypes_are_refused(level):
    with pytest.raises(TypeError, match="out must be float64 or float32, not int64"):
        level.mathematics.evaluate_exp(np.zeros(3), np.empty(3, np.int64))
