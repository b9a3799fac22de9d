"""What `multivariate_normal` says of distributions: marginals, conditionals, distances, ellipses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from fastdist.confidence_ellipse import ConfidenceEllipse

if TYPE_CHECKING:
    from fastdist.multivariate_normal_frozen import FrozenMultivariateNormal


class MultivariateNormalDerived:
    """Distributions and distances that follow from the parameters of `fastdist.multivariate_normal`."""

    freeze: Callable[..., FrozenMultivariateNormal]

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
            Their values.  Further axes make a batch of distributions, with one covariance.
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
        """Kullback-Leibler divergence of another distribution from this one, in nats.

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
            With `center`, `width`, `height` and `angle`, as `matplotlib.patches.Ellipse` takes them, and
            `points`.

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
