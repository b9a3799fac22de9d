"""How well two runs of the same machine agree: every ratio that both have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.estimators import ESTIMATOR, ESTIMATORS
from bench.report.changes import Change, changes
from bench.report.markdown import bullet, details, figure, paragraph, percent, table, whole
from bench.report.results import Run
from bench.report.sections import share, times_of_a_rung

ASKED = 0.1
QUANTILES = (0.5, 0.9, 0.95, 0.99)


def agreement(before: Run, after: Run) -> list[str]:
    """The section of the report."""
    found = changes(before, after)
    if not found:
        return paragraph(f"The run before, `{before.path.name}`, has no ratio in common with this one.")
    beyond = [change for change in found if change.size > ASKED]
    in_use = [change for change in found if change.key.ours == f"fastdist {after.level}"]
    in_use_beyond = sum(change.size > ASKED for change in in_use)
    commits = "the same commit" if before.commit == after.commit else "another commit, so code may differ"
    lines = paragraph(
        f"This run and the full run before it on this machine, `{before.path.name}` ({commits}), share "
        f"{whole(len(found))} ratios. The worst differs by {percent(found[0].size)}; "
        f"{whole(len(beyond))} differ by more than {percent(ASKED)}; of the {whole(len(in_use))} of "
        f"fastdist's level in use on one thread, {whole(in_use_beyond)}. A difference is "
        "`max(a/b,b/a)-1`. Ratios are those of fastdist's rungs to every other rung, of its threads to "
        "one, and of the ladder's steps to pure Python."
    )
    lines.append("")
    for run in (before, after):
        lines += bullet(
            f"`{run.path.name}` took {run.sweeps} sweeps, {times_of_a_rung(run)} times of a rung and "
            f"{run.seconds / 60:.0f} minutes, at a load of {run.load_before[0]:.2f} before and "
            f"{run.load_after[0]:.2f} after{_in_quiet_moments(run)}."
        )
    lines += ["", *paragraph(_what_it_took(before, after) + (_what_differs(beyond) if beyond else ""))]
    lines += [
        "",
        *paragraph("The same timings by each way to estimate a ratio; the report uses the first:"),
        "",
    ]
    lines += table(
        [
            "estimate",
            *(f"{quantile:.0%} within" for quantile in QUANTILES),
            "worst",
            f"beyond {percent(ASKED)}",
        ],
        [_of_estimator(before, after, name) for name in sorted(ESTIMATORS, key=lambda n: n != ESTIMATOR)],
    )
    if beyond:
        rows = map(_row, beyond)
        headings = ["operation", "case", "rung", "against", "before", "now", "difference"]
        lines += ["", *details(f"Beyond {percent(ASKED)}: {len(beyond)}", table(headings, rows, left=4))]
    else:
        lines += ["", *bullet(f"No ratio differs by more than {percent(ASKED)}.")]
    return lines


def _in_quiet_moments(run: Run) -> str:
    if run.quiet is None:
        return ""
    began = f"in quiet moments began {share(run.quiet)} of the times"
    return f"; {began}, and {share(run.settled)} of the rungs settled"


def _what_it_took(before: Run, after: Run) -> str:
    probed = (
        "times in moments, and on the CPU, in which a probe finds the core quiet, each the shortest of up to "
        "five; more times of what is not settled; "
    )
    return (
        "What it took: rungs of a case in turn, in shuffled order, and sweeps that are minutes apart, in new "
        f"arrays; {'' if None in (before.quiet, after.quiet) else probed}the best of each, since "
        "what disturbs a machine makes it slower, seldom faster; a call before each short one that is timed; "
        "memory that the C library keeps; arrays at one place of their pages, and the same "
        f"{'addresses and ' * bool(before.same_addresses and after.same_addresses)}hashes in each process; "
        "libraries imported before any thread is held to a CPU; JAX without asynchronous dispatch, and on "
        "one thread; no more than a thousand Python numbers at a time."
    )


def _what_differs(beyond: Sequence[Change]) -> str:
    alone = [change for change in beyond if not change.has_threads]
    beyond_spread = sum(change.beyond_spread for change in alone)
    return (
        f" Of what still differs, {whole(len(beyond) - len(alone))} have several threads, which need all "
        f"CPUs quiet at once. Of the other {whole(len(alone))}, {whole(len(alone) - beyond_spread)} are "
        "within the spreads: a rung has not come near its shortest time three times. The remaining "
        f"{whole(beyond_spread)} came to other times in one run than in the other (NOTES.md has what is "
        "known of it)."
    )


def _of_estimator(before: Run, after: Run, estimator: str) -> list[str]:
    sizes = [change.size for change in changes(before, after, estimator)]
    within = [percent(float(np.quantile(sizes, quantile))) for quantile in QUANTILES]
    return [estimator, *within, percent(max(sizes)), str(sum(size > ASKED for size in sizes))]


def _row(change: Change) -> list[str]:
    key = change.key
    names = [key.operation, f"`{key.case}`", key.ours, key.against]
    return [*names, figure(change.before.value), figure(change.after.value), percent(change.size)]
