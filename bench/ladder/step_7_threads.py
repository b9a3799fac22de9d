"""Step 7: with threads.

What changed: z is cut into eight shares.  Each has a generator of its own, so that none waits for another,
and the same one whatever thread takes the share: any number of threads gives the same numbers.  ``fill`` of
step 6 releases the GIL, so plain Python threads run it at the same time.

What remains: memory.  Once arrays are larger than the caches, threads wait for it together.  And what
fastdist adds: 64 bits for u near 0, normals that are right to the last digits (the bound is stated, and
tested), a stream that does not depend on how it is cut, and float32.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from bench.ladder.step_6_tiles import Generator as ShareGenerator
from bench.ladder.step_6_tiles import fill as fill_share

SHARES = 8
MINIMUM_SHARE = 1 << 16  # numbers, in some 0.05 ms: fewer are not worth handing over


class Generator:
    """Eight generators of step 6, and the threads that use them."""

    def __init__(self, seed: int, threads: int | None = None) -> None:
        self.of_shares = [ShareGenerator([share, seed]) for share in range(SHARES)]
        self.threads = ThreadPoolExecutor(threads or os.cpu_count())


def fill(z: NDArray[np.float64], rng: Generator) -> None:
    """Fill z with standard normals."""
    size = max(MINIMUM_SHARE, (z.size + SHARES - 1) // SHARES)
    shares = [z[start : start + size] for start in range(0, z.size, size)]
    if len(shares) == 1:
        fill_share(z, rng.of_shares[0])
    else:
        list(rng.threads.map(fill_share, shares, rng.of_shares))
