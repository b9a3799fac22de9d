"""Sections of the report that say what was measured, how, and where a peer wins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.report.markdown import bullet, details, figure, paragraph, table, whole
from bench.report.results import LADDER, NO_PEERS, Group, Ratio, Run, Timing, first_step, ratio


@dataclass(frozen=True)
class Contest:
    """A peer beside fastdist on as many threads, at the level in use: below 1 time, the peer is faster."""

    group: Group
    peer: str
    times: Ratio

    @property
    def within_spread(self) -> bool:
        return self.times.upper >= 1


def contests(run: Run, several_threads: bool = False) -> list[Contest]:
    """Every peer on one thread, or on more, with fastdist on as many: won or lost."""
    return [
        Contest(group, theirs.rung, ratio(theirs, ours))
        for group in run.groups
        for theirs in group.peers
        if (theirs.threads > 1) == several_threads and (ours := run.ours(group, theirs.threads)) is not None
    ]


def where_a_peer_wins(run: Run) -> list[str]:
    """The first paragraph, and tables of what it counts: by peer, and all of it."""
    met, several = contests(run), contests(run, several_threads=True)
    text = f"On one thread, a peer is faster than fastdist (`{run.level}`) {_where(met)}."
    if several:
        text += f" With several threads, a peer is faster than fastdist with as many {_where(several)}."
    lost = [each for each in (*met, *several) if each.times.value < 1]
    if not lost:
        return paragraph(text)
    text += _who_wins(lost)
    rows = [
        [each.group.name, f"`{each.group.case}`", each.peer, figure(1 / each.times.value), _doubt(each)]
        for each in lost
    ]
    headings = ["operation", "case", "peer", "times as fast", ""]
    every = details(f"All {len(lost)} of them", table(headings, rows, left=3))
    return [*paragraph(text), "", *_by_peer(lost), "", *every]


def _where(met: Sequence[Contest]) -> str:
    lost = _cases(each for each in met if each.times.value < 1)
    return f"in {lost} of {_cases(met)} cases" if lost else f"nowhere, out of {_cases(met)} cases with a peer"


def _cases(met: Iterable[Contest]) -> int:
    return len({(each.group.operation, each.group.case) for each in met})


def _who_wins(lost: Sequence[Contest]) -> str:
    most = min(lost, key=lambda each: each.times.value)
    operations = dict.fromkeys((each.peer, each.group.name) for each in lost if each.group.headline)
    won = Counter(peer for peer, _ in operations)
    counts = ", ".join(f"**{peer}** {count}" for peer, count in won.most_common())
    told = f" Peers that win main cases, and of how many operations: {counts}." if counts else ""
    doubt = f" ({_doubt(most)})" if most.within_spread else ""
    ahead = f"{figure(1 / most.times.value)} times as fast in `{most.group.name}`, `{most.group.case}`{doubt}"
    return f"{told} Furthest ahead is **{most.peer}**: {ahead}."


def _by_peer(lost: Sequence[Contest]) -> list[str]:
    """The operations that each peer wins in the main case, and those that it wins at other sizes alone."""
    peers: dict[str, tuple[list[Contest], list[Contest]]] = {}
    in_main_case = {(each.peer, each.group.name) for each in lost if each.group.headline}
    for each in lost:
        main, others = peers.setdefault(each.peer, ([], []))
        if each.group.headline:
            main.append(each)
        elif (each.peer, each.group.name) not in in_main_case:
            others.append(each)
    ordered = sorted(peers.items(), key=lambda item: len(item[1][0]), reverse=True)
    rows = [[peer, *map(_most, won)] for peer, won in ordered]
    return table(["peer, where it is faster", "in main cases", "at other sizes alone"], rows, left=3)


def _most(won: Sequence[Contest]) -> str:
    """In how many operations, and in which one by how much."""
    if not won:
        return ""
    most, count = min(won, key=lambda each: each.times.value), len({each.group.name for each in won})
    where = "1 operation," if count == 1 else f"{count} operations, most in"
    doubt = f" ({_doubt(most)})" if most.within_spread else ""
    return f"{where} `{most.group.name}`: {figure(1 / most.times.value)} times as fast{doubt}"


def _doubt(contest: Contest) -> str:
    return "within the spread" if contest.within_spread else ""


def what_ran(run: Run) -> list[str]:
    commit = run.commit[:12] + (", with changes that are not committed" if run.dirty else "")
    facts = {
        "date": run.date[:19],
        "commit": commit,
        **{name: str(value) for name, value in run.machine.items()},
        "load before, after (1, 5, 15 minutes)": f"{_load(run.load_before)}; {_load(run.load_after)}",
        "sweeps": str(run.sweeps),
        "times of a rung": times_of_a_rung(run),
        "times that began in quiet moments": share(run.quiet),
        "rungs that came near their shortest time three times": share(run.settled),
        "addresses the same in each run": _ANSWERS[run.same_addresses],
        "took": f"{run.seconds / 60:.1f} minutes",
    }
    return table(["", ""], facts.items(), left=2)


_ANSWERS = {True: "yes", False: "no", None: "not known"}


def share(of_all: float | None) -> str:
    return "not known" if of_all is None else f"{of_all:.0%}"


def times_of_a_rung(run: Run) -> str:
    """The least and the most of any rung."""
    counts = sorted({len(timing.seconds) for group in run.groups for timing in group.timings})
    return " to ".join(map(str, dict.fromkeys((*counts[:1], *counts[-1:]))))


def _load(averages: Sequence[float]) -> str:
    return ", ".join(f"{average:.2f}" for average in averages)


def not_measured(run: Run) -> list[str]:
    """Rungs that are missing, and groups in which fastdist's level in use is."""
    lines: list[str] = []
    topics: dict[str, list[str]] = {}
    for rung in run.rungs:
        if rung.missing is not None:
            topics.setdefault(f"{rung.name}: {rung.missing}", []).append(rung.topic)
    for reason, where in topics.items():
        lines += bullet(f"{reason} ({', '.join(dict.fromkeys(where))})")
    for left_out in run.left_out:
        lines += bullet(left_out)
    for group in run.groups:
        if group.topic != LADDER and run.ours(group) is None:
            lines += bullet(f"{group.name}, `{group.case}`: no `fastdist {run.level}`")
    for what, rows in (("whole programs", run.programs), ("limits", run.limits), ("peak memory", run.memory)):
        if isinstance(rows, str):
            lines += bullet(f"{what}: {rows}")
        elif not rows:
            lines += bullet(f"{what}: the run has none")
    return lines or paragraph("Nothing: every rung of every topic ran.")


