"""Data of a mixture: rows as the kernels take them, wherever they lie, and batches of rows.

Nothing is copied that is float64 or float32 already, whatever its strides: a memory map stays on disk.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastdist.exceptions import level_of_caller
from fastdist.multivariate.likelihood import CHUNK_VALUES
from fastdist.typing import Array

# As scikit-learn calls it in errors.
MODEL = "GaussianMixture"
# The largest sum of the weights of rows: half of the largest float64, so that no order of sums overflows.
LARGEST_SUM = 2.0**1023
# The most rows of the sample from which k-means starts, and about how many values they have.
SAMPLE_ROWS, SAMPLE_VALUES = 1 << 16, 1 << 19
# It has at least so many rows for each component.
SAMPLE_ROWS_EACH = 64
# An error lists so many names of features, as in scikit-learn.
SHOWN_NAMES = 5


def as_rows(x: Any, least: int = 1) -> Array:
    """Points as an array (n, d) of float64 or float32, with scikit-learn's errors; NaN and inf may pass."""
    if hasattr(x, "toarray") and hasattr(x, "nnz"):
        raise TypeError(
            "Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert to a "
            "dense numpy array."
        )
    rows = np.asarray(x)
    if rows.dtype.kind == "O" and hasattr(x, "columns") and hasattr(x, "to_numpy"):
        rows = x.to_numpy(dtype=np.float64, na_value=np.nan)  # pandas' own dtypes, with pandas.NA
    if rows.dtype.kind == "c":
        raise ValueError(f"Complex data not supported\n{x}\n")
    if rows.dtype.type not in (np.float64, np.float32) or not rows.flags.aligned or not rows.dtype.isnative:
        is_float32 = rows.dtype.kind == "f" and rows.dtype.itemsize == 4
        rows = rows.astype(np.float32 if is_float32 else np.float64)
    if rows.ndim != 2:
        if rows.ndim > 2:
            raise ValueError(f"Found array with dim {rows.ndim}, while dim <= 2 is required by {MODEL}.")
        kind = "1D array" if rows.ndim else "scalar array"
        raise ValueError(
            f"Expected 2D array, got {kind} instead:\narray={rows}.\nReshape your data either using "
            "array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) if it contains a "
            "single sample."
        )
    for count, minimum, what in zip(rows.shape, (least, 1), ("sample(s)", "feature(s)"), strict=True):
        if count < minimum:
            raise ValueError(
                f"Found array with {count} {what} (shape={rows.shape}) while a minimum of {minimum} is "
                f"required by {MODEL}."
            )
    return rows


