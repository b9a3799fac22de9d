"""The random stream: what each word is, and that it is the same however the stream is sliced."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from fastdist.reference import stream as twin

BLOCK, TILE = twin.BLOCK_WORDS, twin.TILE_WORDS
DOMAINS = {"float64": twin.FLOAT64_NORMALS, "float32": twin.FLOAT32_NORMALS}
FAR = 10**15
LAST_POSITION = 2**63 - 1
# first samples on and around the borders of tiles (1024 or 2048 samples) and blocks, and far away
PLACES = [0, 1, 1023, 1024, 1025, 2047, 2048, 3071, 4095, 4096, 4097, 8191, 8192, 8193, FAR, 2**63 - 12345]


def block_stream(level, dtype, key):
    return level.stream.BlockStream(key, DOMAINS[dtype], getattr(level.box_muller, dtype))


def word_stream(level, key):
    return level.stream.WordStream(key, threading.Lock())


def range_of(level, dtype, key, first, n):
    """Samples first .. first + n - 1, from a stream of its own."""
    out = np.empty(n, dtype)
    block_stream(level, dtype, key).fill_range(key, first, out)
    return out


@pytest.mark.parametrize(
    "counter", [(0, 0, 0, 0), (1, 2, 3, 4), (2**64 - 1, 5, 6, 2**64 - 1), (FAR, 271, 7, 8)]
)
@pytest.mark.parametrize("philox_key", [(0, 0), (1, 2**64 - 1), (0x0123456789ABCDEF, 0xFEDCBA9876543210)])
def test_philox_is_numpys(counter, philox_key):
    """The twin's Philox4x64 is that of ``numpy.random.Philox``, which increments its counter first."""
    before = (sum(word << 64 * i for i, word in enumerate(counter)) - 1) % 2**256
    generator = np.random.Philox(key=sum(word << 64 * i for i, word in enumerate(philox_key)))
    state = generator.state
    state["state"]["counter"] = np.array([before >> 64 * i & (2**64 - 1) for i in range(4)], np.uint64)
    generator.state = state
    assert tuple(generator.random_raw(4).tolist()) == twin.philox4x64(philox_key, counter)


def test_philox_known_answers():
    """The known answers published with Philox (Random123, kat_vectors, philox4x64 10)."""
    ones = 2**64 - 1
    assert twin.philox4x64((0, 0), (0, 0, 0, 0)) == (
        0x16554D9ECA36314C,
        0xDB20FE9D672D0FDC,
        0xD7E772CEE186176B,
        0x7E68B68AEC7BA23B,
    )
    assert twin.philox4x64((ones, ones), (ones, ones, ones, ones)) == (
        0x87B092C3013FE90B,
        0x438C3C67BE8D0224,
        0x9CC7D7C69CD777B6,
        0xA09CAEBF594F0BA0,
    )


def test_xoshiro256_known_answers():
    """Outputs of the authors' xoshiro256plusplus.c from the state 1, 2, 3, 4."""
    lane = twin.xoshiro256(1, 2, 3, 4)
    assert [next(lane) for _ in range(6)] == [
        41943041,
        58720359,
        3588806011781223,
        3591011842654386,
        9228616714210784205,
        9973669472204895162,
    ]


@pytest.mark.parametrize("first", PLACES)
def test_words(level, key, words_of_key, first, assert_same_bits):
    """The kernel's words are the twin's at every border."""
    out = np.empty(1500, np.uint64)
    word_stream(level, key).fill_range(key, first, out)
    want = np.array(twin.words(words_of_key, twin.RAW_WORDS, first, out.size), np.uint64)
    assert_same_bits(out, want, f"{level.name}, words from {first}")


