"""Who wins by how much: the rungs of the benchmarks, timed in turn.

    python bench/ratios.py [--quick] [--rounds N] [--json FILE]

The clock rate and the neighbours of a machine change within seconds, so times taken one after the other
do not compare.  Here every round times each rung of a comparison once, in shuffled order; a ratio is the
median over the rounds of the ratio within a round.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import timeit
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bench_normal
import bench_stream
import numpy as np
from ladder import ALL_THREADS, IN_USE, NUMPY, ON_PCG64, TWO_THREADS, Call, Case, Rung, check, machine

import fastdist

# Long enough that the clock's resolution and the loop do not count, short enough for many rounds.
SECONDS_A_TIMING = 2e-3
ROUNDS = 31
QUICK_ROUNDS = 3
MILLION, TEN_MILLION = 1_000_000, 10_000_000


@dataclass(frozen=True)
class Comparison:
    title: str
    case: Case
    rungs: Sequence[Rung]
    mkl: str = bench_normal.MKL.name


THREADS = [IN_USE, TWO_THREADS, *([ALL_THREADS] if ALL_THREADS.threads > 2 else [])]
ON_GIVEN = "{}, into a given array that was touched"
COMPARISONS = [
    Comparison(
        ON_GIVEN.format("float64 normals"),
        Case("standard_normal", "out", np.float64, MILLION),
        bench_normal.RUNGS,
    ),
    Comparison(
        "float64 normals, a new array each",
        Case("standard_normal", "size", np.float64, MILLION),
        bench_normal.RUNGS,
    ),
    Comparison(
        ON_GIVEN.format("float32 normals"),
        Case("standard_normal", "out", np.float32, MILLION),
        bench_normal.RUNGS,
    ),
    Comparison(
        ON_GIVEN.format("float64 uniforms"),
        Case("random", "out", np.float64, MILLION),
        bench_stream.RUNGS,
        bench_stream.MKL.name,
    ),
    Comparison(
        ON_GIVEN.format("float32 uniforms"),
        Case("random", "out", np.float32, MILLION),
        bench_stream.RUNGS,
        bench_stream.MKL.name,
    ),
    Comparison(
        "float64 normals, threads",
        Case("standard_normal", "out", np.float64, TEN_MILLION),
        [NUMPY, *THREADS],
    ),
    Comparison("one float64 normal", Case("standard_normal", "scalar"), bench_normal.RUNGS),
    *(
        Comparison(
            f"{size} float64 normals, {words}",
            Case("standard_normal", form, np.float64, size),
            bench_normal.RUNGS,
        )
        for size in (10, 100, 1000)
        for form, words in (("out", "into a given array"), ("size", "a new array each"))
    ),
]

MEMORY_CASES = [
    Case("standard_normal", "out", np.float64, TEN_MILLION),
    Case("standard_normal", "out", np.float32, TEN_MILLION),
    Case("random", "out", np.float64, TEN_MILLION),
]
MEMORY_RUNGS = {
    "standard_normal": [NUMPY, bench_normal.MKL, IN_USE, ON_PCG64, TWO_THREADS],
    "random": [NUMPY, IN_USE, TWO_THREADS],
}


# Time


class Timing:
    """One rung of one comparison: its call, and what that took in each round."""

    def __init__(self, rung: Rung, case: Case) -> None:
        self.rung = rung
        self.case = case
        self.call: Call = rung.start(case)
        self.timer = timeit.Timer(self.call)
        self.seconds: list[float] = []
        with fastdist.num_threads(rung.threads):
            check(rung, case, self.call)
            self.number = 1
            while self.number < 1 << 20 and self.timer.timeit(self.number) < SECONDS_A_TIMING:
                self.number *= 2

    def time(self) -> None:
        with fastdist.num_threads(self.rung.threads):
            self.call()  # what another rung has left in the caches is not this one's to pay for
            self.seconds.append(self.timer.timeit(self.number) / self.number)


def compare(comparison: Comparison, rounds: int) -> list[dict[str, Any]]:
    timings = []
    for rung in comparison.rungs:
        case = rung.nearest(comparison.case) if rung.missing is None else None
        if case is not None:
            timings.append(Timing(rung, case))
    order = list(timings)
    shuffle = random.Random(0).shuffle
    for _ in range(rounds):
        shuffle(order)
        for timing in order:
            timing.time()
    return [row(timing, timings, comparison) for timing in timings]


def row(timing: Timing, timings: Sequence[Timing], comparison: Comparison) -> dict[str, Any]:
    def times_as_fast_as(name: str) -> float | None:
        for other in timings:
            if other.rung.name == name:
                scale = timing.case.size / other.case.size
                pairs = zip(other.seconds, timing.seconds, strict=True)
                return statistics.median(scale * theirs / ours for theirs, ours in pairs)
        return None

    size = timing.case.size
    lower, median, upper = quartiles(timing.seconds)
    return {
        "comparison": comparison.title,
        "case": str(comparison.case),
        "rung": timing.rung.name,
        "level": timing.rung.level,
        "threads": timing.rung.threads,
        "form": timing.case.form,
        "size": size,
        "ns_a_call": median * 1e9,
        "ns_a_sample": median / size * 1e9,
        "lower_quartile": lower / size * 1e9,
        "upper_quartile": upper / size * 1e9,
        "times_numpy": times_as_fast_as(NUMPY.name),
        "times_mkl_random": times_as_fast_as(comparison.mkl),
        "times_one_thread": times_as_fast_as(IN_USE.name),
        "rounds": len(timing.seconds),
    }


def quartiles(seconds: Sequence[float]) -> tuple[float, float, float]:
    lower, median, upper = statistics.quantiles(seconds, n=4, method="inclusive")
    return lower, median, upper


# Memory, each in a process of its own


def memory() -> Iterator[dict[str, Any]]:
    for case in MEMORY_CASES:
        for rung in MEMORY_RUNGS[case.method]:
            if rung.missing is not None or rung.nearest(case) is None:
                continue
            program = f"import ratios; ratios.print_peak({rung.name!r}, {MEMORY_CASES.index(case)})"
            folder = Path(__file__).parent
            printed = subprocess.run(
                [sys.executable, "-c", program], cwd=folder, check=True, capture_output=True, text=True
            )
            yield {"case": str(case), "rung": rung.name, **json.loads(printed.stdout)}


def print_peak(rung_name: str, case_index: int) -> None:
    """Run in a fresh process: what one call needs at its peak, besides the array it returns."""
    asked = MEMORY_CASES[case_index]
    rung = next(rung for rung in MEMORY_RUNGS[asked.method] if rung.name == rung_name)
    case = rung.nearest(asked)
    assert case is not None
    output = 0 if case.form == "out" else case.size * np.dtype(case.dtype).itemsize
    with fastdist.num_threads(rung.threads):
        # What is made once and kept (threads, tables) is no cost of a call: a smaller call comes first.
        smaller = rung.start(replace(case, size=max(1000, rung.smallest)))
        smaller()
        call = rung.start(case)
        before = peak_resident()
        call()
        resident = peak_resident() - before - output
        tracemalloc.start()
        call()
        traced = tracemalloc.get_traced_memory()[1] - output
    print(json.dumps({"form": case.form, "peak_resident": resident, "peak_python": traced}))


def peak_resident() -> int:
    """Bytes.  On Linux ru_maxrss would be that of the parent, from before the program was replaced."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts bytes


