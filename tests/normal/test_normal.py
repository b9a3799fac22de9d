"""norm: the interface of scipy.stats.norm, NumPy's ufuncs beneath it, and sums over data."""

import copy
import functools
import inspect
import itertools
import math
import pickle
import re
import sys
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import sampling

import fastdist
from fastdist import norm, parallel
from fastdist.normal import array_calls

SCIPY = scipy.stats.norm
OF_X = ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf")
OF_Q = ("ppf", "isf")
FUNCTIONS = OF_X + OF_Q
OF_PARAMETERS = ("mean", "median", "std", "var", "entropy")
LARGE = 3 * parallel.SHARE_SAMPLES + 5  # elements: enough for three threads


@pytest.fixture(autouse=True)
def small_shares(monkeypatch):
    """Threads share arrays of LARGE elements, and the tests are done in time."""
    monkeypatch.setattr(array_calls, "SHARE_BYTES", 4 * parallel.SHARE_SAMPLES)
    monkeypatch.setattr(array_calls, "SHARE_BYTES_OF", {})


every_function = pytest.mark.parametrize("name", FUNCTIONS)


def assert_same(actual, expected):
    """The same type, dtype, shape and bits; any NaN equals any other."""
    assert type(actual) is type(expected)
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(actual, expected)
    np.testing.assert_array_equal(
        np.signbit(actual), np.signbit(expected) | np.isnan(expected) & np.signbit(actual)
    )


def of_scipy(name, *arguments, **keywords):
    with np.errstate(all="ignore"):
        return getattr(SCIPY, name)(*arguments, **keywords)


def outcome(call):
    """What a call returns, or the type of what it raises."""
    try:
        return call()
    except Exception as error:
        return type(error)


@pytest.fixture
def sample():
    """(5, 4) numbers that are probabilities as well."""
    return np.random.default_rng(20261122).uniform(0.01, 0.99, (5, 4))


# Values


finite = st.floats(-1e3, 1e3)
positive = st.floats(1e-3, 1e3)


@every_function
@settings(deadline=None)
@given(data=st.data())
def test_values_and_shapes_are_those_of_scipy(name, data):
    """For any shapes that broadcast, within SciPy's own errors."""
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=4)).input_shapes
    elements = st.floats(-30, 30) if name in OF_X else st.floats(1e-300, 1 - 2**-53)
    z = data.draw(hnp.arrays(float, shapes[0], elements=elements))
    loc = data.draw(hnp.arrays(float, shapes[1], elements=finite))
    scale = data.draw(hnp.arrays(float, shapes[2], elements=positive))
    if name in OF_X:
        x = loc + scale * z
        assume((np.abs((x - loc) / scale) <= 35).all())
    else:
        x = z
    got, want = getattr(norm, name)(x, loc, scale), of_scipy(name, x, loc, scale)
    assert type(got) is type(want)
    assert got.shape == want.shape
    if name in OF_X:
        np.testing.assert_allclose(got, want, rtol=2e-12, atol=1e-12 * ("log" in name))
    else:
        assert (np.abs(got - want) <= 1e-12 * (np.abs(loc) + np.abs(want))).all()


@every_function
def test_special_arguments(name):
    """Infinities, NaN, the ends of [0, 1] and beyond, scale 0 and less: element by element as SciPy."""
    x = np.array([-np.inf, -1.0, -0.0, 0.0, 0.25, 0.5, 1.0, 1.5, np.inf, np.nan])
    loc, scale = np.array([[[0.0]], [[np.nan]]]), np.array([[1.0], [2.0], [0.0], [-1.0], [np.nan]])
    with np.errstate(all="raise"):
        got = getattr(norm, name)(x, loc, scale)
    want = of_scipy(name, x, loc, scale)
    np.testing.assert_allclose(got, want, rtol=1e-14)
    for i, j in itertools.product(range(5), range(10)):
        assert_same(getattr(norm, name)(float(x[j]), 0, float(scale[i, 0])), got[0, i, j])


@every_function
def test_no_floating_point_warnings(name):
    """Overflow, underflow and NaN are results, nothing to warn of; nor are numbers different from arrays."""
    x = np.array([0.0, 5e-324, 1e-300, 40.0, -40.0, 1e200, -1e308, np.inf, np.nan])
    with np.errstate(all="raise"):
        for loc, scale in [
            (0.0, 1.0),
            (1e308, 1.0),
            (-1e308, 1e-300),
            (0.0, 5e-324),
            (0.0, 0.0),
            (np.inf, 1.0),
        ]:
            got = getattr(norm, name)(x, loc, scale)
            for i in range(x.size):
                assert_same(getattr(norm, name)(float(x[i]), loc, scale), got[i])


# Arguments


@every_function
def test_names_of_arguments(name, sample):
    """x or q, loc, scale, by place or by name, as in SciPy; any other is a TypeError there and here."""
    function, argument = getattr(norm, name), "x" if name in OF_X else "q"
    expected = function(sample, 2, 3)
    assert_same(function(**{argument: sample}, loc=2, scale=3), expected)
    assert_same(function(sample, scale=3, loc=2), expected)
    for f in (function, getattr(SCIPY, name)):
        for bad in ({"x" if name in OF_Q else "q": 1}, {"x": 1, "q": 1}, {argument: 1, "foo": 1}, {}):
            with pytest.raises(TypeError):
                f(**bad)
        with pytest.raises(TypeError):
            f(0.5, 1, 2, 3)


@every_function
@pytest.mark.parametrize(
    "number",
    [
        0.5,
        1,
        0,
        True,
        False,
        np.float64(0.5),
        np.float16(0.5),
        np.int8(1),
        np.uint64(1),
        np.bool_(True),
        np.array(0.5),
    ],
    ids=repr,
)
def test_a_number_gives_a_float64(name, number):
    """Whatever its type, as SciPy; also where loc or scale is of that type."""
    want = of_scipy(name, number)
    got = getattr(norm, name)(number)
    assert type(got) is np.float64
    np.testing.assert_allclose(got, want, rtol=1e-14)
    assert type(getattr(norm, name)(0.5, number)) is np.float64
    assert type(getattr(norm, name)(0.5, 0, number)) is np.float64
    assert type(getattr(norm, name)(number, number, number)) is np.float64


@every_function
@pytest.mark.parametrize("code", "?bBhHiIlLqQe")
def test_narrow_dtypes_give_float64(name, code):
    """bool, integers and float16 are computed in float64, in every argument, as in SciPy."""
    x, one = np.array([0, 1, 1], code), np.ones(3, code)
    function = getattr(norm, name)
    expected = function(x.astype(float), 0.0, 1.0)
    for got in (function(x), function(x, 0, one), function(x, one - one if code != "?" else ~one, one)):
        assert_same(got, expected)
    assert_same(function(x.tolist()), expected)
    assert_same(function(0.5, 0, one), function(0.5, 0.0, np.ones(3)))
    assert_same(function(0.5, one, 1), function(0.5, np.ones(3), 1.0))


@every_function
def test_float32_is_kept(name, sample):
    """With numbers or float32 for parameters; a wider parameter widens."""
    x, function = sample.astype("f4"), getattr(norm, name)
    for loc, scale in [(0, 1), (0.5, 2.0), (np.float32(0.5), x), (np.zeros(4, "f4"), 1), (np.int16(1), True)]:
        assert function(x, loc, scale).dtype == np.float32
    for loc, scale in [(np.float64(0), 1), (0, np.ones(4)), (np.int64(0), 1), (0, np.ones(4, "i4"))]:
        assert function(x, loc, scale).dtype == np.float64
    assert type(function(np.float32(0.5))) is np.float32
    np.testing.assert_allclose(function(x, 0.5, 2), function(sample, 0.5, 2), rtol=1e-5, atol=1e-5)


