"""Libraries that are imported only where they are asked for, and told to use one thread."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from threadpoolctl import threadpool_limits

from bench.cases.case import SEED, Call, Rung, not_installed


def peer(
    name: str, start: Callable[[Any], Call], family: str, rung: type[Rung] = Rung, **options: Any
) -> Rung:
    """A rung whose libraries would multiply and decompose on all threads, and do it on one."""

    def on_one_thread(case: Any) -> Call:
        call = start(case)
        threadpool_limits(1)  # of all libraries that are loaded by now
        return call

    return rung(name, on_one_thread, family, **options)


def not_in_scipy_stats(name: str) -> str | None:
    """Of what SciPy has since 1.15."""
    if missing := not_installed("scipy"):
        return missing
    return None if hasattr(importlib.import_module("scipy.stats"), name) else f"SciPy has no {name} yet"


def torch() -> Any:
    library = importlib.import_module("torch")
    library.set_num_threads(1)
    library.manual_seed(SEED)
    return library


def jax(float64: bool = True) -> Any:
    # Read when it starts: how many threads it makes.  With XLA_FLAGS alone it makes one for each CPU.
    os.environ["NPROC"] = "1"
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    library = importlib.import_module("jax")
    library.config.update("jax_enable_x64", float64)
    # Who waits for each result loses by a hand-over: 12 microseconds instead of 4 for a thousand numbers.
    library.config.update("jax_cpu_enable_async_dispatch", False)
    return library


def numba() -> ModuleType:
    return importlib.import_module("numba")


def mkl_random() -> Any:
    """A stream of its fastest bit generator.

    MCG59 and ARS5 are a tenth faster in long calls, but the first samples of MCG59 depend on the seed too
    plainly for our checks, and ARS5 takes 4 us more in each call.
    """
    return importlib.import_module("mkl_random").MKLRandomState(SEED, brng="SFMT19937")
