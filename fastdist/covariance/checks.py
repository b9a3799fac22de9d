"""Covariances: what is none gets a clear error, what is one gets its factor.

A covariance is real, finite and symmetric; of its two triangles the lower one is computed with.  Its factor
is L with ``cov = L L^T``, lower triangular: by Cholesky, or by Cholesky with pivots where it is singular.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import NDArray

from fastdist._dispatch import cholesky
from fastdist.exceptions import level_of_caller
from fastdist.typing import Array

EPSILON = 2.0**-52
FLOAT64 = np.dtype(np.float64)
# Up to so many entries are checked as Python numbers: a NumPy call would cost more.
FEW_ENTRIES = 64
CHECKS = ("warn", "raise", "ignore")
STRICT = "strict"  # a LinAlgError, as NumPy's Cholesky raises it


def as_array(value: Any, name: str) -> Array:
    """As an array; rows of different lengths are refused by name."""
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array whose rows have the same length: {error}") from None


def real(
    value: Any, name: str, of_strings: type[Exception] = TypeError, together: str | None = None
) -> Array:
    """As float64; whatever is no real number is refused.

    ``of_strings`` is the error that the peer raises for them; ``together`` are the names by which NumPy's
    Generator calls its arguments where it refuses complex numbers.
    """
    array = value if type(value) is np.ndarray else as_array(value, name)
    if array.dtype == FLOAT64:
        return array
    kind = array.dtype.kind
    if kind == "O":
        array = np.frompyfunc(lambda number: _float(number, name, of_strings, together), 1, 1)(array)
    elif kind == "c":
        raise _complex(name, array.dtype, together)
    elif kind in "UST":
        raise _string(name, [*array.ravel()[:1].tolist(), ""][0], of_strings)
    elif kind not in "fiub":
        raise TypeError(f"{name} must be real numbers, not {array.dtype}")
    with np.errstate(all="ignore"):
        return np.asarray(array, np.float64)


def _float(number: Any, name: str, of_strings: type[Exception], together: str | None) -> float:
    """Of an object; float would make a number of a string, astype NaN of None."""
    if isinstance(number, complex | np.complexfloating):
        raise _complex(name, type(number).__name__, together)
    if isinstance(number, str | bytes):
        raise _string(name, number, of_strings)
    try:
        return float(number)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be real numbers, not {type(number).__name__}") from None


def number(value: Any, name: str) -> float:
    """As a float, but no string."""
    try:
        if not isinstance(value, str | bytes):
            return float(value)
    except (TypeError, ValueError):
        pass
    raise TypeError(f"{name} must be a number, not {value!r}")


def _complex(name: str, what: Any, together: str | None) -> TypeError:
    return TypeError(f"{together or name} must not be complex, but {name} is {what}: pass real numbers")


def _string(name: str, string: Any, error: type[Exception]) -> Exception:
    return error(f"{name} must be real numbers, not strings such as {string!r}: convert them with float()")


def distinct(array: Array, core: int) -> Array:
    """With length 1 for axes of stride 0, along which nothing changes (`core` axes at the end are kept)."""
    batch = array.ndim - core
    if 0 not in array.strides[:batch]:
        return array
    return array[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in array.strides[:batch])]


def check_symmetric(
    matrix: Array, given: Any, name: str, error: type[ValueError] = ValueError, words: str = ""
) -> None:
    """Raise an error that names the entry, unless all are finite and both triangles are the same.

    A ValueError for what is not finite; for what is not symmetric the ``error``, which begins with ``words``.

    ``|a_ij - a_ji| <= sqrt(eps) sqrt(|a_ii a_jj|) + 4 d eps max|a|`` passes, where eps is the precision of
    the dtype that was given: the first term is generous to what was computed, the second to zeros on the
    diagonal.
    """
    if matrix.size <= FEW_ENTRIES:
        entries = matrix.ravel().tolist()
        if entries == matrix.mT.ravel().tolist() and all(map(math.isfinite, entries)):
            return
    elif (matrix == matrix.mT).all() and np.isfinite(matrix).all():
        return
    check_finite(matrix, name)
    dtype = np.asarray(given).dtype
    epsilon = float(np.finfo(dtype).eps) if dtype.kind == "f" and dtype.itemsize < 8 else EPSILON
    with np.errstate(all="ignore"):
        deviation = np.sqrt(np.abs(np.diagonal(matrix, axis1=-2, axis2=-1)))
        allowed = math.sqrt(epsilon) * deviation[..., :, None] * deviation[..., None, :]
        largest = np.abs(matrix).max(axis=(-2, -1), keepdims=True)
        allowed += 4 * matrix.shape[-1] * epsilon * largest
        wrong = ~(np.abs(matrix - matrix.mT) <= allowed)
    if wrong.any():
        *member, i, j = np.argwhere(wrong)[0].tolist()
        one, other = _entry(matrix, name, (*member, i, j)), _entry(matrix, name, (*member, j, i))
        raise error(f"{words} {name} is not symmetric: {one}, {other}".lstrip())


def check_finite(array: Array, name: str) -> None:
    """Raise a ValueError that names the first entry that is not finite."""
    _check_none(~np.isfinite(array), array, name, "finite")


def check_not_infinite(array: Array, name: str) -> None:
    """The same for infinite ones: NaN passes."""
    _check_none(np.isinf(array), array, name, "finite, or NaN")


def _check_none(wrong: NDArray[np.bool_], array: Array, name: str, kind: str) -> None:
    if wrong.any():
        index = tuple(np.argwhere(wrong)[0].tolist())
        raise ValueError(f"{name} must be {kind}: {_entry(array, name, index, 'is')}")


def check_scale_tril(scale_tril: Array, positive: bool) -> None:
    """Raise a ValueError that names the entry, unless it is a factor of a covariance.

    Finite, zero above the diagonal, and on it not negative: if ``positive``, not 0 either.
    """
    name = "scale_tril"
    if scale_tril.ndim == 2 and scale_tril.size <= FEW_ENTRIES:
        least = math.ulp(0.0) if positive else 0.0
        if all(
            all(map(math.isfinite, row)) and row[i] >= least and not any(row[i + 1 :])
            for i, row in enumerate(scale_tril.tolist())
        ):
            return
    check_finite(scale_tril, name)
    above = np.triu(scale_tril, 1) != 0
    if above.any():
        index = tuple(np.argwhere(above)[0].tolist())
        raise ValueError(
            f"{name} is not lower triangular: {_entry(scale_tril, name, index)}, where 0 must be; "
            "numpy.linalg.cholesky makes such a factor of a covariance"
        )
    diagonal = np.diagonal(scale_tril, axis1=-2, axis2=-1)
    wrong = diagonal <= 0 if positive else diagonal < 0
    if wrong.any():
        *member, i = np.argwhere(wrong)[0].tolist()
        entry = _entry(scale_tril, name, (*member, i, i))
        raise ValueError(
            f"the diagonal of {name} must {'be' if positive else 'not be'} "
            f"{'positive' if positive else 'negative'}: {entry}"
        )


def _entry(array: Array, name: str, index: tuple[int, ...], equals: str = "=") -> str:
    return f"{name}[{', '.join(map(str, index))}] {equals} {array[index]}"


def entries(cov: Array, chosen: NDArray[np.intp]) -> Array:
    """The covariance of some components, by the lower triangle of the whole."""
    d = cov.shape[-1]
    one, other = chosen[..., :, None], chosen[..., None, :]
    places = np.maximum(one, other) * d + np.minimum(one, other)
    part: Array = cov.reshape(*cov.shape[:-2], d * d).take(places, axis=-1)
    return part


def limit_of_pivots(cov: Array) -> float:
    """What is left of a variance is rounding errors alone, if it is not more than this part of it."""
    d: int = cov.shape[-1]
    return 4 * (d + 1) * EPSILON


def is_regular(scale_tril: Array, cov: Array) -> Any:
    """Whether Cholesky's factor tells a covariance from a singular one: a bool, or one for each.

    ``L_jj^2 > 4 (d + 1) eps a_jj`` for all j.
    """
    limit = limit_of_pivots(cov)
    if cov.ndim == 2:
        pivots, variances = scale_tril.diagonal().tolist(), cov.diagonal().tolist()
        return all(
            pivot * pivot > limit * variance for pivot, variance in zip(pivots, variances, strict=True)
        )
    pivots, variances = (np.diagonal(m, axis1=-2, axis2=-1) for m in (scale_tril, cov))
    with np.errstate(all="ignore"):
        return (pivots * pivots > limit * variances).all(axis=-1)


def factor(cov: Array, check: str, tol: Any) -> tuple[Array, Array | None]:
    """L with ``cov = L L^T``, and None; where any is singular, L with ``cov[p][:, p] = L L^T``, and p.

    What is not positive semidefinite, to ``tol``, is dealt with as ``check`` says, one of `CHECKS`; unless an
    error is raised, negative pivots count as 0.  With `STRICT` a pivot that is 0 or less is an error.
    """
    scale_tril = cholesky.cholesky(cov)
    regular = is_regular(scale_tril, cov)
    if regular is True or np.all(regular):
        return scale_tril, None
    singular = ~np.asarray(regular)
    doubtful = cov[singular]
    if check == STRICT:
        failed = np.isnan(scale_tril).any(axis=(-2, -1))
        if failed.any():
            raise LinAlgError(
                f"covariance is not positive definite. {least_eigenvalue(cov, 'cov', failed)} "
                "Leave out method='cholesky' to sample a singular covariance."
            )
    elif check != "ignore":
        largest = np.diagonal(doubtful, axis1=-2, axis2=-1).max(axis=-1, initial=1.0)
        least = limit_of_pivots(cov)  # rounding errors are no reason to complain
        if not are_positive_semidefinite(doubtful, max(number(tol, "tol"), least) * largest):
            _complain(check, cov, singular)
    permutation = np.broadcast_to(np.arange(cov.shape[-1]), cov.shape[:-1]).copy()
    scale_tril[singular], permutation[singular] = _pivoted(doubtful)
    return scale_tril, permutation


def factor_by_numpy(cov: Array, method: str, check_valid: str, tol: Any) -> Array:
    """A full matrix A with ``cov = A A^T``, by NumPy's svd or eigh, and with the checks of its Generator."""
    tol = number(tol, "tol")
    with np.errstate(all="ignore"):
        if method == "svd":
            u, s, vh = np.linalg.svd(cov)
            valid = np.allclose((vh.mT * s[..., None, :]) @ vh, cov, rtol=tol, atol=tol)
        else:
            s, u = np.linalg.eigh(cov)
            valid = not np.any(s < -tol)
        full: Array = u * np.sqrt(np.abs(s))[..., None, :]
    if check_valid != "ignore" and not valid:
        _complain(check_valid, cov)
    return full


