"""Cases of what draws random numbers, and fastdist's rungs; ``peers/sampling.py`` has the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.random import PCG64
from numpy.typing import NDArray

from bench.cases.case import SEED, Call, Case, Rung, touched
from bench.cases.fastdist_rungs import REFERENCE_LEVEL, fastdist_rungs, package_on
from fastdist import _dispatch

SCALARS_CHECKED = 3000
STANDARD_ERRORS = 6
CHUNK = 1 << 20
# Of longer results so many, at the beginning and at the end, are enough for their moments.
MOMENTS_OF = 1 << 21
# Of longer results so many first bits are compared: the baseline may take 200 ns for each.
BITS_COMPARED = 1 << 17
LOC, SCALE = 100.0, 15.0
SCALED = ("normal", "rvs")

# E x^k, k = 0..8
NORMAL_MOMENTS = (1, 0, 1, 0, 3, 0, 15, 0, 105)
UNIFORM_MOMENTS = tuple(1 / (k + 1) for k in range(9))
MOMENTS = {
    "standard_normal": NORMAL_MOMENTS,
    "normal": NORMAL_MOMENTS,
    "rvs": NORMAL_MOMENTS,
    "random": UNIFORM_MOMENTS,
    "random_raw": UNIFORM_MOMENTS,
}


@dataclass(frozen=True)
class Samples(Case):
    """``method(out=array)``, ``method(size)``, or the scalar ``method()``; the calls start a sequence."""

    def __str__(self) -> str:
        size = {"out": "out=", "new": "size", "scalar": ""}[self.form]
        parameters = ("loc", "scale") if self.method in SCALED else ()
        arguments = ", ".join([*parameters, size] if size else parameters)
        count = "" if self.form == "scalar" else f" {self.size:_}"
        return f"{self.method}({arguments}) {self.dtype.__name__}{count}"

    @property
    def checked(self) -> int:
        return SCALARS_CHECKED if self.form == "scalar" else self.size

    def results(self, call: Call) -> NDArray[Any]:
        if self.form == "scalar":
            return np.array([call() for _ in range(self.checked)])
        return np.asarray(call())

    def check(self, results: NDArray[Any]) -> None:
        assert results.shape == (self.checked,)
        for part in (results[:MOMENTS_OF], results[MOMENTS_OF:][-MOMENTS_OF:]):
            check_moments(part, self.method)


def check_moments(results: NDArray[Any], method: str) -> None:
    """Each within 6 standard errors; a false alarm in 1e9 for a normal error, and seeds are fixed."""
    sums = np.zeros(5)
    for start in range(0, results.size, CHUNK):
        x = results[start : start + CHUNK].astype(np.float64)
        if method == "random_raw":
            x *= 2.0**-64
        elif method in SCALED:
            x = (x - LOC) / SCALE
        power = np.ones_like(x)
        for k in range(1, 5):
            power *= x
            sums[k] += power.sum()
    assert np.isfinite(sums).all()
    n = results.size
    if n < 1000:  # the higher moments of so few are far from normal
        return
    expected = MOMENTS[method]
    for k in range(1, 5):
        error = math.sqrt((expected[2 * k] - expected[k] ** 2) / n)
        assert abs(sums[k] / n - expected[k]) < STANDARD_ERRORS * error, f"moment {k} is {sums[k] / n}"


# The rungs


def call_of(case: Samples, generator: np.random.Generator) -> Call:
    """A call of whatever has the interface of NumPy's Generator."""
    method, size, dtype = method_of(case, generator), case.size, case.dtype
    default = dtype is not np.float32  # then the call is written without a dtype, as users write it
    if case.form == "scalar":
        return method if default else lambda: method(dtype=dtype)
    if case.form == "new":
        # ``normal`` has its parameters before
        return (lambda: method(size=size)) if default else lambda: method(size=size, dtype=dtype)
    out = touched(case)
    return (lambda: method(out=out)) if default else lambda: method(dtype=dtype, out=out)


def method_of(case: Samples, generator: np.random.Generator) -> Callable[..., Any]:
    if case.method == "random_raw":
        raw = generator.bit_generator.random_raw
        return lambda size=None: raw(size)
    method: Callable[..., Any] = getattr(generator, case.method)
    return partial(method, LOC, SCALE) if case.method == "normal" else method


def rvs(case: Samples, norm: Any, random_state: np.random.Generator) -> Call:
    """A call of whatever has the interface of ``norm``."""
    return partial(norm.rvs, LOC, SCALE, size=case.size, random_state=random_state)


def first_samples(
    make: Callable[[], np.random.Generator],
) -> Callable[[Samples], Iterator[tuple[int, NDArray[Any]]]]:
    def reference(case: Samples) -> Iterator[tuple[int, NDArray[Any]]]:
        count = min(BITS_COMPARED, case.checked)
        options = {"dtype": case.dtype} if case.dtype is np.float32 else {}
        yield 0, method_of(case, make())(size=count, **options)

    return reference


def on_own_stream(package: Any) -> np.random.Generator:
    generator: np.random.Generator = package.default_rng(SEED)
    return generator


def on_pcg64(package: Any) -> np.random.Generator:
    generator: np.random.Generator = package.default_rng(PCG64(SEED))
    return generator


FASTDIST = fastdist_rungs(
    lambda case, package: call_of(case, on_own_stream(package)),
    first_samples(lambda: on_own_stream(package_on(REFERENCE_LEVEL))),
    how="`fastdist.default_rng`: `out=` into an array that was touched, where the method has it",
)
ON_PCG64 = Rung(
    "fastdist Generator(PCG64)",
    lambda case: call_of(case, on_pcg64(package_on(_dispatch.LEVEL))),
    "fastdist",
    how="the quantile of each word of NumPy's PCG64",
    level=_dispatch.LEVEL,
    methods=("standard_normal",),
    reference=first_samples(lambda: on_pcg64(package_on(REFERENCE_LEVEL))),
)
RVS = fastdist_rungs(
    lambda case, package: rvs(case, package.norm, on_own_stream(package)),
    lambda case: first_samples(lambda: on_own_stream(package_on(REFERENCE_LEVEL)))(
        replace(case, method="normal")
    ),
    how="`norm.rvs` with `random_state=fastdist.default_rng(seed)`",
)
