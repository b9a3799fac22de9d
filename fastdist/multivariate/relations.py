"""What follows from a multivariate normal distribution: marginals, conditionals, distances, ellipses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import ArrayLike, NDArray

from fastdist._dispatch import cholesky
from fastdist._dispatch import multivariate_density as density
from fastdist._dispatch import multivariate_sampling as sampling
from fastdist.covariance.checks import as_array, check_not_infinite, entries, is_regular, real
from fastdist.covariance.ellipse import ConfidenceEllipse, ellipse_of
from fastdist.covariance.factors import SINGULAR, FactoredCovariance
from fastdist.multivariate.parameters import of_covariance

if TYPE_CHECKING:
    from fastdist.multivariate.frozen import FrozenMultivariateNormal
    from fastdist.multivariate.normal import MultivariateNormal
    from fastdist.multivariate.parameters import Factored

Array = NDArray[Any]


class MultivariateNormalRelations:
    """The distributions and distances that a frozen distribution leads to."""

    dist: MultivariateNormal
    _mean: Array
    dim: int
    allow_singular: bool
    _factored: Factored
    _batched: bool
    _batch: tuple[int, ...]

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
        part = of_covariance(self._covariance_of(chosen), self.allow_singular, known_semidefinite=True)
        return self.dist.freeze(mean, part, self.allow_singular)._reshaped(mean.shape, part.shape)

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
        if not np.size(indices):
            raise ValueError("`indices` is empty: name one component at least.")
        given = check_dimensions(indices, self.dim, "indices", "variables that are given")
        others = np.setdiff1d(np.arange(self.dim), given)
        if not others.size:
            raise ValueError("Cannot condition on all dimensions. Leave at least one out of `indices`.")
        values = np.atleast_1d(real(values, "values", ValueError))
        count = given.size
        if values.shape[-1] != count:
            raise ValueError(
                f"values have {values.shape[-1]} components, but indices name {count}: "
                f"values must be of shape (..., {count}), not {values.shape}"
            )
        if self._batch:
            _check_broadcast("values and the batch of distributions", values.shape[:-1], self._batch)
        order = np.concatenate([given, others])
        mean = self._mean[..., order]
        joint = self._covariance_of(order)
        factor = cholesky.cholesky(joint)
        if np.isnan(factor).any() or not isinstance(self._factored, FactoredCovariance):
            return self._conditional_of_singular(values, mean, joint)
        conditional_mean = mean_given(values, mean, factor)
        _check_distance(conditional_mean, values, mean)
        conditional_factor = factor[..., count:, count:].copy()
        conditional = self.dist.freeze(conditional_mean, scale_tril=conditional_factor)
        return conditional._reshaped(conditional_mean.shape, conditional_factor.shape)

    @np.errstate(all="ignore")
    def _conditional_of_singular(self, values: Array, mean: Array, joint: Array) -> FrozenMultivariateNormal:
        """The same by the Schur complement, which may be singular: rounding errors are no variances."""
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
        conditional = self.dist.freeze(conditional_mean, part, allow_singular=True)
        return conditional._reshaped(conditional_mean.shape, cov.shape)

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

    def _covariance_of(self, components: NDArray[np.intp]) -> Array:
        """That of some components."""
        return entries(self._factored.covariance, components)

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


def _check_broadcast(what: str, one: tuple[int, ...], other: tuple[int, ...]) -> None:
    """Raise a ValueError unless these shapes broadcast."""
    try:
        np.broadcast_shapes(one, other)
    except ValueError:
        raise ValueError(f"{what} must broadcast: they are of shapes {one} and {other}") from None


def _check_distance(conditional_mean: Array, values: Array, mean: Array) -> None:
    """Raise a ValueError if values are infinitely far from their mean: then no conditional one is finite."""
    if not np.isfinite(conditional_mean).all():
        check_not_infinite(values, "values")
        with np.errstate(all="ignore"):
            check_not_infinite(values - mean[..., : values.shape[-1]], "values - mean")


def mean_given(values: Array, mean: Array, factor: Array) -> Array:
    """The mean of the last components, given values of the first: what `conditional` computes.

    `factor` is that of the joint covariance; batches broadcast, as of a ufunc.
    """
    count, d = values.shape[-1], factor.shape[-1]
    w = density.whiten(values, mean[..., :count], factor[..., :count, :count])
    # m_a + L_ab w is what L makes of (w, 0), in its second part.
    z = np.concatenate([w, np.zeros((*w.shape[:-1], d - count))], axis=-1)
    conditional_mean: Array = sampling.colorize(z, mean, factor)[..., count:]
    return conditional_mean


def check_dimensions(
    dimensions: ArrayLike,
    dim: int,
    name: str = "dimensions",
    purpose: str = "marginal variables being retained",
) -> NDArray[np.intp]:
    """Indices of components, not negative, with SciPy's checks and messages."""
    given = np.atleast_1d(as_array(dimensions, f"`{name}`"))
    if not given.size:
        raise ValueError("Cannot marginalize all dimensions. Name at least one that is retained.")
    if given.dtype.kind not in "iu":
        raise ValueError(
            f"Elements of `{name}` must be integers - the indices of the {purpose}. "
            f"The dtype is {given.dtype}."
        )
    chosen = given.astype(np.intp)  # in which dim is added, whatever the dtype was
    chosen = np.where(given < 0, chosen + dim, chosen)
    if chosen.ndim > 1:
        raise ValueError(
            f"All elements of `{name}` must be unique, along one axis: the shape is {given.shape}."
        )
    if np.unique(chosen).size != chosen.size:
        found, times = np.unique(chosen, return_counts=True)
        same = given[chosen == found[times > 1][0]].tolist()
        raise ValueError(f"All elements of `{name}` must be unique: {same} are the same.")
    wrong = (chosen < 0) | (chosen >= dim)
    if wrong.any():
        raise ValueError(
            f"Dimensions {given[wrong]} are invalid for a distribution in {dim} dimensions. "
            f"Valid are {-dim} to {dim - 1}."
        )
    return chosen
