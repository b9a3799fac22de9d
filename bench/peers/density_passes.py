"""Functions as passes over one given array: for libraries whose functions take ``out=``."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bench.cases.case import Call, touched
from bench.cases.densities import QUANTILES, Function, operands
from bench.peers.density_formulas import HALF_LN_2PI, RECIPROCAL_SQRT_2PI

Pass = Callable[[Any, Any], Any]


def standard_functions(
    library: Any, ndtr: Any = None, log_ndtr: Any = None, ndtri: Any = None
) -> dict[str, Pass]:
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
            log_scale = library.log(scale) if case.parameters == "arrays" else math.log(scale)
            library.subtract(out, log_scale, out=out)
        return out

    def call_standard(out: Any) -> Any:
        standard(x, out)
        return out

    call = call_scaled if case.parameters else call_standard
    if case.form == "new":
        return lambda: call(library.empty_like(x))
    return partial(call, given(touched(case)))
