"""Where fits start: k-means as good as scikit-learn's, and the other three ways."""

import numpy as np
import pytest
import sklearn.cluster
import threadpoolctl

import fastdist
from fastdist import GaussianMixture
from fastdist.mixture import data
from fastdist.mixture.data import data_of
from fastdist.mixture.initialization import (
    Start,
    fitting_source,
    kmeans,
    kmeans_plusplus,
    variances_of_observed,
)


def clusters(n=2000, d=2, components=6, spread=8.0, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(components, d)) * spread
    return centres[rng.integers(0, components, n)] + rng.normal(size=(n, d))


def batch(x, weight=None):
    return next(iter(data_of(x, weight)))


def inertia(x, centres):
    return ((x[:, None] - centres) ** 2).sum(axis=2).min(axis=1).sum()


def start_of(x, components, init_params, weight=None, seed=0, **keywords):
    settings = {"covariance_type": "full", "reg_covar": 1e-6} | keywords
    return Start(
        data_of(x, weight),
        components,
        settings["covariance_type"],
        init_params,
        settings["reg_covar"],
        fitting_source(seed),
    ).parameters()


@pytest.mark.parametrize(("d", "components"), [(1, 3), (2, 6), (16, 8)])
def test_kmeans_is_as_good_as_that_of_scikit_learn(d, components):
    """The mean inertia over 8 seeds is at most 5 % more; both end in local optima now and then."""
    x = clusters(d=d, components=components, spread=3.0)
    ours, theirs = [], []
    for seed in range(8):
        ours.append(inertia(x, kmeans(batch(x), components, np.ones(d), fitting_source(seed))))
        model = sklearn.cluster.KMeans(components, n_init=1, random_state=seed)
        with threadpoolctl.threadpool_limits(1):
            theirs.append(model.fit(x).inertia_)
    assert np.mean(ours) < 1.05 * np.mean(theirs)
    assert min(ours) < 1.01 * min(theirs)


