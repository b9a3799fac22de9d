"""multivariate_normal: the interface of scipy.stats.multivariate_normal, batches, and other parameters."""

import copy
import inspect
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

import fastdist
from fastdist import multivariate_normal

SCIPY = scipy.stats.multivariate_normal
COVARIANCE = scipy.stats.Covariance
OF_X = ("pdf", "logpdf")


def a_covariance(d, seed=1):
    factor = np.random.default_rng(seed).standard_normal((d, d))
    return factor @ factor.T + np.eye(d)


def outcome(call):
    """What a call returns, or what it raises."""
    try:
        return call()
    except Exception as error:
        return error


def assert_like(got, want, rtol=1e-11):
    """The same type, dtype and shape, and nearly the same values."""
    assert type(got) is type(want)
    assert np.asarray(got).dtype == np.asarray(want).dtype
    assert np.shape(got) == np.shape(want)
    np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-13)


def assert_same(got, want):
    """Bit for bit."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.dtype == want.dtype
    assert got.shape == want.shape
    assert got.tobytes() == want.tobytes()


# Against SciPy

PARAMETERS = {
    "default": (None, 1),
    "numbers": (0.5, 2.0),
    "vectors of length 1": ([0], [2]),
    "matrices of one entry": ([[0]], [[2]]),
    "cov a vector": (None, [2]),
    "cov a longer vector": (None, [1, 2, 3]),
    "isotropic": ([1, 2], 3),
    "diagonal": ([1, 2], [1, 2]),
    "full": ([1, 2], a_covariance(2)),
    "full, no mean": (None, a_covariance(3)),
    "integers": ([1, 2, 3], [[4, 1, 0], [1, 3, 1], [0, 1, 2]]),
    "None": ([1, 2], None),
    "lengths": ([1, 2], a_covariance(3)),
    "not square": ([1, 2], np.ones((2, 3))),
    "one mean": ([0], a_covariance(2)),
    "singular": ([1.0, 2, 3], np.ones((3, 3))),
    "singular in two": ([1.0, 2], [[4, 2], [2, 1]]),
    "indefinite": ([1.0, 2], [[1, 2], [2, 1]]),
    "negative": ([1, 2], -1),
    "zero variance": ([1, 2, 3], [1, 2, 0]),
    "object, factor": ([1, 2], COVARIANCE.from_cholesky(np.linalg.cholesky(a_covariance(2)))),
    "object, precision": ([1, 2, 3], COVARIANCE.from_precision(a_covariance(3))),
    "object, diagonal": (1, COVARIANCE.from_diagonal([1, 2, 3])),
    "object, singular": ([1, 2], COVARIANCE.from_diagonal([1, 0])),
    "object, eigenvalues": (None, COVARIANCE.from_eigendecomposition(np.linalg.eigh(a_covariance(3)))),
    "object, of SciPy's own": (None, SCIPY(None, a_covariance(2)).cov_object),
    "object and mean": ([1, 2, 3, 4], COVARIANCE.from_diagonal([1, 2, 3])),
}
POINTS = {
    "number": 0.5,
    "one": [0.5],
    "two": [0.5, 1],
    "three": [1, 2, 3],
    "on the line": [[2.0, 3, 4], [0.0, 1, 2], [0.0, 1, 5]],
    "row": [[0.5, 1]],
    "rows": [[0.5, 1], [1, 2], [3, 4]],
    "column": [[0.5], [1]],
    "grid": np.linspace(0, 1, 24).reshape(4, 1, 3, 2),
    "no rows": np.ones((0, 2)),
    "nothing": [],
}
every_parameter = pytest.mark.parametrize("case", PARAMETERS)


def assert_outcome(got, want):
    """The same result, or the same error; SciPy's message first, unless it is about shapes of operands."""
    if isinstance(want, Exception):
        if isinstance(want, TypeError):  # SciPy 1.17 fails for one point outside of the support
            assert "item assignment" in str(want)
            assert got in (0.0, -np.inf)
            return
        assert type(got) is type(want)
        if not str(want).startswith(("matmul", "operands", "cannot reshape")):
            assert str(got).startswith(str(want).replace(",and", ", and"))
        return
    assert not isinstance(got, Exception), got
    assert_like(got, want)


@every_parameter
@pytest.mark.parametrize("points", POINTS)
@pytest.mark.parametrize("allow_singular", [False, True])
@pytest.mark.parametrize("name", OF_X)
def test_densities_are_those_of_scipy(name, case, points, allow_singular):
    """Values, squeezed shapes and errors, frozen and not."""
    mean, cov = PARAMETERS[case]
    x = POINTS[points]
    with np.errstate(all="ignore"):
        want = outcome(lambda: getattr(SCIPY, name)(x, mean, cov, allow_singular))
    assert_outcome(outcome(lambda: getattr(multivariate_normal, name)(x, mean, cov, allow_singular)), want)
    assert_outcome(outcome(lambda: getattr(multivariate_normal(mean, cov, allow_singular), name)(x)), want)


@every_parameter
def test_entropy_and_attributes_are_those_of_scipy(case):
    mean, cov = PARAMETERS[case]
    assert_outcome(
        outcome(lambda: multivariate_normal.entropy(mean, cov)), outcome(lambda: SCIPY.entropy(mean, cov))
    )
    for allow_singular in (False, True):
        got = outcome(lambda s=allow_singular: multivariate_normal(mean, cov, s))
        want = outcome(lambda s=allow_singular: SCIPY(mean, cov, s))
        if isinstance(want, Exception):
            assert_outcome(got, want)
            continue
        for name in ("dim", "maxpts", "abseps", "releps"):
            assert getattr(got, name) == getattr(want, name)
        assert got.allow_singular == (allow_singular or want.cov_object.rank < want.dim)
        for name in ("mean", "cov"):
            np.testing.assert_allclose(getattr(got, name), getattr(want, name), rtol=1e-14)
        assert_like(got.entropy(), want.entropy())
        assert got.cov_object.rank == want.cov_object.rank
        assert_like(got.cov_object.log_pdet, want.cov_object.log_pdet)
        assert got.cov_object.shape == want.cov_object.shape


@every_parameter
@pytest.mark.parametrize("size", [1, None, 0, 5, (2, 3), (1, 3)])
@pytest.mark.parametrize("seed", [np.random.RandomState, np.random.default_rng])
def test_draws_of_numpy_are_those_of_scipy(case, size, seed):
    """Bit for bit, from the same NumPy generator: SciPy draws as we do."""
    mean, cov = PARAMETERS[case]
    got, want = (
        outcome(lambda d=d: d.rvs(mean, cov, size, random_state=seed(7)))
        for d in (multivariate_normal, SCIPY)
    )
    if isinstance(want, Exception):
        assert type(got) is type(want)
        return
    assert_same(got, want)
    ours = multivariate_normal.rvs(mean, cov, size, random_state=7)
    assert ours.shape == want.shape
    assert type(ours) is type(want)


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_random_arguments(data):
    """Any dimension, shape of points and condition number, within the error that SciPy's own method has."""
    d = data.draw(st.integers(1, 6))
    shape = data.draw(st.lists(st.integers(0, 4), max_size=3))
    source = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    factor = source.standard_normal((d, d))
    cov = factor @ factor.T + 10.0 ** data.draw(st.integers(-6, 2)) * np.eye(d)
    mean = 10 * source.standard_normal(d)
    x = mean + source.standard_normal((*shape, d)) @ factor.T
    condition = np.linalg.cond(cov)
    for name in OF_X:
        got, want = getattr(multivariate_normal, name)(x, mean, cov), getattr(SCIPY, name)(x, mean, cov)
        assert np.shape(got) == np.shape(want)
        np.testing.assert_allclose(got, want, rtol=1e-13 * condition + 1e-12, atol=1e-13 * condition)


