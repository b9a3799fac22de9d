"""``python -m bench run``: all benchmarks, limits, memory and whole programs, in one JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shutil import which
from typing import Any

from bench import BENCH, HISTORY
from bench.cases.case import Rung, not_installed, too_large
from bench.ladder.build import build
from bench.measuring.limits import limits
from bench.measuring.machine import load, machine
from bench.measuring.memory import memory
from bench.measuring.programs import programs
from bench.operations import TOPICS

# What is not saved: git ignores it, and the next run replaces it.
UNSAVED = BENCH / "unsaved.json"

# For glibc: no array below 1 GiB is a mapping of its own, and the heap does not shrink.  Else the pages of
# temporaries are zeroed anew in some calls and not in others, by what else has been freed.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
# What pytest's exit status says (pytest.ExitCode).
WHY_NOTHING = {
    1: "a benchmark failed",
    2: "the benchmarks could not be collected, or were interrupted: see above",
    4: "pytest does not know an option: install the extra, pip install --editable '.[bench]'",
    5: f"no benchmark was collected from {BENCH}: is there a selection in PYTEST_ADDOPTS?",
}
# Where objects lie decides which of them share cache lines: the same in each run, as far as that can be.
SAME_HASHES = {"PYTHONHASHSEED": "0"}
SAME_ADDRESSES = ("setarch", "--addr-no-randomize")


def run(quick: bool, save: bool) -> Path:
    """Measure everything, and say where the JSON is.

    Raises
    ------
    SystemExit
        If a benchmark fails: nothing is written then.
    """
    if not_installed("Cython") is None:
        build()
    load_before, began = load(), time.monotonic()
    # First what may fail after a minute, then what takes a quarter of an hour.
    besides = {
        "machine": machine(),
        "rungs": list(rungs()),
        "left_out": list(left_out(quick)),
        "memory": memory(quick),
        "limits": limits(quick),
        "programs": programs(quick),
    }
    figures = measure(quick) | besides
    figures["run"] = {
        "quick": quick,
        **figures.pop("measurement"),
        "seconds": round(time.monotonic() - began),
        "same_addresses": bool(same_addresses()),
        "load_before": load_before,
        "load_after": load(),
    }
    path = HISTORY / file_name(figures) if save else UNSAVED
    path.parent.mkdir(exist_ok=True)
    path.write_text(written(figures))
    return path


def measure(quick: bool) -> dict[str, Any]:
    """What pytest-benchmark writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "benchmarks.json")
        options = [
            "-q",
            "-rsfE",  # each that is skipped or fails, in a line
            "--no-header",
            "--capture=no",
            "--tb=short",
            f"--benchmark-json={path}",
        ]
        command = [sys.executable, "-m", "pytest", str(BENCH), *options, *(["--quick"] if quick else [])]
        environment = os.environ | KEEP_MEMORY | SAME_HASHES
        finished = subprocess.run([*same_addresses(), *command], cwd=BENCH.parent, env=environment)
        if finished.returncode:
            why = WHY_NOTHING.get(finished.returncode, f"pytest ended with status {finished.returncode}")
            print(
                f"{why}: nothing was written, and {UNSAVED}, if there, is of an earlier run", file=sys.stderr
            )
            raise SystemExit(finished.returncode)
        figures: dict[str, Any] = json.loads(path.read_text())
    return figures


def same_addresses() -> Sequence[str]:
    """What goes before a command so that its addresses are not random; nothing where that cannot be had."""
    works = which(SAME_ADDRESSES[0]) and subprocess.run([*SAME_ADDRESSES, "true"], capture_output=True)
    return SAME_ADDRESSES if works and works.returncode == 0 else ()


def rungs() -> Iterator[dict[str, Any]]:
    """Each of a topic once, or for each way that it is used, measured or not."""
    for topic, operations in TOPICS.items():
        every: dict[tuple[str, str], Rung] = {
            (rung.name, rung.how): rung for each in operations for rung in each.rungs
        }
        for rung in every.values():
            yield {
                "topic": topic,
                "name": rung.name,
                "family": rung.family,
                "how": rung.how,
                "missing": rung.missing,
                "threads": rung.threads,
                "level": rung.level,
            }


def left_out(quick: bool) -> Iterator[str]:
    """Cases that this machine has too little memory for."""
    for operations in TOPICS.values():
        for operation in operations:
            cases = operation.shortened().cases if quick else operation.cases
            whys = map(too_large, cases)
            yield from (f"{operation.name}: {why}" for why in whys if why is not None)


def file_name(figures: dict[str, Any]) -> str:
    """By date and commit: ``2026-11-23_1210_593866a.json``."""
    commit = figures["commit_info"]
    notes = [
        note for note, holds in (("dirty", commit["dirty"]), ("quick", figures["run"]["quick"])) if holds
    ]
    return "-".join([f"{datetime.now(UTC):%Y-%m-%d_%H%M}_{commit['id'][:7]}", *notes]) + ".json"


def written(figures: dict[str, Any]) -> str:
    """A line for each entry of a list: what changes from run to run can be read in a diff."""
    parts = []
    for name, value in figures.items():
        if isinstance(value, list):
            lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in value)
            parts.append(f"{json.dumps(name)}: [\n{lines}\n]")
        else:
            parts.append(f"{json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"
