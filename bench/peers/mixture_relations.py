"""What marginal and conditional mixtures are measured against; each on one thread."""

from __future__ import annotations

import importlib
from functools import partial

import numpy as np

from bench.cases.case import Call, not_installed
from bench.cases.mixture_data import Array, Parameters
from bench.cases.mixture_relations import MixtureRelation, given, start
from bench.cases.multivariate_relations import kept
from bench.peers.multivariate_relations import peer


def marginal(mixture: Parameters, b: Array) -> Parameters:
    return Parameters(mixture.weights, mixture.means[:, b], mixture.covariances[:, b[:, None], b])


def conditional(mixture: Parameters, b: Array, values: Array) -> Parameters:
    """Of all components at once: the gain is S_ab S_bb^-1."""
    weights, means, covariances = mixture
    a = np.delete(np.arange(means.shape[1]), b)
    within, across = covariances[:, b[:, None], b], covariances[:, b[:, None], a]
    gains = np.linalg.solve(within, across).swapaxes(1, 2)
    deviations = values - means[:, b]
    squared = (deviations * np.linalg.solve(within, deviations[..., None])[..., 0]).sum(1)
    logs = np.log(weights) - 0.5 * (squared + np.linalg.slogdet(within)[1])
    new = np.exp(logs - logs.max())
    shifted = means[:, a] + (gains @ deviations[..., None])[..., 0]
    return Parameters(new / new.sum(), shifted, covariances[:, a[:, None], a] - gains @ across)


def numpy_expression(case: MixtureRelation) -> Call:
    if case.method == "marginal":
        return partial(marginal, start(case), kept(case))
    return partial(conditional, start(case), kept(case), given(case))


def gmr(case: MixtureRelation) -> Call:
    weights, means, covariances = start(case)
    mixture = importlib.import_module("gmr").GMM(case.components, weights, means, covariances)
    return partial(mixture.condition, kept(case), given(case))


NUMPY_EXPRESSION = peer(
    "NumPy expression",
    numpy_expression,
    "NumPy",
    how="the textbook's formulas, of all components at once by `np.linalg.solve`",
)
GMR = peer(
    "gmr",
    gmr,
    "other",
    how="`GMM.condition`; it has no marginal mixtures",
    methods=("conditional",),
    missing=not_installed("gmr"),
)

PEERS = [NUMPY_EXPRESSION, GMR]
