"""Generator.multivariate_normal: rows of one stream, NumPy's interface, and all that is refused."""

import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastdist
from fastdist import default_rng, parallel
from fastdist.covariance import checks

SEED = 20261122
DTYPES = (np.float64, np.float32)
NOT_SEMIDEFINITE = "covariance is not symmetric positive-semidefinite."
I2 = np.eye(2)


def a_covariance(d, seed=1):
    factor = np.random.default_rng(seed).standard_normal((d, d))
    return factor @ factor.T + np.eye(d)


def a_mean(d):
    return np.linspace(-1.0, 2.0, d)


def normals(n, d, dtype=np.float64):
    return default_rng(SEED).standard_normal((n, d), dtype)


def assert_same(actual, expected):
    """Bit for bit."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    assert actual.tobytes() == expected.tobytes()


# The definition, and law 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("d", [1, 2, 3, 5, 17])
@pytest.mark.parametrize("n", [1, 100, 20_000])
def test_rows_are_mean_and_factor_times_the_normals(dtype, d, n):
    cov, mean = a_covariance(d), a_mean(d)
    rng = default_rng(SEED)
    got = rng.multivariate_normal(mean, cov, n, dtype=dtype)
    want = mean + normals(n, d, dtype).astype(float) @ np.linalg.cholesky(cov).T
    epsilon = np.finfo(dtype).eps
    assert got.dtype == dtype
    np.testing.assert_allclose(got, want, rtol=0, atol=20 * d * epsilon * np.abs(want).max())
    assert rng.tell(dtype) == n * d
    assert rng.tell(np.float32 if dtype is np.float64 else np.float64) == 0


@pytest.fixture(scope="module")
def streams():
    """6000 rows of three dimensions of each dtype, in one call."""
    return {
        dtype: default_rng(SEED).multivariate_normal(a_mean(3), a_covariance(3), 6000, dtype=dtype)
        for dtype in DTYPES
    }


sizes_of_calls = st.lists(
    st.one_of(st.none(), st.integers(0, 50), st.sampled_from([341, 342, 1365, 1366]), st.integers(0, 5000)),
    max_size=20,
)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(deadline=None, max_examples=40)
@given(sizes=sizes_of_calls, way=st.sampled_from(["size", "out", "batch", "scale_tril", "batch of cov"]))
def test_slicing_does_not_matter(streams, dtype, sizes, way):
    """Any sequence of calls gives the rows of one call; None is one row."""
    rng = default_rng(SEED)
    mean, cov, place = a_mean(3), a_covariance(3), 0
    for size in sizes:
        count = 1 if size is None else size
        if place + count > 6000:
            break
        if way == "out":
            rows = rng.multivariate_normal(mean, cov, dtype=dtype, out=np.empty((count, 3), dtype))
        elif way == "batch":
            rows = rng.multivariate_normal(np.tile(mean, (count, 1)), cov, dtype=dtype)
        elif way == "batch of cov":
            rows = rng.multivariate_normal(mean, np.tile(cov, (1, 1, 1)), (count,), dtype=dtype)
        elif way == "scale_tril":
            factor = fastdist.multivariate_normal(mean, cov).cov_object.scale_tril
            rows = rng.multivariate_normal(mean, size=size, scale_tril=factor, dtype=dtype)
        else:
            rows = rng.multivariate_normal(mean, cov, size, dtype=dtype)
        assert_same(rows.reshape(-1, 3), streams[dtype][place : place + count])
        place += count
        assert rng.tell(dtype) == 3 * place


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("singular", [False, True])
def test_threads_cannot_be_seen(monkeypatch, dtype, singular):
    """Rows of 1 to 5 threads are the same, and the stream ends where it should."""
    monkeypatch.setattr(parallel, "SHARE_SAMPLES", 1 << 13)
    mean, cov = a_mean(3), a_covariance(3)
    if singular:
        cov[2] = cov[:, 2] = 0
    n = 15_001
    results = []
    for threads in (1, 2, 5):
        with fastdist.num_threads(threads):
            rng = default_rng(SEED)
            head = rng.multivariate_normal(mean, cov, dtype=dtype)
            bulk = rng.multivariate_normal(mean, cov, n, dtype=dtype)
            batch = rng.multivariate_normal(np.broadcast_to(mean, (n, 3)), cov, dtype=dtype)
            assert rng.tell(dtype) == 3 * (1 + 2 * n)
        results.append((head, bulk, batch))
    for one, other in zip(results[0] * 2, results[1] + results[2], strict=True):
        assert_same(other, one)
    together = default_rng(SEED).multivariate_normal(mean, cov, 1 + 2 * n, dtype=dtype)
    assert_same(np.concatenate([results[0][0][None], *results[0][1:]]), together)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [3, 20_000])
def test_a_foreign_bit_generator(dtype, n):
    """The same rows, of the normals that it gives."""
    mean, cov = a_mean(3), a_covariance(3)
    got = fastdist.Generator(np.random.PCG64(1)).multivariate_normal(mean, cov, n, dtype=dtype)
    z = fastdist.Generator(np.random.PCG64(1)).standard_normal((n, 3), dtype)
    want = mean + z @ np.linalg.cholesky(cov).T
    np.testing.assert_allclose(got, want, rtol=0, atol=100 * np.finfo(dtype).eps)


# Batches


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("mean_shape", "cov_shape", "size", "shape"),
    [
        ((4,), (), None, (4,)),
        ((), (4,), None, (4,)),
        ((2, 1), (4,), None, (2, 4)),
        ((4,), (4,), (5, 4), (5, 4)),
        ((4,), (1,), 4, (4,)),
        ((1,), (1,), 7, (7,)),
        ((3, 1), (4,), (2, 3, 4), (2, 3, 4)),
        ((0,), (), None, (0,)),
        ((2, 1), (4,), (2000, 2, 4), (2000, 2, 4)),
    ],
)
def test_batches(dtype, mean_shape, cov_shape, size, shape):
    """Each row has its mean and its covariance; z runs through the rows in C order."""
    d = 2
    source = np.random.default_rng(3)
    mean = source.standard_normal((*mean_shape, d))
    factor = source.standard_normal((*cov_shape, d, d))
    cov = factor @ factor.mT + np.eye(d)
    got = default_rng(SEED).multivariate_normal(mean, cov, size, dtype=dtype)
    z = default_rng(SEED).standard_normal((*shape, d), dtype)
    want = mean + (np.linalg.cholesky(cov) @ z[..., None])[..., 0]
    assert got.shape == (*shape, d)
    np.testing.assert_allclose(got, want, rtol=0, atol=100 * np.finfo(dtype).eps)
    for method in ("svd", "eigh"):
        assert default_rng(SEED).multivariate_normal(mean, cov, size, method=method).shape == got.shape


def test_members_of_a_batch_may_be_singular():
    """Regular members are what they are alone; singular ones have their permutation."""
    covs = [a_covariance(3), np.ones((3, 3)), np.diag([0.0, 2.0, 1.0]), np.zeros((3, 3))]
    mean = a_mean(3)
    rows = default_rng(SEED).multivariate_normal(mean, covs, (50, 4))
    for k, cov in enumerate(covs):
        rng = default_rng(SEED)
        for i in range(50):
            rng.seek(3 * (4 * i + k))
            assert_same(rows[i, k], rng.multivariate_normal(mean, cov))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("cov", [a_covariance(3), np.ones((3, 3)), np.zeros((3, 3))])
def test_means_that_share_a_covariance(dtype, cov):
    """Are moved by their means: the bits, and the signs of zeros, of each mean alone."""
    means = np.random.default_rng(1).standard_normal((40, 3)) * [1e-3, 1.0, 1e9]
    means[::5] = -0.0
    rows = default_rng(SEED).multivariate_normal(means, cov, (30, 40), dtype=dtype)
    alone = default_rng(SEED)
    for i in range(30):
        for k in range(40):
            assert_same(rows[i, k], alone.multivariate_normal(means[k], cov, dtype=dtype))


def test_a_repeated_covariance_is_factored_once(monkeypatch):
    seen = []

    def factor(cov, *arguments):
        seen.append(cov.shape)
        return original(cov, *arguments)

    original = checks.factor
    monkeypatch.setattr(checks, "factor", factor)
    cov = a_covariance(2)
    rows = default_rng(SEED).multivariate_normal([0, 0], np.broadcast_to(cov, (1000, 2, 2)))
    assert seen == [(1, 2, 2)]
    assert_same(rows, default_rng(SEED).multivariate_normal([0.0, 0.0], cov, 1000))


# Singular covariances


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1.0, 1e12, 1e300])
def test_rank_deficient(rank, scale):
    """No error, no warning; the rows have the covariance, and lie in the space that it spans."""
    basis = np.random.default_rng(5).standard_normal((4, rank))
    cov = basis @ basis.T
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = default_rng(SEED).multivariate_normal(np.zeros(4), cov * scale, 20_000) / np.sqrt(scale)
    projector = basis @ np.linalg.pinv(basis)
    np.testing.assert_allclose(x @ projector, x, atol=1e-6)
    # A covariance of n rows has a standard deviation of at most 2 |cov| / sqrt(n) = 0.014 |cov|.
    np.testing.assert_allclose(x.T @ x / len(x), cov, atol=0.07 * max(1, np.abs(cov).max()))


def test_a_small_variance_is_no_zero():
    """Beside a large one and a zero: variances of 1, 0 and 1e-20."""
    x = default_rng(SEED).multivariate_normal([0, 5, 0], np.diag([1, 0, 1e-20]), 1000)
    assert (x[:, 1] == 5).all()
    np.testing.assert_allclose(x[:, 2].std(), 1e-10, rtol=0.1)


@pytest.mark.parametrize("tol", [1e-8, 1e-4])
def test_negative_eigenvalues_inside_and_outside_of_tol(tol):
    """To -tol times the largest variance all is well; beyond it there is a warning, an error, or nothing."""
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]

    def with_eigenvalue(value):
        cov = (rotation * [4.0, 1.0, value]) @ rotation.T
        return (cov + cov.T) / 2

    largest = np.diag(with_eigenvalue(0)).max()
    inside, outside = with_eigenvalue(-0.9 * tol * largest), with_eigenvalue(-1.1 * tol * largest)
    rng = default_rng(SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for check_valid in ("warn", "raise", "ignore"):
            rng.multivariate_normal([0, 0, 0], inside, 5, check_valid, tol)
        ignored = default_rng(1).multivariate_normal([0, 0, 0], outside, 5, "ignore", tol)
    with pytest.warns(RuntimeWarning, match=NOT_SEMIDEFINITE) as caught:
        warned = default_rng(1).multivariate_normal([0, 0, 0], outside, 5, tol=tol)
    assert caught[0].filename == __file__
    assert_same(warned, ignored)
    with pytest.raises(ValueError, match=NOT_SEMIDEFINITE):
        rng.multivariate_normal([0, 0, 0], outside, 5, "raise", tol)


@pytest.mark.parametrize("check_valid", ["warn", "raise", "ignore"])
def test_cholesky_by_name(check_valid):
    """Refuses what NumPy's refuses, by the same error; what is singular by rounding errors is sampled."""
    rng, peer = default_rng(SEED), np.random.default_rng(1)
    for cov in ([[1, 2], [2, 1]], np.ones((2, 2)), np.zeros((2, 2)), np.diag([1.0, -1e-9])):
        for generator in (rng, peer):
            with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
                generator.multivariate_normal([0, 0], cov, 5, check_valid, method="cholesky")
    batch = np.stack([I2, I2, [[1, 2], [2, 1]], -I2 / 2]).reshape(2, 2, 2, 2)
    with pytest.raises(np.linalg.LinAlgError, match=r"The least eigenvalue of cov\[1, 1\] is -0.5"):
        rng.multivariate_normal([0, 0], batch, check_valid=check_valid, method="cholesky")
    assert rng.tell() == 0
    rounded = np.array([[2, 2], [2, 2 + 1e-15]])
    np.linalg.cholesky(rounded)
    for cov in (a_covariance(2), rounded):
        want = default_rng(1).multivariate_normal([1, 2], cov, 5)
        assert_same(default_rng(1).multivariate_normal([1, 2], cov, 5, check_valid, method="cholesky"), want)


