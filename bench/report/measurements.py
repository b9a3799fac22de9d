"""Sections of the report with the figures: topics, threads, limits, memory, programs, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from bench.report.history import machines, machines_named
from bench.report.markdown import details, duration, figure, paragraph, table, whole
from bench.report.results import Group, Rows, Run, ratio
from bench.report.sections import asked, spread, times

RUNS_SHOWN = 6


def topic(run: Run, name: str) -> list[str]:
    groups = [group for group in run.groups if group.topic == name]
    headlines = [group for group in groups if group.headline]
    lines = ["ns for each element, fastdist on one thread at the level in use:", ""]
    headings = ["operation", "case", "element", "best", "median", "quartiles", "other rungs of fastdist"]
    lines += table(headings, [_own_row(run, group) for group in headlines], left=3)
    lines += ["", "Times as fast as each peer (bold: the peer is faster):", ""]
    lines += _against_peers(run, headlines)
    if len(groups) > len(headlines):
        lines += ["", *details(f"All {len(groups)} cases of {name}", _against_peers(run, groups))]
    notes = dict.fromkeys(f"{timing.rung}{asked(timing)}" for group in groups for timing in group.timings)
    fewer = [note for note in notes if note.endswith("at once)")]
    if fewer:
        lines += ["", *paragraph(f"Timed on fewer than was asked, for each element: {'; '.join(fewer)}.")]
    return lines


def _own_row(run: Run, group: Group) -> list[str]:
    ours = run.ours(group)
    others = [timing for timing in group.ours if timing is not ours and timing.threads == 1]
    named = ", ".join(f"{timing.rung.removeprefix('fastdist ')} {figure(timing.best)}" for timing in others)
    figures = [figure(ours.best), figure(ours.median), spread(ours)] if ours is not None else [""] * 3
    return [group.operation, f"`{group.case}`", group.element, *figures, named]


def _against_peers(run: Run, groups: Sequence[Group]) -> list[str]:
    """Columns are the peers that were timed in any of these groups."""
    peers = list(dict.fromkeys(peer.rung for group in groups for peer in group.peers))
    rows = []
    for group in groups:
        ours = run.ours(group)
        row = [group.operation, f"`{group.case}`", "" if ours is None else figure(ours.best)]
        for name in peers:
            theirs = group.timing(name)
            row.append("" if ours is None or theirs is None else times(theirs, ours))
        rows.append(row)
    return table(["operation", "case", "fastdist, ns", *peers], rows, left=2)


def threads(run: Run) -> list[str]:
    rows = []
    for group in run.groups:
        alone = run.ours(group)
        for several in group.ours:
            if several.threads > 1 and alone is not None:
                scaled = ratio(alone, several)
                within = "–".join(map(figure, (scaled.lower, scaled.upper)))
                efficiency = f"{scaled.value / several.threads:.0%}"
                rows.append([group.name, f"`{group.case}`", str(several.threads), figure(alone.best)])
                rows[-1] += [figure(several.best), figure(scaled.value), within, efficiency]
    if not rows:
        return paragraph("No case was timed on several threads.")
    headings = [
        "operation",
        "case",
        "threads",
        "one, ns",
        "these, ns",
        "times as fast",
        "from-to",
        "of ideal",
    ]
    return table(headings, rows, left=2)


class LimitRow(NamedTuple):
    """ns an element of a limit and of ours, both at best, and how the limit was found."""

    group: Group
    limit: str
    ns: float
    ours: float
    how: str

    @property
    def longer(self) -> float:
        """How many times as long we take."""
        return self.ours / self.ns


def limit_rows(run: Run) -> list[LimitRow]:
    """A limit is one of the run's ``limits``, or a rung of the family "limit" beside ours."""
    modelled = () if isinstance(run.limits, str) else run.limits
    found = []
    for group in run.headlines:
        ours = run.ours(group)
        for limit in group.timings:
            if limit.family == "limit" and ours is not None:
                how = next((r.how for r in run.rungs if (r.topic, r.name) == (group.topic, limit.rung)), "")
                found.append(LimitRow(group, limit.rung, limit.best, ours.best, how))
        for row in modelled:
            modelled_level = group.timing(f"fastdist {row.get('level') or run.level}")
            if row["operation"] == group.operation and modelled_level is not None:
                name = f"{row['limit']} ({row['level']})" if row.get("level") else row["limit"]
                found.append(LimitRow(group, name, row["ns_per_element"], modelled_level.best, row["how"]))
    return found


