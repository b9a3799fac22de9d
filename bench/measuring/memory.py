"""Peak memory of a call besides what it returns, each measured in a process of its own.

    python -m bench.measuring.memory bench.operations "standard_normal, float64" "NumPy PCG64"

measures one: the module has the data as ``MEMORY``, a sequence of `MemoryCase`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import fastdist
from bench.cases.case import Case, Rung

# Where the cases are.
MODULES = ("bench.operations",)
CHECKOUT = Path(__file__).parents[2]
# For fewer elements what is made once and kept is made too.
SMALLER = 1000


class MemoryCase(NamedTuple):
    """What is measured: the call of each rung that can do the case."""

    operation: str
    case: Case
    rungs: Sequence[Rung]


def memory(quick: bool = False, modules: Sequence[str] = MODULES) -> list[dict[str, Any]]:
    """Each rung of each case of ``module.MEMORY``; of its first case alone if it shall be quick."""
    return [figures for module in modules for figures in peaks(module, quick)]


def peaks(module: str, quick: bool) -> Iterator[dict[str, Any]]:
    cases: Sequence[MemoryCase] = importlib.import_module(module).MEMORY
    for operation, case, rungs in cases[:1] if quick else cases:
        for rung in rungs:
            if rung.missing is None and rung.nearest(case) is not None:
                peak = peak_in_a_fresh_process(module, operation, rung.name)
                yield {"operation": operation, "case": str(case), "rung": rung.name, **peak}


def peak_in_a_fresh_process(module: str, operation: str, rung: str) -> dict[str, int]:
    command = [sys.executable, "-m", __name__, module, operation, rung]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{operation}, {rung}:\n{done.stderr}")
    peak: dict[str, int] = json.loads(done.stdout)
    return peak


def find(module: str, operation: str, rung: str) -> tuple[Case, Rung]:
    """The case, and the rung that answers it, by the names that ``module.MEMORY`` gives them."""
    cases: Sequence[MemoryCase] = importlib.import_module(module).MEMORY
    found = [
        (case, one) for name, case, rungs in cases for one in rungs if (name, one.name) == (operation, rung)
    ]
    if len(found) != 1:
        raise LookupError(f"{module}.MEMORY has {len(found)} of {operation!r} by {rung!r}, not one")
    return found[0]


def peak(asked: Case, rung: Rung) -> dict[str, int]:
    """In a fresh process: the bytes that one call needs at its peak, besides the array it returns."""
    case = rung.nearest(asked)
    if case is None:
        raise ValueError(f"{rung.name} cannot do {asked}")
    with fastdist.num_threads(rung.threads):
        # What is made once and kept (threads, tables) is no cost of a call: a smaller call comes first.
        smaller = rung.start(replace(case, size=min(case.size, max(SMALLER, rung.smallest))))
        smaller()
        call = rung.start(case)
        before = peak_resident()
        call()
        resident = max(0, peak_resident() - before - case.bytes_returned)  # some pages were there already
        tracemalloc.start()
        call()
        traced = tracemalloc.get_traced_memory()[1] - case.bytes_returned
        tracemalloc.stop()
    return {"returned": case.bytes_returned, "peak_resident": resident, "peak_python": traced}


def peak_resident() -> int:
    """Bytes.  On Linux ru_maxrss would be that of the parent, from before the program was replaced."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts bytes


def main() -> None:
    parser = argparse.ArgumentParser(description="Peak memory of one call, in this process.")
    for name in ("module", "operation", "rung"):
        parser.add_argument(name)
    arguments = parser.parse_args()
    print(json.dumps(peak(*find(arguments.module, arguments.operation, arguments.rung))))


if __name__ == "__main__":
    main()
