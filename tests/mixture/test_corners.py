"""GaussianMixture where data, memory and callers are unusual: equal rows, views, copies, odd arrays."""

import copy
import pickle
import warnings

import numpy as np
import pandas
import pytest
import sklearn.mixture
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import fastdist
from fastdist import GaussianMixture
from fastdist.exceptions import ConvergenceWarning

TYPES = ("full", "tied", "diag", "spherical")
INITS = ("kmeans", "k-means++", "random", "random_from_data")
PARAMETERS = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")


def a_model(covariance_type="full", **params):
    covariances = {
        "full": [[[1, 0.5], [0.5, 1]], [[2, 0], [0, 1]]],
        "tied": [[1, 0.5], [0.5, 1]],
        "diag": [[1, 2], [3, 4]],
        "spherical": [1, 2],
    }[covariance_type]
    given = [0.25, 0.75], [[0, 0], [5, 5]], covariances, covariance_type
    return GaussianMixture.from_parameters(*given, **params)


# Equal rows: no variance is below 0 by rounding


@settings(max_examples=60, deadline=None)
@given(
    row=arrays.arrays(np.float64, st.integers(1, 4), elements=st.floats(-1e9, 1e9)),
    n=st.integers(3, 40),
    components=st.integers(1, 3),
    covariance_type=st.sampled_from(TYPES),
    init_params=st.sampled_from(INITS),
    reg_covar=st.sampled_from([1e-6, 1e-12, "scale"]),
    how=st.sampled_from(["plain", "float32", "batches", "missing", "weights"]),
)
def test_equal_rows(row, n, components, covariance_type, init_params, reg_covar, how):
    """They are fitted, as by scikit-learn: the mean is the row, and the variance is what regularises."""
    x, weight = np.repeat(row[None], n, axis=0), None
    if how == "float32":
        x = x.astype(np.float32)
    elif how == "missing":
        x[1, 0] = np.nan
    elif how == "weights":  # rows that do not count differ
        x, weight = np.concatenate([x, x + 1, x - 7]), np.repeat([1.0, 0, 0], n)
    data = [x[:2], x[2:]] if how == "batches" else x
    model = GaussianMixture(
        components,
        covariance_type=covariance_type,
        init_params=init_params,
        reg_covar=reg_covar,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(data, sample_weight=weight)
    expected = np.asarray(x[0], np.float64)
    np.testing.assert_allclose(
        model.means_, [expected] * components, rtol=1e-6 if how == "float32" else 1e-14
    )
    variances = np.diagonal(model._fitted().full_covariances(), axis1=1, axis2=2)
    regularized = 1e-6 if reg_covar == "scale" else reg_covar
    rounding = (1e-15 * np.abs(expected).max()) ** 2
    assert (variances >= regularized * 0.99).all()
    # A row of n in which a value is missing has the variance that it is expected to have: v = r + v / n.
    assert (variances <= regularized * (2.01 if how == "missing" else 1.01) + 100 * rounding).all()


def test_the_rows_that_were_refused():
    """Of 19 equal rows a variance was -1e-16."""
    x = np.repeat([[-0.96, 0.56]], 19, axis=0)
    ours = GaussianMixture(1, random_state=0).fit(x)
    theirs = sklearn.mixture.GaussianMixture(1, random_state=0).fit(x)
    np.testing.assert_allclose(ours.means_, theirs.means_, rtol=1e-14)
    np.testing.assert_allclose(ours.covariances_, theirs.covariances_, rtol=1e-6, atol=1e-20)


@pytest.mark.parametrize("init_params", INITS)
def test_fewer_distinct_points_than_components(init_params):
    """A fit says so; of as many as there are components it says nothing."""
    x = np.repeat([[0.0, 1], [5, 5]], 10, axis=0)
    x[0] = [-0.0, 1]
    model = GaussianMixture(3, init_params=init_params, random_state=0, tol=1.0)
    with pytest.warns(
        ConvergenceWarning, match=r"distinct points \(2\) found smaller than n_components \(3\)"
    ):
        model.fit(x)
    with pytest.warns(ConvergenceWarning, match="distinct points"):
        model.fit([x[:3], x[3:]])
    with pytest.warns(ConvergenceWarning, match="distinct points"):
        model.fit(np.concatenate([x, [[9, 9]]]), sample_weight=np.append(np.ones(20), 0))
    model.fit(np.concatenate([x, [[9, 9]]]))  # warnings are errors here


# Memory of the caller's


def views(array):
    """Arrays with these numbers that cannot be written, and the memory through which they can."""
    frame = pandas.DataFrame({"a": np.ravel(array)})
    yield np.asarray(frame["a"]).reshape(array.shape), lambda: frame.__setitem__("a", 99.0)
    base = array.copy()
    frozen = base.view()
    frozen.flags.writeable = False
    yield frozen, lambda: base.fill(99)
    wide = np.zeros((*array.shape, 2))
    wide[..., 0] = array
    strided = wide[..., 0]
    strided.flags.writeable = False
    yield strided, lambda: wide.fill(99)
    owned = array.copy()
    owned.flags.writeable = False

    def thaw():
        owned.flags.writeable = True
        owned.fill(99)

    yield owned, thaw


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("which", range(3))
def test_parameters_are_copies(covariance_type, which):
    """Whatever becomes of the arrays that a model was made of, it stays as it is."""
    reference = a_model(covariance_type)
    given = [np.array(getattr(reference, name)) for name in PARAMETERS[:3]]
    x = np.array([[0.5, 1], [4, 6]])
    for way in ("from_parameters", "assigned"):
        for array, change in views(given[which]):
            parts = [*given[:which], array, *given[which + 1 :]]
            if way == "from_parameters":
                model = GaussianMixture.from_parameters(*parts, covariance_type)
            else:
                model = GaussianMixture(2, covariance_type=covariance_type)
                model.weights_, model.means_, model.covariances_ = parts
            change()
            model.predict(x)  # before which assigned parameters have no inverses
            for name in PARAMETERS:
                np.testing.assert_array_equal(getattr(model, name), getattr(reference, name))
            for points in (x, x.astype(np.float32)):
                np.testing.assert_array_equal(model.score_samples(points), reference.score_samples(points))


def test_a_broadcast_is_copied():
    mean = np.zeros(2)
    model = GaussianMixture.from_parameters(
        [0.5, 0.5], np.broadcast_to(mean, (2, 2)), np.ones(2), "spherical"
    )
    mean += 7
    assert not model.means_.any()


@pytest.mark.parametrize("name", PARAMETERS)
def test_fitted_arrays_say_what_to_do_instead(name):
    model = a_model()
    before = np.array(getattr(model, name))
    for change in (
        lambda array: array.__setitem__(0, 5),
        lambda array: array[...].__setitem__(0, 5),
        lambda array: array.__iadd__(1),
    ):
        with pytest.raises(
            ValueError, match=rf"{name} is read-only.*assign a new array.*model\.{name} = array"
        ):
            change(getattr(model, name))
    np.testing.assert_array_equal(getattr(model, name), before)
    assert type(getattr(model, name) + 1) is np.ndarray
    assert repr(getattr(model, name)) == repr(before)
    copied = getattr(model, name).copy()
    copied[0] = 5


def test_assigned_arrays_are_read_only_as_well():
    model = a_model()
    model.means_ = [[1, 2], [3, 4]]
    with pytest.raises(ValueError, match="means_ is read-only"):
        model.means_[0] = 5


# Copies


def test_a_copy_has_a_step_of_its_own():
    """What the copy accumulates does not move the original, nor the other way round."""
    x = np.random.default_rng(1).normal(size=(200, 2))
    model = GaussianMixture(2, random_state=0).accumulate(x[:100])
    for duplicate in (copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))):
        twin = duplicate(model)
        twin.accumulate(x[100:] + 50).step()
        want = GaussianMixture(2, random_state=0).accumulate(x[:100]).accumulate(x[100:]).step()
        got = copy.copy(model).accumulate(x[100:]).step()
        np.testing.assert_array_equal(got.means_, want.means_)
    assert model.n_iter_ == 0


