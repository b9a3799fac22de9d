"""Are the samples normal, uniform and independent, and would we see it if they were not?

Seeds are fixed; each test states its n.  A check gives deviates by name: standard normal if all is well,
exactly or (means of n, Kolmogorov-Smirnov) in the limit of large n.  A test fails if one of its m deviates is
beyond the critical value of `failed`, which m standard normals exceed with probability ALPHA at most: 4.4 for
m = 10, 5.1 for m = 240.  Moments, Kolmogorov-Smirnov, and tails to 5 sigma are the demo's own checks;
test_main.py spoils samples for them.
"""

from __future__ import annotations

import math
from itertools import accumulate
from statistics import NormalDist

import numpy as np
import pytest

import fastdist
from fastdist._demo.normals import check_moments
from fastdist.reference.stream import BLOCK_WORDS, TILE_WORDS
from tests.support.deviates import (
    autoregressive,
    beyond,
    chi_square_survival,
    failed,
    of_lags,
    of_normals,
    of_pairs,
    of_rows,
    of_serial_bits,
    of_tails,
    of_uniformity,
    poisson_deviate,
)

SEED = 20261122
N, CHUNK = 4_000_000, 10_000_000
DTYPES = ["float64", "float32"]
NORMALS_PER_WORD = {"float64": 1, "float32": 2}
LAGS = [1, 2, 16, 512, 1024, 4096, 8192]  # 4096 float64, 8192 float32: the same place in the next block
TAILS = [3, 4, 5, 6]


def test_critical_value():
    """The two-sided quantiles of the tables, for alpha = 1e-4 / m: 3.8906 for m = 1, 4.4172 for m = 10."""
    assert set(failed({"": 3.8905})) == set()
    assert set(failed({"": -3.8907})) == {""}
    assert set(failed(dict.fromkeys(range(9), 4.4171) | {9: -4.4173, 8: math.nan})) == {8, 9}


# Normals


def draw(n, dtype, seed=SEED):
    return fastdist.default_rng(seed).standard_normal(n, dtype)


@pytest.fixture(scope="module", params=DTYPES)
def z(request):
    """The first 4e6 normals of SEED."""
    normals = draw(N, request.param)
    normals.flags.writeable = False
    return normals


def test_distribution(z):
    """Six moments, Kolmogorov-Smirnov, tails beyond 3, 4, 5 sigma, the largest.  n = 4e6, m = 11."""
    assert not failed(of_normals(z))


def test_lags(z):
    """Values, and squares, are uncorrelated within tiles and blocks and beyond.  n = 4e6, m = 14."""
    assert not failed(of_lags(z, LAGS))


