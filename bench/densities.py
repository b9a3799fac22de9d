"""Functions of the normal distribution: cases, and fastdist's rungs; ``density_peers.py`` has the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from ladder import (
    REFERENCE_LEVEL,
    SEED,
    Call,
    Case,
    Rung,
    largest_on,
    package_on,
    touched,
    why_alone,
    why_missing,
)
from numpy.typing import NDArray

import fastdist
from fastdist import _dispatch
from fastdist.parallel import MINIMUM_SHARE

QUANTILES = ("ppf", "isf")
FUNCTIONS = ("pdf", "logpdf", "cdf", "sf", "logcdf", "logsf", *QUANTILES)
# Data are so many different numbers, more than a branch predictor learns; then the same again.
PERIOD = 100_000
LOC, SCALE = 1.5, 2.5
# What a result may be off, relative to it, or to 1: peers lose the digits of what is near 0.
TOLERANCE = {np.float64: 1e-12, np.float32: 1e-4}

Array = NDArray[Any]


@dataclass(frozen=True)
class Function(Case):
    """``norm.method(x)``; ``parameters`` says whether with loc and scale, ``numbers`` or ``arrays``.

    Besides functions of each element, ``loglikelihood`` and ``fit`` of all, and ``freeze``: ``norm(1, 2)``.
    x are normals with this loc and scale, probabilities are uniform; the scalar is the first of them.
    """

    parameters: str = ""

    def __str__(self) -> str:
        if self.method == "freeze":
            return "norm(1, 2)"
        x = "number" if self.form == "scalar" else "x"
        arguments = [
            x,
            *([self.parameters] if self.parameters else []),
            *(["out="] if self.form == "out" else []),
        ]
        size = "" if self.form == "scalar" else f" {self.size:_}"
        return f"{self.method}({', '.join(arguments)}) {self.dtype.__name__}{size}"

    @property
    def bytes_returned(self) -> int:
        return super().bytes_returned if self.method in FUNCTIONS else 0

    def results(self, call: Call) -> Array:
        if self.method == "freeze":
            frozen = call()
            return np.array([frozen.pdf(0.5), frozen.cdf(0.5)])
        return np.atleast_1d(np.asarray(call()))

    def check(self, results: Array) -> None:
        tolerance = TOLERANCE[self.dtype]
        start = 0
        for expected in expected_results(self):
            got = results[start : start + len(expected)]
            close = np.abs(got - expected) <= tolerance * (1 + np.abs(expected))
            assert close.all(), (
                f"{self}: {np.count_nonzero(~close)} results are off, at {np.argmin(close)} first"
            )
            start += len(expected)
        assert start == len(results)


# Data


class Operands(NamedTuple):
    x: Any
    loc: Any = 0
    scale: Any = 1

    def arguments(self, case: Function) -> tuple[Any, ...]:
        return tuple(self) if case.parameters else (self.x,)


def operands(case: Function) -> Operands:
    probability = case.method in QUANTILES
    made = data(probability, case.parameters, case.dtype, max(1, case.size))
    return Operands(float(made.x[0]), *made[1:]) if case.form == "scalar" else made


@lru_cache(maxsize=2)  # 5e7 are 0.4 GB
def data(probability: bool, parameters: str, dtype: type[np.generic], size: int) -> Operands:
    def repeated(array: Array) -> Array:
        return np.resize(array.astype(dtype), size) if size > PERIOD else array[:size].astype(dtype)

    z, p, locs, scales = period()
    loc, scale = {"": (0, 1), "numbers": (LOC, SCALE), "arrays": (locs, scales)}[parameters]
    x = repeated(p if probability else loc + scale * z)
    return Operands(x, repeated(loc), repeated(scale)) if parameters == "arrays" else Operands(x, loc, scale)


@cache
def period() -> tuple[Array, Array, Array, Array]:
    rng = np.random.default_rng(SEED)
    z, p = rng.standard_normal(PERIOD), rng.random(PERIOD)
    return z, p, rng.standard_normal(PERIOD), rng.uniform(0.5, 2, PERIOD)


# The rungs


def of_norm(case: Function, norm: Any) -> Call:
    """A call of whatever has the interface of ``norm``."""
    if case.method == "freeze":
        return partial(norm, 1, 2)
    method, arguments = getattr(norm, case.method), operands(case).arguments(case)
    return (
        partial(method, *arguments, out=touched(case)) if case.form == "out" else partial(method, *arguments)
    )


def of_ufunc(case: Function, kernels: Any) -> Call:
    ufunc = getattr(kernels, case.method)
    return partial(ufunc, *operands(case), **({"out": touched(case)} if case.form == "out" else {}))


def expected_results(case: Function) -> Iterator[Array]:
    """What the level that every installation has makes of the data, which repeat."""
    if case.method == "copy":
        yield operands(case).x
    elif case.method in FUNCTIONS:
        expected = reference_results(replace(case, form="new", size=PERIOD))
        for start in range(0, case.size, PERIOD):
            yield expected[: case.size - start]
    else:
        yield reference_results(case)


@cache
def reference_results(case: Function) -> Array:
    return case.results(of_norm(case, package_on(REFERENCE_LEVEL).norm))


def fastdist_rung(name: str, level: str = _dispatch.LEVEL, **options: Any) -> Rung:
    """Through `norm`, as users call it."""
    return Rung(
        name,
        start=lambda case: of_norm(case, package_on(level).norm),
        reference=expected_results,
        level=level,
        **options,
    )


def threads_rung(name: str, threads: int, level: str = _dispatch.LEVEL) -> Rung:
    return fastdist_rung(
        name,
        level,
        threads=threads,
        methods=(*FUNCTIONS, "loglikelihood", "fit"),
        smallest=2 * MINIMUM_SHARE,  # less is not divided
        missing=why_missing(level) or why_alone(),
    )


LEVELS = [
    fastdist_rung(
        f"fastdist.norm {level}",
        level,
        missing=why_missing(level),
        largest=largest_on(level),
    )
    for level in _dispatch.LEVELS
]
IN_USE = LEVELS[_dispatch.LEVELS.index(_dispatch.LEVEL)]
UFUNC = Rung(
    f"its ufunc alone, {_dispatch.LEVEL}",
    start=lambda case: of_ufunc(case, _dispatch.load(_dispatch.LEVEL, "normal")),
    methods=FUNCTIONS,
    reference=expected_results,
    level=_dispatch.LEVEL,
)
ALL_THREADS = threads_rung("fastdist.norm, all threads", fastdist.get_num_threads())
TWO_THREADS = {
    level: threads_rung(f"fastdist.norm {level}, 2 threads", 2, level) for level in _dispatch.LEVELS
}
