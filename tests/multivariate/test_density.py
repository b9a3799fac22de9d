"""Multivariate densities: bit for bit the twin's on every instruction set, and within their stated bounds."""

from __future__ import annotations

import functools
import itertools
import json
import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fastdist.accuracy import bound
from fastdist.reference import multivariate_density as twin
from fastdist.reference.arithmetic import Float32
from tests.support import golden_multivariate as golden
from tests.support import multivariate_cases as cases
from tests.support.remembered import remembered

parametrize_dtypes = pytest.mark.parametrize("dtype", cases.DTYPES)
parametrize_dimensions = pytest.mark.parametrize("d", cases.DIMENSIONS)
parametrize_large_dimensions = pytest.mark.parametrize("d", cases.LARGE_DIMENSIONS)
parametrize_functions = pytest.mark.parametrize(
    "function", ["whiten", "squared_mahalanobis", "logpdf", "pdf"]
)
POINT_FUNCTIONS = ["logpdf", "pdf", "squared_mahalanobis"]
INF, NAN = math.inf, math.nan


def rows(d: int) -> int:
    """How many a twin can do in a moment."""
    return 37 if d < 5 else 19 if d < 20 else 9


def away_from(mean: np.ndarray, factor: np.ndarray, n: int, seed: int) -> np.ndarray:
    """n vectors x, such that densities are neither all 0 nor all alike."""
    random = np.random.default_rng(seed)
    z = random.normal(size=(n, mean.shape[-1], 1)) * 10.0 ** random.integers(-1, 2, (n, 1, 1))
    return mean + (np.tril(np.nan_to_num(factor)) @ z)[..., 0]


def takes_peak(function: str) -> bool:
    return function in ("logpdf", "pdf")


@remembered
def of_twin(function: str, *arguments: np.ndarray) -> np.ndarray:
    """The twin's results for each of n vectors, with n of the other arguments or one for all."""
    x, mean, factor = arguments[:3]
    n, d = x.shape
    means, factors = np.broadcast_to(mean, (n, d)), np.broadcast_to(factor, (n, d, d))
    more = [np.broadcast_to(peak, n).tolist() for peak in arguments[3:]]
    found = [
        getattr(twin, function)(*map(cases.numbers, each), *(peak[i] for peak in more))
        for i, each in enumerate(zip(x, means, factors, strict=True))
    ]
    if function == "whiten":
        return np.array(found, np.float64).reshape(n, d)
    return np.array(found, x.dtype)


@functools.cache
def arguments_of(d: int, n: int, alike: bool, dtype: str) -> tuple[np.ndarray, ...]:
    """x, mean, factor and peak: n of each, or of all but x one."""
    distributions = 1 if alike else n
    factor = cases.factors(d, distributions, 80 + d, "float64")
    mean = np.random.default_rng(81 + d).normal(size=(distributions, d))
    peak = np.array([twin.log_peak(cases.numbers(each)) for each in factor])
    x = away_from(mean, factor, n, 82 + d).astype(dtype)
    return (x, mean[0], factor[0], peak[:1].reshape(())) if alike else (x, mean, factor, peak)


