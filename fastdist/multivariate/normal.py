"""A drop-in for ``scipy.stats.multivariate_normal``, with batches, and with all from one factor."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist.covariance.ellipse import ConfidenceEllipse
from fastdist.multivariate.frozen import FrozenMultivariateNormal
from fastdist.multivariate.likelihood import fit
from fastdist.random.generator import Size
from fastdist.random.random_state import HasRandomState


class MultivariateNormal(HasRandomState):
    """The multivariate normal distribution with mean `mean` and covariance `cov`.

    ``multivariate_normal(mean, cov)`` is the distribution with these parameters kept, its covariance factored
    once: see `freeze`.

    Parameters
    ----------
    x : array_like, shape (..., d)
        Points or data, their components along the last axis.  Data may be a memory map larger than memory.
    mean : array_like, shape (..., d), optional
        Mean; None for zeros.
    cov : array_like or scipy.stats.Covariance, optional
        Covariance, of shape (..., d, d), finite, symmetric and positive definite; a 1-D array is its
        diagonal, a number that of all variances.
    allow_singular : bool, optional
        Whether the covariance may be singular: of the variances that are left when the components are taken
        in turn, the largest first, those below 2.2e-10 of the first are zeros.  Then the density is that on
        its support.  Batches of covariances must be regular; those of means may share a singular one.  None,
        which SciPy does not accept, takes a covariance as singular only where it cannot be taken as regular;
        `rvs` and `entropy` always do so.
    scale_tril : array_like, shape (..., d, d), optional
        Instead of `cov`: its factor L, ``cov = L @ L.T``, lower triangular with a positive diagonal.
    precision : array_like, shape (..., d, d), optional
        Instead of `cov`: its inverse.
    other : FrozenMultivariateNormal
        Another distribution, or anything with a `mean` and a `cov`, of as many dimensions.
    maxpts : int, optional
        For `cdf` and `logcdf`: the largest number of points of the integration, a million for each dimension
        by default.
    abseps, releps : float, optional
        For `cdf` and `logcdf`: the absolute and the relative error that is tolerated.
    seed : optional
        What `rvs` draws from if nothing else is given: all that its ``random_state`` accepts.

    Attributes
    ----------
    random_state : numpy.random.Generator or numpy.random.RandomState
        What `rvs` draws from; made from `seed`, or a `fastdist.Generator` on fresh entropy.

    Raises
    ------
    ValueError
        If shapes or dimensions do not match, or `mean` is empty; if a matrix is not finite, not symmetric, or
        has negative eigenvalues; if `scale_tril` is not a factor; if an argument holds strings.
    numpy.linalg.LinAlgError
        A ValueError, too: unless ``allow_singular=True``, if the covariance is singular or not symmetric;
        if `precision` is not positive definite.
    TypeError
        If an argument is complex, or not a number; if more than one of `cov`, `scale_tril` and `precision` is
        given; if `other` is no distribution.

    Notes
    -----
    Only `seed` is a parameter of the class.  The others are shared by the methods, and so are the errors.

    `pdf`, `logpdf` and `mahalanobis` return an array of shape (...), or a number: of float32 for float32 `x`,
    else of float64.  Axes of length 1 are removed, unless there is a batch.

    The interface is that of `scipy.stats.multivariate_normal`: the same order of arguments, the same shapes,
    the same errors.

    Beyond SciPy: `scale_tril` and `precision` instead of `cov`; means of shape (..., d) and covariances of
    shape (..., d, d), which broadcast against each other and against x of shape (..., d), and of whose
    results no axis is removed; `mahalanobis`, `conditional`, `loglikelihood`, `kl_divergence`, `wasserstein`
    and `confidence_ellipse`.

    A point is infinitely far from the mean if it is so in one coordinate: its density is 0 and its
    distance inf, unless another coordinate of ``x - mean`` is NaN.  Then both are NaN.

    What differs from SciPy: a covariance must be finite and symmetric (SciPy reads its lower triangle), and
    is regular as long as its factor can be told from rounding errors, up to condition numbers of some
    1e15 / d of its correlations (SciPy refuses more than 4.5e9; with ``allow_singular=True``, the same is
    singular here as there, but for least eigenvalues between the limit and some d times less).
    float32 x give float32, complex numbers are refused, an integer `random_state` names another stream (a
    NumPy Generator or RandomState gives the values that it gives SciPy), and without one numbers are drawn
    from ``multivariate_normal.random_state``.  `fit` gives float64.
    ``cdf`` and ``logcdf`` are SciPy's: ``pip install 'fastdist-kernels[scipy]'``.

    Examples
    --------
    >>> from fastdist import multivariate_normal
    >>> multivariate_normal.pdf([[0, 0], [1, 1]], mean=[0, 0], cov=[[2, 0.5], [0.5, 1]]).round(6)
    array([0.12031 , 0.067941])
    """

    def __init__(self, seed: Any = None) -> None:
        self.random_state = seed

    def __reduce__(self) -> str | tuple[Any, ...]:
        if self is multivariate_normal:
            return "multivariate_normal"
        return type(self), (self._random_state,)

    def freeze(
        self,
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
    ) -> FrozenMultivariateNormal:
        """The distribution with its parameters: ``multivariate_normal(mean, cov)``.

        Returns
        -------
        FrozenMultivariateNormal
            With the methods of `multivariate_normal`, which need none of these.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> body = multivariate_normal([170, 70], [[100, 60], [60, 80]])
        >>> body.pdf([170, 70]).round(6), body.entropy().round(6)
        (np.float64(0.002399), np.float64(7.032557))
        """
        return FrozenMultivariateNormal(
            self,
            mean,
            cov,
            allow_singular,
            seed,
            maxpts,
            abseps,
            releps,
            scale_tril=scale_tril,
            precision=precision,
        )

    __call__ = freeze

    def rvs(
        self,
        mean: Any = None,
        cov: Any = 1,
        size: Size = 1,
        random_state: Any = None,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> Any:
        """Draw random rows.

        The covariance may be singular, unless it is one of a batch.

        Parameters
        ----------
        size : int or tuple of ints, optional
            How many.  For a batch the whole shape to which it broadcasts, less the last axis, and 1 stands
            for one row for each member.
        random_state : optional
            None draws from ``multivariate_normal.random_state``; all else is read as by `fastdist.norm.rvs`.

        Returns
        -------
        float64 or ndarray of float64, shape (..., d)
            What `Generator.multivariate_normal` draws; of a NumPy Generator or RandomState, what it draws
            itself.  Without axes of length 1, unless there is a batch, or `cov` is a
            `scipy.stats.Covariance`.

        Raises
        ------
        ValueError, TypeError
            As `Generator.multivariate_normal` raises them for `size`; ValueError also for any other
            `random_state`.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.rvs([0, 10], [[4, 1], [1, 1]], size=5, random_state=7).shape
        (5, 2)
        """
        frozen = self.freeze(mean, cov, None, scale_tril=scale_tril, precision=precision)
        return frozen.rvs(size, random_state)

    def pdf(
        self,
        x: ArrayLike,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool = False,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> Any:
        """Probability density, ``exp(logpdf(x))``.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.pdf([1, 0], cov=[[4, 1], [1, 1]]).round(6)
        np.float64(0.077782)
        """
        return self.freeze(mean, cov, allow_singular, scale_tril=scale_tril, precision=precision).pdf(x)

    def logpdf(
        self,
        x: ArrayLike,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool = False,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> Any:
        """Logarithm of the probability density.

        It is ``-(d log(2 pi) + log det cov + |L^-1 (x - mean)|^2) / 2`` with ``cov = L L^T``; -inf outside of
        the support of a singular distribution, on which its density is [1]_.

        References
        ----------
        .. [1] C. R. Rao, Linear Statistical Inference and its Applications (1973), section 8a.4.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.logpdf([[1, 0], [0, 0]], cov=[[4, 1], [1, 1]]).round(6)
        array([-2.55385 , -2.387183])

        A point for each of two means:

        >>> multivariate_normal.logpdf([1, 0], mean=[[1, 0], [0, 0]], cov=[[4, 1], [1, 1]]).round(6)
        array([-2.387183, -2.55385 ])
        """
        return self.freeze(mean, cov, allow_singular, scale_tril=scale_tril, precision=precision).logpdf(x)

    def mahalanobis(
        self,
        x: ArrayLike,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool = False,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> Any:
        """Mahalanobis distance from the mean, ``sqrt((x - mean)^T cov^-1 (x - mean))``.

        It is the distance in standard deviations, not its square; inf outside of the support of a singular
        distribution.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.mahalanobis([4, 0], cov=[[4, 0], [0, 1]])
        np.float64(2.0)
        """
        frozen = self.freeze(mean, cov, allow_singular, scale_tril=scale_tril, precision=precision)
        return frozen.mahalanobis(x)

    def loglikelihood(
        self,
        x: ArrayLike,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool = False,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> np.float64:
        """Log-likelihood of data, ``logpdf(x).sum()``.

        It is computed in float64 for all dtypes; 0 for no data.

        Notes
        -----
        The data are read once, and no array of their size is made.  Sums are compensated and in a fixed
        order: neither the number of threads nor the layout in memory affects the result.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.loglikelihood([[1, 0], [0, 0]], cov=[[4, 1], [1, 1]]).round(6)
        np.float64(-4.941033)
        """
        frozen = self.freeze(mean, cov, allow_singular, scale_tril=scale_tril, precision=precision)
        return frozen.loglikelihood(x)

    def cdf(
        self,
        x: ArrayLike,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool = False,
        maxpts: int | None = None,
        abseps: float = 1e-5,
        releps: float = 1e-5,
        *,
        lower_limit: ArrayLike | None = None,
        rng: Any = None,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> Any:
        """Probability of values up to `x` in each component, ``P(X <= x)``.

        Parameters
        ----------
        lower_limit : array_like, optional
            Lower ends of the components; -inf by default.
        rng : numpy.random.Generator, optional
            For the quasi-Monte Carlo integration in more than two dimensions.

        Returns
        -------
        float64 or ndarray of float64, shape (...)
            By numerical integration: `scipy.stats.multivariate_normal.cdf`.

        Raises
        ------
        ImportError
            If SciPy is not installed.
        ValueError
            For batches, and as SciPy raises it.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.cdf([0, 0], cov=[[1, 0], [0, 1]]).round(6)
        np.float64(0.25)
        """
        parameters = mean, cov, allow_singular, None, maxpts, abseps, releps
        frozen = self.freeze(*parameters, scale_tril=scale_tril, precision=precision)
        return frozen.cdf(x, lower_limit=lower_limit, rng=rng)

    def logcdf(
        self,
        x: ArrayLike,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool = False,
        maxpts: int | None = None,
        abseps: float = 1e-5,
        releps: float = 1e-5,
        *,
        lower_limit: ArrayLike | None = None,
        rng: Any = None,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> Any:
        """Logarithm of the probability of values up to `x` in each component, ``log(cdf(x))``.

        Its parameters and errors are those of `cdf`: `scipy.stats.multivariate_normal.logcdf`.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.logcdf([0, 0], cov=[[1, 0], [0, 1]]).round(6)
        np.float64(-1.386294)
        """
        parameters = mean, cov, allow_singular, None, maxpts, abseps, releps
        frozen = self.freeze(*parameters, scale_tril=scale_tril, precision=precision)
        return frozen.logcdf(x, lower_limit=lower_limit, rng=rng)

    def entropy(
        self,
        mean: Any = None,
        cov: Any = 1,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> Any:
        """Differential entropy in nats, ``(d (1 + log(2 pi)) + log det cov) / 2``.

        The covariance may be singular, unless it is one of a batch: then d is its rank, and the determinant
        its pseudo-determinant.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.entropy([0, 0], [[4, 1], [1, 1]]).round(6)
        np.float64(3.387183)
        """
        return self.freeze(mean, cov, None, scale_tril=scale_tril, precision=precision).entropy()

    def marginal(
        self,
        dimensions: ArrayLike,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool = False,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> FrozenMultivariateNormal:
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
        >>> cov = [[4, 1, 0], [1, 2, 1], [0, 1, 3]]
        >>> multivariate_normal.marginal([2, 0], [1, 2, 3], cov).cov
        array([[3., 0.],
               [0., 4.]])
        """
        frozen = self.freeze(mean, cov, allow_singular, scale_tril=scale_tril, precision=precision)
        return frozen.marginal(dimensions)

    def conditional(
        self,
        indices: ArrayLike,
        values: ArrayLike,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool = False,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> FrozenMultivariateNormal:
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
        >>> weight = multivariate_normal.conditional(0, 180, [170, 70], [[100, 60], [60, 80]])
        >>> weight.mean, weight.cov
        (array([76.]), array([[44.]]))
        """
        frozen = self.freeze(mean, cov, allow_singular, scale_tril=scale_tril, precision=precision)
        return frozen.conditional(indices, values)

    def kl_divergence(
        self,
        other: Any,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool = False,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> Any:
        """Kullback-Leibler divergence of this distribution from `other`, KL(this || other), in nats.

        Returns
        -------
        float64 or ndarray of float64
            ``E[logpdf(X) - other.logpdf(X)]``, X of this distribution, of the shape to which batches
            broadcast.  inf if one of the two is singular, or a mean infinitely far from the other; NaN if
            that distance is.

        Raises
        ------
        ValueError
            If both are singular.

        Notes
        -----
        With ``M = L1^-1 L0``, where L0 and L1 are the factors of this distribution and of `other`, and
        ``y = L1^-1 (m0 - m1)``,

            (|y|^2 + sum_{i>j} M_ij^2 + sum_i (M_ii^2 - 1 - ln M_ii^2)) / 2,

        a sum of terms none of which is negative.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> other = multivariate_normal([1, 0], [[1, 0], [0, 1]])
        >>> multivariate_normal.kl_divergence(other, [0, 0], [[1, 0], [0, 1]])
        np.float64(0.5)
        """
        frozen = self.freeze(mean, cov, allow_singular, scale_tril=scale_tril, precision=precision)
        return frozen.kl_divergence(other)

    def wasserstein(
        self,
        other: Any,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool = False,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> Any:
        """2-Wasserstein distance from another distribution, which is a metric.

        Returns
        -------
        float64 or ndarray of float64
            The distance, of the shape to which batches broadcast; both may be singular.  inf if a mean is
            infinitely far from the other; NaN if that distance is.

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
        >>> other = multivariate_normal([3, 4], [1, 4])
        >>> multivariate_normal.wasserstein(other, [0, 0], [1, 4]).round(12)
        np.float64(5.0)
        """
        frozen = self.freeze(mean, cov, allow_singular, scale_tril=scale_tril, precision=precision)
        return frozen.wasserstein(other)

    def confidence_ellipse(
        self,
        level: float = 0.95,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool = False,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> ConfidenceEllipse:
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
        >>> ellipse = multivariate_normal.confidence_ellipse(0.95, [0, 10], [[4, 0], [0, 1]])
        >>> ellipse.center, round(ellipse.width, 4), round(ellipse.height, 4), ellipse.angle
        ((0.0, 10.0), 9.791, 4.8955, 0.0)
        """
        frozen = self.freeze(mean, cov, allow_singular, scale_tril=scale_tril, precision=precision)
        return frozen.confidence_ellipse(level)

    def fit(
        self, x: ArrayLike, fix_mean: ArrayLike | None = None, fix_cov: ArrayLike | None = None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """The mean and covariance for which data are most likely.

        Parameters
        ----------
        x : array_like, shape (n, d)
            The data; also a memory map larger than memory.
        fix_mean : array_like, shape (d,), optional
            The mean, if it is known.
        fix_cov : array_like, shape (d, d), optional
            The covariance, if it is known.

        Returns
        -------
        mean : ndarray of float64, shape (d,)
            The mean of the data, or a copy of `fix_mean`.  Of a column with an infinity it is infinite, with
            infinities of both signs, or NaN, it is NaN.
        cov : ndarray of float64, shape (d, d)
            The mean of ``(x - mean) (x - mean)^T``, or a copy of `fix_cov`.  NaN for columns that are not
            finite.

        Raises
        ------
        ValueError
            If `x` is not two-dimensional, or a fixed parameter does not fit it; if `fix_cov` is not finite,
            symmetric and positive semidefinite; if an argument holds strings.
        TypeError
            If an argument is complex, or no number.

        Warns
        -----
        RuntimeWarning
            If there are no data: what is not fixed is NaN then.

        Notes
        -----
        The data are read twice, in blocks: for the mean, then for the sums of products of deviations from
        it.  No array of their size is made.  The sums of the mean are compensated: they are as exact as in
        twice the precision.  All sums are in a fixed order: the number of threads does not affect the result.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> mean, cov = multivariate_normal.fit([[0, 1], [2, 1], [4, 4]])
        >>> mean, cov.round(6)
        (array([2., 2.]), array([[2.666667, 2.      ],
               [2.      , 2.      ]]))
        """
        return fit(x, fix_mean, fix_cov)


multivariate_normal = MultivariateNormal()
