"""GaussianMixture in the place of scikit-learn's: its checks, tools and errors, and scripts for it."""

import itertools
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn.mixture
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from fastdist import GaussianMixture, exceptions

BOTH = (GaussianMixture, sklearn.mixture.GaussianMixture)


def data(n=200, d=2, seed=0):
    x = np.random.default_rng(seed).normal(size=(n, d))
    x[::2] += 5
    return x


@pytest.mark.parametrize(
    "model",
    [
        GaussianMixture(),
        GaussianMixture(2, covariance_type="tied", warm_start=True),
        GaussianMixture(2, covariance_type="diag", init_params="random_from_data", reg_covar=0.1),
        GaussianMixture(1, covariance_type="spherical", reg_covar="scale"),
    ],
    ids=repr,
)
def test_estimator_checks(model):
    """All pass; but a random start picks other rows if these come in another order, as in one check."""
    other_start = {"check_sample_weight_equivalence_on_dense_data": "rows are shuffled: another start"}
    expected = other_start if model.n_components > 1 else {}
    with warnings.catch_warnings():
        # It may do without the base class, which would make scikit-learn a dependency.
        warnings.filterwarnings("ignore", ".*does not inherit from `sklearn.base.BaseEstimator`.*")
        warnings.filterwarnings("ignore", category=exceptions.ConvergenceWarning)
        results = check_estimator(model, expected_failed_checks=expected, on_fail=None, on_skip=None)
    failed = [(r["check_name"], str(r["exception"])) for r in results if r["status"] == "failed"]
    assert not failed
    assert sum(r["status"] == "passed" for r in results) > 40
    assert {r["check_name"] for r in results if r["status"] == "skipped"} <= {"check_array_api_input"}
    assert {r["check_name"] for r in results if r["status"] == "xfail"} == set(expected)


def test_the_constructor_is_that_of_scikit_learn():
    ours, theirs = GaussianMixture().get_params(), sklearn.mixture.GaussianMixture().get_params()
    assert ours == theirs
    assert list(ours) == list(theirs)
    changed = {"n_components": 3, "tol": 0.1, "random_state": 3}
    assert repr(GaussianMixture(**changed)) == "GaussianMixture(n_components=3, tol=0.1, random_state=3)"
    with pytest.raises(TypeError, match="positional argument"):
        GaussianMixture(3, "full")


def test_clone_keeps_parameters_as_they_were_given():
    means = [[0, 0], [5, 5]]
    model = GaussianMixture(2, means_init=means, reg_covar="scale").fit(data())
    assert model.means_init is means
    copy = clone(model)
    assert copy.means_init == means
    assert not hasattr(copy, "means_")
    with pytest.raises(ValueError, match=r"Invalid parameter 'n_component' for estimator GaussianMixture"):
        copy.set_params(n_component=3)


class WithThreshold(GaussianMixture):
    """A subclass that has a parameter of its own."""

    def __init__(self, n_components=1, *, threshold=0.0, random_state=None):
        super().__init__(n_components, random_state=random_state)
        self.threshold = threshold


def test_a_subclass():
    model = WithThreshold(2, threshold=0.5, random_state=0)
    assert model.get_params() == {"n_components": 2, "threshold": 0.5, "random_state": 0}
    assert repr(clone(model)) == "WithThreshold(n_components=2, threshold=0.5, random_state=0)"
    assert model.set_params(threshold=1).fit(data()).marginal(0).threshold == 1


def test_pipeline_and_searches():
    x = data()
    pipeline = make_pipeline(StandardScaler(), GaussianMixture(2, random_state=0)).fit(x)
    assert set(pipeline.predict(x)[::2]) != set(pipeline.predict(x)[1::2])
    search = GridSearchCV(
        GaussianMixture(random_state=0), {"n_components": [1, 2], "covariance_type": ["full", "spherical"]}
    ).fit(x)
    other = GridSearchCV(
        sklearn.mixture.GaussianMixture(random_state=0),
        {"n_components": [1, 2], "covariance_type": ["full", "spherical"]},
    ).fit(x)
    assert search.best_params_ == other.best_params_
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"], other.cv_results_["mean_test_score"], atol=1e-4
    )
    np.testing.assert_allclose(
        cross_val_score(GaussianMixture(2, random_state=0), x),
        cross_val_score(sklearn.mixture.GaussianMixture(2, random_state=0), x),
        atol=1e-4,
    )


# Errors and warnings


