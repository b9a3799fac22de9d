"""Cholesky factors: bit for bit the twin's on every instruction set, and as accurate as is stated."""

from __future__ import annotations

import functools
import math
from fractions import Fraction

import numpy as np
import pytest

from fastdist.accuracy import bound
from fastdist.reference import cholesky as twin
from tests.support import multivariate_cases as cases
from tests.support.remembered import remembered

parametrize_dtypes = pytest.mark.parametrize("dtype", cases.DTYPES)
parametrize_dimensions = pytest.mark.parametrize("d", cases.DIMENSIONS)
TOLERANCE = {"float64": 1e-13, "float32": 1e-5}
INF, NAN = math.inf, math.nan


def few_or_many(d: int) -> int:
    """How many matrices a twin can do in a moment."""
    return 19 if d < 10 else 5 if d < 20 else 2


@functools.cache
def factored(d: int, n: int, seed: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Covariances, and the twin's factors."""
    matrices = cases.covariances(d, n, seed, dtype)
    want = [twin.cholesky(cases.numbers(matrix)) for matrix in matrices]
    return matrices, np.array(want, dtype).reshape(matrices.shape)


@functools.cache
def semi_definite(d: int, dtype: str) -> list[tuple[np.ndarray, tuple[np.ndarray, list[int], int]]]:
    """Covariances of every kind of rank, and the twin's pivoted factors, permutations and ranks.

    Of large ones two ranks.
    """
    random = np.random.default_rng(d)
    found = []
    ranks = {0, 1, d // 2, d - 1, d} if d < 30 else {d // 2, d}
    for rank in sorted(ranks & set(range(d + 1))):
        # Small integers, so that the matrix has that rank exactly; and far from a lower one.
        root = random.integers(-3, 4, (d, rank)).astype(float)
        root[random.permutation(d)[:rank], range(rank)] += 6 * math.isqrt(d)
        root *= 2.0 ** random.integers(-1, 2, (d, 1))
        matrix = (root @ root.T).astype(dtype)
        matrix[np.triu_indices(d, 1)] = NAN
        number = np.dtype(dtype).type(TOLERANCE[dtype])
        factor, permutation, computed = twin.pivoted_cholesky(
            cases.numbers(matrix), cases.numbers(np.array([number]))[0]
        )
        found.append((matrix, (np.array(factor, dtype).reshape(d, d), permutation, computed)))
    return found


# Bit for bit


@parametrize_dtypes
@parametrize_dimensions
def test_factors(level, d, dtype, assert_same_bits):
    """Of a batch of covariances; what stands above the diagonal is not read, and zero in the result."""
    matrices, want = factored(d, few_or_many(d), 1, dtype)
    before = matrices.copy()
    got = level.cholesky.cholesky(matrices)
    assert got.dtype == dtype
    assert_same_bits(got.ravel(), want.ravel(), f"{level.name}, d={d}")
    exists = np.isfinite(got).all(axis=(1, 2))
    assert exists.mean() >= 0.5
    assert not got[exists][:, *np.triu_indices(d, 1)].any()
    assert_same_bits(matrices.ravel(), before.ravel(), "the argument")


@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_number_of_matrices(level, d, dtype, assert_same_bits):
    """Any number of small matrices side by side."""
    matrices, want = factored(d, max(cases.COUNTS), 2, dtype)
    for n in cases.COUNTS:
        got = level.cholesky.cholesky(matrices[:n])
        assert got.shape == (n, d, d)
        assert_same_bits(got.ravel(), want[:n].ravel(), f"{level.name}, {n} of d={d}")


@parametrize_dtypes
@pytest.mark.parametrize("d", cases.LARGE_DIMENSIONS)
def test_large_factors(level, d, dtype, assert_same_bits):
    """Where the twin is too slow: what the plainest instruction set gives."""
    matrices = cases.covariances(d, 2, 3, dtype)
    matrices[:, range(d), range(d)] *= 2  # far from singular, in float32 too
    want = cases.baseline("cholesky").cholesky(matrices)
    assert np.isfinite(want).all()
    assert_same_bits(level.cholesky.cholesky(matrices).ravel(), want.ravel(), f"{level.name}, d={d}")


def spoilt(kind: str, matrix: np.ndarray, place: int) -> np.ndarray:
    """The matrix without a factor, the fault found in a row."""
    d = len(matrix)
    bad = matrix.copy()
    if kind == "no variance left":  # two components that are one
        bad[place] = bad[place] if place == 0 else bad[0]
        bad[:, place] = bad[:, 0]
        bad[0, place] = bad[place, 0] = bad[place, place] = bad[0, 0]
        if place == 0:
            bad[0, 0] = 0.0
    elif kind == "negative":
        bad[place, place] *= -1
    elif kind == "NaN beside the diagonal":
        bad[place, max(place - 1, 0)] = NAN
    else:
        bad[place, place] = {"NaN": NAN, "infinite": INF, "-0": -0.0}[kind]
    bad[np.triu_indices(d, 1)] = NAN
    return bad


FAULTS = ["no variance left", "negative", "NaN", "NaN beside the diagonal", "infinite", "-0"]


@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 2, 3, 4, 8, 17, 33])
@pytest.mark.parametrize("kind", FAULTS)
def test_matrices_without_a_factor(level, kind, d, dtype, assert_same_bits):
    """Such a matrix is all NaN, its neighbours are as they are alone, and nothing is raised or warned of."""
    matrices, want = (array.copy() for array in factored(d, few_or_many(d), 1, dtype))
    for i, place in enumerate(sorted({0, d // 2, d - 1})):
        if i < len(matrices) - 1:
            full = np.tril(matrices[i]) + np.tril(matrices[i], -1).T
            matrices[i] = spoilt(kind, full, place)
            # Rounding may leave a trifle of a variance that is none.
            want[i] = twin.cholesky(cases.numbers(matrices[i]))
            assert kind == "no variance left" or np.isnan(want[i]).all(), f"{kind} at {place}"
    with np.errstate(all="raise"):
        got = level.cholesky.cholesky(matrices)
    assert_same_bits(got.ravel(), want.ravel(), f"{level.name}, {kind}, d={d}")
    assert np.isfinite(got).all(axis=(1, 2)).any()


@parametrize_dtypes
def test_exactly_singular_matrices_fail(level, dtype):
    """No variance is left where that is exact: of equal components, and of none."""
    ones = np.ones((3, 3), dtype)
    zeros = np.zeros((2, 2), dtype)
    assert np.isnan(level.cholesky.cholesky(ones)).all()
    assert np.isnan(level.cholesky.cholesky(zeros)).all()


@parametrize_dtypes
@pytest.mark.parametrize("d", [2, 5, 16])
def test_special_numbers(level, d, dtype, assert_same_bits):
    """Zeros of either sign beside the diagonal, subnormal and huge numbers, infinity beside the diagonal."""
    limits = np.finfo(dtype)
    least, tiny, huge = limits.smallest_subnormal, limits.tiny, limits.max
    matrices = np.array([
        np.diag(np.full(d, diagonal)) + np.tril(np.full((d, d), below), -1)
        for diagonal, below in [
            (1.0, 0.0), (1.0, -0.0), (1.0, INF), (1.0, -least), (least, 0.0), (least, huge),
            (3 * least, least),
            (tiny, least), (tiny, tiny / 2), (huge, least), (huge, huge / 2), (huge, -huge / 2),
        ]
    ], dtype)  # fmt: skip
    want = np.array([twin.cholesky(cases.numbers(matrix)) for matrix in matrices], dtype)
    with np.errstate(all="raise"):
        got = level.cholesky.cholesky(matrices)
    assert_same_bits(got.ravel(), want.ravel(), f"{level.name}, d={d}")
    assert 4 <= np.isfinite(got).all(axis=(1, 2)).sum() < len(got)


@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 3, 8, 17])
def test_layouts(level, d, dtype, assert_same_bits):
    """The same whatever the strides, of what is read and of what is written."""
    matrices, want = factored(d, few_or_many(d), 1, dtype)
    function = level.cholesky.cholesky
    for layout, array in cases.layouts(matrices):
        assert_same_bits(function(array).ravel(), want.ravel(), f"{level.name}, {layout}, d={d}")
        if layout not in ("read-only", "unaligned", "the other byte order"):
            out = np.empty_like(array)  # as it lies
            assert function(array, out=out) is out
            assert_same_bits(out.ravel(), want.ravel(), f"{level.name}, out of {layout}, d={d}")
    swapped = np.ascontiguousarray(matrices.swapaxes(1, 2)).swapaxes(1, 2)
    assert_same_bits(function(swapped).ravel(), want.ravel(), f"{level.name}, columns first, d={d}")
    same = np.broadcast_to(matrices[0], (2, 3, d, d))
    assert_same_bits(function(same).ravel(), np.broadcast_to(want[0], same.shape).ravel(), "broadcast")
    inner = np.full((d + 2, d + 3), NAN, dtype)[1:-1, 2:-1]
    inner[...] = matrices[0]
    assert_same_bits(function(inner).ravel(), want[0].ravel(), f"{level.name}, part of a matrix, d={d}")


@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 3, 16, 40])
def test_in_place(level, d, dtype, assert_same_bits):
    """A matrix may be replaced by its factor."""
    matrices, want = factored(d, 2, 4, dtype)
    array = matrices.copy()
    level.cholesky.cholesky(array, out=array)
    assert_same_bits(array.ravel(), want.ravel(), f"{level.name}, d={d}")


