"""fastdist: normal distributions from Cython kernels, behind NumPy's interface.

>>> import fastdist
>>> rng = fastdist.default_rng(7)
>>> rng.standard_normal(1000).shape
(1000,)
>>> fastdist.norm.cdf(0.0)
np.float64(0.5)
"""

from __future__ import annotations

__version__ = "0.1.0"

from typing import Any

from fastdist import random
from fastdist._dispatch import box_muller as _box_muller
from fastdist._dispatch import show_config
from fastdist._dispatch import stream as _stream
from fastdist.mixture import GaussianMixture
from fastdist.multivariate import multivariate_normal
from fastdist.normal import norm
from fastdist.parallel import get_num_threads, num_threads, set_num_threads
from fastdist.random import BlockXoshiro256, Generator, default_rng

__all__ = [
    "BlockXoshiro256",
    "GaussianMixture",
    "Generator",
    "default_rng",
    "get_num_threads",
    "multivariate_normal",
    "norm",
    "num_threads",
    "random",
    "set_num_threads",
    "show_config",
]

# What ``from fastdist cimport ...`` finds (fastdist/__init__.pxd).
__pyx_capi__ = {**vars(_stream)["__pyx_capi__"], **vars(_box_muller)["__pyx_capi__"]}


def __getattr__(name: str) -> Any:
    # dask.array.random takes the package of a bit generator for its array library, and asks it for these.
    if name in ("arange", "array"):
        import numpy

        return getattr(numpy, name)
    raise AttributeError(f"module 'fastdist' has no attribute {name!r}")
