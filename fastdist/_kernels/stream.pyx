"""Places in the random stream, as Python objects: what has been drawn, and what comes next.

The algorithm stands in stream.pxd.  Here a tile of finished samples is kept, so that a scalar call
takes the next one from memory, and a call for many takes what is left of it, writes whole tiles
straight into the caller's array, and keeps the rest of the last one.

Arguments are not checked here: fastdist/stream.py and fastdist/generator.py do that.  Arrays are
contiguous and of the dtype of the samples.
"""

from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

import numpy as np

cimport numpy as cnp
from numpy.random cimport bitgen_t

from fastdist._kernels.uniform cimport uniform_float32, uniform_float64

cnp.import_array()

# Fewer samples than this are written at once, with the GIL held.
UNDIVIDED = 1 << 14
cdef Py_ssize_t undivided = UNDIVIDED

cdef struct Buffer:
    next_tile_function next_tile
    void *source
    const Transform *transform          # how the buffered samples are made
    Py_ssize_t index                    # of the next sample in `samples`
    Tile samples


cdef inline void refill(Buffer *buffer) noexcept nogil:
    cdef uint64_t words[TILE_WORDS]
    buffer.next_tile(buffer.source, words)
    buffer.transform.tile(words, &buffer.samples, 0, 1)
    buffer.index = 0


cdef void fill(
    Buffer *buffer, const Transform *transform, char *out, Py_ssize_t n, double loc, double scale
) noexcept nogil:
    """Write the next n samples; ``transform`` makes the output, from the buffered samples or from words."""
    cdef Py_ssize_t size = transform.itemsize
    cdef Py_ssize_t part = min(n, transform.samples - buffer.index)
    transform.copy(<char *> &buffer.samples + buffer.index * buffer.transform.itemsize, out, part, loc, scale)
    buffer.index += part
    out += part * size
    n -= part
    part = n % transform.samples
    fill_tiles(buffer.next_tile, buffer.source, transform, out, n - part, loc, scale)
    if part:
        refill(buffer)
        transform.copy(&buffer.samples, out + (n - part) * size, part, loc, scale)
        buffer.index = part


cdef class Stream:
    """Samples in order, from any source of words."""

    cdef Buffer buffer

    cdef void start(self, object transform, next_tile_function source_next, void *source):
        self.buffer.transform = <const Transform *> PyCapsule_GetPointer(transform, "fastdist.Transform")
        self.buffer.next_tile = source_next
        self.buffer.source = source
        self.buffer.index = self.buffer.transform.samples

    def next(self):
        """The next sample, as a Python number."""
        if self.buffer.index == self.buffer.transform.samples:
            refill(&self.buffer)
        cdef Py_ssize_t i = self.buffer.index
        self.buffer.index = i + 1
        if self.buffer.transform.typenum == cnp.NPY_FLOAT64:
            return self.buffer.samples.float64[i]
        if self.buffer.transform.typenum == cnp.NPY_FLOAT32:
            return self.buffer.samples.float32[i]
        return self.buffer.samples.words[i]

    def draw(self, cnp.npy_intp n):
        """The next n samples, in a new array."""
        cdef cnp.ndarray out = cnp.PyArray_EMPTY(1, &n, self.buffer.transform.typenum, False)
        fill(&self.buffer, self.buffer.transform, <char *> cnp.PyArray_DATA(out), n, 0, 1)
        return out

    def fill_at_once(self, object out, double loc=0, double scale=1):
        """Write the next samples, as loc + scale z; or return False if ``out`` is large or no array for them.

        The GIL is kept, so that no other thread comes between.
        """
        if not is_small_array_of(self.buffer.transform, out):
            return False
        fill(&self.buffer, self.buffer.transform,
             <char *> cnp.PyArray_DATA(out), cnp.PyArray_SIZE(out), loc, scale)
        return True


cdef bint is_small_array_of(const Transform *transform, object out):
    """Whether it is an array that can be filled as it lies: contiguous, writable, aligned, native."""
    return (isinstance(out, cnp.ndarray) and cnp.PyArray_TYPE(out) == transform.typenum
            and cnp.PyArray_ISONESEGMENT(out) and cnp.PyArray_ISBEHAVED(out)
            and cnp.PyArray_SIZE(out) < undivided)


