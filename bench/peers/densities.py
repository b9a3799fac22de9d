"""What `fastdist.norm` is measured against, from pure Python up; each as it is fastest, on one thread."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import NormalDist, fmean, pstdev
from typing import Any

import numpy as np

from bench.cases import characteristics, sampling
from bench.cases.case import SEED, Call, Rung, not_installed, python_rung, touched
from bench.cases.characteristics import Characteristic
from bench.cases.densities import FUNCTIONS, LIKELIHOODS, OF_ALL_DATA, Function, of_norm, operands
from bench.peers.compiled_densities import JAX, NUMBA, TORCH
from bench.peers.density_formulas import HALF_LN_2PI, RECIPROCAL_SQRT_2PI, Formula, of_x, of_z
from bench.peers.density_passes import in_passes, standard_functions
from bench.peers.libraries import not_in_scipy_stats, peer
from bench.peers.sampling import MKL, NUMPY, STANDARD_LIBRARY, TEXTBOOK

# Pure Python


def python(case: Function) -> Call:
    inv_cdf = NormalDist().inv_cdf
    formulas: dict[str, Formula] = {**of_z(), "ppf": inv_cdf, "isf": lambda p: -inv_cdf(p)}
    x, loc, scale = operands(case)
    method = "logpdf" if case.method in LIKELIHOODS else case.method
    if case.form == "scalar":
        f = formulas[method]
        return partial(of_x(method, f), x, loc, scale) if case.parameters else partial(f, x)
    numbers, n = x.tolist(), case.size
    if method == "fit":
        return lambda: (fmean(numbers), pstdev(numbers))
    f = formulas[method]
    g = of_x(method, f)
    if case.method == "nnlf":
        return lambda: -math.fsum(g(number, loc, scale) for number in numbers)
    if case.method == "loglikelihood":
        return lambda: math.fsum(map(f, numbers))
    if not case.parameters:
        return lambda: [f(number) for number in numbers]
    locs, scales = np.broadcast_to(loc, n).tolist(), np.broadcast_to(scale, n).tolist()
    return lambda: [g(*each) for each in zip(numbers, locs, scales, strict=True)]


def standard_library(case: Function) -> Call:
    x, loc, scale = operands(case)

    def method_of(normal: NormalDist) -> Callable[[float], float]:
        return normal.pdf if case.method == "pdf" else normal.cdf

    if case.form == "scalar":
        return partial(method_of(NormalDist(loc, scale)), x)
    numbers = x.tolist()
    if case.parameters != "arrays":
        method = method_of(NormalDist(loc, scale))
        return lambda: [method(number) for number in numbers]
    each = list(zip(numbers, loc.tolist(), scale.tolist(), strict=True))
    return lambda: [method_of(NormalDist(loc, scale))(number) for number, loc, scale in each]


# NumPy


def numpy_expression(case: Function) -> Call:
    """As one would write it."""
    x, loc, scale = operands(case)
    log = np.log if np.ndim(scale) else math.log  # whose numbers leave float32 as it is
    written: dict[str, Call] = {
        "fit": lambda: (x.mean(), x.std()),
        "loglikelihood": lambda: (-0.5 * x * x - HALF_LN_2PI).sum(),
        "pdf": lambda: np.exp(-0.5 * x * x) * RECIPROCAL_SQRT_2PI,
        "logpdf": lambda: -0.5 * x * x - HALF_LN_2PI,
    }
    scaled: dict[str, Call] = {
        "nnlf": lambda: (0.5 * ((x - loc) / scale) ** 2 + (log(scale) + HALF_LN_2PI)).sum(),
        "pdf": lambda: np.exp(-0.5 * ((x - loc) / scale) ** 2) * (RECIPROCAL_SQRT_2PI / scale),
        "logpdf": lambda: -0.5 * ((x - loc) / scale) ** 2 - (log(scale) + HALF_LN_2PI),
    }
    return (scaled if case.parameters else written)[case.method]


def sum_of_squares(case: Function) -> Call:
    """Without a temporary."""
    x, n = operands(case).x, case.size
    return lambda: -0.5 * np.dot(x, x) - n * HALF_LN_2PI


def numpy_in_place(case: Function) -> Call:
    return in_passes(case, np, standard_functions(np)[case.method], lambda array: array)


# SciPy


def scipy_norm(case: Function) -> Call:
    norm = importlib.import_module("scipy.stats").norm
    if case.method == "loglikelihood":
        logpdf, x = norm.logpdf, operands(case).x
        return lambda: logpdf(x).sum()
    return of_norm(case, norm)


def scipy_new_normal(case: Function) -> Call:
    """Of SciPy's newer interface, without the checks that it may leave out."""
    x, loc, scale = operands(case)
    parameters = {"mu": loc, "sigma": scale} if case.parameters else {}
    normal = importlib.import_module("scipy.stats").Normal(**parameters, validation_policy="skip_all")
    names = {"sf": "ccdf", "logsf": "logccdf", "ppf": "icdf", "isf": "iccdf"}
    return partial(getattr(normal, names.get(case.method, case.method)), x)


