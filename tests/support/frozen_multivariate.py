"""Factors, samples and log densities of multivariate normals that are frozen.

    python -m tests.support.frozen_multivariate  # write tests/data/multivariate_sha256.json

Run it only after a deliberate change.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import fastdist
from fastdist.reference import cholesky, multivariate_density, multivariate_sampling
from fastdist.reference.arithmetic import Float32
from fastdist.reference.stream import FLOAT32_NORMALS, FLOAT64_NORMALS
from tests.support.digests import SEED, digest, mean_and_covariance

DIGESTS = Path(__file__).parents[1] / "data" / "multivariate_sha256.json"
DIMENSIONS = (2, 3, 16, 64)
NUMBERS = 140_000  # in all rows: enough for two threads
FIRST_NUMBERS = 3000  # in those that the twin is asked for


def kernel_results(level: Any, key: np.ndarray, d: int) -> dict[str, np.ndarray]:
    """The factor, and samples and log densities of rows of NUMBERS in all."""
    mean, cov = mean_and_covariance(d)
    factor = level.cholesky.cholesky(cov)
    results = {"factor": factor}
    for dtype, domain in (("float64", FLOAT64_NORMALS), ("float32", FLOAT32_NORMALS)):
        what = f"normals {dtype}"
        stream = level.stream.BlockStream(key, domain, getattr(level.box_muller, dtype))
        colorizer = level.multivariate_sampling.Colorizer(mean.astype(dtype), factor.astype(dtype))
        results[what] = np.empty((NUMBERS // d, d), dtype)
        colorizer.fill_range(stream, key, 0, results[what])
    density = level.multivariate_density
    peak = density.log_peak(factor)
    return results | {"logpdf": density.logpdf(results["normals float64"], mean, factor, peak)}


def twin_results(key: tuple[int, ...], d: int) -> dict[str, np.ndarray]:
    """The same of the first rows, FIRST_NUMBERS in all."""
    mean, cov = (array.tolist() for array in mean_and_covariance(d))
    factor = cholesky.cholesky(cov)
    peak = multivariate_density.log_peak(factor)
    rows = FIRST_NUMBERS // d
    x = multivariate_sampling.multivariate_normals(key, 0, rows, mean, factor)
    narrow = list(map(Float32, mean)), [list(map(Float32, row)) for row in factor]
    return {
        "factor": np.array(factor),
        "normals float64": np.array(x),
        "normals float32": np.array(
            multivariate_sampling.multivariate_normals(key, 0, rows, *narrow), np.float32
        ),
        "logpdf": np.array([multivariate_density.logpdf(row, mean, factor, peak) for row in x]),
    }


def public_results(d: int) -> dict[str, np.ndarray]:
    """The samples and log densities through the public interface."""
    mean, cov = mean_and_covariance(d)
    rng, n = fastdist.default_rng(SEED), NUMBERS // d
    x = rng.multivariate_normal(mean, cov, n, method="cholesky")
    narrow = rng.multivariate_normal(mean, cov, n, method="cholesky", dtype=np.float32)
    logpdf = fastdist.multivariate_normal.logpdf(x, mean, cov)
    return {"normals float64": x, "normals float32": narrow, "logpdf": logpdf}


def public_digests() -> list[dict[str, str]]:
    """Digests for each dimension, on one thread and on two."""
    found = []
    for threads in (1, 2):
        with fastdist.num_threads(threads):
            found += [{what: digest(array) for what, array in public_results(d).items()} for d in DIMENSIONS]
    return found


def multivariate_digests(level: Any, key: np.ndarray) -> dict[str, dict[str, str]]:
    """What is frozen: of a kernel's results, whose first rows are the twin's."""
    digests = {}
    for d in DIMENSIONS:
        results, first = kernel_results(level, key, d), twin_results(tuple(key.tolist()), d)
        for what, array in first.items():
            if digest(results[what][: len(array)]) != digest(array):
                raise SystemExit(f"{what}, d={d}: kernel and twin disagree; nothing is frozen")
        digests[str(d)] = {what: digest(array) for what, array in results.items()}
        digests[str(d)] |= {f"first {what}": digest(array) for what, array in first.items()}
    return digests


def write_digests() -> None:
    """Freeze the results of today: of the plainest instruction set, where the twin agrees with it."""
    from fastdist._isa.baseline import (
        box_muller,
        cholesky,
        multivariate_density,
        multivariate_sampling,
        stream,
    )

    level = SimpleNamespace(
        stream=stream,
        box_muller=box_muller,
        cholesky=cholesky,
        multivariate_sampling=multivariate_sampling,
        multivariate_density=multivariate_density,
    )
    key = np.random.SeedSequence(SEED).generate_state(4, np.uint64)
    digests = multivariate_digests(level, key)
    DIGESTS.write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_digests()
