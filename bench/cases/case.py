"""The data of a benchmark: a `Case` says what is asked for, a `Rung` who answers, an `Operation` has both.

To add an operation, add an `Operation` to the list of ``bench_<stem>.py``; to add a peer, a `Rung` to
``peers/<topic>.py``.
"""

from __future__ import annotations

import importlib.util
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

SEED = 7
# Objects of more fill the caches, by another share in each process.
PURE_PYTHON_LARGEST = 1_000
# What a quick run asks for at most.
QUICK_LARGEST = 200_000
PAGE, CHUNK_HEADER = 4096, 16

# From the bottom of the ladder up; "limit" is what the machine cannot do faster.
FAMILIES = (
    "pure Python", "standard library", "NumPy", "SciPy", "mkl_random", "numexpr", "numba", "PyTorch", "JAX",
    "scikit-learn", "other", "ladder", "fastdist", "limit",
)  # fmt: skip

Call = Callable[[], Any]


@dataclass(frozen=True)
class Case(ABC):
    """A request for ``size`` elements: into a given array (``out``), a new one (``new``), or ``scalar``."""

    element: ClassVar[str] = "number"

    method: str
    form: str
    dtype: type[np.generic] = np.float64
    size: int = 1

    @property
    def bytes_returned(self) -> int:
        """Of a new array."""
        return self.size * np.dtype(self.dtype).itemsize if self.form == "new" else 0

    @property
    def numbers(self) -> int:
        """In the arrays of a call, roughly: what memory it takes."""
        return self.size

    def shortened(self) -> Case | None:
        """What a quick run asks for instead, which threads still divide; None if there is nothing."""
        return replace(self, size=min(self.size, QUICK_LARGEST))

    @abstractmethod
    def results(self, call: Call) -> NDArray[Any]:
        """What the first call gives, or, of scalars, the first calls."""

    @abstractmethod
    def check(self, results: NDArray[Any]) -> None:
        """Assert what holds of all right results, whoever made them."""


@dataclass(frozen=True)
class Rung:
    """One implementation.

    ``start(case)`` makes ready and returns the call to be timed; ``how`` says how it is used.  ``missing``
    says why there is none here; then ``start`` is not called.  ``reference(case)`` yields places and the
    bits that the results of the first call must have there.  A limit has a reference, since it computes
    nothing: its results are not those that the case asks for.
    """

    name: str
    start: Callable[[Any], Call]
    family: str
    how: str = ""
    forms: tuple[str, ...] = ("out", "new", "scalar")
    dtypes: tuple[type[np.generic], ...] = (np.float64, np.float32)
    methods: tuple[str, ...] | None = None
    smallest: int = 1
    largest: int | None = None
    threads: int = 1
    level: str | None = None
    missing: str | None = None
    reference: Callable[[Any], Iterator[tuple[int, NDArray[Any]]]] | None = None

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"{self.name}: there is no family {self.family!r}")
        if self.family == "limit" and self.reference is None:
            raise ValueError(f"{self.name}: without a reference its results are not checked")

    def nearest(self, case: Case) -> Case | None:
        """The case itself, or what is closest to it of what this rung can do, or None."""
        form = "new" if case.form == "out" and "out" not in self.forms else case.form
        if self.methods is not None and case.method not in self.methods:
            return None
        if form not in self.forms or case.dtype not in self.dtypes or case.size < self.smallest:
            return None
        return replace(case, form=form, size=min(case.size, self.largest or case.size))


