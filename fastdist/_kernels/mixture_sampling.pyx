"""Samples of Gaussian mixtures: which component, and then a normal of that component alone.

    k = number of  cumulative[j] <= u,  j < K - 1,      u uniform in [0, 1)
    x = mean[k] + L[k] z                                (multivariate_sampling.pxd)

cumulative[j] is the sum of the weights up to the j-th.  Row r is made of word r of the stream and of the
normals r d ... r d + d - 1, whatever its component: so it depends on no other row.

Rows are mapped where they lie.  Of longer ones, those of the same component are taken together, wherever they
are, and share each load of L.
"""

from cpython.mem cimport PyMem_RawFree
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy, memset

cimport cython
cimport numpy as cnp

from fastdist._kernels.arrays cimport data_of, data_of_key
from fastdist._kernels.environment cimport enter, environment, leave
from fastdist._kernels.mathematics cimport fused_multiply_add
from fastdist._kernels.multivariate_sampling cimport (
    LONGEST_SHORT, end_of_piece, first_of_panel, is_short, load, place_of_panel)
from fastdist._kernels.panel cimport LANES, ROWS
from fastdist._kernels.room cimport aligned, make_room
from fastdist._kernels.stream cimport RAW_WORDS, TILE_WORDS, TILES_PER_BLOCK, Domain, Transform, fill_range
from fastdist._kernels.uniform cimport uniform_float64

cnp.import_array()

cdef enum:
    FEW = 64                # components that are all compared with
    ROWS_OF_GROUP = 1024    # among which rows of the same component are found
    TOGETHER = 64           # rows of a component at a time
    LEAST = 1 << 15         # normals at a time, which stay in the cache

cdef struct Components:
    Py_ssize_t count
    Py_ssize_t d
    bint diagonal
    double *cumulative
    double *means           # each behind LANES numbers that idle lanes read
    double *factors         # deviations; L of short rows; panels of L of long ones
    Py_ssize_t factor       # numbers of one
    void *room

cdef struct Room:
    double *uniforms
    int64_t *counts         # rows of each component
    int64_t *order          # rows of a group, component after component
    double *idle            # a block of rows for those that a component lacks
    void *room


# The component

cdef void uniforms_of_tile(const uint64_t *words, void *samples, double loc, double scale) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(TILE_WORDS):
        (<double *> samples)[i] = uniform_float64(words[i])


cdef Transform UNIFORMS
UNIFORMS.samples, UNIFORMS.itemsize, UNIFORMS.typenum = TILE_WORDS, sizeof(double), cnp.NPY_FLOAT64
UNIFORMS.tile = &uniforms_of_tile


cdef inline void choose(
    const Components *components, const double *uniforms, Py_ssize_t n, int64_t *labels
) noexcept nogil:
    """The component of each uniform."""
    cdef Py_ssize_t last = components.count - 1, row, k
    cdef Py_ssize_t low, high, middle
    if components.count <= FEW:
        for row in range(n):
            labels[row] = 0
        for k in range(last):
            for row in range(n):
                labels[row] += components.cumulative[k] <= uniforms[row]
        return
    for row in range(n):
        low, high = 0, last
        while low < high:
            middle = (low + high) // 2
            if components.cumulative[middle] <= uniforms[row]:
                low = middle + 1
            else:
                high = middle
        labels[row] = low


# The map

cdef inline void map_short(
    const Components *components, const int64_t *labels, double *z, Py_ssize_t n, Py_ssize_t d
) noexcept nogil:
    """x[i] = mean[i] + sum over j <= i of L[i][j] z[j]:  rows of ``d`` numbers, a literal, in place."""
    cdef double x[LONGEST_SHORT]
    cdef const double *mean
    cdef const double *factor
    cdef double total
    cdef Py_ssize_t row, i, j
    for row in range(n):
        mean = components.means + labels[row] * (LANES + d) + LANES
        factor = components.factors + labels[row] * (d * d)
        for i in range(d):
            total = 0
            for j in range(i + 1):
                total = fused_multiply_add(factor[i * d + j], z[row * d + j], total)
            x[i] = mean[i] + total
        for i in range(d):
            z[row * d + i] = x[i]


