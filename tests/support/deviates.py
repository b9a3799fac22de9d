"""Deviates by name, of samples that should be standard normal or uniform, and which of them are too large.

All are standard normal if the samples are what they should be: exactly or in the limit of large n.
"""

from __future__ import annotations

import math
import sys
from itertools import accumulate, combinations
from statistics import NormalDist

import numpy as np

from fastdist._demo.normals import check_normals, kolmogorov_survival

ALPHA = 1e-4  # of each test


def failed(deviates):
    """Those of m deviates that are beyond the critical value: two-sided, alpha / m each (Bonferroni)."""
    critical = NormalDist().inv_cdf(1 - ALPHA / (2 * len(deviates)))
    return {name: deviate for name, deviate in deviates.items() if not abs(deviate) <= critical}


def deviate_of(p):
    """The standard normal deviate x with P(x' < x) = p; within +-8.2 upwards and -37 downwards."""
    return NormalDist().inv_cdf(min(max(p, sys.float_info.min), 1 - sys.float_info.epsilon / 2))


def of_normals(z):
    """Six moments, Kolmogorov-Smirnov, tails, the largest: each against the standard normal distribution."""
    largest = float(np.abs(z).max())
    return {check.name: check.distance for check in check_normals(z)} | of_largest(largest, z.size)


def values_and_squares(z):
    """z and (z^2 - 1) / sqrt(2), mean 0 and variance 1: products of independent ones have the same."""
    z = z.astype(np.float64)
    squares = z * z
    squares -= 1
    squares *= math.sqrt(0.5)
    return {"values": z, "squares": squares}


def of_lags(z, lags):
    """Correlations of a sequence with itself: products of overlapping pairs are uncorrelated as well."""
    return {
        f"{what}, lag {lag}": float(x[:-lag] @ x[lag:]) / math.sqrt(x.size - lag)
        for what, x in values_and_squares(z).items()
        for lag in lags
    }


def of_rows(z):
    """Correlations of each row with each other row."""
    return {
        f"{what}, {i} and {j}": float(x[i] @ x[j]) / math.sqrt(x.shape[1])
        for what, x in values_and_squares(z).items()
        for i, j in combinations(range(len(x)), 2)
    }


def of_uniformity(u):
    """Kolmogorov-Smirnov: P(K > x) of  K = sqrt(n) sup |F_n(u) - u|,  corrected for finite n (Stephens 1970).

    A grid of 2^-24 adds sqrt(n) 2^-24 at most to K: 0.0002 for n = 1e7.
    """
    u = np.sort(u).astype(np.float64)
    n = u.size
    ranks = np.arange(n + 1) / n
    statistic = max((ranks[1:] - u).max(), (u - ranks[:-1]).max())
    p = kolmogorov_survival((math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)) * statistic)
    return {"Kolmogorov-Smirnov": -deviate_of(p / 2)}  # two-sided, for `failed`


def of_chi_square(counts):
    """sum (counts - mean)^2 / mean: chi-square with one degree of freedom less than there are cells."""
    mean = counts.sum() / counts.size
    return chi_square_deviate(float(((counts - mean) ** 2).sum() / mean), counts.size - 1)


def chi_square_deviate(x, k):
    """Positive where a chi-square variable of k degrees of freedom is too large, negative where too small."""
    return -deviate_of(chi_square_survival(x, k))


