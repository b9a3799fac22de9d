"""GaussianMixture as a distribution: densities, inference, samples, and attributes that are assigned."""

import copy
import pickle

import mpmath
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import fastdist
from fastdist import GaussianMixture

WEIGHTS = [0.2, 0.3, 0.5]
MEANS = np.array([[0.0, 1.0], [2.0, -1.0], [5.0, 4.0]])
COVARIANCES = {
    "full": np.array([[[2.0, 0.5], [0.5, 1.0]], [[1.0, -0.3], [-0.3, 0.5]], [[3.0, 0.0], [0.0, 2.0]]]),
    "tied": np.array([[2.0, 0.5], [0.5, 1.0]]),
    "diag": np.array([[2.0, 1.0], [0.5, 3.0], [1.0, 1.0]]),
    "spherical": np.array([2.0, 0.5, 1.0]),
}
TYPES = list(COVARIANCES)


def model_of(covariance_type="full", **params):
    return GaussianMixture.from_parameters(
        WEIGHTS, MEANS, COVARIANCES[covariance_type], covariance_type, **params
    )


def weighted_densities(model, x):
    parameters = model._fitted()
    parts = zip(parameters.weights, parameters.means, parameters.full_covariances(), strict=True)
    return np.stack([w * scipy.stats.multivariate_normal(m, c).pdf(x) for w, m, c in parts], axis=-1)


# Densities and inference


@pytest.mark.parametrize("covariance_type", TYPES)
def test_densities_and_inference(covariance_type):
    model = model_of(covariance_type)
    x = np.random.default_rng(1).normal(2, 3, (200, 2))
    weighted = weighted_densities(model, x)
    density = weighted.sum(axis=1)
    np.testing.assert_allclose(model.score_samples(x), np.log(density), rtol=1e-12)
    np.testing.assert_allclose(model.predict_proba(x), weighted / density[:, None], rtol=1e-10, atol=1e-300)
    np.testing.assert_array_equal(model.predict(x), weighted.argmax(axis=1))
    np.testing.assert_allclose(model.score(x), np.log(density).mean(), rtol=1e-12)
    weight = np.arange(200.0)
    np.testing.assert_allclose(
        model.score(x, sample_weight=weight), np.average(np.log(density), weights=weight), rtol=1e-12
    )
    free = {"full": 9 + 6 + 2, "tied": 3 + 6 + 2, "diag": 6 + 6 + 2, "spherical": 3 + 6 + 2}[covariance_type]
    np.testing.assert_allclose(model.aic(x), -2 * np.log(density).sum() + 2 * free, rtol=1e-12)
    np.testing.assert_allclose(model.bic(x), -2 * np.log(density).sum() + np.log(200) * free, rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    x=arrays.arrays(np.float64, (4, 2), elements=st.floats(-50, 50)), covariance_type=st.sampled_from(TYPES)
)
def test_densities_of_any_points(x, covariance_type):
    model = model_of(covariance_type)
    with np.errstate(divide="ignore"):
        logs = np.log(weighted_densities(model, x).sum(axis=1))
    computable = logs > -600
    np.testing.assert_allclose(model.score_samples(x)[computable], logs[computable], rtol=1e-10, atol=1e-12)


def test_points_that_no_component_reaches():
    """Even the logarithms of all densities are -inf: the point belongs to the heaviest tail."""
    model = model_of()
    far = np.array([[1e200, -1e200], [0.0, 0.0]])
    np.testing.assert_array_equal(model.score_samples(far)[0], -np.inf)
    offset = np.array([1.0, -1.0])
    distances = [offset @ np.linalg.solve(covariance, offset) for covariance in model.covariances_]
    np.testing.assert_array_equal(model.predict_proba(far)[0], np.eye(3)[np.argmin(distances)])
    np.testing.assert_allclose(model.predict_proba(far).sum(axis=1), 1, rtol=1e-15)
    assert model.score(far) == -np.inf


