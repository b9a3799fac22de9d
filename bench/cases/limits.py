"""What memory allows: an array is written, or copied, and nothing is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cases.case import SEED, Call, Case, Rung, touched

FILL = float(SEED)
Place = tuple[int, NDArray[Any]]


def fill(case: Case) -> Call:
    if case.form == "new":
        return lambda: np.full(case.size, FILL, case.dtype)
    out = touched(case)

    def call() -> NDArray[Any]:
        out.fill(FILL)
        return out

    return call


def filled(case: Case) -> Iterator[Place]:
    yield 0, np.full(case.size, FILL, case.dtype)


ARRAY_FILL = Rung(
    "array fill",
    fill,
    "limit",
    how="`ndarray.fill` with a constant: the result is written, and not computed",
    forms=("out", "new"),
    dtypes=(np.float64, np.float32, np.uint64),
    reference=filled,
)


def array_copy(operand: Callable[[Any], NDArray[Any]], **options: Any) -> Rung:
    """``operand(case)`` is of the size and dtype of the result."""

    def copy(case: Case) -> Call:
        x = operand(case)
        if case.form == "new":
            return x.copy
        out = touched(case)

        def call() -> NDArray[Any]:
            np.copyto(out, x)
            return out

        return call

    def copied(case: Case) -> Iterator[Place]:
        yield 0, operand(case)

    return Rung(
        "array copy",
        copy,
        "limit",
        how="`numpy.copyto`: the operand is read, the result written, and nothing computed",
        forms=("out", "new"),
        reference=copied,
        **options,
    )
