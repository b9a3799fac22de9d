"""Samples of the stream do not change: frozen by their SHA-256, and the same on every instruction set."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import frozen_stream as frozen
from tests.support.digests import digest


@pytest.fixture(scope="module")
def digests() -> Any:
    return json.loads(frozen.DIGESTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("what", frozen.DTYPES)
def test_kernel(level, key, digests, what):
    """Every instruction set gives the frozen samples."""
    samples = frozen.kernel_samples(level, key, what)
    assert digest(samples[: frozen.FIRST]) == digests[what][f"first {frozen.FIRST}"], f"{level.name}, {what}"
    assert digest(samples) == digests[what][f"first {frozen.N}"], f"{level.name}, {what}"


@pytest.mark.slow  # other tests compare kernels and twins; .ci/run asks for this one
@pytest.mark.parametrize("what", frozen.DTYPES)
def test_twin(words_of_key, digests, what):
    """The pure-Python twin gives the frozen samples."""
    assert digest(frozen.twin_samples(words_of_key, what)) == digests[what][f"first {frozen.FIRST}"]


def test_key(words_of_key, digests):
    """NumPy's SeedSequence still gives the key that the samples were frozen for."""
    assert [hex(word) for word in words_of_key] == digests["key"]
