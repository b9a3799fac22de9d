"""Functions of the normal distribution: cases, and fastdist's rungs; ``peers/densities.py`` has the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.cases.case import SEED, Call, Case, Rung, assert_close, placed, touched
from bench.cases.fastdist_rungs import fastdist_rungs, results_of_baseline
from bench.cases.limits import array_copy
from fastdist.normal import array_calls, likelihood

QUANTILES = ("ppf", "isf")
FUNCTIONS = ("pdf", "logpdf", "cdf", "sf", "logcdf", "logsf", *QUANTILES)
LIKELIHOODS = ("loglikelihood", "nnlf")
OF_ALL_DATA = (*LIKELIHOODS, "fit")
# Data are so many different numbers, more than a branch predictor learns; then the same again.
PERIOD = 100_000
# So many at the beginning, and at the end, are enough.
PERIODS_COMPARED = 10
LOC, SCALE = 1.5, 2.5
# What a result may be off, relative to it, or to 1.
TOLERANCE = {np.float64: 1e-12, np.float32: 1e-4}

Array = NDArray[Any]


@dataclass(frozen=True)
class Function(Case):
    """``norm.method(x)``; ``parameters`` says what loc and scale are: ``numbers``, ``arrays`` or ``frozen``.

    Besides functions of each element, ``loglikelihood``, ``nnlf`` and ``fit`` of all.  x are normals with
    this loc and scale, probabilities are uniform; the scalar is the first of them.
    """

    parameters: str = ""

    def __str__(self) -> str:
        norm = "norm(loc, scale)." if self.parameters == "frozen" else ""
        x = "a float" if self.form == "scalar" else "x"
        parameters = "loc, scale" if self.parameters in ("numbers", "arrays") else ""
        out = "out=" if self.form == "out" else ""
        if self.method == "nnlf":
            x, parameters = f"({parameters})", x
        arguments = ", ".join(filter(None, (x, parameters, out)))
        size = "" if self.form == "scalar" else f" {self.size:_}"
        arrays = ", loc and scale arrays" if self.parameters == "arrays" else ""
        return f"{norm}{self.method}({arguments}) {self.dtype.__name__}{size}{arrays}"

    @property
    def bytes_returned(self) -> int:
        return super().bytes_returned if self.method in FUNCTIONS else 0

    @property
    def numbers(self) -> int:
        return self.size * (2 if self.parameters == "arrays" else 1)

    def shortened(self) -> Case:
        return replace(self, size=min(self.size, divided_from(self.method, self.dtype)))

    def results(self, call: Call) -> Array:
        return np.atleast_1d(np.asarray(call()))

    def check(self, results: Array) -> None:
        end = 0
        for start, expected in bits_of_baseline(self):
            got = results[start : start + len(expected)]
            assert_close(got, expected, TOLERANCE[self.dtype])
            end = start + len(got)
        assert end == len(results)


def divided_from(method: str, dtype: type[np.generic]) -> int:
    """The least number of elements that threads share."""
    if method in OF_ALL_DATA:
        return 2 * likelihood.SHARE_VALUES
    share = array_calls.SHARE_BYTES_OF.get(method, array_calls.SHARE_BYTES)
    return 2 * share // np.dtype(dtype).itemsize


# Data


class Operands(NamedTuple):
    x: Any
    loc: Any = 0
    scale: Any = 1


def operands(case: Function) -> Operands:
    made = data(case.method in QUANTILES, case.parameters, np.dtype(case.dtype), case.size)
    return Operands(float(made.x[0]), *made[1:]) if case.form == "scalar" else made


@lru_cache(maxsize=2)  # 5e7 are 0.4 GB
def data(probability: bool, parameters: str, dtype: np.dtype[Any], size: int) -> Operands:
    def repeated(array: Array) -> Array:
        return placed(np.resize(array.astype(dtype), size))

    z, p, locs, scales = period()
    if parameters == "arrays":
        return Operands(repeated(p if probability else locs + scales * z), repeated(locs), repeated(scales))
    loc, scale = (LOC, SCALE) if parameters else (0, 1)
    return Operands(repeated(p if probability else loc + scale * z), loc, scale)


@cache
def period() -> tuple[Array, Array, Array, Array]:
    rng = np.random.default_rng(SEED)
    z, p = rng.standard_normal(PERIOD), rng.random(PERIOD)
    return z, p, rng.standard_normal(PERIOD), rng.uniform(0.5, 2, PERIOD)


# The rungs


def of_norm(case: Function, norm: Any) -> Call:
    """A call of whatever has the interface of ``norm``."""
    x, loc, scale = operands(case)
    if case.method == "nnlf":
        return partial(norm.nnlf, (loc, scale), x)
    if case.parameters == "frozen":
        norm = norm(loc, scale)
    arguments = (x, loc, scale) if case.parameters in ("numbers", "arrays") else (x,)
    keywords = {"out": touched(case)} if case.form == "out" else {}
    return partial(getattr(norm, case.method), *arguments, **keywords)


def call_of(case: Function, package: Any) -> Call:
    return of_norm(case, package.norm)


baseline_results = results_of_baseline(call_of)


def bits_of_baseline(case: Function) -> Iterator[tuple[int, Array]]:
    """What the level that every installation has makes of the data, which repeat."""
    if case.method not in FUNCTIONS:
        yield 0, baseline_results(case)
        return
    expected = baseline_results(replace(case, form="new", size=PERIOD))
    starts = list(range(0, case.size, PERIOD))
    if len(starts) > 2 * PERIODS_COMPARED:
        starts = [*starts[:PERIODS_COMPARED], *starts[-PERIODS_COMPARED:]]
    for start in starts:
        yield start, expected[: case.size - start]


def rungs_of(method: str, dtype: type[np.generic]) -> list[Rung]:
    """They differ in where threads begin."""
    return fastdist_rungs(
        call_of,
        bits_of_baseline,
        threads_from=divided_from(method, dtype),
        how=f"`norm.{method}`" + (", `out=` into an array that was touched" if method in FUNCTIONS else ""),
    )


ARRAY_COPY = array_copy(lambda case: operands(case).x, methods=FUNCTIONS)