def test_the_warning_names_the_eigenvalue_and_the_line():
    """Of the member that is the least of all; from `Generator` and from a frozen distribution."""
    batch = np.stack([I2, np.diag([4.0, -2.0]), np.diag([100.0, -3.0])])
    with pytest.warns(
        RuntimeWarning, match=r"eigenvalue of cov\[1\] is -2, the largest 4. The samples"
    ) as caught:
        default_rng(SEED).multivariate_normal([0, 0], batch)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("tol", [0, 1e-8])
def test_zero_and_indefinite(tol):
    """0 is positive semidefinite, whatever tol is; [[0, 1], [1, 0]] and -1 are not."""
    rng = default_rng(SEED)
    assert_same(
        rng.multivariate_normal([1, 2], np.zeros((2, 2)), check_valid="raise", tol=tol), np.array([1.0, 2])
    )
    for cov in ([[0, 1], [1, 0]], [[-1, 0], [0, 1]]):
        with pytest.raises(ValueError, match=NOT_SEMIDEFINITE):
            rng.multivariate_normal([0, 0], cov, check_valid="raise", tol=tol)


# NumPy's other methods


@pytest.mark.parametrize("method", ["svd", "eigh"])
@pytest.mark.parametrize("n", [10, 20_000])
def test_other_methods_are_numpys_factor_of_our_normals(method, n):
    mean, cov = a_mean(4), a_covariance(4)
    got = default_rng(SEED).multivariate_normal(mean, cov, n, method=method)
    u, s, _ = np.linalg.svd(cov)
    if method == "eigh":
        s, u = np.linalg.eigh(cov)
    want = mean + normals(n, 4) @ (u * np.sqrt(s)).T
    np.testing.assert_allclose(got, want, atol=1e-13)


