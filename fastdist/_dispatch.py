"""The instruction set: chosen once, when the package is imported.

Every kernel is built once per level into ``fastdist/_isa/<level>/``.  The best level that is built and
that the CPU has is loaded and takes the names of the sources, so that ``fastdist._kernels.stream`` is the
module in use.  ``FASTDIST_ISA`` in the environment asks for another level; there is no silent fallback.
"""

from __future__ import annotations

import importlib
import os
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

import fastdist._kernels

if TYPE_CHECKING:
    from fastdist._kernels import box_muller as box_muller
    from fastdist._kernels import cholesky as cholesky
    from fastdist._kernels import deviations as deviations
    from fastdist._kernels import inversion as inversion
    from fastdist._kernels import mathematics as mathematics
    from fastdist._kernels import mixture as mixture
    from fastdist._kernels import mixture_sampling as mixture_sampling
    from fastdist._kernels import multivariate_density as multivariate_density
    from fastdist._kernels import multivariate_sampling as multivariate_sampling
    from fastdist._kernels import normal as normal
    from fastdist._kernels import scatter as scatter
    from fastdist._kernels import stream as stream
    from fastdist._kernels import target as target
else:
    mathematics = stream = box_muller = inversion = normal = deviations = scatter = None
    cholesky = multivariate_sampling = multivariate_density = None
    mixture = mixture_sampling = target = None

KERNELS = (
    "mathematics",
    "stream",
    "box_muller",
    "inversion",
    "normal",
    "deviations",
    "scatter",
    "cholesky",
    "multivariate_sampling",
    "multivariate_density",
    "mixture",
    "mixture_sampling",
    "target",
)
LEVELS = ("baseline", "x86_64_v3", "x86_64_v4")


def load(level: str, kernel: str) -> ModuleType:
    """The build of a kernel for an instruction set."""
    return importlib.import_module(f"fastdist._isa.{level}.{kernel}")


def built_levels() -> tuple[str, ...]:
    """The instruction sets that this installation was built for."""
    return tuple(level for level in LEVELS if find_spec(f"fastdist._isa.{level}.target") is not None)


def cpu_levels() -> tuple[str, ...]:
    """The instruction sets that this CPU has."""
    levels: tuple[str, ...] = load("baseline", "target").cpu_levels()
    return levels


def choose_level(requested: str | None) -> str:
    """The best level that is built and runs here, or the requested one."""
    if "baseline" not in built_levels():
        raise ImportError("the kernels of fastdist are not built: pip install --editable . in its checkout")
    usable = [level for level in built_levels() if level in cpu_levels()]
    if not requested:
        return usable[-1]
    if requested not in usable:
        raise ImportError(
            f"FASTDIST_ISA={requested!r} cannot be used: built are {', '.join(built_levels())}; "
            f"this CPU has {', '.join(cpu_levels())}"
        )
    return requested


def install(level: str) -> None:
    """Give the builds for an instruction set the names of their sources."""
    for kernel in KERNELS:
        module = load(level, kernel)
        sys.modules[f"fastdist._kernels.{kernel}"] = module
        setattr(fastdist._kernels, kernel, module)
        globals()[kernel] = module


LEVEL = choose_level(os.environ.get("FASTDIST_ISA"))
install(LEVEL)


@overload
def show_config(mode: Literal["stdout"] = ...) -> None: ...
@overload
def show_config(mode: Literal["dicts"]) -> dict[str, Any]: ...
def show_config(mode: str = "stdout") -> dict[str, Any] | None:
    """Print what is installed and in use, or return it.

    Parameters
    ----------
    mode : {'stdout', 'dicts'}, optional
        ``'stdout'`` prints, ``'dicts'`` returns a dictionary, as in `numpy.show_config`.

    Returns
    -------
    dict or None
        With ``mode='dicts'``: version, Python, NumPy, compiler, flags, the instruction sets built, those
        that the CPU has and the one in use, and the number of threads.

    Raises
    ------
    ValueError
        If `mode` is neither of the two.

    Examples
    --------
    >>> import fastdist
    >>> list(fastdist.show_config(mode="dicts"))[:4]
    ['fastdist', 'python', 'numpy', 'instruction set']
    """
    from fastdist import __version__
    from fastdist.parallel import get_num_threads

    if mode not in ("stdout", "dicts"):
        raise ValueError(f"mode must be 'stdout' or 'dicts', not {mode!r}")
    config = {
        "fastdist": __version__,
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "instruction set": LEVEL,
        "levels built": list(built_levels()),
        "levels of this CPU": list(cpu_levels()),
        "compiler": target.compiler,
        "flags": target.flags,
        "threads": get_num_threads(),
    }
    if mode == "dicts":
        return config
    width = max(map(len, config))
    for name, value in config.items():
        print(f"{name:<{width}}  {', '.join(value) if isinstance(value, list) else value}")
    return None
