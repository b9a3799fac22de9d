"""Gaussian mixtures: EM steps, fits, densities, responsibilities and samples, from pure Python up."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from ladder import Rung, parameters, time_with
from mixture import ALL_THREADS, COVARIANCE_TYPES, LEVELS, METHODS, Mixture
from mixture_peers import PEERS


class Shape(NamedTuple):
    """So many points of d numbers, and components."""

    n: int
    d: int
    k: int


# A thousand points show what a call costs.
FEW = Shape(1_000, 2, 4)
SMALL, MEDIUM, LARGE = Shape(100_000, 2, 4), Shape(100_000, 16, 8), Shape(50_000, 64, 8)
MANY = Shape(1_000_000, 2, 16)
SHAPES = (Shape(100_000, 1, 3), SMALL, MEDIUM, LARGE, MANY)
# Of these the fits too, which take ten times as long as a step.
FITTED = (FEW, SMALL, MEDIUM)


def mixture(
    method: str, shape: Shape, covariance_type: str = "full", dtype: type[np.generic] = np.float64
) -> Mixture:
    n, d, k = shape
    return Mixture(method, "new", dtype, n, d, k, covariance_type)


CASES = [
    *(
        mixture(method, shape, covariance_type)
        for method in METHODS
        for shape in (FEW, *SHAPES)
        for covariance_type in COVARIANCE_TYPES
        if method != "fit" or shape in FITTED
    ),
    *(
        mixture(method, shape, dtype=np.float32)
        for method in METHODS
        for shape in (FEW, SMALL, MEDIUM, LARGE)
        if method != "sample" and (method != "fit" or shape in FITTED)  # samples are float64
    ),
]

RUNGS: list[Rung] = [*PEERS, *LEVELS, ALL_THREADS]


@pytest.mark.parametrize(("rung", "case", "group"), parameters(RUNGS, CASES))
def test_mixture(benchmark: Any, quick: bool, rung: Rung, case: Mixture, group: Mixture) -> None:
    time_with(benchmark, rung, case, group, quick)
