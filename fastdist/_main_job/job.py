"""Sections of checks and timings, and how they are run into a report.

Whoever shows a report (table, JSON) reads these dataclasses and measures nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import isfinite
from statistics import NormalDist
from time import perf_counter_ns
from typing import Any

import numpy as np

import fastdist

# The probability that a run with a random seed fails although all is well, for all checks together.
ALPHA = 1e-4

DTYPES = ("float64", "float32")
PURE_PYTHON, NUMPY = "pure Python", "NumPy"
ONE_THREAD, ALL_THREADS = "fastdist, one thread", "fastdist, all threads"
BASELINES = (PURE_PYTHON, NUMPY)


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


@dataclass(frozen=True)
class Rung:
    """One way to fill an array: to be timed beside the others."""

    name: str
    dtype: str
    n: int
    call: Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """The time of a rung for each number it makes: median and quartiles of the runs, in ns."""

    name: str
    dtype: str
    n: int
    ns: float
    ns_quartiles: tuple[float, float]
    speed_up: dict[str, float]


@dataclass(frozen=True)
class Section:
    """A topic: its checks, and its rungs where it is timed; both are functions of the job.

    The keys of `checks` are what the progress bar says meanwhile.
    """

    title: str
    checks: Mapping[str, Callable[[Job], list[Check]]]
    unit: str = ""
    rungs: Callable[[Job], list[Rung]] | None = None

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
        name: None if isinstance(value, float) and not isfinite(value) else value
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
    return Result(section.title, section.unit, checks, timings)


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
    medians = {(rung.name, rung.dtype): median[j] for j, rung in enumerate(rungs)}
    return [
        Timing(rung.name, rung.dtype, rung.n, median[j], (low[j], high[j]), _speed_up(rung, medians))
        for j, rung in enumerate(rungs)
    ]


def _speed_up(rung: Rung, medians: dict[tuple[str, str], float]) -> dict[str, float]:
    """Against each baseline in the same dtype; pure Python has float64 only."""
    ns = medians[rung.name, rung.dtype]
    return {
        baseline: medians.get((baseline, rung.dtype), medians[baseline, "float64"]) / ns
        for baseline in BASELINES
    }
