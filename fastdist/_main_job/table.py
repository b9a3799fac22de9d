"""A report as text: one table of 80 columns, in ASCII so that it prints on every terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator

from fastdist._main_job.job import (
    ALPHA,
    BASELINES,
    DTYPES,
    PURE_PYTHON,
    SCIKIT_LEARN,
    Check,
    Report,
    Result,
    Timing,
)

# The columns of a table of timings: names, and what there is for each dtype.
NAMES, NUMBERS = 24, 28
# Where the name of a baseline is too long for its column.
HEADINGS = {PURE_PYTHON: "Python", SCIKIT_LEARN: "sklearn"}


def lines(report: Report) -> Iterator[str]:
    """The lines of the table."""
    config, job = report.config, report.job
    instructions, threads = config["instruction set"], _counted(config["threads"], "thread")
    versions = (f"{name} {config[name.lower()]}" for name in ("fastdist", "NumPy", "Python"))
    yield f"{', '.join(versions)}; {instructions}, {threads}"
    yield f"{job.samples:,} normals of each dtype, {job.samples:,} paths of the share, seed {job.seed}"
    yield ""
    yield from _check_lines(report)
    for result in report.results:
        if result.findings is not None:
            yield ""
            yield from result.findings.lines
    for result in report.results:
        if result.timings:
            yield ""
            yield from _timing_lines(result, report.job.repeats)
    yield ""
    yield "pure Python has float64 only, and float32 is compared with that"


def _check_lines(report: Report) -> Iterator[str]:
    yield f"{'':40}" + "".join(_heading(dtype, 20) for dtype in DTYPES)
    header = f"{'expected':>10}{'std err':>8}" + f"{'value':>11}{'distance':>9}" * len(DTYPES)
    for result in report.results:
        yield f"{result.title:<22}{header}".rstrip()
        header = ""
        for name in _unique(check.name for check in result.checks):
            yield _check_line(report, {c.dtype: c for c in result.checks if c.name == name})
    yield ""
    yield "distance: in standard errors; for Kolmogorov-Smirnov, whose value is sqrt(n) D,"
    yield "and chi2 the normal deviate of the same p-value; for a count, its deviance"
    yield "residual; areas are those under pdf, and compared with differences of cdf;"
    yield "mahalanobis is chi2 of these distances in 100 bins; figures that others have"
    yield "published have the standard error of their rounding"
    failed, number = report.failed, len(report.checks)
    if failed:
        yield f"{len(failed)} of {number} checks FAIL: beyond {report.critical_distance:.2f}, marked !"
    else:
        yield (
            f"all {number} checks pass: none is beyond {report.critical_distance:.2f} "
            f"(alpha = {ALPHA:g} for all together)"
        )


def _check_line(report: Report, by_dtype: dict[str, Check]) -> str:
    any_dtype = next(iter(by_dtype.values()))
    decimals = _decimals(any_dtype.standard_error, 2)
    line = (
        f"  {any_dtype.name:<20}{any_dtype.expected:10,.{decimals}f}{any_dtype.standard_error:8.{decimals}f}"
    )
    for dtype in DTYPES:
        check = by_dtype.get(dtype)
        if check is None:
            line += f"{'-':>11}{'-':>9}"
        else:
            value = f"{check.value:,}" if isinstance(check.value, int) else f"{check.value:,.{decimals}f}"
            distance = f"{check.distance:+.{2 if abs(check.distance) < 100 else 0}f}"
            line += f"{value:>11}{distance:>8}{' ' if report.passes(check) else '!'}"
    return line.rstrip()


def _timing_lines(result: Result, repeats: int) -> Iterator[str]:
    timings = result.timings
    baselines = [name for name in BASELINES if any(name in timing.speed_up for timing in timings)]
    width = NUMBERS // (1 + len(baselines))
    yield f"{'ns per ' + result.unit:<{NAMES}}" + "".join(_heading(dtype, NUMBERS) for dtype in DTYPES)
    yield f"{'':{NAMES}}" + f"{'times as fast as':>{NUMBERS}}" * len(DTYPES)
    columns = "".join(f"{HEADINGS.get(name, name):>{width}}" for name in baselines)
    header = f"{'ns':>{NUMBERS - len(columns)}}{columns}" * len(DTYPES)
    for function in _unique(timing.function for timing in timings):
        yield f"{function:<{NAMES}}{header}".rstrip()
        header = ""
        same = [timing for timing in timings if timing.function == function]
        for name in _unique(timing.name for timing in same):
            by_dtype = {timing.dtype: timing for timing in same if timing.name == name}
            yield f"  {name:<{NAMES - 2}}" + "".join(
                _timing_columns(by_dtype.get(dtype), baselines, width) for dtype in DTYPES
            )
    yield ""
    n = max(timing.n for timing in timings)
    fewer = {timing.name: timing.n for timing in timings if timing.n < n}
    yield from textwrap.wrap(
        f"medians of {repeats} runs, taken in turn, of {n:,} {result.unit}s"
        + "".join(f"; {name}: {number:,}" for name, number in fewer.items()),
        width=80,
    )
    yield from result.notes


def _timing_columns(timing: Timing | None, baselines: list[str], width: int) -> str:
    """The time, and how many times that the baselines take; '-' for what there is not."""
    cells = ["-"] * len(baselines)
    ns = "-"
    if timing is not None:
        ns = _significant(timing.ns)
        speed_up = timing.speed_up
        cells = [f"{_ratio(speed_up[name])}x" if name in speed_up else "-" for name in baselines]
    columns = "".join(f"{cell:>{width}}" for cell in cells)
    return f"{ns:>{NUMBERS - len(columns)}}{columns}"


def _heading(dtype: str, width: int) -> str:
    """The name of a dtype, ruled over its columns."""
    return "   " + f" {dtype} ".center(width - 3, "-")


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _decimals(value: float, digits: int) -> int:
    """Decimals that show so many significant digits."""
    return max(0, digits - 1 - math.floor(math.log10(value))) if value > 0 else 0


def _significant(value: float, digits: int = 3) -> str:
    return f"{value:,.{_decimals(value, digits)}f}"


def _ratio(value: float) -> str:
    """Of three significant digits, but of three decimals at most: it must fit its column."""
    return f"{value:,.{min(3, _decimals(value, 3))}f}"
