"""Parameters of a mixture, and the M step: what is checked, what is factored, what the sums become."""

import pickle

import numpy as np
import pytest
import scipy.stats

import fastdist
from fastdist.mixture import moments
from fastdist.mixture.moments import Moments, chunk_rows, expectation, is_far, moments_of
from fastdist.mixture.parameters import (
    COVARIANCE_TYPES,
    MixtureParameters,
    checked,
    covariance_shape,
    logarithm,
)

WEIGHTS = np.array([0.2, 0.3, 0.5])
MEANS = np.array([[0.0, 1.0], [2.0, -1.0], [5.0, 4.0]])
COVARIANCES = {
    "full": np.array([[[2.0, 0.5], [0.5, 1.0]], [[1.0, -0.3], [-0.3, 0.5]], [[3.0, 0.0], [0.0, 2.0]]]),
    "tied": np.array([[2.0, 0.5], [0.5, 1.0]]),
    "diag": np.array([[2.0, 1.0], [0.5, 3.0], [1.0, 1.0]]),
    "spherical": np.array([2.0, 0.5, 1.0]),
}


def parameters(covariance_type):
    return checked(WEIGHTS, MEANS, COVARIANCES[covariance_type], covariance_type)


def points(n, seed=1):
    return MEANS[np.arange(n) % 3] + np.random.default_rng(seed).standard_normal((n, 2))


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_densities_are_those_of_scipy(covariance_type):
    p, x = parameters(covariance_type), points(50)
    weighted = np.stack(
        [
            weight * scipy.stats.multivariate_normal(mean, cov).pdf(x)
            for weight, mean, cov in zip(WEIGHTS, MEANS, p.full_covariances(), strict=True)
        ],
        axis=1,
    )
    np.testing.assert_allclose(p.score_samples(x), np.log(weighted.sum(axis=1)), rtol=1e-13)
    np.testing.assert_allclose(p.responsibilities(x), weighted / weighted.sum(axis=1)[:, None], rtol=1e-12)
    np.testing.assert_array_equal(p.predict(x), weighted.argmax(axis=1))


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_forms_of_a_covariance_agree(covariance_type):
    """Matrices, factors, precisions and their factors; and all come back from a factor of the precisions."""
    p = parameters(covariance_type)
    assert p.covariances.shape == covariance_shape(covariance_type, 3, 2) == p.precisions.shape
    np.testing.assert_allclose(p.full_factors() @ p.full_factors().mT, p.full_covariances(), rtol=1e-15)
    upper = p.precisions_cholesky
    if p.diagonal:
        np.testing.assert_allclose(p.precisions, 1 / p.covariances, rtol=1e-15)
        np.testing.assert_allclose(upper * upper, p.precisions, rtol=1e-15)
    else:
        np.testing.assert_allclose(p.precisions, np.linalg.inv(p.covariances), rtol=1e-14, atol=1e-15)
        np.testing.assert_allclose(upper @ upper.mT, p.precisions, rtol=1e-14, atol=1e-15)
        assert (np.tril(upper, -1) == 0).all()
    again = MixtureParameters.of_precisions_cholesky(WEIGHTS, MEANS, upper, covariance_type)
    np.testing.assert_allclose(again.covariances, p.covariances, rtol=1e-14)


def test_parameters_do_not_change_and_a_pickle_is_small():
    given = COVARIANCES["full"].copy()
    p = checked(WEIGHTS, MEANS, given)
    before = p.score_samples(points(5))
    given[:] = 7
    for array in (p.weights, p.means, p.covariances, p.factors, p.precisions):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    data = pickle.dumps(p)
    assert len(data) < 1500
    np.testing.assert_array_equal(pickle.loads(data).score_samples(points(5)), before)


def test_logarithm():
    x = np.array([0.0, 5e-324, 1e-310, 0.1, 0.5, np.sqrt(0.5), 0.75, 1.0])
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(logarithm(x), np.log(x), rtol=2e-16)
    assert not np.signbit(logarithm(np.ones(1)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": [0.2, 0.3, 0.4]}, "weights must sum to 1, not 0.9"),
        ({"weights": [0.7, 0.8, -0.5]}, r"weights\[2\] = -0.5"),
        ({"weights": [0.5, 0.5, np.nan]}, r"weights\[2\] is nan"),
        ({"weights": [[1.0]]}, r"weights must have shape \(n_components,\), not \(1, 1\)"),
        ({"means": MEANS[:2]}, r"n_components = 3, not \(2, 2\)"),
        ({"means": MEANS + np.inf}, r"means\[0, 0\] is inf"),
        ({"covariances": np.eye(3)}, r"covariances must have shape \(3, 2, 2\) \('full'\) or"),
        ({"covariances": np.array([np.eye(2)] * 3) * [[[1]], [[-1]], [[1]]]}, "component 1 is not positive"),
        ({"covariances": [1.0, 0.0, 1.0]}, "component 1 is not positive definite"),
        ({"covariances": [[1.0, 2.0], [2.0, 1.0]]}, "^the covariance is not positive definite"),
        ({"covariances": [[1.0, 0.5], [0.2, 1.0]]}, r"covariances\[0, 1\] = 0.5, covariances\[1, 0\] = 0.2"),
        ({"covariances": [1.0, 2.0, np.nan]}, r"covariances\[2\] is nan"),
        ({"covariance_type": "round"}, "covariance_type must be one of full, tied, diag, spherical"),
        ({"covariance_type": "diag"}, r"covariances must have shape \(3, 2\) \('diag'\), not \(3, 2, 2\)"),
    ],
)
def test_mistakes_are_named(change, message):
    given = {"weights": WEIGHTS, "means": MEANS, "covariances": COVARIANCES["full"]} | change
    with pytest.raises(ValueError, match=message):
        checked(**given)


