"""What changed between two runs, and whether something was lost against NumPy."""

from __future__ import annotations

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
    old, new = set(before.ratios()), set(after.ratios())
    lines += paragraph(
        f"{whole(len(found))} ratios are in both runs, {whole(len(old - new))} in the first alone, "
        f"{whole(len(new - old))} in the second alone."
    )
    for title, chosen in (
        ("Against NumPy", [c for c in found if c.family == PROTECTED]),
        ("Against others, for information", [c for c in found if c.family != PROTECTED]),
    ):
        shown = [change for change in chosen if change.beyond_spread or is_loss(change)]
        changed = f"changed beyond the spread or lost over {percent(LOSS)}"
        lines += ["", f"{title}: {len(shown)} of {len(chosen)} {changed}"]
        if shown:
            lines += ["", *table(_HEADINGS, map(_row, shown), left=4)]
    losses = [change for change in found if is_loss(change)]
    worst = f", by up to {percent(-min(loss.relative for loss in losses))}" if losses else ""
    lines += ["", f"Ratios to NumPy that fell by more than {percent(LOSS)}: {len(losses)}{worst}"]
    return lines


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
