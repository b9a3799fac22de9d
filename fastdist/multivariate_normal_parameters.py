"""What the parameters and arguments of `multivariate_normal` mean: SciPy's rules, and batches besides."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import NDArray

from fastdist._dispatch import cholesky
from fastdist._dispatch import multivariate_density as density
from fastdist.covariance import (
    are_positive_semidefinite,
    check_finite,
    check_scale_tril,
    check_symmetric,
    distinct,
    is_regular,
    real,
)
from fastdist.factored_covariance import SINGULAR, FactoredCovariance, SingularCovariance, product

Array = NDArray[Any]
Factored = FactoredCovariance | SingularCovariance

NOT_DEFINITE = "When `allow_singular is False`, the input matrix must be symmetric positive definite."
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
            raise TypeError("multivariate_normal takes one of 'cov', 'scale_tril' and 'precision'")
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
            return _broadcast_mean(mean, cov.shape[-1]), _of_object(cov), cov
        except AttributeError:  # SciPy's covariances made of arrays do not colorize: they are these arrays
            allow_singular = bool(cov.rank < cov.shape[-1])
            cov = cov.covariance
    center, matrix, shape = _arrays(mean, cov, "cov")
    check_symmetric(matrix, 1.0 if cov is None else cov, "cov")
    factored = of_covariance(matrix, allow_singular).broadcast_to(shape)
    return center, factored, factored


def process_quantiles(x: Any, dim: int, batched: bool) -> Array:
    """Points as float64 or float32, their components along the last axis."""
    x = np.asarray(x)
    x = x.astype(np.float32, copy=False) if x.dtype.type is np.float32 else real(x, "x")
    return shape_quantiles(x, dim, batched)


def shape_quantiles(x: Array, dim: int, batched: bool) -> Array:
    """Points with their components along the last axis, by SciPy's rules; one for all of them is repeated."""
    if x.ndim == 0:
        x = x[None]
    elif x.ndim == 1 and not batched:
        x = x[:, None] if dim == 1 else x[None, :]
    if x.shape[-1] == dim:
        return x
    if x.shape[-1] != 1:
        raise ValueError(f"points of x have {x.shape[-1]} components, those of the distribution {dim}")
    repeated: Array = np.broadcast_to(x, (*x.shape[:-1], dim))
    return repeated


def squeeze(out: Any) -> Any:
    """Without axes of length 1, as SciPy returns it."""
    return np.squeeze(out)[()]


def _arrays(mean: Any, matrix: Any, name: str) -> tuple[Array, Array, tuple[int, ...]]:
    """Copies of the mean and of a matrix, or of batches of them; and the shape of the matrices.

    A matrix that is repeated along an axis is there but once.
    """
    matrix = real(1.0 if matrix is None else matrix, f"mean and {name}")
    mean = None if mean is None else real(mean, f"mean and {name}")
    size = 1 if mean is None else mean.size
    if matrix.size == size == 1:
        dim = 1
    elif mean is not None:
        dim = mean.shape[-1] if mean.ndim > 1 else mean.size
    else:
        dim = matrix.shape[-1] if matrix.ndim > 1 else 1
    mean = np.zeros(dim) if mean is None else mean
    if (dim == 1 and matrix.ndim < 3 and mean.ndim < 2) or matrix.size == size == 1:
        return mean.reshape(1).copy(), matrix.reshape(1, 1).copy(), (1, 1)
    if matrix.ndim == 0:
        matrix = matrix * np.eye(dim)
    elif matrix.ndim == 1:
        matrix = np.diag(matrix)
    if matrix.shape[-1] != matrix.shape[-2]:
        raise ValueError(
            f"Array '{name}' must be square if it is two dimensional, but {name}.shape = {matrix.shape}."
        )
    if matrix.shape[-1] != dim:
        raise ValueError(
            f"Dimension mismatch: array '{name}' is of shape {matrix.shape}, "
            f"but 'mean' is a vector of length {dim}."
        )
    try:
        np.broadcast_shapes(mean.shape[:-1], matrix.shape[:-2])
    except ValueError:
        raise ValueError(
            f"mean and {name} must broadcast: they are batches of shapes "
            f"{mean.shape[:-1]} and {matrix.shape[:-2]}"
        ) from None
    return mean.copy(), distinct(matrix, 2).copy(), matrix.shape