def test_dtypes_and_shapes(level):
    """Integers become float64; what is not square is an error."""
    integers = np.array([[4, 2], [2, 10]])
    got = level.cholesky.cholesky(integers)
    assert got.dtype == np.float64
    assert got.tolist() == [[2.0, 0.0], [1.0, 3.0]]
    with pytest.raises(ValueError, match="core dimension"):
        level.cholesky.cholesky(np.ones((2, 3)))


# Pivoted


@parametrize_dtypes
@parametrize_dimensions
def test_pivoted_factors(level, d, dtype, assert_same_bits):
    """Factor, permutation and rank are the twin's, for every rank; it is the rank of the matrix."""
    tolerance = np.dtype(dtype).type(TOLERANCE[dtype])
    for matrix, (factor, permutation, rank) in semi_definite(d, dtype):
        got, order, computed = level.cholesky.pivoted_cholesky(matrix, tolerance)
        assert got.dtype == dtype
        assert order.dtype == np.int64
        assert order.tolist() == permutation
        assert computed == rank
        assert_same_bits(got.ravel(), factor.ravel(), f"{level.name}, d={d}, rank {rank}")
        exact = np.tril(matrix) + np.tril(matrix, -1).T
        assert rank == np.linalg.matrix_rank(exact.astype(float), hermitian=True), f"d={d}"
        assert not got[:, rank:].any()