@pytest.mark.parametrize("random_state", [None, 7, np.random.SeedSequence(7)])
def test_a_copy_has_a_stream_of_its_own(random_state):
    """It goes on from where the original is, and does not move it."""
    model = a_model(random_state=random_state)
    model.sample(3)
    for duplicate in (copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))):
        drawn = duplicate(model).sample(4)[0]
        np.testing.assert_array_equal(model.sample(4)[0], drawn)


@pytest.mark.parametrize("make", [np.random.default_rng, fastdist.default_rng, np.random.RandomState])
def test_a_copy_shares_a_generator_that_it_was_given(make):
    """`random_state` says so: it is one generator, as in scikit-learn."""
    model = a_model(random_state=make(3))
    model.sample(2)
    twin = copy.copy(model)
    assert twin.random_state is model.random_state
    drawn = [model.sample(2)[0], twin.sample(2)[0], model.sample(2)[0]]
    again = a_model(random_state=make(3))
    want = [again.sample(2)[0] for _ in range(4)][1:]
    np.testing.assert_array_equal(drawn, want)


def test_a_copy_keeps_its_parameters_and_bounds():
    x = np.random.default_rng(1).normal(size=(200, 2))
    model = GaussianMixture(2, random_state=0, tol=0.1).fit(x)
    twin = copy.copy(model)
    model.means_ = model.means_ + 1
    twin.partial_fit(x)
    assert (twin.n_iter_, len(twin.lower_bounds_)) == (model.n_iter_ + 1, len(model.lower_bounds_) + 1)
    assert type(twin) is GaussianMixture
    assert twin.get_params() == model.get_params()