def test_words_through_numpy(level, key, words_of_key):
    """NumPy's interface for bit generators hands out words, doubles and halves as the twin makes them."""
    generator = np.random.PCG64(0)  # its functions are replaced
    stream = word_stream(level, key)

    stream.install(generator.capsule)
    n = 2500
    words = twin.words(words_of_key, twin.RAW_WORDS, 0, 3 * n)
    assert generator.random_raw(n).tolist() == words[:n]
    assert stream.position == n
    doubles = np.random.Generator(generator).random(n)
    assert doubles.tolist() == twin.uniforms(words_of_key, n, n)
    # integers below 2^32 take one half each, the lower half of a word first
    halves = np.random.Generator(generator).integers(0, 2**32, n, dtype=np.uint32)
    assert halves.tolist() == twin.halves(words[2 * n :])[:n]


@pytest.mark.parametrize("first", PLACES[:-2])
def test_uniforms_float64(level, key, words_of_key, first):
    """float64 uniforms are the upper 53 bits of each word."""
    words = word_stream(level, key)
    out = np.empty(1100)
    level.stream.UniformStream(words).fill_range(key, first, out)
    want = twin.uniforms(words_of_key, first, out.size)
    assert out.tolist() == want
    words.position = first
    assert level.stream.UniformStream(words).fill_at_once(out[:700])
    assert level.stream.UniformStream(words).fill_at_once(out[700:])
    assert out.tolist() == want
    assert words.position == first + out.size


@pytest.mark.parametrize("sizes", [(5000,), (1, 1, 1, 1), (3, 4, 5), (2047, 1, 2049, 0, 3), (0, 1, 0, 4096)])
def test_uniforms_float32(level, key, words_of_key, sizes):
    """float32 uniforms are the upper 24 bits of each half; an odd one leaves a half for the next call."""
    words = word_stream(level, key)
    drawn = []
    for size in sizes:
        out = np.empty(size, np.float32)
        words.fill_float32(out)
        drawn += out.tolist()
    assert drawn == twin.uniforms_float32(words_of_key, 0, sum(sizes))
    assert (words.half is None) == (sum(sizes) % 2 == 0)


@pytest.mark.parametrize("dtype", DOMAINS)
@pytest.mark.parametrize("first", PLACES)
def test_position(level, dtype, key, first, assert_same_bits):
    """After ``position = i`` the next sample is sample i, and ``position`` says so."""
    want = range_of(level, dtype, key, first, 5000)
    stream = block_stream(level, dtype, key)
    stream.position = first
    assert stream.position == first
    assert_same_bits(stream.draw(5000), want, f"{level.name}, from {first}")
    assert stream.position == first + 5000
    stream.position = first
    assert [stream.next() for _ in range(3)] == want[:3].tolist()
    assert stream.position == first + 3


@pytest.mark.parametrize("dtype", DOMAINS)
def test_ranges_of_a_longer_range(level, dtype, key, assert_same_bits):
    """fill_range(first, n) is a pure function: any range equals that part of a longer one."""
    whole = range_of(level, dtype, key, 0, 20_000)
    stream = block_stream(level, dtype, key)
    stream.position = 77
    for first in (0, 1, 511, 1023, 1024, 2047, 2048, 4095, 4096, 8191, 8192, 10_000):
        for n in (0, 1, 2, 1023, 1024, 1025, 2049, 4096, 8193):
            out = np.empty(n, dtype)
            stream.fill_range(key, first, out)
            assert_same_bits(out, whole[first : first + n], f"{level.name}, {n} from {first}")
    assert stream.position == 77  # the stream stays where it is


