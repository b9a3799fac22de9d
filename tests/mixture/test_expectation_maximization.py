"""Fits of GaussianMixture: the optimum of scikit-learn, numbers, degenerate data, weights of rows."""

import numpy as np
import pytest
import sklearn.mixture

import fastdist
from fastdist import GaussianMixture
from fastdist.exceptions import ConvergenceWarning
from tests.support import mixture_fits as fits

TYPES, FITTED = fits.TYPES, fits.FITTED
data, start, fitted, assert_same_model = fits.data, fits.start, fits.fitted, fits.assert_same_model


# The same optimum


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("max_iter", [1, 2, 7, 100])
def test_the_same_steps_as_scikit_learn(covariance_type, max_iter):
    x = data()
    keywords = start(covariance_type, x) | {"max_iter": max_iter, "tol": 1e-5}
    got = fitted(GaussianMixture(**keywords), x)
    want = fitted(sklearn.mixture.GaussianMixture(**keywords), x)
    assert (got.n_iter_, got.converged_) == (want.n_iter_, want.converged_)
    assert_same_model(got, want)
    np.testing.assert_allclose(got.lower_bounds_, want.lower_bounds_, rtol=1e-10)
    np.testing.assert_allclose(got.predict_proba(x), want.predict_proba(x), atol=1e-8)
    np.testing.assert_array_equal(got.predict(x), want.predict(x))
    np.testing.assert_allclose([got.aic(x), got.bic(x)], [want.aic(x), want.bic(x)], rtol=1e-9)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_the_same_start_from_labels(covariance_type):
    """Far apart, k-means of both has the same labels: then the M step from them is the same."""
    x = np.concatenate([data(500), data(700) + 100, data(300) - 100])
    keywords = {"n_components": 3, "covariance_type": covariance_type, "random_state": 0}
    for max_iter in (0, 100):
        got = fitted(GaussianMixture(**keywords, max_iter=max_iter), x)
        want = fitted(sklearn.mixture.GaussianMixture(**keywords, max_iter=max_iter), x)
        for name in FITTED[1:3]:
            order, other = got.means_[:, 0].argsort(), want.means_[:, 0].argsort()
            a, b = getattr(got, name), getattr(want, name)
            if len(a) == 3 and name + covariance_type != "covariances_tied":
                a, b = a[order], b[other]
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8)
        assert got.lower_bound_ == want.lower_bound_ or np.isclose(got.lower_bound_, want.lower_bound_, 1e-9)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("missing", [False, True])
def test_the_likelihood_never_falls(covariance_type, missing):
    x = data(1000)
    if missing:
        x[np.random.default_rng(1).random(x.shape) < 0.2] = np.nan
    model = GaussianMixture(
        4, covariance_type=covariance_type, random_state=1, max_iter=40, tol=0, reg_covar=0
    )
    bounds = fitted(model, x).lower_bounds_
    assert len(bounds) == 40
    assert (np.diff(bounds) > -1e-12).all()
    assert bounds[-1] > bounds[0] + 1e-3


def test_parameters_of_simulated_data_are_recovered():
    truth = GaussianMixture.from_parameters(
        [0.3, 0.7], [[0.0, 0.0], [6.0, 2.0]], [[[1, 0.5], [0.5, 1]], [[2, -0.3], [-0.3, 0.5]]]
    )
    n = 40_000
    x, _ = truth.sample(n, rng=7)
    model = GaussianMixture(2, random_state=0, tol=1e-8).fit(x)
    order = model.means_[:, 0].argsort()
    # The components hardly overlap, so that errors are those of known labels: 5 standard deviations.
    for k, found in enumerate(order):
        weight, cov = truth.weights_[k], truth.covariances_[k]
        assert abs(model.weights_[found] - weight) < 5 * np.sqrt(weight * (1 - weight) / n)
        deviation = model.means_[found] - truth.means_[k]
        assert (np.abs(deviation) < 5 * np.sqrt(np.diag(cov) / (n * weight))).all()
        error = np.sqrt((np.outer(np.diag(cov), np.diag(cov)) + cov**2) / (n * weight))
        assert (np.abs(model.covariances_[found] - cov) < 5 * error).all()