# What is not real, with what the error calls it, and what it says to do.
NOT_REAL = [
    (None, "None", ""),
    ("a", "'a'", "convert"),
    (b"1", "b'1'", "convert"),
    (Decimal("1.5"), "Decimal('1.5')", "convert"),
    (Fraction(1, 2), "Fraction(1, 2)", "convert"),
    ({}, "{}", "pass a list or an array"),
    (iter([1.0]), "<list_it", "pass a list or an array"),
    (["1"], "dtype <U1", "convert"),
    ([Decimal(1), 2.0], "dtype object (such as Decimal('1'))", "convert"),
    ([0.5, None], "dtype object (such as None)", "convert"),
    ([10**30], f"dtype object (such as {10**30})", "convert"),
    (np.array([1], object), "dtype object (such as 1)", "convert"),
    (np.array([], object), "dtype object", "convert"),
    (np.array(["a"], np.dtypes.StringDType()), "dtype StringDType()", "convert"),
    (np.longdouble(1), f"dtype {np.dtype(np.longdouble)}", "round"),
    (np.ones(1, np.clongdouble), f"dtype {np.dtype(np.clongdouble)}", ""),
    (np.array([1], "M8[s]"), "dtype datetime64[s]", "subtract an origin and divide"),
    (np.timedelta64(1, "s"), "dtype timedelta64[s]", "divide by a unit"),
    (np.zeros(1, [("a", "f8")]), "dtype [('a', '<f8')]", "take one of the fields"),
    (pd.Series(["a"]), "dtype str", "convert"),
    (pd.DataFrame({"a": [0.5], "b": [pd.Timestamp(0)]}), "dtype datetime64", "subtract an origin"),
    (scipy.sparse.eye_array(2), "dia_array", "toarray()"),
]
WITHOUT_DATA = (*OF_PARAMETERS, "stats", "support", "rvs")


def calls_of(name, bad):
    """Each place for a wrong argument: a call with it there, and the name of that argument."""
    arguments = {"q" if name in OF_Q else "x": 0.5, "loc": 0, "scale": 1}
    if name in WITHOUT_DATA:
        del arguments["x"]
    for argument in arguments:
        yield functools.partial(getattr(norm, name), *(arguments | {argument: bad}).values()), argument


@pytest.mark.parametrize("name", [*FUNCTIONS, *WITHOUT_DATA, "loglikelihood"])
@pytest.mark.parametrize(("bad", "given", "remedy"), NOT_REAL, ids=[given for _, given, _ in NOT_REAL])
def test_what_is_not_real_is_refused(name, bad, given, remedy):
    """The error says which argument it is, what was given and what to do; out is untouched."""
    for call, argument in calls_of(name, bad):
        with pytest.raises(TypeError, match=rf"^{argument} must be .*{re.escape(given)}") as caught:
            call()
        assert remedy in str(caught.value)
        assert name not in FUNCTIONS or remedy in message_and_out(call, argument)


def message_and_out(call, argument):
    """The message of a call with ``out``, which is left as it is."""
    out = np.full(1, 7.0)
    with pytest.raises(TypeError, match=argument) as caught:
        call(out=out)
    assert out == 7
    return str(caught.value)


@every_function
def test_rows_that_differ_in_length(name):
    for call, argument in calls_of(name, [[1, 2], [3]]):
        with pytest.raises(
            ValueError, match=rf"{argument} must be an array, not \[\[1, 2\], \[3\]\], whose parts"
        ):
            call()


@pytest.mark.parametrize("name", [*FUNCTIONS, *WITHOUT_DATA, "loglikelihood"])
def test_integers_of_any_size(name):
    """Those that float64 holds are numbers as any other; of the others the error tells the size."""
    for call, argument in calls_of(name, 10**400):
        with pytest.raises(OverflowError, match=f"{argument} must be .* not an integer of 1329 bits"):
            call()
    for call, _ in calls_of(name, 10**30):
        call()


@every_function
def test_shapes_that_do_not_broadcast(name):
    out, first = np.full(3, 7.0), "q" if name in OF_Q else "x"
    for size in (3, LARGE):
        with pytest.raises(
            ValueError,
            match=rf"^{first}, loc and scale could not be broadcast .* shapes \({size},\) \(2,\) \(\)",
        ):
            getattr(norm, name)(np.ones(size), np.ones(2))
    with pytest.raises(ValueError, match=r"shapes \(3,\) \(\) \(2,\)"):
        getattr(norm, name)([1, 2, 3], 0, [1, 2], out=out)
    with pytest.raises(ValueError, match="broadcast"):
        getattr(norm, name)(np.ones(4), out=out)
    assert (out == 7).all()


@pytest.mark.parametrize("name", [*WITHOUT_DATA, "loglikelihood"])
def test_parameters_that_do_not_broadcast(name):
    arguments = ([0.5],) if name == "loglikelihood" else ()
    with pytest.raises(
        ValueError, match=r"loc and scale could not be broadcast together with shapes .*\(2,\) \(3,\)"
    ):
        getattr(norm, name)(*arguments, [1, 2], [1, 2, 3])


@every_function
@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"out": [1.0]}, r"out must be an array, not \[1.0\]"),
        ({"out": (3.0,)}, "out must be an array, not 3.0"),
        ({"out": np.zeros(2, int)}, "float64.*int64"),
        ({"where": [1, 0]}, "where must be booleans, not dtype int64"),
        ({"dtype": complex}, "dtype must be float64 or float32, not complex128"),
        ({"dtype": "i4"}, "dtype must be float64 or float32, not int32"),
        ({"mean": 1}, "unexpected keyword argument 'mean'"),
    ],
    ids=str,
)
def test_keywords_that_are_refused(name, keywords, message):
    with pytest.raises(TypeError, match=message):
        getattr(norm, name)([0.25, 0.5], **keywords)


@every_function
def test_errors_of_other_libraries_are_theirs(name):
    """What no argument of ours explains comes through as it is."""

    class Broken:
        def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
            raise KeyError("broken")

    for call, _ in calls_of(name, Broken()):
        with pytest.raises(KeyError, match="broken"):
            call()


# Quantities with units


class OfAstropy(np.ndarray):
    """What makes a quantity of astropy or unyt, whose ufuncs it knows."""

    unit = "km"

    def to_value(self, unit):
        raise NotImplementedError

    def __array_ufunc__(self, *arguments, **keywords):
        raise TypeError("unknown ufunc; please report")


class OfPint:
    """What makes a quantity of pint, which declines ufuncs, and warns before it drops its unit."""

    units = "km"
    magnitude = 1.0
    dtype = np.dtype(float)

    def __array_ufunc__(self, *arguments, **keywords):
        return NotImplemented

    def __array__(self, *arguments, **keywords):
        raise UserWarning("the unit is stripped")


@pytest.mark.parametrize("name", [*FUNCTIONS, *WITHOUT_DATA, "loglikelihood"])
@pytest.mark.parametrize("quantity", [np.ones(2).view(OfAstropy), OfPint()], ids=["astropy", "pint"])
def test_quantities_are_refused(name, quantity):
    """Never is a unit dropped: a mean in km beside data in m would give wrong probabilities."""
    given = f"a {type(quantity).__name__} with unit 'km'"
    value = "to_value" if isinstance(quantity, OfAstropy) else "magnitude"
    for call, argument in calls_of(name, quantity):
        message = rf"{argument} must be plain numbers, not {given}; .*\({argument}\.{value}\)"
        with pytest.raises(TypeError, match=message):
            call()
    if name in FUNCTIONS:
        with pytest.raises(TypeError, match=f"out must be plain numbers, not {given}"):
            getattr(norm, name)([0.25, 0.5], out=quantity)


@pytest.mark.parametrize("method", ["fit", "fit_loc_scale"])
def test_quantities_are_refused_as_data(method):
    with pytest.raises(TypeError, match="data must be plain numbers, not a OfPint with unit 'km'"):
        getattr(norm, method)(OfPint())


def test_quantities_of_astropy():
    units = pytest.importorskip("astropy.units")
    with pytest.raises(
        TypeError, match=r"x must be plain numbers, not a Quantity with unit 'km'.*x\.to_value"
    ):
        norm.cdf([1, 2] * units.km, 1 * units.km, 2 * units.m)
    with pytest.raises(TypeError, match="scale must be plain numbers, not a Quantity with unit 'm'"):
        norm(1, 2 * units.m).std()


def test_quantities_of_pint():
    pint = pytest.importorskip("pint")
    kilometre = pint.UnitRegistry().kilometer
    with pytest.raises(
        TypeError, match=r"x must be plain numbers, not a Quantity with unit 'kilometer'.*x\.magnitude"
    ):
        norm.cdf([1, 2] * kilometre, 1 * kilometre, 2)


# Complex numbers


COMPLEX = [0.3 + 0.1j, [0.3 + 0.1j, 2], np.array([[-3.0, 0.5j]]), np.complex64(0.25 - 0.5j)]


