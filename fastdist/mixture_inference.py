"""What a Gaussian mixture says of points, and the points that it makes."""

from __future__ import annotations

import math
import operator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist import mixture_sampling
from fastdist._dispatch import multivariate_density as density
from fastdist.mixture_data import as_rows, as_sample_weight, has_missing
from fastdist.mixture_parameters import MixtureParameters, checked
from fastdist.multivariate_normal_parameters import process_quantiles
from fastdist.random_state import check_random_state

# Rows that are scored at a time, where the scores are not wanted one by one.
CHUNK = 1 << 18

Array = NDArray[Any]


class MixtureInference:
    """Methods of `fastdist.GaussianMixture` that need its parameters alone."""

    n_components: int
    covariance_type: str
    random_state: Any
    n_features_in_: int
    _parameters: MixtureParameters | None

    def score_samples(self, X: ArrayLike) -> Array:
        """The log density at each row: ``log p(x) = log sum_k weight_k N(x; mean_k, covariance_k)``.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Points; NaN is a missing value, over which the density is marginalised.

        Returns
        -------
        ndarray, shape (n,)
            float32 of float32 points, else float64.

        Raises
        ------
        NotFittedError
            If the model has no parameters.
        ValueError
            If `X` is not of shape (n, d), or contains an infinity.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[0, 0], [4, 0]], [1, 1])
        >>> model.score_samples([[0, 0], [2, 0]]).round(6)
        array([-2.530689, -3.837877])
        """
        parameters, x, missing = self._points(X)
        return _score_samples(parameters, x, missing)

    def score(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """The mean log density of rows.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Points.
        y : optional
            Not used.
        sample_weight : array_like, shape (n,), optional
            Weights of the rows.

        Returns
        -------
        float
            The mean of `score_samples`.

        Raises
        ------
        NotFittedError, ValueError
            As `score_samples` raises them; ValueError if weights are negative, or all 0.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[0, 0], [4, 0]], [1, 1])
        >>> round(model.score([[0, 0], [2, 0]]), 6)
        -3.184283
        """
        parameters, x, missing = self._points(X)
        weight = as_sample_weight(sample_weight, len(x))
        sums = []
        for start in range(0, len(x), CHUNK):
            logs = _score_samples(parameters, x[start : start + CHUNK], missing).astype(np.float64)
            if weight is not None:
                part = weight[start : start + CHUNK]
                logs, part = logs[part > 0], part[part > 0]
                logs *= part
            sums.append(math.fsum(logs) if np.isfinite(logs).all() else float(logs.sum()))
        return sum(sums) / (len(x) if weight is None else math.fsum(weight))

    def predict(self, X: ArrayLike) -> NDArray[np.intp]:
        """The component that most probably generated each row.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Points.

        Returns
        -------
        ndarray of int, shape (n,)
            The component of the largest responsibility: see `predict_proba`.

        Raises
        ------
        NotFittedError, ValueError
            As `score_samples` raises them.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[0, 0], [4, 0]], [1, 1])
        >>> model.predict([[1, 0], [3, 0]])
        array([0, 1])
        """
        parameters, x, missing = self._points(X)
        if missing:
            from fastdist import mixture_missing

            labels: NDArray[np.intp] = mixture_missing.predict(parameters, x)
            return labels
        return parameters.predict(x)

    def predict_proba(self, X: ArrayLike) -> Array:
        """Which component generated each row: the responsibilities.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Points; NaN is a missing value.

        Returns
        -------
        ndarray, shape (n, K)
            The probability of each component, given the row; rows sum to 1.

        Raises
        ------
        NotFittedError, ValueError
            As `score_samples` raises them.

        See Also
        --------
        sample : the other half.

        Notes
        -----
        `sample` goes from causes to what they cause: a component k is drawn with probability ``weight_k``,
        then x with density ``N(x; mean_k, covariance_k)``.  This goes back, by Bayes' formula:

            P(k | x) = weight_k N(x; mean_k, covariance_k) / sum_j weight_j N(x; mean_j, covariance_j).

        It is computed from logarithms.  Where even these leave the range of numbers for all components, x
        says nothing of k, and the weights are returned.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[0, 0], [4, 0]], [1, 1])
        >>> model.predict_proba([[2, 0], [1, 0]]).round(6)
        array([[0.5     , 0.5     ],
               [0.982014, 0.017986]])
        """
        parameters, x, missing = self._points(X)
        if missing:
            from fastdist import mixture_missing

            out: Array = mixture_missing.responsibilities(parameters, x)
            return out
        out = parameters.responsibilities(x)
        return out

    def aic(self, X: ArrayLike) -> float:
        """Akaike's information criterion on rows: the lower the better.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Points.

        Returns
        -------
        float
            ``-2 n score(X) + 2 p``, where p is the number of free parameters.

        Raises
        ------
        NotFittedError, ValueError
            As `score_samples` raises them.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([1.0], [[0.0]], [1.0], "spherical")
        >>> round(model.aic([[0.0], [1.0]]), 6)
        8.675754
        """
        x = as_rows(X)
        return -2 * self.score(X) * len(x) + 2 * self._n_parameters()

    def bic(self, X: ArrayLike) -> float:
        """The Bayesian information criterion on rows: the lower the better.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Points.

        Returns
        -------
        float
            ``-2 n score(X) + p log(n)``, where p is the number of free parameters.

        Raises
        ------
        NotFittedError, ValueError
            As `score_samples` raises them.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([1.0], [[0.0]], [1.0], "spherical")
        >>> round(model.bic([[0.0], [1.0]]), 6)
        6.062048
        """
        x = as_rows(X)
        return -2 * self.score(X) * len(x) + self._n_parameters() * math.log(len(x))

    def _n_parameters(self) -> int:
        p = self._fitted()
        k, d = p.components, p.dimension
        covariances = {
            "full": k * d * (d + 1) // 2,
            "tied": d * (d + 1) // 2,
            "diag": k * d,
            "spherical": k,
        }[p.covariance_type]
        return covariances + k * d + k - 1

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
        logs = _score_samples(parameters, rows, bool(len(rows)) and has_missing(rows))
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

    def _sampling_source(self) -> mixture_sampling.Source:
        """What `random_state` names, at the place that samples have reached."""
        kept = self.__dict__.get("_source")
        if kept is None or kept[0] is not self.random_state:
            kept = self.__dict__["_source"] = (self.random_state, check_random_state(self.random_state))
        source: mixture_sampling.Source = kept[1]
        return source

    def set_params(self, **params: Any) -> Self:
        self.__dict__.pop("_source", None) if "random_state" in params else None
        return super().set_params(**params)  # type: ignore[misc, no-any-return]

    def _fitted(self) -> MixtureParameters:
        """The parameters; those that were assigned are checked now."""
        assigned = self.__dict__.get("_assigned")
        if not assigned and self._parameters is not None:
            return self._parameters
        self._check_is_fitted()  # type: ignore[attr-defined]
        assert assigned
        before = self._parameters
        kind = self.covariance_type if before is None else before.covariance_type
        weights, means = (np.asarray(getattr(self, name), np.float64) for name in ("weights_", "means_"))
        if "precisions_cholesky" in assigned and "covariances" not in assigned:
            upper = np.asarray(assigned["precisions_cholesky"], np.float64)
            covariances = MixtureParameters.of_precisions_cholesky(weights, means, upper, kind).covariances
        else:
            covariances = self.covariances_  # type: ignore[attr-defined]
        self._parameters = checked(weights, means, covariances, kind)
        self.n_features_in_ = self._parameters.dimension
        del self.__dict__["_assigned"]
        return self._parameters

    def _points(self, X: Any) -> tuple[MixtureParameters, Array, bool]:
        """The parameters; points as the kernels take them; and whether a value is missing."""
        parameters = self._fitted()
        if (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.shape[1] == parameters.dimension
            and X.dtype.type in (np.float64, np.float32)
            and X.flags.aligned
            and X.dtype.isnative
            and len(X)
            and "feature_names_in_" not in self.__dict__
        ):
            return parameters, X, has_missing(X)
        x = as_rows(X, type(self).__name__)
        self._check_features(X, x, "predict")
        return parameters, x, has_missing(x)

    def _check_features(self, X: Any, x: Array | None, method: str, n_features: int | None = None) -> None:
        self._check_feature_names(X)  # type: ignore[attr-defined]
        found = n_features if x is None else x.shape[1]
        if found != self.n_features_in_:
            raise ValueError(
                f"X has {found} features, but {type(self).__name__} is expecting {self.n_features_in_} "
                "features as input"
            )


def _score_samples(parameters: MixtureParameters, x: Array, missing: bool) -> Array:
    if missing:
        from fastdist import mixture_missing

        logs: Array = mixture_missing.score_samples(parameters, x)
        return logs
    return parameters.score_samples(x)
