"""loglikelihood and fit: sums over rows, whatever the threads, the layout and the magnitude."""

import operator
import warnings
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

import fastdist
from fastdist import multivariate_normal
from fastdist.multivariate import likelihood

SCIPY = scipy.stats.multivariate_normal
MEAN = np.array([1.0, -2.0, 0.5])
COV = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, -0.3], [0.1, -0.3, 0.7]])


def rows(n, seed=1):
    return MEAN + np.random.default_rng(seed).standard_normal((n, 3)) @ np.linalg.cholesky(COV).T


def exact_loglikelihood(x, mean, cov):
    with mpmath.workdps(40):
        matrix = mpmath.matrix(cov.tolist())
        inverse, constant = matrix**-1, len(mean) * mpmath.log(2 * mpmath.pi) + mpmath.log(mpmath.det(matrix))
        total = mpmath.mpf(0)
        for row in x.tolist():
            deviation = mpmath.matrix([mpmath.mpf(a) - mpmath.mpf(m) for a, m in zip(row, mean, strict=True)])
            total -= (constant + (deviation.T * inverse * deviation)[0]) / 2
        return float(total)


# loglikelihood


@pytest.mark.parametrize("n", [0, 1, 2, 500])
def test_loglikelihood_is_the_exact_sum(n):
    x = rows(n)
    got = multivariate_normal(MEAN, COV).loglikelihood(x)
    assert type(got) is np.float64
    np.testing.assert_allclose(got, exact_loglikelihood(x, MEAN, COV), rtol=1e-14)
    assert got == multivariate_normal.loglikelihood(x, MEAN, COV)
    assert n or not np.signbit(got)


@pytest.mark.parametrize("n", [4095, 4096, 4097, 30_000])
def test_loglikelihood_is_the_sum_of_logpdf(n):
    x = rows(n)
    np.testing.assert_allclose(
        multivariate_normal(MEAN, COV).loglikelihood(x), SCIPY(MEAN, COV).logpdf(x).sum(), rtol=1e-13
    )


def test_threads_and_layout_cannot_be_seen(monkeypatch):
    """Nor can dtypes that hold the numbers, further axes, or where the data lie."""
    monkeypatch.setattr(likelihood, "SHARE_PRODUCTS", 1 << 12)
    x = rows(40_001).astype(np.float32).astype(float)
    frozen = multivariate_normal(MEAN, COV)
    with fastdist.num_threads(1):
        want, fitted = frozen.loglikelihood(x), multivariate_normal.fit(x)
    wide = np.zeros((x.shape[0], 7))
    wide[:, ::-3] = x
    dtypes = [x.astype(dtype) for dtype in (np.float32, np.longdouble, ">f8", object)]
    for data in (x, np.asfortranarray(x), wide[:, ::-3], *dtypes, x.tolist()):
        for threads in (1, 3):
            with fastdist.num_threads(threads):
                assert frozen.loglikelihood(data) == want
                for got, expected in zip(multivariate_normal.fit(data), fitted, strict=True):
                    np.testing.assert_array_equal(got, expected)
    assert frozen.loglikelihood(x[:40_000].reshape(20, 2000, 3)) == frozen.loglikelihood(x[:40_000])


def test_a_memory_map(tmp_path):
    x = rows(10_000)
    path = tmp_path / "data"
    x.astype(np.float32).tofile(path)
    data = np.memmap(path, np.float32, "r", shape=x.shape)
    frozen = multivariate_normal(MEAN, COV)
    assert frozen.loglikelihood(data) == frozen.loglikelihood(x.astype(np.float32))
    np.testing.assert_array_equal(
        multivariate_normal.fit(data)[1], multivariate_normal.fit(x.astype(np.float32))[1]
    )