def scipy_special(case: Function) -> Call:
    special = importlib.import_module("scipy.special")
    if case.form != "scalar":
        functions = standard_functions(np, special.ndtr, special.log_ndtr, special.ndtri)
        return in_passes(case, np, functions[case.method], lambda array: array)
    x, ndtr, log_ndtr, ndtri = operands(case).x, special.ndtr, special.log_ndtr, special.ndtri
    scalars: dict[str, Call] = {
        "cdf": lambda: ndtr(x),
        "sf": lambda: ndtr(-x),
        "logcdf": lambda: log_ndtr(x),
        "logsf": lambda: log_ndtr(-x),
        "ppf": lambda: ndtri(x),
        "isf": lambda: -ndtri(x),
    }
    return scalars[case.method]


# numexpr, which has no error function

# What depends on scale alone is part of these constants where scale is a number.
NUMEXPR_FORMULAS = {
    ("pdf", ""): "peak * exp(minus_half * x * x)",
    ("logpdf", ""): "minus_half * x * x - log_divisor",
    ("loglikelihood", ""): "sum(minus_half * x * x - log_divisor)",
    ("pdf", "numbers"): "peak * exp(minus_half * ((x - loc) / scale) ** 2)",
    ("logpdf", "numbers"): "minus_half * ((x - loc) / scale) ** 2 - log_divisor",
    ("nnlf", "numbers"): "sum(log_divisor - minus_half * ((x - loc) / scale) ** 2)",
    ("pdf", "arrays"): "peak * exp(minus_half * ((x - loc) / scale) ** 2) / scale",
    ("logpdf", "arrays"): "minus_half * ((x - loc) / scale) ** 2 - log_divisor - log(scale)",
}


def numexpr(case: Function) -> Call:
    library = importlib.import_module("numexpr")
    library.set_num_threads(1)
    evaluate = library.evaluate
    x, loc, scale = operands(case)
    if case.method == "fit":

        def fit() -> tuple[float, float]:
            mean = evaluate("sum(x)", local_dict={"x": x}) / case.size
            squares = evaluate("sum((x - mean) ** 2)", local_dict={"x": x, "mean": mean})
            return mean, math.sqrt(squares / case.size)

        return fit
    arrays = case.parameters == "arrays"
    divisor = 1.0 if arrays else scale
    constants = {
        "peak": RECIPROCAL_SQRT_2PI / divisor,
        "log_divisor": HALF_LN_2PI + math.log(divisor),
        "minus_half": -0.5,
    }
    values = {name: case.dtype(value) for name, value in constants.items()} | {"x": x}
    values |= {"loc": loc, "scale": scale} if arrays else {"loc": case.dtype(loc), "scale": case.dtype(scale)}
    kind = "numbers" if case.parameters == "frozen" else case.parameters
    formula = NUMEXPR_FORMULAS[case.method, kind]
    evaluate(formula, local_dict=values, out=touched(case) if case.form == "out" else None)
    # The last expression again, with the same ``out``: without a search for what it was compiled to.
    return partial(library.re_evaluate, local_dict=values)


# Random numbers, and what is known without data


def scipy_rvs(case: sampling.Samples) -> Call:
    return sampling.rvs(case, importlib.import_module("scipy.stats").norm, np.random.default_rng(SEED))


def as_normal(rung: Rung) -> Rung:
    """What draws normals with loc and scale, where `norm.rvs` is asked for."""
    return replace(rung, start=lambda case: rung.start(replace(case, method="normal")), methods=("rvs",))


def scipy_characteristic(case: Characteristic) -> Call:
    return characteristics.of_norm(case, importlib.import_module("scipy.stats").norm)


