"""Sums of deviations: bit for bit the twin's, on every instruction set."""

import math

import numpy as np
import pytest

from fastdist.reference import deviations as twin


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "n", [0, 1, 15, 16, 17, twin.BLOCK_VALUES - 1, twin.BLOCK_VALUES, twin.BLOCK_VALUES + 1]
)
@pytest.mark.parametrize(("shift", "unit"), [(0.0, 1.0), (0.1, 2.0**-7), (-1e300, 2.0**-900)])
def test_sums_of_deviations(level, dtype, n, shift, unit, assert_same_bits):
    """Sums in sixteen lanes, of numbers whose magnitudes differ, in each block."""
    random = np.random.default_rng(n)
    x = (random.normal(size=n) * 10.0 ** random.integers(-10, 10, n)).astype(dtype)
    got = np.empty((-(-n // twin.BLOCK_VALUES), 4))
    level.deviations.sums_of_deviations(x, shift, unit, got)
    want = np.array(twin.sums_of_deviations(x.tolist(), shift, unit)).reshape(got.shape)
    assert_same_bits(got.ravel(), want.ravel(), f"{level.name}, {n} numbers")


@pytest.mark.parametrize("special", [math.inf, -math.inf, math.nan, 1e308, 5e-324])
def test_sums_of_special_numbers(level, special, assert_same_bits):
    """Infinite, NaN, where squares overflow and where they underflow."""
    x = np.ones(100)
    x[[3, 50, 97]] = special
    got = np.empty((1, 4))
    level.deviations.sums_of_deviations(x, 0.0, 1.0, got)
    assert_same_bits(got[0], twin.sums_of_deviations(x.tolist(), 0.0, 1.0)[0], level.name)


def test_block_is_the_kernels(level):
    """The twin cuts data where the kernel does."""
    assert twin.BLOCK_VALUES == level.deviations.BLOCK_VALUES
