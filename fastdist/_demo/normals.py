"""Are samples standard normals, and are the functions of `fastdist.norm` those of normals?

The exact values, for z standard normal and u uniform on [a, b):

    moments                E z^k = (k - 1)!! for even k, 0 for odd k;   var z^k = E z^2k - (E z^k)^2
    Kolmogorov-Smirnov     K = sqrt(n) sup |F_n - Phi|:   E K = sqrt(pi/2) ln 2,   E K^2 = pi^2 / 12
    tails                  P(|z| > t) = erfc(t / sqrt(2))
    cdf                    cdf(z) is uniform on (0, 1)
    pdf                    E (b - a) pdf(u) = the area under the density = cdf(b) - cdf(a)
                           = the share of z in [a, b)
    sf                     P(z > t) = sf(t),  also where that is small
    logpdf                 E logpdf(z) = -(1 + ln(2 pi)) / 2,  var logpdf(z) = var(z^2 / 2) = 1 / 2

A density may exceed 1, as that of scale 1/4 does: only areas under it are probabilities.  The standard
errors of shares and areas come from the standard library: a wrong function cannot widen what it is allowed.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

import fastdist
from fastdist import norm
from fastdist._demo.checks import Check, Job
from fastdist.typing import Array

MOMENTS = 6
TAILS = (3, 4, 5)
# Values that are processed together: they stay in the L2 cache.
CHUNK_VALUES = 1 << 15
# Phi is evaluated at no more values than this: the Kolmogorov-Smirnov statistic is then a bound from above,
# too large by sqrt(n) / 2^20 at most, 0.003 for ten million.
CDF_VALUES = 1 << 20
BINS = 100
SHARE = (-1.0, 2.0)
TAIL = 4.0
NARROW = 0.25
# The area under a density outside of so many deviations is 1e-15.
DEVIATIONS = 8


def draw(job: Job, dtype: str) -> Array:
    """The sample that is checked: the first normals of the seed, and so always the same."""
    normals = fastdist.default_rng(job.seed).standard_normal(job.samples, dtype)
    assert isinstance(normals, np.ndarray)
    return normals


def check_samples(job: Job, dtype: str) -> list[Check]:
    """Checks of the job's normals."""
    return check_normals(draw(job, dtype))


def check_normals(z: Array) -> list[Check]:
    """Whether a sample may come from the standard normal distribution."""
    moments = list(check_moments(z))
    ordered = np.sort(z)
    return [*moments, check_kolmogorov_smirnov(ordered), *check_tails(ordered)]


def exact_moment(k: int) -> int:
    """E z^k: 1 3 5 ... (k - 1) for even k, 0 for odd k."""
    return 0 if k % 2 else math.prod(range(1, k, 2))


def check_moments(z: Array) -> Iterator[Check]:
    """mean(z^k) for k = 1 .. 6, computed in float64."""
    sums = np.zeros(MOMENTS)
    with np.errstate(all="ignore"):  # a value that overflows fails the check; a warning would add nothing
        for start in range(0, z.size, CHUNK_VALUES):
            chunk = z[start : start + CHUNK_VALUES].astype(np.float64)
            power = np.ones_like(chunk)
            for k in range(MOMENTS):
                power *= chunk
                sums[k] += power.sum()
    for k, value in enumerate((sums / z.size).tolist(), start=1):
        variance = exact_moment(2 * k) - exact_moment(k) ** 2
        yield Check.of_mean(f"moment {k}", z.dtype.name, value, exact_moment(k), math.sqrt(variance / z.size))


def check_kolmogorov_smirnov(ordered: Array) -> Check:
    """sqrt(n) sup |F_n - Phi| of a sample in ascending order.

    Between order statistics i < j, F_n lies in [i / n, (j - 1) / n] and Phi in [Phi(x_i), Phi(x_j)].  With
    all order statistics, that is j = i + 1, this is the statistic; with some of them, a bound from above.
    """
    n = ordered.size
    ranks = np.arange(1, n + 1, max(1, math.ceil(n / CDF_VALUES)))
    phi = np.concatenate(([0.0], cdf(ordered[ranks - 1]), [1.0]))
    i = np.concatenate(([0], ranks, [n + 1]))
    above = (i[1:] - 1) / n - phi[:-1]
    below = phi[1:] - i[:-1] / n
    statistic = float(np.maximum(above, below).max())
    value = math.sqrt(n) * statistic
    expected = math.sqrt(math.pi / 2) * math.log(2)
    standard_error = math.sqrt(math.pi**2 / 12 - expected**2)
    # M. A. Stephens, J. R. Statist. Soc. B 32 (1970): the limit distribution, corrected for finite n
    p = kolmogorov_survival((math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)) * statistic)
    # the normal deviate that is exceeded, on either side, with the same probability
    distance = math.nan if math.isnan(p) else -NormalDist().inv_cdf(max(p / 2, sys.float_info.min))
    return Check("Kolmogorov-Smirnov", ordered.dtype.name, value, expected, standard_error, distance)


