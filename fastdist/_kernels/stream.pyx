"""Positions in the random stream, as Python objects: what has been drawn, and what comes next.

The algorithm stands in stream.pxd.  Here a tile of finished samples is kept, so that a scalar call
takes the next one from memory, and a call for many takes what is left of it, writes whole tiles
straight into the caller's array, and keeps the rest of the last one.

But for the end of the stream, arguments are not checked here: fastdist/random/stream.py and
fastdist/random/generator.py do that.  Arrays are contiguous and of the dtype of the samples.
"""

from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

import numpy as np

cimport numpy as cnp
from numpy.random cimport bitgen_t

from fastdist._kernels.arrays cimport can_be_filled, data_of, data_of_key, small_array
from fastdist._kernels.environment cimport enter, environment, leave
from fastdist._kernels.uniform cimport one_uniform_float64, uniform_float32, uniform_float64

cnp.import_array()

# Fewer samples than this are written at once, with the GIL held.
UNDIVIDED = 1 << 14
cdef Py_ssize_t undivided = UNDIVIDED

cdef struct Buffer:
    BlockCursor cursor
    const Transform *transform          # how the buffered samples are made
    Py_ssize_t index                    # of the next sample in `samples`
    bint has_half                       # whether half a raw word, the upper one, is still to be drawn
    uint32_t half
    Tile samples


cdef void refill(Buffer *buffer) noexcept nogil:
    """Make the next tile of samples, and of words the first one after the last.

    Not inline: callers that take one word would set up the stack frame of a whole tile each time.
    """
    cdef environment caller = enter()
    if buffer.cursor.tile == END_TILE:
        buffer.cursor.tile = 0
    make_tile(&buffer.cursor, buffer.transform, <char *> &buffer.samples, 0, 1)
    buffer.index = 0
    leave(caller)


cdef void fill(
    Buffer *buffer, const Transform *transform, char *out, Py_ssize_t n, double loc, double scale
) noexcept nogil:
    """Write the next n samples; ``transform`` makes the output, from the buffered samples or from words."""
    cdef Py_ssize_t size = transform.itemsize
    cdef Py_ssize_t part = min(n, transform.samples - buffer.index)
    cdef environment caller = enter()
    transform.copy(<char *> &buffer.samples + buffer.index * buffer.transform.itemsize, out, part, loc, scale)
    buffer.index += part
    out += part * size
    n -= part
    part = n % transform.samples
    if n and buffer.cursor.tile == END_TILE:
        buffer.cursor.tile = 0
    fill_tiles(&buffer.cursor, transform, out, n - part, loc, scale)
    if part:
        refill(buffer)
        transform.copy(&buffer.samples, out + (n - part) * size, part, loc, scale)
        buffer.index = part
    leave(caller)


cdef bint is_small_array_of(const Transform *transform, object out):
    return can_be_filled(out, transform.typenum) and cnp.PyArray_SIZE(out) < undivided


