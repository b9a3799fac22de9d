"""What a normal distribution tells without data: mean, entropy and the like, and freezing its parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cases.case import Call, Case
from bench.cases.fastdist_rungs import rungs_in_use

LOC, SCALE = 1.5, 2.5
ORDER, CONFIDENCE = 4, 0.95
# Beside loc and scale.
ARGUMENTS: dict[str, tuple[float, ...]] = {
    "mean": (),
    "median": (),
    "std": (),
    "var": (),
    "stats": (),
    "entropy": (),
    "support": (),
    "moment": (ORDER,),
    "interval": (CONFIDENCE,),
}
NORMAL = NormalDist(LOC, SCALE)
TAIL = (1 - CONFIDENCE) / 2
PLACE = 0.5
EXPECTED: dict[str, tuple[float, ...]] = {
    "mean": (LOC,),
    "median": (LOC,),
    "std": (SCALE,),
    "var": (SCALE**2,),
    "stats": (LOC, SCALE**2),
    "entropy": (math.log(SCALE * math.sqrt(2 * math.pi * math.e)),),
    "support": (-math.inf, math.inf),
    "moment": (LOC**4 + 6 * LOC**2 * SCALE**2 + 3 * SCALE**4,),
    "interval": (NORMAL.inv_cdf(TAIL), NORMAL.inv_cdf(1 - TAIL)),
    "freeze": (NORMAL.pdf(PLACE), NORMAL.cdf(PLACE)),
}


@dataclass(frozen=True)
class Characteristic(Case):
    """``norm.method(..., loc, scale)`` of numbers; ``freeze`` is ``norm(loc, scale)``."""

    element = "call"

    def __str__(self) -> str:
        if self.method == "freeze":
            return "norm(loc, scale)"
        return f"{self.method}({', '.join([*map(str, ARGUMENTS[self.method]), 'loc', 'scale'])})"

    def results(self, call: Call) -> NDArray[Any]:
        answer = call()
        if self.method == "freeze":
            answer = answer.pdf(PLACE), answer.cdf(PLACE)
        return np.atleast_1d(np.asarray(answer, np.float64))

    def check(self, results: NDArray[Any]) -> None:
        np.testing.assert_allclose(results, EXPECTED[self.method], rtol=1e-12)


def of_norm(case: Characteristic, norm: Any) -> Call:
    """A call of whatever has the interface of ``norm``."""
    if case.method == "freeze":
        return partial(norm, LOC, SCALE)
    return partial(getattr(norm, case.method), *ARGUMENTS[case.method], LOC, SCALE)


FASTDIST = rungs_in_use(
    lambda case, package: of_norm(case, package.norm), how="the method of `norm`, of two numbers"
)