@pytest.mark.parametrize(
    "change",
    [
        {"n_components": 0},
        {"n_components": 2.0},
        {"tol": -1},
        {"tol": np.inf},
        {"max_iter": -1},
        {"n_init": 0},
        {"warm_start": "yes"},
        {"verbose_interval": 0},
        {"weights_init": 3},
    ],
    ids=str,
)
def test_parameters_are_refused_in_scikit_learns_words(change):
    errors = []
    for kind in BOTH:
        with pytest.raises((ValueError, TypeError)) as raised:
            kind(**change).fit(data())
        assert isinstance(raised.value, TypeError)
        assert isinstance(raised.value, ValueError)
        errors.append(str(raised.value))
    assert errors[0] == errors[1]


@pytest.mark.parametrize(
    "change",
    [
        {"reg_covar": -1},
        {"reg_covar": "relative"},
        {"reg_covar": np.inf},
        {"covariance_type": "round"},
        {"init_params": "best"},
        {"random_state": "seed"},
        {"random_state": -1},
        {"verbose": "loud"},
    ],
    ids=str,
)
def test_parameters_for_which_there_is_more_than_in_scikit_learn(change):
    ((name, value),) = change.items()
    with pytest.raises(
        ValueError, match=rf"The '{name}' parameter of GaussianMixture must be .* Got {value!r}"
    ):
        GaussianMixture(**change).fit(data())


@pytest.mark.parametrize(
    ("covariance_type", "change"),
    [
        ("full", {"weights_init": [0.5, 0.6]}),
        ("full", {"weights_init": [1.0]}),
        ("full", {"means_init": [[0.0, 0]]}),
        ("full", {"means_init": np.eye(2) + 1j}),
        ("full", {"precisions_init": np.eye(2)}),
        ("full", {"precisions_init": [np.eye(2), -np.eye(2)]}),
        ("full", {"precisions_init": [np.eye(2), [[1, 0.5], [0, 1]]]}),
        ("tied", {"precisions_init": [[1, 2], [2, 1]]}),
        ("diag", {"precisions_init": [[1.0, 1], [0, 1]]}),
        ("spherical", {"precisions_init": [1.0, -1]}),
    ],
    ids=str,
)
def test_starts_are_refused_in_scikit_learns_words(covariance_type, change):
    errors = []
    for kind in BOTH:
        with pytest.raises((ValueError, TypeError)) as raised:
            kind(2, covariance_type=covariance_type, **change).fit(data())
        errors.append(str(raised.value))
    assert errors[0] == errors[1]


@pytest.mark.parametrize(
    "x",
    [
        data()[0],
        np.float64(3),
        data()[:, :, None],
        data()[:0],
        data()[:, :0],
        data()[:1],
        data()[:3],
        np.where(data() > 6, np.inf, data()),
    ],
    ids=lambda x: str(np.shape(x)),
)
def test_data_are_refused_in_scikit_learns_words(x):
    errors = []
    for kind in BOTH:
        with pytest.raises((ValueError, TypeError)) as raised:
            kind(4).fit(x)
        errors.append((isinstance(raised.value, ValueError), str(raised.value).split("\n")[0]))
    assert errors[0] == errors[1]


def test_values_that_are_no_numbers():
    for kind in BOTH:
        with pytest.raises(ValueError, match="could not convert string to float"):
            kind().fit([["a", "b"]] * 10)
        with pytest.raises(ValueError, match="should be in the range"):
            kind(2, weights_init=[1.5, -0.5]).fit(data())


def test_a_component_that_collapses_is_said_in_scikit_learns_words():
    messages = []
    for kind in BOTH:
        with pytest.raises(ValueError, match="ill-defined empirical covariance") as raised:
            kind(reg_covar=0).fit(np.ones((10, 2)))
        messages.append(str(raised.value))
    assert messages[0] == messages[1] + " Here component 0, of weight 1, has collapsed, and reg_covar is 0."


def test_a_model_without_parameters():
    for kind in BOTH:
        calls = ("predict", "score", "predict_proba", "aic", "bic", "score_samples")
        for name, x in itertools.product(calls, (data(), data()[:0], None)):
            with pytest.raises(sklearn.exceptions.NotFittedError, match="is not fitted yet"):
                getattr(kind(), name)(x)
        with pytest.raises(sklearn.exceptions.NotFittedError):
            kind().sample(3)
        with pytest.raises(AttributeError):
            _ = kind().means_


def test_warnings_are_of_the_line_that_called():
    frame = pd.DataFrame(data(), columns=["a", "b"])
    model = GaussianMixture(3, max_iter=1, random_state=0)
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        model.fit(data()).fit_predict(data())
        for call in (model.predict, model.bic, model.score_samples, model.modes, model.partial_fit):
            call(frame)
    files = [warning.filename for warning in record]
    assert files == [__file__] * 7


