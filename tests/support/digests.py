"""Digests that freeze results, and the multivariate normal distributions that are frozen so."""

from __future__ import annotations

import hashlib

import numpy as np

SEED = 20261122  # of the key in conftest.py


def digest(samples: np.ndarray) -> str:
    """SHA-256 of the samples as little-endian bytes."""
    return hashlib.sha256(samples.astype(samples.dtype.newbyteorder("<")).tobytes()).hexdigest()


def mean_and_covariance(d: int) -> tuple[np.ndarray, np.ndarray]:
    """Correlations 1 / (1 + |i - j|) and standard deviations 1 + i / 8: each entry is rounded once."""
    i = np.arange(d)
    deviations = 1 + i / 8
    return i / 4 - 1, deviations[:, None] * deviations / (1 + np.abs(i[:, None] - i))