@pytest.mark.parametrize("dtype", DOMAINS)
def test_one_stream_however_it_is_sliced(level, dtype, key, assert_same_bits):
    """Law 1: scalar draws, new arrays, given arrays and ranges of any sizes follow each other seamlessly."""
    n = 60_000
    whole = range_of(level, dtype, key, 0, n)
    got = np.empty(n, dtype)
    stream = block_stream(level, dtype, key)
    random = np.random.default_rng(3)
    sizes = [0, 1, 2, 15, 16, 17, 1023, 1024, 1025, 2047, 2048, 2049, 4096, 4097, 8191, 8192, 9000]
    start = 0
    while start < n:
        stop = min(n, start + int(random.choice(sizes)))
        way = random.integers(4)
        if way == 0:
            for i in range(start, min(stop, start + 40)):
                got[i] = stream.next()
            stop = min(stop, start + 40)
        elif way == 1:
            got[start:stop] = stream.draw(stop - start)
        elif way == 2:
            assert stream.fill_at_once(got[start:stop])
        else:
            assert stream.reserve(stop - start)[1] == start
            stream.fill_range(key, start, got[start:stop])
        start = stop
        assert stream.position == start
    assert_same_bits(got, whole, level.name)


def test_reserve(level, key):
    """``reserve(n)`` returns where the n samples start, and steps over them."""
    stream = block_stream(level, "float64", key)
    stream.next()
    assert stream.reserve(10_000)[1] == 1
    assert stream.position == 10_001
    assert stream.reserve(0)[1] == 10_001
    assert stream.next() == range_of(level, "float64", key, 10_001, 1)[0]


def test_domains_are_separate(level, key):
    """No two domains share a word, and the domain's number counts."""
    first = [twin.words(tuple(key.tolist()), domain, 0, BLOCK) for domain in range(3)]
    assert len({word for words in first for word in words}) == 3 * BLOCK


def test_each_word_of_the_key_counts(level, key):
    """Changing any bit of the key changes the stream, also of one that is restarted."""
    base = range_of(level, "float64", key, 0, 8)
    stream = block_stream(level, "float64", key)
    stream.position = 4
    for i in range(4):
        other = key.copy()
        other[i] ^= np.uint64(1 << (17 * i))
        assert not np.isin(range_of(level, "float64", other, 0, 8), base).any()
        stream.restart(other, 4)
        assert stream.key.tolist() == other.tolist()
        assert stream.position == 4
        assert stream.next() == range_of(level, "float64", other, 4, 1)[0]
        stream.position = 4


def test_block(level, key):
    """A block is 4096 words: as many float64 normals, twice as many float32 normals."""
    assert block_stream(level, "float64", key).block == BLOCK
    assert block_stream(level, "float32", key).block == 2 * BLOCK


def test_fill_at_once_declines_what_it_cannot_fill(level, key):
    """Another dtype, gaps in memory, read-only, no array, or a large one: False, and nothing is drawn."""
    stream = block_stream(level, "float64", key)
    read_only = np.zeros(4)
    read_only.flags.writeable = False
    swapped = np.zeros(4, np.dtype(np.float64).newbyteorder())
    unaligned = np.frombuffer(bytearray(33), np.uint8)[1:].view(np.float64)
    for out in (
        np.zeros(4, np.float32),
        np.zeros(8)[::2],
        read_only,
        swapped,
        unaligned,
        [0.0, 0.0],
        None,
        np.zeros(level.stream.UNDIVIDED),
    ):
        before = np.array(out, copy=True)
        assert stream.fill_at_once(out) is False
        np.testing.assert_array_equal(out, before)
    assert stream.position == 0
    assert stream.fill_at_once(np.zeros(level.stream.UNDIVIDED - 1))


# The end of the stream


