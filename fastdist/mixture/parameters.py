"""The parameters of a Gaussian mixture: checked, factored once, and what they say of points.

The density is  p(x) = sum_k weight_k N(x; mean_k, covariance_k).  Parameters are float64, whatever the data.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist import parallel
from fastdist._dispatch import cholesky, mathematics, mixture, normal
from fastdist._dispatch import multivariate_density as density
from fastdist.covariance.checks import check_finite, check_symmetric, real
from fastdist.covariance.factors import SHARE_PRODUCTS, product
from fastdist.typing import Array

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")


class NotPositiveDefiniteError(ValueError):
    """A covariance has no factor; ``component`` says whose."""

    def __init__(self, component: int, message: str) -> None:
        super().__init__(component, message)
        self.component = component

    def __str__(self) -> str:
        return str(self.args[1])


class MixtureParameters:
    """Weights, means and covariances, which do not change; the arguments are arrays of the right shape.

    Parameters
    ----------
    weights : ndarray of float64, shape (K,)
        Not negative, of sum 1.
    means : ndarray of float64, shape (K, d)
    covariances : ndarray of float64
        Of shape (K, d, d), (d, d), (K, d) or (K,) for the four types.
    covariance_type : {'full', 'tied', 'diag', 'spherical'}
    factors : ndarray, optional
        If they are known: see below.

    Attributes
    ----------
    weights, means, covariances, covariance_type
        What was given, read-only.
    factors : ndarray of float64
        For 'full' and 'tied' ``scale_tril``, of shape (K, d, d) or (1, d, d); for 'diag' and 'spherical' the
        standard deviations, of shape (K, d).
    log_heights : ndarray of float64, shape (K,)
        Logarithm of the weighted density of each component at its mean.
    components, dimension : int
        K and d.

    Raises
    ------
    NotPositiveDefiniteError
        If a covariance is not positive definite.
    """

    def __init__(
        self,
        weights: Array,
        means: Array,
        covariances: Array,
        covariance_type: str,
        factors: Array | None = None,
    ) -> None:
        self.components: int = means.shape[0]
        self.dimension: int = means.shape[1]
        self.covariance_type = covariance_type
        if factors is None:
            factors = factors_of(covariances, covariance_type, self.dimension)
        self.weights, self.means, self.covariances, self.factors = (
            _frozen(a) for a in (weights, means, covariances, factors)
        )
        self.log_heights = _frozen(logarithm(self.weights) + _log_peaks(self.factors))
        self._kernels: dict[np.dtype[Any], mixture.Mixture] = {}
        self._precisions_cholesky: Array | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (self.weights, self.means, self.covariances, self.covariance_type, self.factors)
        return type(self), parts

    @classmethod
    def of_precisions_cholesky(
        cls, weights: Array, means: Array, precisions_cholesky: Array, covariance_type: str
    ) -> Self:
        """By factors of the precisions: U with ``precision = U U^T``, or reciprocal standard deviations."""
        if covariance_type not in ("full", "tied"):
            deviations = 1 / precisions_cholesky
            return cls(weights, means, deviations * deviations, covariance_type)
        # L = (U^T)^-1;  row i of the result is U^-T e_i, column i of L.
        d = means.shape[1]
        lower = precisions_cholesky.mT
        factors = density.whiten(np.eye(d), np.zeros(d), lower[..., None, :, :]).mT
        factors = np.tril(factors).reshape(-1, d, d)
        covariances = product(factors)
        return cls(
            weights,
            means,
            covariances if covariance_type == "full" else covariances[0],
            covariance_type,
            factors,
        )

    @property
    def diagonal(self) -> bool:
        """Whether covariances are diagonal."""
        return self.factors.ndim == 2

    @property
    def precisions_cholesky(self) -> Array:
        """U with ``precision = U U^T``, upper triangular; for diagonal forms the reciprocal deviations."""
        if self._precisions_cholesky is None:
            if self.diagonal:
                inverse = 1 / np.sqrt(self.covariances)
            else:
                # Row i is L^-1 e_i, so that the matrix is the transpose of L^-1.
                d = self.dimension
                inverse = density.whiten(np.eye(d), np.zeros(d), self.factors[:, None])
                inverse = inverse if self.covariance_type == "full" else inverse[0]
            self._precisions_cholesky = _frozen(inverse)
        return self._precisions_cholesky

    @property
    def precisions(self) -> Array:
        """The inverses of the covariances."""
        upper = self.precisions_cholesky
        if self.diagonal:
            return _frozen(upper * upper)
        # U U^T = J (J U J) (J U J)^T J, where J reverses the order and J U J is lower triangular.
        return _frozen(product(np.ascontiguousarray(upper[..., ::-1, ::-1]))[..., ::-1, ::-1])

    def full_covariances(self) -> Array:
        """As matrices, of shape (K, d, d)."""
        if self.diagonal:
            variances = np.broadcast_to(self.covariances.reshape(self.components, -1), self.means.shape)
            return variances[:, :, None] * np.eye(self.dimension)
        return np.broadcast_to(self.covariances, (self.components, self.dimension, self.dimension))

    def full_factors(self) -> Array:
        """Their factors ``scale_tril``, of shape (K, d, d)."""
        if self.diagonal:
            full: Array = self.factors[:, :, None] * np.eye(self.dimension)
            return full
        return np.broadcast_to(self.factors, (self.components, self.dimension, self.dimension))

    def kernel(self, dtype: Any) -> mixture.Mixture:
        """The kernel for data of float64 or float32; it is made once."""
        dtype = np.dtype(dtype)
        if dtype not in self._kernels:
            self._kernels[dtype] = mixture.Mixture(
                self.log_heights, self.weights, self.means, self.factors, dtype
            )
        return self._kernels[dtype]

    # Of points: x is an ndarray of float64 or float32, of shape (n, d), complete and finite.

    def score_samples(self, x: Array) -> Array:
        """The log density at each point, in the dtype of the points."""
        kernel = self.kernel(x.dtype)
        out = np.empty(len(x), x.dtype)
        self._divide(len(x), lambda i, j: kernel.score_samples(x[i:j], out[i:j]))
        return out

    def responsibilities(self, x: Array) -> Array:
        """The probability of each component given each point, (n, K), in the dtype of the points."""
        kernel = self.kernel(x.dtype)
        out = np.empty((len(x), self.components), x.dtype)
        self._divide(len(x), lambda i, j: kernel.responsibilities(x[i:j], out[i:j]))
        return out

    def predict(self, x: Array) -> NDArray[np.intp]:
        """The component of the largest responsibility, for each point."""
        return self._chosen(x, self.kernel(x.dtype).predict)

    def nearest(self, x: Array) -> NDArray[np.intp]:
        """The component of the largest weighted density, for each point, by its logarithm alone."""
        return self._chosen(x, self.kernel(x.dtype).nearest)

    def _chosen(self, x: Array, choose: Callable[[Array, Array], None]) -> NDArray[np.intp]:
        out = np.empty(len(x), np.intp)
        self._divide(len(x), lambda i, j: choose(x[i:j], out[i:j]))
        return out

    def share(self) -> int:
        """Points that are worth a thread."""
        return max(
            mixture.BLOCK_ROWS,
            SHARE_PRODUCTS // work_of_point(self.components, self.dimension, self.diagonal),
        )

    def _divide(self, n: int, task: Callable[[int, int], None]) -> None:
        share = self.share()
        if n < 2 * share:
            task(0, n)
        else:
            parallel.for_ranges(task, n, 0, mixture.BLOCK_ROWS, share)


def work_of_point(components: int, d: int, diagonal: bool) -> int:
    """What a point costs, in products: those of the substitution, and some more for each component."""
    return components * (8 + d + (0 if diagonal else d * d // 2))


def factors_of(covariances: Array, covariance_type: str, d: int) -> Array:
    """The factors, as `MixtureParameters` has them."""
    if covariance_type in ("full", "tied"):
        matrices = covariances.reshape(-1, d, d)
        factors: Array = cholesky.cholesky(matrices)
        failed = ~np.isfinite(factors).all(axis=(1, 2))
    else:
        variances = covariances.reshape(len(covariances), -1)
        with np.errstate(all="ignore"):
            factors = np.sqrt(np.broadcast_to(variances, (len(variances), d)))
        failed = ~((factors > 0) & np.isfinite(factors)).all(axis=1)
    if failed.any():
        k = int(failed.argmax())
        whose = "the covariance" if covariance_type == "tied" else f"the covariance of component {k}"
        raise NotPositiveDefiniteError(k, f"{whose} is not positive definite")
    return factors


def logarithm(x: Array) -> Array:
    """ln x for 0 <= x < inf, with the same bits everywhere."""
    fraction, exponent = np.frexp(x)  # x = fraction 2^exponent, fraction in [1/2, 1)
    small = fraction < math.sqrt(0.5)
    fraction, exponent = np.where(small, 2 * fraction, fraction), exponent - small
    out = np.empty(x.shape)
    mathematics.evaluate_minus_log(fraction - 1, -exponent.astype(np.float64), out)
    return np.where(x > 0, 0 - out, -np.inf)


def _log_peaks(factors: Array) -> Array:
    """The log density of each component at its mean."""
    if factors.ndim == 3:
        peaks: Array = density.log_peak(factors)
        return peaks
    terms = normal.logpdf(0.0, 0.0, factors)  # -ln(scale sqrt(2 pi))
    return np.array([math.fsum(row) for row in terms.tolist()])


def _frozen(array: Array) -> Array:
    """A copy that nobody can change: also a read-only array may be a view of what a caller can write."""
    array = np.array(array, np.float64, order="C")
    array.flags.writeable = False
    return array


def checked(
    weights: ArrayLike, means: ArrayLike, covariances: ArrayLike, covariance_type: str | None = None
) -> MixtureParameters:
    """Parameters that a user gives; `fastdist.GaussianMixture.from_parameters` has the details."""
    given_weights = np.asarray(weights)
    weights, means = real(given_weights, "weights"), real(means, "means")
    if weights.ndim != 1 or not len(weights):
        raise ValueError(f"weights must have shape (n_components,), not {weights.shape}")
    if means.ndim != 2 or len(means) != len(weights) or not means.shape[1]:
        raise ValueError(
            f"means must have shape (n_components, n_features) with n_components = {len(weights)}, "
            f"not {means.shape}"
        )
    check_weights(weights, given_weights.dtype)
    check_finite(means, "means")
    matrix = real(covariances, "covariances")
    check_finite(matrix, "covariances")
    components, d = means.shape
    covariance_type = _type_of(matrix.shape, components, d, covariance_type)
    if covariance_type in ("full", "tied"):
        check_symmetric(matrix, covariances, "covariances")
    return MixtureParameters(weights / math.fsum(weights.tolist()), means, matrix, covariance_type)


def rounding_of_weights(dtype: np.dtype[Any]) -> float:
    """By how much the sum of weights of a dtype may differ from 1."""
    return 1e-6 if dtype == np.float32 else 1e-8


def check_weights(weights: Array, dtype: np.dtype[Any]) -> None:
    """Raise a ValueError that names the entry unless they are probabilities with sum 1 in their dtype."""
    check_finite(weights, "weights")
    if (weights < 0).any():
        k = int((weights < 0).argmax())
        raise ValueError(f"weights must not be negative: weights[{k}] = {weights[k]}")
    total = math.fsum(weights.tolist())
    if not abs(total - 1) <= rounding_of_weights(dtype):
        raise ValueError(f"weights must sum to 1, not {total}: divide them by their sum")


def covariance_shape(covariance_type: str, components: int, d: int) -> tuple[int, ...]:
    """The shape of the covariances, by their type."""
    return {
        "full": (components, d, d),
        "tied": (d, d),
        "diag": (components, d),
        "spherical": (components,),
    }[covariance_type]


def _type_of(shape: tuple[int, ...], components: int, d: int, covariance_type: str | None) -> str:
    """The type that covariances of a shape have, which must be the one that is given."""
    if covariance_type is not None and covariance_type not in COVARIANCE_TYPES:
        raise ValueError(
            f"covariance_type must be one of {', '.join(COVARIANCE_TYPES)}, not {covariance_type!r}"
        )
    wanted = COVARIANCE_TYPES if covariance_type is None else (covariance_type,)
    fitting = [name for name in wanted if covariance_shape(name, components, d) == shape]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise ValueError(
            f"covariances of shape {shape} may be those of covariance_type 'tied' or 'diag': say which"
        )
    allowed = " or ".join(f"{covariance_shape(name, components, d)} ({name!r})" for name in wanted)
    raise ValueError(f"covariances must have shape {allowed}, not {shape}")
