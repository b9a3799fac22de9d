"""What changed between two runs, and whether something was lost against NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.report.changes import Change, changes
from bench.report.history import same_machine
from bench.report.markdown import bullet, figure, paragraph, percent, table, whole
from bench.report.results import IDENTITY, Run, load

LOSS = 0.1
PROTECTED = "NumPy"


def is_loss(change: Change) -> bool:
    """Within the spread or not: who loses a tenth shall measure again."""
    return change.family == PROTECTED and change.relative < -LOSS


def compare(a: Path, b: Path) -> int:
    """Print what changed from ``a`` to ``b``; 1 if a ratio to NumPy fell by more than `LOSS`, else 0.

    Raises
    ------
    RuntimeError
        If the two have no ratio to NumPy in common, so that no loss could be seen.
    """
    before, after = load(a), load(b)
    found = changes(before, after)
    print("\n".join(described(before, after, found)))
    if all(change.family != PROTECTED for change in found):
        raise RuntimeError(
            f"{a} and {b} have no ratio to {PROTECTED} in common, so nothing says whether one was lost: "
            "compare runs of the same operations and cases, a quick run with a quick one"
        )
    return int(any(map(is_loss, found)))


def described(before: Run, after: Run, found: list[Change]) -> list[str]:
    lines = [f"{before.path.name} -> {after.path.name}"]
    for run in (before, after):
        if run.quick:
            lines += paragraph(f"{run.path.name} is a quick run: its times mean little.")
    if not same_machine(before, after):
        lines.append("The machines differ:")
        for name, old, new in zip(IDENTITY, before.identity, after.identity, strict=True):
            lines += bullet(f"{name}: {old} -> {new}") if old != new else []
    if before.path.resolve() == after.path.resolve():
        lines += paragraph("This is the same run twice, in which nothing can have changed.")
    elif before.quick or after.quick or not same_machine(before, after):
        lines += paragraph("So what is called a loss below need not be one.")
    lines += _in_one_alone(before, after, len(found))
    for title, chosen in (
        ("Against NumPy", [c for c in found if c.family == PROTECTED]),
        ("Against others, for information", [c for c in found if c.family != PROTECTED]),
    ):
        shown = [change for change in chosen if change.beyond_spread or is_loss(change)]
        changed = f"changed beyond the spread or lost over {percent(LOSS)}"
        lines += ["", f"{title}: {len(shown)} of {len(chosen)} {changed}"]
        if shown:
            lines += ["", *table(_HEADINGS, map(_row, shown), left=4)]
    return [*lines, "", *_losses([change for change in found if is_loss(change)])]


def _in_one_alone(before: Run, after: Run, shared: int) -> list[str]:
    """A protected ratio that is gone could hide a loss, so its operation is named."""
    old, new = before.ratios(), after.ratios()
    lines = paragraph(
        f"{whole(shared)} ratios are in both runs, {whole(len(old.keys() - new.keys()))} in the first alone, "
        f"{whole(len(new.keys() - old.keys()))} in the second alone."
    )
    families = {timing.rung: timing.family for group in before.groups for timing in group.timings}
    gone = dict.fromkeys(k.operation for k in old if k not in new and families[k.against] == PROTECTED)
    if gone:
        lines += paragraph(f"Ratios to {PROTECTED} that the second run lacks are of: {'; '.join(gone)}.")
    return lines


def _losses(losses: Sequence[Change]) -> list[str]:
    told = f"Ratios to {PROTECTED} that fell by more than {percent(LOSS)}: {len(losses)}"
    if not losses:
        return [told]
    beyond = sum(loss.beyond_spread for loss in losses)
    several = sum(loss.has_threads for loss in losses)
    worst = percent(-min(loss.relative for loss in losses))
    return paragraph(
        f"{told}, by up to {worst}. Of these, {beyond} are beyond the spread, and {several} have several "
        "threads. Where a machine has other users, two runs of one commit differ too (bench/REPORT.md says "
        "by how much): a loss that a second run does not show again is none."
    )


_HEADINGS = ("operation", "case", "rung", "against", "before", "after", "change", "")


def _row(change: Change) -> list[str]:
    key = change.key
    remarks = ["LOSS"] * is_loss(change) + ["within the spread"] * (not change.beyond_spread)
    return [
        *(key.operation, key.case, key.ours, key.against),
        *(figure(change.before.value), figure(change.after.value)),
        f"{100 * change.relative:+.1f} %",
        ", ".join(remarks),
    ]