def python_characteristic(case: Characteristic) -> Call:
    loc, scale, tail = characteristics.LOC, characteristics.SCALE, characteristics.TAIL
    formulas: dict[str, Callable[[], Any]] = {
        "freeze": lambda: NormalDist(loc, scale),
        "mean": lambda: NormalDist(loc, scale).mean,
        "median": lambda: NormalDist(loc, scale).median,
        "std": lambda: NormalDist(loc, scale).stdev,
        "var": lambda: NormalDist(loc, scale).variance,
        "interval": lambda: (
            (normal := NormalDist(loc, scale)).inv_cdf(tail),
            normal.inv_cdf(1 - tail),
        ),
    }
    return formulas[case.method]


# The rungs

DENSITIES = ("pdf", "logpdf")
PYTHON = python_rung(
    "python math, statistics",
    python,
    "new",
    "scalar",
    how="`math.exp`, `math.erfc`, `NormalDist().inv_cdf` of each number in turn; `fsum`, `fmean`, `pstdev`",
)
NORMAL_DIST = python_rung(
    "python statistics",
    standard_library,
    "new",
    "scalar",
    family="standard library",
    methods=("pdf", "cdf"),
    how="`NormalDist(loc, scale).pdf`, `cdf` of each number in turn, in a list comprehension",
)
NUMPY_EXPRESSION = Rung(
    "NumPy expression",
    numpy_expression,
    "NumPy",
    how="the formula as one would write it, with its temporaries",
    forms=("new", "scalar"),
    methods=(*DENSITIES, *OF_ALL_DATA),
)
NUMPY_IN_PLACE = Rung(
    "NumPy, in place",
    numpy_in_place,
    "NumPy",
    how="the same passes with `out=`, all in one array that was touched",
    forms=("out",),
    methods=DENSITIES,
)
NUMPY_DOT = peer(
    "NumPy dot",
    sum_of_squares,
    "NumPy",
    how="`numpy.dot` of x with itself, its BLAS on one thread: no temporary, not compensated",
    forms=("new",),
    methods=("loglikelihood",),
)
SCIPY = Rung(
    "SciPy",
    scipy_norm,
    "SciPy",
    how="`scipy.stats.norm`, which has no `out=`, and makes float64 of float32",
    forms=("new", "scalar"),
    dtypes=(np.float64,),
    missing=not_installed("scipy"),
)
SCIPY_NORMAL = Rung(
    "SciPy Normal",
    scipy_new_normal,
    "SciPy",
    how='`scipy.stats.Normal(mu=, sigma=, validation_policy="skip_all")`, made before; no `out=`',
    forms=("new", "scalar"),
    dtypes=(np.float64,),
    methods=FUNCTIONS,
    missing=not_in_scipy_stats("Normal"),
)
SPECIAL = Rung(
    "scipy.special",
    scipy_special,
    "SciPy",
    how="`ndtr`, `log_ndtr`, `ndtri` with `out=`, and NumPy's passes for loc and scale",
    methods=FUNCTIONS[2:],
    missing=not_installed("scipy"),
)
NUMEXPR = Rung(
    "numexpr",
    numexpr,
    "numexpr",
    how="one expression, with `out=`, by `re_evaluate`; a fit by two, by `evaluate`; `set_num_threads(1)`",
    forms=("out", "new"),
    methods=(*DENSITIES, *OF_ALL_DATA),
    missing=not_installed("numexpr"),
)

PEERS = [
    PYTHON, NORMAL_DIST, NUMPY_EXPRESSION, NUMPY_IN_PLACE, NUMPY_DOT, SCIPY, SCIPY_NORMAL,
    SPECIAL, NUMEXPR, NUMBA, TORCH, JAX,
]  # fmt: skip

SCIPY_RVS = replace(
    SCIPY,
    start=scipy_rvs,
    how="`scipy.stats.norm.rvs` with `random_state=numpy.random.default_rng(seed)`",
    methods=("rvs",),
)
RVS_PEERS = [*map(as_normal, (TEXTBOOK, STANDARD_LIBRARY, NUMPY, MKL)), SCIPY_RVS]

CHARACTERISTIC_PEERS = [
    python_rung(
        "python statistics",
        python_characteristic,
        "scalar",
        family="standard library",
        methods=("freeze", "mean", "median", "std", "var", "interval"),
        how="`NormalDist(loc, scale)` and its attribute",
    ),
    replace(
        SCIPY,
        start=scipy_characteristic,
        how="the method of `scipy.stats.norm`, of two numbers",
        methods=(*characteristics.ARGUMENTS, "freeze"),
    ),
]
