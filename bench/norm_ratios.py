"""What is compared of `fastdist.norm`, and what was asked of it."""

from __future__ import annotations

import numpy as np
from densities import ALL_THREADS, FUNCTIONS, IN_USE, LEVELS, TWO_THREADS, UFUNC, Function
from density_peers import (
    COPY,
    JAX,
    NUMEXPR,
    NUMPY_EINSUM,
    NUMPY_EXPRESSION,
    NUMPY_IN_PLACE,
    PEERS,
    SCIPY,
    SPECIAL,
    TORCH,
)
from interleaved import X_FLOAT64, X_ONE, Comparison, Goal, against
from ladder import Rung, in_question

MILLION, TEN_MILLION = 1_000_000, 10_000_000

OURS = in_question(LEVELS)
OURS_TWICE = [TWO_THREADS[rung.level] for rung in OURS if rung.level is not None]


X_SCIPY, X_SPECIAL = against("x SciPy", SCIPY), against("x special", SPECIAL)
X_NUMPY, X_IN_PLACE = against("x NumPy", NUMPY_EXPRESSION), against("x in place", NUMPY_IN_PLACE)
X_EINSUM, X_COPY = against("x einsum", NUMPY_EINSUM), against("x copy", COPY)
DENSITY_COLUMNS = (X_SCIPY, X_NUMPY, X_IN_PLACE)
COLUMNS = dict.fromkeys(FUNCTIONS, (X_SCIPY, X_SPECIAL)) | {
    "pdf": DENSITY_COLUMNS,
    "logpdf": (*DENSITY_COLUMNS, X_COPY),
}


def goals(name: str) -> list[Goal]:
    """Of a million float64 on one thread."""
    if name == "pdf":
        return [Goal(OURS, X_SCIPY, 25, 30), Goal(OURS, X_NUMPY, 6, 7)]
    if name == "logpdf":
        return [Goal(OURS, X_SCIPY, 50, 60), Goal(OURS, X_COPY, 1.3, at_most=True)]
    scipy, better, special, better_special = {
        **dict.fromkeys(("cdf", "sf"), (12, 20, 5, 7)),
        **dict.fromkeys(("logcdf", "logsf"), (12, 15, 6, 8)),
        **dict.fromkeys(("ppf", "isf"), (10, 20, 4, 7)),
    }[name]
    return [Goal(OURS, X_SCIPY, scipy, better), Goal(OURS, X_SPECIAL, special, better_special)]


def million(name: str) -> Comparison:
    beside: list[tuple[Rung, Function]] = [(rung, Function(name, "new", size=MILLION)) for rung in OURS]
    if name == "logpdf":
        beside.append((COPY, Function("copy", "out", size=MILLION)))
    return Comparison(
        f"{name}, into a given array",
        Function(name, "out", size=MILLION),
        [*PEERS, *OURS, UFUNC],
        COLUMNS[name],
        goals(name),
        beside,
    )


def million_float32(name: str) -> Comparison:
    return Comparison(
        f"{name} of float32",
        Function(name, "out", np.float32, MILLION),
        [NUMPY_IN_PLACE, SPECIAL, NUMEXPR, TORCH, JAX, *OURS],
        (X_FLOAT64, X_IN_PLACE if name in ("pdf", "logpdf") else X_SPECIAL),
        [Goal(OURS, X_FLOAT64, 1.7, 2)],
        [(rung, Function(name, "out", size=MILLION)) for rung in OURS],
    )


COMPARISONS = [
    *(million(name) for name in FUNCTIONS),
    *(
        Comparison(
            f"{name}, loc and scale are {given}",
            Function(name, "out", np.float64, MILLION, given),
            [*PEERS, *OURS],
            COLUMNS[name][:3],
        )
        for name in ("pdf", "logpdf", "cdf", "logcdf", "ppf")
        for given in ("numbers", "arrays")
    ),
    Comparison(
        "one Python float, logpdf",
        Function("logpdf", "scalar"),
        [*PEERS, *OURS],
        (X_SCIPY, X_NUMPY),
        [Goal(OURS, X_SCIPY, 100, 200)],
    ),
    Comparison("one Python float, cdf", Function("cdf", "scalar"), [*PEERS, *OURS], (X_SCIPY, X_SPECIAL)),
    *(
        Comparison(
            f"100 elements, {name}",
            Function(name, "new", size=100),
            [*PEERS, *OURS],
            (X_SCIPY, X_NUMPY if name in ("pdf", "logpdf") else X_SPECIAL),
            [Goal(OURS, X_SCIPY, 40)],
        )
        for name in FUNCTIONS
    ),
    *(million_float32(name) for name in FUNCTIONS),
    *(
        Comparison(
            f"{name}, two threads",
            Function(name, "new" if name == "loglikelihood" else "out", size=TEN_MILLION),
            [*OURS, *OURS_TWICE, *([ALL_THREADS] if ALL_THREADS.threads > 2 else [])],
            (X_ONE,),
            [] if name == "logpdf" else [Goal(OURS_TWICE, X_ONE, 1.8)],  # which is bound by memory
        )
        for name in (*FUNCTIONS, "loglikelihood")
    ),
    Comparison(
        "loglikelihood",
        Function("loglikelihood", "new", size=MILLION),
        [*PEERS, *OURS],
        (X_SCIPY, X_NUMPY, X_EINSUM),
    ),
    Comparison("fit", Function("fit", "new", size=MILLION), [*PEERS, *OURS], (X_SCIPY, X_NUMPY)),
    Comparison("frozen", Function("freeze", "scalar"), [*PEERS, *OURS], (X_SCIPY,)),
]

MEMORY = [
    (
        Function("loglikelihood", "new", size=TEN_MILLION),
        [NUMPY_EXPRESSION, SCIPY, IN_USE, TWO_THREADS[str(IN_USE.level)]],
    ),
    (Function("cdf", "out", size=TEN_MILLION), [SCIPY, SPECIAL, IN_USE, TWO_THREADS[str(IN_USE.level)]]),
]
