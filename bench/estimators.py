"""Ways to make one ratio of two series of times that were taken in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Of their times and ours: how many times as fast we are.
Estimator = Callable[[Array, Array], float]

LOW_QUANTILE = 0.1
# So many of the shortest times tell by how little they differ how near they are to what is measured.
SHORTEST = 3


def low_quantile(times: Array) -> float:
    return float(np.quantile(times, LOW_QUANTILE))


def ratio_of_medians(theirs: Array, ours: Array) -> float:
    return float(np.median(theirs) / np.median(ours))


def ratio_of_bests(theirs: Array, ours: Array) -> float:
    """What disturbs a time makes it longer, seldom shorter."""
    return float(theirs.min() / ours.min())


def ratio_of_shortest(theirs: Array, ours: Array) -> float:
    return float(np.sort(theirs)[:SHORTEST].mean() / np.sort(ours)[:SHORTEST].mean())


def ratio_of_low_quantiles(theirs: Array, ours: Array) -> float:
    return low_quantile(theirs) / low_quantile(ours)


ESTIMATORS: Mapping[str, Estimator] = {
    "ratio of the medians": ratio_of_medians,
    "ratio of the bests": ratio_of_bests,
    "ratio of the lowest tenths": ratio_of_low_quantiles,
    "ratio of the means of the three shortest": ratio_of_shortest,
}
# What every ratio of the report is; report/agreement.py shows how well each of them repeats.
ESTIMATOR = "ratio of the bests"
