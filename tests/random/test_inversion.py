"""Inversion: each word becomes the normal of the pure-Python twin, which is the quantile of a uniform."""

from __future__ import annotations

import functools
import math

import mpmath
import numpy as np
import pytest

from fastdist.accuracy import accuracy
from fastdist.reference import inversion as twin
from tests.support.remembered import remembered

DTYPES = ["float64", "float32"]
BITS = {"float64": 64, "float32": 32}
UNSIGNED = {"float64": np.uint64, "float32": np.uint32}
PRECISION = {"float64": 53, "float32": 24}
TWIN = {"float64": remembered(twin.normals_float64), "float32": remembered(twin.normals_float32)}
TILE, GROUP = 512, 8

mpmath.mp.prec = 160


@pytest.fixture(params=DTYPES)
def dtype(request):
    return request.param


def normals_of(level, words: np.ndarray, dtype: str) -> np.ndarray:
    """The kernel's normals; words are filled up to whole groups."""
    padded = np.resize(words, -(-words.size // GROUP) * GROUP) if words.size else words
    out = np.empty(padded.size, dtype)
    level.inversion.invert_words(padded, out)
    return out[: words.size]


def random_words(n: int, dtype: str, seed: int) -> np.ndarray:
    """A quarter of them near t = 0, a quarter in the tails, of every magnitude."""
    bits = BITS[dtype]
    random = np.random.default_rng(seed)
    x = random.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), n)
    shifted = x >> random.integers(0, bits, n)
    kind = random.integers(0, 4, n)
    outwards = shifted ^ (2 ** (bits - 1) - 1)
    return np.where(kind < 2, x, np.where(kind == 2, shifted, outwards)).astype(UNSIGNED[dtype])


def words_at_edges(dtype: str) -> np.ndarray:
    """Words at the ends, around t = 0 and around the borders of the tails, and about powers of two."""
    bits = BITS[dtype]
    top, half, tail = 2**bits, 2 ** (bits - 1), 2 ** (bits - 7)
    borders = [
        0,
        half,
        half - tail,
        half + tail,
        *(2**k for k in range(bits)),
        *(top - 2**k for k in range(bits)),
    ]
    steps = [j * 2**k for k in range(0, bits - 20, 4) for j in range(-3, 4)]
    found = sorted({(border + step) % top for border in borders for step in steps})
    return np.array(found, UNSIGNED[dtype])


def test_twin(level, dtype, assert_same_bits):
    """2000 words of every magnitude, and those at the edges, with lanes mixed."""
    words = np.concatenate([random_words(2000, dtype, 1), words_at_edges(dtype)])
    words = np.random.default_rng(2).permutation(words)
    want = TWIN[dtype](words.tolist())
    assert_same_bits(normals_of(level, words, dtype), want, level.name)


@pytest.mark.parametrize("n", [0, GROUP, TILE - GROUP, TILE, TILE + GROUP, 3 * TILE])
def test_lengths(level, dtype, n, assert_same_bits):
    """A normal depends on its word alone: not on its place in a group, a tile or the call."""
    words = random_words(n, dtype, 3)
    each = [normals_of(level, words[i : i + 1], dtype)[0] for i in range(n)]
    assert_same_bits(normals_of(level, words, dtype), np.array(each, dtype), level.name)


@pytest.mark.parametrize("in_tail", [0, 1, 7, 8, 9, TILE])
def test_any_number_of_tails(level, dtype, in_tail, assert_same_bits):
    """None, some or all words of a tile in the tails, which are moved together and back."""
    bits = BITS[dtype]
    words = np.full(TILE, 12345, UNSIGNED[dtype])
    places = np.random.default_rng(in_tail).permutation(TILE)[:in_tail]
    steps = np.arange(in_tail, dtype=np.uint64) << np.uint64(bits - 20)
    words[places] = (steps + np.uint64(2 ** (bits - 1))).astype(UNSIGNED[dtype])
    assert_same_bits(normals_of(level, words, dtype), TWIN[dtype](words.tolist()), level.name)


def test_symmetry(level, dtype, assert_same_bits):
    """The complement of a word makes the same normal with the other sign, in float64 at least."""
    words = random_words(4000, dtype, 4)
    z, mirrored = normals_of(level, words, dtype), normals_of(level, ~words, dtype)
    if dtype == "float32":  # where a word is rounded before 1/2 is added
        np.testing.assert_allclose(mirrored, -z, rtol=2**-19)
    else:
        assert_same_bits(mirrored, -z, level.name)


def test_largest_normals(level):
    """-Phi^-1(2^-65) and -Phi^-1(2^-33), of the first and the last word."""
    for dtype, largest in {"float64": 9.155293772686072, "float32": 6.337957859039307}.items():
        half = 2 ** (BITS[dtype] - 1)
        words = np.array([half, half - 1], UNSIGNED[dtype])
        np.testing.assert_allclose(normals_of(level, words, dtype), [-largest, largest], rtol=1e-7)


