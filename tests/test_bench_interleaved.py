"""How many times a rung has, and what one that fails does to the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("bench.measuring", reason="the benchmarks are in the checkout alone")

from bench.cases.case import Call, Case, Operation, Rung
from bench.cases.densities import Function
from bench.measuring import interleaved
from bench.measuring.interleaved import (
    FULL_SWEEPS,
    MOST_TIMES,
    SECONDS_A_TIME,
    Group,
    Loop,
    Measurement,
    PreparedCall,
    is_settled,
    recorded,
)
from bench.operations import OPERATIONS

CASE = Function("pdf", "out", np.float64, 1000)
RUNG = next(
    rung
    for operation in OPERATIONS
    if operation.name == "norm.pdf, float64"
    for rung in operation.rungs
    if rung.name == "fastdist baseline"
)


def group_of(*rungs: Rung) -> Group:
    operation = Operation("pdf", [CASE], rungs, rungs[0].name, [])
    return Group(operation, CASE, operation.answers(CASE))


class ScriptedMeasurement(Measurement):
    """Of a rung's times some are given, and the last of them for ever after; nothing is called."""

    def __init__(self, script: dict[str, Sequence[float]]) -> None:
        super().__init__([group_of(*(replace(RUNG, name=name) for name in script))], quick=False)
        self.script = script

    def begin(self, prepared: PreparedCall, key: interleaved.Key) -> None:
        self.loops[key] = Loop(1, self.script[prepared.rung.name][0])
        self.taken[key] = []
        self.take(prepared, key)

    def take(self, prepared: PreparedCall, key: interleaved.Key) -> None:
        given = self.script[prepared.rung.name]
        self.record(key, given[min(len(self.taken[key]), len(given) - 1)], is_quiet=True)


def test_after_some_sweeps_settled_rungs_are_left_out():
    restless = [0.4, 0.35, 0.3, 0.25]  # so long that it is once a sweep
    measurement = ScriptedMeasurement({"steady": [0.4], "restless": restless})
    measurement.measure()
    (group,) = measurement.groups
    assert [len(measurement.taken[group.key(rung)]) for rung, _ in group.answers] == [FULL_SWEEPS, 6]
    assert measurement.taken[group.key(group.answers[1][0])] == [*restless, 0.25, 0.25]
    assert measurement.described == {
        "sweeps": 6,
        "times": FULL_SWEEPS + 6,
        "quiet_times": FULL_SWEEPS + 6,
        "rungs": 2,
        "settled_rungs": 2,
    }


def test_what_takes_very_long_has_the_full_sweeps_alone():
    measurement = ScriptedMeasurement({"restless": [0.9, 0.8, 0.7, 0.6]})
    measurement.measure()
    assert measurement.described["times"] == FULL_SWEEPS
    assert measurement.described["settled_rungs"] == 0


def test_when_time_is_up_the_full_sweeps_are_made_all_the_same(monkeypatch):
    monkeypatch.setattr(interleaved, "SECONDS_IN_ALL", 0)
    measurement = ScriptedMeasurement({"restless": [1 / n for n in range(3, 100)]})
    measurement.measure()
    assert measurement.described["times"] == FULL_SWEEPS
    assert measurement.described["settled_rungs"] == 0


def test_a_short_call_has_several_times_a_sweep_and_a_quick_run_one(monkeypatch):
    monkeypatch.setattr(interleaved, "SECONDS_IN_ALL", 0)
    for quick, times in ((False, MOST_TIMES * FULL_SWEEPS), (True, 1)):
        measurement = Measurement([group_of(RUNG)], quick)
        measurement.measure()
        (taken,) = measurement.taken.values()
        assert len(taken) == times
        assert min(taken) > 0


def failing_at(call_number: int) -> Callable[[Case], Call]:
    def start(case: Case) -> Call:
        call, calls = RUNG.start(case), iter(range(1, call_number))

        def fail_in_the_end():
            if next(calls, None) is None:
                raise ZeroDivisionError("in the end")
            return call()

        return fail_in_the_end

    return start


def test_a_rung_that_fails_later_fails_alone(monkeypatch):
    monkeypatch.setattr(interleaved, "SECONDS_IN_ALL", 0)
    # It is checked in two calls, and then calibrated.
    group = group_of(replace(RUNG, name="fails", start=failing_at(10)), RUNG)
    measurement = Measurement([group], quick=False)
    with pytest.raises(ZeroDivisionError, match="in the end"):
        measurement.seconds(group.key(group.answers[0][0]))
    assert len(measurement.seconds(group.key(RUNG))) == MOST_TIMES * FULL_SWEEPS


class ScriptedTimer:
    """A call takes a microsecond, but the first time something gets in between."""

    def __init__(self) -> None:
        self.interruptions = [SECONDS_A_TIME]

    def timeit(self, number: int) -> float:
        return number * 1e-6 + (self.interruptions.pop() if self.interruptions else 0)

    def repeat(self, repeat: int, number: int) -> list[float]:
        return [self.timeit(number) for _ in range(repeat)]


def test_an_interruption_does_not_make_a_short_call_long_enough():
    prepared = PreparedCall(RUNG, CASE)
    prepared.timer = ScriptedTimer()
    loop = prepared.calibrate(frozenset({0}))
    assert loop.number == 512
    assert loop.seconds_a_call == pytest.approx(1e-6)


def test_pytest_benchmark_reads_the_times_off_its_clock():
    clock = recorded([0.5, 0.25])
    assert [end - start for start, end in ((clock(), clock()), (clock(), clock()))] == [0.5, 0.25]


@pytest.mark.parametrize(
    ("seconds", "repeats", "times", "has_long_calls"),
    [(6e-4, 5, 4, False), (2e-3, 1, 4, False), (90e-3, 1, 3, True), (0.2, 1, 1, True), (5.0, 1, 1, True)],
)
def test_what_is_short_is_timed_more_often(seconds, repeats, times, has_long_calls):
    loop = Loop(number=1, seconds=seconds)
    assert (loop.repeats, loop.has_long_calls) == (repeats, has_long_calls)
    assert loop.times_a_sweep(has_threads=False) == times
    assert loop.times_a_sweep(has_threads=True) == (2 * times if times == MOST_TIMES else times)


@pytest.mark.parametrize(
    ("seconds", "settled"),
    [
        ([1.0, 1.01], False),
        ([1.0, 1.01, 1.02], True),
        ([1.0, 1.01, 1.03], False),
        ([9.0, 1.02, 5.0, 1.0, 1.01], True),
    ],
)
def test_a_rung_is_settled_when_its_three_shortest_times_are_near(seconds: Sequence[float], settled: bool):
    assert is_settled(seconds) == settled
