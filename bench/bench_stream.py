"""Uniforms and raw words, the other sequences of the stream; and streams themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.bench_normal import MILLION, SIZES
from bench.cases.benchmarks import test_operation as test_operation
from bench.cases.case import Operation
from bench.cases.limits import ARRAY_FILL
from bench.cases.sampling import FASTDIST, Samples
from bench.cases.streams import FASTDIST as FASTDIST_STREAM
from bench.cases.streams import Stream
from bench.peers.sampling import NUMPY, NUMPY_SFC64, NUMPY_STREAM, PEERS

RUNGS = [*PEERS, *FASTDIST, ARRAY_FILL]
RAW = [replace(rung, dtypes=(np.uint64,)) for rung in (NUMPY, NUMPY_SFC64, *FASTDIST, ARRAY_FILL)]

OPERATIONS = [
    Operation(
        "random, float64",
        [Samples("random", "out", np.float64, size) for size in SIZES],
        RUNGS,
        peer=NUMPY.name,
        covers=["Generator.random"],
        headline=Samples("random", "out", np.float64, MILLION),
    ),
    Operation(
        "random, float32",
        [Samples("random", "out", np.float32, MILLION)],
        RUNGS,
        peer=NUMPY.name,
        covers=["Generator.random"],
    ),
    Operation(
        "random, one number",
        [Samples("random", "scalar")],
        RUNGS,
        peer=NUMPY.name,
        covers=["Generator.random"],
    ),
    Operation(
        "random_raw",
        [Samples("random_raw", "new", np.uint64, MILLION)],
        RAW,
        peer=NUMPY.name,
        covers=["BlockXoshiro256.random_raw"],
    ),
    *(
        Operation(
            f"stream, {method}",
            [Stream(method, "scalar", np.uint64)],
            [NUMPY_STREAM, *FASTDIST_STREAM],
            peer=NUMPY.name,
            covers=names,
        )
        for method, names in {
            "default_rng": ["default_rng", "Generator", "BlockXoshiro256"],
            "advance": ["BlockXoshiro256.advance"],
            "jumped": ["BlockXoshiro256.jumped"],
        }.items()
    ),
]
