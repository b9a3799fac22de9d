"""Where the fit of a mixture starts: given parameters, or scikit-learn's four ways, on NumPy and the kernels.

Nothing of size n x K is made: labels and random responsibilities are produced as the sums read them.  k-means
runs on all rows, or of many on a sample (`data.Data.sample`), whose centres then label all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from fastdist._dispatch import cholesky
from fastdist.covariance.checks import EPSILON
from fastdist.mixture.data import Batch, Data
from fastdist.mixture.expectation_maximization import MStep
from fastdist.mixture.missing_values import means_of_observed
from fastdist.mixture.moments import Moments, moments_of
from fastdist.mixture.parameters import MixtureParameters, covariance_shape, rounding_of_weights
from fastdist.multivariate.likelihood import CHUNK_VALUES
from fastdist.random.generator import Generator, default_rng
from fastdist.random.random_state import check_random_state
from fastdist.typing import Array

# What ``reg_covar='scale'`` adds to the variances, in units of each feature's variance.
RELATIVE_REGULARISATION = 1e-6
# Rows that are compared with the distinct points at a time.
COMPARED_ROWS = 1 << 14

# Lloyd's iteration ends when the centres move by less, in standard deviations of the data.
TOLERANCE = 1e-4
ITERATIONS = 300

# Those of the rows from start to stop.
Responsibilities = Callable[[int, int], Array]


# Parameters that are given, with scikit-learn's checks


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


# Parameters that are found


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
            for first in range(0, len(batch.x), COMPARED_ROWS):
                rows = slice(first, first + COMPARED_ROWS)
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
        m_step = MStep(centres, kind, reg_covar)
        for about in m_step:
            m_step.take(self._moments(responsibilities, about))
        return m_step.parameters

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


def fitting_source(random_state: Any) -> Generator:
    """A stream for the start of a fit: for a seed not the one of its samples, else named by a few draws."""
    if random_state is None:
        return default_rng()
    if isinstance(random_state, SeedSequence):
        return default_rng(SeedSequence(random_state.entropy, spawn_key=(*random_state.spawn_key, 1)))
    source = random_state
    if not isinstance(source, np.random.Generator | np.random.RandomState) and source is not np.random:
        return default_rng(SeedSequence(int(random_state), spawn_key=(1,)))
    state = check_random_state(random_state)
    draw = state.integers if isinstance(state, np.random.Generator) else state.randint
    return default_rng(draw(0, 1 << 32, 4, dtype=np.uint32).tolist())


# k-means: Lloyd's iteration from k-means++


@np.errstate(all="ignore")
def variances_of_observed(data: Iterable[Batch], origin: Array, unit: Any = 1.0) -> Array:
    """The weighted variances of the values that are there, in squares of a unit.

    By sums about a point near their means.  What is no more than the rounding errors of that point is 0.
    """
    totals, sums, squares = np.zeros((3, len(origin)))
    rows = max(1, CHUNK_VALUES // len(origin))
    for batch in data:
        for start in range(0, len(batch.x), rows):
            deviations = (batch.x[start : start + rows] - origin) / unit
            weights = np.where(np.isnan(deviations), 0.0, 1.0)
            if batch.sample_weight is not None:
                weights *= batch.sample_weight[start : start + rows, None]
            deviations[np.isnan(deviations)] = 0
            totals += weights.sum(axis=0)
            sums += (weights * deviations).sum(axis=0)
            squares += (weights * deviations * deviations).sum(axis=0)
    means = sums / totals
    variances = squares / totals - means * means
    rounding = 4 * EPSILON * np.abs(origin) / unit
    return np.where(variances > rounding * rounding, variances, 0.0)


@np.errstate(all="ignore")
def nearest_centre(centres: Array, unit: Array) -> MixtureParameters:
    """The mixture whose `nearest` component has the nearest centre: equal weights, equal covariances."""
    components = len(centres)
    weights = np.full(components, 1 / components)
    deviations = np.broadcast_to(unit, centres.shape)
    return MixtureParameters(weights, centres, deviations * deviations, "diag", deviations)


def nearest_labels(centres: Array, unit: Array) -> Callable[[Any, int], Responsibilities]:
    """Responsibilities of rows x: 1 for the nearest centre, 0 for the others."""
    nearest = nearest_centre(centres, unit)

    def of_rows(x: Any, first: int) -> Responsibilities:
        kernel = nearest.kernel(x.dtype)

        def one_hot(i: int, j: int) -> Array:
            label = np.empty(j - i, np.intp)
            kernel.nearest(x[i:j], label)
            hot: Array = label[:, None] == np.arange(len(centres))
            return hot

        return one_hot

    return of_rows


def weighted(responsibilities: Responsibilities, batch: Batch) -> Responsibilities:
    """Responsibilities times the weights of rows, in the dtype of the data."""

    def of_rows(i: int, j: int) -> Array:
        r = responsibilities(i, j)
        if batch.sample_weight is not None:
            r = r * batch.sample_weight[i:j, None]
        return r.astype(batch.x.dtype)

    return of_rows


def _squared_distances(x: Array, centre: Array, unit: Array) -> Array:
    total = np.zeros(len(x))
    for j in range(x.shape[1]):
        difference = (x[:, j] - centre[..., j]) / unit[j]
        total += difference * difference
    return total


@np.errstate(all="ignore")
def kmeans_plusplus(
    sample: Batch, components: int, unit: Array, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Rows that are far from each other: the seeding of k-means++.

    Each is drawn with a probability in proportion to its squared distance from the nearest row before it
    [1]_; of 2 + log K that are drawn, the one is taken after which the sum of these distances is smallest.

    References
    ----------
    .. [1] D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA (2007).
    """
    x = sample.x
    weight = np.ones(len(x)) if sample.sample_weight is None else sample.sample_weight
    chosen = np.empty(components, np.intp)
    closest, potential = np.full(len(x), np.inf), weight
    trials, last = 2 + int(math.log(components)), int(np.flatnonzero(weight)[-1])
    for k in range(components):
        cumulative = np.cumsum(potential)
        draws = rng.random(trials if k else 1) * cumulative[-1]
        # The first row whose cumulative sum is larger: one of potential 0 is never taken, unless all are.
        candidates = np.minimum(np.searchsorted(cumulative, draws, side="right"), last)
        best, chosen[k], nearest = math.inf, candidates[0], closest
        for candidate in candidates.tolist():
            distances = np.minimum(closest, _squared_distances(x, x[candidate].astype(np.float64), unit))
            cost = float((weight * distances).sum())
            if cost < best:
                best, chosen[k], nearest = cost, candidate, distances
        closest, potential = nearest, weight * nearest
    return chosen


