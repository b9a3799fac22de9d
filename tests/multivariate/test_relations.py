"""Marginals, conditionals, divergences and ellipses, against theory, quadrature and other formulas."""

import math

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from fastdist import multivariate_normal, norm
from fastdist.covariance.ellipse import ConfidenceEllipse

SCIPY = scipy.stats.multivariate_normal


def a_covariance(d, seed=1):
    factor = np.random.default_rng(seed).standard_normal((d, d))
    return factor @ factor.T + 0.5 * np.eye(d)


def a_distribution(d, seed=1):
    return multivariate_normal(np.random.default_rng(seed + 50).standard_normal(d), a_covariance(d, seed))


# Marginals


@pytest.mark.parametrize("dimensions", [0, [0], [2, 0], [-1, 1], [0, 1, 2, 3], np.array([3, 1])])
def test_marginals_are_those_of_scipy(dimensions):
    mean, cov = np.arange(4), a_covariance(4)
    got, want = multivariate_normal(mean, cov).marginal(dimensions), SCIPY(mean, cov).marginal(dimensions)
    np.testing.assert_array_equal(got.mean, want.mean)
    np.testing.assert_array_equal(got.cov, want.cov)
    np.testing.assert_array_equal(multivariate_normal.marginal(dimensions, mean, cov).cov, want.cov)
    x = np.ones(got.dim)
    np.testing.assert_allclose(got.logpdf(x), want.logpdf(x), rtol=1e-13)


@pytest.mark.parametrize(
    ("dimensions", "message"),
    [
        ([], "Cannot marginalize all dimensions."),
        ([0.5], "Elements of `dimensions` must be integers"),
        ([0, 0], "All elements of `dimensions` must be unique."),
        ([0, -4], "All elements of `dimensions` must be unique."),
        ([[0, 1]], "All elements of `dimensions` must be unique."),
        ("a", "Elements of `dimensions` must be integers"),
        (None, "Elements of `dimensions` must be integers"),
        ([0, 4], r"Dimensions \[4\] are invalid for a distribution in 4 dimensions."),
        ([-5], r"Dimensions \[-5\] are invalid"),
    ],
)
def test_marginals_that_there_are_not(dimensions, message):
    """SciPy's errors; those of conditional are the same, but for the name of the argument."""
    for distribution in (a_distribution(4), SCIPY(None, a_covariance(4))):
        with pytest.raises(ValueError, match=message):
            distribution.marginal(dimensions)
    message = "`indices` is empty" if dimensions == [] else message.replace("`dimensions`", "`indices`")
    with pytest.raises(ValueError, match=message):
        a_distribution(4).conditional(dimensions, np.zeros(np.size(dimensions)))


@pytest.mark.parametrize(
    ("dimensions", "message"),
    [
        ([3, 1, -1, 0], r"unique: \[3, -1\] are the same"),
        ([[0, 1]], r"along one axis: the shape is \(1, 2\)"),
        ([0.5], "The dtype is float64"),
        ([4], "Valid are -4 to 3"),
        ([[0], [1, 2]], "`dimensions` must be an array whose rows have the same length"),
    ],
)
def test_errors_of_marginals_say_what_was_given(dimensions, message):
    with pytest.raises(ValueError, match=message):
        a_distribution(4).marginal(dimensions)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint64])
def test_dimensions_of_any_dtype(dtype):
    """Also of one that does not hold the number of dimensions; what is too large is not wrapped around."""
    wide = multivariate_normal(np.arange(300), 1)
    np.testing.assert_array_equal(wide.marginal(np.array([3, 100], dtype)).mean, [3, 100])
    np.testing.assert_array_equal(multivariate_normal([1, 2], 1).marginal(np.array([1], dtype)).mean, [2])
    with pytest.raises(ValueError, match=r"Dimensions .* are invalid"):
        multivariate_normal([1, 2], 1).marginal(np.array([np.iinfo(dtype).max], dtype))


def test_marginals_of_batches_and_of_singular_distributions():
    covs = np.stack([a_covariance(3, seed) for seed in range(2)])
    batch = multivariate_normal([1, 2, 3], covs).marginal([2, 0])
    np.testing.assert_array_equal(batch.cov[1], covs[1][np.ix_([2, 0], [2, 0])])
    singular = multivariate_normal([1, 2, 3], np.ones((3, 3)), allow_singular=True)
    assert singular.marginal([0, 1]).cov_object.rank == 1
    assert singular.marginal(1).cov_object.rank == 1


