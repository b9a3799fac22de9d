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
    mean, cov, allow_singular, scale_tril, precision
        As described there.
    seed : optional
        What `rvs` draws from, as its ``random_state``.
    maxpts, abseps, releps : optional
        For `cdf` and `logcdf`: SciPy's.

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
        if isinstance(self._factored, SingularCovariance):
            return rng.multivariate_normal(self._mean, self._factored.covariance, size, "ignore")
        return rng.multivariate_normal(self._mean, size=size, scale_tril=self._factored.scale_tril)

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
        """The distribution of some of the components.

        Parameters
        ----------
        dimensions : int or 1-D array_like of ints
            Which, and in which order; negative ones count from the end.

        Returns
        -------
        FrozenMultivariateNormal
            With ``mean[dimensions]`` and ``cov[dimensions][:, dimensions]``.

        Raises
        ------
        ValueError
            If `dimensions` is empty, holds no integers, one twice, or one that there is not.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> joint = multivariate_normal([1, 2, 3], [[4, 1, 0], [1, 2, 1], [0, 1, 3]])
        >>> joint.marginal([2, 0]).cov
        array([[3., 0.],
               [0., 4.]])
        """
        chosen = check_dimensions(dimensions, self.dim)
        mean = self._mean[..., chosen]
        cov = entries(self._factored.covariance, chosen)
        part = of_covariance(cov, self.allow_singular, known_semidefinite=True)
        return self.dist.freeze(mean, part, self.allow_singular)

    def conditional(self, indices: ArrayLike, values: ArrayLike) -> FrozenMultivariateNormal:
        """The distribution of the other components, given the values of some.

        Parameters
        ----------
        indices : int or 1-D array_like of ints
            Which components are given: b.
        values : array_like, shape (..., len(indices))
            Their values, which must not be infinite; NaN makes a mean of NaN.  Further axes make a batch of
            distributions, with one covariance.

        Returns
        -------
        FrozenMultivariateNormal
            Of the components a that are not given, in their order.

        Raises
        ------
        ValueError
            If `indices` is empty, holds all of them, no integers, one twice, or one that there is not; if
            `values` is of another length, infinite, or infinitely far from the mean.
        TypeError
            If `values` is complex.
        numpy.linalg.LinAlgError
            If the covariance of the components that are given is singular.

        Notes
        -----
        With S the covariance and m the mean [1]_,

            mean = m_a + S_ab S_bb^-1 (values - m_b),    cov = S_aa - S_ab S_bb^-1 S_ba.

        In the order (b, a) the factor of S is ``[[L_bb, 0], [L_ab, L_aa]]``.  Then the mean is ``m_a + L_ab
        w`` with ``L_bb w = values - m_b``, and L_aa is the factor of the covariance: nothing is subtracted,
        and it stays positive definite.

        References
        ----------
        .. [1] M. L. Eaton, Multivariate Statistics: A Vector Space Approach (1983), proposition 3.13.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> body = multivariate_normal([170, 70], [[100, 60], [60, 80]])
        >>> weight = body.conditional(0, 180)
        >>> weight.mean, weight.cov
        (array([76.]), array([[44.]]))
        """
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
        """Kullback-Leibler divergence of this distribution from `other`, KL(this || other), in nats.

        Parameters
        ----------
        other : FrozenMultivariateNormal
            Or anything with a `mean` and a `cov`, of as many dimensions.

        Returns
        -------
        float64 or ndarray of float64
            ``E[logpdf(X) - other.logpdf(X)]``, X of this distribution, of the shape to which batches
            broadcast.  inf if one of the two is singular, or a mean infinitely far from the other; NaN if
            that distance is.

        Raises
        ------
        ValueError
            If the dimensions differ, or both are singular.
        TypeError
            If `other` is no distribution.

        Notes
        -----
        With ``M = L1^-1 L0``, where L0 and L1 are the factors of this distribution and of `other`, and
        ``y = L1^-1 (m0 - m1)``,

            (|y|^2 + sum_{i>j} M_ij^2 + sum_i (M_ii^2 - 1 - ln M_ii^2)) / 2,

        a sum of terms none of which is negative.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> p, q = multivariate_normal([0, 0], [1, 1]), multivariate_normal([1, 0], [1, 1])
        >>> p.kl_divergence(q)
        np.float64(0.5)
        """
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
        """2-Wasserstein distance from another distribution, which is a metric.

        Parameters
        ----------
        other : FrozenMultivariateNormal
            Or anything with a `mean` and a `cov`, of as many dimensions; both may be singular.

        Returns
        -------
        float64 or ndarray of float64
            The distance, of the shape to which batches broadcast.  inf if a mean is infinitely far from the
            other; NaN if that distance is.

        Raises
        ------
        ValueError
            If the dimensions differ.
        TypeError
            If `other` is no distribution.

        Notes
        -----
        Its square is [1]_ ``|m0 - m1|^2 + tr(S0 + S1 - 2 (S1^1/2 S0 S1^1/2)^1/2)``.  That trace is
        ``|L0 - L1 Q|^2`` for any factors of the covariances, where Q is the orthogonal matrix that brings
        them nearest to each other: ``Q = U V^T`` with the singular value decomposition ``L1^T L0 = U s V^T``.
        So no large numbers cancel.  (By NumPy's LAPACK; the last bits depend on the machine.)

        References
        ----------
        .. [1] M. Gelbrich, "On a formula for the L2 Wasserstein metric between measures on Euclidean and
           Hilbert spaces", Mathematische Nachrichten 147 (1990).

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> p, q = multivariate_normal([0, 0], [1, 4]), multivariate_normal([3, 4], [1, 4])
        >>> p.wasserstein(q).round(12)
        np.float64(5.0)
        """
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
        """The ellipse that holds a two-dimensional variable with a given probability.

        Parameters
        ----------
        level : float, optional
            The probability, in [0, 1).

        Returns
        -------
        ConfidenceEllipse
            With `center`, `width`, `height` and `angle`, drawn by ``matplotlib.patches.Ellipse(e.center,
            e.width, e.height, angle=e.angle)``; and with ``points()``, the line itself.

        Raises
        ------
        ValueError
            If `level` is outside of [0, 1), or this is not one distribution in two dimensions.

        Notes
        -----
        Squared Mahalanobis distances have a chi-square distribution with 2 degrees of freedom, whose quantile
        is ``-2 log(1 - level)``; so the half axes are the square roots of this times the eigenvalues of the
        covariance.  The ellipse of one standard deviation has level 0.3935, not 0.6827.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> ellipse = multivariate_normal([0, 10], [[4, 0], [0, 1]]).confidence_ellipse(0.95)
        >>> ellipse.center, round(ellipse.width, 4), round(ellipse.height, 4), ellipse.angle
        ((0.0, 10.0), 9.791, 4.8955, 0.0)
        """
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
