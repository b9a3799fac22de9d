"""What changed between two runs, and whether something was lost against NumPy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from bench.report.history import same_machine
from bench.report.markdown import figure, paragraph, percent, table, whole
from bench.report.results import Key, Ratio, Run, load

LOSS = 0.1
PROTECTED = "NumPy"


@dataclass(frozen=True)
class Change:
    key: Key
    family: str
    before: Ratio
    after: Ratio

    @property
    def relative(self) -> float:
        """after / before - 1: negative where fastdist has become slower against the other."""
        return self.after.value / self.before.value - 1

    @property
    def beyond_spread(self) -> bool:
        """|ln(after / before)| > s(before) + s(after), where s = ln(upper / lower) / 2.

        lower and upper are of the shortest time and the third shortest, so s is by how much these differ, of
        both rungs: it tells how near a run has come to what it measures, not how often it measured.
        """
        moved = abs(math.log(self.after.value / self.before.value))
        return moved > half_spread(self.before) + half_spread(self.after)

    @property
    def is_loss(self) -> bool:
        """Within the spread or not: who loses a tenth shall measure again."""
        return self.family == PROTECTED and self.relative < -LOSS


def half_spread(ratio: Ratio) -> float:
    return math.log(ratio.upper / ratio.lower) / 2


def changes(before: Run, after: Run) -> list[Change]:
    """Of all ratios that both runs have, the largest first."""
    families = {t.rung: t.family for group in after.groups for t in group.timings}
    old, new = before.ratios(), after.ratios()
    shared = [Change(key, families[key.against], old[key], new[key]) for key in new if key in old]
    return sorted(shared, key=lambda change: -abs(math.log(change.after.value / change.before.value)))


def compare(a: Path, b: Path) -> int:
    """Print what changed from ``a`` to ``b``; 1 if a ratio to NumPy fell by more than 10 %, else 0."""
    before, after = load(a), load(b)
    found = changes(before, after)
    print("\n".join(described(before, after, found)))
    return int(any(change.is_loss for change in found))


def described(before: Run, after: Run, found: list[Change]) -> list[str]:
    lines = [f"{before.path.name} -> {after.path.name}"]
    for run in (before, after):
        if run.quick:
            lines += paragraph(f"{run.path.name} is a quick run: its times mean little.")
    if not same_machine(before, after):
        lines += paragraph(f"The machines differ: {before.machine_name} -> {after.machine_name}")
    old, new = set(before.ratios()), set(after.ratios())
    lines += paragraph(
        f"{whole(len(found))} ratios are in both runs, {whole(len(old - new))} in the first alone, "
        f"{whole(len(new - old))} in the second alone."
    )
    for title, chosen in (
        ("Against NumPy", [c for c in found if c.family == PROTECTED]),
        ("Against others, for information", [c for c in found if c.family != PROTECTED]),
    ):
        shown = [change for change in chosen if change.beyond_spread or change.is_loss]
        lines += ["", f"{title}: {len(shown)} of {len(chosen)} changed beyond the spread or lost over 10 %"]
        if shown:
            lines += ["", *table(_HEADINGS, map(_row, shown), left=4)]
    losses = [change for change in found if change.is_loss]
    worst = f", by up to {percent(-min(loss.relative for loss in losses))}" if losses else ""
    lines += ["", f"Ratios to NumPy that fell by more than {percent(LOSS)}: {len(losses)}{worst}"]
    return lines


_HEADINGS = ("operation", "case", "rung", "against", "before", "after", "change", "")


def _row(change: Change) -> list[str]:
    key = change.key
    remarks = ["LOSS"] * change.is_loss + ["within the spread"] * (not change.beyond_spread)
    return [
        *(key.operation, key.case, key.ours, key.against),
        *(figure(change.before.value), figure(change.after.value)),
        f"{100 * change.relative:+.1f} %",
        ", ".join(remarks),
    ]
