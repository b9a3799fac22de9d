"""What the parameters and arguments of `multivariate_normal` mean: SciPy's rules, and batches besides."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from fastdist._dispatch import cholesky
from fastdist._dispatch import multivariate_density as density
from fastdist.covariance.checks import (
    are_positive_semidefinite,
    as_array,
    check_finite,
    check_scale_tril,
    check_symmetric,
    distinct,
    is_regular,
    least_eigenvalue,
    real,
)
from fastdist.covariance.factors import SINGULAR, FactoredCovariance, SingularCovariance, product
from fastdist.typing import Array

Factored = FactoredCovariance | SingularCovariance

NOT_DEFINITE = "When `allow_singular is False`, the input matrix must be symmetric positive definite."
NOT_DEFINITE_IN_BATCH = (
    "All covariances of a batch must be symmetric positive definite, whatever `allow_singular` is."
)
NOT_SEMIDEFINITE = "The input matrix must be symmetric positive semidefinite."
SMALLEST = 2.0**-1022


def process_parameters(
    mean: Any, cov: Any, allow_singular: bool | None, scale_tril: Any, precision: Any
) -> tuple[Array, Factored, Any]:
    """The mean, of shape (..., d); the covariance, factored; and what to show as ``cov_object``.

    If ``allow_singular`` is None, a covariance is taken as singular where it cannot be taken as regular.
    """
    if scale_tril is not None or precision is not None:
        if (scale_tril is not None and precision is not None) or not (
            cov is None or (type(cov) is int and cov == 1)
        ):
            raise TypeError("multivariate_normal takes one of 'cov', 'scale_tril' and 'precision', not more")
        if precision is None:
            center, matrix, shape = _arrays(mean, scale_tril, "scale_tril")
            factored = _of_scale_tril(matrix, allow_singular)
        else:
            center, matrix, shape = _arrays(mean, precision, "precision")
            check_symmetric(matrix, precision, "precision")
            factored = of_precision(matrix)
        factored = factored.broadcast_to(shape)
        return center, factored, factored
    if hasattr(cov, "colorize") and hasattr(cov, "log_pdet"):
        try:
            return _broadcast_mean(mean, cov.shape[-1]), _of_object(cov), _kept(cov)
        except AttributeError:  # SciPy's covariances made of arrays do not colorize: they are these arrays
            allow_singular = bool(cov.rank < cov.shape[-1])
            cov = cov.covariance
    center, matrix, shape = _arrays(mean, cov, "cov")
    error, words = (ValueError, NOT_SEMIDEFINITE) if allow_singular else (LinAlgError, NOT_DEFINITE)
    check_symmetric(matrix, 1.0 if cov is None else cov, "cov", error, words)
    factored = of_covariance(matrix, allow_singular).broadcast_to(shape)
    return center, factored, factored


def process_quantiles(x: Any, dim: int, batched: bool) -> Array:
    """Points as float64 or float32, their components along the last axis."""
    x = as_array(x, "x")
    x = x.astype(np.float32, copy=False) if x.dtype.type is np.float32 else real(x, "x", ValueError)
    return shape_quantiles(x, dim, batched)


def shape_quantiles(x: Array, dim: int, batched: bool) -> Array:
    """Points with their components along the last axis, by SciPy's rules; one for all of them is repeated."""
    given = x.shape
    if x.ndim == 0:
        x = x[None]
    elif x.ndim == 1 and not batched:
        x = x[:, None] if dim == 1 else x[None, :]
    if x.shape[-1] == dim:
        return x
    if x.shape[-1] != 1:
        raise ValueError(
            f"points of x have {x.shape[-1]} components, those of the distribution {dim}: "
            f"x must be of shape (..., {dim}), not {given}"
        )
    repeated: Array = np.broadcast_to(x, (*x.shape[:-1], dim))
    return repeated


def squeeze(out: Any) -> Any:
    """Without axes of length 1, as SciPy returns it."""
    return np.squeeze(out)[()]