@pytest.mark.parametrize("n", [1, 2])
def test_a_batch_stays_one(n):
    """Of one member, too, and in one dimension, where mean and covariance are one number each."""
    means, covs = np.zeros((n, 2)), np.stack([a_covariance(2)] * n)
    for mean, cov in ((means, covs[0]), (means, covs), (means[0], covs)):
        batch = multivariate_normal(mean, cov)
        for derived in (batch.marginal(1), batch.conditional(0, 0.5), batch.conditional(0, np.zeros((n, 1)))):
            assert derived.logpdf([0.5]).shape == derived.entropy().shape == (n,)
            assert derived.rvs(random_state=1).shape == (n, 1)
            assert derived.wasserstein(multivariate_normal(0, 1)).shape == (n,)
    singular = multivariate_normal([0, 0], np.ones((2, 2)), allow_singular=True)
    for joint in (multivariate_normal([0, 0], covs[0]), singular):
        of_values = joint.conditional(0, np.ones((n, 1)))
        assert of_values.mean.shape == (n, 1)
        assert of_values.cov.shape == (1, 1)
        assert of_values.logpdf([1.0]).shape == (n,)
        assert joint.conditional(0, [1.0]).logpdf([1.0]).shape == ()


# Conditionals


@pytest.mark.parametrize("indices", [[0], [2], [3, 1], [1, 2, 0], [-1]])
def test_conditional_by_the_formula(indices):
    joint, values = a_distribution(4), np.array([0.3, -1.0, 2.0])[: len(indices)]
    got = joint.conditional(indices, values)
    b = np.array(indices) % 4
    a = np.setdiff1d(np.arange(4), b)
    cov = joint.cov
    gain = np.linalg.solve(cov[np.ix_(b, b)], cov[np.ix_(b, a)]).T
    np.testing.assert_allclose(got.mean, joint.mean[a] + gain @ (values - joint.mean[b]), rtol=1e-12)
    np.testing.assert_allclose(got.cov, cov[np.ix_(a, a)] - gain @ cov[np.ix_(b, a)], rtol=1e-11)


def test_conditional_density_is_joint_by_marginal():
    """log p(a | b) = log p(a, b) - log p(b), for all points."""
    joint = a_distribution(5)
    x = np.random.default_rng(1).standard_normal((20, 5))
    for row in x:
        conditional = joint.conditional([3, 0], row[[3, 0]])
        want = joint.logpdf(row) - joint.marginal([3, 0]).logpdf(row[[3, 0]])
        np.testing.assert_allclose(conditional.logpdf(row[[1, 2, 4]]), want, rtol=1e-10)


def test_conditional_of_many_values():
    """A batch of means, and one covariance; what each value gives alone."""
    joint = a_distribution(3)
    values = np.random.default_rng(1).standard_normal((7, 1))
    batch = joint.conditional([1], values)
    assert batch.mean.shape == (7, 2)
    assert batch.cov.shape == (2, 2)
    for value, mean in zip(values, batch.mean, strict=True):
        np.testing.assert_array_equal(joint.conditional(1, value).mean, mean)
        np.testing.assert_array_equal(joint.conditional(1, float(value[0])).mean, mean)
    assert batch.logpdf(np.zeros(2)).shape == (7,)
    covs = np.stack([a_covariance(3, seed) for seed in range(2)])
    of_each = multivariate_normal([1, 2, 3], covs).conditional(0, [0.5])
    for k in range(2):
        np.testing.assert_array_equal(
            of_each.cov[k], multivariate_normal([1, 2, 3], covs[k]).conditional(0, 0.5).cov
        )


def test_the_lower_triangle_counts():
    """What rounding has put above the diagonal is seen neither in a density nor in what follows from it."""
    lower = np.tril(a_covariance(3))
    exact = multivariate_normal([1, 2, 3], lower + np.tril(lower, -1).T)
    given = multivariate_normal([1, 2, 3], lower + np.tril(lower, -1).T * (1 + 2**-28))
    assert given.logpdf([0, 0, 0]) == exact.logpdf([0, 0, 0])
    np.testing.assert_array_equal(given.marginal([2, 0]).cov, exact.marginal([2, 0]).cov)
    np.testing.assert_array_equal(given.conditional(2, 0.5).mean, exact.conditional(2, 0.5).mean)


def test_conditional_stays_definite():
    """Where the Schur complement would cancel: a correlation of 1 - 2^-45."""
    r = 1 - 2.0**-45
    got = multivariate_normal([0, 0], [[1, r], [r, 1]]).conditional(0, 1.0)
    np.testing.assert_allclose(got.cov, [[(1 - r) * (1 + r)]], rtol=0.02)
    np.testing.assert_allclose(got.mean, [r], rtol=1e-15)


