"""Peak memory of a call besides what it returns, each measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ladder import Case, Rung

import fastdist

MemoryCases = Sequence[tuple[Case, Sequence[Rung]]]


def memory(module: str, cases: MemoryCases) -> Iterator[dict[str, Any]]:
    """For each case and rung of ``module.MEMORY``, or the first of them, which are ``cases``."""
    for i, (case, rungs) in enumerate(cases):
        for j, rung in enumerate(rungs):
            if rung.missing is not None or rung.nearest(case) is None:
                continue
            program = f"import {module}, peak_memory; peak_memory.print_peak(*{module}.MEMORY[{i}], {j})"
            folder = Path(__file__).parent
            printed = subprocess.run(
                [sys.executable, "-c", program], cwd=folder, check=True, capture_output=True, text=True
            )
            yield {"case": str(case), "rung": rung.name, **json.loads(printed.stdout)}


def print_peak(asked: Case, rungs: Sequence[Rung], index: int) -> None:
    """Run in a fresh process: what one call needs at its peak, besides the array it returns."""
    rung = rungs[index]
    case = rung.nearest(asked)
    assert case is not None
    with fastdist.num_threads(rung.threads):
        # What is made once and kept (threads, tables) is no cost of a call: a smaller call comes first.
        smaller = rung.start(replace(case, size=max(1000, rung.smallest)))
        smaller()
        call = rung.start(case)
        before = peak_resident()
        call()
        resident = peak_resident() - before - case.bytes_returned
        tracemalloc.start()
        call()
        traced = tracemalloc.get_traced_memory()[1] - case.bytes_returned
    print(json.dumps({"returned": case.bytes_returned, "peak_resident": resident, "peak_python": traced}))


def peak_resident() -> int:
    """Bytes.  On Linux ru_maxrss would be that of the parent, from before the program was replaced."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts bytes