def _arrays(mean: Any, matrix: Any, name: str) -> tuple[Array, Array, tuple[int, ...]]:
    """Copies of the mean and of a matrix, or of batches of them; and the shape of the matrices.

    A matrix that is repeated along an axis is there but once.
    """
    together = f"mean and {name}"
    matrix = real(1.0 if matrix is None else matrix, name, ValueError, together)
    mean = None if mean is None else real(mean, "mean", ValueError, together)
    size = 1 if mean is None else mean.size
    if matrix.size == size == 1:
        dim = 1
    elif mean is not None:
        dim = mean.shape[-1] if mean.ndim > 1 else mean.size
    else:
        dim = matrix.shape[-1] if matrix.ndim > 1 else 1
    _check_dimension(dim, name if mean is None else "mean")
    given = mean is not None
    mean = np.zeros(dim) if mean is None else mean
    if matrix.size == size == 1:
        return mean.reshape(1).copy(), matrix.reshape(1, 1).copy(), (1, 1)
    if matrix.ndim == 0:
        matrix = matrix * np.eye(dim)
    elif matrix.ndim == 1 and matrix.size == dim:
        matrix = np.diag(matrix)
    if matrix.ndim < 2:
        but = f"'mean' {_length_of(mean)}" if given else "without a 'mean' there is one dimension"
        raise ValueError(f"Dimension mismatch: array '{name}' has {matrix.size} variances, but {but}.")
    if matrix.shape[-1] != matrix.shape[-2]:
        raise ValueError(
            f"Array '{name}' must be square if it is two dimensional, but {name}.shape = {matrix.shape}."
        )
    if matrix.shape[-1] != dim:
        raise ValueError(
            f"Dimension mismatch: array '{name}' is of shape {matrix.shape}, but 'mean' {_length_of(mean)}."
        )
    try:
        np.broadcast_shapes(mean.shape[:-1], matrix.shape[:-2])
    except ValueError:
        raise ValueError(
            f"mean and {name} must broadcast: they are batches of shapes "
            f"{mean.shape[:-1]} and {matrix.shape[:-2]}"
        ) from None
    return mean.copy(), distinct(matrix, 2).copy(), matrix.shape


def _length_of(mean: Array) -> str:
    if mean.ndim < 2:
        return f"is a vector of length {mean.size}"
    return f"is a batch, of shape {mean.shape}, of vectors of length {mean.shape[-1]}"


def _check_dimension(dim: int, name: str) -> None:
    if not dim:
        raise ValueError(f"'{name}' must not be empty: a distribution has one dimension or more.")


def _broadcast_mean(given: Any, dim: int) -> Array:
    """The mean that goes with an object that represents a covariance."""
    _check_dimension(dim, "cov")
    mean = real(0.0 if given is None else given, "mean", ValueError, "mean and cov")
    if mean.shape[-1:] == (dim,):
        return mean.copy()
    try:
        return np.broadcast_to(mean, (dim,)).copy()
    except ValueError:
        raise ValueError(
            f"`cov` represents a covariance matrix in {dim} dimensions, and so `mean` must be broadcastable "
            f"to shape {(dim,)}, not of shape {mean.shape}"
        ) from None


@np.errstate(all="ignore")
def of_covariance(cov: Array, allow_singular: bool | None, known_semidefinite: bool = False) -> Factored:
    """A covariance with its factor; singular only if it is one, not a batch.

    If it is known to be positive semidefinite, what is negative about it is rounding errors, however large.
    """
    scale_tril = cholesky.cholesky(cov)
    are_regular = np.asarray(is_regular(scale_tril, cov))
    regular = bool(are_regular.all())
    if cov.ndim == 2 and (allow_singular or (allow_singular is None and not regular)):
        factor, permutation, rank = cholesky.pivoted_cholesky(cov, SINGULAR)
        if rank < len(cov):
            if not known_semidefinite:
                _check_semidefinite(cov)
            return SingularCovariance(cov, factor, permutation, int(rank))
    if not regular:
        _check_semidefinite(cov, ~are_regular)
        eigenvalue = least_eigenvalue(cov, "cov", ~are_regular)
        if cov.ndim > 2:
            raise LinAlgError(f"{NOT_DEFINITE_IN_BATCH} {eigenvalue}")
        raise LinAlgError(f"{NOT_DEFINITE} {eigenvalue} `allow_singular=True` would accept it.")
    return FactoredCovariance(scale_tril, cov)