def _complain(check: str, cov: Array, suspects: Any = True) -> None:
    message = f"covariance is not symmetric positive-semidefinite. {least_eigenvalue(cov, 'cov', suspects)}"
    if check == "raise":
        raise ValueError(message)
    warnings.warn(f"{message} The samples have another covariance.", RuntimeWarning, level_of_caller())


def least_eigenvalue(cov: Array, name: str, suspects: Any = True) -> str:
    """A sentence about it: of a batch, about the member of which it is the least, relative to the largest.

    ``suspects`` are the members that are looked at.
    """
    suspects = np.broadcast_to(suspects, cov.shape[:-2])
    eigenvalues = np.linalg.eigvalsh(cov[suspects])
    with np.errstate(all="ignore"):
        relative = eigenvalues[:, 0] / np.abs(eigenvalues).max(axis=-1)
    worst = int(np.argmin(np.nan_to_num(relative)))
    member = np.argwhere(suspects)[worst].tolist()
    least, largest = eigenvalues[worst, [0, -1]]
    if cov.shape[-1] == 1:
        return f"The variance {name}{member or ''} is {least:.3g}."
    return f"The least eigenvalue of {name}{member or ''} is {least:.3g}, the largest {largest:.3g}."


def are_positive_semidefinite(cov: Array, tolerance: Array) -> bool:
    """Whether no eigenvalue of any is less than minus its tolerance t: then cov + t I has a factor."""
    with np.errstate(all="ignore"):
        shifted = cov + tolerance[..., None, None] * np.eye(cov.shape[-1])
    return not np.isnan(cholesky.cholesky(shifted)).any()


@np.errstate(all="ignore")
def _pivoted(cov: Array) -> tuple[Array, Array]:
    """Factors of singular covariances, and their permutations.

    Pivots are chosen among variances brought near 1 by powers of two, so that a small variance is not taken
    for a zero beside large ones; but only if all covariances are then less than 1, as they must be.
    """
    _, exponent = np.frexp(np.diagonal(cov, axis1=-2, axis2=-1))
    unit = np.ldexp(1.0, (exponent + 1) // 2)
    scaled = cov / unit[..., :, None] / unit[..., None, :]
    graded = (np.abs(scaled) < 1).all(axis=(-2, -1))
    unit = np.where(graded[..., None], unit, 1.0)
    scaled = np.where(graded[..., None, None], scaled, cov)
    scale_tril, permutation, _ = cholesky.pivoted_cholesky(scaled, (cov.shape[-1] + 1) * EPSILON)
    return scale_tril * np.take_along_axis(unit, permutation, -1)[..., None], permutation