@functools.cache
def known(
    function: str, d: int, n: int, alike: bool, dtype: str
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Arguments of a function, and the twin's results."""
    arguments = arguments_of(d, n, alike, dtype)[: 4 if takes_peak(function) else 3]
    return arguments, of_twin(function, *arguments)


# log_peak


@parametrize_dimensions
def test_log_peak(level, d, assert_same_bits):
    """Of the diagonals of a batch; and of one."""
    factor = cases.factors(d, 40, 90 + d, "float64")
    want = [twin.log_peak(cases.numbers(each)) for each in factor]
    got = level.multivariate_density.log_peak(factor)
    assert_same_bits(got, want, f"{level.name}, d={d}")
    for layout, array in cases.layouts(factor):
        assert_same_bits(level.multivariate_density.log_peak(array), want, f"{level.name}, {layout}, d={d}")
    assert level.multivariate_density.log_peak(factor[7]) == want[7]


def test_log_peak_of_special_diagonals(level, assert_same_bits):
    """Any positive number; NaN where one is not positive."""
    limits = np.finfo(float)
    specials = [limits.max, limits.tiny, limits.smallest_subnormal, 1.0, 2.0**510, 2.0**-540, INF]
    wrong = [0.0, -0.0, -1.0, -INF, NAN]
    diagonals = list(itertools.product(specials, repeat=3)) + [(1.0, bad, 2.0) for bad in wrong]
    factor = np.array([np.diag(diagonal) for diagonal in diagonals])
    want = [twin.log_peak(cases.numbers(each)) for each in factor]
    with np.errstate(all="raise"):
        got = level.multivariate_density.log_peak(factor)
    assert_same_bits(got, want, level.name)
    assert np.isnan(got[-len(wrong) :]).all()
    assert np.isfinite(got[:-5].reshape(7, 7, 7)[:6, :6, :6]).all()


@pytest.mark.parametrize("d", [1, 2, 3, 16, 64])
def test_error_of_log_peak(level, d):
    """Against fifty digits: the stated bound, also where the terms cancel."""
    mpmath = golden.mpmath
    random = np.random.default_rng(d)
    diagonals = [random.uniform(0.1, 1, d), 10.0 ** random.uniform(-200, 200, d), np.full(d, 0.4)]
    diagonals.append(np.full(d, 1 / math.sqrt(2 * math.pi)))
    entry = bound("log_peak")
    for diagonal in diagonals:
        got = float(level.multivariate_density.log_peak(np.diag(diagonal)))
        logarithms = [mpmath.log(mpmath.mpf(v)) for v in diagonal.tolist()]
        exact = -mpmath.fsum(logarithms) - d * mpmath.log(2 * mpmath.pi) / 2
        share = float(abs(got - exact)) / entry(logs=float(sum(abs(v) + 1 for v in logarithms)))
        assert share <= 1, f"{level.name}, d={d}, {diagonal[:3]}: {share:.3f} of the bound"


# The solving functions


@parametrize_functions
@parametrize_dtypes
@parametrize_dimensions
def test_functions(level, function, d, dtype, assert_same_bits):
    """Each x with a mean and a factor of its own, or all with the same.  float32 x give float32 results."""
    for alike in (False, True):
        arguments, want = known(function, d, rows(d), alike, dtype)
        before = [array.copy() for array in arguments]
        got = getattr(level.multivariate_density, function)(*arguments)
        assert got.dtype == want.dtype
        assert_same_bits(got.ravel(), want.ravel(), f"{level.name}, {function}, alike={alike}, d={d}")
        for array, copy in zip(arguments, before, strict=True):
            assert_same_bits(array.ravel(), copy.ravel(), "an argument")


@parametrize_functions
@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 2, 3, 4, 8])
def test_number_of_vectors(level, function, d, dtype, assert_same_bits):
    """Any number of x side by side."""
    for alike in (False, True):
        (x, *others), want = known(function, d, max(cases.COUNTS), alike, dtype)
        for n in cases.COUNTS:
            arguments = x[:n], *(others if alike else (array[:n] for array in others))
            got = getattr(level.multivariate_density, function)(*arguments)
            what = f"{level.name}, {function}, {n} of d={d}, alike={alike}"
            assert_same_bits(got.ravel(), want[:n].ravel(), what)


@parametrize_functions
@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 3, 17])
def test_layouts(level, function, d, dtype, assert_same_bits):
    """The same whatever the strides, of one or of all of them, and of what is written."""
    call = getattr(level.multivariate_density, function)
    for alike in (False, True):
        arguments, want = known(function, d, rows(d), alike, dtype)
        every = [list(cases.layouts(np.asarray(array))) for array in arguments]
        for which in [*range(len(arguments)), None]:
            for i, (layout, _) in enumerate(every[0]):
                chosen = [
                    every[k][i][1] if which in (k, None) else array for k, array in enumerate(arguments)
                ]
                got = call(*chosen)
                what = f"{level.name}, {function}, {layout} of {which}, d={d}, alike={alike}"
                assert_same_bits(got.ravel(), want.ravel(), what)
        out = np.full((3, *want.shape), NAN, want.dtype)[1]
        for target in (
            out,
            np.full([2 * n for n in want.shape], NAN, want.dtype)[(slice(None, None, 2),) * out.ndim],
        ):
            assert call(*arguments, out=target) is target
            assert_same_bits(target.ravel(), want.ravel(), f"{level.name}, {function}, out, d={d}")


@parametrize_functions
@pytest.mark.parametrize("d", [2, 5])
def test_broadcasting(level, function, d, assert_same_bits):
    """K distributions over n points: every pair, one axis of each of stride 0."""
    (x, _, _, _), (_, mean, factor, peak) = (arguments_of(d, 9, alike, "float64") for alike in (True, False))
    others = [mean[:, None], factor[:, None], peak[:, None]][: 3 if takes_peak(function) else 2]
    got = getattr(level.multivariate_density, function)(x, *others)
    assert got.shape[:2] == (9, 9)
    for k in range(9):
        want = of_twin(function, x, *(other[k, 0] for other in others))
        assert_same_bits(got[k].ravel(), want.ravel(), f"{level.name}, {function}, {k}")