# predict is the argmax of predict_proba


@settings(max_examples=100, deadline=None)
@given(
    x=arrays.arrays(
        st.sampled_from([np.float64, np.float32]),
        st.tuples(st.integers(1, 20), st.just(2)),
        elements=st.floats(-(2.0**127), 2.0**127, width=32) | st.floats(-8, 8, width=32) | st.just(np.nan),
    ),
    covariance_type=st.sampled_from(TYPES),
    scale=st.sampled_from([1.0, 1e-30, 1e15]),
)
def test_predict_is_the_argmax_of_predict_proba(x, covariance_type, scale):
    """Wherever the points are, with missing values as well; and rows of probabilities sum to 1."""
    model = a_model(covariance_type)
    model.means_ = model.means_ * scale
    model.covariances_ = model.covariances_ * scale**2
    proba = model.predict_proba(x)
    np.testing.assert_array_equal(model.predict(x), proba.argmax(axis=1))
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)


def test_probabilities_that_differ_by_less_than_they_are_rounded():
    """log densities 1e-17 apart have the same probability: the first is predicted."""
    model = GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [0.0]], [1.0, 1.0 + 2.0**-52], "spherical")
    x = np.linspace(-3, 3, 10_001)[:, None]
    np.testing.assert_array_equal(model.predict(x), model.predict_proba(x).argmax(axis=1))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_heaviest_tail_takes_what_is_far_away(dtype):
    """Where every density underflows even as a logarithm."""
    model = GaussianMixture.from_parameters([0.9, 0.1], [[0, 0], [1, 1]], [[1, 1], [4, 0.25]], "diag")
    far = np.finfo(dtype).max / 4
    x = np.array([[far, 0], [0, far], [-far, 1], [far / 8, far]], dtype)
    assert (model.score_samples(x) == -np.inf).all()
    assert model.predict_proba(x).tolist() == [[0, 1], [1, 0], [0, 1], [1, 0]]
    tied = GaussianMixture.from_parameters([0.9, 0.1], [[0, 0], [1, 1]], np.eye(2), "tied")
    np.testing.assert_allclose(tied.predict_proba(x[:1]), [[0.9, 0.1]], rtol=1e-6)  # at the same distance


# Probabilities at infinity


@settings(max_examples=50, deadline=None)
@given(weights=st.lists(st.floats(1e-3, 1), min_size=1, max_size=12))
def test_all_of_the_probability_is_1(weights):
    """cdf(inf) and sf(-inf) are 1 exactly, however the weights are rounded."""
    weights = np.array(weights) / sum(weights)
    k = len(weights)
    model = GaussianMixture.from_parameters(weights, np.arange(k)[:, None], np.ones(k), "spherical")
    for dtype in (np.float64, np.float32):
        inf = dtype(np.inf)
        assert model.cdf([inf, -inf]).tolist() == [1, 0]
        assert model.sf([inf, -inf]).tolist() == [0, 1]
    assert np.isnan(model.cdf(np.nan))


# Arrays as a cluster or a file leaves them


def unaligned(array):
    """The same numbers at an odd address."""
    memory = np.zeros(array.nbytes + 1, np.uint8)
    odd = memory[1:].view(array.dtype).reshape(array.shape)
    odd[...] = array
    odd.flags.writeable = False
    return odd


