"""What anyone would write without a library: multivariate normals and mixtures in pure Python.

A Cholesky factor is its rows up to the diagonal.  A component is its weight, its mean and its factor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import mul, sub

Numbers = Sequence[float]
Rows = Sequence[Sequence[float]]
Matrices = Sequence[Rows]


def python_cholesky(a: Rows) -> list[list[float]]:
    """L_ij = (a_ij - sum_k<j L_ik L_jk) / L_jj,    L_ii = sqrt(a_ii - sum_k<i L_ik^2)."""
    rows: list[list[float]] = []
    for i, a_i in enumerate(a):
        row: list[float] = []
        for j in range(i):
            row.append((a_i[j] - sum(map(mul, row, rows[j]))) / rows[j][j])
        row.append(math.sqrt(a_i[i] - sum(map(mul, row, row))))
        rows.append(row)
    return rows


def python_normal(mean: Sequence[float], rows: Rows, gauss: Callable[[], float]) -> list[float]:
    """mean + L z."""
    z = [gauss() for _ in mean]
    return [m + sum(map(mul, row, z)) for m, row in zip(mean, rows, strict=True)]


def python_logpdf(x: Sequence[float], mean: Sequence[float], rows: Rows) -> float:
    """-(|y|^2 + d ln(2 pi)) / 2 - sum_i ln L_ii,  where L y = x - mean."""
    y: list[float] = []
    logpdf = -len(mean) * math.log(2 * math.pi) / 2
    for deviation, row in zip(map(sub, x, mean), rows, strict=True):
        y.append((deviation - sum(map(mul, row, y))) / row[-1])
        logpdf -= y[-1] * y[-1] / 2 + math.log(row[-1])
    return logpdf


def python_factors(covariances: Matrices) -> list[list[list[float]]]:
    """The Cholesky factor of each."""
    return [python_cholesky(cov) for cov in covariances]


def python_weighted(x: Numbers, weights: Numbers, means: Rows, factors: Matrices) -> list[float]:
    """ln w_k + ln N(x; mean_k, cov_k) of each component."""
    return [
        math.log(weight) + python_logpdf(x, mean, rows)
        for weight, mean, rows in zip(weights, means, factors, strict=True)
    ]


def log_sum_exp(a: Numbers) -> float:
    """ln sum_k e^a_k = max a + ln sum_k e^(a_k - max a),  which neither overflows nor underflows."""
    highest = max(a)
    if highest == -math.inf:
        return highest
    return highest + math.log(sum(math.exp(a_k - highest) for a_k in a))


def python_log_density(x: Numbers, weights: Numbers, means: Rows, factors: Matrices) -> float:
    """ln p(x)."""
    return log_sum_exp(python_weighted(x, weights, means, factors))


def python_responsibilities(x: Numbers, weights: Numbers, means: Rows, factors: Matrices) -> list[float]:
    """P(k | x) = w_k N(x; mean_k, cov_k) / p(x)."""
    a = python_weighted(x, weights, means, factors)
    log_density = log_sum_exp(a)
    return [math.exp(a_k - log_density) for a_k in a]


def python_sample(
    weights: Numbers,
    means: Rows,
    factors: Matrices,
    uniform: Callable[[], float],
    gauss: Callable[[], float],
) -> tuple[list[float], int]:
    """A component by its weight, and a row of its normal."""
    u, k = uniform(), 0
    while u >= weights[k] and k < len(weights) - 1:
        u -= weights[k]
        k += 1
    return python_normal(means[k], factors[k], gauss), k


def python_step(
    xs: Rows, weights: Numbers, means: Rows, covariances: Matrices
) -> tuple[list[float], list[list[float]], list[list[list[float]]]]:
    """One step of EM: the responsibilities, and the parameters that they make most likely.

    n_k = sum_i r_ik,    w_k = n_k / n,    mean_k = sum_i r_ik x_i / n_k,
    cov_k = sum_i r_ik (x_i - mean_k) (x_i - mean_k)^T / n_k
    """
    factors = python_factors(covariances)
    responsibilities = [python_responsibilities(x, weights, means, factors) for x in xs]
    columns = list(zip(*xs, strict=True))
    new_weights, new_means, new_covariances = [], [], []
    for r in zip(*responsibilities, strict=True):
        total = sum(r)
        mean = [sum(map(mul, r, column)) / total for column in columns]
        deviations = [[x - m for x in column] for column, m in zip(columns, mean, strict=True)]
        weighted = [list(map(mul, r, deviation)) for deviation in deviations]
        new_covariances.append([[sum(map(mul, u, v)) / total for v in deviations] for u in weighted])
        new_means.append(mean)
        new_weights.append(total / len(xs))
    return new_weights, new_means, new_covariances
