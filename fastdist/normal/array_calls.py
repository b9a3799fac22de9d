"""Calls of the ufuncs of `fastdist.norm` with arrays: dtypes, threads, and the errors of refused calls.

Plain numbers and small arrays take a shorter way, the kernel's `Function`.  All others come here: for them it
returns None.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdist import parallel
from fastdist._dispatch import normal
from fastdist.normal.arguments import PLAIN, PLAIN_NUMBERS, check_call, check_labels, check_pandas, is_complex
from fastdist.normal.scipy_norm import of_complex

# The least part of a result for a thread: some 0.2 ms of work.
SHARE_BYTES = 1 << 20
SHARE_BYTES_OF = {"pdf": 1 << 21, "logpdf": 1 << 23}
NARROW = ("bool", "int", "uint", "float16")


def call_with_arrays(ufunc: np.ufunc, x: Any, loc: Any, scale: Any, keywords: dict[str, Any]) -> Any:
    """``ufunc(x, loc, scale, **keywords)`` in SciPy's dtypes, on several threads if that pays."""
    try:
        if (
            type(x) is np.ndarray
            and type(loc) in PLAIN_NUMBERS
            and type(scale) in PLAIN_NUMBERS
            and (x.dtype.char == "d" or (x.dtype.char == "f" and _in_float32(loc) and _in_float32(scale)))
        ):
            if x.nbytes < 2 * SHARE_BYTES:  # the commonest call, at the least cost
                return ufunc(x, loc, scale, **keywords)
            return _call_on_threads(ufunc, x, loc, scale, keywords)
        return _call_on_threads(ufunc, *_operands(ufunc, x, loc, scale), keywords)
    except Exception as error:
        operands = _named(ufunc, x, loc, scale)
        check_call(operands, **keywords)
        if any(map(is_complex, (x, loc, scale))):
            return of_complex(ufunc.__name__, x, loc, scale, keywords)
        check_pandas(error, operands)
        raise


def _named(ufunc: np.ufunc, x: Any, loc: Any, scale: Any) -> dict[str, Any]:
    """The arguments under the names that the caller knows."""
    return {"q" if ufunc.__name__ in ("ppf", "isf") else "x": x, "loc": loc, "scale": scale}


def _operands(ufunc: np.ufunc, x: Any, loc: Any, scale: Any) -> tuple[Any, Any, Any]:
    """The operands of a ufunc.

    float32 is computed in float32; whatever else NumPy would hand to that loop, in float64, as in SciPy; and
    so are numbers that float32 does not hold.
    """
    if not {type(x), type(loc), type(scale)} <= PLAIN:
        check_labels(**_named(ufunc, x, loc, scale))
    x, loc, scale = _operand(x), _operand(loc), _operand(scale)
    dtypes = [_dtype_name(operand) for operand in (x, loc, scale) if type(operand) not in PLAIN_NUMBERS]
    if dtypes and not ("float32" in dtypes and _in_float32(loc) and _in_float32(scale)):
        loc = loc.astype(np.float64) if _dtype_name(loc).startswith(NARROW) else loc
        loc = np.float64(loc) if type(loc) in PLAIN_NUMBERS else loc
    return x, loc, scale


def _call_on_threads(ufunc: np.ufunc, x: Any, loc: Any, scale: Any, keywords: dict[str, Any]) -> Any:
    itemsize = 4 if "float32" in (_dtype_name(operand) for operand in (x, loc, scale)) else 8
    share = SHARE_BYTES_OF.get(ufunc.__name__, SHARE_BYTES) // itemsize
    return parallel.call(ufunc, (x, loc, scale), keywords, share)


def _operand(argument: Any) -> Any:
    """As it is, if it is a plain number or an array of whatever library; else what NumPy makes of it."""
    if type(argument) in PLAIN_NUMBERS or hasattr(argument, "dtype") or hasattr(argument, "__array_ufunc__"):
        return argument
    return np.asarray(argument)


def _dtype_name(operand: Any) -> str:
    return str(getattr(getattr(operand, "dtype", None), "name", "")).lower()


def _in_float32(operand: Any) -> bool:
    """Whether float32 holds an operand that is a number, other than as infinity or 0."""
    return type(operand) not in PLAIN_NUMBERS or normal.in_float32(operand)