def test_order(level, dtype):
    """Larger words, as signed integers, make larger normals, but for rounding errors."""
    words = np.sort(random_words(20_000, dtype, 5).view(f"i{BITS[dtype] // 8}"))
    z = normals_of(level, words.view(UNSIGNED[dtype]), dtype).astype(np.float64)
    assert (np.diff(z) >= -4 * np.spacing(np.abs(z[1:]).astype(dtype))).all()


@functools.cache
def exact_normal(word: int, dtype: str) -> mpmath.mpf:
    """The quantile for t as rounded in the centre, and for p as rounded in the tails, in 160 bits."""
    bits = BITS[dtype]
    signed, p = (
        (twin.signed_uniform_float64, twin.tail_probability_float64)
        if bits == 64
        else (twin.signed_uniform_float32, twin.tail_probability_float32)
    )
    t = signed(word)
    if twin.is_tail(twin.complement_of_square(t)):
        z = mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * mpmath.mpf(float(p(word))))
        return -z if t < 0 else z
    return mpmath.sqrt(2) * mpmath.erfinv(mpmath.mpf(float(t)))


@pytest.mark.parametrize(
    ("n", "seed"),
    [(499, 6), *(pytest.param(1499, seed, marks=pytest.mark.slow) for seed in range(6, 17))],
)
def test_accuracy(level, dtype, n, seed):
    """Words of every magnitude, and the worst known."""
    stated = accuracy("standard_normal by inversion", dtype)
    worst = int(stated.worst_input[0], 16)
    words = np.append(random_words(n, dtype, seed), UNSIGNED[dtype](worst))
    errors = []
    for word, got in zip(words.tolist(), normals_of(level, words, dtype).tolist(), strict=True):
        want = exact_normal(word, dtype)
        unit = mpmath.mpf(2) ** (mpmath.frexp(want)[1] - PRECISION[dtype])
        errors.append(float(abs(got - want) / unit))
        assert errors[-1] <= stated.max_ulp, (
            f"{dtype}, {level.name}: {errors[-1]:.3f} ULP for word {word:#x}: got {got.hex()}, "
            f"want {float(want).hex()}"
        )
    assert errors[-1] == pytest.approx(stated.worst_ulp, abs=0.002), "the worst input known"


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.SFC64, np.random.Philox])
def test_words_of_a_bit_generator(level, dtype, bits, assert_same_bits):
    """Normal i is made of its word i, of 64 or 32 bits, whether drawn one by one or into an array."""
    source = np.random.Generator(bits(5))
    words = source.integers(0, 2 ** BITS[dtype], 6000, dtype=UNSIGNED[dtype])
    want = normals_of(level, words, dtype)
    stream = level.inversion.InversionStream(bits(5), dtype)
    drawn = [stream.draw(n).ravel() for n in (3, 0, 1, (2, 4), 512, 1025, ())]
    drawn.append(np.array([stream.next() for _ in range(5)], dtype))
    for n in (1, 700, 2048):
        out = np.empty(n, dtype)
        stream.fill(out)
        drawn.append(out)
    got = np.concatenate(drawn)
    assert_same_bits(got, want[: got.size], level.name)


@pytest.mark.parametrize(("loc", "scale"), [(0.0, 1.0), (1.5, 0.1), (-1e30, 1e-5), (0.0, -2.0)])
def test_loc_and_scale(level, dtype, loc, scale, assert_same_bits):
    """A sample is loc + scale z, in its dtype and rounded twice."""
    z = level.inversion.InversionStream(np.random.PCG64(3), dtype).draw(1100)
    kind = np.dtype(dtype).type
    want = kind(loc) + kind(scale) * z
    assert_same_bits(
        level.inversion.InversionStream(np.random.PCG64(3), dtype).draw((11, 100), loc, scale).ravel(),
        want,
        level.name,
    )


def test_what_cannot_be_filled_is_declined(level, dtype):
    """Another dtype, gaps, a large array or no array: False or None, and no word is drawn."""
    bits = np.random.PCG64(1)
    before = bits.state
    stream = level.inversion.InversionStream(bits, dtype)
    for out in (np.zeros(4, np.int64), np.zeros(8, dtype)[::2], [0.0], None, np.zeros(1 << 20, dtype)):
        assert stream.fill_at_once(out) is False
    for size in (1 << 20, (1 << 10, 1 << 10), (2, 1 << 62), -1, (3, -1), 1.5, (2.0,), None, "3", [2, 3]):
        assert stream.draw(size) is None
    assert bits.state == before


def test_wrong_words_are_rejected(level):
    """invert_words takes whole groups of words of the right type."""
    with pytest.raises(ValueError, match="multiple of 8"):
        level.inversion.invert_words(np.zeros(9, np.uint64), np.zeros(9))
    with pytest.raises(ValueError, match="z of shape"):
        level.inversion.invert_words(np.zeros(8, np.uint64), np.zeros(9))
    with pytest.raises(ValueError, match="words of shape"):
        level.inversion.invert_words(np.zeros(8, np.uint32), np.zeros(8))


def test_textbook():
    """The textbook's formula and the twin agree where 53 bits are enough."""
    word = 0x123456789ABCD000
    (z,) = twin.textbook_normals(1, lambda: 0.5 + word / 2**64)
    assert math.isclose(twin.normal_float64(word), z, rel_tol=1e-13)
