"""The normals of ``python -m fastdist`` and a price: checks that can fail."""

import math
from dataclasses import replace
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pytest

import fastdist
from fastdist import norm
from fastdist._demo import european_call
from fastdist._demo import normals as checked
from fastdist._demo.checks import ALPHA, DTYPES, critical_distance
from tests.support.demo import SMALL, failures


def normals(n=SMALL.samples, dtype="float64", seed=1958):
    return fastdist.default_rng(seed).standard_normal(n, dtype)


def failures_of(z):
    return failures(checked.check_normals(z))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(20))
def test_normals_pass(dtype, seed):
    """Fixed seeds, n = 100000; all 20 runs would pass for other seeds with probability 1 - 20 ALPHA."""
    assert failures_of(normals(dtype=dtype, seed=seed)) == set()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (lambda z: z + 0.05, "moment 1"),
        (lambda z: z - 0.05, "Kolmogorov-Smirnov"),
        (lambda z: 1.05 * z, "moment 2"),
        (lambda z: 0.97 * z, "moment 6"),
        (lambda z: z + 0.05 * (z * z - 1), "moment 3"),
        (lambda z: z + 0.02 * (z**3 - 3 * z), "moment 4"),
        (lambda z: z[np.abs(z) < 3], "beyond 3 sigma"),
        (lambda z: np.clip(z, -3.9, 3.9), "beyond 4 sigma"),
        (lambda z: np.append(z, [6.0] * 6), "beyond 5 sigma"),
        (lambda z: np.abs(z), "moment 5"),
        (lambda z: np.round(z, 1), "Kolmogorov-Smirnov"),
    ],
)
def test_spoilt_normals_fail(dtype, spoil, name):
    """Shifted, scaled, skewed, heavy-tailed, truncated and rounded samples each fail the check made for them.

    Each is off by 6 standard errors or more at n = 100000 (beyond 4 sigma: none of 6.3 expected, so a
    million are taken there).
    """
    assert name in failures_of(
        spoil(normals(1_000_000 if "4" in name else SMALL.samples, dtype)).astype(dtype)
    )