@pytest.mark.parametrize("name", OF_X)
@pytest.mark.parametrize("x", COMPLEX, ids=repr)
def test_complex_x_is_scipys(name, x):
    for parameters in ((), (0.5, 2), ([[1], [2]], 0.5), (0, -1), (np.nan, 1)):
        got, want = getattr(norm, name)(x, *parameters), of_scipy(name, x, *parameters)
        assert type(got) is type(want)
        assert got.dtype == np.complex128
        np.testing.assert_allclose(got, want, rtol=1e-15)
    np.testing.assert_array_equal(getattr(norm(0.5, 2), name)(x), getattr(norm, name)(x, 0.5, 2))


@pytest.mark.parametrize(
    ("name", "derivatives"),
    [
        ("pdf", lambda z, s: norm.pdf(z) / s**2 * np.array([-z, z, z * z - 1])),
        ("logpdf", lambda z, s: np.array([-z, z, z * z - 1]) / s),
        ("cdf", lambda z, s: norm.pdf(z) / s * np.array([1, -1, -z])),
        ("logcdf", lambda z, s: np.exp(norm.logpdf(z) - norm.logcdf(z)) / s * np.array([1, -1, -z])),
        ("sf", lambda z, s: norm.pdf(z) / s * np.array([-1, 1, z])),
        ("logsf", lambda z, s: np.exp(norm.logpdf(z) - norm.logsf(z)) / s * np.array([-1, 1, z])),
    ],
)  # fmt: skip
@pytest.mark.parametrize("x", [-8.0, -0.5, 1.0, 3.0, 9.0])
def test_derivatives_by_a_complex_step(name, derivatives, x):
    """To x, loc and scale: SciPy loses the imaginary parts of the latter two, and gives 0."""
    point, step = (x, 1.0, 2.0), 1e-200j
    for i, want in enumerate(derivatives((x - 1) / 2, 2.0)):
        shifted = [number + step * (i == j) for j, number in enumerate(point)]
        assert getattr(norm, name)(*shifted).imag / step.imag == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize("name", OF_Q)
def test_complex_quantiles(name):
    """Those of real probabilities; SciPy refuses the others as well."""
    want = 1j + (2 + 1e-200j) * getattr(norm, name)([0.1, 0.7])
    np.testing.assert_array_equal(getattr(norm, name)([0.1, 0.7], 1j, 2 + 1e-200j), want)
    for distribution in (norm, SCIPY):
        with pytest.raises(TypeError):
            getattr(distribution, name)(0.5j)
    with pytest.raises(TypeError, match=r"q must be real numbers .*, not dtype complex128"):
        getattr(norm, name)(0.5j)


@every_function
def test_keywords_with_complex_numbers(name):
    out = np.full(1, 7.0)
    with pytest.raises(TypeError, match=rf"norm\.{name} of complex numbers has no keyword 'out'"):
        getattr(norm, name)(0.5, [1j], out=out)
    assert out == 7


@pytest.mark.parametrize("name", [*WITHOUT_DATA, "loglikelihood"])
def test_complex_parameters_are_refused(name):
    for call, argument in calls_of(name, [1j]):
        with pytest.raises(TypeError, match=f"{argument} must be real numbers .*, not dtype complex128"):
            call()


@every_function
def test_any_array_layout(name, sample):
    """0-d, empty, strided, reversed, foreign byte order, read-only: the elements are what counts."""
    function = getattr(norm, name)
    expected = function(sample, 0.5, 2)
    assert_same(function(sample[::-1, ::-2], 0.5, 2), np.ascontiguousarray(expected[::-1, ::-2]))
    assert_same(function(sample.T, 0.5, 2), expected.T)
    assert_same(function(sample.astype(">f8"), 0.5, 2), expected)
    assert_same(function(sample.astype(">f4"), 0.5, 2), function(sample.astype("f4"), 0.5, 2))
    assert_same(function(sample[1, 2], 0.5, 2), expected[1, 2])
    assert_same(function(np.array(sample[1, 2]), 0.5, 2), expected[1, 2])
    assert_same(function(sample.tolist(), 0.5, 2), expected)
    assert_same(function(np.empty((0, 3)), np.zeros(3)), np.empty((0, 3)))
    assert_same(function([]), np.empty(0))
    before = sample.copy()
    sample.flags.writeable = False
    assert_same(function(sample, 0.5, 2), expected)
    np.testing.assert_array_equal(sample, before)


def not_aligned(values, dtype):
    """The same values at an odd address, in the byte order of the dtype."""
    array = np.empty(values.nbytes + 1, np.uint8)[1:].view(dtype).reshape(values.shape)
    array[...] = values
    assert not array.flags.aligned
    return array


@pytest.mark.parametrize("size", [1, 7, LARGE])
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "i4", "u2"])
@pytest.mark.parametrize("order", "<>")
def test_arrays_that_are_not_aligned(size, dtype, order):
    """As a cluster's pickles arrive: odd addresses and swapped bytes are as good as any, everywhere."""
    x = np.random.default_rng(size).uniform(0, 1, size).astype(dtype)
    plain = x, x - x[0], x + x.dtype.type(1)
    odd = [not_aligned(values, order + dtype) for values in plain]
    for name in FUNCTIONS:
        function = getattr(norm, name)
        expected = function(*plain)
        assert_same(function(*odd), expected)
        assert_same(function(odd[0]), function(x))
        assert_same(getattr(norm(*odd[1:]), name)(odd[0]), expected)
        out = not_aligned(expected, expected.dtype.newbyteorder(order))
        out[...] = 7
        assert function(*odd, out=out) is out
        np.testing.assert_array_equal(out, expected)
    for call in (
        lambda x, loc, scale: norm.loglikelihood(x, loc, scale),
        lambda x, loc, scale: norm.loglikelihood(x),
        lambda x, loc, scale: norm.nnlf((loc, scale), x),
        lambda x, loc, scale: np.array(norm.fit(x)),
        lambda x, loc, scale: np.array(norm.fit_loc_scale(x)),
        lambda x, loc, scale: norm.rvs(loc, scale, random_state=3),
        lambda x, loc, scale: np.array(norm.stats(loc, scale, "mvsk")),
        lambda x, loc, scale: norm.moment(3, loc, scale),
        lambda x, loc, scale: norm.entropy(loc, scale),
        lambda x, loc, scale: np.array(norm.interval(x, loc, scale)),
    ):
        assert_same(call(*odd), call(*plain))


@every_function
def test_keywords_of_ufuncs(name, sample):
    """out, where, dtype, order and the rest are NumPy's."""
    function = getattr(norm, name)
    expected = function(sample, 0.5, 2)
    out = np.empty((5, 4))
    assert function(sample, 0.5, 2, out=out) is out
    np.testing.assert_array_equal(out, expected)
    out = np.full((5, 4), 7.0)
    function(sample, 0.5, 2, out=(out,), where=sample < 0.5)
    np.testing.assert_array_equal(out, np.where(sample < 0.5, expected, 7))
    single = np.empty((5, 4), "f4")
    np.testing.assert_array_equal(function(sample, 0.5, 2, out=single), expected.astype("f4"))
    assert function(sample, dtype="f4").dtype == np.float32
    assert function(1, 0, 1, dtype="f4").dtype == np.float32
    assert function(sample, order="F").flags.f_contiguous
    zero_d = np.empty(())
    assert function(0.5, out=zero_d) is zero_d
    assert zero_d == function(0.5)
    assert type(function(1, where=True)) is np.float64
    with pytest.raises(TypeError, match="casting"):
        function(sample, casting="no", dtype="f4")


@every_function
@pytest.mark.parametrize("size", [20, LARGE])
def test_out_may_overlap(name, size):
    """In place, and shifted by some elements: as if the input had been copied before."""
    numbers = np.random.default_rng(1).uniform(0.01, 0.99, size + 7)
    function = getattr(norm, name)
    expected = function(numbers[:size].copy(), 0.5, 2)
    for start in (0, 1, 7):
        memory = numbers.copy()
        function(memory[:size], 0.5, 2, out=memory[start : start + size])
        np.testing.assert_array_equal(memory[start : start + size], expected)
    memory = numbers[:size].copy()
    function(memory, 0.5, 2, out=memory)
    np.testing.assert_array_equal(memory, expected)
    memory = numbers[:size].copy()
    function(memory, 0.5, 2, out=memory[::-1])
    np.testing.assert_array_equal(memory[::-1], expected)


