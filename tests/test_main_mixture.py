"""The mixture of ``python -m fastdist``: real data, checks that can fail, rungs that agree."""

import math
import random
import sys
from dataclasses import replace

import numpy as np
import pytest

from fastdist import GaussianMixture
from fastdist import __main__ as command
from fastdist._main_job import mixture_plot, mixture_rungs, mixtures
from fastdist._main_job.job import (
    ALL_THREADS,
    DTYPES,
    ONE_THREAD,
    PURE_PYTHON,
    SCIKIT_LEARN,
    Check,
    Job,
    Report,
    Result,
)
from fastdist._main_job.mixture_rungs import FIT, INFER, SAMPLE, SCORE

SMALL = Job(samples=100_000, pure_python_samples=1000, repeats=2)


def failures(checks):
    """The names of the checks that fail, at ALPHA for all of them."""
    report = Report(SMALL, {}, [Result("", "", list(checks), [], [])])
    return {check.name for check in report.failed}


# The measurements


def test_measurements_are_those_of_r():
    """Mean, standard deviation, range and correlation as R prints them of its data set `faithful`."""
    x = mixtures.measurements()
    assert x.shape == (272, 2)
    assert x.mean(0) == pytest.approx([3.487783, 70.897059], abs=5e-7)
    assert x.std(0, ddof=1) == pytest.approx([1.141371, 13.594974], abs=5e-7)
    assert x.min(0).tolist() == [1.6, 43]
    assert x.max(0).tolist() == [5.1, 96]
    assert np.median(x, axis=0).tolist() == [4, 76]
    assert np.corrcoef(x.T)[0, 1] == pytest.approx(0.9008112, abs=5e-8)


def test_measurements_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        mixtures.measurements()[0, 0] = 1


def test_published_figures_are_scikit_learns():
    """They are the maximum of the likelihood, whoever finds it."""
    library = pytest.importorskip("sklearn.mixture")
    x = mixtures.measurements()
    model = library.GaussianMixture(2, tol=1e-12, reg_covar=0, max_iter=100, random_state=0).fit(x)
    assert failures(mixtures.check_fit(with_modes(model), "float64")) == set()


def with_modes(model):
    """A fit of scikit-learn's, which has no modes."""
    ours = GaussianMixture.from_parameters(model.weights_, model.means_, model.covariances_)
    model.modes = ours.modes
    return model


# The checks


@pytest.mark.parametrize("seed", range(10))
def test_mixture_passes(seed):
    """Fixed seeds; all 10 runs would pass for other seeds with probability 1 - 10 ALPHA."""
    job = replace(SMALL, seed=seed)
    assert failures([*mixtures.check_float64(job), *mixtures.check_float32(job)]) == set()


MOVED, GROWN, EVEN = "long: wait", "short: var duration", "weight, short"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("spoil", "failing"),
    [
        (lambda w, m, c: (w, np.add(m, [[0, 0], [0, 0.01]]), c), {MOVED}),
        (lambda w, m, c: (w, m, c * np.reshape([1.1, 1], (2, 1, 1))), {GROWN}),
        (lambda w, m, c: ([0.36, 0.64], m, c), {EVEN}),
        (lambda w, m, c: (w, m, c * [[1, -1], [-1, 1]]), {"short: cov", "long: cov", "log-likelihood"}),
        (lambda w, m, c: (w, m.mean(0) + 0.01 * (m - m.mean(0)), c), {"modes", "log-likelihood"}),
    ],
)
def test_spoilt_parameters_fail(dtype, spoil, failing):
    """Moved, grown, of other weights, mirrored, and so close together that one mode is left."""
    model = mixtures.fit("float64")
    order = mixtures.in_order(model)
    parameters = model.weights_[order], model.means_[order], model.covariances_[order]
    spoilt = GaussianMixture.from_parameters(*spoil(*parameters))
    assert failing <= failures(mixtures.check_fit(spoilt, dtype))


