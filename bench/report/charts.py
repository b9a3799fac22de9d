"""What the pictures show, as data; ``pictures.py`` draws it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

import numpy as np

from bench.report.history import machines, machines_named
from bench.report.markdown import whole
from bench.report.measurements import headline_ratios, limit_rows
from bench.report.results import LADDER, Group, Run, Timing, first_step, ratio

SIZES_FOR_A_PICTURE = 4
# More lines than that in one panel cannot be told apart.
MOST_LINES = 8
MOST_BAR_PANELS, MOST_LINE_PANELS = 12, 5
MOST_BARS = 30
# Seconds.  To hand over work takes 0.1 to 0.2 ms (NOTES.md): a few percent of this, and more of less.
WORTH_THREADS = 5e-3

P = TypeVar("P")


@dataclass(frozen=True)
class Bar:
    """``kind`` chooses the colour."""

    label: str
    value: float
    lower: float
    upper: float
    kind: str


@dataclass(frozen=True)
class Line:
    """``lower`` and ``upper`` are the ends of error bars, for each y; without them there are none."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    lower: Sequence[float] = ()
    upper: Sequence[float] = ()
    stands_out: bool = False


@dataclass(frozen=True)
class BarPanel:
    title: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class LinePanel:
    title: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Chart:
    """A picture: ``name`` is its file's, ``caption`` what stands below it in the report."""

    name: str
    caption: str
    x_label: str


@dataclass(frozen=True)
class BarChart(Chart):
    """On a log scale bars begin at 1, on a linear one at 0."""

    panels: Sequence[BarPanel]
    log: bool = True


@dataclass(frozen=True)
class LineChart(Chart):
    """``marks`` are vertical lines with their labels; ``ticks`` name places on a linear x axis."""

    y_label: str
    panels: Sequence[LinePanel]
    marks: dict[str, float] = field(default_factory=dict)
    ticks: Sequence[str] = ()
    ideal: bool = False


def charts(run: Run, runs: Sequence[Run]) -> list[Chart]:
    """``runs`` are those of the history, newest first."""
    by_topic = [chart for topic in run.topics if topic != LADDER for chart in speedups(run, topic)]
    return [*ladder(run), *by_topic, *sizes(run), *threads(run), *limits(run), *history(runs)]


def ladder(run: Run) -> Iterator[BarChart]:
    panels = []
    for group in run.groups:
        first = first_step(group)
        if group.topic == LADDER and first is not None:
            panels.append(
                BarPanel(f"{whole(group.size)} numbers", [_bar(first, step) for step in group.timings])
            )
    if panels:
        caption = f"The ladder: how many times as fast as pure Python each step is. {_BARS}"
        yield BarChart("ladder", caption, "times as fast as pure Python", panels)


_BARS = "Of the best times; error bars: the best of the one to the third best of the other, and the reverse."
_TIMES = "Best times; error bars go up to the median."


def _bar(theirs: Timing, ours: Timing, label: str | None = None, kind: str | None = None) -> Bar:
    times = ratio(theirs, ours)
    return Bar(label or ours.rung, times.value, times.lower, times.upper, kind or ours.family)


def speedups(run: Run, topic: str) -> Iterator[BarChart]:
    panels = []
    for group in run.headlines:
        ours = run.ours(group)
        if group.topic == topic and group.peers and ours is not None:
            bars = [_bar(theirs, ours, theirs.rung, theirs.family) for theirs in group.peers]
            panels.append(BarPanel(group.operation, bars))
    caption = (
        f"{topic}: how many times as fast as each peer fastdist is on one thread, at the main case. "
        f"{_BARS} Left of 1 the peer is faster."
    )
    for name, part in _numbered(f"speedups_{topic}", panels, MOST_BAR_PANELS):
        yield BarChart(name, caption, "times as fast as the peer", part)


def _numbered(name: str, panels: Sequence[P], most: int) -> Iterator[tuple[str, Sequence[P]]]:
    """One name for all, or, of too many for one picture, a number for each part."""
    parts = _parts(panels, most)
    for i, part in enumerate(parts):
        yield (name if len(parts) == 1 else f"{name}_{i + 1}"), part


