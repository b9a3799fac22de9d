"""What several test modules share: every built instruction set, and comparison bit for bit."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from fastdist._dispatch import KERNELS, LEVELS
from fastdist._isa.baseline import target


@pytest.fixture(scope="session", params=LEVELS)
def level(request: pytest.FixtureRequest) -> SimpleNamespace:
    """The kernels of one instruction set, with its ``name``.

    One that is not built or that this CPU lacks is skipped by name; one that is there must load.
    """
    name: str = request.param
    if name not in target.cpu_levels():
        pytest.skip(f"{name}: this CPU has only {', '.join(target.cpu_levels())}")
    if importlib.util.find_spec(f"fastdist._isa.{name}.target") is None:
        pytest.skip(f"{name} is not built")
    kernels = {kernel: importlib.import_module(f"fastdist._isa.{name}.{kernel}") for kernel in KERNELS}
    return SimpleNamespace(name=name, **kernels)


@pytest.fixture(scope="session")
def key() -> np.ndarray:
    """The key whose samples are frozen in data/stream_sha256.json."""
    return np.random.SeedSequence(20261122).generate_state(4, np.uint64)


@pytest.fixture(scope="session")
def words_of_key(key: np.ndarray) -> tuple[int, ...]:
    """The same key, for the twins."""
    return tuple(key.tolist())


def same_bits(got: np.ndarray, want: object, what: str) -> None:
    """Fail, with the first difference in hex, unless both hold the same bits; all NaN are the same."""
    expected = np.asarray(want, dtype=got.dtype)
    assert got.shape == expected.shape, what
    unsigned = f"u{got.itemsize}"
    nan = (got != got) & (expected != expected)
    different = np.flatnonzero((got.view(unsigned) != expected.view(unsigned)) & ~nan)
    if different.size:
        i = different[0]
        shown = [float(a[i]).hex() if got.dtype.kind == "f" else hex(a[i]) for a in (got, expected)]
        pytest.fail(
            f"{what}, {got.dtype}: {different.size} of {got.size} differ, the first at {i}: "
            f"got {shown[0]}, want {shown[1]}"
        )


@pytest.fixture(scope="session")
def assert_same_bits() -> Callable[[np.ndarray, object, str], None]:
    """``assert_same_bits(got, want, what)`` compares bit for bit; ``what`` names level and case."""
    return same_bits
