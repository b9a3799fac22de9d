"""Statistical checks: a value, what it should be, and how far it is away."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

# The probability that a run with a random seed fails although all is well, for all checks together.
ALPHA = 1e-4

DTYPES = ("float64", "float32")


@dataclass(frozen=True)
class Job:
    """How much is drawn and timed, and from which seed."""

    seed: int = 1958
    samples: int = 10_000_000
    values: int = 1_000_000  # of a timed call
    rounds: int = 12


@dataclass(frozen=True)
class Check:
    """A statistic, what it should be, and how far away it is.

    `distance` is a standard normal deviate if all is well: of a mean, the number of standard errors.
    """

    name: str
    dtype: str
    value: float
    expected: float
    standard_error: float
    distance: float

    @classmethod
    def of_mean(cls, name: str, dtype: str, value: float, expected: float, standard_error: float) -> Check:
        """A check whose value is a mean of many, and so nearly normal."""
        return cls(name, dtype, value, expected, standard_error, (value - expected) / standard_error)

    @classmethod
    def of_count(cls, name: str, dtype: str, k: int, m: float) -> Check:
        """A check whose value is a Poisson count k with mean m.

        The distance is the deviance residual, sign(k - m) sqrt(2 (k ln(k / m) - (k - m))): for large m it is
        (k - m) / sqrt(m), and for small m much closer to a normal deviate than that.
        """
        if not m > 0:  # no count has such a mean
            return cls(name, dtype, k, m, math.nan, math.nan)
        deviance = 2 * ((k * math.log(k / m) if k else 0.0) - (k - m))
        distance = math.copysign(math.sqrt(max(0.0, deviance)), k - m)
        return cls(name, dtype, k, m, math.sqrt(m), distance)

    @classmethod
    def of_chi_square(cls, name: str, dtype: str, value: float, k: int) -> Check:
        """A check whose value is chi-square with k degrees of freedom.

        E. B. Wilson, M. M. Hilferty, PNAS 17 (1931): the cube root of chi-square is nearly normal.
        """
        distance = (math.cbrt(value / k) - (1 - 2 / (9 * k))) / math.sqrt(2 / (9 * k))
        return cls(name, dtype, value, k, math.sqrt(2 * k), distance)

    @classmethod
    def of_exact(cls, name: str, dtype: str, value: int, expected: int) -> Check:
        """A check of a number in which chance has no part."""
        return cls(name, dtype, value, expected, 0.0, 0.0 if value == expected else math.inf)

    @classmethod
    def of_bins(cls, name: str, dtype: str, counts: NDArray[np.float64], n: int) -> Check:
        """Pearson's chi-square of n values in equally likely bins: sum (counted - expected)^2 / expected."""
        expected = n / counts.size
        value = float(np.square(counts - expected).sum()) / expected
        return cls.of_chi_square(name, dtype, value, counts.size - 1)

    def passes(self, critical_distance: float) -> bool:
        """Whether the value is close enough; NaN is not."""
        return abs(self.distance) <= critical_distance


@dataclass(frozen=True)
class Section:
    """A topic and its checks: functions of the job and a dtype, of which float64 is the first."""

    title: str
    check: Callable[[Job, str], list[Check]]
    dtypes: Sequence[str] = DTYPES
    findings: Callable[[], Sequence[str]] = tuple

    def run(self, job: Job) -> list[Check]:
        """All checks of the topic."""
        return [check for dtype in self.dtypes for check in self.check(job, dtype)]


def critical_distance(checks: int, sections: int) -> float:
    """The distance that none of the checks of a section exceeds, except with probability ALPHA / sections.

    Bonferroni, two-sided.
    """
    return NormalDist().inv_cdf(1 - ALPHA / (2 * checks * sections))


def as_json(check: Check, passed: bool) -> Mapping[str, object]:
    """A check for JSON, which has neither infinities nor NaN: null stands for them."""
    fields = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in vars(check).items()
    }
    return {**fields, "passed": passed}