@parametrize_functions
@parametrize_dtypes
@pytest.mark.parametrize("d", [1, 2, 5, 16, 24, 40])
def test_special_numbers(level, function, d, dtype, assert_same_bits):
    """NaN, infinities and zeros anywhere; huge and tiny scales; factors that failed.  Nothing is raised."""
    limits = np.finfo(float)
    specials = [NAN, INF, -INF, 0.0, -0.0, limits.max, -limits.max, limits.tiny, limits.smallest_subnormal]
    found = []
    for special, place, which in itertools.product(specials, {0, d - 1}, range(3)):
        x, mean, factor, peak = (np.array(a) for a in arguments_of(d, 1, False, "float64"))
        (x, mean, factor)[which][0, ..., place] = special
        found.append((x, mean, factor, peak))
    for scale in (limits.max, 1e300, 1e-300, limits.tiny, NAN, 0.0):
        x, mean, factor, peak = (np.array(a) for a in arguments_of(d, 1, False, "float64"))
        with np.errstate(all="ignore"):
            factor *= scale
        found += [(x, mean, factor, peak), (mean, mean, factor, peak)]
    for peak in (INF, -INF, NAN):
        found.append((*arguments_of(d, 1, False, "float64")[:3], np.array([peak])))
    with np.errstate(all="ignore"):
        x, mean, factor, peak = map(np.concatenate, zip(*found, strict=True))
        arguments = (x.astype(dtype), mean, factor, peak)[: 4 if takes_peak(function) else 3]
    want = of_twin(function, *arguments)
    with np.errstate(all="raise"):
        got = getattr(level.multivariate_density, function)(*arguments)
    assert_same_bits(got.ravel(), want.ravel(), f"{level.name}, {function}, d={d}")
    assert 0 < np.isnan(got).sum() < got.size
    for i in range(len(x)):  # one at a time, and many with the same parameters
        same = (np.repeat(arguments[0][i : i + 1], 20, axis=0), *(array[i] for array in arguments[1:]))
        got = getattr(level.multivariate_density, function)(*same)
        assert_same_bits(
            got.ravel(), np.repeat(want[i : i + 1], 20, axis=0).ravel(), f"{level.name}, case {i}"
        )


