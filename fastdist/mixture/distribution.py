"""A Gaussian mixture as a distribution: densities, probabilities, quantiles and samples."""

from __future__ import annotations

import operator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist._dispatch import multivariate_density as density
from fastdist.mixture import quantiles, sampling
from fastdist.mixture.data import has_missing
from fastdist.mixture.fitted import FittedMixture
from fastdist.mixture.inference import score_samples
from fastdist.multivariate.parameters import process_quantiles
from fastdist.random.random_state import check_random_state

Array = NDArray[Any]


class MixtureDistribution(FittedMixture):
    """Methods of `fastdist.GaussianMixture` that make it a distribution: beyond scikit-learn but `sample`."""

    def logpdf(self, x: ArrayLike) -> Any:
        """The log density, of points of any shape.

        Parameters
        ----------
        x : array_like, shape (..., d)
            Points; if d = 1, also of shape (n,).  An infinite one has density 0, NaN is a missing value.

        Returns
        -------
        float or ndarray, shape (...)
            As `score_samples`, for an array of shape (n, d).

        Raises
        ------
        NotFittedError
            If the model has no parameters.
        ValueError
            If points have not d components.
        TypeError
            If `x` is complex.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[0], [4]], [1, 1], "spherical")
        >>> model.logpdf([0.0, 2.0]).round(6)
        array([-1.61175 , -2.918939])
        """
        parameters = self._fitted()
        points = process_quantiles(x, parameters.dimension, False)
        rows = np.require(points.reshape(-1, parameters.dimension), requirements=["ALIGNED"])
        infinite = np.atleast_1d(np.isinf(rows).any(axis=1))
        if infinite.any():
            rows = np.where(infinite[:, None], 0, rows)
        logs = score_samples(parameters, rows, bool(len(rows)) and has_missing(rows))
        logs[infinite] = -np.inf
        return logs.reshape(points.shape[:-1])[()] if np.ndim(x) > 1 or logs.size != 1 else logs[0]

    def pdf(self, x: ArrayLike) -> Any:
        """The density, of points of any shape.

        Parameters
        ----------
        x : array_like, shape (..., d)
            Points; if d = 1, also of shape (n,).

        Returns
        -------
        float or ndarray, shape (...)
            exp(logpdf).

        Raises
        ------
        NotFittedError, ValueError, TypeError
            As `logpdf` raises them.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[0], [4]], [1, 1], "spherical")
        >>> model.pdf([0.0, 2.0]).round(6)
        array([0.199538, 0.053991])
        """
        logs = self.logpdf(x)
        # The kernels' exponential: the density of a point at its mean is exp(log_peak).
        origin = np.zeros(1, logs.dtype)
        return density.pdf(origin, np.zeros(1), np.ones((1, 1)), logs)

    def cdf(self, x: ArrayLike) -> Any:
        """The probability of a value up to `x`, if there is one feature.

        Parameters
        ----------
        x : array_like
            Where.

        Returns
        -------
        float or ndarray
            ``sum_k weight_k Phi((x - mean_k) / sigma_k)``, of the shape of `x`; float32 for float32 `x`.

        Raises
        ------
        NotFittedError
            If the model has no parameters.
        ValueError
            If it has more than one feature.
        TypeError
            If `x` is complex, or no number.

        See Also
        --------
        sf : 1 - cdf, accurate where that is small.
        ppf : the inverse.

        Notes
        -----
        No term is negative: the relative error is that of `fastdist.norm.cdf`, and K + 1 roundings.  It is
        stated in ``fastdist.accuracy``.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.25, 0.75], [[0], [10]], [1, 4], "spherical")
        >>> model.cdf([-40, 0, 5, 10]).round(6)
        array([0.      , 0.125   , 0.254657, 0.625   ])
        """
        return quantiles.cdf(self._fitted(), x)

    def sf(self, x: ArrayLike) -> Any:
        """The probability of a value above `x`, accurate where it is small, if there is one feature.

        Parameters
        ----------
        x : array_like
            Where.

        Returns
        -------
        float or ndarray
            ``sum_k weight_k Phi((mean_k - x) / sigma_k)``, of the shape of `x`; float32 for float32 `x`.

        Raises
        ------
        NotFittedError
            If the model has no parameters.
        ValueError
            If it has more than one feature.
        TypeError
            If `x` is complex, or no number.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.25, 0.75], [[0], [10]], [1, 4], "spherical")
        >>> f"{model.sf(30.0):.6e}"
        '5.714890e-24'
        """
        return quantiles.sf(self._fitted(), x)

    def ppf(self, q: ArrayLike) -> Any:
        """The inverse of `cdf`: the value up to which the probability is `q`, if there is one feature.

        Parameters
        ----------
        q : array_like
            Probability, in [0, 1].

        Returns
        -------
        float or ndarray
            x with ``cdf(x) = q``, of the shape of `q`; -inf at 0, inf at 1, NaN outside.  float32 for float32
            `q`.

        Raises
        ------
        NotFittedError
            If the model has no parameters.
        ValueError
            If it has more than one feature.
        TypeError
            If `q` is complex, or no number.

        Notes
        -----
        By Halley's iteration, in a bracket that is halved where it is slow.  With f the density at x, the
        error is at most ``4 eps (|x| + max_k |x - mean_k|) + 4 eps q / f``, eps = 2^-52: between components,
        where f is small, a rounding of q is worth much.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.25, 0.75], [[0], [10]], [1, 4], "spherical")
        >>> model.ppf([0, 0.625, 1, 2]).round(6)
        array([-inf,  10.,  inf,  nan])
        """
        return quantiles.ppf(self._fitted(), q)

    def isf(self, q: ArrayLike) -> Any:
        """The inverse of `sf`: the value above which the probability is `q`, if there is one feature.

        Parameters
        ----------
        q : array_like
            Probability, in [0, 1].

        Returns
        -------
        float or ndarray
            x with ``sf(x) = q``, of the shape of `q`; inf at 0, -inf at 1, NaN outside.  float32 for float32
            `q`.

        Raises
        ------
        NotFittedError
            If the model has no parameters.
        ValueError
            If it has more than one feature.
        TypeError
            If `q` is complex, or no number.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.25, 0.75], [[0], [10]], [1, 4], "spherical")
        >>> model.isf(0.375).round(6)
        np.float64(10.0)
        """
        return quantiles.isf(self._fitted(), q)

    def sample(
        self, n_samples: int = 1, *, rng: Any = None, shuffle: bool = True
    ) -> tuple[Array, NDArray[np.int64]]:
        """Draw rows: for each a component, then a normal of it.

        Parameters
        ----------
        n_samples : int, optional
            How many.
        rng : optional
            What they are drawn from: all that `random_state` may be.  None draws from what `random_state`
            names, which the model keeps: each call gives the next rows.  `fit` and ``set_params`` start anew.
        shuffle : bool, optional
            False gives the same rows, grouped by component, as scikit-learn has them.

        Returns
        -------
        X : ndarray of float64, shape (n_samples, d)
            Rows.
        y : ndarray of int64, shape (n_samples,)
            Their components.

        Raises
        ------
        NotFittedError
            If the model has no parameters.
        ValueError
            If `n_samples` is less than 1, or for any other `rng`.
        TypeError
            If `n_samples` is not an integer.

        See Also
        --------
        predict_proba : the other half, which says what component a row is of.

        Notes
        -----
        Row ``i`` of the stream of a `fastdist.Generator`, or a seed, is made of its uniform ``i`` and of its
        normals ``i d ... i d + d - 1``.  So it depends on the seed and on ``i`` alone: not on how calls are
        sliced, nor on threads or the CPU.  The uniform u chooses the component k with
        ``weight_0 + ... + weight_(k-1) <= u < weight_0 + ... + weight_k``, and the row is ``mean_k + L_k z``.

        To go to row ``i`` both have to move: ``rng.seek(i, "uint64")`` and ``rng.seek(i * d)``.

        Examples
        --------
        >>> import numpy as np
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[0, 0], [4, 0]], [1, 1], random_state=7)
        >>> X, y = model.sample(5)
        >>> Z, z = model.sample(3)
        >>> eight, labels = model.set_params(random_state=7).sample(8)
        >>> bool((eight == np.concatenate([X, Z])).all())
        True

        From row 5 on, at once:

        >>> import fastdist
        >>> rng = fastdist.default_rng(7)
        >>> rng.seek(5, "uint64")
        >>> rng.seek(5 * 2)
        >>> bool((model.sample(3, rng=rng)[0] == Z).all())
        True
        """
        parameters = self._fitted()
        n = operator.index(n_samples)
        if n < 1:
            raise ValueError(
                f"Invalid value for 'n_samples': {n_samples} . The sampling requires at least one sample."
            )
        source = check_random_state(rng) if rng is not None else self._sampling_source()
        x, labels = sampling.sample(parameters, n, source)
        if shuffle:
            return x, labels
        order = np.argsort(labels, kind="stable")
        return x[order], labels[order]

    def _sampling_source(self) -> sampling.Source:
        """What `random_state` names, at the place that samples have reached."""
        kept = self.__dict__.get("_source")
        if kept is None or kept[0] is not self.random_state:
            kept = self.__dict__["_source"] = (self.random_state, check_random_state(self.random_state))
        source: sampling.Source = kept[1]
        return source

    def set_params(self, **params: Any) -> Self:
        if "random_state" in params:  # also if it is the same: its samples start anew
            self.__dict__.pop("_source", None)
        return super().set_params(**params)