@every_function
@pytest.mark.parametrize(
    "rejected",
    [{"foo": 1}, {"where": np.ones(2, bool)}, {"casting": "wrong"}, {"dtype": "complex128"}],
    ids=repr,
)
def test_out_is_untouched_by_a_rejected_call(name, rejected):
    for size in (3, LARGE):
        out = np.full(size, 7.0)
        with pytest.raises((TypeError, ValueError)):
            getattr(norm, name)(np.full(size, 0.5), out=out, **rejected)
        assert (out == 7).all()
        out.flags.writeable = False
        with pytest.raises(ValueError, match="read-only"):
            getattr(norm, name)(np.full(size, 0.5), out=out)


# Other libraries


@every_function
def test_pandas_in_and_out(name, sample):
    """A Series or DataFrame keeps its index and name; integers of any width give float64."""
    function = getattr(norm, name)
    series = pd.Series(sample[:, 0], index=list("abcde"), name="height")
    got = function(series, loc=0.5, scale=2)
    assert isinstance(got, pd.Series)
    pd.testing.assert_series_equal(
        got, pd.Series(function(sample[:, 0], 0.5, 2), index=series.index, name="height")
    )
    pd.testing.assert_series_equal(function(0.5, series, 2), function(0.5, series.to_numpy(), 2) + 0 * series)
    assert function(pd.Series([0, 1], dtype="int8")).dtype == np.float64
    assert function(pd.Series([0, 1], dtype="float32")).dtype == np.float32
    frame = function(pd.DataFrame(sample, columns=list("wxyz")))
    np.testing.assert_array_equal(frame["x"], function(sample[:, 1]))


@every_function
def test_pandas_objects_of_other_labels(name):
    """pandas would align them to NaN, or mixes them not at all: the error says how to go by position."""
    function = getattr(norm, name)
    frame = pd.DataFrame({"a": [0.25, 0.5], "b": [0.75, 0.5]})
    series, moved = frame["a"], pd.Series([0.0, 1.0], index=[1, 2])
    by_position = r"to go by position, as SciPy does, pass {}\.to_numpy\(\)"
    for arguments, argument in [
        ((series, moved), "loc"),
        ((series, 0, moved), "scale"),
        ((0.5, series, moved), "scale"),
        ((series, pd.Series([1.0] * 4, index=[0, 0, 1, 1])), "loc"),
        ((frame, frame[["a"]]), "loc"),
    ]:
        message = rf"{argument} a \w+ with other labels.*" + by_position.format(argument)
        with pytest.raises(ValueError, match=message):
            function(*arguments)
    with pytest.raises(
        NotImplementedError, match=r"\w is a DataFrame and loc a Series.*" + by_position.format("loc")
    ):
        function(frame, frame.mean(), frame.std())
    pd.testing.assert_frame_equal(
        function(frame, frame.mean().to_numpy(), 2), frame * 0 + function(frame.to_numpy(), [0.375, 0.625], 2)
    )
    backwards = function(series, 1 + series[::-1], series)
    np.testing.assert_array_equal(backwards.sort_index(), function(series, 1 + series, series))


@every_function
def test_subclasses_and_masks(name, sample):
    """As for any ufunc: the mask and the class of an array are kept."""
    function = getattr(norm, name)
    masked = np.ma.masked_less(sample, 0.5)
    got = function(masked)
    np.testing.assert_array_equal(got.mask, masked.mask)
    np.testing.assert_array_equal(got.compressed(), function(sample[sample >= 0.5]))

    class Tagged(np.ndarray):
        pass

    assert type(function(sample.view(Tagged))) is Tagged


@every_function
def test_arrays_of_other_libraries_are_asked_first(name):
    """Whatever defines __array_ufunc__ is handed the ufunc, and not made an array."""

    class Lazy:
        def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
            return ufunc.__name__, method, inputs, keywords

    lazy = Lazy()
    assert getattr(norm, name)(lazy) == (name, "__call__", (lazy, 0, 1), {})
    assert getattr(norm, name)(0.5, lazy, 2, where=True) == (
        name,
        "__call__",
        (0.5, lazy, 2),
        {"where": True},
    )


def test_xarray(sample):
    xarray = pytest.importorskip("xarray")
    got = norm.cdf(xarray.DataArray(sample, dims=("t", "s")), 0.5, 2)
    assert got.dims == ("t", "s")
    np.testing.assert_array_equal(got, norm.cdf(sample, 0.5, 2))


def test_dask_stays_lazy(sample):
    dask_array = pytest.importorskip("dask.array")
    lazy = norm.cdf(dask_array.from_array(sample, chunks=2), 0.5, 2)
    assert isinstance(lazy, dask_array.Array)
    np.testing.assert_array_equal(lazy.compute(), norm.cdf(sample, 0.5, 2))
    assert norm.cdf(dask_array.from_array(np.ones(3, "i1"))).compute().dtype == np.float64


# Threads


