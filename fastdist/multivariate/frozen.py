"""A multivariate normal distribution with its parameters: ``fastdist.multivariate_normal(mean, cov)``."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist._dispatch import multivariate_density as density
from fastdist._dispatch import multivariate_sampling as sampling
from fastdist.covariance.checks import real
from fastdist.covariance.factors import FactoredCovariance, SingularCovariance
from fastdist.multivariate.likelihood import loglikelihood
from fastdist.multivariate.parameters import (
    Factored,
    process_parameters,
    process_quantiles,
    squeeze,
)
from fastdist.multivariate.relations import MultivariateNormalRelations
from fastdist.random.generator import Generator, Size
from fastdist.random.multivariate_sampling import as_shape, check_batch
from fastdist.random.random_state import check_random_state
from fastdist.read_only import read_only

if TYPE_CHECKING:
    from fastdist.multivariate.normal import MultivariateNormal

Array = NDArray[Any]
READ_ONLY = "{} is read-only: make another distribution with the one that you want"


class FrozenMultivariateNormal(MultivariateNormalRelations):
    """The multivariate normal distribution for one mean and one covariance, or a batch of them.

    The covariance is factored once.  Each method is that of `fastdist.multivariate_normal`, without the
    parameters.  The parameters are copied: a later change of the arrays that were given has no effect.

    A copy, deep copy or pickle has a stream of its own, which goes on where this one is.  Without a `seed`
    all draw from ``dist.random_state``.

    Parameters
    ----------
    dist : MultivariateNormal
        `fastdist.multivariate_normal`.
    mean, cov, allow_singular, scale_tril, precision
        As described there.
    seed : optional
        What `rvs` draws from, as its ``random_state``.
    maxpts, abseps, releps : optional
        For `cdf` and `logcdf`: SciPy's.

    Attributes
    ----------
    mean : ndarray of float64, shape (..., d)
        The mean, read-only.
    cov : ndarray of float64, shape (..., d, d)
        The covariance, read-only.
    cov_object : FactoredCovariance, SingularCovariance or scipy.stats.Covariance
        The covariance with its factor; what was given as `cov`, if that was one.
    dim : int
        The number of dimensions d.
    allow_singular : bool
        Whether the covariance may be singular.
    random_state
        What `rvs` draws from; that of `dist` until it is set.

    Raises
    ------
    ValueError, TypeError, numpy.linalg.LinAlgError
        As described there.

    Examples
    --------
    >>> from fastdist import multivariate_normal
    >>> body = multivariate_normal([170, 70], [[100, 60], [60, 80]])
    >>> body.dim, body.logpdf([180, 75]).round(6)
    (2, np.float64(-6.543921))
    """

    def __init__(
        self,
        dist: MultivariateNormal,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool | None = False,
        seed: Any = None,
        maxpts: int | None = None,
        abseps: float = 1e-5,
        releps: float = 1e-5,
        *,
        scale_tril: Any = None,
        precision: Any = None,
    ) -> None:
        self.dist = dist
        self._mean, self._factored, self.cov_object = process_parameters(
            mean, cov, allow_singular, scale_tril, precision
        )
        self.dim = self._mean.shape[-1]
        self.allow_singular = bool(allow_singular) or isinstance(self._factored, SingularCovariance)
        self.maxpts = maxpts or 1_000_000 * self.dim
        self.abseps = abseps
        self.releps = releps
        self._random_state = None if seed is None else check_random_state(seed)
        self._set_batch()

    def _set_batch(self) -> None:
        self._batch: tuple[int, ...] = ()
        self._batched = self._mean.ndim > 1 or len(self._factored.shape) > 2
        if self._batched:
            self._batch = np.broadcast_shapes(self._mean.shape[:-1], self._factored.shape[:-2])
        self._whitener = self._new_whitener()

    def _reshaped(self, mean: tuple[int, ...], cov: tuple[int, ...]) -> Self:
        """Itself, with a mean and a covariance of these shapes.

        By SciPy's rules a mean and a covariance of one number each are no batch, whatever their axes.
        """
        if (self._mean.shape, self._factored.shape) != (mean, cov):
            self._mean = self._mean.reshape(mean)
            self.cov_object = self._factored = self._factored.broadcast_to(cov)
            self._set_batch()
        return self

    def _new_whitener(self) -> density.Whitener | None:
        """What evaluates few points in no time, for one regular distribution."""
        if self._batched or not isinstance(self._factored, FactoredCovariance):
            return None
        return density.Whitener(self._mean, self._factored.scale_tril, float(self._factored.log_peak))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_whitener"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        # A pickled mean may lie in a buffer of the caller's, unaligned.
        self._mean = np.array(self._mean, np.float64)
        self._whitener = self._new_whitener()

    def __copy__(self) -> Self:
        """Another, with a stream of its own: see `__deepcopy__`."""
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Another, with a stream of its own that goes on as this one does.

        One without, which draws from ``dist.random_state``, or from NumPy's global RandomState, still does.
        What is frozen is shared, since nothing writes to it.
        """
        twin = type(self).__new__(type(self))
        vars(twin).update(vars(self))
        memo[id(self)] = twin
        if self._random_state is not check_random_state(np.random):
            twin._random_state = deepcopy(self._random_state, memo)
        return twin

    def __repr__(self) -> str:
        batch = f", batch of shape {self._batch}" if self._batched else ""
        return f"<multivariate_normal in {self.dim} dimension{'s' * (self.dim != 1)}{batch}>"

    @property
    def mean(self) -> Array:
        return read_only(np.asarray(self._mean, np.float64), READ_ONLY.format("mean"))

    @property
    def cov(self) -> Array:
        return read_only(np.asarray(self.cov_object.covariance, np.float64), READ_ONLY.format("cov"))

    @property
    def random_state(self) -> np.random.Generator | np.random.RandomState:
        return self.dist.random_state if self._random_state is None else self._random_state

    @random_state.setter
    def random_state(self, seed: Any) -> None:
        self._random_state = check_random_state(seed)

    def _shaped(self, out: Any) -> Any:
        return out if self._batched else squeeze(out)

    def logpdf(self, x: ArrayLike) -> Any:
        """Logarithm of the probability density: `fastdist.multivariate_normal.logpdf`."""
        if self._whitener is not None:
            value = self._whitener.logpdf(x)
            if value is not None:
                return value
        points = process_quantiles(x, self.dim, self._batched)
        return self._shaped(self._factored.logpdf(points, self._mean))

    def pdf(self, x: ArrayLike) -> Any:
        """Probability density: `fastdist.multivariate_normal.pdf`."""
        if self._whitener is not None:
            value = self._whitener.pdf(x)
            if value is not None:
                return value
        points = process_quantiles(x, self.dim, self._batched)
        return self._shaped(self._factored.pdf(points, self._mean))

    def mahalanobis(self, x: ArrayLike) -> Any:
        """Distance from the mean, in standard deviations: `fastdist.multivariate_normal.mahalanobis`."""
        if self._whitener is not None:
            value = self._whitener.squared_mahalanobis(x)
            if value is not None:
                return np.sqrt(value)
        points = process_quantiles(x, self.dim, self._batched)
        squared = np.asarray(self._factored.squared_mahalanobis(points, self._mean))
        return self._shaped(np.sqrt(squared, out=squared)[()])

    def loglikelihood(self, x: ArrayLike) -> np.float64:
        """Sum of the log density over data: `fastdist.multivariate_normal.loglikelihood`."""
        return loglikelihood(x, self._mean, self._factored, self._batched)

    def entropy(self) -> Any:
        """Differential entropy: `fastdist.multivariate_normal.entropy`."""
        entropy = self._factored.rank / 2 - self._factored.log_peak
        return np.broadcast_to(entropy, self._batch).copy()[()] if self._batched else entropy

    def rvs(self, size: Size = 1, random_state: Any = None) -> Any:
        """Draw random rows: `fastdist.multivariate_normal.rvs`."""
        rng = self.random_state if random_state is None else check_random_state(random_state)
        represented = not isinstance(self.cov_object, Factored)
        if self._batched:
            return self._rvs_of_batch(rng, None if type(size) is int and size == 1 else size)
        if represented and (size is None or (not np.iterable(size) and not size)):
            size = ()  # as SciPy reads it
        if isinstance(rng, Generator):
            if isinstance(self._factored, FactoredCovariance):
                out = rng.multivariate_normal(self._mean, size=size, scale_tril=self._factored.scale_tril)
            else:
                out = rng.multivariate_normal(self._mean, self._factored.covariance, size, "ignore")
        elif represented:
            out = self._mean + self.cov_object.colorize(rng.normal(size=(*as_shape(size), self.dim)))  # type: ignore[arg-type]
        else:
            shape = None if size is None else as_shape(size)
            out = rng.multivariate_normal(self._mean, self.cov, shape, "ignore")  # it has been checked
        return out if represented else squeeze(out)

    def _rvs_of_batch(self, rng: np.random.Generator | np.random.RandomState, size: Size) -> Array:
        """One row for each, or as many as `size` says."""
        factored = self._factored
        if isinstance(rng, Generator):
            if isinstance(factored, SingularCovariance):
                return rng.multivariate_normal(self._mean, factored.covariance, size, "ignore")
            return rng.multivariate_normal(self._mean, size=size, scale_tril=factored.scale_tril)
        rows = self._batch if size is None else as_shape(size)
        check_batch(rows, self._batch)
        z = rng.standard_normal((*rows, self.dim))
        if isinstance(factored, SingularCovariance):
            drawn: Array = self._mean + factored.colorize(z)
        else:
            drawn = sampling.colorize(z, self._mean, factored.scale_tril)
        return drawn

    def cdf(self, x: ArrayLike, *, lower_limit: ArrayLike | None = None, rng: Any = None) -> Any:
        """Probability of values up to `x` in each component: `fastdist.multivariate_normal.cdf`."""
        return self._scipy("cdf", x, lower_limit, rng)

    def logcdf(self, x: ArrayLike, *, lower_limit: ArrayLike | None = None, rng: Any = None) -> Any:
        """Logarithm of that probability: `fastdist.multivariate_normal.logcdf`."""
        return self._scipy("logcdf", x, lower_limit, rng)

    def _scipy(self, name: str, x: ArrayLike, lower_limit: Any, rng: Any) -> Any:
        try:
            from scipy.stats import multivariate_normal
        except ImportError as error:
            raise ImportError(
                f"multivariate_normal.{name} needs SciPy: pip install 'fastdist-kernels[scipy]'"
            ) from error
        if self._batched:
            raise ValueError(f"{name} takes one mean and one cov, not a batch of shape {self._batch}")
        points = process_quantiles(x, self.dim, False)
        if lower_limit is not None:
            lower_limit = real(lower_limit, "lower_limit", ValueError)
            _check_limit(lower_limit, np.shape(x), points)
        cov = self.cov if isinstance(self.cov_object, Factored) else self.cov_object
        keywords = {} if rng is None else {"rng": rng}
        # What may be singular has been settled; SciPy would refuse more.
        return getattr(multivariate_normal, name)(
            points,
            self._mean,
            cov,
            True,
            self.maxpts,
            self.abseps,
            self.releps,
            lower_limit=lower_limit,
            **keywords,
        )


def _check_limit(lower_limit: Array, given: tuple[int, ...], points: Array) -> None:
    """Raise a ValueError unless it broadcasts with the points, which were given in another shape."""
    try:
        np.broadcast_shapes(lower_limit.shape, points.shape)
    except ValueError:
        raise ValueError(
            f"lower_limit and x must broadcast: they are of shapes {lower_limit.shape} and {given}"
        ) from None
