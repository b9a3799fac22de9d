"""Results of slow functions, computed once for equal arguments.

All instruction sets must give the same bits.  What is computed from those bits, or compared with them, is
then needed once, not once for each instruction set.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])


def key_of(argument: Any) -> Hashable:
    """Equal for equal arguments; of an array shape, dtype and bits count."""
    if isinstance(argument, np.ndarray):
        return argument.shape, argument.dtype.str, hashlib.sha256(argument.tobytes()).digest()
    if isinstance(argument, tuple | list):
        return tuple(map(key_of, argument))
    return argument


def remembered(function: Function) -> Function:
    """Like ``functools.cache``, but for arrays too.  Nobody may change what is returned."""
    found: dict[Hashable, Any] = {}

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        key = key_of(arguments)
        if key not in found:
            found[key] = function(*arguments)
        return found[key]

    return call
