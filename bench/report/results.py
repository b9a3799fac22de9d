"""A run's JSON as objects, and the ratios of what was timed in turn."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bench.estimators import ESTIMATOR, ESTIMATORS, SHORTEST, Array
from bench.measuring.machine import family_and_model

LADDER = "ladder"
NO_PEERS = ("fastdist", "ladder", "limit")
IDENTITY = ("CPU", "CPU model", "CPUs", "caches", "instruction set")


@dataclass(frozen=True)
class Ratio:
    """How many times as fast.

    ``value`` is of the best times; ``lower`` and ``upper`` are of the best of one and the third best of the
    other.
    """

    value: float
    lower: float
    upper: float


def ratio(theirs: Timing, ours: Timing, estimator: str = ESTIMATOR) -> Ratio:
    """Of two timings of one group, for each element."""
    (their_first, their_third), (our_first, our_third) = theirs.first_and_third, ours.first_and_third
    value = ESTIMATORS[estimator](theirs.ns, ours.ns)
    return Ratio(value, their_first / our_third, their_third / our_first)


@dataclass(frozen=True)
class Timing:
    """One rung in one group.  ``size`` is less than ``asked_size`` where a rung is too slow for all."""

    rung: str
    family: str
    threads: int
    size: int
    asked_size: int
    seconds: tuple[float, ...]

    @cached_property
    def ns(self) -> Array:
        """An element, each time."""
        return np.array(self.seconds) * (1e9 / self.size)

    @property
    def first_and_third(self) -> tuple[float, float]:
        """Of the shortest times, between which the others of these are."""
        shortest = np.sort(self.ns)[:SHORTEST]
        return float(shortest[0]), float(shortest[-1])

    @property
    def best(self) -> float:
        return float(self.ns.min())

    @property
    def median(self) -> float:
        return float(np.median(self.ns))

    @property
    def quartiles(self) -> tuple[float, float]:
        lower, upper = np.quantile(self.ns, (0.25, 0.75))
        return float(lower), float(upper)

    @property
    def is_peer(self) -> bool:
        return self.family not in NO_PEERS


@dataclass(frozen=True)
class Group:
    """All rungs of one operation and one case."""

    topic: str
    operation: str
    case: str
    dtype: str
    element: str
    size: int
    headline: bool
    peer: str | None
    timings: tuple[Timing, ...]

    @property
    def name(self) -> str:
        """Of the operation, where those of other topics stand beside it."""
        told = self.operation.startswith(self.topic)
        return self.operation if told else f"{self.topic}: {self.operation}"

    def timing(self, rung: str) -> Timing | None:
        return next((timing for timing in self.timings if timing.rung == rung), None)

    @property
    def peers(self) -> list[Timing]:
        return [timing for timing in self.timings if timing.is_peer]

    @property
    def ours(self) -> list[Timing]:
        return [timing for timing in self.timings if timing.family == "fastdist"]


@dataclass(frozen=True)
class UsedRung:
    """A rung of a topic: how it is used, or why it is ``missing``."""

    topic: str
    name: str
    family: str
    how: str
    missing: str | None


@dataclass(frozen=True)
class Key:
    """Names a ratio across runs."""

    operation: str
    case: str
    ours: str
    against: str


# Rows of a table as the JSON has them, or a sentence that says why there are none.
Rows = tuple[Mapping[str, Any], ...] | str


@dataclass(frozen=True)
class Run:
    path: Path
    date: str
    commit: str
    dirty: bool
    quick: bool
    sweeps: int
    seconds: float
    quiet: float | None  # of the times, the share that began in quiet moments, where that was asked
    settled: float | None  # of the rungs, the share that came near their shortest time three times
    same_addresses: bool | None  # in each run, where that was asked
    load_before: tuple[float, ...]
    load_after: tuple[float, ...]
    machine: Mapping[str, Any]
    groups: tuple[Group, ...]
    rungs: tuple[UsedRung, ...]
    left_out: tuple[str, ...] = ()
    programs: Rows = field(default=())
    limits: Rows = field(default=())
    memory: Rows = field(default=())

    @property
    def level(self) -> str:
        """The instruction set in use."""
        return str(self.machine["instruction set"])

    @property
    def identity(self) -> tuple[Any, ...]:
        """Of the machine, and of the instruction set in use, which may be forced."""
        return tuple(self.machine[name] for name in IDENTITY)

    @property
    def cpu_name(self) -> str:
        return f"{self.machine['CPU']} ({self.machine['CPU model']})"

    @property
    def machine_name(self) -> str:
        """All of the identity, so that two machines never have one name."""
        return f"{self.cpu_name}, {self.machine['CPUs']} CPUs, {self.machine['caches']}, {self.level}"

    @property
    def topics(self) -> list[str]:
        return list(dict.fromkeys(group.topic for group in self.groups))

    @property
    def headlines(self) -> list[Group]:
        return [group for group in self.groups if group.headline]

    def ours(self, group: Group, threads: int = 1) -> Timing | None:
        """fastdist at the level in use, on so many threads, or on one where it was not timed on them."""
        alone = group.timing(f"fastdist {self.level}")
        return next((t for t in group.ours if t.threads == threads > 1), alone)

    def ratios(self, estimator: str = ESTIMATOR) -> dict[Key, Ratio]:
        """Each rung of fastdist against each other rung and, on several threads, against one.

        The ladder's steps are against pure Python.
        """
        return {
            Key(group.operation, group.case, ours.rung, theirs.rung): ratio(theirs, ours, estimator)
            for group in self.groups
            for theirs, ours in self._pairs(group)
        }

    def _pairs(self, group: Group) -> Iterator[tuple[Timing, Timing]]:
        if group.topic == LADDER:
            first = first_step(group)
            if first is not None:
                yield from ((first, step) for step in group.timings if step is not first)
            return
        alone = self.ours(group)
        for ours in group.ours:
            yield from ((theirs, ours) for theirs in group.timings if theirs.family != "fastdist")
            if ours.threads > 1 and alone is not None:
                yield alone, ours


def first_step(group: Group) -> Timing | None:
    """Of the ladder: pure Python."""
    return next((timing for timing in group.timings if timing.family == "pure Python"), None)


def load(path: Path) -> Run:
    """Raises RuntimeError if ``python -m bench run`` has not written it."""
    try:
        return _run(path, json.loads(path.read_text()))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise RuntimeError(
            f"{path} was not written by python -m bench run, or by another version of it, or is damaged "
            f"({type(error).__name__}: {error})"
        ) from error


def _run(path: Path, saved: Mapping[str, Any]) -> Run:
    how = saved["run"]
    return Run(
        path=path,
        date=saved["datetime"],
        commit=saved["commit_info"]["id"],
        dirty=bool(saved["commit_info"]["dirty"]),
        quick=how["quick"],
        sweeps=how["sweeps"],
        seconds=how["seconds"],
        quiet=_share(how, "quiet_times", "times"),
        settled=_share(how, "settled_rungs", "rungs"),
        same_addresses=how.get("same_addresses"),
        load_before=tuple(how["load_before"]),
        load_after=tuple(how["load_after"]),
        machine=_machine(saved),
        groups=tuple(_groups(saved["benchmarks"])),
        rungs=tuple(
            UsedRung(*(rung[name] for name in ("topic", "name", "family", "how", "missing")))
            for rung in saved["rungs"]
        ),
        left_out=tuple(saved["left_out"]),
        programs=_rows(saved["programs"]),
        limits=_rows(saved["limits"]),
        memory=_rows(saved["memory"]),
    )


def _machine(saved: Mapping[str, Any]) -> dict[str, Any]:
    """The first runs know the model of their CPU from pytest-benchmark alone."""
    machine: dict[str, Any] = saved["machine"]
    if "CPU model" in machine:
        return machine
    cpu = saved["machine_info"]["cpu"]
    model = family_and_model(cpu.get("family"), cpu.get("model"))
    return {"CPU": machine["CPU"], "CPU model": model, **machine}


def _share(how: Mapping[str, Any], part: str, of: str) -> float | None:
    return how[part] / how[of] if how.get(of) else None


def _rows(saved: str | list[dict[str, Any]]) -> Rows:
    return saved if isinstance(saved, str) else tuple(saved)


def _groups(benchmarks: Sequence[dict[str, Any]]) -> Iterator[Group]:
    """In the order of the run; rungs of a group need not be saved one after another."""
    members: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for benchmark in benchmarks:
        operation = benchmark["extra_info"]["operation"]
        asked = benchmark["group"].removeprefix(f"{operation}: ")  # a rung's own case may be smaller
        members.setdefault((operation, asked), []).append(benchmark)
    for (operation, asked), rungs in members.items():
        facts = rungs[0]["extra_info"]
        yield Group(
            topic=facts["topic"],
            operation=operation,
            case=asked,
            dtype=facts["dtype"],
            element=facts["element"],
            size=facts["asked_size"],
            headline=bool(facts["headline"]),
            peer=facts["peer"],
            timings=tuple(_timing(rung) for rung in rungs),
        )


def _timing(benchmark: dict[str, Any]) -> Timing:
    facts = benchmark["extra_info"]
    seconds = tuple(benchmark["stats"]["data"])
    if not seconds or not all(0 < time < math.inf for time in seconds):
        raise ValueError(f"the times of {benchmark['name']} are {seconds}")
    return Timing(
        rung=facts["rung"],
        family=facts["family"],
        threads=facts["threads"],
        size=facts["size"],
        asked_size=facts["asked_size"],
        seconds=seconds,
    )
