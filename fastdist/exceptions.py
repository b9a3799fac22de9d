"""Errors and warnings of scikit-learn's kind, without scikit-learn.

Where scikit-learn is loaded, what is raised is also of its class, so that
``except sklearn.exceptions.NotFittedError`` and warning filters work as they do with its own estimators.
"""

from __future__ import annotations

import sys
from typing import Any


class NotFittedError(ValueError, AttributeError):
    """A model is used before it is fitted.

    See Also
    --------
    sklearn.exceptions.NotFittedError : what this one is as well, if scikit-learn is loaded.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (NotFittedError, self.args)


class InvalidParameterError(ValueError, TypeError):
    """A parameter of a model has a value that it may not have."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (InvalidParameterError, self.args)


class ConvergenceWarning(UserWarning):
    """A fit has ended before it converged.

    See Also
    --------
    sklearn.exceptions.ConvergenceWarning : what this one is as well, if scikit-learn is loaded.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (ConvergenceWarning, self.args)


# Where scikit-learn has the class of the same name.
_MODULES = {
    NotFittedError: "sklearn.exceptions",
    InvalidParameterError: "sklearn.utils._param_validation",
    ConvergenceWarning: "sklearn.exceptions",
}


def as_in_scikit_learn(own: Any) -> Any:
    """The class to raise: ``own``, or a subclass of it and of scikit-learn's, if that is loaded."""
    theirs = getattr(sys.modules.get(_MODULES[own]), own.__name__, None)
    if theirs is None:
        return own
    both = type(own.__name__, (own, theirs), {"__doc__": own.__doc__, "__module__": own.__module__})
    return _of_both.setdefault((own, theirs), both)


# One of each, so that ``except`` and warning filters know it again.
_of_both: dict[tuple[Any, Any], Any] = {}


def _again(own: Any, arguments: tuple[Any, ...]) -> Any:
    """From a pickle, where scikit-learn may or may not be loaded."""
    return as_in_scikit_learn(own)(*arguments)


def level_of_caller() -> int:
    """The ``stacklevel`` at which a warning is of the line that called fastdist."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == "fastdist":
        level, frame = level + 1, frame.f_back
    return level