# Numbers


@pytest.mark.parametrize("covariance_type", TYPES)
def test_large_means_cost_no_digits(covariance_type):
    """Data on a grid of 2^-10 far from 0 are exact: so is the shift of the fit."""
    x = np.round(data() * 1024) / 1024
    shift = 2.0**30
    near = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(x)
    far = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(x + shift)
    assert near.n_iter_ == far.n_iter_
    np.testing.assert_allclose(far.means_ - shift, near.means_, atol=1e-5)
    np.testing.assert_allclose(far.covariances_, near.covariances_, rtol=1e-5, atol=1e-5)


def test_a_start_far_from_the_data():
    """All densities are 0 even as logarithms: the first step takes the weights, and about the new means."""
    x = data(200)
    model = GaussianMixture(
        1, weights_init=[1.0], means_init=[[1e200] * 3], precisions_init=[np.eye(3)], tol=1e-6, reg_covar=0
    ).fit(x)
    np.testing.assert_allclose(model.means_[0], x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(model.covariances_[0], np.cov(x.T, bias=True), rtol=1e-11)
    assert model.lower_bounds_[0] == -np.inf


@pytest.mark.parametrize("covariance_type", TYPES)
def test_float32_data(covariance_type):
    x = data()
    keywords = start(covariance_type, x) | {"tol": 1e-5}
    double = GaussianMixture(**keywords).fit(x)
    single = GaussianMixture(**keywords).fit(x.astype(np.float32))
    for name in FITTED:
        assert getattr(double, name).dtype == np.float64
        narrow, inside = getattr(single, name), getattr(single._parameters, name.rstrip("_"))
        assert narrow.dtype == np.float32
        assert inside.dtype == np.float64  # with which it computes
        np.testing.assert_array_equal(narrow, inside.astype(np.float32))
    np.testing.assert_allclose(single.means_, double.means_, atol=1e-2)
    assert single.predict_proba(x.astype(np.float32)).dtype == np.float32


def test_units_do_not_matter_to_the_scale():
    x, unit = data(), np.array([1e-9, 1.0, 1e6])
    for covariance_type in TYPES[:3]:
        keywords = {"covariance_type": covariance_type, "reg_covar": "scale", "random_state": 0}
        one = GaussianMixture(3, **keywords).fit(x)
        other = GaussianMixture(3, **keywords).fit(x * unit)
        np.testing.assert_allclose(other.means_ / unit, one.means_, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(other.predict_proba(x * unit), one.predict_proba(x), atol=1e-10)
    constant = np.column_stack([x, np.full(len(x), 7.0)])
    assert GaussianMixture(3, reg_covar="scale", random_state=0).fit(constant).converged_


# Degenerate data


def test_one_component_is_the_normal_distribution():
    x = data(500)
    model = GaussianMixture(reg_covar=0).fit(x)
    mean, cov = fastdist.multivariate_normal.fit(x)
    np.testing.assert_allclose(model.means_[0], mean, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(model.covariances_[0], cov, rtol=1e-12, atol=1e-14)
    assert model.n_iter_ == 2


@pytest.mark.parametrize("covariance_type", TYPES)
def test_points_that_are_the_same(covariance_type):
    x = np.full((10, 2), 3.0)
    for components in (1, 3):
        model = GaussianMixture(components, covariance_type=covariance_type, random_state=0)
        if components == 1:
            model.fit(x)
        else:
            with pytest.warns(ConvergenceWarning, match=r"distinct points \(1\) found smaller than n_comp"):
                model.fit(x)
        np.testing.assert_array_equal(model.means_, np.full((components, 2), 3.0))
        np.testing.assert_allclose(model._fitted().full_covariances(), [1e-6 * np.eye(2)] * components)
        assert np.isclose(model.weights_.sum(), 1, rtol=1e-15)
    with pytest.raises(ValueError, match=r"increase reg_covar.*has collapsed"):
        GaussianMixture(1, covariance_type=covariance_type, reg_covar=0).fit(x)


def test_the_component_that_collapses_is_named():
    x = np.concatenate([data(100), [[500.0, 500, 500]] * 2])
    keywords = start("full", x, 2) | {"means_init": [[0, 0, 0], [500, 500, 500]], "reg_covar": 0}
    with pytest.raises(ValueError, match=r"component 1, of weight 0.0196, has collapsed"):
        GaussianMixture(**keywords).fit(x)


def test_a_component_that_dies_stays_where_it_was():
    x = data(500)
    keywords = start("full", x, 2) | {"means_init": [[0, 0, 0], [1e6, 0, 0]]}
    model = GaussianMixture(**keywords).fit(x)
    np.testing.assert_array_equal(model.means_[1], [1e6, 0, 0])
    assert model.weights_[1] < 1e-15
    np.testing.assert_allclose(model.means_[0], x.mean(axis=0), rtol=1e-12)


# Weights of rows


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("init_params", ["kmeans", "k-means++"])
def test_a_weight_counts_as_rows(covariance_type, init_params):
    x = data(800)
    weight = np.random.default_rng(1).integers(0, 4, 800)
    keywords = {
        "covariance_type": covariance_type,
        "init_params": init_params,
        "random_state": 0,
        "tol": 1e-6,
        "max_iter": 300,
    }
    rows = np.repeat(x, weight, axis=0)
    repeated = GaussianMixture(3, **keywords).fit(rows)
    weighted = GaussianMixture(3, **keywords).fit(x, sample_weight=weight)
    assert repeated.n_iter_ == weighted.n_iter_
    assert_same_model(weighted, repeated)
    np.testing.assert_allclose(weighted.score(x, sample_weight=weight), repeated.score(rows), rtol=1e-12)
    scaled = GaussianMixture(3, **keywords).fit(x, sample_weight=weight * 2.0**-3)
    assert_same_model(scaled, weighted, 1e-10)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1.0, 2.0], r"sample_weight.shape == \(2,\), expected \(30,\)!"),
        (np.ones((30, 1)), "Sample weights must be 1D array or scalar, got 2D array"),
        ([-1.0] + [1] * 29, "Negative values in data passed to `sample_weight`"),
        ([0.0] * 30, "at least one non-zero number"),
        ([np.nan] * 30, "Input sample_weight contains NaN"),
        ([1e308] * 30, "The sum of sample_weight leaves the range of numbers"),
        ([1 + 1j] * 30, "Complex data not supported"),
    ],
)
def test_weights_that_are_none(weight, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture().fit(data(30), sample_weight=weight)


def test_weights_that_are_tiny():
    x = data(300)
    keywords = {"random_state": 0, "tol": 1e-6}
    want = GaussianMixture(3, **keywords).fit(x)
    assert_same_model(GaussianMixture(3, **keywords).fit(x, sample_weight=np.full(300, 1e-30)), want)


def test_what_numpy_does_on_errors_does_not_matter():
    x = data()
    x[5, 1] = np.nan
    far = start("full", x, 2) | {"means_init": [[0, 0, 0], [1e160, 0, 0]]}
    with np.errstate(all="raise"):
        for covariance_type in TYPES:
            model = GaussianMixture(2, covariance_type=covariance_type, random_state=0, reg_covar="scale")
            model.fit(x).predict_proba(x)
            model.sample(5)
        model = GaussianMixture(**far).fit(x)
        assert model.score(np.full((1, 3), 1e300)) == -np.inf
        with pytest.raises(ValueError, match="leave the range of numbers in component 0: scale the input"):
            GaussianMixture(2, random_state=0).fit(x * 1e200)


def test_a_feature_without_a_value_is_named():
    x = data(100)
    x[:, 1] = np.nan
    with pytest.raises(ValueError, match="column 1 of X"):
        GaussianMixture(2).fit(x)