def test_names_of_features():
    frame = pd.DataFrame(data(), columns=["a", "b"])
    messages = []
    for kind in BOTH:
        model = kind(2, random_state=0).fit(frame)
        assert model.feature_names_in_.tolist() == ["a", "b"]
        for wrong in (frame[["b", "a"]], frame.rename(columns={"a": "c"})):
            with pytest.raises(ValueError, match="feature names should match") as raised:
                model.predict(wrong)
            messages.append(str(raised.value))
        for fitted, x in ((frame, data()), (data(), frame)):
            with pytest.warns(UserWarning, match="feature names") as record:
                model.fit(fitted).predict(x)
            messages.append(str(record[0].message))
        with pytest.raises(TypeError, match="Feature names are only supported if all") as raised:
            model.fit(frame.rename(columns={"a": 1}))
        messages.append(str(raised.value))
        with pytest.raises(ValueError, match="X has 1 features") as raised:
            model.predict(data()[:, :1])
        messages.append(str(raised.value))
    assert messages[:6] == messages[6:]


def test_frames_with_missing_values():
    frame = pd.DataFrame({"a": [1.0, None, 2, 8, 9], "b": [1, 2, 3, 4, 5]}, dtype="Float64")
    numbers = np.array([[1.0, 1], [np.nan, 2], [2, 3], [8, 4], [9, 5]])
    model = GaussianMixture(2, random_state=0).fit(frame)
    np.testing.assert_array_equal(model.means_, GaussianMixture(2, random_state=0).fit(numbers).means_)


def test_errors_are_those_of_scikit_learn_if_it_is_there():
    """And of fastdist alone if not; both come back from a pickle as what can be had."""
    code = """
import pickle, sys, warnings
import fastdist
from fastdist.exceptions import ConvergenceWarning, InvalidParameterError, NotFittedError
for call, kind in (
    (lambda: fastdist.GaussianMixture().predict([[0]]), NotFittedError),
    (lambda: fastdist.GaussianMixture(0).fit([[0]]), InvalidParameterError),
):
    try:
        call()
    except ValueError as error:
        assert type(error) is kind, type(error)
        sys.stdout.buffer.write(pickle.dumps(error))
assert "sklearn" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    again = pickle.loads(done.stdout)
    assert isinstance(again, exceptions.NotFittedError)
    assert isinstance(again, sklearn.exceptions.NotFittedError)
    assert "is not fitted yet" in str(again)
    with pytest.raises(ValueError, match="n_components") as here:
        GaussianMixture(0).fit(data())
    assert type(pickle.loads(pickle.dumps(here.value))) is here.type


# Scripts as they are written for scikit-learn

SELECTION = """
from {package} import GaussianMixture
models = [
    GaussianMixture(n_components=n, covariance_type=kind, random_state=0).fit(X)
    for n in range(1, 4)
    for kind in ("full", "diag")
]
best = min(models, key=lambda model: model.bic(X))
result = best.n_components, best.covariance_type
"""
OUTLIERS = """
import numpy as np
from {package} import GaussianMixture
gmm = GaussianMixture(n_components=2, n_init=2, random_state=0)
labels = gmm.fit_predict(X)
scores = gmm.score_samples(X)
result = sorted(np.flatnonzero(scores < np.percentile(scores, 2)).tolist())
"""
ELLIPSES = """
import numpy as np
from {package} import GaussianMixture
gmm = GaussianMixture(2, covariance_type="full", random_state=0).fit(X)
result = []
for mean, covariance in zip(gmm.means_, gmm.covariances_):
    v, w = np.linalg.eigh(covariance)
    result.append([*mean.round(2), *np.sqrt(v).round(2)])
result.sort()
"""
SAMPLING = """
import numpy as np
from {package} import GaussianMixture
gmm = GaussianMixture(2, random_state=0).fit(X)
Xs, ys = gmm.sample(400)
right = (gmm.predict(Xs) == ys).mean()
result = Xs.shape, ys.shape, Xs.dtype, set(np.unique(ys).tolist()), bool(right > 0.97)
"""


@pytest.mark.parametrize("script", [SELECTION, OUTLIERS, ELLIPSES, SAMPLING])
def test_scripts_for_scikit_learn(script):
    results = []
    for package in ("fastdist", "sklearn.mixture"):
        space = {"X": data(400)}
        exec(script.format(package=package), space)
        results.append(space["result"])
    assert results[0] == results[1]
