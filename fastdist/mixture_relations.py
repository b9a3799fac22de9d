"""Marginals and conditionals of a Gaussian mixture, which are Gaussian mixtures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import ArrayLike, NDArray

from fastdist._dispatch import cholesky
from fastdist.covariance import check_finite, entries, real
from fastdist.factored_covariance import product
from fastdist.mixture_parameters import MixtureParameters
from fastdist.multivariate_normal_relations import check_dimensions, mean_given

Array = NDArray[Any]


def marginal(parameters: MixtureParameters, indices: ArrayLike) -> MixtureParameters:
    """The mixture of some of the numbers that make a point.

    Parameters
    ----------
    indices : int or 1-D array_like of ints
        Which, and in which order; negative ones count from the end.

    Returns
    -------
    MixtureParameters
        With the same weights, with ``means[:, indices]`` and the entries of the covariances that belong to
        `indices`; of the same type: full stays full, tied tied, diag diag and spherical spherical.

    Raises
    ------
    ValueError
        If `indices` is empty, holds no integers, one twice, or one that there is not.

    Notes
    -----
    What is left out is integrated over, in each component alone:

        p(x_a) = sum_k w_k N(x_a; mu_k,a, S_k,aa).

    Examples
    --------
    >>> from fastdist.mixture_parameters import checked
    >>> joint = checked([0.25, 0.75], [[0, 1, 2], [3, 4, 5]], [[1, 2, 3], [4, 5, 6]], "diag")
    >>> marginal(joint, [2, 0]).means
    array([[2., 0.],
           [5., 3.]])
    """
    chosen = check_dimensions(indices, parameters.dimension, "indices")
    return _marginal(parameters, chosen)


def conditional(parameters: MixtureParameters, indices: ArrayLike, values: ArrayLike) -> MixtureParameters:
    """The mixture of the other numbers that make a point, given the values of some.

    Parameters
    ----------
    indices : int or 1-D array_like of ints
        Which are given: b.
    values : array_like, shape (len(indices),)
        Their values; a number will do for one.

    Returns
    -------
    MixtureParameters
        Of the numbers a that are not given, in their order; of as many components, and of the same covariance
        type.

    Raises
    ------
    ValueError
        If `indices` is empty, holds all of them, no integers, one twice, or one that there is not; if
        `values` is of another length, or not finite.
    TypeError
        If `values` is complex.
    numpy.linalg.LinAlgError
        If a covariance is so nearly singular that it has no factor in the order that this takes.

    Notes
    -----
    Each component becomes its own conditional [1]_, and its weight says how well it explains the values:

        p(x_a | x_b) = sum_k r_k N(x_a; m_k, C_k),    r_k proportional to w_k N(x_b; mu_k,b, S_k,bb),
        m_k = mu_k,a + S_k,ab S_k,bb^-1 (x_b - mu_k,b),    C_k = S_k,aa - S_k,ab S_k,bb^-1 S_k,ba.

    The weights are the responsibilities of the marginal mixture for the values; means and covariances are
    those of `fastdist.multivariate_normal.conditional`, in which nothing is subtracted.  Where the values are
    so far from all components that no logarithm of a density is finite, the weights stay as they are.

    References
    ----------
    .. [1] Z. Ghahramani, M. I. Jordan, "Supervised learning from incomplete data via an EM approach",
       Advances in Neural Information Processing Systems 6 (1994), section 3.

    Examples
    --------
    >>> from fastdist.mixture_parameters import checked
    >>> joint = checked([0.5, 0.5], [[-2, -1], [2, 1]], [[1, 0.5], [0.5, 1]], "tied")
    >>> right = conditional(joint, 0, 2.0)
    >>> right.weights.round(4), right.means.ravel()
    (array([3.000e-04, 9.997e-01]), array([1., 1.]))
    """
    d = parameters.dimension
    if not np.size(indices):
        raise ValueError("`indices` is empty: name one dimension at least.")
    given = check_dimensions(indices, d, "indices", "variables that are given")
    others = np.setdiff1d(np.arange(d), given)
    if not others.size:
        raise ValueError("Cannot condition on all dimensions.")
    values = np.atleast_1d(real(values, "values"))
    if values.shape != given.shape:
        raise ValueError(f"values are of shape {values.shape}, but indices name {given.size}")
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