@pytest.mark.parametrize("method", ["svd", "eigh"])
def test_other_methods_check_as_numpy_does(method):
    rng, peer = default_rng(SEED), np.random.default_rng(1)
    bad = [[1, 2], [2, 1]]
    for generator in (rng, peer):
        with pytest.warns(RuntimeWarning, match=NOT_SEMIDEFINITE):
            generator.multivariate_normal([0, 0], bad, method=method)
        with pytest.raises(ValueError, match=NOT_SEMIDEFINITE):
            generator.multivariate_normal([0, 0], bad, check_valid="raise", method=method)
        assert np.isfinite(
            generator.multivariate_normal([0, 0], bad, check_valid="ignore", method=method)
        ).all()


# Arguments


@pytest.mark.parametrize("size", [None, 0, 1, 5, (), (2, 3), [2, 3], np.int64(4), np.array([2, 2]), (3, 0)])
def test_shapes_are_numpys(size):
    want = np.random.default_rng(1).multivariate_normal([0, 0], np.eye(2), size).shape
    assert default_rng(1).multivariate_normal([0, 0], np.eye(2), size).shape == want


@pytest.mark.parametrize("dtype", ["?", "i1", "u8", "f2", "f4", "g", ">f8", "O"])
def test_dtypes_of_arguments(dtype):
    """Integers, bool, and every real dtype are computed in float64."""
    mean, cov = np.array([0, 1]), np.array([[1, 0], [0, 1]])
    want = default_rng(1).multivariate_normal(mean.astype(float), cov.astype(float), 9)
    assert_same(default_rng(1).multivariate_normal(mean.astype(dtype), cov.astype(dtype), 9), want)
    assert_same(default_rng(1).multivariate_normal(mean.tolist(), cov.tolist(), 9), want)


