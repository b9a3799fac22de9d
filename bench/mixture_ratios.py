"""What is compared of Gaussian mixtures, and what was asked of them."""

from __future__ import annotations

import numpy as np
from bench_mixture import LARGE, MANY, MEDIUM, SHAPES, SMALL, Shape, mixture
from interleaved import X_FLOAT64, X_ONE, Comparison, Goal, against
from ladder import Rung, in_question
from mixture import ALL_THREADS, COVARIANCE_TYPES, IN_USE, LEVELS, TWO_THREADS
from mixture_peers import (
    GMMX,
    NUMPY_EXPRESSION,
    PEERS,
    POMEGRANATE,
    PYTHON,
    SKLEARN,
    SKLEARN_DEFAULT,
    TGMM,
)

OURS = in_question(LEVELS)
OURS_TWICE = [TWO_THREADS[rung.level] for rung in OURS if rung.level is not None]

X_SKLEARN, X_NUMPY = against("x sklearn", SKLEARN), against("x formula", NUMPY_EXPRESSION)
X_DEFAULT, X_PYTHON = against("x default", SKLEARN_DEFAULT), against("x Python", PYTHON)
COLUMNS = (X_SKLEARN, X_DEFAULT, X_NUMPY, X_PYTHON)

METHODS = ("step", "score_samples", "predict_proba", "sample")
TITLES = {"step": "EM step"}
# Of full covariances and float64, on one thread, against scikit-learn's.
ASKED = {
    "step": {SMALL: 15, MEDIUM: 8, LARGE: 4},
    "score_samples": {SMALL: 20, MEDIUM: 8, LARGE: 4},
    "predict_proba": {SMALL: 20, MEDIUM: 8, LARGE: 4},
    "sample": {SMALL: 10, MEDIUM: 10, LARGE: 10},
}
TWO_THREADS_ASKED, FLOAT32_ASKED = 1.8, 1.6


def title(method: str, shape: Shape, note: str = "") -> str:
    return f"{TITLES.get(method, method)}, d = {shape.d}, k = {shape.k}{note}"


def full(method: str, shape: Shape) -> Comparison:
    """Of a million points, seconds a call, with the nearest peers alone."""
    asked = ASKED.get(method, {}).get(shape)
    return Comparison(
        title(method, shape),
        mixture(method, shape),
        [*([PYTHON, NUMPY_EXPRESSION, SKLEARN] if shape == MANY else PEERS), *OURS],
        COLUMNS,
        [] if asked is None else [Goal(OURS, X_SKLEARN, asked)],
    )


def other_type(method: str, shape: Shape, covariance_type: str) -> Comparison:
    return Comparison(
        title(method, shape, f", {covariance_type}"),
        mixture(method, shape, covariance_type),
        [*PEERS, *OURS],
        COLUMNS,
    )


def float32(method: str, shape: Shape) -> Comparison:
    return Comparison(
        title(method, shape, ", float32"),
        mixture(method, shape, dtype=np.float32),
        [SKLEARN, GMMX, POMEGRANATE, TGMM, *OURS],
        (X_FLOAT64, X_SKLEARN),
        [Goal(OURS, X_FLOAT64, FLOAT32_ASKED)],
        [(rung, mixture(method, shape)) for rung in OURS],
    )


def two_threads(method: str, shape: Shape) -> Comparison:
    every: list[Rung] = [*OURS, *OURS_TWICE, *([ALL_THREADS] if ALL_THREADS.threads > 2 else [])]
    return Comparison(
        title(method, shape, ", two threads"),
        mixture(method, shape),
        every,
        (X_ONE,),
        [Goal(OURS_TWICE, X_ONE, TWO_THREADS_ASKED)],
    )


COMPARISONS = [
    *(full(method, shape) for method in METHODS for shape in SHAPES),
    *(full("fit", shape) for shape in (SMALL, MEDIUM)),
    *(
        other_type(method, shape, covariance_type)
        for method in ("step", "score_samples")
        for shape in (SMALL, MEDIUM)
        for covariance_type in COVARIANCE_TYPES[1:]
    ),
    *(
        float32(method, shape)
        for method in ("step", "score_samples", "predict_proba")
        for shape in (SMALL, MEDIUM, LARGE)
    ),
    *(two_threads(method, shape) for method in METHODS for shape in (MANY, MEDIUM, LARGE)),
]

THREADS = [IN_USE, TWO_THREADS[str(IN_USE.level)]]
MEMORY = [(mixture("fit", shape), [SKLEARN, *THREADS]) for shape in (MEDIUM, MANY)]
