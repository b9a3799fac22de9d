"""A drop-in for ``sklearn.mixture.GaussianMixture``, which is a generative model as well."""

from __future__ import annotations

import math
import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist import mixture_sampling
from fastdist.exceptions import ConvergenceWarning, as_in_scikit_learn
from fastdist.mixture_data import Batch, Data, batch_of, data_of
from fastdist.mixture_estimator import Estimator
from fastdist.mixture_fitting import Callback, Fit, em
from fastdist.mixture_given import Given, given_parameters
from fastdist.mixture_inference import MixtureInference
from fastdist.mixture_initialization import initial_parameters, scale_of
from fastdist.mixture_moments import Moments
from fastdist.mixture_parameters import MixtureParameters, checked
from fastdist.mixture_progress import Progress

Array = NDArray[Any]


class _Parameter:
    """A fitted attribute: one of `MixtureParameters`, or what a caller has assigned."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, model: Any, owner: Any = None) -> Any:
        if model is None:
            return self
        assigned = model.__dict__.get("_assigned", {})
        if self._name in assigned:
            return assigned[self._name]
        if model._parameters is None:
            raise AttributeError(f"{type(model).__name__!r} object has no attribute '{self._name}_'")
        return getattr(model._parameters, self._name)

    def __set__(self, model: Any, value: Any) -> None:
        model.__dict__.setdefault("_assigned", {})[self._name] = np.asarray(value)


class _Pending:
    """The sums of a step that `partial_fit` has not ended."""

    def __init__(self, parameters: MixtureParameters, reg_covar: Any) -> None:
        self.centres, self.reg_covar = parameters.means, reg_covar
        self.moments = Moments.zeros(parameters.components, parameters.dimension, parameters.diagonal)
        self.log_likelihood = self.total_weight = 0.0

    def add(self, batch: Batch, parameters: MixtureParameters) -> None:
        moments, log_likelihood = batch.expectation(parameters, self.centres)
        self.moments.add(moments)
        self.log_likelihood += log_likelihood
        weight = batch.sample_weight
        self.total_weight += len(batch.x) if weight is None else math.fsum(weight)


class GaussianMixture(MixtureInference, Estimator):
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
        What fits and samples are made with.  With an int both can be repeated, on any number of threads.
    warm_start : bool, optional
        Whether a fit starts where the last one ended.
    verbose : int, bool or 'bar', optional
        1 prints each `verbose_interval` steps, 2 times and changes as well; 'bar' shows a bar of tqdm.
    verbose_interval : int, optional
        Steps between two lines.

    Attributes
    ----------
    weights_ : ndarray of float64, shape (K,)
        Weights: of sum 1.
    means_ : ndarray of float64, shape (K, d)
        Means.
    covariances_ : ndarray of float64
        Covariances, of shape (K, d, d), (d, d), (K, d) or (K,) for the four types.
    precisions_ : ndarray of float64
        Their inverses.
    precisions_cholesky_ : ndarray of float64
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
        Names of the features, if the data of the fit had names that are all strings.

    See Also
    --------
    fastdist.multivariate_normal : the distribution of a single component.

    Notes
    -----
    The arrays of parameters are float64, also of float32 data, whose densities are computed in float32; and
    they are read-only: assign a new one to change one.

    From the same start, a fit takes the same steps as scikit-learn's, in one pass over the data each; nothing
    of the size n x K is made, and the data are not copied.  Its sums are about the means before the step, so
    that data far from 0 lose no digits.  Results are bit-identical for any number of threads.

    What differs: missing values (NaN) are marginalised; weights are normalised also before the first step; a
    component without points stays where it was; k-means runs on a sample of the rows if there are more than
    65 536; `sample` gives the next rows with each call, not the same again.

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

    _parameters: MixtureParameters | None = None
    _pending: _Pending | None = None

    weights_ = _Parameter("weights")
    means_ = _Parameter("means")
    covariances_ = _Parameter("covariances")
    precisions_ = _Parameter("precisions")
    precisions_cholesky_ = _Parameter("precisions_cholesky")

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
            Not negative; their sum may differ from 1 by 1e-8, and becomes 1.
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
        model._set(Fit(parameters, converged=True))
        model.n_features_in_ = parameters.dimension
        return model

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
            map larger than memory.  Batches are a list of arrays, a function that returns an iterator over
            arrays, or any object that can be iterated again and again.
        y : optional
            Not used.
        sample_weight : array_like, shape (n,), optional
            A weight k counts as k rows.
        callback : callable, optional
            Called after each step with its number, the mean log-likelihood and its change; if it returns
            True, the fit ends there.

        Returns
        -------
        GaussianMixture
            Itself.

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
            If the best start did not converge in `max_iter` steps.

        Notes
        -----
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
                stacklevel=2,
            )
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> NDArray[np.intp]:
        """Fit, and say which component each row belongs to.

        Parameters
        ----------
        X : array_like, shape (n, d)
            The data.
        y : optional
            Not used.
        sample_weight : array_like, shape (n,), optional
            Weights of the rows.

        Returns
        -------
        ndarray of int, shape (n,)
            What `predict` returns after `fit`.

        Raises
        ------
        ValueError, TypeError
            As `fit` raises them.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> len(set(GaussianMixture(2, random_state=0).fit_predict([[1.0], [1.1], [9.0], [9.1]])))
        2
        """
        return self.fit(X, y, sample_weight).predict(X)

    def partial_fit(
        self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None, *, last: bool = False
    ) -> Self:
        """Add a batch of rows to a step of EM, and perhaps end the step.

        Parameters
        ----------
        X : array_like, shape (n, d)
            The batch.  If the model has no parameters yet, they start from this one, as those of `fit`.
        y : optional
            Not used.
        sample_weight : array_like, shape (n,), optional
            Weights of the rows.
        last : bool, optional
            Whether the step ends with this batch: only then parameters, `n_iter_`, `lower_bound_` and
            `converged_` change.

        Returns
        -------
        GaussianMixture
            Itself.

        Raises
        ------
        ValueError, TypeError
            As `fit` raises them.

        Notes
        -----
        All batches of a step are seen with the parameters before it, so that batches of which the last ends
        the step make the same parameters as a step of EM over all rows.

        Examples
        --------
        >>> import numpy as np
        >>> from fastdist import GaussianMixture
        >>> X = np.random.default_rng(7).normal(size=(3000, 2)) * [1, 5]
        >>> batches = np.array_split(X, 3)
        >>> model = GaussianMixture(random_state=0)
        >>> for step in range(2):
        ...     for i, batch in enumerate(batches):
        ...         model = model.partial_fit(batch, last=i == 2)
        >>> bool(np.allclose(model.means_, X.mean(axis=0))), model.n_iter_
        (True, 2)
        """
        self._check_params()
        batch = batch_of(X, sample_weight)
        if not self.__sklearn_is_fitted__():
            data = Data(lambda: iter([batch]))
            self._check_data(X, data, 1)
            self._record_features(X, data.d)
            rng = mixture_sampling.fitting_source(self.random_state)
            self._set(Fit(self._initial(data, self._given(data.d), rng)))
        parameters = self._fitted()
        self._check_features(X, batch.x, "partial_fit")
        if self._pending is None:
            data = Data(lambda: iter([batch]))
            reg_covar, _ = scale_of(data, self.reg_covar, mixture_sampling.fitting_source(0))
            self._pending = _Pending(parameters, reg_covar)
        pending = self._pending
        pending.add(batch, parameters)
        if last:
            before, bounds = self.lower_bound_, self.lower_bounds_
            lower_bound = pending.log_likelihood / pending.total_weight
            new = pending.moments.maximize(pending.centres, parameters.covariance_type, pending.reg_covar)
            converged = abs(lower_bound - before) < self.tol
            self._set(Fit(new, lower_bound, converged, lower_bounds=[*bounds, lower_bound]))
        return self

    def _fit(self, X: Any, sample_weight: Any, callback: Callback | None) -> Fit:
        self._check_params()
        data = data_of(X, sample_weight)
        self._check_data(X, data, 2)
        given = self._given(data.d)
        start = None
        if self.warm_start and hasattr(self, "converged_") and self.__sklearn_is_fitted__():
            start = self._fitted()
            self._check_features(X, None, "fit", data.d)
        rng = mixture_sampling.fitting_source(self.random_state)
        reg_covar, _ = scale_of(data, self.reg_covar, rng)
        progress = Progress(self.verbose, self.verbose_interval, self.max_iter, callback)
        best: Fit | None = None
        try:
            for number in range(self.n_init if start is None else 1):
                progress.start(number)
                fit = em(
                    data,
                    self._initial(data, given, rng) if start is None else start,
                    lower_bound=-math.inf if start is None else self.lower_bound_,
                    tol=self.tol,
                    max_iter=self.max_iter,
                    reg_covar=reg_covar,
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
        self._record_features(X, data.d)
        self._set(best)
        return best

    def _check_data(self, X: Any, data: Data, least: int) -> None:
        if data.n < least:
            raise ValueError(
                f"Found array with {data.n} sample(s) (shape={(data.n, data.d)}) while a minimum of {least} "
                f"is required by {type(self).__name__}."
            )
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

    def _initial(self, data: Data, given: Given, rng: np.random.Generator) -> MixtureParameters:
        found = None
        if not given.all:
            reg_covar, unit = scale_of(data, self.reg_covar, rng)
            found = initial_parameters(
                data, self.n_components, self.covariance_type, self.init_params, reg_covar, unit, rng
            )
        return given.over(found, self.covariance_type)

    def _set(self, fit: Fit) -> None:
        """Make this the fit that the model has."""
        self._parameters = fit.parameters
        for name in ("_assigned", "_pending", "_source"):
            self.__dict__.pop(name, None)
        self.converged_ = fit.converged
        self.n_iter_ = len(fit.lower_bounds)
        self.lower_bound_ = fit.lower_bound
        self.lower_bounds_ = fit.lower_bounds
