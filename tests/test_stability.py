"""Results do not change: they are frozen by their SHA-256, and the same on every instruction set.

Of the stream: samples of every domain and dtype.  Of the multivariate normal: factors, samples and log
densities, also through the public interface, on one and on two threads.

A deliberate change is written to the files of digests by

    python -m tests.test_stability
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import fastdist
from fastdist.reference import box_muller as twin
from fastdist.reference import cholesky, inversion, multivariate_density, multivariate_sampling
from fastdist.reference import stream as twin_stream
from fastdist.reference.arithmetic import Float32
from tests.support.digests import SEED, digest, mean_and_covariance

DIGESTS = Path(__file__).parent / "data" / "stream_sha256.json"
N = 1_000_000
FIRST = 20_000  # what the twin is asked for

DTYPES = {
    "raw words": np.uint64,
    "uniforms float64": np.float64,
    "uniforms float32": np.float32,
    "normals float64": np.float64,
    "normals float32": np.float32,
    "inversion float64": np.float64,
    "inversion float32": np.float32,
}


def kernel_samples(level: Any, key: np.ndarray, what: str) -> np.ndarray:
    """The first N samples."""
    out = np.empty(N, DTYPES[what])
    words = level.stream.WordStream(key, threading.Lock())
    if what == "raw words":
        words.fill_range(key, 0, out)
    elif what == "uniforms float64":
        level.stream.UniformStream(words).fill_range(key, 0, out)
    elif what == "uniforms float32":
        words.fill_float32(out)
    elif what.startswith("inversion"):
        raw = np.empty(N, np.uint64)
        words.fill_range(key, 0, raw)
        level.inversion.invert_words(raw if what.endswith("64") else raw.view(np.uint32)[:N], out)
    elif what == "normals float64":
        stream = level.stream.BlockStream(key, twin_stream.FLOAT64_NORMALS, level.box_muller.float64)
        stream.fill_range(key, 0, out)
    else:
        stream = level.stream.BlockStream(key, twin_stream.FLOAT32_NORMALS, level.box_muller.float32)
        stream.fill_range(key, 0, out)
    return out


def twin_samples(key: tuple[int, ...], what: str) -> np.ndarray:
    """The first FIRST samples."""
    samples: list[Any]
    raw = twin_stream.words(key, twin_stream.RAW_WORDS, 0, FIRST)
    if what == "raw words":
        samples = raw
    elif what == "inversion float64":
        samples = inversion.normals_float64(raw)
    elif what == "inversion float32":
        samples = inversion.normals_float32(twin_stream.halves(raw)[:FIRST])
    else:
        samples = {
            "uniforms float64": twin_stream.uniforms,
            "uniforms float32": twin_stream.uniforms_float32,
            "normals float64": twin.normals_float64,
            "normals float32": twin.normals_float32,
        }[what](key, 0, FIRST)
    return np.array(samples, DTYPES[what])


@pytest.fixture(scope="module")
def frozen() -> Any:
    return json.loads(DIGESTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("what", DTYPES)
def test_kernel(level, key, frozen, what):
    """Every instruction set gives the frozen samples."""
    samples = kernel_samples(level, key, what)
    assert digest(samples[:FIRST]) == frozen[what][f"first {FIRST}"], f"{level.name}, {what}"
    assert digest(samples) == frozen[what][f"first {N}"], f"{level.name}, {what}"


@pytest.mark.parametrize("what", DTYPES)
def test_twin(words_of_key, frozen, what):
    """The pure-Python twin gives the frozen samples."""
    assert digest(twin_samples(words_of_key, what)) == frozen[what][f"first {FIRST}"]


def test_key(words_of_key, frozen):
    """NumPy's SeedSequence still gives the key that the samples were frozen for."""
    assert [hex(word) for word in words_of_key] == frozen["key"]


# The multivariate normal


MULTIVARIATE_DIGESTS = Path(__file__).parent / "data" / "multivariate_sha256.json"
DIMENSIONS = (2, 3, 16, 64)
NUMBERS = 140_000  # in all rows: enough for two threads
FIRST_NUMBERS = 3000  # in those that the twin is asked for


def kernel_results(level: Any, key: np.ndarray, d: int) -> dict[str, np.ndarray]:
    """The factor, and samples and log densities of rows of NUMBERS in all."""
    mean, cov = mean_and_covariance(d)
    factor = level.cholesky.cholesky(cov)
    results = {"factor": factor}
    for what, domain in (
        ("normals float64", twin_stream.FLOAT64_NORMALS),
        ("normals float32", twin_stream.FLOAT32_NORMALS),
    ):
        dtype = DTYPES[what]
        stream = level.stream.BlockStream(key, domain, getattr(level.box_muller, np.dtype(dtype).name))
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


@pytest.fixture(scope="module")
def frozen_multivariate() -> Any:
    return json.loads(MULTIVARIATE_DIGESTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("d", DIMENSIONS)
def test_multivariate_kernel(level, key, frozen_multivariate, d):
    """Every instruction set gives the frozen factors, samples and log densities."""
    for what, array in kernel_results(level, key, d).items():
        assert digest(array) == frozen_multivariate[str(d)][what], f"{level.name}, {what}, d={d}"


@pytest.mark.parametrize("d", DIMENSIONS)
def test_multivariate_twin(words_of_key, frozen_multivariate, d):
    """The pure-Python twin gives the first of them."""
    for what, array in twin_results(words_of_key, d).items():
        assert digest(array) == frozen_multivariate[str(d)][f"first {what}"], f"{what}, d={d}"


def test_multivariate_normal(level, frozen_multivariate):
    """The public interface gives them on every instruction set, on one thread and on two."""
    code = "import json; from tests.test_stability import public_digests; print(json.dumps(public_digests()))"
    environment = {**os.environ, "FASTDIST_ISA": level.name}
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert not shown.returncode, shown.stderr
    want = [
        {what: frozen_multivariate[str(d)][what] for what in ("normals float64", "normals float32", "logpdf")}
        for d in DIMENSIONS
    ]
    assert json.loads(shown.stdout) == want + want


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
        inversion,
        multivariate_density,
        multivariate_sampling,
        stream,
    )

    level = SimpleNamespace(
        stream=stream,
        box_muller=box_muller,
        inversion=inversion,
        cholesky=cholesky,
        multivariate_sampling=multivariate_sampling,
        multivariate_density=multivariate_density,
    )
    key = np.random.SeedSequence(SEED).generate_state(4, np.uint64)
    digests: dict[str, Any] = {"key": [hex(word) for word in key.tolist()]}
    for what in DTYPES:
        samples = kernel_samples(level, key, what)
        first = digest(samples[:FIRST])
        if first != digest(twin_samples(tuple(key.tolist()), what)):
            raise SystemExit(f"{what}: kernel and twin disagree; nothing is frozen")
        digests[what] = {f"first {FIRST}": first, f"first {N}": digest(samples)}
    multivariate = multivariate_digests(level, key)
    DIGESTS.write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8")
    MULTIVARIATE_DIGESTS.write_text(json.dumps(multivariate, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_digests()
