"""The formulas of a number, for pure Python, and for numba to compile: the same source for both."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

RECIPROCAL_SQRT_2PI = 1 / math.sqrt(2 * math.pi)
HALF_LN_2PI = math.log(2 * math.pi) / 2
SQRT_HALF = math.sqrt(0.5)

Formula = Callable[..., Any]


def as_it_is(function: Formula) -> Formula:
    return function


def of_z(
    compiled: Callable[[Formula], Formula] = as_it_is, real: Callable[[float], Any] = float
) -> dict[str, Formula]:
    """Of a standard normal; ``real`` makes the constants."""
    half, sqrt_half = real(0.5), real(SQRT_HALF)
    peak, half_ln_2pi = real(RECIPROCAL_SQRT_2PI), real(HALF_LN_2PI)

    @compiled
    def log_cdf(z):  # type: ignore[no-untyped-def]
        if z < 0:
            return math.log(half * math.erfc(-z * sqrt_half))
        return math.log1p(-half * math.erfc(z * sqrt_half))

    return {
        "pdf": compiled(lambda z: peak * math.exp(-half * z * z)),
        "logpdf": compiled(lambda z: -half * z * z - half_ln_2pi),
        "cdf": compiled(lambda z: half * math.erfc(-z * sqrt_half)),
        "sf": compiled(lambda z: half * math.erfc(z * sqrt_half)),
        "logcdf": log_cdf,
        "logsf": compiled(lambda z: log_cdf(-z)),
    }


def of_x(method: str, f: Formula, compiled: Callable[[Formula], Formula] = as_it_is) -> Formula:
    """``f`` is that of a standard normal; this one is of (x, loc, scale)."""
    formulas: dict[str, Formula] = {
        "pdf": lambda x, loc, scale: f((x - loc) / scale) / scale,
        "logpdf": lambda x, loc, scale: f((x - loc) / scale) - math.log(scale),
        "ppf": lambda p, loc, scale: loc + scale * f(p),
        "isf": lambda p, loc, scale: loc + scale * f(p),
    }
    return compiled(formulas.get(method, lambda x, loc, scale: f((x - loc) / scale)))