def test_box_muller_pairs(z):
    """The two components of a pair: its signs, radius and direction.  n = 1e6 pairs, m = 6.

    A tile has its z0 first, then its z1: 512 of each in float64, 1024 in float32.
    """
    pairs = TILE_WORDS * NORMALS_PER_WORD[z.dtype.name] // 2
    tiles = z[: 2_000_000 // (2 * pairs) * (2 * pairs)].reshape(-1, 2, pairs)
    assert not failed(of_pairs(tiles.swapaxes(0, 1).reshape(2, -1)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_first_words_of_blocks(dtype):
    """The first output of all 16 lanes, of 65536 blocks: Philox seeds the lanes well.

    n = 1.0e6 (float32: 2.1e6), m = 17.  Lags: the next normal, the next block, the block 256 later.
    """
    row, block = 16 * NORMALS_PER_WORD[dtype], BLOCK_WORDS * NORMALS_PER_WORD[dtype]
    rng = fastdist.default_rng(SEED)
    starts = np.empty((65536, row), dtype)
    for b in range(len(starts)):
        rng.seek(b * block, dtype)
        rng.standard_normal(dtype=dtype, out=starts[b])
    starts = starts.ravel()
    assert not failed(of_normals(starts) | of_lags(starts, [1, row, 256 * row]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_first_words_of_seeds(dtype):
    """The first 64 normals of the seeds 0 to 16383.

    n = 1.0e6, m = 17.  Lags: the next normal, the next seed, the seed 256 later.
    """
    starts = np.concatenate([draw(64, dtype, seed) for seed in range(16384)])
    assert not failed(of_normals(starts) | of_lags(starts, [1, 64, 256 * 64]))


def adjacent_seeds():
    return [fastdist.BlockXoshiro256(seed) for seed in range(16)]


def spawned_seeds():
    """A seed, its 7 children, and the 8 children of the first of them."""
    parent = fastdist.BlockXoshiro256(SEED)
    children = parent.spawn(7)
    return [parent, *children, *children[0].spawn(8)]


def jumped():
    return [fastdist.BlockXoshiro256(SEED).jumped(jumps) for jumps in range(16)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("relatives", [adjacent_seeds, spawned_seeds, jumped])
def test_related_streams(relatives, dtype):
    """16 related streams: each pair is uncorrelated, in values and in squares.  n = 2e5, m = 240."""
    rows = np.array([fastdist.Generator(bits).standard_normal(200_000, dtype) for bits in relatives()])
    assert not failed(of_rows(rows))


def test_the_three_sequences_of_a_seed():
    """float64 normals, float32 normals and uniforms of one seed are uncorrelated.  n = 1e6, m = 4."""
    rng, n = fastdist.default_rng(SEED), 1_000_000
    normals = np.array([rng.standard_normal(n), rng.standard_normal(n, "float32")])
    uniforms = (rng.random(n) - 0.5) * math.sqrt(12)  # mean 0, variance 1
    with_uniforms = (normals @ uniforms / math.sqrt(n)).tolist()
    assert not failed(of_rows(normals) | dict(zip(DTYPES, with_uniforms, strict=True)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("loc", "scale"), [(100, 15), (-3.0, 0.25), ([0.0, -7.0], [1.0, 3.5])])
def test_normal(loc, scale, dtype):
    """normal(loc, scale) has mean loc and standard deviation scale, in each column.  n = 5e5, m = 22."""
    x = fastdist.default_rng(SEED).normal(loc, scale, size=(500_000, 2), dtype=dtype)
    assert x.dtype == dtype
    columns = ((x - np.array(loc)) / np.array(scale)).T
    assert not failed({(i, name): d for i in range(2) for name, d in of_normals(columns[i]).items()})


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.Philox, np.random.MT19937])
def test_foreign_bit_generators(bits, dtype):
    """Over NumPy's bit generators: moments, Kolmogorov-Smirnov, tails and lags.  n = 4e5, m = 25."""
    x = fastdist.Generator(bits(SEED)).standard_normal(400_000, dtype)
    assert not failed(of_normals(x) | of_lags(x, LAGS))


# Uniforms and raw words


@pytest.mark.parametrize("dtype", DTYPES)
def test_uniforms(dtype):
    """random() is uniform in [0, 1).  n = 4e6, m = 1."""
    u = fastdist.default_rng(SEED).random(N, dtype)
    assert u.min() >= 0
    assert u.max() < 1
    assert not failed(of_uniformity(u))


@pytest.mark.parametrize(("what", "bits"), [("float64", 53), ("float32", 24), ("raw words", 64)])
def test_bits(what, bits):
    """The bits of random() and of raw words are fair, and independent of others nearby.

    n = 1e6; a byte of each word, and a count of ones, makes m = 32, 16 and 36.
    """
    rng, n = fastdist.default_rng(SEED), 1_000_000
    if what == "raw words":
        words = rng.bit_generator.random_raw(n)
    else:
        words = np.ldexp(rng.random(n, what), bits).astype(np.uint64)
    assert not failed(of_serial_bits(words, bits))


# 4e9 normals


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_tails(dtype):
    """Six moments, counts beyond 3, 4, 5 and 6 sigma, and the largest magnitude.  n = 4e9, m = 11.

    That many, because 26 are then expected beyond 5.8 sigma, where 24 bits for the radius would end: the
    same sample without them has to fail.  (6.6 of 1e9 are too few: none has probability 0.0013.)
    """
    chunks = 4_000_000_000 // CHUNK
    rng = fastdist.default_rng(SEED)
    chunk, magnitude = np.empty(CHUNK, dtype), np.empty(CHUNK, dtype)
    moments, tail = np.zeros(6), []
    for _ in range(chunks):
        rng.standard_normal(dtype=dtype, out=chunk)
        moments += [check.distance for check in check_moments(chunk)]
        np.abs(chunk, out=magnitude)
        tail.append(magnitude[magnitude > TAILS[0]])
    magnitudes = np.concatenate(tail)
    deviates = {f"moment {k}": sum_ / math.sqrt(chunks) for k, sum_ in enumerate(moments.tolist(), start=1)}
    assert not failed(deviates | of_tails(magnitudes, chunks * CHUNK, TAILS))
    assert "largest" in failed(deviates | of_tails(magnitudes[magnitudes < 5.8], chunks * CHUNK, TAILS))


# The checks can fail


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        (lambda z: z + 0.003, {"moment 1", "Kolmogorov-Smirnov"}),
        (lambda z: 1.005 * z, {"moment 2", "moment 4", "moment 6", "Kolmogorov-Smirnov"}),
        (lambda z: z[np.abs(z) < 4.6], {"largest"}),
    ],
)
def test_spoilt_normals_fail(z, spoil, names):
    """A shift by 0.003, a scale wrong by 0.005, and a cut at 4.6 sigma are seen in 4e6.

    These are 6 and 14 standard errors, and 17 normals beyond 4.6 that are expected.
    """
    assert names <= set(failed(of_normals(spoil(z))))


def volatile(z):
    """ARCH(1): the variance depends on the value before, x_i^2 = (0.99 + 0.01 x_(i-1)^2) z_i^2."""
    return np.fromiter(accumulate(z.tolist(), lambda x, e: math.sqrt(0.99 + 0.01 * x * x) * e), float, z.size)


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        (autoregressive, {"values, lag 1"}),
        (volatile, {"squares, lag 1"}),
        (
            lambda z: np.where(np.arange(z.size) % 100, z, np.roll(z, 512)),
            {"values, lag 512", "squares, lag 512"},
        ),
        (
            lambda z: z * np.where(np.arange(z.size) // 4096 % 2, 0.9, 1.1),
            {"squares, lag 1", "squares, lag 4096"},
        ),
    ],
)
def test_dependent_normals_fail(spoil, names):
    """Values, and squares, with correlation 0.01; a hundredth copied; blocks of different scale.

    n = 1e6, so that 0.01 is 10 standard errors.
    """
    good = draw(1_000_000, "float64")
    assert not failed(of_lags(good, LAGS))
    assert names <= set(failed(of_lags(spoil(good), LAGS)))


def test_dependence_is_not_seen_in_the_distribution():
    """AR(1) normals pass moments, Kolmogorov-Smirnov and tails: the lags are a check of their own."""
    assert not failed(of_normals(autoregressive(draw(1_000_000, "float64"))))


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (lambda x, y: (x, y + 0.01 * x), "values, 0 and 1"),
        (lambda x, y: (x, y * (1 + 0.01 * x * x) / 1.01), "squares, 0 and 1"),
        (lambda x, y: (x, np.where(np.arange(y.size) % 100, y, np.copysign(y, x))), "signs"),
        (lambda x, y: (1.005 * x, 1.005 * y), "radius"),
        (lambda x, y: (x, np.where(np.arange(y.size) % 50, y, 0.0)), "direction"),
        (lambda x, y: (x, np.where(x * x + y * y > 9, np.abs(y), y)), "radius and direction"),
    ],
)
def test_spoilt_pairs_fail(spoil, name):
    """Each check of the pairs sees the fault made for it.  n = 4e5 pairs."""
    pairs = draw((2, 400_000), "float64")
    assert not failed(of_pairs(pairs))
    assert name in failed(of_pairs(np.array(spoil(*pairs))))