@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 2, 3, 5, 16])
def test_pivoted_batches_and_layouts(level, d, dtype, assert_same_bits):
    """Each matrix of a batch for itself, however it lies, with a tolerance of its own."""
    found = semi_definite(d, dtype)
    matrices = np.array([matrix for matrix, _ in found])
    tolerance = np.full(len(found), TOLERANCE[dtype], dtype)
    want = np.array([factor for _, (factor, _, _) in found])
    arrays = [("C order", matrices), *cases.layouts(matrices), ("columns", matrices.copy(order="F"))]
    for layout, array in arrays:
        got, order, rank = level.cholesky.pivoted_cholesky(array, tolerance)
        assert_same_bits(got.ravel(), want.ravel(), f"{level.name}, {layout}, d={d}")
        assert order.tolist() == [permutation for _, (_, permutation, _) in found]
        assert rank.tolist() == [computed for _, (_, _, computed) in found]
    # With a tolerance of 1 no variance is large enough.
    _, order, rank = level.cholesky.pivoted_cholesky(matrices, np.dtype(dtype).type(1))
    assert rank.tolist() == [0] * len(found)


@parametrize_dtypes
def test_pivoted_special_numbers(level, dtype, assert_same_bits):
    """NaN and infinities anywhere, negative variances, ties: as the twin has it, and nothing is raised."""
    specials = [NAN, INF, -INF, -1.0, 0.0, -0.0, 2.0, 1e30]
    matrices = []
    for special in specials:
        for i, j in [(0, 0), (1, 1), (3, 3), (1, 0), (3, 2)]:
            matrix = np.diag([2.0, 2.0, 1.0, 2.0]) + np.tril(np.full((4, 4), 0.5), -1)
            matrix[i, j] = special
            matrices.append(matrix)
    matrices = np.array(matrices, dtype)
    for tolerance in np.array([0.0, 1e-3, -1.0, NAN], dtype):
        number = cases.numbers(np.array([tolerance]))[0]
        want = [twin.pivoted_cholesky(cases.numbers(matrix), number) for matrix in matrices]
        with np.errstate(all="raise"):
            got, order, rank = level.cholesky.pivoted_cholesky(matrices, tolerance)
        assert order.tolist() == [permutation for _, permutation, _ in want]
        assert rank.tolist() == [computed for _, _, computed in want]
        factor = np.array([each for each, _, _ in want], dtype)
        assert_same_bits(got.ravel(), factor.ravel(), f"{level.name}, tolerance {tolerance}")


