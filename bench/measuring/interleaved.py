"""Rungs timed in turn, sweep after sweep, so that a noisy machine disturbs all alike.

The clock rate and the neighbours of a machine change within seconds, so times taken one after the other
do not compare.  Here a *sweep* goes through all groups (an operation and a case); of each, with new arrays
for the results, all rungs are timed in turn, in shuffled order and, if it can be, in quiet moments
(``quiet.py``).  A sweep takes minutes, so that one bad minute does not decide.  Those that come after the
first few are of the rungs alone that are not settled: that have not come near their shortest time three
times.

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
SECONDS_A_TIME = 5e-4
# A time is the shortest of so many repeats in a row, if they take no longer than that.
MOST_REPEATS, SECONDS_OF_REPEATS = 5, 3e-3
# In a sweep a rung has so many times, if they take no longer than that; with several threads more of them,
# since all CPUs are seldom quiet at once.
MOST_TIMES, MOST_TIMES_WITH_THREADS, SECONDS_OF_TIMES = 4, 8, 0.3
# What takes longer finds little of its data in the caches, whatever was called before.
SECONDS_OF_A_LONG_CALL = 10e-3
# So often is asked again whether calls are long enough, if they are not long.
CONFIRMATIONS = 2
# Of so many sweeps nothing is left out, however long they take.
FULL_SWEEPS = 3
# A rung is settled if its three shortest times are so near to each other.
SETTLED = 1.02
# A longer call has noisy moments and quiet ones each time: it gets no more times than the full sweeps have.
SECONDS_OF_MANY_MOMENTS = 0.5
SECONDS_IN_ALL = 17 * 60

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


class PreparedCall:
    """Of a rung, in arrays of its own."""

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

    def calibrate(self, cpus: CPUs) -> Loop:
        """As many calls as are long enough."""
        number = 1
        with self.on(cpus):
            while (seconds := self.confirmed(number)) < SECONDS_A_TIME:
                number *= 2
        return Loop(number, seconds)

    def confirmed(self, number: int) -> float:
        """Of so many calls.  One interruption must not make a short call look long enough."""
        seconds = self.timer.timeit(number)
        if SECONDS_A_TIME <= seconds < SECONDS_OF_A_LONG_CALL:
            return min(seconds, *self.timer.repeat(CONFIRMATIONS, number))
        return seconds

    def seconds(self, loop: Loop, cpus: CPUs) -> float:
        """A call.  One before it brings its data back into the caches, if it is not long."""
        with self.on(cpus):
            if not loop.has_long_calls:
                self.call()
            return min(self.timer.repeat(loop.repeats, loop.number)) / loop.number


@dataclass(frozen=True)
class Loop:
    """So many calls are timed at once, and take about so long."""

    number: int
    seconds: float

    @property
    def seconds_a_call(self) -> float:
        return self.seconds / self.number

    @property
    def has_long_calls(self) -> bool:
        return self.seconds_a_call > SECONDS_OF_A_LONG_CALL

    @property
    def repeats(self) -> int:
        """For one time."""
        return at_least_one(MOST_REPEATS, SECONDS_OF_REPEATS / self.seconds)

    def times_a_sweep(self, has_threads: bool) -> int:
        most = MOST_TIMES_WITH_THREADS if has_threads else MOST_TIMES
        return at_least_one(most, SECONDS_OF_TIMES / (self.repeats * self.seconds))


def at_least_one(most: int, as_many_as_fit: float) -> int:
    return max(1, min(most, int(as_many_as_fit)))


class Measurement:
    """The times of all groups, taken when the first is asked for."""

    def __init__(self, groups: Sequence[Group], quick: bool) -> None:
        self.groups = groups
        self.quick = quick
        self.taken: dict[Key, list[float]] = {}
        self.failed: dict[Key, Exception] = {}
        self.loops: dict[Key, Loop] = {}
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
                if self.sweeps >= FULL_SWEEPS and time.monotonic() > end:
                    return
                self.measure_group(group)
            self.sweeps += 1
            groups = [] if self.quick else [group for group in groups if any(self.answers_to_time(group))]
            self.shuffle(groups)  # so that it is not always the same ones that time is too short for

    def answers_to_time(self, group: Group) -> Iterator[tuple[Rung, Case]]:
        for rung, case in group.answers:
            key = group.key(rung)
            if key not in self.failed and not (self.sweeps >= FULL_SWEEPS and self.is_done(key)):
                yield rung, case

    def is_done(self, key: Key) -> bool:
        return is_settled(self.taken[key]) or self.loops[key].seconds_a_call > SECONDS_OF_MANY_MOMENTS

    def measure_group(self, group: Group) -> None:
        times = []
        for rung, case in self.answers_to_time(group):
            key = group.key(rung)
            with self.failure_of(key):
                prepared = PreparedCall(rung, case)
                already = 0
                if key not in self.loops:
                    self.begin(prepared, key)
                    already = 1
                more = self.loops[key].times_a_sweep(prepared.has_threads) - already
                times += [(prepared, key)] * more
        if self.quick:
            return
        self.shuffle(times)
        for prepared, key in times:
            if key not in self.failed:
                with self.failure_of(key):
                    self.take(prepared, key)

    @contextmanager
    def failure_of(self, key: Key) -> Iterator[None]:
        """What this rung raises is told where its times are asked for, and ends no other's."""
        try:
            yield
        except Exception as error:
            self.failed[key] = error

    def begin(self, prepared: PreparedCall, key: Key) -> None:
        """Check the results; then how many calls to time is found out, which is the first time."""
        with prepared.on(self.any_cpus_for(prepared)):
            check(prepared.rung, prepared.case, prepared.call)
        cpus, is_quiet = self.moment(prepared, SECONDS_A_TIME)
        self.loops[key] = prepared.calibrate(cpus)
        self.taken[key] = []
        self.record(key, self.loops[key].seconds_a_call, is_quiet)

    def take(self, prepared: PreparedCall, key: Key) -> None:
        loop = self.loops[key]
        cpus, is_quiet = self.moment(prepared, loop.repeats * loop.seconds)
        self.record(key, prepared.seconds(loop, cpus), is_quiet)

    def moment(self, prepared: PreparedCall, seconds: float) -> tuple[CPUs, bool]:
        """Where to time it, and whether it is quiet there now.  A quick run does not wait."""
        if self.quick:
            return self.any_cpus_for(prepared), False
        return self.probe.wait(seconds, prepared.has_threads)

    def any_cpus_for(self, prepared: PreparedCall) -> CPUs:
        return self.probe.all_cpus if prepared.has_threads else self.probe.single_cpus[0]

    def record(self, key: Key, seconds: float, is_quiet: bool) -> None:
        self.taken[key].append(seconds)
        self.times += 1
        self.quiet_times += is_quiet


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