cdef class BlockStream:
    """The samples of one domain of a key: every position in it is reached at once.

    Positions end at LAST_POSITION; what would move the stream beyond is refused, and moves nothing.
    """

    cdef Buffer buffer
    cdef readonly object transform      # what its words become, for another kernel

    def __init__(self, cnp.ndarray key, int domain, object transform):
        self.transform = transform
        self.buffer.transform = <const Transform *> PyCapsule_GetPointer(transform, "fastdist.Transform")
        self.buffer.cursor.domain = domain
        self.start(key)

    cdef int start(self, cnp.ndarray key) except -1:
        """Go to the first sample of a key."""
        memcpy(self.buffer.cursor.key, data_of_key(key), sizeof(self.buffer.cursor.key))
        self.buffer.cursor.tile = 0
        self.buffer.index = self.buffer.transform.samples
        return 0

    cdef uint64_t get_position(self) noexcept:
        cdef uint64_t samples = self.buffer.transform.samples
        return (self.buffer.cursor.tile - 1) * samples + <uint64_t> self.buffer.index

    cdef int check_left(self, uint64_t n) except -1:
        """Raise a ValueError unless the stream has n more samples."""
        cdef uint64_t position = self.get_position()
        if n > LAST_POSITION - position:
            raise ValueError(
                f"{n} samples from position {position} on are not there: the stream ends at 2**63 - 1")
        return 0

    def next(self):
        """The next sample, as a Python number."""
        self.check_left(1)
        if self.buffer.index == self.buffer.transform.samples:
            refill(&self.buffer)
        cdef Py_ssize_t i = self.buffer.index
        self.buffer.index = i + 1
        if self.buffer.transform.typenum == cnp.NPY_FLOAT64:
            return self.buffer.samples.float64[i]
        if self.buffer.transform.typenum == cnp.NPY_FLOAT32:
            return self.buffer.samples.float32[i]
        return self.buffer.samples.words[i]

    def draw(self, object size, double loc=0, double scale=1):
        """The next samples, as loc + scale z, in a new array; None unless size is a small int or tuple."""
        cdef object out = small_array(size, self.buffer.transform.typenum, undivided)
        if out is not None:
            self.fill_at_once(out, loc, scale)
        return out

    def fill_at_once(self, object out, double loc=0, double scale=1):
        """Write the next samples, as loc + scale z; or return False if ``out`` is large or no array for them.

        The GIL is kept, so that no other thread comes between.
        """
        if not is_small_array_of(self.buffer.transform, out):
            return False
        self.check_left(cnp.PyArray_SIZE(out))
        fill(&self.buffer, self.buffer.transform,
             <char *> cnp.PyArray_DATA(out), cnp.PyArray_SIZE(out), loc, scale)
        return True

    @property
    def key(self):
        """The four words that name the stream."""
        return np.array(self.words_of_key(), dtype=np.uint64)

    def words_of_key(self):
        """The same, as Python numbers."""
        cdef const uint64_t *key = self.buffer.cursor.key
        return [key[0], key[1], key[2], key[3]]

    @property
    def position(self):
        """How many samples come before the next one."""
        return self.get_position()

    @position.setter
    def position(self, uint64_t position):
        cdef uint64_t samples = self.buffer.transform.samples
        seek_tile(&self.buffer.cursor, position // samples)
        self.buffer.index = samples
        if position % samples:
            refill(&self.buffer)
            self.buffer.index = position % samples

    def restart(self, cnp.ndarray key not None, uint64_t position=0):
        """Go to a position in the stream of another key."""
        self.start(key)
        self.position = position

    @property
    def domain(self):
        """Which sequence of the key."""
        return self.buffer.cursor.domain

    @property
    def block(self):
        """Samples a block: work is best divided at multiples of it."""
        return TILES_PER_BLOCK * self.buffer.transform.samples

    def require(self, uint64_t n):
        """Raise a ValueError unless the stream has n more samples."""
        self.check_left(n)

    def reserve(self, uint64_t n):
        """Step over the next n samples, and return the key and where they start: the caller may fill them."""
        self.check_left(n)
        cdef uint64_t first = self.get_position()
        self.position = first + n
        return self.key, first

    def fill_range(
        self, cnp.ndarray key not None, uint64_t first, cnp.ndarray out not None, double loc=0, double scale=1
    ):
        """Write samples first, first + 1, ... of a key; the stream is not moved, and the GIL is released."""
        fill_range_of(self, self.buffer.transform, key, first, out, loc, scale)


cdef int fill_range_of(
    BlockStream stream, const Transform *transform, cnp.ndarray key, uint64_t first, cnp.ndarray out,
    double loc, double scale,
) except -1:
    cdef const uint64_t *words = data_of_key(key)
    cdef char *data = <char *> cnp.PyArray_DATA(out)
    cdef Py_ssize_t n = cnp.PyArray_SIZE(out)
    cdef Domain domain = <Domain> stream.buffer.cursor.domain
    cdef environment caller
    with nogil:
        caller = enter()
        fill_range(words, domain, transform, first, data, n, loc, scale)
        leave(caller)
    return 0


# What becomes of raw words: themselves, or uniforms.  A sample is what one word makes.

cdef void words_copy(const void *words, void *out, Py_ssize_t n, double loc, double scale) noexcept nogil:
    memcpy(out, words, n * sizeof(uint64_t))


cdef void float64_copy(const void *words, void *out, Py_ssize_t n, double loc, double scale) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        (<double *> out)[i] = uniform_float64((<const uint64_t *> words)[i])


cdef void float64_tile(const uint64_t *words, void *out, double loc, double scale) noexcept nogil:
    float64_copy(words, out, TILE_WORDS, loc, scale)


cdef void float32_copy(const void *words, void *out, Py_ssize_t n, double loc, double scale) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(2 * n):
        (<float *> out)[i] = uniform_float32(half_word(<const uint64_t *> words, i))


cdef void float32_tile(const uint64_t *words, void *out, double loc, double scale) noexcept nogil:
    float32_copy(words, out, TILE_WORDS, loc, scale)


cdef Transform WORDS = Transform(
    TILE_WORDS, sizeof(uint64_t), cnp.NPY_UINT64, False, NULL, words_copy)
cdef Transform FLOAT64 = Transform(
    TILE_WORDS, sizeof(double), cnp.NPY_FLOAT64, False, float64_tile, float64_copy)
cdef Transform FLOAT32_PAIRS = Transform(
    TILE_WORDS, 2 * sizeof(float), cnp.NPY_FLOAT32, False, float32_tile, float32_copy)


# Raw words through NumPy's interface for bit generators.  These functions cannot refuse: after the last word
# comes the first one again.

cdef inline uint64_t take_word(Buffer *words) noexcept nogil:
    if words.index == TILE_WORDS:
        refill(words)
    words.index += 1
    return words.samples.words[words.index - 1]


cdef inline uint32_t take_half(Buffer *words) noexcept nogil:
    """The lower half of the next word; then, in the next call, its upper half."""
    cdef uint64_t word
    if words.has_half:
        words.has_half = False
        return words.half
    word = take_word(words)
    words.has_half, words.half = True, word >> 32
    return <uint32_t> word


cdef uint64_t next_uint64(void *words) noexcept nogil:
    return take_word(<Buffer *> words)


cdef uint32_t next_uint32(void *words) noexcept nogil:
    return take_half(<Buffer *> words)


cdef double next_double(void *words) noexcept nogil:
    return one_uniform_float64(take_word(<Buffer *> words))


cdef class WordStream(BlockStream):
    """The raw words of a key, and the uniforms made of them.

    The lock is that of the bit generator, under which NumPy's Generator draws without the GIL.  `next` and
    `next_float32` take it; for all else the caller holds it.
    """

    cdef object lock

    def __init__(self, cnp.ndarray key not None, object lock):
        super().__init__(key, RAW_WORDS, PyCapsule_New(&WORDS, "fastdist.Transform", NULL))
        self.lock = lock

    cdef uint64_t get_position(self) noexcept:
        return BlockStream.get_position(self) & LAST_POSITION

    def install(self, object capsule):
        """Make a NumPy bit generator, given as its capsule, draw its words from here."""
        cdef bitgen_t *bitgen = <bitgen_t *> PyCapsule_GetPointer(capsule, "BitGenerator")
        bitgen.state = &self.buffer
        bitgen.next_uint64 = next_uint64
        bitgen.next_uint32 = next_uint32
        bitgen.next_double = next_double
        bitgen.next_raw = next_uint64

    def next(self):
        """The next word, drawn under the lock."""
        with self.lock:
            self.check_left(1)
            return take_word(&self.buffer)

    @property
    def half(self):
        """The 32 bits that a 32-bit draw has left over, or None."""
        return self.buffer.half if self.buffer.has_half else None

    @half.setter
    def half(self, half):
        self.buffer.has_half = half is not None
        self.buffer.half = half or 0

    def next_float32(self):
        """The next float32 uniform, as a Python number; drawn under the lock."""
        with self.lock:
            self.require_float32(1)
            return uniform_float32(take_half(&self.buffer))

    def require_float32(self, Py_ssize_t n):
        """Raise a ValueError unless the stream has words for n more float32 uniforms."""
        self.check_left((n - self.buffer.has_half + 1) // 2)

    def fill_float32(self, cnp.ndarray out):
        """Write the next uniforms in [0, 1), two of each word; the GIL is released."""
        cdef float *data = <float *> cnp.PyArray_DATA(out)
        cdef Py_ssize_t n = cnp.PyArray_SIZE(out)
        self.require_float32(n)
        with nogil:
            if n and self.buffer.has_half:
                data[0] = uniform_float32(take_half(&self.buffer))
                data += 1
                n -= 1
            fill(&self.buffer, &FLOAT32_PAIRS, <char *> data, n // 2, 0, 1)
            if n % 2:
                data[n - 1] = uniform_float32(take_half(&self.buffer))


cdef class UniformStream:
    """The same words as float64 uniforms in [0, 1), one of each.  Each call takes the lock."""

    cdef WordStream words

    def __init__(self, WordStream words not None):
        self.words = words

    @property
    def block(self):
        """Samples a block."""
        return self.words.block

    def next(self):
        """The next uniform, as a Python number."""
        with self.words.lock:
            self.words.check_left(1)
            return one_uniform_float64(take_word(&self.words.buffer))

    def draw(self, object size):
        """The next uniforms, in a new array; None unless its size is a small int or tuple of ints."""
        cdef object out = small_array(size, cnp.NPY_FLOAT64, undivided)
        if out is not None:
            self.fill(out)
        return out

    def fill_at_once(self, object out):
        """Write the next samples; or return False if ``out`` is large or no array for them."""
        if not is_small_array_of(&FLOAT64, out):
            return False
        self.fill(out)
        return True

    cdef int fill(self, cnp.ndarray out) except -1:
        cdef Py_ssize_t n = cnp.PyArray_SIZE(out)
        with self.words.lock:
            self.words.check_left(n)
            fill(&self.words.buffer, &FLOAT64, <char *> cnp.PyArray_DATA(out), n, 0, 1)
        return 0

    def require(self, uint64_t n):
        """Raise a ValueError unless there are n more samples."""
        with self.words.lock:
            self.words.check_left(n)

    def reserve(self, uint64_t n):
        """Step over the next n samples, and return the key and where they start."""
        with self.words.lock:
            return self.words.reserve(n)

    def fill_range(self, cnp.ndarray key not None, uint64_t first, cnp.ndarray out not None):
        """Write samples first, first + 1, ... of a key; the GIL is released."""
        fill_range_of(self.words, &FLOAT64, key, first, out, 0, 1)


# From a seed to a key

def key_of_pool(cnp.ndarray pool not None):
    """``seed_sequence.generate_state(4, numpy.uint64)`` of the pool of a SeedSequence, ten times faster."""
    cdef cnp.npy_intp n = cnp.PyArray_SIZE(pool), size = 4, i
    cdef const uint32_t *entropy = <const uint32_t *> data_of(pool, cnp.NPY_UINT32, (n,), "pool", False)
    cdef cnp.ndarray key = cnp.PyArray_EMPTY(1, &size, cnp.NPY_UINT64, False)
    cdef uint64_t *words = <uint64_t *> cnp.PyArray_DATA(key)
    cdef uint32_t multiplier = SEED_INIT, low
    for i in range(4):
        low = hash_entropy(entropy[2 * i % n], &multiplier)
        words[i] = low | <uint64_t> hash_entropy(entropy[(2 * i + 1) % n], &multiplier) << 32
    return key


# For Cython code elsewhere (fastdist/__init__.pxd)

cdef void fill_words(const uint64_t *key, uint64_t first, uint64_t *out, Py_ssize_t n) noexcept nogil:
    fill_range(key, RAW_WORDS, &WORDS, first, <char *> out, n, 0, 1)


cdef void fill_uniforms(const uint64_t *key, uint64_t first, double *out, Py_ssize_t n) noexcept nogil:
    fill_range(key, RAW_WORDS, &FLOAT64, first, <char *> out, n, 0, 1)
