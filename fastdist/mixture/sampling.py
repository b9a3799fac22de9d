"""Rows of a Gaussian mixture: a component, then a normal of it; no other component is computed.

Row ``i`` takes word ``i`` of the stream for its component and normals ``i d ... i d + d - 1``, so that rows
depend on their place in the stream alone, as samples do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastdist import parallel
from fastdist._dispatch import mixture_sampling as kernels
from fastdist.mixture.parameters import MixtureParameters
from fastdist.random.generator import Generator
from fastdist.random.multivariate_sampling import CACHED_SAMPLES
from fastdist.random.random_state import Source
from fastdist.random.stream import BlockXoshiro256
from fastdist.typing import Array

# Ranges of rows are multiples of so many blocks of the stream, which the kernel fills at a time.
FILL_BLOCKS = 8


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
        rows = max(1, CACHED_SAMPLES // d)
        for start in range(0, n, rows):
            part = out[start : start + rows]
            uniforms = source.random(len(part)) if isinstance(source, np.random.Generator) else None
            if uniforms is None:
                uniforms = source.random_sample(len(part))  # type: ignore[union-attr]
            part[...] = source.standard_normal(part.shape)
            kernel.apply(uniforms, part, labels[start : start + rows])
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
    share = max(1, parallel.SHARE_SAMPLES // (1 + d + (0 if parameters.diagonal else d * d // 16)))
    parallel.for_ranges(fill_range, n, 0, max(1, FILL_BLOCKS * normals.block // d), share)
    return out, labels
