"""Arrays to look at: what has been computed from them would not follow a change."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


class ReadOnlyArray(np.ndarray[Any, Any]):
    """An array whose error says what to do instead of changing it.

    What is computed from it is a plain array.

    Examples
    --------
    >>> import numpy as np
    >>> from fastdist.read_only import read_only
    >>> means = read_only(np.zeros(2), "means_ is read-only: assign a new array")
    >>> means[0] = 5
    Traceback (most recent call last):
    ValueError: means_ is read-only: assign a new array
    >>> means + 5
    array([5., 5.])
    """

    advice: str

    def __array_finalize__(self, source: Any) -> None:
        self.advice = getattr(source, "advice", "")

    def __setitem__(self, key: Any, value: Any) -> None:
        self._check_writeable()
        super().__setitem__(key, value)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        for out in keywords.get("out", ()):
            if isinstance(out, ReadOnlyArray):  # as in  means += 1
                out._check_writeable()
        given = keywords.get("out", ())
        if given:
            keywords["out"] = tuple(map(_plain, given))
        result = getattr(ufunc, method)(*map(_plain, inputs), **keywords)
        # An output that was given is returned itself, not its plain view.
        given_for = {id(view): out for view, out in zip(keywords.get("out", ()), given, strict=True)}
        if isinstance(result, tuple):
            return tuple(given_for.get(id(output), output) for output in result)
        return given_for.get(id(result), result)

    def __reduce__(self) -> Any:
        return _plain(self).__reduce__()  # a pickle is a copy, and a copy is a plain array

    def __repr__(self) -> str:
        return repr(_plain(self))

    def _check_writeable(self) -> None:
        if self.advice and not self.flags.writeable:
            raise ValueError(self.advice)


def _plain(array: Any) -> Any:
    return array.view(np.ndarray) if isinstance(array, ReadOnlyArray) else array


def read_only(array: ArrayLike, advice: str) -> NDArray[Any]:
    """A view of an array that cannot be changed, with the error that an attempt raises."""
    view = np.asarray(array).view(ReadOnlyArray)
    view.flags.writeable = False
    view.advice = advice
    return view
