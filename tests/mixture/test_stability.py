"""Results of mixtures do not change: they are frozen by their SHA-256, and the same on every instruction set.

Samples, log densities, responsibilities and the sums of a step of EM; and, through the public interface,
three steps of a fit, on one thread and on two.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import frozen_mixture as frozen
from tests.support.digests import digest
from tests.support.processes import result_on


@pytest.fixture(scope="module")
def digests() -> Any:
    return json.loads(frozen.DIGESTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("d", "covariance_type"), frozen.CASES)
def test_kernels(level, key, digests, d, covariance_type):
    """Every instruction set gives the frozen results, of many rows and of the first."""
    want = digests[frozen.name_of(d, covariance_type)]
    for prefix, rows in (("", frozen.NUMBERS // d), ("first ", frozen.rows_of_twin(d))):
        for what, array in frozen.kernel_results(level, key, d, covariance_type, rows).items():
            assert digest(array) == want[prefix + what], (
                f"{level.name}, {covariance_type}, d={d}, {prefix}{what}"
            )


@pytest.mark.slow  # other tests compare kernels and twins; .ci/run asks for this one
@pytest.mark.parametrize(("d", "covariance_type"), frozen.CASES)
def test_twins(words_of_key, digests, d, covariance_type):
    """The pure-Python twins give those of the first rows."""
    want = digests[frozen.name_of(d, covariance_type)]
    found = frozen.twin_results(words_of_key, d, covariance_type, frozen.rows_of_twin(d))
    for what, array in found.items():
        assert digest(array) == want[f"first {what}"], f"{covariance_type}, d={d}, {what}"


def test_gaussian_mixture(level, digests):
    """The public interface gives them on every instruction set, on one thread and on two."""
    for of_threads in result_on(level.name, frozen.public_digests):
        for name, found in of_threads.items():
            assert found == {what: digests[name][what] for what in found}, f"{level.name}, {name}"
            assert len(found) == 2 + 3 * len(frozen.DTYPES)
