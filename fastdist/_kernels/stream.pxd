"""The random stream: xoshiro256++ in sixteen lanes, cut into blocks that Philox makes seekable.

A *domain* is one endless sequence of 64-bit words: RAW_WORDS feeds uniforms and integers,
FLOAT64_NORMALS and FLOAT32_NORMALS feed the normals of each dtype, so that drawing from one never
moves another.  A domain is cut into *blocks* of 4096 words and a block into 4 *tiles* of 1024, the unit
in which the kernels work: a tile of words and what is made of it stay in the L1 cache.

Word i of a block is output i // 16 of lane i % 16.  Lane l of block b of domain d starts from the four
words that Philox4x64-10 gives for key (K0, K1) and counter (b, 256 d + l, K2, K3).  So any block is
reached in constant time, and blocks are independent work for threads and machines.  The number of
lanes belongs to the algorithm, not to the width of a vector register.

xoshiro256++ 1.0: D. Blackman, S. Vigna, ACM TOMS 47 (2021).
Philox: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, SC11 (2011).
"""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

cdef extern from *:
    """
    #ifndef WORDS_BIGENDIAN             /* pyconfig.h defines it as 1 where it holds */
    #define WORDS_BIGENDIAN 0
    #endif
    #ifndef __SIZEOF_INT128__
    #error "a GCC or clang for a 64-bit platform is needed"
    #endif
    """
    const int WORDS_BIGENDIAN
    # of GCC and clang
    void prefetch "__builtin_prefetch"(const void *address, int for_writing, int locality) noexcept nogil
    ctypedef unsigned long long uint128_t "unsigned __int128"
    const uint64_t LAST_POSITION "0x7FFFFFFFFFFFFFFFULL"     # 2^63 - 1
    const uint64_t END_TILE "0x20000000000000ULL"            # after the last tile of words: 2^63 / TILE_WORDS
    # of numpy.random.SeedSequence, which promises not to change
    const uint32_t SEED_INIT "0x8B51F9DDU"
    const uint32_t SEED_MULTIPLIER "0x58F38DEDU"

cdef enum:
    LANES = 16
    TILE_WORDS = 1024
    TILES_PER_BLOCK = 4
    CACHE_LINE = 64         # bytes
    CACHE = 1 << 20         # bytes: what lies beyond is fetched in time, from L3 or memory

cdef enum Domain:
    RAW_WORDS
    FLOAT64_NORMALS
    FLOAT32_NORMALS

cdef struct BlockCursor:
    uint64_t key[4]
    uint64_t domain
    uint64_t tile           # the tile of the domain that comes next
    uint64_t lanes[4][LANES]

cdef union Tile:
    # The samples that one tile of words becomes.
    uint64_t words[TILE_WORDS]
    double float64[TILE_WORDS]
    float float32[2 * TILE_WORDS]

cdef struct Transform:
    # What a tile of words becomes.
    Py_ssize_t samples      # samples made of one tile
    Py_ssize_t itemsize     # bytes a sample
    int typenum             # NumPy's number of their type
    bint prefetch           # whether a tile takes so long that memory can be fetched meanwhile
    # all samples of a tile, as loc + scale z; NULL if the words are the samples
    void (*tile)(const uint64_t *words, void *samples, double loc, double scale) noexcept nogil
    # n samples that an earlier tile(words, samples, 0, 1) made, as loc + scale z
    void (*copy)(const void *samples, void *out, Py_ssize_t n, double loc, double scale) noexcept nogil


cdef inline uint32_t hash_entropy(uint32_t entropy, uint32_t *multiplier) noexcept nogil:
    """A word of a SeedSequence's state: M. E. O'Neill, "Developing a seed_seq alternative" (2015)."""
    entropy ^= multiplier[0]
    multiplier[0] *= SEED_MULTIPLIER
    entropy *= multiplier[0]
    return entropy ^ entropy >> 16


cdef inline uint32_t half_word(const uint64_t *words, Py_ssize_t i) noexcept nogil:
    """Half i of the words in order, the lower half of each first."""
    cdef uint32_t half
    memcpy(&half, <const char *> words + sizeof(half) * (i ^ WORDS_BIGENDIAN), sizeof(half))
    return half


cdef inline uint64_t rotate_left(uint64_t x, int k) noexcept nogil:
    return (x << k) | (x >> (64 - k))


cdef inline uint64_t multiply_high(uint64_t a, uint64_t b) noexcept nogil:
    """Upper half of the 128-bit product."""
    return <uint64_t> (<uint128_t> a * b >> 64)


