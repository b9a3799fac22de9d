"""What a multivariate normal says of itself and of another: cases, and fastdist's rungs.

``peers/multivariate_relations.py`` has the others.  A case is one call, which takes some microseconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.cases.case import SEED, Call, Case, assert_close
from bench.cases.fastdist_rungs import fastdist_rungs
from bench.cases.multivariate import Parameters, make_parameters

LEVEL = 0.95
# Relative to a result, or to 1: the condition numbers of the data are below 10.
TOLERANCE = 1e-11

Array = NDArray[Any]


@dataclass(frozen=True)
class Relation(Case):
    """``freeze``, ``entropy``, ``marginal``, ``conditional``, ``kl_divergence`` or ``confidence_ellipse``.

    Of one frozen distribution of ``dimension`` components; half of them are kept, or given.
    """

    element: ClassVar[str] = "call"

    dimension: int = 2

    def __str__(self) -> str:
        return f"{self.method}, {self.dimension} components"

    @property
    def numbers(self) -> int:
        return self.dimension**2

    def results(self, call: Call) -> Array:
        """A number, the axes and the angle of an ellipse, or a mean and a covariance, one after the other."""
        returned = call()
        if self.method in ("entropy", "kl_divergence"):
            return np.array([float(returned)])
        if self.method == "confidence_ellipse":
            return axes_and_angle(returned)
        pair = returned if isinstance(returned, tuple) else (returned.mean, covariance_of(returned))
        return np.concatenate([np.ravel(np.asarray(part)) for part in pair])

    def check(self, results: Array) -> None:
        assert_close(results, EXPECTED[self.method](self), TOLERANCE)


def covariance_of(distribution: Any) -> Any:
    """As SciPy, PyTorch and gmr call it."""
    names = ("cov", "covariance_matrix", "covariance")
    return next(getattr(distribution, name) for name in names if hasattr(distribution, name))


def axes_and_angle(ellipse: Any) -> Array:
    """Lengths of both axes, and the angle in degrees in [0, 180); of tuples it is in radians, and halves."""
    if isinstance(ellipse, tuple):
        angle, half_width, half_height = ellipse
        return np.array([2 * half_width, 2 * half_height, math.degrees(angle) % 180])
    return np.array([ellipse.width, ellipse.height, ellipse.angle % 180])


# Data


def this(case: Relation) -> Parameters:
    return make_parameters(case.dimension, None)


def other(case: Relation) -> Parameters:
    return make_parameters(case.dimension, None, SEED + 2)


def kept(case: Any) -> Array:
    """Every second component, which are kept or given."""
    return np.arange(0, case.dimension, 2)


def given(case: Relation) -> Array:
    return this(case).mean[kept(case)] + 0.5


# What holds of all right results, by other formulas than those that are timed


def expected_entropy(case: Relation) -> Array:
    """ln det(2 pi e cov) / 2."""
    return np.array([np.linalg.slogdet(2 * math.pi * math.e * this(case).cov)[1] / 2])


def expected_kl_divergence(case: Relation) -> Array:
    """(tr(S1^-1 S0) + y^T S1^-1 y - d + ln det S1 / det S0) / 2, with y = m1 - m0."""
    (mean, cov, _), (mean_1, cov_1, _) = this(case), other(case)
    y, precision = mean_1 - mean, np.linalg.inv(cov_1)
    log_ratio = np.linalg.slogdet(cov_1)[1] - np.linalg.slogdet(cov)[1]
    return np.array([(np.trace(precision @ cov) + y @ precision @ y - case.dimension + log_ratio) / 2])


def expected_conditional(case: Relation) -> Array:
    """From the precision P: the covariance is P_aa^-1, the mean m_a - P_aa^-1 P_ab (values - m_b)."""
    mean, cov, _ = this(case)
    b = kept(case)
    a = np.setdiff1d(np.arange(case.dimension), b)
    precision = np.linalg.inv(cov)
    part = np.linalg.inv(precision[np.ix_(a, a)])
    shifted = mean[a] - part @ precision[np.ix_(a, b)] @ (given(case) - mean[b])
    return np.concatenate([shifted, part.ravel()])


def expected_ellipse(case: Relation) -> Array:
    """The eigenvectors' directions, and 2 sqrt(-2 ln(1 - level)) deviations along each."""
    values, vectors = np.linalg.eigh(this(case).cov)
    along = vectors[:, 1]
    axes = 2 * np.sqrt(-2 * math.log1p(-LEVEL) * values[::-1])
    return np.array([*axes, math.degrees(math.atan2(along[1], along[0])) % 180])


def expected_marginal(case: Relation) -> Array:
    mean, cov, _ = this(case)
    return np.concatenate([mean[kept(case)], cov[np.ix_(kept(case), kept(case))].ravel()])


EXPECTED: dict[str, Callable[[Relation], Array]] = {
    "freeze": lambda case: np.concatenate([this(case).mean, this(case).cov.ravel()]),
    "entropy": expected_entropy,
    "kl_divergence": expected_kl_divergence,
    "marginal": expected_marginal,
    "conditional": expected_conditional,
    "confidence_ellipse": expected_ellipse,
}


# The rungs


def call_of(case: Relation, package: Any) -> Call:
    mean, cov, _ = this(case)
    if case.method == "freeze":
        return partial(package.multivariate_normal, mean, cov)
    frozen = package.multivariate_normal(mean, cov)
    method = getattr(frozen, case.method)
    if case.method == "kl_divergence":
        return partial(method, package.multivariate_normal(*other(case)[:2]))
    if case.method == "marginal":
        return partial(method, kept(case))
    if case.method == "conditional":
        return partial(method, kept(case), given(case))
    return partial(method, LEVEL) if case.method == "confidence_ellipse" else method


FASTDIST = fastdist_rungs(call_of, how="a frozen `multivariate_normal(mean, cov)`, and its methods")
