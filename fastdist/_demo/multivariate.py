"""Are samples multivariate normals, and are their densities right?

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
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import fastdist
from fastdist import multivariate_normal
from fastdist._demo.checks import Check, Job
from fastdist.typing import Array

if TYPE_CHECKING:
    from fastdist.covariance.ellipse import ConfidenceEllipse

DIMENSIONS = (2, 16, 64)
CORRELATION = 0.8
BINS = 100
LEVEL = 0.95
# This part of the job's samples.
SHARE_OF_SAMPLES = 10
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
