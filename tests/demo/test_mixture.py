"""The mixture of ``python -m fastdist``: real data, and checks that can fail."""

from dataclasses import replace

import numpy as np
import pytest

from fastdist import GaussianMixture
from fastdist._demo import mixture
from fastdist._demo.checks import DTYPES, Check
from tests.support.demo import SMALL, failures

# The measurements


def test_measurements_are_those_of_r():
    """Mean, standard deviation, range and correlation as R prints them of its data set `faithful`."""
    x = mixture.measurements()
    assert x.shape == (272, 2)
    assert x.mean(0) == pytest.approx([3.487783, 70.897059], abs=5e-7)
    assert x.std(0, ddof=1) == pytest.approx([1.141371, 13.594974], abs=5e-7)
    assert x.min(0).tolist() == [1.6, 43]
    assert x.max(0).tolist() == [5.1, 96]
    assert np.median(x, axis=0).tolist() == [4, 76]
    assert np.corrcoef(x.T)[0, 1] == pytest.approx(0.9008112, abs=5e-8)


def test_measurements_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        mixture.measurements()[0, 0] = 1


def test_published_figures_are_scikit_learns():
    """They are the maximum of the likelihood, whoever finds it."""
    library = pytest.importorskip("sklearn.mixture")
    x = mixture.measurements()
    model = library.GaussianMixture(2, tol=1e-12, reg_covar=0, max_iter=100, random_state=0).fit(x)
    assert failures(mixture.check_fit(with_modes(model), "float64")) == set()


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
    assert failures([*mixture.check(job, "float64"), *mixture.check(job, "float32")]) == set()


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
    model = mixture.fit("float64")
    order = mixture.in_order(model)
    parameters = model.weights_[order], model.means_[order], model.covariances_[order]
    spoilt = GaussianMixture.from_parameters(*spoil(*parameters))
    assert failing <= failures(mixture.check_fit(spoilt, dtype))


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
    draw = mixture.draw
    monkeypatch.setattr(mixture, "draw", lambda job, model: spoil(*draw(job, model)))
    with np.errstate(invalid="ignore"):
        checks = mixture.check_samples(SMALL, mixture.published_mixture())
    assert failing in failures(checks)


@pytest.mark.parametrize(("value", "passes"), [(2, True), (1, False), (3, False)])
def test_exact_check(value, passes):
    check = Check.of_exact("modes", "float64", value, 2)
    assert (failures([check]) == set()) is passes


# Findings


def test_findings():
    lines = mixture.findings()
    text = "\n".join(lines)
    assert max(map(len, lines)) <= 80
    assert text.isascii()
    assert "272 eruptions" in text
    assert "2 modes: (4.29, 80.0), (2.04, 54.5)" in text
    shares = [tuple(map(float, line.split()[-2:])) for line in lines[-len(mixture.POINTS) :]]
    assert all(short + long == pytest.approx(1, abs=2e-4) for short, long in shares)
    assert [long for _, long in shares] == sorted(long for _, long in shares)
    assert shares[0][1] < 0.01
    assert shares[-1][1] > 0.99
