"""Samples: cases and rungs of what draws random numbers."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ladder import (
    REFERENCE_LEVEL,
    SEED,
    Call,
    Case,
    Rung,
    not_installed,
    package_on,
    touched,
    why_alone,
    why_missing,
)
from numpy.random import PCG64, SFC64
from numpy.typing import NDArray

import fastdist
from fastdist import _dispatch
from fastdist.parallel import MINIMUM_SHARE

SCALARS_CHECKED = 3000
STANDARD_ERRORS = 6
CHUNK = 1 << 20

# E x^k, k = 0..8
NORMAL_MOMENTS = (1, 0, 1, 0, 3, 0, 15, 0, 105)
UNIFORM_MOMENTS = tuple(1 / (k + 1) for k in range(9))
MOMENTS = {"standard_normal": NORMAL_MOMENTS, "random": UNIFORM_MOMENTS, "random_raw": UNIFORM_MOMENTS}


@dataclass(frozen=True)
class Samples(Case):
    """``method(out=array)``, ``method(size)``, or the scalar ``method()``; the calls start a sequence."""

    def __str__(self) -> str:
        argument = {"out": "out=", "new": "size", "scalar": ""}[self.form]
        size = "" if self.form == "scalar" else f" {self.size:_}"
        return f"{self.method}({argument}) {self.dtype.__name__}{size}"

    @property
    def checked(self) -> int:
        return SCALARS_CHECKED if self.form == "scalar" else self.size

    def results(self, call: Call) -> NDArray[Any]:
        if self.form == "scalar":
            return np.array([call() for _ in range(self.checked)])
        return np.asarray(call())

    def check(self, results: NDArray[Any]) -> None:
        assert results.shape == (self.checked,)
        check_moments(results, self.method)


def check_moments(results: NDArray[Any], method: str) -> None:
    """Each within 6 standard errors; a false alarm in 1e9 for a normal error, and seeds are fixed."""
    sums = np.zeros(5)
    for start in range(0, results.size, CHUNK):
        x = results[start : start + CHUNK].astype(np.float64)
        if method == "random_raw":
            x *= 2.0**-64
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


# Rungs that have NumPy's interface


def of_generator(make: Callable[[], np.random.Generator]) -> Callable[[Samples], Call]:
    def start(case: Samples) -> Call:
        method, size, dtype = method_of(make(), case), case.size, case.dtype
        default = dtype is not np.float32  # then the call is written without a dtype, as users write it
        if case.form == "scalar":
            return method if default else lambda: method(dtype=dtype)
        if case.form == "new":
            return (lambda: method(size)) if default else lambda: method(size, dtype=dtype)
        out = touched(case)
        return (lambda: method(out=out)) if default else lambda: method(dtype=dtype, out=out)

    return start


def method_of(generator: np.random.Generator, case: Samples) -> Callable[..., Any]:
    owner = generator.bit_generator if case.method == "random_raw" else generator
    method: Callable[..., Any] = getattr(owner, case.method)
    return method


def first_samples(make: Callable[[], np.random.Generator]) -> Callable[[Samples], Iterator[NDArray[Any]]]:
    def chunks(case: Samples) -> Iterator[NDArray[Any]]:
        method = method_of(make(), case)
        options = {} if case.dtype is np.uint64 else {"dtype": case.dtype}
        for start in range(0, case.checked, CHUNK):
            yield method(min(CHUNK, case.checked - start), **options)

    return chunks


def generator_on(level: str, bit_generator: type[np.random.BitGenerator] | None) -> np.random.Generator:
    """A Generator whose kernels are those of one level, on its own stream or another bit generator."""
    package = package_on(level)
    seed = SEED if bit_generator is None else bit_generator(SEED)
    generator: np.random.Generator = package.default_rng(seed)
    return generator


def fastdist_rung(
    name: str,
    level: str = _dispatch.LEVEL,
    bit_generator: type[np.random.BitGenerator] | None = None,
    **options: Any,
) -> Rung:
    return Rung(
        name,
        start=of_generator(lambda: generator_on(level, bit_generator)),
        reference=first_samples(lambda: generator_on(REFERENCE_LEVEL, bit_generator)),
        level=level,
        **options,
    )


NUMPY = Rung("NumPy PCG64", of_generator(lambda: np.random.Generator(PCG64(SEED))))
NUMPY_SFC64 = Rung("NumPy SFC64", of_generator(lambda: np.random.Generator(SFC64(SEED))))
LEVELS = [fastdist_rung(f"fastdist {level}", level, missing=why_missing(level)) for level in _dispatch.LEVELS]
IN_USE = LEVELS[_dispatch.LEVELS.index(_dispatch.LEVEL)]
ON_PCG64 = fastdist_rung("fastdist Generator(PCG64)", bit_generator=PCG64)
ALL_THREADS = fastdist_rung(
    "fastdist, all threads",
    threads=fastdist.get_num_threads(),
    smallest=2 * MINIMUM_SHARE,  # less is not divided
    missing=why_alone(),
)
TWO_THREADS = replace(ALL_THREADS, name="fastdist, 2 threads", threads=2)


# Rungs that have not


def mkl_stream() -> Any:
    """Of mkl_random's fastest bit generator."""
    return importlib.import_module("mkl_random").MKLRandomState(SEED, brng="SFMT19937")


def mkl_rung(name: str, start: Callable[[Any, Samples], Call]) -> Rung:
    """``start(stream, case)``; it has no ``out=``."""
    return Rung(
        name,
        lambda case: start(mkl_stream(), case),
        forms=("new", "scalar"),
        dtypes=(np.float64,),
        missing=not_installed("mkl_random"),
    )
