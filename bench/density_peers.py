"""What `fastdist.norm` is measured against, from pure Python up; each as it is fastest, on one thread."""

from __future__ import annotations

import importlib
import math
import os
from collections.abc import Callable
from functools import partial
from statistics import NormalDist, fmean, pstdev
from typing import Any

import numpy as np
from densities import FUNCTIONS, QUANTILES, Function, of_norm, operands
from ladder import Call, Rung, not_installed, python_rung, touched

RECIPROCAL_SQRT_2PI = 1 / math.sqrt(2 * math.pi)
HALF_LN_2PI = math.log(2 * math.pi) / 2
SQRT_HALF = math.sqrt(0.5)


# Pure Python


def log_cdf(z: float) -> float:
    if z < 0:
        return math.log(0.5 * math.erfc(-z * SQRT_HALF))
    return math.log1p(-0.5 * math.erfc(z * SQRT_HALF))


inv_cdf = NormalDist().inv_cdf
OF_A_NUMBER: dict[str, Callable[[float], float]] = {
    "pdf": lambda z: RECIPROCAL_SQRT_2PI * math.exp(-0.5 * z * z),
    "logpdf": lambda z: -0.5 * z * z - HALF_LN_2PI,
    "cdf": lambda z: 0.5 * math.erfc(-z * SQRT_HALF),
    "sf": lambda z: 0.5 * math.erfc(z * SQRT_HALF),
    "logcdf": log_cdf,
    "logsf": lambda z: log_cdf(-z),
    "ppf": inv_cdf,
    "isf": lambda p: -inv_cdf(p),
}


def python(case: Function) -> Call:
    if case.method == "freeze":
        return partial(NormalDist, 1, 2)
    x, loc, scale = operands(case)
    if case.form == "scalar":
        return partial(OF_A_NUMBER[case.method], x)
    numbers, n = x.tolist(), case.size
    if case.method == "fit":
        return lambda: (fmean(numbers), pstdev(numbers))
    if case.method == "loglikelihood":
        logpdf = OF_A_NUMBER["logpdf"]
        return lambda: math.fsum(map(logpdf, numbers))
    f = OF_A_NUMBER[case.method]
    if not case.parameters:
        return lambda: [f(z) for z in numbers]
    locs, scales = np.broadcast_to(loc, n).tolist(), np.broadcast_to(scale, n).tolist()
    of_three: dict[str, Callable[[float, float, float], float]] = {
        "pdf": lambda x, loc, scale: f((x - loc) / scale) / scale,
        "logpdf": lambda x, loc, scale: f((x - loc) / scale) - math.log(scale),
        **dict.fromkeys(QUANTILES, lambda p, loc, scale: loc + scale * f(p)),
    }
    g = of_three.get(case.method, lambda x, loc, scale: f((x - loc) / scale))
    return lambda: [g(*each) for each in zip(numbers, locs, scales, strict=True)]


PYTHON = python_rung("python math, statistics", python, "new", "scalar")


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
        "pdf": lambda: np.exp(-0.5 * ((x - loc) / scale) ** 2) * (RECIPROCAL_SQRT_2PI / scale),
        "logpdf": lambda: -0.5 * ((x - loc) / scale) ** 2 - (log(scale) + HALF_LN_2PI),
    }
    return (scaled if case.parameters else written)[case.method]


def sum_of_squares(case: Function) -> Call:
    """Without a temporary; `numpy.dot` would use the threads of its BLAS."""
    x, n = operands(case).x, case.size
    return lambda: -0.5 * np.einsum("i,i", x, x) - n * HALF_LN_2PI


def copy(case: Function) -> Call:
    x, out = operands(case).x, touched(case)

    def call() -> Any:
        np.copyto(out, x)
        return out

    return call


# Libraries whose functions take ``out=``: one pass after the other over the same array


Pass = Callable[[Any, Any], None]


def standard_functions(library: Any, ndtr: Any, log_ndtr: Any, ndtri: Any) -> dict[str, Pass]:
    """Each of x, into out."""

    def pdf(x: Any, out: Any) -> None:
        half_square(x, out)
        library.exp(out, out=out)
        library.multiply(out, RECIPROCAL_SQRT_2PI, out=out)

    def logpdf(x: Any, out: Any) -> None:
        half_square(x, out)
        library.subtract(out, HALF_LN_2PI, out=out)

    def half_square(x: Any, out: Any) -> None:
        library.multiply(x, x, out=out)
        library.multiply(out, -0.5, out=out)

    def of_minus(function: Any) -> Pass:
        def call(x: Any, out: Any) -> None:
            library.negative(x, out=out)
            function(out, out=out)

        return call

    def isf(p: Any, out: Any) -> None:
        ndtri(p, out=out)
        library.negative(out, out=out)

    return {
        "pdf": pdf,
        "logpdf": logpdf,
        "cdf": lambda x, out: ndtr(x, out=out),
        "sf": of_minus(ndtr),
        "logcdf": lambda x, out: log_ndtr(x, out=out),
        "logsf": of_minus(log_ndtr),
        "ppf": lambda p, out: ndtri(p, out=out),
        "isf": isf,
    }