def test_conditional_of_singular_distributions():
    """What is given may determine the rest, in part or as a whole; but must not be singular itself."""
    basis = np.array([[1.0, 0], [1, 1], [0, 2], [3, 1]])
    mean = np.array([1.0, 2, 3, 4])
    joint = multivariate_normal(mean, basis @ basis.T, allow_singular=True)
    z = np.array([0.7, -0.4])
    x = mean + basis @ z
    whole = joint.conditional([0, 1], x[[0, 1]])
    np.testing.assert_allclose(whole.mean, x[[2, 3]], rtol=1e-12)
    np.testing.assert_array_equal(whole.cov, np.zeros((2, 2)))
    part = joint.conditional([0], x[[0]])
    np.testing.assert_allclose(part.cov, np.outer(basis[1:, 1], basis[1:, 1]), atol=1e-14)
    assert part.cov_object.rank == 1
    with pytest.raises(np.linalg.LinAlgError, match="components that are given is singular"):
        joint.conditional([0, 1, 2], x[[0, 1, 2]])


def test_conditional_of_many_values_of_singular_distributions():
    """What each value gives alone: densities, likelihood and samples."""
    basis = np.array([[1.0, 0], [1, 1], [0, 2]])
    joint = multivariate_normal([1, 2, 3], basis @ basis.T, allow_singular=True)
    rows = joint.rvs(6, random_state=1)
    batch = joint.conditional(0, rows[:, :1])
    alone = [joint.conditional(0, row[0]) for row in rows]
    for name in ("logpdf", "pdf", "mahalanobis"):
        want = [getattr(one, name)(row[1:]) for one, row in zip(alone, rows, strict=True)]
        assert np.isfinite(want).all()
        np.testing.assert_allclose(getattr(batch, name)(rows[:, 1:]), want, rtol=1e-9)
        want = [getattr(one, name)(rows[0, 1:]) for one in alone]
        np.testing.assert_allclose(getattr(batch, name)(rows[0, 1:]), want, rtol=1e-9)
    np.testing.assert_allclose(batch.loglikelihood(rows[:, 1:]), batch.logpdf(rows[:, 1:]).sum(), rtol=1e-14)
    for random_state in (1, np.random.default_rng(1), np.random.RandomState(1)):
        assert np.isfinite(batch.logpdf(batch.rvs(random_state=random_state))).all()
        drawn = batch.rvs((5, 6), random_state)
        assert drawn.shape == (5, 6, 2)
        assert np.isfinite(batch.logpdf(drawn)).all()


def test_many_means_of_a_singular_distribution():
    """As many as are scored in parts, on threads."""
    means = np.random.default_rng(1).standard_normal((300_000, 2))
    cov = [[1, 2], [2, 4]]
    x = means + np.array([1.0, 2])
    many = multivariate_normal(means, cov, allow_singular=True)
    want = multivariate_normal(None, cov, allow_singular=True).logpdf([1, 2])
    np.testing.assert_allclose(many.logpdf(x), np.full(len(x), want), rtol=1e-9)
    np.testing.assert_allclose(many.loglikelihood(x), len(x) * want, rtol=1e-9)


def test_conditional_of_a_batch_that_is_nearly_singular():
    """A factor may hold what its product does not: one alone is then singular, but of a batch none may be."""
    factor = np.array([[1.0, 0], [1, 1e-9]])
    assert multivariate_normal([0, 0], scale_tril=factor).conditional(0, 0.5).cov == 0
    batch = multivariate_normal([0, 0], scale_tril=np.stack([factor] * 3))
    with pytest.raises(np.linalg.LinAlgError, match="All covariances of a batch must be"):
        batch.conditional(0, 0.5)


def test_conditional_mistakes():
    joint = a_distribution(3)
    with pytest.raises(ValueError, match="Cannot condition on all dimensions"):
        joint.conditional([0, 1, 2], [0, 0, 0])
    with pytest.raises(ValueError, match=r"values have 3 components, but indices name 2: .* not \(3,\)"):
        joint.conditional([0, 1], [0, 0, 0])
    with pytest.raises(TypeError, match="values must not be complex"):
        joint.conditional([0], [1j])
    with pytest.raises(ValueError, match="values must be real numbers, not strings such as 'a'"):
        joint.conditional([0], ["a"])
    with pytest.raises(TypeError, match="values must be real numbers, not NoneType"):
        joint.conditional([0], None)
    with pytest.raises(ValueError, match=r"must broadcast: they are of shapes \(4,\) and \(3,\)"):
        multivariate_normal(np.zeros((3, 2)), 1).conditional(0, np.zeros((4, 1)))


