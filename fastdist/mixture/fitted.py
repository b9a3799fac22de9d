"""A Gaussian mixture that has its parameters: fitted attributes, and how data are checked against them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fastdist.exceptions import NotFittedError, as_in_scikit_learn
from fastdist.mixture.data import as_rows, has_missing
from fastdist.mixture.estimator import Estimator
from fastdist.mixture.initial_parameters import given_parameters
from fastdist.mixture.parameters import MixtureParameters, checked, covariance_shape
from fastdist.random.random_state import check_random_state
from fastdist.read_only import read_only

Array = NDArray[Any]


class _Parameter:
    """A fitted attribute, in the dtype of the data: one of `MixtureParameters`, or what was assigned."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._advice = (
            f"{name}_ is read-only, since the model is computed from it: assign a new array instead, "
            f"model.{name}_ = array"
        )

    def __get__(self, model: Any, owner: Any = None) -> Any:
        if model is None:
            return self
        assigned = model.__dict__.get("_assigned", {})
        if self._name in assigned:
            return read_only(assigned[self._name], self._advice)
        if model._parameters is None:
            raise AttributeError(f"{type(model).__name__!r} object has no attribute '{self._name}_'")
        value = getattr(model._parameters, self._name).astype(model._dtype, copy=False)
        return read_only(value, self._advice)

    def __set__(self, model: Any, value: Any) -> None:
        # A new dict: that of a shallow copy of the model stays as it is.
        model.__dict__["_assigned"] = model.__dict__.get("_assigned", {}) | {self._name: np.array(value)}


class FittedMixture(Estimator):
    """What the methods of `fastdist.GaussianMixture` have in common."""

    covariance_type: str
    random_state: Any
    weights_init: Any
    means_init: Any
    precisions_init: Any
    _parameters: MixtureParameters | None = None
    # Of the fitted attributes; `_parameters` is float64.
    _dtype: Any = np.float64

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
        self,
        parameters: MixtureParameters,
        lower_bounds: Sequence[float] = (),
        converged: bool = True,
        dtype: Any = np.float64,
    ) -> None:
        """Have these parameters, and what the fit has said of them."""
        for name in ("_assigned", "_pending", "_source"):
            self.__dict__.pop(name, None)
        self._parameters, self._dtype = parameters, dtype
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
        weights, means = (assigned.get(name, getattr(before, name, None)) for name in ("weights", "means"))
        upper = None
        if means.ndim == 2 and "covariances" not in assigned:
            upper = _assigned_precisions_cholesky(assigned, len(means), means.shape[1], kind)
        if upper is None:
            covariances = assigned.get("covariances", getattr(before, "covariances", None))
        else:
            weights64, means64, upper64 = (np.asarray(array, np.float64) for array in (weights, means, upper))
            factored = MixtureParameters.of_precisions_cholesky(weights64, means64, upper64, kind)
            covariances = factored.covariances
        self._parameters = checked(weights, means, covariances, kind)
        dtype = np.result_type(*assigned.values(), *(() if before is None else (self._dtype,)))
        self._dtype = np.float32 if dtype == np.float32 else np.float64
        self.n_features_in_ = self._parameters.dimension
        for name in ("_assigned", "_pending"):  # a step that accumulates began with other parameters
            self.__dict__.pop(name, None)
        return self._parameters

    def __copy__(self) -> Self:
        """A model of its own: what the copy learns or draws does not move this one.

        Only the parameters of the constructor are shared, as the protocol of scikit-learn has it: if
        `random_state` is a generator, both draw from it.
        """
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        for name in ("lower_bounds_", "_pending"):
            if name in twin.__dict__:
                setattr(twin, name, deepcopy(getattr(self, name)))
        kept = self.__dict__.get("_source")
        if kept is not None and check_random_state(kept[0]) is not kept[1]:  # made from a seed
            twin.__dict__["_source"] = kept[0], deepcopy(kept[1])
        return twin

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
