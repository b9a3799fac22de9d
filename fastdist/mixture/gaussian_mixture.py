"""A drop-in for ``sklearn.mixture.GaussianMixture``, which is a generative model as well.

The methods check their arguments and have the documentation.  The mathematics is in the other modules, in
functions of parameters and arrays.
"""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist._dispatch import multivariate_density as density
from fastdist.exceptions import ConvergenceWarning, as_in_scikit_learn, level_of_caller
from fastdist.mixture import missing_values, modes, plot, quantiles, relations, sampling
from fastdist.mixture.data import (
    Batch,
    Data,
    as_rows,
    as_sample_weight,
    batch_of,
    data_of,
    has_missing,
    is_batches,
)
from fastdist.mixture.estimator import Estimator
from fastdist.mixture.expectation_maximization import Callback, Fit, Progress, Step, em, online_step
from fastdist.mixture.initialization import Given, Start, fitting_source, given_parameters
from fastdist.mixture.modes import Modes
from fastdist.mixture.parameters import MixtureParameters, checked
from fastdist.multivariate.parameters import process_quantiles
from fastdist.random.random_state import Source, check_random_state
from fastdist.typing import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The size of step t of online EM is t to this power.
STEP_EXPONENT = -0.6
# Rows that are scored at a time, where the scores are not wanted one by one.
SCORED_ROWS = 1 << 18


