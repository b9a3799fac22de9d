"""The random stream: xoshiro256++ in sixteen lanes, cut into blocks that Philox makes seekable.

The twin of ``_kernels/stream.pxd``.  A key of four 64-bit words names a stream; a *domain* of it is one
endless sequence of words.  A domain is cut into blocks of 4096 words.  Word i of a block is output
i // 16 of lane i % 16, and lane l of block b of domain d starts from the four words that Philox4x64-10
gives for key (K0, K1) and counter (b, 256 d + l, K2, K3).

>>> key = (1, 2, 3, 4)
>>> words(key, RAW_WORDS, 4095, 2) == [block_words(key, RAW_WORDS, 0)[-1], block_words(key, RAW_WORDS, 1)[0]]
True
"""

from collections.abc import Iterator, Sequence

LANES = 16
TILE_WORDS = 1024
TILES_PER_BLOCK = 4
BLOCK_WORDS = TILES_PER_BLOCK * TILE_WORDS

RAW_WORDS, FLOAT64_NORMALS, FLOAT32_NORMALS = range(3)  # the domains

LOW_64 = 2**64 - 1  # & LOW_64: arithmetic modulo 2^64


def key_of_pool(pool: Sequence[int]) -> list[int]:
    """The key that the pool of a SeedSequence of NumPy makes: its ``generate_state(4, numpy.uint64)``.

    M. E. O'Neill, "Developing a seed_seq alternative" (2015): each word of the pool, in turn, is hashed with
    another multiplier, and two of these make a word of 64 bits.

    >>> [hex(word) for word in key_of_pool([1, 2, 3, 4])][:2]
    ['0xb29b437cd9583524', '0x6d11fb303eeaa1cc']
    """
    multiplier, halves = 0x8B51F9DD, []
    for i in range(8):
        word = pool[i % len(pool)] ^ multiplier
        multiplier = multiplier * 0x58F38DED & 0xFFFFFFFF
        word = word * multiplier & 0xFFFFFFFF
        halves.append(word ^ word >> 16)
    return [low | high << 32 for low, high in zip(halves[0::2], halves[1::2], strict=True)]


def philox4x64(key: tuple[int, int], counter: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Ten rounds of Philox4x64: four words that look random, from a key and a counter.

    A round multiplies two of the words by odd constants, and mixes the upper halves of the 128-bit
    products with the other two words and the key.
    J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, SC11 (2011), section 3.3.

    The authors' first known answer:

    >>> [hex(word) for word in philox4x64((0, 0), (0, 0, 0, 0))][:2]
    ['0x16554d9eca36314c', '0xdb20fe9d672d0fdc']
    """
    k0, k1 = key
    c0, c1, c2, c3 = counter
    for _ in range(10):
        high0, low0 = divmod(0xD2E7470EE14C6C93 * c0, 2**64)
        high1, low1 = divmod(0xCA5A826395121157 * c2, 2**64)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0 = (k0 + 0x9E3779B97F4A7C15) & LOW_64  # 2^64 / golden ratio
        k1 = (k1 + 0xBB67AE8584CAA73B) & LOW_64  # 2^64 (sqrt(3) - 1)
    return c0, c1, c2, c3


def rotate_left(x: int, k: int) -> int:
    """The 64 bits of x, the uppermost k of them moved to the lower end."""
    return (x << k | x >> (64 - k)) & LOW_64


def xoshiro256(s0: int, s1: int, s2: int, s3: int) -> Iterator[int]:
    """The outputs of xoshiro256++ 1.0 from a state of four words, without end.

    D. Blackman, S. Vigna, ACM TOMS 47 (2021), figure 4.

    >>> lane = xoshiro256(1, 2, 3, 4)
    >>> next(lane), next(lane)
    (41943041, 58720359)
    """
    while True:
        yield (rotate_left((s0 + s3) & LOW_64, 23) + s0) & LOW_64
        s2 ^= s0
        s3 ^= s1
        s0, s1, s2, s3 = s0 ^ s3, s1 ^ s2, s2 ^ (s1 << 17 & LOW_64), rotate_left(s3, 45)


def block_words(key: Sequence[int], domain: int, block: int) -> list[int]:
    """The 4096 words of a block: a step of every lane, then the next step of every lane."""
    lanes = [
        xoshiro256(*philox4x64((key[0], key[1]), (block, 256 * domain + lane, key[2], key[3])))
        for lane in range(LANES)
    ]
    return [next(lane) for _ in range(BLOCK_WORDS // LANES) for lane in lanes]


def words(key: Sequence[int], domain: int, first: int, n: int) -> list[int]:
    """Words first .. first + n - 1 of a domain."""
    first_block, skip = divmod(first, BLOCK_WORDS)
    found: list[int] = []
    for block in range(first_block, (first + n - 1) // BLOCK_WORDS + 1):
        found += block_words(key, domain, block)
    return found[skip : skip + n]


def halves(words: Sequence[int]) -> list[int]:
    """The 32-bit halves of words in order, the lower half of each first.

    >>> [hex(half) for half in halves([0x0123456789ABCDEF])]
    ['0x89abcdef', '0x1234567']
    """
    return [half for word in words for half in (word & 0xFFFFFFFF, word >> 32)]


def uniforms(key: Sequence[int], first: int, n: int) -> list[float]:
    """Uniforms first .. first + n - 1 in [0, 1): the upper 53 bits of a word, times 2^-53."""
    return [(word >> 11) * 2.0**-53 for word in words(key, RAW_WORDS, first, n)]


def uniforms_float32(key: Sequence[int], first: int, n: int) -> list[float]:
    """float32 uniforms first .. first + n - 1 in [0, 1): the upper 24 bits of half a word, times 2^-24."""
    first_word, skip = divmod(first, 2)
    both = halves(words(key, RAW_WORDS, first_word, (skip + n + 1) // 2))
    return [(half >> 8) * 2.0**-24 for half in both[skip : skip + n]]
