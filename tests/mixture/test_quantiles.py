"""Distribution function and quantiles of mixtures of numbers, against mpmath."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastdist import norm
from fastdist.accuracy import bound
from fastdist.mixture.parameters import checked
from fastdist.mixture.quantiles import cdf, isf, ppf, sf
from tests.support.processes import result_on
from tests.support.univariate_mixtures import MIXTURES, a_mixture, bits_of_quantiles

EPSILON = 2.0**-52
PROBABILITIES = [1e-300, 1e-200, 1e-100, 1e-16, 1e-5, 0.1, 0.25, 0.3, 0.4999, 0.6, 0.8, 0.999, 1 - 1e-12]


def exact(weights, means, deviations, x, upper=False):
    """F, or 1 - F, and f, with 60 digits."""
    total = density = mpmath.mpf(0)
    for weight, mean, deviation in zip(weights, means, deviations, strict=True):
        z = (mpmath.mpf(x) - mean) / deviation
        total += weight * mpmath.ncdf(-z if upper else z)
        density += weight * mpmath.npdf(z) / deviation
    return total, density


@pytest.fixture(autouse=True)
def sixty_digits():
    with mpmath.workdps(60):
        yield


def parts_of(parameters):
    """Weights, means and the exact roots of the variances."""
    deviations = [mpmath.sqrt(variance) for variance in parameters.full_covariances()[:, 0, 0].tolist()]
    return parameters.weights.tolist(), parameters.means[:, 0].tolist(), deviations


@pytest.mark.parametrize("name", MIXTURES)
def test_both_tails_within_their_bound(name):
    """The relative error stays small however small they are."""
    parameters = a_mixture(*MIXTURES[name])
    parts = parts_of(parameters)
    mean, spread = np.mean(parts[1]), np.ptp(parts[1]) + float(max(parts[2]))
    x = mean + spread * np.array([-35.0, -15, -6, -2, -1, -0.5, 0, 0.25, 0.5, 1, 3, 8, 20, 37])
    limit = bound("GaussianMixture.cdf")(K=parameters.components)
    for function, upper in ((cdf, False), (sf, True)):
        for at, got in zip(x.tolist(), function(parameters, x).tolist(), strict=True):
            want, _ = exact(*parts, at, upper)
            assert want < 1e-300 or abs(got - want) <= limit * want, (function, at.hex(), got.hex())


@pytest.mark.parametrize("name", MIXTURES)
def test_quantiles_within_their_bound(name):
    """Their error is that of the probability that they have, with 60 digits, over the density."""
    parameters = a_mixture(*MIXTURES[name])
    parts = parts_of(parameters)
    for function, upper in ((ppf, False), (isf, True)):
        for q, x in zip(PROBABILITIES, function(parameters, PROBABILITIES).tolist(), strict=True):
            reached, density = exact(*parts, x, upper)
            limit = bound("GaussianMixture.ppf")(K=parameters.components, x=x, q=q, f=density)
            assert abs(reached - q) / density <= limit, (function, q.hex(), x.hex())


def test_subnormal_probabilities():
    """The quantile is as near as the neighbours of q are."""
    parameters = a_mixture(*MIXTURES["overlapping"])
    for q in (5e-324, 1e-320, 1e-310):
        reached, _ = exact(*parts_of(parameters), ppf(parameters, q))
        assert abs(reached - q) <= 1e-13 * q + 2.0**-1073


def test_one_component_has_the_quantiles_of_norm():
    parameters = a_mixture([1.0], [3.0], [2.0])
    q = np.linspace(0, 1, 1001)
    np.testing.assert_allclose(ppf(parameters, q), norm.ppf(q, 3.0, 2.0), rtol=4e-15, atol=4e-15)
    np.testing.assert_allclose(isf(parameters, q), norm.isf(q, 3.0, 2.0), rtol=4e-15, atol=4e-15)


def test_between_components():
    """Where the distribution function does not change in a float, the middle of equal ones is found."""
    parameters = a_mixture([0.5, 0.5], [0.0, 1000.0], [1.0, 1.0])
    assert ppf(parameters, 0.5) == 500
    assert isf(parameters, 0.5) == 500
    parameters = a_mixture([0.5, 0.5], [0.0, 50.0], [1.0, 1.0])
    np.testing.assert_allclose(ppf(parameters, 0.5), 25, rtol=1e-14)
    low, high = ppf(parameters, [0.5 - 2.0**-53, 0.5 + 2.0**-52])
    assert 8 < low < 8.5
    assert 41.5 < high < 42


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.01, 1), st.floats(-100, 100), st.floats(1e-3, 50)), min_size=1, max_size=5
    ),
    st.lists(st.floats(1e-300, 1 - 2.0**-53), min_size=1, max_size=20),
)
def test_quantiles_are_monotone_and_invert_the_distribution_function(components, probabilities):
    """F jumps over q between x and its neighbours, but for rounding errors of F itself."""
    weights, means, deviations = map(np.array, zip(*components, strict=True))
    parameters = a_mixture(weights / weights.sum(), means, deviations)
    q = np.sort(probabilities)
    x = ppf(parameters, q)
    width = 1e-14 * (np.abs(x) + np.abs(x[:, None] - means).max(axis=1))
    assert (np.diff(x) >= -width[1:] - width[:-1]).all()
    assert (cdf(parameters, x - width) <= q * (1 + 1e-14)).all()
    assert (cdf(parameters, x + width) >= q * (1 - 1e-14)).all()


@pytest.mark.parametrize("function", [ppf, isf])
def test_ends_and_outside(function):
    parameters = a_mixture(*MIXTURES["overlapping"])
    got = function(parameters, [0, 1, -0.1, 1.1, np.nan, -np.inf, np.inf])
    ends = [-np.inf, np.inf] if function is ppf else [np.inf, -np.inf]
    np.testing.assert_array_equal(got, [*ends, *[np.nan] * 5])


@pytest.mark.parametrize("function", [cdf, sf])
def test_probabilities_far_away(function):
    """0 and 1 exactly, though weights may sum to more."""
    parameters = a_mixture(np.full(10, 0.1), np.arange(10.0), np.ones(10))
    want = [0, 1] if function is cdf else [1, 0]
    for far in (1e3, 1e300, np.inf):
        np.testing.assert_allclose(function(parameters, [-far, far]), want, rtol=EPSILON)
    assert (function(parameters, np.linspace(-50, 50, 1001)) <= 1).all()
    assert np.isnan(function(parameters, np.nan))


@pytest.mark.parametrize("function", [cdf, sf, ppf, isf])
def test_shapes_and_dtypes(function):
    """float32 gives float32, all else float64; a number gives a number, nothing gives nothing."""
    parameters = a_mixture(*MIXTURES["overlapping"])
    assert type(function(parameters, 0.5)) is np.float64
    assert type(function(parameters, np.float32(0.5))) is np.float32
    x = np.linspace(0.1, 0.9, 12).reshape(3, 4)
    whole = function(parameters, x)
    assert whole.shape == (3, 4)
    np.testing.assert_array_equal(function(parameters, x.T), whole.T)
    np.testing.assert_array_equal(function(parameters, x.tolist()), whole)
    assert [float(function(parameters, at)) for at in x.ravel()] == whole.ravel().tolist()
    narrow = function(parameters, x.astype(np.float32))
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, whole, rtol=1e-6)
    assert function(parameters, np.empty((0, 2))).shape == (0, 2)


def test_every_instruction_set_gives_the_same_bits(level):
    assert result_on(level.name, bits_of_quantiles) == bits_of_quantiles()


def test_many_quantiles():
    """More than are searched for at a time, and each as if it were alone."""
    parameters = a_mixture(*MIXTURES["apart"])
    q = np.random.default_rng(1).random(70_000)
    x = ppf(parameters, q)
    np.testing.assert_array_equal(x[-100:], ppf(parameters, q[-100:]))
    # In the gaps between the components digits of q are all that a quantile can have.
    np.testing.assert_allclose(cdf(parameters, x), q, rtol=1e-13)


@pytest.mark.parametrize("function", [cdf, sf, ppf, isf])
def test_what_is_refused(function):
    flat = checked([1.0], [[0.0, 0.0]], [1.0], "spherical")
    with pytest.raises(ValueError, match=rf"{function.__name__} needs a mixture in one dimension, not in 2"):
        function(flat, 0.5)
    with pytest.raises(TypeError, match="must not be complex"):
        function(a_mixture(*MIXTURES["one"]), 0.5j)
