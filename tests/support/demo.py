"""What the tests of ``python -m fastdist`` share."""

from collections.abc import Iterable

from fastdist._demo import SECTIONS
from fastdist._demo.checks import Check, Job, critical_distance

SMALL = Job(samples=100_000, values=10_000, rounds=2)


def failures(checks: Iterable[Check]) -> set[str]:
    """The names of the checks of a section that fail."""
    checks = list(checks)
    critical = critical_distance(len(checks), len(SECTIONS))
    return {check.name for check in checks if not check.passes(critical)}
