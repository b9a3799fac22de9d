"""A Gaussian mixture that has its parameters: fitted attributes, and how data are checked against them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastdist.exceptions import NotFittedError, as_in_scikit_learn
from fastdist.mixture_data import as_rows, has_missing
from fastdist.mixture_estimator import Estimator
from fastdist.mixture_initial_parameters import given_parameters
from fastdist.mixture_parameters import MixtureParameters, checked, covariance_shape

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
        # A new dict: that of a shallow copy of the model stays as it is.
        model.__dict__["_assigned"] = model.__dict__.get("_assigned", {}) | {self._name: np.asarray(value)}


class FittedMixture(Estimator):
    """What the methods of `fastdist.GaussianMixture` have in common."""

    covariance_type: str
    random_state: Any
    weights_init: Any
    means_init: Any
    precisions_init: Any
    _parameters: MixtureParameters | None = None

    weights_ = _Parameter("weights")
    means_ = _Parameter("means")
    covariances_ = _Parameter("covariances")
    precisions_ = _Parameter("precisions")
    precisions_cholesky_ = _Parameter("precisions_cholesky")

    def __sklearn_is_fitted__(self) -> bool:
        """Whether the model has all of its parameters, from a fit or assigned."""
        covariances = ("covariances_", "precisions_cholesky_", "precisions_")
        return (
            hasattr(self, "weights_")
            and hasattr(self, "means_")
            and any(hasattr(self, name) for name in covariances)
        )

    def _take(
        self, parameters: MixtureParameters, lower_bounds: Sequence[float] = (), converged: bool = True
    ) -> None:
        """Have these parameters, and what the fit has said of them."""
        for name in ("_assigned", "_pending", "_source"):
            self.__dict__.pop(name, None)
        self._parameters = parameters
        self.n_features_in_ = parameters.dimension
        self.converged_ = converged
        self.n_iter_ = len(lower_bounds)
        self.lower_bounds_ = list(lower_bounds)
        self.lower_bound_ = self.lower_bounds_[-1] if lower_bounds else -math.inf

    def _fitted(self) -> MixtureParameters:
        """The parameters; those that were assigned are checked now."""
        assigned = self.__dict__.get("_assigned")
        if not assigned and self._parameters is not None:
            return self._parameters
        if not self.__sklearn_is_fitted__():
            raise as_in_scikit_learn(NotFittedError)(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with appropriate "
                "arguments before using this estimator."
            )
        assert assigned
        before = self._parameters
        kind = self.covariance_type if before is None else before.covariance_type
        weights, means = (np.asarray(getattr(self, name), np.float64) for name in ("weights_", "means_"))
        upper = None
        if means.ndim == 2 and "covariances" not in assigned:
            upper = _assigned_precisions_cholesky(assigned, len(means), means.shape[1], kind)
        if upper is None:
            covariances = self.covariances_
        else:
            covariances = MixtureParameters.of_precisions_cholesky(weights, means, upper, kind).covariances
        self._parameters = checked(weights, means, covariances, kind)
        self.n_features_in_ = self._parameters.dimension
        for name in ("_assigned", "_pending"):  # a step of partial_fit began with other parameters
            self.__dict__.pop(name, None)
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
        x = as_rows(X)
        self._check_features(X, x.shape[1])
        return parameters, x, has_missing(x)

    def _check_features(self, X: Any, n_features: int) -> None:
        """Warn or raise unless data have the features of the fit."""
        self._check_feature_names(X)
        if n_features != self.n_features_in_:
            raise ValueError(
                f"X has {n_features} features, but {type(self).__name__} is expecting {self.n_features_in_} "
                "features as input."
            )


def _assigned_precisions_cholesky(
    assigned: dict[str, Array], components: int, d: int, covariance_type: str
) -> Array | None:
    """Factors of precisions, if these or precisions were assigned."""
    if "precisions_cholesky" in assigned:
        upper = np.asarray(assigned["precisions_cholesky"], np.float64)
        shape = covariance_shape(covariance_type, components, d)
        if upper.shape != shape:
            raise ValueError(f"precisions_cholesky_ must have shape {shape}, not {upper.shape}")
        return upper
    precisions = assigned.get("precisions")
    return given_parameters(None, None, precisions, components, d, covariance_type).precisions_cholesky
