"""The tables of README.md and docs/benchmarks.md as data, and what a run puts into them.

A table stands between ``<!-- bench: NAME -->`` and ``<!-- end -->``.  To add one: an entry of ``TABLES``
in `pages`, its name in ``PAGES``, and the two markers on that page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.report.markdown import duration, figure, paragraph, table, whole
from bench.report.results import Group, Run, Timing, ratio

LEVELS = {"baseline": "the baseline", "x86_64_v3": "AVX2", "x86_64_v4": "AVX-512"}


@dataclass(frozen=True)
class Place:
    """A group: the main case of an operation, or the case of this size."""

    operation: str
    size: int | None = None

    def group(self, run: Run) -> Group | None:
        groups = (group for group in run.groups if group.operation == self.operation)
        if self.size is None:
            return next((group for group in groups if group.headline), None)
        return next((group for group in groups if group.size == self.size), None)


@dataclass(frozen=True)
class Column:
    """``of`` names a place of each row; the time or, ``against`` a rung, the ratio to it."""

    heading: str
    of: str
    against: str | None = None


@dataclass(frozen=True)
class Row:
    """In each place the first of ``rungs`` that was measured there."""

    label: str
    rungs: Sequence[str]
    places: Mapping[str, Place]
    bold: bool = False


@dataclass(frozen=True)
class Table:
    corner: str
    columns: Sequence[Column]
    rows: Callable[[Run], Sequence[Row]]

    def lines(self, run: Run) -> list[str]:
        """A row without any figure is named below instead."""
        rows = [(row.label, [cell(run, row, column) for column in self.columns]) for row in self.rows(run)]
        measured = [[label, *cells] for label, cells in rows if any(cells)]
        lines = table([self.corner, *(column.heading for column in self.columns)], measured)
        missing = dict.fromkeys(label.replace("**", "") for label, cells in rows if not any(cells))
        return [*lines, "", *paragraph(f"Not measured: {'; '.join(missing)}.")] if missing else lines

    def sizes(self, run: Run) -> str:
        """Of one call."""
        places = [place for row in self.rows(run) for place in row.places.values()]
        sizes: dict[str, list[int]] = {}
        for group in (place.group(run) for place in places):
            if group is not None:
                sizes.setdefault(group.element, []).append(group.size)
        return " or ".join(f"{between(of_it)} {element}s" for element, of_it in sizes.items())


def between(numbers: Sequence[int]) -> str:
    return " to ".join(map(whole, dict.fromkeys((min(numbers), max(numbers)))))


def cell(run: Run, row: Row, column: Column) -> str:
    found = timing_of(run, row.rungs, row.places.get(column.of))
    if found is None:
        return ""
    group, timing = found
    text = figure(timing.best)
    if column.against is not None:
        other = group.timing(column.against)
        if other is None:
            return ""
        text = f"{figure(ratio(other, timing).value)} x"
    return f"**{text}**" if row.bold else text


def timing_of(run: Run, rungs: Sequence[str], place: Place | None) -> tuple[Group, Timing] | None:
    group = None if place is None else place.group(run)
    if group is None:
        return None
    measured = (group.timing(rung) for rung in rungs)
    return next(((group, timing) for timing in measured if timing is not None), None)


def fastdist_rows(run: Run, places: Mapping[str, Place]) -> list[Row]:
    """The level in use first, and the vectorised ones below it."""
    levels = list(LEVELS)
    below = levels[1 : levels.index(run.level)] if run.level in levels else []
    used = [run.level, *reversed(below)]
    return [
        Row(f"**fastdist**, {LEVELS.get(level, level)}", (f"fastdist {level}",), places, level == run.level)
        for level in used
    ]


def call(run: Run, rung: str, place: Place) -> str | None:
    """How long a call takes, of as many as the case asks for."""
    found = timing_of(run, (rung,), place)
    if found is None:
        return None
    group, timing = found  # which may have been timed on fewer
    return duration(timing.best * group.size * 1e-9)


@dataclass(frozen=True)
class Sentence:
    """``{ours}`` and ``{theirs}`` are what a call takes; left out where one of them was not measured."""

    text: str
    place: Place
    against: str

    def of(self, run: Run) -> str:
        ours, theirs = call(run, f"fastdist {run.level}", self.place), call(run, self.against, self.place)
        return "" if ours is None or theirs is None else self.text.format(ours=ours, theirs=theirs)


def sentences(run: Run, all_of_them: Sequence[Sentence]) -> list[str]:
    return paragraph(" ".join(filter(None, (sentence.of(run) for sentence in all_of_them))))


def caption(run: Run, tables: Mapping[str, Table], report: str) -> list[str]:
    """``report`` is the link to REPORT.md."""
    sizes = {name: table.sizes(run) for name, table in tables.items()}
    calls = "".join(f"; a call of {name} has {found}" for name, found in sizes.items() if found)
    commit = run.commit[:7] + (" with changes" if run.dirty else "")
    return paragraph(
        f"(Best times, and ratios of these, of a run of {run.date[:10]}, commit "
        f"`{commit}`, on one core of {run.cpu_name}{calls}; [every figure, and how it was "
        f"measured]({report}).)"
    )


PART = re.compile(r"(?<=<!-- bench: )(?P<name>[\w -]+?)(?P<mark> -->\n).*?(?=<!-- end -->)", re.DOTALL)


def names(text: str) -> list[str]:
    return [found["name"] for found in PART.finditer(text)]


def filled(text: str, parts: Mapping[str, Sequence[str]]) -> str:
    """``text`` with every part between its markers; both must have the same names."""
    if sorted(names(text)) != sorted(parts):
        raise RuntimeError(
            f"the text has places for {names(text)}, and there are {list(parts)} to put there: each needs "
            "one place, between <!-- bench: NAME --> and <!-- end -->"
        )

    def part(found: re.Match[str]) -> str:
        content = "\n".join(parts[found["name"]])
        return f"{found['name']}{found['mark']}\n{content}\n\n"

    return PART.sub(part, text)