def chi_square_survival(x, k):
    """P(X > x) = Q(k / 2, x / 2).

    Q(0, y) = 0,  Q(1/2, y) = erfc(sqrt y),  Q(a + 1, y) = Q(a, y) + y^a e^-y / Gamma(a + 1).
    """
    y = x / 2
    q = math.erfc(math.sqrt(y)) if k % 2 else 0.0
    return q + math.fsum(
        math.exp(a * math.log(y) - y - math.lgamma(a + 1)) for a in (k % 2 / 2 + j for j in range(k // 2))
    )


def of_bits(words, bits):
    """Each byte of the words (256 cells), and the number of ones of each of their `bits` bits.

    Where 8 does not divide `bits`, the uppermost byte overlaps the next.  Counts of ones:
    sum over bits of (2 ones - n)^2 / n  is chi-square with `bits` degrees of freedom.
    """
    n, deviates, ones = words.size, {}, {}
    for shift in [*range(0, bits - 8, 8), bits - 8]:
        counts = np.bincount((words >> np.uint64(shift)).astype(np.uint8), minlength=256)
        deviates[f"byte from bit {shift}"] = of_chi_square(counts)
        ones |= {shift + bit: int(counts[np.arange(256) >> bit & 1 == 1].sum()) for bit in range(8)}
    assert len(ones) == bits
    excess = math.fsum((2 * count - n) ** 2 / n for count in ones.values())
    return deviates | {"ones": chi_square_deviate(excess, bits)}


def of_serial_bits(words, bits):
    """The bits of the words, and where they differ from those 1, 2 and 16 before: 16 before, in one lane."""
    deviates = {"": of_bits(words, bits)}
    deviates |= {f" differing, lag {lag}": of_bits(words[lag:] ^ words[:-lag], bits) for lag in (1, 2, 16)}
    return {name + where: d for where, found in deviates.items() for name, d in found.items()}


def of_pairs(pairs):
    """The two components of Box-Muller pairs: radius and direction as they should be, and independent."""
    z0, z1 = pairs.astype(np.float64)
    # P(z0^2 + z1^2 > s) = exp(-s / 2):  radius and direction are uniform in [0, 1]
    radius = np.exp(-0.5 * (z0 * z0 + z1 * z1))
    direction = np.arctan2(z1, z0) / (2 * math.pi) + 0.5
    cells = np.minimum(radius * 16, 15).astype(np.intp) * 16 + np.minimum(direction * 16, 15).astype(np.intp)
    signs = np.signbit(z0) * 2 + np.signbit(z1)
    return {
        **of_rows(np.array([z0, z1])),
        "signs": of_chi_square(np.bincount(signs, minlength=4)),
        "radius": of_uniformity(radius)["Kolmogorov-Smirnov"],
        "direction": of_uniformity(direction)["Kolmogorov-Smirnov"],
        "radius and direction": of_chi_square(np.bincount(cells, minlength=256)),
    }


def poisson_deviate(k, m):
    """Of a Poisson count with mean m: P(X >= k) above the mean, P(X <= k) below, as a normal deviate.

    The tail is summed outwards from  p_k = m^k e^-m / k!,  with  p_(j+1) = p_j m / (j + 1).
    """
    above = k >= m
    j, p, total = k, math.exp(k * math.log(m) - m - math.lgamma(k + 1)), 0.0
    while p > total * 1e-17:
        total += p
        p *= m / (j + 1) if above else j / m
        j += 1 if above else -1
    deviate = deviate_of(min(total, 0.5))
    return -deviate if above else deviate


def of_tails(magnitudes, n, tails):
    """How many of n values are beyond t, and how large the largest is; what is not beyond may be missing."""
    counts = {t: int(np.count_nonzero(magnitudes > t)) for t in tails}
    deviates = {f"beyond {t} sigma": poisson_deviate(k, n * beyond(t)) for t, k in counts.items()}
    return deviates | of_largest(float(magnitudes.max()), n)


def of_largest(magnitude, n):
    """P(all n magnitudes < x) = (1 - P(|z| > x))^n = exp(-n P(|z| > x)),  n large."""
    return {"largest": deviate_of(math.exp(-n * beyond(magnitude)))}


def beyond(t):
    """P(|z| > t)."""
    return math.erfc(t * math.sqrt(0.5))


def autoregressive(z, rho=0.01):
    """AR(1): x_i = rho x_(i-1) + sqrt(1 - rho^2) z_i, marginally standard normal."""
    innovation = math.sqrt(1 - rho * rho)
    return np.fromiter(accumulate(z.tolist(), lambda x, e: rho * x + innovation * e), np.float64, z.size)
