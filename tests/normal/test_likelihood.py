"""loglikelihood, nnlf and fit: exact sums over data, whatever the threads, the layout and the magnitude."""

import warnings

import mpmath
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import scipy.stats

import fastdist
from fastdist import norm
from fastdist.normal import likelihood

SCIPY = scipy.stats.norm
LARGE = 3 * likelihood.SHARE_VALUES + 5  # elements: enough for three threads


def assert_same_number(actual, expected):
    assert type(actual) is type(expected) is np.float64
    assert actual.tobytes() == expected.tobytes()


def exact_loglikelihood(x, loc, scale):
    with mpmath.workprec(200):
        x, loc, scale = (
            np.broadcast_to(p, np.broadcast(x, loc, scale).shape).ravel().tolist() for p in (x, loc, scale)
        )
        logs = {s: mpmath.log(s) + mpmath.log(2 * mpmath.pi) / 2 for s in set(scale)}
        return mpmath.fsum(
            -(((mpmath.mpf(a) - m) / s) ** 2) / 2 - logs[s] for a, m, s in zip(x, loc, scale, strict=True)
        )


@pytest.mark.parametrize("n", [1, 2, 4095, 4096, 4097, 20_000])
@pytest.mark.parametrize(
    ("loc", "scale"), [(0.3, 2.5), (1e8, 1e-3), (-1e-200, 1e-200), (1e200, 1e200), (0, 0.4)]
)
def test_loglikelihood_is_the_exact_sum(n, loc, scale):
    """To some units in the last place of its terms, in any magnitude."""
    x = loc + scale * np.random.default_rng(n).standard_normal(n)
    exact = exact_loglikelihood(x, loc, scale)
    for got in (norm.loglikelihood(x, loc, scale), norm.loglikelihood(x, np.full(n, loc), scale)):
        assert type(got) is np.float64
        terms = n * (abs(norm.logpdf(loc, loc, scale)) + 0.5)
        # An array's elements each round z, an error of z**2 eps / 2 in what has the magnitude of z**2.
        assert abs(got - exact) <= 4 * terms * 2.0**-53 + 2**-52 * n


