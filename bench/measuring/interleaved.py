"""Rungs timed in turn, round after round and sweep after sweep, so that a noisy machine disturbs all alike.

The clock rate and the neighbours of a machine change within seconds, so times taken one after the other
do not compare.  Here a *round* times each rung of a group (an operation and a case) once, in shuffled
order: a ratio within a round compares times a few milliseconds apart.  A *sweep* goes through all groups
with some rounds each, in new arrays; sweeps are minutes apart, so that one bad minute does not decide.
What time is left goes to groups whose ratios are not settled: another in every other sweep.

pytest-benchmark gets the times as if it had taken them: its timer reads them off the record.
"""

from __future__ import annotations

import os
import random
import sys
import time
import timeit
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from tqdm import tqdm

import fastdist
from bench.cases.case import Call, Case, Operation, Rung, check
from bench.estimators import low_quantile
from bench.measuring.machine import usable_cpus

SWEEPS = 6
MOST_ROUNDS = 7
# What a group may take in a sweep, unless one round takes longer.
SECONDS_A_GROUP = 0.3
# Of a group whose round takes longer than this only every other sweep is made.
SECONDS_OF_A_SLOW_ROUND = 1.0
# Long enough that the clock's resolution and the loop do not count, short enough for many rounds.
SECONDS_A_TIMING = 2e-3
# Groups with a ratio that differs by more from one half of the sweeps to the other are measured again, the
# worst first, until there is none or all sweeps have taken so long.
SETTLED = 0.05
SECONDS_IN_ALL = 14 * 60

# By operation, case and rung.
Key = tuple[str, Case, str]


@dataclass(frozen=True)
class Group:
    """The rungs that answer one case of an operation, and what each of them does."""

    operation: Operation
    case: Case
    answers: Sequence[tuple[Rung, Case]]

    def key(self, rung: Rung) -> Key:
        return self.operation.name, self.case, rung.name


class Timing:
    """A call, made ready."""

    def __init__(self, rung: Rung, case: Case) -> None:
        self.rung, self.case = rung, case
        # Not alone: the threads that a library starts when it is imported keep the CPUs of that moment.
        self.call: Call = rung.start(case)
        self.timer = timeit.Timer(self.call)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """On the last CPU if it has one thread, on all if it has more: the first serves interrupts."""
        every = usable_cpus()
        with fastdist.num_threads(self.rung.threads):
            if self.rung.threads > 1 or not hasattr(os, "sched_setaffinity"):
                yield
                return
            os.sched_setaffinity(0, {max(every)})
            try:
                yield
            finally:
                os.sched_setaffinity(0, every)

    def calibrate(self) -> tuple[int, float]:
        """How many calls are long enough, and the seconds that a round of them takes."""
        number = 1
        with self.alone():
            while (seconds := self.timer.timeit(number)) < SECONDS_A_TIMING:
                number *= 2
        return number, seconds * (1 + 1 / number)

    def seconds(self, number: int) -> float:
        """A call.  One before it brings its data back into the caches, and its temporaries' pages."""
        with self.alone():
            self.call()
            return self.timer.timeit(number) / number


class Measurement:
    """The times of all groups, taken when the first is asked for."""

    def __init__(self, groups: Sequence[Group], quick: bool) -> None:
        self.groups = groups
        self.quick = quick
        self.taken: dict[Key, list[float]] = {}
        self.failed: dict[Key, Exception] = {}
        self.numbers: dict[Key, int] = {}
        self.rounds: list[int] = [1] * len(groups)
        self.slow: set[int] = set()
        self.shuffle = random.Random(0).shuffle
        self.done = False

    def seconds(self, key: Key) -> list[float]:
        """A call of this rung, round by round; or what it raised instead."""
        if not self.done:
            self.done = True  # not again for each key, if it raises
            self.measure()
        if key in self.failed:
            raise self.failed[key]
        return self.taken[key]

    def measure(self) -> None:
        end = time.monotonic() + SECONDS_IN_ALL
        sweeps = 1 if self.quick else SWEEPS
        every = [(sweep, i) for sweep in range(sweeps) for i in range(len(self.groups))]
        for sweep, i in tqdm(every, unit="group", file=sys.__stderr__, disable=None, leave=False):
            if sweep % 2 == 0 or i not in self.slow:
                self.measure_group(i, first=sweep == 0)
        if not self.quick:
            self.settle(end)

    def settle(self, end: float) -> None:
        """More sweeps, of what needs them, while there is time."""
        unsettled = self.unsettled()
        with tqdm(unit="group", desc="again", file=sys.__stderr__, disable=None, leave=False) as progress:
            while unsettled:
                for i in unsettled:
                    if time.monotonic() > end:
                        return
                    self.measure_group(i, first=False)
                    progress.update()
                unsettled = self.unsettled()

    def unsettled(self) -> list[int]:
        """The worst group first."""
        differences = {i: self.difference_of_halves(i) for i in range(len(self.groups))}
        worst_first = sorted(differences, key=lambda i: differences[i], reverse=True)
        return [i for i in worst_first if differences[i] > SETTLED]

    def difference_of_halves(self, i: int) -> float:
        """By how much the logarithm of a ratio differs, at most, between every other sweep and the rest."""
        halves = []
        for key in map(self.groups[i].key, (rung for rung, _ in self.groups[i].answers)):
            if key not in self.failed:
                sweeps = np.array(self.taken[key]).reshape(-1, self.rounds[i])
                halves.append([low_quantile(sweeps[::2]), low_quantile(sweeps[1::2])])
        if not halves:
            return 0.0
        odd, even = np.log(halves).T
        return float(np.ptp(odd - even))

    def measure_group(self, i: int, first: bool) -> None:
        group = self.groups[i]
        one_round = 0.0
        timings = []
        for timing in self.start(group, first):
            timings.append(timing)
            if first and not self.quick:
                number, seconds = timing.calibrate()
                self.numbers[group.key(timing.rung)] = number
                one_round += seconds
        if first and not self.quick and timings:
            self.rounds[i] = max(1, min(MOST_ROUNDS, int(SECONDS_A_GROUP / one_round)))
            if one_round > SECONDS_OF_A_SLOW_ROUND:
                self.slow.add(i)
        for _ in range(self.rounds[i]):
            self.shuffle(timings)
            for timing in timings:
                key = group.key(timing.rung)
                self.taken[key].append(timing.seconds(self.numbers[key]))

    def start(self, group: Group, first: bool) -> Iterator[Timing]:
        """All that work; in the first sweep their results are checked before anything is timed."""
        for rung, case in group.answers:
            key = group.key(rung)
            if key in self.failed:
                continue
            try:
                timing = Timing(rung, case)
                if first:
                    with timing.alone():
                        check(rung, case, timing.call)
                    self.numbers[key] = 1
                    self.taken[key] = []
            except Exception as error:  # which is this rung's alone
                self.failed[key] = error
                continue
            yield timing


def recorded(seconds: Sequence[float]) -> Callable[[], float]:
    """A timer for pytest-benchmark that reads these times, one after the other, as its clock."""
    clock = accumulate(step for each in seconds for step in (0.0, each))

    def recorded_times() -> float:
        return next(clock)

    return recorded_times