def in_passes(case: Function, library: Any, standard: Pass, given: Callable[[Any], Any]) -> Call:
    """``given`` makes the library's array of one of NumPy's."""
    x, loc, scale = (given(operand) if np.ndim(operand) else operand for operand in operands(case))

    def call_scaled(out: Any) -> Any:
        if case.method in QUANTILES:
            standard(x, out)
            library.multiply(out, scale, out=out)
            library.add(out, loc, out=out)
            return out
        library.subtract(x, loc, out=out)
        library.divide(out, scale, out=out)
        standard(out, out)
        if case.method == "pdf":
            library.divide(out, scale, out=out)
        elif case.method == "logpdf":
            library.subtract(
                out, library.log(scale) if case.parameters == "arrays" else math.log(scale), out=out
            )
        return out

    def call_standard(out: Any) -> Any:
        standard(x, out)
        return out

    call = call_scaled if case.parameters else call_standard
    if case.form == "new":
        return lambda: call(library.empty_like(x))
    return partial(call, given(touched(case)))


def numpy_in_place(case: Function) -> Call:
    return in_passes(case, np, standard_functions(np, None, None, None)[case.method], lambda array: array)


# SciPy


def scipy_norm(case: Function) -> Call:
    norm = importlib.import_module("scipy.stats").norm
    if case.method == "loglikelihood":
        logpdf, x = norm.logpdf, operands(case).x
        return lambda: logpdf(x).sum()
    return of_norm(case, norm)


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


# numexpr, PyTorch, JAX

NUMEXPR_FORMULAS = {
    ("pdf", False): "peak * exp(minus_half * x * x)",
    ("logpdf", False): "minus_half * x * x - half_ln_2pi",
    ("pdf", True): "peak * exp(minus_half * ((x - loc) / scale) ** 2) / scale",
    ("logpdf", True): "minus_half * ((x - loc) / scale) ** 2 - half_ln_2pi - log(scale)",
    ("loglikelihood", False): "sum(minus_half * x * x - half_ln_2pi)",
}


def numexpr(case: Function) -> Call:
    evaluate = importlib.import_module("numexpr").evaluate
    importlib.import_module("numexpr").set_num_threads(1)
    constants = {"peak": RECIPROCAL_SQRT_2PI, "minus_half": -0.5, "half_ln_2pi": HALF_LN_2PI}
    x, loc, scale = operands(case)
    if np.ndim(loc) == 0:
        constants |= {"loc": loc, "scale": scale}
    names = {name: case.dtype(value) for name, value in constants.items()} | {"x": x}
    if np.ndim(loc):
        names |= {"loc": loc, "scale": scale}
    formula = NUMEXPR_FORMULAS[case.method, bool(case.parameters)]
    out = touched(case) if case.form == "out" else None
    return lambda: evaluate(formula, local_dict=names, out=out)


def torch(case: Function) -> Call:
    library = importlib.import_module("torch")
    library.set_num_threads(1)
    special = library.special
    functions = standard_functions(library, special.ndtr, special.log_ndtr, special.ndtri)
    return in_passes(case, library, functions[case.method], library.from_numpy)


def jax(case: Function) -> Call:
    one_thread = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ.setdefault("XLA_FLAGS", one_thread)  # read when it is imported
    library = importlib.import_module("jax")
    library.config.update("jax_enable_x64", True)
    norm = importlib.import_module("jax.scipy.stats").norm
    ndtri = importlib.import_module("jax.scipy.special").ndtri  # norm.ppf would make float64 of float32
    functions = {
        "ppf": lambda p, loc=0, scale=1: loc + scale * ndtri(p),
        "isf": lambda p, loc=0, scale=1: loc - scale * ndtri(p),
        "loglikelihood": lambda x: norm.logpdf(x).sum(),
    }
    function = library.jit(functions.get(case.method) or getattr(norm, case.method))
    arguments = [library.numpy.asarray(a, case.dtype) for a in operands(case).arguments(case)]
    return lambda: function(*arguments).block_until_ready()


# The rungs

DENSITIES = ("pdf", "logpdf")
NUMPY_EXPRESSION = Rung(
    "NumPy expression",
    numpy_expression,
    ("new", "scalar"),
    methods=(*DENSITIES, "loglikelihood", "fit"),
)
NUMPY_IN_PLACE = Rung("NumPy, in place", numpy_in_place, ("out",), methods=DENSITIES)
NUMPY_EINSUM = Rung("NumPy einsum", sum_of_squares, ("new",), methods=("loglikelihood",))
SCIPY = Rung(
    "scipy.stats.norm",
    scipy_norm,
    ("new", "scalar"),
    dtypes=(np.float64,),  # of float32 it makes float64
    missing=not_installed("scipy"),
)
SPECIAL = Rung("scipy.special", scipy_special, methods=FUNCTIONS[2:], missing=not_installed("scipy"))
NUMEXPR = Rung(
    "numexpr",
    numexpr,
    ("out", "new"),
    methods=(*DENSITIES, "loglikelihood"),
    missing=not_installed("numexpr"),
)
TORCH = Rung("PyTorch", torch, ("out", "new"), methods=FUNCTIONS, missing=not_installed("torch"))
JAX = Rung("JAX, jit", jax, ("new",), methods=(*FUNCTIONS, "loglikelihood"), missing=not_installed("jax"))

PEERS = [PYTHON, NUMPY_EXPRESSION, NUMPY_IN_PLACE, NUMPY_EINSUM, SCIPY, SPECIAL, NUMEXPR, TORCH, JAX]
COPY = Rung("array copy", copy, ("out",), methods=("copy",))