@pytest.mark.parametrize(
    "x",
    [0.5, [], [[]], [1, 2, 3], [True, False], np.float16(0.5), np.arange(12, dtype="u1").reshape(2, 6),
     [1.0, np.inf],
     [1.0, np.nan], [np.inf, -np.inf], [1e200, 1.0], [1e308]],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize(
    ("loc", "scale"),
    [(0, 1), (1.5, 2), (0, 0), (0, -1), (np.nan, 1), (0, np.nan), (np.inf, 1), (0, np.inf), (0, 5e-324),
     (-1e308, 1e308),
     ([0], 1), (0, [[1.0], [2.0]]), (0, True), (np.float32(1), np.int8(2))],
    ids=str,
)  # fmt: skip
def test_loglikelihood_is_the_sum_of_logpdf(x, loc, scale):
    """For every kind of argument, the special ones included; 0 for no data; no warnings."""
    values = norm.logpdf(x, loc, scale, dtype=np.float64)
    want = np.float64(sum(np.ravel(values).tolist()))
    with np.errstate(all="raise"):
        got = norm.loglikelihood(x, loc, scale)
    assert type(got) is np.float64
    np.testing.assert_allclose(got, want, rtol=1e-14)
    assert not (values.size == 0 and np.signbit(got))


def test_loglikelihood_where_the_square_overflows():
    np.testing.assert_allclose(norm.loglikelihood([1.8e154], 0, 1), -1.62e308, rtol=1e-14)


def test_loglikelihood_of_any_layout_and_dtype():
    """The same elements in C order give the same bits, on any number of threads, however they lie."""
    x = np.random.default_rng(3).standard_normal((LARGE // 16 + 1, 16)).astype("f4")
    params = np.float32(0.5), 1 + np.abs(x[0])
    for loc, scale in [(0.5, 2), params]:
        expected = norm.loglikelihood(x, loc, scale)
        for threads in (1, 2, 3):
            with fastdist.num_threads(threads):
                for same in (
                    x, x.astype(float), x.astype(">f4"), x.astype(">f8"), np.asfortranarray(x),
                    np.repeat(x, 2, 0)[::2],
                    x[::-1].copy()[::-1], x.astype(np.float64)[:, ::-1].copy()[:, ::-1],
                ):  # fmt: skip
                    assert_same_number(norm.loglikelihood(same, loc, scale), expected)


def test_loglikelihood_and_fit_of_a_memory_map(tmp_path):
    """Read where it lies, and not written to."""
    x = np.random.default_rng(3).normal(5, 2, LARGE)
    x.tofile(tmp_path / "x")
    mapped = np.memmap(tmp_path / "x", mode="r")[8:].view(float)
    assert_same_number(norm.loglikelihood(mapped, 5, 2), norm.loglikelihood(x[1:], 5, 2))
    assert norm.fit(mapped) == norm.fit(x[1:])


@pytest.mark.parametrize("bad", [1j, "1", None, np.longdouble(1), [object()]], ids=repr)
def test_loglikelihood_rejects(bad):
    for arguments in [(bad,), (1.0, bad), (1.0, 0, bad), ([], bad)]:
        with pytest.raises(TypeError):
            norm.loglikelihood(*arguments)
    with pytest.raises(ValueError, match=r"broadcast|shape mismatch"):
        norm.loglikelihood([1, 2, 3], [1, 2])
    with pytest.raises(TypeError):
        norm.fit(bad)


@pytest.mark.parametrize(
    ("theta", "x"),
    [
        ((0, 1), [1, 2, 3]), ((1.5, 2), [1, 2, 3]), ((0, 0), [1, 2]), ((0, -1), [1, 2]),
        ((0, np.nan), [1, 2]),
        ((np.nan, 1), [1, 2]), ((0, 1), [1, np.nan]), ((0, 1), [1, np.inf]), ((0, 1), []),
        ((0, 1), [[1, 2], [3, 4]]),
        ((0, 1), [[1, np.nan], [3, 4]]), (([0, 1], 2), [3, 4]), (([0, 1], 2), [[3, 4], [5, 6], [7, 8]]),
        ([0, 1], (1, 2)), (np.array([0.5, 2]), np.arange(3)), ((0, 1), np.arange(3, dtype="f4")),
    ],
    ids=str,
)  # fmt: skip
def test_nnlf_is_that_of_scipy(theta, x):
    got, want = norm.nnlf(theta, x), SCIPY.nnlf(theta, x)
    assert np.shape(got) == np.shape(want)
    np.testing.assert_allclose(got, want, rtol=1e-13)
    assert np.asarray(got).dtype == np.float64


def test_nnlf_takes_two_parameters():
    for bad in ((0,), (0, 1, 2), ()):
        with pytest.raises(ValueError, match="loc and scale"):
            norm.nnlf(bad, [1, 2])
    with pytest.raises(TypeError):
        norm.nnlf(0, [1, 2])


@pytest.mark.parametrize(
    "data",
    [[1, 2, 3], 3.0, [[1, 2], [3, 4]], [True, False], np.arange(1000, dtype="i2"), [7.0] * 5000,
     [1e-8, 1, 1e8],
     (1, 2.5), np.float32([1, 2, 4]), np.float16([1, 2, 4]), pd.Series([1.0, 5.0]), np.arange(10_000)[::-3]],
    ids=lambda data: type(data).__name__ + str(np.shape(data)),
)  # fmt: skip
def test_fit_is_that_of_scipy(data):
    loc, scale = norm.fit(data)
    assert type(loc) is type(scale) is np.float64
    np.testing.assert_allclose((loc, scale), SCIPY.fit(np.asarray(data, float)), rtol=1e-14)


@pytest.mark.parametrize(
    "name", ["noise", "far first", "sorted", "outlier", "huge", "tiny", "two scales", "extremes"]
)
def test_fit_is_exact(name):
    """To the last bits, where the spread is small beside the mean, and where squares leave float64."""
    rng = np.random.default_rng(11)
    data = {
        "noise": 1e8 + rng.standard_normal(9001),
        "far first": np.append(1e12, rng.standard_normal(9000)),
        "sorted": np.sort(rng.standard_normal(9001)) - 1e6,
        "outlier": np.append(rng.standard_normal(9000), 1e15),
        "huge": 1e300 * rng.standard_normal(9001),
        "tiny": 1e-300 * rng.standard_normal(9001),
        "two scales": np.append(1e-250 * rng.standard_normal(5000), 1e250 * rng.standard_normal(5000)),
        "extremes": np.array([1.7e308, -1.7e308, 1.0]),
    }[name]
    with mpmath.workprec(400):
        exact = [mpmath.mpf(v) for v in data.tolist()]
        mean = mpmath.fsum(exact) / len(exact)
        deviation = mpmath.sqrt(mpmath.fsum((v - mean) ** 2 for v in exact) / len(exact))
    with np.errstate(all="raise"):
        loc, scale = norm.fit(data)
    assert abs(scale - deviation) <= 4e-16 * deviation
    assert abs(loc - mean) <= 2e-16 * (abs(mean) + deviation)


def test_fit_does_not_depend_on_threads_or_layout():
    x = np.random.default_rng(3).normal(1e6, 2, (LARGE // 16 + 1, 16))
    with fastdist.num_threads(1):
        expected = norm.fit(x)
    with fastdist.num_threads(3):
        assert norm.fit(x) == norm.fit(np.asfortranarray(x)) == norm.fit(x.reshape(-1)) == expected


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 1, 5000])
def test_fit_rejects_data_that_are_not_finite(bad, place):
    data = np.ones(6000)
    data[place] = bad
    for distribution in (norm, SCIPY):
        with pytest.raises(ValueError, match="The data contains non-finite values"):
            distribution.fit(data)


@pytest.mark.parametrize("data", [[], np.empty((0, 3)), pd.Series(dtype=float)], ids=str)
def test_fit_of_no_data(data):
    """NaN as SciPy, but one warning that says why (SciPy: four of its arithmetic), at the caller's line."""
    with pytest.warns(
        RuntimeWarning, match=r"data of shape \(0.*\) hold no numbers, so that loc and scale are NaN"
    ) as warnings:
        fitted = norm.fit(data)
    assert len(warnings) == 1
    assert warnings[0].filename == __file__
    assert np.isnan(fitted).all()
    assert list(map(type, fitted)) == [np.float64, np.float64]


@pytest.mark.parametrize(
    "data",
    [[1, 2, 4], [5, 5], 3, [], [1, np.nan], [np.inf, 1], [[1, 2], [3, 5]], np.arange(9, dtype="f4"),
     pd.Series([1, 4])],
    ids=str,
)  # fmt: skip
def test_fit_loc_scale_is_that_of_scipy(data):
    """A start for other estimators is always finite, with a positive scale; and nothing warns."""
    got = norm.fit_loc_scale(data)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = SCIPY.fit_loc_scale(np.asarray(data, float))
    np.testing.assert_allclose(got, want, rtol=1e-14)
    assert list(map(type, got)) == [np.float64, np.float64]


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (["a"], TypeError, "data must be real numbers .*, not dtype <U1; convert"),
        (None, TypeError, "data must be real numbers .*, not None"),
        ([1j], TypeError, "data must be real numbers .*, not dtype complex128"),
        (pd.Series([1, "a"]), TypeError, "data must be real numbers .*, not dtype object; convert"),
        ([[1, 2], [3]], ValueError, r"data must be an array, not \[\[1, 2\], \[3\]\], whose parts differ"),
        (scipy.sparse.eye_array(2), TypeError, r"data must be dense, not a dia_array; pass data.toarray\(\)"),
    ],
    ids=str,
)  # fmt: skip
def test_messages_of_fit(data, error, message):
    for method in (norm.fit, norm.fit_loc_scale):
        with pytest.raises(error, match=message):
            method(data)


@pytest.mark.parametrize(
    ("theta", "x", "error", "message"),
    [
        (0, [1], TypeError, "theta must be a sequence of loc and scale, not 0"),
        ((0, 1, 2), [1], ValueError, "theta must be loc and scale, not 3 parameters"),
        ((0, "a"), [1], TypeError, "scale must be real numbers .*, not 'a'"),
        ((0, 1), [1j], TypeError, "x must be real numbers .*, not dtype complex128"),
        (([0, 1], 1), [1, 2, 3], ValueError, r"x, loc and scale could not be .* \(3,\) \(2,\) \(\)"),
        (([[0, 1]], 1), [1, 2, 3], ValueError, r"x, loc and scale could not be .* \(3,\) \(1, 2\) \(\)"),
    ],
    ids=str,
)  # fmt: skip
def test_messages_of_nnlf(theta, x, error, message):
    with pytest.raises(error, match=message):
        norm.nnlf(theta, x)
