"""Rungs timed in turn, sweep after sweep, so that a noisy machine disturbs all alike.

The clock rate and the neighbours of a machine change within seconds, so times taken one after the other
do not compare.  Here a *sweep* goes through all groups (an operation and a case); of each, in new arrays, all
rungs are timed in turn, in shuffled order and, if it can be, in quiet moments (``quiet.py``).  Sweeps are
minutes apart, so that one bad minute does not decide.  Those that come after the first few are of the rungs
alone that are not settled: that have not come near their shortest time three times.

pytest-benchmark gets the times as if it had taken them: its timer reads them off the record.
"""

from __future__ import annotations

import random
import sys
import time
import timeit
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate

from tqdm import tqdm

import fastdist
from bench.cases.case import Call, Case, Operation, Rung, check
from bench.estimators import SHORTEST
from bench.measuring.quiet import CPUs, Probe, only_on

# Seconds.  Long enough that the clock and the loop do not count, short enough for quiet moments.
SECONDS_A_TIMING = 5e-4
# A time is the shortest of so many timings in a row, if they take no longer than that.
MOST_TIMINGS, SECONDS_OF_TIMINGS = 5, 3e-3
# In a sweep a rung has so many times, if they take no longer than that.
MOST_TIMES, SECONDS_OF_TIMES = 4, 0.1
# What takes longer finds little of its data in the caches, whatever was called before.
SECONDS_OF_A_LONG_CALL = 10e-3
# Of so many sweeps nothing is left out.
FULL_SWEEPS = 3
# A rung is settled if its three shortest times are so near to each other.
SETTLED = 1.02
SECONDS_IN_ALL = 16 * 60

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
        # On all CPUs: the threads that a library starts when it is imported keep the CPUs of that moment.
        self.call: Call = rung.start(case)
        self.timer = timeit.Timer(self.call)

    @property
    def has_threads(self) -> bool:
        return self.rung.threads > 1

    @contextmanager
    def on(self, cpus: CPUs) -> Iterator[None]:
        with fastdist.num_threads(self.rung.threads), only_on(cpus):
            yield

    def calibrate(self, cpus: CPUs) -> Calls:
        """As many calls as are long enough."""
        number = 1
        with self.on(cpus):
            while (seconds := self.timer.timeit(number)) < SECONDS_A_TIMING:
                number *= 2
        return Calls(number, seconds)

    def seconds(self, calls: Calls, cpus: CPUs) -> float:
        """A call.  One before it brings its data back into the caches, if it is not long."""
        with self.on(cpus):
            if not calls.are_long:
                self.call()
            return min(self.timer.repeat(calls.timings, calls.number)) / calls.number


@dataclass(frozen=True)
class Calls:
    """So many are timed at once, and take about so long."""

    number: int
    seconds: float

    @property
    def seconds_a_call(self) -> float:
        return self.seconds / self.number

    @property
    def are_long(self) -> bool:
        return self.seconds_a_call > SECONDS_OF_A_LONG_CALL

    @property
    def timings(self) -> int:
        """For one time."""
        return at_least_one(MOST_TIMINGS, SECONDS_OF_TIMINGS / self.seconds)

    @property
    def times(self) -> int:
        """In a sweep."""
        return at_least_one(MOST_TIMES, SECONDS_OF_TIMES / (self.timings * self.seconds))


def at_least_one(most: int, as_many_as_fit: float) -> int:
    return max(1, min(most, int(as_many_as_fit)))


class Measurement:
    """The times of all groups, taken when the first is asked for."""

    def __init__(self, groups: Sequence[Group], quick: bool) -> None:
        self.groups = groups
        self.quick = quick
        self.taken: dict[Key, list[float]] = {}
        self.failed: dict[Key, Exception] = {}
        self.calls: dict[Key, Calls] = {}
        self.sweeps = 0
        self.times = self.quiet_times = 0
        self.probe = Probe()
        self.shuffle = random.Random(0).shuffle
        self.done = False

    @property
    def described(self) -> dict[str, int]:
        return {
            "sweeps": self.sweeps,
            "times": self.times,
            "quiet_times": self.quiet_times,
            "rungs": len(self.taken),
            "settled_rungs": sum(map(is_settled, self.taken.values())),
        }

    def seconds(self, key: Key) -> list[float]:
        """A call of this rung, each time; or what it raised instead."""
        if not self.done:
            self.done = True  # not again for each key, if it raises
            self.measure()
        if key in self.failed:
            raise self.failed[key]
        return self.taken[key]

    def measure(self) -> None:
        end = time.monotonic() + SECONDS_IN_ALL
        if not self.quick:
            self.probe.look_around()
        groups = list(self.groups)
        while groups:
            for group in progress(groups, f"sweep {self.sweeps + 1}"):
                if self.sweeps > 0 and time.monotonic() > end:
                    return
                self.measure_group(group)
            self.sweeps += 1
            groups = [] if self.quick else [group for group in groups if any(self.answers_to_time(group))]
            self.shuffle(groups)  # so that it is not always the same ones that time is too short for

    def answers_to_time(self, group: Group) -> Iterator[tuple[Rung, Case]]:
        for rung, case in group.answers:
            key = group.key(rung)
            if key not in self.failed and not (self.sweeps >= FULL_SWEEPS and is_settled(self.taken[key])):
                yield rung, case

    def measure_group(self, group: Group) -> None:
        already = 1 if self.sweeps == 0 else 0
        several = []
        for timing in self.start(group):
            several += [timing] * (self.calls[group.key(timing.rung)].times - already)
        if not self.quick:
            self.shuffle(several)
            for timing in several:
                self.take(timing, group.key(timing.rung))

    def take(self, timing: Timing, key: Key) -> None:
        calls = self.calls[key]
        cpus, are_quiet = self.probe.wait(calls.timings * calls.seconds, timing.has_threads)
        self.taken[key].append(timing.seconds(calls, cpus))
        self.times += 1
        self.quiet_times += are_quiet

    def start(self, group: Group) -> Iterator[Timing]:
        """All that work.  In the first sweep their results are checked, and then they are timed once."""
        for rung, case in self.answers_to_time(group):
            key = group.key(rung)
            try:
                timing = Timing(rung, case)
                if key not in self.calls:
                    cpus = self.probe.every if timing.has_threads else self.probe.each[0]
                    with timing.on(cpus):
                        check(rung, case, timing.call)
                    self.calls[key] = timing.calibrate(cpus)
                    self.taken[key] = [self.calls[key].seconds_a_call]
            except Exception as error:  # which is this rung's alone
                self.failed[key] = error
                continue
            yield timing


def is_settled(seconds: Sequence[float]) -> bool:
    shortest = sorted(seconds)[:SHORTEST]
    return len(shortest) == SHORTEST and shortest[-1] <= SETTLED * shortest[0]


def progress(groups: Sequence[Group], description: str) -> Iterable[Group]:
    return tqdm(groups, description, unit="group", file=sys.__stderr__, disable=None, leave=False)


def recorded(seconds: Sequence[float]) -> Callable[[], float]:
    """A timer for pytest-benchmark that reads these times, one after the other, as its clock."""
    clock = accumulate(step for each in seconds for step in (0.0, each))

    def recorded_times() -> float:
        return next(clock)

    return recorded_times
