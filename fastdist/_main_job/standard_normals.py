"""Are they standard normals, and how fast do they come?

The exact values, for z standard normal:

    moments                E z^k = (k - 1)!! for even k, 0 for odd k;   var z^k = E z^2k - (E z^k)^2
    Kolmogorov-Smirnov     K = sqrt(n) sup |F_n - Phi|:   E K = sqrt(pi/2) ln 2,   E K^2 = pi^2 / 12
    tails                  P(|z| > t) = erfc(t / sqrt(2))
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastdist
from fastdist._main_job.job import (
    ALL_THREADS,
    DTYPES,
    NUMPY,
    ONE_THREAD,
    PURE_PYTHON,
    Check,
    Job,
    Rung,
    in_one_thread,
)
from fastdist.reference.box_muller import textbook_normals

MOMENTS = 6
TAILS = (3, 4, 5)
# Values that are looked at together: they stay in the L2 cache.
CHUNK = 1 << 15
# Phi is evaluated at no more values than this: the Kolmogorov-Smirnov statistic is then a bound from above,
# too large by sqrt(n) / 2^20 at most, 0.003 for ten million.
CDF_VALUES = 1 << 20

Array = NDArray[np.floating[Any]]


def draw(job: Job, dtype: str) -> Array:
    """The sample that is checked: the first normals of the seed, and so always the same."""
    normals = fastdist.default_rng(job.seed).standard_normal(job.samples, dtype)
    assert isinstance(normals, np.ndarray)
    return normals


def check_float64(job: Job) -> list[Check]:
    """Checks of the job's float64 normals."""
    return check_normals(draw(job, "float64"))


def check_float32(job: Job) -> list[Check]:
    """Checks of the job's float32 normals."""
    return check_normals(draw(job, "float32"))


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
        for start in range(0, z.size, CHUNK):
            chunk = z[start : start + CHUNK].astype(np.float64)
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


def rungs(job: Job) -> list[Rung]:
    """From pure Python to all threads, each filling an array that is in memory already."""

    def fill(generator: np.random.Generator, out: Array) -> Callable[[], object]:
        return partial(generator.standard_normal, dtype=out.dtype.type, out=out)

    n = job.pure_python_samples
    function = "standard_normal"
    ladder = [Rung(function, PURE_PYTHON, "float64", n, partial(textbook_normals, n))]
    for dtype in DTYPES:
        out = np.zeros(job.samples, dtype)
        ladder += [
            Rung(function, NUMPY, dtype, out.size, fill(np.random.default_rng(job.seed), out)),
            Rung(
                function,
                ONE_THREAD,
                dtype,
                out.size,
                in_one_thread(fill(fastdist.default_rng(job.seed), out)),
            ),
            Rung(function, ALL_THREADS, dtype, out.size, fill(fastdist.default_rng(job.seed), out)),
        ]
    return ladder
