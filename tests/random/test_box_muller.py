"""Box-Muller: the kernel of every instruction set gives the bits of the pure-Python twin."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fastdist.reference import box_muller as twin
from fastdist.reference import stream as twin_stream
from tests.support.remembered import remembered

TILE_WORDS = twin_stream.TILE_WORDS
DTYPES = ["float64", "float32"]
DOMAINS = {"float64": twin_stream.FLOAT64_NORMALS, "float32": twin_stream.FLOAT32_NORMALS}
TILE = {"float64": remembered(twin.tile_float64), "float32": remembered(twin.tile_float32)}
N = 9000  # more than a block of either dtype


@pytest.fixture(scope="module", params=DTYPES)
def dtype(request):
    return request.param


@pytest.fixture(scope="module")
def twin_normals(dtype, words_of_key):
    function = {"float64": twin.normals_float64, "float32": twin.normals_float32}[dtype]
    return np.array(function(words_of_key, 0, N), dtype)


def stream_of(level, dtype, key):
    return level.stream.BlockStream(key, DOMAINS[dtype], getattr(level.box_muller, dtype))


def test_first_samples(level, dtype, key, twin_normals, assert_same_bits):
    """The first 9000 samples are the twin's, drawn in order or filled as a range."""
    stream = stream_of(level, dtype, key)
    drawn = np.concatenate([stream.draw(N // 4) for _ in range(4)])
    assert_same_bits(drawn, twin_normals, f"{level.name}, draw")
    out = np.empty(N, dtype)
    stream_of(level, dtype, key).fill_range(key, 0, out)
    assert_same_bits(out, twin_normals, f"{level.name}, fill_range")


def words_at_edges(bits: int) -> list[int]:
    """Words at the ends of every interval of the algorithm, and their neighbours."""
    top, half = 2**bits - 1, 2 ** (bits - 1)
    words = {0, top, half - 1, half, half + 1}
    root = math.isqrt(2 ** (2 * bits - 1))  # u = sqrt(1/2)
    for k in range(bits):
        words |= {2**k - 1, 2**k, 2**k + 1, top - 2**k, top - 2**k + 1}  # u or 1 - u near a power of two
        # the mantissa of u near sqrt(1/2), where the exponent is decided; steps of half an ULP and more
        for last_bit in (0, bits - 53, bits - 24):
            step = 2 ** max(last_bit - k, 1)
            words |= {(root >> k) + j * step // 2 for j in range(-3, 4)}
    turn = 2 ** {64: 52, 32: 30}[bits]  # t = -1/4, 0, 1/4 and next to them, with each pair of signs
    for t in (0, 1, 2, 63, turn // 2 - 64, turn // 2 - 1, turn // 2, turn // 2 + 1, turn - 64, turn - 1):
        words |= {signs << (bits - 2) | t for signs in range(4)}
    return sorted(word for word in words if 0 <= word <= top)


def tiles_of(words: list[int], dtype: str) -> list[np.ndarray]:
    """Tiles in which every word makes radii and directions, neighbours coming from different places."""
    bits, width = {"float64": (64, TILE_WORDS), "float32": (32, 2 * TILE_WORDS)}[dtype]
    shuffled = np.random.default_rng(1).permutation(np.array(words, dtype=np.uint64))
    count = -(-len(words) // (width // 2)) * (width // 2)
    radii = np.resize(shuffled, count).reshape(-1, width // 2)
    directions = np.resize(shuffled[::-1], count).reshape(-1, width // 2)
    tiles = []
    for shift in (0, 1, 7):  # another direction for each radius
        for x, y in zip(radii, np.roll(directions, shift).reshape(radii.shape), strict=True):
            both = np.concatenate([x, y])
            if bits == 32:
                both = both[0::2] | both[1::2] << np.uint64(32)
            tiles.append(both)
    return tiles


def test_edges(level, dtype, assert_same_bits):
    """Words at the ends of all intervals, lanes mixed, give the twin's bits, and finite ones."""
    bits = {"float64": 64, "float32": 32}[dtype]
    for words in tiles_of(words_at_edges(bits), dtype):
        out = np.empty(TILE_WORDS * 64 // bits, dtype)
        level.box_muller.transform_tile(words, out)
        assert_same_bits(out, TILE[dtype](words.tolist()), f"{level.name}, edges")
        assert np.isfinite(out).all()


@pytest.mark.parametrize("word", [0, 2**64 - 1, 2**63, 2**63 - 1, 0x7FFFFFFF80000000])
def test_constant_tiles(level, dtype, word, assert_same_bits):
    """The same extreme word throughout."""
    words = np.full(TILE_WORDS, word, np.uint64)
    out = np.empty(TILE_WORDS * (2 if dtype == "float32" else 1), dtype)
    level.box_muller.transform_tile(words, out)
    assert_same_bits(out, TILE[dtype](words.tolist()), f"{level.name}, {word:#x}")


def test_largest_normals(level, dtype):
    """The largest |z| is sqrt(2 ln 2^65) = 9.49 for float64, sqrt(2 ln 2^33) = 6.76 for float32."""
    bits, doubles = {"float64": (65, 1), "float32": (33, 2)}[dtype]
    words = np.zeros(TILE_WORDS, np.uint64)  # u = 2^-bits
    if dtype == "float32":
        words[TILE_WORDS // 2 :] = 0x2000000020000000  # t = -1/4, where c - s = sqrt(2), as 0 is in float64
    out = np.empty(doubles * TILE_WORDS, dtype)
    level.box_muller.transform_tile(words, out)
    want = math.sqrt(2 * bits * math.log(2))
    assert out.max() == pytest.approx(want, rel=2e-7 if dtype == "float32" else 1e-15)


@pytest.mark.parametrize(("loc", "scale"), [(0.0, 1.0), (1.5, 0.1), (-1e30, 1e-5), (0.1, 3.0), (0.0, -2.0)])
def test_loc_and_scale(level, dtype, key, loc, scale, assert_same_bits):
    """A sample is loc + scale z, in its dtype and rounded twice, whichever way it is written."""
    z = stream_of(level, dtype, key).draw(5000)
    kind = np.dtype(dtype).type
    want = kind(loc) + kind(scale) * z
    assert want.dtype == dtype
    out = np.empty(5000, dtype)
    stream_of(level, dtype, key).fill_range(key, 0, out, loc, scale)
    assert_same_bits(out, want, f"{level.name}, fill_range")
    stream = stream_of(level, dtype, key)
    for start, stop in ((0, 1), (1, 700), (700, 701), (701, 4500), (4500, 4500), (4500, 5000)):
        assert stream.fill_at_once(out[start:stop], loc, scale)
    assert_same_bits(out, want, f"{level.name}, fill_at_once in pieces")


def test_wrong_sizes_are_rejected(level):
    """transform_tile takes exactly one tile."""
    for words, normals in ((1023, 1024), (1024, 1023), (0, 0), (1024, 2048)):
        with pytest.raises(ValueError, match=r"wanted is \(1024,\)"):
            level.box_muller.transform_tile(np.zeros(words, np.uint64), np.empty(normals))
