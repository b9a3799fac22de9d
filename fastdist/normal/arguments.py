"""What the arguments of `fastdist.norm` may be, and what an error says of those that are something else.

The functions look for an explanation only once NumPy has refused a call, so that it costs nothing before.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from itertools import pairwise
from numbers import Number
from reprlib import repr as shortened
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Scalars that take no part in the choice of a dtype, or only NumPy's own.
PLAIN_NUMBERS = frozenset({float, int, np.float64})
# Types that have neither units nor labels.
PLAIN = PLAIN_NUMBERS | {np.ndarray, list, tuple}
# Kinds of dtype, each with the bytes that a number may have.
REAL = {"b": 1, "i": 8, "u": 8, "f": 8}
REAL_OR_COMPLEX = REAL | {"c": 16}
# How the other kinds become real numbers.
CONVERT = "convert with np.asarray({name}, dtype=float)"
REMEDIES = {
    "O": CONVERT,
    "S": CONVERT,
    "T": CONVERT,
    "U": CONVERT,
    "f": "round with np.asarray({name}, dtype=float)",
    "M": "subtract an origin and divide by a unit, as in ({name} - origin) / np.timedelta64(1, 's')",
    "m": "divide by a unit, as in {name} / np.timedelta64(1, 's')",
    "V": "take one of the fields, as in {name}['field']",
}
# The attributes that give the unit and the value of a quantity: in astropy, in unyt, and in pint.
QUANTITIES = (("unit", "to_value"), ("units", "to_value"), ("units", "magnitude"))


def as_real(argument: Any, name: str) -> NDArray[Any]:
    """The argument as an array of real numbers, whose dtype is kept; an int, of any size, as a float."""
    if type(argument) is int:
        check(argument, name)
        argument = float(argument)
    if type(argument) not in PLAIN:
        check(argument, name)
    try:
        array = np.asarray(argument)
    except ValueError:
        check(argument, name)
        raise
    if array.dtype.type is not np.float64 and not _is_among(REAL, array.dtype):
        check(argument, name)
        check(array, name)
    return array


def real(argument: Any, name: str) -> NDArray[np.float64]:
    """The argument as a new array of float64."""
    return as_real(argument, name).astype(np.float64)


def check(argument: Any, name: str, kinds: Mapping[str, int] = REAL) -> None:
    """Raise an error that says what an argument is, if it is not an array of numbers of these kinds."""
    kind = type(argument)
    _check_units(argument, name)
    if hasattr(kind, "toarray"):
        raise TypeError(f"{name} must be dense, not a {kind.__name__}; pass {name}.toarray()") from None
    if kind is int:
        try:
            float(argument)
        except OverflowError:
            raise OverflowError(
                f"{name} must be a number that float64 holds, not an integer of {argument.bit_length()} bits"
            ) from None
        return
    for dtype in _dtypes(argument, name):
        if not _is_among(kinds, dtype):
            given, remedy = _given(argument, dtype), _remedy(argument, dtype).format(name=name)
            raise TypeError(
                f"{name} must be real numbers (bool, integers or floats of up to 64 bits), not "
                + "; ".join(filter(None, (given, remedy)))
            ) from None


def check_shapes(**operands: Any) -> None:
    """Raise an error that names the shapes of operands, if they do not broadcast."""
    shapes = [np.shape(operand) for operand in operands.values()]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        *names, last = operands
        raise ValueError(
            f"{', '.join(names)} and {last} could not be broadcast together with shapes "
            f"{' '.join(map(str, shapes))}; from the last dimension on, lengths must be equal or 1"
        ) from None


def check_labels(**operands: Any) -> None:
    """Raise an error for pandas objects that pandas does not mix, or would align to NaN."""
    for (one_name, one), (name, other) in pairwise(_labelled(operands)):
        given = f"{one_name} is a {type(one).__name__} and {name} a {type(other).__name__}"
        remedy = f"to go by position, as SciPy does, pass {name}.to_numpy()"
        if one.ndim != other.ndim:
            raise NotImplementedError(f"{given}, which no ufunc of pandas mixes; {remedy}")
        if not all(map(_same_labels, one.axes, other.axes)):
            raise ValueError(f"{given} with other labels, which pandas would align to NaN; {remedy}")


def check_pandas(error: Exception, operands: Mapping[str, Any]) -> None:
    """Raise an error that says what to do where pandas has refused a call for a reason of its own."""
    check_labels(**operands)
    for name, operand in _labelled(operands):
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"pandas cannot keep the labels of {name}, a {type(operand).__name__} ({error}); "
            f"without them, pass {name}.to_numpy(dtype=float)"
        ) from None


def check_call(
    operands: Mapping[str, Any], /, out: Any = None, where: Any = True, dtype: Any = None, **_: Any
) -> None:
    """Raise an error that says why a ufunc of `norm` refuses a call, if that is not for complex numbers."""
    for name, operand in operands.items():
        check(operand, name, REAL_OR_COMPLEX)
    if all(
        type(operand) in PLAIN or not hasattr(operand, "__array_ufunc__") for operand in operands.values()
    ):
        check_shapes(**operands)
    for array in out if isinstance(out, tuple) else (out,):
        _check_units(array, "out")
        if array is not None and not hasattr(array, "__array_ufunc__"):
            raise TypeError(f"out must be an array, not {shortened(array)}") from None
    if np.asarray(where).dtype.kind != "b":
        raise TypeError(f"where must be booleans, not dtype {np.asarray(where).dtype}") from None
    if dtype is not None and np.dtype(dtype) not in (np.float64, np.float32):
        raise TypeError(f"dtype must be float64 or float32, not {np.dtype(dtype)}") from None


def is_complex(argument: Any) -> bool:
    """Whether an argument has a complex dtype, which `check` allows only if it is asked to."""
    return any(getattr(dtype, "kind", None) == "c" for dtype in _dtypes(argument, ""))


def _check_units(argument: Any, name: str) -> None:
    """Raise an error for a quantity with a unit, which np.asarray would drop."""
    kind = type(argument)
    for unit, value in QUANTITIES:
        if hasattr(kind, unit) and hasattr(kind, value):
            raise TypeError(
                f"{name} must be plain numbers, not a {kind.__name__} with unit '{getattr(argument, unit)}'; "
                f"express all arguments in one unit and pass their values ({name}.{value})"
            ) from None


def _labelled(operands: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Those that are Series or frames of pandas, with their names."""
    pandas = sys.modules.get("pandas")
    kinds = getattr(pandas, "Series", ()), getattr(pandas, "DataFrame", ())
    return [item for item in operands.items() if isinstance(item[1], kinds)]


