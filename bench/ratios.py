"""Who wins by how much: the rungs of the benchmarks, timed in turn.

    python bench/ratios.py [TOPIC ...] [--quick] [--rounds N] [--keep-memory] [--json FILE]

Topics are normal, norm, multivariate and mixture; without any, all of them.

``interleaved.py`` has the method, ``<topic>_ratios.py`` what is compared.
"""

from __future__ import annotations

import argparse
import ctypes
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mixture_ratios
import multivariate_ratios
import norm_ratios
import normal_ratios
from interleaved import Comparison, compare
from ladder import Rung, machine
from peak_memory import MemoryCases, memory

ROUNDS = 31
QUICK_ROUNDS = 3
TOPICS = {
    "normal": normal_ratios,
    "norm": norm_ratios,
    "multivariate": multivariate_ratios,
    "mixture": mixture_ratios,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the rungs of the benchmarks in turn, for ratios.")
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"{' or '.join(TOPICS)}; without any, all")
    parser.add_argument("--quick", action="store_true", help="three rounds, shorter arrays: does it work?")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds a comparison ({ROUNDS})")
    parser.add_argument(
        "--keep-memory",
        action="store_true",
        help="the C library gives no memory back to the system: nobody pays for fresh pages in each call",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE as well")
    options = parser.parse_args()
    rounds = QUICK_ROUNDS if options.quick else options.rounds
    if rounds < 2:
        parser.error("--rounds must be at least 2")
    unknown = [name for name in options.topics if name not in TOPICS]
    if unknown:
        parser.error(f"there are {', '.join(TOPICS)}, no {', '.join(unknown)}")

    if options.keep_memory:
        keep_memory()
    topics = {name: TOPICS[name] for name in options.topics or TOPICS}
    comparisons = {name: topic.COMPARISONS for name, topic in topics.items()}
    described = {**machine(), "freed memory": "kept" if options.keep_memory else "as the C library does"}
    width = max(map(len, described))
    for name, value in described.items():
        print(f"{name:<{width}}  {value}")
    missing = {rung.name: rung.missing for rung in rungs_of(comparisons) if rung.missing is not None}
    for name, reason in missing.items():
        print(f"not measured: {name}: {reason}")
    print(
        f"\nMedians and quartiles of {rounds} rounds, ns for each number, of mixtures for each point.\n"
        "x NumPy and so on: times as fast as the rung of this name; x one: as fastdist on one thread;\n"
        "x float64: as the same in float64; x default: as scikit-learn with the threads that its BLAS takes."
    )

    rows: list[dict[str, Any]] = []
    goals: list[dict[str, Any]] = []
    peaks: list[dict[str, Any]] = []
    for name, topic in topics.items():
        of_topic = []
        for comparison in comparisons[name]:
            if options.quick:
                comparison = shortened(comparison)
                if not comparison.case.quick:
                    continue
            of_comparison = print_comparison(comparison, rounds)
            rows += of_comparison[0]
            of_topic += of_comparison[1]
        peaks += print_memory(topic.__name__, topic.MEMORY[:1] if options.quick else topic.MEMORY)
        print_goals(name, of_topic)
        goals += of_topic
    if options.json is not None:
        figures = {"machine": described, "missing": missing, "rows": rows, "goals": goals, "memory": peaks}
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


def keep_memory() -> None:
    """For glibc: no allocation below 1 GiB is a mapping of its own, and the heap does not shrink."""
    trim_threshold, mmap_threshold = -1, -3  # from malloc.h
    c_library = ctypes.CDLL(None)
    if not all(c_library.mallopt(option, 1 << 30) for option in (trim_threshold, mmap_threshold)):
        raise SystemExit("mallopt refuses")


def rungs_of(comparisons: dict[str, Sequence[Comparison]]) -> list[Rung]:
    every = [rung for topic in comparisons.values() for comparison in topic for rung in comparison.rungs]
    return list({rung.name: rung for rung in every}.values())


def shortened(comparison: Comparison) -> Comparison:
    case, beside = comparison.case, comparison.beside
    return replace(
        comparison,
        case=replace(case, size=case.quick_size),
        beside=[(rung, replace(other, size=other.quick_size)) for rung, other in beside],
    )


def print_comparison(
    comparison: Comparison, rounds: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    columns = "{:<44}{:>10}{:>10}{:>18}" + "{:>12}" * len(comparison.columns)
    print(f"\n{comparison.title}: {comparison.case}")
    headings = [column.heading for column in comparison.columns]
    print(columns.format("", "a call", "ns each", "quartiles", *headings))
    rows, goals = compare(comparison, rounds)
    for row in rows:
        print(
            columns.format(
                row["label"],
                duration(row["ns_a_call"]),
                rounded(row["ns_each"]),
                f"{rounded(row['lower_quartile'])}-{rounded(row['upper_quartile'])}",
                *("" if ratio is None else rounded(ratio) for ratio in row["times"].values()),
            ),
            flush=True,
        )
    return rows, goals


def rounded(x: float) -> str:
    return f"{x:.2f}" if x < 1000 else f"{x:.0f}"


def duration(nanoseconds: float) -> str:
    for unit in ("ns", "us", "ms"):
        if nanoseconds < 1000:
            return f"{nanoseconds:.3g} {unit}"
        nanoseconds /= 1000
    return f"{nanoseconds:.3g} s"


def print_goals(topic: str, goals: Sequence[dict[str, Any]]) -> None:
    """The table of what was asked; * marks what was not reached."""
    levels = list(dict.fromkeys(level for goal in goals for level in goal["measured"]))[::-1]
    columns = "{:<44}{:<12}{:>14}" + "{:>14}" * len(levels)
    print(f"\n{topic}: what was asked, and was measured (* not reached; <=: times as long, at most)")
    print(columns.format("", "", "asked (goal)", *levels))
    for goal in goals:
        better = "" if goal["better"] is None else f" ({goal['better']:g})"
        asked = f"{'<= ' if goal['at_most'] else ''}{goal['asked']:g}{better}"
        print(
            columns.format(
                goal["of"],
                goal["against"],
                asked,
                *(
                    marked(goal["measured"][level], goal["reached"][level])
                    if level in goal["measured"]
                    else "-"
                    for level in levels
                ),
            )
        )


def marked(ratio: float, reached: bool) -> str:
    return f"{ratio:.3g}{' ' if reached else '*'}"


def print_memory(module: str, cases: MemoryCases) -> list[dict[str, Any]]:
    columns = "{:<44}{:>14}{:>14}{:>14}"
    peaks = []
    previous = None
    for peak in memory(module, cases):
        if peak["case"] != previous:
            previous = peak["case"]
            print(f"\npeak memory besides the output (the kernel counts to some 64 KiB): {previous}")
            print(columns.format("", "resident, KiB", "Python, KiB", "x output"))
        returned = peak["returned"]
        name = peak["rung"] + (" (new array)" if returned else "")
        figures = [peak["peak_resident"], peak["peak_python"]]
        relative = rounded(max(figures) / returned) if returned else ""
        print(columns.format(name, *(f"{figure / 1024:.0f}" for figure in figures), relative))
        peaks.append(peak)
    return peaks


if __name__ == "__main__":
    main()
