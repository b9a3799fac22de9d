"""Coloured normals: bit for bit the twin's on every instruction set, wherever in the stream they begin."""

from __future__ import annotations

import functools
import itertools
import math
import random as python_random
from fractions import Fraction

import numpy as np
import pytest

from fastdist.accuracy import bound
from fastdist.reference import box_muller
from fastdist.reference import cholesky as twin_cholesky
from fastdist.reference import multivariate_sampling as twin
from fastdist.reference.stream import BLOCK_WORDS, FLOAT32_NORMALS, FLOAT64_NORMALS, TILE_WORDS
from tests.support import multivariate_cases as cases
from tests.support.remembered import remembered

parametrize_dtypes = pytest.mark.parametrize("dtype", cases.DTYPES)
parametrize_dimensions = pytest.mark.parametrize("d", cases.DIMENSIONS)
parametrize_large_dimensions = pytest.mark.parametrize("d", cases.LARGE_DIMENSIONS)
DOMAINS = {"float64": FLOAT64_NORMALS, "float32": FLOAT32_NORMALS}
TILE = {"float64": TILE_WORDS, "float32": 2 * TILE_WORDS}
BLOCK = {"float64": BLOCK_WORDS, "float32": 2 * BLOCK_WORDS}
INF, NAN = math.inf, math.nan


def vectors(d: int, n: int, seed: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """n vectors z and as many means, whose scales differ."""
    random = np.random.default_rng(seed)
    z = random.normal(size=(n, d))
    mean = random.normal(size=(n, d)) * 10.0 ** random.integers(-3, 3, (n, d))
    return z.astype(dtype), mean.astype(dtype)


@remembered
def of_twin(z: np.ndarray, mean: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """The twin's result for each of n vectors, with one mean and factor or n of them."""
    means = np.broadcast_to(mean, z.shape)
    factors = np.broadcast_to(factor, (len(z), *factor.shape[-2:]))
    found = [twin.colorize(*map(cases.numbers, each)) for each in zip(z, means, factors, strict=True)]
    return np.array(found, z.dtype).reshape(z.shape)


@functools.cache
def coloured(d: int, n: int, dtype: str) -> tuple[np.ndarray, ...]:
    """z, mean and factor, each of n; and the twin's result."""
    arguments = (*vectors(d, n, 10 + d, dtype), cases.factors(d, n, 20 + d, dtype))
    return *arguments, of_twin(*arguments)


@functools.cache
def coloured_alike(d: int, n: int, dtype: str) -> tuple[np.ndarray, ...]:
    """n of z, one mean and factor; and the twin's result."""
    z, mean = vectors(d, n, 30 + d, dtype)
    mean = mean[0] if n else np.zeros(d, dtype)
    factor = cases.factors(d, 1, 40 + d, dtype)[0]
    return z, mean, factor, of_twin(z, mean, factor)


def rows(d: int) -> int:
    """How many a twin can do in a moment."""
    return 37 if d < 20 else 11


def block_stream(level, dtype, key):
    return level.stream.BlockStream(key, DOMAINS[dtype], getattr(level.box_muller, dtype))


# colorize


@parametrize_dtypes
@parametrize_dimensions
def test_colorize(level, d, dtype, assert_same_bits):
    """Each vector with a mean and a factor of its own, or all with the same."""
    for make in (coloured, coloured_alike):
        z, mean, factor, want = make(d, rows(d), dtype)
        got = level.multivariate_sampling.colorize(z, mean, factor)
        assert got.dtype == dtype
        assert_same_bits(got.ravel(), want.ravel(), f"{level.name}, {make.__name__}, d={d}")


@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 2, 3, 4, 8])
def test_number_of_vectors(level, d, dtype, assert_same_bits):
    """Any number of vectors side by side, through the ufunc and through the class."""
    z, mean, factor, want = coloured_alike(d, max(cases.COUNTS), dtype)
    colorizer = level.multivariate_sampling.Colorizer(mean, factor)
    for n in cases.COUNTS:
        got = level.multivariate_sampling.colorize(z[:n], mean, factor)
        assert_same_bits(got.ravel(), want[:n].ravel(), f"{level.name}, {n} of d={d}")
        in_place = z[:n].copy()
        assert colorizer.apply(in_place) is None
        assert_same_bits(in_place.ravel(), want[:n].ravel(), f"{level.name}, Colorizer, {n} of d={d}")


