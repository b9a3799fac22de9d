"""partial_fit: each batch is a step of online EM, as O. Cappe and E. Moulines have it (2009)."""

import pickle

import numpy as np
import pandas
import pytest
import sklearn.base
from sklearn.base import clone

import fastdist
from fastdist import GaussianMixture

TYPES = ("full", "tied", "diag", "spherical")


def a_truth(d=2):
    """Three components, well apart."""
    means = 6.0 * np.eye(3, d)
    covariances = np.stack([np.eye(d), 0.5 * np.eye(d) + 0.2, 2 * np.eye(d)])
    return GaussianMixture.from_parameters([0.2, 0.3, 0.5], means, covariances)


def batches_of(n, size, seed=7, d=2):
    x, _ = a_truth(d).sample(n, rng=fastdist.default_rng(seed))
    return [x[i : i + size] for i in range(0, n, size)]


def textbook_step(weights, means, covariances, x, size, reg_covar, covariance_type):
    """Means of r, r x and r x x^T, those of before with the weight 1 - size, and what they make."""
    d = x.shape[1]
    v = x[:, None, :] - means
    distances = np.einsum("nki,kij,nkj->nk", v, np.linalg.inv(covariances), v)
    log_density = -0.5 * (distances + np.linalg.slogdet(covariances)[1] + d * np.log(2 * np.pi))
    joint = weights * np.exp(log_density)
    r = joint / joint.sum(axis=1, keepdims=True)
    unregularized = covariances - reg_covar * np.eye(d)
    outer = means[:, :, None] * means[:, None, :]
    s0 = (1 - size) * weights + size * r.mean(axis=0)
    s1 = (1 - size) * weights[:, None] * means + size * np.einsum("nk,ni->ki", r, x) / len(x)
    s2 = (1 - size) * weights[:, None, None] * (unregularized + outer)
    s2 += size * np.einsum("nk,ni,nj->kij", r, x, x) / len(x)
    means = s1 / s0[:, None]
    outer = means[:, :, None] * means[:, None, :]
    covariances = s2 / s0[:, None, None] - outer
    if covariance_type == "tied":
        covariances = np.repeat(np.einsum("k,kij->ij", s0, covariances)[None], len(s0), axis=0)
    elif covariance_type == "diag":
        covariances = covariances * np.eye(d)
    elif covariance_type == "spherical":
        covariances = np.trace(covariances, axis1=1, axis2=2)[:, None, None] / d * np.eye(d)
    return s0, means, covariances + reg_covar * np.eye(d), float(np.log(joint.sum(axis=1)).mean())


