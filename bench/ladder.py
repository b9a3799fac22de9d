"""The ladder: what a benchmark compares, as data, from pure Python up to all threads.

A `Case` says what is asked for, a `Rung` who answers.  ``bench_<stem>.py`` lists both and times each
pair with pytest-benchmark; ``ratios.py`` times the same pairs in turn and prints who wins by how much.
The cases and rungs of samples are in ``sampling.py``, those of functions in ``densities.py``.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np
import pytest
from numpy.typing import NDArray

import fastdist
from fastdist import _dispatch

SEED = 7
# A level's bits are compared with those of this one, which every installation has.
REFERENCE_LEVEL = "baseline"
PURE_PYTHON_LARGEST = 10_000
# Where it is not in use it has no fused multiply-add but a call, and takes 100 to 200 ns for a number.
BASELINE_LARGEST = 10_000
PEERS = (
    "mkl_random", "scipy", "numexpr", "torch", "jax", "scikit-learn", "gmr", "gmmx", "pomegranate", "tgmm",
)  # fmt: skip
# What a quick run is shortened to, and is still divided among threads.
QUICK_LARGEST = 200_000

Call = Callable[[], Any]


@dataclass(frozen=True)
class Case(ABC):
    """A request for ``size`` numbers: into a given array (``out``), in a new one (``new``), or ``scalar``."""

    method: str
    form: str
    dtype: type[np.generic] = np.float64
    size: int = 1

    @property
    def bytes_returned(self) -> int:
        """Of a new array."""
        return self.size * np.dtype(self.dtype).itemsize if self.form == "new" else 0

    @property
    def quick(self) -> bool:
        """Whether ``--quick`` has time for it, if it is not too large."""
        return True

    @property
    def quick_size(self) -> int:
        """What ``ratios.py --quick`` asks for instead."""
        return min(self.size, QUICK_LARGEST)

    @abstractmethod
    def results(self, call: Call) -> NDArray[Any]:
        """What the first call gives, or, of scalars, the first calls."""

    @abstractmethod
    def check(self, results: NDArray[Any]) -> None:
        """Assert what holds of all right results, whoever made them."""


@dataclass(frozen=True)
class Rung:
    """One implementation.

    ``start(case)`` makes ready and returns the call to be timed.  ``missing`` says why there is none here;
    then ``start`` is not called.  ``reference(case)`` yields, chunk by chunk, the bits that the results of
    the first call must have.
    """

    name: str
    start: Callable[[Any], Call]
    forms: tuple[str, ...] = ("out", "new", "scalar")
    dtypes: tuple[type[np.generic], ...] = (np.float64, np.float32)
    methods: tuple[str, ...] | None = None
    smallest: int = 1
    largest: int | None = None
    threads: int = 1
    level: str | None = None
    missing: str | None = None
    reference: Callable[[Any], Iterator[NDArray[Any]]] | None = None

    def nearest(self, case: Case) -> Case | None:
        """The case itself, or what is closest to it of what this rung can do, or None."""
        form = "new" if case.form == "out" and "out" not in self.forms else case.form
        if self.methods is not None and case.method not in self.methods:
            return None
        if form not in self.forms or case.dtype not in self.dtypes or case.size < self.smallest:
            return None
        return replace(case, form=form, size=min(case.size, self.largest or case.size))


def touched(case: Case) -> NDArray[Any]:
    """An array whose pages are there already: the first touch costs more than the numbers."""
    return np.ones(case.size, case.dtype)


def why_missing(level: str) -> str | None:
    if level not in _dispatch.built_levels():
        return "not built"
    if level not in _dispatch.cpu_levels():
        return "this CPU does not have it"
    return None


@cache
def package_on(level: str) -> ModuleType:
    """`fastdist` over the kernels of one level: its modules, executed once more for another level."""
    if level == _dispatch.LEVEL:
        return fastdist
    ours = {name: sys.modules.pop(name) for name in list(sys.modules) if is_executed_again(name)}
    try:
        with mock.patch.dict(os.environ, FASTDIST_ISA=level):
            package = importlib.import_module("fastdist")
    finally:
        for name in list(sys.modules):
            if is_executed_again(name):
                del sys.modules[name]
        sys.modules.update(ours)
    assert package is not fastdist
    assert package.show_config(mode="dicts")["instruction set"] == level
    return package


def is_executed_again(module: str) -> bool:
    """A build can be loaded once only; and the number of threads is that of all."""
    once = ("fastdist._isa.", "fastdist.parallel.")
    return f"{module}.".startswith("fastdist.") and not f"{module}.".startswith(once)


def largest_on(level: str) -> int | None:
    return BASELINE_LARGEST if level == REFERENCE_LEVEL != _dispatch.LEVEL else None


def why_alone() -> str | None:
    return None if fastdist.get_num_threads() > 1 else "one thread is all that may be used"


def in_question(levels: Sequence[Rung]) -> list[Rung]:
    """All levels, but the baseline where there is a better one."""
    return [rung for rung in levels if rung.level in (_dispatch.LEVEL, *_dispatch.LEVELS[1:])]


def not_installed(module: str) -> str | None:
    return None if importlib.util.find_spec(module) else f"{module} is not installed"


def python_rung(name: str, start: Callable[[Any], Call], *forms: str, **options: Any) -> Rung:
    return Rung(name, start, forms, dtypes=(np.float64,), largest=PURE_PYTHON_LARGEST, **options)


# The result is asserted before it is timed.


def check(rung: Rung, case: Case, call: Call) -> None:
    """Assert that the first call gives what it should, fastdist the very bits."""
    results = case.results(call)
    assert results.dtype == case.dtype
    case.check(results)
    if rung.reference is not None:
        start = 0
        for expected in rung.reference(case):
            got = results[start : start + len(expected)]
            assert (bits(got) == bits(expected)).all(), f"{rung.name}: other bits than {REFERENCE_LEVEL}"
            start += len(expected)
        assert start == len(results)


def bits(numbers: NDArray[Any]) -> NDArray[Any]:
    return numbers.view(f"u{numbers.itemsize}")


# Under pytest-benchmark


def parameters(rungs: Sequence[Rung], cases: Sequence[Case]) -> list[Any]:
    """Rung, the case that it can do, and the case beside which that is reported; nothing twice."""
    params = []
    for rung in rungs:
        if rung.missing is not None:
            skipped = pytest.mark.skip(reason=f"{rung.name}: {rung.missing}")
            params.append(pytest.param(rung, cases[0], cases[0], marks=skipped, id=rung.name))
            continue
        seen: set[Case] = set()
        for group in cases:
            case = rung.nearest(group)
            if case is None or case in seen or (case != group and case in cases):
                continue
            seen.add(case)
            params.append(pytest.param(rung, case, group, id=f"{rung.name}: {case}"))
    return params


def time_with(benchmark: Any, rung: Rung, case: Case, group: Case, quick: bool) -> None:
    benchmark.group = str(group)
    benchmark.extra_info.update(
        rung=rung.name,
        method=case.method,
        form=case.form,
        dtype=case.dtype.__name__,
        size=case.size,
        level=rung.level,
        threads=rung.threads,
    )
    call = rung.start(case)
    with fastdist.num_threads(rung.threads):
        check(rung, case, call)
        if quick:
            benchmark.pedantic(call, rounds=1, iterations=1)
        else:
            benchmark(call)
    if benchmark.stats is not None:  # None under --benchmark-disable
        benchmark.extra_info["ns_per_element"] = benchmark.stats["median"] / case.size * 1e9


# What it was measured on


def machine() -> dict[str, str]:
    config = fastdist.show_config(mode="dicts")
    described = {name: ", ".join(v) if isinstance(v, list) else str(v) for name, v in config.items()}
    peers = {peer: version(peer) for peer in PEERS}
    return {"CPU": cpu_name(), "system": platform.platform(), **described, **peers}


def cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
