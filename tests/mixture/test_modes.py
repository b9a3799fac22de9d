"""Modes of mixtures, against equations that are solved by other means."""

import math

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from fastdist.mixture.modes import Modes, modes, starts_of_data
from fastdist.mixture.parameters import checked

DIMENSIONS = range(1, 6)


def pair(apart, d=1, covariance_type="spherical", weights=(0.5, 0.5)):
    """Two components of standard deviation 1, in a direction of no axis."""
    direction = np.arange(1.0, d + 1) / np.linalg.norm(np.arange(1.0, d + 1))
    means = np.stack([-apart / 2 * direction, apart / 2 * direction])
    covariances = {
        "full": np.stack([np.eye(d)] * 2),
        "tied": np.eye(d),
        "diag": np.ones((2, d)),
        "spherical": np.ones(2),
    }[covariance_type]
    return checked(weights, means, covariances, covariance_type)


def offset_of_modes(apart):
    """Two equal components at -a and a, of standard deviation 1: modes solve x = a tanh(a x)."""
    a = apart / 2
    return scipy.optimize.brentq(lambda x: x - a * math.tanh(a * x), 1e-6, a, xtol=1e-15)


def a_mixture(components, d, seed, spread=3.0):
    random = np.random.default_rng(seed)
    factors = random.standard_normal((components, d, d)) / math.sqrt(d)
    weights = random.uniform(1, 3, components)
    means = spread * random.standard_normal((components, d))
    return checked(weights / weights.sum(), means, factors @ factors.mT + 0.3 * np.eye(d), "full")


def log_gradient(parameters, x):
    """By the formula, of each component alone."""
    precisions = np.linalg.inv(parameters.full_covariances())
    return sum(
        r * precision @ (mean - x)
        for r, precision, mean in zip(
            parameters.responsibilities(x[None])[0], precisions, parameters.means, strict=True
        )
    )


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_one_component_has_its_mean(covariance_type, d):
    random = np.random.default_rng(d)
    covariances = {"full": np.eye(d)[None] + 0.5, "tied": np.eye(d) + 0.5}
    covariances |= {"diag": random.uniform(1, 5, (1, d)), "spherical": np.array([3.0])}
    parameters = checked([1.0], random.standard_normal((1, d)), covariances[covariance_type], covariance_type)
    found = modes(parameters)
    assert len(found) == 1
    np.testing.assert_allclose(found.locations, parameters.means, rtol=1e-13)
    np.testing.assert_allclose(found.log_heights, parameters.log_heights, rtol=1e-13)


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("apart", [0.0, 0.5, 1.99, 2.0])
def test_two_equal_components_within_two_deviations_merge(apart, d):
    """Also at exactly 2, where the second derivative vanishes: the mode is then found to its 1e-4."""
    found = modes(pair(apart, d))
    assert len(found) == 1
    np.testing.assert_allclose(found.locations, 0, atol=5e-5 if apart == 2 else 1e-9)


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("apart", [2.0001, 2.01, 2.1, 3.0, 12.0])
def test_two_equal_components_beyond_two_deviations_do_not(apart, d):
    """Two modes, and not the saddle between them, on which starts lie."""
    parameters = pair(apart, d)
    found = modes(parameters, np.zeros((1, d)))
    assert len(found) == 2
    want = offset_of_modes(apart)
    np.testing.assert_allclose(np.linalg.norm(found.locations, axis=1), want, rtol=1e-8)
    np.testing.assert_allclose(found.locations.sum(axis=0), 0, atol=1e-8)
    norm = scipy.stats.norm
    height = (norm.pdf(want - apart / 2) + norm.pdf(want + apart / 2)) / 2 / math.sqrt(2 * math.pi) ** (d - 1)
    np.testing.assert_allclose(found.heights, height, rtol=1e-12)
    np.testing.assert_allclose(np.exp(found.log_heights), found.heights, rtol=1e-12)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag"])
