"""Threads: how many, and how work is divided among them.

Work is divided at the borders of the stream's blocks, and every sample depends on its place in the
stream alone, so the number of threads cannot be seen in a result; nor can it where a ufunc is divided, whose
elements depend on nothing else.  The kernels release the GIL.  A pool of
Python threads is all it takes: no OpenMP, so no second runtime in the process and no hang after a fork.
"""

from __future__ import annotations

import math
import operator
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, SupportsIndex

import numpy as np

# The least work of a thread: 20 to 60 microseconds.
SHARE_SAMPLES = 1 << 16
# A call for fewer need not notice an interrupt: it takes some milliseconds.
UNINTERRUPTED_ELEMENTS = 1 << 22
# Blocks that are filled between two checks for an interrupt: about a millisecond.
CHUNK_BLOCKS = 256
# A large array is passed to a ufunc in chunks of at least so many elements.
UFUNC_BLOCK_ELEMENTS = 4096
# What a ufunc's loop takes as it lies, each with the scalars that do not change its dtype.
NATIVE_SCALARS = {
    np.dtype(np.float64): frozenset({float, int, np.float64}),
    np.dtype(np.float32): frozenset({float, int, np.float32}),
}

_pool: ThreadPoolExecutor | None = None
_pool_threads = 0
_pool_lock = threading.Lock()


def _check(threads: SupportsIndex, name: str) -> int:
    count = operator.index(threads)
    if count < 1:
        raise ValueError(f"{name} must be a positive integer, not {threads!r}")
    return count


def _default() -> int:
    """``FASTDIST_NUM_THREADS``, or the CPUs that this process may use."""
    requested = os.environ.get("FASTDIST_NUM_THREADS")
    if requested:
        if not requested.isdecimal():
            raise ValueError(f"FASTDIST_NUM_THREADS must be a positive integer, not {requested!r}")
        return _check(int(requested), "FASTDIST_NUM_THREADS")
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_threads = _default()
_threads_here: ContextVar[int | None] = ContextVar("fastdist_num_threads", default=None)


def get_num_threads() -> int:
    """The number of threads that a large call may use.

    Returns
    -------
    int
        What `num_threads` or `set_num_threads` chose; else ``FASTDIST_NUM_THREADS`` of the environment;
        else the CPUs that this process may use.

    Examples
    --------
    >>> import fastdist
    >>> with fastdist.num_threads(1):
    ...     fastdist.get_num_threads()
    1
    """
    return _threads_here.get() or _threads


def set_num_threads(threads: SupportsIndex) -> None:
    """Choose the number of threads that a large call may use, from now on.

    Parameters
    ----------
    threads : int
        At least 1.  No result depends on it.

    Raises
    ------
    TypeError
        If `threads` is not an integer.
    ValueError
        If it is less than 1.

    Examples
    --------
    >>> import fastdist
    >>> fastdist.set_num_threads(fastdist.get_num_threads())
    """
    global _threads
    _threads = _check(threads, "threads")


@contextmanager
def num_threads(threads: SupportsIndex) -> Iterator[None]:
    """Choose the number of threads within a ``with`` block, for the code that runs in it.

    Parameters
    ----------
    threads : int
        At least 1.  No result depends on it.

    Raises
    ------
    TypeError
        If `threads` is not an integer.
    ValueError
        If it is less than 1.

    Examples
    --------
    >>> import fastdist
    >>> rng = fastdist.default_rng(7)
    >>> with fastdist.num_threads(1):
    ...     alone = rng.standard_normal(300_000)
    >>> bool((alone == fastdist.default_rng(7).standard_normal(300_000)).all())
    True
    """
    token = _threads_here.set(_check(threads, "threads"))
    try:
        yield
    finally:
        _threads_here.reset(token)


