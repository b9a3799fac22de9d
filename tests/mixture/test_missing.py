"""Points with missing numbers: densities against SciPy's marginals, EM against its own claims."""

import itertools

import numpy as np
import pytest
import scipy.special
import scipy.stats

import fastdist
from fastdist.mixture import missing_values, moments
from fastdist.mixture.missing_values import (
    expectation,
    means_of_observed,
    predict,
    responsibilities,
    score_samples,
)
from fastdist.mixture.parameters import NotPositiveDefiniteError, checked
from tests.support.mixtures_with_gaps import TYPES, a_mixture, bits_of, digests_with_gaps, samples, with_gaps
from tests.support.processes import result_on


def with_all_patterns(x):
    """Each of the 2^4 once in the first 16 points, and once in the next; the others are complete."""
    patterns = np.array(list(itertools.product([False, True], repeat=4)))
    gaps = np.zeros(x.shape, bool)
    gaps[:32] = np.concatenate([patterns, patterns[::-1]])
    return np.where(gaps, np.nan, x).astype(x.dtype)


def logs_by_scipy(parameters, point):
    """log(w_k N(x_o; mu_k,o, S_k,oo)) for each k, of one point."""
    o = np.flatnonzero(~np.isnan(point))
    logs = np.log(parameters.weights)
    for k, cov in enumerate(parameters.full_covariances() if o.size else ()):
        marginal = scipy.stats.multivariate_normal(parameters.means[k, o], cov[np.ix_(o, o)])
        logs[k] += marginal.logpdf(point[o])
    return logs


def regression(mean, cov, point):
    """What is expected of the point, and the covariance of what is missing, by the textbook."""
    m, o = np.flatnonzero(np.isnan(point)), np.flatnonzero(~np.isnan(point))
    gain = np.linalg.solve(cov[np.ix_(o, o)], cov[np.ix_(o, m)]).T
    expected, left = point.copy(), np.zeros((len(mean), len(mean)))
    expected[m] = mean[m] + gain @ (point[o] - mean[o])
    left[np.ix_(m, m)] = cov[np.ix_(m, m)] - gain @ cov[np.ix_(o, m)]
    return expected, left


def moments_by_hand(parameters, x, weight, centres):
    """The sums, a point and a component at a time."""
    k, d = parameters.means.shape
    totals, sums, products = np.zeros(k), np.zeros((k, d)), np.zeros((k, d, d))
    log_likelihood = 0.0
    for point, times in zip(x.astype(np.float64), weight, strict=True):
        logs = logs_by_scipy(parameters, point)
        log_density = scipy.special.logsumexp(logs)
        log_likelihood += times * log_density
        for j, cov in enumerate(parameters.full_covariances()):
            r = times * np.exp(logs[j] - log_density)
            expected, left = regression(parameters.means[j], cov, point)
            v = expected - centres[j]
            totals[j] += r
            sums[j] += r * v
            products[j] += r * (np.outer(v, v) + left)
    return totals, sums, products, log_likelihood


def em(parameters, x, steps, sample_weight=None):
    """Some steps, and the log-likelihood before each."""
    log_likelihoods = []
    for _ in range(steps):
        moments, log_likelihood = expectation(parameters, x, sample_weight, parameters.means)
        log_likelihoods.append(log_likelihood)
        parameters = moments.maximize(parameters.means, parameters.covariance_type, 1e-9)
    return parameters, np.array(log_likelihoods)


# Densities and responsibilities


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_all_patterns_by_the_marginal_formula(covariance_type, dtype):
    """All 2^4 of them, some points of each in one array; also of a point that has nothing."""
    parameters = a_mixture(covariance_type)
    x = with_all_patterns(samples(parameters, 64).astype(dtype))
    logs = np.array([logs_by_scipy(parameters, point) for point in x.astype(np.float64)])
    want = scipy.special.logsumexp(logs, axis=1)
    tolerance = 1e-12 if dtype is np.float64 else 2e-4
    got = score_samples(parameters, x)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)
    assert not got[np.isnan(x).all(axis=1)].any()
    r = responsibilities(parameters, x)
    assert r.dtype == dtype
    np.testing.assert_allclose(r, np.exp(logs - want[:, None]), rtol=10 * tolerance, atol=tolerance)
    np.testing.assert_array_equal(predict(parameters, x), logs.argmax(axis=1))