def _same_labels(one: Any, other: Any) -> bool:
    """Whether two indices have the same labels, in any order."""
    if one.equals(other):
        return True
    return bool(one.is_unique and len(one) == len(other) and one.isin(other).all())


def _dtypes(argument: Any, name: str) -> Iterable[Any]:
    """The dtype of an argument, or those of a frame's columns; none of what only its own library reads."""
    if hasattr(argument, "dtype"):
        return [argument.dtype]
    if hasattr(argument, "dtypes"):
        return list(argument.dtypes)
    if hasattr(argument, "__array_ufunc__"):
        return []
    try:
        return [np.asarray(argument).dtype]
    except ValueError:
        raise ValueError(
            f"{name} must be an array, not {shortened(argument)}, whose parts differ in length"
        ) from None


def _is_among(kinds: Mapping[str, int], dtype: Any) -> bool:
    """Whether a dtype is of one of the kinds; so is every dtype of a library that does not tell its kind."""
    kind = getattr(dtype, "kind", None)
    return kind is None or getattr(dtype, "itemsize", 0) <= kinds.get(kind, -1)


def _is_array(argument: Any) -> bool:
    return isinstance(argument, list | tuple) or hasattr(argument, "dtype") or hasattr(argument, "dtypes")


def _given(argument: Any, dtype: Any) -> str:
    """What an argument is: an object, or an array of a dtype, with an example of its objects."""
    if not _is_array(argument):
        return shortened(argument)
    if isinstance(argument, list | tuple | np.ndarray) and dtype.kind == "O":
        objects = np.asarray(argument).ravel().tolist()
        examples = [item for item in objects if not isinstance(item, int | float)] or objects
        return f"dtype object (such as {shortened(examples[0])})" if examples else "dtype object"
    return f"dtype {dtype}"


def _remedy(argument: Any, dtype: Any) -> str:
    """How an argument becomes real numbers, if it can."""
    if dtype.kind == "O" and not _is_array(argument) and not isinstance(argument, Number):
        return "pass a list or an array" if isinstance(argument, Iterable) else ""
    return REMEDIES.get(dtype.kind, "")
