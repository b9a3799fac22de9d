"""A Gaussian mixture as a distribution: density, samples, modes, marginals and conditionals."""

from __future__ import annotations

import operator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist import mixture_modes, mixture_relations, mixture_sampling
from fastdist._dispatch import multivariate_density as density
from fastdist.mixture_data import has_missing
from fastdist.mixture_fitted import FittedMixture
from fastdist.mixture_inference import score_samples
from fastdist.mixture_modes import Modes
from fastdist.mixture_parameters import MixtureParameters
from fastdist.multivariate_normal_parameters import process_quantiles
from fastdist.random_state import check_random_state

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
        rows = points.reshape(-1, parameters.dimension)
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
        """
        parameters = self._fitted()
        n = operator.index(n_samples)
        if n < 1:
            raise ValueError(
                f"Invalid value for 'n_samples': {n_samples} . The sampling requires at least one sample."
            )
        source = check_random_state(rng) if rng is not None else self._sampling_source()
        x, labels = mixture_sampling.sample(parameters, n, source)
        if shuffle:
            return x, labels
        order = np.argsort(labels, kind="stable")
        return x[order], labels[order]

    def modes(self, X: ArrayLike | None = None) -> Modes:
        """Where the density has its maxima, how high they are, and how many.

        Parameters
        ----------
        X : array_like, shape (n, d), optional
            Data, from whose quantiles the ascent starts as well as from the means; rows with NaN are not
            taken.  In one dimension they are not needed: no mode is missed.

        Returns
        -------
        Modes
            ``locations`` of shape (m, d), ``heights`` and ``log_heights`` of shape (m,), the highest first;
            ``len(modes)`` is m.

        Raises
        ------
        NotFittedError, ValueError
            As `score_samples` raises them.

        See Also
        --------
        is_unimodal : whether there is but one.

        Notes
        -----
        From each start the fixed-point iteration ``x <- (sum_k r_k S_k^-1)^-1 sum_k r_k S_k^-1 mean_k`` [1]_
        climbs, where r are the responsibilities and S the covariances; what it finds is a mode if the density
        curves down in all directions.  In more than one dimension there may be more modes than components,
        and one to which no start leads is missed.

        References
        ----------
        .. [1] M. A. Carreira-Perpinan, "Mode-finding for mixtures of Gaussian distributions", IEEE
           Transactions on Pattern Analysis and Machine Intelligence 22 (2000).

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.25, 0.75], [[0], [6]], [1, 1], "spherical")
        >>> modes = model.modes()
        >>> len(modes), modes.locations.ravel().round(6), modes.heights.round(6)
        (2, array([6., 0.]), array([0.299207, 0.099736]))
        """
        if X is None:
            return mixture_modes.modes(self._fitted())
        parameters, x, _ = self._points(X)
        return mixture_modes.modes(parameters, mixture_modes.starts_of_data(x))

    def is_unimodal(self, X: ArrayLike | None = None) -> bool:
        """Whether the density has one maximum.

        Parameters
        ----------
        X : array_like, shape (n, d), optional
            Data, as for `modes`.

        Returns
        -------
        bool
            Whether `modes` finds one.

        Raises
        ------
        NotFittedError, ValueError
            As `modes` raises them.

        Examples
        --------
        Two equal components merge where their means are two standard deviations apart:

        >>> from fastdist import GaussianMixture
        >>> for distance in (2.0, 2.1):
        ...     model = GaussianMixture.from_parameters([0.5, 0.5], [[0], [distance]], [1, 1], "spherical")
        ...     print(model.is_unimodal())
        True
        False
        """
        return len(self.modes(X)) == 1

    def marginal(self, indices: ArrayLike) -> Self:
        """The mixture of some of the features.

        Parameters
        ----------
        indices : int or 1-D array_like of ints
            Which, and in which order; negative ones count from the end.

        Returns
        -------
        GaussianMixture
            Of the same weights and the same covariance type:
            p(x_a) = sum_k weight_k N(x_a; mean_k,a, S_k,aa).

        Raises
        ------
        NotFittedError
            If the model has no parameters.
        ValueError
            If `indices` is empty, holds no integers, one twice, or one that there is not.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[0, 1, 2], [3, 4, 5]], [1, 1])
        >>> model.marginal([2, 0]).means_
        array([[2., 0.],
               [5., 3.]])
        """
        return self._of(mixture_relations.marginal(self._fitted(), indices))

    def conditional(self, indices: ArrayLike, values: ArrayLike) -> Self:
        """The mixture of the other features, given the values of some.

        Parameters
        ----------
        indices : int or 1-D array_like of ints
            Which are given: b.
        values : array_like, shape (len(indices),)
            Their values; a number will do for one.

        Returns
        -------
        GaussianMixture
            Of the features a that are not given, in their order; of the same covariance type.

        Raises
        ------
        NotFittedError
            If the model has no parameters.
        ValueError
            If `indices` is empty, holds all of them, no integers, one twice, or one that there is not; if
            `values` is of another length, or not finite.
        TypeError
            If `values` is complex.
        numpy.linalg.LinAlgError
            If a covariance is so nearly singular that it has no factor in the order that this takes.

        Notes
        -----
        Each component becomes its own conditional, and its weight says how well it explains the values [1]_:

            p(x_a | x_b) = sum_k r_k N(x_a; m_k, C_k),  r_k proportional to weight_k N(x_b; mean_k,b, S_k,bb),
            m_k = mean_k,a + S_k,ab S_k,bb^-1 (x_b - mean_k,b),  C_k = S_k,aa - S_k,ab S_k,bb^-1 S_k,ba.

        References
        ----------
        .. [1] Z. Ghahramani, M. I. Jordan, "Supervised learning from incomplete data via an EM approach",
           Advances in Neural Information Processing Systems 6 (1994), section 3.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> cov = [[1, 0.5], [0.5, 1]]
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[-2, -1], [2, 1]], cov, "tied")
        >>> right = model.conditional(0, 2.0)
        >>> right.weights_.round(4), right.means_.ravel()
        (array([3.000e-04, 9.997e-01]), array([1., 1.]))
        """
        return self._of(mixture_relations.conditional(self._fitted(), indices, values))

    def _of(self, parameters: MixtureParameters) -> Self:
        """A model like this one, with other parameters: fits of it start anew."""
        start = {"weights_init": None, "means_init": None, "precisions_init": None}
        model = type(self)(**self.get_params() | start)
        model._take(parameters)
        return model

    def _sampling_source(self) -> mixture_sampling.Source:
        """What `random_state` names, at the place that samples have reached."""
        kept = self.__dict__.get("_source")
        if kept is None or kept[0] is not self.random_state:
            kept = self.__dict__["_source"] = (self.random_state, check_random_state(self.random_state))
        source: mixture_sampling.Source = kept[1]
        return source

    def set_params(self, **params: Any) -> Self:
        if "random_state" in params:  # also if it is the same: its samples start anew
            self.__dict__.pop("_source", None)
        return super().set_params(**params)
