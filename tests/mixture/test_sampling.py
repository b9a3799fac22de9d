"""Samples of mixtures: bit for bit the twin's on every instruction set, wherever in the stream they begin."""

from __future__ import annotations

import functools
import itertools
import math
import random as python_random
import threading
from typing import Any

import numpy as np
import pytest

from fastdist.reference import mixture_sampling as twin
from fastdist.reference.stream import BLOCK_WORDS, FLOAT64_NORMALS, TILE_WORDS
from tests.support import mixture_cases as cases

parametrize_forms = pytest.mark.parametrize("form", cases.FORMS)
NAN = math.nan


def parameters(components: int, d: int, form: str) -> tuple[np.ndarray, ...]:
    """Cumulative weights, of which the last is 1, means and factors; the second of three has no weight."""
    _, weights, means, factors = cases.parameters(components, d, form)
    cumulative = np.cumsum(weights)
    cumulative[-1] = 1
    return cumulative, means, factors


def sampler(level: Any, mixture: tuple[np.ndarray, ...]) -> Any:
    return level.mixture_sampling.MixtureSampler(*mixture)


@functools.cache
def uniforms_and_normals(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(n + d)
    return random.uniform(size=n), random.normal(size=(n, d)) * 10.0 ** random.integers(-2, 3, (n, 1))


def applied(level: Any, mixture: tuple[np.ndarray, ...], u: np.ndarray, z: np.ndarray) -> tuple[Any, Any]:
    """Rows and labels, of a copy of z."""
    x, labels = z.copy(), np.full(len(z), -1)
    assert sampler(level, mixture).apply(u, x, labels) is None
    return x, labels


def lists(arrays: tuple[np.ndarray, ...]) -> list[Any]:
    return [array.tolist() for array in arrays]


def assert_samples(got: tuple, want: tuple, assert_same_bits, what: str) -> None:
    assert_same_bits(got[1], np.asarray(want[1], np.int64), f"{what}, labels")
    assert_same_bits(got[0].ravel(), np.asarray(want[0], np.float64).ravel(), what)


# apply


@parametrize_forms
@pytest.mark.parametrize("d", cases.DIMENSIONS)
def test_dimensions(level, d, form, assert_same_bits):
    """Each row gets the mean and the factor of its component."""
    mixture = parameters(3, d, form)
    u, z = uniforms_and_normals(37, d)
    got = applied(level, mixture, u, z)
    want = twin.apply(u.tolist(), z.tolist(), *lists(mixture))
    assert_samples(got, want, assert_same_bits, f"{level.name}, {form}, d={d}")
    assert set(got[1]) == {0, 2}


@parametrize_forms
@pytest.mark.parametrize("components", cases.COMPONENTS)
@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9, 33])
def test_numbers_of_rows_and_components(level, n, components, form, assert_same_bits):
    """Any number of them, of short rows and of long."""
    for d in (2, 5, 17):
        mixture = parameters(components, d, form)
        u, z = uniforms_and_normals(n, d)
        got = applied(level, mixture, u, z)
        want = twin.apply(u.tolist(), z.tolist(), *lists(mixture))
        assert_samples(
            got, want, assert_same_bits, f"{level.name}, {form}, {n} rows of d={d}, K={components}"
        )


@pytest.mark.parametrize("components", [1, 2, 3, 8, 17, 100, 1000])
def test_components_of_uniforms(level, components, assert_same_bits):
    """At each border, one ULP below and above; at 0 and at the largest u.  None is of weight 0."""
    weights = np.random.default_rng(components).dirichlet(np.ones(components))
    weights[1::3] = 0
    weights[-1] = 0 if components > 2 else weights[-1]
    cumulative = np.cumsum(weights / weights.sum())
    last = np.flatnonzero(weights)[-1]
    cumulative[last:] = 1
    borders = cumulative[cumulative < 1]
    near = np.concatenate([borders, np.nextafter(borders, 0), np.nextafter(borders, 1), [0.0, 1 - 2.0**-53]])
    u = np.concatenate([near, np.random.default_rng(2).uniform(size=500)])
    mixture = cumulative, np.arange(components, dtype=float)[:, None], np.ones((1, 1, 1))
    x, labels = applied(level, mixture, u, np.zeros((u.size, 1)))
    want = [twin.choose(each, cumulative.tolist()) for each in u.tolist()]
    assert_same_bits(labels, want, f"{level.name}, {components} components")
    assert_same_bits(x[:, 0].copy(), np.array(want, float), f"{level.name}, their means")
    assert (weights[labels] > 0).all()


