"""Peak memory of a call besides what it returns, each measured in a process of its own.

    python -m bench.measuring.memory "standard_normal, float64" "NumPy PCG64"

measures one of ``bench.operations.MEMORY``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import fastdist
from bench import BENCH
from bench.cases.case import Case, Rung
from bench.operations import MEMORY

# For fewer elements what is made once and kept is made too.
SMALLER = 1000


def memory(quick: bool = False) -> list[dict[str, Any]]:
    """Of each rung that is here; of the first case alone if it shall be quick."""
    return [
        {
            "operation": operation,
            "case": str(case),
            "rung": rung.name,
            **peak_in_a_fresh_process(operation, rung.name),
        }
        for operation, answers in (MEMORY[:1] if quick else MEMORY)
        for rung, case in answers
        if rung.missing is None
    ]


def peak_in_a_fresh_process(operation: str, rung: str) -> dict[str, int]:
    command = [sys.executable, "-m", __name__, operation, rung]
    done = subprocess.run(command, cwd=BENCH.parent, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{operation}, {rung}:\n{done.stderr}")
    peak: dict[str, int] = json.loads(done.stdout)
    return peak


def find(operation: str, rung: str) -> tuple[Rung, Case]:
    found = [
        (one, case)
        for name, answers in MEMORY
        for one, case in answers
        if (name, one.name) == (operation, rung)
    ]
    if len(found) != 1:
        raise LookupError(f"MEMORY has {len(found)} of {operation!r} by {rung!r}, not one")
    return found[0]


def peak(rung: Rung, case: Case) -> dict[str, int]:
    """In a fresh process: the bytes that one call needs at its peak, besides the array it returns."""
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
    for name in ("operation", "rung"):
        parser.add_argument(name)
    arguments = parser.parse_args()
    print(json.dumps(peak(*find(arguments.operation, arguments.rung))))


if __name__ == "__main__":
    main()