def full(model):
    return model._fitted().full_covariances()


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("step_size", [None, 0.1, 1.0])
def test_steps_are_the_textbooks(covariance_type, step_size):
    """Ten batches, by the formulas of the paper with sums about 0."""
    batches = batches_of(2000, 200)
    model = GaussianMixture(3, covariance_type=covariance_type, reg_covar=1e-2, random_state=0)
    start = clone(model).accumulate(batches[0])  # where both start
    weights, means, covariances = np.array(start.weights_), np.array(start.means_), full(start)
    for t, batch in enumerate(batches, 1):
        size = t**-0.6 if step_size is None else step_size
        weights, means, covariances, likelihood = textbook_step(
            weights, means, covariances, batch, size, 1e-2, covariance_type
        )
        assert model.partial_fit(batch, step_size=step_size) is model
        np.testing.assert_allclose(model.weights_, weights, rtol=1e-10)
        np.testing.assert_allclose(model.means_, means, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(full(model), covariances, rtol=1e-9, atol=1e-10)
        assert model.lower_bound_ == pytest.approx(likelihood, rel=1e-10)
        assert (model.n_iter_, model.converged_) == (t, False)
    assert len(model.lower_bounds_) == 10


@pytest.mark.parametrize("covariance_type", TYPES)
def test_it_learns_as_scikit_learns_users_call_it(covariance_type):
    """A loop over batches ends near the optimum of a fit of all rows."""
    batches = batches_of(60_000, 500)
    model = GaussianMixture(3, covariance_type=covariance_type, random_state=0)
    for batch in batches:
        model.partial_fit(batch)
    x = np.concatenate(batches)
    best = GaussianMixture(3, covariance_type=covariance_type, random_state=0, n_init=3).fit(x)
    # Of 120 steps; a constant share of the last batches stays in the parameters.
    assert model.score(x) > best.score(x) - 0.01
    assert model.n_iter_ == len(batches)


def test_a_step_of_size_1_is_one_of_fit():
    """Nothing is left of what was before but the responsibilities."""
    first, second = batches_of(2000, 1000)
    model = GaussianMixture(3, random_state=0).fit(first)
    again = pickle.loads(pickle.dumps(model)).set_params(warm_start=True, max_iter=1)
    with pytest.warns(UserWarning, match="did not converge"):
        again.fit(second)
    model.partial_fit(second, step_size=1)
    np.testing.assert_allclose(model.means_, again.means_, rtol=1e-12)
    np.testing.assert_allclose(model.covariances_, again.covariances_, rtol=1e-11, atol=1e-13)


def test_steps_count_on_from_a_fit():
    """A fitted model is not thrown away by the first batch."""
    first, second = batches_of(2000, 1000)
    model = GaussianMixture(3, random_state=0).fit(first)
    t = model.n_iter_ + 1
    other = pickle.loads(pickle.dumps(model)).partial_fit(second, step_size=t**-0.6)
    model.partial_fit(second)
    np.testing.assert_array_equal(model.means_, other.means_)
    assert model.n_iter_ == t


def test_weights_of_rows_and_missing_values():
    """A weight k counts as k rows, and NaN is marginalised, as in fit."""
    x = batches_of(400, 400)[0]
    weight = np.random.default_rng(1).integers(0, 3, len(x)).astype(float)
    start = GaussianMixture(3, random_state=0).fit(x)
    one, other = (pickle.loads(pickle.dumps(start)) for _ in range(2))
    one.partial_fit(x, sample_weight=weight)
    other.partial_fit(np.repeat(x, weight.astype(int), axis=0))
    np.testing.assert_allclose(one.means_, other.means_, rtol=1e-12)
    np.testing.assert_allclose(one.covariances_, other.covariances_, rtol=1e-10)
    holes = x.copy()
    holes[::3, 0] = np.nan
    model = pickle.loads(pickle.dumps(start)).partial_fit(holes)
    assert np.isfinite(model.means_).all()
    assert (model.means_ != start.means_).all()


@pytest.mark.parametrize("covariance_type", TYPES)
def test_a_component_without_points_stays(covariance_type):
    """Its weight falls, but it neither collapses nor becomes NaN."""
    x = batches_of(400, 400)[0]
    weights, means = [0.5, 0.5], [[2.0, 2.0], [1e6, 1e6]]
    precisions = {"full": np.stack([np.eye(2)] * 2), "tied": np.eye(2), "diag": np.ones((2, 2))}
    keywords = {"precisions_init": precisions.get(covariance_type, np.ones(2))}
    model = GaussianMixture(
        2, covariance_type=covariance_type, weights_init=weights, means_init=means, **keywords
    )
    for _ in range(3):
        model.partial_fit(x)
    np.testing.assert_array_equal(model.means_[1], means[1])
    assert model.weights_[1] < 1e-10
    assert np.isfinite(model.covariances_).all()


def test_a_refused_batch_leaves_nothing_behind():
    """Neither of a new model, nor of one that has learned."""
    good = pandas.DataFrame(batches_of(50, 50)[0], columns=["a", "b"])
    bad = good.copy()
    bad.iloc[3, 0] = np.inf
    for method in ("partial_fit", "accumulate"):
        model = GaussianMixture(3, random_state=0)
        for refused in (bad, good[:2], good.astype(str) + "x", good.to_numpy()[None]):
            with pytest.raises(ValueError):  # noqa: PT011
                getattr(model, method)(refused)
            assert vars(model) == vars(GaussianMixture(3, random_state=0))
        with pytest.raises(ValueError, match="sample_weight"):
            getattr(model, method)(good, sample_weight=np.ones(3))
        assert vars(model) == vars(GaussianMixture(3, random_state=0))
        getattr(model, method)(good)
        before = pickle.dumps(model)
        for refused in (bad, good[["b", "a"]], good[["a"]]):
            with pytest.raises(ValueError):  # noqa: PT011
                getattr(model, method)(refused)
            assert pickle.dumps(model) == before
        assert model.feature_names_in_.tolist() == ["a", "b"]


@pytest.mark.parametrize("step_size", [0, -0.5, 1.5, np.nan, np.inf])
def test_wrong_step_sizes_are_refused(step_size):
    with pytest.raises(ValueError, match=r"step_size must be in \(0, 1\]"):
        GaussianMixture().partial_fit([[1.0], [2.0]], step_size=step_size)


@pytest.mark.parametrize("method", ["partial_fit", "accumulate"])
@pytest.mark.parametrize("change", [{"n_components": 2}, {"covariance_type": "diag"}])
def test_changed_parameters_are_refused(method, change):
    """In the words of ``fit(warm_start=True)``."""
    x = batches_of(100, 100)[0]
    model = GaussianMixture(3, random_state=0).fit(x).set_params(**change)
    with pytest.raises(ValueError, match=f"{method} goes on with n_components, n_features and"):
        getattr(model, method)(x)
    model.set_params(warm_start=True)
    with pytest.raises(ValueError, match="warm_start=True goes on with n_components, n_features and"):
        model.fit(x)


def test_float32_batches():
    """Fitted attributes have the dtype of the first batch."""
    batches = [batch.astype(np.float32) for batch in batches_of(400, 100)]
    model = GaussianMixture(3, random_state=0)
    for batch in batches:
        assert model.partial_fit(batch).means_.dtype == np.float32
    wide = GaussianMixture(3, random_state=0)
    for batch in batches:
        wide.partial_fit(batch.astype(np.float64))
    np.testing.assert_allclose(model.means_, wide.means_, rtol=1e-4, atol=1e-4)


def test_a_clone_has_learned_nothing():
    model = GaussianMixture(3, random_state=0).partial_fit(batches_of(100, 100)[0])
    assert not hasattr(sklearn.base.clone(model), "means_")