@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 2, 5, 17])
def test_layouts(level, d, dtype, assert_same_bits):
    """The same whatever the strides of the three, and of what is written."""
    z, mean, factor, want = coloured(d, rows(d), dtype)
    function = level.multivariate_sampling.colorize
    layouts = [cases.layouts(array) for array in (z, mean, factor)]
    for (layout, z_too), (_, mean_too), (_, factor_too) in zip(*layouts, strict=True):
        got = function(z_too, mean_too, factor_too)
        assert_same_bits(got.ravel(), want.ravel(), f"{level.name}, {layout}, d={d}")
        if layout in ("Fortran order", "reversed", "every second"):
            out = np.empty_like(z_too)
            assert function(z_too, mean_too, factor_too, out=out) is out
            assert_same_bits(out.ravel(), want.ravel(), f"{level.name}, out of {layout}, d={d}")
    one = function(z[0], mean, factor[:, None])
    assert one.shape == (len(z), len(z), d)
    want_first = of_twin(np.broadcast_to(z[0], z.shape), mean, factor[0])
    assert_same_bits(one[0].ravel(), want_first.ravel(), f"{level.name}, broadcast, d={d}")


@parametrize_dtypes
@pytest.mark.parametrize("d", [2, 5, 16])
def test_special_numbers(level, d, dtype, assert_same_bits):
    """NaN, infinities and zeros of either sign, anywhere; huge and tiny scales.  Nothing is raised."""
    limits = np.finfo(dtype)
    specials = [NAN, INF, -INF, 0.0, -0.0, limits.max, -limits.max, limits.tiny, limits.smallest_subnormal]
    triples = []
    for special, place in itertools.product(specials, (0, d - 1)):
        for which in range(3):
            z, mean = vectors(d, 1, 50, dtype)
            factor = cases.factors(d, 1, 51, dtype)
            (z, mean, factor)[which][0, ..., place] = special
            triples.append((z, mean, factor))
    for value in (0.0, -0.0, limits.max, limits.tiny):
        triples.append((*vectors(d, 1, 52, dtype), np.full((1, d, d), value, dtype)))
        triples.append((np.full((1, d), -0.0, dtype), np.full((1, d), -value, dtype), triples[-1][2]))
    z, mean, factor = map(np.concatenate, zip(*triples, strict=True))
    with np.errstate(all="ignore"):
        want = of_twin(z, mean, factor)
    with np.errstate(all="raise"):
        got = level.multivariate_sampling.colorize(z, mean, factor)
    assert_same_bits(got.ravel(), want.ravel(), f"{level.name}, d={d}")
    assert not np.signbit(got[got == 0]).any()
    for i in np.flatnonzero(np.isfinite(z).all(axis=1)):  # as normals are
        in_place = z[i : i + 1].copy()
        level.multivariate_sampling.Colorizer(mean[i], factor[i]).apply(in_place)
        assert_same_bits(in_place[0], want[i], f"{level.name}, Colorizer, case {i}, d={d}")


@parametrize_dtypes
@parametrize_large_dimensions
def test_large_dimensions(level, d, dtype, assert_same_bits):
    """Where the twin is too slow: what the ufunc of the plainest instruction set gives."""
    z, mean = vectors(d, 21, 60, dtype)
    factor = cases.factors(d, 1, 61, dtype)[0]
    want = cases.baseline("multivariate_sampling").colorize(z, mean[0], factor)
    assert np.isfinite(want).all()
    got = level.multivariate_sampling.colorize(z, mean[0], factor)
    assert_same_bits(got.ravel(), want.ravel(), f"{level.name}, d={d}")
    level.multivariate_sampling.Colorizer(mean[0], factor).apply(z)
    assert_same_bits(z.ravel(), want.ravel(), f"{level.name}, Colorizer, d={d}")


def test_dtypes(level):
    """float32 only where all three are; what has not the dimension of the factor is an error."""
    z, mean, factor = np.ones(2, "f"), np.zeros(2), np.eye(2)
    assert level.multivariate_sampling.colorize(z, mean, factor).dtype == np.float64
    assert level.multivariate_sampling.colorize([1, 2], [0, 1], [[1, 0], [1, 1]]).tolist() == [1.0, 4.0]
    with pytest.raises(ValueError, match="core dimension"):
        level.multivariate_sampling.colorize(np.ones(3), mean, factor)


# Colorizer


@parametrize_dtypes
@parametrize_dimensions
def test_apply(level, d, dtype, assert_same_bits):
    """In place, for an array of any shape: a vector, a matrix, more."""
    z, mean, factor, want = coloured_alike(d, 36, dtype)
    colorizer = level.multivariate_sampling.Colorizer(mean, factor)
    assert colorizer.dimension == d
    assert colorizer.dtype == np.dtype(dtype)
    for shape in ((36, d), (4, 9, d), (36, 1, d)):
        in_place = z.reshape(shape).copy()
        colorizer.apply(in_place)
        assert_same_bits(in_place.ravel(), want.ravel(), f"{level.name}, {shape}")
    one = z[5].copy()
    colorizer.apply(one)
    assert_same_bits(one, want[5], f"{level.name}, d={d}")


