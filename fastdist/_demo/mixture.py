"""A mixture fitted to real measurements: is it the published one, and are its samples its own?

Old Faithful's eruptions are short or long, and so is the wait for the next: two normals of two numbers,

    p(x) = sum_k w_k N(x; mean_k, cov_k),    P(k | x) = w_k N(x; mean_k, cov_k) / p(x)

parameters     those that others published; they are rounded, uniformly within the last decimal
samples        each has a label k.  Their distances q = (x - mean_k)^T cov_k^-1 (x - mean_k) are chi-square
               with two degrees of freedom, so that e^(-q/2) is uniform on (0, 1)
inference      among all x for which P(k | x) = r, the share r was made by component k: of guesses of the k
               with the largest r, sum r are right, with variance sum r (1 - r)
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

import fastdist
from fastdist import GaussianMixture
from fastdist._demo.checks import Check, Job
from fastdist.typing import Array

DATA = "old_faithful.csv"
NAMES = ("short", "long")
# Thrice as many as it takes.
EM_STEPS = 60
# Of the normals; but enough for a share of points that both components could have made.
SHARE_OF_SAMPLES, LEAST_SAMPLES = 20, 50_000
BINS = 100
# A wait of an hour and more after three minutes: which kind of eruption was that?
POINTS = ((2.0, 55.0), (2.9, 63.0), (3.0, 67.0), (3.1, 70.0), (4.5, 80.0))


@dataclass(frozen=True)
class Published:
    """The maximum likelihood fit of two components, with those digits that are checked.

    scikit-learn 1.9 finds all of these, in float64; R's mclust prints the same log-likelihood for two
    components of unequal covariances (its model VVV).
    """

    weights: tuple[float, ...] = (0.356, 0.644)
    means: tuple[tuple[float, ...], ...] = ((2.036, 54.479), (4.290, 79.968))
    covariances: tuple[tuple[tuple[float, ...], ...], ...] = (
        ((0.069, 0.435), (0.435, 33.697)),
        ((0.170, 0.941), (0.941, 36.046)),
    )
    log_likelihood: float = -1130.26
    modes: int = 2


PUBLISHED = Published()
# Of each dtype, one for all checks and pictures.
FITS: dict[str, GaussianMixture] = {}


def measurements() -> Array:
    """Duration and waiting time in minutes, of 272 eruptions."""
    with (resources.files("fastdist._demo") / DATA).open(encoding="utf-8") as lines:
        rows: Array = np.loadtxt(lines, delimiter=",", skiprows=4)
    rows.flags.writeable = False
    return rows


def fit(dtype: str) -> GaussianMixture:
    """The mixture of the measurements as maximum likelihood has it, without any regularisation."""
    if dtype not in FITS:
        model = GaussianMixture(2, tol=0.0, reg_covar=0.0, max_iter=EM_STEPS, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # with tol = 0 it cannot say that it converged
            FITS[dtype] = model.fit(measurements().astype(dtype))
    return FITS[dtype]


def in_order(model: GaussianMixture) -> list[int]:
    """The components, short eruptions first."""
    order: list[int] = np.argsort(model.means_[:, 0]).tolist()
    return order


def published_mixture() -> GaussianMixture:
    """That of the rounded parameters, which needs no fit."""
    return GaussianMixture.from_parameters(PUBLISHED.weights, PUBLISHED.means, PUBLISHED.covariances)


# The checks


def check(job: Job, dtype: str) -> list[Check]:
    """Checks of the fit to data of a dtype, and of its samples, which are float64."""
    checks = check_fit(fit(dtype), dtype)
    return [*checks, *check_samples(job, fit(dtype))] if dtype == "float64" else checks


def check_fit(model: GaussianMixture, dtype: str) -> list[Check]:
    """Whether parameters, likelihood and modes are the published ones."""
    order = in_order(model)
    x = measurements().astype(dtype)
    log_likelihood = float(np.sum(model.score_samples(x), dtype=np.float64))
    checks = [
        of_rounded("log-likelihood", dtype, log_likelihood, PUBLISHED.log_likelihood, decimals=2),
        of_rounded("weight, short", dtype, float(model.weights_[order[0]]), PUBLISHED.weights[0]),
    ]
    for name, k, mean, cov in zip(NAMES, order, PUBLISHED.means, PUBLISHED.covariances, strict=True):
        found_mean, found_cov = model.means_[k], model.covariances_[k]
        checks += [
            of_rounded(f"{name}: duration", dtype, float(found_mean[0]), mean[0]),
            of_rounded(f"{name}: wait", dtype, float(found_mean[1]), mean[1]),
            of_rounded(f"{name}: var duration", dtype, float(found_cov[0, 0]), cov[0][0]),
            of_rounded(f"{name}: cov", dtype, float(found_cov[1, 0]), cov[1][0]),
            of_rounded(f"{name}: var wait", dtype, float(found_cov[1, 1]), cov[1][1]),
        ]
    return [*checks, Check.of_exact("modes", dtype, len(model.modes().heights), PUBLISHED.modes)]


def of_rounded(name: str, dtype: str, value: float, expected: float, decimals: int = 3) -> Check:
    """A check whose expected value was rounded: the error is uniform, its deviation unit / sqrt(12)."""
    return Check.of_mean(name, dtype, value, expected, 10.0**-decimals / math.sqrt(12))


def check_samples(job: Job, model: GaussianMixture) -> list[Check]:
    """Whether the samples and their labels are those of the mixture, and `predict_proba` right about them."""
    x, labels = draw(job, model)
    n, dtype = len(x), "float64"
    long = in_order(model)[1]
    weight = float(model.weights_[long])
    share = int(np.count_nonzero(labels == long)) / n
    deviations = x - model.means_[labels]
    precisions = np.linalg.inv(model.covariances_)[labels]
    squared = np.einsum("ni,nij,nj->n", deviations, precisions, deviations)
    counts = np.histogram(np.exp(-squared / 2), BINS, (0, 1))[0].astype(np.float64)
    whole = np.isfinite(x).all(1)  # others fail the check of the mean, and need no component
    r = model.predict_proba(x[whole]).max(1)
    guessed = int(np.count_nonzero(model.predict(x[whole]) == labels[whole]))
    return [
        Check.of_mean("samples, long", dtype, share, weight, math.sqrt(weight * (1 - weight) / n)),
        Check.of_mean("samples, wait", dtype, float(x[:, 1].mean()), *wait_of(model, n)),
        Check.of_bins("samples, mahalanobis", dtype, counts, n),
        Check.of_mean(
            "guessed by predict", dtype, guessed, float(r.sum()), math.sqrt(float((r * (1 - r)).sum()))
        ),
    ]


def wait_of(model: GaussianMixture, n: int) -> tuple[float, float]:
    """Mean, and its standard error of n samples:  E x = sum_k w_k m_k,  E x^2 = sum_k w_k (s_k^2 + m_k^2)."""
    means, variances = model.means_[:, 1], model.covariances_[:, 1, 1]
    mean = float(model.weights_ @ means)
    second = float(model.weights_ @ (variances + np.square(means)))
    return mean, math.sqrt((second - mean**2) / n)


def draw(job: Job, model: GaussianMixture) -> tuple[Array, NDArray[np.int64]]:
    """Samples and labels, of normals that no other check takes."""
    rng = fastdist.default_rng(job.seed)
    rng.seek(4 * job.samples, "float64")
    n = max(job.samples // SHARE_OF_SAMPLES, LEAST_SAMPLES)
    return model.sample(n, rng=rng)


# What was learnt


def findings() -> list[str]:
    """The components, the modes, and which component made a few points."""
    model = fit("float64")
    order = in_order(model)
    title = (
        f"Old Faithful, {len(measurements())} eruptions: minutes of one, and until the next, as two normals"
    )
    lines = [title, f"  {'eruptions':<12}{'weight':>9}{'duration':>18}{'wait':>18}{'correlation':>16}"]
    for name, k in zip(NAMES, order, strict=True):
        mean, cov = model.means_[k], model.covariances_[k]
        deviations = np.sqrt(np.diagonal(cov))
        intervals = [f"{m:.2f} +- {s:.2f}" for m, s in zip(mean, deviations, strict=True)]
        correlation = cov[1, 0] / deviations.prod()
        lines.append(
            f"  {name:<12}{model.weights_[k]:9.4f}{intervals[0]:>18}{intervals[1]:>18}{correlation:16.3f}"
        )
    modes = model.modes()
    positions = ", ".join(f"({duration:.2f}, {wait:.1f})" for duration, wait in modes.locations)
    lines += [
        f"  {len(modes.heights)} modes: {positions}",
        f"  which of them made it (predict_proba)?{'short':>10}{'long':>10}",
    ]
    responsibilities = model.predict_proba(np.array(POINTS))[:, order]
    for (duration, wait), (short, long) in zip(POINTS, responsibilities, strict=True):
        point = f"{duration:g} minutes, the next after {wait:g}"
        lines.append(f"    {point:<36}{short:10.4f}{long:10.4f}")
    return lines