def _check_semidefinite(cov: Array, suspects: Any = True) -> None:
    if not are_semidefinite(cov):
        raise ValueError(f"{NOT_SEMIDEFINITE} {least_eigenvalue(cov, 'cov', suspects)}")


def are_semidefinite(cov: Array) -> bool:
    """Whether all are positive semidefinite, within SciPy's tolerance."""
    # SMALLEST, so that 0 is semidefinite.
    return are_positive_semidefinite(cov, SINGULAR * np.abs(cov).max(axis=(-2, -1)) + SMALLEST)


def of_precision(precision: Array) -> FactoredCovariance:
    """A covariance by its inverse P.

    With J, which reverses the order, and J P J = M M^T, is P^-1 = L L^T, L = J M^-T J: no matrix is inverted
    but a triangular one, and L is lower triangular.
    """
    reverse = precision[..., ::-1, ::-1]
    factor = cholesky.cholesky(reverse)
    regular = np.asarray(is_regular(factor, reverse))
    if not regular.all():
        raise LinAlgError(
            "The input matrix `precision` must be symmetric positive definite. "
            f"{least_eigenvalue(precision, 'precision', ~regular)}"
        )
    # Row j of the result is M^-1 e_j, column j of M^-1.
    d = precision.shape[-1]
    transposed_inverse = density.whiten(np.eye(d), np.zeros(d), factor[..., None, :, :])
    return FactoredCovariance(np.ascontiguousarray(transposed_inverse[..., ::-1, ::-1]))


def _of_scale_tril(scale_tril: Array, allow_singular: bool | None) -> Factored:
    check_scale_tril(scale_tril, positive=not allow_singular)
    if allow_singular and (np.diagonal(scale_tril, axis1=-2, axis2=-1) == 0).any():
        return of_covariance(product(scale_tril), allow_singular)
    return FactoredCovariance(scale_tril)


def _kept(cov: Any) -> Any:
    """What to show as ``cov_object``: a copy, as the arrays of SciPy's may be the caller's."""
    if isinstance(cov, Factored):
        return cov
    kept = copy(cov)
    attributes = vars(kept)
    attributes.update({k: v.copy() for k, v in attributes.items() if isinstance(v, np.ndarray)})
    return kept


@np.errstate(all="ignore")
def _of_object(cov: Any) -> Factored:
    """A `scipy.stats.Covariance`, by what its public methods make of the unit vectors."""
    if isinstance(cov, Factored):
        return cov
    d = cov.shape[-1]
    # Row j is A e_j, where cov = A A^T.
    factor = np.array(np.transpose(cov.colorize(np.eye(d))), np.float64, order="C")
    if cov.rank < d or not np.isfinite(factor).all():
        return of_covariance(_symmetrized(cov.covariance), True)
    if _is_scale_tril(factor):
        return FactoredCovariance(factor)
    whitener = np.asarray(cov.whiten(np.eye(d)), np.float64)
    if _is_scale_tril(whitener):
        return of_precision(product(whitener))
    return of_covariance(_symmetrized(cov.covariance), None)


def _is_scale_tril(matrix: Array) -> bool:
    return not np.triu(matrix, 1).any() and bool((matrix.diagonal() > 0).all())


def _symmetrized(cov: Any) -> Array:
    cov = np.asarray(cov, np.float64)
    check_finite(cov, "cov")
    half: Array = cov / 2
    return half + half.T