@pytest.mark.parametrize("cov", [np.eye(3), a_covariance(3), np.ones((3, 3))])
def test_conditional_on_what_is_not_finite(cov):
    """Infinity is refused, by name, since there is no limit; NaN makes a mean of NaN, of its member alone."""
    joint = multivariate_normal([1.0, 2.0, 3.0], cov, allow_singular=True)
    for value in (np.inf, -np.inf):
        with pytest.raises(ValueError, match=rf"values\[1, 0\] is {value}"):
            joint.conditional(1, [[0.0], [value]])
    with pytest.raises(ValueError, match=r"values - mean must be finite, or NaN: values - mean\[0\] is -inf"):
        multivariate_normal([1.0, np.inf, 3.0], cov, allow_singular=True).conditional(1, 0.0)
    batch = joint.conditional(1, [[0.5], [np.nan]])
    np.testing.assert_array_equal(batch.mean[0], joint.conditional(1, 0.5).mean)
    assert np.isnan(batch.mean[1]).any()
    far = multivariate_normal([np.inf, 2.0, np.nan], cov, allow_singular=True).conditional(1, 0.5)
    np.testing.assert_array_equal(far.mean, [np.inf, np.nan])


def test_marginals_of_means_that_are_not_finite():
    frozen = multivariate_normal([np.inf, 2.0, np.nan], a_covariance(3)).marginal([2, 0])
    np.testing.assert_array_equal(frozen.mean, [np.nan, np.inf])


# Differences of which rounding makes a little less than 0


def accepted_below_zero(d, seed):
    """A covariance whose least eigenvalue is as far below 0 as an accepted one may be, nearly."""
    q, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))
    values = np.where(np.arange(d) < d // 2, 1.0, -0.9 * 1e6 * 2.0**-52 / d)
    cov = (q * values) @ q.T
    return (cov + cov.T) / 2


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e300])
def test_parts_of_what_is_accepted_are_accepted(seed, scale):
    """What rounding has made negative is 0 in what follows: marginals, conditionals, distances, ellipses."""
    for cov in (accepted_below_zero(4, seed) * scale, np.diag([1.0, -1e-11, 0.0, 2e-10]) * scale):
        joint = multivariate_normal(np.zeros(4), cov, allow_singular=True)
        for dimensions in ([0], [1], [2], [1, 2], [3, 0], [0, 1, 2, 3]):
            part = joint.marginal(dimensions)
            np.testing.assert_array_equal(part.cov, cov[np.ix_(dimensions, dimensions)])
            assert np.isfinite([part.entropy(), part.logpdf(np.zeros(len(dimensions)))]).all()
            assert np.isfinite(part.rvs(random_state=1)).all()
            assert np.isfinite(part.wasserstein(part))
        ellipse = joint.marginal([1, 2]).confidence_ellipse()
        assert np.isfinite([ellipse.width, ellipse.height, ellipse.angle]).all()
        assert np.isfinite(joint.conditional(0, np.sqrt(scale)).mean).all()


@pytest.mark.parametrize("cov", [[[-1e-310]], np.diag([-1e-310, -1e-310]), np.diag([0.0, -1e-310])])
def test_nothing_but_what_rounding_has_left(cov):
    """A point, whose tiny variances are negative."""
    point = multivariate_normal(None, cov, allow_singular=True)
    assert (point.logpdf(np.zeros(point.dim)), point.entropy(), point.cov_object.rank) == (0, 0, 0)
    assert point.logpdf(np.ones(point.dim)) == -np.inf
    np.testing.assert_array_equal(np.atleast_1d(point.rvs(random_state=1)), np.zeros(point.dim))
    if point.dim == 2:
        ellipse = point.confidence_ellipse()
        assert (ellipse.width, ellipse.height) == (0, 0)


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_conditionals_of_singular_distributions_are_distributions(data):
    """Of any rank and scales: unless what is given is singular itself."""
    d = data.draw(st.integers(2, 6))
    source = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    basis = source.standard_normal((d, data.draw(st.integers(1, d)))) * 10.0 ** source.integers(-5, 1, (d, 1))
    basis = basis * 10.0 ** source.integers(-5, 1, basis.shape[1])
    joint = multivariate_normal(None, basis @ basis.T, allow_singular=True)
    given_, values = source.permutation(d)[: data.draw(st.integers(1, d - 1))], source.standard_normal(d)
    try:
        conditional = joint.conditional(given_, values[given_])
    except np.linalg.LinAlgError:  # what is given determines itself
        return
    assert np.isfinite(conditional.mean).all()
    assert np.isfinite(conditional.entropy())
    assert np.isfinite(conditional.rvs(random_state=1)).all()
    assert (np.diag(conditional.cov) >= 0).all()