def test_covariances_of_any_type(covariance_type):
    """As spherical ones, of which they are other forms."""
    want = modes(pair(3.0, 3))
    got = modes(pair(3.0, 3, covariance_type))
    assert len(got) == 2
    np.testing.assert_allclose(np.sort(got.locations, axis=0), np.sort(want.locations, axis=0), atol=1e-12)


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("variance", [1.0, 4.0, 0.3])
def test_unequal_components_by_the_condition_of_robertson_and_fryer(variance, d):
    """N(0, 1) of weight p and N(m, s^2): beyond a distance m0 there are two modes, but for p outside of an
    interval.  C. A. Robertson, J. G. Fryer, Scandinavian Actuarial Journal (1969)."""
    s2 = variance
    m0 = math.sqrt((2 * (s2**2 - s2 + 1) ** 1.5 - (2 * s2**3 - 3 * s2**2 - 3 * s2 + 2)) / s2)

    def mixture(m, p):
        other = np.r_[m, np.zeros(d - 1)]
        covariances = np.ones((2, d))
        covariances[1, 0] = s2
        return checked([p, 1 - p], [np.zeros(d), other], covariances, "diag")

    for p in (0.2, 0.5, 0.6, 0.9):
        assert len(modes(mixture(0.999 * m0, p))) == 1
    m = 1.1 * m0
    y = np.roots([s2 - 1, -m * (s2 - 2), -(m**2), m * s2])
    y = np.sort(y[(y > 0) & (y < m)].real)
    assert len(y) == 2
    exponent = -(y**2) / 2 + (y - m) ** 2 / (2 * s2)
    low, high = np.sort(1 / (1 + s2**1.5 * y / (m - y) * np.exp(exponent)))
    middle = (low + high) / 2
    for p in (low + 1e-4, middle, high - 1e-4):
        assert len(modes(mixture(m, p))) == 2, p
    for p in (low - 1e-4, high + 1e-4):
        assert len(modes(mixture(m, p))) == 1, p


def test_three_modes_the_highest_first():
    """Far from each other they are the means, and as high as the weights over the deviations."""
    parameters = checked([0.2, 0.5, 0.3], [[-100], [0], [100]], [1.0, 9.0, 0.25], "spherical")
    found = modes(parameters)
    np.testing.assert_allclose(found.locations.ravel(), [100, -100, 0], atol=1e-12)
    want = np.array([0.3 / 0.5, 0.2, 0.5 / 3]) / math.sqrt(2 * math.pi)
    np.testing.assert_allclose(found.heights, want, rtol=1e-14)


def test_more_modes_than_components():
    """Three equal components at the corners of a triangle, and a fourth mode in its middle.

    It is one as long as corners are nearer to it than sqrt(2) standard deviations.  M. A. Carreira-Perpinan,
    C. K. I. Williams, Scale Space Methods in Computer Vision (2003).
    """
    turns = 2 * np.pi / 3 * np.arange(3)
    corners = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    for radius, count in ((1.2, 1), (1.38, 4), (1.41, 4), (1.42, 3), (5.0, 3)):
        found = modes(checked(np.full(3, 1 / 3), 7 + radius * corners, np.ones(3), "spherical"))
        assert len(found) == count, radius
        in_the_middle = (np.linalg.norm(found.locations - 7, axis=1) < 1e-6).any()
        assert in_the_middle == (count in (1, 4))


def test_a_mode_far_from_all_means():
    """Two flat components, crosswise: the density is highest where they cross."""
    parameters = checked([0.5, 0.5], [[10, 0], [0, 10]], [[400, 0.01], [0.01, 400]], "diag")
    found = modes(parameters)
    np.testing.assert_allclose(found.locations[0], [0, 0], atol=0.01)
    assert found.heights[0] > 1.5 * np.exp(parameters.log_heights.max())


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("seed", range(3))
def test_modes_are_what_an_optimiser_finds(d, seed):
    """From each of 40 samples it climbs to one that is known; the gradient vanishes, and all fall around."""
    parameters = a_mixture(5, d, seed)
    random = np.random.default_rng(seed)
    found = modes(parameters)
    for location, log_height in zip(found.locations, found.log_heights, strict=True):
        np.testing.assert_allclose(log_gradient(parameters, location), 0, atol=1e-11)
        around = location + 1e-3 * random.standard_normal((50, d))
        assert (parameters.score_samples(around) < log_height).all()
    labels = random.integers(5, size=40)
    noise = np.einsum("nij,nj->ni", parameters.full_factors()[labels], random.standard_normal((40, d)))
    for start in parameters.means[labels] + noise:
        reached = scipy.optimize.minimize(
            lambda x: -parameters.score_samples(x[None])[0],
            start,
            jac=lambda x: -log_gradient(parameters, x),
            method="BFGS",
            options={"gtol": 1e-8},
        ).x
        assert np.linalg.norm(found.locations - reached, axis=1).min() < 1e-5


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize(("scale", "origin"), [(1e8, 0.0), (1e-8, 0.0), (1.0, 1e8), (1e-3, 1e4)])
def test_no_unit_of_measurement_matters(scale, origin, d):
    """Modes move and stretch with the mixture."""
    parameters = a_mixture(4, d, 1)
    want = modes(parameters)
    moved = checked(
        parameters.weights, origin + scale * parameters.means, scale**2 * parameters.covariances, "full"
    )
    got = modes(moved)
    assert len(got) == len(want)
    tolerance = scale * 1e-8 + 4 * np.spacing(origin)
    np.testing.assert_allclose(got.locations, origin + scale * want.locations, rtol=1e-9, atol=tolerance)
    np.testing.assert_allclose(got.log_heights + d * math.log(scale), want.log_heights, atol=1e-6)


