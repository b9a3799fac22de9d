"""What two runs both measured: every ratio, before and after."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bench.estimators import ESTIMATOR
from bench.report.results import Key, Ratio, Run


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
    def logarithm(self) -> float:
        """|ln(after / before)|: as large for a loss as for the gain that undoes it."""
        return abs(math.log(self.after.value / self.before.value))

    @property
    def size(self) -> float:
        """max(after / before, before / after) - 1."""
        return math.expm1(self.logarithm)

    @property
    def has_threads(self) -> bool:
        return "threads" in f"{self.key.ours} {self.key.against}"

    @property
    def beyond_spread(self) -> bool:
        """|ln(after / before)| > s(before) + s(after), where s = ln(upper / lower) / 2.

        lower and upper are of the shortest time and the third shortest, so s is by how much these differ, of
        both rungs: it tells how near a run has come to what it measures, not how often it measured.
        """
        return self.logarithm > half_spread(self.before) + half_spread(self.after)


def half_spread(ratio: Ratio) -> float:
    return math.log(ratio.upper / ratio.lower) / 2


def changes(before: Run, after: Run, estimator: str = ESTIMATOR) -> list[Change]:
    """Of all ratios that both runs have, the largest first."""
    families = {t.rung: t.family for group in after.groups for t in group.timings}
    old, new = before.ratios(estimator), after.ratios(estimator)
    shared = [Change(key, families[key.against], old[key], new[key]) for key in new if key in old]
    return sorted(shared, key=lambda change: change.logarithm, reverse=True)