def test_right_moments_alone_do_not_pass():
    """The nodes of a Gauss-Hermite quadrature have the first seven moments of the normal distribution."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    counts = np.round(weights / weights.sum() * 1_000_000).astype(int)
    assert failures_of(np.repeat(nodes, counts)) == {
        "Kolmogorov-Smirnov", "beyond 3 sigma", "beyond 4 sigma"
    }  # fmt: skip


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_value_that_is_no_number_fails(bad):
    """No NaN compares as a pass."""
    z = normals()
    z[12345] = bad
    assert {f"moment {k}" for k in range(1, 7)} <= failures_of(z)


def test_check_leaves_the_sample_alone():
    z = normals(1000)
    checked.check_normals(z)
    assert (z == normals(1000)).all()


def test_exact_moments():
    assert [checked.exact_moment(k) for k in range(1, 9)] == [0, 1, 0, 3, 0, 15, 0, 105]


def test_moments_of_a_known_sample():
    """Longer than a chunk, so that the sums go on from one to the next."""
    z = np.resize([1.0, 2.0], 2 * checked.CHUNK_VALUES + 2)
    assert [check.value for check in checked.check_moments(z)] == [1.5, 2.5, 4.5, 8.5, 16.5, 32.5]


@pytest.mark.parametrize("n", [1, 2, 1000])
def test_kolmogorov_smirnov_is_the_textbook_statistic(n):
    """sqrt(n) max(i / n - Phi(x_i), Phi(x_i) - (i - 1) / n)."""
    ordered = np.sort(normals(n))
    phi, i = [NormalDist().cdf(x) for x in ordered.tolist()], range(1, n + 1)
    expected = max(max(k / n - p, p - (k - 1) / n) for k, p in zip(i, phi, strict=True))
    check = checked.check_kolmogorov_smirnov(ordered)
    assert check.value == pytest.approx(math.sqrt(n) * expected, rel=1e-9)


def test_kolmogorov_smirnov_of_some_values_is_a_close_bound(monkeypatch):
    n, taken = 10_000, 100
    ordered = np.sort(normals(n))
    exact = checked.check_kolmogorov_smirnov(ordered).value
    monkeypatch.setattr(checked, "CDF_VALUES", taken)
    assert exact < checked.check_kolmogorov_smirnov(ordered).value <= exact + math.sqrt(n) / taken


@pytest.mark.parametrize(("x", "p"), [(0.0, 1), (0.19, 1), (1.2238, 0.1), (1.3581, 0.05), (1.6276, 0.01)])
def test_kolmogorov_distribution(x, p):
    """The quantiles of the tables, which have four decimals."""
    assert checked.kolmogorov_survival(x) == pytest.approx(p, abs=3e-5)


def test_critical_distance_is_bonferroni():
    """Two-sided, at ALPHA / (5 m) for each of m checks in 5 sections."""
    assert NormalDist().cdf(-critical_distance(21, 5)) == pytest.approx(ALPHA / 210)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(20))
def test_functions_pass(dtype, seed):
    """Fixed seeds, n = 100000; all 20 runs would pass for other seeds with probability 1 - 20 ALPHA."""
    assert failures(checked.check_functions(replace(SMALL, seed=seed), dtype)) == set()


UNIFORM, LOG_DENSITY, SHARE = "cdf(z), chi2 100 bins", "mean of logpdf(z)", "share of z, -1 to 2"
AREA, NARROW_AREA, TAIL = "area of pdf, -1 to 2", "area, scale 1/4", "z above 4, by sf"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("function", "wrong", "names"),
    [
        ("cdf", lambda x, loc=0, scale=1: norm.cdf(1.1 * x, loc, scale), {UNIFORM, SHARE, AREA}),
        ("cdf", lambda x, loc=0, scale=1: norm.pdf(x, loc, scale), {UNIFORM, SHARE, AREA, NARROW_AREA}),
        ("cdf", lambda x, loc=0, scale=1: norm.sf(x, loc, scale), {SHARE, AREA, NARROW_AREA}),
        ("pdf", lambda x, loc, scale, out: np.multiply(norm.pdf(x, loc, scale), 1.02, out=out), {AREA}),
        ("pdf", lambda x, loc, scale, out: norm.pdf(x / scale, out=out), {NARROW_AREA}),
        ("pdf", lambda x, loc, scale, out: norm.cdf(x, loc, scale, out=out), {AREA, NARROW_AREA}),
        ("logpdf", lambda x: norm.logpdf(x, 0, 1.2), {LOG_DENSITY}),
        ("logpdf", lambda x: norm.logcdf(x), {LOG_DENSITY}),
        ("sf", lambda x: norm.sf(x - 1), {TAIL}),
        ("sf", lambda x: norm.cdf(x), {TAIL}),
        ("sf", lambda x: np.nan * x, {TAIL}),
        ("sf", lambda x: -norm.sf(x), {TAIL}),
    ],
)
def test_wrong_functions_fail(monkeypatch, dtype, function, wrong, names):
    """A function that is scaled, shifted or another one fails the checks that it takes part in."""
    functions = {name: getattr(norm, name) for name in ("pdf", "logpdf", "cdf", "sf")}
    monkeypatch.setattr(checked, "norm", SimpleNamespace(**{**functions, function: wrong}))
    assert names <= failures(checked.check_functions(SMALL, dtype))


def test_distance_of_chi_square_is_that_of_its_p_value():
    """Wilson and Hilferty's approximation is right to 0.01 where a check may still pass."""
    chi2 = pytest.importorskip("scipy.stats").chi2(checked.BINS - 1)
    u = (np.arange(10_000) + 0.5) / 10_000
    for power in 1.08, 1.09, 1.1, 1.11, 1.12, 1.13:
        check = checked.check_uniform(norm.ppf(u**power))
        counts = np.histogram(u**power, checked.BINS, (0, 1))[0]
        assert check.value == pytest.approx(np.square(counts - 100).sum() / 100)
        assert check.distance == pytest.approx(norm.isf(chi2.sf(check.value)), abs=0.01)


@pytest.mark.parametrize(("a", "b", "scale"), [(-1, 2, 1), (-2, 2, 0.25), (0, 0.5, 2)])
def test_standard_error_of_an_area(a, b, scale):
    """The root of the variance of (b - a) pdf(u) over n, for u uniform on [a, b]."""
    u = a + (b - a) * (np.arange(100_000) + 0.5) / 100_000
    rng = fastdist.default_rng(1)
    check = checked.check_area("", rng, 1000, "float64", a, b, scale)
    deviation = ((b - a) * norm.pdf(u, 0, scale)).std()
    assert check.standard_error == pytest.approx(deviation / math.sqrt(1000), rel=1e-6)


def test_black_scholes():
    """The example of J. C. Hull, Options, Futures, and Other Derivatives: 4.76."""
    call = european_call.EuropeanCall(spot=42, strike=40, rate=0.1, volatility=0.2, time=0.5)
    assert call.black_scholes() == pytest.approx(4.76, abs=0.005)


def test_monte_carlo_price_is_the_mean_payoff():
    """Whatever the chunks."""
    call, paths = european_call.EuropeanCall(), 2 * european_call.CHUNK_PATHS + 7
    end = call.spot * np.exp(0.01 + 0.2 * normals(paths))
    payoffs = math.exp(-0.03) * np.maximum(end - 105, 0)
    price, standard_error = call.monte_carlo(fastdist.default_rng(1958), paths)
    assert price == pytest.approx(payoffs.mean(), rel=1e-12)
    assert standard_error == pytest.approx(payoffs.std() / math.sqrt(paths), rel=1e-9)