def for_ranges(
    task: Callable[[int, int], None], n: int, first: int, block: int, share: int = SHARE_SAMPLES
) -> None:
    """Call ``task(start, stop)`` for consecutive ranges of ``range(n)``, on several threads.

    Each thread gets at least a ``share``.  Ranges end where ``first + stop`` is a multiple of ``block``, and
    are small enough that an interrupt (Ctrl-C) is noticed between them; then all threads stop and the
    exception is raised.
    """
    threads = max(1, min(get_num_threads(), n // share))
    borders = [min(n, max(0, _at_border(first + n * i // threads, block) - first)) for i in range(threads)]
    # Whoever is free takes the next share, so that one for which no thread comes is still done, and once.
    shares = deque(zip(borders, [*borders[1:], n], strict=True))
    cancelled = threading.Event()

    def work() -> None:
        while True:
            try:
                start, stop = shares.popleft()
            except IndexError:
                return
            while start < stop and not cancelled.is_set():
                end = min(stop, _at_border(first + start, block) - first + CHUNK_BLOCKS * block)
                task(start, end)
                start = end

    helpers: list[Future[None]] = []
    try:
        if threads > 1:
            helpers += _submit(work, threads - 1)
        work()
        for helper in helpers:
            if not helper.cancel():
                helper.result()
    except BaseException:
        cancelled.set()
        for helper in helpers:
            helper.cancel()
        raise
    finally:
        wait(helpers)


def boxes(shape: Sequence[int], start: int, stop: int) -> Iterator[tuple[int | slice, ...]]:
    """Indices of an array of a shape that cover its elements from start to stop, in C order, by few boxes."""
    if start >= stop:
        return
    inner = math.prod(shape[1:])
    first, last = -(-start // inner), stop // inner  # of the rows that lie within as a whole
    if first > last:
        for box in boxes(shape[1:], start - last * inner, stop - last * inner):
            yield (last, *box)
        return
    for box in boxes(shape[1:], start - (first - 1) * inner, inner) if start < first * inner else ():
        yield (first - 1, *box)
    if first < last:
        yield (slice(first, last),)
    for box in boxes(shape[1:], 0, stop - last * inner):
        yield (last, *box)


def call(ufunc: np.ufunc, arguments: Sequence[Any], keywords: dict[str, Any], share: int) -> Any:
    """What ``ufunc(*arguments, **keywords)`` returns, made on several threads if each gets a ``share``.

    The ufunc is elementwise, has one output, and a loop for float64 and one for float32.  Divided are plain
    arrays of one of these, along the longest axis of their broadcast shape; NumPy alone does all the rest.
    """
    arrays = [argument for argument in arguments if type(argument) is np.ndarray]
    size = math.prod([array.size for array in arrays])  # at most, if they broadcast
    if not arrays or size < (2 * share if get_num_threads() > 1 else UNINTERRUPTED_ELEMENTS):
        return ufunc(*arguments, **keywords)
    out = _output(arguments, arrays, keywords)
    if out is None or out.size < 2 * share:
        return ufunc(*arguments, **keywords)
    axis = max(range(out.ndim), key=lambda axis: (out.shape[axis], abs(out.strides[axis])))
    row = out.size // out.shape[axis]
    views = [np.broadcast_to(a, out.shape) if type(a) is np.ndarray else a for a in arguments]

    def call_range(start: int, stop: int) -> None:
        part = (*[slice(None)] * axis, slice(start // row, stop // row))
        ufunc(*[a[part] if type(a) is np.ndarray else a for a in views], out=out[part])

    for_ranges(call_range, out.size, 0, row * max(1, UFUNC_BLOCK_ELEMENTS // row), share)
    return out


def _output(
    arguments: Sequence[Any], arrays: list[np.ndarray[Any, Any]], keywords: dict[str, Any]
) -> np.ndarray[Any, Any] | None:
    """What a large call may write to in parts, laid out as the ufunc would; None if it may not."""
    dtype = arrays[0].dtype
    if dtype not in NATIVE_SCALARS or any(array.dtype != dtype for array in arrays):
        return None
    if not {type(argument) for argument in arguments} <= {np.ndarray, *NATIVE_SCALARS[dtype]}:
        return None
    try:
        shape = np.broadcast_shapes(*[array.shape for array in arrays])
    except ValueError:  # for the ufunc to say
        return None
    if not math.prod(shape) or keywords.keys() - {"out"}:
        return None
    out = keywords.get("out")
    if out is None:
        return np.nditer(
            [*arrays, None],  # type: ignore[arg-type]
            op_flags=[*[["readonly"]] * len(arrays), ["writeonly", "allocate"]],  # type: ignore[list-item]
            op_dtypes=[dtype] * (len(arrays) + 1),
        ).operands[-1]
    if type(out) is not np.ndarray or out.dtype != dtype or out.shape != shape or not out.flags.writeable:
        return None
    return out if all(array is out or not np.may_share_memory(array, out) for array in arrays) else None


def _at_border(position: int, block: int) -> int:
    return position - position % block


def _submit(work: Callable[[], None], helpers: int) -> Iterator[Future[None]]:
    """Ask the pool for helpers; at interpreter shutdown, or beyond a limit of the system, there are none."""
    pool = _get_pool(helpers)
    for _ in range(helpers):
        try:
            yield pool.submit(work)
        except RuntimeError:
            return


def _get_pool(threads: int) -> ThreadPoolExecutor:
    global _pool, _pool_threads
    with _pool_lock:
        if _pool is None or _pool_threads < threads:
            if _pool is not None:
                _pool.shutdown(wait=False)
            _pool = ThreadPoolExecutor(threads, thread_name_prefix="fastdist")
            _pool_threads = threads
        return _pool


def _forget_pool() -> None:
    """In a forked child the pool's threads do not exist, and its lock may have been held."""
    global _pool, _pool_threads, _pool_lock
    _pool, _pool_threads, _pool_lock = None, 0, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)