def test_related_rows_fail():
    """One pair of 16 rows with correlation 0.01, another whose squares have it.  n = 4e5."""
    rows = draw((16, 400_000), "float64")
    assert not failed(of_rows(rows))
    rows[3] += 0.01 * rows[9]
    rows[12] *= np.sqrt(0.99 + 0.01 * rows[0] ** 2)
    assert {"values, 3 and 9", "squares, 0 and 12"} <= set(failed(of_rows(rows)))


def test_spoilt_uniforms_fail():
    """n = 1e6: 0.003 too large, rounded to 8 bits, and seven of eight values."""
    u = fastdist.default_rng(SEED).random(1_000_000)
    assert not failed(of_uniformity(u))
    for spoilt in (u + 0.003, np.floor(u * 256) / 256, u[u < 0.875]):
        assert failed(of_uniformity(spoilt))


@pytest.mark.parametrize("bits", [53, 24])
@pytest.mark.parametrize("bit", [0, 11, 23])
def test_spoilt_bits_fail(bits, bit):
    """n = 1e6: one bit set in a hundredth of the words, or copied in a twentieth from one or 16 before."""
    rng = fastdist.default_rng(SEED)
    words = rng.integers(1 << bits, size=1_000_000, dtype=np.uint64)
    mask = np.uint64(1 << bit)
    assert not failed(of_serial_bits(words, bits))
    at = np.arange(words.size)
    found = failed(of_serial_bits(np.where(at % 100, words, words | mask), bits))
    assert {"ones", f"byte from bit {bit - bit % 8}"} & set(found)
    for lag in (1, 16):
        copied = words & ~mask | np.roll(words, lag) & mask
        found = failed(of_serial_bits(np.where(at % 20, words, copied), bits))
        assert f"ones differing, lag {lag}" in found


