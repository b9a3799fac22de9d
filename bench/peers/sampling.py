"""What draws random numbers beside fastdist, from pure Python up; each as it is fastest, on one thread."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.random import PCG64, SFC64

from bench.cases import streams
from bench.cases.case import SEED, Call, Rung, not_installed, python_rung, touched
from bench.cases.sampling import LOC, SCALE, Samples, call_of
from bench.peers import libraries
from fastdist.reference.box_muller import textbook_normals

# Pure Python, and the standard library


def textbook(case: Samples) -> Call:
    uniform, n = random.Random(SEED).random, case.size
    if case.method == "normal":
        return lambda: [LOC + SCALE * z for z in textbook_normals(n, uniform)]
    return lambda: textbook_normals(n, uniform)


def standard_library(case: Samples) -> Call:
    generator, n = random.Random(SEED), case.size
    draws: dict[str, Callable[[], float]] = {
        "standard_normal": generator.gauss,
        "normal": lambda: generator.gauss(LOC, SCALE),
        "random": generator.random,
    }
    draw = draws[case.method]
    return draw if case.form == "scalar" else lambda: [draw() for _ in range(n)]


# NumPy


def numpy_on(bit_generator: Callable[[int], np.random.BitGenerator]) -> Callable[[Samples], Call]:
    return lambda case: call_of(case, np.random.Generator(bit_generator(SEED)))


def numpy_stream(case: streams.Stream) -> Call:
    return streams.call_of(case, np.random.default_rng)


# mkl_random, which has no ``out=``


def mkl(case: Samples) -> Call:
    stream, n = libraries.mkl_random(), None if case.form == "scalar" else case.size
    if case.method == "random":
        return stream.random_sample if n is None else lambda: stream.random_sample(n)
    if case.method == "normal":
        return lambda: stream.normal(LOC, SCALE, n, method="ICDF")
    return lambda: stream.standard_normal(n, method="ICDF")


# numba, PyTorch, JAX


def numba(case: Samples) -> Call:
    return partial(numba_loop(case.method), np.random.Generator(SFC64(SEED)), touched(case))


@cache
def numba_loop(method: str) -> Callable[[np.random.Generator, Any], Any]:
    """NumPy's generator from compiled code: faster than the Mersenne Twister that numba has itself."""
    jit = libraries.numba().njit

    @jit
    def normals(generator, z):  # type: ignore[no-untyped-def]
        for i in range(len(z)):
            z[i] = generator.standard_normal()
        return z

    @jit
    def uniforms(generator, u):  # type: ignore[no-untyped-def]
        dtype = u.dtype.type
        for i in range(len(u)):
            u[i] = generator.random(None, dtype)
        return u

    loop: Callable[[np.random.Generator, Any], Any] = uniforms if method == "random" else normals
    return loop


def torch(case: Samples) -> Call:
    library = libraries.torch()
    generator = library.Generator().manual_seed(SEED)
    out = library.from_numpy(touched(case))
    if case.method == "random":
        return lambda: out.uniform_(generator=generator)
    return lambda: out.normal_(generator=generator)


@cache
def jax_draw(method: str) -> Any:
    """Compiled once for each shape and dtype, however often it is started."""
    library = libraries.jax()
    draw = library.random.uniform if method == "random" else library.random.normal

    @partial(library.jit, static_argnames=("size", "dtype"))
    def following(key: Any, size: int, dtype: type[np.generic]) -> Any:
        key, now = library.random.split(key)
        return key, draw(now, (size,), dtype)

    return following


def jax(case: Samples) -> Call:
    """A new key from the last in each call, as its documentation asks for."""
    following = jax_draw(case.method)
    key = libraries.jax().random.key(SEED)

    def call() -> Any:
        nonlocal key
        key, drawn = following(key, case.size, case.dtype)
        return drawn.block_until_ready()

    return call


# The rungs

NORMALS = ("standard_normal", "normal")
OF_A_GENERATOR = (*NORMALS, "random", "random_raw")

TEXTBOOK = python_rung(
    "python textbook",
    textbook,
    "new",
    methods=NORMALS,
    how="Box-Muller as the textbook has it: `random.random`, `math.log`, `math.cos`, a list",
)
STANDARD_LIBRARY = python_rung(
    "python random",
    standard_library,
    "new",
    "scalar",
    family="standard library",
    methods=("standard_normal", "normal", "random"),
    how="`random.gauss`, `random.random`, in a list comprehension",
)
NUMPY = Rung(
    "NumPy PCG64",
    numpy_on(PCG64),
    "NumPy",
    how="`default_rng`: `out=` into an array that was touched, where the method has it",
    dtypes=(np.float64, np.float32, np.uint64),
    methods=OF_A_GENERATOR,
)
NUMPY_SFC64 = Rung(
    "NumPy SFC64",
    numpy_on(SFC64),
    "NumPy",
    how="`Generator(SFC64())`, NumPy's fastest bit generator",
    dtypes=(np.float64, np.float32, np.uint64),
    methods=OF_A_GENERATOR,
)
MKL = Rung(
    "mkl_random SFMT19937",
    mkl,
    "mkl_random",
    how='`MKLRandomState(brng="SFMT19937")`, `method="ICDF"`: its fastest method, and its fastest stream '
    "for short and long calls together; no `out=`",
    forms=("new", "scalar"),
    dtypes=(np.float64,),
    methods=("standard_normal", "normal", "random"),
    missing=not_installed("mkl_random"),
)
NUMBA = Rung(
    "numba",
    numba,
    "numba",
    how="`Generator(SFC64())`, its methods in a loop under `njit`, into a given array",
    forms=("out",),
    methods=("standard_normal", "random"),
    missing=not_installed("numba"),
)
TORCH = Rung(
    "PyTorch",
    torch,
    "PyTorch",
    how="`Tensor.normal_`, `Tensor.uniform_` in place; `set_num_threads(1)`",
    forms=("out",),
    methods=("standard_normal", "random"),
    missing=not_installed("torch"),
)
JAX = Rung(
    "JAX, jit",
    jax,
    "JAX",
    how="`jax.random.normal`, `uniform` under `jit`, the key split in each call; threefry, its fastest "
    "on a CPU; one thread by NPROC, dispatched in turn",
    forms=("new",),
    methods=("standard_normal", "random"),
    missing=not_installed("jax"),
)


PEERS = [TEXTBOOK, STANDARD_LIBRARY, NUMPY, NUMPY_SFC64, MKL, NUMBA, TORCH, JAX]
NUMPY_STREAM = replace(
    NUMPY,
    start=numpy_stream,
    how="`numpy.random.default_rng`, and the methods of its PCG64",
    methods=tuple(streams.ARGUMENTS),
    dtypes=(np.uint64,),
)
