"""Marginal and conditional mixtures: cases, and fastdist's rungs; the rest is in ``peers/``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.cases.case import Call, Case, assert_close
from bench.cases.fastdist_rungs import fastdist_rungs
from bench.cases.mixture_data import Parameters, expectation, start_parameters
from bench.cases.multivariate_relations import kept

# Relative to a result, or to 1: the condition numbers of the data are below 20.
TOLERANCE = 1e-10

Array = NDArray[Any]


@dataclass(frozen=True)
class MixtureRelation(Case):
    """``marginal`` or ``conditional``: one call, in which half of the components of x are kept, or given."""

    element: ClassVar[str] = "call"

    dimension: int = 16
    components: int = 8

    def __str__(self) -> str:
        return f"{self.method}, {self.dimension} numbers, {self.components} components"

    @property
    def numbers(self) -> int:
        return self.components * self.dimension**2

    def results(self, call: Call) -> Array:
        """Weights, means and covariances, one after the other, as fastdist, gmr or a tuple have them."""
        mixture = call()
        if hasattr(mixture, "priors"):
            mixture = mixture.priors, mixture.means, mixture.covariances
        elif not isinstance(mixture, tuple):
            mixture = mixture.weights_, mixture.means_, mixture.covariances_
        return np.concatenate([np.ravel(part) for part in mixture])

    def check(self, results: Array) -> None:
        assert_close(results, expected_results(self), TOLERANCE)


def start(case: MixtureRelation) -> Parameters:
    return start_parameters(case.dimension, case.components, "full")


def given(case: MixtureRelation) -> Array:
    """Between the means, so that all components remain."""
    values: Array = start(case).means.mean(0)[kept(case)]
    return values


@lru_cache(maxsize=2)
def expected_results(case: MixtureRelation) -> Array:
    """From each precision P: the covariance is P_aa^-1, the mean m_a - P_aa^-1 P_ab (values - m_b).

    The weights are the responsibilities that the marginal mixture gives the values.
    """
    weights, means, covariances = start(case)
    b = kept(case)
    a = np.setdiff1d(np.arange(case.dimension), b)
    marginal = Parameters(weights, means[:, b], covariances[:, b[:, None], b])
    if case.method == "marginal":
        return np.concatenate([part.ravel() for part in marginal])
    precisions = np.linalg.inv(covariances)
    parts = np.linalg.inv(precisions[:, a[:, None], a])
    shifts = parts @ precisions[:, a[:, None], b] @ (given(case) - means[:, b])[..., None]
    conditioned = expectation(marginal, given(case)[None], "full")[1][0]
    return np.concatenate([conditioned, (means[:, a] - shifts[..., 0]).ravel(), parts.ravel()])


def call_of(case: MixtureRelation, package: Any) -> Call:
    model = package.GaussianMixture.from_parameters(*start(case), covariance_type="full")
    if case.method == "marginal":
        return partial(model.marginal, kept(case))
    return partial(model.conditional, kept(case), given(case))


FASTDIST = fastdist_rungs(call_of, how="`GaussianMixture.from_parameters(...)`, and its methods")
