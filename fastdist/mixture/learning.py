"""Fitting a Gaussian mixture: all at once, from batches, or batch by batch."""

from __future__ import annotations

import math
import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist.exceptions import ConvergenceWarning, as_in_scikit_learn, level_of_caller
from fastdist.mixture.data import Batch, Data, batch_of, data_of, is_batches
from fastdist.mixture.expectation_maximization import Callback, Fit, Step, em, online_step
from fastdist.mixture.inference import MixtureInference
from fastdist.mixture.initial_parameters import Given, given_parameters
from fastdist.mixture.initialization import Start
from fastdist.mixture.parameters import MixtureParameters
from fastdist.mixture.progress import Progress
from fastdist.mixture.sampling import fitting_source

# The size of step t of online EM is t to this power.
STEP_EXPONENT = -0.6


class MixtureLearning(MixtureInference):
    """Methods of `fastdist.GaussianMixture` that find its parameters."""

    n_components: int
    tol: float
    reg_covar: Any
    max_iter: int
    n_init: int
    init_params: str
    warm_start: bool
    verbose: Any
    verbose_interval: int
    _pending: Step | None = None

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

        Parameters
        ----------
        X : array_like, shape (n, d)
            The batch.  If the model has no parameters yet, they start from this one, as those of `fit`.
        y : optional
            Not used.
        sample_weight : array_like, shape (n,), optional
            Weights of the rows.
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
            As `fit` raises them; ValueError also if `step_size` is outside of (0, 1], if `n_components` or
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

        Parameters
        ----------
        X : array_like, shape (n, d)
            The batch.  If the model has no parameters yet, they start from this one, as those of `fit`.
        y : optional
            Not used.
        sample_weight : array_like, shape (n,), optional
            Weights of the rows.

        Returns
        -------
        GaussianMixture
            Itself.  The parameters do not change before `step`.

        Raises
        ------
        ValueError, TypeError
            As `partial_fit` raises them.

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

        Returns
        -------
        GaussianMixture
            Itself, with the new parameters; `n_iter_`, `lower_bound_` and `converged_` say how the step went.

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