def test_names_and_order_of_arguments():
    """Each argument of SciPy's methods is there, in SciPy's order, with SciPy's default."""
    frozen, peer = multivariate_normal(), SCIPY()
    for ours, theirs in ((multivariate_normal, SCIPY), (frozen, peer)):
        for name in ("__call__", "pdf", "logpdf", "cdf", "logcdf", "rvs", "entropy", "fit", "marginal"):
            if not hasattr(theirs, name):
                continue
            want = inspect.signature(getattr(theirs, name)).parameters
            got = inspect.signature(getattr(ours, name)).parameters
            named = [p for p in want.values() if p.kind is not p.VAR_KEYWORD]
            positional = [p.name for p in named if p.kind is p.POSITIONAL_OR_KEYWORD]
            if name == "__call__":
                positional += ["maxpts", "abseps", "releps"]
            assert [p.name for p in got.values() if p.kind is p.POSITIONAL_OR_KEYWORD] == positional
            for p in named:
                assert got[p.name].default == p.default


# Few points, many points


def test_few_points_and_many_are_the_same():
    """Of a frozen object: a list, an array, a grid, and large arrays on any number of threads."""
    frozen = multivariate_normal([1, 2, 3], a_covariance(3))
    x = np.random.default_rng(1).standard_normal((300_001, 3))
    for name in (*OF_X, "mahalanobis"):
        function = getattr(frozen, name)
        results = []
        for threads in (1, 2, 3):
            with fastdist.num_threads(threads):
                results.append(function(x))
        for result in results[1:]:
            assert_same(result, results[0])
        for i in (0, 1, 4095, 4096, 300_000):
            for point in (x[i].tolist(), tuple(x[i].tolist()), x[i], x[i : i + 1], x[i][None, None]):
                assert_same(function(point), results[0][i])
        assert_same(function(x[:12].reshape(2, 2, 3, 3)), results[0][:12].reshape(2, 2, 3))
        assert_same(function(x[::-2]), results[0][::-2])
        assert_same(function(np.asfortranarray(x)), results[0])


@pytest.mark.parametrize("name", [*OF_X, "mahalanobis"])
@pytest.mark.parametrize("allow_singular", [False, True])
def test_dtypes_of_points(name, allow_singular):
    """float32 stays, computed in float64; every other real dtype gives float64; complex is refused."""
    cov = np.ones((2, 2)) if allow_singular else a_covariance(2)
    frozen = multivariate_normal([1, 1], cov, allow_singular)
    x = np.array([[0, 0], [1, 1], [1, 0]])
    want = getattr(frozen, name)(x.astype(float))
    for dtype in ("?", "i1", "u8", "f2", "g", ">f8", "O", "f8"):
        assert_same(getattr(frozen, name)(x.astype(dtype)), want)
    assert_same(getattr(frozen, name)(x.tolist()), want)
    single = getattr(frozen, name)(x.astype(np.float32))
    assert_like(single, want.astype(np.float32), rtol=2**-23)
    assert_same(getattr(frozen, name)(x.astype(">f4")), single)
    with pytest.raises(TypeError, match="x must not be complex"):
        getattr(frozen, name)(x + 0j)


DISTANCES = {"logpdf": -np.inf, "pdf": 0.0, "mahalanobis": np.inf}
SPECIALS = [np.inf, -np.inf, np.nan, 1e308, -1e308]


def laid_out(array, layout):
    """The same numbers, otherwise in memory."""
    if layout == "strided":
        spread = np.zeros([2 * n for n in array.shape], array.dtype)
        spread[(slice(None, None, 2),) * array.ndim] = array
        return spread[(slice(None, None, 2),) * array.ndim]
    if layout == "unaligned":
        return unaligned(array)
    return np.asfortranarray(array) if layout == "Fortran" else array


def unaligned(array):
    """A read-only copy at an odd address."""
    raw = b"x" + array.tobytes()
    return np.frombuffer(raw, array.dtype, array.size, offset=1).reshape(array.shape)


