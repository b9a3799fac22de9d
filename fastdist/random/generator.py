"""A drop-in for ``numpy.random``: `default_rng` and `Generator`, with normals from the kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import copysign, isnan, ldexp
from typing import Any, SupportsIndex, overload

import numpy as np
from numpy.random import BitGenerator, SeedSequence
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastdist._dispatch import stream
from fastdist.random.multivariate_sampling import MultivariateSampling
from fastdist.random.stream import (
    BlockXoshiro256,
    SequentialNormals,
    Shape,
    check_out,
    check_position,
    chunks,
    fill,
)
from fastdist.typing import Array

Size = Shape | None

# What float() makes the same number of as NumPy does.
PLAIN_NUMBERS = frozenset({float, int, np.float64, np.float32, np.int64, np.int32})


class Generator(MultivariateSampling, np.random.Generator):
    """NumPy's Generator, with normals and uniforms from vectorised kernels.

    `standard_normal`, `normal`, `multivariate_normal` and `random` are fastdist's; every other method is
    NumPy's own, on the same bit generator.

    Parameters
    ----------
    bit_generator : numpy.random.BitGenerator
        A `BlockXoshiro256`, or any other: then each normal is made of its next word, and `seek` and `tell`
        are not available.

    Raises
    ------
    AttributeError
        If `bit_generator` is not a bit generator.
    ValueError
        If it is the class of one instead of an instance.  By a method that draws: if `size` is negative, or
        not the shape of `out`; if `out` is not contiguous, writable and aligned.
    TypeError
        By a method that draws: if `dtype` is neither float64 nor float32, or `out` has another.

    See Also
    --------
    fastdist.default_rng : makes one from a seed.

    Notes
    -----
    Sample ``i`` of the normals depends on the seed and on ``i`` alone: not on how the calls were sliced, on
    ``size``, ``out`` or the number of threads, and not on the CPU.  float64 normals, float32 normals, and all
    that is made of raw bits are three independent sequences.

    Over another bit generator a normal is the quantile of the uniform that one word makes (in float32 half a
    word), so that what follows depends on its state alone: assigning ``bit_generator.state`` brings the
    draws back, as with NumPy's Generator.

    `standard_normal`, `normal` and `random` share these arguments:

    size : int or tuple of ints, optional
        Shape of the result; None for one number.
    dtype : dtype, optional
        float64 (the default) or float32.  Normals of each are drawn natively, from a sequence of their own.
    out : ndarray, optional
        Array to write to, which is returned: contiguous, and of `dtype`.

    NumPy's `normal` has neither `dtype` nor `out`.

    Examples
    --------
    >>> from fastdist import BlockXoshiro256, Generator
    >>> rng = Generator(BlockXoshiro256(7))
    >>> rng.standard_normal(3).shape
    (3,)
    """

    def __init__(self, bit_generator: BitGenerator) -> None:
        if not hasattr(bit_generator, "capsule"):
            raise AttributeError(
                "Generator takes a bit generator, such as BlockXoshiro256(7) or numpy.random.PCG64(7), not "
                f"{type(bit_generator).__name__}; default_rng makes a Generator from a seed"
            )
        super().__init__(bit_generator)
        self._normals: Mapping[object, stream.BlockStream | SequentialNormals]
        if isinstance(bit_generator, BlockXoshiro256):
            self._normals = bit_generator._normals
            self._fill: Callable[..., None] = fill
            uniforms = bit_generator._uniforms
            self._next_uniform, self._draw_uniforms = uniforms.next, uniforms.draw
        else:
            self._normals = {
                dtype: SequentialNormals(bit_generator, dtype) for dtype in (np.float64, np.float32)
            }
            self._fill = SequentialNormals.fill
            self._next_uniform = self._draw_uniforms = super().random
        self._next_normal = self._normals[np.float64].next

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.bit_generator,)

    @overload  # type: ignore[override]
    def standard_normal(self, size: None = None, dtype: DTypeLike = ..., out: None = None) -> float: ...
    @overload
    def standard_normal(self, size: Shape, dtype: DTypeLike = ..., out: Array | None = None) -> Array: ...
    @overload
    def standard_normal(self, size: Size = None, dtype: DTypeLike = ..., *, out: Array) -> Array: ...
    def standard_normal(
        self, size: Size = None, dtype: DTypeLike = np.float64, out: Array | None = None
    ) -> float | Array:
        """Draw standard normals, mean 0 and standard deviation 1.

        Notes
        -----
        The Box-Muller transform [1]_; the largest magnitude is 9.49 in float64 and 6.76 in float32.

        References
        ----------
        .. [1] G. E. P. Box, M. E. Muller, "A note on the generation of random normal deviates",
           Annals of Mathematical Statistics 29 (1958).

        Examples
        --------
        >>> import fastdist
        >>> rng = fastdist.default_rng(7)
        >>> five, three = rng.standard_normal(5), rng.standard_normal(3)
        >>> eight = fastdist.default_rng(7).standard_normal(8)
        >>> bool((eight[:5] == five).all() and (eight[5:] == three).all())
        True
        """
        if size is None and out is None and dtype is np.float64:  # the commonest call, at the least cost
            return self._next_normal()
        normals = self._normals_of(dtype, "standard_normal")
        if out is None:
            if size is None:
                return normals.next()
            drawn = normals.draw(size)
            if drawn is not None:
                return drawn
            out = np.empty(size, dtype)
        elif size is None and normals.fill_at_once(out):
            return out
        else:
            check_out(out, dtype, size)
        self._fill(normals, out)
        return out

    @overload  # type: ignore[override]
    def normal(
        self,
        loc: float = 0.0,
        scale: float = 1.0,
        size: None = None,
        *,
        dtype: DTypeLike = ...,
        out: None = None,
    ) -> float: ...
    @overload
    def normal(
        self,
        loc: ArrayLike = 0.0,
        scale: ArrayLike = 1.0,
        size: Size = None,
        *,
        dtype: DTypeLike = ...,
        out: Array | None = None,
    ) -> Array: ...
    def normal(
        self,
        loc: Any = 0.0,
        scale: Any = 1.0,
        size: Size = None,
        *,
        dtype: DTypeLike = np.float64,
        out: Array | None = None,
    ) -> float | Array:
        """Draw normals with mean `loc` and standard deviation `scale`.

        Parameters
        ----------
        loc : float or array_like, optional
            Mean.
        scale : float or array_like, optional
            Standard deviation, not negative.
        size : int or tuple of ints, optional
            Shape of the result; None for the shape to which `loc` and `scale` broadcast.

        Returns
        -------
        float or ndarray
            ``loc + scale * z`` with ``z = standard_normal(...)``, bit for bit.

        Raises
        ------
        ValueError
            If `scale` is negative; if `loc`, `scale`, `size` and the shape of `out` do not broadcast.

        Examples
        --------
        >>> import fastdist
        >>> rng = fastdist.default_rng(7)
        >>> rng.normal([0.0, 100.0], [1.0, 15.0], size=(4, 2)).shape
        (4, 2)
        """
        normals = self._normals_of(dtype, "normal")
        if type(loc) in PLAIN_NUMBERS and type(scale) in PLAIN_NUMBERS:
            mean, deviation = float(loc), float(scale)
        else:
            means, deviations = _as_float64(loc), _as_float64(scale)
            if means.ndim or deviations.ndim:
                return self._normal_of_arrays(normals, means, deviations, size, dtype, out)
            mean, deviation = ldexp(loc, 0), ldexp(scale, 0)  # float(), but neither None nor strings
        if not deviation > 0 and _is_negative(deviation):
            raise ValueError("scale < 0")
        if out is not None:
            check_out(out, dtype, size)
        elif size is not None:
            drawn = normals.draw(size, mean, deviation)
            if drawn is not None:
                return drawn
            out = np.empty(size, dtype)
        elif dtype is np.float64:
            return mean + deviation * normals.next()
        else:
            one: float = self.normal(mean, deviation, 1, dtype=dtype).item()
            return one
        self._fill(normals, out, mean, deviation)
        return out

    @np.errstate(all="ignore")  # as NumPy's Generator, which says nothing of inf or NaN
    def _normal_of_arrays(
        self,
        normals: stream.BlockStream | SequentialNormals,
        loc: NDArray[np.float64],
        scale: NDArray[np.float64],
        size: Size,
        dtype: DTypeLike,
        out: Array | None,
    ) -> Array:
        if not np.minimum.reduce(scale, axis=None, initial=1.0) > 0 and np.any(
            np.signbit(scale) & ~np.isnan(scale)
        ):
            raise ValueError("scale < 0")
        if out is not None:
            check_out(out, dtype, size)
        elif size is not None:
            out = np.empty(size, dtype)
        if out is None:
            shape = scale.shape if not loc.ndim else np.broadcast(loc, scale).shape
            out = np.empty(shape, dtype)
        else:
            loc, scale = (np.copy(x) if np.may_share_memory(x, out) else x for x in (loc, scale))
            shape = np.broadcast(out, loc, scale).shape
            if shape != out.shape:
                raise ValueError(
                    f"Output size {out.shape} is not compatible with broadcast dimensions of inputs {shape}."
                )
        self._fill(normals, out)
        np.multiply(out, scale.astype(out.dtype, copy=False), out=out)
        np.add(out, loc.astype(out.dtype, copy=False), out=out)
        return out

    @overload  # type: ignore[override]
    def random(self, size: None = None, dtype: DTypeLike = ..., out: None = None) -> float: ...
    @overload
    def random(self, size: Shape, dtype: DTypeLike = ..., out: Array | None = None) -> Array: ...
    @overload
    def random(self, size: Size = None, dtype: DTypeLike = ..., *, out: Array) -> Array: ...
    def random(
        self, size: Size = None, dtype: DTypeLike = np.float64, out: Array | None = None
    ) -> float | Array:
        """Draw uniforms in [0, 1), multiples of 2^-53 (float32: of 2^-24).

        The values are NumPy's own for the same bit generator.

        Examples
        --------
        >>> import fastdist
        >>> 0 <= fastdist.default_rng(7).random() < 1
        True
        """
        if out is None and dtype is np.float64:  # the commonest calls, at the least cost
            if size is None:
                return self._next_uniform()
            drawn = self._draw_uniforms(size)
            if drawn is not None:
                return drawn
        bits = self.bit_generator
        if not isinstance(bits, BlockXoshiro256):
            return super().random(size, dtype, out)  # type: ignore[arg-type, misc]
        kind = dtype if dtype is np.float64 or dtype is np.float32 else self._check_dtype(dtype, "random")
        if out is None:
            if size is None:
                return bits._words.next_float32() if kind is np.float32 else self._next_uniform()
            out = np.empty(size, kind)
        else:
            check_out(out, kind, size)
        if kind is np.float64:
            fill(bits._uniforms, out)
            return out
        with bits.lock:
            bits._words.require_float32(out.size)
            for part in chunks(out):
                bits._words.fill_float32(part)
        return out

    def seek(self, index: SupportsIndex, dtype: DTypeLike = np.float64) -> None:
        """Go to a place in the stream, at once.

        Parameters
        ----------
        index : int
            Which sample comes next, from 0 on.
        dtype : dtype, optional
            Of which sequence: float64 or float32 normals, or uint64, the raw words that `random`,
            `integers` and all other methods draw from.

        Raises
        ------
        TypeError
            If the bit generator is no `BlockXoshiro256`, if `index` is not an integer, or for another
            `dtype`.
        ValueError
            If `index` is negative or more than ``2**63 - 1``.

        Examples
        --------
        >>> import fastdist
        >>> rng = fastdist.default_rng(7)
        >>> third = rng.standard_normal(3)[2]
        >>> rng.seek(2)
        >>> rng.standard_normal() == third
        np.True_
        """
        sequence = self._sequence_of(dtype, "seek")
        position = check_position(index)
        if isinstance(sequence, stream.WordStream):
            with self.bit_generator.lock:
                sequence.position, sequence.half = position, None
        else:
            sequence.position = position

    def tell(self, dtype: DTypeLike = np.float64) -> int:
        """How many samples come before the next one.

        Parameters
        ----------
        dtype : dtype, optional
            Of which sequence, as for `seek`, and with its errors.

        Returns
        -------
        int
            The index of the next sample.

        Examples
        --------
        >>> import fastdist
        >>> rng = fastdist.default_rng(7)
        >>> _ = rng.standard_normal(1000)
        >>> rng.tell()
        1000
        """
        sequence = self._sequence_of(dtype, "tell")
        if isinstance(sequence, stream.WordStream):
            with self.bit_generator.lock:
                return sequence.position
        return sequence.position

    def _sequence_of(self, dtype: DTypeLike, method: str) -> stream.BlockStream:
        bits = self.bit_generator
        if not isinstance(bits, BlockXoshiro256):
            raise TypeError(f"{method} needs a BlockXoshiro256; {type(bits).__name__} is drawn from in order")
        if np.dtype(dtype) == np.uint64:
            return bits._words
        return bits._normals[self._check_dtype(dtype, method)]

    def _normals_of(self, dtype: DTypeLike, method: str) -> stream.BlockStream | SequentialNormals:
        if dtype is np.float64 or dtype is np.float32:
            return self._normals[dtype]
        return self._normals[self._check_dtype(dtype, method)]

    def _check_dtype(self, dtype: DTypeLike, method: str) -> type[np.generic]:
        dtype = np.dtype(dtype)
        if not dtype.isnative or dtype.type not in self._normals:
            raise TypeError(f"Unsupported dtype {dtype!r} for {method}")
        return dtype.type


def _is_negative(scale: float) -> bool:
    """Whether NumPy refuses it as a standard deviation: -0.0 as well."""
    return copysign(1.0, scale) < 0 and not isnan(scale)


def _as_float64(parameter: ArrayLike) -> NDArray[np.float64]:
    """As an array, by NumPy's rule: other arrays must be safe to cast."""
    if isinstance(parameter, np.ndarray) and not np.can_cast(parameter.dtype, np.float64):
        raise TypeError(
            f"Cannot cast array data from {parameter.dtype!r} to {np.dtype(np.float64)!r} "
            "according to the rule 'safe'"
        )
    return np.asarray(parameter, dtype=np.float64)