@dataclass(frozen=True)
class Operation:
    """One line of the report.

    ``cases`` ascend in size; ``headline`` is the main case, the last unless another is given.  ``peer`` is
    the name of the reference peer.  ``covers`` are the public names of fastdist that it measures.
    """

    name: str
    cases: Sequence[Case]
    rungs: Sequence[Rung]
    peer: str
    covers: Sequence[str]
    headline: Case | None = None

    def __post_init__(self) -> None:
        names = [rung.name for rung in self.rungs]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.name}: two rungs have one name: {names}")
        if self.peer not in names:
            raise ValueError(f"{self.name}: no rung is called {self.peer!r}")
        if self.headline is not None and self.headline not in self.cases:
            raise ValueError(f"{self.name}: {self.headline} is none of its cases")

    def is_headline(self, case: Case) -> bool:
        return case == (self.headline or self.cases[-1])

    def shortened(self) -> Operation:
        """For a quick run: the smallest case, and what is left of the main case."""
        short = [self.cases[0].shortened(), (self.headline or self.cases[-1]).shortened()]
        cases = list(dict.fromkeys(case for case in short if case is not None))
        return replace(self, cases=cases, headline=None)

    def answers(self, case: Case) -> list[tuple[Rung, Case]]:
        """Who can do it, here or elsewhere, and what each of them does."""
        pairs = [(rung, rung.nearest(case)) for rung in self.rungs]
        return [(rung, nearest) for rung, nearest in pairs if nearest is not None]


def touched(case: Case) -> NDArray[Any]:
    """An array whose pages are there already: the first touch costs more than the numbers."""
    array = in_place((case.size,), np.dtype(case.dtype))
    array.fill(1)
    return array


def placed(array: NDArray[Any]) -> NDArray[Any]:
    """A copy `in_place`."""
    copy = in_place(array.shape, array.dtype)
    copy[...] = array
    return copy


def in_place(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """An array where glibc puts a large one of a new process: 16 bytes behind a page's border.

    Left to the heap, which has been used before, one sweep's array begins at a cache line and the next
    sweep's does not, which is a quarter of the time of whatever only reads.
    """
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + PAGE, np.uint8)
    first = (CHUNK_HEADER - memory.ctypes.data) % PAGE
    return memory[first : first + size].view(dtype).reshape(shape)


def not_installed(module: str) -> str | None:
    return None if importlib.util.find_spec(module) else f"{module} is not installed"


def python_rung(name: str, start: Callable[[Any], Call], *forms: str, **options: Any) -> Rung:
    options = {"family": "pure Python", "largest": PURE_PYTHON_LARGEST, **options}
    return Rung(name, start, forms=forms, dtypes=(np.float64,), **options)


# Of the arrays of a call: data and results of a dozen rungs, and the temporaries of one.
BYTES_A_NUMBER = 8 * 30


def too_large(case: Case) -> str | None:
    """Whether the arrays of all rungs would fill most of the memory of this machine."""
    available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    needed = BYTES_A_NUMBER * case.numbers
    if needed < 0.8 * available:
        return None
    return f"{case} would need {needed / 2**30:.0f} GiB for all rungs; there are {available / 2**30:.0f}"


# The result is asserted before it is timed.


def check(rung: Rung, case: Case, call: Call) -> None:
    """Assert that the first call gives what it should, fastdist the very bits."""
    results = case.results(call)
    assert results.dtype == case.dtype, f"{rung.name} returns {results.dtype}"
    if rung.family != "limit":
        case.check(results)
    if rung.reference is not None:
        for start, expected in rung.reference(case):
            got = results[start : start + len(expected)]
            assert got.shape == expected.shape
            assert (bits(got) == bits(expected)).all(), f"{rung.name}: other bits than the baseline"


def assert_close(got: NDArray[Any], expected: NDArray[Any], tolerance: float) -> None:
    """Assert |got - expected| <= tolerance (1 + |expected|): of what is near 0 peers lose the digits."""
    assert got.shape == expected.shape
    close = np.abs(got - expected) <= tolerance * (1 + np.abs(expected))
    off = np.flatnonzero(~close)
    assert close.all(), (
        f"{off.size} results are off, at {off[0]} first: {got.flat[off[0]]}, not {expected.flat[off[0]]}"
    )


def bits(numbers: NDArray[Any]) -> NDArray[Any]:
    return numbers.view(f"u{numbers.itemsize}")