def test_layout_of_arguments():
    """Strided, reversed, read-only and Fortran-ordered arguments, which are left as they are."""
    mean, cov = a_mean(3), a_covariance(3)
    want = default_rng(1).multivariate_normal(mean, cov, 9)
    wide, wide_mean = np.zeros((6, 6)), np.zeros(6)
    wide[::-2, ::-2], wide_mean[::-2] = cov, mean
    fortran = np.asfortranarray(cov)
    for array in (wide, wide_mean, fortran):
        array.flags.writeable = False
    assert_same(default_rng(1).multivariate_normal(wide_mean[::-2], wide[::-2, ::-2], 9), want)
    assert_same(default_rng(1).multivariate_normal(mean, fortran, 9), want)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("moved", ["unaligned", "byte-swapped"])
def test_alignment_and_byte_order_do_not_matter(moved, dtype):
    """Of means, covariances and factors, one or a batch; an `out` like that is refused, as NumPy does."""

    def move(array):
        if moved == "byte-swapped":
            return array.astype(array.dtype.newbyteorder())
        raw = b"x" + array.tobytes()
        return np.frombuffer(raw, array.dtype, array.size, offset=1).reshape(array.shape)

    means, covs = np.stack([a_mean(3), a_mean(3) + 1]), np.stack([a_covariance(3), np.ones((3, 3))])
    factors = np.linalg.cholesky(covs + np.eye(3))
    for mean in (means, means[0]):
        for name, matrices in (("cov", covs), ("scale_tril", factors)):
            for matrix in (matrices, matrices[0], matrices[1]):
                want = default_rng(1).multivariate_normal(mean, size=(5, 2), dtype=dtype, **{name: matrix})
                got = default_rng(1).multivariate_normal(
                    move(mean), size=(5, 2), dtype=dtype, **{name: move(matrix)}
                )
                assert_same(got, want)
    rng, out = default_rng(1), move(np.zeros((4, 3), dtype))
    with pytest.raises(ValueError, match="aligned, and in machine byte-order"):
        rng.multivariate_normal(means[0], covs[0], dtype=dtype, out=out)
    assert rng.tell(dtype) == 0


