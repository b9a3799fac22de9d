"""Fits of GaussianMixture: the same optimum as scikit-learn's, from any data, on any number of threads."""

import os
import subprocess
import sys
import tracemalloc
import warnings

import numpy as np
import pytest
import sklearn.mixture

import fastdist
from fastdist import GaussianMixture
from fastdist.mixture_parameters import MixtureParameters

TYPES = ("full", "tied", "diag", "spherical")
FITTED = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")


def data(n=3000, d=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
    x[: n // 3] += 3
    x[n // 3 : n // 2] -= 5
    return x


def start(covariance_type, x, components=3):
    d = x.shape[1]
    precisions = {
        "full": np.array([np.eye(d)] * components),
        "tied": np.eye(d),
        "diag": np.ones((components, d)),
        "spherical": np.ones(components),
    }[covariance_type]
    return {
        "n_components": components,
        "covariance_type": covariance_type,
        "weights_init": np.full(components, 1 / components),
        "means_init": x[:: len(x) // components][:components],
        "precisions_init": precisions,
    }


def fitted(model, x, **keywords):
    """Without the warning that a few steps are no convergence."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*did not converge.*")
        return model.fit(x, **keywords)


def assert_same_model(got, want, rtol=1e-8):
    for name in FITTED:
        a, b = getattr(got, name), getattr(want, name)
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.abs(b).max(), err_msg=name)
    np.testing.assert_allclose(got.lower_bound_, want.lower_bound_, rtol=rtol)


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
    assert all(getattr(single, name).dtype == np.float64 for name in FITTED)
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
        model = GaussianMixture(components, covariance_type=covariance_type, random_state=0).fit(x)
        np.testing.assert_array_equal(model.means_, np.full((components, 2), 3.0))
        np.testing.assert_allclose(model._fitted().full_covariances(), [1e-6 * np.eye(2)] * components)
        assert np.isclose(model.weights_.sum(), 1, rtol=1e-15)
    with pytest.raises(ValueError, match=r"has collapsed.*increase reg_covar"):
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
    ],
)
def test_weights_that_are_none(weight, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture().fit(data(30), sample_weight=weight)


# Parts of the data


@pytest.mark.parametrize("covariance_type", TYPES)
def test_partial_fits_make_a_step(covariance_type):
    x = data()
    weight = np.random.default_rng(1).random(len(x))
    keywords = start(covariance_type, x)
    for steps in (1, 3):
        whole = fitted(GaussianMixture(**keywords, max_iter=steps, tol=0), x, sample_weight=weight)
        model = GaussianMixture(**keywords)
        for _ in range(steps):
            for rows in np.array_split(np.arange(len(x)), 4):
                before = model.means_ if hasattr(model, "means_") else None
                model.partial_fit(x[rows], sample_weight=weight[rows], last=rows[-1] == len(x) - 1)
                if before is not None and rows[-1] != len(x) - 1:
                    assert model.means_ is before
        assert_same_model(model, whole, 1e-11)
        assert model.n_iter_ == steps
        np.testing.assert_allclose(model.lower_bounds_, whole.lower_bounds_, rtol=1e-12)


def test_partial_fits_may_start_from_a_model_and_end_when_it_has_converged():
    x = data()
    model = GaussianMixture(2, random_state=0, reg_covar="scale")
    while not getattr(model, "converged_", False):
        model.partial_fit(x[:1500]).partial_fit(x[1500:], last=True)
    assert 2 < model.n_iter_ < 100
    assert abs(model.lower_bounds_[-1] - model.lower_bounds_[-2]) < 1e-3
    assert model.partial_fit(x[:100]).n_iter_ == len(model.lower_bounds_)
    with pytest.raises(ValueError, match="X has 2 features, but GaussianMixture is expecting 3"):
        model.partial_fit(x[:, :2])


@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random", "random_from_data"])
def test_batches_that_are_read_again_and_again(init_params):
    x = data()
    x[::50, 1] = np.nan
    batches = np.array_split(x, 5)
    keywords = {"random_state": 0, "init_params": init_params, "max_iter": 20}
    whole = fitted(GaussianMixture(3, **keywords), x)

    class Source:
        def __iter__(self):
            return iter(batches)

    for source in (batches, tuple(batches), lambda: iter(batches), Source()):
        assert_same_model(fitted(GaussianMixture(3, **keywords), source), whole)


def test_batches_that_cannot_be_read_again():
    batches = np.array_split(data(), 5)
    for once in (iter(batches), (batch for batch in batches)):
        with pytest.raises(TypeError, match=r"can be read but once.*partial_fit"):
            GaussianMixture().fit(once)
    with pytest.raises(ValueError, match="batches of 3 and of 2 features"):
        GaussianMixture().fit([data(50), data(50)[:, :2]])
    with pytest.raises(ValueError, match="no batch"):
        GaussianMixture().fit(lambda: iter([]))
    with pytest.raises(ValueError, match="batches have no weights"):
        GaussianMixture().fit(batches, sample_weight=np.ones(3000))


def test_a_memory_map_is_read_where_it_lies(tmp_path):
    x = data(20_000).astype(np.float32)
    x.tofile(tmp_path / "x")
    mapped = np.memmap(tmp_path / "x", np.float32, "r", shape=x.shape)
    got = GaussianMixture(3, random_state=0).fit(mapped)
    np.testing.assert_array_equal(got.means_, GaussianMixture(3, random_state=0).fit(x).means_)


@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random", "random_from_data"])
def test_a_fit_takes_little_memory(init_params):
    """Beyond the data some 10 MB at most, whatever n: 200 000 x 4 numbers are 6.4 MB, n x K here 12.8 MB."""
    x = np.random.default_rng(0).normal(size=(400_000, 4))[::2]
    model = GaussianMixture(8, random_state=0, init_params=init_params, max_iter=2, tol=0)
    tracemalloc.start()
    try:
        fitted(model, x)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10e6


# Threads


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("init_params", ["kmeans", "random"])
def test_threads_cannot_be_seen(covariance_type, init_params, monkeypatch):
    monkeypatch.setattr(MixtureParameters, "share", lambda self: 256)
    x = data(20_001)
    keywords = {"covariance_type": covariance_type, "init_params": init_params, "random_state": 3}
    models = []
    for threads in range(1, 9):
        with fastdist.num_threads(threads):
            models.append(fitted(GaussianMixture(3, max_iter=3, tol=0, **keywords), x))
    for model in models[1:]:
        for name in FITTED[:3]:
            np.testing.assert_array_equal(getattr(model, name), getattr(models[0], name))
        assert model.lower_bounds_ == models[0].lower_bounds_


# The course of a fit


def test_the_best_start_is_kept():
    x = data(300)
    keywords = {"init_params": "random_from_data", "max_iter": 15, "random_state": 5}
    bounds = []
    model = GaussianMixture(5, n_init=4, **keywords)
    fitted(model, x, callback=lambda iteration, lower_bound, change: bounds.append((iteration, lower_bound)))
    ends = [bound for (_, bound), (after, _) in zip(bounds, [*bounds[1:], (1, 0)], strict=True) if after == 1]
    assert len(ends) == 4
    assert model.lower_bound_ == max(ends)
    assert model.lower_bound_ > min(ends)


def test_a_warm_start_goes_on():
    x = data()
    keywords = start("full", x) | {"tol": 0}
    whole = fitted(GaussianMixture(**keywords, max_iter=7), x)
    model = GaussianMixture(**keywords, max_iter=3, warm_start=True)
    fitted(model, x)
    model.max_iter = 4
    assert_same_model(fitted(model, x), whole, 1e-12)
    begun = GaussianMixture.from_parameters(
        model.weights_, model.means_, model.covariances_, warm_start=True, max_iter=1, tol=0
    )
    np.testing.assert_allclose(fitted(begun, x).lower_bound_, model.score(x), rtol=1e-13)
    model.n_components = 2
    with pytest.raises(ValueError, match=r"\(3, 3, 'full'\), not \(2, 3, 'full'\)"):
        model.fit(x)


def test_a_callback_may_end_a_fit():
    seen = []

    def callback(iteration, lower_bound, change):
        seen.append((iteration, lower_bound, change))
        return iteration == 3

    model = GaussianMixture(3, random_state=0, tol=0).fit(data(), callback=callback)
    assert model.n_iter_ == 3
    assert not model.converged_
    assert [iteration for iteration, _, _ in seen] == [1, 2, 3]
    assert [bound for _, bound, _ in seen] == model.lower_bounds_
    assert seen[2][2] == seen[2][1] - seen[1][1]


@pytest.mark.parametrize("verbose", [1, 2])
def test_a_fit_says_what_scikit_learn_says(verbose, capsys):
    x = data()
    keywords = start("full", x) | {"verbose": verbose, "verbose_interval": 2, "max_iter": 5}
    said = []
    for kind in (GaussianMixture, sklearn.mixture.GaussianMixture):
        fitted(kind(**keywords), x)
        lines = capsys.readouterr().out.splitlines()
        said.append([line.split("time lapse")[0] for line in lines])
        assert verbose == 1 or all("time lapse" in line for line in lines[1:])
    assert said[0] == said[1]


def test_a_bar(capsys):
    pytest.importorskip("tqdm")
    GaussianMixture(2, verbose="bar", random_state=0).fit(data(200))
    assert "step" in capsys.readouterr().err


def test_no_convergence_is_a_warning():
    with pytest.warns(fastdist.exceptions.ConvergenceWarning, match="did not converge") as record:
        GaussianMixture(3, max_iter=1, random_state=0).fit(data())
    assert record[0].filename == __file__
    with pytest.warns(sklearn.exceptions.ConvergenceWarning):
        GaussianMixture(3, max_iter=1, random_state=0).fit_predict(data())


def test_a_fit_that_fails_leaves_the_model_as_it_was():
    x = data(100)
    model = GaussianMixture(2, random_state=0).fit(x)
    before = dict(model.__dict__)
    for wrong in (x[:1], np.full((10, 3), np.inf), np.full((10, 3), 1j), "text"):
        with pytest.raises((ValueError, TypeError)):
            model.fit(wrong)
    assert model.__dict__ == before


def test_a_feature_without_a_value_is_named():
    x = data(100)
    x[:, 1] = np.nan
    with pytest.raises(ValueError, match="column 1 of X"):
        GaussianMixture(2).fit(x)


def test_weights_that_are_tiny():
    x = data(300)
    keywords = {"random_state": 0, "tol": 1e-6}
    want = GaussianMixture(3, **keywords).fit(x)
    assert_same_model(GaussianMixture(3, **keywords).fit(x, sample_weight=np.full(300, 1e-30)), want)


LEVEL_OF_FIT = """
import hashlib, sys
import numpy as np
import fastdist
x = np.random.default_rng(1).integers(-1000, 1000, (5000, 5)) / 64
x[::3] += 40
digest = hashlib.sha256()
for kind in ("full", "tied", "diag", "spherical"):
    for start in ("kmeans", "random"):
        model = fastdist.GaussianMixture(
            3, covariance_type=kind, init_params=start, random_state=1, tol=1e-4, max_iter=1000
        ).fit(x)
        rows, labels = model.sample(100)
        for array in (model.weights_, model.means_, model.covariances_, model.precisions_, rows, labels):
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(model.predict_proba(x.astype(np.float32)).tobytes())
print(fastdist.show_config("dicts")["instruction set"], digest.hexdigest())
"""


def test_instruction_sets_cannot_be_seen():
    """The kernels', and those that NumPy chooses for itself."""
    levels = fastdist.show_config("dicts")
    usable = [level for level in levels["levels built"] if level in levels["levels of this CPU"]]
    digests = {}
    for level in usable:
        environment = os.environ | {"FASTDIST_ISA": level, "FASTDIST_NUM_THREADS": "1"}
        if level == "baseline":
            environment["NPY_DISABLE_CPU_FEATURES"] = "AVX2 FMA3 AVX512F AVX512_SKX"
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", LEVEL_OF_FIT],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        used, digests[level] = done.stdout.split()
        assert used == level
    assert len(set(digests.values())) == 1


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
