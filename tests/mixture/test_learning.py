"""The course of fits of GaussianMixture: from any data, on any threads, and what they say meanwhile."""

import copy
import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pandas
import pytest
import sklearn.mixture

import fastdist
from fastdist import GaussianMixture
from fastdist.exceptions import NotFittedError
from fastdist.mixture.parameters import MixtureParameters
from tests.support import mixture_fits as fits

TYPES, FITTED = fits.TYPES, fits.FITTED
data, start, fitted, assert_same_model = fits.data, fits.start, fits.fitted, fits.assert_same_model


# Parts of the data


@pytest.mark.parametrize("covariance_type", TYPES)
def test_batches_that_are_accumulated_make_a_step(covariance_type):
    """The parameters are those of a step over all rows, and change with `step` alone."""
    x = data()
    weight = np.random.default_rng(1).random(len(x))
    keywords = start(covariance_type, x)
    for steps in (1, 3):
        whole = fitted(GaussianMixture(**keywords, max_iter=steps, tol=0), x, sample_weight=weight)
        model = GaussianMixture(**keywords)
        for _ in range(steps):
            before = None
            for rows in np.array_split(np.arange(len(x)), 4):
                model.accumulate(x[rows], sample_weight=weight[rows])
                before = model.means_ if before is None else before
                np.testing.assert_array_equal(model.means_, before)
            model.step()
        assert_same_model(model, whole, 1e-11)
        assert model.n_iter_ == steps
        np.testing.assert_allclose(model.lower_bounds_, whole.lower_bounds_, rtol=1e-12)


def test_steps_may_start_from_a_model_and_end_when_it_has_converged():
    x = data()
    model = GaussianMixture(2, random_state=0, reg_covar="scale")
    while not getattr(model, "converged_", False):
        model.accumulate(x[:1500]).accumulate(x[1500:]).step()
    assert 2 < model.n_iter_ < 100
    assert abs(model.lower_bounds_[-1] - model.lower_bounds_[-2]) < 1e-3
    assert model.accumulate(x[:100]).n_iter_ == len(model.lower_bounds_)
    with pytest.raises(ValueError, match="X has 2 features, but GaussianMixture is expecting 3"):
        model.accumulate(x[:, :2])


def test_steps_may_start_from_what_was_assigned():
    x = data(300)
    given = GaussianMixture(2, random_state=0).fit(x)
    model = GaussianMixture(2)
    model.weights_, model.means_, model.covariances_ = given.weights_, given.means_, given.covariances_
    model.accumulate(x).step()
    again = GaussianMixture.from_parameters(given.weights_, given.means_, given.covariances_)
    assert_same_model(model, again.accumulate(x).step())
    assert (model.n_iter_, model.converged_) == (1, False)


def test_what_is_assigned_begins_a_step_anew():
    x = data(300)
    model = GaussianMixture(2, random_state=0).fit(x)
    other = copy.deepcopy(model).accumulate(x[:100])
    model.means_ = other.means_ = model.means_ + 1
    assert_same_model(other.accumulate(x).step(), model.accumulate(x).step())


def test_a_step_needs_a_batch():
    model = GaussianMixture(2, random_state=0)
    with pytest.raises(NotFittedError):
        model.step()
    model.fit(data(100))
    with pytest.raises(ValueError, match="call accumulate first"):
        model.step()


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


NAMED = {
    "a list": lambda frames: list(frames),
    "a function": lambda frames: lambda: iter(frames),
}


@pytest.mark.parametrize("source", NAMED.values(), ids=NAMED)
def test_the_columns_of_batches_are_the_same(source):
    """Names are recorded, and batches whose columns are others, or in another order, are refused."""
    x = data(400, 2)
    frames = [pandas.DataFrame(part, columns=["a", "b"]) for part in np.array_split(x, 4)]
    model = GaussianMixture(2, random_state=0).fit(source(frames))
    assert model.feature_names_in_.tolist() == ["a", "b"]
    assert_same_model(model, GaussianMixture(2, random_state=0).fit(x))
    with pytest.raises(ValueError, match="same order as they were in the first batch"):
        GaussianMixture(2).fit(source([frames[0], frames[1][["b", "a"]]]))
    with pytest.raises(ValueError, match=r"should match in all batches.*\n.*unseen in the first batch:\n- c"):
        GaussianMixture(2).fit(source([*frames, frames[1].rename(columns={"b": "c"})]))
    for mixed in ([frames[0], x[:50]], [x[:50], frames[0]]):
        with pytest.warns(UserWarning, match=r"batch \d of X has feature names, but batch \d has none"):
            model.fit(source(mixed))
        assert not hasattr(model, "feature_names_in_")