def test_numbers_in_different_units():
    """Each number of a point in its own: locations are in these, and no mode is lost or found twice."""
    parameters = a_mixture(4, 2, 3)
    units = np.array([1e-6, 1e6])
    covariances = parameters.covariances * units[:, None] * units
    got = modes(checked(parameters.weights, parameters.means * units, covariances, "full"))
    np.testing.assert_allclose(got.locations, modes(parameters).locations * units, rtol=1e-8)


@pytest.mark.parametrize("condition", [1e6, 1e12])
@pytest.mark.parametrize("d", [2, 5])
def test_strong_correlations(d, condition):
    """Two components that share them merge, or do not, as if there were none."""
    random = np.random.default_rng(d)
    turn = np.linalg.qr(random.standard_normal((d, d)))[0]
    cov = (turn * np.geomspace(1, condition, d)) @ turn.T
    cov = (cov + cov.T) / 2
    direction = np.linalg.cholesky(cov) @ np.r_[0.6, 0.8, np.zeros(d - 2)]
    for apart, count in ((1.9, 1), (2.1, 2), (5.0, 2)):
        means = np.stack([0 * direction, apart * direction])
        assert len(modes(checked([0.5, 0.5], means, cov, "tied"))) == count


def test_heights_that_no_float_holds():
    """Their logarithms are there."""
    found = modes(checked([0.5, 0.5], np.array([[0.0] * 3, [9e-120] * 3]), [1e-240, 1e-240], "spherical"))
    assert found.heights.tolist() == [np.inf, np.inf]
    np.testing.assert_allclose(found.log_heights, -math.log(2) - 1.5 * math.log(2 * math.pi * 1e-240))


def test_components_that_do_not_count():
    """Of weight 0, or the same twice."""
    assert len(modes(checked([0.0, 1.0], [[0.0], [9.0]], [1, 1], "spherical"))) == 1
    assert len(modes(checked([0.0, 1.0], [[0.0, 0], [9.0, 9]], [1, 1], "spherical"))) == 1
    assert len(modes(checked([0.25, 0.25, 0.5], [[0.0, 0], [0, 0], [9, 9]], [1, 1, 1], "spherical"))) == 2


def test_a_narrow_component_upon_a_wide_one():
    """Two modes, one a thousandth as wide as the other."""
    for d in (1, 2):
        parameters = checked([0.01, 0.99], [np.full(d, 0.5), np.zeros(d)], [1e-6, 1.0], "spherical")
        found = modes(parameters)
        assert len(found) == 2
        np.testing.assert_allclose(found.locations[0], 0.5, atol=1e-5)


def test_many_components():
    """A lattice of them, each a mode; more than pairs are made of."""
    grid = 6.0 * np.stack(np.meshgrid(np.arange(7), np.arange(6)), axis=-1).reshape(-1, 2)
    found = modes(checked(np.full(42, 1 / 42), grid, np.ones(42), "spherical"))
    assert len(found) == 42
    nearest = np.linalg.norm(found.locations[:, None] - grid, axis=2).min(axis=0)
    np.testing.assert_array_less(nearest, 1e-5)


def test_starts_of_data_are_points_of_it():
    """At the quantiles of each coordinate; points with NaN are left out."""
    x = np.random.default_rng(1).standard_normal((1001, 2))
    starts = starts_of_data(x, 3)
    assert len(starts) == 6
    for column, at in zip(x.T, starts.T, strict=True):
        assert set(np.quantile(column, [0.25, 0.5, 0.75])) <= set(at)
    x[::2, 0] = np.nan
    assert not np.isnan(starts_of_data(x)).any()
    assert starts_of_data(x.astype(np.float32)).dtype == np.float64
    assert starts_of_data(x[:0]).shape == (0, 2)
    assert starts_of_data(np.ones((5, 2))).tolist() == [[1.0, 1.0]]


def test_starts_may_be_given():
    """From anywhere, also from where no logarithm of the density is finite."""
    parameters = pair(3.0, 2)
    far = np.array([[1e3, 0], [-1e300, 1e300]])
    assert len(modes(parameters, np.concatenate([far, starts_of_data(parameters.means)]))) == 2


def test_what_is_returned():
    found = modes(pair(3.0, 2))
    assert isinstance(found, Modes)
    assert found.locations.shape == (2, 2)
    assert found.heights.shape == found.log_heights.shape == (2,)
    assert (np.diff(found.heights) <= 0).all()
    with pytest.raises(ValueError, match="read-only"):
        found.locations[0, 0] = 1
    with pytest.raises(AttributeError):
        found.heights = None