def test_shapes_of_points():
    model = model_of()
    x = np.random.default_rng(1).normal(size=(3, 4, 2))
    flat = model.score_samples(x.reshape(12, 2))
    np.testing.assert_array_equal(model.logpdf(x), flat.reshape(3, 4))
    np.testing.assert_allclose(model.pdf(x), np.exp(flat).reshape(3, 4), rtol=1e-14)
    assert isinstance(model.pdf(x[0, 0]), float)
    assert model.pdf(x[:1, 0]).shape == (1,)
    assert model.logpdf([np.inf, 0]) == -np.inf
    assert model.pdf(np.empty((0, 2))).shape == (0,)
    assert model.pdf(x.astype(np.float32)).dtype == np.float32
    line = model.marginal(0)
    np.testing.assert_array_equal(line.pdf([0.0, 1.0]), line.pdf([[0.0], [1.0]]))
    assert isinstance(line.pdf(0.0), float)
    with pytest.raises(ValueError, match="points of x have 3 components"):
        model.pdf([1, 2, 3])


def test_layouts_and_dtypes_of_points():
    model = model_of()
    x = np.random.default_rng(1).normal(size=(300, 2)).astype(np.float32).astype(float)
    want = model.score_samples(x)
    wide = np.zeros((300, 5))
    wide[:, ::-3] = x
    read_only = x.copy()
    read_only.flags.writeable = False
    for same in (np.asfortranarray(x), wide[:, ::-3], x[::-1][::-1], read_only, x.tolist(), x.astype(">f8")):
        np.testing.assert_array_equal(model.score_samples(same), want)
    single = model.score_samples(x.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, want, rtol=1e-5)
    np.testing.assert_array_equal(model.predict([[0, 1], [5, 4]]), [0, 2])


def test_missing_values_are_marginalised():
    model = model_of()
    x = np.array([[1.0, np.nan], [np.nan, np.nan], [1.0, 2.0]])
    logs = model.score_samples(x)
    np.testing.assert_allclose(logs[0], model.marginal(0).score_samples([[1.0]])[0], rtol=1e-14)
    assert logs[1] == 0
    assert logs[2] == model.score_samples(x[2:])[0]
    np.testing.assert_allclose(model.predict_proba(x)[1], WEIGHTS, rtol=1e-15)
    assert model.predict(x)[0] == model.marginal(0).predict([[1.0]])[0]
    assert model.logpdf([1.0, np.nan]) == logs[0]


def test_quantiles_modes_and_parts_are_those_of_the_parameters():
    line = model_of().marginal(0)
    q = np.array([0.01, 0.5, 0.99])
    np.testing.assert_allclose(line.cdf(line.ppf(q)), q, rtol=1e-12)
    np.testing.assert_allclose(line.sf(line.isf(q)), q, rtol=1e-12)
    assert len(line.modes()) == 2
    assert not line.is_unimodal()
    joint = model_of(n_init=3, means_init=MEANS)
    assert len(joint.modes()) == len(joint.modes(joint.sample(100, rng=1)[0])) == 3
    x = joint.sample(20, rng=1)[0]
    for a, b in x.tolist():
        product = joint.marginal(0).pdf([a]) * joint.conditional(0, a).pdf([b])
        np.testing.assert_allclose(product, joint.pdf([a, b]), rtol=1e-12)
    part = joint.marginal([1])
    assert part.get_params() == joint.get_params() | {"means_init": None}
    np.testing.assert_array_equal(part.means_, MEANS[:, 1:])


# Samples


def test_a_row_depends_on_the_seed_and_its_place_alone():
    whole, labels = model_of().sample(1000, rng=7)
    source, rows = fastdist.default_rng(7), []
    for n in (1, 5, 250, 744):
        rows.append(model_of().sample(n, rng=source))
    np.testing.assert_array_equal(np.concatenate([x for x, _ in rows]), whole)
    np.testing.assert_array_equal(np.concatenate([y for _, y in rows]), labels)
    model = model_of(random_state=7)
    kept = [model.sample(n)[0] for n in (400, 600)]
    np.testing.assert_array_equal(np.concatenate(kept), whole)
    np.testing.assert_array_equal(model.set_params(random_state=7).sample(1000)[0], whole)