@parametrize_dtypes
@pytest.mark.parametrize("d", [96, 130])
def test_large_pivoted_factors(level, d, dtype, assert_same_bits):
    """Where the twin is too slow: what the plainest instruction set gives."""
    matrix, tolerance = cases.covariances(d, 1, 5, dtype)[0], np.dtype(dtype).type(TOLERANCE[dtype])
    want = cases.baseline("cholesky").pivoted_cholesky(matrix, tolerance)
    got = level.cholesky.pivoted_cholesky(matrix, tolerance)
    assert 0 < want[2] <= d
    assert got[1].tolist() == want[1].tolist()
    assert got[2] == want[2]
    assert_same_bits(got[0].ravel(), want[0].ravel(), f"{level.name}, d={d}")


# Accuracy


def random_covariance(random: np.random.Generator, d: int) -> np.ndarray:
    square = random.normal(size=(d, d))
    return square @ square.T


def hilbert(d: int) -> np.ndarray:
    """1 / (i + j + 1), and a little more on the diagonal, without which it is singular from d = 14 on."""
    i = np.arange(d)
    return 1 / (i[:, None] + i + 1) + np.diag(np.full(d, d * 2.0**-50))


def nearly_singular(random: np.random.Generator, d: int) -> np.ndarray:
    """Two components that are almost the same: a correlation of 1 - 2^-40."""
    matrix = random_covariance(random, d)
    matrix[-1], matrix[:, -1] = matrix[0], matrix[:, 0]
    matrix[-1, -1] = matrix[0, 0] * (1 + 2.0**-40)
    return matrix


def graded(random: np.random.Generator, d: int, exponent: int) -> np.ndarray:
    """Standard deviations between 10^-exponent and 10^exponent."""
    scale = 10.0 ** random.uniform(-exponent, exponent, d)
    return random_covariance(random, d) * scale[:, None] * scale


def hard_matrices(d: int, dtype: str) -> list[tuple[str, np.ndarray]]:
    random = np.random.default_rng(100 + d)
    exponent = {"float64": 145, "float32": 13}[dtype]
    found = [
        ("random", random_covariance(random, d)),
        ("graded", graded(random, d, exponent)),
        ("equal correlations", np.full((d, d), 0.999) + np.diag(np.full(d, 0.001))),
    ]
    if dtype == "float64":
        found += [("Hilbert", hilbert(d)), ("nearly singular", nearly_singular(random, d))]
    return [(name, np.tril(matrix).astype(dtype)) for name, matrix in found]


def integers(row: list[float]) -> tuple[list[int], Fraction]:
    """The row as integers, and the power of two that they are multiples of."""
    ratios = [number.as_integer_ratio() for number in row]
    denominator = max(of for _, of in ratios)
    return [number * (denominator // of) for number, of in ratios], Fraction(1, denominator)


@remembered
def backward_error(factor: np.ndarray, matrix: np.ndarray, columns: int) -> Fraction:
    """The largest  |L L^T - A| / (|L| |L^T|)  of the entries in these columns, exactly."""
    rows = [integers(row) for row in factor.tolist()]
    worst = Fraction(0)
    for i, (row, unit) in enumerate(rows):
        for j, (other, other_unit) in enumerate(rows[: min(i + 1, columns)]):
            products = [a * b for a, b in zip(row[: j + 1], other, strict=False)]
            want = Fraction(float(matrix[i, j])) / (unit * other_unit)
            error = abs(sum(products) - want)
            worst = max(worst, error / sum(map(abs, products)) if error else Fraction(0))
    return worst


@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 2, 3, 8, 16, 33, 64])
def test_backward_error(level, d, dtype):
    """|L L^T - A| <= bound |L| |L^T|  in each entry, for all but numbers that underflow."""
    limit = Fraction(bound("cholesky")(dtype, d=d))
    for name, matrix in hard_matrices(d, dtype):
        factor = level.cholesky.cholesky(matrix)
        assert np.isfinite(factor).all(), f"{name}, d={d}"
        error = backward_error(factor, matrix, d)
        assert error <= limit, f"{level.name}, {name}, d={d}: {float(error / limit):.3f} of the bound"