@pytest.mark.parametrize("covariance_type", TYPES)
def test_a_result_depends_on_its_point_alone(covariance_type):
    """Not on the points beside it, on the layout of x, on threads; complete points are as without gaps."""
    parameters = a_mixture(covariance_type)
    complete = samples(parameters, 20_000)
    x = with_gaps(complete, 0.2)
    whole = score_samples(parameters, x)
    with fastdist.num_threads(1):
        np.testing.assert_array_equal(score_samples(parameters, x), whole)
    np.testing.assert_array_equal(score_samples(parameters, x[::-1])[::-1], whole)
    np.testing.assert_array_equal(score_samples(parameters, np.asfortranarray(x)), whole)
    for i in range(40):
        np.testing.assert_array_equal(score_samples(parameters, x[i : i + 1]), whole[i : i + 1])
    full = ~np.isnan(x).any(axis=1)
    np.testing.assert_array_equal(whole[full], parameters.score_samples(complete)[full])
    np.testing.assert_array_equal(predict(parameters, complete), parameters.predict(complete))


def test_no_points():
    parameters = a_mixture("full")
    nothing = np.empty((0, 4))
    assert score_samples(parameters, nothing).shape == predict(parameters, nothing).shape == (0,)
    assert responsibilities(parameters, nothing).shape == (0, 3)
    moments, log_likelihood = expectation(parameters, nothing, None, parameters.means)
    assert log_likelihood == 0
    assert not moments.totals.any()


