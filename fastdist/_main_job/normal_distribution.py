"""Are density and distribution functions right, and how fast are they?

Density and cumulative distribution are different functions, and each check is a way in which they belong
together.  With z standard normal and u uniform on [a, b):

    cdf(z) is uniform on (0, 1)
    E (b - a) pdf(u)  =  the area under the density  =  cdf(b) - cdf(a)  =  the share of z in [a, b)
    P(z > t) = sf(t),  also where that is small
    E logpdf(z) = -(1 + ln(2 pi)) / 2,  minus the entropy;   var logpdf(z) = var(z^2 / 2) = 1 / 2

A density may exceed 1, as that of scale 1/4 does: only areas under it are probabilities.  The standard
errors of shares and areas come from the standard library: a wrong function cannot widen what it is allowed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from statistics import NormalDist

import numpy as np

import fastdist
from fastdist import norm
from fastdist._main_job import standard_normals
from fastdist._main_job.job import (
    ALL_THREADS,
    DTYPES,
    NUMPY,
    ONE_THREAD,
    PURE_PYTHON,
    SCIPY,
    Check,
    Job,
    Rung,
    in_one_thread,
    scipy_stats,
)
from fastdist._main_job.standard_normals import CHUNK, Array

STANDARD_LIBRARY = "statistics.NormalDist"
NUMPY_EXPRESSION = "NumPy, expression"
BINS = 100
SHARE = (-1.0, 2.0)
TAIL = 4.0
NARROW = 0.25
# The area under a density outside of so many deviations is 1e-15.
DEVIATIONS = 8
# Arrays are a tenth of the normals that are checked, for SciPy a fiftieth, for pure Python a tenth of its
# normals: three functions then take no longer than the normals.
SHARE_OF_SAMPLES, SCIPY_SHARE_OF_SAMPLES = 10, 50


def check_float64(job: Job) -> list[Check]:
    """Checks of the functions in float64."""
    return check_functions(job, "float64")


def check_float32(job: Job) -> list[Check]:
    """Checks of the functions in float32."""
    return check_functions(job, "float32")


def check_functions(job: Job, dtype: str) -> list[Check]:
    """Whether the functions are those of the job's normals, and of each other."""
    z = standard_normals.draw(job, dtype)
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
    buffer = np.empty(min(CHUNK, n), dtype)
    total = 0.0
    for start in range(0, n, CHUNK):
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
    return (z[start : start + CHUNK] for start in range(0, z.size, CHUNK))


def _probability(dtype: str, a: float, b: float, scale: float = 1) -> float:
    low, high = norm.cdf(np.array([a, b], dtype), 0, scale).tolist()
    return float(high - low)


# What anyone would write without a library for it.


def python_pdf(values: list[float]) -> list[float]:
    """e^(-x^2 / 2) / sqrt(2 pi)."""
    factor = 1 / math.sqrt(2 * math.pi)
    return [factor * math.exp(-0.5 * x * x) for x in values]


def python_logpdf(values: list[float]) -> list[float]:
    """-x^2 / 2 - ln(2 pi) / 2."""
    constant = math.log(2 * math.pi) / 2
    return [-0.5 * x * x - constant for x in values]


def python_cdf(values: list[float]) -> list[float]:
    """erfc(-x / sqrt(2)) / 2."""
    factor = -math.sqrt(0.5)
    return [0.5 * math.erfc(factor * x) for x in values]


def numpy_pdf_expression(x: Array) -> Array:
    """e^(-x^2 / 2) / sqrt(2 pi)."""
    density: Array = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return density


def numpy_logpdf_expression(x: Array) -> Array:
    """-x^2 / 2 - ln(2 pi) / 2."""
    return -0.5 * x * x - math.log(2 * math.pi) / 2


# An array of its own for each step costs NumPy more than the mathematics, so the fairer rival has none.


def numpy_pdf(x: Array, out: Array) -> Array:
    """e^(-x^2 / 2) / sqrt(2 pi), with no temporary array."""
    np.multiply(x, x, out=out)
    out *= -0.5
    np.exp(out, out=out)
    out *= 1 / math.sqrt(2 * math.pi)
    return out


def numpy_logpdf(x: Array, out: Array) -> Array:
    """-x^2 / 2 - ln(2 pi) / 2, with no temporary array."""
    np.multiply(x, x, out=out)
    out *= -0.5
    out -= math.log(2 * math.pi) / 2
    return out


def standard_library(function: str, values: list[float]) -> list[float]:
    """A function of `statistics.NormalDist`, of each value."""
    return list(map(getattr(NormalDist(), function), values))


WITH_PYTHON: dict[str, dict[str, Callable[[list[float]], list[float]]]] = {
    "pdf": {PURE_PYTHON: python_pdf, STANDARD_LIBRARY: partial(standard_library, "pdf")},
    "logpdf": {PURE_PYTHON: python_logpdf},
    "cdf": {PURE_PYTHON: python_cdf, STANDARD_LIBRARY: partial(standard_library, "cdf")},
}
# There is no cdf: NumPy has no error function.
WITH_NUMPY = {"pdf": (numpy_pdf_expression, numpy_pdf), "logpdf": (numpy_logpdf_expression, numpy_logpdf)}


def rungs(job: Job) -> list[Rung]:
    """Each function of the job's first normals, from pure Python to all threads.

    NumPy and fastdist fill an array that is in memory already; the others cannot.
    """
    scipy = scipy_stats()
    values = _first(job, "float64", job.pure_python_samples // SHARE_OF_SAMPLES).tolist()
    samples = {dtype: _first(job, dtype, job.samples // SHARE_OF_SAMPLES) for dtype in DTYPES}
    few = max(1, job.samples // SCIPY_SHARE_OF_SAMPLES)
    ladder = []
    for function, with_python in WITH_PYTHON.items():
        title = f"norm.{function}"
        for name, call in with_python.items():
            ladder.append(Rung(title, name, "float64", len(values), partial(call, values)))
        for dtype, z in samples.items():
            if function in WITH_NUMPY:
                expression, in_place = WITH_NUMPY[function]
                ladder.append(Rung(title, NUMPY_EXPRESSION, dtype, z.size, partial(expression, z)))
                ladder.append(Rung(title, NUMPY, dtype, z.size, partial(in_place, z, np.zeros_like(z))))
            if scipy is not None:
                ladder.append(Rung(title, SCIPY, dtype, few, partial(getattr(scipy.norm, function), z[:few])))
            ours = partial(getattr(norm, function), z, out=np.zeros_like(z))
            ladder.append(Rung(title, ONE_THREAD, dtype, z.size, in_one_thread(ours)))
            ladder.append(Rung(title, ALL_THREADS, dtype, z.size, ours))
    return ladder


def _first(job: Job, dtype: str, n: int) -> Array:
    return standard_normals.draw(replace(job, samples=max(1, n)), dtype)


def notes() -> list[str]:
    """What is missing from the table, and what is not quite the same."""
    lines = [
        f"NumPy has no cdf, {STANDARD_LIBRARY} no logpdf",
        "NumPy fills a given array, as fastdist does; its expression makes new ones",
    ]
    if scipy_stats() is None:
        return [*lines, "SciPy is not installed: pip install 'fastdist-kernels[scipy]' compares with it"]
    return [*lines, "SciPy makes new arrays too, of float64 even for float32"]
