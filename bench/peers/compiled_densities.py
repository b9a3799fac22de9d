"""The functions of `fastdist.norm` by libraries with compilers or kernels of their own."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from bench.cases.case import Call, Rung, not_installed, touched
from bench.cases.densities import FUNCTIONS, OF_ALL_DATA, QUANTILES, Function, operands
from bench.peers import libraries
from bench.peers.density_formulas import Formula, of_x, of_z
from bench.peers.density_passes import in_passes, standard_functions

# numba, which has no inverse of the error function


def numba(case: Function) -> Call:
    x, loc, scale = operands(case)
    if case.method in OF_ALL_DATA:
        loops = loops_over_all_data()
        if case.method == "fit":
            return partial(loops["fit"], x)
        return partial(loops[case.method], x, float(loc), float(scale))
    loop = loop_over_elements(case.method, case.parameters, np.dtype(case.dtype))
    out = touched(case)
    if not case.parameters:
        return partial(loop, x, out)
    if case.parameters == "numbers":
        loc, scale = case.dtype(loc), case.dtype(scale)
    return partial(loop, x, loc, scale, out)


def compiled() -> Callable[[Formula], Formula]:
    """Several terms of a sum at once, and no branch for divisions by zero, which would keep loops scalar."""
    jit: Callable[[Formula], Formula] = partial(libraries.numba().njit, fastmath=True, error_model="numpy")
    return jit


@cache
def loop_over_elements(method: str, parameters: str, dtype: np.dtype[Any]) -> Formula:
    jit = compiled()
    f = of_z(jit, dtype.type)[method]
    if not parameters:

        @jit
        def standard(x, out):  # type: ignore[no-untyped-def]
            for i in range(len(x)):
                out[i] = f(x[i])
            return out

        return standard
    g = of_x(method, f, jit)
    if parameters == "numbers":

        @jit
        def with_numbers(x, loc, scale, out):  # type: ignore[no-untyped-def]
            for i in range(len(x)):
                out[i] = g(x[i], loc, scale)
            return out

        return with_numbers

    @jit
    def with_arrays(x, loc, scale, out):  # type: ignore[no-untyped-def]
        for i in range(len(x)):
            out[i] = g(x[i], loc[i], scale[i])
        return out

    return with_arrays


@cache
def loops_over_all_data() -> dict[str, Formula]:
    jit = compiled()
    logpdf = of_x("logpdf", of_z(jit)["logpdf"], jit)

    @jit
    def loglikelihood(x, loc, scale):  # type: ignore[no-untyped-def]
        total = 0.0
        for i in range(len(x)):
            total += logpdf(x[i], loc, scale)
        return total

    @jit
    def nnlf(x, loc, scale):  # type: ignore[no-untyped-def]
        return -loglikelihood(x, loc, scale)

    @jit
    def fit(x):  # type: ignore[no-untyped-def]
        total = 0.0
        for i in range(len(x)):
            total += x[i]
        mean = total / len(x)
        squares = 0.0
        for i in range(len(x)):
            squares += (x[i] - mean) ** 2
        return mean, math.sqrt(squares / len(x))

    return {"loglikelihood": loglikelihood, "nnlf": nnlf, "fit": fit}


# PyTorch


def torch(case: Function) -> Call:
    library = libraries.torch()
    if case.method in OF_ALL_DATA:
        x, loc, scale = operands(case)
        data = library.from_numpy(x)
        if case.method == "fit":
            return lambda: tuple(map(float, (data.mean(), data.std(correction=0))))
        parameters = (library.tensor(float(parameter), dtype=data.dtype) for parameter in (loc, scale))
        log_prob = library.distributions.Normal(*parameters, validate_args=False).log_prob
        sign = -1 if case.method == "nnlf" else 1
        return lambda: sign * log_prob(data).sum()
    special = library.special
    functions = standard_functions(library, special.ndtr, special.log_ndtr, special.ndtri)
    return in_passes(case, library, functions[case.method], library.from_numpy)


# JAX


def jax(case: Function) -> Call:
    library = libraries.jax()
    function = jitted(case.method)
    given = operands(case) if case.parameters else (operands(case).x,)
    arguments = [library.numpy.asarray(operand, case.dtype) for operand in given]
    return lambda: function(*arguments).block_until_ready()


@cache
def jitted(method: str) -> Any:
    """Compiled once for each shape, however often it is started."""
    library = libraries.jax()
    norm = importlib.import_module("jax.scipy.stats").norm
    ndtri = importlib.import_module("jax.scipy.special").ndtri  # norm.ppf would make float64 of float32
    functions = {
        "ppf": lambda p, loc=0, scale=1: loc + scale * ndtri(p),
        "isf": lambda p, loc=0, scale=1: loc - scale * ndtri(p),
        "loglikelihood": lambda x: norm.logpdf(x).sum(),
        "nnlf": lambda x, loc, scale: -norm.logpdf(x, loc, scale).sum(),
        "fit": lambda x: library.numpy.stack([x.mean(), x.std()]),
    }
    return library.jit(functions.get(method) or getattr(norm, method))


# The rungs

NUMBA = Rung(
    "numba",
    numba,
    "numba",
    how='a loop over the formula, `math.erfc` in it, under `njit(fastmath=True, error_model="numpy")`, '
    "into a given array",
    forms=("out", "new"),
    methods=tuple(method for method in (*FUNCTIONS, *OF_ALL_DATA) if method not in QUANTILES),
    missing=not_installed("numba"),
)
TORCH = Rung(
    "PyTorch",
    torch,
    "PyTorch",
    how="`torch.special` and passes with `out=`; sums of `Normal.log_prob`; not by `torch.compile`; "
    "`set_num_threads(1)`",
    forms=("out", "new"),
    methods=(*FUNCTIONS, *OF_ALL_DATA),
    missing=not_installed("torch"),
)
JAX = Rung(
    "JAX, jit",
    jax,
    "JAX",
    how="`jax.scipy.stats.norm` under `jit`, data on the device before; one thread by NPROC, dispatched "
    "in turn",
    forms=("new",),
    methods=(*FUNCTIONS, *OF_ALL_DATA),
    missing=not_installed("jax"),
)