def _parts(items: Sequence[P], most: int) -> list[Sequence[P]]:
    """Of nearly equal lengths, none above ``most``."""
    count = -(-len(items) // most)
    borders = [round(i * len(items) / count) for i in range(count + 1)] if count else [0]
    return [items[i:j] for i, j in pairwise(borders)]


def sizes(run: Run) -> Iterator[LineChart]:
    for operation in dict.fromkeys(group.operation for group in run.groups):
        groups = [group for group in run.groups if group.operation == operation]
        if len({group.size for group in groups}) < SIZES_FOR_A_PICTURE:
            continue
        lines = _by_size(groups, f"fastdist {run.level}")
        peers = [line for line, timing in lines if timing.is_peer]
        # The level in use is in every panel, for comparison.
        in_use = [line for line, _ in lines if line.stands_out]
        others = [line for line, timing in lines if not timing.is_peer and not line.stands_out]
        parts = [("peers", part) for part in _parts(peers, MOST_LINES - 1)]
        parts += [("fastdist and limits", part) for part in _parts(others, MOST_LINES - 1)]
        panels = [LinePanel(f"{operation}: {title}", [*in_use, *part]) for title, part in parts]
        caption = f"{operation}: ns for each {groups[0].element} against size. {_TIMES}"
        yield LineChart(
            f"sizes_{_file_name(operation)}",
            caption,
            f"{groups[0].element}s a call",
            "ns for each",
            panels,
            cache_marks(run, groups[0]),
        )


def _by_size(groups: Sequence[Group], in_use: str) -> list[tuple[Line, Timing]]:
    """A line for each rung, through the sizes that it was timed on, which may be less than was asked."""
    rungs = {timing.rung: timing for group in groups for timing in group.timings}
    lines = []
    for rung, any_timing in rungs.items():
        points: dict[int, Timing] = {}
        for timing in (group.timing(rung) for group in groups):
            if timing is not None:
                points.setdefault(timing.size, timing)
        x = sorted(points)
        y = [points[size].best for size in x]
        upper = [points[size].median for size in x]
        lines.append((Line(rung, x, y, y, upper, rung == in_use), any_timing))
    return lines


UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def cache_marks(run: Run, group: Group) -> dict[str, float]:
    """Where one array of numbers fills each data cache."""
    if group.element != "number":
        return {}
    itemsize = np.dtype(group.dtype).itemsize
    found = re.findall(r"(L\d)d? ([\d.]+) (KiB|MiB|GiB)", str(run.machine.get("caches", "")))
    return {name: float(amount) * UNITS[unit] / itemsize for name, amount, unit in found}


def threads(run: Run) -> Iterator[LineChart]:
    """Of each operation the largest case that has threads, if it is `WORTH_THREADS`."""
    panels = []
    most = 1
    for topic in run.topics:
        lines: dict[str, tuple[int, Line]] = {}
        for group in run.groups:
            alone = run.ours(group)
            several = sorted((t for t in group.ours if t.threads > 1), key=lambda t: t.threads)
            if group.topic != topic or alone is None or not several:
                continue
            if alone.best * group.size * 1e-9 < WORTH_THREADS:
                continue
            if group.size >= lines.get(group.operation, (0, None))[0]:
                lines[group.operation] = group.size, _scaling(group.operation, alone, several)
                most = max(most, several[-1].threads)
        of_topic = [line for _, line in lines.values()]
        panels += [LinePanel(topic, part) for part in _parts(of_topic, MOST_LINES)]
    caption = (
        f"Times as fast as on one thread, of each operation's largest case, if one thread takes more than "
        f"{1000 * WORTH_THREADS:.0f} ms. {_BARS} The dashed line is the ideal."
    )
    for name, part in _numbered("threads", panels, MOST_LINE_PANELS):
        yield LineChart(name, caption, "threads", "times as fast as one", part, ideal=True)


def _scaling(label: str, alone: Timing, several: Iterable[Timing]) -> Line:
    scaled = {timing.threads: ratio(alone, timing) for timing in several}
    values = list(scaled.values())
    return Line(
        label,
        [1, *scaled],
        [1, *(r.value for r in values)],
        [1, *(r.lower for r in values)],
        [1, *(r.upper for r in values)],
    )


def limits(run: Run) -> Iterator[BarChart]:
    bars: dict[str, list[Bar]] = {}
    for row in limit_rows(run):
        label, kind = f"{row.group.operation}: {row.limit}", row.limit.partition(" (")[0]
        bars.setdefault(row.group.topic, []).append(Bar(label, row.longer, row.longer, row.longer, kind))
    caption = "How many times as long as each limit fastdist takes on one thread at best, at the main case."
    panels = [BarPanel(topic, part) for topic, of_it in bars.items() for part in _parts(of_it, MOST_BARS)]
    for name, part in _numbered("limits", panels, 2):
        yield BarChart(name, caption, "times as long as the limit", part, log=False)


def history(runs: Sequence[Run]) -> Iterator[LineChart]:
    """Oldest to the left; a chart needs two runs.  Ratios of two machines do not compare: lines break."""
    if len(runs) < 2:
        return
    ordered = list(reversed(runs))
    ratios = [headline_ratios(run) for run in ordered]
    panels = []
    for topic in runs[0].topics:
        lines = [
            _over_runs(ordered, group.operation, [each[key][1] if key in each else None for each in ratios])
            for key, (group, _) in ratios[-1].items()
            if group.topic == topic
        ]
        panels += [LinePanel(topic, part) for part in _parts(lines, MOST_LINES)]
    letters = machines(runs)
    ticks = [
        "\n".join(filter(None, (run.date[2:10], run.commit[:7], letters.get(run.identity))))
        for run in ordered
    ]
    caption = "The ratio of each operation's main case to its reference peer, over commits."
    if letters:
        caption += f" Lines break where the machine is another: {machines_named(runs)}."
    for name, part in _numbered("history", panels, MOST_LINE_PANELS):
        yield LineChart(name, caption, "date and commit", "times as fast", part, ticks=ticks)


def _over_runs(runs: Sequence[Run], label: str, ratios: Sequence[float | None]) -> Line:
    """With a point that is not a number between two machines."""
    x: list[float] = []
    y: list[float] = []
    for i, (run, value) in enumerate(zip(runs, ratios, strict=True)):
        if i and run.identity != runs[i - 1].identity:
            x.append(i - 0.5)
            y.append(math.nan)
        if value is not None:
            x.append(i)
            y.append(value)
    return Line(label, x, y)


def _file_name(title: str) -> str:
    return re.sub(r"\W+", "_", title).strip("_").lower()
