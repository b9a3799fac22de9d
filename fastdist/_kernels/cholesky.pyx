"""Cholesky factors:  A = L L^T  with a lower triangular L whose diagonal is positive.

    L[j][j] = sqrt(A[j][j] - sum over k < j of L[j][k]^2)
    L[i][j] = (A[i][j] - sum over k < j of L[i][k] L[j][k]) / L[j][j],      i > j

(Golub, Van Loan, Matrix Computations, 4.2).  Columns are computed in panels of PANEL_LANES: first the
products with all earlier panels are subtracted, in registers (panel.pxd), then those within the panel.  Every
entry is one chain of fused multiply-adds, k = 0, 1, 2, ..., and then one division or root, so that panels do
not affect it.  Backward error: fastdist/accuracy.py.

A semi-definite covariance is factored with pivots: the largest remaining variance comes next, and the rank is
reached when none remains (Higham, Accuracy and Stability of Numerical Algorithms, 10.3).
"""

from cpython.mem cimport PyMem_RawFree
from libc.math cimport INFINITY, NAN
from libc.stdint cimport int64_t

cimport numpy as cnp

from fastdist._kernels.mathematics cimport floating, fused_multiply_add, square_root
from fastdist._kernels.panel cimport PANEL_LANES, PANEL_ROWS, add_products
from fastdist._kernels.room cimport aligned, make_room
from fastdist._kernels.ufunc cimport make_ufunc

cnp.import_array()
cnp.import_ufunc()


# A panel: PANEL_LANES columns of L, from column j on

cdef inline void pack(const floating *factor, Py_ssize_t d, Py_ssize_t j, floating *before) noexcept nogil:
    """before[k][lane] = -L[j + lane][k],  k < j."""
    cdef Py_ssize_t k, lane, width = min(<Py_ssize_t> PANEL_LANES, d - j)
    for k in range(j):
        for lane in range(width):
            before[k * PANEL_LANES + lane] = -factor[(j + lane) * d + k]
        for lane in range(width, PANEL_LANES):
            before[k * PANEL_LANES + lane] = 0


cdef inline void schur_complement(
    floating *sums, const floating *factor, Py_ssize_t d, Py_ssize_t i, Py_ssize_t j, const floating *before,
    Py_ssize_t rows,
) noexcept nogil:
    """sums[row][lane] = A[i + row][j + lane] - sum over k < j of L[i + row][k] L[j + lane][k].

    ``rows`` is a compile-time constant, here and below.
    """
    cdef floating registers[PANEL_ROWS * PANEL_LANES]
    cdef Py_ssize_t row, lane, width = min(<Py_ssize_t> PANEL_LANES, d - j)
    for row in range(rows):
        for lane in range(PANEL_LANES):
            registers[row * PANEL_LANES + lane] = 0
        for lane in range(width):
            registers[row * PANEL_LANES + lane] = factor[(i + row) * d + j + lane]
    add_products(registers, factor + i * d, d, 1, before, PANEL_LANES, j, rows, PANEL_LANES)
    for row in range(rows * PANEL_LANES):
        sums[row] = registers[row]


cdef inline bint factor_square(floating *factor, Py_ssize_t d, Py_ssize_t j, Py_ssize_t width) noexcept nogil:
    """The square of a panel on the diagonal, column after column; or False if a pivot is not positive."""
    cdef floating *square = factor + j * d + j
    cdef floating total, pivot
    cdef Py_ssize_t i, k, column
    for column in range(width):
        pivot = square[column * d + column]
        for k in range(column):
            pivot = fused_multiply_add(-square[column * d + k], square[column * d + k], pivot)
        if not 0 < pivot < <floating> INFINITY:
            return False
        pivot = square_root(pivot)
        square[column * d + column] = pivot
        for i in range(column + 1, width):
            total = square[i * d + column]
            for k in range(column):
                total = fused_multiply_add(-square[i * d + k], square[column * d + k], total)
            square[i * d + column] = total / pivot
    return True


