"""A report as text: one table of 80 columns, in ASCII so that it prints on every terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from fastdist._main_job.job import ALPHA, BASELINES, DTYPES, Check, Report, Result, Timing


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
        if result.timings:
            yield ""
            yield from _timing_lines(result, report.job.repeats)


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
    yield "the normal deviate of the same p-value; for a count, its deviance residual"
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
    yield f"{'':24}" + "".join(_heading(dtype, 28) for dtype in DTYPES)
    yield f"{'ns per ' + result.unit:<24}" + f"{'ns':>8}{'vs Python':>10}{'vs NumPy':>10}" * len(DTYPES)
    for name in _unique(timing.name for timing in result.timings):
        yield _timing_line(name, {timing.dtype: timing for timing in result.timings if timing.name == name})
    yield ""
    n = max(timing.n for timing in result.timings)
    fewer = "".join(f" ({timing.name}: {timing.n:,})" for timing in result.timings if timing.n < n)
    yield f"medians of {repeats} runs, taken in turn, of {n:,} {result.unit}s{fewer}"
    yield "pure Python has float64 only, and float32 is compared with that"


def _timing_line(name: str, by_dtype: dict[str, Timing]) -> str:
    line = f"  {name:<22}"
    for dtype in DTYPES:
        timing = by_dtype.get(dtype)
        if timing is None:
            line += f"{'-':>8}{'-':>10}{'-':>10}"
        else:
            line += f"{_significant(timing.ns):>8}"
            line += "".join(f"{_significant(timing.speed_up[baseline]) + 'x':>10}" for baseline in BASELINES)
    return line


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
