"""A multivariate normal distribution with its parameters: ``fastdist.multivariate_normal(mean, cov)``."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import ArrayLike

from fastdist._dispatch import cholesky
from fastdist._dispatch import multivariate_density as density
from fastdist._dispatch import multivariate_sampling as sampling
from fastdist.covariance.checks import check_not_infinite, entries, is_regular, real
from fastdist.covariance.ellipse import ConfidenceEllipse, ellipse_of
from fastdist.covariance.factors import SINGULAR, FactoredCovariance, SingularCovariance
from fastdist.multivariate.likelihood import loglikelihood
from fastdist.multivariate.parameters import (
    Factored,
    of_covariance,
    process_parameters,
    process_quantiles,
    squeeze,
)
from fastdist.multivariate.relations import check_dimensions, check_given, mean_given
from fastdist.random.generator import Generator, Size
from fastdist.random.multivariate_sampling import as_shape, check_batch
from fastdist.random.random_state import HasRandomState, Source, check_random_state
from fastdist.read_only import read_only
from fastdist.typing import Array

if TYPE_CHECKING:
    from fastdist.multivariate.normal import MultivariateNormal

READ_ONLY = "{} is read-only: make another distribution with the one that you want"


class FrozenMultivariateNormal(HasRandomState):
    """The multivariate normal distribution for one mean and one covariance, or a batch of them.

    The covariance is factored once.  Each method is that of `fastdist.multivariate_normal`, without the
    parameters.  The parameters are copied: a later change of the arrays that were given has no effect.

    A copy, deep copy or pickle has a stream of its own, which goes on where this one is.  Without a `seed`
    all draw from ``dist.random_state``.

    Parameters
    ----------
    dist : MultivariateNormal
        `fastdist.multivariate_normal`.
    mean, cov, allow_singular, seed, maxpts, abseps, releps, scale_tril, precision
        As described there.

    Attributes
    ----------
    mean : ndarray of float64, shape (..., d)
        The mean, read-only.
    cov : ndarray of float64, shape (..., d, d)
        The covariance, read-only.
    cov_object : FactoredCovariance, SingularCovariance or scipy.stats.Covariance
        The covariance with its factor; what was given as `cov`, if that was one.
    dim : int
        The number of dimensions d.
    allow_singular : bool
        Whether the covariance may be singular.
    random_state
        What `rvs` draws from; that of `dist` until it is set.

    Raises
    ------
    ValueError, TypeError, numpy.linalg.LinAlgError
        As described there.

    Examples
    --------
    >>> from fastdist import multivariate_normal
    >>> body = multivariate_normal([170, 70], [[100, 60], [60, 80]])
    >>> body.dim, body.logpdf([180, 75]).round(6)
    (2, np.float64(-6.543921))
    """

    def __init__(
        self,
        dist: MultivariateNormal,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool | None = False,
        seed: Any = None,
        maxpts: int | None = None,
        abseps: float = 1e-5,
        releps: float = 1e-5,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> None:
        self.dist = dist
        self._mean, self._factored, self.cov_object = process_parameters(
            mean, cov, allow_singular, scale_tril, precision
        )
        self.dim = self._mean.shape[-1]
        self.allow_singular = bool(allow_singular) or isinstance(self._factored, SingularCovariance)
        self.maxpts = maxpts or 1_000_000 * self.dim
        self.abseps = abseps
        self.releps = releps
        if seed is not None:
            self.random_state = seed
        self._batch: tuple[int, ...] = ()
        self._batched = self._mean.ndim > 1 or len(self._factored.shape) > 2
        if self._batched:
            self._batch = np.broadcast_shapes(self._mean.shape[:-1], self._factored.shape[:-2])
        self._whitener = self._new_whitener()

    def _new_whitener(self) -> density.Whitener | None:
        """What evaluates few points in no time, for one regular distribution."""
        if self._batched or not isinstance(self._factored, FactoredCovariance):
            return None
        return density.Whitener(self._mean, self._factored.scale_tril, float(self._factored.log_peak))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_whitener"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        # A pickled mean may lie in a buffer of the caller's, unaligned.
        self._mean = np.array(self._mean, np.float64)
        self._whitener = self._new_whitener()

    def __copy__(self) -> Self:
        """Another, with a stream of its own: see `__deepcopy__`."""
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Another, with a stream of its own that goes on as this one does.

        One without, which draws from ``dist.random_state``, or from NumPy's global RandomState, still does.
        What is frozen is shared, since nothing writes to it.
        """
        twin = type(self).__new__(type(self))
        vars(twin).update(vars(self))
        memo[id(self)] = twin
        if self._random_state is not check_random_state(np.random):
            twin._random_state = deepcopy(self._random_state, memo)
        return twin

    def __repr__(self) -> str:
        batch = f", batch of shape {self._batch}" if self._batched else ""
        return f"<multivariate_normal in {self.dim} dimension{'s' * (self.dim != 1)}{batch}>"

    @property
    def mean(self) -> Array:
        return read_only(np.asarray(self._mean, np.float64), READ_ONLY.format("mean"))

    @property
    def cov(self) -> Array:
        return read_only(np.asarray(self.cov_object.covariance, np.float64), READ_ONLY.format("cov"))

    def _inherited_random_state(self) -> Source:
        return self.dist.random_state

    def _of_points(self, function: Callable[[Array, Array], Any], x: ArrayLike) -> Any:
        """``function(points, mean)``, in SciPy's shape."""
        out = function(process_quantiles(x, self.dim, self._batched), self._mean)
        return out if self._batched else squeeze(out)

    def logpdf(self, x: ArrayLike) -> Any:
        """Logarithm of the probability density: `fastdist.multivariate_normal.logpdf`."""
        if self._whitener is not None and (value := self._whitener.logpdf(x)) is not None:
            return value
        return self._of_points(self._factored.logpdf, x)

    def pdf(self, x: ArrayLike) -> Any:
        """Probability density: `fastdist.multivariate_normal.pdf`."""
        if self._whitener is not None and (value := self._whitener.pdf(x)) is not None:
            return value
        return self._of_points(self._factored.pdf, x)

    def mahalanobis(self, x: ArrayLike) -> Any:
        """Distance from the mean, in standard deviations: `fastdist.multivariate_normal.mahalanobis`."""
        if self._whitener is not None and (value := self._whitener.squared_mahalanobis(x)) is not None:
            return np.sqrt(value)
        squared = self._of_points(self._factored.squared_mahalanobis, x)
        return np.sqrt(squared, out=squared if squared.ndim else None)

    def loglikelihood(self, x: ArrayLike) -> np.float64:
        """Sum of the log density over data: `fastdist.multivariate_normal.loglikelihood`."""
        return loglikelihood(x, self._mean, self._factored, self._batched)

    def entropy(self) -> Any:
        """Differential entropy: `fastdist.multivariate_normal.entropy`."""
        entropy = self._factored.rank / 2 - self._factored.log_peak
        return np.broadcast_to(entropy, self._batch).copy()[()] if self._batched else entropy

    def rvs(self, size: Size = 1, random_state: Any = None) -> Any:
        """Draw random rows: `fastdist.multivariate_normal.rvs`."""
        rng = self._source(random_state)
        represented = not isinstance(self.cov_object, Factored)
        if self._batched:
            return self._rvs_of_batch(rng, None if type(size) is int and size == 1 else size)
        if represented and (size is None or (not np.iterable(size) and not size)):
            size = ()  # as SciPy reads it
        if isinstance(rng, Generator):
            out = self._rvs_of_generator(rng, size)
        elif represented:
            out = self._mean + self.cov_object.colorize(rng.normal(size=(*as_shape(size), self.dim)))  # type: ignore[arg-type]
        else:
            shape = None if size is None else as_shape(size)
            out = rng.multivariate_normal(self._mean, self.cov, shape, "ignore")  # it has been checked
        return out if represented else squeeze(out)

    def _rvs_of_generator(self, rng: Generator, size: Size) -> Array:
        """Rows that a `fastdist.Generator` draws."""
        if isinstance(self._factored, FactoredCovariance):
            return rng.multivariate_normal(self._mean, size=size, scale_tril=self._factored.scale_tril)
        return rng.multivariate_normal(self._mean, self._factored.covariance, size, "ignore")

    def _rvs_of_batch(self, rng: Source, size: Size) -> Array:
        """One row for each, or as many as `size` says."""
        factored = self._factored
        if isinstance(rng, Generator):
            return self._rvs_of_generator(rng, size)
        rows = self._batch if size is None else as_shape(size)
        check_batch(rows, self._batch)
        z = rng.standard_normal((*rows, self.dim))
        if isinstance(factored, SingularCovariance):
            drawn: Array = self._mean + factored.colorize(z)
        else:
            drawn = sampling.colorize(z, self._mean, factored.scale_tril)
        return drawn

    def cdf(self, x: ArrayLike, *, lower_limit: ArrayLike | None = None, rng: Any = None) -> Any:
        """Probability of values up to `x` in each component: `fastdist.multivariate_normal.cdf`."""
        return self._scipy("cdf", x, lower_limit, rng)

    def logcdf(self, x: ArrayLike, *, lower_limit: ArrayLike | None = None, rng: Any = None) -> Any:
        """Logarithm of that probability: `fastdist.multivariate_normal.logcdf`."""
        return self._scipy("logcdf", x, lower_limit, rng)

    def _scipy(self, name: str, x: ArrayLike, lower_limit: Any, rng: Any) -> Any:
        try:
            from scipy.stats import multivariate_normal
        except ImportError as error:
            raise ImportError(
                f"multivariate_normal.{name} needs SciPy: pip install 'fastdist-kernels[scipy]'"
            ) from error
        if self._batched:
            raise ValueError(f"{name} takes one mean and one cov, not a batch of shape {self._batch}")
        points = process_quantiles(x, self.dim, False)
        if lower_limit is not None:
            lower_limit = real(lower_limit, "lower_limit", ValueError)
            _check_broadcast("lower_limit and x", lower_limit.shape, points.shape, np.shape(x))
        cov = self.cov if isinstance(self.cov_object, Factored) else self.cov_object
        keywords = {} if rng is None else {"rng": rng}
        # What may be singular has been settled; SciPy would refuse more.
        return getattr(multivariate_normal, name)(
            points,
            self._mean,
            cov,
            True,
            self.maxpts,
            self.abseps,
            self.releps,
            lower_limit=lower_limit,
            **keywords,
        )

    def marginal(self, dimensions: ArrayLike) -> FrozenMultivariateNormal:
        """The distribution of some of the components: `fastdist.multivariate_normal.marginal`."""
        chosen = check_dimensions(dimensions, self.dim)
        mean = self._mean[..., chosen]
        cov = entries(self._factored.covariance, chosen)
        part = of_covariance(cov, self.allow_singular, known_semidefinite=True)
        return self.dist.freeze(mean, part, self.allow_singular)

    def conditional(self, indices: ArrayLike, values: ArrayLike) -> FrozenMultivariateNormal:
        """The distribution of the others, given some: `fastdist.multivariate_normal.conditional`."""
        given, others, values = check_given(indices, values, self.dim)
        if self._batch:
            _check_broadcast("values and the batch of distributions", values.shape[:-1], self._batch)
        order = np.concatenate([given, others])
        mean = self._mean[..., order]
        joint = entries(self._factored.covariance, order)
        factor = cholesky.cholesky(joint)
        if np.isnan(factor).any() or not isinstance(self._factored, FactoredCovariance):
            return self._conditional_of_singular(values, mean, joint)
        conditional_mean = mean_given(values, mean, factor)
        _check_distance(conditional_mean, values, mean)
        rest = factor[..., given.size :, given.size :].copy()
        return self.dist.freeze(conditional_mean, FactoredCovariance(rest))

    @np.errstate(all="ignore")
    def _conditional_of_singular(self, values: Array, mean: Array, joint: Array) -> FrozenMultivariateNormal:
        """`conditional` by the Schur complement, which may be singular: rounding errors are no variances."""
        count = values.shape[-1]
        given = joint[..., :count, :count]
        factor = cholesky.cholesky(given)
        if not np.all(is_regular(factor, given)):
            raise LinAlgError(
                "The covariance of the components that are given is singular: some determine the others. "
                "Name fewer in `indices`."
            )
        origin = np.zeros(count)
        w = density.whiten(values, mean[..., :count], factor)
        cross = density.whiten(joint[..., count:, :count], origin, factor[..., None, :, :])  # L_ab
        conditional_mean, cov = mean[..., count:], joint[..., count:, count:]
        for k in range(count):
            column = cross[..., k]
            conditional_mean = conditional_mean + w[..., k, None] * column
            cov = cov - column[..., :, None] * column[..., None, :]
        _check_distance(conditional_mean, values, mean)
        left, whole = (np.diagonal(a, axis1=-2, axis2=-1) for a in (cov, joint))
        free = left > SINGULAR * whole[..., count:]
        cov = np.where(free[..., :, None] & free[..., None, :], cov, 0.0)
        part = of_covariance(cov, allow_singular=True, known_semidefinite=True)
        return self.dist.freeze(conditional_mean, part, allow_singular=True)

    @np.errstate(all="ignore")
    def kl_divergence(self, other: Any) -> Any:
        """Divergence from another, in nats: `fastdist.multivariate_normal.kl_divergence`."""
        other = self._same_space(other)
        regular = [isinstance(d._factored, FactoredCovariance) for d in (self, other)]
        if not all(regular):
            if not any(regular):
                raise ValueError("kl_divergence of two singular distributions: one must be regular")
            return np.full(np.broadcast_shapes(self._batch, other._batch), np.inf)[()]
        factor, origin = other._factored.scale_tril, np.zeros(self.dim)
        # Row j is L1^-1 times column j of L0.
        transposed = density.whiten(self._factored.scale_tril.mT, origin, factor[..., None, :, :])  # type: ignore[union-attr]
        squares = density.squared_mahalanobis(self._mean, other.mean, factor)
        diagonal = np.diagonal(transposed, axis1=-2, axis2=-1)
        excess = (diagonal - 1) * (diagonal + 1)  # M_ii^2 - 1: exact where M_ii is near 1, but -1 near 0
        log = np.where(np.abs(diagonal - 1) < 0.5, np.log1p(excess), 2 * np.log(diagonal))
        squares = squares + np.sum(excess - log, axis=-1)
        squares = squares + np.sum(np.triu(transposed, 1) ** 2, axis=(-2, -1))
        if np.isnan(squares).any():  # an overflow may end in inf - inf, but no term is negative
            unknown = np.isnan(self._mean - other.mean).any(axis=-1)
            squares = np.where(np.isnan(squares) & ~unknown, np.inf, squares)[()]
        return squares / 2

    @np.errstate(all="ignore")
    def wasserstein(self, other: Any) -> Any:
        """2-Wasserstein distance from another: `fastdist.multivariate_normal.wasserstein`."""
        other = self._same_space(other)
        first, second = self._factored.factor, other._factored.factor
        u, _, vt = np.linalg.svd(second.mT @ first)
        apart = first - second @ (u @ vt)
        means = self._mean - other.mean
        batch = np.broadcast_shapes(means.shape[:-1], apart.shape[:-2])
        apart = np.broadcast_to(apart.reshape(*apart.shape[:-2], -1), (*batch, self.dim**2))
        both = np.concatenate([np.broadcast_to(means, (*batch, self.dim)), apart], axis=-1)
        distance = np.hypot.reduce(both, axis=-1)  # no squares, which overflow where the distance does not
        if np.isinf(distance).any():  # which hypot makes of inf and NaN
            distance = np.where(np.isnan(both).any(axis=-1), np.nan, distance)
        return distance[()]

    def confidence_ellipse(self, level: float = 0.95) -> ConfidenceEllipse:
        """The ellipse with a given probability: `fastdist.multivariate_normal.confidence_ellipse`."""
        if self.dim != 2 or self._batched:
            what = "a batch" if self._batched else f"one in {self.dim}"
            raise ValueError(f"confidence_ellipse needs one distribution in 2 dimensions, not {what}")
        factor = self._factored.factor
        root = abs(float(factor[0, 0]) * float(factor[1, 1]) - float(factor[0, 1]) * float(factor[1, 0]))
        return ellipse_of(self._mean, self._factored.covariance, root, level)

    def _same_space(self, other: Any) -> FrozenMultivariateNormal:
        """Another distribution as one of this class."""
        if not isinstance(other, type(self)):
            if not (hasattr(other, "mean") and hasattr(other, "cov")):
                raise TypeError(
                    f"other must be a multivariate normal distribution, not {type(other).__name__}"
                )
            other = self.dist.freeze(other.mean, other.cov, allow_singular=True)
        if other.dim != self.dim:
            raise ValueError(
                f"the distributions have {self.dim} and {other.dim} dimensions: they must have equally many"
            )
        if self._batch and other._batch:
            _check_broadcast("the batches of the two distributions", self._batch, other._batch)
        same: FrozenMultivariateNormal = other
        return same


def _check_broadcast(
    what: str, one: tuple[int, ...], other: tuple[int, ...], given: tuple[int, ...] | None = None
) -> None:
    """Raise a ValueError unless these shapes broadcast; `given` is the other one before it was changed."""
    try:
        np.broadcast_shapes(one, other)
    except ValueError:
        shapes = f"{one} and {other if given is None else given}"
        raise ValueError(f"{what} must broadcast: they are of shapes {shapes}") from None


def _check_distance(conditional_mean: Array, values: Array, mean: Array) -> None:
    """Raise a ValueError if values are infinitely far from their mean: then no conditional one is finite."""
    if not np.isfinite(conditional_mean).all():
        check_not_infinite(values, "values")
        with np.errstate(all="ignore"):
            check_not_infinite(values - mean[..., : values.shape[-1]], "values - mean")
