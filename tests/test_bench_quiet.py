"""Times in quiet moments: how long is waited for them and where."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from itertools import chain, repeat

import pytest

pytest.importorskip("bench.measuring", reason="the benchmarks are in the checkout alone")

from bench.measuring import quiet
from bench.measuring.quiet import LONGEST_PATIENCE, QUIET, SHORTEST_PATIENCE, CPUs, Probe, only_on

FIRST, SECOND = frozenset({1}), frozenset({0})
BOTH = FIRST | SECOND
BUSY = 1.7


class ScriptedProbe(Probe):
    """Of two CPUs; what it finds is given, one time after the other, and takes as long as it is asked to."""

    def __init__(self, slowdowns: Iterator[float]) -> None:
        self.single_cpus, self.all_cpus = [FIRST, SECOND], BOTH
        self.slowdowns = slowdowns
        self.asked: list[CPUs] = []
        self.now = 0.0

    def slowdown(self, cpus: CPUs, span: float) -> float:
        self.asked.append(cpus)
        self.now += span
        return next(self.slowdowns)

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def probe_that_finds(monkeypatch):
    def make(*slowdowns: float, then: float | None = None) -> ScriptedProbe:
        probe = ScriptedProbe(chain(slowdowns, () if then is None else repeat(then)))
        monkeypatch.setattr(quiet.time, "perf_counter", probe.perf_counter)
        return probe

    return make


def test_what_is_quiet_is_not_waited_for(probe_that_finds):
    probe = probe_that_finds(QUIET)
    assert probe.wait(1e-3) == (FIRST, True)
    assert probe.asked == [FIRST]


def test_the_cpu_that_is_quiet_first_is_taken(probe_that_finds):
    probe = probe_that_finds(BUSY, BUSY, BUSY, 1.0)
    assert probe.wait(1e-3) == (SECOND, True)
    assert probe.asked == [FIRST, SECOND, FIRST, SECOND]


def test_what_has_threads_needs_all_cpus_quiet(probe_that_finds):
    probe = probe_that_finds(BUSY, 1.0)
    assert probe.wait(1e-3, needs_all=True) == (BOTH, True)
    assert probe.asked == [BOTH] * 2


@pytest.mark.parametrize(
    ("seconds", "needs_all", "patience"),
    [
        (1e-6, False, SHORTEST_PATIENCE),
        (20e-3, False, 20e-3),
        (60.0, False, LONGEST_PATIENCE),
        (1e-6, True, LONGEST_PATIENCE),
    ],
)
def test_after_some_time_any_moment_will_do(probe_that_finds, seconds, needs_all, patience):
    probe = probe_that_finds(then=BUSY)
    cpus, is_quiet = probe.wait(seconds, needs_all)
    assert cpus == probe.asked[-1]
    assert not is_quiet
    a_probe = probe.now / len(probe.asked)
    assert patience <= probe.now < patience + 1.5 * a_probe


def test_a_slowdown_is_of_the_slowest_cpu_against_the_best_ever_seen(monkeypatch):
    probe = Probe()
    seconds = {FIRST: 3e-6, SECOND: 2e-6}
    monkeypatch.setattr(probe, "_seconds", lambda cpu, span: seconds[frozenset({cpu})])
    monkeypatch.setattr(probe, "_best", 2e-6)
    assert probe.slowdown(FIRST, 1e-4) == 1.5
    assert probe.slowdown(SECOND, 1e-4) == 1
    assert probe.slowdown(BOTH, 1e-4) == 1.5


def test_a_probe_knows_its_best_after_a_look_around(monkeypatch):
    monkeypatch.setattr(quiet, "SECONDS_OF_A_LOOK_AROUND", 0.01)
    probe = Probe()
    probe.look_around()
    assert math.isfinite(probe._best)
    for cpus in (*probe.single_cpus, probe.all_cpus):
        assert 1 <= probe.slowdown(cpus, span=1e-4) < 1000


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process to a CPU")
def test_a_process_is_on_these_cpus_and_then_where_it_was():
    before = os.sched_getaffinity(0)
    one = frozenset({max(before)})
    with only_on(one):
        assert os.sched_getaffinity(0) == one
    assert os.sched_getaffinity(0) == before
