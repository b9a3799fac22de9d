"""The functions of `fastdist.multivariate_normal` with their parameters: each call freezes a distribution.

Of points and of data: density, distance, likelihood, distribution function.  Of the distribution alone:
marginals, conditionals, distances from others, ellipses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from fastdist.covariance.ellipse import ConfidenceEllipse

if TYPE_CHECKING:
    from fastdist.multivariate.frozen import FrozenMultivariateNormal


class MultivariateNormalFunctions:
    """What `fastdist.multivariate_normal` makes of points x, and of its parameters."""

    freeze: Callable[..., FrozenMultivariateNormal]

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
        """Probability density.

        Parameters
        ----------
        x : array_like, shape (..., d)
            Points, their components along the last axis.
        mean, cov, allow_singular, scale_tril, precision : optional
            The parameters, as `freeze` takes them.

        Returns
        -------
        float64, float32 or ndarray, shape (...)
            ``exp(logpdf(x))``, float32 for float32 `x`; without axes of length 1, unless there is a batch.  0
            if a coordinate is infinitely far from the mean; NaN if one of ``x - mean`` is NaN.

        Raises
        ------
        ValueError, TypeError, numpy.linalg.LinAlgError
            As `freeze` raises them; ValueError also if `x` has not d components, or holds strings; TypeError
            if it is complex.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.pdf([1, 0], cov=[[4, 1], [1, 1]]).round(6)
        np.float64(0.077782)
        """
        frozen = self.freeze(mean, cov, allow_singular, scale_tril=scale_tril, precision=precision)
        return frozen.pdf(x)

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

        Parameters
        ----------
        x : array_like, shape (..., d)
            Points, their components along the last axis.
        mean, cov, allow_singular, scale_tril, precision : optional
            The parameters, as `freeze` takes them.

        Returns
        -------
        float64, float32 or ndarray, shape (...)
            ``-(d log(2 pi) + log det cov + |L^-1 (x - mean)|^2) / 2`` with ``cov = L L^T``, float32 for
            float32 `x`; without axes of length 1, unless there is a batch.  -inf outside of the support of a
            singular distribution, on which its density is [1]_, and if a coordinate is infinitely far from
            the mean; NaN if one of ``x - mean`` is NaN.

        Raises
        ------
        ValueError, TypeError, numpy.linalg.LinAlgError
            As `freeze` raises them; ValueError also if `x` has not d components, or holds strings; TypeError
            if it is complex.

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
        frozen = self.freeze(mean, cov, allow_singular, scale_tril=scale_tril, precision=precision)
        return frozen.logpdf(x)

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
        """Mahalanobis distance from the mean.

        Parameters
        ----------
        x : array_like, shape (..., d)
            Points, their components along the last axis.
        mean, cov, allow_singular, scale_tril, precision : optional
            The parameters, as `freeze` takes them.

        Returns
        -------
        float64, float32 or ndarray, shape (...)
            ``sqrt((x - mean)^T cov^-1 (x - mean))``: how many standard deviations, in its direction.  The
            distance, not its square.  inf outside of the support of a singular distribution, and if a
            coordinate is infinitely far from the mean; NaN if one of ``x - mean`` is NaN.

        Raises
        ------
        ValueError, TypeError, numpy.linalg.LinAlgError
            As `freeze` raises them; ValueError also if `x` has not d components, or holds strings; TypeError
            if it is complex.

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
        """The sum of `logpdf` over data.

        Parameters
        ----------
        x : array_like, shape (..., d)
            The data; also a memory map larger than memory.
        mean, cov, allow_singular, scale_tril, precision : optional
            The parameters, as `freeze` takes them.

        Returns
        -------
        float64
            ``logpdf(x).sum()``, computed in float64 for all dtypes; 0 for no data.

        Raises
        ------
        ValueError, TypeError, numpy.linalg.LinAlgError
            As `freeze` raises them; ValueError also if `x` has not d components, or holds strings; TypeError
            if it is complex.

        Notes
        -----
        The data are read once, and no array of their size is made.  Sums are compensated and in a fixed
        order: neither the number of threads nor the layout in memory can be seen in the result.

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
        """Probability of values up to `x` in each component.

        Parameters
        ----------
        x : array_like, shape (..., d)
            Points, their components along the last axis.
        mean, cov, allow_singular, scale_tril, precision : optional
            The parameters, as `freeze` takes them.
        maxpts : int, optional
            The largest number of points of the integration, a million for each dimension by default.
        abseps, releps : float, optional
            The absolute and the relative error that is tolerated.
        lower_limit : array_like, optional
            Lower ends of the components; -inf by default.
        rng : numpy.random.Generator, optional
            For the quasi-Monte Carlo integration in more than two dimensions.

        Returns
        -------
        float64 or ndarray of float64, shape (...)
            ``P(X <= x)``, by numerical integration: `scipy.stats.multivariate_normal.cdf`.

        Raises
        ------
        ImportError
            If SciPy is not installed.
        ValueError, TypeError, numpy.linalg.LinAlgError
            As `freeze` and SciPy raise them; ValueError also for batches, or if `x` has not d components.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.cdf([0, 0], cov=[[1, 0], [0, 1]]).round(6)
        np.float64(0.25)
        """
        frozen = self.freeze(
            mean,
            cov,
            allow_singular,
            None,
            maxpts,
            abseps,
            releps,
            scale_tril=scale_tril,
            precision=precision,
        )
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
        """Logarithm of the probability of values up to `x` in each component.

        Parameters
        ----------
        x : array_like, shape (..., d)
            Points, their components along the last axis.
        mean, cov, allow_singular, scale_tril, precision : optional
            The parameters, as `freeze` takes them.
        maxpts : int, optional
            The largest number of points of the integration, a million for each dimension by default.
        abseps, releps : float, optional
            The absolute and the relative error that is tolerated.
        lower_limit : array_like, optional
            Lower ends of the components; -inf by default.
        rng : numpy.random.Generator, optional
            For the quasi-Monte Carlo integration in more than two dimensions.

        Returns
        -------
        float64 or ndarray of float64, shape (...)
            ``log(cdf(x))``: `scipy.stats.multivariate_normal.logcdf`.

        Raises
        ------
        ImportError
            If SciPy is not installed.
        ValueError, TypeError, numpy.linalg.LinAlgError
            As `freeze` and SciPy raise them; ValueError also for batches, or if `x` has not d components.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.logcdf([0, 0], cov=[[1, 0], [0, 1]]).round(6)
        np.float64(-1.386294)
        """
        frozen = self.freeze(
            mean,
            cov,
            allow_singular,
            None,
            maxpts,
            abseps,
            releps,
            scale_tril=scale_tril,
            precision=precision,
        )
        return frozen.logcdf(x, lower_limit=lower_limit, rng=rng)

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
        mean, cov, allow_singular, scale_tril, precision : optional
            The parameters, as `freeze` takes them.

        Returns
        -------
        FrozenMultivariateNormal
            With ``mean[dimensions]`` and ``cov[dimensions][:, dimensions]``.

        Raises
        ------
        ValueError, TypeError, numpy.linalg.LinAlgError
            As `freeze` raises them; ValueError also if `dimensions` is empty, holds no integers, one twice,
            or one that there is not.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.marginal(0, [1, 2], [[4, 1], [1, 2]]).cov
        array([[4.]])
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
            Which components are given.
        values : array_like, shape (..., len(indices))
            Their values, which must not be infinite.  Further axes make a batch of distributions, with one
            covariance.
        mean, cov, allow_singular, scale_tril, precision : optional
            The parameters, as `freeze` takes them.

        Returns
        -------
        FrozenMultivariateNormal
            Of the components that are not given, in their order.

        Raises
        ------
        ValueError, TypeError, numpy.linalg.LinAlgError
            As `freeze` raises them, and `FrozenMultivariateNormal.conditional`, which has the formula.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> multivariate_normal.conditional(0, 180, [170, 70], [[100, 60], [60, 80]]).mean
        array([76.])
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
        """Kullback-Leibler divergence of this distribution from another, KL(this || other), in nats.

        Parameters
        ----------
        other : FrozenMultivariateNormal
            Or anything with a `mean` and a `cov`, of as many dimensions.
        mean, cov, allow_singular, scale_tril, precision : optional
            The parameters, as `freeze` takes them.

        Returns
        -------
        float64 or ndarray of float64
            ``E[logpdf(X) - other.logpdf(X)]``, X of this distribution; inf if one of the two is singular.

        Raises
        ------
        ValueError, TypeError, numpy.linalg.LinAlgError
            As `freeze` raises them, and `FrozenMultivariateNormal.kl_divergence`, which has the formula.

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
        """2-Wasserstein distance from another distribution.

        Parameters
        ----------
        other : FrozenMultivariateNormal
            Or anything with a `mean` and a `cov`, of as many dimensions.
        mean, cov, allow_singular, scale_tril, precision : optional
            The parameters, as `freeze` takes them.

        Returns
        -------
        float64 or ndarray of float64
            The distance: the least root of the mean squared way from one to the other.

        Raises
        ------
        ValueError, TypeError, numpy.linalg.LinAlgError
            As `freeze` raises them, and `FrozenMultivariateNormal.wasserstein`, which has the formula.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> other = multivariate_normal([1, 0], [[1, 0], [0, 1]])
        >>> multivariate_normal.wasserstein(other, [0, 0], [[1, 0], [0, 1]])
        np.float64(1.0)
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
        mean, cov, allow_singular, scale_tril, precision : optional
            The parameters, as `freeze` takes them.

        Returns
        -------
        ConfidenceEllipse
            With `center`, `width`, `height` and `angle`, drawn by ``matplotlib.patches.Ellipse(e.center,
            e.width, e.height, angle=e.angle)``; and with ``points()``, the line itself.

        Raises
        ------
        ValueError, TypeError, numpy.linalg.LinAlgError
            As `freeze` raises them, and `FrozenMultivariateNormal.confidence_ellipse`, which has the formula.

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> ellipse = multivariate_normal.confidence_ellipse(0.95, [0, 10], [[1, 0], [0, 4]])
        >>> round(ellipse.width, 4), round(ellipse.height, 4), ellipse.angle
        (9.791, 4.8955, 90.0)
        """
        frozen = self.freeze(mean, cov, allow_singular, scale_tril=scale_tril, precision=precision)
        return frozen.confidence_ellipse(level)