@pytest.mark.parametrize("d", [1, 2, 3, 5, 24])
@pytest.mark.parametrize("n", [1, 31, 32, 33, 70])
@parametrize_dtypes
def test_special_points_among_others(level, n, d, dtype, assert_same_bits):
    """Each lane is settled on its own: infinitely far, NaN, or as it is; with peaks of their own, too."""
    x, mean, factor, peak = (np.array(array) for array in arguments_of(d, n, True, dtype))
    random = np.random.default_rng(n)
    rows_of_specials = random.permutation(n)[: 1 + n // 2]
    for row in rows_of_specials:
        x[row, random.integers(d)] = random.choice([NAN, INF, -INF])
    for peaks in (peak, np.linspace(-2, 2, n)):
        for function in POINT_FUNCTIONS:
            arguments = (x, mean, factor, peaks)[: 4 if takes_peak(function) else 3]
            want = of_twin(function, *arguments)
            with np.errstate(all="raise"):
                got = getattr(level.multivariate_density, function)(*arguments)
            assert_same_bits(got, want, f"{level.name}, {function}, {n} of d={d}")
            strided = np.full(2 * n, NAN, got.dtype)[::2]
            getattr(level.multivariate_density, function)(*arguments, out=strided)
            assert_same_bits(strided.copy(), want, f"{level.name}, {function}, strided, {n} of d={d}")
    far = np.isinf(x).any(axis=-1) & ~np.isnan(x).any(axis=-1)
    assert (level.multivariate_density.squared_mahalanobis(x, mean, factor)[far] == INF).all()


@pytest.mark.parametrize("d", [1, 3, 30])
@pytest.mark.parametrize("wrong", [NAN, INF, 0.0])
def test_what_is_no_factor_makes_nan(level, d, wrong):
    """Not infinity: where L or a reciprocal of its diagonal is not finite, NaN stays what it is."""
    _, mean, factor, _ = (np.array(array) for array in arguments_of(d, 1, True, "float64"))
    factor[d - 1, d - 1] = wrong
    x = np.tile(mean, (40, 1))
    x[1::2, 0] = INF
    got = level.multivariate_density.squared_mahalanobis(x, mean, factor)
    np.testing.assert_array_equal(got, of_twin("squared_mahalanobis", x, mean, factor))
    if wrong != INF:
        assert np.isnan(got[::2]).all()


@parametrize_functions
@parametrize_dtypes
@parametrize_large_dimensions
def test_large_dimensions(level, function, d, dtype, assert_same_bits):
    """Where the twin is too slow: what the plainest instruction set gives."""
    factor = cases.factors(d, 1, 95, "float64")[0]
    mean = np.random.default_rng(96).normal(size=d)
    x = away_from(mean, factor, 21, 97).astype(dtype)
    arguments = (x, mean, factor, np.float64(3.5))[: 4 if takes_peak(function) else 3]
    want = getattr(cases.baseline("multivariate_density"), function)(*arguments)
    assert np.isfinite(want).all()
    got = getattr(level.multivariate_density, function)(*arguments)
    assert_same_bits(got.ravel(), want.ravel(), f"{level.name}, {function}, d={d}")


@parametrize_dtypes
def test_pdf_over_its_range(level, dtype, assert_same_bits):
    """exp of any log density, at the mean of a narrow or wide distribution: 0, subnormal, infinite, NaN."""
    peak = np.concatenate([
        np.linspace(-800, 800, 1001), np.linspace(-1, 1, 101), np.linspace(-745.2, -708, 101),
        np.linspace(709, 710, 101), np.linspace(-104, -87, 101), np.linspace(88, 89, 101),
        [INF, -INF, NAN, 1e300, -1e300, 0.0, -0.0],
    ])  # fmt: skip
    x = np.zeros((peak.size, 1), dtype)
    arguments = x, np.zeros(1), np.ones((1, 1)), peak
    with np.errstate(all="raise"):
        got = level.multivariate_density.pdf(*arguments)
    assert_same_bits(got, of_twin("pdf", *arguments), level.name)
    exact = [INF if v > 709.78 else math.exp(v) for v in peak.tolist()]
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(got, np.array(exact, dtype), rtol=4 * np.finfo(dtype).eps, atol=1e-320)


def test_dtypes(level):
    """x decides: float32 x give float32, whatever the parameters are."""
    narrow, wide = np.ones((3, 2), "f"), np.ones((3, 2))
    mean, factor = np.zeros(2), np.eye(2)
    for function in ("squared_mahalanobis", "logpdf", "pdf"):
        call = getattr(level.multivariate_density, function)
        more = (np.float64(-1.5),) if takes_peak(function) else ()
        assert call(narrow, mean, factor, *more).dtype == np.float32
        assert call(narrow, mean.astype("f"), factor.astype("f"), *map(np.float32, more)).dtype == np.float32
        assert call(wide, mean, factor, *more).dtype == np.float64
        assert call(wide.astype(int), mean, factor, *more).dtype == np.float64
        with pytest.raises(ValueError, match="core dimension"):
            call(np.ones(3), mean, factor, *more)


# Few points: Whitener


@functools.cache
def frozen(d: int) -> tuple[np.ndarray, ...]:
    return arguments_of(d, 12, True, "float64")


def whitener_of(level: Any, d: int) -> Any:
    _, mean, factor, peak = frozen(d)
    return level.multivariate_density.Whitener(mean, factor, float(peak))


@pytest.mark.parametrize("function", POINT_FUNCTIONS)
@pytest.mark.parametrize("d", [1, 2, 3, 4, 8, 17])
def test_few_points(level, function, d, assert_same_bits):
    """One point as a list, a tuple or an array, some in an array: as the ufunc has it, squeezed."""
    x, mean, factor, peak = frozen(d)
    want = of_twin(function, x, mean, factor, *([peak] if takes_peak(function) else []))
    call = getattr(whitener_of(level, d), function)
    for i in range(3):
        for point in (x[i].tolist(), tuple(x[i].tolist()), x[i].copy(), x[i : i + 1]):
            got = call(point)
            assert type(got) is np.float64
            assert_same_bits(np.array([got]), want[i : i + 1], f"{level.name}, {function}, {type(point)}")
    read_only = x.copy()
    read_only.flags.writeable = False
    for shape in ((12, d), (3, 4, d), (12, 1, d), (1, 12, d)):
        got = call(read_only.reshape(shape))
        expected = want.reshape(shape[:-1]).squeeze()
        assert got.shape == expected.shape
        assert_same_bits(got.ravel(), expected.ravel(), f"{level.name}, {function}, {shape}")
        assert not np.shares_memory(got, read_only)
    assert call(np.empty((0, d))).shape == (0,)
    if d == 1:
        got = call(x[:, 0].copy())
        assert_same_bits(got, want, f"{level.name}, {function}, each number a point")


@pytest.mark.parametrize("function", POINT_FUNCTIONS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_no_short_way(level, function, d):
    """None for all that needs a conversion, a check or an error message."""
    call = getattr(whitener_of(level, d), function)
    x = np.ones((4, d))
    unaligned = dict(cases.layouts(x))["unaligned"]
    others = [
        [1.0] * (d + 1), [1.0] * (d - 1), [1] * d, ["1"] * d, [None] * d, [True] * d, "x" * d, None, {},
        np.ones((4, d + 1)), np.ones((4, 2 * d))[:, ::2], x.astype("f"), x.astype(int), x.astype(complex),
        x.astype(">f8"), unaligned, np.repeat(x, 2, axis=0)[::2], [x[0].tolist()], object(), x.astype(object),
    ]  # fmt: skip
    for other in others:
        assert call(other) is None, repr(other)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_few_special_points(level, d, assert_same_bits):
    """NaN, infinite and huge components; nothing is raised."""
    _, mean, factor, peak = frozen(d)
    points = np.array(list(itertools.product([NAN, INF, -INF, 1e308, -1e308, 0.0, 1e160], repeat=d)))
    for function in POINT_FUNCTIONS:
        want = of_twin(function, points, mean, factor, *([peak] if takes_peak(function) else []))
        call = getattr(whitener_of(level, d), function)
        with np.errstate(all="raise"):
            got = np.array([call(point) for point in points.tolist()])
            together = call(points[:50])
        assert_same_bits(got, want, f"{level.name}, {function}, d={d}")
        assert_same_bits(together, want[:50], f"{level.name}, {function}, d={d}, together")


@pytest.mark.parametrize(
    ("mean", "factor"), [((), ()), ((2,), (2,)), ((3,), (2, 2)), ((2,), (2, 3)), ((2, 2), (2, 2))]
)
def test_no_whitener(level, mean, factor):
    """What is no vector with a square matrix of its length is refused, and no memory is read."""
    with pytest.raises(ValueError, match="must be float64"):
        level.multivariate_density.Whitener(np.zeros(mean), np.zeros(factor), 0.0)
    with pytest.raises(ValueError, match="must be float64"):
        level.multivariate_density.Whitener(np.zeros(2), np.eye(2, dtype="f"), 0.0)


def test_a_whitener_of_any_layout(level, assert_same_bits):
    """Strided, read-only, unaligned or byte-swapped: the same distances."""
    x, mean, factor, _ = frozen(4)
    want = of_twin("squared_mahalanobis", x, mean, factor)
    for (layout, other_mean), (_, other_factor) in zip(
        cases.layouts(mean), cases.layouts(factor), strict=True
    ):
        whitener = level.multivariate_density.Whitener(other_mean, other_factor, 0.0)
        assert_same_bits(whitener.squared_mahalanobis(x.copy()), want, f"{level.name}, {layout}")


def test_a_whitener_keeps_copies(level):
    """What becomes of the arrays that it was made of does not matter."""
    mean, factor = np.zeros(2), np.eye(2)
    whitener = level.multivariate_density.Whitener(mean, factor, 0.0)
    mean[...] = NAN
    factor[...] = NAN
    assert whitener.squared_mahalanobis([3.0, 4.0]) == 25.0


# Accuracy


def golden_cases() -> list[SimpleNamespace]:
    """The covariances of the golden file, each with its points (x, squared distance, logpdf)."""
    found: list[SimpleNamespace] = []
    for line in json.loads(golden.GOLDEN.read_text(encoding="utf-8")):
        if isinstance(line[0], int):
            d, condition, mean, triangle = line
            cov = np.zeros((d, d))
            cov[np.tril_indices(d)] = list(map(float.fromhex, triangle))
            mean = np.array(list(map(float.fromhex, mean)))
            found.append(SimpleNamespace(d=d, condition=condition, mean=mean, cov=cov, points=[]))
        else:
            x, *results = line
            found[-1].points.append((np.array(list(map(float.fromhex, x))), *map(Fraction, results)))
    return found


def shares_of_the_bounds(level: Any) -> dict[str, float]:
    """The worst error of each density over the golden values, as a share of its bound."""
    worst = dict.fromkeys(
        ["squared_mahalanobis", "multivariate_normal.logpdf", "multivariate_normal.pdf"], 0.0
    )
    density = level.multivariate_density
    for case in golden_cases():
        factor = level.cholesky.cholesky(case.cov)
        peak = density.log_peak(factor)
        diagonal = np.diag(factor).tolist()
        known = {"d": case.d, "condition": case.condition}
        logs = sum(abs(math.log(v)) + 1 for v in diagonal)
        assert 4 * case.d * (case.d + 1) * 2.0**-53 * case.condition <= 0.1
        for x, exact_q, exact in case.points:
            q = Fraction(float(density.squared_mahalanobis(x, case.mean, factor)))
            value = Fraction(float(density.logpdf(x, case.mean, factor, peak)))
            limit = bound("multivariate_normal.logpdf")(
                **known, q=float(exact_q), logs=logs, logpdf=float(exact)
            )
            shares = {"multivariate_normal.logpdf": abs(value - exact) / Fraction(limit)}
            if exact_q:
                shares["squared_mahalanobis"] = abs(q / exact_q - 1) / Fraction(
                    bound("squared_mahalanobis")(**known)
                )
            else:
                assert q == 0
            if exact > -700 and limit <= 0.1:
                ratio = golden.mpmath.mpf(float(density.pdf(x, case.mean, factor, peak)))
                ratio /= golden.mpmath.exp(golden.mpmath.mpf(exact.numerator) / exact.denominator)
                shares["multivariate_normal.pdf"] = abs(ratio - 1) / bound("multivariate_normal.pdf")(e=limit)
            for name, share in shares.items():
                worst[name] = max(worst[name], float(share))
    return worst


def test_densities_against_mpmath(level):
    """Condition numbers from 1 to 1e12: no error exceeds its bound, and the worst is what is stated."""
    for name, share in shares_of_the_bounds(level).items():
        assert share <= 1, f"{level.name}, {name}: {share:.3f} of the bound"
        assert share == pytest.approx(bound(name).worst_share, rel=0.05), f"{level.name}, {name}: {share:.2g}"


def test_golden_values_cover_the_condition_numbers():
    """From 1 to nearly 1e12, in each dimension."""
    for d in golden.DIMENSIONS[1:]:
        conditions = [case.condition for case in golden_cases() if case.d == d]
        assert min(conditions) == pytest.approx(1)
        assert 4e11 < max(conditions) < 1e12


@pytest.mark.slow
def test_golden_values_are_current():
    """The script gives what is committed."""
    assert golden.file_text() == golden.GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("d", [1, 2, 3, 16, 64])
def test_error_of_whiten(level, d):
    """L y is x - mean, but for the stated bound, in exact arithmetic."""
    x, mean, factor, _ = arguments_of(d, rows(d), False, "float64")
    got = level.multivariate_density.whiten(x, mean, factor)
    entry = bound("whiten")
    for row in range(5):
        y = list(map(Fraction, got[row].tolist()))
        for i in range(d):
            products = [Fraction(factor[row, i, k].item()) * y[k] for k in range(i + 1)]
            residual = abs(Fraction(x[row, i].item()) - Fraction(mean[row, i].item()) - sum(products))
            share = float(residual / sum(map(abs, products))) / entry(d=d)
            assert share <= 1, f"{level.name}, d={d}, component {i}: {share:.3f} of the bound"


def test_textbook_version():
    """The textbook's log density differs by rounding alone."""
    cov, mean = [[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 2.0]], [1.0, -2.0, 0.5]
    factor = twin.textbook_cholesky(cov)
    for x in np.random.default_rng(3).normal(size=(30, 3)).tolist():
        want = twin.logpdf(x, mean, factor, twin.log_peak(factor))
        assert twin.textbook_logpdf(x, mean, cov) == pytest.approx(want, rel=1e-13)


def test_float32_is_computed_in_float64():
    """The twin rounds the float64 result; it does not compute in float32."""
    x, mean, factor = [0.1, 0.7], [1.0, -2.0], [[2.0, 0.0], [1.0, 3.0]]
    narrow = list(map(Float32, x))
    wide = [float(v) for v in narrow]
    for function in (twin.logpdf, twin.pdf):
        assert function(narrow, mean, factor, -3.0) == Float32(function(wide, mean, factor, -3.0))
        assert type(function(narrow, mean, factor, -3.0)) is Float32
