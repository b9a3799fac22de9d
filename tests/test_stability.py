"""The stream does not change: samples frozen by their SHA-256, for every domain, dtype and instruction set.

A deliberate change of the stream is written to the file of digests by

    python tests/test_stability.py
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fastdist.reference import box_muller as twin
from fastdist.reference import stream as twin_stream

DIGESTS = Path(__file__).parent / "data" / "stream_sha256.json"
N = 1_000_000
FIRST = 20_000  # what the twin is asked for

DTYPES = {
    "raw words": np.uint64,
    "uniforms float64": np.float64,
    "uniforms float32": np.float32,
    "normals float64": np.float64,
    "normals float32": np.float32,
}


def digest(samples: np.ndarray) -> str:
    """SHA-256 of the samples as little-endian bytes."""
    return hashlib.sha256(samples.astype(samples.dtype.newbyteorder("<")).tobytes()).hexdigest()


def kernel_samples(level: Any, key: np.ndarray, what: str) -> np.ndarray:
    """The first N samples."""
    out = np.empty(N, DTYPES[what])
    words = level.stream.WordStream(key)
    if what == "raw words":
        words.fill_range(key, 0, out)
    elif what == "uniforms float64":
        level.stream.UniformStream(words).fill_range(key, 0, out)
    elif what == "uniforms float32":
        words.fill_float32(out)
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
    if what == "raw words":
        samples = twin_stream.words(key, twin_stream.RAW_WORDS, 0, FIRST)
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


def write_digests() -> None:
    """Freeze the samples of today: of the plainest instruction set, where the twin agrees with it."""
    from fastdist._isa.baseline import box_muller, stream

    level = SimpleNamespace(stream=stream, box_muller=box_muller)
    key = np.random.SeedSequence(20261122).generate_state(4, np.uint64)
    digests: dict[str, Any] = {"key": [hex(word) for word in key.tolist()]}
    for what in DTYPES:
        samples = kernel_samples(level, key, what)
        first = digest(samples[:FIRST])
        if first != digest(twin_samples(tuple(key.tolist()), what)):
            raise SystemExit(f"{what}: kernel and twin disagree; nothing is frozen")
        digests[what] = {f"first {FIRST}": first, f"first {N}": digest(samples)}
    DIGESTS.write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_digests()