def assert_by_rule(frozen, x, mean, singular=False):
    """A coordinate of x - mean that is NaN makes NaN; else one that is infinite is infinitely far away.

    Finite points are what they are among finite ones.  The ufunc, and few points and the short way for them,
    agree.
    """
    with np.errstate(all="ignore"):
        deviation = x.astype(float) - mean
    is_nan, is_inf = np.isnan(deviation).any(axis=-1), np.isinf(deviation).any(axis=-1)
    finite = ~(is_nan | is_inf)
    tame = np.where(finite[..., None], x, 0 if np.isinf(mean).any() else mean).astype(x.dtype)
    for name, far in DISTANCES.items():
        got = np.reshape(getattr(frozen, name)(x), x.shape[:-1])
        assert np.isnan(got[is_nan]).all()
        assert (got[is_inf & ~is_nan] == far).all()
        assert_same(got[finite], np.reshape(getattr(frozen, name)(tame), x.shape[:-1])[finite])
        for i in range(min(3, len(x))):
            assert_same(np.ravel(getattr(frozen, name)(x[i : i + 1])), got[i : i + 1])
            if x.dtype == np.float64:
                assert_same(np.ravel(getattr(frozen, name)(x[i].tolist())), got[i : i + 1])
    want = np.nan if is_nan.any() else -np.inf if is_inf.any() else None
    if want is not None:
        np.testing.assert_equal(frozen.loglikelihood(x), want)


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_points_that_are_not_finite(data):
    """In any coordinates, any dimension, number of points, dtype, layout and parameters; the mean, too."""
    d, n = data.draw(st.integers(1, 40)), data.draw(st.sampled_from([1, 2, 7, 16, 31, 32, 33, 70]))
    dtype = data.draw(st.sampled_from([np.float64, np.float32]))
    source = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    factor = np.tril(source.standard_normal((d, d)) * source.integers(0, 2, (d, d)), -1) / d + np.eye(d)
    cov, mean = factor @ factor.T, source.standard_normal(d)
    x = source.standard_normal((n, d))
    for _ in range(data.draw(st.integers(0, 4))):
        x[data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, d - 1))] = data.draw(
            st.sampled_from(SPECIALS[:3])
        )
    if data.draw(st.booleans()):
        mean[data.draw(st.integers(0, d - 1))] = data.draw(st.sampled_from(SPECIALS[:3]))
    frozen = data.draw(
        st.sampled_from(
            [
                lambda: multivariate_normal(mean, cov),
                lambda: multivariate_normal(mean, scale_tril=factor),
                lambda: multivariate_normal(mean, precision=cov),
                lambda: multivariate_normal(mean, COVARIANCE.from_cholesky(factor)),
                lambda: multivariate_normal(mean, COVARIANCE.from_precision(cov)),
                lambda: multivariate_normal(mean, np.diag(np.arange(d)), allow_singular=True),
            ]
        )
    )()
    layout = data.draw(st.sampled_from(["contiguous", "strided", "Fortran", "unaligned"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_by_rule(frozen, laid_out(x.astype(dtype), layout), mean)


@pytest.mark.parametrize("d", [1, 2, 3, 5, 24, 40])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_points_of_batches_that_are_not_finite(d, dtype):
    """Each point, mean and covariance on its own, or one for all: as of each pair alone."""
    source = np.random.default_rng(d)
    x, means = source.standard_normal((40, d)).astype(dtype), source.standard_normal((40, d))
    for row, special in enumerate(SPECIALS[:3] * 3):
        (x, means)[row % 2][row, source.integers(d)] = special
    covs = np.stack([a_covariance(d, seed) for seed in range(40)])
    for cov in (covs, covs[0], np.diag(np.arange(d))):
        frozen = multivariate_normal(means, cov, allow_singular=cov.ndim == 2)
        for name in DISTANCES:
            together = getattr(frozen, name)(x)
            for i in range(40):
                one = multivariate_normal(means[i], cov[i] if cov.ndim == 3 else cov, cov.ndim == 2)
                assert_same(together[i], getattr(one, name)(x[i : i + 1]))


@pytest.mark.parametrize("d", [2, 3, 8, 30])
def test_overflow_on_the_way_is_infinitely_far(d):
    """Finite points of which L^-1 (x - mean) overflows, with signs that would cancel."""
    factor = np.tril(np.full((d, d), -1e9), -1) + 1e-9 * np.eye(d)
    frozen = multivariate_normal(None, scale_tril=factor)
    x = np.array([[1e300, -1e300] * (d // 2) + [1e300] * (d % 2)])
    assert (frozen.logpdf(x), frozen.pdf(x), frozen.mahalanobis(x)) == (-np.inf, 0, np.inf)


def test_layout_of_points():
    """Read-only and strided points; nothing is changed."""
    frozen = multivariate_normal([1, 2], a_covariance(2))
    wide = np.random.default_rng(1).standard_normal((10, 6))
    x = np.ascontiguousarray(wide[::2, ::3])
    wide.flags.writeable = False
    before = wide.copy()
    for name in OF_X:
        assert_same(getattr(frozen, name)(wide[::2, ::3]), getattr(frozen, name)(x))
    assert_same(wide, before)


LAYOUTS = {"unaligned": unaligned, "byte-swapped": lambda array: array.astype(array.dtype.newbyteorder())}
PARAMETERIZED = {
    "cov": lambda moved: {"cov": moved(a_covariance(3))},
    "scale_tril": lambda moved: {"scale_tril": moved(np.linalg.cholesky(a_covariance(3)))},
    "precision": lambda moved: {"precision": moved(a_covariance(3))},
    "batch": lambda moved: {"cov": moved(np.stack([a_covariance(3, 1), a_covariance(3, 2)]))},
    "batch of factors": lambda moved: {"scale_tril": moved(np.stack([np.eye(3), 2 * np.eye(3)]))},
    "singular": lambda moved: {"cov": moved(np.ones((3, 3))), "allow_singular": True},
    "variances": lambda moved: {"cov": moved(np.array([1.0, 2.0, 3.0]))},
    "object, factor": lambda moved: {
        "cov": COVARIANCE.from_cholesky(moved(np.linalg.cholesky(a_covariance(3))))
    },
    "object, precision": lambda moved: {"cov": COVARIANCE.from_precision(moved(a_covariance(3)))},
    "object, diagonal": lambda moved: {"cov": COVARIANCE.from_diagonal(moved(np.array([1.0, 2.0, 3.0])))},
}
every_parameterization = pytest.mark.parametrize("case", PARAMETERIZED)


def everything_of(frozen, moved):
    """All that a frozen distribution of three dimensions computes, its arguments moved in memory."""
    x = np.random.default_rng(1).standard_normal((70, 1, 3))
    for name in DISTANCES:
        yield getattr(frozen, name)(moved(x))
        yield getattr(frozen, name)(moved(x[0]))
        yield getattr(frozen, name)(moved(x.astype(np.float32)))
    yield frozen.loglikelihood(moved(x))
    yield frozen.entropy()
    yield frozen.cov
    yield frozen.rvs(random_state=1)
    for peer in (np.random.default_rng(1), np.random.RandomState(1)):
        yield np.round(frozen.rvs(random_state=peer), 12)  # SciPy's objects take another way to the last bit
    yield frozen.marginal(moved(np.array([2, 0]))).logpdf([0.0, 0.0])
    yield frozen.conditional(moved(np.array([1])), moved(np.array([0.5]))).mean
    yield frozen.wasserstein(multivariate_normal(moved(np.arange(3.0)), moved(a_covariance(3))))
    yield frozen.kl_divergence(multivariate_normal(moved(np.arange(3.0)), moved(a_covariance(3))))


def assert_same_everything(got, want, moved=lambda array: array):
    for one, other in zip(everything_of(got, moved), everything_of(want, lambda array: array), strict=True):
        assert_same(one, other)


@every_parameterization
@pytest.mark.parametrize("layout", LAYOUTS)
def test_alignment_and_byte_order_do_not_matter(case, layout):
    """Of parameters and of arguments, which are read-only besides."""
    moved = LAYOUTS[layout]
    mean = np.array([1.0, -2.0, 0.5])
    want = multivariate_normal(mean, **PARAMETERIZED[case](np.copy))
    got = multivariate_normal(moved(mean), **PARAMETERIZED[case](moved))
    assert_same_everything(got, want, moved)


@every_parameterization
def test_pickles_in_unaligned_buffers(case):
    """As a cluster sends them: out of band, read-only, at odd addresses."""
    want = multivariate_normal([1.0, -2.0, 0.5], **PARAMETERIZED[case](np.copy))
    for made in (want, want.marginal([0, 1, 2]), multivariate_normal(np.zeros((70, 1, 3)), want.cov_object)):
        buffers = []
        data = pickle.dumps(made, protocol=5, buffer_callback=buffers.append)
        moved = [memoryview(b"x" + buffer.raw().tobytes())[1:] for buffer in buffers]
        assert_same_everything(pickle.loads(data, buffers=moved), made)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_fits_of_other_layouts(layout):
    moved = LAYOUTS[layout]
    for dtype in (np.float64, np.float32, np.int64):
        x = (100 * np.random.default_rng(1).standard_normal((300, 3))).astype(dtype)
        fixed = {"fix_mean": np.array([1.0, 2, 3]), "fix_cov": a_covariance(3)}
        for names in ([], ["fix_mean"], ["fix_cov"]):
            want = multivariate_normal.fit(x, **{name: fixed[name] for name in names})
            got = multivariate_normal.fit(moved(x), **{name: moved(fixed[name]) for name in names})
            for one, other in zip(got, want, strict=True):
                assert_same(one, other)


# What is kept is copied


def read_only(array):
    view = array.view()
    view.flags.writeable = False
    return view


# Ways in which an array reaches a constructor while the caller can still write to it.
VIEWS = {
    "itself": lambda array: array,
    "read-only": read_only,
    "broadcast": lambda array: np.broadcast_to(array, (2, *array.shape))[0],
    "transposed": lambda array: array.T,
    "buffer": lambda array: np.frombuffer(memoryview(array).cast("B"), array.dtype).reshape(array.shape),
}
OWNED = {
    "cov": lambda a: {"cov": a},
    "scale_tril": lambda a: {"scale_tril": a},
    "precision": lambda a: {"precision": a},
    "variances": lambda a: {"cov": a.diagonal()},
    "batch": lambda a: {"cov": a[None]},
    "batch of factors": lambda a: {"scale_tril": a[None]},
    "batch of precisions": lambda a: {"precision": a[None]},
    "repeated": lambda a: {"cov": np.broadcast_to(a, (4, 3, 3))},
    "object, factor": lambda a: {"cov": COVARIANCE.from_cholesky(a)},
    "object, precision": lambda a: {"cov": COVARIANCE.from_precision(a)},
    "object, precision and covariance": lambda a: {"cov": COVARIANCE.from_precision(a, covariance=a)},
    "object, diagonal": lambda a: {"cov": COVARIANCE.from_diagonal(a.diagonal())},
    "object, eigenvalues": lambda a: {"cov": COVARIANCE.from_eigendecomposition((a.diagonal(), a))},
    "object, of SciPy's own": lambda a: {"cov": SCIPY(None, a).cov_object},
}


@pytest.mark.parametrize("case", OWNED)
@pytest.mark.parametrize("view", VIEWS)
def test_later_changes_of_the_callers_memory(case, view):
    """Of the mean and of the covariance, in whichever form, and through any view: nothing follows them."""
    mean, matrix = np.array([1.0, -2.0, 0.5]), np.eye(3)
    untouched = multivariate_normal(mean.copy(), **OWNED[case](matrix.copy()))
    frozen = multivariate_normal(VIEWS[view](mean), **OWNED[case](VIEWS[view](matrix)))
    part, want = frozen.marginal([0, 2]), untouched.marginal([0, 2])
    mean[:], matrix[:] = 77.0, 99.0
    assert_same_everything(frozen, untouched)
    assert_same(frozen.mean, untouched.mean)
    assert_same(part.logpdf([0.0, 0.0]), want.logpdf([0.0, 0.0]))


@pytest.mark.parametrize("view", VIEWS)
def test_later_changes_of_a_singular_covariance(view):
    mean, cov = np.array([1.0, -2.0, 0.5]), np.ones((3, 3))
    untouched = multivariate_normal(mean.copy(), cov.copy(), allow_singular=True)
    frozen = multivariate_normal(VIEWS[view](mean), VIEWS[view](cov), allow_singular=True)
    mean[:], cov[:] = 77.0, 99.0
    assert_same_everything(frozen, untouched)


def test_later_changes_of_a_data_frame():
    """Of which a column may be given as a read-only view."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    frozen = multivariate_normal(np.asarray(frame["a"]), np.asarray(frame["b"]))
    batch = multivariate_normal(np.asarray(frame["a"])[:, None], 1)
    want = frozen.logpdf([0, 0]), batch.logpdf([0.0])
    frame.loc[:, :] = 7.0
    assert_same(frozen.logpdf([[0, 0]]), want[0])
    assert_same(batch.logpdf([0.0]), want[1])


def test_the_arrays_of_a_covariance_are_read_only():
    """What has been computed from them would not follow a change."""
    for frozen in (
        multivariate_normal([0, 0], I2),
        multivariate_normal([0, 0], precision=np.stack([I2, I2])),
        multivariate_normal([0, 0], np.ones((2, 2)), True),
        pickle.loads(pickle.dumps(multivariate_normal([0, 0], I2))),
    ):
        known = frozen.cov_object
        for name in {"scale_tril", "covariance", "log_peak"} & set(dir(known)):
            array = getattr(known, name)
            assert not isinstance(array, np.ndarray) or not array.flags.writeable, name


def test_pickles_and_copies_of_a_repeated_matrix_are_small():
    """A matrix that a batch repeats is there but once."""
    for name in ("cov", "scale_tril", "precision"):
        frozen = multivariate_normal([1, 2], **{name: np.broadcast_to(np.eye(2), (10**9, 3, 2, 2))})
        data = pickle.dumps(frozen)
        assert len(data) < 5000
        for twin in (pickle.loads(data), copy.copy(frozen), copy.deepcopy(frozen)):
            assert twin.cov.shape == (10**9, 3, 2, 2)
            assert twin.cov.strides[:2] == (0, 0)


# Batches


def test_batches_broadcast():
    """Means (..., d), covariances (..., d, d) and points (..., d); each result is that of its own three."""
    source = np.random.default_rng(2)
    mean, x = source.standard_normal((4, 1, 2)), source.standard_normal((6, 1, 1, 2))
    cov = np.stack([a_covariance(2, seed) for seed in range(3)])
    for name in (*OF_X, "mahalanobis"):
        got = getattr(multivariate_normal, name)(x, mean, cov)
        assert got.shape == (6, 4, 3)
        for i, j, k in np.ndindex(6, 4, 3):
            assert got[i, j, k] == getattr(multivariate_normal(mean[j, 0], cov[k]), name)(x[i, 0, 0])
    assert multivariate_normal.entropy(mean, cov).shape == (4, 3)
    assert multivariate_normal.entropy(mean, cov)[2, 1] == multivariate_normal.entropy(None, cov[1])
    assert multivariate_normal.logpdf(x[0, 0, 0], mean[0, 0], cov[:1]).shape == (1,)


def test_large_batches_on_threads(monkeypatch):
    mean = np.random.default_rng(2).standard_normal((70_000, 2))
    cov = np.broadcast_to(a_covariance(2), (70_000, 2, 2))
    results = []
    for threads in (1, 3):
        with fastdist.num_threads(threads):
            results.append(multivariate_normal.logpdf([0.5, 1.0], mean, cov))
    assert_same(*results)
    assert_same(results[0], multivariate_normal.logpdf(0.5 * np.array([1.0, 2.0]), mean, a_covariance(2)))


@pytest.mark.parametrize(
    "cov", [np.eye(2), np.ones((2, 2)), scipy.stats.Covariance.from_diagonal([1.0, 1.0])]
)
def test_what_is_frozen_cannot_be_changed(cov):
    """Few points take another way than many: with another mean for one of them, the two would differ."""
    made = multivariate_normal([1, 2], cov, allow_singular=True)
    for frozen in (made, pickle.loads(pickle.dumps(made))):
        for parameter in (frozen.mean, frozen.cov):
            with pytest.raises(ValueError, match="read-only"):
                parameter += 1
        for name in ("mean", "cov"):
            with pytest.raises(AttributeError):
                setattr(frozen, name, 0.0)


@pytest.mark.parametrize("name", ["cov", "scale_tril", "precision"])
def test_a_repeated_matrix_is_kept_once(name):
    """np.broadcast_to makes a batch, but no copies."""
    cov = np.array([[1.0, 0.0], [0.0, 4.0]])
    frozen = multivariate_normal([1, 2], **{name: np.broadcast_to(cov, (10**9, 3, 2, 2))})
    assert frozen.cov_object.shape == (10**9, 3, 2, 2)
    assert frozen.cov_object.scale_tril.strides[:2] == (0, 0)
    assert frozen.cov.strides[:2] == (0, 0)
    few = multivariate_normal([1, 2], **{name: np.broadcast_to(cov, (5, 2, 2))})
    want = multivariate_normal([1, 2], **{name: cov}).logpdf([0.5, 0.5])
    assert_same(few.logpdf([0.5, 0.5]), np.full(5, want))


def test_draws_of_batches():
    mean, cov = np.zeros((3, 2)), np.stack([a_covariance(2, seed) for seed in range(3)])
    frozen = multivariate_normal(mean, cov)
    want = fastdist.default_rng(7).multivariate_normal(mean, cov)
    assert_same(frozen.rvs(random_state=7), want)
    assert_same(frozen.rvs((4, 3), random_state=7)[0], want)
    assert frozen.rvs((4, 3), random_state=np.random.default_rng(1)).shape == (4, 3, 2)
    assert frozen.rvs(random_state=np.random.RandomState(1)).shape == (3, 2)
    for new in (fastdist.default_rng, np.random.default_rng, np.random.RandomState):
        rng = new(1)
        for size in (5, (2, 5), ()):
            with pytest.raises(
                ValueError, match=r"Output size .* is not compatible with broadcast dimensions"
            ):
                frozen.rvs(size, rng)
        with pytest.raises(ValueError, match="negative dimensions are not allowed: size is -1"):
            frozen.rvs(-1, rng)
        assert rng.standard_normal() == new(1).standard_normal()  # it was not moved


# Other parameters


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("batch", [(), (3,)])
def test_factor_and_precision(d, batch):
    """scale_tril and precision give the distribution that cov gives."""
    cov = np.stack([a_covariance(d, seed) for seed in range(3)]) if batch else a_covariance(d)
    mean, x = np.arange(d), np.random.default_rng(1).standard_normal((7, *batch, d))
    want = multivariate_normal(mean, cov)
    for other in (
        multivariate_normal(mean, scale_tril=np.linalg.cholesky(cov)),
        multivariate_normal(mean, precision=np.linalg.inv(cov)),
        multivariate_normal(mean, want.cov_object) if not batch else want,
    ):
        np.testing.assert_allclose(other.logpdf(x), want.logpdf(x), rtol=1e-12)
        np.testing.assert_allclose(other.cov, cov, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(other.entropy(), want.entropy(), rtol=1e-12)
        np.testing.assert_allclose(other.rvs(random_state=1), want.rvs(random_state=1), rtol=1e-11)
    assert_same(multivariate_normal.pdf(x, mean, precision=np.linalg.inv(cov)).shape, want.pdf(x).shape)


def test_whiten_and_colorize():
    """Of the covariance object, regular and singular: one undoes the other on the support."""
    z = np.random.default_rng(1).standard_normal((50, 3))
    for cov, rank in ((a_covariance(3), 3), (np.ones((3, 3)), 1), (np.diag([1.0, 0, 2]), 2)):
        known = multivariate_normal(None, cov, True).cov_object
        z[:, rank:] = 0
        np.testing.assert_allclose(known.whiten(known.colorize(z)), z, atol=1e-12)
        np.testing.assert_allclose(known.colorize(np.eye(3)).T @ known.colorize(np.eye(3)), cov, atol=1e-12)


def test_high_condition_numbers_are_regular():
    """SciPy refuses a condition number of 1e12; its density is right here (checked in 50 digits)."""
    import mpmath

    cov = np.array([[1.0, 1.0], [1.0, 1.0 + 2.0**-40]])
    with pytest.raises(np.linalg.LinAlgError):
        SCIPY.logpdf([1, 1], None, cov)
    with mpmath.workdps(50):
        matrix, x = mpmath.matrix(cov.tolist()), mpmath.matrix([1, 1 + 2.0**-20])
        distance = (x.T * matrix**-1 * x)[0]
        want = float(-(2 * mpmath.log(2 * mpmath.pi) + mpmath.log(mpmath.det(matrix)) + distance) / 2)
    np.testing.assert_allclose(multivariate_normal.logpdf([1, 1 + 2.0**-20], None, cov), want, rtol=1e-12)
    assert multivariate_normal.entropy(None, cov) < 0  # not that of rank 1, which is positive
    assert multivariate_normal(None, cov, allow_singular=True).cov_object.rank == 1  # as in SciPy


@pytest.mark.parametrize("cov", [np.zeros((1, 1)), np.zeros((2, 2)), np.ones((2, 2)), np.diag([1.0, 0, 0])])
def test_points_of_singular_distributions_that_are_not_finite(cov):
    """NaN anywhere in a point makes NaN, whether or not rank or support depend on it; inf is outside."""
    frozen = multivariate_normal(None, cov, allow_singular=True)
    for i in range(len(cov)):
        x = np.zeros(len(cov))
        x[i] = np.nan
        results = (frozen.logpdf(x), frozen.pdf(x), frozen.mahalanobis(x), frozen.loglikelihood(x))
        assert np.isnan(results).all()
        for x[i] in (np.inf, -np.inf):
            results = (frozen.logpdf(x), frozen.pdf(x), frozen.mahalanobis(x), frozen.loglikelihood(x))
            assert results == (-np.inf, 0.0, np.inf, -np.inf)


@pytest.mark.parametrize("d", [1, 2, 3, 20])
def test_a_point_mass_has_density_1(d):
    """Nothing is random: no rounding errors of constants that cancel are left."""
    point = multivariate_normal(np.arange(d), np.zeros((d, d)), allow_singular=True)
    assert (point.pdf(np.arange(d)), point.logpdf(np.arange(d)), point.entropy()) == (1, 0, 0)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
@pytest.mark.parametrize("cov", [a_covariance(3), np.ones((3, 3))], ids=["regular", "singular"])
def test_huge_and_tiny_scales(scale, cov):
    """In any unit the same, but for the logarithm of the unit."""
    singular = cov[0, 1] == 1
    x, rank = np.array([1.0, 1.0, 1.0]), 1 if singular else 3
    unit = np.sqrt(scale)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = multivariate_normal(None, cov * scale, singular)
    want = multivariate_normal(None, cov, singular)
    np.testing.assert_allclose(got.logpdf(x * unit), want.logpdf(x) - rank * np.log(unit), rtol=1e-11)
    np.testing.assert_allclose(got.mahalanobis(x * unit), want.mahalanobis(x), rtol=1e-11)
    np.testing.assert_allclose(got.rvs(random_state=1), unit * want.rvs(random_state=1), rtol=1e-11)
    np.testing.assert_allclose(got.entropy(), want.entropy() + rank * np.log(unit), rtol=1e-11)


def test_no_floating_point_warnings():
    """Overflow and underflow are results, nothing to warn of, whatever the caller has set."""
    draw = fastdist.default_rng(1).multivariate_normal
    with np.errstate(all="raise"):
        assert multivariate_normal.logpdf([1e300, 1], None, [[1, 0.5], [0.5, 1]]) == -np.inf
        assert multivariate_normal.pdf([50.0, 0], [0, 0], 1) == 0
        assert multivariate_normal.mahalanobis([1e200, 0], [0, 0], 1) == np.inf
        assert np.isfinite(draw([0, 0], np.diag([1e-320, 1e300]))).all()
        assert np.isfinite(draw([0, 0], np.full((2, 2), 1e-310))).all()
        for method in ("svd", "eigh"):
            assert np.isfinite(draw([0, 0], np.diag([1e-300, 1e300]), method=method)).all()
        tiny = multivariate_normal(None, np.full((2, 2), 1e-310), allow_singular=True)
        assert tiny.logpdf([0, 0]) > 300
        far = multivariate_normal(None, np.ones((2, 2)), allow_singular=True)
        assert far.logpdf(np.full(2, 1e30, np.float32)) == -np.inf  # -1e60 is not in float32
        wide = multivariate_normal([1, 2], [1e-300, 1e300])
        assert multivariate_normal([1, 2], 1).kl_divergence(wide) > 1e299
        assert wide.wasserstein(multivariate_normal([1, 2], 1)) > 1e149
        assert np.isinf(multivariate_normal.fit([[1e-200, 1], [1e200, 2]])[1]).any()


def test_no_dimensions_and_no_points():
    """An empty mean is refused, as SciPy refuses it; no points are none."""
    for arguments in (([],), ([], 1), ([], np.eye(0)), (None, np.eye(0)), (np.zeros((3, 0)), 1)):
        for call in (multivariate_normal, multivariate_normal.rvs, multivariate_normal.entropy):
            with pytest.raises(
                ValueError, match="must not be empty: a distribution has one dimension or more"
            ):
                call(*arguments)
    assert multivariate_normal.logpdf(np.ones((3, 2)), np.zeros((0, 1, 2)), 1).shape == (0, 3)
    assert multivariate_normal.logpdf(np.ones((0, 2)), [0, 0], [1, 1]).shape == (0,)
    assert multivariate_normal.rvs([0, 0], [1, 1], 0).shape == (0, 2)


# Mistakes

I2 = np.eye(2)
with np.errstate(all="ignore"):
    INFINITE_OBJECT = COVARIANCE.from_diagonal([1, np.inf])
MISTAKES = {
    "nan": (ValueError, r"cov\[0, 1\] is nan", {"cov": [[1, np.nan], [np.nan, 1]]}),
    "inf": (ValueError, r"cov\[1, 1\] is inf", {"cov": [[1, 0], [0, np.inf]]}),
    "asymmetric": (
        np.linalg.LinAlgError,
        r"must be symmetric positive definite. cov is not symmetric: cov\[0, 1\] = 0.5, cov\[1, 0\] = 0.4",
        {"cov": [[1, 0.5], [0.4, 1]]},
    ),
    "asymmetric, may be singular": (
        ValueError,
        r"must be symmetric positive semidefinite. cov is not symmetric: cov\[0, 1\] = 0.5",
        {"cov": [[1, 0.5], [0.4, 1]], "allow_singular": True},
    ),
    "strings": (ValueError, "mean must be real numbers, not strings such as 'a'", {"mean": ["a", "b"]}),
    "strings of numbers": (ValueError, "cov must be .* not strings such as '1'", {"cov": [["1"]]}),
    "bytes": (ValueError, "mean must be .* not strings such as b'1'", {"mean": [b"1"]}),
    "string among objects": (ValueError, "not strings such as 'a'", {"mean": np.array([1, "a"], object)}),
    "string as factor": (ValueError, "scale_tril must be .* such as 'a'", {"scale_tril": "a"}),
    "string as precision": (ValueError, "precision must be .* such as 'a'", {"precision": "a"}),
    "None": (TypeError, "mean must be real numbers, not NoneType", {"mean": [None, 1]}),
    "ragged": (ValueError, "cov must be an array whose rows have the same length", {"cov": [[1, 0], [1]]}),
    "dates": (TypeError, r"real numbers, not datetime64", {"mean": np.array(["2020"], "M8[Y]")}),
    "batch": (ValueError, r"cov\[1, 0, 0\] is nan", {"cov": np.stack([I2, I2 * np.nan])}),
    "complex": (TypeError, "mean and cov must not be complex", {"cov": I2 + 0j}),
    "complex mean": (TypeError, "mean and cov must not be complex", {"mean": [0j, 1], "cov": I2}),
    "singular": (
        np.linalg.LinAlgError,
        "must be symmetric positive definite. The least eigenvalue of cov is 0, the largest 3. `allow_s",
        {"cov": np.diag([0.0, 3.0])},
    ),
    "singular batch": (np.linalg.LinAlgError, "positive definite", {"cov": np.ones((3, 2, 2))}),
    "indefinite": (
        ValueError,
        "must be symmetric positive semidefinite. The least eigenvalue of cov is -1, the largest 3.",
        {"cov": [[1, 2], [2, 1]]},
    ),
    "indefinite batch": (
        ValueError,
        r"positive semidefinite. The least eigenvalue of cov\[1\] is -2, the largest -1.",
        {"cov": np.stack([I2, np.diag([-1.0, -2.0]), np.diag([1.0, 0.0])])},
    ),
    "negative variance": (ValueError, "The variance cov is -1.", {"cov": -1}),
    "variances": (
        ValueError,
        "3 variances, but 'mean' is a vector of length 2",
        {"mean": [0, 0], "cov": [1] * 3},
    ),
    "variances alone": (ValueError, "3 variances, but without a 'mean' there is one", {"cov": [1, 2, 3]}),
    "batch of means": (
        ValueError,
        r"of shape \(2, 2\), but 'mean' is a batch, of shape \(2, 1\), of vectors of length 1",
        {"mean": [[0], [0]], "cov": I2},
    ),
    "zero": (np.linalg.LinAlgError, "positive definite", {"cov": np.zeros((2, 2))}),
    "batches": (ValueError, "must broadcast", {"mean": np.zeros((3, 2)), "cov": np.stack([I2, I2])}),
    "two": (TypeError, "takes one of 'cov', 'scale_tril'", {"cov": I2, "scale_tril": I2}),
    "two more": (TypeError, "takes one of 'cov', 'scale_tril'", {"precision": I2, "scale_tril": I2}),
    "precision": (np.linalg.LinAlgError, "`precision`", {"precision": np.ones((2, 2))}),
    "precision indefinite": (
        np.linalg.LinAlgError,
        "`precision` must .* The least eigenvalue of precision is -1, the largest 3.",
        {"precision": [[1, 2], [2, 1]]},
    ),
    "infinite object": (ValueError, r"cov\[1, 1\] is inf", {"cov": INFINITE_OBJECT}),
    "precision asymmetric": (ValueError, "precision is not symmetric", {"precision": [[1, 1], [0, 1]]}),
    "factor": (ValueError, "not lower triangular", {"scale_tril": [[1, 1], [0, 1]]}),
    "factor singular": (ValueError, "must be positive: scale_tril", {"scale_tril": [[1, 0], [0, 0]]}),
    "factor nan": (ValueError, r"scale_tril\[0, 0\] is nan", {"scale_tril": [[np.nan, 0], [0, 1]]}),
    "seed": (ValueError, "'x' cannot be used to seed .* pass None, an int", {"seed": "x"}),
    "unknown": (TypeError, "unexpected keyword", {"loc": 0}),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes(case):
    error, message, keywords = MISTAKES[case]
    with pytest.raises(error, match=message) as caught:
        multivariate_normal(**keywords)
    assert type(caught.value) is error


def test_points_of_another_dimension():
    for batch in (False, True):
        frozen = multivariate_normal(np.zeros((3, 2)) if batch else [0, 0], I2)
        for call in (frozen.logpdf, frozen.pdf, frozen.mahalanobis, frozen.loglikelihood):
            with pytest.raises(
                ValueError,
                match=r"points of x have 3 components, those of the distribution 2: .*, 2\), not \(4, 3\)",
            ):
                call(np.ones((4, 3)))


@pytest.mark.parametrize("name", ["cdf", "logcdf"])
def test_mistakes_in_the_distribution_function(name):
    """They are found before SciPy sees them."""
    call = getattr(multivariate_normal([0, 0], I2), name)
    with pytest.raises(
        ValueError, match=r"points of x have 3 components, .* of shape \(..., 2\), not \(3,\)"
    ):
        call([1, 2, 3])
    with pytest.raises(ValueError, match="x must be real numbers, not strings"):
        call(["a", "b"])
    with pytest.raises(TypeError, match="x must not be complex"):
        call([1j, 0])
    with pytest.raises(ValueError, match=r"lower_limit and x must broadcast: .* \(3,\) and \(2,\)"):
        call([0, 0], lower_limit=[0, 0, 0])
    with pytest.raises(ValueError, match="lower_limit must be real numbers"):
        call([0, 0], lower_limit="a")


STRANGE_POINTS = {
    "strings": (ValueError, "not strings such as 'a'", ["a", "b"]),
    "strings of numbers": (ValueError, "not strings such as '1'", ["1", "2"]),
    "None": (TypeError, "not NoneType", None),
    "a None": (TypeError, "not NoneType", [None, 1.0]),
    "complex": (TypeError, "x must not be complex, but x is complex128", [1j, 0]),
    "complex objects": (TypeError, "x must not be complex, but x is complex", np.array([1j, 0], object)),
    "an object": (TypeError, "not object", object()),
    "a dict": (TypeError, "not dict", {}),
    "ragged": (ValueError, "x must be an array whose rows have the same length", [[1, 2], [3]]),
    "dates": (TypeError, "not datetime64", np.array(["2020", "2021"], "M8[Y]")),
}


@pytest.mark.parametrize("case", STRANGE_POINTS)
def test_points_that_are_no_numbers(case):
    """The type of SciPy's error for strings; and the argument, what it is, what it should be."""
    error, message, x = STRANGE_POINTS[case]
    for frozen in (multivariate_normal([0, 0], I2), multivariate_normal(np.zeros((3, 2)), I2)):
        for call in (frozen.logpdf, frozen.pdf, frozen.mahalanobis, frozen.loglikelihood):
            with pytest.raises(error, match=message) as caught:
                call(x)
            assert str(caught.value).startswith("x must")


SIZES = {
    "a string": (TypeError, "size must be an int or a tuple of ints, not 'a'", "a"),
    "a float": (TypeError, "size must be an int or a tuple of ints, not 1.5", 1.5),
    "of strings": (TypeError, r"size must be .* not \(2, 'a'\)", (2, "a")),
    "negative": (ValueError, r"negative dimensions are not allowed: size is \(2, -1\)", (2, -1)),
}


@pytest.mark.parametrize("case", SIZES)
@pytest.mark.parametrize("new", [fastdist.default_rng, np.random.default_rng, np.random.RandomState])
@pytest.mark.parametrize("cov", [I2, np.ones((2, 2)), COVARIANCE.from_diagonal([1, 2])])
def test_sizes_that_there_are_not(case, new, cov):
    """Refused in the same words, whatever is drawn from, which is not moved."""
    error, message, size = SIZES[case]
    rng = new(1)
    for mean in ([0, 0], np.zeros((1, 2))):
        with pytest.raises(error, match=message):
            multivariate_normal(mean, cov, allow_singular=True).rvs(size, rng)
    assert rng.standard_normal() == new(1).standard_normal()


@pytest.mark.parametrize("value", [0.5, 2])
def test_negative_eigenvalues_about_the_threshold_of_scipy(value):
    """Down to 2.2e-10 of the largest they count as 0, below there is SciPy's error."""
    cov = np.diag([1.0, -value * 1e6 * 2.0**-52])
    if value < 1:
        assert multivariate_normal(None, cov, allow_singular=True).cov_object.rank == 1
        with pytest.raises(np.linalg.LinAlgError):
            multivariate_normal(None, cov)
    else:
        for allow_singular in (False, True):
            with pytest.raises(ValueError, match="must be symmetric positive semidefinite") as caught:
                multivariate_normal(None, cov, allow_singular)
            assert type(caught.value) is ValueError


# Objects


def test_random_state():
    """That of the distribution, until a frozen one is given its own."""
    was = multivariate_normal.random_state
    try:
        multivariate_normal.random_state = 7
        want = multivariate_normal.rvs([0, 0], I2, 5)
        assert_same(want, fastdist.default_rng(7).multivariate_normal([0, 0], I2, 5))
        frozen = multivariate_normal([0, 0], I2)
        assert frozen.random_state is multivariate_normal.random_state
        frozen.random_state = 7
        assert_same(frozen.rvs(5), want)
        assert_same(multivariate_normal([0, 0], I2, seed=7).rvs(5), want)
        assert_same(frozen.rvs(5, 7), want)
    finally:
        multivariate_normal.random_state = was


@pytest.mark.parametrize("dim", [2, 8, 32])
def test_limit_of_singularity(dim):
    """What is regular to SciPy is so here; what is singular to it as well, far enough below its limit."""
    limit = 1e6 * np.finfo(np.float64).eps
    for seed in range(20):
        q, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((dim, dim)))
        for ratio, rank in ((1.1 * limit, dim), (limit / (4 * dim), dim - 1)):
            cov = (q * np.where(np.arange(dim) == 0, ratio, 1.0)) @ q.T
            frozen = multivariate_normal(np.zeros(dim), (cov + cov.T) / 2, allow_singular=True)
            assert frozen.cov_object.rank == rank


def test_error_of_a_singular_batch():
    """It names the member, and does not speak of ``allow_singular=False`` where that is True."""
    cov = np.stack([np.eye(2), np.eye(2), np.ones((2, 2))])
    for allow_singular in (False, True):
        with pytest.raises(
            np.linalg.LinAlgError, match=r"batch must be .* least eigenvalue of cov\[2\] is 0"
        ):
            multivariate_normal([0, 0], cov, allow_singular=allow_singular)


@pytest.mark.parametrize("method", ["pdf", "logpdf", "mahalanobis", "loglikelihood"])
@pytest.mark.parametrize("cov", [np.eye(2), np.ones((2, 2))], ids=["regular", "singular"])
def test_error_of_points_that_do_not_broadcast(method, cov):
    frozen = multivariate_normal(np.zeros((3, 2)), cov, allow_singular=True)
    with pytest.raises(ValueError, match=r"points of x and the batch .* shapes \(4,\) and \(3,\)"):
        getattr(frozen, method)(np.zeros((4, 2)))


def test_copies():
    """Pickled, copied, and independent of the arrays that were given."""
    mean, cov = np.array([1.0, 2.0]), a_covariance(2)
    frozen = multivariate_normal(mean, cov)
    want = frozen.logpdf([0.5, 0.5])
    for twin in (pickle.loads(pickle.dumps(frozen)), copy.copy(frozen), copy.deepcopy(frozen)):
        assert_same(twin.logpdf([0.5, 0.5]), want)
        assert_same(twin.cov, cov)
    mean[:], cov[:] = 9, 9
    assert_same(frozen.logpdf([0.5, 0.5]), want)
    assert_same(frozen.logpdf(np.full((1, 2), 0.5, np.float32)), want.astype(np.float32))
    assert pickle.loads(pickle.dumps(multivariate_normal)) is multivariate_normal
    assert repr(frozen) == "<multivariate_normal in 2 dimensions>"
    assert repr(frozen.marginal(0)) == "<multivariate_normal in 1 dimension>"


SEEDS = {
    "int": lambda: 7,
    "SeedSequence": lambda: np.random.SeedSequence(7),
    "Generator": lambda: fastdist.default_rng(7),
    "of another bit generator": lambda: fastdist.Generator(np.random.PCG64(7)),
    "NumPy's Generator": lambda: np.random.default_rng(7),
    "RandomState": lambda: np.random.RandomState(7),
}
COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda frozen: pickle.loads(pickle.dumps(frozen)),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", COPIES)
def test_a_copy_has_a_stream_of_its_own(seed, way):
    """It goes on where the original is, and neither moves the other."""
    frozen = multivariate_normal([0, 0], a_covariance(2), seed=SEEDS[seed]())
    want = multivariate_normal([0, 0], a_covariance(2), seed=SEEDS[seed]()).rvs(9)
    frozen.rvs(2)
    twin = COPIES[way](frozen)
    assert twin.random_state is not frozen.random_state
    assert_same(twin.rvs(3), want[2:5])
    assert_same(frozen.rvs(4), want[2:6])
    assert_same(twin.rvs(4), want[5:])
    assert_same(frozen.rvs(3), want[6:])


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_without_a_stream_of_its_own(way):
    """It draws from that of the distribution, as the original does."""
    frozen = multivariate_normal([0, 0], I2)
    twin = COPIES[way](frozen)
    assert twin.random_state is frozen.random_state is multivariate_normal.random_state
    twin.random_state = 3
    assert twin.random_state is not frozen.random_state


def test_copies_of_what_draws_from_numpys_global_state():
    """They still do, unless pickled."""
    frozen = multivariate_normal([0, 0], I2, seed=np.random)
    assert copy.copy(frozen).random_state is copy.deepcopy(frozen).random_state is frozen.random_state
    assert pickle.loads(pickle.dumps(frozen)).random_state is not frozen.random_state


def test_a_deep_copy_keeps_what_it_shares_with_its_neighbours():
    """A Generator beside the distribution that draws from it stays the one that it draws from."""
    rng = fastdist.default_rng(7)
    frozen, also = copy.deepcopy((multivariate_normal([0, 0], I2, seed=rng), rng))
    assert frozen.random_state is also
    assert also is not rng


def test_a_distribution_of_ones_own_is_pickled():
    """With its stream; `fastdist.multivariate_normal` stays what it is."""
    own = type(multivariate_normal)(seed=7)
    for twin in (pickle.loads(pickle.dumps(own)), pickle.loads(pickle.dumps(own([0, 0], I2))).dist):
        assert type(twin) is type(own)
        assert twin is not own
    want = own.rvs([0, 0], I2, 5)
    assert_same(twin.rvs([0, 0], I2, 5), want)
    assert copy.deepcopy(multivariate_normal) is multivariate_normal


@pytest.mark.parametrize("x", [[0.5, 1.0], [[0.0, 0.0], [1.0, 2.0]]])
def test_distribution_functions_are_scipys(x):
    mean, cov = [0.1, 0.2], a_covariance(2)
    for name in ("cdf", "logcdf"):
        want = getattr(SCIPY, name)(x, mean, cov)
        np.testing.assert_allclose(getattr(multivariate_normal, name)(x, mean, cov), want, atol=1e-5)
        np.testing.assert_allclose(getattr(multivariate_normal(mean, cov), name)(x), want, atol=1e-5)
    rng = np.random.default_rng
    want = SCIPY.cdf(x, mean, cov, lower_limit=[-1, -1], rng=rng(1))
    assert_same(multivariate_normal.cdf(x, mean, cov, lower_limit=[-1, -1], rng=rng(1)), want)
    with pytest.raises(ValueError, match="not a batch"):
        multivariate_normal.cdf(x, np.zeros((2, 2)), cov)


def test_without_scipy():
    """cdf names the extra; all else works."""
    code = (
        "import sys; sys.modules['scipy'] = sys.modules['scipy.stats'] = None\n"
        "from fastdist import multivariate_normal as d\n"
        "f = d([0, 0], [[2, 1], [1, 2]])\n"
        "f.logpdf([0.5, 1]), f.rvs(3), f.marginal(0), f.conditional(0, 1), f.wasserstein(f)\n"
        "d.fit([[1, 2], [3, 5]]), d.entropy(None, [[1, 1], [1, 1]])\n"
        "try:\n    f.cdf([0, 0])\nexcept ImportError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "multivariate_normal.cdf needs SciPy: pip install 'fastdist-kernels[scipy]'"


# The textbook example


def test_the_textbook_example():
    """A mean vector of 2, a covariance of 2 x 2: samples, and the density over a grid, whose sum is 1."""
    mean, cov = np.array([1.0, -0.5]), np.array([[2.0, 0.6], [0.6, 0.8]])
    n = 200_000
    x = fastdist.default_rng(1).multivariate_normal(mean, cov, n)
    assert x.shape == (n, 2)
    # 5 standard deviations: sqrt(var / n) of the mean, sqrt((s_ii s_jj + s_ij^2) / n) of the covariance.
    np.testing.assert_array_less(np.abs(x.mean(axis=0) - mean), 5 * np.sqrt(np.diag(cov) / n))
    spread = np.sqrt((np.outer(np.diag(cov), np.diag(cov)) + cov**2) / n)
    np.testing.assert_array_less(np.abs(np.cov(x.T) - cov), 5 * spread)
    axis = np.linspace(-12, 12, 601)
    grid = np.stack(np.meshgrid(axis + mean[0], axis + mean[1], indexing="ij"), axis=-1)
    density = multivariate_normal(mean, cov).pdf(grid)
    assert density.shape == (601, 601)
    cell = (axis[1] - axis[0]) ** 2
    np.testing.assert_allclose(density.sum() * cell, 1, rtol=1e-12)
    np.testing.assert_allclose(np.einsum("ij,ijk", density, grid) * cell, mean, rtol=1e-12)
    assert grid.reshape(-1, 2)[density.argmax()] == pytest.approx(mean)


def test_means_that_share_a_singular_covariance():
    """Each member is what it is alone."""
    mean, cov = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 3.0]]), np.ones((2, 2))
    frozen = multivariate_normal(mean, cov, allow_singular=True)
    members = [multivariate_normal(m, cov, allow_singular=True) for m in mean]
    x = np.random.default_rng(1).integers(0, 4, (1700, 1, 2)).astype(float)
    for name in ("pdf", "logpdf", "mahalanobis"):
        for points in (x, x[0, 0]):
            want = np.stack(
                [np.reshape(getattr(m, name)(points), points.shape[:-2]) for m in members], axis=-1
            )
            assert_same(getattr(frozen, name)(points), want)
    on_each = mean + np.arange(2000.0).reshape(-1, 1, 1)
    want = sum(m.loglikelihood(on_each[:, k]) for k, m in enumerate(members))
    assert_like(frozen.loglikelihood(on_each), want, rtol=1e-14)
    for seed in (1, np.random.default_rng(1), np.random.RandomState(1)):
        deviation = frozen.rvs((5, 3), random_state=seed) - mean
        assert_like(deviation[..., 0], deviation[..., 1])
        assert np.unique(deviation[..., 0]).size == 15
    assert frozen.rvs(random_state=np.random.default_rng(1)).shape == frozen.rvs().shape == (3, 2)
