"""Have the samples the mean, the covariance and the normality that they should, and would we see it if not?

As in tests/random/test_statistics.py: seeds are fixed, each test states its n and its number m of deviates,
and fails if one of these is beyond the critical value of `failed`, which m standard normals exceed with
probability ALPHA = 1e-4 at most, dependent or not: 4.4 for m = 10, 5.6 for m = 5000.

    x normal with mean mu and covariance S,  y = L^-1 (x - mu):   n samples

    means                sqrt(n) (mean(x_i) - mu_i) / sqrt(S_ii)                      standard normal
                         n |mean(y)|^2                                                chi-square, d
    covariances          S^_ij = mean((x_i - mu_i) (x_j - mu_j)):   variance  (S_ii S_jj + S_ij^2) / n
    distances            |y|^2                                                        chi-square, d
    linear combinations  a (x - mu) / sqrt(a S a)                                     standard normal
    conditionals         r = x_a - mu_a - S_ab S_bb^-1 (x_b - mu_b):   variance  S_aa - S_ab S_bb^-1 S_ba,
                         independent of x_b
    Mardia               of samples standardised by their own mean and covariance: `of_mardia`

What is checked is computed with NumPy and SciPy, not with our densities.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from scipy.special import gammainc

import fastdist
from tests.support import deviates as univariate

failed, of_normals, of_lags = univariate.failed, univariate.of_normals, univariate.of_lags

SEED = 20261122
DTYPES = ["float64", "float32"]
DIMENSIONS = [2, 3, 16, 64]
N = {2: 100_000, 3: 100_000, 16: 50_000, 64: 25_000}


def mean_and_covariance(d: int) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviations from 1/10 to 10, means of three of them, correlations of either sign."""
    i = np.arange(d)
    deviations = 10.0 ** np.linspace(-1, 1, d)
    correlation = np.where((i[:, None] + i) % 3 == 0, -1.0, 1.0) / (2 + np.abs(i[:, None] - i))
    # A diagonal that dominates what is symmetric makes it positive definite.
    correlation[i, i] = 1 + np.abs(correlation).sum(axis=1)
    scale = deviations / np.sqrt(np.diag(correlation))
    return 3 * deviations * (-1.0) ** i, correlation * scale[:, None] * scale


@functools.cache
def draw(d: int, dtype: str, n: int | None = None) -> np.ndarray:
    n = n or N[d]
    mean, cov = mean_and_covariance(d)
    rng = fastdist.default_rng(SEED)
    more = {} if dtype == "float64" else {"dtype": np.float32}
    x = rng.multivariate_normal(mean, cov, n, method="cholesky", **more)
    assert x.dtype == dtype
    assert x.shape == (n, d)
    x.flags.writeable = False
    return x


def whitened(x: np.ndarray, d: int) -> np.ndarray:
    """L^-1 (x - mu), in float64."""
    mean, cov = mean_and_covariance(d)
    return np.linalg.solve(np.linalg.cholesky(cov), (x.astype(float) - mean).T).T


# The checks: deviates by name


def of_moments(x: np.ndarray, d: int) -> dict[object, float]:
    """Means and covariances, each against its sampling distribution.  m = d + 1 + d (d + 1) / 2."""
    mean, cov = mean_and_covariance(d)
    n, variances = len(x), np.diag(cov)
    centred = x.astype(float) - mean
    means = math.sqrt(n) * centred.mean(axis=0) / np.sqrt(variances)
    hotelling = n * float(np.sum(whitened(x, d).mean(axis=0) ** 2))
    covariances = centred.T @ centred / n
    errors = np.sqrt((np.outer(variances, variances) + cov**2) / n)
    deviates = (covariances - cov) / errors
    found: dict[object, float] = {("mean", i): means[i] for i in range(d)}
    found["all means"] = univariate.chi_square_deviate(hotelling, d)
    return found | {("covariance", i, j): deviates[i, j] for i in range(d) for j in range(i + 1)}


def of_distances(x: np.ndarray, d: int) -> dict[object, float]:
    """Kolmogorov-Smirnov: squared Mahalanobis distances are chi-square with d degrees of freedom.  m = 1."""
    squared = np.sum(whitened(x, d) ** 2, axis=1)
    found: dict[object, float] = univariate.of_uniformity(gammainc(d / 2, squared / 2))
    return found