def has_missing(x: Array) -> bool:
    """Whether there is a NaN; an infinity is an error."""
    rows = max(1, CHUNK_VALUES // x.shape[1])
    missing = False
    for start in range(0, len(x), rows):
        chunk = x[start : start + rows]
        with np.errstate(all="ignore"):
            total = chunk.sum()
        if not math.isfinite(total):  # or too large a sum
            if np.isinf(chunk).any():
                raise ValueError(f"Input X contains infinity or a value too large for {x.dtype!r}.")
            missing = missing or bool(np.isnan(chunk).any())
    return missing


def as_sample_weight(sample_weight: Any, n: int) -> Array | None:
    """Weights of rows as float64, with scikit-learn's errors."""
    if sample_weight is None:
        return None
    weight = np.asarray(sample_weight)
    if weight.dtype.kind == "c":
        raise ValueError(f"Complex data not supported\n{weight}\n")
    weight = weight.astype(np.float64, copy=False)
    if weight.ndim == 0:
        weight = np.full(n, weight)
    if weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weight.ndim}D array. Expected either a scalar "
            f"value or a 1D array of length {n}."
        )
    if weight.shape != (n,):
        raise ValueError(f"sample_weight.shape == {weight.shape}, expected {(n,)}!")
    if not np.isfinite(weight).all():
        raise ValueError(f"Input sample_weight contains {'NaN' if np.isnan(weight).any() else 'infinity'}.")
    if (weight < 0).any():
        raise ValueError("Negative values in data passed to `sample_weight`")
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    with np.errstate(over="ignore"):
        total = weight.sum()
    if not total < LARGEST_SUM:
        raise ValueError("The sum of sample_weight leaves the range of numbers: scale the weights.")
    return np.require(weight, requirements=["C", "ALIGNED"])


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows, their weights if they have any, whether a value is missing, and names of the features."""

    x: Array
    sample_weight: Array | None
    missing: bool
    names: NDArray[np.object_] | None = None

    @property
    def total_weight(self) -> float:
        """The sum of the weights of the rows: their number without weights."""
        return float(len(self.x)) if self.sample_weight is None else math.fsum(self.sample_weight)

    def of_moderate_weight(self) -> Batch:
        """The same with weights times a power of two, so that one divided by their sum does not overflow."""
        if self.sample_weight is None:
            return self
        _, exponent = math.frexp(self.total_weight)
        return Batch(self.x, np.ldexp(self.sample_weight, -exponent), self.missing, self.names)

    def at(self, places: Array) -> Batch:
        """The rows at places in [0, total_weight): each takes as much room as its weight says."""
        if self.sample_weight is None:
            rows = places.astype(np.intp)
        else:
            rows = np.searchsorted(np.cumsum(self.sample_weight), places, side="right")
        x = self.x[np.minimum(rows, len(self.x) - 1)]
        return Batch(x, None, self.missing and bool(np.isnan(x).any()))


def batch_of(x: Any, sample_weight: Any = None, least: int = 1) -> Batch:
    """Checked rows and weights."""
    rows = as_rows(x, least)
    return Batch(rows, as_sample_weight(sample_weight, len(rows)), has_missing(rows), feature_names(x))


class Data:
    """All rows of a fit: a batch, or batches that are read again and again.

    Parameters
    ----------
    batches : callable
        Returns an iterator over them; each has rows of the same length.

    Attributes
    ----------
    n, d : int
        Numbers of rows and of features.
    dtype : dtype
        Of the first batch.
    names : ndarray or None
        Names of the features; None unless all batches have them.
    total_weight : float
        The sum of the weights of the rows: n without weights.
    """

    def __init__(self, batches: Callable[[], Iterator[Batch]]) -> None:
        self._batches = batches
        self.n = self.d = 0
        self.names = None
        totals, named = [], []
        for batch in batches():
            if not self.n:
                self.d = batch.x.shape[1]
                self.dtype = batch.x.dtype
            if self.names is None:
                self.names = batch.names
            self._check_features(batch)
            named.append(batch.names is not None)
            self.n += len(batch.x)
            totals.append(batch.total_weight)
        if not self.n:
            raise ValueError(
                "Found no batch with samples while a minimum of 1 is required by GaussianMixture."
            )
        self.total_weight = math.fsum(totals)
        if not all(named):
            if any(named):
                i, j = named.index(True), named.index(False)
                warnings.warn(
                    f"batch {i} of X has feature names, but batch {j} has none: they are taken for the same "
                    "features, in the same order, and the names are not recorded",
                    UserWarning,
                    stacklevel=level_of_caller(),
                )
            self.names = None

    def __iter__(self) -> Iterator[Batch]:
        n = 0
        for batch in self._batches():
            self._check_features(batch)
            n += len(batch.x)
            yield batch
        # An iterator that has come to its end gives nothing when it is read again.
        if n != self.n:
            raise ValueError(f"X gave {self.n} rows when it was read first, and {n} when it was read again")

    def _check_features(self, batch: Batch) -> None:
        if batch.x.shape[1] != self.d:
            raise ValueError(f"X has batches of {self.d} and of {batch.x.shape[1]} features")
        check_same_names(
            self.names, batch.names, "in all batches", "in the first batch", "in the first batch"
        )

    def sample(self, components: int, rng: np.random.Generator) -> Batch:
        """All rows if they are rows; else one, at random, of each of as many parts of the same weight."""
        rows = max(SAMPLE_ROWS_EACH * components, min(SAMPLE_ROWS, SAMPLE_VALUES // self.d))
        if self.n <= rows:
            parts = list(self)
        else:
            parts, before = [], 0.0
            places = (np.arange(rows) + rng.random(rows)) * (self.total_weight / rows)
            for batch in self:
                after = before + batch.total_weight
                inside = places[(places >= before) & (places < after)] - before
                parts.append(batch.at(inside))
                before = after
        if len(parts) == 1:
            return parts[0]
        weights = [part.sample_weight for part in parts if part.sample_weight is not None]
        return Batch(
            np.concatenate([part.x for part in parts]).astype(self.dtype, copy=False),
            np.concatenate(weights) if weights else None,
            any(part.missing for part in parts),
        )


def data_of(x: Any, sample_weight: Any = None) -> Data:
    """All rows of a fit, of an array or of batches; `GaussianMixture.fit` says what these may be."""
    if not is_batches(x):
        batch = batch_of(x, sample_weight, least=2)
        return Data(lambda: iter([batch]))
    if sample_weight is not None:
        raise ValueError("sample_weight goes with an array: batches have no weights")
    source: Callable[[], Iterable[Any]] = x if callable(x) else lambda: x
    return Data(lambda: map(batch_of, source()))


def _dimensions(x: Any) -> int:
    """Of an array or a frame of any library."""
    if hasattr(x, "shape"):
        return len(x.shape)
    return np.ndim(x) if hasattr(x, "__array__") else 0


def is_batches(x: Any) -> bool:
    """Whether it is no array, but gives arrays."""
    if callable(x) and not hasattr(x, "__array__"):
        return True
    if isinstance(x, Iterator):
        raise TypeError(
            f"X is a {type(x).__name__}, which can be read but once, and a fit reads the data in every step: "
            "pass a list of batches, or a function that returns an iterator over them, or call partial_fit."
        )
    if isinstance(x, list | tuple):
        return bool(x) and not isinstance(x[0], list | tuple) and _dimensions(x[0]) == 2
    is_array = any(hasattr(x, name) for name in ("__array__", "__getitem__", "__dataframe__", "toarray"))
    return isinstance(x, Iterable) and not is_array


# Names of features


def check_same_names(
    expected: NDArray[np.object_] | None,
    names: NDArray[np.object_] | None,
    those: str,
    then: str,
    where: str,
) -> None:
    """Raise scikit-learn's ValueError unless the features are the same, in the same order.

    ``those``, ``then`` and ``where`` say in its words where the expected names come from.
    """
    if expected is None or names is None or np.array_equal(expected, names):
        return
    unseen, missing = sorted(set(names) - set(expected)), sorted(set(expected) - set(names))
    message = f"The feature names should match {those}.\n"
    if unseen:
        message += f"Feature names unseen {then}:\n" + _listed(unseen)
    if missing:
        message += f"Feature names seen {then}, yet now missing:\n" + _listed(missing)
    if not unseen and not missing:
        message += f"Feature names must be in the same order as they were {where}.\n"
    raise ValueError(message)


def _listed(names: list[str]) -> str:
    more = ["- ..."] if len(names) > SHOWN_NAMES else []
    return "\n".join([*(f"- {name}" for name in names[:SHOWN_NAMES]), *more, ""])


def feature_names(x: Any) -> NDArray[np.object_] | None:
    """The names of the columns of a data frame, if they are strings."""
    columns = getattr(x, "columns", None)
    if columns is None or not hasattr(x, "shape"):
        return None
    names = np.empty(len(columns), dtype=object)
    names[:] = list(columns)
    kinds = sorted({type(name).__qualname__ for name in names})
    if "str" in kinds and len(kinds) > 1:
        raise TypeError(
            "Feature names are only supported if all input features have string names, but your input has "
            f"{kinds} as feature name / column name types. If you want feature names to be stored and "
            "validated, you must convert them all to strings, by using X.columns = X.columns.astype(str) for "
            "example. Otherwise you can remove feature / column names from your input data, or convert them "
            "all to a non-string data type."
        )
    return names if kinds == ["str"] else None
