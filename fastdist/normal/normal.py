"""A drop-in for ``scipy.stats.norm``: `norm`, whose functions are ufuncs of the kernels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from operator import index
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastdist._dispatch import normal
from fastdist.normal.arguments import as_real, check_shapes, real
from fastdist.normal.array_calls import call_with_arrays
from fastdist.normal.frozen import CopiedWhole, FrozenNormal
from fastdist.normal.likelihood import loglikelihood, mean_and_deviation
from fastdist.normal.scipy_norm import loaded_norm, scipy_norm
from fastdist.random.generator import Generator, Size
from fastdist.random.random_state import SHARED, HasRandomState, Source

# The short way of each ufunc, for numbers and small arrays; its result is None where it does not apply.
_pdf, _logpdf, _cdf, _logcdf, _sf, _logsf, _ppf, _isf = map(
    normal.Function, ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf", "ppf", "isf")
)


class Normal(HasRandomState, CopiedWhole):
    """The normal distribution with mean `loc` and standard deviation `scale`.

    ``norm(loc, scale)`` is the distribution with these parameters kept: see `freeze`.

    Parameters
    ----------
    x, data : array_like
        Points, or data of any shape.  Data may be a memory map larger than memory.
    q : array_like
        Probabilities, in [0, 1].
    loc, scale : array_like, optional
        Mean and standard deviation, 0 and 1 by default.
    **keywords
        The keywords of a ufunc: ``out``, ``where``, ``dtype``, ``casting`` and so on.

    Attributes
    ----------
    a, b : float
        The ends of the support, -inf and inf.
    name : str
        ``'norm'``.
    shapes, numargs
        None and 0: there are no shape parameters.
    random_state : numpy.random.Generator or numpy.random.RandomState
        What `rvs` draws from if nothing else is given.  It may be set to anything that `rvs` accepts; None,
        as at the start, stands for one `fastdist.Generator` on fresh entropy, which `norm`, its copies and
        all frozen distributions share.

    Raises
    ------
    TypeError
        If an argument is not an array of real numbers of up to 64 bits, or has a unit; if a keyword is
        unknown.  The message says how to convert the argument.
    ValueError
        If shapes do not broadcast, or pandas objects have different labels.

    Notes
    -----
    The parameters above are shared by the methods, and so are the errors.

    The interface is that of `scipy.stats.norm`.  Arguments broadcast.  Where `scale` is not positive, or a
    parameter is NaN, the result is NaN, for that element alone; nothing is raised, and there is no
    floating-point warning.

    ``pdf``, ``logpdf``, ``cdf``, ``logcdf``, ``sf``, ``logsf``, ``ppf`` and ``isf`` are NumPy ufuncs of three
    arguments, which take the keywords of ufuncs.  pandas, xarray and dask get their own types back, and
    masked arrays keep their masks.  All other methods read such objects as plain arrays, without labels and
    masks.  The formulas of the eight functions [1]_ have ``z = (x - loc) / scale``; their error bounds are in
    ``fastdist.accuracy``.

    Of numbers, the result is a `numpy.float64`.  float32 arrays give float32, unless a parameter is of a
    wider dtype; bool, integers and float16 give float64.  Complex numbers give complex128 by SciPy's
    functions of z, so that derivatives by a complex step are right in all three arguments; keywords are not
    taken then, and `q` must be real.  All other types (longdouble, objects such as Decimal, strings, dates)
    are refused.  When an argument is refused, `out` is untouched.

    Where `scipy.stats` is loaded, ``isinstance`` takes `norm` for one of its continuous distributions, and
    the attributes that SciPy reads beyond the public interface are those of `scipy.stats.norm`.

    Copies and pickles of `norm` have their own copy of a `random_state` that was set.

    `norm` differs from SciPy's in these points: float32 is kept; longdouble is not accepted; an integer
    `random_state` names another stream (a NumPy Generator or RandomState gives the values that it gives
    SciPy), and without one numbers are drawn from ``norm.random_state``, not from `numpy.random`'s state; a
    frozen distribution copies its parameters.
    `fit` gives float64 for all dtypes; `std` is right where `var` leaves float64; the upper end of `interval`
    comes from the upper tail.
    ``expect``, and ``fit`` with options, need SciPy: ``pip install 'fastdist-kernels[scipy]'``.

    References
    ----------
    .. [1] M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions (1964), 26.2.

    Examples
    --------
    >>> from fastdist import norm
    >>> norm.cdf([-1.96, 0.0, 1.96]).round(3)
    array([0.025, 0.5  , 0.975])
    """

    a = -np.inf
    b = np.inf
    name = "norm"
    shapes = None
    numargs = 0

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """What ``isinstance`` asks, as SciPy does before it takes a distribution."""
        theirs = loaded_norm()
        return type(self) if theirs is None else type(theirs)

    def __getattr__(self, name: str) -> Any:
        """What else SciPy reads of its distributions, which it then has loaded."""
        if name.startswith("__") or loaded_norm() is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(loaded_norm(), name)

    def freeze(self, *args: Any, **kwds: Any) -> FrozenNormal:
        """The distribution with its parameters: ``norm(loc, scale)`` is ``norm.freeze(loc, scale)``.

        `loc` and `scale` are copied and keep their types; nothing is computed.

        Returns
        -------
        FrozenNormal
            With the methods of `norm`, which need neither parameter.

        Examples
        --------
        >>> from fastdist import norm
        >>> iq = norm(100, 15)
        >>> iq.cdf(100), iq.std()
        (np.float64(0.5), np.float64(15.0))
        """
        return FrozenNormal(type(self)(), *args, **kwds)

    __call__ = freeze

    def _own_random_state(self, seed: Any) -> Source | None:
        """None for that which is shared, so that copies share it as well."""
        return None if seed is None or seed is SHARED else super()._own_random_state(seed)

    def pdf(self, x: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Probability density, ``exp(-z**2 / 2) / (scale * sqrt(2 * pi))``.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.pdf(0.0)
        np.float64(0.3989422804014327)
        >>> norm.pdf([0, 1, 2], scale=[1, 2, -1]).round(6)
        array([0.398942, 0.176033,      nan])
        """
        value = _pdf(x, loc, scale, keywords)
        return call_with_arrays(normal.pdf, x, loc, scale, keywords) if value is None else value

    def logpdf(self, x: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Logarithm of the probability density, ``-z**2 / 2 - log(scale) - log(2 * pi) / 2``.

        It is finite where the density itself is too small for a float.

        See Also
        --------
        loglikelihood : the sum over data, in one pass.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.logpdf(100.0)
        np.float64(-5000.918938533205)
        """
        value = _logpdf(x, loc, scale, keywords)
        return call_with_arrays(normal.logpdf, x, loc, scale, keywords) if value is None else value

    def cdf(self, x: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Cumulative distribution function, ``erfc(-z / sqrt(2)) / 2``.

        It is the probability of a value up to `x`.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.cdf(130, loc=100, scale=15).round(12)
        np.float64(0.977249868052)
        """
        value = _cdf(x, loc, scale, keywords)
        return call_with_arrays(normal.cdf, x, loc, scale, keywords) if value is None else value

    def logcdf(self, x: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Logarithm of the cumulative distribution function, ``log(erfc(-z / sqrt(2)) / 2)``.

        It is accurate in both tails.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.logcdf([-40.0, 0.0]).round(9)
        array([-8.04608442e+02, -6.93147181e-01])
        """
        value = _logcdf(x, loc, scale, keywords)
        return call_with_arrays(normal.logcdf, x, loc, scale, keywords) if value is None else value

    def sf(self, x: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Survival function, ``erfc(z / sqrt(2)) / 2``.

        It is the probability of a value above `x`, accurate where it is small.

        Examples
        --------
        >>> from fastdist import norm
        >>> f"{norm.sf(10.0):.12e}"
        '7.619853024161e-24'
        """
        value = _sf(x, loc, scale, keywords)
        return call_with_arrays(normal.sf, x, loc, scale, keywords) if value is None else value

    def logsf(self, x: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Logarithm of the survival function, ``log(erfc(z / sqrt(2)) / 2)``.

        It is accurate in both tails.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.logsf(40.0).round(9)
        np.float64(-804.608442014)
        """
        value = _logsf(x, loc, scale, keywords)
        return call_with_arrays(normal.logsf, x, loc, scale, keywords) if value is None else value

    def ppf(self, q: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Percent point function, the inverse of `cdf`: ``loc - scale * sqrt(2) * erfcinv(2 * q)``.

        It is the value up to which the probability is `q`: -inf at 0, inf at 1, NaN outside of [0, 1].

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.ppf([0, 0.5, 0.975, 1, 2]).round(9)
        array([      -inf, 0.        , 1.95996398,        inf,        nan])
        """
        value = _ppf(q, loc, scale, keywords)
        return call_with_arrays(normal.ppf, q, loc, scale, keywords) if value is None else value

    def isf(self, q: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Inverse of `sf`: ``loc + scale * sqrt(2) * erfcinv(2 * q)``.

        It is the value above which the probability is `q`: inf at 0, -inf at 1, NaN outside of [0, 1].

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.isf(1e-300).round(9)
        np.float64(37.047096299)
        """
        value = _isf(q, loc, scale, keywords)
        return call_with_arrays(normal.isf, q, loc, scale, keywords) if value is None else value

    def rvs(self, loc: Any = 0, scale: Any = 1, size: Size = None, random_state: Any = None) -> Any:
        """Draw random numbers.

        Parameters
        ----------
        size : int or tuple of ints, optional
            Shape of the result; None for the shape to which `loc` and `scale` broadcast, less any leading
            dimensions of length 1.
        random_state : optional
            None draws from ``norm.random_state``; an int or a SeedSequence is a seed for
            `fastdist.default_rng`; a `fastdist.Generator`, a NumPy Generator or RandomState is drawn from.
            The module `numpy.random` stands for its own global RandomState.

        Returns
        -------
        float64 or ndarray of float64
            ``loc + scale * z`` with ``z = random_state.standard_normal(...)``.

        Raises
        ------
        ValueError
            If `scale` is negative or NaN, if `loc` and `scale` do not broadcast to `size`, if `size` is
            negative, or for any other `random_state`.
        TypeError
            If `size` holds no integers.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.rvs([0, 100], [1, 15], size=(3, 2), random_state=7).shape
        (3, 2)
        """
        rng = self._source(random_state)
        loc, scale = real(loc, "loc"), real(scale, "scale")
        if not np.all(scale >= 0):
            wrong = scale[~(scale >= 0)][0]
            raise ValueError(
                f"Domain error in arguments. The `scale` parameter must not be negative or NaN, as {wrong} is"
            )
        shape = _shape_of_draws(loc, scale, size)
        # Leading dimensions of length 1 that the shape lacks are none.
        loc, scale = (p.reshape(p.shape[max(0, p.ndim - len(shape)) :]) for p in (loc, scale))
        if not np.any(scale):
            z = np.zeros(shape)
        elif isinstance(rng, Generator):
            return rng.normal(loc, np.abs(scale), shape)[()]
        else:
            z = np.asarray(rng.standard_normal(shape))
        with np.errstate(all="ignore"):
            z *= scale
            z += loc
        return z[()]

    def mean(self, loc: Any = 0, scale: Any = 1) -> Any:
        """Mean, which is `loc`.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.mean(3, 2)
        np.float64(3.0)
        """
        return _parameters(loc, scale)[0][()]

    def median(self, loc: Any = 0, scale: Any = 1) -> Any:
        """Median, which is the mean.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.median(3, [2, -2])
        array([ 3., nan])
        """
        return _parameters(loc, scale)[0][()]

    def std(self, loc: Any = 0, scale: Any = 1) -> Any:
        """Standard deviation, which is `scale`.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.std(3, 2)
        np.float64(2.0)
        """
        return _parameters(loc, scale)[1][()]

    def var(self, loc: Any = 0, scale: Any = 1) -> Any:
        """Variance, ``scale**2``.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.var(3, 2)
        np.float64(4.0)
        """
        return self.stats(loc, scale, "v")

    def stats(self, loc: Any = 0, scale: Any = 1, moments: str = "mv") -> Any:
        """Mean, variance, skewness and excess kurtosis: ``loc``, ``scale**2``, 0 and 0.

        Parameters
        ----------
        moments : str, optional
            Which of them to return: any of the letters ``'mvsk'``.

        Returns
        -------
        float64, ndarray of float64, or tuple of these
            The chosen ones, always in this order; a single one is not put into a tuple.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.stats(3, 2, moments="mvsk")
        (np.float64(3.0), np.float64(4.0), np.float64(0.0), np.float64(0.0))
        """
        loc, scale = _parameters(loc, scale)
        zero = np.where(np.isnan(scale), np.nan, 0.0)
        with np.errstate(over="ignore", under="ignore"):
            values = {"m": loc, "v": scale * scale, "s": zero, "k": zero.copy()}
        try:
            chosen = tuple(value[()] for letter, value in values.items() if letter in moments)
        except TypeError:
            raise TypeError(f"moments must be a string of letters of 'mvsk', not {moments!r}") from None
        return chosen[0] if len(chosen) == 1 else chosen

    def moment(self, order: float, loc: Any = 0, scale: Any = 1) -> Any:
        """Mean of a power about 0, ``E[X**order]``.

        By parts, ``E[X**n] = loc E[X**(n-1)] + (n-1) scale**2 E[X**(n-2)]``, all terms of which have one
        sign.

        Parameters
        ----------
        order : int
            The power, not negative.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.moment(4), norm.moment(3, loc=1, scale=2)
        (np.float64(3.0), np.float64(13.0))
        """
        power = _order(order)
        loc, scale = _parameters(loc, scale)
        before, here = np.zeros(loc.shape), np.where(np.isnan(scale), np.nan, 1.0)
        with np.errstate(all="ignore"):
            for n in range(power):
                # Even if the other factor is infinite, 0 times it is 0.
                from_loc = np.where(loc == 0, 0.0, loc * here)
                from_scale = np.where(before == 0, 0.0, n * scale * (scale * before))
                before, here = here, from_loc + from_scale
        return here[()]

    def entropy(self, loc: Any = 0, scale: Any = 1) -> Any:
        """Differential entropy in nats, ``log(scale) + (1 + log(2 * pi)) / 2``.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.entropy(scale=[1, 2]).round(9)
        array([1.41893853, 2.11208571])
        """
        return 0.5 - normal.logpdf(0.0, 0.0, _parameters(loc, scale)[1])

    def support(self, loc: Any = 0, scale: Any = 1) -> tuple[Any, Any]:
        """Ends of the interval where the density is not 0: -inf and inf.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.support()
        (np.float64(-inf), np.float64(inf))
        """
        end = np.where(np.isnan(_parameters(loc, scale)[1]), np.nan, np.inf)
        return (-end)[()], end[()]

    def interval(self, confidence: ArrayLike, loc: Any = 0, scale: Any = 1) -> tuple[Any, Any]:
        """The interval around the median that holds a probability, with equal tails.

        Parameters
        ----------
        confidence : array_like
            The probability, in [0, 1].

        Returns
        -------
        a, b : float64 or array
            ``ppf(tail)`` and ``isf(tail)`` with ``tail = (1 - confidence) / 2``.

        Raises
        ------
        ValueError
            If `confidence` is outside of [0, 1].

        Examples
        --------
        >>> from fastdist import norm
        >>> a, b = norm.interval(0.95, loc=100, scale=15)
        >>> round(a, 6), round(b, 6)
        (np.float64(70.60054), np.float64(129.39946))
        """
        confidence = as_real(confidence, "confidence")
        outside = (confidence < 0) | (confidence > 1)
        if np.any(outside):
            raise ValueError(f"confidence must be between 0 and 1 inclusive, not {confidence[outside][0]}")
        tail = (1.0 - confidence) / 2
        return self.ppf(tail, loc, scale), self.isf(tail, loc, scale)

    def loglikelihood(self, x: ArrayLike, loc: ArrayLike = 0, scale: ArrayLike = 1) -> np.float64:
        """The sum of `logpdf` over data.

        Returns
        -------
        float64
            ``logpdf(x, loc, scale).sum()``, computed in float64 for all dtypes; 0 for no data.

        Notes
        -----
        The data are read once, and no array of their size is made.  For numbers `loc` and `scale` the sum is
        ``n logpdf(loc) - sum((x - loc)**2) / (2 scale**2)``.  Sums are compensated and in a fixed order:
        neither the number of threads nor the layout in memory affects the result.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.loglikelihood([99, 100, 104], loc=100, scale=15).round(9)
        np.float64(-10.918743981)
        """
        return loglikelihood(x, loc, scale)

    def nnlf(self, theta: Sequence[Any], x: ArrayLike) -> Any:
        """Negative log-likelihood of data.

        Parameters
        ----------
        theta : sequence
            `loc` and `scale`.

        Returns
        -------
        float64 or ndarray of float64
            ``-loglikelihood(x, loc, scale)``, but inf where ``scale <= 0`` or there is a NaN.  If there is
            more than one dimension, the sum is over the first.

        Raises
        ------
        ValueError
            If `theta` is not two parameters.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.nnlf((100, 15), [99, 100, 104]).round(9)
        np.float64(10.918743981)
        """
        if not np.iterable(theta):
            raise TypeError(f"theta must be a sequence of loc and scale, not {theta!r}")
        if len(theta) != 2:
            raise ValueError(f"theta must be loc and scale, not {len(theta)} parameters")
        loc, scale = as_real(theta[0], "loc"), as_real(theta[1], "scale")
        data = as_real(x, "x")
        if max(data.ndim, loc.ndim, scale.ndim) > 1:
            negative = -np.sum(self.logpdf(data, loc, scale, dtype=np.float64), axis=0)
        else:
            negative = -loglikelihood(data, loc, scale)
        return np.float64(np.inf) if np.isnan(negative).any() else negative

    def fit(self, data: Any, **kwds: Any) -> tuple[Any, Any]:
        """The parameters for which data are most likely.

        Parameters
        ----------
        data : array_like
            The data, all of them finite.
        **kwds
            SciPy's: ``floc`` or ``fscale`` to keep a parameter fixed, ``method``, and so on.  With any, or
            for ``CensoredData``, `scipy.stats.norm.fit` is called.

        Returns
        -------
        loc, scale : float64
            The mean, and the root of the mean squared deviation from it, for all dtypes in float64.

        Raises
        ------
        ValueError
            If the data are not all finite.
        ImportError
            If SciPy is needed, and not installed.

        Notes
        -----
        The data are read once, relative to one of them near their middle, and summed as in `loglikelihood`:
        a spread that is small beside the mean loses nothing.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.fit([1e9 + 1, 1e9 + 2, 1e9 + 6])
        (np.float64(1000000003.0), np.float64(2.160246899469287))
        """
        if kwds or type(data).__module__.startswith("scipy.stats."):
            fitted: tuple[Any, Any] = scipy_norm("norm.fit with options").fit(data, **kwds)
            return fitted
        data = as_real(data, "data")
        if not data.size:
            warnings.warn(
                f"data of shape {data.shape} hold no numbers, so that loc and scale are NaN",
                RuntimeWarning,
                stacklevel=2,
            )
            return np.float64(np.nan), np.float64(np.nan)
        return mean_and_deviation(data)

    def fit_loc_scale(self, data: ArrayLike) -> tuple[Any, Any]:
        """Mean and standard deviation of data, as a start for other estimators.

        Returns
        -------
        loc, scale : float64
            Those of `fit`; but 0 and 1 of data that are empty or not all finite, and a scale of 1 of data
            that are all equal.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.fit_loc_scale([1, 2, 6])
        (np.float64(3.0), np.float64(2.160246899469287))
        >>> norm.fit_loc_scale([5, 5])
        (np.float64(5.0), np.float64(1.0))
        """
        data = as_real(data, "data")
        if not data.size or not np.isfinite(data).all():
            return np.float64(0), np.float64(1)
        loc, scale = mean_and_deviation(data)
        return loc, scale if scale > 0 else np.float64(1)

    def expect(
        self,
        func: Callable[[float], Any] | None = None,
        args: tuple[Any, ...] = (),
        loc: float = 0,
        scale: float = 1,
        lb: float | None = None,
        ub: float | None = None,
        conditional: bool = False,
        **kwds: Any,
    ) -> Any:
        """Mean of a function, by numerical integration: `scipy.stats.norm.expect`.

        Parameters
        ----------
        func : callable, optional
            The function, of one number; that number itself if it is None.
        args : tuple, optional
            Shape parameters, of which there are none.
        lb, ub : float, optional
            Ends of the integral, by default those of the support.
        conditional : bool, optional
            Whether to divide by the probability between the ends.
        **kwds
            The keywords of `scipy.integrate.quad`.

        Returns
        -------
        float64
            ``E[func(X)]``.

        Raises
        ------
        ImportError
            If SciPy is not installed.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.expect(lambda x: x * x, loc=1, scale=2).round(9)
        np.float64(5.0)
        """
        return scipy_norm("norm.expect").expect(func, args, loc, scale, lb, ub, conditional, **kwds)


def _parameters(loc: Any, scale: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of the broadcast shape; both NaN where `scale` <= 0 or one is NaN."""
    loc, scale = real(loc, "loc"), real(scale, "scale")
    try:
        loc, scale = np.broadcast_arrays(loc, scale)
    except ValueError:
        check_shapes(loc=loc, scale=scale)
    valid = (scale > 0) & ~np.isnan(loc)
    return np.where(valid, loc, np.nan), np.where(valid, scale, np.nan)


def _order(order: Any) -> int:
    """The order of a moment."""
    number = as_real(order, "order")
    if number.ndim:
        raise ValueError(f"order must be one integer, not an array of shape {number.shape}")
    if not np.isfinite(number) or number != np.floor(number):
        raise ValueError(f"Moment must be an integer, not {order}")
    if number < 0:
        raise ValueError(f"Moment must be positive, not {order}")
    return int(number)


def _shape_of_draws(loc: NDArray[Any], scale: NDArray[Any], size: Size) -> tuple[int, ...]:
    """The shape of `rvs`, by SciPy's rules: `size`, which the parameters may not widen."""
    try:
        shape = np.broadcast_shapes(loc.shape, scale.shape)
    except ValueError:
        check_shapes(loc=loc, scale=scale)
    while shape[:1] == (1,):
        shape = shape[1:]
    if size is None:
        return shape
    wanted = _shape(size)
    filled = (1,) * (len(shape) - len(wanted)) + wanted
    if any(n not in (1, m) for n, m in zip(reversed(shape), reversed(filled), strict=False)):
        raise ValueError(
            f"size does not match the broadcast shape of the parameters, which is {shape}; "
            f"size is {size}, and must end with that shape"
        )
    return filled


def _shape(size: Any) -> tuple[int, ...]:
    """The shape that `size` stands for."""
    several = isinstance(size, tuple | list) or (isinstance(size, np.ndarray) and size.ndim > 0)
    try:
        shape = tuple(map(index, size)) if several else (index(size),)
    except TypeError:
        raise TypeError(f"size must be an integer or a sequence of integers, not {size!r}") from None
    if any(n < 0 for n in shape):
        raise ValueError(f"negative dimensions are not allowed in size, which is {size}")
    return shape


norm = Normal()