def _broadcast_mean(given: Any, dim: int) -> Array:
    """The mean that goes with an object that represents a covariance."""
    mean = real(0.0 if given is None else given, "mean and cov")
    if mean.ndim > 1 and mean.shape[-1] == dim:
        return mean.copy()
    try:
        return np.broadcast_to(mean, (dim,)).copy()
    except ValueError as error:
        raise ValueError(
            f"`cov` represents a covariance matrix in {dim} dimensions,"
            f"and so `mean` must be broadcastable to shape {(dim,)}"
        ) from error


@np.errstate(all="ignore")
def of_covariance(cov: Array, allow_singular: bool | None) -> Factored:
    """A covariance with its factor; singular only if it is one, not a batch."""
    scale_tril = cholesky.cholesky(cov)
    are_regular = is_regular(scale_tril, cov)
    regular = bool(np.all(are_regular))
    if cov.ndim == 2 and (allow_singular or (allow_singular is None and not regular)):
        factor, permutation, rank = cholesky.pivoted_cholesky(cov, SINGULAR)
        if rank < len(cov):
            if not _are_semidefinite(cov):
                raise ValueError(NOT_SEMIDEFINITE)
            return SingularCovariance(cov, factor, permutation, int(rank))
    if not regular:
        if not _are_semidefinite(cov):
            raise ValueError(NOT_SEMIDEFINITE)
        if cov.ndim > 2:
            member = np.argwhere(~are_regular)[0].tolist()
            raise LinAlgError(
                "All covariances of a batch must be symmetric positive definite, whatever `allow_singular` "
                f"is: number {member} is singular."
            )
        raise LinAlgError(NOT_DEFINITE)
    return FactoredCovariance(scale_tril, cov)


def _are_semidefinite(cov: Array) -> bool:
    # SMALLEST, so that 0 is semidefinite.
    return are_positive_semidefinite(cov, SINGULAR * np.abs(cov).max(axis=(-2, -1)) + SMALLEST)


def of_precision(precision: Array) -> FactoredCovariance:
    """A covariance by its inverse P.

    With J, which reverses the order, and J P J = M M^T, is P^-1 = L L^T, L = J M^-T J: no matrix is inverted
    but a triangular one, and L is lower triangular.
    """
    reverse = precision[..., ::-1, ::-1]
    factor = cholesky.cholesky(reverse)
    if not np.all(is_regular(factor, reverse)):
        raise LinAlgError("The input matrix `precision` must be symmetric positive definite.")
    # Row j of the result is M^-1 e_j, column j of M^-1.
    d = precision.shape[-1]
    transposed_inverse = density.whiten(np.eye(d), np.zeros(d), factor[..., None, :, :])
    return FactoredCovariance(np.ascontiguousarray(transposed_inverse[..., ::-1, ::-1]))


def _of_scale_tril(scale_tril: Array, allow_singular: bool | None) -> Factored:
    check_scale_tril(scale_tril, positive=not allow_singular)
    if allow_singular and (np.diagonal(scale_tril, axis1=-2, axis2=-1) == 0).any():
        return of_covariance(product(scale_tril), allow_singular)
    return FactoredCovariance(scale_tril)


def _of_object(cov: Any) -> Factored:
    """A `scipy.stats.Covariance`, by what its public methods make of the unit vectors."""
    if isinstance(cov, FactoredCovariance | SingularCovariance):
        return cov
    d = cov.shape[-1]
    # Row j is A e_j, where cov = A A^T.
    factor = np.ascontiguousarray(np.asarray(cov.colorize(np.eye(d)), np.float64).T)
    if cov.rank < d:
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