class GaussianMixture(Estimator):
    """A mixture of K normal distributions: p(x) = sum_k weight_k N(x; mean_k, covariance_k).

    Constructor, methods and fitted attributes are those of `sklearn.mixture.GaussianMixture`; scikit-learn is
    not needed.

    Parameters
    ----------
    n_components : int, optional
        K.
    covariance_type : {'full', 'tied', 'diag', 'spherical'}, optional
        A covariance for each component; one that all share; a diagonal one, or a multiple of the identity,
        for each.
    tol : float, optional
        A fit has converged when the mean log-likelihood changes by less in a step.
    reg_covar : float or 'scale', optional
        Added to the variances, so that no covariance becomes singular.  'scale' adds 1e-6 times the variance
        of each feature in the data, and measures the distances of k-means in its standard deviations: then
        the fit does not depend on the units of features, but for 'spherical'.
    max_iter : int, optional
        Steps at most.
    n_init : int, optional
        Starts, of which the one of the largest likelihood is kept.
    init_params : {'kmeans', 'k-means++', 'random', 'random_from_data'}, optional
        How responsibilities start: as the labels of k-means; as those of K rows alone, which k-means++ or
        chance draws; or at random.
    weights_init : array_like, shape (K,), optional
        Weights to start with.
    means_init : array_like, shape (K, d), optional
        Means to start with.
    precisions_init : array_like, optional
        Inverses of the covariances to start with, in the shape of `covariances_`.
    random_state : None, int, SeedSequence, numpy.random.Generator or RandomState, optional
        What fits and samples are made with.  With an int both can be repeated, on any number of threads; None
        is fresh entropy, whatever ``numpy.random.seed`` was given.
    warm_start : bool, optional
        Whether a fit starts where the last one ended.
    verbose : int, bool or 'bar', optional
        1 prints each `verbose_interval` steps, 2 times and changes as well; 'bar' shows a bar of tqdm.
    verbose_interval : int, optional
        Steps between two lines.

    Attributes
    ----------
    weights_ : ndarray, shape (K,)
        Weights: of sum 1.  This and the next four are of the dtype of the data, float64 or float32.
    means_ : ndarray, shape (K, d)
        Means.
    covariances_ : ndarray
        Covariances, of shape (K, d, d), (d, d), (K, d) or (K,) for the four types.
    precisions_ : ndarray
        Their inverses.
    precisions_cholesky_ : ndarray
        U with ``precision = U @ U.T``, upper triangular; for the last two types its diagonal.
    converged_ : bool
        Whether the fit has converged.
    n_iter_ : int
        Steps that it took.
    lower_bound_ : float
        Mean log-likelihood of the data, in the last step.
    lower_bounds_ : list of float
        That of each step.
    n_features_in_ : int
        d.
    feature_names_in_ : ndarray of str
        Names of the features, if the data of the fit were a data frame, or batches of frames, whose names are
        all strings.

    Raises
    ------
    NotFittedError
        If a method needs parameters and the model has none.
    ValueError
        If an argument has another shape than the one below; if `X` contains an infinity; if a weight of a row
        is negative, or all are 0; if `indices` is empty, holds no integers, one twice, or one that there is
        not; if `cdf`, `sf`, `ppf` or `isf` is called on a mixture of more than one feature.
    TypeError
        If `X` is sparse, or `x`, `q` or `values` complex or no numbers.

    See Also
    --------
    fastdist.multivariate_normal : the distribution of a single component.

    Notes
    -----
    The methods share these arguments, and the errors above:

    X : array_like, shape (n, d)
        Rows: points, or data.  NaN is a missing value, over which the density is marginalised.
    y : optional
        Not used; it is there for scikit-learn.
    sample_weight : array_like, shape (n,), optional
        Weights of the rows: a weight k counts as k rows.
    x : array_like, shape (..., d)
        Points of any shape; if d = 1, also of shape (n,).  For `cdf` and `sf` numbers, in an array of any
        shape.
    q : array_like
        Probabilities, in [0, 1].
    indices : int or 1-D array_like of ints
        Some of the features, in the order that is wanted; negative ones count from the end.

    Methods that learn return the model itself.  A density, a probability or a quantile is of float32 for
    float32 arguments, else of float64; those of `x` and `q` have their shape, and are numbers for a number.

    The model keeps float64 parameters, even if it was fitted to float32 data; densities of float32 data are
    computed in float32.  The arrays of parameters are read-only: assign a new one to change one.

    From the same start, a fit takes the same steps as scikit-learn's, in one pass over the data each; nothing
    of the size n x K is made, and the data are not copied.  Its sums are about the means before the step, so
    that data far from 0 lose no digits.  Results are bit-identical for any number of threads.

    What differs: missing values (NaN) are marginalised; weights are normalised also before the first step; a
    component without points stays where it was; of many rows k-means runs on a sample, of at most 65 536 rows
    and some 500 000 numbers, but of no fewer than 64 rows a component, and its centres label them all;
    `sample` gives the next rows with each call, not the same again.

    Examples
    --------
    >>> import numpy as np
    >>> from fastdist import GaussianMixture
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> model = GaussianMixture(n_components=2, random_state=0).fit(X)
    >>> model.means_[model.means_[:, 0].argsort()].round(6)
    array([[ 1.,  2.],
           [10.,  2.]])
    >>> model.predict([[0, 0], [12, 3]]) == model.predict([[1, 0], [10, 4]])
    array([ True,  True])
    """

    _pending: Step | None = None  # to which `accumulate` adds

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: Any = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: str = "kmeans",
        weights_init: ArrayLike | None = None,
        means_init: ArrayLike | None = None,
        precisions_init: ArrayLike | None = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: Any = 0,
        verbose_interval: int = 10,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval

    @classmethod
    def from_parameters(
        cls,
        weights: ArrayLike,
        means: ArrayLike,
        covariances: ArrayLike,
        covariance_type: str | None = None,
        **params: Any,
    ) -> Self:
        """The mixture with these parameters, as if it were fitted.

        Parameters
        ----------
        weights : array_like, shape (K,)
            Not negative; their sum may differ from 1 by 1e-8 (float32: by 1e-6), and becomes 1.
        means : array_like, shape (K, d)
            Means.
        covariances : array_like
            Covariances, positive definite: of shape (K, d, d), (d, d), (K, d) or (K,).
        covariance_type : {'full', 'tied', 'diag', 'spherical'}, optional
            None takes what the shape says; if K = d, 'tied' and 'diag' must be said.
        **params : dict
            Other parameters of the constructor.

        Returns
        -------
        GaussianMixture
            With ``n_iter_`` 0; with ``warm_start=True`` a fit starts here.

        Raises
        ------
        ValueError
            If shapes do not match, or an entry is not finite; if weights are no probabilities, or a
            covariance is not symmetric and positive definite.  The component or entry is named.
        TypeError
            If an argument is complex.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.3, 0.7], [[0], [5]], [1, 4], "spherical")
        >>> model.score_samples([[0.0], [5.0]]).round(6)
        array([-2.072922, -1.968757])
        """
        parameters = checked(weights, means, covariances, covariance_type)
        model = cls(parameters.components, covariance_type=parameters.covariance_type, **params)
        model._take(parameters)
        return model

    # Learning

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        callback: Callback | None = None,
    ) -> Self:
        """Find the parameters for which data are most likely, by EM.

        Parameters
        ----------
        X : array_like, shape (n, d), or batches of rows
            The data; NaN is a missing value.  float64 and float32 are read where they lie, also in a memory
            map larger than memory.  Batches are a list of arrays, a function that returns, each time, a new
            iterator over arrays, or any object that can be iterated again and again.
        callback : callable, optional
            Called after each step with its number, the mean log-likelihood and its change; if it returns
            True, the fit ends there.

        Raises
        ------
        ValueError
            If a parameter may not be; if there are fewer rows than components, or fewer than 2; if the data
            contain an infinity, or a feature that is NaN alone; if a component collapses: it is named.
        TypeError
            If the data are sparse, or an iterator, which can be read but once.

        Warns
        -----
        ConvergenceWarning
            If the best start did not converge in `max_iter` steps, or if there are fewer distinct points than
            components.

        Notes
        -----
        Nothing of the model changes before the fit has ended: after an error, or Ctrl-C, it has the
        parameters that it had.

        A step is one pass over the data: responsibilities r [1]_ by Bayes' formula (see `predict_proba`), and
        the sums that make ``weight_k = sum r_k / n``, ``mean_k = sum r_k x / sum r_k`` and
        ``covariance_k = sum r_k (x - mean_k) (x - mean_k)^T / sum r_k + reg_covar I``.  A second pass is made
        only where a mean has moved by more than ten standard deviations.

        References
        ----------
        .. [1] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum likelihood from incomplete data via the EM
           algorithm", Journal of the Royal Statistical Society B 39 (1977).

        Examples
        --------
        >>> import fastdist
        >>> truth = fastdist.GaussianMixture.from_parameters([0.5, 0.5], [[0], [8]], [1, 1], "spherical")
        >>> X, _ = truth.sample(10_000, rng=fastdist.default_rng(7))
        >>> model = fastdist.GaussianMixture(2, random_state=0).fit(X)
        >>> sorted(model.means_.round(1).ravel().tolist())
        [0.0, 8.0]
        """
        fit = self._fit(X, sample_weight, callback)
        if not fit.converged and not fit.stopped and self.max_iter > 0:
            warnings.warn(
                "Best performing initialization did not converge. Try different init parameters, or increase "
                "max_iter, tol, or check for degenerate data.",
                as_in_scikit_learn(ConvergenceWarning),
                stacklevel=level_of_caller(),
            )
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> NDArray[np.intp]:
        """Fit, and say which component each row belongs to.

        `X` must be an array: batches are fitted by `fit`, and each is predicted then.

        Returns
        -------
        ndarray of int, shape (n,)
            What `predict` returns after `fit`.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> len(set(GaussianMixture(2, random_state=0).fit_predict([[1.0], [1.1], [9.0], [9.1]])))
        2
        """
        if is_batches(X):
            raise ValueError("fit_predict takes an array: fit the batches, and then predict each")
        return self.fit(X, y, sample_weight).predict(X)

    def partial_fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        step_size: float | None = None,
    ) -> Self:
        """Learn from a batch of rows: a step of online EM.

        If the model has no parameters yet, they start from this batch, as those of `fit` do.

        Parameters
        ----------
        step_size : float, optional
            How much the batch counts against all before it, in (0, 1].  None takes ``t**-0.6`` for step t,
            where t is `n_iter_` after the call.

        Returns
        -------
        GaussianMixture
            Itself, with the new parameters.  `lower_bound_` is the mean log-likelihood of the batch before
            the step; `converged_` is False, since batches differ.

        Raises
        ------
        ValueError, TypeError
            As `fit` does; ValueError also if `step_size` is outside of (0, 1], if `n_components` or
            `covariance_type` have changed since the model has its parameters, or between `accumulate` and
            `step`.  Then it stays as it was.

        See Also
        --------
        accumulate : batch by batch the exact step that `fit` takes.

        Notes
        -----
        Stepwise EM [1]_.  With s the sums of the E step for each observation (``r_k``, ``r_k x`` and
        ``r_k x x^T``) and g the step size, a step replaces the mean of s over what was seen before,

            S <- (1 - g) S + g mean(s over the batch),

        and the parameters by those that S makes most likely.  S before the first step is what the parameters
        say of themselves, so that only these are kept.  Steps of size ``t**-a`` with 1/2 < a <= 1 converge to
        a local maximum of the likelihood; a = 0.6 forgets the first batches quickly, and a constant size
        follows data that change.  `reg_covar` counts as in `fit`.

        References
        ----------
        .. [1] O. Cappe, E. Moulines, "On-line expectation-maximization algorithm for latent data models",
           Journal of the Royal Statistical Society B 71 (2009).

        Examples
        --------
        >>> import numpy as np
        >>> from fastdist import GaussianMixture
        >>> X = np.random.default_rng(7).normal(size=(3000, 2)) * [1, 5]
        >>> model = GaussianMixture(random_state=0)
        >>> for batch in np.array_split(X, 30):
        ...     model = model.partial_fit(batch)
        >>> model.n_iter_, np.sqrt(model.covariances_[0].diagonal()).round(1)
        (30, array([1., 5.]))
        """
        if step_size is not None and not 0 < step_size <= 1:
            raise ValueError(f"step_size must be in (0, 1], not {step_size!r}")
        if self._pending is not None:
            raise ValueError("partial_fit would lose the batches that accumulate has added: call step first")
        batch, parameters, start, names = self._begin_step(X, sample_weight, "partial_fit")
        before = getattr(self, "lower_bounds_", [])  # parameters that were assigned have none
        size = (len(before) + 1) ** STEP_EXPONENT if step_size is None else float(step_size)
        new, lower_bound = online_step(batch, parameters, size, start.reg_covar)
        self._end_step(new, [*before, lower_bound], False, batch, names)
        return self

    def accumulate(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Add a batch of rows to a step of EM, which `step` ends.

        The parameters do not change before `step`.  If the model has none yet, they start from this batch, as
        those of `fit` do.  Errors are those of `partial_fit`.

        See Also
        --------
        partial_fit : learns from each batch at once.

        Notes
        -----
        All batches of a step are seen with the parameters before it, so that they make the same parameters as
        a step of EM over all rows.  But where a mean has moved by more than ten standard deviations `fit`
        reads the data a second time, and here the component's covariance has fewer digits until the next
        step.

        Examples
        --------
        >>> import numpy as np
        >>> from fastdist import GaussianMixture
        >>> X = np.random.default_rng(7).normal(size=(3000, 2)) * [1, 5]
        >>> model = GaussianMixture(random_state=0)
        >>> for _ in range(2):
        ...     for batch in np.array_split(X, 3):
        ...         model = model.accumulate(batch)
        ...     model = model.step()
        >>> bool(np.allclose(model.means_, X.mean(axis=0))), model.n_iter_
        (True, 2)
        """
        batch, parameters, start, names = self._begin_step(X, sample_weight, "accumulate")
        pending = Step(parameters, start.reg_covar) if self._pending is None else self._pending
        pending.add(batch)
        if parameters is not self._parameters:
            self._end_step(parameters, [], False, batch, names)
        self._pending = pending
        return self

    def step(self) -> Self:
        """End the step of EM to which `accumulate` has added batches.

        `n_iter_`, `lower_bound_` and `converged_` say how the step went.

        Raises
        ------
        ValueError
            If there is no batch, or if a component collapses: it is named, and the step has to begin anew.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture(random_state=0).accumulate([[1.0], [2.0]]).accumulate([[6.0]]).step()
        >>> model.means_
        array([[3.]])
        """
        self._fitted()
        if self._pending is None:
            raise ValueError("step ends what accumulate has begun: call accumulate first")
        pending, self._pending = self._pending, None
        new, lower_bound = pending.end()
        before = getattr(self, "lower_bounds_", [])
        converged = abs(lower_bound - getattr(self, "lower_bound_", -math.inf)) < self.tol
        self._take(new, [*before, lower_bound], converged, self._dtype)
        return self

    # Densities and responsibilities of rows

    def score_samples(self, X: ArrayLike) -> Array:
        """The log density at each row: ``log p(x) = log sum_k weight_k N(x; mean_k, covariance_k)``.

        Returns
        -------
        ndarray, shape (n,)
            float32 for float32 points, else float64.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[0, 0], [4, 0]], [1, 1])
        >>> model.score_samples([[0, 0], [2, 0]]).round(6)
        array([-2.530689, -3.837877])
        """
        parameters, x, missing = self._points(X)
        return _log_densities(parameters, x, missing)

    def score(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """The mean log density of rows.

        Returns
        -------
        float
            The mean of `score_samples`.

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
        for start in range(0, len(x), SCORED_ROWS):
            logs = _log_densities(parameters, x[start : start + SCORED_ROWS], missing).astype(np.float64)
            if weight is not None:
                part = weight[start : start + SCORED_ROWS]
                logs, part = logs[part > 0], part[part > 0]
                logs *= part
            sums.append(math.fsum(logs) if np.isfinite(logs).all() else float(logs.sum()))
        return sum(sums) / (len(x) if weight is None else math.fsum(weight))

    def predict(self, X: ArrayLike) -> NDArray[np.intp]:
        """The component that most probably generated each row.

        Returns
        -------
        ndarray of int, shape (n,)
            ``predict_proba(X).argmax(axis=1)``: the component of the largest responsibility, the first of
            equals.

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

        Returns
        -------
        ndarray, shape (n, K)
            The probability of each component, given the row; rows sum to 1.

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

        Returns
        -------
        float
            ``-2 n score(X) + 2 p``, where p is the number of free parameters.

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

        Returns
        -------
        float
            ``-2 n score(X) + p log(n)``, where p is the number of free parameters.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([1.0], [[0.0]], [1.0], "spherical")
        >>> round(model.bic([[0.0], [1.0]]), 6)
        6.062048
        """
        score, n = self.score(X), len(as_rows(X))
        return -2 * score * n + self._n_parameters() * math.log(n)

    # As a distribution: points of any shape, probabilities, quantiles, samples

    def logpdf(self, x: ArrayLike) -> Any:
        """The log density, of points of any shape, which may be infinite: there the density is 0.

        Returns
        -------
        float or ndarray, shape (...)
            As `score_samples` returns it for an array of shape (n, d).

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
        logs = _log_densities(parameters, rows, bool(len(rows)) and has_missing(rows))
        logs[infinite] = -np.inf
        return logs.reshape(points.shape[:-1])[()] if np.ndim(x) > 1 or logs.size != 1 else logs[0]

    def pdf(self, x: ArrayLike) -> Any:
        """The density, of points of any shape: ``exp(logpdf(x))``.

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
        """The probability of a value up to `x`, ``sum_k weight_k Phi((x - mean_k) / sigma_k)``.

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
        """The probability of a value above `x`, ``sum_k weight_k Phi((mean_k - x) / sigma_k)``.

        It is accurate where it is small.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.25, 0.75], [[0], [10]], [1, 4], "spherical")
        >>> f"{model.sf(30.0):.6e}"
        '5.714890e-24'
        """
        return quantiles.sf(self._fitted(), x)

    def ppf(self, q: ArrayLike) -> Any:
        """The inverse of `cdf`: the value up to which the probability is `q`.

        It is -inf at 0, inf at 1, NaN outside.

        Notes
        -----
        By Halley's iteration, in a bracket that is halved where it is slow.  With f the density at x, the
        error is at most ``u (4 |x| + (2 K + 14) q / f)``, u = 2^-53, as ``fastdist.accuracy`` states it:
        between components, where f is small, a rounding of q is worth much.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.25, 0.75], [[0], [10]], [1, 4], "spherical")
        >>> model.ppf([0, 0.625, 1, 2]).round(6)
        array([-inf,  10.,  inf,  nan])
        """
        return quantiles.ppf(self._fitted(), q)

    def isf(self, q: ArrayLike) -> Any:
        """The inverse of `sf`: the value above which the probability is `q`.

        It is inf at 0, -inf at 1, NaN outside.

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

    # What the mixture is like

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

        See Also
        --------
        is_unimodal : whether there is but one.

        Notes
        -----
        In one dimension all modes lie between the smallest and the largest mean.  The sign of the derivative
        is looked at on a grid that is finer than any component, and between the derivative's own extremes:
        modes are counted, not guessed.

        In more dimensions each start climbs by the fixed-point iteration

            x <- (sum_k r_k S_k^-1)^-1 sum_k r_k S_k^-1 mean_k,

        where r are the responsibilities and S the covariances [1]_, and by Newton's steps where the density
        is concave.  The end is a mode if the density curves down in all directions; from a saddle the ascent
        starts anew, to both sides of it.  There may be more modes than components [2]_.  So the starts are
        the means, points of the data, and ``(sum_k a_k S_k^-1)^-1 sum_k a_k S_k^-1 mean_k`` with equal and
        with unequal a_k > 0 for pairs, triples and all of the components: every mode is such a point, for
        some a_k [3]_.  A mode to which no start leads is missed.

        Modes less than 1e-4 standard deviations apart count as one.  (By NumPy's LAPACK; the last bits depend
        on the machine.)

        References
        ----------
        .. [1] M. A. Carreira-Perpinan, "Mode-finding for mixtures of Gaussian distributions", IEEE
           Transactions on Pattern Analysis and Machine Intelligence 22 (2000).
        .. [2] M. A. Carreira-Perpinan, C. K. I. Williams, "On the number of modes of a Gaussian mixture",
           Scale Space Methods in Computer Vision, Lecture Notes in Computer Science 2695 (2003).
        .. [3] S. Ray, B. G. Lindsay, "The topography of multivariate normal mixtures", The Annals of
           Statistics 33 (2005).

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.25, 0.75], [[0], [6]], [1, 1], "spherical")
        >>> modes = model.modes()
        >>> len(modes), modes.locations.ravel().round(6), modes.heights.round(6)
        (2, array([6., 0.]), array([0.299207, 0.099736]))
        """
        if X is None:
            return modes.modes(self._fitted())
        parameters, x, _ = self._points(X)
        return modes.modes(parameters, modes.starts_of_data(x))

    def is_unimodal(self, X: ArrayLike | None = None) -> bool:
        """Whether the density has one maximum: whether ``modes(X)`` finds one.

        Notes
        -----
        Two equal components of standard deviation s merge into one mode as soon as their means are no further
        apart than 2 s [1]_.

        References
        ----------
        .. [1] C. A. Robertson, J. G. Fryer, "Some descriptive properties of normal mixtures", Scandinavian
           Actuarial Journal (1969).

        Examples
        --------
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

        Returns
        -------
        GaussianMixture
            Of the same weights and the same covariance type:
            p(x_a) = sum_k weight_k N(x_a; mean_k,a, S_k,aa).  What is left out is integrated over.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[0, 1, 2], [3, 4, 5]], [1, 1])
        >>> model.marginal([2, 0]).means_
        array([[2., 0.],
               [5., 3.]])
        """
        return self._of(relations.marginal(self._fitted(), indices))

    def conditional(self, indices: ArrayLike, values: ArrayLike) -> Self:
        """The mixture of the other features, given the values of some.

        Parameters
        ----------
        values : array_like, shape (len(indices),)
            Their values; a number will do for one.

        Returns
        -------
        GaussianMixture
            Of the features a that are not given, in their order; of the same covariance type.

        Raises
        ------
        ValueError
            If `indices` holds all features; if `values` is of another length, or not finite.
        numpy.linalg.LinAlgError
            If a covariance is so nearly singular that it has no factor in the order that this takes.

        Notes
        -----
        Each component becomes its own conditional, and its weight says how well it explains the values [1]_,
        with b the `indices` and a the other features:

            p(x_a | x_b) = sum_k r_k N(x_a; m_k, C_k),  r_k proportional to weight_k N(x_b; mean_k,b, S_k,bb),
            m_k = mean_k,a + S_k,ab S_k,bb^-1 (x_b - mean_k,b),  C_k = S_k,aa - S_k,ab S_k,bb^-1 S_k,ba.

        Where the values are so far from all components that no logarithm of a density is finite, the
        component of the least distance from them has weight 1 (see `predict_proba`).

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
        return self._of(relations.conditional(self._fitted(), indices, values))

    def plot(
        self,
        ax: Axes | None = None,
        *,
        data: ArrayLike | None = None,
        names: Sequence[str] | None = None,
        components: bool = True,
        modes_marked: bool = True,
    ) -> Axes:
        """Draw the density in one or two dimensions, its components, its modes, and data, with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where; a new figure of pyplot if it is not given.
        data : array_like, shape (n, d), optional
            Drawn as a histogram in one dimension, as points in two, of which at most 5000 are shown.  Rows
            with NaN are left out.
        names : sequence of d strings, optional
            What the features are called, along the axes; those of the fit, if it knew any.
        components : bool, optional
            Whether to draw each component: its weighted density in one dimension, in two the ellipses that
            hold it with probabilities 0.5 and 0.95.
        modes_marked : bool, optional
            Whether to mark the modes.

        Returns
        -------
        matplotlib.axes.Axes
            `ax`, or the new one.

        Raises
        ------
        ImportError
            Without matplotlib, which is an extra.
        ValueError
            If there are more than two dimensions; if `data` or `names` are for another number of dimensions.

        Notes
        -----
        In two dimensions the shades are regions of highest density: the darkest is the smallest region that
        holds 25 % of the probability, the others hold 50, 75 and 95 %.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> from matplotlib.figure import Figure
        >>> model = GaussianMixture.from_parameters([0.5, 0.5], [[-2], [2]], [1, 1], "spherical")
        >>> model.plot(Figure().subplots()).get_ylabel()
        'density'
        """
        parameters = self._fitted()
        return plot.plot(
            parameters,
            ax,
            data=data,
            names=getattr(self, "feature_names_in_", None) if names is None else names,
            components=components,
            modes_marked=modes_marked,
        )

    # Steps of the above

    def _begin_step(
        self, X: Any, sample_weight: Any, method: str
    ) -> tuple[Batch, MixtureParameters, Start, NDArray[np.object_] | None]:
        """A checked batch, the parameters that it is seen with, its start, and the names to record.

        Nothing of the model changes: a batch that is refused leaves nothing behind.
        """
        self._check_params()
        batch = batch_of(X, sample_weight)
        data = Data(lambda: iter([batch]))
        start = self._start(data)
        if not self.__sklearn_is_fitted__():
            self._check_data(data)
            return batch, self._initial(self._given(data.d), start), start, data.names
        parameters = self._fitted()
        self._check_features(X, data.d)
        if hasattr(self, "n_iter_"):  # else the parameters were assigned to a model of any form
            self._check_form(parameters, data.d, method)
        return batch, parameters, start, self.__dict__.get("feature_names_in_")

    def _end_step(
        self,
        parameters: MixtureParameters,
        lower_bounds: list[float],
        converged: bool,
        batch: Batch,
        names: NDArray[np.object_] | None,
    ) -> None:
        """Take the parameters of a step; of the first one, the features of its batch as well."""
        dtype = batch.x.dtype if self._parameters is None else self._dtype
        self._record_features(names, parameters.dimension)
        self._take(parameters, lower_bounds, converged, dtype)

    def _fit(self, X: Any, sample_weight: Any, callback: Callback | None) -> Fit:
        self._check_params()
        data = data_of(X, sample_weight)
        self._check_data(data)
        before = self._warm(data) if self.warm_start else None
        given = self._given(data.d)
        start = self._start(data)
        progress = Progress(self.verbose, self.verbose_interval, self.max_iter, callback)
        best: Fit | None = None
        try:
            for number in range(self.n_init if before is None else 1):
                progress.start(number)
                fit = em(
                    data,
                    self._initial(given, start) if before is None else before,
                    lower_bound=-math.inf if before is None else self.lower_bound_,
                    tol=self.tol,
                    max_iter=self.max_iter,
                    reg_covar=start.reg_covar,
                    report=progress.iteration,
                )
                if self.max_iter:
                    progress.end(fit)
                if best is None or fit.lower_bound > best.lower_bound or best.lower_bound == -math.inf:
                    best = fit
                if fit.stopped:
                    break
        finally:
            progress.close()
        assert best is not None
        self._record_features(data.names, data.d)
        self._take(best.parameters, best.lower_bounds, best.converged, data.dtype)
        started = before is None and not given.all
        if started and start.distinct_points < self.n_components:
            warnings.warn(
                f"Number of distinct points ({start.distinct_points}) found smaller than n_components "
                f"({self.n_components}). Possibly due to duplicate points in X. Some components are equal.",
                as_in_scikit_learn(ConvergenceWarning),
                stacklevel=level_of_caller(),
            )
        return best

    def _check_data(self, data: Data) -> None:
        if data.n < self.n_components:
            raise ValueError(
                f"Expected n_samples >= n_components but got n_components = {self.n_components}, "
                f"n_samples = {data.n}"
            )

    def _given(self, d: int) -> Given:
        return given_parameters(
            self.weights_init,
            self.means_init,
            self.precisions_init,
            self.n_components,
            d,
            self.covariance_type,
        )

    def _start(self, data: Data) -> Start:
        return Start(
            data,
            self.n_components,
            self.covariance_type,
            self.init_params,
            self.reg_covar,
            fitting_source(self.random_state),
        )

    def _initial(self, given: Given, start: Start) -> MixtureParameters:
        return given.over(None if given.all else start.parameters(), self.covariance_type)

    def _warm(self, data: Data) -> MixtureParameters | None:
        """The parameters where the last fit ended, if there was one."""
        if not hasattr(self, "converged_") or not self.__sklearn_is_fitted__():
            return None
        found = self._fitted()
        self._check_form(found, data.d, "warm_start=True")
        return found

    def _check_form(self, found: MixtureParameters, d: int, what: str) -> None:
        has = found.components, found.dimension, found.covariance_type
        wants = self.n_components, d, self.covariance_type
        if has != wants:
            raise ValueError(
                f"{what} goes on with n_components, n_features and covariance_type of the last fit: "
                f"{has}, not {wants}"
            )

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

    def _sampling_source(self) -> Source:
        """What `random_state` names, at the place that samples have reached."""
        kept = self.__dict__.get("_source")
        if kept is None or kept[0] is not self.random_state:
            kept = self.__dict__["_source"] = (self.random_state, check_random_state(self.random_state))
        source: Source = kept[1]
        return source

    def _of(self, parameters: MixtureParameters) -> Self:
        """A model like this one, with other parameters: fits of it start anew."""
        model = type(self)(**self.get_params())
        model.weights_init = model.means_init = model.precisions_init = None
        model._take(parameters, dtype=self._dtype)
        return model


def _log_densities(parameters: MixtureParameters, x: Array, missing: bool) -> Array:
    """The log density at each row; missing values are marginalised."""
    return missing_values.score_samples(parameters, x) if missing else parameters.score_samples(x)