def test_loglikelihood_of_batches_and_singular_distributions():
    """The sum over the broadcast shape; -inf if one point is outside of the support."""
    means, x = np.random.default_rng(1).standard_normal((4, 1, 3)), rows(2000)
    batch = multivariate_normal(means, COV)
    np.testing.assert_allclose(batch.loglikelihood(x), batch.logpdf(x).sum(), rtol=1e-13)
    singular = multivariate_normal(None, np.ones((3, 3)), allow_singular=True)
    line = np.outer(np.linspace(-1, 1, 5000), [1, 1, 1])
    np.testing.assert_allclose(singular.loglikelihood(line), singular.logpdf(line).sum(), rtol=1e-13)
    assert singular.loglikelihood(np.vstack([line, [1, 0, 0]])) == -np.inf


def test_loglikelihood_of_data_that_are_not_finite():
    frozen = multivariate_normal(MEAN, COV)
    x = rows(5000)
    x[4999, 2] = np.inf
    assert frozen.loglikelihood(x) == -np.inf
    x[3, 0], x[4, 1] = -np.inf, np.inf
    assert frozen.loglikelihood(x) == -np.inf
    x[17, 0] = np.nan
    assert np.isnan(frozen.loglikelihood(x))
    assert frozen.loglikelihood(np.full((20, 3), 1e160)) == -np.inf


def test_loglikelihood_mistakes():
    frozen = multivariate_normal(MEAN, COV)
    with pytest.raises(TypeError, match="x must not be complex"):
        frozen.loglikelihood(rows(2) + 0j)
    with pytest.raises(ValueError, match="points of x have 2 components"):
        frozen.loglikelihood(np.ones((4, 2)))


# fit


@pytest.mark.parametrize("n", [1, 2, 5, 4096, 50_000])
@pytest.mark.parametrize("d", [1, 2, 3, 9])
def test_fit_is_that_of_scipy(n, d):
    x = np.random.default_rng(1).standard_normal((n, d))
    for got, want in zip(multivariate_normal.fit(x), SCIPY.fit(x), strict=True):
        assert got.shape == want.shape
        assert got.dtype == np.float64
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-14)
    assert (multivariate_normal.fit(x)[1] == multivariate_normal.fit(x)[1].T).all()


def test_fit_loses_nothing_beside_a_large_mean():
    """Spread of 1 beside a mean of 2^40: numbers that float64 holds exactly, so the result is known."""
    small = np.round(np.random.default_rng(1).standard_normal((5000, 2)) * 64) / 64
    mean, cov = multivariate_normal.fit(small + 2.0**40)
    small_mean, small_cov = multivariate_normal.fit(small)
    np.testing.assert_allclose(mean - 2.0**40, small_mean, atol=2.0**-12)
    np.testing.assert_allclose(cov, small_cov, rtol=1e-7)
    outlier = np.vstack([[[1e12, 0.0]], small])
    want = np.cov(np.vstack([[[0.0, 0.0]], small]).T, bias=True)[1, 1]
    np.testing.assert_allclose(multivariate_normal.fit(outlier)[1][1, 1], want, rtol=1e-12)


def test_fit_with_what_is_known():
    x = rows(3000)
    for keywords in ({"fix_mean": MEAN}, {"fix_cov": COV}, {"fix_mean": MEAN, "fix_cov": COV}):
        for got, want in zip(multivariate_normal.fit(x, **keywords), SCIPY.fit(x, **keywords), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-10)
    assert multivariate_normal.fit(x[:, :1], 2.0, 3.0)[1].shape == (1, 1)