@parametrize_dtypes
def test_a_colorizer_keeps_copies(level, dtype, assert_same_bits):
    """What becomes of the arrays that it was made of does not matter."""
    z, mean, factor, want = coloured_alike(3, 8, dtype)
    mean, factor = mean.copy(), factor.copy()
    colorizer = level.multivariate_sampling.Colorizer(mean, factor)
    mean[...] = NAN
    factor[...] = NAN
    in_place = z.copy()
    colorizer.apply(in_place)
    assert_same_bits(in_place.ravel(), want.ravel(), level.name)


# From the stream


def places(dtype: str) -> list[int]:
    """At the borders of tiles and blocks, before and behind them; and far away."""
    tile, block = TILE[dtype], BLOCK[dtype]
    return [0, 1, tile - 1, tile, 3 * tile // 2, block - 5, block, block + 7, 10**15, 2**63 + 12345]


@functools.cache
def normals_of_twin(key: tuple[int, ...], first: int, dtype: str) -> list[float]:
    """As many normals as the tests below take, from a place on: they are what takes time."""
    return getattr(box_muller, f"normals_{dtype}")(key, first, 60)


@functools.cache
def rows_of_twin(key: tuple[int, ...], first: int, n: int, d: int, dtype: str) -> np.ndarray:
    _, mean, factor, _ = coloured_alike(d, rows(d), dtype)
    arguments, z = (cases.numbers(mean), cases.numbers(factor)), normals_of_twin(key, first, dtype)
    return np.array([twin.colorize(z[r * d : r * d + d], *arguments) for r in range(n)], dtype)


@parametrize_dtypes
def test_rows_of_the_twin(words_of_key, dtype):
    """Its rows are its normals, coloured."""
    _, mean, factor, _ = coloured_alike(3, rows(3), dtype)
    first = places(dtype)[2]
    got = twin.multivariate_normals(words_of_key, first, 9, cases.numbers(mean), cases.numbers(factor))
    assert got == rows_of_twin(words_of_key, first, 9, 3, dtype).tolist()


@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 3, 17])
def test_rows_from_the_stream(level, key, words_of_key, d, dtype, assert_same_bits):
    """Rows that begin anywhere, across the borders of tiles and blocks, are those of the twin."""
    _, mean, factor, _ = coloured_alike(d, rows(d), dtype)
    colorizer = level.multivariate_sampling.Colorizer(mean, factor)
    normals = block_stream(level, dtype, key)
    for first in places(dtype):
        n = 33 // d + 1
        out = np.empty((n, d), dtype)
        assert colorizer.fill_range(normals, key, first, out) is None
        want = rows_of_twin(words_of_key, first, n, d, dtype)
        assert_same_bits(out.ravel(), want.ravel(), f"{level.name}, {n} rows of d={d} from {first}")
    assert normals.position == 0