def default_rng(
    seed: int
    | ArrayLike
    | SeedSequence
    | ISeedSequence
    | BitGenerator
    | np.random.Generator
    | np.random.RandomState
    | None = None,
) -> Generator:
    """A Generator on a new stream.

    Parameters
    ----------
    seed : optional
        All that `numpy.random.default_rng` accepts.  None takes fresh entropy from the operating system;
        an int, a sequence of ints or a SeedSequence names a stream; a BitGenerator, or that of a NumPy
        Generator or RandomState, is drawn from as it is; a `fastdist.Generator` is returned unchanged.

    Returns
    -------
    Generator
        On a `BlockXoshiro256`, unless a bit generator was given.

    Raises
    ------
    ValueError, TypeError
        As `numpy.random.default_rng` raises for `seed`.

    Examples
    --------
    >>> import fastdist
    >>> rng = fastdist.default_rng(7)
    >>> rng.normal(100, 15, size=4).shape
    (4,)
    """
    if isinstance(seed, Generator):
        return seed
    if isinstance(seed, BitGenerator):
        return Generator(seed)
    if isinstance(seed, np.random.Generator):
        return Generator(seed.bit_generator)
    if isinstance(seed, np.random.RandomState):
        return Generator(seed._bit_generator)
    return Generator(BlockXoshiro256(seed))