def test_the_lower_triangle_counts():
    """What differs within the tolerance does not matter; float32 gets more of it."""
    cov = a_covariance(3)
    nearly = cov + np.triu(1e-9 * np.abs(cov), 1)
    want = default_rng(1).multivariate_normal(a_mean(3), cov, 9)
    assert_same(default_rng(1).multivariate_normal(a_mean(3), nearly, 9), want)
    rough = (cov + np.triu(1e-5 * np.abs(cov), 1)).astype(np.float32)
    default_rng(1).multivariate_normal(a_mean(3), rough, 9)
    with pytest.raises(ValueError, match="cov is not symmetric"):
        default_rng(1).multivariate_normal(a_mean(3), rough.astype(float), 9)


def test_rounding_errors_beside_zeros_are_no_asymmetry():
    cov = np.diag([1e6, 0.0, 1.0])
    cov[0, 1] = 1e-10
    assert np.isfinite(default_rng(1).multivariate_normal([0, 0, 0], cov)).all()
    cov = np.diag([1e10, 1.0, 1.0])
    cov[1, 2] = 0.1  # small beside 1e10, but not beside the two variances that it belongs to
    with pytest.raises(ValueError, match=r"cov is not symmetric: cov\[1, 2\] = 0.1, cov\[2, 1\] = 0.0"):
        default_rng(1).multivariate_normal([0, 0, 0], cov)


