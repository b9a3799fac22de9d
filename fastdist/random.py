"""The names of ``numpy.random`` that fastdist has: `default_rng`, `Generator` and `BlockXoshiro256`."""

from fastdist.generator import Generator, default_rng
from fastdist.stream import BlockXoshiro256

__all__ = ["BlockXoshiro256", "Generator", "default_rng"]
