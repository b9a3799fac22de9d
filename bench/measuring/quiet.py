"""Quiet moments: those in which nobody else works on the core, so that a time repeats.

A CPU of a virtual machine may be one of the two hardware threads of a core, the other one somebody else's.
While that one works, code that keeps the execution ports busy takes up to twice as long, and code that waits
for its own results hardly longer: not the times alone are others then, but their ratios, and to take them in
turn does not help.  It comes and goes, for fractions of a millisecond and for minutes.

A `Probe` tells: a few thousand normals, made in the L1 cache, keep the ports busy.  Times are taken where,
and when, it is as fast as it ever was.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

import fastdist
from bench.measuring.machine import usable_cpus

CPUs = frozenset[int]

PROBE_SIZE = 2048  # float64: 16 KiB, some microseconds
# Times the shortest: with neighbours it takes 1.2 to 2 times as long, without up to 1.06.
QUIET = 1.1
# Seconds that a probe goes on: the tenth of what is timed, within these, shared by the CPUs.
SHORTEST_SPAN, LONGEST_SPAN = 1e-4, 5e-3
# Seconds that a quiet moment is waited for: as long as what is timed takes, within these; the longest if it
# has to be quiet on all CPUs.
SHORTEST_PATIENCE, LONGEST_PATIENCE = 10e-3, 30e-3
SECONDS_OF_A_LOOK_AROUND = 1.0


class Probe:
    """How much slower the CPUs are now than at their best, which has to be seen first: `look_around`."""

    def __init__(self) -> None:
        self._draw, self._out = fastdist.default_rng(0).standard_normal, np.ones(PROBE_SIZE)
        self._best = math.inf
        self.all_cpus = frozenset(usable_cpus()) if hasattr(os, "sched_setaffinity") else frozenset({0})
        # The last one first: the first serves interrupts.
        self.single_cpus = [frozenset({cpu}) for cpu in sorted(self.all_cpus, reverse=True)]

    def look_around(self) -> None:
        for cpus in self.single_cpus:
            end = time.perf_counter() + SECONDS_OF_A_LOOK_AROUND / len(self.single_cpus)
            while time.perf_counter() < end:
                self.slowdown(cpus, SHORTEST_SPAN)

    def slowdown(self, cpus: CPUs, span: float) -> float:
        """Of the slowest of these, asked for so many seconds in all; the best ever seen, of any, is 1."""
        return max(self._seconds(cpu, span / len(cpus)) for cpu in cpus) / self._best

    def _seconds(self, cpu: int, span: float) -> float:
        """A draw, on average of a span."""
        with only_on(frozenset({cpu})):
            self._draw(out=self._out)
            start, seconds, draws = time.perf_counter(), 0.0, 0
            while seconds < span:
                self._draw(out=self._out)
                draws += 1
                seconds = time.perf_counter() - start
        self._best = min(self._best, seconds / draws)
        return seconds / draws

    def wait(self, seconds: float, needs_all: bool = False) -> tuple[CPUs, bool]:
        """A CPU that is quiet, or all, for what takes about so many seconds; after some time, any.

        The second tells whether they are quiet.
        """
        span = within(seconds / 10, SHORTEST_SPAN, LONGEST_SPAN)
        patience = LONGEST_PATIENCE if needs_all else within(seconds, SHORTEST_PATIENCE, LONGEST_PATIENCE)
        end = time.perf_counter() + patience
        while True:
            for cpus in [self.all_cpus] if needs_all else self.single_cpus:
                if self.slowdown(cpus, span) <= QUIET:
                    return cpus, True
                if time.perf_counter() >= end:
                    return cpus, False


def within(x: float, lowest: float, highest: float) -> float:
    return min(max(x, lowest), highest)


@contextmanager
def only_on(cpus: CPUs) -> Iterator[None]:
    """Where the system can do it."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
