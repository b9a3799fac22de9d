"""The report: text of 80 columns, in ASCII so that it prints on every terminal, and the same for JSON.

Lines come as soon as they are known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import fastdist
from fastdist._demo.checks import ALPHA, DTYPES, Check, Job, as_json, critical_distance
from fastdist._demo.speeds import ALL_THREADS, ONE_THREAD, PEERS, TOLERANCE, Speeds

# How to get the peers that may be missing.
TIMES = 51  # columns before the ratios
INSTALL = {"SciPy": "pip install 'fastdist-kernels[scipy]'", "sklearn": "pip install scikit-learn"}


def opening(job: Job) -> list[str]:
    """What is about to be done, before anything takes time."""
    config = fastdist.show_config(mode="dicts")
    threads = f"{config['threads']} thread{'s' if config['threads'] > 1 else ''}"
    versions = ", ".join(f"{name} {config[name.lower()]}" for name in ("fastdist", "NumPy", "Python"))
    return [
        f"{versions}; {config['instruction set']}, {threads}",
        f"checks of {job.samples:,} normals of each dtype, seed {job.seed}:",
        "",
        f"{'':40}" + "".join("   " + f" {dtype} ".center(17, "-") for dtype in DTYPES),
        f"{'':22}{'expected':>10}{'std err':>8}" + f"{'value':>11}{'distance':>9}" * len(DTYPES),
    ]


def section_lines(title: str, checks: Sequence[Check], sections: int) -> Iterator[str]:
    """The checks of a section, with both dtypes in a line."""
    yield title
    critical = critical_distance(len(checks), sections)
    for name in dict.fromkeys(check.name for check in checks):
        yield _check_line([check for check in checks if check.name == name], critical)


def _check_line(checks: Sequence[Check], critical: float) -> str:
    expected, standard_error = checks[0].expected, checks[0].standard_error
    # As many as the standard error needs, if they fit.
    decimals = max(0, min(_decimals(standard_error, 2), 9 - len(f"{expected:,.0f}")))
    line = f"  {checks[0].name:<20}{expected:10,.{decimals}f}{standard_error:8.{decimals}f}"
    by_dtype = {check.dtype: check for check in checks}
    for dtype in DTYPES:
        if dtype not in by_dtype:
            line += f"{'-':>11}{'-':>9}"
            continue
        check = by_dtype[dtype]
        value = f"{check.value:,}" if isinstance(check.value, int) else f"{check.value:,.{decimals}f}"
        distance = f"{check.distance:+.{2 if abs(check.distance) < 100 else 0}f}"
        line += f"{value:>11}{distance:>8}{' ' if check.passes(critical) else '!'}"
    return line.rstrip()


def failed(sections: Mapping[str, Sequence[Check]]) -> list[Check]:
    """The checks that do not pass."""
    return [
        check
        for checks in sections.values()
        for check in checks
        if not check.passes(critical_distance(len(checks), len(sections)))
    ]


def verdict_of_checks(sections: Mapping[str, Sequence[Check]]) -> list[str]:
    """How many checks fail, and how to read their distances."""
    number, failures = sum(map(len, sections.values())), failed(sections)
    if failures:
        names = "; ".join(f"{check.name} ({check.dtype})" for check in failures)
        verdict = f"{len(failures)} of {number} checks FAIL, marked !: {names}"
    else:
        verdict = f"all {number} checks pass (alpha = {ALPHA:g} for all together)"
    return [
        "",
        "distance: in standard errors; for Kolmogorov-Smirnov, chi2 and counts, the normal",
        "deviate of the same probability",
        verdict,
    ]


def speed_lines(speeds: Sequence[Speeds], job: Job) -> Iterator[str]:
    """One table: the time of a value, and how many times as fast as each peer one thread is."""
    yield f"{'':{TIMES}}{'one thread, times as fast as':>{8 * len(PEERS)}}"
    yield f"{'ns per value':<28}{ONE_THREAD:>11}{ALL_THREADS:>12}" + "".join(f"{p:>8}" for p in PEERS)
    for row in speeds:
        times = (row.timings.get(name) for name in (ONE_THREAD, ALL_THREADS))
        one, every = ("-" if timing is None else _significant(timing.ns) for timing in times)
        cells = "".join(f"{_ratio(row.ratio(peer)):>8}" for peer in PEERS)
        yield f"{row.function:<28}{one:>11}{every:>12}{cells}"
    yield ""
    yield f"best times of {job.rounds} rounds, in each of which every call is made once"
    yield from _verdict_of_speeds(speeds)
    timed = {name for row in speeds for name in row.timings}
    yield from (f"{peer} is not installed: {how}" for peer, how in INSTALL.items() if peer not in timed)


def _verdict_of_speeds(speeds: Sequence[Speeds]) -> Iterator[str]:
    ratios = [(row.function, peer, row.ratio(peer)) for row in speeds for peer in PEERS]
    known = [(function, peer, ratio) for function, peer, ratio in ratios if ratio is not None]
    slower = [f"{function} ({peer})" for function, peer, ratio in known if ratio < 1]
    busy = sum(math.isnan(ratio) for _, _, ratio in known)
    if busy:
        yield (
            f"busy: the machine was too busy for {busy} of {len(known)} ratios, since the best times of the"
        )
        yield f"      two halves of the rounds differ by more than {100 * TOLERANCE:g} %; try again"
    if slower:
        yield "a peer is faster: " + ", ".join(slower)
    elif busy < len(known):
        yield f"fastdist is the fastest in {'all' if not busy else 'the other'} comparisons"


def as_dict(job: Job, sections: Mapping[str, Sequence[Check]], speeds: Sequence[Speeds]) -> dict[str, Any]:
    """All of it, for JSON."""
    failures = failed(sections)
    return {
        "config": fastdist.show_config(mode="dicts"),
        "job": vars(job),
        "alpha": ALPHA,
        "passed": not failures,
        "sections": [
            {"title": title, "checks": [as_json(check, check not in failures) for check in section]}
            for title, section in sections.items()
        ],
        "speeds": [
            {
                "function": row.function,
                "ns": {name: timing.ns for name, timing in row.timings.items()},
                "too_busy": [name for name, timing in row.timings.items() if not timing.steady],
            }
            for row in speeds
        ],
    }


def _decimals(value: float, digits: int) -> int:
    """Decimals that show so many significant digits."""
    return max(0, digits - 1 - math.floor(math.log10(value))) if value > 0 else 0


def _significant(value: float, digits: int = 3) -> str:
    return f"{value:,.{_decimals(value, digits)}f}"


def _ratio(ratio: float | None) -> str:
    """Of three significant digits, but of three decimals at most."""
    if ratio is None:
        return "-"
    return "busy" if math.isnan(ratio) else f"{ratio:,.{min(3, _decimals(ratio, 3))}f}x"
