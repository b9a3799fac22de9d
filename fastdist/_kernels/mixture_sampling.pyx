"""Samples of Gaussian mixtures: first a component, then a normal from that component alone.

    k = number of  cumulative[j] <= u,  j < K - 1,      u uniform in [0, 1)
    x = mean[k] + L[k] z                                (multivariate_sampling.pxd)

cumulative[j] is the sum of the weights up to the j-th.  Row r is made of word r of the stream and of the
normals r d ... r d + d - 1, whatever its component, so that it depends on no other row.

Rows are mapped in place.  Long rows of the same component are mapped together, wherever they are, and share
each load of L.
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
    UNROLLED_DIMENSION, end_of_fill, first_row_of_panel, is_short, load_map, panel_offset)
from fastdist._kernels.panel cimport PANEL_LANES, PANEL_ROWS
from fastdist._kernels.room cimport aligned, make_room
from fastdist._kernels.stream cimport RAW_WORDS, TILE_WORDS, TILES_PER_BLOCK, Domain, Transform, fill_range
from fastdist._kernels.uniform cimport uniform_float64

cnp.import_array()

cdef enum:
    FEW_COMPONENTS = 64         # up to so many, a uniform is compared with each; else by bisection
    GROUP_ROWS = 1024           # long rows that are sorted by component
    MAPPED_ROWS = 64            # rows of one component that are mapped together
    FILL_NORMALS = 1 << 15      # normals that are drawn, and then mapped, in cache

cdef struct SamplingComponents:
    Py_ssize_t count
    Py_ssize_t d
    bint diagonal
    double *cumulative
    double *means               # each behind PANEL_LANES zeros for idle lanes
    double *factors             # deviations; L for short rows; panels of L for long rows
    Py_ssize_t factor_entries   # of one
    void *room

cdef struct Workspace:
    double *uniforms
    int64_t *counts         # rows of each component
    int64_t *order          # the rows of a group, sorted by component
    double *idle            # rows that fill up the last panel of a component
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
    const SamplingComponents *components, const double *uniforms, Py_ssize_t n, int64_t *labels
) noexcept nogil:
    """The component of each uniform."""
    cdef Py_ssize_t last = components.count - 1, row, k
    cdef Py_ssize_t low, high, middle
    if components.count <= FEW_COMPONENTS:
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
    const SamplingComponents *components, const int64_t *labels, double *z, Py_ssize_t n, Py_ssize_t d
) noexcept nogil:
    """x[i] = mean[i] + sum over j <= i of L[i][j] z[j]:  in place; ``d`` is a compile-time constant."""
    cdef double x[UNROLLED_DIMENSION]
    cdef const double *mean
    cdef const double *factor
    cdef double total
    cdef Py_ssize_t row, i, j
    for row in range(n):
        mean = components.means + labels[row] * (PANEL_LANES + d) + PANEL_LANES
        factor = components.factors + labels[row] * (d * d)
        for i in range(d):
            total = 0
            for j in range(i + 1):
                total = fused_multiply_add(factor[i * d + j], z[row * d + j], total)
            x[i] = mean[i] + total
        for i in range(d):
            z[row * d + i] = x[i]


cdef inline void map_diagonal(
    const SamplingComponents *components, const int64_t *labels, double *z, Py_ssize_t n, Py_ssize_t d
) noexcept nogil:
    """x[i] = mean[i] + deviation[i] z[i],  in place."""
    cdef const double *mean
    cdef const double *deviation
    cdef Py_ssize_t row, i
    for row in range(n):
        mean = components.means + labels[row] * (PANEL_LANES + d) + PANEL_LANES
        deviation = components.factors + labels[row] * d
        for i in range(d):
            z[row * d + i] = mean[i] + deviation[i] * z[row * d + i]


cdef inline void multiply_rows(
    double **rows, const double *panel, Py_ssize_t first, const double *shift
) noexcept nogil:
    """As in multivariate_sampling.pxd, for PANEL_ROWS rows that are anywhere."""
    cdef double sums[PANEL_ROWS * PANEL_LANES]
    cdef const double *z[PANEL_ROWS]
    cdef Py_ssize_t i, k, lane
    for i in range(PANEL_ROWS):
        z[i] = rows[i]
    for lane in range(PANEL_ROWS * PANEL_LANES):
        sums[lane] = 0
    for k in range(first + PANEL_LANES):
        for i in range(PANEL_ROWS):
            for lane in range(PANEL_LANES):
                sums[i * PANEL_LANES + lane] = fused_multiply_add(
                    z[i][k], panel[k * PANEL_LANES + lane], sums[i * PANEL_LANES + lane])
    for i in range(PANEL_ROWS):
        for lane in range(PANEL_LANES):
            sums[i * PANEL_LANES + lane] += shift[lane]
    for i in range(PANEL_ROWS):
        if first >= 0:
            memcpy(rows[i] + first, sums + i * PANEL_LANES, PANEL_LANES * sizeof(double))
        else:
            for lane in range(first + PANEL_LANES):
                rows[i][lane] = sums[i * PANEL_LANES - first + lane]


cdef void map_together(
    const SamplingComponents *components, const int64_t *order, Py_ssize_t n, Py_ssize_t k, double *z,
    double *idle
) noexcept nogil:
    """n rows of component k, in place, PANEL_ROWS at a time."""
    cdef Py_ssize_t d = components.d, panel, block, row, i, first
    cdef const double *factor = components.factors + k * components.factor_entries
    cdef const double *mean = components.means + k * (PANEL_LANES + d) + PANEL_LANES
    cdef double *rows[PANEL_ROWS]
    for panel in range((d + PANEL_LANES - 1) // PANEL_LANES - 1, -1, -1):
        first = first_row_of_panel(d, panel)
        memset(idle, 0, PANEL_ROWS * d * sizeof(double))
        for block in range((n + PANEL_ROWS - 1) // PANEL_ROWS):
            for i in range(PANEL_ROWS):
                row = PANEL_ROWS * block + i
                rows[i] = z + order[row] * d if row < n else idle + i * d
            multiply_rows(rows, factor + panel_offset(d, panel), first, mean + first)


cdef inline void map_group(
    const SamplingComponents *components, const int64_t *labels, double *z, Py_ssize_t n, Workspace *workspace
) noexcept nogil:
    """Up to GROUP_ROWS rows, in place, component after component, in the order of a counting sort."""
    cdef int64_t *ends = workspace.counts
    cdef Py_ssize_t row, k, first, stop, rows
    memset(ends, 0, components.count * sizeof(int64_t))
    for row in range(n):
        ends[labels[row]] += 1
    for k in range(1, components.count):
        ends[k] += ends[k - 1]
    for row in range(n - 1, -1, -1):        # ends become starts
        ends[labels[row]] -= 1
        workspace.order[ends[labels[row]]] = row
    for k in range(components.count):
        first = ends[k]
        stop = ends[k + 1] if k + 1 < components.count else n
        while first < stop:
            rows = min(<Py_ssize_t> MAPPED_ROWS, stop - first)
            map_together(components, workspace.order + first, rows, k, z, workspace.idle)
            first += rows


cdef inline void map_rows(
    const SamplingComponents *components, const int64_t *labels, double *z, Py_ssize_t n, Workspace *workspace
) noexcept nogil:
    """Standard normals become rows of their components, in place."""
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
    elif d == UNROLLED_DIMENSION:
        map_short(components, labels, z, n, UNROLLED_DIMENSION)
    elif d > 0:
        for group in range((n + GROUP_ROWS - 1) // GROUP_ROWS):
            first = group * GROUP_ROWS
            map_group(
                components, labels + first, z + first * d, min(<Py_ssize_t> GROUP_ROWS, n - first), workspace)


cdef void mixture_samples(
    const SamplingComponents *components, const uint64_t *key, Domain domain, const Transform *normals,
    uint64_t first_word, uint64_t first_normal, double *out, int64_t *labels, Py_ssize_t n,
    Workspace *workspace
) noexcept nogil:
    """n rows of the stream, drawn and mapped FILL_NORMALS normals at a time."""
    cdef Py_ssize_t d = components.d, filled = 0, done = 0, end = 0, rows
    while done < n:
        if d:
            end = end_of_fill(
                normals, first_normal, filled, n * d, max(<Py_ssize_t> FILL_NORMALS, MAPPED_ROWS * d))
        fill_range(
            key, domain, normals, first_normal + <uint64_t> filled, <char *> (out + filled), end - filled,
            0, 1)
        filled = end
        rows = filled // d - done if d else min(<Py_ssize_t> FILL_NORMALS, n - done)
        fill_range(
            key, RAW_WORDS, &UNIFORMS, first_word + <uint64_t> done, <char *> workspace.uniforms, rows, 0, 1)
        choose(components, workspace.uniforms, rows, labels + done)
        map_rows(components, labels + done, out + done * d, rows, workspace)
        done += rows


# Workspace

cdef Py_ssize_t rows_at_a_time(Py_ssize_t d) noexcept nogil:
    """The most rows of a step: it may end a block of normals later, and begin within a row."""
    if d == 0:
        return FILL_NORMALS
    return (max(<Py_ssize_t> FILL_NORMALS, MAPPED_ROWS * d) + TILES_PER_BLOCK * TILE_WORDS) // d + 2


cdef bint allocate_workspace(Workspace *workspace, Py_ssize_t count, Py_ssize_t d) noexcept nogil:
    """The workspace of a call; or False, with a MemoryError."""
    cdef Py_ssize_t uniforms = rows_at_a_time(d)
    workspace.room = make_room(
        (uniforms + PANEL_ROWS * d) * sizeof(double) + (count + GROUP_ROWS) * sizeof(int64_t))
    if workspace.room == NULL:
        return False
    workspace.idle = <double *> aligned(workspace.room)
    workspace.uniforms = workspace.idle + PANEL_ROWS * d
    workspace.counts = <int64_t *> (workspace.uniforms + uniforms)
    workspace.order = workspace.counts + count
    return True


cdef bint load_components(
    SamplingComponents *components, const double *cumulative, const double *means, const double *factors,
    Py_ssize_t given
) noexcept nogil:
    """Copies, with a factor for each component; or False, with a MemoryError."""
    cdef Py_ssize_t count = components.count, d = components.d, k, i, which
    components.factor_entries = d if components.diagonal else d * d
    if not components.diagonal and not is_short(d):
        components.factor_entries = panel_offset(d, (d + PANEL_LANES - 1) // PANEL_LANES)
    components.room = make_room(
        (count * (components.factor_entries + PANEL_LANES + d) + count) * sizeof(double))
    if components.room == NULL:
        return False
    components.factors = <double *> aligned(components.room)
    components.means = components.factors + count * components.factor_entries
    components.cumulative = components.means + count * (PANEL_LANES + d)
    memcpy(components.cumulative, cumulative, count * sizeof(double))
    for k in range(count):
        which = k if given > 1 else 0
        if components.diagonal:
            for i in range(d):
                # not -0, as in load_map
                components.means[k * (PANEL_LANES + d) + PANEL_LANES + i] = means[k * d + i] + <double> 0
                components.factors[k * d + i] = factors[which * d + i]
        else:
            load_map(means + k * d, factors + which * d * d, d, components.means + k * (PANEL_LANES + d),
                     components.factors + k * components.factor_entries)
    return True


# For Python

@cython.final
cdef class MixtureSampler:
    """Components to draw rows from; the GIL is released in each call."""

    cdef SamplingComponents own

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
        cdef Workspace workspace
        cdef environment caller
        if not allocate_workspace(&workspace, self.own.count, self.own.d):
            raise MemoryError
        with nogil:
            caller = enter()
            choose(&self.own, u, n, components)
            map_rows(&self.own, components, rows, n, &workspace)
            leave(caller)
        PyMem_RawFree(workspace.room)

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
        cdef Workspace workspace
        cdef environment caller
        if transform.typenum != cnp.NPY_FLOAT64:
            raise TypeError("normals must be float64")
        cdef const uint64_t *words = data_of_key(key)
        if not allocate_workspace(&workspace, self.own.count, self.own.d):
            raise MemoryError
        with nogil:
            caller = enter()
            mixture_samples(
                &self.own, words, domain, transform, first_word, first_normal, rows, components, n,
                &workspace)
            leave(caller)
        PyMem_RawFree(workspace.room)
