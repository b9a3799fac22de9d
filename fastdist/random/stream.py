"""The random stream as a NumPy bit generator, and how arrays are filled from it or from another one."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, Literal, Self, SupportsIndex, overload

import numpy as np
from numpy.random import BitGenerator, SeedSequence
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastdist import parallel
from fastdist._dispatch import box_muller, inversion, stream

Shape = SupportsIndex | Sequence[SupportsIndex]

# Domains of the stream (fastdist/_kernels/stream.pxd).
FLOAT64_NORMALS, FLOAT32_NORMALS = 1, 2
# Classes of what has the entropy of a seed already; the first one is the commonest.
SEED_SEQUENCES = (SeedSequence, ISeedSequence)
# Not reached in 292 years at a sample a nanosecond.
LAST_POSITION = (1 << 63) - 1
# Samples that are written between two checks for an interrupt.
UNINTERRUPTED_SAMPLES = 1 << 18


class BlockXoshiro256(BitGenerator):
    """A random stream in which any position is reached at once.

    Sample ``i`` depends on the seed and on ``i`` alone.  There are three independent sequences: raw words,
    which serve uniforms, integers and all that NumPy makes of bits, and the standard normals in float64
    and in float32, which `fastdist.Generator` takes directly.

    Parameters
    ----------
    seed : None, int, array_like of ints, SeedSequence or ISeedSequence, optional
        As for NumPy's bit generators: None takes fresh entropy from the operating system.

    Attributes
    ----------
    lock : threading.Lock
        Guards the raw words; NumPy's Generator takes it.
    key : ndarray of uint64, shape (4,)
        What the seed became: names the stream for the Cython interface (``fastdist/__init__.pxd``).

    Raises
    ------
    ValueError, TypeError
        As `numpy.random.SeedSequence` raises for `seed`.

    See Also
    --------
    fastdist.default_rng : a Generator on a new stream.

    Notes
    -----
    A sequence is cut into blocks of 4096 words.  A block has 16 lanes of xoshiro256++ [1]_, and lane ``l``
    of block ``b`` of sequence ``d`` starts from the output of Philox4x64-10 [2]_ for the key
    ``(K0, K1)`` and the counter ``(b, 256 d + l, K2, K3)``, where ``K`` is
    ``SeedSequence(seed).generate_state(4, uint64)``.  Positions run to ``2**63 - 1``.

    References
    ----------
    .. [1] D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators", ACM Transactions
       on Mathematical Software 47 (2021).
    .. [2] J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as
       1, 2, 3", SC11 (2011).

    Examples
    --------
    >>> import numpy as np
    >>> from fastdist import BlockXoshiro256
    >>> np.random.Generator(BlockXoshiro256(7)).integers(10, size=5)
    array([2, 5, 9, 1, 3])
    """

    def __init__(self, seed: int | ArrayLike | SeedSequence | ISeedSequence | None = None) -> None:
        seed_seq = seed if isinstance(seed, SEED_SEQUENCES) else SeedSequence(seed)  # type: ignore[arg-type]
        key = _key_of(seed_seq)
        if not hasattr(self, "_words"):
            super().__init__(seed_seq)  # type: ignore[arg-type]
            self._lock = Lock()
            self._words = stream.WordStream(key, self._lock)
            self._uniforms = stream.UniformStream(self._words)
            self._normals: dict[object, stream.BlockStream] = {
                np.float64: stream.BlockStream(key, FLOAT64_NORMALS, box_muller.float64),
                np.float32: stream.BlockStream(key, FLOAT32_NORMALS, box_muller.float32),
            }
            self._words.install(self.capsule)
            return
        # A second call seeds anew, and Generators that draw from here already follow.  NumPy's empties the
        # capsule until `install`: what can fail came before, and threads without the GIL wait for the lock.
        with self._lock:
            super().__init__(seed_seq)  # type: ignore[arg-type]
            self._restart(key, (0, 0, 0), None)
            self._words.install(self.capsule)

    @property
    def lock(self) -> Lock:  # type: ignore[override]
        # Not NumPy's own, which a second call of `__init__` would replace while threads wait for the first.
        return self._lock

    def _restart(self, key: NDArray[np.uint64], positions: Sequence[int], half: int | None) -> None:
        for sequence, position in zip((self._words, *self._normals.values()), positions, strict=True):
            sequence.restart(key, position)
        self._words.half = half

    @property
    def key(self) -> NDArray[np.uint64]:
        return self._words.key

    @property
    def state(self) -> dict[str, Any]:
        """The key, and the position in each of the three sequences.

        Returns
        -------
        dict
            Of plain integers and lists, so that `json` can store it.  Setting a state brings its draws back,
            whichever instruction set made it.

        Raises
        ------
        TypeError
            If the state that is set is not a dict.
        ValueError
            If it belongs to another bit generator, or a position is beyond the end of the stream.
        """
        with self.lock:
            half = self._words.half
            words = self._words.position
        return {
            "bit_generator": type(self).__name__,
            "state": {
                "key": self._words.words_of_key(),
                "words": words,
                "float64_normals": self._normals[np.float64].position,
                "float32_normals": self._normals[np.float32].position,
            },
            "has_uint32": int(half is not None),
            "uinteger": half or 0,
        }

    @state.setter
    def state(self, value: Mapping[str, Any]) -> None:
        if not isinstance(value, Mapping):
            raise TypeError("state must be a dict")
        name = type(self).__name__
        if value.get("bit_generator", "") != name:
            raise ValueError(f"state must be for a {name} PRNG")
        state = value["state"]
        words = [_word(word, 64, "key") for word in state["key"]]
        if len(words) != 4:
            raise ValueError(f"the key of a state is 4 words, not {len(words)}")
        positions = [_word(state[part], 63, part) for part in ("words", "float64_normals", "float32_normals")]
        half = _word(value["uinteger"], 32, "uinteger") if value["has_uint32"] else None
        with self.lock:
            self._restart(np.array(words, dtype=np.uint64), positions, half)

    def jumped(self, jumps: int = 1) -> Self:
        """A new bit generator whose sequences do not overlap with these.

        Parameters
        ----------
        jumps : int, optional
            How many strides away; a stride is all samples that a seed has.  ``jumped(2)`` is
            ``jumped().jumped()``.

        Returns
        -------
        BlockXoshiro256
            At the same position in the sequences of a key whose third word is greater by `jumps`.

        Raises
        ------
        TypeError
            If `jumps` is not an integer.

        Examples
        --------
        >>> from fastdist import BlockXoshiro256
        >>> first = BlockXoshiro256(7)
        >>> bool((first.jumped(2).key == first.jumped().jumped().key).all())
        True
        """
        state = self.state
        state["has_uint32"] = state["uinteger"] = 0  # the half of a word that is left over is of this stream
        key = state["state"]["key"]
        key[2] = (key[2] + operator.index(jumps)) % (1 << 64)
        jumped = type(self)(SeedSequence(key))  # so that its children are its own
        jumped.state = state
        return jumped

    def advance(self, delta: int) -> Self:
        """Move the sequence of raw words as if `delta` words had been drawn.

        Parameters
        ----------
        delta : int
            May be negative.  The two sequences of normals stay where they are: `fastdist.Generator.seek`
            moves those.

        Returns
        -------
        BlockXoshiro256
            Itself, moved.

        Raises
        ------
        TypeError
            If `delta` is not an integer.
        ValueError
            If it leads before the first word, or beyond the last, ``2**63 - 1``.

        Examples
        --------
        >>> from fastdist import BlockXoshiro256
        >>> words = BlockXoshiro256(7).random_raw(5)
        >>> BlockXoshiro256(7).advance(4).random_raw() == words[4]
        np.True_
        """
        with self.lock:
            self._words.position = check_position(self._words.position + operator.index(delta))
            self._words.half = None
        return self

    @overload
    def random_raw(self, size: None = None, output: Literal[True] = True) -> int: ...
    @overload
    def random_raw(self, size: Shape, output: Literal[True] = True) -> NDArray[np.uint64]: ...
    @overload
    def random_raw(self, size: Shape | None, output: Literal[False]) -> None: ...
    @overload
    def random_raw(self, size: Shape | None = None, *, output: Literal[False]) -> None: ...
    def random_raw(self, size: Shape | None = None, output: bool = True) -> int | NDArray[np.uint64] | None:
        """The next raw words, as of any NumPy bit generator.

        Parameters
        ----------
        size : int or tuple of ints, optional
            Shape of the result; None for one word.
        output : bool, optional
            False draws the words and returns None.

        Returns
        -------
        int or ndarray of uint64
            Words of 64 random bits.

        Raises
        ------
        ValueError
            If `size` is negative.

        Examples
        --------
        >>> from fastdist import BlockXoshiro256
        >>> BlockXoshiro256(7).random_raw(3).dtype
        dtype('uint64')
        """
        if size is None:
            word = self._words.next()
            return word if output else None
        if not output:
            n = math.prod(np.broadcast_to(0, size).shape)  # type: ignore[arg-type]
            with self.lock:
                self._words.reserve(n)
            return None
        out = np.empty(size, dtype=np.uint64)
        with self.lock:
            fill(self._words, out)
        return out


def _key_of(seed_seq: ISeedSequence) -> NDArray[np.uint64]:
    if type(seed_seq) is SeedSequence:
        return stream.key_of_pool(seed_seq.pool)
    return np.asarray(seed_seq.generate_state(4, np.uint64), dtype=np.uint64)


def check_position(position: SupportsIndex) -> int:
    """The position as an int, if it may be sought."""
    index = operator.index(position)
    if not 0 <= index <= LAST_POSITION:
        raise ValueError(f"position {index} is outside of the stream, 0 to 2**63 - 1")
    return index


def _word(value: SupportsIndex, bits: int, name: str) -> int:
    word = operator.index(value)
    if not 0 <= word < 1 << bits:
        raise ValueError(f"{name} of a state must be in 0 to 2**{bits} - 1, not {word}")
    return word


def fill(sequence: stream.BlockStream | stream.UniformStream, out: NDArray[Any], *scaling: float) -> None:
    """Write the next samples of a sequence, as ``loc + scale * sample`` where ``scaling`` is given."""
    if sequence.fill_at_once(out, *scaling):
        return
    key, first = sequence.reserve(out.size)
    flat = np.asarray(out).ravel(order="K")

    def fill_range(start: int, stop: int) -> None:
        sequence.fill_range(key, first + start, flat[start:stop], *scaling)

    parallel.for_ranges(fill_range, out.size, first, sequence.block)


def check_out(out: NDArray[Any], dtype: DTypeLike, size: Shape | None) -> None:
    """Raise what NumPy's Generator raises for an ``out`` that cannot be filled."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"Supplied output must be an array, not {type(out).__name__}")
    flags = out.flags
    if not (flags.c_contiguous or flags.f_contiguous) or not flags.behaved or not out.dtype.isnative:
        raise ValueError(
            "Supplied output array must be contiguous, writable, aligned, and in machine byte-order."
        )
    if out.dtype.type is not dtype and out.dtype != dtype:
        raise TypeError(
            f"Supplied output array has the wrong type. Expected {np.dtype(dtype)}, got {out.dtype}"
        )
    if size is not None:
        try:
            shape = tuple(size)  # type: ignore[arg-type]
        except TypeError:
            shape = (size,)  # type: ignore[assignment]
        if shape != out.shape:
            raise ValueError("size must match out.shape when used together")


def chunks(out: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The array in parts, in the order of memory: an interrupt is noticed between them."""
    flat = np.asarray(out).ravel(order="K")
    return (
        flat[start : start + UNINTERRUPTED_SAMPLES] for start in range(0, flat.size, UNINTERRUPTED_SAMPLES)
    )


class SequentialNormals:
    """Normals made of the words of any bit generator in order, one of each, under its lock.

    What follows depends on the state of the bit generator alone: nothing is drawn ahead.
    """

    def __init__(self, bit_generator: BitGenerator, dtype: type[np.floating[Any]]) -> None:
        self._lock = bit_generator.lock
        self._stream = inversion.InversionStream(bit_generator, dtype)

    def next(self) -> float:
        with self._lock:
            return self._stream.next()

    def draw(self, size: Shape, loc: float = 0, scale: float = 1) -> NDArray[Any] | None:
        with self._lock:
            return self._stream.draw(size, loc, scale)

    def fill_at_once(self, out: NDArray[Any]) -> bool:
        with self._lock:
            return self._stream.fill_at_once(out)

    def fill(self, out: NDArray[Any], loc: float = 0, scale: float = 1) -> None:
        with self._lock:
            for part in chunks(out):
                self._stream.fill(part, loc, scale)
