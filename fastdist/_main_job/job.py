"""Sections of checks and timings, and how they are run into a report.

Whoever shows a report (table, JSON) reads these dataclasses and measures nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import NormalDist
from time import perf_counter_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastdist

# The probability that a run with a random seed fails although all is well, for all checks together.
ALPHA = 1e-4

DTYPES = ("float64", "float32")
PURE_PYTHON, NUMPY, SCIPY, SCIKIT_LEARN = "pure Python", "NumPy", "SciPy", "scikit-learn"
ONE_THREAD, ALL_THREADS = "fastdist, one thread", "fastdist, all threads"
# What the others are compared with, where it is timed.
BASELINES = (PURE_PYTHON, NUMPY, SCIPY, SCIKIT_LEARN)


@dataclass(frozen=True)
class Job:
    """How much is drawn and timed, and from which seed."""

    seed: int = 1958
    samples: int = 10_000_000
    pure_python_samples: int = 200_000
    repeats: int = 21


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

        Few may be expected, so the distance is the deviance residual,
        sign(k - m) sqrt(2 (k ln(k / m) - (k - m))): for large m it is (k - m) / sqrt(m), and for small m
        much closer to a normal deviate than that.  No count has a mean that is not positive.
        """
        if not m > 0:
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
        """A check of a number that chance has no part in."""
        return cls(name, dtype, value, expected, 0.0, 0.0 if value == expected else math.inf)

    @classmethod
    def of_bins(cls, name: str, dtype: str, counts: NDArray[np.float64], n: int) -> Check:
        """Pearson's chi-square of n values in equally likely bins: sum (counted - expected)^2 / expected."""
        expected = n / counts.size
        value = float(np.square(counts - expected).sum()) / expected
        return cls.of_chi_square(name, dtype, value, counts.size - 1)


@dataclass(frozen=True)
class Rung:
    """One way to compute a function: to be timed beside the others, in each dtype."""

    function: str
    name: str
    dtype: str
    n: int
    call: Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """The time of a rung for each number it makes: median and quartiles of the runs, in ns.

    `speed_up` has the baselines that compute the same function.
    """

    function: str
    name: str
    dtype: str
    n: int
    ns: float
    ns_quartiles: tuple[float, float]
    speed_up: dict[str, float]


@dataclass(frozen=True)
class Findings:
    """What a section learnt from measurements: lines for the table, and the same for JSON."""

    lines: list[str]
    data: dict[str, Any]


@dataclass(frozen=True)
class Section:
    """A topic: its checks, and its rungs where it is timed; both are functions of the job.

    The keys of `checks` are what the progress bar says meanwhile; `notes` are what a reader of the timings
    should know, once they are made; `findings` are what was learnt from measurements, where there are some.
    """

    title: str
    checks: Mapping[str, Callable[[Job], list[Check]]]
    unit: str = ""
    rungs: Callable[[Job], list[Rung]] | None = None
    notes: Callable[[], list[str]] = list
    findings: Callable[[Job], Findings] | None = None

    def steps(self, job: Job) -> int:
        """How often the progress bar moves."""
        return len(self.checks) + (0 if self.rungs is None else 1 + job.repeats)


@dataclass(frozen=True)
class Result:
    """What a section found."""

    title: str
    unit: str
    checks: list[Check]
    timings: list[Timing]
    notes: list[str]
    findings: Findings | None = None


@dataclass(frozen=True)
class Report:
    """What the main job found."""

    job: Job
    config: dict[str, Any]
    results: list[Result]

    @property
    def checks(self) -> list[Check]:
        """Those of all sections."""
        return [check for result in self.results for check in result.checks]

    @property
    def critical_distance(self) -> float:
        """The distance that none of m checks exceeds, but with probability ALPHA: Bonferroni, two-sided."""
        return NormalDist().inv_cdf(1 - ALPHA / (2 * len(self.checks)))

    def passes(self, check: Check) -> bool:
        """Whether a check is within the critical distance; NaN is not."""
        return abs(check.distance) <= self.critical_distance

    @property
    def failed(self) -> list[Check]:
        """The checks that do not pass."""
        return [check for check in self.checks if not self.passes(check)]

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON: null stands for inf and NaN, which JSON does not have."""
        sections = [
            {
                "title": result.title,
                "unit": result.unit,
                "checks": [{**_finite(vars(check)), "passed": self.passes(check)} for check in result.checks],
                "timings": [vars(timing) for timing in result.timings],
                "notes": result.notes,
                "findings": None if result.findings is None else result.findings.data,
            }
            for result in self.results
        ]
        return {
            "config": self.config,
            "job": vars(self.job),
            "alpha": ALPHA,
            "critical_distance": self.critical_distance,
            "passed": not self.failed,
            "sections": sections,
        }


def _finite(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in fields.items()
    }


# Given the number of steps: a context whose value is called at the start of each step, with its name.
Progress = Callable[[int], AbstractContextManager[Callable[[str], None]]]


def run(job: Job, sections: Sequence[Section], progress: Progress) -> Report:
    """Check and time every section."""
    config = fastdist.show_config(mode="dicts")
    with progress(sum(section.steps(job) for section in sections)) as start:
        return Report(job, config, [_run_section(job, section, start) for section in sections])


def _run_section(job: Job, section: Section, start: Callable[[str], None]) -> Result:
    checks = []
    for name, check in section.checks.items():
        start(f"check {name}")
        checks += check(job)
    timings = [] if section.rungs is None else _time(section.rungs(job), job.repeats, start)
    findings = None if section.findings is None else section.findings(job)
    return Result(section.title, section.unit, checks, timings, section.notes(), findings)


def _time(rungs: list[Rung], repeats: int, start: Callable[[str], None]) -> list[Timing]:
    """Time all rungs in turn, again and again, so that whatever disturbs the machine hits them alike."""
    ns = np.empty((repeats, len(rungs)))
    start("warm up")
    for rung in rungs:
        rung.call()
    for i in range(repeats):
        start(f"time, run {i + 1} of {repeats}")
        for j, rung in enumerate(rungs):
            began = perf_counter_ns()
            rung.call()
            ns[i, j] = (perf_counter_ns() - began) / rung.n
    low, median, high = np.percentile(ns, [25, 50, 75], axis=0).tolist()
    medians = {(rung.function, rung.name, rung.dtype): median[j] for j, rung in enumerate(rungs)}
    return [
        Timing(
            rung.function,
            rung.name,
            rung.dtype,
            rung.n,
            median[j],
            (low[j], high[j]),
            _speed_up(rung, median[j], medians),
        )
        for j, rung in enumerate(rungs)
    ]


def _speed_up(rung: Rung, ns: float, medians: dict[tuple[str, str, str], float]) -> dict[str, float]:
    """Against each baseline that there is, in the same dtype; pure Python has float64 only."""
    found = {
        baseline: medians.get((rung.function, baseline, "float64" if baseline == PURE_PYTHON else rung.dtype))
        for baseline in BASELINES
    }
    return {baseline: median / ns for baseline, median in found.items() if median is not None}


def scipy_stats() -> Any:
    """`scipy.stats`, or None without SciPy, which is optional."""
    try:
        import scipy.stats
    except ImportError:
        return None
    return scipy.stats


def scikit_learn_mixture() -> Any:
    """`sklearn.mixture`, or None without scikit-learn, which is optional."""
    try:
        import sklearn.mixture
    except ImportError:
        return None
    return sklearn.mixture


def in_one_thread(call: Callable[[], object]) -> Callable[[], object]:
    """The same call, which fastdist makes in one thread."""

    def alone() -> object:
        with fastdist.num_threads(1):
            return call()

    return alone