@np.errstate(all="ignore")
def kmeans(sample: Batch, components: int, unit: Array, rng: np.random.Generator) -> Array:
    """The centres of k-means: Lloyd's iteration from k-means++.

    A centre that no point is nearest to moves to where a point is farthest from its own.
    """
    x, weight = sample.x, sample.sample_weight
    centres = x[kmeans_plusplus(sample, components, unit, rng)].astype(np.float64)
    variances = variances_of_observed([sample], means_of_observed(x, weight), unit)
    tolerance = TOLERANCE * float(variances.sum()) / len(unit)
    for _ in range(ITERATIONS):
        labels = weighted(nearest_labels(centres, unit)(x, 0), sample)
        moments = moments_of(labels, x, centres, True)
        moved = moments.means(centres)
        empty = np.flatnonzero(moments.totals == 0)
        if len(empty):
            own = centres[nearest_centre(centres, unit).nearest(x)]
            distances = _squared_distances(x, own, unit) * (1.0 if weight is None else weight > 0)
            for k, row in zip(empty, np.argsort(-distances, kind="stable"), strict=False):
                if distances[row] > 0:
                    moved[k] = x[row]
        shift = float((((moved - centres) / unit) ** 2).sum())
        centres = moved
        if shift <= tolerance:
            break
    return centres
