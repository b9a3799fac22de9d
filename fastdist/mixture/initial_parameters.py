"""Where the fit of a mixture starts if a user says so, with scikit-learn's checks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastdist._dispatch import cholesky
from fastdist.mixture.parameters import MixtureParameters, covariance_shape, rounding_of_weights

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Given:
    """Initial weights, means and factors of precisions; None for those that are not given."""

    weights: Array | None
    means: Array | None
    precisions_cholesky: Array | None

    @property
    def all(self) -> bool:
        """Whether nothing is left to be found."""
        return self.weights is not None and self.means is not None and self.precisions_cholesky is not None

    def over(self, found: MixtureParameters | None, covariance_type: str) -> MixtureParameters:
        """These, and for what is not given that which was found."""
        if (
            found is not None
            and self.weights is None
            and self.means is None
            and self.precisions_cholesky is None
        ):
            return found
        weights = self.weights if self.weights is not None else _of(found).weights
        means = self.means if self.means is not None else _of(found).means
        if self.precisions_cholesky is None:
            return MixtureParameters(
                weights, means, _of(found).covariances, covariance_type, _of(found).factors
            )
        return MixtureParameters.of_precisions_cholesky(
            weights, means, self.precisions_cholesky, covariance_type
        )


def _of(found: MixtureParameters | None) -> MixtureParameters:
    assert found is not None  # unless all is given
    return found


def given_parameters(
    weights: Any, means: Any, precisions: Any, components: int, d: int, covariance_type: str
) -> Given:
    """Initial parameters, with scikit-learn's checks and errors."""
    if weights is not None:
        rounding = rounding_of_weights(np.asarray(weights).dtype)
        weights = _array(weights, (components,), "weights")
        if (weights < 0).any() or (weights > 1).any():
            raise ValueError(
                "The parameter 'weights' should be in the range [0, 1], but got max value "
                f"{weights.max():.5f}, min value {weights.min():.5f}"
            )
        total = math.fsum(weights)
        if not abs(total - 1) <= rounding:
            raise ValueError(
                f"The parameter 'weights' should be normalized, but got sum(weights) = {total:.5f}"
            )
        weights = weights / total
    if means is not None:
        means = _array(means, (components, d), "means")
    if precisions is not None:
        shape = covariance_shape(covariance_type, components, d)
        precisions = _precisions_cholesky(
            _array(precisions, shape, f"{covariance_type} precision"), covariance_type
        )
    return Given(weights, means, precisions)


def _array(value: Any, shape: tuple[int, ...], name: str) -> Array:
    array = np.asarray(value)
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported\n{array}\n")
    array = np.array(array, np.float64)
    if array.shape != shape:
        raise ValueError(f"The parameter '{name}' should have the shape of {shape}, but got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"Input {name} contains {'NaN' if np.isnan(array).any() else 'infinity'}.")
    return array


def _precisions_cholesky(precisions: Array, covariance_type: str) -> Array:
    """U with ``precision = U U^T``: J M J, where J reverses the order and J precision J = M M^T."""
    if covariance_type in ("diag", "spherical"):
        if (precisions <= 0).any():
            raise ValueError(f"'{covariance_type} precision' should be positive")
        return np.sqrt(precisions)
    if not np.isclose(precisions, precisions.mT).all():
        raise ValueError(f"'{covariance_type} precision' should be symmetric, positive-definite")
    factor: Array = cholesky.cholesky(precisions[..., ::-1, ::-1])[..., ::-1, ::-1]
    if np.isnan(factor).any():
        raise ValueError(f"'{covariance_type} precision' should be symmetric, positive-definite")
    return factor