cdef inline void map_diagonal(
    const Components *components, const int64_t *labels, double *z, Py_ssize_t n, Py_ssize_t d
) noexcept nogil:
    """x[i] = mean[i] + deviation[i] z[i],  in place."""
    cdef const double *mean
    cdef const double *deviation
    cdef Py_ssize_t row, i
    for row in range(n):
        mean = components.means + labels[row] * (LANES + d) + LANES
        deviation = components.factors + labels[row] * d
        for i in range(d):
            z[row * d + i] = mean[i] + deviation[i] * z[row * d + i]


cdef inline void multiply_rows(
    double **rows, const double *panel, Py_ssize_t first, const double *shift
) noexcept nogil:
    """LANES numbers of ROWS rows, from the ``first`` on: as in multivariate_sampling.pxd, but anywhere."""
    cdef double sums[ROWS * LANES]
    cdef const double *z[ROWS]
    cdef Py_ssize_t i, k, lane
    for i in range(ROWS):
        z[i] = rows[i]
    for lane in range(ROWS * LANES):
        sums[lane] = 0
    for k in range(first + LANES):
        for i in range(ROWS):
            for lane in range(LANES):
                sums[i * LANES + lane] = fused_multiply_add(
                    z[i][k], panel[k * LANES + lane], sums[i * LANES + lane])
    for i in range(ROWS):
        for lane in range(LANES):
            sums[i * LANES + lane] += shift[lane]
    for i in range(ROWS):
        if first >= 0:
            memcpy(rows[i] + first, sums + i * LANES, LANES * sizeof(double))
        else:
            for lane in range(first + LANES):
                rows[i][lane] = sums[i * LANES - first + lane]


