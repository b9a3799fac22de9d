"""All kernels compute in the default floating-point environment; the caller's stays."""

from __future__ import annotations

import ctypes
import ctypes.util
import gc
import itertools
import platform
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from fastdist.reference.stream import FLOAT32_NORMALS, FLOAT64_NORMALS
from tests.support import mixture_cases as mixtures
from tests.support import multivariate_cases as cases

# FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW | FE_INEXACT; and rounding downward, upward, to zero
FLAGS = {"x86_64": 0x3D, "aarch64": 0x1F, "arm64": 0x1F}
ROUNDING = {
    "x86_64": (0x400, 0x800, 0xC00),
    "aarch64": (0x800000, 0x400000, 0xC00000),
    "arm64": (0x800000, 0x400000, 0xC00000),
}


def sampler_calls(level: Any, key: np.ndarray, dtype: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """Normals of the stream and of another bit generator: one, a few from a tile that is kept, and many."""
    domain = {"float64": FLOAT64_NORMALS, "float32": FLOAT32_NORMALS}[dtype]

    def of_the_stream(n: int | None) -> object:
        stream = level.stream.BlockStream(key, domain, getattr(level.box_muller, dtype))
        return stream.next() if n is None else stream.draw(n, 1.1, 3.3)

    def of_another(n: int | None) -> object:
        stream = level.inversion.InversionStream(np.random.PCG64(7), dtype)
        return [stream.next() for _ in range(300)] if n is None else stream.draw(n, 1.1, 3.3)

    def fill_range() -> np.ndarray:
        out = np.empty(5000, dtype)
        stream = level.stream.BlockStream(key, domain, getattr(level.box_muller, dtype))
        stream.fill_range(key, 1001, out, 1.1, 3.3)
        return out

    for n in (None, 7, 5000):
        yield f"BlockStream, {n}", lambda n=n: of_the_stream(n)
        yield f"InversionStream, {n}", lambda n=n: of_another(n)
    yield "BlockStream.fill_range", fill_range


def calls(level: Any, key: np.ndarray, d: int, dtype: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """Each kernel, called with arguments that are made beforehand."""
    n = 21
    random = np.random.default_rng(d)
    z, mean = (random.normal(size=(n, d)).astype(dtype) for _ in range(2))
    factor, cov = cases.factors(d, n, 7, dtype), cases.covariances(d, n, 8, dtype)
    wide = [array.astype(float) for array in (mean, factor)]
    kind = np.dtype(dtype).type
    peak, tolerance = random.normal(size=n), kind(1e-5)
    yield "cholesky", lambda: level.cholesky.cholesky(cov)
    yield "pivoted_cholesky", lambda: level.cholesky.pivoted_cholesky(cov, tolerance)[0]
    yield "colorize", lambda: level.multivariate_sampling.colorize(z, mean, factor)
    colorizer = level.multivariate_sampling.Colorizer(mean[0].copy(), factor[0].copy())
    domain = {"float64": FLOAT64_NORMALS, "float32": FLOAT32_NORMALS}[dtype]
    normals = level.stream.BlockStream(key, domain, getattr(level.box_muller, dtype))

    def apply() -> np.ndarray:
        out = z.copy()
        colorizer.apply(out)
        return out

    def fill_range() -> np.ndarray:
        out = np.empty_like(z)
        colorizer.fill_range(normals, key, 1001, out)
        return out

    yield "Colorizer.apply", apply
    yield "Colorizer.fill_range", fill_range
    density = level.multivariate_density
    yield "log_peak", lambda: density.log_peak(wide[1])
    yield "whiten", lambda: density.whiten(z, *wide)
    yield "squared_mahalanobis", lambda: density.squared_mahalanobis(z, *wide)
    yield "logpdf", lambda: density.logpdf(z, *wide, peak)
    yield "pdf", lambda: density.pdf(z, *wide, peak)
    yield "logpdf of one", lambda: density.logpdf(z, wide[0][0], wide[1][0], peak[0])
    whitener = density.Whitener(wide[0][0], wide[1][0], float(peak[0]))
    points, point = z[:8].astype(float), z[0].tolist()
    for name in ("logpdf", "pdf", "squared_mahalanobis"):
        yield f"Whitener.{name}", lambda name=name: getattr(whitener, name)(points)
        yield f"Whitener.{name} of a list", lambda name=name: getattr(whitener, name)(point)

    def add_scatter() -> np.ndarray:
        out = np.zeros((d, d))
        level.scatter.add_scatter(z, wide[0][0], out)
        return out

    yield "add_scatter", add_scatter


def mixture_calls(
    level: Any, key: np.ndarray, d: int, dtype: str
) -> Iterator[tuple[str, Callable[[], object]]]:
    """The same for mixtures of each form, of points near to the means and so far that squares overflow."""
    n = 21
    for form in mixtures.FORMS:
        given = mixtures.parameters(3, d, form)
        x, r = mixtures.data(given, n, dtype), np.full((n, 3), 0.3, dtype)
        zeros = [np.zeros_like(array) for array in mixtures.sums_before(3, d, form)]
        model = level.mixture.Mixture(*given, np.dtype(dtype))
        sampler = level.mixture_sampling.MixtureSampler(np.array([0.25, 0.5, 1.0]), *given[2:])
        normals = level.stream.BlockStream(key, FLOAT64_NORMALS, level.box_muller.float64)
        u, z = (np.random.default_rng(d).uniform(size=shape) for shape in (n, (n, d)))

        def score_samples(model: Any = model, x: np.ndarray = x) -> np.ndarray:
            out = np.empty(n, dtype)
            model.score_samples(x, out)
            return out

        def responsibilities(model: Any = model, x: np.ndarray = x) -> np.ndarray:
            out, log_density = np.empty((n, 3), dtype), np.empty(n, dtype)
            model.responsibilities(x, out, log_density)
            return np.concatenate([out.ravel(), log_density])

        def predict(model: Any = model, x: np.ndarray = x) -> np.ndarray:
            out = np.empty(n, np.intp)
            model.predict(x, out)
            return out

        def add_expectations(
            model: Any = model, x: np.ndarray = x, given: Any = given, zeros: Any = zeros
        ) -> object:
            sums = [array.copy() for array in zeros]
            likelihood = model.add_expectations(x, None, given[2], *sums)
            return np.concatenate([[likelihood], *(array.ravel() for array in sums)])

        def add_moments(x: np.ndarray = x, given: Any = given, zeros: Any = zeros, r: Any = r) -> np.ndarray:
            sums = [array.copy() for array in zeros]
            level.mixture.add_moments(x, r, given[2], *sums)
            return np.concatenate([array.ravel() for array in sums])

        def apply(sampler: Any = sampler, u: np.ndarray = u, z: np.ndarray = z) -> np.ndarray:
            out, labels = z.copy(), np.empty(n, np.int64)
            sampler.apply(u, out, labels)
            return np.concatenate([out.ravel(), labels])

        def fill_range(sampler: Any = sampler, normals: Any = normals) -> np.ndarray:
            out, labels = np.empty((n, d)), np.empty(n, np.int64)
            sampler.fill_range(normals, key, 11, 1001, out, labels)
            return np.concatenate([out.ravel(), labels])

        for call in (
            score_samples,
            responsibilities,
            predict,
            add_expectations,
            add_moments,
            apply,
            fill_range,
        ):
            yield f"{form}, {call.__name__}", call


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    """Collections may call back whatever has asked for it, which then raises flags of its own."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_garbage_collection")
@pytest.mark.parametrize("dtype", cases.DTYPES)
@pytest.mark.parametrize("d", [1, 3, 17, 64])
def test_the_environment_of_a_call(level, key, d, dtype, assert_same_bits):
    """The caller's mode of rounding changes no bit, and no status flag is raised."""
    machine = platform.machine()
    if machine not in ROUNDING:
        pytest.skip(f"the modes of rounding are not known for {machine}")
    library = ctypes.CDLL(ctypes.util.find_library("m"))
    for name, call in itertools.chain(
        sampler_calls(level, key, dtype), calls(level, key, d, dtype), mixture_calls(level, key, d, dtype)
    ):
        want = np.asarray(call())
        for mode in ROUNDING[machine]:
            library.feclearexcept(FLAGS[machine])
            library.fesetround(mode)
            try:
                got = np.asarray(call())
            finally:
                left = library.fetestexcept(FLAGS[machine])
                library.fesetround(0)
            what = f"{level.name}, {name}, d={d}, mode {mode:#x}"
            assert left == 0, f"{what}: flags {left:#x}"
            assert_same_bits(got.ravel(), want.ravel(), what)
