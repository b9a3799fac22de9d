"""Are the samples of a mixture of its distribution, and are its parameters found again in them?

As in tests/random/test_statistics.py: seeds are fixed, each test states its n and its number m of deviates,
and fails if one of these is beyond the critical value of `failed`, which m standard normals exceed with
probability ALPHA = 1e-4 at most, dependent or not: 4.4 for m = 10, 5.1 for m = 304.

    x of component k with probability w_k, then normal with mean mu_k and covariance S_k:   n samples

    labels         counts of components, and of pairs of neighbours            chi-square
    components     means and covariances of the rows of each component        nearly normal
    distances      |L_k^-1 (x - mu_k)|^2                                       chi-square, d
    projections    each x_i against sum_k w_k Phi((x_i - mu_ki) / s_ki)        uniform
    calibration    sum (1[label is k] - P(k | x)):  variance  sum P (1 - P),   nearly normal
                   of all rows, and of those where P is between 0.1 and 0.9

What is checked is computed with NumPy and SciPy, but for P(k | x), which is `predict_proba`.

The parameters of a fit differ from the true ones by their errors of estimation.  The gradient of ln p(x) in
the parameters has mean 0 and a covariance I, the Fisher information, and n I is nearly the inverse covariance
of the estimates (A. W. van der Vaart, Asymptotic Statistics, 1998, theorem 5.39).  I is estimated by the mean
product of gradients of the samples, at the true parameters, so that it is none of the fit's own making.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest
from scipy.special import gammainc, ndtr
from scipy.stats import multivariate_normal

import fastdist
from tests.support import deviates as univariate

failed, chi_square_deviate = univariate.failed, univariate.chi_square_deviate

SEED = 20261123
N = 100_000
SHAPES = {1: 3, 2: 4, 5: 3, 16: 2}  # components of each dimension
# Rows straight from fastdist's stream, and made of another generator's uniforms and normals.
SOURCES = {"stream": int, "PCG64": lambda seed: np.random.Generator(np.random.PCG64(seed))}
TYPES = ["full", "tied", "diag", "spherical"]


def true_parameters(d: int, covariance_type: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, means, and covariances as matrices: components of different sizes that overlap."""
    components = SHAPES[d]
    random = np.random.default_rng(d)
    weights = np.arange(1.0, components + 1)
    means = (random.normal(size=(components, d)) + 4 * np.arange(components)[:, None]) / math.sqrt(d)
    square = random.normal(size=(components, d, d)) / math.sqrt(d)
    covariances = np.eye(d) / 2 + square @ square.swapaxes(1, 2)
    diagonals = covariances[:, range(d), range(d)]
    if covariance_type == "tied":
        covariances[...] = covariances[0]
    elif covariance_type == "diag":
        covariances = diagonals[:, :, None] * np.eye(d)
    elif covariance_type == "spherical":
        covariances = diagonals.mean(axis=1)[:, None, None] * np.eye(d)
    return weights / weights.sum(), means, covariances


def of_type(covariances: np.ndarray, covariance_type: str) -> np.ndarray:
    """Covariances in the shape that scikit-learn has for a type."""
    d = covariances.shape[1]
    if covariance_type == "tied":
        return covariances[0]
    if covariance_type == "full":
        return covariances
    diagonals = covariances[:, range(d), range(d)]
    return diagonals if covariance_type == "diag" else diagonals[:, 0]


def model_of(d: int, covariance_type: str, **params: Any) -> fastdist.GaussianMixture:
    weights, means, covariances = true_parameters(d, covariance_type)
    return fastdist.GaussianMixture.from_parameters(
        weights, means, of_type(covariances, covariance_type), covariance_type, **params
    )


@functools.cache
def draw(d: int, covariance_type: str, source: str) -> tuple[np.ndarray, np.ndarray]:
    rng = SOURCES[source](SEED + 10 * d + TYPES.index(covariance_type))
    x, labels = model_of(d, covariance_type).sample(N, rng=rng)
    assert x.shape == (N, d)
    x.flags.writeable = labels.flags.writeable = False
    return x, labels


