"""Marginals and conditionals of a Gaussian mixture, which are Gaussian mixtures."""

from __future__ import annotations

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import ArrayLike, NDArray

from fastdist._dispatch import cholesky
from fastdist.covariance.checks import check_finite, entries
from fastdist.covariance.factors import product
from fastdist.mixture.parameters import MixtureParameters
from fastdist.multivariate.relations import check_dimensions, check_given, mean_given


def marginal(parameters: MixtureParameters, indices: ArrayLike) -> MixtureParameters:
    """The mixture of some of the numbers that make a point: `GaussianMixture.marginal` has the details."""
    chosen = check_dimensions(indices, parameters.dimension, "indices")
    return _marginal(parameters, chosen)


def conditional(parameters: MixtureParameters, indices: ArrayLike, values: ArrayLike) -> MixtureParameters:
    """The mixture of the other numbers that make a point: `GaussianMixture.conditional` has the details.

    Weights are the responsibilities of the marginal mixture for the values; means and covariances are those
    of `fastdist.multivariate_normal.conditional`, in which nothing is subtracted.
    """
    given, others, values = check_given(indices, values, parameters.dimension)
    if values.ndim > 1:
        raise ValueError(f"values are of shape {values.shape}, but must be those of one point")
    check_finite(values, "values")
    weights = _marginal(parameters, given).responsibilities(values[None])[0]
    if parameters.diagonal:
        rest = _marginal(parameters, others)
        return MixtureParameters(weights, rest.means, rest.covariances, parameters.covariance_type)
    order = np.concatenate([given, others])
    tied = parameters.covariance_type == "tied"
    cov = parameters.covariances[None] if tied else parameters.covariances
    factor = cholesky.cholesky(entries(cov, order))
    wrong = np.isnan(factor).any(axis=(-2, -1))
    if wrong.any():
        raise LinAlgError(
            f"The covariance of component {int(wrong.argmax())} is too nearly singular for a conditional."
        )
    means = mean_given(values, parameters.means[:, order], factor)
    factor = factor[:, given.size :, given.size :].copy()
    covariances = product(factor)
    return MixtureParameters(
        weights, means, covariances[0] if tied else covariances, parameters.covariance_type, factor
    )


def _marginal(parameters: MixtureParameters, chosen: NDArray[np.intp]) -> MixtureParameters:
    covariances = parameters.covariances
    if not parameters.diagonal:
        covariances = entries(covariances, chosen)
    elif parameters.covariance_type == "diag":
        covariances = covariances[:, chosen]
    return MixtureParameters(
        parameters.weights, parameters.means[:, chosen], covariances, parameters.covariance_type
    )
