"""What a Gaussian mixture says of points: inference."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist.mixture import missing_values
from fastdist.mixture.data import as_rows, as_sample_weight
from fastdist.mixture.fitted import FittedMixture
from fastdist.mixture.parameters import MixtureParameters

# Rows that are scored at a time, where the scores are not wanted one by one.
CHUNK = 1 << 18

Array = NDArray[Any]


class MixtureInference(FittedMixture):
    """Methods of `fastdist.GaussianMixture` that scikit-learn has as well."""

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
        return score_samples(parameters, x, missing)

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
            logs = score_samples(parameters, x[start : start + CHUNK], missing).astype(np.float64)
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
            ``predict_proba(X).argmax(axis=1)``: the component of the largest responsibility, the first of
            equals.

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
        return missing_values.predict(parameters, x) if missing else parameters.predict(x)

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

        It is computed from logarithms.  Where even these leave the range of numbers for all components,
        nothing matters but the distances: the component of the least Mahalanobis distance, whose tail is
        the heaviest in the direction of x, has probability 1.  Several at the same distance share it by
        their weights.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[0, 0], [4, 0]], [1, 1])
        >>> model.predict_proba([[2, 0], [1, 0]]).round(6)
        array([[0.5     , 0.5     ],
               [0.982014, 0.017986]])
        """
        parameters, x, missing = self._points(X)
        return missing_values.responsibilities(parameters, x) if missing else parameters.responsibilities(x)

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
        score = self.score(X)
        return -2 * score * len(as_rows(X)) + 2 * self._n_parameters()

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
        score, n = self.score(X), len(as_rows(X))
        return -2 * score * n + self._n_parameters() * math.log(n)

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


def score_samples(parameters: MixtureParameters, x: Array, missing: bool) -> Array:
    """The log density at each row; missing values are marginalised."""
    return missing_values.score_samples(parameters, x) if missing else parameters.score_samples(x)