BATCH = np.stack([I2] * 4)
NAN_IN_BATCH, ASYMMETRIC_IN_BATCH = BATCH.copy(), BATCH.copy()
NAN_IN_BATCH[3, 0, 1] = NAN_IN_BATCH[3, 1, 0] = np.nan
ASYMMETRIC_IN_BATCH[3, 0, 1] = 0.25
MISTAKES = {
    "method": (ValueError, "method must be one of", ([0, 0], I2), {"method": "qr"}),
    "check_valid": (ValueError, "check_valid must equal 'warn'", ([0, 0], I2, 1, "no"), {}),
    "complex mean": (TypeError, "mean and cov must not be complex", ([0j, 0], I2), {}),
    "complex cov": (TypeError, "mean and cov must not be complex", ([0, 0], I2 * 1j), {}),
    "no dimensions": (ValueError, "mean must not be empty", ([], np.empty((0, 0))), {}),
    "strings": (TypeError, "mean must be real numbers, not strings such as 'a'", (["a", "b"], I2), {}),
    "None": (TypeError, "mean must be real numbers, not NoneType", ([None, 0], I2), {}),
    "objects": (TypeError, "must be real numbers, not str", (np.array(["1", 2], object), I2), {}),
    "complex objects": (TypeError, "must not be complex", (np.array([1j, 2], object), I2), {}),
    "mean a number": (ValueError, "mean must be 1 dimensional", (0, I2), {}),
    "cov a vector": (ValueError, "cov must be 2 dimensional and square", ([0, 0], [1, 1]), {}),
    "cov not square": (ValueError, "cov must be 2 dimensional and square", ([0, 0], np.ones((2, 3))), {}),
    "lengths": (ValueError, "mean and cov must have same length", ([0, 0, 0], I2), {}),
    "batches": (ValueError, "mean and cov must broadcast", (np.zeros((3, 2)), BATCH), {}),
    "size and batch": (ValueError, r"Output size \(3,\) is not compatible", ([0, 0], BATCH, 3), {}),
    "negative size": (ValueError, "negative dimensions .*: size is -1", ([0, 0], I2, -1), {}),
    "size a float": (TypeError, "size must be an int or a tuple of ints, not 1.5", ([0, 0], I2, 1.5), {}),
    "nan": (ValueError, r"cov\[0, 1\] is nan", ([0, 0], [[1, np.nan], [np.nan, 1]]), {}),
    "nan above": (ValueError, r"cov\[0, 1\] is nan", ([0, 0], [[1, np.nan], [0, 1]]), {}),
    "inf": (ValueError, r"cov\[1, 1\] is inf", ([0, 0], [[1, 0], [0, np.inf]]), {}),
    "nan in a batch": (ValueError, r"cov\[3, 0, 1\] is nan", ([0, 0], NAN_IN_BATCH), {}),
    "asymmetric": (
        ValueError,
        r"cov is not symmetric: cov\[0, 1\] = 0.5, cov\[1, 0\] = 0.4",
        ([0, 0], [[1, 0.5], [0.4, 1]]),
        {},
    ),
    "asymmetric in a batch": (
        ValueError,
        r"cov\[3, 0, 1\] = 0.25, cov\[3, 1, 0\] = 0.0",
        ([0, 0], ASYMMETRIC_IN_BATCH),
        {},
    ),
    "asymmetric, svd": (ValueError, "not symmetric", ([0, 0], [[1, 0.5], [0.4, 1]]), {"method": "svd"}),
    "indefinite": (
        ValueError,
        f"{NOT_SEMIDEFINITE} The least eigenvalue of cov is -1, the largest 3.",
        ([0, 0], [[1, 2], [2, 1]], 1, "raise"),
        {},
    ),
    "indefinite, by name": (
        np.linalg.LinAlgError,
        "covariance is not positive definite. The least eigenvalue of cov is -1, .* Leave out method",
        ([0, 0], [[1, 2], [2, 1]]),
        {"method": "cholesky"},
    ),
    "neither": (TypeError, "one of 'cov' and 'scale_tril', and neither is given", ([0, 0],), {}),
    "both": (TypeError, "and both are given", ([0, 0], I2), {"scale_tril": I2}),
    "factor nan": (
        ValueError,
        r"scale_tril\[1, 0\] is nan",
        ([0, 0],),
        {"scale_tril": [[1, 0], [np.nan, 1]]},
    ),
    "factor not triangular": (
        ValueError,
        r"not lower triangular: scale_tril\[0, 1\] = 0.5",
        ([0, 0],),
        {"scale_tril": [[1, 0.5], [0, 1]]},
    ),
    "factor negative": (
        ValueError,
        r"must not be negative: scale_tril\[1, 1\] = -1.0",
        ([0, 0],),
        {"scale_tril": [[1, 0], [0, -1]]},
    ),
    "dtype": (TypeError, "Unsupported dtype", ([0, 0], I2), {"dtype": "f2"}),
    "float32": (ValueError, "cov must be within the range of float32", ([0, 0], I2 * 1e300), {"dtype": "f4"}),
    "tol": (TypeError, "tol must be a number, not None", ([0, 0], np.ones((2, 2))), {"tol": None}),
    "tol, svd": (TypeError, "tol must be a number, not 'a'", ([0, 0], I2), {"tol": "a", "method": "svd"}),
    "out of another dtype": (TypeError, "wrong type", ([0, 0], I2), {"out": np.zeros(2, "f4")}),
    "out no array": (TypeError, "must be an array", ([0, 0], I2), {"out": [0.0, 0.0]}),
    "out strided": (ValueError, "contiguous", ([0, 0], I2), {"out": np.zeros((5, 4))[:, ::2]}),
    "out in Fortran order": (ValueError, "C-contiguous", ([0, 0], I2), {"out": np.zeros((2, 5)).T}),
    "out of another width": (ValueError, "rows of length 2", ([0, 0], I2), {"out": np.zeros((5, 3))}),
    "out and size": (ValueError, "size must match", ([0, 0], I2, 4), {"out": np.zeros((5, 2))}),
    "out and batch": (ValueError, "not compatible", ([0, 0], BATCH), {"out": np.zeros((5, 2))}),
}