def test_tails_cut_at_5_8_sigma_fail():
    """The 4e9-quantiles beyond 5 sigma pass; without those beyond 5.8, doubled, or moved, they fail."""
    n = 4_000_000_000
    beyond_5 = range(round(n * beyond(5)))
    quantiles = np.array([-NormalDist().inv_cdf((i + 0.5) / n / 2) for i in beyond_5])
    assert not failed(of_tails(quantiles, n, [5, 6]))
    assert set(failed(of_tails(quantiles[quantiles < 5.8], n, [5, 6]))) == {"largest"}
    assert set(failed(of_tails(np.repeat(quantiles, 2), n, [5, 6]))) == {"beyond 5 sigma"}
    assert set(failed(of_tails(quantiles + 2, n, [5, 6]))) == {"beyond 6 sigma", "largest"}


@pytest.mark.parametrize(("k", "m"), [(0, 2.0), (1, 2.0), (9, 2.0), (30, 57.3), (120, 57.3), (1100, 1000.0)])
def test_poisson_deviate(k, m):
    """Against the plain sum of the probabilities."""
    p = [math.exp(j * math.log(m) - m - math.lgamma(j + 1)) for j in range(4 * k + 100)]
    tail = math.fsum(p[k:] if k > m else p[: k + 1])
    assert NormalDist().cdf(-abs(poisson_deviate(k, m))) == pytest.approx(min(tail, 0.5), rel=1e-6)
    assert (poisson_deviate(k, m) > 0) == (k > m)


@pytest.mark.parametrize(
    ("x", "k", "p"),
    [(3.841, 1, 0.05), (6.635, 1, 0.01), (5.991, 2, 0.05), (16.266, 3, 0.001), (70.993, 53, 0.05)],
)
def test_chi_square_survival(x, k, p):
    """The quantiles of the tables, which have three decimals."""
    assert chi_square_survival(x, k) == pytest.approx(p, rel=1e-3)
