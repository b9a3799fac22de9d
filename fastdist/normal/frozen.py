"""A normal distribution with its parameters: what ``fastdist.norm(loc, scale)`` returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from fastdist.normal.arguments import PLAIN_NUMBERS
from fastdist.normal.scipy_norm import frozen_class

if TYPE_CHECKING:
    from fastdist.normal.normal import Normal
    from fastdist.random.generator import Size
    from fastdist.random.random_state import Source


def norm(loc: Any = 0, scale: Any = 1) -> tuple[Any, Any]:
    """The parameters, by position or by name; what is wrong is said of ``norm``."""
    return loc, scale


def _copied(parameter: Any) -> Any:
    """A copy of the same type; of a view of memory, which has no copies, an array."""
    try:
        return deepcopy(parameter)
    except TypeError:
        return np.array(parameter)


class CopiedWhole:
    """A base whose copies, shallow ones too, share nothing: draws from a copy do not move the original."""

    def __copy__(self) -> Self:
        return deepcopy(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return object.__new__, (type(self),), vars(self)  # pickle's own way trusts __class__


class FrozenNormal(CopiedWhole):
    """The normal distribution for one `loc` and one `scale`.

    Each method is that of `fastdist.norm`, without these two arguments.

    Parameters
    ----------
    dist : Normal
        The distribution whose methods and random state are used.
    *args, **kwds
        `loc` and `scale`, by position or by name.  They are copied: an array that changes later does not
        change the distribution.  A Series stays a Series, a list a list.

    Attributes
    ----------
    dist
        What was given.
    args, kwds : tuple and read-only mapping
        Copies of the parameters.
    a, b : float
        The ends of the support, -inf and inf.
    random_state : numpy.random.Generator or numpy.random.RandomState
        What `rvs` draws from, as in SciPy: not that of `fastdist.norm`, but the distribution's own.  Until it
        is set, and after it is set to None, it is the Generator on fresh entropy that all such distributions
        share.

    Notes
    -----
    Copies and pickles have their own parameters, and, where `random_state` is set, their own copy of it: they
    draw the same numbers as the original, and do not move it.

    Where `scipy.stats` is loaded, ``isinstance`` takes the distribution for one of its frozen distributions.

    Raises
    ------
    TypeError
        If there are arguments besides these.

    Examples
    --------
    >>> from fastdist import norm
    >>> height = norm(170, 10)
    >>> height
    norm(loc=170, scale=10)
    >>> height.cdf(170), height.mean(), height.std()
    (np.float64(0.5), np.float64(170.0), np.float64(10.0))
    """

    a = -np.inf
    b = np.inf

    def __init__(self, dist: Normal, *args: Any, **kwds: Any) -> None:
        loc, scale = norm(*args, **kwds)
        if not (type(loc) in PLAIN_NUMBERS and type(scale) in PLAIN_NUMBERS):
            args, kwds = tuple(map(_copied, args)), {name: _copied(value) for name, value in kwds.items()}
            loc, scale = norm(*args, **kwds)
        self.dist, self._args, self._kwds, self._loc, self._scale = dist, args, kwds, loc, scale

    @property
    def args(self) -> tuple[Any, ...]:
        return tuple(map(_copied, self._args))

    @property
    def kwds(self) -> Mapping[str, Any]:
        return MappingProxyType({name: _copied(value) for name, value in self._kwds.items()})

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """What ``isinstance`` asks, as statsmodels does before it reads loc and scale."""
        return frozen_class() or type(self)

    def __repr__(self) -> str:
        return f"norm(loc={self._loc!r}, scale={self._scale!r})"

    def pdf(self, x: Any, **keywords: Any) -> Any:
        """Probability density at `x`: `fastdist.norm.pdf`."""
        return self.dist.pdf(x, self._loc, self._scale, **keywords)

    def logpdf(self, x: Any, **keywords: Any) -> Any:
        """Logarithm of the probability density at `x`: `fastdist.norm.logpdf`."""
        return self.dist.logpdf(x, self._loc, self._scale, **keywords)

    def cdf(self, x: Any, **keywords: Any) -> Any:
        """Probability of a value up to `x`: `fastdist.norm.cdf`."""
        return self.dist.cdf(x, self._loc, self._scale, **keywords)

    def logcdf(self, x: Any, **keywords: Any) -> Any:
        """Logarithm of the probability of a value up to `x`: `fastdist.norm.logcdf`."""
        return self.dist.logcdf(x, self._loc, self._scale, **keywords)

    def sf(self, x: Any, **keywords: Any) -> Any:
        """Probability of a value above `x`: `fastdist.norm.sf`."""
        return self.dist.sf(x, self._loc, self._scale, **keywords)

    def logsf(self, x: Any, **keywords: Any) -> Any:
        """Logarithm of the probability of a value above `x`: `fastdist.norm.logsf`."""
        return self.dist.logsf(x, self._loc, self._scale, **keywords)

    def ppf(self, q: Any, **keywords: Any) -> Any:
        """The value up to which the probability is `q`: `fastdist.norm.ppf`."""
        return self.dist.ppf(q, self._loc, self._scale, **keywords)

    def isf(self, q: Any, **keywords: Any) -> Any:
        """The value above which the probability is `q`: `fastdist.norm.isf`."""
        return self.dist.isf(q, self._loc, self._scale, **keywords)

    @property
    def random_state(self) -> Source:
        return self.dist.random_state

    @random_state.setter
    def random_state(self, seed: Any) -> None:
        self.dist.random_state = seed

    def rvs(self, size: Size = None, random_state: Any = None) -> Any:
        """Draw random numbers: `fastdist.norm.rvs`."""
        return self.dist.rvs(self._loc, self._scale, size, random_state)

    def mean(self) -> Any:
        """Mean: `fastdist.norm.mean`."""
        return self.dist.mean(self._loc, self._scale)

    def median(self) -> Any:
        """Median: `fastdist.norm.median`."""
        return self.dist.median(self._loc, self._scale)

    def std(self) -> Any:
        """Standard deviation: `fastdist.norm.std`."""
        return self.dist.std(self._loc, self._scale)

    def var(self) -> Any:
        """Variance: `fastdist.norm.var`."""
        return self.dist.var(self._loc, self._scale)

    def stats(self, moments: str = "mv") -> Any:
        """Mean, variance, skewness, kurtosis: `fastdist.norm.stats`."""
        return self.dist.stats(self._loc, self._scale, moments)

    def moment(self, order: float | None = None) -> Any:
        """Mean of the powers `order`: `fastdist.norm.moment`."""
        return self.dist.moment(order, self._loc, self._scale)  # type: ignore[arg-type]

    def entropy(self) -> Any:
        """Differential entropy: `fastdist.norm.entropy`."""
        return self.dist.entropy(self._loc, self._scale)

    def interval(self, confidence: ArrayLike | None = None) -> tuple[Any, Any]:
        """Interval with equal tails: `fastdist.norm.interval`."""
        return self.dist.interval(confidence, self._loc, self._scale)  # type: ignore[arg-type]

    def support(self) -> tuple[Any, Any]:
        """Where the density is not 0: `fastdist.norm.support`."""
        return self.dist.support(self._loc, self._scale)

    def loglikelihood(self, x: ArrayLike) -> np.float64:
        """Sum of the log density over the data: `fastdist.norm.loglikelihood`."""
        return self.dist.loglikelihood(x, self._loc, self._scale)

    def expect(
        self,
        func: Callable[[float], Any] | None = None,
        lb: float | None = None,
        ub: float | None = None,
        conditional: bool = False,
        **kwds: Any,
    ) -> Any:
        """Mean of a function: `fastdist.norm.expect`, which needs SciPy."""
        return self.dist.expect(func, (), self._loc, self._scale, lb, ub, conditional, **kwds)