@settings(deadline=None, max_examples=200)
@given(
    st.floats(1e-308, 1.7e308),
    st.floats(1e-308, 1.7e308),
    st.floats(-1, 1),
    st.floats(0, 1, exclude_max=True),
)
def test_ellipses_of_any_covariance(one, other, correlation, level):
    """Half axes that are finite and not negative, whatever the variances and however thin."""
    off = correlation * math.sqrt(one) * math.sqrt(other)
    e = multivariate_normal([0, 0], [[one, off], [off, other]], allow_singular=True).confidence_ellipse(level)
    assert 0 <= e.height <= e.width * (1 + 1e-12) < math.inf
    assert -90 <= e.angle <= 90
    assert np.isfinite(e.points(5)).all()


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_ellipses_about_what_is_not_finite(value):
    """The center is, and so are points; the axes are what they are."""
    e = multivariate_normal([value, 1.0], [4.0, 1.0]).confidence_ellipse()
    np.testing.assert_array_equal(e.center, [value, 1])
    np.testing.assert_array_equal(e.points(5)[:, 0], np.full(5, value))
    assert np.isfinite(e.points(5)[:, 1]).all()
    assert e.width == multivariate_normal([0.0, 1.0], [4.0, 1.0]).confidence_ellipse().width


# Kullback-Leibler divergence


def kl_of_textbook(p, q):
    difference = q.mean - p.mean
    inverse = np.linalg.inv(q.cov)
    logs = np.linalg.slogdet(q.cov)[1] - np.linalg.slogdet(p.cov)[1]
    return (np.trace(inverse @ p.cov) + difference @ inverse @ difference - p.dim + logs) / 2


@pytest.mark.parametrize("d", [1, 2, 5, 16])
def test_kl_divergence_by_the_textbook(d):
    p, q = a_distribution(d, 1), a_distribution(d, 2)
    np.testing.assert_allclose(p.kl_divergence(q), kl_of_textbook(p, q), rtol=1e-10)
    np.testing.assert_allclose(p.kl_divergence(SCIPY(q.mean, q.cov)), p.kl_divergence(q), rtol=1e-14)
    np.testing.assert_allclose(
        multivariate_normal.kl_divergence(q, p.mean, p.cov), p.kl_divergence(q), rtol=1e-14
    )
    assert type(p.kl_divergence(q)) is np.float64


def test_kl_divergence_by_quadrature():
    """The integral of p (log p - log q), over a grid whose error is far below."""
    p, q = a_distribution(2, 1), a_distribution(2, 2)
    axis = np.linspace(-30, 30, 1201)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    total = np.sum(p.pdf(grid) * (p.logpdf(grid) - q.logpdf(grid))) * (axis[1] - axis[0]) ** 2
    np.testing.assert_allclose(p.kl_divergence(q), total, rtol=1e-10)


@pytest.mark.parametrize("step", [1e-3, 1e-6])
def test_kl_divergence_of_neighbours_does_not_cancel(step):
    """(m^2 - 1 - ln m^2) / 2 for variances with the ratio m^2: step^2 / 4 to first order."""
    p, q = multivariate_normal([0, 0], [1 + step, 1]), multivariate_normal([0, 0], [1, 1])
    np.testing.assert_allclose(p.kl_divergence(q), (step - math.log1p(step)) / 2, rtol=1e-9)
    assert p.kl_divergence(p) == 0


@pytest.mark.parametrize("deviation", [1e-150, 1e-9, 1e-5, 0.1, 0.4999, 0.5001, 1.4999, 1.5001, 30.0, 1e9])
def test_kl_divergence_of_narrow_and_wide(deviation):
    """(s^2 - 1 - ln s^2) / 2 against a standard normal, also where s^2 is less than half an ULP of 1."""
    p, q = multivariate_normal([0, 0], [deviation**2, 1]), multivariate_normal([0, 0], [1, 1])
    want = (deviation**2 - 1) / 2 - math.log(deviation)
    np.testing.assert_allclose(p.kl_divergence(q), want, rtol=1e-14)