# The checks: deviates by name


def of_labels(x: np.ndarray, labels: np.ndarray, d: int, covariance_type: str) -> dict[object, float]:
    """Chi-square of the components, and of pairs of neighbours that do not overlap.  m = 2."""
    weights, _, _ = true_parameters(d, covariance_type)
    components = len(weights)
    found = {}
    pairs = components * labels[: len(labels) // 2 * 2 : 2] + labels[1::2]
    for name, cells, expected in (
        ("components", labels, weights),
        ("pairs", pairs, np.outer(weights, weights).ravel()),
    ):
        counts = np.bincount(cells, minlength=expected.size)
        mean = cells.size * expected
        found[name] = chi_square_deviate(float(np.sum((counts - mean) ** 2 / mean)), expected.size - 1)
    return found


def of_components(x: np.ndarray, labels: np.ndarray, d: int, covariance_type: str) -> dict[object, float]:
    """Of each component's rows the means and covariances.  m = K (d + d (d + 1) / 2)."""
    _, means, covariances = true_parameters(d, covariance_type)
    found: dict[object, float] = {}
    for k, (mean, cov) in enumerate(zip(means, covariances, strict=True)):
        centred = x[labels == k] - mean
        n, variances = len(centred), np.diag(cov)
        deviates = math.sqrt(n) * centred.mean(axis=0) / np.sqrt(variances)
        found |= {("mean", k, i): deviates[i] for i in range(d)}
        errors = np.sqrt((np.outer(variances, variances) + cov**2) / n)
        deviates = (centred.T @ centred / n - cov) / errors
        found |= {("covariance", k, i, j): deviates[i, j] for i in range(d) for j in range(i + 1)}
    return found


def of_distances(x: np.ndarray, labels: np.ndarray, d: int, covariance_type: str) -> dict[object, float]:
    """Kolmogorov-Smirnov of squared distances from the own mean; correlations of rows.  m = 1 + 6 (d > 1)."""
    _, means, covariances = true_parameters(d, covariance_type)
    inverses = np.linalg.inv(np.linalg.cholesky(covariances))
    white = np.empty_like(x)
    for k, (mean, inverse) in enumerate(zip(means, inverses, strict=True)):
        white[labels == k] = (x[labels == k] - mean) @ inverse.T
    found: dict[object, float] = univariate.of_uniformity(gammainc(d / 2, np.sum(white**2, axis=1) / 2))
    return found | univariate.of_lags(white.ravel(), sorted({1, d, 2 * d}))


def of_projections(x: np.ndarray, labels: np.ndarray, d: int, covariance_type: str) -> dict[object, float]:
    """Kolmogorov-Smirnov: each number against the cdf of its mixture.  m = d."""
    weights, means, covariances = true_parameters(d, covariance_type)
    found = {}
    for i in range(d):
        z = (x[:, i, None] - means[:, i]) / np.sqrt(covariances[:, i, i])
        found[i] = univariate.of_uniformity(ndtr(z) @ weights)["Kolmogorov-Smirnov"]
    return found


def of_calibration(x: np.ndarray, labels: np.ndarray, d: int, covariance_type: str) -> dict[object, float]:
    """A row that has P(k | x) = 0.3 is of component k in 3 of 10 cases.  m = 2 K at most."""
    p = model_of(d, covariance_type).predict_proba(x)
    found: dict[object, float] = {}
    for k in range(p.shape[1]):
        of_k = labels == k
        for name, rows in (("all", slice(None)), ("unsure", (p[:, k] > 0.1) & (p[:, k] < 0.9))):
            variance = float(np.sum(p[rows, k] * (1 - p[rows, k])))
            if variance > 100:  # or the sum is not normal
                found[name, k] = float(np.sum(of_k[rows] - p[rows, k])) / math.sqrt(variance)
    return found


CHECKS = [of_labels, of_components, of_distances, of_projections, of_calibration]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(
    ("d", "covariance_type", "source"),
    [(d, "full", "stream") for d in SHAPES]
    + [(2, "full", "PCG64"), (5, "diag", "PCG64"), (2, "tied", "stream"), (2, "spherical", "stream")],
)
def test_samples(check, d, covariance_type, source):
    """n = 100 000; m with each check."""
    assert not failed(check(*draw(d, covariance_type, source), d, covariance_type))


def test_number_of_deviates():
    """As many as the docstrings say."""
    counts = [len(check(*draw(2, "full", "stream"), 2, "full")) for check in CHECKS]
    assert counts == [2, 4 * (2 + 3), 7, 2, 8]


# The checks can fail


def relabelled(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One row of forty has another label."""
    labels = labels.copy()
    labels[::40] = (labels[::40] + 1) % SHAPES[x.shape[1]]
    return x, labels


def in_turn(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours are ordered by component: there are as many of each, but pairs are not independent."""
    order = np.argsort(labels.reshape(-1, 2), axis=1, kind="stable") + 2 * np.arange(len(x) // 2)[:, None]
    return x[order.ravel()], labels[order.ravel()]


def shifted(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last component's mean is off by 0.04, its deviations being about 1."""
    return x + 0.04 * (labels == labels.max())[:, None], labels


def repeated(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every fiftieth row is the row before."""
    place = np.arange(len(x)) - (np.arange(len(x)) % 50 == 49)
    return x[place], labels[place]


@pytest.mark.parametrize(
    ("change", "check", "names"),
    [
        (relabelled, of_labels, {"components"}),
        (relabelled, of_components, {("mean", 0, 0)}),
        (relabelled, of_distances, {"Kolmogorov-Smirnov"}),
        (relabelled, of_calibration, {("all", 0)}),
        (in_turn, of_labels, {"pairs"}),
        (shifted, of_components, {("mean", 3, 0), ("mean", 3, 1)}),
        (repeated, of_distances, {"values, lag 2"}),
        (lambda x, labels: (1.02 * x, labels), of_projections, {0, 1}),
    ],
)
def test_spoilt_samples_fail(change, check, names):
    """Each check sees what it is for."""
    found = failed(check(*change(*draw(2, "full", "stream")), 2, "full"))
    assert names <= set(found), found


# Parameters that are found again


def gradients(x: np.ndarray, d: int, covariance_type: str) -> np.ndarray:
    """The gradient of ln p in the parameters, of each row: all weights but the last, means, covariances.

    With r = P(k | x),  v = S^-1 (x - mu):  d/dw_k = r_k / w_k - r_K / w_K,  d/dmu = r v,  and, of each entry
    of the lower triangle,  d/dS_ij = r (v_i v_j - (S^-1)_ij),  half of it on the diagonal.
    """
    weights, means, covariances = true_parameters(d, covariance_type)
    components = len(weights)
    joint = np.stack([
        w * multivariate_normal(m, s).pdf(x) for w, m, s in zip(weights, means, covariances, strict=True)
    ])  # fmt: skip
    r = joint / joint.sum(axis=0)
    of_weights = [r[k] / weights[k] - r[-1] / weights[-1] for k in range(components - 1)]
    of_means, of_covariances = [], []
    for k in range(components):
        inverse = np.linalg.inv(covariances[k])
        v = (x - means[k]) @ inverse
        of_means += [r[k] * v[:, i] for i in range(d)]
        of_covariances.append([
            r[k] * (v[:, i] * v[:, j] - inverse[i, j]) / (2 if i == j else 1)
            for i in range(d) for j in range(i + 1)
        ])  # fmt: skip
    diagonal = [i * (i + 1) // 2 + i for i in range(d)]
    if covariance_type == "tied":  # a change of the parameter changes the covariances of all
        shared = [sum(column) for column in zip(*of_covariances, strict=True)]
    elif covariance_type == "full":
        shared = [column for columns in of_covariances for column in columns]
    elif covariance_type == "diag":
        shared = [columns[i] for columns in of_covariances for i in diagonal]
    else:
        shared = [sum(columns[i] for i in diagonal) for columns in of_covariances]
    return np.stack(of_weights + of_means + shared)


def parameters_of(weights: np.ndarray, means: np.ndarray, covariances: np.ndarray, d: int, kind: str) -> Any:
    """The parameters in one row, as in ``gradients``."""
    lower = np.tril_indices(d)
    own = covariances[..., lower[0], lower[1]] if kind in ("full", "tied") else covariances
    return np.concatenate([weights[:-1], means.ravel(), own.ravel()])


def of_estimates(model: fastdist.GaussianMixture, x: np.ndarray, d: int) -> dict[object, float]:
    """Each parameter in standard errors; and all together, n (error)^T I (error).  m = 1 + parameters."""
    kind = model.covariance_type
    weights, means, covariances = true_parameters(d, kind)
    true = parameters_of(weights, means, of_type(covariances, kind), d, kind)
    error = parameters_of(model.weights_, model.means_, model.covariances_, d, kind) - true
    scores = gradients(x, d, kind)
    information = scores @ scores.T  # n I
    deviations = np.sqrt(np.diag(np.linalg.inv(information)))
    found: dict[object, float] = dict(enumerate(error / deviations))
    return found | {"all": chi_square_deviate(float(error @ information @ error), true.size)}


FIT = {"tol": 1e-10, "max_iter": 1000, "reg_covar": 0.0}
N_OF_FIT = 20_000


@functools.cache
def fitted(
    d: int, covariance_type: str, dtype: str, source: str
) -> tuple[fastdist.GaussianMixture, np.ndarray]:
    """From the true parameters on, so that components keep their order."""
    x = draw(d, covariance_type, source)[0][:N_OF_FIT].astype(dtype)
    params = FIT | ({"tol": 1e-7} if dtype == "float32" else {})
    model = model_of(d, covariance_type, warm_start=True, **params).fit(x)
    assert model.converged_
    return model, x.astype(float)


@pytest.mark.parametrize(
    ("d", "covariance_type", "dtype", "source"),
    [(1, "full", "float64", "PCG64"), (2, "full", "float64", "PCG64"), (2, "full", "float32", "stream")]
    + [(2, kind, "float64", "stream") for kind in TYPES],
)
def test_parameters_are_found_again(d, covariance_type, dtype, source):
    """n = 20 000; m = 1 + 8 parameters for d = 1, up to 1 + 23 for d = 2."""
    model, x = fitted(d, covariance_type, dtype, source)
    assert not failed(of_estimates(model, x, d))


def test_wrong_parameters_are_seen():
    """Too few steps: the parameters of a start one deviation away are not yet those of the data."""
    x, _ = draw(2, "full", "stream")
    weights, means, covariances = true_parameters(2, "full")
    params = FIT | {"max_iter": 20, "tol": 1e-3, "warm_start": True}
    start = fastdist.GaussianMixture.from_parameters(weights, means + 1, covariances, "full", **params)
    model = start.fit(x[:N_OF_FIT])
    assert "all" in failed(of_estimates(model, x[:N_OF_FIT], 2))


def test_standard_errors_are_of_the_right_size():
    """Not too large, or no fit could fail: the mean of their squared deviates is about 1.

    With m independent ones it would be 1 within sqrt(2 / m), 0.17 for the 71 of the four types.
    """
    squares = []
    for kind in TYPES:
        model, x = fitted(2, kind, "float64", "stream")
        squares += [each**2 for name, each in of_estimates(model, x, 2).items() if name != "all"]
    assert 0.4 < np.mean(squares) < 1.8