def of_mardia(x: np.ndarray, d: int) -> dict[object, float]:
    """Skewness and kurtosis of K. V. Mardia, with the moments that they have for finite n.  m = 2.

    b_1 = sum_jkl mean(y_j y_k y_l)^2:   n k b_1 / 6  is nearly chi-square, d (d + 1) (d + 2) / 6 degrees of
    freedom, with  k = (d + 1) (n + 1) (n + 3) / (n ((n + 1) (d + 1) - 6));
    b_2 = mean(|y|^4)  is nearly normal with mean  d (d + 2) (n - 1) / (n + 1)  and variance
    8 d (d + 2) (n - 3) (n - d - 1) (n - d + 1) / ((n + 1)^2 (n + 3) (n + 5))    (Sankhya B 36 (1974)).
    """
    n = len(x)
    centred = x.astype(float) - x.mean(axis=0, dtype=float)
    y = np.linalg.solve(np.linalg.cholesky(centred.T @ centred / n), centred.T)
    skewness = 0.0
    for j in range(d):
        # Each product with least index j: a square of an entry stands for its 1, 3 or 6 permutations.
        third = (y[j:] * y[j]) @ y[j:].T / n
        skewness += third[0, 0] ** 2 + 3 * np.sum(third[0, 1:] ** 2) + 3 * np.sum(third[1:, 1:] ** 2)
    factor = (d + 1) * (n + 1) * (n + 3) / (n * ((n + 1) * (d + 1) - 6))
    kurtosis = float(np.mean(np.sum(y**2, axis=0) ** 2))
    expected = d * (d + 2) * (n - 1) / (n + 1)
    variance = 8 * d * (d + 2) * (n - 3) * (n - d - 1) * (n - d + 1) / ((n + 1) ** 2 * (n + 3) * (n + 5))
    return {
        "skewness": univariate.chi_square_deviate(n * factor * skewness / 6, d * (d + 1) * (d + 2) // 6),
        "kurtosis": (kurtosis - expected) / math.sqrt(variance),
    }


def of_linear_combinations(x: np.ndarray, d: int) -> dict[object, float]:
    """The first and the last component, their sum, and all with alternating signs.  m = 4 times 11."""
    mean, cov = mean_and_covariance(d)
    deviations = np.sqrt(np.diag(cov))
    ends = np.zeros(d)
    ends[[0, -1]] = 1
    weights = {"first": np.eye(d)[0], "last": np.eye(d)[-1], "ends": ends, "all": (-1.0) ** np.arange(d)}
    found: dict[object, float] = {}
    for name, weight in weights.items():
        a = weight / deviations
        z = (x.astype(float) - mean) @ a / math.sqrt(a @ cov @ a)
        found |= {(name, check): deviate for check, deviate in of_normals(z).items()}
    return found


def of_conditionals(x: np.ndarray, d: int) -> dict[object, float]:
    """The last component, given the others: its residual is normal, and independent of them.

    m = 11 + 2 (d - 1): products of the residual with each of the others, and of their squares, have mean 0.
    """
    mean, cov = mean_and_covariance(d)
    centred = x.astype(float) - mean
    weights = np.linalg.solve(cov[:-1, :-1], cov[:-1, -1])
    variance = cov[-1, -1] - cov[-1, :-1] @ weights
    residual = (centred[:, -1] - centred[:, :-1] @ weights) / math.sqrt(variance)
    given = centred[:, :-1] / np.sqrt(np.diag(cov)[:-1])
    found: dict[object, float] = {
        ("residual", name): deviate for name, deviate in of_normals(residual).items()
    }
    products = residual @ given / math.sqrt(len(x))
    squares = (residual**2 - 1) @ (given**2 - 1) / (2 * math.sqrt(len(x)))
    found |= {("product", i): products[i] for i in range(d - 1)}
    return found | {("squares", i): squares[i] for i in range(d - 1)}


def of_order(x: np.ndarray, d: int) -> dict[object, float]:
    """White components are uncorrelated with those before them, in the same row and in others.  m = 8."""
    found: dict[object, float] = of_lags(whitened(x, d).ravel(), [1, d, 2 * d, 16 * d])
    return found


CHECKS = [of_moments, of_distances, of_mardia, of_linear_combinations, of_conditionals, of_order]


# Those of Mardia take all triples of components: some seconds for d = 64.
@pytest.mark.parametrize(
    ("d", "check"),
    [
        pytest.param(d, check, marks=pytest.mark.slow if check is of_mardia and d == 64 else ())
        for d in DIMENSIONS
        for check in CHECKS
    ],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_samples(check, d, dtype):
    """n = 100 000 for d = 2 and 3, 50 000 for d = 16, 25 000 for d = 64; m with each check."""
    assert not failed(check(draw(d, dtype), d))


@pytest.mark.slow
@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_samples_at_length(check, d, dtype):
    """Eight times as many."""
    assert not failed(check(draw(d, dtype, 8 * N[d]), d))


def test_number_of_deviates():
    """As many as the docstrings say."""
    counts = [len(check(draw(3, "float64"), 3)) for check in CHECKS]
    assert counts == [3 + 1 + 6, 1, 2, 4 * 11, 11 + 2 * 2, 8]


# The checks can fail


def spoilt(x: np.ndarray, d: int, change) -> np.ndarray:
    """The samples, their white version y changed: mu + L change(y)."""
    mean, cov = mean_and_covariance(d)
    return mean + change(whitened(x, d).copy()) @ np.linalg.cholesky(cov).T


def transposed_factor(y: np.ndarray) -> np.ndarray:
    """mu + L^T z, where it should be mu + L z."""
    factor = np.linalg.cholesky(mean_and_covariance(y.shape[1])[1])
    return np.linalg.solve(factor, factor.T @ y.T).T


def shifted(y: np.ndarray) -> np.ndarray:
    """The first component has the mean 0.02."""
    y[:, 0] += 0.02
    return y


def correlated(y: np.ndarray) -> np.ndarray:
    """Two components with a correlation of 0.05."""
    y[:, 1] = 0.05 * y[:, 0] + math.sqrt(1 - 0.05**2) * y[:, 1]
    return y


def student_t(y: np.ndarray, freedom: int = 100) -> np.ndarray:
    """Multivariate t of the same covariance: all of a row divided by the root of one chi-square."""
    scale = np.random.default_rng(1).chisquare(freedom, len(y)) / (freedom - 2)
    return y / np.sqrt(scale)[:, None]


def skewed(y: np.ndarray) -> np.ndarray:
    """The first component is a standardised sum of 300 exponentials."""
    y[:, 0] = (np.random.default_rng(2).gamma(300, size=len(y)) - 300) / math.sqrt(300)
    return y


def signs_that_multiply_to_one(y: np.ndarray) -> np.ndarray:
    """Each two of the last three components are independent normals, and the three are not."""
    y[:, -1] = np.abs(y[:, -1]) * np.sign(y[:, -2] * y[:, -3])
    return y


def unequal_variances(y: np.ndarray) -> np.ndarray:
    """The last component varies more where the first is far out, its variance being 1 on the whole."""
    y[:, -1] *= np.sqrt(1 + 0.02 * (y[:, 0] ** 2 - 1))
    return y


def repeated(y: np.ndarray) -> np.ndarray:
    """Every hundredth row is the row before."""
    y[1::100] = y[:-1:100]
    return y


def autoregressive(y: np.ndarray) -> np.ndarray:
    """Each component depends on the one before, of its row or of the last, with a correlation of 0.01."""
    return univariate.autoregressive(y.ravel()).reshape(y.shape)


@pytest.mark.parametrize(
    ("d", "change", "check", "names"),
    [
        (2, shifted, of_moments, {("mean", 0), "all means"}),
        (2, lambda y: 1.02 * y, of_moments, {("covariance", 0, 0), ("covariance", 1, 1)}),
        (16, transposed_factor, of_moments, {("covariance", 15, 0), ("covariance", 15, 15)}),
        (16, transposed_factor, of_distances, {"Kolmogorov-Smirnov"}),
        (64, correlated, of_moments, {("covariance", 1, 0)}),
        (64, lambda y: 1.01 * y, of_distances, {"Kolmogorov-Smirnov"}),
        (64, student_t, of_distances, {"Kolmogorov-Smirnov"}),
        (16, student_t, of_mardia, {"kurtosis"}),
        (3, student_t, of_mardia, {"kurtosis"}),
        (2, skewed, of_mardia, {"skewness"}),
        (3, signs_that_multiply_to_one, of_mardia, {"skewness"}),
        (16, signs_that_multiply_to_one, of_mardia, {"skewness"}),
        (3, lambda y: 1.02 * y, of_linear_combinations, {("first", "moment 2"), ("all", "moment 2")}),
        (16, transposed_factor, of_linear_combinations, {("last", "moment 2"), ("ends", "moment 2")}),
        (2, skewed, of_linear_combinations, {("first", "moment 3")}),
        (2, correlated, of_conditionals, {("product", 0)}),
        (3, unequal_variances, of_conditionals, {("squares", 0)}),
        (16, lambda y: 1.02 * y, of_conditionals, {("residual", "moment 2")}),
        (3, repeated, of_order, {"values, lag 3", "squares, lag 3"}),
        (64, autoregressive, of_order, {"values, lag 1"}),
    ],
)
def test_spoilt_samples_fail(d, change, check, names):
    """Each check sees what it is for, in the numbers of samples of `test_samples`."""
    found = failed(check(spoilt(draw(d, "float64"), d, change), d))
    assert names <= set(found), found
