"""Marginals and conditionals of mixtures, against SciPy and Bayes' theorem."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from fastdist import multivariate_normal
from fastdist.mixture.parameters import checked
from fastdist.mixture.relations import conditional, marginal

TYPES = ("full", "tied", "diag", "spherical")


def a_mixture(covariance_type, components=3, d=4, seed=1):
    random = np.random.default_rng(seed)
    factors = random.standard_normal((components, d, d))
    full = factors @ factors.mT + 0.5 * np.eye(d)
    covariances = {
        "full": full,
        "tied": full[0],
        "diag": np.diagonal(full, axis1=1, axis2=2),
        "spherical": full[:, 0, 0],
    }[covariance_type]
    weights = random.uniform(1, 3, components)
    means = random.standard_normal((components, d))
    return checked(weights / weights.sum(), means, covariances, covariance_type)


def by_scipy(parameters, x):
    """The log density, a component at a time."""
    logs = [
        np.log(w) + scipy.stats.multivariate_normal(mean, cov).logpdf(x)
        for w, mean, cov in zip(
            parameters.weights, parameters.means, parameters.full_covariances(), strict=True
        )
    ]
    return scipy.special.logsumexp(logs, axis=0)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("indices", [0, [2], [3, 1], [-1, 0], [0, 1, 2, 3]])
def test_marginal_has_the_marginals_of_the_components(covariance_type, indices):
    """Each component's is that of `multivariate_normal`; the covariance type stays as it is."""
    joint = a_mixture(covariance_type)
    got = marginal(joint, indices)
    assert got.covariance_type == covariance_type
    np.testing.assert_allclose(got.weights, joint.weights, rtol=1e-15)
    for k, cov in enumerate(joint.full_covariances()):
        want = multivariate_normal(joint.means[k], cov).marginal(indices)
        np.testing.assert_array_equal(got.means[k], want.mean)
        np.testing.assert_allclose(got.full_covariances()[k], want.cov, rtol=1e-15)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_marginal_density_is_the_integral(covariance_type):
    """By the trapezoidal rule over what is left out, which converges geometrically here."""
    joint = a_mixture(covariance_type, d=2)
    grid = np.linspace(-40, 40, 4001)
    for x in (-1.0, 0.3, 2.0):
        points = np.stack([np.full_like(grid, x), grid], axis=1)
        want = np.exp(joint.score_samples(points)).sum() * (grid[1] - grid[0])
        got = np.exp(marginal(joint, 0).score_samples(np.array([[x]])))
        np.testing.assert_allclose(got, [want], rtol=1e-12)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("indices", [[0], [3, 1], [0, 1, 2], [-2]])
def test_conditional_by_bayes(covariance_type, indices):
    """p(x) = p(x_b) p(x_a | x_b)."""
    joint = a_mixture(covariance_type)
    others = np.setdiff1d(np.arange(4), np.array(indices) % 4)
    for x in np.random.default_rng(2).standard_normal((10, 4)):
        left = conditional(joint, indices, x[indices])
        assert left.covariance_type == covariance_type
        assert left.components == joint.components
        got = marginal(joint, indices).score_samples(x[None, indices])
        got = got + left.score_samples(x[None, others])
        np.testing.assert_allclose(got, by_scipy(joint, x), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_conditional_of_one_component(covariance_type):
    """It is that of `multivariate_normal`, bit for bit where that has a full matrix."""
    joint = a_mixture(covariance_type, components=1)
    got = conditional(joint, [2, 0], [0.5, -1])
    want = multivariate_normal(joint.means[0], joint.full_covariances()[0]).conditional([2, 0], [0.5, -1])
    assert got.weights.tolist() == [1.0]
    np.testing.assert_array_equal(got.means[0], want.mean)
    np.testing.assert_allclose(got.full_covariances()[0], want.cov, rtol=1e-14)


def test_values_far_from_all_components():
    """The nearest component takes all, also where no logarithm of a density is finite any more."""
    joint = a_mixture("full")
    weights = [conditional(joint, 0, far).weights for far in (1e3, 1e100, 1e200)]
    assert np.count_nonzero(weights[0]) == 1
    np.testing.assert_array_equal(weights[1:], [weights[0]] * 2)


def test_a_component_of_weight_zero():
    joint = checked([0.0, 1.0], [[0, 0], [9, 9]], [[1, 1], [1, 1]], "diag")
    assert conditional(joint, 0, 0.0).weights.tolist() == [0.0, 1.0]
    assert marginal(joint, 1).weights.tolist() == [0.0, 1.0]


def test_a_covariance_that_has_a_factor_in_one_order_alone():
    """The error names the component."""
    nearly = [[1e-20, 1e-10], [1e-10, 1 + 2**-52]]
    joint = checked([0.5, 0.5], np.zeros((2, 2)), [np.eye(2), nearly], "full")
    assert np.isfinite(joint.factors[1][np.tril_indices(2)]).all()
    with pytest.raises(np.linalg.LinAlgError, match="covariance of component 1 is too nearly singular"):
        conditional(joint, 1, 0.0)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([0.5], "Elements of `indices` must be integers"),
        ([0, 0], "All elements of `indices` must be unique."),
        ([0, -4], "All elements of `indices` must be unique."),
        ([0, 4], r"Dimensions \[4\] are invalid for a distribution in 4 dimensions."),
        ([-5], r"Dimensions \[-5\] are invalid"),
    ],
)
def test_indices_that_there_are_not(indices, message):
    joint = a_mixture("full")
    for call in (lambda: marginal(joint, indices), lambda: conditional(joint, indices, np.zeros(2))):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize(
    ("indices", "values", "error", "message"),
    [
        ([], [], ValueError, "`indices` is empty"),
        ([0, 1, 2, 3], np.zeros(4), ValueError, "Cannot condition on all"),
        ([0, 1], [1.0], ValueError, "values have 1 components, but indices name 2"),
        ([0], [[1.0]], ValueError, r"values are of shape \(1, 1\)"),
        ([0, 1], [1.0, np.nan], ValueError, r"values\[1\] is nan"),
        ([0], [1j], TypeError, "values must not be complex"),
    ],
)
def test_arguments_that_conditional_refuses(indices, values, error, message):
    with pytest.raises(error, match=message):
        conditional(a_mixture("full"), indices, values)
    with pytest.raises(ValueError, match="Cannot marginalize all"):
        marginal(a_mixture("full"), [])