def test_centres_of_kmeans_are_the_means_of_their_points():
    x = clusters(500)
    centres = kmeans(batch(x), 6, np.ones(2), fitting_source(3))
    labels = ((x[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    means = np.stack([x[labels == k].mean(axis=0) for k in range(6)])
    np.testing.assert_allclose(centres, means, atol=0.05)


def test_clusters_without_points_are_moved(monkeypatch):
    """Seeds that are the same leave all but one without points."""
    x = np.array([[0.0], [1.0], [100.0], [-50.0]])
    monkeypatch.setattr(
        "fastdist.mixture.initialization.kmeans_plusplus", lambda *_: np.zeros(3, dtype=np.intp)
    )
    centres = kmeans(batch(x), 3, np.ones(1), fitting_source(0))
    np.testing.assert_allclose(np.sort(centres.ravel()), [-50, 0.5, 100])


@pytest.mark.parametrize("weighted", [False, True])
def test_rows_of_kmeans_plusplus_are_far_from_each_other(weighted):
    x = np.concatenate(
        [np.zeros((500, 1)), np.full((3, 1), 1e3), np.full((3, 1), -1e3), np.full((9, 1), 1e9)]
    )
    weight = np.where(x.ravel() < 1e6, 1.0, 0.0) if weighted else None
    found = {
        tuple(sorted(x[kmeans_plusplus(batch(x, weight), 3, np.ones(1), fitting_source(seed))].ravel()))
        for seed in range(10)
    }
    if weighted:
        assert found == {(-1e3, 0.0, 1e3)}
    else:
        assert all(1e9 in rows for rows in found)


def test_rows_of_kmeans_plusplus_where_all_are_the_same():
    assert len(kmeans_plusplus(batch(np.ones((5, 2))), 3, np.ones(2), fitting_source(0))) == 3


@pytest.mark.parametrize("init_params", ["k-means++", "random_from_data"])
@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_rows_as_means(init_params, covariance_type):
    """Their responsibilities are those of one row each: equal weights, and reg_covar for variances."""
    x = clusters()
    p = start_of(x, 4, init_params, covariance_type=covariance_type)
    assert all((x == mean).all(axis=1).any() for mean in p.means)
    assert len(np.unique(p.means, axis=0)) == 4
    np.testing.assert_array_equal(p.weights, [0.25] * 4)
    np.testing.assert_array_equal(p.full_covariances(), [1e-6 * np.eye(2)] * 4)


def test_rows_at_random_have_a_weight():
    x = clusters(100)
    weight = np.zeros(100)
    weight[10:14] = 1
    p = start_of(x, 4, "random_from_data", weight)
    assert {tuple(mean) for mean in p.means} == {tuple(row) for row in x[10:14]}
    with pytest.raises(ValueError, match="n_components = 5, n_samples = 4 of a weight that is not 0"):
        start_of(x, 5, "random_from_data", weight)


def test_random_responsibilities_are_shares_of_uniforms():
    x = clusters(1000)
    p = start_of(x, 3, "random", seed=5)
    uniforms = fitting_source(5)
    r = uniforms.random((1000, 3)) + 2.0**-54
    r /= r.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(p.weights, r.sum(axis=0) / 1000, rtol=1e-12)
    np.testing.assert_allclose(p.means, (r.T @ x) / r.sum(axis=0)[:, None], rtol=1e-10)


def test_the_sample_of_many_rows(monkeypatch):
    monkeypatch.setattr(data, "SAMPLE_VALUES", 1000)
    monkeypatch.setattr(data, "SAMPLE_ROWS_EACH", 10)
    x = np.arange(100_000.0).reshape(50_000, 2)
    rng = fastdist.default_rng(1)
    sample = data_of(x).sample(3, rng)
    assert sample.x.shape == (500, 2)
    rows = sample.x[:, 0] / 2
    np.testing.assert_array_equal(np.floor(rows / 100), np.arange(500))  # one of each hundred
    parts = data_of(np.array_split(x, 7)).sample(3, fastdist.default_rng(1))
    np.testing.assert_array_equal(parts.x, sample.x)
    weight = np.zeros(50_000)
    weight[[7, 70, 700]] = [1, 2, 1]
    few = data_of(x, weight).sample(3, rng)
    assert {row: (few.x[:, 0] == 2 * row).sum() for row in (7, 70, 700)} == {7: 125, 70: 250, 700: 125}
    assert few.sample_weight is None


def test_kmeans_of_a_sample_labels_all_rows(monkeypatch):
    x = clusters(20_000, spread=30.0)
    whole = GaussianMixture(6, random_state=0).fit(x)
    monkeypatch.setattr(data, "SAMPLE_VALUES", 4000)
    part = GaussianMixture(6, random_state=0).fit(x)
    np.testing.assert_allclose(part.lower_bound_, whole.lower_bound_, atol=1e-3)


def test_means_given_take_the_place_of_those_that_are_found():
    x = clusters()
    given = {"weights_init": [0.9, 0.1], "means_init": [[0.0, 0], [9, 9]]}
    model = GaussianMixture(2, max_iter=0, random_state=0, **given).fit(x)
    np.testing.assert_array_equal(model.weights_, given["weights_init"])
    np.testing.assert_array_equal(model.means_, given["means_init"])
    found = GaussianMixture(2, max_iter=0, random_state=0).fit(x)
    np.testing.assert_array_equal(model.covariances_, found.covariances_)
    precise = GaussianMixture(2, max_iter=0, random_state=0, precisions_init=[4 * np.eye(2)] * 2).fit(x)
    np.testing.assert_allclose(precise.covariances_, [np.eye(2) / 4] * 2)
    np.testing.assert_array_equal(precise.means_, found.means_)


@pytest.mark.parametrize("source", [3, None, "generator", "RandomState", "sequence", "module"])
def test_every_source_of_chance(source):
    x = clusters(300)
    made = {
        "generator": lambda: np.random.default_rng(3),
        "RandomState": lambda: np.random.RandomState(3),
        "sequence": lambda: np.random.SeedSequence(3),
        "module": lambda: np.random,
    }
    fits = [
        GaussianMixture(6, init_params="random", max_iter=0, random_state=made.get(source, lambda: source)())
        .fit(x)
        .means_
        for _ in range(2)
    ]
    assert (fits[0] == fits[1]).all() == (source not in (None, "module"))


def test_samples_and_fits_of_a_seed_are_of_different_streams():
    assert fitting_source(7).random() != fastdist.default_rng(7).random()


def test_variances_of_what_is_observed():
    x = clusters(1000) + 1e6
    x[::7, 0] = np.nan
    got = variances_of_observed(data_of(np.array_split(x, 3)), np.array([1e6, 1e6]))
    np.testing.assert_allclose(got, np.nanvar(x, axis=0), rtol=1e-9)