cdef inline void factor_rows(
    floating *factor, Py_ssize_t d, Py_ssize_t i, Py_ssize_t j, const floating *before,
    const floating *square, const floating *pivots, Py_ssize_t rows,
) noexcept nogil:
    """Rows i ... i + rows - 1, below the square."""
    cdef floating sums[PANEL_ROWS * PANEL_LANES]
    cdef floating entry
    cdef Py_ssize_t row, lane, other, width = min(<Py_ssize_t> PANEL_LANES, d - j)
    schur_complement(sums, factor, d, i, j, before, rows)
    for lane in range(width):
        for row in range(rows):
            entry = sums[row * PANEL_LANES + lane] / pivots[lane]
            factor[(i + row) * d + j + lane] = entry
            for other in range(PANEL_LANES):
                sums[row * PANEL_LANES + other] = fused_multiply_add(
                    entry, square[lane * PANEL_LANES + other], sums[row * PANEL_LANES + other])


cdef inline bint factor_panel(floating *factor, Py_ssize_t d, Py_ssize_t j, floating *before) noexcept nogil:
    """Columns j ... j + PANEL_LANES - 1; or False if a pivot is not positive."""
    cdef floating sums[PANEL_ROWS * PANEL_LANES]
    cdef floating square[PANEL_LANES * PANEL_LANES]     # square[k][lane] = -L[j + lane][j + k]
    cdef floating pivots[PANEL_LANES]
    cdef Py_ssize_t i, k, lane, block, width = min(<Py_ssize_t> PANEL_LANES, d - j)
    if j:
        pack(factor, d, j, before)
        for i in range(width):
            schur_complement(sums, factor, d, j + i, j, before, 1)
            for lane in range(i + 1):
                factor[(j + i) * d + j + lane] = sums[lane]
    if not factor_square(factor, d, j, width):
        return False
    if j + width == d:
        return True
    for k in range(PANEL_LANES):
        pivots[k] = factor[(j + k) * d + j + k]
        for lane in range(PANEL_LANES):
            square[k * PANEL_LANES + lane] = -factor[(j + lane) * d + j + k]
    for block in range((d - j - PANEL_LANES) // PANEL_ROWS):
        factor_rows(factor, d, j + PANEL_LANES + PANEL_ROWS * block, j, before, square, pivots, PANEL_ROWS)
    for i in range(d - (d - j - PANEL_LANES) % PANEL_ROWS, d):
        factor_rows(factor, d, i, j, before, square, pivots, 1)
    return True


cdef bint factor_in_place(floating *factor, Py_ssize_t d, floating *before) noexcept nogil:
    """L in place of the lower triangle of A; or False if A is not positive definite."""
    cdef Py_ssize_t panel
    for panel in range((d + PANEL_LANES - 1) // PANEL_LANES):
        if not factor_panel(factor, d, PANEL_LANES * panel, before):
            return False
    return True


# With pivots

cdef inline Py_ssize_t largest_from(Py_ssize_t start, const floating *variance, Py_ssize_t d) noexcept nogil:
    """Which is largest, the first of equals; NaN is not larger than anything."""
    cdef Py_ssize_t i, largest = start
    for i in range(start + 1, d):
        if variance[i] > variance[largest]:
            largest = i
    return largest


cdef int64_t factor_pivoted(
    const floating *a, Py_ssize_t d, floating tolerance,
    floating *factor, floating *variance, int64_t *permutation,
) noexcept nogil:
    """L of the permuted A; returns the rank.

    It is reached when no remaining variance exceeds ``tolerance`` times the largest variance of A.
    """
    cdef Py_ssize_t i, j, k, next_pivot
    cdef floating limit = 0, total
    for i in range(d):
        permutation[i] = i
        variance[i] = a[i * d + i]
        if variance[i] > limit:
            limit = variance[i]
        for k in range(d):
            factor[i * d + k] = 0
    limit *= tolerance
    for j in range(d):
        next_pivot = largest_from(j, variance, d)
        if not (limit < variance[next_pivot] < <floating> INFINITY and variance[next_pivot] > 0):
            return j
        permutation[j], permutation[next_pivot] = permutation[next_pivot], permutation[j]
        variance[j], variance[next_pivot] = variance[next_pivot], variance[j]
        for k in range(j):
            factor[j * d + k], factor[next_pivot * d + k] = factor[next_pivot * d + k], factor[j * d + k]
        factor[j * d + j] = square_root(variance[j])
        for i in range(j + 1, d):
            total = a[max(permutation[i], permutation[j]) * d + min(permutation[i], permutation[j])]
            for k in range(j):
                total = fused_multiply_add(-factor[i * d + k], factor[j * d + k], total)
            factor[i * d + j] = total / factor[j * d + j]
            variance[i] = fused_multiply_add(-factor[i * d + j], factor[i * d + j], variance[i])
    return d


# The generalised ufuncs

cdef inline void load_lower(
    floating *lower, const char *a, Py_ssize_t d, Py_ssize_t row, Py_ssize_t column
) noexcept nogil:
    cdef Py_ssize_t i, k
    for i in range(d):
        for k in range(i + 1):
            lower[i * d + k] = (<const floating *> (a + i * row + k * column))[0]
        for k in range(i + 1, d):
            lower[i * d + k] = 0


cdef inline void store(
    const floating *factor, char *out, Py_ssize_t d, Py_ssize_t row, Py_ssize_t column
) noexcept nogil:
    cdef Py_ssize_t i, k
    for i in range(d):
        for k in range(d):
            (<floating *> (out + i * row + k * column))[0] = factor[i * d + k]


cdef inline void cholesky_batch(
    floating zero, char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps
) noexcept nogil:
    cdef Py_ssize_t n = dimensions[0], d = dimensions[1], matrix, i
    cdef void *room = make_room(d * (d + PANEL_LANES) * sizeof(floating))
    cdef floating *before = <floating *> aligned(room)
    cdef floating *factor = before + d * PANEL_LANES
    if room == NULL:
        return
    for matrix in range(n):
        load_lower(factor, operands[0] + matrix * steps[0], d, steps[2], steps[3])
        if not factor_in_place(factor, d, before):
            for i in range(d * d):
                factor[i] = <floating> NAN
        store(factor, operands[1] + matrix * steps[1], d, steps[4], steps[5])
    PyMem_RawFree(room)


cdef inline void pivoted_batch(
    floating zero, char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps
) noexcept nogil:
    cdef Py_ssize_t n = dimensions[0], d = dimensions[1], matrix, i
    cdef floating *a = <floating *> make_room(d * (2 * d + 1) * sizeof(floating))
    cdef int64_t *permutation = <int64_t *> make_room(d * sizeof(int64_t))
    cdef int64_t rank
    if a != NULL and permutation != NULL:
        for matrix in range(n):
            load_lower(a, operands[0] + matrix * steps[0], d, steps[5], steps[6])
            rank = factor_pivoted(
                a, d, (<const floating *> (operands[1] + matrix * steps[1]))[0], a + d * d, a + 2 * d * d,
                permutation)
            store(a + d * d, operands[2] + matrix * steps[2], d, steps[7], steps[8])
            for i in range(d):
                (<int64_t *> (operands[3] + matrix * steps[3] + i * steps[9]))[0] = permutation[i]
            (<int64_t *> (operands[4] + matrix * steps[4]))[0] = rank
    PyMem_RawFree(a)
    PyMem_RawFree(permutation)


cdef void cholesky_f64(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, const void *data
) noexcept nogil:
    cholesky_batch(<double> 0, operands, dimensions, steps)


cdef void cholesky_f32(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, const void *data
) noexcept nogil:
    cholesky_batch(<float> 0, operands, dimensions, steps)


cdef void pivoted_f64(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, const void *data
) noexcept nogil:
    pivoted_batch(<double> 0, operands, dimensions, steps)


cdef void pivoted_f32(
    char **operands, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, const void *data
) noexcept nogil:
    pivoted_batch(<float> 0, operands, dimensions, steps)


cholesky = make_ufunc(
    "cholesky", "(a): L of a = L L^T, or NaN", "(d,d)->(d,d)", "ff", 1, cholesky_f32, cholesky_f64, NULL)
pivoted_cholesky = make_ufunc(
    "pivoted_cholesky", "(a, tolerance): L, p and rank of a[p][:, p] = L L^T", "(d,d),()->(d,d),(d),()",
    "fffqq", 2, pivoted_f32, pivoted_f64, NULL)
