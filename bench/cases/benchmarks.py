"""The one test of all benchmarks: an item for each operation, case and rung."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bench.cases.case import Case, Operation, Rung, too_large

PARAMETERS = ("topic", "operation", "case", "rung", "nearest")


def test_operation(
    recorded_benchmark: Any,
    seconds: list[float],
    topic: str,
    operation: Operation,
    case: Case,
    rung: Rung,
    nearest: Case,
) -> None:
    """Hand pytest-benchmark what was measured; the results were checked before."""
    recorded_benchmark.group = f"{operation.name}: {case}"
    recorded_benchmark.extra_info.update(
        topic=topic,
        operation=operation.name,
        case=str(nearest),
        dtype=case.dtype.__name__,
        asked_size=case.size,
        size=nearest.size,
        element=case.element,
        headline=operation.is_headline(case),
        peer=operation.peer,
        rung=rung.name,
        family=rung.family,
        level=rung.level,
        threads=rung.threads,
    )
    recorded_benchmark.pedantic(lambda: None, rounds=len(seconds))


def parameters(topic: str, operations: Sequence[Operation], quick: bool) -> list[Any]:
    """What is not here, or does not fit the memory, is skipped by name."""
    params = []
    for operation in operations:
        if quick:
            operation = operation.shortened()
        for case in operation.cases:
            for rung, nearest in operation.answers(case):
                why = rung.missing or too_large(case)
                marks = [pytest.mark.skip(reason=f"{rung.name}: {why}")] if why else []
                name = f"{operation.name}, {case}, {rung.name}"
                params.append(pytest.param(topic, operation, case, rung, nearest, marks=marks, id=name))
    return params
