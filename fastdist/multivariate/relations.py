"""What marginals and conditionals, of normal distributions and of mixtures, have in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist._dispatch import multivariate_density as density
from fastdist._dispatch import multivariate_sampling as sampling
from fastdist.covariance.checks import as_array, real
from fastdist.typing import Array


def mean_given(values: Array, mean: Array, factor: Array) -> Array:
    """The mean of the last components, given values of the first: what `conditional` computes.

    `factor` is that of the joint covariance; batches broadcast, as of a ufunc.
    """
    count, d = values.shape[-1], factor.shape[-1]
    w = density.whiten(values, mean[..., :count], factor[..., :count, :count])
    # m_a + L_ab w is what L makes of (w, 0), in its second part.
    z = np.concatenate([w, np.zeros((*w.shape[:-1], d - count))], axis=-1)
    conditional_mean: Array = sampling.colorize(z, mean, factor)[..., count:]
    return conditional_mean


def check_given(
    indices: ArrayLike, values: ArrayLike, dim: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """The components that are given, the others, and the values: checks the arguments of `conditional`."""
    empty = "`indices` is empty: name one component at least."
    given = check_dimensions(indices, dim, "indices", "variables that are given", empty)
    others = np.setdiff1d(np.arange(dim), given)
    if not others.size:
        raise ValueError("Cannot condition on all dimensions. Leave at least one out of `indices`.")
    values = np.atleast_1d(real(values, "values", ValueError))
    count = given.size
    if values.shape[-1] != count:
        raise ValueError(
            f"values have {values.shape[-1]} components, but indices name {count}: "
            f"values must be of shape (..., {count}), not {values.shape}"
        )
    return given, others, values


def check_dimensions(
    dimensions: ArrayLike,
    dim: int,
    name: str = "dimensions",
    purpose: str = "marginal variables being retained",
    empty: str = "Cannot marginalize all dimensions. Name at least one that is retained.",
) -> NDArray[np.intp]:
    """Indices of components, not negative, with SciPy's checks and messages."""
    given = np.atleast_1d(as_array(dimensions, f"`{name}`"))
    if not given.size:
        raise ValueError(empty)
    if given.dtype.kind not in "iu":
        raise ValueError(
            f"Elements of `{name}` must be integers - the indices of the {purpose}. "
            f"The dtype is {given.dtype}."
        )
    chosen = given.astype(np.intp)  # in which dim is added, whatever the dtype was
    chosen = np.where(given < 0, chosen + dim, chosen)
    if chosen.ndim > 1:
        raise ValueError(
            f"All elements of `{name}` must be unique, along one axis: the shape is {given.shape}."
        )
    if np.unique(chosen).size != chosen.size:
        found, times = np.unique(chosen, return_counts=True)
        same = given[chosen == found[times > 1][0]].tolist()
        raise ValueError(f"All elements of `{name}` must be unique: {same} are the same.")
    wrong = (chosen < 0) | (chosen >= dim)
    if wrong.any():
        raise ValueError(
            f"Dimensions {given[wrong]} are invalid for a distribution in {dim} dimensions. "
            f"Valid are {-dim} to {dim - 1}."
        )
    return chosen
