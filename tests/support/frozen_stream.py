"""Samples of the stream that are frozen: of every domain and dtype.

    python -m tests.support.frozen_stream  # write tests/data/stream_sha256.json

Run it only after a deliberate change.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from fastdist.reference import box_muller as twin
from fastdist.reference import inversion
from fastdist.reference import stream as twin_stream
from tests.support.digests import SEED, digest

DIGESTS = Path(__file__).parents[1] / "data" / "stream_sha256.json"
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


def write_digests() -> None:
    """Freeze the samples of today: of the plainest instruction set, where the twin agrees with it."""
    from fastdist._isa.baseline import box_muller, inversion, stream

    level = SimpleNamespace(stream=stream, box_muller=box_muller, inversion=inversion)
    key = np.random.SeedSequence(SEED).generate_state(4, np.uint64)
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
