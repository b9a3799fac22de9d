"""loglikelihood and fit: sums over rows, whatever the threads, the layout and the magnitude."""

import mpmath
import numpy as np
import pytest
import scipy.stats

import fastdist
from fastdist import multivariate_normal, multivariate_normal_likelihood

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
    monkeypatch.setattr(multivariate_normal_likelihood, "SHARE", 1 << 12)
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
    x[17, 0] = np.nan
    assert np.isnan(frozen.loglikelihood(x))


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


def test_fit_of_other_data():
    """None: NaN with NumPy's warning; integers; NaN; no complex numbers."""
    with pytest.warns(RuntimeWarning):
        mean, cov = multivariate_normal.fit(np.ones((0, 2)))
    assert np.isnan(mean).all()
    assert np.isnan(cov).all()
    integers = np.arange(8).reshape(4, 2)
    np.testing.assert_array_equal(multivariate_normal.fit(integers)[0], [3, 4])
    assert np.isnan(multivariate_normal.fit([[1, np.nan], [2, 3]])[0][1])
    with pytest.raises(TypeError, match="x must not be complex"):
        multivariate_normal.fit(integers + 0j)
