"""The ladder: the same Box-Muller in steps, from pure Python to SIMD and threads, and fastdist on top.

The steps are the files of ``bench/ladder``, to be compared line by line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import fastdist
from bench.cases.benchmarks import test_operation as test_operation
from bench.cases.case import PURE_PYTHON_LARGEST, SEED, Call, Operation, Rung, not_installed, touched
from bench.cases.fastdist_rungs import why_alone
from bench.cases.sampling import FASTDIST, Samples
from bench.ladder.build import NEED_NO_COMPILER, load
from fastdist import _dispatch

# Where numbers are Python's, z is a list.
LISTS = ("step_1_pure_python", "step_3_compiled")


def filling(step: str, threads: int) -> Callable[[Samples], Call]:
    """A call fills the same z again, and the generator goes on."""

    def start(case: Samples) -> Call:
        module = load(step)
        rng = module.Generator(SEED, threads) if threads > 1 else module.Generator(SEED)
        z: Any = [0.0] * case.size if step in LISTS else touched(case)

        def call() -> Any:
            module.fill(z, rng)
            return z

        return call

    return start


def step_rung(name: str, step: str, family: str, how: str, **options: Any) -> Rung:
    options = {"missing": None if step in NEED_NO_COMPILER else not_installed("Cython"), **options}
    return Rung(
        name,
        filling(step, options.get("threads", 1)),
        family,
        how=f"{how} (bench/ladder/{step})",
        forms=("out",),
        dtypes=(np.float64,),
        **options,
    )


PURE_PYTHON = step_rung(
    "1 pure Python",
    "step_1_pure_python",
    "pure Python",
    "the textbook's formula, into a list",
    largest=PURE_PYTHON_LARGEST,
)
NUMPY = step_rung(
    "2 NumPy", "step_2_numpy", "NumPy", "the formula for whole arrays, with out=; SFC64, its fastest"
)
COMPILED = step_rung(
    "3 compiled unchanged",
    "step_3_compiled",
    "ladder",
    "the file of step 1, compiled by Cython",
    largest=PURE_PYTHON_LARGEST,
)
TYPES = step_rung(
    "4 C types",
    "step_4_types",
    "ladder",
    "doubles and the C library's functions; uniforms still from Python's Random",
    largest=10 * PURE_PYTHON_LARGEST,
)
POINTERS = step_rung(
    "5 pointers, no GIL",
    "step_5_pointers",
    "ladder",
    "contiguous memory; xoshiro256++ in C",
)
TILES = step_rung(
    "6 tiles, SIMD",
    "step_6_tiles",
    "ladder",
    "passes over a tile in L1, 16 generators side by side, polynomials",
    level=_dispatch.LEVEL,
)
THREADS = step_rung(
    "7 threads",
    "step_7_threads",
    "ladder",
    "step 6 in Python's threads, without the GIL",
    level=_dispatch.LEVEL,
    threads=max(2, fastdist.get_num_threads()),
    smallest=100_000,
    missing=not_installed("Cython") or why_alone(),
)
STEPS = [PURE_PYTHON, NUMPY, COMPILED, TYPES, POINTERS, TILES, THREADS]

OPERATIONS = [
    Operation(
        "ladder: Box-Muller",
        [Samples("standard_normal", "out", np.float64, size) for size in (1_000, 1_000_000)],
        [*STEPS, *(rung for rung in FASTDIST if rung.level == _dispatch.LEVEL)],
        peer=NUMPY.name,
        covers=["Generator.standard_normal"],
    )
]
