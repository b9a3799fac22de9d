"""The functions of the normal distribution: density, distribution functions and their inverses.

Each is a NumPy ufunc of the kernels.  Numbers take a short way to them; arrays may be divided among threads.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastdist import parallel
from fastdist._dispatch import normal
from fastdist.normal.arguments import PLAIN, PLAIN_NUMBERS, check_call, check_labels, check_pandas, is_complex
from fastdist.normal.scipy_norm import of_complex

# Bytes of the result of which each thread gets at least so many: some 0.2 ms of work.
SHARE = 1 << 20
SHARES = {"pdf": 1 << 21, "logpdf": 1 << 23}
NARROW = ("bool", "int", "uint", "float16")
LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
LEAST_FLOAT32 = float(np.finfo(np.float32).smallest_subnormal)


def _of_arrays(ufunc: np.ufunc, x: Any, loc: Any, scale: Any, keywords: dict[str, Any]) -> Any:
    """What the functions of `norm` do with all but plain numbers and small arrays."""
    try:
        if (
            type(x) is np.ndarray
            and type(loc) in PLAIN_NUMBERS
            and type(scale) in PLAIN_NUMBERS
            and (x.dtype.char == "d" or (x.dtype.char == "f" and _in_float32(loc) and _in_float32(scale)))
        ):
            if x.nbytes < 2 * SHARE:  # the commonest call, at the least cost
                return ufunc(x, loc, scale, **keywords)
            return _call(ufunc, x, loc, scale, keywords)
        return _call(ufunc, *_operands(ufunc, x, loc, scale), keywords)
    except Exception as error:
        operands = _named(ufunc, x, loc, scale)
        check_call(operands, **keywords)
        if any(map(is_complex, (x, loc, scale))):
            return of_complex(ufunc.__name__, x, loc, scale, keywords)
        check_pandas(error, operands)
        raise


def _named(ufunc: np.ufunc, x: Any, loc: Any, scale: Any) -> dict[str, Any]:
    """The arguments under the names that the caller knows."""
    return {"q" if ufunc.__name__ in ("ppf", "isf") else "x": x, "loc": loc, "scale": scale}


def _operands(ufunc: np.ufunc, x: Any, loc: Any, scale: Any) -> tuple[Any, Any, Any]:
    """The operands of a ufunc.

    float32 is computed in float32; whatever else NumPy would hand to that loop, in float64, as in SciPy; and
    so are numbers that float32 does not hold.
    """
    if not {type(x), type(loc), type(scale)} <= PLAIN:
        check_labels(**_named(ufunc, x, loc, scale))
    x, loc, scale = _operand(x), _operand(loc), _operand(scale)
    dtypes = [_dtype_name(operand) for operand in (x, loc, scale) if type(operand) not in PLAIN_NUMBERS]
    if dtypes and not ("float32" in dtypes and _in_float32(loc) and _in_float32(scale)):
        loc = loc.astype(np.float64) if _dtype_name(loc).startswith(NARROW) else loc
        loc = np.float64(loc) if type(loc) in PLAIN_NUMBERS else loc
    return x, loc, scale


def _call(ufunc: np.ufunc, x: Any, loc: Any, scale: Any, keywords: dict[str, Any]) -> Any:
    itemsize = 4 if "float32" in (_dtype_name(operand) for operand in (x, loc, scale)) else 8
    share = SHARES.get(ufunc.__name__, SHARE) // itemsize
    return parallel.call(ufunc, (x, loc, scale), keywords, share)


def _operand(argument: Any) -> Any:
    """As it is, if it is a plain number or an array of whatever library; else what NumPy makes of it."""
    if type(argument) in PLAIN_NUMBERS or hasattr(argument, "dtype") or hasattr(argument, "__array_ufunc__"):
        return argument
    return np.asarray(argument)


def _dtype_name(operand: Any) -> str:
    return str(getattr(getattr(operand, "dtype", None), "name", "")).lower()


def _in_float32(operand: Any) -> bool:
    """Whether float32 holds a number, if it is one, other than as infinity or 0."""
    if type(operand) not in PLAIN_NUMBERS or operand == 0 or not math.isfinite(operand):
        return True
    return bool(LEAST_FLOAT32 <= abs(operand) <= LARGEST_FLOAT32)


_pdf, _logpdf, _cdf, _logcdf, _sf, _logsf, _ppf, _isf = (
    normal.Function(name, _of_arrays)
    for name in ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf", "ppf", "isf")
)


class NormalFunctions:
    """The eight functions of `fastdist.norm`.

    Their dtypes are those of the notes there, their error bounds those of ``fastdist.accuracy``.  Formulas:
    M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions (1964), 26.2.
    """

    def pdf(self, x: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Probability density.

        Parameters
        ----------
        x : array_like
            Where; any shape that broadcasts with those of `loc` and `scale`.
        loc, scale : array_like, optional
            Mean and standard deviation.
        **keywords
            Those of a ufunc, such as ``out``, ``where`` and ``dtype``.

        Returns
        -------
        float64, float32, complex128 or array
            ``exp(-z**2 / 2) / (scale * sqrt(2 * pi))`` with ``z = (x - loc) / scale``, of the broadcast
            shape; NaN where ``scale <= 0``.

        Raises
        ------
        TypeError
            For arguments that are not numbers of up to 64 bits, or have a unit; for unknown keywords.
        ValueError
            For shapes that do not broadcast, and pandas objects with other labels.

        Notes
        -----
        float32 `x` gives float32, any other real dtype float64; complex numbers give SciPy's complex128.
        (Abramowitz and Stegun, 26.2.)

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.pdf(0.0)
        np.float64(0.3989422804014327)
        >>> norm.pdf([0, 1, 2], scale=[1, 2, -1]).round(6)
        array([0.398942, 0.176033,      nan])
        """
        return _pdf(x, loc, scale, keywords)

    def logpdf(self, x: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Logarithm of the probability density, finite where the density itself is too small for a float.

        Parameters
        ----------
        x : array_like
            Where; any shape that broadcasts with those of `loc` and `scale`.
        loc, scale : array_like, optional
            Mean and standard deviation.
        **keywords
            Those of a ufunc, such as ``out``, ``where`` and ``dtype``.

        Returns
        -------
        float64, float32, complex128 or array
            ``-z**2 / 2 - log(scale) - log(2 * pi) / 2`` with ``z = (x - loc) / scale``, of the broadcast
            shape; NaN where ``scale <= 0``.

        Raises
        ------
        TypeError
            For arguments that are not numbers of up to 64 bits, or have a unit; for unknown keywords.
        ValueError
            For shapes that do not broadcast, and pandas objects with other labels.

        Notes
        -----
        float32 `x` gives float32, any other real dtype float64; complex numbers give SciPy's complex128.
        (Abramowitz and Stegun, 26.2.)

        See Also
        --------
        loglikelihood : the sum over data, in one pass.

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.logpdf(100.0)
        np.float64(-5000.918938533205)
        """
        return _logpdf(x, loc, scale, keywords)

    def cdf(self, x: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Cumulative distribution function: the probability of a value up to `x`.

        Parameters
        ----------
        x : array_like
            Where; any shape that broadcasts with those of `loc` and `scale`.
        loc, scale : array_like, optional
            Mean and standard deviation.
        **keywords
            Those of a ufunc, such as ``out``, ``where`` and ``dtype``.

        Returns
        -------
        float64, float32, complex128 or array
            ``erfc(-z / sqrt(2)) / 2`` with ``z = (x - loc) / scale``, of the broadcast shape; NaN where
            ``scale <= 0``.

        Raises
        ------
        TypeError
            For arguments that are not numbers of up to 64 bits, or have a unit; for unknown keywords.
        ValueError
            For shapes that do not broadcast, and pandas objects with other labels.

        Notes
        -----
        float32 `x` gives float32, any other real dtype float64; complex numbers give SciPy's complex128.
        (Abramowitz and Stegun, 26.2.)

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.cdf(130, loc=100, scale=15).round(12)
        np.float64(0.977249868052)
        """
        return _cdf(x, loc, scale, keywords)

    def logcdf(self, x: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Logarithm of the cumulative distribution function, accurate in both tails.

        Parameters
        ----------
        x : array_like
            Where; any shape that broadcasts with those of `loc` and `scale`.
        loc, scale : array_like, optional
            Mean and standard deviation.
        **keywords
            Those of a ufunc, such as ``out``, ``where`` and ``dtype``.

        Returns
        -------
        float64, float32, complex128 or array
            ``log(erfc(-z / sqrt(2)) / 2)`` with ``z = (x - loc) / scale``, of the broadcast shape; NaN where
            ``scale <= 0``.

        Raises
        ------
        TypeError
            For arguments that are not numbers of up to 64 bits, or have a unit; for unknown keywords.
        ValueError
            For shapes that do not broadcast, and pandas objects with other labels.

        Notes
        -----
        float32 `x` gives float32, any other real dtype float64; complex numbers give SciPy's complex128.
        (Abramowitz and Stegun, 26.2.)

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.logcdf([-40.0, 0.0]).round(9)
        array([-8.04608442e+02, -6.93147181e-01])
        """
        return _logcdf(x, loc, scale, keywords)

    def sf(self, x: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Survival function: the probability of a value above `x`, accurate where it is small.

        Parameters
        ----------
        x : array_like
            Where; any shape that broadcasts with those of `loc` and `scale`.
        loc, scale : array_like, optional
            Mean and standard deviation.
        **keywords
            Those of a ufunc, such as ``out``, ``where`` and ``dtype``.

        Returns
        -------
        float64, float32, complex128 or array
            ``erfc(z / sqrt(2)) / 2`` with ``z = (x - loc) / scale``, of the broadcast shape; NaN where
            ``scale <= 0``.

        Raises
        ------
        TypeError
            For arguments that are not numbers of up to 64 bits, or have a unit; for unknown keywords.
        ValueError
            For shapes that do not broadcast, and pandas objects with other labels.

        Notes
        -----
        float32 `x` gives float32, any other real dtype float64; complex numbers give SciPy's complex128.
        (Abramowitz and Stegun, 26.2.)

        Examples
        --------
        >>> from fastdist import norm
        >>> f"{norm.sf(10.0):.12e}"
        '7.619853024161e-24'
        """
        return _sf(x, loc, scale, keywords)

    def logsf(self, x: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Logarithm of the survival function, accurate in both tails.

        Parameters
        ----------
        x : array_like
            Where; any shape that broadcasts with those of `loc` and `scale`.
        loc, scale : array_like, optional
            Mean and standard deviation.
        **keywords
            Those of a ufunc, such as ``out``, ``where`` and ``dtype``.

        Returns
        -------
        float64, float32, complex128 or array
            ``log(erfc(z / sqrt(2)) / 2)`` with ``z = (x - loc) / scale``, of the broadcast shape; NaN where
            ``scale <= 0``.

        Raises
        ------
        TypeError
            For arguments that are not numbers of up to 64 bits, or have a unit; for unknown keywords.
        ValueError
            For shapes that do not broadcast, and pandas objects with other labels.

        Notes
        -----
        float32 `x` gives float32, any other real dtype float64; complex numbers give SciPy's complex128.
        (Abramowitz and Stegun, 26.2.)

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.logsf(40.0).round(9)
        np.float64(-804.608442014)
        """
        return _logsf(x, loc, scale, keywords)

    def ppf(self, q: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Percent point function, the inverse of `cdf`: the value up to which the probability is `q`.

        Parameters
        ----------
        q : array_like
            Probability, in [0, 1]; any shape that broadcasts with those of `loc` and `scale`.
        loc, scale : array_like, optional
            Mean and standard deviation.
        **keywords
            Those of a ufunc, such as ``out``, ``where`` and ``dtype``.

        Returns
        -------
        float64, float32, complex128 or array
            ``loc - scale * sqrt(2) * erfcinv(2 * q)``, of the broadcast shape; -inf at 0, inf at 1, and NaN
            where `q` is outside, or ``scale <= 0``.

        Raises
        ------
        TypeError
            For arguments that are not numbers of up to 64 bits, or have a unit; for unknown keywords.
        ValueError
            For shapes that do not broadcast, and pandas objects with other labels.

        Notes
        -----
        float32 `q` gives float32, any other real dtype float64; complex `loc` or `scale` complex128.
        (Abramowitz and Stegun, 26.2.)

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.ppf([0, 0.5, 0.975, 1, 2]).round(9)
        array([      -inf, 0.        , 1.95996398,        inf,        nan])
        """
        return _ppf(q, loc, scale, keywords)

    def isf(self, q: Any, loc: Any = 0, scale: Any = 1, **keywords: Any) -> Any:
        """Inverse of `sf`: the value above which the probability is `q`.

        Parameters
        ----------
        q : array_like
            Probability, in [0, 1]; any shape that broadcasts with those of `loc` and `scale`.
        loc, scale : array_like, optional
            Mean and standard deviation.
        **keywords
            Those of a ufunc, such as ``out``, ``where`` and ``dtype``.

        Returns
        -------
        float64, float32, complex128 or array
            ``loc + scale * sqrt(2) * erfcinv(2 * q)``, of the broadcast shape; inf at 0, -inf at 1, and NaN
            where `q` is outside, or ``scale <= 0``.

        Raises
        ------
        TypeError
            For arguments that are not numbers of up to 64 bits, or have a unit; for unknown keywords.
        ValueError
            For shapes that do not broadcast, and pandas objects with other labels.

        Notes
        -----
        float32 `q` gives float32, any other real dtype float64; complex `loc` or `scale` complex128.
        (Abramowitz and Stegun, 26.2.)

        Examples
        --------
        >>> from fastdist import norm
        >>> norm.isf(1e-300).round(9)
        np.float64(37.047096299)
        """
        return _isf(q, loc, scale, keywords)