def limits(run: Run) -> list[str]:
    if isinstance(run.limits, str):
        lines = [*paragraph(f"Not measured: {run.limits}"), ""]
    else:
        found = {row.group.operation for row in limit_rows(run)}
        alone = dict.fromkeys(r["operation"] for r in run.limits if r["operation"] not in found)
        lines = [*paragraph(f"Limits of what was not timed: {', '.join(alone)}."), ""] if alone else []
    rows = [
        [row.group.name, row.limit, figure(row.ns), figure(row.ours), figure(row.longer)]
        for row in limit_rows(run)
    ]
    if rows:
        headings = ["operation", "limit", "limit, ns", "fastdist, best ns", "times the limit"]
        lines += [*table(headings, rows, left=2), ""]
        hows: dict[tuple[str, str], dict[str, None]] = {}
        for row in limit_rows(run):
            if row.how:
                hows.setdefault((row.limit, row.how), {})[row.group.operation] = None
        found_by = [
            [limit, next(iter(of)) if len(of) == 1 else f"{len(of)} operations", how]
            for (limit, how), of in hows.items()
        ]
        lines += table(["limit", "of", "how it was found"], found_by, left=3)
    return lines or paragraph("The run has no limits.")


def memory(run: Run) -> list[str]:
    def row(peak: Mapping[str, Any]) -> list[str]:
        kib = [whole(round(peak[name] / 1024)) for name in ("returned", "peak_resident", "peak_python")]
        most = max(peak["peak_resident"], peak["peak_python"])
        relative = f"{most / peak['returned']:.2f}" if peak["returned"] else ""
        return [peak["operation"], f"`{peak['case']}`", peak["rung"], *kib, relative]

    headings = ["operation", "case", "rung", "returned, KiB", "resident, KiB", "Python, KiB", "x returned"]
    return _table_or_reason(run.memory, headings, row, left=3)


def programs(run: Run) -> list[str]:
    rows = () if isinstance(run.programs, str) else run.programs
    ours = {row["program"]: row for row in rows if row["with"] == "fastdist"}

    def row(program: Mapping[str, Any]) -> list[str]:
        wall, peak = program["wall_seconds"], program["peak_kib"]
        with_us = ours.get(program["program"])
        relative = ["", ""]
        if with_us is not None and with_us is not program:
            relative = [
                figure(min(wall) / min(with_us["wall_seconds"])),
                figure(median(peak) / median(with_us["peak_kib"])),
            ]
        figures = [str(program["repeats"]), duration(min(wall)), duration(median(wall)), duration(max(wall))]
        return [program["program"], program["with"], *figures, whole(round(median(peak) / 1024)), *relative]

    headings = ["program", "with", "runs", "best", "median", "worst", "peak, MiB"]
    headings += ["x fastdist's time", "x its peak"]
    return _table_or_reason(run.programs, headings, row, left=2)


def _table_or_reason(rows: Rows, headings: Sequence[str], row: Any, left: int) -> list[str]:
    if isinstance(rows, str):
        return paragraph(f"Not measured: {rows}")
    return table(headings, map(row, rows), left) if rows else paragraph("The run has none.")


# Operation, case and peer: only where all are the same do ratios of two runs compare.
Headline = tuple[str, str, str]


def headline_ratios(run: Run) -> dict[Headline, tuple[Group, float]]:
    """The main case of each operation, and its ratio to the reference peer."""
    found = {}
    for group in run.headlines:
        ours, peer = run.ours(group), None if group.peer is None else group.timing(group.peer)
        if ours is not None and peer is not None:
            found[group.operation, group.case, peer.rung] = group, ratio(peer, ours).value
    return found


def history(runs: Sequence[Run]) -> list[str]:
    """What the newest run has; it comes first, and columns are the last few."""
    shown = runs[:RUNS_SHOWN]
    ratios = [headline_ratios(run) for run in shown]
    rows = [
        [group.name, str(group.peer), *(figure(each[key][1]) if key in each else "" for each in ratios)]
        for key, (group, _) in ratios[0].items()
    ]
    letters = machines(runs)
    headings = [
        " ".join(filter(None, (run.date[:10], f"`{run.commit[:7]}`", letters.get(run.identity))))
        for run in shown
    ]
    lines = table(["operation", "times as fast as the reference peer", *headings], rows, left=2)
    return [*paragraph(f"Machines: {machines_named(runs)}."), "", *lines] if letters else lines