@pytest.mark.parametrize("dtype", DOMAINS)
@pytest.mark.parametrize("left", [0, 1, 5, 1500, 5000])
def test_end_of_the_stream(level, dtype, key, left, assert_same_bits):
    """The last samples can be drawn in any way; one more is refused, and moves nothing."""
    first = LAST_POSITION - left
    want = range_of(level, dtype, key, first, left)
    for draw in (
        lambda stream: stream.draw(left),
        lambda stream: np.array([stream.next() for _ in range(left)], dtype),
        lambda stream: fill_at_once(stream, np.empty(left, dtype)),
        lambda stream: fill_reserved(stream, np.empty(left, dtype)),
    ):
        stream = block_stream(level, dtype, key)
        stream.position = first
        stream.require(left)
        for too_many in (
            lambda stream: stream.draw(left + 1),
            lambda stream: stream.fill_at_once(np.empty(left + 1, dtype)),
            lambda stream: stream.reserve(left + 1),
            lambda stream: stream.require(left + 1),
            lambda stream: stream.require(2**64 - 1),
        ):
            with pytest.raises(ValueError, match=f"from position {first} on are not there"):
                too_many(stream)
            assert stream.position == first
        assert_same_bits(draw(stream), want, level.name)
        assert stream.position == LAST_POSITION
        with pytest.raises(ValueError, match="the stream ends at 2\\*\\*63 - 1"):
            stream.next()


def fill_at_once(stream, out):
    assert stream.fill_at_once(out)
    return out


def fill_reserved(stream, out):
    key, first = stream.reserve(out.size)
    stream.fill_range(key, first, out)
    return out


def test_end_of_the_words(level, key):
    """As uniforms the last words are refused alike; NumPy's own draws begin anew after the last one."""
    words = word_stream(level, key)
    uniforms = level.stream.UniformStream(words)
    words.position = LAST_POSITION - 3
    for too_many in (
        lambda: uniforms.draw(4),
        lambda: uniforms.fill_at_once(np.empty(4)),
        lambda: uniforms.reserve(4),
        lambda: uniforms.require(4),
        lambda: words.fill_float32(np.empty(7, np.float32)),
    ):
        with pytest.raises(ValueError, match="4 samples from position"):
            too_many()
        assert words.position == LAST_POSITION - 3
    words.fill_float32(np.empty(5, np.float32))
    words.fill_float32(np.empty(1, np.float32))
    assert words.position == LAST_POSITION
    for draw in (words.next, uniforms.next):
        with pytest.raises(ValueError, match="1 samples from position"):
            draw()
    generator = np.random.PCG64(0)
    words.install(generator.capsule)
    drawn = generator.random_raw(3).tolist()
    first = twin.words(tuple(key.tolist()), twin.RAW_WORDS, 0, 2)
    assert drawn[1:] == first
    assert words.position == 2


@pytest.mark.parametrize("n", [1, 5, 1024, 3000, 20_000])
def test_after_the_last_word_comes_the_first(level, key, n):
    """Whoever draws them: one by one, as a small array, as whole tiles."""
    words = word_stream(level, key)
    uniforms = level.stream.UniformStream(words)
    generator = np.random.PCG64(0)
    words.install(generator.capsule)
    want = np.empty(n)
    uniforms.fill_range(key, 0, want)
    for draw in (uniforms.draw, lambda n: [uniforms.next() for _ in range(n)]):
        words.position = LAST_POSITION
        generator.random_raw()
        assert words.position == 0
        got = draw(n)
        if got is not None:  # not so many at once
            assert np.array_equal(got, want)
            assert words.position == n


# The key


@pytest.mark.parametrize("pool_size", [4, 5, 8, 11])
def test_key_of_pool(level, pool_size):
    """It is the state of NumPy's SeedSequence, for pools of any size; the twin's as well."""
    for seed in [0, 1, 2**32 - 1, 2**200, [1, 2, 3]]:
        sequence = np.random.SeedSequence(seed, pool_size=pool_size)
        want = sequence.generate_state(4, np.uint64)
        assert (level.stream.key_of_pool(sequence.pool) == want).all()
        assert twin.key_of_pool(sequence.pool.tolist()) == want.tolist()


def test_wrong_keys_are_rejected(level, key):
    """A key is four contiguous words."""
    for wrong in (key[:3], key.astype(np.int64), np.repeat(key, 2)[::2], key.astype(">u8")):
        with pytest.raises(ValueError, match=r"wanted is \(4,\), uint64"):
            block_stream(level, "float64", wrong)
