"""Gaussian mixtures: EM steps, fits, densities, responsibilities and samples, from pure Python up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bench.cases.benchmarks import test_operation as test_operation
from bench.cases.case import Operation
from bench.cases.mixture import COVARIANCE_TYPES, FASTDIST, Mixture
from bench.cases.mixture_functions import FASTDIST as OF_FUNCTIONS
from bench.cases.mixture_functions import MixtureFunction
from bench.cases.mixture_relations import FASTDIST as RELATING
from bench.cases.mixture_relations import MixtureRelation
from bench.peers import mixture_functions, mixture_relations
from bench.peers.mixture import PEERS, SKLEARN


class Shape(NamedTuple):
    """So many points of d numbers, and components."""

    n: int
    d: int
    k: int


SMALL, MEDIUM = Shape(100_000, 2, 4), Shape(100_000, 16, 8)
SHAPES = (Shape(100_000, 1, 3), SMALL, MEDIUM, Shape(50_000, 64, 8))
# Enough for every number of threads.
MANY = Shape(1_000_000, 2, 16)
CURVE = (1, 10, 100, 1000, 10_000, SMALL.n, 1_000_000)

COVERS = {"step": "GaussianMixture.fit"}
TITLES = {"step": "EM step"}
RUNGS = [*PEERS, *FASTDIST]


def mixture(
    method: str, shape: Shape, covariance_type: str = "full", dtype: type[np.generic] = np.float64
) -> Mixture:
    n, d, k = shape
    return Mixture(method, "new", dtype, n, d, k, covariance_type)


def operation(
    method: str,
    shape: Shape,
    covariance_type: str = "full",
    dtype: type[np.generic] = np.float64,
    sizes: Sequence[int] = (),
) -> Operation:
    case = mixture(method, shape, covariance_type, dtype)
    notes = [
        *([f"{shape.n:_} points"] if shape == MANY else []),
        *([covariance_type] if covariance_type != "full" else []),
        *([dtype.__name__] if dtype is not np.float64 else []),
    ]
    return Operation(
        ", ".join([TITLES.get(method, method), f"d = {shape.d}", f"k = {shape.k}", *notes]),
        [mixture(method, shape._replace(n=n), covariance_type, dtype) for n in sizes] or [case],
        RUNGS,
        peer=SKLEARN.name,
        covers=[COVERS.get(method, f"GaussianMixture.{method}")],
        headline=case,
    )


def function(method: str, size: int) -> Operation:
    """Of one dimension."""
    return Operation(
        f"{method}, d = 1, k = 3",
        [MixtureFunction(method, "new", size=size)],
        [*mixture_functions.PEERS, *OF_FUNCTIONS],
        peer=mixture_functions.SCIPY.name,
        covers=[f"GaussianMixture.{method}"],
    )


def relation(method: str) -> Operation:
    return Operation(
        f"{method} of 8 numbers, d = 16, k = 8",
        [MixtureRelation(method, "scalar")],
        [*mixture_relations.PEERS, *RELATING],
        peer=mixture_relations.NUMPY_EXPRESSION.name,
        covers=[f"GaussianMixture.{method}"],
    )


OPERATIONS = [
    *(
        operation(method, shape, sizes=CURVE if (method, shape) == ("score_samples", SMALL) else ())
        for method in ("step", "score_samples", "predict_proba", "sample")
        for shape in SHAPES
    ),
    *(operation("fit", shape) for shape in (SMALL, MEDIUM)),
    *(operation(method, SMALL) for method in ("predict", "score", "fit_predict", "aic", "bic")),
    *(
        operation(method, MEDIUM, covariance_type)
        for method in ("step", "score_samples")
        for covariance_type in COVARIANCE_TYPES[1:]
    ),
    *(operation(method, MEDIUM, dtype=np.float32) for method in ("step", "score_samples")),
    *(function(method, 100_000) for method in ("pdf", "logpdf", "cdf", "sf")),
    *(function(method, 10_000) for method in ("ppf", "isf")),
    *(relation(method) for method in ("marginal", "conditional")),
    *(operation(method, MANY) for method in ("step", "score_samples")),
]
