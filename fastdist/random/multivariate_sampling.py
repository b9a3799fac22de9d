"""Rows of multivariate normals: ``mean + L z``, made of the stream's normals while they lie in cache.

Row ``r`` of a call takes the ``d`` samples that follow those of row ``r - 1``, so that rows depend on their
place in the stream alone, as samples do.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fastdist import parallel
from fastdist._dispatch import multivariate_sampling as kernels
from fastdist._dispatch import stream
from fastdist.covariance import checks
from fastdist.random.stream import SequentialNormals, Shape, check_out
from fastdist.typing import Array

# Samples that are drawn and then mapped in cache.
CACHED_SAMPLES = 1 << 14
METHODS = (None, "cholesky", "svd", "eigh")

# What makes rows of normals, in place: those from ``start`` to ``stop``.
Transform = Callable[[int, int], None]


class MultivariateSampling:
    """`multivariate_normal`, a part of `fastdist.Generator`."""

    _normals_of: Callable[[DTypeLike, str], stream.BlockStream | SequentialNormals]

    def multivariate_normal(
        self,
        mean: ArrayLike,
        cov: ArrayLike | None = None,
        size: Shape | None = None,
        check_valid: str = "warn",
        tol: float = 1e-8,
        *,
        method: str | None = None,
        scale_tril: ArrayLike | None = None,
        dtype: DTypeLike = np.float64,
        out: Array | None = None,
    ) -> Array:
        """Draw from a multivariate normal distribution.

        Parameters
        ----------
        mean : array_like, shape (..., d)
            Mean.
        cov : array_like, shape (..., d, d)
            Covariance: finite and symmetric, of which the lower triangle is used.  It may be singular.
        size : int or tuple of ints, optional
            Shape of the result, less the last axis.  None for one row, or for a batch one row for each
            member.
        check_valid : {'warn', 'raise', 'ignore'}, optional
            What to do if `cov` is not positive semidefinite.  Unless an error is raised, negative pivots of
            its factor count as 0.
        tol : float, optional
            An eigenvalue of `cov` may be as low as ``-tol * max(1, largest variance)``.
        method : {None, 'cholesky', 'svd', 'eigh'}, optional
            How to factor `cov`.  None is by Cholesky, with `check_valid`.  So is 'cholesky', but what is not
            positive definite raises LinAlgError, whatever `check_valid` is.  'svd' and 'eigh' are
            NumPy's, with NumPy's checks: the last bits of their results depend on the BLAS and the machine,
            and on the size of a call.
        scale_tril : array_like, shape (..., d, d), optional
            Instead of `cov`: a factor L with ``cov = L @ L.T``, zero above a diagonal that is not negative.
        dtype : dtype, optional
            float64 (the default) or float32: `cov` is factored in float64, and mean and factor are rounded.
        out : ndarray, shape (..., d), optional
            Array to write to; C-contiguous, and of `dtype`.

        Returns
        -------
        ndarray, shape (..., d)
            `out` where it is given.

        Raises
        ------
        ValueError
            If shapes do not match, or there are no dimensions; if `cov` is not finite, not symmetric, or with
            ``check_valid='raise'`` not positive semidefinite; if `scale_tril` is no factor; if `check_valid`
            or `method` is none of the above; if `out` is not C-contiguous, writable and aligned; if `size` is
            negative.
        TypeError
            If `mean` or `cov` is complex; unless one of `cov` and `scale_tril` is given; if `dtype` is
            neither, or `out` has another.
        numpy.linalg.LinAlgError
            With ``method='cholesky'``, if `cov` is not positive definite; if an 'svd' or 'eigh' does not
            converge.

        Warns
        -----
        RuntimeWarning
            With ``check_valid='warn'``, if `cov` is not positive semidefinite: it names the least eigenvalue.

        Notes
        -----
        Row ``r`` is ``mean + L z_r``, where ``z_r`` are the samples ``r d ... r d + d - 1`` of those that
        `standard_normal` would draw: ``mean + z.reshape(n, d) @ L.T``, summed in a fixed order.  So rows
        depend neither on how calls are sliced, nor on threads, `out` or the CPU.

        Of a numerically singular `cov`, L is the factor of ``cov[p][:, p]``, where the permutation p puts
        the largest remaining variance first [1]_, and ``x[p] = mean[p] + L z``.

        If `mean` or `cov` have further axes, these broadcast against each other, and `size` is then the whole
        shape to which they broadcast, as for `normal`; each distinct covariance is factored once.

        ``|cov[i, j] - cov[j, i]|`` may be ``sqrt(eps)`` times the two standard deviations, and some rounding
        errors of the largest entry, where ``eps`` belongs to the dtype of `cov`.

        References
        ----------
        .. [1] N. J. Higham, "Analysis of the Cholesky decomposition of a semi-definite matrix", in Reliable
           Numerical Computation (1990).

        Examples
        --------
        >>> import fastdist
        >>> rng = fastdist.default_rng(7)
        >>> x = rng.multivariate_normal([0, 10], [[4, 1], [1, 1]], size=1000)
        >>> x.shape
        (1000, 2)

        One row for each of three means, all with one covariance:

        >>> rng.multivariate_normal([[0, 0], [5, 5], [9, 9]], [[4, 1], [1, 1]]).shape
        (3, 2)
        """
        normals = self._normals_of(dtype, "multivariate_normal")
        return _draw(normals, mean, cov, size, check_valid, tol, method, scale_tril, np.dtype(dtype), out)


def _draw(
    normals: stream.BlockStream | SequentialNormals,
    mean: Any,
    cov: Any,
    size: Shape | None,
    check_valid: str,
    tol: float,
    method: str | None,
    scale_tril: Any,
    dtype: np.dtype[Any],
    out: Array | None,
) -> Array:
    if method not in METHODS:
        raise ValueError(f"method must be one of {{'eigh', 'svd', 'cholesky'}}, or None, not {method!r}")
    if check_valid not in checks.CHECKS:
        raise ValueError(f"check_valid must equal 'warn', 'raise', or 'ignore', not {check_valid!r}")
    if (cov is None) == (scale_tril is None):
        given = "neither is" if cov is None else "both are"
        raise TypeError(f"multivariate_normal() takes one of 'cov' and 'scale_tril', and {given} given")
    name, given = ("cov", cov) if scale_tril is None else ("scale_tril", scale_tril)
    center, matrix = _parameters(mean, given, name)
    rows = _rows(size, center, matrix, name, dtype, out)
    matrix = checks.distinct(matrix, 2)
    permutation, full = None, False
    if scale_tril is not None:
        checks.check_scale_tril(matrix, positive=False)
    else:
        checks.check_symmetric(matrix, cov, "cov")
        if method == "svd" or method == "eigh":
            full, matrix = True, checks.factor_by_numpy(matrix, method, check_valid, tol)
        else:
            check = checks.STRICT if method == "cholesky" else check_valid
            matrix, permutation = checks.factor(matrix, check, tol)
    center, matrix = _rounded(center, dtype, "mean"), _rounded(matrix, dtype, name)
    if out is None:
        out = np.empty((*rows, center.shape[-1]), dtype)
    elif np.may_share_memory(center, out) or np.may_share_memory(matrix, out):
        center, matrix = center.copy(), matrix.copy()
    if out.size:
        plain = np.asarray(out)
        _fill(normals, plain, *_transform(plain, center, matrix, permutation, full))
    return out


def _parameters(mean: Any, given: Any, name: str) -> tuple[Array, Array]:
    """The mean, of shape (..., d), and a matrix, of shape (..., d, d)."""
    together = f"mean and {name}"
    center = checks.real(mean, "mean", together=together)
    matrix = checks.real(given, name, together=together)
    if not center.ndim:
        raise ValueError("mean must be 1 dimensional, or a batch of shape (..., d), not a number")
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2]:
        raise ValueError(
            f"{name} must be 2 dimensional and square, or a batch of shape (..., d, d), not of shape "
            f"{matrix.shape}"
        )
    if center.shape[-1] != matrix.shape[-1]:
        raise ValueError(
            f"mean and {name} must have same length: they are of shapes {center.shape} and {matrix.shape}"
        )
    if not center.shape[-1]:
        raise ValueError("mean must not be empty: a sample has one dimension or more")
    return center, matrix


def _rows(
    size: Shape | None, mean: Array, matrix: Array, name: str, dtype: np.dtype[Any], out: Array | None
) -> tuple[int, ...]:
    """The shape of the result, less its last axis."""
    batch: tuple[int, ...] = ()
    if mean.ndim > 1 or matrix.ndim > 2:
        try:
            batch = np.broadcast_shapes(mean.shape[:-1], matrix.shape[:-2])
        except ValueError:
            raise ValueError(
                f"mean and {name} must broadcast: they are batches of shapes "
                f"{mean.shape[:-1]} and {matrix.shape[:-2]}"
            ) from None
    rows = batch
    if size is not None:
        rows = as_shape(size)
    d = mean.shape[-1]
    if out is not None:
        check_out(out, dtype, None if size is None else (*rows, d))
        if not out.flags.c_contiguous:
            raise ValueError("Supplied output array must be C-contiguous: a row lies in one piece.")
        if size is None:
            rows = out.shape[:-1]
            if out.shape[-1:] != (d,):
                raise ValueError(f"Supplied output array must have rows of length {d}, not shape {out.shape}")
    check_batch(rows, batch)
    return rows


def check_batch(rows: tuple[int, ...], batch: tuple[int, ...]) -> None:
    """Raise a ValueError unless a batch broadcasts to the shape of the rows."""
    lengths = zip(reversed(batch), reversed(rows), strict=False)
    if len(batch) > len(rows) or any(n not in (1, m) for n, m in lengths):
        raise ValueError(f"Output size {rows} is not compatible with broadcast dimensions of inputs {batch}.")


def as_shape(size: Shape) -> tuple[int, ...]:
    """A size as a tuple of ints that are not negative."""
    try:
        rows = tuple(map(operator.index, size)) if np.iterable(size) else (operator.index(size),)
    except TypeError as error:
        raise TypeError(f"size must be an int or a tuple of ints, not {size!r}: {error}") from None
    if rows and min(rows) < 0:
        raise ValueError(f"negative dimensions are not allowed: size is {size}")
    return rows


def _rounded(parameter: Array, dtype: np.dtype[Any], names: str) -> Array:
    """In the dtype of the samples, which must hold what is finite."""
    if dtype == parameter.dtype:
        return parameter
    with np.errstate(all="ignore"):
        rounded = parameter.astype(dtype)
    if (np.isinf(rounded) & np.isfinite(parameter)).any():
        raise ValueError(f"{names} must be within the range of {dtype}, to {np.finfo(dtype).max:.3g}")
    return rounded


def _transform(
    out: Array, mean: Array, factor: Array, permutation: Array | None, full: bool
) -> tuple[Transform, kernels.Colorizer | None]:
    """What turns normals into rows, in place; and the kernel that draws them as well, if there is one."""
    if full:
        return _of_full_factor(out, mean, factor), None
    if mean.ndim == 1 and factor.ndim == 2:
        return _of_one(out, mean, factor, permutation)
    if factor.size == factor.shape[-1] ** 2:
        return _of_means(out, mean, factor, permutation), None
    return _of_batch(out, mean, factor, permutation), None


def _fill(
    normals: stream.BlockStream | SequentialNormals,
    out: Array,
    transform: Transform,
    colorizer: kernels.Colorizer | None,
) -> None:
    """Write the next rows: normals, and what ``transform`` makes of them; or a ``colorizer``, at once."""
    d = out.shape[-1]
    flat = out.reshape(-1, d)
    n, rows = len(flat), max(1, CACHED_SAMPLES // d)
    if normals.fill_at_once(flat):
        transform(0, n)
    elif isinstance(normals, SequentialNormals):
        for start in range(0, n, rows):
            normals.fill(flat[start : start + rows])
            transform(start, min(n, start + rows))
    else:
        blocks = normals
        key, first = blocks.reserve(flat.size)

        def fill_range(start: int, stop: int) -> None:
            if colorizer is not None:
                colorizer.fill_range(blocks, key, first + start * d, flat[start:stop])
                return
            for part in range(start, stop, rows):
                end = min(stop, part + rows)
                blocks.fill_range(key, first + part * d, flat[part:end])
                transform(part, end)

        # A row costs d normals and d^2 / 2 products, and some 8 of these are worth a normal.
        share = max(1, parallel.SHARE_SAMPLES // (d * (1 + d // 16)))
        parallel.for_ranges(fill_range, n, 0, max(1, blocks.block // d), share)


def _of_one(
    out: Array, mean: Array, scale_tril: Array, permutation: Array | None
) -> tuple[Transform, kernels.Colorizer | None]:
    """What makes rows of one distribution: x = mean + L z, or x[p] = mean[p] + L z."""
    flat = out.reshape(-1, out.shape[-1])
    if permutation is None:
        colorizer = kernels.Colorizer(mean, scale_tril)
        return lambda start, stop: colorizer.apply(flat[start:stop]), colorizer
    permuted = kernels.Colorizer(mean[permutation], scale_tril)
    inverse = np.argsort(permutation)

    def transform(start: int, stop: int) -> None:
        part = flat[start:stop]
        permuted.apply(part)
        part[...] = part[:, inverse]

    return transform, None


def _of_means(out: Array, means: Array, factor: Array, permutation: Array | None) -> Transform:
    """What makes rows each of which has its own mean, but that share L: those with the mean 0, moved."""
    *rows, d = out.shape
    permutation = None if permutation is None else permutation.reshape(d)
    centered, _ = _of_one(out, np.zeros(d, out.dtype), factor.reshape(d, d), permutation)
    means = np.broadcast_to(means, out.shape)

    def transform(start: int, stop: int) -> None:
        centered(start, stop)
        with np.errstate(all="ignore"):
            for box in parallel.boxes(rows, start, stop):
                part = out[box]
                np.add(part, means[box], out=part)

    return transform


def _of_batch(out: Array, mean: Array, scale_tril: Array, permutation: Array | None) -> Transform:
    """What makes rows each of which has its own L."""
    *rows, d = out.shape
    mean, scale_tril = np.broadcast_to(mean, out.shape), np.broadcast_to(scale_tril, (*out.shape, d))
    permutations = None if permutation is None else np.broadcast_to(permutation, out.shape)

    def transform(start: int, stop: int) -> None:
        for box in parallel.boxes(rows, start, stop):
            z, part = out[box].copy(), out[box]
            if permutations is None:
                kernels.colorize(z, mean[box], scale_tril[box], out=part)
            else:
                p = permutations[box]
                x = kernels.colorize(z, np.take_along_axis(mean[box], p, -1), scale_tril[box])
                np.put_along_axis(part, p, x, -1)

    return transform


def _of_full_factor(out: Array, mean: Array, factor: Array) -> Transform:
    """What makes rows by a factor that is not triangular, as NumPy does."""
    *rows, d = out.shape
    flat = out.reshape(-1, d)
    if factor.ndim == 2 and mean.ndim == 1:

        def transform(start: int, stop: int) -> None:
            with np.errstate(all="ignore"):
                flat[start:stop] = mean + flat[start:stop] @ factor.T

        return transform
    means, factors = np.broadcast_to(mean, out.shape), np.broadcast_to(factor, (*out.shape, d))

    def transform_batch(start: int, stop: int) -> None:
        for box in parallel.boxes(rows, start, stop):
            with np.errstate(all="ignore"):
                out[box] = means[box] + (factors[box] @ out[box][..., None])[..., 0]

    return transform_batch