@parametrize_forms
def test_zeros(level, form):
    """No result is -0, whatever the signs of mean and normals."""
    own = np.ones((2, 3)) if form == "diagonal" else np.tile(np.eye(3), (1 if form == "shared" else 2, 1, 1))
    mixture = np.array([0.5, 1.0]), np.full((2, 3), -0.0), own
    x, _ = applied(level, mixture, np.array([0.1, 0.9, 0.2]), np.full((3, 3), -0.0))
    assert not np.signbit(x).any()


@parametrize_forms
@pytest.mark.parametrize("d", [64, 130])
def test_large_dimensions(level, d, form, assert_same_bits):
    """Where the twin is too slow: what the plainest instruction set gives."""
    mixture = parameters(3, d, form)
    u, z = uniforms_and_normals(100, d)
    want = np.array(z), np.empty(100, np.int64)
    cases.baseline("mixture_sampling").MixtureSampler(*mixture).apply(u, *want)
    assert np.isfinite(want[0]).all()
    assert_samples(applied(level, mixture, u, z), want, assert_same_bits, f"{level.name}, {form}, d={d}")


# From the stream


def block_stream(level: Any, key: np.ndarray) -> Any:
    return level.stream.BlockStream(key, FLOAT64_NORMALS, level.box_muller.float64)


def filled(
    level: Any, mixture: tuple[np.ndarray, ...], key: np.ndarray, word: int, normal: int, n: int
) -> tuple[np.ndarray, np.ndarray]:
    x, labels = np.empty((n, mixture[1].shape[1])), np.empty(n, np.int64)
    normals = block_stream(level, np.arange(4, dtype=np.uint64))  # whose own key is not the one in use
    assert sampler(level, mixture).fill_range(normals, key, word, normal, x, labels) is None
    assert normals.position == 0
    return x, labels


@functools.cache
def rows_of_twin(key: tuple[int, ...], word: int, normal: int, n: int, d: int, form: str) -> tuple[Any, Any]:
    return twin.mixture_samples(key, word, normal, n, *lists(parameters(3, d, form)))


@parametrize_forms
@pytest.mark.parametrize("d", [1, 2, 3, 5, 17])
def test_rows_from_the_stream(level, key, words_of_key, d, form, assert_same_bits):
    """Words and normals that begin anywhere: at the borders of tiles and blocks, and far away."""
    n = 300 // d + 3
    borders = [(BLOCK_WORDS - 2, TILE_WORDS - 5), (TILE_WORDS - 1, BLOCK_WORDS - 10)]
    for word, normal in [(0, 0), (1, 7), *borders, (10**15, 10**14 + 1)]:
        got = filled(level, parameters(3, d, form), key, word, normal, n)
        want = rows_of_twin(words_of_key, word, normal, n, d, form)
        assert_samples(got, want, assert_same_bits, f"{level.name}, {form}, d={d}, from {word}, {normal}")