def test_kl_divergence_of_batches_and_singular_distributions():
    covs = np.stack([a_covariance(2, seed) for seed in range(3)])
    one = a_distribution(2)
    got = multivariate_normal([0, 1], covs).kl_divergence(one)
    assert got.shape == (3,)
    for k in range(3):
        np.testing.assert_allclose(
            got[k], multivariate_normal([0, 1], covs[k]).kl_divergence(one), rtol=1e-14
        )
    assert one.kl_divergence(multivariate_normal(np.ones((4, 1, 2)), covs)).shape == (4, 3)
    singular = multivariate_normal([0, 0], np.ones((2, 2)), allow_singular=True)
    assert singular.kl_divergence(one) == one.kl_divergence(singular) == np.inf
    many = multivariate_normal(np.zeros((4, 2)), np.ones((2, 2)), allow_singular=True)
    np.testing.assert_array_equal(one.kl_divergence(many), np.full(4, np.inf))
    np.testing.assert_array_equal(many.kl_divergence(one), np.full(4, np.inf))
    with pytest.raises(ValueError, match="two singular distributions: one must be regular"):
        singular.kl_divergence(singular)


@pytest.mark.parametrize("name", ["kl_divergence", "wasserstein"])
@pytest.mark.parametrize("d", [1, 2, 5, 30])
def test_distances_of_means_that_are_not_finite(name, d):
    """A difference that is NaN in any component makes NaN; else one that is infinite makes inf."""
    p, q = a_distribution(d, 1), a_distribution(d, 2)
    means = np.zeros((5, d))
    means[0, 0], means[1, -1], means[2, 0], means[3, -1] = np.inf, -np.inf, np.nan, np.nan
    means[3, 0] = np.nan if d == 1 else np.inf
    far = multivariate_normal(means, p.cov)
    for got in (getattr(far, name)(q), getattr(q, name)(far)):
        np.testing.assert_array_equal(got[:4], [np.inf, np.inf, np.nan, np.nan])
        assert np.isfinite(got[4])
    both = getattr(far, name)(far)
    assert np.isnan(both[:4]).all()
    singular = multivariate_normal(means, np.zeros((d, d)), allow_singular=True)
    if name == "wasserstein":
        np.testing.assert_array_equal(singular.wasserstein(q)[:4], [np.inf, np.inf, np.nan, np.nan])


@pytest.mark.parametrize("d", [1, 2, 5])
def test_kl_divergence_that_overflows_is_infinite(d):
    """From a wide distribution to a narrow one; and with correlations that would cancel."""
    wide = multivariate_normal(None, scale_tril=np.tril(np.full((d, d), 1e150)))
    narrow = multivariate_normal(None, scale_tril=np.tril(np.full((d, d), -1e-150), -1) + 1e-165 * np.eye(d))
    assert wide.kl_divergence(narrow) == np.inf
    assert narrow.kl_divergence(wide) > 0
    assert np.isfinite(narrow.kl_divergence(wide))


@settings(deadline=None, max_examples=200)
@given(st.floats(1e-150, 1e150), st.floats(0.5, 2.0), st.floats(-1e150, 1e150))
def test_kl_divergence_is_not_negative(deviation, ratio, shift):
    p, q = multivariate_normal(shift, deviation**2), multivariate_normal(shift, (ratio * deviation) ** 2)
    assert p.kl_divergence(q) >= 0
    assert q.kl_divergence(p) >= 0


# Wasserstein distance


@pytest.mark.parametrize("d", [1, 2, 5, 16])
def test_wasserstein_by_the_formula_of_gelbrich(d):
    p, q = a_distribution(d, 1), a_distribution(d, 2)
    root = scipy.linalg.sqrtm(p.cov)
    middle = scipy.linalg.sqrtm(root @ q.cov @ root)
    want = np.sum((p.mean - q.mean) ** 2) + np.trace(p.cov + q.cov - 2 * np.real(middle))
    np.testing.assert_allclose(p.wasserstein(q) ** 2, want, rtol=1e-10)
    np.testing.assert_allclose(q.wasserstein(p), p.wasserstein(q), rtol=1e-12)
    assert type(p.wasserstein(q)) is np.float64


def test_wasserstein_of_neighbours_does_not_cancel():
    """0 of itself, to rounding errors; and in one dimension the difference of standard deviations."""
    p = a_distribution(8)
    assert p.wasserstein(p) < 1e-13
    one, other = multivariate_normal(0, 4), multivariate_normal(0, (2 + 1e-9) ** 2)
    np.testing.assert_allclose(one.wasserstein(other), 1e-9, rtol=1e-5)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_wasserstein_in_any_unit(scale):
    """The squares of the distances are outside of the range of numbers."""
    p, q = (
        multivariate_normal([0, 0], [0, 0], True),
        multivariate_normal([3 * scale, 4 * scale], [0, 0], True),
    )
    np.testing.assert_allclose(p.wasserstein(q), 5 * scale, rtol=1e-15)


