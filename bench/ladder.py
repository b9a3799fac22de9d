"""The ladder: what a benchmark compares, as data, from pure Python up to all threads.

A `Case` says what is asked for, a `Rung` who answers.  ``bench_<stem>.py`` lists both and times each
pair with pytest-benchmark; ``ratios.py`` times the same pairs in turn and prints who wins by how much.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import math
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from numpy.random import PCG64, SFC64
from numpy.typing import NDArray

import fastdist
from fastdist import _dispatch
from fastdist.parallel import MINIMUM_SHARE

SEED = 7
# A level's bits are compared with those of this one, which every installation has.
REFERENCE_LEVEL = "baseline"
PURE_PYTHON_LARGEST = 10_000
SCALARS_CHECKED = 3000
STANDARD_ERRORS = 6
CHUNK = 1 << 20

Call = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """A request: ``method(out=array)``, ``method(size)``, or the scalar ``method()``."""

    method: str
    form: str
    dtype: type[np.generic] = np.float64
    size: int = 1

    def __str__(self) -> str:
        argument = {"out": "out=", "size": "size", "scalar": ""}[self.form]
        size = "" if self.form == "scalar" else f" {self.size:_}"
        return f"{self.method}({argument}) {self.dtype.__name__}{size}"


@dataclass(frozen=True)
class Rung:
    """One implementation.

    ``start(case)`` makes a freshly seeded generator and returns the call to be timed, whose first call
    gives the first samples.  ``missing`` says why there is none here; then ``start`` is not called.
    ``reference(case)`` yields, chunk by chunk, the bits that those first samples must have.
    """

    name: str
    start: Callable[[Case], Call]
    forms: tuple[str, ...] = ("out", "size", "scalar")
    dtypes: tuple[type[np.generic], ...] = (np.float64, np.float32)
    smallest: int = 1
    largest: int | None = None
    threads: int = 1
    level: str | None = None
    missing: str | None = None
    reference: Callable[[Case], Iterator[NDArray[Any]]] | None = None

    def nearest(self, case: Case) -> Case | None:
        """The case itself, or what is closest to it of what this rung can do, or None."""
        form = "size" if case.form == "out" and "out" not in self.forms else case.form
        if form not in self.forms or case.dtype not in self.dtypes or case.size < self.smallest:
            return None
        return replace(case, form=form, size=min(case.size, self.largest or case.size))


# Rungs that have NumPy's interface


def of_generator(make: Callable[[], np.random.Generator]) -> Callable[[Case], Call]:
    def start(case: Case) -> Call:
        method, size, dtype = method_of(make(), case), case.size, case.dtype
        default = dtype is not np.float32  # then the call is written without a dtype, as users write it
        if case.form == "scalar":
            return method if default else lambda: method(dtype=dtype)
        if case.form == "size":
            return (lambda: method(size)) if default else lambda: method(size, dtype=dtype)
        out = touched(case)
        return (lambda: method(out=out)) if default else lambda: method(dtype=dtype, out=out)

    return start


def method_of(generator: np.random.Generator, case: Case) -> Callable[..., Any]:
    owner = generator.bit_generator if case.method == "random_raw" else generator
    method: Callable[..., Any] = getattr(owner, case.method)
    return method


def touched(case: Case) -> NDArray[Any]:
    """An array whose pages are there already: the first touch costs more than the samples."""
    return np.ones(case.size, case.dtype)


def first_samples(make: Callable[[], np.random.Generator]) -> Callable[[Case], Iterator[NDArray[Any]]]:
    def chunks(case: Case) -> Iterator[NDArray[Any]]:
        method = method_of(make(), case)
        options = {} if case.dtype is np.uint64 else {"dtype": case.dtype}
        for start in range(0, case.size, CHUNK):
            yield method(min(CHUNK, case.size - start), **options)

    return chunks


def generator_on(level: str, bit_generator: type[np.random.BitGenerator]) -> fastdist.Generator:
    """A Generator whose kernels are those of one level, whichever level is in use."""
    # The classes look their kernels up when an object is made, and the object keeps them.
    builds: dict[str, Any] = {kernel: _dispatch.load(level, kernel) for kernel in ("stream", "box_muller")}
    with (
        mock.patch.multiple("fastdist.stream", **builds),
        mock.patch("fastdist.generator.stream", builds["stream"]),
    ):
        return fastdist.Generator(bit_generator(SEED))


def fastdist_rung(
    name: str,
    level: str = _dispatch.LEVEL,
    bit_generator: type[np.random.BitGenerator] = fastdist.BlockXoshiro256,
    **options: Any,
) -> Rung:
    return Rung(
        name,
        start=of_generator(lambda: generator_on(level, bit_generator)),
        reference=first_samples(lambda: generator_on(REFERENCE_LEVEL, bit_generator)),
        level=level,
        **options,
    )


def why_missing(level: str) -> str | None:
    if level not in _dispatch.built_levels():
        return "not built"
    if level not in _dispatch.cpu_levels():
        return "this CPU does not have it"
    return None


NUMPY = Rung("NumPy PCG64", of_generator(lambda: np.random.Generator(PCG64(SEED))))
NUMPY_SFC64 = Rung("NumPy SFC64", of_generator(lambda: np.random.Generator(SFC64(SEED))))
LEVELS = [fastdist_rung(f"fastdist {level}", level, missing=why_missing(level)) for level in _dispatch.LEVELS]
IN_USE = LEVELS[_dispatch.LEVELS.index(_dispatch.LEVEL)]
ON_PCG64 = fastdist_rung("fastdist Generator(PCG64)", bit_generator=PCG64)
ALL_THREADS = fastdist_rung(
    "fastdist, all threads",
    threads=fastdist.get_num_threads(),
    smallest=2 * MINIMUM_SHARE,  # less is not divided
    missing=None if fastdist.get_num_threads() > 1 else "one thread is all that may be used",
)
TWO_THREADS = replace(ALL_THREADS, name="fastdist, 2 threads", threads=2)


# Rungs that have not


def mkl_rung(name: str, start: Callable[[Any, Case], Call]) -> Rung:
    """``start(stream, case)`` on a stream of mkl_random's fastest bit generator; it has no ``out=``."""
    there = importlib.util.find_spec("mkl_random") is not None

    def on_stream(case: Case) -> Call:
        mkl_random = importlib.import_module("mkl_random")
        return start(mkl_random.MKLRandomState(SEED, brng="SFMT19937"), case)

    return Rung(
        name,
        on_stream,
        forms=("size", "scalar"),
        dtypes=(np.float64,),
        missing=None if there else "mkl_random is not installed",
    )


