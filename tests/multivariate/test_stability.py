"""Multivariate normals do not change: frozen by their SHA-256, and the same on every instruction set.

Factors, samples and log densities; also through the public interface, on one thread and on two.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import frozen_multivariate as frozen
from tests.support.digests import digest
from tests.support.processes import result_on


@pytest.fixture(scope="module")
def digests() -> Any:
    return json.loads(frozen.DIGESTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("d", frozen.DIMENSIONS)
def test_kernels(level, key, digests, d):
    """Every instruction set gives the frozen factors, samples and log densities."""
    for what, array in frozen.kernel_results(level, key, d).items():
        assert digest(array) == digests[str(d)][what], f"{level.name}, {what}, d={d}"


@pytest.mark.slow  # other tests compare kernels and twins; .ci/run asks for this one
@pytest.mark.parametrize("d", frozen.DIMENSIONS)
def test_twins(words_of_key, digests, d):
    """The pure-Python twin gives the first of them."""
    for what, array in frozen.twin_results(words_of_key, d).items():
        assert digest(array) == digests[str(d)][f"first {what}"], f"{what}, d={d}"


def test_multivariate_normal(level, digests):
    """The public interface gives them on every instruction set, on one thread and on two."""
    want = [
        {what: digests[str(d)][what] for what in ("normals float64", "normals float32", "logpdf")}
        for d in frozen.DIMENSIONS
    ]
    assert result_on(level.name, frozen.public_digests) == want + want