def layouts():
    rng = np.random.default_rng(7)
    x = rng.uniform(0.01, 0.99, (LARGE // 16 + 1, 16))
    flat = x.reshape(-1)
    column, row = rng.uniform(0.5, 1, (500, 1)), rng.uniform(-1, 1, 501)
    yield "contiguous", (flat, 0.5, 2)
    yield "float32", (flat.astype("f4"), np.float32(0.5), 2)
    yield "strided", (np.repeat(flat, 3)[::3], 0, 1)
    yield "reversed", (flat[::-1], 0, 1)
    yield "Fortran", (np.asfortranarray(x), 0.5, 2)
    yield "wide", (np.ascontiguousarray(x.T), 0.5, 2)
    yield "both orders", (x, np.asfortranarray(x), 2)
    yield "three axes", (np.repeat(flat, 2)[: 48 * 64 * 80].reshape(48, 64, 80).transpose(1, 0, 2), 0.5, 2)
    yield "outer", (np.abs(row), row, column)
    yield "loc alone", (0.5, flat, 2.0)
    yield "0-d", (flat, np.array(0.5), np.array(2.0))
    yield "row", (x, x[0], x[:, :1])


@every_function
@pytest.mark.parametrize(
    ("layout", "arguments"), list(layouts()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_threads_cannot_be_seen(name, layout, arguments):
    """Bits, shape and layout are those of the ufunc itself, on 1, 2 and 3 threads, with out or not."""
    function, ufunc = getattr(norm, name), getattr(fastdist._kernels.normal, name)
    expected = ufunc(*arguments)
    for threads in (1, 2, 3):
        with fastdist.num_threads(threads):
            got = function(*arguments)
            assert_same(got, expected)
            assert got.strides == expected.strides
            assert got.flags.owndata
            out = np.full_like(expected, 7, order="C")[..., ::-1]
            assert function(*arguments, out=out) is out
            np.testing.assert_array_equal(out, expected)


def test_large_arrays_are_divided(monkeypatch):
    """Plain arrays of a native dtype, when there are enough elements; all else goes to NumPy whole."""
    shares = []
    divide = parallel.for_ranges
    monkeypatch.setattr(
        parallel, "for_ranges", lambda task, n, *rest: (shares.append(n), divide(task, n, *rest))
    )

    def divided(*arguments, **keywords):
        shares.clear()
        norm.cdf(*arguments, **keywords)
        return shares == [LARGE]

    x = np.full(LARGE, 0.5)
    assert divided(x)
    assert divided(x, out=np.empty(LARGE))
    assert divided(x, out=x)
    assert divided(x.astype("f4"), 1, 2.5)
    assert divided(0.5, 0.0, x)
    assert divided(x.reshape(1, -1, 1), x.reshape(-1, 1))
    assert not divided(x[:1000])
    assert not divided(x[:1000], x[:1000])
    assert not divided(x[:1000, None][:0], x)
    assert not divided(x, out=np.empty((1, LARGE)))
    assert not divided(x, out=(np.empty(LARGE),))
    assert not divided(x, out=np.empty(LARGE, "f4"))
    assert not divided(x, where=x > 0, out=x.copy())
    assert not divided(x.astype("i4"))
    assert not divided(x.astype("f4"), np.float64(0))
    assert not divided(np.ma.array(x))


# Random numbers


SIZES = [
    ((), {}), ((), {"size": None}), ((), {"size": ()}), ((), {"size": 1}), ((), {"size": 3}),
    ((), {"size": (2, 3)}),
    ((), {"size": [2, 3]}), ((), {"size": 0}), ((), {"size": np.int64(2)}), ((), {"size": np.array([2, 1])}),
    ((1, 2), {}), ((1, 2, 4), {}), (([0, 1],), {}), (([0, 1], 2, 2), {}), (([[0], [1]],), {"size": (2, 3)}),
    (([0, 1], [[1], [2]]), {}), (([[[0, 1]]],), {}), (([[[0, 1]]],), {"size": 2}),
    (([0, 1],), {"size": (3, 1, 2)}),
    (([], 1), {}), (([[1]],), {}), (([[1]],), {"size": ()}), ((0, 0), {}), ((5, 0, 3), {}), (([1, 2], 0), {}),
    ((0, [0, 1], 2), {}), ((-0.0, -0.0), {}), ((np.nan, 1, 2), {}), ((np.inf, 1), {}), ((0, np.inf), {}),
    ((np.float32(1), np.int8(2), 3), {}), ((True, True), {}), ((0, [-0.0, 2.0]), {}),
]  # fmt: skip


@pytest.mark.parametrize(
    "make", [np.random.RandomState, np.random.default_rng], ids=["RandomState", "Generator"]
)
@pytest.mark.parametrize(("arguments", "keywords"), SIZES, ids=str)
def test_rvs_of_numpys_generators_is_scipys(make, arguments, keywords):
    """The same values, type and shape, and the generator is left at the same place."""
    ours, theirs = make(5), make(5)
    got = norm.rvs(*arguments, **keywords, random_state=ours)
    assert_same(got, of_scipy("rvs", *arguments, **keywords, random_state=theirs))
    assert ours.normal() == theirs.normal()


@pytest.mark.parametrize(("arguments", "keywords"), SIZES, ids=str)
def test_rvs_of_a_seed(arguments, keywords):
    """An int or SeedSequence names a stream of default_rng; shapes and types are SciPy's."""
    want = of_scipy("rvs", *arguments, **keywords, random_state=1)
    got = norm.rvs(*arguments, **keywords, random_state=7)
    assert type(got) is type(want)
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    for same in (np.int64(7), np.random.SeedSequence(7), fastdist.default_rng(7)):
        assert_same(norm.rvs(*arguments, **keywords, random_state=same), got)


def test_rvs_is_loc_plus_scale_times_the_normals():
    rng, z = fastdist.default_rng(7), fastdist.default_rng(7).standard_normal((3, 2))
    assert_same(norm.rvs([1, 2], [3, 4], (3, 2), rng), np.array([1, 2]) + np.array([3, 4]) * z)
    assert rng.tell() == 6


def test_rvs_of_the_default_stream():
    """norm has one Generator, on fresh entropy; it can be set, and a call may use another for once."""
    before = norm.random_state
    assert isinstance(before, fastdist.Generator)
    place = before.tell()
    norm.rvs(size=5)
    norm(1, 2).rvs(size=3)
    assert before.tell() == place + 8
    try:
        norm.random_state = 7
        first = norm.rvs(size=3)
        norm.rvs(size=3, random_state=1)
        assert_same(np.append(first, norm.rvs(size=2)), fastdist.default_rng(7).standard_normal(5))
        norm.random_state = state = np.random.RandomState(3)
        assert norm.random_state is state
        assert_same(norm.rvs(size=2), SCIPY.rvs(size=2, random_state=3))
        norm.random_state = None
        assert norm.random_state is before
        with pytest.raises(ValueError, match="cannot be used to seed"):
            norm.random_state = "x"
    finally:
        norm.random_state = before


def test_rvs_of_the_global_state():
    """The module numpy.random stands for the state that numpy.random.seed sets, as in SciPy."""
    saved = np.random.get_state()  # noqa: NPY002
    try:
        np.random.seed(5)  # noqa: NPY002
        assert_same(norm.rvs(size=3, random_state=np.random), SCIPY.rvs(size=3, random_state=5))
    finally:
        np.random.set_state(saved)  # noqa: NPY002


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, -1.5), ValueError, "Domain error in arguments"),
        ((0, [1, -1]), ValueError, "Domain error in arguments"),
        ((0, np.nan), ValueError, "Domain error in arguments"),
        (([0, 1], 1, 1), ValueError, "size does not match the broadcast shape of the parameters"),
        (([0, 1], 1, 3), ValueError, "size does not match the broadcast shape of the parameters"),
        (([0, 1], [1, 2, 3]), ValueError, "broadcast"),
        ((0, 1, -1), ValueError, "negative dimensions"),
        ((0, 1, 1.5), TypeError, None),
        ((0, 1, (2, 1.5)), TypeError, "integer"),
        (("1",), TypeError, None),
        ((None,), TypeError, None),
        ((0, "1"), TypeError, None),
    ],
    ids=str,
)
def test_rvs_rejects(arguments, error, message):
    """What SciPy rejects, with its error, and no number is drawn."""
    rng = fastdist.default_rng(1)
    with pytest.raises(error, match=message):
        norm.rvs(*arguments, random_state=rng)
    assert rng.tell() == 0
    with pytest.raises(error, match=message):
        of_scipy("rvs", *arguments, random_state=1)


def test_messages_of_rvs():
    with pytest.raises(ValueError, match=r"`scale` parameter must not be negative or NaN, as -1\.5 is"):
        norm.rvs(0, [1, -1.5])
    with pytest.raises(
        ValueError, match=r"parameters, which is \(2,\); size is 3, and must end with that shape"
    ):
        norm.rvs([0, 1], 1, 3)


@pytest.mark.parametrize("bad", [1.5, "7", [1, 2], object()], ids=repr)
def test_rvs_rejects_what_is_no_random_state(bad):
    with pytest.raises(ValueError, match="cannot be used to seed"):
        norm.rvs(random_state=bad)
    with pytest.raises(ValueError, match="cannot be used to seed"):
        SCIPY.rvs(random_state=bad)


# What follows from the parameters


PARAMETERS = [
    (), (1,), (1, 2), ([1, 2], [1, -1]), ([1, 2], [[1], [-1]]), (np.nan, 1), (1, np.nan), (1, 0), ([], 1),
    (True, 2),
    (np.float32(1), 3), (np.inf, 1), ([[1.5]], 2),
]  # fmt: skip


@pytest.mark.parametrize("name", OF_PARAMETERS)
@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_moments_are_those_of_scipy(name, parameters):
    with np.errstate(all="raise"):
        got = getattr(norm, name)(*parameters)
    want = of_scipy(name, *parameters)
    assert type(got) is type(want)
    assert np.shape(got) == np.shape(want)
    np.testing.assert_allclose(got, want, rtol=1e-15)


@pytest.mark.parametrize("moments", ["mv", "m", "v", "s", "k", "mvsk", "km", "", "x", "xv"])
@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_stats_are_those_of_scipy(moments, parameters):
    """The moments in one order whatever the letters', and one alone is no tuple."""
    got, want = norm.stats(*parameters, moments=moments), of_scipy("stats", *parameters, moments=moments)
    if not all(np.isnan(mean).all() for mean in np.atleast_1d(norm.mean(*parameters))):
        assert type(got) is type(want)  # SciPy counts letters, not moments, where all are NaN
        assert len(got) == len(want) if isinstance(got, tuple) else np.shape(got) == np.shape(want)
    for g, w in zip(
        got if isinstance(got, tuple) else [got], want if isinstance(want, tuple) else [want], strict=False
    ):
        assert_same(g, w)


@pytest.mark.parametrize("order", [0, 1, 2, 3, 4, 5, 8, 21, 2.0])
@pytest.mark.parametrize("parameters", [p for p in PARAMETERS if p != (np.inf, 1)], ids=str)
def test_moment_is_that_of_scipy(order, parameters):
    got = norm.moment(order, *parameters)
    want = of_scipy("moment", int(order), *parameters) + 0 * norm.mean(*parameters)  # NaN for order 0 too
    assert type(got) is type(want)
    np.testing.assert_allclose(got, want, rtol=1e-13)


def test_moment_is_exact():
    """Integers while float64 holds them; each term is of one sign, so large and small stay right."""
    assert norm.moment(7, 1, 2) == 8485
    assert norm.moment(7, -1, 2) == -8485
    assert norm.moment(20) == math.prod(range(1, 20, 2))
    np.testing.assert_allclose(norm.moment(4, 1e-300, 1), 3)  # SciPy gives NaN
    assert norm.moment(399) == 0
    assert norm.moment(400) == np.inf