KINDS = {
    "unaligned": unaligned,
    "swapped": lambda array: array.astype(array.dtype.newbyteorder()),
    "unaligned and swapped": lambda array: unaligned(array.astype(array.dtype.newbyteorder())),
    "Fortran": np.asfortranarray,
    "strided": lambda array: np.repeat(array, 2, axis=0)[::2],
    "reversed": lambda array: np.ascontiguousarray(array[::-1])[::-1],
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_data_of_any_layout(kind, dtype, covariance_type):
    x = np.random.default_rng(1).normal(size=(300, 2)).astype(dtype)
    x[:100] += 6
    weight = np.random.default_rng(2).random(300)
    odd, odd_weight = kind(x), kind(weight)
    keywords = {"covariance_type": covariance_type, "random_state": 0, "tol": 1e-2}
    model = GaussianMixture(2, **keywords).fit(x, sample_weight=weight)
    other = GaussianMixture(2, **keywords).fit(odd, sample_weight=odd_weight)
    batches = GaussianMixture(2, **keywords).fit([odd])
    for name in PARAMETERS:
        np.testing.assert_array_equal(getattr(other, name), getattr(model, name))
    assert batches.means_.dtype == dtype
    for method in ("score_samples", "predict", "predict_proba", "logpdf", "pdf", "score", "bic"):
        np.testing.assert_array_equal(getattr(model, method)(odd), getattr(model, method)(x), err_msg=method)
    assert model.score(odd, sample_weight=odd_weight) == model.score(x, sample_weight=weight)
    assert model.modes(odd) == model.modes(x)
    model.partial_fit(odd, sample_weight=odd_weight)
    assert len(model.marginal(0).cdf(odd[:, 0])) == 300


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("covariance_type", TYPES)
def test_parameters_of_any_layout(kind, covariance_type):
    reference = a_model(covariance_type)
    parts = [kind(np.array(getattr(reference, name))) for name in PARAMETERS[:3]]
    x = np.array([[0.5, 1], [4, 6]])
    model = GaussianMixture.from_parameters(*parts, covariance_type)
    np.testing.assert_array_equal(model.score_samples(x), reference.score_samples(x))
    model.means_ = parts[1]
    np.testing.assert_array_equal(model.score_samples(x), reference.score_samples(x))
    given = {"weights_init": parts[0], "means_init": parts[1], "precisions_init": kind(reference.precisions_)}
    fit = GaussianMixture(2, covariance_type=covariance_type, tol=1e9, **given).fit(
        np.random.default_rng(0).random((9, 2))
    )
    assert np.isfinite(fit.means_).all()


def test_pickles_whose_memory_is_not_aligned():
    """As protocol 5 hands them over out of band: read-only, and at any address."""
    model = GaussianMixture(2, random_state=0).fit(np.random.default_rng(1).normal(size=(50, 2)))
    buffers = []
    pickled = pickle.dumps(model, protocol=5, buffer_callback=buffers.append)
    odd = [unaligned(np.frombuffer(buffer.raw(), np.uint8)) for buffer in buffers]
    twin = pickle.loads(pickled, buffers=odd)
    x = np.random.default_rng(2).normal(size=(20, 2))
    np.testing.assert_array_equal(twin.score_samples(x), model.score_samples(x))
    np.testing.assert_array_equal(twin.sample(5, rng=1)[0], model.sample(5, rng=1)[0])


# Dtypes


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("how", ["array", "batches", "frame"])
def test_fitted_attributes_have_the_dtype_of_the_data(covariance_type, how):
    x = np.random.default_rng(1).normal(size=(60, 2)).astype(np.float32)
    data = {"array": x, "batches": [x[:30], x[30:].astype(np.float64)], "frame": pandas.DataFrame(x)}[how]
    model = GaussianMixture(2, covariance_type=covariance_type, random_state=0, tol=1).fit(data)
    for duplicate in (model, copy.copy(model), pickle.loads(pickle.dumps(model)), model.marginal([1, 0])):
        assert {getattr(duplicate, name).dtype for name in PARAMETERS} == {np.dtype(np.float32)}
    model.fit(x.astype(np.float64))
    assert {getattr(model, name).dtype for name in PARAMETERS} == {np.dtype(np.float64)}
    assert a_model(covariance_type).means_.dtype == np.float64


def test_float32_weights():
    """Their sum is 1 as far as float32 tells."""
    weights = np.full(7, 1 / 7, np.float32)
    model = GaussianMixture.from_parameters(weights, np.arange(7.0)[:, None], np.ones(7), "spherical")
    assert abs(model.weights_.sum() - 1) < 1e-15
    model.weights_ = weights
    model.score_samples([[0.0]])
    for wrong in (weights.astype(np.float64), weights * np.float32(1.00001)):
        with pytest.raises(ValueError, match="weights must sum to 1, not"):
            GaussianMixture.from_parameters(wrong, np.arange(7.0)[:, None], np.ones(7), "spherical")


# Modes


def test_modes_compare_and_hash():
    one, same, other = a_model().modes(), a_model().modes(), a_model("diag").modes()
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != "modes"
    assert len({one, same, other}) == 2
    with pytest.raises(ValueError, match="modes are read-only: change a copy"):
        one.locations[0] = 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_far_points_near_to_means_belong_to_the_nearest(dtype):
    """Where every density underflows, differences of the last bits count: subtraction is exact."""
    kind = np.dtype(dtype).type
    for _, at in zip(range(200), np.random.default_rng(5).uniform(1, 2, 200), strict=False):
        x = kind(at * (1e200 if dtype is np.float64 else 1e28))
        up = np.nextafter(x, kind(np.inf))
        means = np.array([[up], [np.nextafter(up, kind(np.inf))]], np.float64)
        model = GaussianMixture.from_parameters([0.5, 0.5], means, np.full((2, 1, 1), 1e-20))
        assert model.predict_proba([[x]]).tolist() == [[1.0, 0.0]]
        if dtype is np.float32:  # means between two numbers of float32 are told apart
            near = means[0] + (means[1] - means[0]) * [[0.25], [0]]
            model = GaussianMixture.from_parameters([0.5, 0.5], near, np.full((2, 1, 1), 1e-20))
            assert model.predict_proba(np.array([[x]], np.float32)).tolist() == [[0.0, 1.0]]


def test_assigned_parameters_read_the_same_before_and_after_use():
    """float32 stays so only if all that was assigned is float32 as well."""
    X = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    for means, dtype in (([[0.1, 0.2]], np.float64), (np.array([[0.1, 0.2]], np.float32), np.float32)):
        model = GaussianMixture(random_state=0).fit(X)
        assert model.means_.dtype == np.float32
        model.means_ = means
        before = np.array(model.means_)
        model.predict(X)
        assert model.means_.dtype == before.dtype == dtype
        assert np.array_equal(model.means_, before)
        assert model.covariances_.dtype == dtype


@pytest.mark.parametrize("values", [2, 3])
def test_distinct_points_are_counted_in_all_data(values):
    """Also those that the sample of the start, some rows of them all, does not have."""
    X = np.zeros((300_000, 1))
    X[[123_456, 222_222]] = [[1], [values - 1]]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        GaussianMixture(3, max_iter=1, init_params="random", random_state=0).fit(X)
    found = [str(warning.message) for warning in caught if "distinct points" in str(warning.message)]
    assert len(found) == (values < 3)
    assert all("distinct points (2)" in message for message in found)


def test_partial_fit_does_not_lose_what_was_accumulated():
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = GaussianMixture(2, random_state=0).fit(X).accumulate(X[:30])
    with pytest.raises(ValueError, match="call step first"):
        model.partial_fit(X[30:])
    model.accumulate(X[30:]).step().partial_fit(X)
    assert model.n_iter_ >= 2


@pytest.mark.parametrize("weight", [5e-324, 1e-320, 1e-310, 1e-200, 1e200, 1e305])
def test_only_the_ratios_of_weights_count_in_partial_fit(weight):
    X = np.random.default_rng(0).normal(size=(400, 2))
    X[:200] += 5
    got = GaussianMixture(2, random_state=0).partial_fit(X, None, np.full(400, weight))
    want = GaussianMixture(2, random_state=0).partial_fit(X)
    rtol = 1e-12 if weight > 1e-300 else 1e-2  # subnormal numbers have few digits
    np.testing.assert_allclose(got.means_, want.means_, rtol)
    np.testing.assert_allclose(got.lower_bound_, want.lower_bound_, rtol)


def test_what_is_made_of_a_fitted_attribute():
    """An output comes back itself, and a pickle as an array that may be changed."""
    model = GaussianMixture.from_parameters([0.25, 0.75], [[0.0], [1.0]], [[[1.0]]] * 2)
    out = model.weights_.copy()
    assert np.add(out, 1, out=out) is out
    assert out.tolist() == [1.25, 1.75]
    fraction, whole = np.empty(2), model.weights_.copy()
    parts = np.modf(out, fraction, whole)
    assert parts[0] is fraction
    assert parts[1] is whole
    again = pickle.loads(pickle.dumps(model.weights_))
    assert type(again) is np.ndarray
    again[0] = 5


def test_strings_are_refused_alike():
    model = GaussianMixture.from_parameters([1.0], [[0.0]], [[[1.0]]])
    for method in (model.pdf, model.logpdf, model.cdf, model.sf, model.ppf, model.isf):
        with pytest.raises(ValueError, match="must be real numbers, not strings"):
            method(["1"])