def test_wasserstein_of_batches_and_singular_distributions():
    point = multivariate_normal([1, 1], np.zeros((2, 2)), allow_singular=True)
    line = multivariate_normal([1, 1], np.ones((2, 2)), allow_singular=True)
    np.testing.assert_allclose(line.wasserstein(point), math.sqrt(2), rtol=1e-14)  # the root of the trace
    covs = np.stack([a_covariance(2, seed) for seed in range(3)])
    batch = multivariate_normal(np.zeros((4, 1, 2)), covs)
    got = batch.wasserstein(point)
    assert got.shape == (4, 3)
    np.testing.assert_allclose(got[0] ** 2, 2 + np.trace(covs, axis1=1, axis2=2), rtol=1e-13)


@pytest.mark.parametrize("name", ["kl_divergence", "wasserstein"])
def test_other_distributions(name):
    with pytest.raises(ValueError, match="have 3 and 2 dimensions: they must have equally many"):
        getattr(a_distribution(3), name)(a_distribution(2))
    one, other = multivariate_normal(np.zeros((3, 2)), 1), multivariate_normal(np.zeros((4, 2)), 1)
    with pytest.raises(ValueError, match=r"batches of the two .* shapes \(3,\) and \(4,\)"):
        getattr(one, name)(other)
    with pytest.raises(TypeError, match="must be a multivariate normal distribution, not float"):
        getattr(a_distribution(3), name)(1.0)


# Confidence ellipses


@pytest.mark.parametrize("level", [0.0, 0.3934693402873666, 0.5, 0.95, 0.999])
@pytest.mark.parametrize("cov", [a_covariance(2), [[4, 0], [0, 1]], [[1, 0], [0, 4]], [[1, -0.9], [-0.9, 1]]])
def test_ellipse_by_eigenvalues_and_chi_square(level, cov):
    e = multivariate_normal([1, 2], cov).confidence_ellipse(level)
    values, vectors = np.linalg.eigh(cov)
    quantile = scipy.stats.chi2(2).ppf(level)
    assert e.center == (1, 2)
    np.testing.assert_allclose([e.height, e.width], 2 * np.sqrt(quantile * values), rtol=1e-12, atol=1e-12)
    direction = [math.cos(math.radians(e.angle)), math.sin(math.radians(e.angle))]
    np.testing.assert_allclose(abs(np.dot(direction, vectors[:, 1])), 1, rtol=1e-13)
    assert -90 < e.angle <= 90


def test_points_of_an_ellipse():
    """All at the Mahalanobis distance of the quantile; the last is the first."""
    distribution = a_distribution(2)
    points = distribution.confidence_ellipse(0.9).points(57)
    assert points.shape == (57, 2)
    np.testing.assert_allclose(distribution.mahalanobis(points), math.sqrt(-2 * math.log(0.1)), rtol=1e-12)
    np.testing.assert_allclose(points[0], points[-1], rtol=1e-12)
    assert len(np.unique(points[:-1].round(9), axis=0)) == 56


def test_ellipse_holds_its_probability():
    """Of 100 000 rows, to 4 standard deviations of a binomial: 4 sqrt(0.95 0.05 / n) = 0.0028."""
    distribution = a_distribution(2)
    inside = distribution.mahalanobis(distribution.rvs(100_000, random_state=7)) <= math.sqrt(
        -2 * math.log(0.05)
    )
    assert abs(inside.mean() - 0.95) < 0.0028


def test_ellipses_that_are_lines_points_and_circles():
    line = multivariate_normal([0, 0], np.ones((2, 2)), allow_singular=True).confidence_ellipse(0.5)
    assert (line.height, line.angle) == (0, 45)
    np.testing.assert_allclose(line.width, 2 * math.sqrt(2 * 2 * math.log(2)), rtol=1e-14)
    point = multivariate_normal([3, 4], np.zeros((2, 2)), allow_singular=True).confidence_ellipse(0.5)
    assert point == ConfidenceEllipse((3, 4), 0, 0, 0)
    circle = multivariate_normal([0, 0], 9).confidence_ellipse(0.5)
    assert circle.width == circle.height
    assert multivariate_normal([0, 0], [[1, -0.0], [-0.0, 4]]).confidence_ellipse(0.5).angle == 90
    assert multivariate_normal.confidence_ellipse(0.5, [0, 0], 9) == circle


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_ellipses_in_any_unit(scale):
    cov = a_covariance(2)
    got = multivariate_normal([0, 0], cov * scale).confidence_ellipse()
    want = multivariate_normal([0, 0], cov).confidence_ellipse(0.95)
    np.testing.assert_allclose([got.width, got.height], np.sqrt(scale) * np.array([want.width, want.height]))
    np.testing.assert_allclose(got.angle, want.angle)


