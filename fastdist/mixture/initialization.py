"""Where the fit of a mixture starts by itself: scikit-learn's four ways, on NumPy and the kernels.

Nothing of size n x K is made: labels and random responsibilities are produced as the sums read them.  k-means
runs on all rows, or of many on a sample (`data.Data.sample`), whose centres then label all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastdist.mixture.data import Batch, Data
from fastdist.mixture.kmeans import (
    Responsibilities,
    kmeans,
    kmeans_plusplus,
    nearest_labels,
    variances_of_observed,
    weighted,
)
from fastdist.mixture.missing_values import means_of_observed
from fastdist.mixture.moments import Moments, m_step, moments_of
from fastdist.mixture.parameters import MixtureParameters
from fastdist.random.generator import Generator

# What ``reg_covar='scale'`` adds to the variances, in units of each feature's variance.
RELATIVE_REGULARISATION = 1e-6
# Rows that are compared with the distinct points at a time.
ROWS_OF_BLOCK = 1 << 14

Array = NDArray[Any]


class Start:
    """The starts of a fit; each call of `parameters` makes another one.

    Parameters
    ----------
    data : Data
    components : int
    covariance_type : {'full', 'tied', 'diag', 'spherical'}
    init_params : {'kmeans', 'k-means++', 'random', 'random_from_data'}
        Responsibilities are the labels of k-means; or at random; or those of ``components`` rows alone, drawn
        by k-means++ or uniformly.
    reg_covar : float or 'scale'
    rng : Generator
        With a BlockXoshiro256.
    """

    def __init__(
        self,
        data: Data,
        components: int,
        covariance_type: str,
        init_params: str,
        reg_covar: Any,
        rng: Generator,
    ) -> None:
        self._data, self._components, self._rng = data, components, rng
        self._covariance_type, self._init_params = covariance_type, init_params
        self._given_reg_covar = reg_covar

    @cached_property
    def reg_covar(self) -> Any:
        """What is added to variances: a number, or with 'scale' one for each feature."""
        if isinstance(self._given_reg_covar, str):
            return RELATIVE_REGULARISATION * self._variances
        return float(self._given_reg_covar)

    @cached_property
    def _sample(self) -> Batch:
        return self._data.sample(self._components, self._rng)

    @cached_property
    def _means(self) -> Array:
        return means_of_observed(self._sample.x, self._sample.sample_weight)

    @cached_property
    def _variances(self) -> Array:
        """Those of all data; 1 for a feature that does not vary."""
        variances = variances_of_observed(self._data, self._means)
        return np.where(variances > 0, variances, 1.0)

    @cached_property
    def _unit(self) -> Array:
        """In which distances are measured: with 'scale' for each feature its own."""
        if isinstance(self._given_reg_covar, str):
            return np.sqrt(self._variances)
        with np.errstate(all="ignore"):
            largest = float(np.nanmax(np.abs(self._sample.x - self._means))) or 1.0
            variance = float(variances_of_observed([self._sample], self._means, largest).sum()) / self._data.d
            return np.full(self._data.d, largest * math.sqrt(variance) or 1.0)

    @cached_property
    def distinct_points(self) -> int:
        """How many different points the data have; counted up to ``components``."""
        distinct: list[Array] = []
        for rows in self._blocks_of_weight():
            for point in distinct:
                rows = rows[(rows != point).any(axis=1)]
            while len(rows):
                distinct.append(rows[0])
                if len(distinct) == self._components:
                    return len(distinct)
                rows = rows[(rows != rows[0]).any(axis=1)]
        return len(distinct)

    def _blocks_of_weight(self) -> Iterator[Array]:
        """Rows whose weight is not 0: first those of the sample, which nearly always tell enough."""
        whole = len(self._sample.x) == self._data.n
        for batch in chain([self._sample], () if whole else self._data):
            x = self._completed(batch)
            for first in range(0, len(batch.x), ROWS_OF_BLOCK):
                rows = slice(first, first + ROWS_OF_BLOCK)
                weight = batch.sample_weight
                yield x[rows] if weight is None else x[rows][weight[rows] > 0]

    @cached_property
    def _complete_sample(self) -> Batch:
        sample = self._sample
        if not sample.missing:
            return sample
        return Batch(_Completed(sample.x, self._means)[:], sample.sample_weight, False)

    def _completed(self, batch: Batch) -> Any:
        """The rows of a batch, with means in place of what is missing."""
        return _Completed(batch.x, self._means) if batch.missing else batch.x

    def parameters(self) -> MixtureParameters:
        """The parameters after the M step of initial responsibilities."""
        kind, reg_covar, rng = self._covariance_type, self.reg_covar, self._rng
        if self._init_params in ("k-means++", "random_from_data"):
            if self._init_params == "k-means++":
                chosen = kmeans_plusplus(self._complete_sample, self._components, self._unit, rng)
            else:
                chosen = _drawn(self._complete_sample, self._components, rng)
            centres = self._complete_sample.x[chosen].astype(np.float64)
            moments = Moments.zeros(self._components, self._data.d, kind in ("diag", "spherical"))
            moments.totals += 1
            return moments.maximize(centres, kind, reg_covar)
        if self._init_params == "kmeans":
            centres = kmeans(self._complete_sample, self._components, self._unit, rng)
            responsibilities = nearest_labels(centres, self._unit)
        else:
            centres = np.repeat(self._means[None], self._components, axis=0)
            responsibilities = _at_random(rng, self._data.n, self._components)
        return m_step(lambda about: self._moments(responsibilities, about), centres, kind, reg_covar)

    def _moments(self, responsibilities: Callable[[Any, int], Responsibilities], centres: Array) -> Moments:
        """The sums over all rows; responsibilities are made where they are needed."""
        diagonal = self._covariance_type in ("diag", "spherical")
        total = Moments.zeros(self._components, self._data.d, diagonal)
        first = 0
        for batch in self._data:
            x = self._completed(batch)
            given = weighted(responsibilities(x, first), batch)
            total.add(moments_of(given, x, centres, diagonal))
            first += len(batch.x)
        return total


class _Completed:
    """Rows with means in place of what is missing; a copy is made of those alone that are asked for."""

    def __init__(self, x: Array, means: Array) -> None:
        self._x, self._means = x, means.astype(x.dtype)
        self.shape, self.dtype = x.shape, x.dtype

    def __getitem__(self, rows: slice) -> Array:
        part = self._x[rows]
        return np.where(np.isnan(part), self._means, part)


def _at_random(rng: Generator, n: int, components: int) -> Callable[[Any, int], Responsibilities]:
    """Uniforms, divided by their sum: those of row i from one position of the stream, whoever makes them."""
    uniforms = rng.bit_generator._uniforms  # type: ignore[attr-defined]
    key, position = uniforms.reserve(n * components)

    def of_rows(x: Any, first: int) -> Responsibilities:
        def random_rows(i: int, j: int) -> Array:
            out = np.empty((j - i) * components)
            uniforms.fill_range(key, position + (first + i) * components, out)
            rows = out.reshape(-1, components) + 2.0**-54  # none is 0
            shares: Array = rows / rows.sum(axis=1, keepdims=True)
            return shares

        return random_rows

    return of_rows


def _drawn(sample: Batch, components: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Different rows, at random; none of weight 0."""
    weight = sample.sample_weight
    if weight is None:
        return rng.choice(len(sample.x), components, replace=False)
    if np.count_nonzero(weight) < components:
        raise ValueError(
            f"Expected n_samples >= n_components but got n_components = {components}, "
            f"n_samples = {np.count_nonzero(weight)} of a weight that is not 0"
        )
    return rng.choice(len(sample.x), components, replace=False, p=weight / weight.sum())