LONG, WAIT, DISTANCES, GUESSED = (
    "samples, long", "samples, wait", "samples, mahalanobis", "guessed by predict"
)  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "failing"),
    [
        (lambda x, y: (x[y.argsort()][: len(y) * 9 // 10], np.sort(y)[: len(y) * 9 // 10]), LONG),
        (lambda x, y: (1.02 * x, y), DISTANCES),
        (lambda x, y: (np.where(np.arange(len(x))[:, None] == 7, np.nan, x), y), WAIT),
        (lambda x, y: (x + 0.5, y), WAIT),
        (lambda x, y: (x, np.where(np.arange(len(y)) % 500 == 0, 1 - y, y)), GUESSED),
    ],
)
def test_spoilt_samples_fail(monkeypatch, spoil, failing):
    """Too few of a component, scaled, one that is no number, moved, or with labels that are wrong."""
    draw = mixtures.draw
    monkeypatch.setattr(mixtures, "draw", lambda job, model: spoil(*draw(job, model)))
    with np.errstate(invalid="ignore"):
        checks = mixtures.check_samples(SMALL, mixtures.published_mixture())
    assert failing in failures(checks)


@pytest.mark.parametrize(("value", "passes"), [(2, True), (1, False), (3, False)])
def test_exact_check(value, passes):
    check = Check.of_exact("modes", "float64", value, 2)
    assert (failures([check]) == set()) is passes


# Findings and picture


def test_findings_are_the_same_in_table_and_json():
    found = mixtures.findings(SMALL)
    text = "\n".join(found.lines)
    assert max(map(len, found.lines)) <= 80
    assert found.data["measurements"] == 272
    short, long = found.data["components"]
    assert (short["name"], long["name"]) == mixtures.NAMES
    assert short["weight"] + long["weight"] == pytest.approx(1)
    assert short["mean"] == pytest.approx(mixtures.PUBLISHED.means[0], abs=5e-4)
    assert short["standard_deviation"] == pytest.approx(np.sqrt([0.06916767, 33.69728]), abs=1e-5)
    assert long["correlation"] == pytest.approx(0.9406093 / math.sqrt(0.1699684 * 36.04621), abs=1e-5)
    for one in found.data["components"]:
        assert f"{one['weight']:.4f}" in text
    assert len(found.data["modes"]) == 2
    assert "2 modes" in text
    for row in found.data["predict_proba"]:
        assert row["short"] + row["long"] == pytest.approx(1)
        assert f"{row['short']:10.4f}{row['long']:10.4f}" in text
    probabilities = [row["long"] for row in found.data["predict_proba"]]
    assert probabilities == sorted(probabilities)
    assert probabilities[0] < 0.01
    assert probabilities[-1] > 0.99


def test_picture_has_both_ellipses_and_modes():
    patches = pytest.importorskip("matplotlib.patches")
    from matplotlib.figure import Figure

    figure = Figure()
    mixture_plot.draw_mixture(figure.subfigures(1, 1), SMALL)
    left, right = figure.axes
    centres = [patch.center for patch in left.patches if isinstance(patch, patches.Ellipse)]
    assert np.array(centres) == pytest.approx(np.array(mixtures.PUBLISHED.means), abs=5e-4)
    modes = right.lines[-1].get_xydata()
    assert np.sort(modes, axis=0) == pytest.approx(np.array(mixtures.PUBLISHED.means), abs=0.1)


# The rungs


@pytest.mark.parametrize("dtype", DTYPES)
def test_rungs_agree(dtype):
    """What is timed side by side is the same of the same points."""
    pytest.importorskip("sklearn")
    tolerance = {"float64": 1e-9, "float32": 2e-4}[dtype]
    rungs = [rung for rung in mixture_rungs.rungs(SMALL) if rung.dtype == dtype]
    for function in (FIT, SCORE, INFER):
        same = [rung for rung in rungs if rung.function == function]
        names = [PURE_PYTHON, SCIKIT_LEARN, ONE_THREAD, ALL_THREADS]
        assert [rung.name for rung in same] == (names if dtype == "float64" else names[1:])
        of_all = [rung for rung in same if rung.name != PURE_PYTHON]
        if function == FIT:
            expected = parameters_of(of_all[-1].call())
            for rung in of_all:
                np.testing.assert_allclose(parameters_of(rung.call()), expected, rtol=tolerance)
        else:
            expected = of_all[-1].call()
            for rung in same:
                np.testing.assert_allclose(rung.call(), expected[: rung.n], rtol=tolerance, atol=tolerance)
    sampling = [rung for rung in rungs if rung.function == SAMPLE]
    assert bool(sampling) == (dtype == "float64")
    for rung in sampling:
        assert len(of_samples(rung.call())) == rung.n


def parameters_of(fitted):
    weights, means, covariances = fitted.weights_, fitted.means_, fitted.covariances_
    return np.concatenate([weights.ravel(), means.ravel(), covariances.ravel()])


def of_samples(sampled):
    return sampled[0] if isinstance(sampled, tuple) else sampled


def test_python_makes_scikit_learns_steps():
    library = pytest.importorskip("sklearn.mixture")
    x = mixtures.measurements()
    theirs = parameters_of(mixture_rungs.steps_of(library.GaussianMixture, x))
    ours = np.concatenate([np.ravel(part) for part in mixture_rungs.python_fit(x.tolist())])
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_python_samples_are_those_of_the_mixture():
    """Share, means and covariances of 20000 samples, each within 5 standard errors."""
    weights, means, covariances = (np.array(part) for part in mixture_parts())
    factors = mixture_rungs.python_factors(covariances.tolist())
    uniform, gauss = random.Random(1).random, random.Random(2).gauss
    n = 20_000
    samples = [mixture_rungs.python_sample(weights, means, factors, uniform, gauss) for _ in range(n)]
    x, labels = np.array([row for row, _ in samples]), np.array([k for _, k in samples])
    assert abs(np.mean(labels == 0) - weights[0]) < 5 * math.sqrt(weights[0] * weights[1] / n)
    for k in range(2):
        rows = x[labels == k]
        z = np.linalg.solve(np.linalg.cholesky(covariances[k]), (rows - means[k]).T)
        assert np.abs(z.mean(1)).max() < 5 / math.sqrt(len(rows))
        assert np.abs(z @ z.T / len(rows) - np.eye(2)).max() < 5 * math.sqrt(2 / len(rows))


def mixture_parts():
    published = mixtures.PUBLISHED
    return published.weights, published.means, published.covariances


@pytest.mark.parametrize(
    ("a", "expected"),
    [
        ([0.0, 0.0], math.log(2)),
        ([-2000.0, -2000.0], math.log(2) - 2000),
        ([800.0, 0.0], 800.0),
        ([-math.inf, 1.0], 1.0),
        ([-math.inf, -math.inf], -math.inf),
    ],
)
def test_log_sum_exp(a, expected):
    assert mixture_rungs.log_sum_exp(a) == pytest.approx(expected)


def test_table_without_scikit_learn_says_so(monkeypatch, capsys):
    """scikit-learn is optional: no column and no row, but a line that tells what would bring them."""
    for name in "sklearn", "sklearn.mixture":
        monkeypatch.setitem(sys.modules, name, None)
    assert command.main([], SMALL) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if SCIKIT_LEARN in line] == [
        "scikit-learn is not installed: pip install scikit-learn compares with it"
    ]
