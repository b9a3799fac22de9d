"""The base of `fastdist.GaussianMixture`: scikit-learn's protocol, and the fitted attributes."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Sequence
from copy import deepcopy
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from fastdist.exceptions import (
    InvalidParameterError,
    NotFittedError,
    as_in_scikit_learn,
    level_of_caller,
)
from fastdist.mixture.data import as_rows, check_same_names, feature_names, has_missing
from fastdist.mixture.initialization import given_parameters
from fastdist.mixture.parameters import COVARIANCE_TYPES, MixtureParameters, checked, covariance_shape
from fastdist.random.random_state import check_random_state
from fastdist.read_only import read_only
from fastdist.typing import Array

INIT_PARAMS = ("k-means++", "kmeans", "random", "random_from_data")


def _is_integer(least: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, Integral) and int(value) >= least


def _is_real(value: Any) -> bool:
    return isinstance(value, Real) and 0 <= float(value) < math.inf  # NaN is not


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _is_array(value: Any) -> bool:
    return (
        value is None or hasattr(value, "__array__") or (hasattr(value, "__len__") and not _is_string(value))
    )


def _is_random_state(value: Any) -> bool:
    kinds = (np.random.Generator, np.random.RandomState, SeedSequence)
    return value is None or value is np.random or isinstance(value, kinds) or _is_integer(0)(value)


def _one_of(names: tuple[str, ...]) -> str:
    return "a str among {" + ", ".join(map(repr, names)) + "}"


# What each parameter may be, and how scikit-learn says it.
CONSTRAINTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "n_components": (_is_integer(1), "an int in the range [1, inf)"),
    "covariance_type": (
        lambda value: _is_string(value) and value in COVARIANCE_TYPES,
        _one_of(tuple(sorted(COVARIANCE_TYPES))),
    ),
    "tol": (_is_real, "a float in the range [0.0, inf)"),
    "reg_covar": (
        lambda value: _is_real(value) or (_is_string(value) and value == "scale"),
        "a float in the range [0.0, inf) or a str among {'scale'}",
    ),
    "max_iter": (_is_integer(0), "an int in the range [0, inf)"),
    "n_init": (_is_integer(1), "an int in the range [1, inf)"),
    "init_params": (lambda value: _is_string(value) and value in INIT_PARAMS, _one_of(INIT_PARAMS)),
    "weights_init": (_is_array, "an array-like or None"),
    "means_init": (_is_array, "an array-like or None"),
    "precisions_init": (_is_array, "an array-like or None"),
    "random_state": (
        _is_random_state,
        "an int in the range [0, inf), an instance of 'numpy.random.Generator', an instance of "
        "'numpy.random.mtrand.RandomState' or None",
    ),
    "warm_start": (_is_truth, "an instance of 'bool' or an instance of 'numpy.bool'"),
    "verbose": (
        lambda value: _is_truth(value) or _is_integer(0)(value) or (_is_string(value) and value == "bar"),
        "an int in the range [0, inf), an instance of 'bool', an instance of 'numpy.bool' or a str among "
        "{'bar'}",
    ),
    "verbose_interval": (_is_integer(1), "an int in the range [1, inf)"),
}


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


class Estimator:
    """What scikit-learn asks of a model, and the fitted attributes."""

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

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the constructor.

        Parameters
        ----------
        deep : bool, optional
            No parameter has parameters of its own: nothing depends on it.

        Returns
        -------
        dict
            Names and values, as they were given.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> GaussianMixture(3).get_params()["n_components"]
        3
        """
        return {name: getattr(self, name) for name in sorted(self._defaults())}

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the constructor; they are checked when the model is fitted.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        GaussianMixture
            Itself.

        Raises
        ------
        ValueError
            If there is no parameter of a name.

        Examples
        --------
        >>> from fastdist import GaussianMixture
        >>> GaussianMixture(3).set_params(tol=1e-6)
        GaussianMixture(n_components=3, tol=1e-06)
        """
        if "random_state" in params:  # even if it is the same: samples start anew
            self.__dict__.pop("_source", None)
        names = sorted(self._defaults())
        for name in params:
            if name not in names:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}. Valid parameters are: {names!r}."
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        shown = []
        for name, default in self._defaults().items():
            value = getattr(self, name)
            if type(value) is not type(default) or not np.array_equal(value, default):
                shown.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        """The constructor's parameters, also of a subclass, in their order."""
        parameters = inspect.signature(cls).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is not p.VAR_KEYWORD}

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn wants to know of the model: scikit-learn alone calls it."""
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type="density_estimator",
            target_tags=TargetTags(required=False),
            input_tags=InputTags(allow_nan=True),
        )

    def _check_params(self) -> None:
        """Raise what scikit-learn raises for a parameter that may not be."""
        for name, (allowed, words) in CONSTRAINTS.items():
            value = getattr(self, name)
            if not allowed(value):
                raise as_in_scikit_learn(InvalidParameterError)(
                    f"The {name!r} parameter of {type(self).__name__} must be {words}. Got {value!r} instead."
                )

    def _record_features(self, names: NDArray[np.object_] | None, n_features: int) -> None:
        """Keep the number of features of the data, and their names if there are any."""
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.n_features_in_ = n_features

    def _check_feature_names(self, x: Any) -> None:
        """Warn or raise unless the features are those of the fit, in their order."""
        fitted = self.__dict__.get("feature_names_in_")
        if type(x) is np.ndarray and fitted is None:
            return
        names, model = feature_names(x), type(self).__name__
        if fitted is None and names is not None:
            _warn(f"X has feature names, but {model} was fitted without feature names")
        if fitted is not None and names is None:
            _warn(f"X does not have valid feature names, but {model} was fitted with feature names")
        check_same_names(fitted, names, "those that were passed during fit", "at fit time", "in fit")

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


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=level_of_caller())


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
