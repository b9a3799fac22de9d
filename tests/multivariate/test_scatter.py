"""The scatter matrix: bit for bit the twin's, on every instruction set."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fastdist.reference import scatter as twin


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("d", [0, 1, 2, 3, 5, 8, 17])
@pytest.mark.parametrize("n", [0, 1, 2, 7, twin.BLOCK_ROWS - 1, twin.BLOCK_ROWS, twin.BLOCK_ROWS + 1])
def test_add_scatter(level, n, d, dtype, assert_same_bits):
    """To what there is, the sums of blocks of rows are added; above the diagonal nothing is touched."""
    random = np.random.default_rng(n + d)
    x = (random.normal(size=(n, d)) * 10.0 ** random.integers(-3, 4, (n, 1))).astype(dtype)
    mean = random.normal(size=d)
    out = random.normal(size=(d, d))
    out[np.triu_indices(d, 1)] = math.nan
    want = out.tolist()
    twin.add_scatter(x.tolist(), mean.tolist(), want)
    level.scatter.add_scatter(x, mean, out)
    assert_same_bits(out.ravel(), np.array(want).ravel(), f"{level.name}, {n} rows of d={d}")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_block_is_the_kernels(level, dtype, assert_same_bits):
    """The twin cuts rows where the kernel does; blocks may be given one by one."""
    assert twin.BLOCK_ROWS == level.scatter.BLOCK_ROWS
    x = np.random.default_rng(5).normal(size=(3 * twin.BLOCK_ROWS + 11, 2)).astype(dtype)
    whole, parts = np.zeros((2, 2)), np.zeros((2, 2))
    level.scatter.add_scatter(x, np.zeros(2), whole)
    for start in range(0, len(x), twin.BLOCK_ROWS):
        level.scatter.add_scatter(x[start : start + twin.BLOCK_ROWS], np.zeros(2), parts)
    assert_same_bits(parts.ravel(), whole.ravel(), level.name)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("d", [0, 1, 2, 3, 4, 17])
@pytest.mark.parametrize("n", [0, 1, 2, 100])
def test_add_rows(level, n, d, dtype, assert_same_bits):
    """To sums that there are, in units of a power of two: the high parts and the low."""
    random = np.random.default_rng(n + d)
    x = (random.normal(size=(n, d)) * 10.0 ** random.integers(-9, 10, (n, 1))).astype(dtype)
    sums = random.normal(size=(2, d)) * [[1.0], [1e-17]]
    for unit in (1.0, 2.0**-64):
        want = sums.tolist()
        twin.add_rows(x.tolist(), unit, want)
        level.scatter.add_rows(x, unit, sums)
        assert_same_bits(sums.ravel(), np.array(want).ravel(), f"{level.name}, {n} rows of d={d}")


@pytest.mark.parametrize("special", [math.nan, math.inf, -math.inf, 1.7e308])
def test_sums_of_special_numbers(level, special):
    """The high part says what became of the sum."""
    sums = np.zeros((2, 2))
    with np.errstate(all="raise"):
        level.scatter.add_rows(np.array([[1.0, 1.0], [2.0, special], [3.0, special]]), 1.0, sums)
    assert sums[0, 0] == 6
    np.testing.assert_equal(sums[0, 1], math.inf if special == 1.7e308 else special)


def test_sums_of_another_shape_are_refused(level):
    with pytest.raises(ValueError, match=r"wanted is \(2, 3\)"):
        level.scatter.add_rows(np.zeros((4, 3)), 1.0, np.zeros((2, 2)))


@pytest.mark.parametrize("special", [math.nan, math.inf, -math.inf, 1e308, 5e-324, -0.0])
def test_products_of_special_numbers(level, special, assert_same_bits):
    """NaN, infinities, squares that overflow and that underflow."""
    x = np.ones((40, 3))
    x[[3, 17, 39], [0, 1, 2]] = special
    out = np.zeros((3, 3))
    want = out.tolist()
    twin.add_scatter(x.tolist(), [1.0, 0.0, -1.0], want)
    with np.errstate(all="raise"):
        level.scatter.add_scatter(x, np.array([1.0, 0.0, -1.0]), out)
    assert_same_bits(out.ravel(), np.array(want).ravel(), level.name)