# The report


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the rungs of the benchmarks in turn, for ratios.")
    parser.add_argument("--quick", action="store_true", help="three rounds: does it work?")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds a comparison ({ROUNDS})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE as well")
    options = parser.parse_args()
    rounds = QUICK_ROUNDS if options.quick else options.rounds
    if rounds < 2:
        parser.error("--rounds must be at least 2")

    described = machine()
    width = max(map(len, described))
    for name, value in described.items():
        print(f"{name:<{width}}  {value}")
    missing = {rung.name: rung.missing for rung in rungs_of(COMPARISONS) if rung.missing is not None}
    for name, reason in missing.items():
        print(f"not measured: {name}: {reason}")
    print(
        f"\nMedians and quartiles of {rounds} rounds, ns a sample.  x NumPy, x mkl, x one: how many times as "
        f"fast as\n{NUMPY.name}, the same of mkl_random (always a new array), {IN_USE.name} on one thread."
    )

    rows: list[dict[str, Any]] = []
    for comparison in COMPARISONS:
        rows += print_comparison(comparison, rounds)
    peaks = print_memory()
    if options.json is not None:
        figures = {"machine": described, "missing": missing, "rows": rows, "memory": peaks}
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


def rungs_of(comparisons: Sequence[Comparison]) -> list[Rung]:
    return list({rung.name: rung for comparison in comparisons for rung in comparison.rungs}.values())


COLUMNS = "{:<40}{:>10}{:>10}{:>18}{:>10}{:>8}{:>8}"


def print_comparison(comparison: Comparison, rounds: int) -> list[dict[str, Any]]:
    print(f"\n{comparison.title}: {comparison.case}")
    print(COLUMNS.format("", "a call", "ns each", "quartiles", "x NumPy", "x mkl", "x one"))
    rows = compare(comparison, rounds)
    for figures in rows:
        lower, upper = figures["lower_quartile"], figures["upper_quartile"]
        print(
            COLUMNS.format(
                label(figures, comparison),
                duration(figures["ns_a_call"]),
                f"{figures['ns_a_sample']:.2f}",
                f"{lower:.2f}-{upper:.2f}",
                *(
                    "" if figures[ratio] is None else f"{figures[ratio]:.2f}"
                    for ratio in ("times_numpy", "times_mkl_random", "times_one_thread")
                ),
            ),
            flush=True,
        )
    return rows


def label(figures: dict[str, Any], comparison: Comparison) -> str:
    """The rung, and how its case differs from the comparison's."""
    notes = []
    if figures["size"] != comparison.case.size:
        notes.append(f"{figures['size']:_} at once")
    elif figures["form"] != comparison.case.form:
        notes.append("new array")
    return f"{figures['rung']} ({', '.join(notes)})" if notes else str(figures["rung"])


def duration(nanoseconds: float) -> str:
    for unit in ("ns", "us", "ms"):
        if nanoseconds < 1000:
            return f"{nanoseconds:.3g} {unit}"
        nanoseconds /= 1000
    return f"{nanoseconds:.3g} s"


def print_memory() -> list[dict[str, Any]]:
    columns = "{:<40}{:>14}{:>14}"
    peaks = []
    previous = None
    for peak in memory():
        if peak["case"] != previous:
            previous = peak["case"]
            print(f"\npeak memory besides the output (the kernel counts to some 64 KiB): {previous}")
            print(columns.format("", "resident, KiB", "Python, KiB"))
        name = peak["rung"] + ("" if peak["form"] == "out" else " (new array)")
        print(columns.format(name, *(f"{peak[k] / 1024:.0f}" for k in ("peak_resident", "peak_python"))))
        peaks.append(peak)
    return peaks


if __name__ == "__main__":
    main()