def test_a_type_that_the_shape_leaves_open_must_be_said():
    arguments = [0.5, 0.5], MEANS[:2], np.eye(2) + 1e-3
    with pytest.raises(ValueError, match="'tied' or 'diag': say which"):
        checked(*arguments)
    assert checked(*arguments, "tied").factors.shape == (1, 2, 2)
    assert checked(*arguments, "diag").diagonal


def test_weights_are_normalised_within_rounding():
    p = checked(WEIGHTS * (1 + 1e-9), MEANS, 1 + np.arange(3.0))
    np.testing.assert_allclose(p.weights, WEIGHTS, rtol=1e-15)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_the_m_step_is_the_weighted_mean_and_covariance(covariance_type):
    """Against the formulas as anyone would write them; also about centres that are not the means."""
    p, x = parameters(covariance_type), points(1000)
    weight = np.random.default_rng(2).random(1000)
    r = p.responsibilities(x) * weight[:, None]
    totals, means = r.sum(axis=0), (r.T @ x) / r.sum(axis=0)[:, None]
    full = np.stack([((x - m) * r[:, [k]]).T @ (x - m) / totals[k] for k, m in enumerate(means)])
    want = {
        "full": full + 0.01 * np.eye(2),
        "tied": (full * totals[:, None, None]).sum(axis=0) / totals.sum() + 0.01 * np.eye(2),
        "diag": np.diagonal(full, axis1=1, axis2=2) + 0.01,
        "spherical": np.diagonal(full, axis1=1, axis2=2).mean(axis=1) + 0.01,
    }[covariance_type]
    for centres in (p.means, p.means + 1.5):
        moments, log_likelihood = expectation(p, x, weight, centres)
        got = moments.maximize(centres, covariance_type, 0.01)
        np.testing.assert_allclose(got.weights, totals / totals.sum(), rtol=1e-13)
        np.testing.assert_allclose(got.means, means, rtol=1e-12)
        np.testing.assert_allclose(got.covariances, want, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(log_likelihood, (weight * p.score_samples(x)).sum(), rtol=1e-13)
        given = moments_of(lambda i, j: r[i:j], x, centres, p.diagonal)
        np.testing.assert_allclose(given.products, moments.products, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_mean_that_is_far_from_its_centre_is_noticed(covariance_type):
    p = parameters(covariance_type)
    assert not is_far(p, p.means + 1)
    assert is_far(p, p.means + np.diag([0, 0, 200.0])[:, 1:])
    assert is_far(p, p.means * np.nan)


def test_threads_cannot_be_seen(monkeypatch):
    monkeypatch.setattr(MixtureParameters, "share", lambda self: 256)
    p, x = parameters("full"), points(20_001)
    with fastdist.num_threads(1):
        want, log_likelihood = expectation(p, x, None, p.means)
    for threads in (2, 5, 8):
        with fastdist.num_threads(threads):
            got, again = expectation(p, x, None, p.means)
        assert again == log_likelihood
        np.testing.assert_array_equal(got.totals, want.totals)
        np.testing.assert_array_equal(got.sums, want.sums)
        np.testing.assert_array_equal(got.products, want.products)


@pytest.mark.parametrize(("d", "components"), [(1, 1), (2, 4), (64, 8), (128, 16), (300, 20)])
def test_sums_take_little_room(d, components):
    """At most 32 chunks, of some 4 MB together, or 2; each a multiple of the kernel's block."""
    for n in (1, 256, 257, 1_000_000):
        rows = chunk_rows(n, d, components, False)
        chunks = -(-n // rows)
        assert rows % 256 == 0
        assert chunks <= moments.MOST_CHUNKS
        assert chunks <= 2 or chunks * components * (1 + d + d * d) <= moments.MOST_SUMS


def test_a_component_that_has_collapsed_is_named():
    moments = Moments(np.array([99.0, 1.0]), np.zeros((2, 2)), np.stack([99 * np.eye(2), np.zeros((2, 2))]))
    with pytest.raises(ValueError, match=r"increase reg_covar.*component 1, of weight 0.01, has collapsed"):
        moments.maximize(np.zeros((2, 2)), "full", 0.0)
    assert moments.maximize(np.zeros((2, 2)), "full", 1e-6).components == 2


def test_a_component_without_points_stays_where_it_was():
    moments = Moments.zeros(2, 2, False)
    moments.totals[0], moments.products[0] = 10, 10 * np.eye(2)
    p = moments.maximize(MEANS[:2], "full", 1e-6)
    np.testing.assert_array_equal(p.means[1], MEANS[1])
    assert 0 < p.weights[1] < 1e-15