def how_peers_are_used(run: Run) -> list[str]:
    topics: dict[str, dict[tuple[str, str], None]] = {}
    for rung in run.rungs:
        if rung.family not in NO_PEERS:
            topics.setdefault(rung.topic, {})[rung.name, rung.how] = None
    lines: list[str] = []
    for topic, rows in topics.items():
        lines += [f"### {topic}", "", *table(["peer", "how it is used"], rows, left=2), ""]
    return lines


def spread(timing: Timing) -> str:
    return "–".join(figure(x) for x in timing.quartiles)


def ladder(run: Run) -> list[str]:
    lines: list[str] = []
    for group in run.groups:
        if group.topic != LADDER:
            continue
        first = first_step(group)
        rows = []
        before: Timing | None = None
        for step in group.timings:
            rows.append([step.rung, figure(step.best), figure(step.median), spread(step)])
            # fastdist is no step, and one thread of it does not follow the step with threads.
            compared = (None if step.family == "fastdist" else before, first)
            rows[-1] += ["" if other is None else times(other, step) for other in compared]
            rows[-1][0] += asked(step)
            before = step
        headings = ["step", "best", "median", "quartiles", "x the step before", "x pure Python"]
        lines += paragraph(f"`{group.case}`, ns for each {group.element}:")
        lines += ["", *table(headings, rows), ""]
    return lines or paragraph("The run has no ladder.")


def times(theirs: Timing, ours: Timing) -> str:
    """In bold where we lose."""
    value = ratio(theirs, ours).value
    return figure(value) if value >= 1 else f"**{figure(value)}**"


def asked(timing: Timing) -> str:
    return "" if timing.size == timing.asked_size else f" ({whole(timing.size)} at once)"