cdef inline void seed_block(BlockCursor *cursor, uint64_t block) noexcept nogil:
    """Ten rounds of Philox4x64 give the state of each lane at the start of a block."""
    cdef uint64_t M0 = 0xD2E7470EE14C6C93ULL, M1 = 0xCA5A826395121157ULL
    cdef uint64_t W0 = 0x9E3779B97F4A7C15ULL, W1 = 0xBB67AE8584CAA73BULL
    cdef uint64_t c0, c1, c2, c3, k0, k1, high0, high1
    cdef Py_ssize_t lane
    for lane in range(LANES):
        c0, c1, c2, c3 = block, 256 * cursor.domain + lane, cursor.key[2], cursor.key[3]
        k0, k1 = cursor.key[0], cursor.key[1]
        for _ in range(10):
            high0, high1 = multiply_high(M0, c0), multiply_high(M1, c2)
            c0, c1, c2, c3 = high1 ^ c1 ^ k0, M1 * c2, high0 ^ c3 ^ k1, M0 * c0
            k0, k1 = k0 + W0, k1 + W1
        cursor.lanes[0][lane] = c0
        cursor.lanes[1][lane] = c1
        cursor.lanes[2][lane] = c2
        cursor.lanes[3][lane] = c3


cdef inline void next_tile(BlockCursor *cursor, uint64_t *words) noexcept nogil:
    """Write the next tile of the domain: 64 steps of xoshiro256++ in each lane."""
    cdef uint64_t lanes[4][LANES]       # a copy that nothing else can point to: it vectorises
    cdef uint64_t s0, s1, s2, s3
    cdef Py_ssize_t step, lane, word
    if cursor.tile % TILES_PER_BLOCK == 0:
        seed_block(cursor, cursor.tile // TILES_PER_BLOCK)
    # Copied by loops: GCC makes "rep movs" of memcpy, which is slow, and GCC 12 may lose stores before it.
    for word in range(4):
        for lane in range(LANES):
            lanes[word][lane] = cursor.lanes[word][lane]
    for step in range(TILE_WORDS // LANES):
        for lane in range(LANES):
            s0, s1, s2, s3 = lanes[0][lane], lanes[1][lane], lanes[2][lane], lanes[3][lane]
            words[LANES * step + lane] = rotate_left(s0 + s3, 23) + s0
            s2 ^= s0
            s3 ^= s1
            lanes[0][lane] = s0 ^ s3
            lanes[1][lane] = s1 ^ s2
            lanes[2][lane] = s2 ^ (s1 << 17)
            lanes[3][lane] = rotate_left(s3, 45)
    for word in range(4):
        for lane in range(LANES):
            cursor.lanes[word][lane] = lanes[word][lane]
    cursor.tile += 1


cdef inline void seek_tile(BlockCursor *cursor, uint64_t tile) noexcept nogil:
    """Make ``tile`` the next one: to the start of its block, then over the tiles before it."""
    cdef uint64_t skipped[TILE_WORDS]
    cursor.tile = tile - tile % TILES_PER_BLOCK
    while cursor.tile < tile:
        next_tile(cursor, skipped)


cdef inline void make_tile(
    BlockCursor *cursor, const Transform *transform, char *out, double loc, double scale
) noexcept nogil:
    """Write the samples of the next tile."""
    cdef uint64_t words[TILE_WORDS]
    if transform.tile == NULL:
        next_tile(cursor, <uint64_t *> out)
    else:
        next_tile(cursor, words)
        transform.tile(words, out, loc, scale)


cdef inline void fill_tiles(
    BlockCursor *cursor, const Transform *transform, char *out, Py_ssize_t n, double loc, double scale,
) noexcept nogil:
    """Write n samples, whole tiles of them straight to ``out``: it is written once."""
    cdef Py_ssize_t size = transform.samples * transform.itemsize
    cdef bint prefetched = transform.prefetch and n * transform.itemsize > CACHE
    cdef Py_ssize_t line
    while n >= transform.samples:
        if prefetched:      # the lines of this tile come while its words are made
            for line in range(size // CACHE_LINE):
                prefetch(out + line * CACHE_LINE, 1, 3)
        make_tile(cursor, transform, out, loc, scale)
        out += size
        n -= transform.samples


cdef inline void fill_range(
    const uint64_t *key, Domain domain, const Transform *transform,
    uint64_t first, char *out, Py_ssize_t n, double loc, double scale,
) noexcept nogil:
    """Write samples first .. first + n - 1 of a domain: a pure function of the key."""
    cdef BlockCursor cursor
    cdef Tile samples
    cdef Py_ssize_t skip = first % <uint64_t> transform.samples
    cdef Py_ssize_t whole, part
    if n <= 0:
        return
    memcpy(cursor.key, key, sizeof(cursor.key))
    cursor.domain = domain
    seek_tile(&cursor, first // <uint64_t> transform.samples)
    if skip:
        part = min(n, transform.samples - skip)
        make_tile(&cursor, transform, <char *> &samples, loc, scale)
        memcpy(out, <char *> &samples + skip * transform.itemsize, part * transform.itemsize)
        out += part * transform.itemsize
        n -= part
    whole = n - n % transform.samples
    fill_tiles(&cursor, transform, out, whole, loc, scale)
    if n > whole:
        make_tile(&cursor, transform, <char *> &samples, loc, scale)
        memcpy(out + whole * transform.itemsize, &samples, (n - whole) * transform.itemsize)


cdef void fill_words(const uint64_t *key, uint64_t first, uint64_t *out, Py_ssize_t n) noexcept nogil
cdef void fill_uniforms(const uint64_t *key, uint64_t first, double *out, Py_ssize_t n) noexcept nogil
