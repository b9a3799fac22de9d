"""The multivariate normals of ``python -m fastdist``: checks that can fail."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from fastdist import multivariate_normal
from fastdist._demo import multivariate
from fastdist._demo.checks import DTYPES
from fastdist._demo.multivariate import Example
from tests.support.demo import SMALL, failures


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(20))
def test_vectors_pass(dtype, seed):
    """Fixed seeds; all 20 runs would pass for other seeds with probability 1 - 20 ALPHA."""
    assert failures(multivariate.check_vectors(replace(SMALL, seed=seed), dtype)) == set()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("d", multivariate.DIMENSIONS)
@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (lambda x, d: x + 0.2, "mean, chi2"),
        (lambda x, d: 1.1 * (x - Example(d).mean) + Example(d).mean, "cov, chi2"),
        (lambda x, d: x[:, ::-1] if d > 2 else np.stack([x[:, 0], x[::-1, 1]], 1), "cov, chi2"),
        (lambda x, d: 1.1 * (x - Example(d).mean) + Example(d).mean, "mean logpdf"),
        (lambda x, d: np.where(np.arange(len(x)) % 2, 1.3, 0.55)[:, None] * x, "mahalanobis"),
        (lambda x, d: np.where(np.arange(len(x))[:, None] == 7, np.nan, x), "mean, chi2"),
        (lambda x, d: np.where(np.arange(len(x))[:, None] == 7, np.inf, x), "mean logpdf"),
    ],
)
def test_spoilt_vectors_fail(monkeypatch, dtype, d, spoil, name):
    """Shifted, scaled, uncorrelated, of mixed scales, or with one that is no number."""
    draw = multivariate.draw

    def spoilt(job, dtype):
        for example, x in draw(job, dtype):
            yield example, spoil(x, example.d).astype(dtype)

    monkeypatch.setattr(multivariate, "draw", spoilt)
    assert f"{name}, d = {d}" in failures(multivariate.check_vectors(SMALL, dtype))


@pytest.mark.parametrize(
    ("name", "wrong", "failing"),
    [
        ("mahalanobis", lambda right: lambda x: right(x) ** 2, "mahalanobis"),
        ("logpdf", lambda right: lambda x: right(x) + 0.2, "mean logpdf"),
        ("confidence_ellipse", lambda right: lambda level: right(0.9), "95 % ellipse"),
        ("confidence_ellipse", lambda right: lambda level: mirrored(right(level)), "95 % ellipse"),
    ],
)
def test_wrong_functions_of_vectors_fail(monkeypatch, name, wrong, failing):
    def distribution(mean, cov):
        right = multivariate_normal(mean, cov)
        functions = {each: getattr(right, each) for each in ("mahalanobis", "logpdf", "confidence_ellipse")}
        return SimpleNamespace(**{**functions, name: wrong(functions[name])})

    monkeypatch.setattr(multivariate, "multivariate_normal", distribution)
    assert f"{failing}, d = 2" in failures(multivariate.check_vectors(SMALL, "float64"))


def mirrored(ellipse):
    """Its mirror image, as of the other sign of the covariance."""
    return SimpleNamespace(
        center=ellipse.center, width=ellipse.width, height=ellipse.height, angle=-ellipse.angle
    )


@pytest.mark.parametrize("d", [1, 2, 5])
def test_example_in_closed_form(d):
    """Its determinant and its whitening are those of its covariance."""
    example = Example(d)
    assert example.log_det_cov == pytest.approx(np.linalg.slogdet(example.cov)[1])
    deviations = np.random.default_rng(1).standard_normal((10, d))
    squared = np.square(example.whiten(example.mean + deviations)).sum(axis=1)
    expected = (deviations * np.linalg.solve(example.cov, deviations.T).T).sum(axis=1)
    assert squared == pytest.approx(expected)


@pytest.mark.parametrize("d", [2, 4, 16, 64])
def test_chi_square_survival(d):
    chi2 = pytest.importorskip("scipy.stats").chi2(d)
    q = np.linspace(0, 5 * d, 101)
    np.testing.assert_allclose(multivariate.chi_square_survival(q, d), chi2.sf(q), rtol=1e-12)


@pytest.mark.parametrize(("level", "radius"), [(0.5, 1.17741), (0.95, 2.44775), (0.99, 3.03485)])
def test_inside_an_ellipse(level, radius):
    """A point is inside if its Mahalanobis distance is less than the root of the chi-square quantile."""
    example = Example(2)
    ellipse = multivariate_normal(example.mean, example.cov).confidence_ellipse(level)
    angles = np.linspace(0, 2 * math.pi, 40)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1) @ np.linalg.cholesky(example.cov).T
    assert multivariate.inside(ellipse, example.mean + 0.999 * radius * circle).all()
    assert not multivariate.inside(ellipse, example.mean + 1.001 * radius * circle).any()