@pytest.mark.parametrize("case", MISTAKES)
@pytest.mark.parametrize("bits", [fastdist.BlockXoshiro256, np.random.PCG64])
def test_a_mistake_costs_nothing(case, bits):
    """A clear error of the right type; the stream stands still, and neither out nor inputs are touched."""
    error, message, arguments, keywords = MISTAKES[case]
    rng, twin = fastdist.Generator(bits(3)), fastdist.Generator(bits(3))
    out = np.zeros(2)
    given = [*arguments, *keywords.values(), out]
    before = [np.array(a, copy=True) for a in given]
    with pytest.raises(error, match=message):
        rng.multivariate_normal(*arguments, **keywords)
    with pytest.raises((ValueError, TypeError)):  # that one, or what is said of this out
        rng.multivariate_normal(*arguments, **{"out": out, **keywords})
    for was, now in zip(before, given, strict=True):
        np.testing.assert_array_equal(np.array(now), was)
    for dtype in DTYPES:
        assert rng.standard_normal(dtype=dtype) == twin.standard_normal(dtype=dtype)


def test_ragged_lists_are_refused_by_name():
    rng = default_rng(SEED)
    for arguments, name in ((([[0, 0], [1]], I2), "mean"), (([0, 0], [[1, 0], [1]]), "cov")):
        with pytest.raises(ValueError, match=f"{name} must be an array whose rows have the same length"):
            rng.multivariate_normal(*arguments)
    assert rng.tell() == 0


def test_a_warning_that_is_an_error_costs_nothing():
    rng = default_rng(SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning):
            rng.multivariate_normal([0, 0], [[1, 2], [2, 1]], 5)
    assert rng.tell() == 0


# Memory


@pytest.mark.parametrize("case", ["regular", "float32", "singular", "svd", "batch", "batch, svd", "foreign"])
def test_no_second_array_of_the_size_of_the_output(case):
    n, d = 500_000, 2
    dtype = np.float32 if case == "float32" else np.float64
    cov = np.ones((2, 2)) if case == "singular" else a_covariance(2)
    mean = np.zeros((n, 1, d))[:1] if "batch" in case else np.zeros(d)
    size = (n, 1) if "batch" in case else n
    method = "svd" if "svd" in case else None
    rng = fastdist.Generator(np.random.PCG64(1)) if case == "foreign" else default_rng(1)
    out = np.zeros((n, 1, d) if "batch" in case else (n, d), dtype)
    tracemalloc.start()
    try:
        rng.multivariate_normal(mean, cov, size, method=method, dtype=dtype, out=out)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < out.nbytes / 4
    assert out.any(axis=-1).all()


# out


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", [(), (7,), (2, 3), (10_000,)])
def test_out(dtype, rows):
    """Is filled and returned; with and without size."""
    mean, cov = a_mean(2), a_covariance(2)
    want = default_rng(1).multivariate_normal(mean, cov, rows, dtype=dtype)
    for size in (None, rows):
        out = np.zeros((*rows, 2), dtype)
        assert default_rng(1).multivariate_normal(mean, cov, size, dtype=dtype, out=out) is out
        assert_same(out, want)


def test_out_may_be_an_argument():
    """The mean, and the factor, are read before they are written over."""
    mean, cov = np.random.default_rng(1).standard_normal((5, 2)), a_covariance(2)
    want = default_rng(1).multivariate_normal(mean, cov)
    out = mean.copy()
    assert_same(default_rng(1).multivariate_normal(out, cov, out=out), want)
    factor = np.array([[2.0, 0.0], [1.0, 1.0]])
    want = default_rng(1).multivariate_normal([0.0, 0.0], scale_tril=factor, size=2)
    assert_same(default_rng(1).multivariate_normal([0.0, 0.0], scale_tril=factor, out=factor), want)


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 5), (4, 1, 3), (2, 3, 4)])
def test_boxes_cover_each_range_in_order(shape):
    elements = np.arange(np.prod(shape)).reshape(shape)
    for start in range(elements.size + 1):
        for stop in range(start, elements.size + 1):
            parts = [elements[box].ravel() for box in parallel.boxes(shape, start, stop)]
            covered = np.concatenate(parts) if parts else np.arange(0)
            np.testing.assert_array_equal(covered, np.arange(start, stop))