@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 8, 9, 16, 17, 33, 64, 65])
def test_rows_from_any_place(level, key, d, dtype, assert_same_bits):
    """Less than a tile, and more: the normals from there on, coloured, both of which are the twin's."""
    _, mean, factor, _ = coloured_alike(d, rows(d), dtype)
    colorizer = level.multivariate_sampling.Colorizer(mean, factor)
    normals = block_stream(level, dtype, key)
    for i, first in enumerate(places(dtype)):
        n = (2 * TILE[dtype] // 3 + 30 * i) // d + 1
        want, out = np.empty((n, d), dtype), np.empty((n, d), dtype)
        normals.fill_range(key, first, want)
        colorizer.apply(want)
        colorizer.fill_range(normals, key, first, out)
        assert_same_bits(out.ravel(), want.ravel(), f"{level.name}, {n} rows of d={d} from {first}")


@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 2, 3, 7, 16, 50, 64, 100, 257])
def test_many_rows_from_the_stream(level, key, d, dtype, assert_same_bits):
    """Over several blocks, whole or in parts: the normals of the given key, coloured."""
    _, mean = vectors(d, 1, 70, dtype)
    colorizer = level.multivariate_sampling.Colorizer(mean[0], cases.factors(d, 1, 71, dtype)[0])
    normals = block_stream(level, dtype, np.arange(4, dtype=np.uint64))
    n, first = 5 * BLOCK[dtype] // (2 * d), 1000
    want = np.empty((n, d), dtype)
    normals.fill_range(key, first, want)
    colorizer.apply(want)
    whole = np.empty_like(want)
    colorizer.fill_range(normals, key, first, whole)
    assert_same_bits(whole.ravel(), want.ravel(), f"{level.name}, d={d}, at once")
    parts = np.empty_like(want)
    borders = sorted({0, 1, 3, n // 7, n // 2, n // 2 + 1, n})
    for start, stop in itertools.pairwise(borders):
        colorizer.fill_range(normals, key, first + start * d, parts[start:stop])
    assert_same_bits(parts.ravel(), want.ravel(), f"{level.name}, d={d}, in parts")


@parametrize_dtypes
def test_nothing_to_fill(level, key, dtype):
    """No rows, or rows of no components."""
    normals = block_stream(level, dtype, key)
    for n, d in ((0, 3), (0, 0), (5, 0)):
        colorizer = level.multivariate_sampling.Colorizer(np.zeros(d, dtype), np.zeros((d, d), dtype))
        out = np.empty((n, d), dtype)
        colorizer.fill_range(normals, key, 7, out)
        colorizer.apply(out)
        assert out.shape == (n, d)
        assert level.multivariate_sampling.colorize(out, np.zeros(d), np.zeros((d, d))).shape == (n, d)


@parametrize_dtypes
def test_no_mean_and_factor_of_one_size(level, dtype):
    """What is no vector with a square matrix of its length and type is refused, and no memory is read."""
    other = "f" if np.dtype(dtype) == np.float64 else "d"
    for mean, factor in (((), ()), ((2,), (2,)), ((2,), (3, 3)), ((2, 2), (2, 2, 2, 2))):
        with pytest.raises(ValueError, match="must have the shapes"):
            level.multivariate_sampling.Colorizer(np.zeros(mean, dtype), np.zeros(factor, dtype))
    with pytest.raises(ValueError, match="the same dtype"):
        level.multivariate_sampling.Colorizer(np.zeros(2, dtype), np.eye(2, dtype=other))


@parametrize_dtypes
def test_a_colorizer_of_any_layout(level, dtype, assert_same_bits):
    """Strided, read-only, unaligned or byte-swapped: the same map."""
    z, mean, factor, want = coloured_alike(5, 8, dtype)
    for (layout, other_mean), (_, other_factor) in zip(
        cases.layouts(mean), cases.layouts(factor), strict=True
    ):
        rows = z.copy()
        level.multivariate_sampling.Colorizer(other_mean, other_factor).apply(rows)
        assert_same_bits(rows.ravel(), want.ravel(), f"{level.name}, {layout}")


def test_what_is_no_array_or_no_key_is_refused(level, key):
    """And no memory is read: a key has four words, and None is neither a key nor rows."""
    colorizer = level.multivariate_sampling.Colorizer(np.zeros(2), np.eye(2))
    normals, out = block_stream(level, "float64", key), np.zeros((3, 2))
    with pytest.raises(TypeError, match="None"):
        colorizer.apply(None)
    for words, rows in ((None, out), (key, None)):
        with pytest.raises(TypeError, match="None"):
            colorizer.fill_range(normals, words, 0, rows)
    with pytest.raises(ValueError, match=r"wanted is \(4,\), uint64"):
        colorizer.fill_range(normals, key[:3], 0, out)
    assert not out.any()


# Accuracy, and the textbook


@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 2, 3, 16, 64])
def test_error(level, d, dtype):
    """Against exact arithmetic: the stated bound, component by component."""
    z, mean, factor, _ = coloured(d, rows(d), dtype)
    got = level.multivariate_sampling.colorize(z, mean, factor)
    limit = bound("colorize")
    for row in range(5):
        exact_z = list(map(Fraction, z[row].tolist()))
        for i in range(d):
            products = [Fraction(factor[row, i, k].item()) * exact_z[k] for k in range(i + 1)]
            centre = mean[row, i].item()
            error = abs(Fraction(got[row, i].item()) - (Fraction(centre) + sum(products)))
            allowed = limit(dtype, d=d, s=float(sum(map(abs, products))), mean=centre)
            assert error <= allowed, f"{level.name}, d={d}, component {i}: {float(error / allowed):.3f}"


def test_textbook_version():
    """The same normals, coloured in the textbook's way, differ by rounding alone."""
    mean, cov = [1.0, -2.0, 0.5], [[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 2.0]]
    got = twin.textbook_multivariate_normals(50, mean, cov, python_random.Random(1).random)
    random, factor = python_random.Random(1), twin_cholesky.cholesky(cov)
    for row in got:
        z = twin.textbook_normals(3, random.random)
        assert row == pytest.approx(twin.colorize(z, mean, factor), rel=1e-13)