@pytest.mark.parametrize(
    ("order", "error", "message"),
    [
        (1.5, ValueError, "Moment must be an integer."),
        (np.nan, ValueError, "Moment must be an integer."),
        (-1, ValueError, "Moment must be positive."),
        ("a", TypeError, None),
        (None, TypeError, None),
        ([1, 2], ValueError, None),
    ],
)
def test_order_of_a_moment(order, error, message):
    for distribution in (norm, SCIPY, norm(1, 2)):
        with pytest.raises(error, match=message):
            distribution.moment(order)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda d: d.moment(1.5), ValueError, "Moment must be an integer, not 1.5"),
        (lambda d: d.moment(-2), ValueError, "Moment must be positive, not -2"),
        (lambda d: d.moment(None), TypeError, "order must be real numbers .*, not None"),
        (lambda d: d.moment("a"), TypeError, "order must be real numbers .*, not 'a'"),
        (lambda d: d.moment([1, 2]), ValueError, r"order must be one integer, not an array of shape \(2,\)"),
        (lambda d: d.stats(moments=5), TypeError, "moments must be a string of letters of 'mvsk', not 5"),
        (lambda d: d.stats(moments=None), TypeError, "moments must be a string of letters .*, not None"),
        (lambda d: d.interval(1.5), ValueError, "confidence must be between 0 and 1 inclusive, not 1.5"),
        (lambda d: d.interval([0.5, -0.1]), ValueError, "between 0 and 1 inclusive, not -0.1"),
        (lambda d: d.interval("a"), TypeError, "confidence must be real numbers .*, not 'a'"),
        (lambda d: d.interval(1j), TypeError, "confidence must be real numbers .*, not 1j"),
        (lambda d: d.rvs(size=-1), ValueError, "negative dimensions are not allowed in size, which is -1"),
        (lambda d: d.rvs(size=(2, "a")), TypeError, r"size must be an integer or .* not \(2, 'a'\)"),
        (lambda d: d.rvs(random_state=-1), ValueError, "random_state must be a non-negative integer, not -1"),
        (lambda d: d.rvs(random_state="a"), ValueError, "'a' cannot be used to seed.*: pass None, an int, "),
    ],
)  # fmt: skip
def test_messages_of_methods(call, error, message):
    """They say what was given, and what is allowed; those of a frozen distribution are the same."""
    for distribution in (norm, norm(1, 2)):
        with pytest.raises(error, match=message):
            call(distribution)


def test_extreme_scales():
    """Where SciPy takes the square root of a variance that over- or underflows, the deviation is right."""
    with np.errstate(all="raise"):
        assert norm.std(1, 1e200) == 1e200
        assert norm.std(1, 1e-200) == 1e-200
        assert norm.var(1, 1e200) == np.inf
        assert norm.var(1, 1e-200) == 0
        assert norm.mean(1, np.inf) == 1
        assert norm.entropy(0, np.inf) == np.inf


@pytest.mark.parametrize(
    "confidence", [0, 1, 0.95, 0.5, True, [0.5, 0.9], np.nan, np.array([[0.1], [0.2]]), 1e-9]
)
@pytest.mark.parametrize("parameters", [(), (1, 2), ([1, 2], [1, -1])], ids=str)
def test_interval_is_that_of_scipy(confidence, parameters):
    for got, want in zip(
        norm.interval(confidence, *parameters), of_scipy("interval", confidence, *parameters), strict=True
    ):
        assert type(got) is type(want)
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-15)


def test_interval_near_1():
    """The upper end comes from the tail, so it is as far from the median as the lower."""
    low, high = norm.interval(1 - 2**-53)
    assert high == -low
    assert SCIPY.interval(1 - 2**-53)[1] == np.inf


@pytest.mark.parametrize("confidence", [1.1, -0.1, [0.5, 2]])
def test_interval_rejects(confidence):
    for distribution in (norm, SCIPY, norm(1, 2)):
        with pytest.raises(ValueError, match="must be between 0 and 1 inclusive"):
            distribution.interval(confidence)
    for bad in ("a", None):
        with pytest.raises(TypeError):
            norm.interval(bad)


@pytest.mark.parametrize("parameters", [p for p in PARAMETERS if p != (np.inf, 1)], ids=str)
def test_support(parameters):
    for got, want in zip(norm.support(*parameters), of_scipy("support", *parameters), strict=True):
        np.testing.assert_array_equal(got, want)
        assert np.shape(got) == np.shape(want)


@pytest.mark.parametrize("name", [*OF_PARAMETERS, "stats", "support", "rvs"])
@pytest.mark.parametrize("bad", ["1", None, 1j, np.longdouble(1), ["1"]], ids=repr)
def test_parameters_must_be_real(name, bad):
    for arguments in [(bad,), (0, bad)]:
        with pytest.raises(TypeError):
            getattr(norm, name)(*arguments)


# Frozen


FROZEN = [
    ((), {}),
    ((1,), {}),
    ((1, 2), {}),
    ((), {"scale": 3}),
    ((1,), {"scale": 2}),
    (([1, 2], 3), {}),
    ((1, -2), {}),
]


@pytest.mark.parametrize(("args", "kwds"), FROZEN, ids=str)
def test_frozen_is_norm_with_its_parameters(args, kwds):
    """Every method, with the results of norm and the interface of SciPy's frozen distribution."""
    ours, theirs = norm(*args, **kwds), SCIPY(*args, **kwds)
    assert (ours.args, ours.kwds, ours.a, ours.b) == (theirs.args, theirs.kwds, theirs.a, theirs.b)
    assert type(ours.dist) is type(norm)
    for name in FUNCTIONS:
        assert_same(getattr(ours, name)(0.25), getattr(norm, name)(0.25, *args, **kwds))
        out = np.empty(2)
        assert getattr(ours, name)([0.25, 0.5], out=out) is out
    for name in (*OF_PARAMETERS, "stats", "support"):
        for got, want in zip(
            np.atleast_1d(getattr(ours, name)()),
            np.atleast_1d(getattr(norm, name)(*args, **kwds)),
            strict=True,
        ):
            assert_same(got, want)
    assert_same(ours.moment(3), norm.moment(3, *args, **kwds))
    assert_same(ours.moment(order=3), norm.moment(3, *args, **kwds))
    assert_same(ours.interval(0.5)[1], norm.interval(0.5, *args, **kwds)[1])
    assert_same(ours.interval(confidence=0.5)[0], norm.interval(0.5, *args, **kwds)[0])
    assert_same(ours.loglikelihood([0.5, 1]), norm.loglikelihood([0.5, 1], *args, **kwds))
    if args != (1, -2):
        assert_same(ours.rvs(random_state=7), norm.rvs(*args, **kwds, random_state=7))
        assert_same(ours.rvs((3, 2), np.random.RandomState(7)), theirs.rvs((3, 2), 7))
    for name in dir(theirs):
        if not name.startswith("_"):
            assert hasattr(ours, name)
        if name in FUNCTIONS or name in ("rvs", "stats", "moment", "interval", "expect"):
            theirs_names = list(inspect.signature(getattr(theirs, name)).parameters)
            assert (
                list(inspect.signature(getattr(ours, name)).parameters)[: len(theirs_names)] == theirs_names
            )


@pytest.mark.parametrize(("args", "kwds"), [((1, 2, 3), {}), ((), {"a": 1}), ((1,), {"loc": 2})])
def test_frozen_rejects_other_arguments(args, kwds):
    for distribution in (norm, SCIPY):
        with pytest.raises(TypeError):
            distribution(*args, **kwds)


@pytest.mark.parametrize(
    "parameter",
    [[1.0, 2.0], np.array([1.0, 2.0]), pd.Series([1.0, 2.0], index=["a", "b"]), np.ma.array([1.0, 2.0]),
     np.array([1.0, 2.0], ">f4")],
    ids=lambda parameter: type(parameter).__name__,
)  # fmt: skip
def test_frozen_copies_its_parameters(parameter):
    """An array that changes later does not change the distribution; every type stays what it is."""
    by_place, by_name = norm(parameter, parameter), norm(loc=parameter, scale=parameter)
    expected = norm.cdf(0.5, parameter, parameter), norm.mean(parameter, parameter)
    assert type(by_place.args[0]) is type(by_name.kwds["scale"]) is type(parameter)
    parameter[0] = 7.0
    for frozen in (by_place, by_name):
        assert type(frozen.cdf(0.5)) is type(expected[0])
        np.testing.assert_array_equal(frozen.cdf(0.5), expected[0])
        np.testing.assert_array_equal(frozen.mean(), expected[1])