def python_rung(name: str, start: Callable[[Case], Call], *forms: str) -> Rung:
    return Rung(name, start, forms, dtypes=(np.float64,), largest=PURE_PYTHON_LARGEST)


# The result is asserted before it is timed.

# E x^k, k = 0..8
NORMAL_MOMENTS = (1, 0, 1, 0, 3, 0, 15, 0, 105)
UNIFORM_MOMENTS = tuple(1 / (k + 1) for k in range(9))
MOMENTS = {"standard_normal": NORMAL_MOMENTS, "random": UNIFORM_MOMENTS, "random_raw": UNIFORM_MOMENTS}


def check(rung: Rung, case: Case, call: Call) -> None:
    """Assert that the first call gives what it should: shape, dtype, four moments, and the very bits."""
    if case.form == "scalar":
        case = replace(case, size=SCALARS_CHECKED)
        result = np.array([call() for _ in range(case.size)])
    else:
        result = np.asarray(call())
    assert result.shape == (case.size,)
    assert result.dtype == case.dtype
    check_moments(result, case)
    if rung.reference is not None:
        start = 0
        for expected in rung.reference(case):
            got = result[start : start + len(expected)]
            assert (bits(got) == bits(expected)).all(), f"{rung.name}: other bits than {REFERENCE_LEVEL}"
            start += len(expected)


def bits(samples: NDArray[Any]) -> NDArray[Any]:
    return samples.view(f"u{samples.itemsize}")


def check_moments(result: NDArray[Any], case: Case) -> None:
    """Each within 6 standard errors; a false alarm in 1e9 for a normal error, and seeds are fixed."""
    sums = np.zeros(5)
    for start in range(0, result.size, CHUNK):
        x = result[start : start + CHUNK].astype(np.float64)
        if case.method == "random_raw":
            x *= 2.0**-64
        power = np.ones_like(x)
        for k in range(1, 5):
            power *= x
            sums[k] += power.sum()
    assert np.isfinite(sums).all()
    n = result.size
    if n < 1000:  # the higher moments of so few are far from normal
        return
    expected = MOMENTS[case.method]
    for k in range(1, 5):
        error = math.sqrt((expected[2 * k] - expected[k] ** 2) / n)
        assert abs(sums[k] / n - expected[k]) < STANDARD_ERRORS * error, f"moment {k} is {sums[k] / n}"


# Under pytest-benchmark


def parameters(rungs: Sequence[Rung], cases: Sequence[Case]) -> list[Any]:
    """Rung, the case that it can do, and the case beside which that is reported; nothing twice."""
    params = []
    for rung in rungs:
        if rung.missing is not None:
            skipped = pytest.mark.skip(reason=f"{rung.name}: {rung.missing}")
            params.append(pytest.param(rung, cases[0], cases[0], marks=skipped, id=rung.name))
            continue
        seen: set[Case] = set()
        for group in cases:
            case = rung.nearest(group)
            if case is None or case in seen or (case != group and case in cases):
                continue
            seen.add(case)
            params.append(pytest.param(rung, case, group, id=f"{rung.name}: {case}"))
    return params


def time_with(benchmark: Any, rung: Rung, case: Case, group: Case, quick: bool) -> None:
    benchmark.group = str(group)
    benchmark.extra_info.update(
        rung=rung.name,
        method=case.method,
        form=case.form,
        dtype=case.dtype.__name__,
        size=case.size,
        level=rung.level,
        threads=rung.threads,
    )
    call = rung.start(case)
    with fastdist.num_threads(rung.threads):
        check(rung, case, call)
        if quick:
            benchmark.pedantic(call, rounds=2, iterations=1)
        else:
            benchmark(call)
    if benchmark.stats is not None:  # None under --benchmark-disable
        benchmark.extra_info["ns_per_element"] = benchmark.stats["median"] / case.size * 1e9


# What it was measured on


def machine() -> dict[str, str]:
    config = fastdist.show_config(mode="dicts")
    described = {name: ", ".join(v) if isinstance(v, list) else str(v) for name, v in config.items()}
    described["mkl_random"] = version("mkl_random")
    return {"CPU": cpu_name(), "system": platform.platform(), **described}


def cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
