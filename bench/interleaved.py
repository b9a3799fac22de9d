"""Comparisons: rungs timed in turn, round after round, and the ratios within a round.

The clock rate and the neighbours of a machine change within seconds, so times taken one after the other
do not compare.  Here every round times each rung of a comparison once, in shuffled order; a ratio is the
median over the rounds of the ratio within a round.
"""

from __future__ import annotations

import random
import statistics
import timeit
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ladder import Call, Case, Rung, check

import fastdist

# Long enough that the clock's resolution and the loop do not count, short enough for many rounds.
SECONDS_A_TIMING = 2e-3


class Timing:
    """One rung of one comparison: its call, and what that took in each round."""

    def __init__(self, rung: Rung, case: Case) -> None:
        self.rung = rung
        self.case = case
        self.call: Call = rung.start(case)
        self.timer = timeit.Timer(self.call)
        self.seconds: list[float] = []
        with fastdist.num_threads(rung.threads):
            check(rung, case, self.call)
            self.number = 1
            while self.number < 1 << 20 and self.timer.timeit(self.number) < SECONDS_A_TIMING:
                self.number *= 2

    def time(self) -> None:
        with fastdist.num_threads(self.rung.threads):
            self.call()  # what another rung has left in the caches is not this one's to pay for
            self.seconds.append(self.timer.timeit(self.number) / self.number)

    def times_as_fast_as(self, other: Timing) -> float:
        """For each number, if they do not make equally many."""
        scale = self.case.size / other.case.size
        pairs = zip(other.seconds, self.seconds, strict=True)
        return statistics.median(scale * theirs / ours for theirs, ours in pairs)


@dataclass(frozen=True)
class Against:
    """A column of ratios: what a timing is held against is the first for which ``is_it(timing, other)``."""

    heading: str
    is_it: Callable[[Timing, Timing], bool]

    def ratio(self, timing: Timing, timings: Sequence[Timing]) -> float | None:
        for other in timings:
            if self.is_it(timing, other):
                return timing.times_as_fast_as(other)
        return None


def against(heading: str, rung: Rung) -> Against:
    return Against(heading, lambda timing, other: other.rung.name == rung.name)


def same_on_one_thread(timing: Timing, other: Timing) -> bool:
    return other.rung.level == timing.rung.level is not None and other.rung.threads == 1


def same_in_float64(timing: Timing, other: Timing) -> bool:
    return other.rung is timing.rung and other.case.dtype is np.float64


X_ONE, X_FLOAT64 = Against("x one", same_on_one_thread), Against("x float64", same_in_float64)


@dataclass(frozen=True)
class Goal:
    """How many times as fast as ``against`` each rung shall be, at least, and better still ``better``.

    With ``at_most`` it is how many times as long it may take.  ``of`` is what is not the comparison's title.
    """

    rungs: Sequence[Rung]
    against: Against
    asked: float
    better: float | None = None
    at_most: bool = False
    of: str | None = None

    def reached(self, measured: float) -> bool:
        return measured <= self.asked if self.at_most else measured >= self.asked


@dataclass(frozen=True)
class Comparison:
    """Rungs, timed in turn on one case or what is nearest to it, and ``beside`` them rungs on other cases."""

    title: str
    case: Case
    rungs: Sequence[Rung]
    columns: Sequence[Against]
    goals: Sequence[Goal] = ()
    beside: Sequence[tuple[Rung, Case]] = ()


def compare(comparison: Comparison, rounds: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The figures of each timing, and of each goal."""
    pairs = [(rung, rung.nearest(comparison.case)) for rung in comparison.rungs]
    pairs += comparison.beside
    timings = [Timing(rung, case) for rung, case in pairs if case is not None and rung.missing is None]
    order = list(timings)
    shuffle = random.Random(0).shuffle
    for _ in range(rounds):
        shuffle(order)
        for timing in order:
            timing.time()
    rows = [row(timing, timings, comparison) for timing in timings]
    return rows, [measured(goal, timings, comparison) for goal in comparison.goals]


def row(timing: Timing, timings: Sequence[Timing], comparison: Comparison) -> dict[str, Any]:
    size = timing.case.size
    lower, median, upper = statistics.quantiles(timing.seconds, n=4, method="inclusive")
    return {
        "comparison": comparison.title,
        "case": str(timing.case),
        "rung": timing.rung.name,
        "label": label(timing, comparison),
        "level": timing.rung.level,
        "threads": timing.rung.threads,
        "ns_a_call": median * 1e9,
        "ns_each": median / size * 1e9,
        "lower_quartile": lower / size * 1e9,
        "upper_quartile": upper / size * 1e9,
        "times": {column.heading: column.ratio(timing, timings) for column in comparison.columns},
        "rounds": len(timing.seconds),
    }


def label(timing: Timing, comparison: Comparison) -> str:
    """The rung, and how its case differs from the comparison's."""
    case, asked = timing.case, comparison.case
    notes = []
    if case.method != asked.method:
        notes.append(case.method)
    if case.dtype is not asked.dtype:
        notes.append(case.dtype.__name__)
    if case.size != asked.size:
        notes.append(f"{case.size:_} at once")
    elif case.form != asked.form:
        notes.append("new array" if case.form == "new" else "given array")
    return f"{timing.rung.name} ({', '.join(notes)})" if notes else timing.rung.name


def measured(goal: Goal, timings: Sequence[Timing], comparison: Comparison) -> dict[str, Any]:
    """The ratio of each level for which the goal's rungs were timed."""
    names = {rung.name for rung in goal.rungs}
    ratios: dict[str, float] = {}
    for timing in timings:
        ratio = goal.against.ratio(timing, timings) if timing.rung.name in names else None
        if ratio is not None and timing.rung.level is not None and timing.case == comparison.case:
            ratios[timing.rung.level] = 1 / ratio if goal.at_most else ratio
    return {
        "of": goal.of or comparison.title,
        "against": goal.against.heading,
        "asked": goal.asked,
        "better": goal.better,
        "at_most": goal.at_most,
        "measured": ratios,
        "reached": {level: goal.reached(ratio) for level, ratio in ratios.items()},
    }
