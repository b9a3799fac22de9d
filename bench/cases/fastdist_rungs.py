"""fastdist's own rungs, the same for every topic: each instruction set, and each number of threads."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from types import ModuleType
from typing import Any
from unittest import mock

from numpy.typing import NDArray

import fastdist
from bench.cases.case import Call, Rung
from fastdist import _dispatch
from fastdist.parallel import SHARE_SAMPLES

# A level's bits are compared with those of this one, which every installation has.
REFERENCE_LEVEL = "baseline"
# Where it is not in use it has no fused multiply-add but a call, and takes 100 to 200 ns for a number.
BASELINE_LARGEST = 10_000
IN_USE = f"fastdist {_dispatch.LEVEL}"


def fastdist_rungs(
    call_of: Callable[[Any, Any], Call],
    reference: Callable[[Any], Iterator[tuple[int, NDArray[Any]]]] | None = None,
    rung: type[Rung] = Rung,
    threads_from: int = 2 * SHARE_SAMPLES,
    baseline: dict[str, Any] | None = None,
    **options: Any,
) -> list[Rung]:
    """``call_of(case, package)`` is the call, of fastdist over any level's kernels.

    ``reference`` yields the bits that are asked of every level; as a rule those of all of a call of the
    baseline.  Fewer than ``threads_from`` elements are not divided; ``baseline`` are the options of its
    rung where a better level is in use.
    """
    options["reference"] = reference or of_baseline(call_of)
    slow = {"largest": BASELINE_LARGEST} if baseline is None else baseline

    def start(level: str) -> Callable[[Any], Call]:
        return lambda case: call_of(case, package_on(level))

    levels = [
        rung(
            name=f"fastdist {level}",
            family="fastdist",
            start=start(level),
            level=level,
            missing=why_missing(level),
            **{**options, **(slow if level == REFERENCE_LEVEL != _dispatch.LEVEL else {})},
        )
        for level in _dispatch.LEVELS
    ]
    threads = [
        rung(
            name=f"fastdist, {count} threads",
            family="fastdist",
            start=start(_dispatch.LEVEL),
            level=_dispatch.LEVEL,
            threads=count,
            missing=why_alone(),
            **{**options, "smallest": threads_from},
        )
        for count in thread_counts()
    ]
    return [*levels, *threads]


def rungs_in_use(call_of: Callable[[Any, Any], Call], **options: Any) -> list[Rung]:
    """Of what is not long enough for a kernel: levels and threads would not differ."""
    return [rung for rung in fastdist_rungs(call_of, **options) if rung.name == IN_USE]


def results_of_baseline(call_of: Callable[[Any, Any], Call]) -> Callable[[Any], NDArray[Any]]:
    @lru_cache(maxsize=2)
    def results(case: Any) -> NDArray[Any]:
        made: NDArray[Any] = case.results(call_of(case, package_on(REFERENCE_LEVEL)))
        return made

    return results


def of_baseline(
    call_of: Callable[[Any, Any], Call],
) -> Callable[[Any], Iterator[tuple[int, NDArray[Any]]]]:
    results = results_of_baseline(call_of)

    def reference(case: Any) -> Iterator[tuple[int, NDArray[Any]]]:
        yield 0, results(case)

    return reference


def thread_counts() -> list[int]:
    """2, 4, 8 and so on, and all."""
    most = max(2, fastdist.get_num_threads())
    return [*(2**k for k in range(1, most.bit_length()) if 2**k < most), most]


def why_alone() -> str | None:
    return None if fastdist.get_num_threads() > 1 else "only one CPU may be used here"


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
