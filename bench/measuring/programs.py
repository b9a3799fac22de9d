"""Complete programs, as users write them: time and peak memory with the peer, and with fastdist.

A program in ``bench/programs/`` imports the peer.  With fastdist it is the same but for that one line.
Each run is a process of its own under GNU time, the peer's and ours in turn.
"""

from __future__ import annotations

import importlib.util
import math
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from bench import BENCH
from bench.cases.sampling import STANDARD_ERRORS

FOLDER = BENCH / "programs"
# On macOS the first is not GNU's; Homebrew installs that under the second name.
TIMES = ("/usr/bin/time", "gtime")

Printed = Mapping[str, float]


@dataclass(frozen=True)
class Program:
    """A program, and what of its results has to agree.

    ``relative`` are the results that may differ by this part of themselves, all that are not sampled.
    ``sampled`` are those that have an error of their own, printed beside them under the name given.
    """

    name: str
    peer: str
    package: str  # what has to be installed
    peer_line: str
    our_line: str
    quick_size: int
    relative: Mapping[str, float] = field(default_factory=dict)
    sampled: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        return (FOLDER / f"{self.name}.py").read_text()

    def variants(self) -> dict[str, str]:
        return {
            self.peer: self.source,
            "fastdist": with_another_import(self.source, self.peer_line, self.our_line),
        }


PROGRAMS = (
    Program(
        "monte_carlo",
        peer="NumPy",
        package="numpy",
        peer_line="from numpy.random import default_rng",
        our_line="from fastdist import default_rng",
        quick_size=10_000,
        # The error's own error, 1 / sqrt(2 n) of it for normals and some times that for payoffs.
        relative={"standard error": 0.1},
        sampled={"price": "standard error"},
    ),
    Program(
        "likelihood_scan",
        peer="SciPy",
        package="scipy",
        peer_line="from scipy.stats import norm",
        our_line="from fastdist import norm",
        quick_size=1000,
        relative={
            "mean": 1e-11,
            "deviation": 1e-11,
            "log-likelihood": 1e-11,
            "interval from": 1e-11,
            "interval to": 1e-11,
            "smallest p-value": 1e-9,
            "p-values below 0.01": 1e-9,
            "Kolmogorov-Smirnov distance": 1e-9,
        },
    ),
    Program(
        "mixture_fit",
        peer="scikit-learn",
        package="sklearn",
        peer_line="from sklearn.mixture import GaussianMixture",
        our_line="from fastdist import GaussianMixture",
        quick_size=2000,
        # Both start from k-means and stop by the same rule; roundings may cost or save a step.
        relative={
            "components": 0,
            "BIC of 1": 1e-9,
            "BIC of 2": 1e-5,
            "BIC of 3": 1e-5,
            "log-likelihood a point": 1e-5,
            "largest weight": 1e-3,
            "points in doubt": 2e-2,
        },
    ),
)


def programs(quick: bool = False, repeats: int = 3) -> list[dict[str, Any]] | str:
    """Each program with its peer and with fastdist, or why not.  Raises if their results differ."""
    if quick:
        repeats = 1
    reason = why_not(PROGRAMS)
    return reason or [row for program in PROGRAMS for row in measured(program, repeats, quick)]


def why_not(wanted: Sequence[Program]) -> str | None:
    if gnu_time() is None:
        return "there is no GNU time: install it (Debian: apt install time, macOS: brew install gnu-time)"
    absent = [program.package for program in wanted if importlib.util.find_spec(program.package) is None]
    return f"{', '.join(absent)} not installed" if absent else None


def measured(program: Program, repeats: int, quick: bool) -> list[dict[str, Any]]:
    variants = program.variants()
    runs: dict[str, list[Run]] = {variant: [] for variant in variants}
    with tempfile.TemporaryDirectory() as folder:
        for variant, source in variants.items():
            Path(folder, f"{program.name} with {variant}.py").write_text(source)
        for _ in range(repeats):
            for variant in variants:
                path = Path(folder, f"{program.name} with {variant}.py")
                runs[variant].append(run(path, [str(program.quick_size)] if quick else []))
    ours = runs["fastdist"][0].printed
    for variant in variants:
        if variant != "fastdist":
            check_agreement(program, runs[variant][0].printed, ours)
    return [
        {
            "program": program.name,
            "with": variant,
            "repeats": repeats,
            "wall_seconds": [one.wall_seconds for one in runs[variant]],
            "peak_kib": [one.peak_kib for one in runs[variant]],
        }
        for variant in variants
    ]


# The import


def with_another_import(source: str, line: str, replacement: str) -> str:
    """The same program but for one whole line, which has to be there once."""
    lines = source.splitlines(keepends=True)
    places = [i for i, given in enumerate(lines) if given.rstrip("\r\n") == line]
    if len(places) != 1:
        raise ValueError(f"{line!r} is {len(places)} lines of the program, not one")
    i = places[0]
    lines[i] = lines[i].replace(line, replacement)
    return "".join(lines)


# A run under GNU time


@cache
def gnu_time() -> str | None:
    """Its path; no other tells the peak of memory in this way."""
    for path in filter(None, map(shutil.which, TIMES)):
        described = subprocess.run([path, "--version"], capture_output=True, text=True)
        if "GNU" in described.stdout + described.stderr:
            return path
    return None


@dataclass(frozen=True)
class Run:
    wall_seconds: float
    peak_kib: int
    printed: Printed


def run(program: Path, arguments: Sequence[str]) -> Run:
    command = [str(gnu_time()), "--verbose", sys.executable, str(program), *arguments]
    done = subprocess.run(command, cwd=BENCH.parent, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{program.name} failed:\n{done.stderr}")
    return Run(*time_and_memory(done.stderr), results(done.stdout))


def time_and_memory(report: str) -> tuple[float, int]:
    """Seconds and KiB, as ``time --verbose`` reports them."""
    clock = re.search(r"Elapsed \(wall clock\) time \(h:mm:ss or m:ss\): ([\d:.]+)", report)
    peak = re.search(r"Maximum resident set size \(kbytes\): (\d+)", report)
    if clock is None or peak is None:
        raise RuntimeError(f"no report of GNU time:\n{report}")
    seconds = 0.0
    for part in clock[1].split(":"):
        seconds = 60 * seconds + float(part)
    return seconds, int(peak[1])


# The results


def results(output: str) -> dict[str, float]:
    """What a program prints: a line ``name: number`` for each."""
    return {name: float(number) for name, _, number in (line.rpartition(":") for line in output.splitlines())}


def check_agreement(program: Program, theirs: Printed, ours: Printed) -> None:
    """Raise unless both runs of a program came to the same, as far as the program's samples allow."""
    checked = {*program.relative, *program.sampled}
    if not theirs.keys() == ours.keys() == checked:
        raise RuntimeError(
            f"{program.name} prints {list(ours)} with fastdist and {list(theirs)} with {program.peer}, "
            f"instead of {sorted(checked)}."
        )
    allowed = {name: tolerance * abs(theirs[name]) for name, tolerance in program.relative.items()}
    for name, error in program.sampled.items():
        allowed[name] = STANDARD_ERRORS * math.hypot(theirs[error], ours[error])
    for name, most in allowed.items():
        if not abs(ours[name] - theirs[name]) <= most:  # NaN neither
            raise RuntimeError(
                f"{program.name}: {name} is {ours[name]} with fastdist, {theirs[name]} with {program.peer}; "
                f"they may be {most:.2g} apart."
            )
