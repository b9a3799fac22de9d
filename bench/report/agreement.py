"""How well two runs of the same machine agree: every ratio that both have."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bench.estimators import ESTIMATOR, ESTIMATORS
from bench.report.markdown import bullet, details, figure, paragraph, percent, table, whole
from bench.report.results import Key, Run
from bench.report.sections import counts

ASKED = 0.1
QUANTILES = (0.5, 0.9, 0.95, 0.99)
WHAT_IT_TOOK = (
    "What it took: rounds in shuffled order, and sweeps that are minutes apart, in new arrays; one CPU for "
    "what has one thread; memory that the C library keeps; a call before each that is timed; libraries "
    "imported before any thread is held to a CPU; JAX without asynchronous dispatch, and on one thread; no "
    "more than a thousand Python numbers at a time; and the lowest tenth of the times, since what disturbs "
    "a machine makes it slower, seldom faster."
)


@dataclass(frozen=True)
class Difference:
    key: Key
    before: float
    after: float

    @property
    def size(self) -> float:
        """max(after / before, before / after) - 1: as large for a loss as for the gain that undoes it."""
        return math.exp(abs(math.log(self.after / self.before))) - 1


def differences(before: Run, after: Run, estimator: str = ESTIMATOR) -> list[Difference]:
    """The largest first."""
    old, new = before.ratios(estimator), after.ratios(estimator)
    shared = [Difference(key, old[key].value, new[key].value) for key in new if key in old]
    return sorted(shared, key=lambda difference: difference.size, reverse=True)


def agreement(before: Run, after: Run) -> list[str]:
    """The section of the report."""
    found = differences(before, after)
    if not found:
        return paragraph(f"The run before, `{before.path.name}`, has no ratio in common with this one.")
    beyond = [difference for difference in found if difference.size > ASKED]
    in_use = [difference for difference in found if difference.key.ours == f"fastdist {after.level}"]
    in_use_beyond = sum(difference.size > ASKED for difference in in_use)
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
            f"`{run.path.name}` took {run.sweeps} sweeps, {counts(run)} times of a rung and "
            f"{run.seconds / 60:.0f} minutes, at a load of {run.load_before[0]:.2f} before and "
            f"{run.load_after[0]:.2f} after."
        )
    told = WHAT_IT_TOOK
    if beyond:
        several = sum("threads" in f"{each.key.ours} {each.key.against}" for each in beyond)
        told += (
            f" Of what still differs, {whole(several)} have several threads; why the others do is not known."
        )
    lines += ["", *paragraph(told)]
    lines += [
        "",
        *paragraph("The same timings by each way to estimate a ratio; the report uses the first:"),
        "",
    ]
    lines += table(
        ["estimate", *(f"{quantile:.0%} within" for quantile in QUANTILES), "worst", "beyond 10 %"],
        [_of_estimator(before, after, name) for name in sorted(ESTIMATORS, key=lambda n: n != ESTIMATOR)],
    )
    if beyond:
        rows = map(_row, beyond)
        headings = ["operation", "case", "rung", "against", "before", "now", "difference"]
        lines += ["", *details(f"Beyond {percent(ASKED)}: {len(beyond)}", table(headings, rows, left=4))]
    else:
        lines += ["", *bullet(f"No ratio differs by more than {percent(ASKED)}.")]
    return lines


def _of_estimator(before: Run, after: Run, estimator: str) -> list[str]:
    sizes = [difference.size for difference in differences(before, after, estimator)]
    within = [percent(float(np.quantile(sizes, quantile))) for quantile in QUANTILES]
    return [estimator, *within, percent(max(sizes)), str(sum(size > ASKED for size in sizes))]


def _row(difference: Difference) -> list[str]:
    key = difference.key
    names = [key.operation, f"`{key.case}`", key.ours, key.against]
    return [*names, figure(difference.before), figure(difference.after), percent(difference.size)]