def test_columns_that_change_when_batches_are_read_again():
    frame = pandas.DataFrame(data(100, 2), columns=["a", "b"])
    reads = iter([[frame, frame], [frame, frame[["b", "a"]]]])
    with pytest.raises(ValueError, match="same order as they were in the first batch"):
        GaussianMixture(2, random_state=0).fit(lambda: iter(next(reads)))


class Exporting:
    """A table of some library, which NumPy can read."""

    def __init__(self, x):
        self._x = x

    def __array__(self, dtype=None, copy=None):
        return np.array(self._x, dtype)


class Shaped(Exporting):
    """A frame as that of polars: names, a shape, but no ndim."""

    @property
    def shape(self):
        return self._x.shape

    @property
    def columns(self):
        return ["a", "b"]


@pytest.mark.parametrize("kind", [Exporting, Shaped])
def test_batches_of_any_library(kind):
    x = data(400, 2)
    batches = [kind(part) for part in np.array_split(x, 4)]
    for source in (batches, tuple(batches), lambda: iter(batches)):
        model = GaussianMixture(2, random_state=0).fit(source)
        assert_same_model(model, GaussianMixture(2, random_state=0).fit(x))
        assert hasattr(model, "feature_names_in_") == (kind is Shaped)


def test_lists_of_rows_are_no_batches():
    x = data(40, 2)
    for rows in (x.tolist(), list(x), tuple(map(tuple, x.tolist()))):
        assert_same_model(
            GaussianMixture(2, random_state=0).fit(rows), GaussianMixture(2, random_state=0).fit(x)
        )


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
    with pytest.raises(ValueError, match="fit_predict takes an array"):
        GaussianMixture().fit_predict(batches)


@pytest.mark.parametrize("init_params", ["kmeans", "random"])
def test_batches_that_are_others_when_they_are_read_again(init_params):
    """As those of a function that returns the same generator each time."""
    x = data(100)
    once = iter([x[:50], x[50:]])
    model = GaussianMixture(2, init_params=init_params)
    with pytest.raises(ValueError, match="X gave 100 rows when it was read first, and 0 when"):
        model.fit(lambda: once)
    passes = iter([[x, x], [x, x[:50]]])
    with pytest.raises(ValueError, match="X gave 200 rows when it was read first, and 150"):
        model.fit(lambda: next(passes))
    passes = iter([[x, x], [x, x[:, :2]]])
    with pytest.raises(ValueError, match="X has batches of 3 and of 2 features"):
        model.fit(lambda: next(passes))


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

    def ctrl_c(number, lower_bound, change):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.fit(data(), callback=ctrl_c)
    assert model.__dict__ == before


def test_the_global_seed_of_numpy_has_no_effect():
    means = []
    for _ in range(2):
        np.random.seed(0)  # noqa: NPY002
        means.append(GaussianMixture(2, init_params="random", max_iter=2, tol=10).fit(data()).means_)
    assert (means[0] != means[1]).any()


def test_a_bar_needs_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"fastdist-kernels\[progress\]"):
        GaussianMixture(2, verbose="bar", random_state=0).fit(data(200))


def test_a_step_that_fails_begins_anew():
    x = data(100)
    keywords = start("full", x, 2) | {"means_init": [[0, 0, 0], [1e3, 0, 0]], "reg_covar": 0}
    model = GaussianMixture(**keywords).accumulate(x)
    with pytest.raises(ValueError, match="component 1, of weight"):
        model.accumulate(x).step()
    assert model.n_iter_ == 0
    model.reg_covar = 1.0
    again = GaussianMixture(**keywords | {"reg_covar": 1.0}).accumulate(x).step()
    np.testing.assert_array_equal(model.accumulate(x).step().means_, again.means_)


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
