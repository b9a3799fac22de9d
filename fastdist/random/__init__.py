"""Random numbers: the names of ``numpy.random`` that fastdist has.

Its modules:

    stream                  BlockXoshiro256, the random stream as a NumPy bit generator
    generator               Generator and default_rng
    multivariate_sampling   normals of several dimensions, drawn by a Generator
    random_state            what `random_state` may be, as an argument and as an attribute
"""

from fastdist.random.generator import Generator, default_rng
from fastdist.random.stream import BlockXoshiro256

__all__ = ["BlockXoshiro256", "Generator", "default_rng"]
