"""Are they multivariate normals, are their densities right, and how fast do they come?

The example is an autoregressive process of standard normals z, because all that is checked has a closed form
there, which needs no factor of ours:

    y_0 = z_0,    y_i = rho y_(i-1) + sqrt(1 - rho^2) z_i,    x_i = mean_i + s_i y_i
    cov_ij = s_i s_j rho^|i - j|,    ln det cov = 2 sum_i ln s_i + (d - 1) ln(1 - rho^2)
    whitened     z_i = (y_i - rho y_(i-1)) / sqrt(1 - rho^2)
    mean         n |mean(z)|^2 is chi-square with d degrees of freedom
    covariance   n (sum_i (S_ii - 1)^2 / 2 + sum_i<j S_ij^2),  S = mean(z z^T), nearly so with d (d + 1) / 2
    distances    P(|z|^2 > q) = e^(-q/2) sum_k<d/2 (q/2)^k / k!  for even d:  uniform on (0, 1)
    densities    E logpdf(x) = -(d (1 + ln(2 pi)) + ln det cov) / 2,    var logpdf(x) = var(|z|^2 / 2) = d / 2
    ellipse      its level is the share of the samples inside of it
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import mul, sub
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import fastdist
from fastdist import multivariate_normal
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
from fastdist._main_job.standard_normals import Array

if TYPE_CHECKING:
    from fastdist.covariance.ellipse import ConfidenceEllipse

DIMENSIONS = (2, 16, 64)
CORRELATION = 0.8
BINS = 100
LEVEL = 0.95
# Of the normals; NumPy and SciPy get a hundredth, pure Python a two-hundredth of its own: some three seconds.
SHARE_OF_SAMPLES, PEERS_SHARE_OF_SAMPLES, PURE_PYTHON_SHARE = 10, 100, 200
# With fewer rows than this times d, S is too far from I for its chi-square.
ROWS_A_DIMENSION = 32


@dataclass(frozen=True)
class Example:
    """The autoregressive process of so many steps."""

    d: int

    @property
    def mean(self) -> Array:
        return 1.0 + np.arange(self.d) % 3

    @property
    def scales(self) -> Array:
        return 1.5 - np.arange(self.d) % 3 / 2

    @property
    def cov(self) -> Array:
        i = np.arange(self.d)
        cov: Array = np.multiply.outer(self.scales, self.scales) * CORRELATION ** np.abs(i - i[:, None])
        return cov

    @property
    def log_det_cov(self) -> float:
        return 2 * float(np.log(self.scales).sum()) + (self.d - 1) * math.log1p(-(CORRELATION**2))

    def whiten(self, x: Array) -> Array:
        """The z of which the rows of x were made."""
        y = (x - self.mean) / self.scales
        y[:, 1:] -= CORRELATION * y[:, :-1]
        y[:, 1:] /= math.sqrt(1 - CORRELATION**2)
        return y


def draw(job: Job, dtype: str) -> Iterator[tuple[Example, Array]]:
    """The rows that are checked, of normals that no other check takes."""
    rng = fastdist.default_rng(job.seed)
    rng.seek(2 * job.samples, dtype)
    for example in map(Example, DIMENSIONS):
        d = example.d
        rows = max(job.samples // SHARE_OF_SAMPLES // d, ROWS_A_DIMENSION * d)
        yield (
            example,
            rng.multivariate_normal(example.mean, example.cov, rows, method="cholesky", dtype=dtype),
        )


def check_float64(job: Job) -> list[Check]:
    """Checks of the float64 vectors."""
    return check_vectors(job, "float64")


def check_float32(job: Job) -> list[Check]:
    """Checks of the float32 vectors."""
    return check_vectors(job, "float32")


def check_vectors(job: Job, dtype: str) -> list[Check]:
    """Whether the samples are those of the examples, and the functions of their densities too."""
    checks: list[Check] = []
    for example, x in draw(job, dtype):
        with np.errstate(all="ignore"):  # a value that overflows fails the check; a warning would add nothing
            checks += check_samples(example, x)
            checks += check_functions(example, x)
    return checks


def check_samples(example: Example, x: Array) -> Iterator[Check]:
    """Mean and covariance of the rows, whitened."""
    z = example.whiten(x)
    n, d = z.shape
    mean = z.mean(axis=0)
    statistic = n * float(mean @ mean)
    yield Check.of_chi_square(f"mean, chi2, d = {d}", x.dtype.name, statistic, d)
    errors = z.T @ z / n - np.eye(d)
    # each pair i < j stands there twice
    statistic = n * float(np.square(errors).sum()) / 2
    yield Check.of_chi_square(f"cov, chi2, d = {d}", x.dtype.name, statistic, d * (d + 1) // 2)


def check_functions(example: Example, x: Array) -> Iterator[Check]:
    """Distances, densities, and in two dimensions an ellipse."""
    (n, d), dtype = x.shape, x.dtype.name
    distribution = multivariate_normal(example.mean, example.cov)
    p = chi_square_survival(np.square(distribution.mahalanobis(x), dtype=np.float64), d)
    counts = np.histogram(p, BINS, (0, 1))[0].astype(np.float64)
    yield Check.of_bins(f"mahalanobis, d = {d}", dtype, counts, n)
    mean = float(distribution.logpdf(x).mean(dtype=np.float64))
    negentropy = -(d * (1 + math.log(2 * math.pi)) + example.log_det_cov) / 2
    yield Check.of_mean(f"mean logpdf, d = {d}", dtype, mean, negentropy, math.sqrt(d / 2 / n))
    if d == 2:
        share = int(np.count_nonzero(inside(distribution.confidence_ellipse(LEVEL), x))) / n
        standard_error = math.sqrt(LEVEL * (1 - LEVEL) / n)
        yield Check.of_mean(f"{100 * LEVEL:g} % ellipse, d = 2", dtype, share, LEVEL, standard_error)


def chi_square_survival(q: Array, d: int) -> Array:
    """P(chi-square > q) = e^(-q/2) sum_k<d/2 (q/2)^k / k!,  for an even number d of degrees of freedom."""
    half = q / 2
    total = np.ones_like(half)
    for k in range(d // 2 - 1, 0, -1):
        total *= half / k
        total += 1
    survival: Array = np.exp(-half) * total
    return survival


def inside(ellipse: ConfidenceEllipse, x: Array) -> NDArray[np.bool]:
    """Which rows of x lie in an ellipse that is given by centre, axes and angle."""
    angle = math.radians(ellipse.angle)
    right, up = (x - np.asarray(ellipse.center)).T
    along = (math.cos(angle) * right + math.sin(angle) * up) / (ellipse.width / 2)
    across = (math.cos(angle) * up - math.sin(angle) * right) / (ellipse.height / 2)
    found: NDArray[np.bool] = np.square(along) + np.square(across) <= 1
    return found


# What anyone would write without a library for it: of a factor, the rows up to the diagonal.

Rows = Sequence[Sequence[float]]


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


def python_sample(mean: Sequence[float], rows: Rows, gauss: Callable[[], float]) -> list[float]:
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


def python_samples(mean: Sequence[float], cov: Rows, n: int, gauss: Callable[[], float]) -> list[list[float]]:
    """A factor, and n rows."""
    rows = python_cholesky(cov)
    return [python_sample(mean, rows, gauss) for _ in range(n)]


def python_logpdfs(xs: Rows, mean: Sequence[float], rows: Rows) -> list[float]:
    """Of each row, by a factor that is known."""
    return [python_logpdf(x, mean, rows) for x in xs]


def rungs(job: Job) -> list[Rung]:
    """Sampling from a covariance, and log densities by a factor that is known."""
    scipy = scipy_stats()
    ladder = []
    for example in map(Example, DIMENSIONS):
        ladder += [*_sampling_rungs(job, example), *_density_rungs(job, example, scipy)]
    return ladder


def _sampling_rungs(job: Job, example: Example) -> Iterator[Rung]:
    function, d, mean, cov = f"sampling, d = {example.d}", example.d, example.mean, example.cov
    ours, peers, python = _sizes(job)
    gauss = random.Random(job.seed).gauss
    call: Callable[[], object] = partial(python_samples, mean.tolist(), cov.tolist(), python // d, gauss)
    yield Rung(function, PURE_PYTHON, "float64", python, call)
    numpy = np.random.default_rng(job.seed).multivariate_normal
    yield Rung(function, NUMPY, "float64", peers, partial(numpy, mean, cov, peers // d, method="cholesky"))
    for dtype in DTYPES:
        rng = fastdist.default_rng(job.seed)
        call = partial(rng.multivariate_normal, mean, cov, ours // d, method="cholesky", dtype=dtype)
        yield Rung(function, ONE_THREAD, dtype, ours, in_one_thread(call))
        yield Rung(function, ALL_THREADS, dtype, ours, call)


def _density_rungs(job: Job, example: Example, scipy: Any) -> Iterator[Rung]:
    function, d, mean, cov = f"logpdf, d = {example.d}", example.d, example.mean, example.cov
    ours, peers, python = _sizes(job)
    samples = fastdist.default_rng(job.seed).multivariate_normal(mean, cov, ours // d, method="cholesky")
    rows = python_cholesky(cov.tolist())
    call: Callable[[], object] = partial(python_logpdfs, samples[: python // d].tolist(), mean.tolist(), rows)
    yield Rung(function, PURE_PYTHON, "float64", python, call)
    for dtype in DTYPES:
        x = samples.astype(dtype)
        if scipy is not None:
            frozen = scipy.multivariate_normal(mean, cov)
            yield Rung(function, SCIPY, dtype, peers, partial(frozen.logpdf, x[: peers // d]))
        call = partial(multivariate_normal(mean, cov).logpdf, x)
        yield Rung(function, ONE_THREAD, dtype, ours, in_one_thread(call))
        yield Rung(function, ALL_THREADS, dtype, ours, call)


def _sizes(job: Job) -> list[int]:
    """How many numbers fastdist, its peers and pure Python get: whole rows of every dimension."""
    most = max(DIMENSIONS)
    shares = (
        job.samples // SHARE_OF_SAMPLES,
        job.samples // PEERS_SHARE_OF_SAMPLES,
        job.pure_python_samples // PURE_PYTHON_SHARE,
    )
    return [max(1, share // most) * most for share in shares]


def notes() -> list[str]:
    """What the timings are of, and what is not quite the same."""
    peers = "NumPy" if scipy_stats() is None else "NumPy and SciPy"
    return [
        "sampling is from a covariance, which each call factors; logpdf is frozen",
        f"all make new arrays; {peers} may use as many threads as their BLAS has",
    ]
