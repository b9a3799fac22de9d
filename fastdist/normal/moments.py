"""Mean, variance and the like of the normal distribution, which follow from its parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastdist._dispatch import normal
from fastdist.normal.arguments import as_real, check_shapes, real


def parameters(loc: Any, scale: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both of the broadcast shape, and NaN where they are no parameters of a distribution."""
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


class NormalMoments:
    """What `fastdist.norm` tells of the distribution, without data."""

    def mean(self, loc: Any = 0, scale: Any = 1) -> Any:
        """Mean.

        Parameters
        ----------
        loc, scale : array_like, optional
            Mean and standard deviation.

        Returns
        -------
        float64 or ndarray of float64
            `loc`, of the broadcast shape; NaN where ``scale <= 0``.

        Raises
        ------
        TypeError, ValueError
            If a parameter is not real; if they do not broadcast.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.mean(3, 2)
        np.float64(3.0)
        """
        return parameters(loc, scale)[0][()]

    def median(self, loc: Any = 0, scale: Any = 1) -> Any:
        """Median, which is the mean.

        Parameters
        ----------
        loc, scale : array_like, optional
            Mean and standard deviation.

        Returns
        -------
        float64 or ndarray of float64
            `loc`, of the broadcast shape; NaN where ``scale <= 0``.

        Raises
        ------
        TypeError, ValueError
            If a parameter is not real; if they do not broadcast.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.median(3, [2, -2])
        array([ 3., nan])
        """
        return parameters(loc, scale)[0][()]

    def std(self, loc: Any = 0, scale: Any = 1) -> Any:
        """Standard deviation.

        Parameters
        ----------
        loc, scale : array_like, optional
            Mean and standard deviation.

        Returns
        -------
        float64 or ndarray of float64
            `scale`, of the broadcast shape; NaN where ``scale <= 0``.

        Raises
        ------
        TypeError, ValueError
            If a parameter is not real; if they do not broadcast.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.std(3, 2)
        np.float64(2.0)
        """
        return parameters(loc, scale)[1][()]

    def var(self, loc: Any = 0, scale: Any = 1) -> Any:
        """Variance.

        Parameters
        ----------
        loc, scale : array_like, optional
            Mean and standard deviation.

        Returns
        -------
        float64 or ndarray of float64
            ``scale**2``, of the broadcast shape; NaN where ``scale <= 0``.

        Raises
        ------
        TypeError, ValueError
            If a parameter is not real; if they do not broadcast.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.var(3, 2)
        np.float64(4.0)
        """
        return self.stats(loc, scale, "v")

    def stats(self, loc: Any = 0, scale: Any = 1, moments: str = "mv") -> Any:
        """Mean, variance, skewness and excess kurtosis.

        Parameters
        ----------
        loc, scale : array_like, optional
            Mean and standard deviation.
        moments : str, optional
            Which: any of the letters ``'mvsk'``.

        Returns
        -------
        float64, ndarray of float64, or tuple of these
            ``loc``, ``scale**2``, 0 and 0, those that were asked for, in this order; one alone is no tuple.
            NaN where ``scale <= 0``.

        Raises
        ------
        TypeError, ValueError
            If a parameter is not real, or `moments` no string; if the parameters do not broadcast.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.stats(3, 2, moments="mvsk")
        (np.float64(3.0), np.float64(4.0), np.float64(0.0), np.float64(0.0))
        """
        loc, scale = parameters(loc, scale)
        zero = np.where(np.isnan(scale), np.nan, 0.0)
        with np.errstate(over="ignore", under="ignore"):
            values = {"m": loc, "v": scale * scale, "s": zero, "k": zero.copy()}
        try:
            chosen = tuple(value[()] for letter, value in values.items() if letter in moments)
        except TypeError:
            raise TypeError(f"moments must be a string of letters of 'mvsk', not {moments!r}") from None
        return chosen[0] if len(chosen) == 1 else chosen

    def moment(self, order: float, loc: Any = 0, scale: Any = 1) -> Any:
        """Mean of a power, about 0.

        Parameters
        ----------
        order : int
            The power, not negative.
        loc, scale : array_like, optional
            Mean and standard deviation.

        Returns
        -------
        float64 or ndarray of float64
            ``E[X**order]`` of the broadcast shape, by ``E[X**n] = loc E[X**(n-1)] + (n-1) scale**2
            E[X**(n-2)]`` (by parts), all terms of which have one sign.  NaN where ``scale <= 0``.

        Raises
        ------
        TypeError, ValueError
            If a parameter is not real; if `order` is no integer, or negative; if the parameters do not
            broadcast.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.moment(4), norm.moment(3, loc=1, scale=2)
        (np.float64(3.0), np.float64(13.0))
        """
        power = _order(order)
        loc, scale = parameters(loc, scale)
        before, here = np.zeros(loc.shape), np.where(np.isnan(scale), np.nan, 1.0)
        with np.errstate(all="ignore"):
            for n in range(power):
                # Even if the other factor is infinite, 0 times it is 0.
                from_loc = np.where(loc == 0, 0.0, loc * here)
                from_scale = np.where(before == 0, 0.0, n * scale * (scale * before))
                before, here = here, from_loc + from_scale
        return here[()]

    def entropy(self, loc: Any = 0, scale: Any = 1) -> Any:
        """Differential entropy, in nats.

        Parameters
        ----------
        loc, scale : array_like, optional
            Mean and standard deviation.

        Returns
        -------
        float64 or ndarray of float64
            ``log(scale) + (1 + log(2 * pi)) / 2``, of the broadcast shape; NaN where ``scale <= 0``.

        Raises
        ------
        TypeError, ValueError
            If a parameter is not real; if they do not broadcast.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.entropy(scale=[1, 2]).round(9)
        array([1.41893853, 2.11208571])
        """
        return 0.5 - normal.logpdf(0.0, 0.0, parameters(loc, scale)[1])

    def support(self, loc: Any = 0, scale: Any = 1) -> tuple[Any, Any]:
        """Where the density is not 0.

        Parameters
        ----------
        loc, scale : array_like, optional
            Mean and standard deviation.

        Returns
        -------
        a, b : float64 or ndarray of float64
            -inf and inf, of the broadcast shape; NaN where ``scale <= 0``.

        Raises
        ------
        TypeError, ValueError
            If a parameter is not real; if they do not broadcast.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.support()
        (np.float64(-inf), np.float64(inf))
        """
        end = np.where(np.isnan(parameters(loc, scale)[1]), np.nan, np.inf)
        return (-end)[()], end[()]