def test_parameters_of_frozen_are_read_only():
    """To change them in SciPy changes the distribution; here it is an error, and never without effect."""
    frozen = norm(1, scale=2)
    with pytest.raises(AttributeError):
        frozen.args = (3,)
    with pytest.raises(AttributeError):
        frozen.kwds = {"scale": 3}
    with pytest.raises(TypeError):
        frozen.kwds["scale"] = 3


def test_frozen_of_other_parameters():
    """Nothing is checked before it is used; read-only memory, and what has no copies, are as good as any."""
    later = norm(0, scale="later")
    with pytest.raises(TypeError, match=r"scale must be real numbers .*, not 'later'"):
        later.cdf(0.5)
    numbers = np.array([1.0, 2.0])
    view = norm(memoryview(numbers))
    numbers.flags.writeable = False
    fixed = norm(numbers)
    np.testing.assert_array_equal(view.mean(), fixed.mean())
    assert fixed.args[0] is not numbers
    dask_array = pytest.importorskip("dask.array")
    assert isinstance(norm(dask_array.ones(3)).cdf(0.5), dask_array.Array)


def test_frozen_random_state():
    """As in SciPy, a frozen distribution has its own, whatever norm has; None is the one that all share."""
    for distribution, shared in ((norm, norm.random_state), (SCIPY, SCIPY.random_state)):
        before = distribution.random_state
        try:
            distribution.random_state = 7
            frozen = distribution(1, 2)
            assert frozen.random_state is shared
            frozen.random_state = 3
            assert frozen.random_state not in (shared, distribution.random_state)
            assert distribution(1, 2).random_state is shared
            kept = frozen.random_state
            frozen.rvs(random_state=9)
            assert frozen.random_state is kept
            frozen.random_state = mine = np.random.default_rng(4)
            assert frozen.random_state is mine
            frozen.random_state = None
            assert frozen.random_state is shared
            with pytest.raises(ValueError, match="cannot be used to seed"):
                frozen.random_state = 1.5
        finally:
            distribution.random_state = before


def test_rvs_of_frozen():
    frozen = norm(1, 2)
    frozen.random_state = 7
    rng = fastdist.default_rng(7)
    assert_same(frozen.rvs(3), rng.normal(1, 2, 3))
    assert_same(frozen.rvs(size=2, random_state=9), norm.rvs(1, 2, 2, 9))
    assert frozen.rvs() == rng.normal(1, 2)


def copies(original):
    yield copy.copy(original)
    yield copy.deepcopy(original)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield pickle.loads(pickle.dumps(original, protocol))


@pytest.mark.parametrize("seed", [7, np.random.RandomState(7), np.random.default_rng(7)], ids=repr)
def test_copies_draw_the_same_numbers_and_move_nothing(seed):
    """Of norm and of frozen distributions: each goes on from a copy of the random state."""
    frozen, whole = norm([1, 2], scale=3), type(norm)()
    whole.random_state = seed
    frozen.random_state = copy.deepcopy(whole.random_state)
    expected = copy.deepcopy(whole.random_state).standard_normal(4)
    for again in copies(frozen):
        assert type(again) is type(frozen)
        assert again.args == ([1, 2],)
        assert again.args[0] is not frozen.args[0]
        assert_same(again.pdf(1), frozen.pdf(1))
        assert_same(again.rvs((2, 2)), np.array([1, 2]) + 3 * expected.reshape(2, 2))
    for again in copies(whole):
        assert_same(again.rvs(size=4), expected)
        again.random_state = 1
    assert_same(whole.rvs(size=4), expected)
    assert_same(frozen.rvs(2), np.array([1, 2]) + 3 * expected[:2])


def test_copies_without_a_random_state_share_the_stream():
    """As in SciPy; and what is unpickled in another process draws from that process's own stream."""
    for again in (*copies(norm), *copies(norm(1, 2))):
        assert again.random_state is norm.random_state
        again.random_state = 7
        assert again.random_state is not norm.random_state
    assert pickle.loads(pickle.dumps(norm.pdf))(0.5) == norm.pdf(0.5)


def test_classes_of_scipy(monkeypatch):
    """SciPy and statsmodels ask isinstance, and read more than the interface: what is loaded answers."""
    frozen = norm(5, 2)
    assert isinstance(frozen, scipy.stats.distributions.rv_frozen)
    assert isinstance(frozen, type(SCIPY(5, 2)))
    assert isinstance(frozen, type(frozen))
    assert isinstance(norm, scipy.stats.rv_continuous)
    assert isinstance(norm, type(norm))
    assert isinstance(frozen.dist, scipy.stats.rv_continuous)
    assert norm._pdf(0.5) == SCIPY._pdf(0.5)
    for absent in ("no_such_name", "_no_such_name", "__array_interface__"):
        assert not hasattr(norm, absent)
    monkeypatch.delitem(sys.modules, "scipy.stats")
    monkeypatch.delitem(sys.modules, "scipy.stats._continuous_distns")
    assert frozen.__class__ is type(frozen)
    assert norm.__class__ is type(norm)
    assert not hasattr(norm, "_pdf")


def test_norm_in_the_place_of_scipys(monkeypatch):
    """Some set ``scipy.stats.norm`` to ours; what ours leaves to SciPy then does not come back to it."""
    monkeypatch.setattr(scipy.stats, "norm", norm)
    assert norm.expect(np.square) == pytest.approx(1)
    assert norm.fit([1, 2, 6], floc=3)[0] == 3
    assert norm.cdf(1j) == SCIPY.cdf(1j)
    assert norm._pdf(0.5) == SCIPY._pdf(0.5)
    assert isinstance(norm(5, 2), scipy.stats.distributions.rv_frozen)
    assert scipy.stats.kstest([0.1, 0.2], "norm").pvalue == scipy.stats.kstest([0.1, 0.2], SCIPY.cdf).pvalue


def test_functions_of_scipy_take_norm():
    """As many as take its own, and with the same results."""
    data = np.random.default_rng(5).normal(5, 2, 50)
    bounds = {"loc": (0, 10), "scale": (0.1, 10)}
    ours, theirs = (scipy.stats.fit(distribution, data, bounds) for distribution in (norm, SCIPY))
    np.testing.assert_allclose(ours.params, theirs.params, rtol=1e-4)
    tested = scipy.stats.goodness_of_fit(norm, data, statistic="ks", n_mc_samples=20)
    assert tested.statistic == pytest.approx(scipy.stats.kstest(data, norm(*norm.fit(data)).cdf).statistic)
    for method in (sampling.NumericalInverseHermite, sampling.NumericalInversePolynomial):
        ours, theirs = (method(frozen, random_state=7).rvs(5) for frozen in (norm(5, 2), SCIPY(5, 2)))
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


@pytest.mark.parametrize(
    "frozen", [norm(5, 2), norm(5, scale=2), norm(loc=5, scale=2)], ids=lambda f: str(f.args)
)
def test_statsmodels(frozen):
    graphics = pytest.importorskip("statsmodels.graphics.gofplots")
    data = np.random.default_rng(5).normal(5, 2, 50)
    ours, theirs = (
        graphics.ProbPlot(data, frozen),
        graphics.ProbPlot(data, SCIPY(*frozen.args, **frozen.kwds)),
    )
    assert (ours.loc, ours.scale) == (5, 2)
    for name in ("fit_params", "theoretical_quantiles", "sample_percentiles"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-13)
    np.testing.assert_allclose(graphics.ProbPlot(data, norm, fit=True).fit_params, norm.fit(data))


# What SciPy does


@pytest.mark.parametrize(
    "options",
    [{"floc": 4}, {"fscale": 2}, {"loc": 4, "scale": 3}, {"method": "mm"}, {"optimizer": "fmin"}, {"f0": 1},
     {"fix_loc": 1}, {"floc": 1, "fscale": 2}, {"method": "x"}],
    ids=str,
)  # fmt: skip
def test_fit_with_options_is_scipys(options):
    def fit(distribution):
        return outcome(lambda: distribution.fit([1, 2, 4], **options))

    assert fit(norm) == fit(SCIPY)


def test_fit_of_censored_data_is_scipys():
    data = scipy.stats.CensoredData([1.0, 2.0, 4.0], right=[3.0])
    assert norm.fit(data) == SCIPY.fit(data)


@pytest.mark.parametrize(
    ("args", "kwds"),
    [((), {}), ((np.square,), {"loc": 1, "scale": 2}), ((lambda x: x, (), 1, 2, 0, 5, True), {}),
     ((np.cos,), {"lb": 0, "conditional": True, "epsabs": 1e-9})],
    ids=str,
)  # fmt: skip
def test_expect_is_scipys(args, kwds):
    got = norm.expect(*args, **kwds)
    assert_same(got, SCIPY.expect(*args, **kwds))


