"""Rows of a Gaussian mixture: a component, then a normal of it; no other component is computed.

Row ``i`` takes word ``i`` of the stream for its component and normals ``i d ... i d + d - 1``, so that rows
depend on their place in the stream alone, as samples do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from fastdist import parallel
from fastdist._dispatch import mixture_sampling as kernels
from fastdist.mixture.parameters import MixtureParameters
from fastdist.random.generator import Generator, default_rng
from fastdist.random.random_state import Source, check_random_state
from fastdist.random.stream import BlockXoshiro256
from fastdist.typing import Array

# Numbers that become rows before the next are drawn: they lie in cache meanwhile.
CHUNK = 1 << 14
# Blocks of the stream that ranges of rows are multiples of: the kernel takes as many at a time.
BLOCKS = 8


def sampler(parameters: MixtureParameters) -> kernels.MixtureSampler:
    """The kernel for a mixture."""
    weights = parameters.weights
    cumulative = np.cumsum(weights)
    # A component of weight 0 has no uniform, whatever rounding has left of 1.
    cumulative[np.flatnonzero(weights)[-1] :] = 1.0
    return kernels.MixtureSampler(np.minimum(cumulative, 1.0), parameters.means, parameters.factors)


def sample(parameters: MixtureParameters, n: int, source: Source) -> tuple[Array, NDArray[np.int64]]:
    """The next n rows of a generator, and their components."""
    kernel, d = sampler(parameters), parameters.dimension
    out, labels = np.empty((n, d)), np.empty(n, np.int64)
    bits = source.bit_generator if isinstance(source, Generator) else None
    if not isinstance(bits, BlockXoshiro256):
        few = max(1, CHUNK // d)
        for start in range(0, n, few):
            part = out[start : start + few]
            uniforms = source.random(len(part)) if isinstance(source, np.random.Generator) else None
            if uniforms is None:
                uniforms = source.random_sample(len(part))  # type: ignore[union-attr]
            part[...] = source.standard_normal(part.shape)
            kernel.apply(uniforms, part, labels[start : start + few])
        return out, labels
    normals = bits._normals[np.float64]
    normals.require(n * d)  # before the words move
    _, first_word = bits._uniforms.reserve(n)
    key, first_normal = normals.reserve(n * d)

    def fill_range(start: int, stop: int) -> None:
        kernel.fill_range(
            normals, key, first_word + start, first_normal + start * d, out[start:stop], labels[start:stop]
        )

    # A row costs a word, d normals and d^2 / 2 products, and some 8 of these are worth a normal.
    share = max(1, parallel.MINIMUM_SHARE // (1 + d + (0 if parameters.diagonal else d * d // 16)))
    parallel.for_ranges(fill_range, n, 0, max(1, BLOCKS * normals.block // d), share)
    return out, labels


def fitting_source(random_state: Any) -> Generator:
    """A stream for the start of a fit: for a seed not the one of its samples, else named by a few draws."""
    if random_state is None:
        return default_rng()
    if isinstance(random_state, SeedSequence):
        return default_rng(SeedSequence(random_state.entropy, spawn_key=(*random_state.spawn_key, 1)))
    source = random_state
    if not isinstance(source, np.random.Generator | np.random.RandomState) and source is not np.random:
        return default_rng(SeedSequence(int(random_state), spawn_key=(1,)))
    state = check_random_state(random_state)
    draw = state.integers if isinstance(state, np.random.Generator) else state.randint
    return default_rng(draw(0, 1 << 32, 4, dtype=np.uint32).tolist())
