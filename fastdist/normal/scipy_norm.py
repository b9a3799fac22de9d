"""What `fastdist.norm` leaves to SciPy, where SciPy is installed."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from fastdist._dispatch import normal
from fastdist.normal import arguments

# Of SciPy's `norm`, once it has been asked for.
_frozen_classes: dict[Any, Any] = {}


def loaded_norm() -> Any:
    """SciPy's own `norm`, whatever ``scipy.stats.norm`` was set to; None if it is not loaded."""
    module = sys.modules.get("scipy.stats._continuous_distns") or sys.modules.get("scipy.stats")
    return getattr(module, "norm", None)


def scipy_norm(use: str) -> Any:
    """SciPy's own `norm`, loaded if need be; without SciPy an error that names the use and the extra."""
    try:
        import scipy.stats  # noqa: F401
    except ImportError as error:
        raise ImportError(f"{use} needs SciPy: pip install 'fastdist-kernels[scipy]'") from error
    return loaded_norm()


def frozen_class() -> Any:
    """The class of SciPy's normal distributions with parameters; None if SciPy's `norm` is not loaded."""
    theirs = loaded_norm()
    if theirs is not None and theirs not in _frozen_classes:
        _frozen_classes[theirs] = type(theirs())
    return _frozen_classes.get(theirs)


def of_complex(name: str, x: Any, loc: Any, scale: Any, keywords: dict[str, Any]) -> Any:
    """One of the eight functions at complex numbers, in complex128.

    SciPy has those of the standard normal; its own loc and scale lose their imaginary parts.  So here

        f(x, loc, scale) = f((x - loc) / scale),    pdf(x, loc, scale) = pdf((x - loc) / scale) / scale,

    and quantiles, which SciPy has at real numbers only, are loc + scale * quantile(q).  Where the real
    part of z = (x - loc) / scale is infinite, the value is that of the real number, as in SciPy.
    """
    if keywords:
        raise TypeError(f"norm.{name} of complex numbers has no keyword {next(iter(keywords))!r}") from None
    x, loc, scale = (p.astype(np.result_type(p, np.float64)) for p in map(np.asarray, (x, loc, scale)))
    with np.errstate(all="ignore"):
        if name in ("ppf", "isf"):
            value = loc + scale * getattr(normal, name)(arguments.as_real(x, "q"), 0, 1)
        else:
            z = (x - loc) / scale
            value = np.where(np.isinf(z.real), getattr(normal, name)(z.real, 0, 1), _standard(name)(z))
        if name == "pdf":
            value = np.divide(value, scale, out=np.zeros_like(value), where=value != 0)
        elif name == "logpdf":
            value = value - np.log(scale)
        return np.where(scale.real > 0, value, np.nan)[()]


def _standard(name: str) -> Any:
    """A function of SciPy's standard normal; without SciPy, numbers are of the wrong type."""
    try:
        return getattr(scipy_norm(f"norm.{name} of complex numbers"), name)
    except ImportError as error:
        raise TypeError(str(error)) from error