cdef class BlockStream(Stream):
    """The samples of one domain of a key: every place in it is reached at once."""

    cdef BlockCursor cursor
    cdef readonly object transform      # what its words become, for another kernel

    def __init__(self, const uint64_t[::1] key, int domain, object transform):
        self.cursor.domain = domain
        self.transform = transform
        self.start(transform, next_tile, &self.cursor)
        self.key = key

    @property
    def key(self):
        """The four words that name the stream."""
        return np.array([self.cursor.key[i] for i in range(4)], dtype=np.uint64)

    @key.setter
    def key(self, const uint64_t[::1] key):
        cdef uint64_t position = self.position
        memcpy(self.cursor.key, &key[0], sizeof(self.cursor.key))
        self.position = position

    @property
    def position(self):
        """How many samples come before the next one."""
        cdef uint64_t samples = self.buffer.transform.samples
        return self.cursor.tile * samples + <uint64_t> self.buffer.index - samples

    @position.setter
    def position(self, uint64_t position):
        cdef uint64_t samples = self.buffer.transform.samples
        seek_tile(&self.cursor, position // samples)
        self.buffer.index = samples
        if position % samples:
            refill(&self.buffer)
            self.buffer.index = position % samples

    @property
    def domain(self):
        """Which sequence of the key."""
        return self.cursor.domain

    @property
    def block(self):
        """Samples a block: work is best divided at multiples of it."""
        return TILES_PER_BLOCK * self.buffer.transform.samples

    def reserve(self, uint64_t n):
        """Step over the next n samples, and return the key and where they start: the caller may fill them."""
        cdef uint64_t first = self.position
        self.position = first + n
        return self.key, first

    def fill_range(
        self, const uint64_t[::1] key, uint64_t first, cnp.ndarray out, double loc=0, double scale=1
    ):
        """Write samples first, first + 1, ... of a key; the stream is not moved, and the GIL is released."""
        fill_range_of(self, self.buffer.transform, key, first, out, loc, scale)


cdef fill_range_of(
    BlockStream stream, const Transform *transform, const uint64_t[::1] key, uint64_t first, cnp.ndarray out,
    double loc, double scale,
):
    cdef char *data = <char *> cnp.PyArray_DATA(out)
    cdef Py_ssize_t n = cnp.PyArray_SIZE(out)
    cdef Domain domain = <Domain> stream.cursor.domain
    with nogil:
        fill_range(&key[0], domain, transform, first, data, n, loc, scale)


cdef class SequentialStream(Stream):
    """Samples made of the words of any NumPy bit generator, whose lock the caller holds."""

    cdef object bit_generator       # keeps the source alive

    def __init__(self, object bit_generator, object transform):
        self.bit_generator = bit_generator
        self.start(transform, next_tile_of_bit_generator,
                   PyCapsule_GetPointer(bit_generator.capsule, "BitGenerator"))

    def fill(self, cnp.ndarray out, double loc=0, double scale=1):
        """Write the next samples, as loc + scale z."""
        cdef char *data = <char *> cnp.PyArray_DATA(out)
        cdef Py_ssize_t n = cnp.PyArray_SIZE(out)
        with nogil:
            fill(&self.buffer, self.buffer.transform, data, n, loc, scale)

    @property
    def buffered(self):
        """The samples that are made but not yet drawn, as bytes."""
        cdef Py_ssize_t size = self.buffer.transform.itemsize
        cdef char *start = <char *> &self.buffer.samples
        return start[self.buffer.index * size:self.buffer.transform.samples * size]

    @buffered.setter
    def buffered(self, bytes samples):
        cdef Py_ssize_t size = self.buffer.transform.itemsize
        self.buffer.index = self.buffer.transform.samples - len(samples) // size
        memcpy(<char *> &self.buffer.samples + self.buffer.index * size, <char *> samples, len(samples))


cdef void next_tile_of_bit_generator(void *source, uint64_t *words) noexcept nogil:
    cdef bitgen_t *bitgen = <bitgen_t *> source
    cdef Py_ssize_t i
    for i in range(TILE_WORDS):
        words[i] = bitgen.next_uint64(bitgen.state)


# What becomes of raw words: themselves, or uniforms.  A sample is what one word makes.

cdef void words_copy(const void *words, void *out, Py_ssize_t n, double loc, double scale) noexcept nogil:
    memcpy(out, words, n * sizeof(uint64_t))


cdef void words_tile(const uint64_t *words, void *out, double loc, double scale) noexcept nogil:
    words_copy(words, out, TILE_WORDS, loc, scale)


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
    TILE_WORDS, sizeof(uint64_t), cnp.NPY_UINT64, False, words_tile, words_copy)