cdef void map_together(
    const Components *components, const int64_t *order, Py_ssize_t n, Py_ssize_t k, double *z, double *idle
) noexcept nogil:
    """n rows of component k, in place; the last block has some idle ones."""
    cdef Py_ssize_t d = components.d, panel, block, row, i, first
    cdef const double *factor = components.factors + k * components.factor
    cdef const double *mean = components.means + k * (LANES + d) + LANES
    cdef double *rows[ROWS]
    for panel in range((d + LANES - 1) // LANES - 1, -1, -1):
        first = first_of_panel(d, panel)
        memset(idle, 0, ROWS * d * sizeof(double))
        for block in range((n + ROWS - 1) // ROWS):
            for i in range(ROWS):
                row = ROWS * block + i
                rows[i] = z + order[row] * d if row < n else idle + i * d
            multiply_rows(rows, factor + place_of_panel(d, panel), first, mean + first)


cdef inline void map_group(
    const Components *components, const int64_t *labels, double *z, Py_ssize_t n, Room *room
) noexcept nogil:
    """Up to ROWS_OF_GROUP rows, in place, component after component (their order is a counting sort's)."""
    cdef int64_t *ends = room.counts
    cdef Py_ssize_t row, k, first, stop, rows
    memset(ends, 0, components.count * sizeof(int64_t))
    for row in range(n):
        ends[labels[row]] += 1
    for k in range(1, components.count):
        ends[k] += ends[k - 1]
    for row in range(n - 1, -1, -1):        # now ends become starts
        ends[labels[row]] -= 1
        room.order[ends[labels[row]]] = row
    for k in range(components.count):
        first = ends[k]
        stop = ends[k + 1] if k + 1 < components.count else n
        while first < stop:
            rows = min(<Py_ssize_t> TOGETHER, stop - first)
            map_together(components, room.order + first, rows, k, z, room.idle)
            first += rows


cdef inline void map_rows(
    const Components *components, const int64_t *labels, double *z, Py_ssize_t n, Room *room
) noexcept nogil:
    """Rows of standard normals become rows of their components, in place."""
    cdef Py_ssize_t d = components.d, group, first
    if components.diagonal and d == 1:
        map_diagonal(components, labels, z, n, 1)
    elif components.diagonal and d == 2:
        map_diagonal(components, labels, z, n, 2)
    elif components.diagonal and d == 3:
        map_diagonal(components, labels, z, n, 3)
    elif components.diagonal:
        map_diagonal(components, labels, z, n, d)
    elif d == 1:
        map_short(components, labels, z, n, 1)
    elif d == 2:
        map_short(components, labels, z, n, 2)
    elif d == 3:
        map_short(components, labels, z, n, 3)
    elif d == 4:
        map_short(components, labels, z, n, 4)
    elif d == LONGEST_SHORT:
        map_short(components, labels, z, n, LONGEST_SHORT)
    elif d > 0:
        for group in range((n + ROWS_OF_GROUP - 1) // ROWS_OF_GROUP):
            first = group * ROWS_OF_GROUP
            map_group(
                components, labels + first, z + first * d, min(<Py_ssize_t> ROWS_OF_GROUP, n - first), room)


cdef void fill_rows(
    const Components *components, const uint64_t *key, Domain domain, const Transform *normals,
    uint64_t first_word, uint64_t first_normal, double *out, int64_t *labels, Py_ssize_t n, Room *room
) noexcept nogil:
    """n rows of the stream, some at a time, while what is drawn lies in the cache."""
    cdef Py_ssize_t d = components.d, filled = 0, done = 0, end = 0, rows
    while done < n:
        if d:
            end = end_of_piece(normals, first_normal, filled, n * d, max(<Py_ssize_t> LEAST, TOGETHER * d))
        fill_range(
            key, domain, normals, first_normal + <uint64_t> filled, <char *> (out + filled), end - filled,
            0, 1)
        filled = end
        rows = filled // d - done if d else min(<Py_ssize_t> LEAST, n - done)
        fill_range(
            key, RAW_WORDS, &UNIFORMS, first_word + <uint64_t> done, <char *> room.uniforms, rows, 0, 1)
        choose(components, room.uniforms, rows, labels + done)
        map_rows(components, labels + done, out + done * d, rows, room)
        done += rows


# Room

cdef Py_ssize_t rows_at_a_time(Py_ssize_t d) noexcept nogil:
    """At most: a piece may end a block of normals beyond, and begin within a row."""
    if d == 0:
        return LEAST
    return (max(<Py_ssize_t> LEAST, TOGETHER * d) + TILES_PER_BLOCK * TILE_WORDS) // d + 2


cdef bint make_room_for(Room *room, Py_ssize_t count, Py_ssize_t d) noexcept nogil:
    """Room for a call; or False, with a MemoryError."""
    cdef Py_ssize_t uniforms = rows_at_a_time(d)
    room.room = make_room(
        (uniforms + ROWS * d) * sizeof(double) + (count + ROWS_OF_GROUP) * sizeof(int64_t))
    if room.room == NULL:
        return False
    room.idle = <double *> aligned(room.room)
    room.uniforms = room.idle + ROWS * d
    room.counts = <int64_t *> (room.uniforms + uniforms)
    room.order = room.counts + count
    return True


cdef bint load_components(
    Components *components, const double *cumulative, const double *means, const double *factors,
    Py_ssize_t given
) noexcept nogil:
    """Copies, of factors one for each component; or False, with a MemoryError."""
    cdef Py_ssize_t count = components.count, d = components.d, k, i, which
    components.factor = d if components.diagonal else d * d
    if not components.diagonal and not is_short(d):
        components.factor = place_of_panel(d, (d + LANES - 1) // LANES)
    components.room = make_room(
        (count * (components.factor + LANES + d) + count) * sizeof(double))
    if components.room == NULL:
        return False
    components.factors = <double *> aligned(components.room)
    components.means = components.factors + count * components.factor
    components.cumulative = components.means + count * (LANES + d)
    memcpy(components.cumulative, cumulative, count * sizeof(double))
    for k in range(count):
        which = k if given > 1 else 0
        if components.diagonal:
            for i in range(d):
                # no -0, as in load
                components.means[k * (LANES + d) + LANES + i] = means[k * d + i] + <double> 0
                components.factors[k * d + i] = factors[which * d + i]
        else:
            load(means + k * d, factors + which * d * d, d, components.means + k * (LANES + d),
                 components.factors + k * components.factor)
    return True


# For Python

@cython.final
cdef class MixtureSampler:
    """Components from which rows are drawn; the GIL is released in each call."""

    cdef Components own

    def __cinit__(
        self, cnp.ndarray cumulative not None, cnp.ndarray means not None, cnp.ndarray factors not None
    ):
        if cnp.PyArray_NDIM(means) != 2 or cnp.PyArray_NDIM(factors) not in (2, 3):
            raise ValueError("means must be of shape (K, d), factors (K, d), (K, d, d) or (1, d, d)")
        cdef Py_ssize_t count = means.shape[0], d = means.shape[1], given = factors.shape[0]
        self.own.count, self.own.d = count, d
        self.own.diagonal = cnp.PyArray_NDIM(factors) == 2
        if count == 0 or given not in (1, count):
            raise ValueError(f"{count} components with {given} factors")
        cdef tuple shape = (given,) + (d,) * (1 if self.own.diagonal else 2)
        cdef double *sums = <double *> data_of(cumulative, cnp.NPY_FLOAT64, (count,), "cumulative", False)
        cdef double *of_means = <double *> data_of(means, cnp.NPY_FLOAT64, (count, d), "means", False)
        cdef double *of_factors = <double *> data_of(factors, cnp.NPY_FLOAT64, shape, "factors", False)
        if not load_components(&self.own, sums, of_means, of_factors, given):
            raise MemoryError

    def __dealloc__(self):
        PyMem_RawFree(self.own.room)

    def apply(self, cnp.ndarray uniforms not None, cnp.ndarray z not None, cnp.ndarray labels not None):
        """Write the component of each uniform, and map rows of standard normals in place."""
        cdef Py_ssize_t n = cnp.PyArray_SIZE(uniforms)
        cdef double *u = <double *> data_of(uniforms, cnp.NPY_FLOAT64, (n,), "uniforms", False)
        cdef double *rows = <double *> data_of(z, cnp.NPY_FLOAT64, (n, self.own.d), "z", True)
        cdef int64_t *components = <int64_t *> data_of(labels, cnp.NPY_INT64, (n,), "labels", True)
        cdef Room room
        cdef environment caller
        if not make_room_for(&room, self.own.count, self.own.d):
            raise MemoryError
        with nogil:
            caller = enter()
            choose(&self.own, u, n, components)
            map_rows(&self.own, components, rows, n, &room)
            leave(caller)
        PyMem_RawFree(room.room)

    def fill_range(
        self, normals not None, cnp.ndarray key not None, uint64_t first_word, uint64_t first_normal,
        cnp.ndarray out not None, cnp.ndarray labels not None
    ):
        """Write rows of a key: row r is made of word first_word + r and normals first_normal + r d ..."""
        cdef Py_ssize_t n = cnp.PyArray_SIZE(labels)
        cdef double *rows = <double *> data_of(out, cnp.NPY_FLOAT64, (n, self.own.d), "out", True)
        cdef int64_t *components = <int64_t *> data_of(labels, cnp.NPY_INT64, (n,), "labels", True)
        cdef Domain domain = <Domain> <int> normals.domain
        cdef const Transform *transform = <const Transform *> PyCapsule_GetPointer(
            normals.transform, "fastdist.Transform")
        cdef Room room
        cdef environment caller
        if transform.typenum != cnp.NPY_FLOAT64:
            raise TypeError("normals of float64 are wanted")
        cdef const uint64_t *words = data_of_key(key)
        if not make_room_for(&room, self.own.count, self.own.d):
            raise MemoryError
        with nogil:
            caller = enter()
            fill_rows(
                &self.own, words, domain, transform, first_word, first_normal, rows, components, n, &room)
            leave(caller)
        PyMem_RawFree(room.room)