def test_rows_from_any_place_on():
    whole, labels = model_of().sample(1000, rng=7)
    source = fastdist.default_rng(7)
    for i in (400, 0, 997):
        source.seek(i, "uint64")
        source.seek(i * whole.shape[1])
        x, y = model_of().sample(3, rng=source)
        np.testing.assert_array_equal(x, whole[i : i + 3])
        np.testing.assert_array_equal(y, labels[i : i + 3])


@pytest.mark.parametrize("covariance_type", TYPES)
def test_a_row_is_what_its_words_and_normals_make_of_it(covariance_type):
    model = model_of(covariance_type)
    x, labels = model.sample(200, rng=7)
    source = fastdist.default_rng(7)
    uniforms, z = source.random(200), source.standard_normal((200, 2))
    want = np.searchsorted(np.cumsum(WEIGHTS), uniforms, side="right")
    np.testing.assert_array_equal(labels, want)
    factors = model._fitted().full_factors()
    np.testing.assert_allclose(x, MEANS[want] + (factors[want] @ z[:, :, None])[:, :, 0], rtol=1e-13)


def test_threads_cannot_be_seen_in_samples(monkeypatch):
    monkeypatch.setattr(fastdist.parallel, "SHARE_SAMPLES", 1 << 10)
    with fastdist.num_threads(1):
        want = model_of().sample(20_000, rng=7)
    for threads in (2, 5):
        with fastdist.num_threads(threads):
            got = model_of().sample(20_000, rng=7)
        np.testing.assert_array_equal(got[0], want[0])
        np.testing.assert_array_equal(got[1], want[1])


def test_grouped_rows_are_the_same_rows():
    x, labels = model_of().sample(500, rng=7)
    grouped, sorted_labels = model_of().sample(500, rng=7, shuffle=False)
    order = np.argsort(labels, kind="stable")
    np.testing.assert_array_equal(grouped, x[order])
    np.testing.assert_array_equal(sorted_labels, labels[order])


@pytest.mark.parametrize(
    "source",
    [
        lambda: fastdist.default_rng(np.random.PCG64(3)),
        lambda: np.random.default_rng(3),
        lambda: np.random.RandomState(3),
    ],
    ids=["fastdist on PCG64", "NumPy", "RandomState"],
)
def test_other_generators(source):
    x, labels = model_of().sample(20_000, rng=source())
    again, _ = model_of(random_state=source()).sample(20_000)
    np.testing.assert_array_equal(x, again)
    # 5 standard deviations.
    for k, weight in enumerate(WEIGHTS):
        assert abs((labels == k).mean() - weight) < 5 * np.sqrt(weight * (1 - weight) / 20_000)
        deviation = x[labels == k].mean(axis=0) - MEANS[k]
        assert (np.abs(deviation) < 5 * np.sqrt(np.diagonal(COVARIANCES["full"][k]) / 20_000 / weight)).all()


def test_a_component_of_weight_zero_is_never_drawn():
    weights = np.array([0.1] * 10 + [0.0])
    model = GaussianMixture.from_parameters(weights / weights.sum(), np.zeros((11, 1)), np.ones(11))
    assert set(model.sample(10_000, rng=1)[1]) == set(range(10))


@pytest.mark.parametrize("n", [0, -3])
def test_no_rows_are_an_error(n):
    with pytest.raises(ValueError, match="Invalid value for 'n_samples'"):
        model_of().sample(n)
    with pytest.raises(TypeError):
        model_of().sample(2.5)
    with pytest.raises(ValueError, match="cannot be used to seed"):
        model_of().sample(3, rng="seed")


# Parameters as attributes


def test_a_model_of_parameters_is_fitted():
    model = model_of(random_state=3)
    assert model.converged_
    assert (model.n_iter_, model.lower_bounds_, model.n_features_in_) == (0, [], 2)
    assert repr(model) == "GaussianMixture(n_components=3, random_state=3)"
    np.testing.assert_array_equal(model.means_, MEANS)


