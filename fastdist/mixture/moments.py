"""Sums over data by component, and the parameters that follow: those for which the data are most likely.

With responsibilities r of n points x, and a centre c near each component's new mean:

    N = sum r,    delta = sum r (x - c) / N,    weight = N / n,    mean = c + delta,
    covariance = sum r (x - c) (x - c)^T / N - delta delta^T + reg_covar I.

The difference loses digits if delta is long beside the component: then the sums are made about c + delta.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from fastdist import parallel
from fastdist._dispatch import mixture
from fastdist._dispatch import multivariate_density as density
from fastdist.mixture.parameters import MixtureParameters, NotPositiveDefiniteError, work_of_point
from fastdist.typing import Array

# Added to the sum of each component's responsibilities, as in scikit-learn, against a division by zero.
LEAST = 10 * 2.0**-52
# The largest squared distance of a mean from its centre, in standard deviations: it costs 2 of 16 digits.
FAR = 100.0
# The data are cut into at most MOST_CHUNKS chunks, with MOST_SUMS sums in all.  A chunk takes at least
# CHUNK_PRODUCTS products, a tenth of a millisecond or more.
MOST_CHUNKS = 32
MOST_SUMS = 1 << 19
CHUNK_PRODUCTS = 1 << 20
# Responsibilities that are formed at a time.
CHUNK_RESPONSIBILITIES = 1 << 15


class Moments:
    """Sums over points, for each component.

    Parameters
    ----------
    totals : ndarray of float64, shape (K,)
        sum r.
    sums : ndarray of float64, shape (K, d)
        sum r (x - centre).
    products : ndarray of float64, shape (K, d, d) or (K, d)
        sum r (x - centre) (x - centre)^T, its lower triangle; or its diagonal alone.
    """

    def __init__(self, totals: Array, sums: Array, products: Array) -> None:
        self.totals, self.sums, self.products = totals, sums, products

    @classmethod
    def zeros(cls, components: int, dimension: int, diagonal: bool) -> Self:
        """Of no points."""
        shape = (components, dimension) if diagonal else (components, dimension, dimension)
        return cls(np.zeros(components), np.zeros((components, dimension)), np.zeros(shape))

    @np.errstate(all="ignore")
    def add(self, other: Moments) -> None:
        """Add the sums of other points, about the same centres."""
        self.totals += other.totals
        self.sums += other.sums
        self.products += other.products

    @classmethod
    def of_parameters(cls, parameters: MixtureParameters, reg_covar: Any, total: float) -> Self:
        """Of points of a total weight that would make these parameters, about their means."""
        totals = total * parameters.weights
        sums = np.zeros(parameters.means.shape)
        if parameters.diagonal:
            variances = parameters.covariances.reshape(parameters.components, -1) - reg_covar
            return cls(totals, sums, totals[:, None] * np.broadcast_to(variances, sums.shape))
        covariances = parameters.full_covariances() - reg_covar * np.eye(parameters.dimension)
        return cls(totals, sums, totals[:, None, None] * covariances)

    @np.errstate(all="ignore")
    def scale(self, factor: float) -> None:
        """Let all points count so much more."""
        self.totals *= factor
        self.sums *= factor
        self.products *= factor

    @np.errstate(all="ignore")
    def means(self, centres: Array) -> Array:
        """The new means."""
        means: Array = centres + self.sums / self._totals()[:, None]
        return means

    def _totals(self) -> Array:
        """Of which none is 0, by as much as scikit-learn adds; less if all weights of rows are small."""
        return self.totals + LEAST * min(1.0, math.fsum(self.totals.tolist()) or 1.0)

    @np.errstate(all="ignore")
    def maximize(self, centres: Array, covariance_type: str, reg_covar: Any) -> MixtureParameters:
        """The parameters for which the data are most likely.

        Parameters
        ----------
        centres : ndarray, shape (K, d)
            Those that the sums are about.
        covariance_type : {'full', 'tied', 'diag', 'spherical'}
        reg_covar : float or ndarray of shape (d,)
            Added to the variances.

        Raises
        ------
        ValueError
            If a covariance is not positive definite; it names the component.
        """
        totals = self._totals()
        n = math.fsum(totals.tolist())
        delta = self.sums / totals[:, None]
        means = centres + delta
        if covariance_type in ("diag", "spherical"):
            # Rounding errors are no negative variance.
            covariances = np.maximum(self.products / totals[:, None] - delta * delta, 0.0) + reg_covar
            if covariance_type == "spherical":
                covariances = covariances.sum(axis=1) / means.shape[1]
        elif covariance_type == "full":
            covariances = self.products / totals[:, None, None] - delta[:, :, None] * delta[:, None, :]
        else:
            between = totals[:, None, None] * delta[:, :, None] * delta[:, None, :]
            covariances = (self.products - between).sum(axis=0) / n
        if covariance_type in ("full", "tied"):
            covariances = np.tril(covariances) + np.tril(covariances, -1).mT
            diagonal = np.einsum("...ii->...i", covariances)  # a view
            np.maximum(diagonal, 0.0, out=diagonal)
            diagonal += reg_covar
        try:
            return MixtureParameters(totals / n, means, covariances, covariance_type)
        except NotPositiveDefiniteError as error:
            if not np.isfinite(covariances).all():
                raise ValueError(
                    "Fitting the mixture model failed because the squares of deviations leave the range of "
                    f"numbers in component {error.component}: scale the input data."
                ) from None
            raise ValueError(_collapsed(error.component, totals / n, covariance_type, reg_covar)) from None


def _collapsed(k: int, weights: Array, covariance_type: str, reg_covar: Any) -> str:
    which = (
        "the covariance that the components share has"
        if covariance_type == "tied"
        else f"component {k}, of weight {weights[k]:.3g}, has"
    )
    # scikit-learn's words, and then whose.
    return (
        "Fitting the mixture model failed because some components have ill-defined empirical covariance (for "
        "instance caused by singleton or collapsed samples). Try to decrease the number of components, "
        f"increase reg_covar, or scale the input data. Here {which} collapsed, and reg_covar is "
        f"{np.max(reg_covar):.3g}."
    )


def is_far(parameters: MixtureParameters, centres: Array) -> bool:
    """Whether a mean lies so far from the centre of its sums that its covariance has lost digits."""
    with np.errstate(all="ignore"):
        if parameters.diagonal:
            white = (parameters.means - centres) / parameters.factors
            squared = (white * white).sum(axis=1)
        else:
            squared = density.squared_mahalanobis(centres, parameters.means, parameters.factors)
        return not (squared <= FAR).all()


def chunk_rows(n: int, d: int, components: int, diagonal: bool) -> int:
    """Rows of a chunk, whose sums are made on their own: a multiple of the kernel's block."""
    numbers = components * (1 + d + (d if diagonal else d * d))
    chunks = min(MOST_CHUNKS, 1 << max(1, (MOST_SUMS // numbers).bit_length() - 1))
    rows = max(-(-n // chunks), CHUNK_PRODUCTS // work_of_point(components, d, diagonal))
    return rows + -rows % mixture.BLOCK_ROWS


def expectation(
    parameters: MixtureParameters, x: Array, sample_weight: Array | None, centres: Array
) -> tuple[Moments, float]:
    """One E step over complete rows: the sums that the M step needs, and the log-likelihood.

    Parameters
    ----------
    parameters : MixtureParameters
    x : ndarray of float64 or float32, shape (n, d)
        Any strides.
    sample_weight : ndarray of float64, shape (n,), or None
    centres : ndarray of float64, shape (K, d)

    Returns
    -------
    moments : Moments
    log_likelihood : float
        The sum of the weighted log densities.

    Notes
    -----
    The number of threads cannot be seen in the result.
    """
    kernel = parameters.kernel(x.dtype)

    def add(start: int, stop: int, moments: Moments) -> float:
        weight = None if sample_weight is None else sample_weight[start:stop]
        return kernel.add_expectations(
            x[start:stop], weight, centres, moments.totals, moments.sums, moments.products
        )

    return _over_chunks(add, x, parameters.components, parameters.diagonal, parameters.share())


def moments_of(
    responsibilities: Callable[[int, int], Array], x: Any, centres: Array, diagonal: bool
) -> Moments:
    """The sums for given responsibilities.

    Parameters
    ----------
    responsibilities : callable
        Those of the rows from start to stop, (stop - start, K), of the dtype of x, times sample weights.
    x : ndarray of float64 or float32, shape (n, d)
        Any strides; or anything of this shape whose slices are such arrays.
    centres : ndarray of float64, shape (K, d)
    diagonal : bool
        Whether the diagonals of the products are enough.
    """
    components = len(centres)
    few = max(1, CHUNK_RESPONSIBILITIES // components // mixture.BLOCK_ROWS) * mixture.BLOCK_ROWS

    def add(start: int, stop: int, moments: Moments) -> float:
        for i in range(start, stop, few):
            j = min(stop, i + few)
            mixture.add_moments(
                x[i:j], responsibilities(i, j), centres, moments.totals, moments.sums, moments.products
            )
        return 0.0

    return _over_chunks(add, x, components, diagonal, 1)[0]


def _over_chunks(
    add: Callable[[int, int, Moments], float], x: Any, components: int, diagonal: bool, share: int
) -> tuple[Moments, float]:
    """The sums over all rows: those of each chunk, perhaps on several threads, added in their order."""
    n, d = x.shape
    rows = chunk_rows(n, d, components, diagonal)
    parts = [Moments.zeros(components, d, diagonal) for _ in range(max(1, -(-n // rows)))]
    logs = [0.0] * len(parts)

    def add_range(start: int, stop: int) -> None:
        for first in range(start, stop, rows):
            part = first // rows
            logs[part] = add(first, min(n, first + rows), parts[part])

    parallel.for_ranges(add_range, n, 0, rows, max(rows, share))
    total = parts[0]
    for part in parts[1:]:
        total.add(part)
    return total, math.fsum(logs)