cdef Transform FLOAT64 = Transform(
    TILE_WORDS, sizeof(double), cnp.NPY_FLOAT64, False, float64_tile, float64_copy)
cdef Transform FLOAT32_PAIRS = Transform(
    TILE_WORDS, 2 * sizeof(float), cnp.NPY_FLOAT32, False, float32_tile, float32_copy)


# Raw words through NumPy's interface for bit generators

cdef struct WordState:
    Buffer *buffer
    bint has_half           # whether the upper half of a word split in two is still to be drawn
    uint32_t half


cdef uint64_t next_uint64(void *state) noexcept nogil:
    cdef Buffer *buffer = (<WordState *> state).buffer
    if buffer.index >= TILE_WORDS:
        refill(buffer)
    buffer.index += 1
    return buffer.samples.words[buffer.index - 1]


cdef uint32_t next_uint32(void *state) noexcept nogil:
    cdef WordState *words = <WordState *> state
    cdef uint64_t word
    words.has_half = not words.has_half
    if not words.has_half:
        return words.half
    word = next_uint64(state)
    words.half = word >> 32
    return <uint32_t> word


cdef double next_double(void *state) noexcept nogil:
    return uniform_float64(next_uint64(state))


cdef class WordStream(BlockStream):
    """The raw words of a key, and the uniforms made of them.  The bit generator's lock guards it."""

    cdef WordState state

    def __init__(self, const uint64_t[::1] key):
        super().__init__(key, RAW_WORDS, PyCapsule_New(&WORDS, "fastdist.Transform", NULL))
        self.state.buffer = &self.buffer

    def install(self, object capsule):
        """Make a NumPy bit generator, given as its capsule, draw its words from here."""
        cdef bitgen_t *bitgen = <bitgen_t *> PyCapsule_GetPointer(capsule, "BitGenerator")
        bitgen.state = &self.state
        bitgen.next_uint64 = next_uint64
        bitgen.next_uint32 = next_uint32
        bitgen.next_double = next_double
        bitgen.next_raw = next_uint64

    @property
    def half(self):
        """The 32 bits that a 32-bit draw has left over, or None."""
        return self.state.half if self.state.has_half else None

    @half.setter
    def half(self, half):
        self.state.has_half = half is not None
        self.state.half = half or 0

    def fill_float32(self, cnp.ndarray out):
        """Write the next uniforms in [0, 1), two of each word; the GIL is released."""
        cdef float *data = <float *> cnp.PyArray_DATA(out)
        cdef Py_ssize_t n = cnp.PyArray_SIZE(out)
        with nogil:
            if n and self.state.has_half:
                data[0] = uniform_float32(next_uint32(&self.state))
                data += 1
                n -= 1
            fill(&self.buffer, &FLOAT32_PAIRS, <char *> data, n // 2, 0, 1)
            if n % 2:
                data[n - 1] = uniform_float32(next_uint32(&self.state))


cdef class UniformStream:
    """The same words as float64 uniforms in [0, 1), one of each."""

    cdef WordStream words

    def __init__(self, WordStream words not None):
        self.words = words

    @property
    def block(self):
        """Samples a block."""
        return self.words.block

    def reserve(self, uint64_t n):
        """Step over the next n samples, and return the key and where they start."""
        return self.words.reserve(n)

    def fill_at_once(self, object out):
        """Write the next samples; or return False if ``out`` is large or no array for them."""
        if not is_small_array_of(&FLOAT64, out):
            return False
        fill(&self.words.buffer, &FLOAT64, <char *> cnp.PyArray_DATA(out), cnp.PyArray_SIZE(out), 0, 1)
        return True

    def fill_range(self, const uint64_t[::1] key, uint64_t first, cnp.ndarray out):
        """Write samples first, first + 1, ... of a key; the GIL is released."""
        fill_range_of(self.words, &FLOAT64, key, first, out, 0, 1)


# For Cython code elsewhere (fastdist/__init__.pxd)

cdef void fill_words(const uint64_t *key, uint64_t first, uint64_t *out, Py_ssize_t n) noexcept nogil:
    fill_range(key, RAW_WORDS, &WORDS, first, <char *> out, n, 0, 1)


cdef void fill_uniforms(const uint64_t *key, uint64_t first, double *out, Py_ssize_t n) noexcept nogil:
    fill_range(key, RAW_WORDS, &FLOAT64, first, <char *> out, n, 0, 1)