def test_parameters_may_be_assigned():
    """As scripts do that make a model without a fit; the factor of the precisions will do as well."""
    x = np.random.default_rng(1).normal(size=(10, 2))
    want = model_of().score_samples(x)
    model = GaussianMixture(3)
    with pytest.raises(AttributeError, match="has no attribute 'means_'"):
        _ = model.means_
    model.weights_, model.means_ = WEIGHTS, MEANS
    with pytest.raises(fastdist.exceptions.NotFittedError):
        model.predict(x)
    model.covariances_ = COVARIANCES["full"]
    np.testing.assert_array_equal(model.score_samples(x), want)
    model.weights_ = [0.5, 0.25, 0.25]
    assert (model.score_samples(x) != want).all()
    other = GaussianMixture(3)
    other.weights_, other.means_ = WEIGHTS, MEANS
    other.precisions_cholesky_ = model_of().precisions_cholesky_
    np.testing.assert_allclose(other.score_samples(x), want, rtol=1e-13)
    with pytest.raises(ValueError, match="read-only"):
        other.means_[0] = 1
    other.precisions_cholesky_ = np.eye(2)
    with pytest.raises(ValueError, match=r"precisions_cholesky_ must have shape \(3, 2, 2\), not \(2, 2\)"):
        other.predict(x)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_precisions_may_be_assigned(covariance_type):
    x = np.random.default_rng(1).normal(size=(10, 2))
    model = GaussianMixture(3, covariance_type=covariance_type)
    model.weights_, model.means_ = WEIGHTS, MEANS
    model.precisions_ = model_of(covariance_type).precisions_
    np.testing.assert_allclose(model.score_samples(x), model_of(covariance_type).score_samples(x), rtol=1e-12)
    narrow = 4 * model.precisions_
    model.precisions_ = narrow
    model.predict(x)
    np.testing.assert_allclose(model.precisions_, narrow, rtol=1e-12)


def test_what_is_assigned_to_a_copy_is_its_own():
    model = model_of()
    model.weights_ = [0.5, 0.25, 0.25]
    other = copy.copy(model)
    other.means_ = MEANS + 1
    np.testing.assert_array_equal(model.means_, MEANS)
    np.testing.assert_array_equal(other.weights_, model.weights_)


def test_copies_and_pickles_go_on_where_the_model_is():
    model = model_of(random_state=7)
    model.score_samples(MEANS)
    model.sample(10)
    data = pickle.dumps(model)
    assert len(data) < 4000
    for other in (pickle.loads(data), copy.deepcopy(model)):
        np.testing.assert_array_equal(other.score_samples(MEANS), model.score_samples(MEANS))
        np.testing.assert_array_equal(other.sample(3)[0], copy.deepcopy(model).sample(3)[0])


def test_a_picture_has_the_names_of_the_features():
    figure = pytest.importorskip("matplotlib.figure")
    model = model_of()
    model.feature_names_in_ = np.array(["length", "width"], dtype=object)
    ax = model.plot(figure.Figure().subplots(), data=model.sample(50, rng=1)[0])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("length", "width")


@pytest.mark.parametrize(
    ("means", "x"),
    [
        ([[1e8, -1e8], [1e8 + 3, -1e8]], [1e8 + 1.25, -1e8 - 0.5]),
        ([[0.0, 0.0], [3.0, 0.0]], [1e100, -1e100]),
        ([[0.0, 0.0], [1e153, 0.0]], [2e153, 1e153]),
    ],
)
def test_log_densities_of_large_numbers(means, x):
    """Against 400 digits: means of 1e8, and squared distances near the end of the range of numbers."""
    model = GaussianMixture.from_parameters([0.25, 0.75], means, COVARIANCES["full"][:2])
    with mpmath.workdps(400):
        density = mpmath.mpf(0)
        for weight, mean, cov in zip([0.25, 0.75], means, COVARIANCES["full"], strict=False):
            matrix = mpmath.matrix(cov.tolist())
            v = mpmath.matrix([mpmath.mpf(a) - mpmath.mpf(m) for a, m in zip(x, mean, strict=True)])
            q = (v.T * matrix**-1 * v)[0]
            density += weight * mpmath.exp(-q / 2) / (2 * mpmath.pi * mpmath.sqrt(mpmath.det(matrix)))
        want = float(mpmath.log(density))
    np.testing.assert_allclose(model.score_samples([x])[0], want, rtol=1e-13)