def test_thin_ellipses_keep_their_width():
    """The short axis of a correlation of 1 - 2^-45 comes from the determinant, not from a difference."""
    r = 1 - 2.0**-45
    e = multivariate_normal([0, 0], [[1, r], [r, 1]]).confidence_ellipse(0.5)
    np.testing.assert_allclose(e.height, 2 * math.sqrt(2 * math.log(2) * 2.0**-45), rtol=1e-2)


def test_ellipse_in_matplotlib():
    patches = pytest.importorskip("matplotlib.patches")
    e = a_distribution(2).confidence_ellipse(0.9)
    patch = patches.Ellipse(e.center, e.width, e.height, angle=e.angle)
    outline = patch.get_patch_transform().transform(patch.get_path().vertices[:-1:3])  # corners of its curves
    np.testing.assert_allclose(
        a_distribution(2).mahalanobis(outline), math.sqrt(-2 * math.log(0.1)), rtol=1e-9
    )


def test_the_ellipse_of_level_0_is_a_point():
    """Its axes are 0, not -0, which would be printed with its sign."""
    e = a_distribution(2).confidence_ellipse(0)
    assert (math.copysign(1, e.width), math.copysign(1, e.height)) == (1, 1)
    assert e.width == e.height == 0


@pytest.mark.parametrize("level", [-0.1, 1, 1.5, math.nan])
def test_levels_that_there_are_not(level):
    with pytest.raises(ValueError, match="level must be at least 0 and less than 1"):
        a_distribution(2).confidence_ellipse(level)


@pytest.mark.parametrize("level", ["0.5", None, [0.5, 0.9], 1j])
def test_levels_that_are_no_numbers(level):
    with pytest.raises(TypeError, match="level must be a number, not"):
        a_distribution(2).confidence_ellipse(level)


def test_ellipses_need_two_dimensions():
    with pytest.raises(ValueError, match="one distribution in 2 dimensions, not one in 3"):
        a_distribution(3).confidence_ellipse()
    with pytest.raises(ValueError, match="one distribution in 2 dimensions, not a batch"):
        multivariate_normal(np.zeros((3, 2)), 1).confidence_ellipse()


def test_one_dimension_is_norm():
    """The density, distance and divergence of d = 1 are those of norm."""
    x = np.linspace(-3, 3, 7)
    one = multivariate_normal(0.5, 4)
    np.testing.assert_allclose(one.logpdf(x), norm.logpdf(x, 0.5, 2), rtol=1e-14)
    np.testing.assert_allclose(one.mahalanobis(x), np.abs(x - 0.5) / 2, rtol=1e-15)
    np.testing.assert_allclose(one.entropy(), norm.entropy(0.5, 2), rtol=1e-15)


@pytest.mark.parametrize("d", [2, 3])
def test_a_batch_of_one_stays_a_batch(d):
    """Also where one component remains: a mean of one number in a row is no batch elsewhere, as in SciPy."""
    x = np.zeros((5, d - 1))
    for mean, cov in (
        (np.zeros((1, d)), np.eye(d)),
        (np.zeros(d), np.eye(d)[None]),
        ([[0] * d], np.eye(d)[None]),
    ):
        part = multivariate_normal(mean, cov).marginal(range(1, d))
        rest = multivariate_normal(mean, cov).conditional(0, 0.5)
        assert part.logpdf(x[:1]).shape == rest.logpdf(x[:1]).shape == (1,)
    rest = multivariate_normal(np.zeros(d), np.eye(d)).conditional(0, [[0.5]])
    assert rest.mean.shape == (1, d - 1)
    singular = multivariate_normal(np.zeros(d), np.ones((d, d)), allow_singular=True)
    assert singular.conditional(0, [[0.5]]).mean.shape == (1, d - 1)


def test_parts_of_an_accepted_covariance_are_accepted():
    """Rounding errors that are small beside the largest entry need not be so beside the entries of a part."""
    cov = np.diag([1e10, 1e-6, 1e-6])
    cov[1, 2] = 1e-7
    joint = multivariate_normal([1, 2, 3], cov)
    assert joint.marginal([1, 2]).dim == joint.conditional(0, 1).dim == 2