def cdf(x: Array) -> NDArray[np.float64]:
    """Phi(x) = erfc(-x / sqrt(2)) / 2.

    Not `fastdist.norm`: one kernel is not checked by another of ours.
    """
    scaled = (x.astype(np.float64) * -math.sqrt(0.5)).tolist()
    return np.fromiter(map(math.erfc, scaled), np.float64, len(scaled)) / 2


def kolmogorov_survival(x: float) -> float:
    """P(K > x) = 2 sum_{k >= 1} (-1)^(k - 1) exp(-2 k^2 x^2)."""
    if x < 0.2:  # 1 to twelve digits
        return 1.0
    return 2 * math.fsum((-1) ** (k - 1) * math.exp(-2 * (k * x) ** 2) for k in range(1, 20))


def check_tails(ordered: Array) -> Iterator[Check]:
    """How many of a sample in ascending order have |z| > t."""
    for t in TAILS:
        left, right = np.searchsorted(ordered, -t, "left"), np.searchsorted(ordered, t, "right")
        k = int(left) + ordered.size - int(right)
        m = ordered.size * math.erfc(t * math.sqrt(0.5))
        yield Check.of_count(f"beyond {t} sigma", ordered.dtype.name, k, m)


def check_functions(job: Job, dtype: str) -> list[Check]:
    """Whether the functions are those of the job's normals, and of each other."""
    z = draw(job, dtype)
    rng = fastdist.default_rng(job.seed)
    end = DEVIATIONS * NARROW
    return [
        check_uniform(z),
        check_log_density(z),
        check_share(z, *SHARE),
        check_area("area of pdf, -1 to 2", rng, z.size, dtype, *SHARE),
        check_area("area, scale 1/4", rng, z.size, dtype, -end, end, NARROW),
        check_tail(z, TAIL),
    ]


def check_uniform(z: Array) -> Check:
    """Pearson's chi-square of cdf(z) in equal bins."""
    counts = np.zeros(BINS)
    for chunk in _chunks(z):
        counts += np.histogram(norm.cdf(chunk), BINS, (0, 1))[0]
    return Check.of_bins(f"cdf(z), chi2 {BINS} bins", z.dtype.name, counts, z.size)


def check_log_density(z: Array) -> Check:
    """mean(logpdf(z))."""
    total = sum(float(norm.logpdf(chunk).sum(dtype=np.float64)) for chunk in _chunks(z))
    entropy = (1 + math.log(2 * math.pi)) / 2
    return Check.of_mean("mean of logpdf(z)", z.dtype.name, total / z.size, -entropy, math.sqrt(0.5 / z.size))


def check_share(z: Array, a: float, b: float) -> Check:
    """How many of the sample lie between a and b: a difference of two values of cdf."""
    count = sum(int(np.count_nonzero((a <= chunk) & (chunk < b))) for chunk in _chunks(z))
    p = NormalDist().cdf(b) - NormalDist().cdf(a)
    standard_error = math.sqrt(p * (1 - p) / z.size)
    name, dtype = f"share of z, {a:g} to {b:g}", z.dtype.name
    return Check.of_mean(name, dtype, count / z.size, _probability(dtype, a, b), standard_error)


def check_area(
    name: str, rng: np.random.Generator, n: int, dtype: str, a: float, b: float, scale: float = 1
) -> Check:
    """The area under the density from a to b, by n random points: the same difference of cdf."""
    buffer = np.empty(min(CHUNK_VALUES, n), dtype)
    total = 0.0
    for start in range(0, n, CHUNK_VALUES):
        x = rng.random(dtype=buffer.dtype.type, out=buffer[: n - start])
        x *= b - a
        x += a
        total += float(norm.pdf(x, 0, scale, out=x).sum(dtype=np.float64))
    # pdf(x)^2 = N(x) / (2 sqrt(pi) scale), where N is the density whose scale is less by sqrt(2)
    exact, narrower = NormalDist(0, scale).cdf, NormalDist(0, scale / math.sqrt(2)).cdf
    mean_square = (b - a) * (narrower(b) - narrower(a)) / (2 * math.sqrt(math.pi) * scale)
    standard_error = math.sqrt((mean_square - (exact(b) - exact(a)) ** 2) / n)
    area = (b - a) * total / n
    return Check.of_mean(name, dtype, area, _probability(dtype, a, b, scale), standard_error)


def check_tail(z: Array, t: float) -> Check:
    """How many of the sample are above t."""
    k = sum(int(np.count_nonzero(chunk > t)) for chunk in _chunks(z))
    m = z.size * float(norm.sf(np.array([t], z.dtype))[0])
    return Check.of_count(f"z above {t:g}, by sf", z.dtype.name, k, m)


def _chunks(z: Array) -> Iterator[Array]:
    return (z[start : start + CHUNK_VALUES] for start in range(0, z.size, CHUNK_VALUES))


def _probability(dtype: str, a: float, b: float, scale: float = 1) -> float:
    low, high = norm.cdf(np.array([a, b], dtype), 0, scale).tolist()
    return float(high - low)