def test_expect_of_frozen_is_scipys():
    got = norm(1, 2).expect(np.square, lb=0, ub=5, conditional=True)
    assert_same(got, SCIPY(1, 2).expect(np.square, lb=0, ub=5, conditional=True))


def test_without_scipy(monkeypatch):
    """What needs it names the extra; all else works."""
    for module in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "scipy", None)
    for call in (
        norm.expect, norm(1, 2).expect, lambda: norm.fit([1, 2], floc=1),
        lambda: norm.fit([1, 2], method="mm"),
    ):  # fmt: skip
        with pytest.raises(ImportError, match=r"needs SciPy: pip install 'fastdist-kernels\[scipy\]'"):
            call()
    for name in OF_X:
        with pytest.raises(
            TypeError, match=rf"norm.{name} of complex numbers needs SciPy: pip install 'fastdist"
        ):
            getattr(norm, name)([1j])
    assert norm.ppf(0.5, 1j) == 1j
    assert norm(5, 2).__class__ is type(norm(5, 2))
    assert norm.fit([1, 2]) == (1.5, 0.5)
    assert norm.moment(4) == 3


SCRIPT = """
import numpy as np
from scipy.stats import norm

rng = np.random.default_rng(12)
heights = norm.rvs(loc=170, scale=10, size=200, random_state=rng)
loc, scale = norm.fit(heights)
grid = np.linspace(norm.ppf(0.01), norm.ppf(0.99), 7)
model = norm(loc=loc, scale=scale)
low, high = model.interval(0.95)
mean, var, skew, kurt = norm.stats(moments="mvsk")
z = (heights - heights.mean()) / heights.std(ddof=1)
result = [
    heights, loc, scale, grid, norm.pdf(grid), norm.cdf(grid, 0, 1), model.sf(180),
    model.logpdf(heights).sum(),
    low, high, mean, var, skew, kurt, 2 * norm.sf(np.abs(z)), norm.isf([0.05, 0.025]), model.median(),
    model.std(),
    norm.entropy(scale=scale), norm.nnlf((loc, scale), heights), model.expect(lambda x: x),
    norm.fit(heights, floc=170),
    norm.cdf(heights, loc=heights.mean(), scale=heights.std()), norm.moment(2, loc=1), model.support(),
    model.kwds["loc"],
]
"""


def test_a_script_written_for_scipy():
    """Only its import is changed."""
    ours, theirs = {}, {}
    exec(SCRIPT.replace("from scipy.stats import norm", "from fastdist import norm"), ours)
    exec(SCRIPT, theirs)
    for got, want in zip(ours["result"], theirs["result"], strict=True):
        assert type(got) is type(want)
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-15)


def test_the_interface_is_there():
    """Every public method that the documentation of scipy.stats.norm lists."""
    documented = [
        "rvs", "pdf", "logpdf", "cdf", "logcdf", "sf", "logsf", "ppf", "isf", "moment", "stats", "entropy",
        "fit", "fit_loc_scale",
        "expect", "median", "mean", "var", "std", "interval", "support", "nnlf", "freeze",
    ]  # fmt: skip
    for name in documented:
        assert callable(getattr(norm, name))
        assert getattr(norm, name).__doc__
    for name in ("a", "b", "name", "shapes", "numargs"):
        assert getattr(norm, name) == getattr(SCIPY, name)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("shift", [1, 7, 255, 256, 300])
def test_out_behind_x(function, shift):
    """``out`` may be the memory of x itself, moved by less than a tile."""
    x = np.random.default_rng(shift).random((3, 1000))
    for dtype in (np.float64, np.float32):
        for memory in x.astype(dtype), x.astype(dtype).reshape(-1):
            want = getattr(norm, function)(memory[..., shift:].copy())
            got = memory[..., :-shift]
            getattr(norm, function)(memory[..., shift:], out=got)
            np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    ("x", "loc", "scale"), [(-1.7e308, 1.7e308, 1e160), (3e38, -3e38, 1e20), (1e308, -1e308, 1e308)]
)
def test_a_difference_that_overflows(x, loc, scale):
    """x - loc may be too large for a float where (x - loc) / scale is not."""
    dtype = np.float32 if scale == 1e20 else np.float64
    got = norm.logpdf(*np.array([x, loc, scale], dtype))
    x, loc, scale = (mpmath.mpf(float(dtype(number))) for number in (x, loc, scale))
    z = (x - loc) / scale
    want = float(-z * z / 2 - mpmath.log(scale * mpmath.sqrt(2 * mpmath.pi)))
    assert got == pytest.approx(want, rel=1e-6 if dtype is np.float32 else 1e-15)


@pytest.mark.parametrize("scale", [1e-46, 1e300])
@pytest.mark.parametrize("n", [3, 10_000, 300_000])
def test_numbers_beyond_float32(scale, n):
    """Numbers that float32 would turn into 0 or infinity are computed with in float64, without a warning."""
    x = np.full(n, 0.5, np.float32)
    with np.errstate(all="raise"):
        for loc, spread in ((0, scale), (scale, 1.0)):
            got = norm.cdf(x, loc, spread)
            assert got.dtype == np.float64
            assert got[0] == got[-1] == norm.cdf(0.5, loc, spread)


@pytest.mark.parametrize("dtype", ["i4", "i8", "u8", ">f8", ">f4", "?"])
def test_large_arrays_of_other_dtypes(dtype):
    """Beyond the size at which threads share the work, results are those of small arrays."""
    x = np.ones(200_000, dtype)
    large, small = norm.cdf(x, x, x), norm.cdf(x[:5], x[:5], x[:5])
    assert large.dtype == small.dtype
    assert large.dtype.isnative
    assert (large == small[0]).all()
    with pytest.raises(TypeError, match=r"x must be real numbers .*, not dtype object"):
        norm.cdf(x.astype(object), x.astype(object), x.astype(object))


def test_narrow_nullable_integers():
    """pandas' own integers give float64 as NumPy's do."""
    series = pd.Series([0, 1], dtype="Int8")
    assert norm.cdf(series).tolist() == norm.cdf([0, 1]).tolist()
    assert norm.cdf(0.5, series).tolist() == norm.cdf(0.5, [0, 1]).tolist()


@pytest.mark.parametrize("size", [2.5, b"1", "1", {}, {1}])
def test_size_that_is_none(size):
    """`size` is an integer or a sequence of integers."""
    with pytest.raises(TypeError, match="integer"):
        norm.rvs(size=size)


def test_parameters_of_a_frozen_norm_cannot_be_changed():
    """What `args` and `kwds` give are copies."""
    frozen = norm(np.array([1.0, 2.0]), scale=[1.0, 2.0])
    frozen.args[0][0] = 50
    frozen.kwds["scale"].append(3)
    assert frozen.mean().tolist() == [1.0, 2.0]
    assert frozen.std().tolist() == [1.0, 2.0]


@pytest.mark.parametrize("name", ["pdf", "logpdf", "cdf", "sf", "logcdf", "logsf"])
def test_complex_numbers_at_infinity_are_as_real_ones(name):
    """Where the quotient by a tiny scale overflows."""
    function = getattr(norm, name)
    for x in (1, 1 + 2j, -1 + 2j):
        assert function(x + 0j, 0, 1e-310) == function(np.real(x), 0, 1e-310)


@pytest.mark.parametrize(
    ("x", "loc", "error"),
    [
        (pd.DataFrame({"a": [1, 2]}), [0, 1], ValueError),
        (pd.Series([1.0]), [0, 1], ValueError),
        (pd.Series([1, 2], dtype="Int64"), [[0], [1]], ValueError),
        (pd.DataFrame({"a": [True, False], "b": [1.0, 2.0]}), 0, TypeError),
        (pd.DataFrame({"a": pd.array([1, 2], dtype="Int64"), "b": [1.0, 2.0]}), 0, TypeError),
    ],
)
def test_what_pandas_refuses_is_explained(x, loc, error):
    with pytest.raises(error, match=r"pandas cannot keep the labels of x, a .*x\.to_numpy\(dtype=float\)"):
        norm.pdf(x, loc)
    plain = x.to_numpy(dtype=float)
    np.testing.assert_allclose(norm.pdf(plain, loc), scipy.stats.norm.pdf(plain, loc), rtol=1e-14)