@pytest.mark.parametrize("d", [1, 8, 9, 64, 65])
def test_patterns_of_any_width(d):
    """Also where the bits of a pattern fill a word, or more than one; each in one of the two columns."""
    parameters = a_mixture("diag", d=d)
    x = np.tile(samples(parameters, 1), (2 * d, 1))
    x[np.arange(2 * d), np.arange(2 * d) % d] = np.nan
    want = [scipy.special.logsumexp(logs_by_scipy(parameters, point)) for point in x[:d]]
    got = score_samples(parameters, x)
    np.testing.assert_allclose(got[:d], want, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(got[d:], got[:d])


def test_points_far_from_all_components():
    """The log density is finite as long as a float holds it; then the heaviest tail takes all."""
    parameters = a_mixture("full")
    x = np.full((3, 4), np.nan)
    x[:, 2] = [1e8, 1e100, 1e200]
    assert np.isfinite(score_samples(parameters, x[:2])).all()
    assert score_samples(parameters, x)[2] == -np.inf
    got = responsibilities(parameters, x)
    np.testing.assert_array_equal(got[2], got[1])
    assert sorted(got[2].tolist()) == [0] * (parameters.components - 1) + [1]
    np.testing.assert_array_equal(predict(parameters, x), got.argmax(axis=1))


# EM


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_moments_by_the_regression(covariance_type, weighted, dtype):
    """All 2^4 patterns, a point and a component at a time by the textbook."""
    parameters = a_mixture(covariance_type)
    x = with_all_patterns(samples(parameters, 48).astype(dtype))
    weight = np.random.default_rng(5).integers(0, 4, len(x)).astype(np.float64)
    centres = parameters.means + 0.25
    got, log_likelihood = expectation(parameters, x, weight if weighted else None, centres)
    want = moments_by_hand(parameters, x, weight if weighted else np.ones(len(x)), centres)
    products = want[2]
    products = np.diagonal(products, axis1=1, axis2=2) if parameters.diagonal else np.tril(products)
    got_products = got.products if parameters.diagonal else np.tril(got.products)
    tolerance = 1e-11 if dtype is np.float64 else 1e-4
    for one, other in zip((got.totals, got.sums, got_products), (*want[:2], products), strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=100 * tolerance)
    np.testing.assert_allclose(log_likelihood, want[3], rtol=tolerance)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_complete_points_have_the_moments_of_complete_points(covariance_type):
    parameters = a_mixture(covariance_type)
    x = samples(parameters, 9000)
    got, one = expectation(parameters, x, None, parameters.means)
    want, other = moments.expectation(parameters, x, None, parameters.means)
    np.testing.assert_allclose(one, other, rtol=1e-13)
    for name in ("totals", "sums", "products"):
        np.testing.assert_allclose(getattr(got, name), getattr(want, name), rtol=1e-11, atol=1e-9)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_moments_have_the_same_bits_on_any_number_of_threads(covariance_type, monkeypatch):
    """With chunks so small that there are many, in several parts."""
    monkeypatch.setattr(missing_values, "TEMPORARY_VALUES", 1 << 12)
    monkeypatch.setattr(missing_values, "CHUNK_ROWS", 1 << 10)
    parameters = a_mixture(covariance_type)
    x = with_gaps(samples(parameters, 20_000), 0.2)
    results = []
    for threads in (1, 2, 3, 8):
        with fastdist.num_threads(threads):
            results.append(bits_of(*expectation(parameters, x, None, parameters.means)))
    assert set(results) == {results[0]}
    assert bits_of(*expectation(parameters, np.asfortranarray(x), None, parameters.means)) == results[0]


def test_patterns_of_few_points_are_completed_as_those_of_many(monkeypatch):
    """One call for all, or one for each pattern: the same bits."""
    parameters = a_mixture("full")
    x = with_gaps(samples(parameters, 3000), 0.3)
    results = []
    for few in (0, 1 << 30):
        monkeypatch.setattr(missing_values, "FEW_POINTS", few)
        results.append(bits_of(*expectation(parameters, x, None, parameters.means)))
    assert results[0] == results[1]


def test_every_instruction_set_gives_the_same_bits(level):
    assert result_on(level.name, digests_with_gaps) == digests_with_gaps()


@pytest.mark.parametrize("covariance_type", TYPES)
def test_the_likelihood_never_falls(covariance_type):
    """That of what is observed, which EM raises with each step."""
    truth = a_mixture(covariance_type, spread=3.0)
    x = with_gaps(samples(truth, 500), 0.3)
    start = a_mixture(covariance_type, seed=9)
    fitted, log_likelihoods = em(start, x, 30)
    assert (np.diff(log_likelihoods) > -1e-7 * abs(log_likelihoods[-1])).all()
    assert log_likelihoods[-1] > log_likelihoods[0]
    np.testing.assert_allclose(score_samples(fitted, x).sum(), em(fitted, x, 1)[1][0], rtol=1e-12)


def test_sample_weights_are_repetitions():
    parameters = a_mixture("full")
    x = with_gaps(samples(parameters, 300), 0.3)
    times = np.random.default_rng(4).integers(0, 4, len(x))
    weighted, one = expectation(parameters, x, times.astype(np.float64), parameters.means)
    repeated, other = expectation(parameters, np.repeat(x, times, axis=0), None, parameters.means)
    np.testing.assert_allclose(one, other, rtol=1e-13)
    for name in ("totals", "sums", "products"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-10, atol=1e-10)


def test_one_normal_distribution_by_its_normal_equations():
    """K = 1, two numbers, the second missing in places: the maximum is known in closed form.

    The mean and variance of the first are those of all points; of the second those that the regression on the
    first, of the complete points, predicts for all.  T. W. Anderson, JASA 52 (1957).
    """
    x = np.random.default_rng(6).multivariate_normal([1, 2], [[2, 1.2], [1.2, 1]], 400)
    x[:150, 1] = np.nan
    fitted, _ = em(checked([1.0], [[0, 0]], [np.eye(2)]), x, 200)
    first, second = x[:, 0], x[150:, 1]
    slope = np.cov(first[150:], second, bias=True)[0, 1] / first[150:].var()
    residual = second - second.mean() - slope * (first[150:] - first[150:].mean())
    mean = second.mean() + slope * (first.mean() - first[150:].mean())
    cov = slope * first.var()
    want = [[first.var(), cov], [cov, slope**2 * first.var() + residual.var()]]
    np.testing.assert_allclose(fitted.means[0], [first.mean(), mean], rtol=1e-7)
    np.testing.assert_allclose(fitted.covariances[0], want, rtol=1e-7)


def test_parameters_are_recovered_with_a_fifth_missing():
    """Within 5 standard errors of complete data, times sqrt(1 / 0.8) or a little more for what is missing."""
    truth = checked(
        [0.4, 0.6], [[-4, 0, 2], [3, 1, -2]], [np.diag([1.0, 2, 1]), [[1, 0.6, 0], [0.6, 1, 0], [0, 0, 3]]]
    )
    n = 8000
    x = with_gaps(samples(truth, n), 0.2)
    start = checked([0.5, 0.5], [[-2, 0, 0], [2, 0, 0]], [np.eye(3)] * 2)
    fitted, _ = em(start, x, 25)
    counts = n * truth.weights
    variances = np.diagonal(truth.covariances, axis1=1, axis2=2)
    limit = 5 * 1.2
    np.testing.assert_array_less(abs(fitted.weights - truth.weights), limit * np.sqrt(0.24 / n))
    np.testing.assert_array_less(
        abs(fitted.means - truth.means), limit * np.sqrt(variances / counts[:, None])
    )
    errors = np.sqrt(2 * variances[:, :, None] * variances[:, None, :] / counts[:, None, None])
    np.testing.assert_array_less(abs(fitted.covariances - truth.covariances), limit * errors)


def test_many_patterns():
    """Nearly each of 4000 points has its own; the likelihood rises, and nothing is lost on the way."""
    truth = a_mixture("full", components=2, d=16, spread=3.0)
    x = with_gaps(samples(truth, 4000), 0.3)
    assert len(np.unique(np.isnan(x), axis=0)) > 2500
    fitted, log_likelihoods = em(truth, x, 2)
    assert log_likelihoods[1] > log_likelihoods[0]
    np.testing.assert_allclose(fitted.weights.sum(), 1, rtol=1e-14)


def test_a_covariance_that_has_no_factor_in_another_order():
    """The error names the component."""
    nearly = [[1e-20, 1e-10], [1e-10, 1 + 2**-52]]
    parameters = checked([0.5, 0.5], np.zeros((2, 2)), [np.eye(2), nearly])
    x = np.array([[np.nan, 1.0]])
    assert np.isfinite(score_samples(parameters, x)).all()
    with pytest.raises(NotPositiveDefiniteError, match="covariance of component 1 is too nearly singular"):
        expectation(parameters, x, None, parameters.means)


# Columns


def test_means_of_what_is_observed(monkeypatch):
    x = with_gaps(np.random.default_rng(1).normal(5, 1, (1000, 3)), 0.3)
    np.testing.assert_allclose(means_of_observed(x), np.nanmean(x, axis=0), rtol=1e-13)
    monkeypatch.setattr(missing_values, "TEMPORARY_VALUES", 100)
    np.testing.assert_allclose(means_of_observed(x), np.nanmean(x, axis=0), rtol=1e-13)
    times = np.arange(1000) % 3
    want = np.nanmean(np.repeat(x, times, axis=0), axis=0)
    np.testing.assert_allclose(means_of_observed(x, times.astype(np.float64)), want, rtol=1e-13)


def test_a_column_of_which_nothing_is_observed():
    """The error names it; also if what there is has weight 0."""
    x = np.ones((3, 4))
    x[:, 2] = np.nan
    with pytest.raises(ValueError, match="column 2 of X holds no number"):
        means_of_observed(x)
    x[0, 2] = 1.0
    with pytest.raises(ValueError, match="column 2 of X holds no number"):
        means_of_observed(x, np.array([0.0, 1.0, 1.0]))
