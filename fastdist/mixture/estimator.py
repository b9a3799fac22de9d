"""scikit-learn's protocol for models, without scikit-learn: parameters, names of features, errors."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from fastdist.exceptions import InvalidParameterError, as_in_scikit_learn, level_of_caller
from fastdist.mixture.parameters import COVARIANCE_TYPES

INIT_PARAMS = ("k-means++", "kmeans", "random", "random_from_data")
# Names that a message shows, at most.
SHOWN = 5


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


class Estimator:
    """What scikit-learn asks of a model, but for the model itself."""

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


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=level_of_caller())


def check_same_names(
    expected: NDArray[np.object_] | None,
    names: NDArray[np.object_] | None,
    those: str,
    then: str,
    where: str,
) -> None:
    """Raise scikit-learn's ValueError unless the features are the same, in the same order.

    ``those``, ``then`` and ``where`` say in its words where the expected names come from.
    """
    if expected is None or names is None or np.array_equal(expected, names):
        return
    unseen, missing = sorted(set(names) - set(expected)), sorted(set(expected) - set(names))
    message = f"The feature names should match {those}.\n"
    if unseen:
        message += f"Feature names unseen {then}:\n" + _listed(unseen)
    if missing:
        message += f"Feature names seen {then}, yet now missing:\n" + _listed(missing)
    if not unseen and not missing:
        message += f"Feature names must be in the same order as they were {where}.\n"
    raise ValueError(message)


def _listed(names: list[str]) -> str:
    more = ["- ..."] if len(names) > SHOWN else []
    return "\n".join([*(f"- {name}" for name in names[:SHOWN]), *more, ""])


def feature_names(x: Any) -> NDArray[np.object_] | None:
    """The names of the columns of a data frame, if they are strings."""
    columns = getattr(x, "columns", None)
    if columns is None or not hasattr(x, "shape"):
        return None
    names = np.empty(len(columns), dtype=object)
    names[:] = list(columns)
    kinds = sorted({type(name).__qualname__ for name in names})
    if "str" in kinds and len(kinds) > 1:
        raise TypeError(
            "Feature names are only supported if all input features have string names, but your input has "
            f"{kinds} as feature name / column name types. If you want feature names to be stored and "
            "validated, you must convert them all to strings, by using X.columns = X.columns.astype(str) for "
            "example. Otherwise you can remove feature / column names from your input data, or convert them "
            "all to a non-string data type."
        )
    return names if kinds == ["str"] else None