@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 2, 3, 8, 16, 33])
def test_pivoted_backward_error(level, d, dtype):
    """The same of the columns of the pivoted factor; what it leaves is not more than the tolerance."""
    limit = Fraction(bound("cholesky")(dtype, d=d))
    tolerance = np.dtype(dtype).type(TOLERANCE[dtype])
    cut = [(f"rank {rank}", matrix) for matrix, (_, _, rank) in semi_definite(d, dtype)]
    for name, matrix in hard_matrices(d, dtype) + cut:
        factor, order, rank = level.cholesky.pivoted_cholesky(matrix, tolerance)
        full = np.tril(matrix) + np.tril(matrix, -1).T
        permuted = full[np.ix_(order, order)]
        error = backward_error(factor, permuted, int(rank))
        assert error <= limit, f"{level.name}, {name}, d={d}: {float(error / limit):.3f} of the bound"
        left = permuted - (factor.astype(float) @ factor.T.astype(float))
        assert np.abs(np.diag(left)).max() <= 2 * (d + 1) * tolerance * np.diag(full).max(), name
        diagonal = np.diag(factor)
        assert (np.diff(diagonal) <= 0).all(), "the largest comes first"


@pytest.mark.parametrize("d", [1, 2, 3, 8, 16, 33, 64])
def test_agrees_with_lapack(level, d):
    """Both factors lie within bound * condition of the exact one, relative to the rows' norms.

    A = D H D with standard deviations D.  For a change of H by E the factor of H changes by no more than
    |H^-1| |E| sqrt(2) in the Frobenius norm, to first order (G. W. Stewart, J.-g. Sun, Matrix Perturbation
    Theory, 1990; J.-G. Sun, BIT 31 (1991)); |E| <= d (d + 1) 2^-53 for either, and 2 is put for sqrt(2).
    """
    for name, matrix in hard_matrices(d, "float64"):
        full = np.tril(matrix) + np.tril(matrix, -1).T
        deviations = np.sqrt(np.diag(full))
        least = np.linalg.eigvalsh(full / deviations[:, None] / deviations).min()
        allowed = 2 * 2 * d * bound("cholesky")(d=d) / least
        if not 0 < allowed < 0.1:  # too near to a singular matrix for a statement to first order
            assert name in ("Hilbert", "nearly singular"), name
            continue
        difference = level.cholesky.cholesky(matrix) - np.linalg.cholesky(full)
        assert np.linalg.norm(difference / deviations[:, None]) <= allowed, f"{name}, d={d}"


# The textbook


@pytest.mark.parametrize("d", [1, 2, 5, 16])
def test_textbook_version(d):
    """The textbook's factor differs by rounding alone; a variance below zero is an error."""
    matrix = random_covariance(np.random.default_rng(d), d).tolist()
    got, want = twin.textbook_cholesky(matrix), twin.cholesky(matrix)
    np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12)
    matrix[-1][-1] = -1.0
    with pytest.raises(ValueError, match="math domain error"):
        twin.textbook_cholesky(matrix)


def test_twin_against_exact_factors():
    """Small integers: the factor that anyone finds by hand, in either dtype."""
    by_hand = [[2.0, 0.0, 0.0], [-1.0, 3.0, 0.0], [5.0, 0.5, 0.25]]
    exact = np.array(by_hand) @ np.array(by_hand).T
    for dtype in cases.DTYPES:
        assert twin.cholesky(cases.numbers(exact.astype(dtype))) == by_hand