@parametrize_forms
@pytest.mark.parametrize("d", [1, 2, 3, 4, 7, 16, 64, 100])
def test_many_rows_from_the_stream(level, key, d, form, assert_same_bits):
    """Over several blocks, whole or in parts: uniforms and normals of the given key, through ``apply``."""
    mixture = parameters(3, d, form)
    n = 5 * BLOCK_WORDS // (2 * d) + 3
    word, normal = 900, 2500
    u, z = np.empty(n), np.empty((n, d))
    level.stream.UniformStream(level.stream.WordStream(key, threading.Lock())).fill_range(key, word, u)
    block_stream(level, key).fill_range(key, normal, z)
    want = applied(level, mixture, u, z)
    what = f"{level.name}, {form}, d={d}"
    assert_samples(filled(level, mixture, key, word, normal, n), want, assert_same_bits, what)
    for start, stop in itertools.pairwise(sorted({0, 1, 3, n // 7, n // 2, n // 2 + 1, n})):
        part = filled(level, mixture, key, word + start, normal + start * d, stop - start)
        whole = want[0][start:stop], want[1][start:stop]
        assert_samples(part, whole, assert_same_bits, f"{what}, rows {start} to {stop}")


def test_no_rows(level, key):
    """Nothing is read or written."""
    x, labels = filled(level, parameters(3, 2, "triangular"), key, 5, 5, 0)
    assert x.shape == (0, 2)
    assert labels.shape == (0,)


# The interface


@parametrize_forms
def test_a_sampler_keeps_copies(level, form, assert_same_bits):
    """What becomes of the arrays that it was made of does not matter."""
    mixture = parameters(3, 5, form)
    u, z = uniforms_and_normals(40, 5)
    want = applied(level, mixture, u, z)
    own = sampler(level, mixture)
    for array in mixture:
        array[...] = NAN
    got = z.copy(), np.empty(40, np.int64)
    own.apply(u, *got)
    assert_samples(got, want, assert_same_bits, f"{level.name}, {form}")


@pytest.mark.parametrize(
    ("what", "place", "wrong"),
    [
        ("cumulative too short", 0, np.ones(2)),
        ("cumulative of float32", 0, np.ones(3, "f")),
        ("cumulative no vector", 0, np.ones((3, 1))),
        ("cumulative not contiguous", 0, np.ones(6)[::2]),
        ("means of another dimension", 1, np.ones((3, 3))),
        ("means no matrix", 1, np.ones(3)),
        ("factors of two components", 2, np.ones((2, 2, 2))),
        ("factors not square", 2, np.ones((3, 2, 3))),
        ("deviations of two components", 2, np.ones((2, 2))),
        ("factors of float32", 2, np.ones((3, 2, 2), "f")),
        ("nothing", 2, None),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_wrong_parameters(level, what, place, wrong):
    """What does not fit together is refused, and no memory is read."""
    given: list[Any] = list(parameters(3, 2, "triangular"))
    level.mixture_sampling.MixtureSampler(*given)
    given[place] = wrong
    with pytest.raises((ValueError, TypeError)):
        level.mixture_sampling.MixtureSampler(*given)


def read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def test_wrong_arrays(level, key):
    """Of another length, type or layout, or read-only: refused, and nothing is written."""
    own = sampler(level, parameters(3, 2, "triangular"))
    normals = block_stream(level, key)
    u, z, labels = np.full(5, 0.5), np.full((5, 2), 7.0), np.full(5, 7)
    wrong_z = [np.ones((5, 3)), np.ones((4, 2)), np.ones(10), np.ones((5, 2), "f"), np.ones((2, 5)).T]
    wrong_labels = [
        np.ones(4, int),
        np.ones(5),
        np.ones(5, np.int32),
        np.ones(10, int)[::2],
        np.ones((5, 1), int),
    ]
    for wrong in [np.ones(4), np.ones(5, "f"), np.ones(10)[::2], np.ones((5, 1)), None]:
        with pytest.raises((ValueError, TypeError)):
            own.apply(wrong, z, labels)
    for wrong in [*wrong_z, read_only(np.ones((5, 2))), None]:
        with pytest.raises((ValueError, TypeError)):
            own.apply(u, wrong, labels)
        with pytest.raises((ValueError, TypeError)):
            own.fill_range(normals, key, 0, 0, wrong, labels)
    for wrong in [*wrong_labels, read_only(np.ones(5, int)), None]:
        with pytest.raises((ValueError, TypeError)):
            own.apply(u, z, wrong)
        with pytest.raises((ValueError, TypeError)):
            own.fill_range(normals, key, 0, 0, z, wrong)
    narrow = level.stream.BlockStream(key, 2, level.box_muller.float32)
    for stream, other_key in [(narrow, key), (normals, key.astype(float))]:
        with pytest.raises((ValueError, TypeError)):
            own.fill_range(stream, other_key, 0, 0, z, labels)
    assert (z == 7).all()
    assert (labels == 7).all()


# The textbook


def test_textbook_version():
    """With the same uniforms and normals, the textbook's samples differ by rounding alone."""
    weights, means = [0.2, 0.5, 0.3], [[0.0, 1.0], [3.0, 4.0], [-5.0, 0.0]]
    factors = [[[2.0, 0.0], [1.0, 3.0]], [[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.0], [-1.0, 2.0]]]
    covariances = [(np.array(factor) @ np.array(factor).T).tolist() for factor in factors]
    rows, labels = twin.textbook_mixture_samples(
        200, weights, means, covariances, python_random.Random(1).random
    )
    random = python_random.Random(1).random
    for row, label in zip(rows, labels, strict=True):
        u, z = random(), twin.textbook_multivariate_normals(1, [0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]], random)
        (want,), (component,) = twin.apply([u], z, np.cumsum(weights).tolist(), means, factors)
        assert component == label
        assert row == pytest.approx(want, rel=1e-12)
    assert set(labels) == {0, 1, 2}