def exact_fit(x):
    """Mean and covariance by exact fractions, rounded at the end."""
    n, columns = len(x), [list(map(Fraction, column)) for column in x.T.tolist()]
    means = [sum(column) / n for column in columns]
    centred = [[v - m for v in column] for column, m in zip(columns, means, strict=True)]
    cov = [[sum(map(operator.mul, a, b)) / n for b in centred] for a in centred]
    return np.array(means, float), np.array(cov, float)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_the_mean_of_a_fit_is_rounded_once(data):
    """Whatever cancels: to half an ULP and a little; and no entry of the covariance is off by much."""
    n, d = data.draw(st.integers(1, 700)), data.draw(st.integers(1, 5))
    source = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x = source.standard_normal((n, d)) * 10.0 ** source.integers(-9, 9, d) + 10.0 ** source.integers(-9, 9, d)
    if data.draw(st.booleans()):
        x[source.integers(n)] = 1e15
    (mean, cov), (exact_mean, exact_cov) = multivariate_normal.fit(x), exact_fit(x)
    np.testing.assert_array_less(np.abs(mean - exact_mean), 0.51 * np.spacing(np.abs(exact_mean)))
    largest = np.sqrt(np.outer(np.diag(exact_cov), np.diag(exact_cov)))
    np.testing.assert_array_less(np.abs(cov - exact_cov), 4e-15 * largest + 1e-30)
    assert (np.diag(cov) >= 0).all()


@pytest.mark.parametrize("n", [1, 2, 40, 5000])
def test_fit_of_infinite_columns(n):
    """inf makes the mean of its column infinite, both signs and NaN make NaN; so are the covariances of these
    columns, and all others are what they are without."""
    x = np.random.default_rng(1).standard_normal((n, 5))
    want_mean, want_cov = multivariate_normal.fit(x)
    x[0, 1], x[n // 2, 3], x[n - 1, 4] = np.inf, -np.inf, np.nan
    x[0, 2], x[n - 1, 2] = np.inf, -np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mean, cov = multivariate_normal.fit(x)
    np.testing.assert_array_equal(
        mean, [want_mean[0], np.inf, -np.inf if n == 1 else np.nan, -np.inf, np.nan]
    )
    np.testing.assert_array_equal(np.isfinite(cov), np.outer(np.arange(5) == 0, np.arange(5) == 0))
    assert np.isnan(cov[1:]).all()
    assert cov[0, 0] == want_cov[0, 0]
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(mean[1:], x.mean(axis=0)[1:])


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_special_columns_leave_the_others_alone(data):
    """Of any number of rows and columns, of any dtype: the mean is NumPy's where the column is not finite."""
    n, d = data.draw(st.integers(1, 600)), data.draw(st.integers(2, 20))
    dtype = data.draw(st.sampled_from([np.float64, np.float32, np.longdouble]))
    source = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x = source.standard_normal((n, d)).astype(dtype)
    want_mean, want_cov = multivariate_normal.fit(x)
    for _ in range(data.draw(st.integers(1, 5))):
        row, column = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, d - 2))
        x[row, column] = data.draw(st.sampled_from([np.inf, -np.inf, np.nan]))
    mean, cov = multivariate_normal.fit(x)
    finite = np.isfinite(x).all(axis=0)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(mean[~finite], x.mean(axis=0)[~finite])
    np.testing.assert_array_equal(mean[finite], want_mean[finite])
    np.testing.assert_array_equal(cov[np.ix_(finite, finite)], want_cov[np.ix_(finite, finite)])
    assert np.isnan(cov[~finite]).all()
    fixed = multivariate_normal.fit(x, fix_cov=np.eye(d))[0]
    np.testing.assert_array_equal(fixed, mean)


def test_fit_of_huge_numbers():
    """Sums and deviations that overflow: the mean does not."""
    x = np.array([[1.7e308, 1.0], [-1.7e308, 2.0], [1.7e308, 3.0], [1.7e308, 6.0]])
    mean, cov = multivariate_normal.fit(x)
    np.testing.assert_array_equal(mean, [0.85e308, 3.0])
    assert cov[0, 0] == np.inf
    assert cov[1, 1] == 3.5
    cov = multivariate_normal.fit([[1e200, 1.0], [-2e200, 2.0], [0.0, 3.0]])[1]
    assert cov[0, 0] == np.inf
    assert np.isfinite(cov[0, 1])
    assert cov[1, 1] == 2 / 3


