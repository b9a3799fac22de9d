"""Normals, from the textbook's formula in pure Python up to all threads."""

from __future__ import annotations

import numpy as np

from bench.cases.benchmarks import test_operation as test_operation
from bench.cases.case import Operation
from bench.cases.limits import ARRAY_FILL
from bench.cases.sampling import FASTDIST, ON_PCG64, Samples
from bench.peers.sampling import NUMPY, PEERS

# Where the overhead of a call ends; 4096 fit L1, 1e5 L2, 1e6 L3, 5e7 only RAM.
SIZES = (1, 10, 100, 1000, 4096, 100_000, 1_000_000, 10_000_000, 50_000_000)
MILLION = 1_000_000
RUNGS = [*PEERS, *FASTDIST, ON_PCG64, ARRAY_FILL]

OPERATIONS = [
    *(
        Operation(
            f"standard_normal, {dtype.__name__}",
            [Samples("standard_normal", "out", dtype, size) for size in SIZES],
            RUNGS,
            peer=NUMPY.name,
            covers=["Generator.standard_normal"],
            headline=Samples("standard_normal", "out", dtype, MILLION),
        )
        for dtype in (np.float64, np.float32)
    ),
    Operation(
        "standard_normal, one number",
        [Samples("standard_normal", "scalar")],
        RUNGS,
        peer=NUMPY.name,
        covers=["Generator.standard_normal"],
    ),
    Operation(
        "standard_normal, new arrays",
        [Samples("standard_normal", "new", np.float64, size) for size in (100, MILLION)],
        RUNGS,
        peer=NUMPY.name,
        covers=["Generator.standard_normal", "default_rng"],
    ),
    Operation(
        "normal, with loc and scale",
        [Samples("normal", "new", np.float64, size) for size in (100, MILLION)],
        RUNGS,
        peer=NUMPY.name,
        covers=["Generator.normal"],
    ),
]