def test_fit_finds_what_data_were_drawn_from():
    n = 100_000
    mean, cov = multivariate_normal.fit(multivariate_normal(MEAN, COV).rvs(n, random_state=7))
    # 5 standard deviations: sqrt(var / n) of the mean, sqrt((s_ii s_jj + s_ij^2) / n) of the covariance.
    assert (np.abs(mean - MEAN) < 5 * np.sqrt(np.diag(COV) / n)).all()
    assert (np.abs(cov - COV) < 5 * np.sqrt((np.outer(np.diag(COV), np.diag(COV)) + COV**2) / n)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2, 3],), "`x` must be two-dimensional."),
        ((np.ones((4, 2)), [1, 2, 3]), "`fix_mean` must be a one-dimensional array the same length"),
        ((np.ones((4, 2)), None, np.eye(3)), "`fix_cov` must be a two-dimensional square array"),
        ((np.ones((4, 2)), None, [[1, 2], [2, 1]]), "`fix_cov` must be symmetric positive semidefinite."),
    ],
)
def test_fit_mistakes_are_those_of_scipy(arguments, message):
    for distribution in (multivariate_normal, SCIPY):
        with pytest.raises(ValueError, match=message):
            distribution.fit(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2, 3],), r"Its shape is \(3,\)"),
        ((np.ones((4, 2)), [1, 2, 3]), r"Its shape is \(3,\), not \(2,\)"),
        ((np.ones((4, 2)), ["a", "b"]), "`fix_mean` must be real numbers, not strings such as 'a'"),
        ((np.ones((4, 2)), None, np.eye(3)), r"Its shape is \(3, 3\), not \(2, 2\)"),
        ((np.ones((4, 2)), None, [[1, 2], [2, 1]]), "The least eigenvalue of fix_cov is -1, the largest 3"),
        ((np.ones((4, 2)), None, [[1, 0.5], [0.4, 1]]), r"fix_cov is not symmetric: fix_cov\[0, 1\] = 0.5"),
        ((np.ones((4, 2)), None, [[1, 0], [0, np.inf]]), r"fix_cov must be finite: fix_cov\[1, 1\] is inf"),
        ((np.ones((4, 2)), None, [["a", 0], [0, 1]]), "`fix_cov` must be real numbers, not strings"),
        (([["a", "b"]],), "x must be real numbers, not strings such as 'a'"),
        (([[1, 2], [3]],), "x must be an array whose rows have the same length"),
    ],
)
def test_fit_mistakes_say_what_was_given(arguments, message):
    with pytest.raises(ValueError, match=message):
        multivariate_normal.fit(*arguments)


def test_what_is_fixed_is_copied():
    """What is returned does not lie in the caller's memory, and is of float64."""
    mean, cov = np.array([1, 2]), np.array([[2.0, 0], [0, 1]])
    got = multivariate_normal.fit(rows(5)[:, :2], mean, cov)
    assert [a.dtype for a in got] == [np.float64, np.float64]
    got[0][:], got[1][:] = 9, 9
    np.testing.assert_array_equal(mean, [1, 2])
    np.testing.assert_array_equal(cov, [[2, 0], [0, 1]])


def test_fit_of_other_data():
    """None: NaN with one warning; integers; NaN; no complex numbers."""
    with pytest.warns(RuntimeWarning, match="fit of no points") as caught:
        mean, cov = multivariate_normal.fit(np.ones((0, 2)))
    assert [warning.filename for warning in caught] == [__file__]
    assert np.isnan(mean).all()
    assert np.isnan(cov).all()
    for got in multivariate_normal.fit(np.ones((0, 2)), [1, 2], np.eye(2)):
        assert np.isfinite(got).all()
    integers = np.arange(8).reshape(4, 2)
    np.testing.assert_array_equal(multivariate_normal.fit(integers)[0], [3, 4])
    assert np.isnan(multivariate_normal.fit([[1, np.nan], [2, 3]])[0][1])
    with pytest.raises(TypeError, match="x must not be complex"):
        multivariate_normal.fit(integers + 0j)
