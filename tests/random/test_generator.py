"""Generator and default_rng: NumPy's interface, one stream however it is sliced."""

import copy
import json
import multiprocessing
import os
import pickle
import threading
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastdist
from fastdist import BlockXoshiro256, Generator, default_rng

SEED = 20261122
DTYPES = (np.float64, np.float32)
TILE = {np.float64: 1024, np.float32: 2048}


def assert_same(actual, expected):
    """Bit for bit: NaN equals NaN, and 0.0 does not equal -0.0."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    assert actual.tobytes() == expected.tobytes()


# Law 1: one stream, however it is sliced


@pytest.fixture(scope="module")
def streams():
    """100 000 samples of each dtype, in one call."""
    return {dtype: default_rng(SEED).standard_normal(100_000, dtype=dtype) for dtype in DTYPES}


call_sizes = st.lists(
    st.one_of(
        st.none(),
        st.integers(0, 50),
        st.sampled_from([1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097, 8192, 16383, 16384, 16385]),
        st.integers(0, 40_000),
    ),
    max_size=40,
)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(deadline=None, max_examples=60)
@given(sizes=call_sizes, way=st.sampled_from(["size", "out", "tuple", "normal"]))
def test_slicing_does_not_matter(streams, dtype, sizes, way):
    """Any sequence of calls gives the values of one call; ``None`` is a scalar call."""
    rng = default_rng(SEED)
    place = 0
    for size in sizes:
        count = 1 if size is None else size
        if place + count > 100_000:
            break
        if size is None:
            drawn = np.asarray([rng.standard_normal(dtype=dtype)], dtype=dtype)
        elif way == "out":
            drawn = rng.standard_normal(out=np.empty(size, dtype), dtype=dtype)
        elif way == "tuple":
            drawn = rng.standard_normal((1, size), dtype=dtype)[0]
        elif way == "normal":
            drawn = rng.normal(0.0, 1.0, size, dtype=dtype) + dtype(0)
        else:
            drawn = rng.standard_normal(size, dtype)
        np.testing.assert_array_equal(drawn, streams[dtype][place : place + count])
        place += count
        assert rng.tell(dtype) == place


@pytest.mark.parametrize("dtype", DTYPES)
def test_seek_goes_to_any_sample(streams, dtype):
    """After seek(i) sample i comes next: at 0, and on and beside the borders of tiles and blocks."""
    tile = TILE[dtype]
    rng = default_rng(SEED)
    for border in (0, tile, 2 * tile, 3 * tile, 4 * tile, 8 * tile):
        for index in range(max(0, border - 2), border + 3):
            rng.seek(index, dtype)
            assert rng.tell(dtype) == index
            assert_same(rng.standard_normal(3000, dtype), streams[dtype][index : index + 3000])
            rng.seek(index, dtype)
            assert rng.standard_normal(dtype=dtype) == streams[dtype][index]


@pytest.mark.parametrize("dtype", DTYPES)
def test_seek_far(dtype):
    """10**15 and the last samples of the stream are reached at once, and consistent with their neighbours."""
    rng = default_rng(SEED)
    for start in (10**15 - 5000, 2**63 - 10_001):
        rng.seek(start, dtype)
        run = rng.standard_normal(10_000, dtype)
        for offset in (0, 1, 4999, 5000, 9999):
            rng.seek(start + offset, dtype)
            assert rng.standard_normal(dtype=dtype) == run[offset]


def test_seek_of_raw_words():
    """dtype uint64 names the words that random, integers and every inherited method draw from."""
    rng = default_rng(SEED)
    uniforms = rng.random(5000)
    assert rng.tell(np.uint64) == 5000
    rng.seek(4090, np.uint64)
    assert_same(rng.random(910), uniforms[4090:])
    rng.seek(1, np.uint64)
    rng.integers(2**32, dtype=np.uint32)
    rng.seek(1, np.uint64)  # the half word left over belongs to the place that was left
    assert_same(rng.random(), uniforms[1])


@pytest.mark.parametrize("bad", [-1, 2**63, 10**30])
def test_seek_rejects_places_outside_of_the_stream(bad):
    rng = default_rng(SEED)
    with pytest.raises(ValueError, match="outside of the stream"):
        rng.seek(bad)
    assert rng.tell() == 0


def test_seek_needs_an_integer():
    with pytest.raises(TypeError, match="integer"):
        default_rng(SEED).seek(1.5)


@pytest.mark.parametrize("method", ["seek", "tell"])
def test_a_foreign_bit_generator_has_no_places(method):
    rng = Generator(np.random.PCG64(1))
    with pytest.raises(TypeError, match=f"{method} needs a BlockXoshiro256; PCG64 is drawn from in order"):
        getattr(rng, method)(*([0] if method == "seek" else []))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("threads", range(1, 9))
def test_threads_cannot_be_seen(dtype, threads):
    """Large fills on 1 to 8 threads, from inside a tile, are one sequence, and end where they should."""
    n = 700_001
    with fastdist.num_threads(1):
        expected = default_rng(SEED).standard_normal(n + 12, dtype)
    with fastdist.num_threads(threads):
        rng = default_rng(SEED)
        head = rng.standard_normal(7, dtype)
        bulk = rng.standard_normal(n, dtype)
        tail = rng.standard_normal(5, dtype)
    assert_same(np.concatenate([head, bulk, tail])[: n + 12], expected)


def _draw(arguments):
    seed, start, count = arguments
    rng = default_rng(seed)
    rng.seek(start)
    return rng.standard_normal(count)


def test_processes_share_one_sequence():
    """Spawned processes that each take their part of the stream give the values of one call."""
    parts = [(SEED, 25_000 * i, 25_000) for i in range(4)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        drawn = np.concatenate(pool.map(_draw, parts))
    assert_same(drawn, default_rng(SEED).standard_normal(100_000))


def test_the_three_sequences_are_independent():
    """Drawing from one never moves another."""
    alone = {dtype: default_rng(SEED).standard_normal(100, dtype) for dtype in DTYPES}
    rng = default_rng(SEED)
    rng.random(17)
    rng.integers(10, size=33)
    assert_same(rng.standard_normal(100, np.float32), alone[np.float32])
    rng.exponential(size=10)
    assert_same(rng.standard_normal(100), alone[np.float64])


# Law 7, and NumPy's own answers


class _Array:
    """Arrays for ``out``, made anew for each call."""

    read_only = staticmethod(lambda: np.frombuffer(bytes(32)))
    misaligned = staticmethod(lambda: np.frombuffer(bytearray(40), np.uint8)[1:33].view(np.float64))
    strided = staticmethod(lambda: np.zeros(8)[::2])
    fortran = staticmethod(lambda: np.asfortranarray(np.zeros((3, 4))))
    fortran_strided = staticmethod(lambda: np.asfortranarray(np.zeros((3, 4)))[:, ::2])
    swapped = staticmethod(lambda: np.zeros(4, ">f8"))


FILLS = [
    {"size": -1},
    {"size": (2, -3)},
    {"size": 2.5},
    {"size": "a"},
    {"size": 10**30},
    {"size": 10**15},
    {"size": None},
    {"size": ()},
    {"size": 0},
    {"size": (0, 3)},
    {"size": [2, 3]},
    {"size": np.int64(3)},
    {"size": np.array([2, 3])},
    {"size": True},
    {"dtype": int},
    {"dtype": "int32", "size": 3},
    {"dtype": ">f8", "size": 3},
    {"dtype": "nonsense"},
    {"dtype": "longdouble"},
    {"dtype": np.float16, "size": 2},
    {"dtype": np.float32},
    {"dtype": float, "size": 2},
    {"dtype": None, "size": 2},
    {"dtype": "d"},
    {"dtype": np.dtype("f4"), "size": (2, 2)},
    {"out": lambda: np.zeros(4, np.float32)},
    {"out": lambda: np.zeros(4), "dtype": np.float32},
    {"out": lambda: np.zeros(4, np.float32), "dtype": np.float32},
    {"out": _Array.strided},
    {"out": _Array.read_only},
    {"out": _Array.misaligned},
    {"out": _Array.swapped},
    {"out": _Array.fortran},
    {"out": _Array.fortran, "size": (3, 4)},
    {"out": _Array.fortran_strided},
    {"out": lambda: np.zeros(4), "size": 5},
    {"out": lambda: np.zeros(4), "size": 4},
    {"out": lambda: np.zeros(4), "size": (4,)},
    {"out": lambda: np.zeros((2, 2)), "size": 4},
    {"out": lambda: np.array(1.0)},
    {"out": lambda: np.zeros(0)},
    {"out": lambda: np.zeros(4), "size": np.array(4)},
    {"out": lambda: np.zeros(4), "size": [4]},
]

NORMALS = [
    (0, -1),
    (0, -0.0),
    (0, [1, -1]),
    (0, [-0.0, 1]),
    (0, np.nan),
    (np.nan, 1),
    (0, [1, np.nan]),
    (0, -np.nan),
    ([1, 2], [1, 2, 3]),
    ([1, 2], 1, 3),
    ([1, 2], 1, (3, 2)),
    ([[1], [2]], 1, 2),
    ("a", 1),
    (1j, 1),
    (None, 1),
    (0, 1, -1),
    (0, -1, 3),
    (np.array(1.0), np.array(2.0)),
    ([], 1),
    (0, 1, ()),
    ([1, 2], 1, ()),
    (np.float32(1), 2),
    (np.inf, 1),
    (0, np.inf, 2),
    (10**400, 1),
    ([1], [2]),
    (0.0, 1.0, 0),
    ([1.0, 2.0], 1.0, 0),
    (True, 2),
    ("1.5", 1),
    (b"1.5", 1),
    (1, "2"),
    (np.array(["1", "2"]), 1),
    (np.array([1, 2], object), 1),
    (np.array([1j, 2]), 1),
    (np.array([1, 2], np.longdouble), 1),
    (np.array([1, 2], "datetime64[s]"), 1),
    (1, np.array([1, 2], np.float16)),
    (np.array([1, 2], ">f8"), 1),
]


def outcome(rng, method, *args, **kwargs):
    """What a caller can see of a call, but for the values drawn."""
    kwargs = {name: value() if callable(value) and name == "out" else value for name, value in kwargs.items()}
    out = kwargs.get("out")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            result = getattr(rng, method)(*args, **kwargs)
        except Exception as error:
            if out is not None:
                assert not out.any(), "out was touched by a rejected call"
            return type(error), str(error)
    array = np.asarray(result)
    return type(result), array.dtype, array.shape, np.isnan(array).tolist(), result is out, array.strides


GENERATORS = {"stream": lambda: default_rng(1), "foreign": lambda: Generator(np.random.PCG64(1))}


@pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS.keys())
@pytest.mark.parametrize("method", ["standard_normal", "random"])
@pytest.mark.parametrize("kwargs", FILLS, ids=str)
def test_fills_answer_as_numpy_does(make, method, kwargs):
    """Types, dtypes, shapes, errors and their messages are NumPy's; a rejected call draws nothing."""
    rng = make()
    before = pickle.dumps(rng)
    answer = outcome(rng, method, **kwargs)
    assert answer == outcome(np.random.default_rng(1), method, **kwargs)
    if len(answer) == 2:
        assert pickle.dumps(rng) == before


@pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS.keys())
@pytest.mark.parametrize("args", NORMALS, ids=str)
def test_normal_answers_as_numpy_does(make, args):
    """loc, scale and size broadcast, and are rejected, as NumPy's Generator has it."""
    rng = make()
    before = pickle.dumps(rng)
    answer = outcome(rng, "normal", *args)
    assert answer == outcome(np.random.default_rng(1), "normal", *args)
    if len(answer) == 2:
        assert pickle.dumps(rng) == before


@pytest.mark.parametrize("method", ["standard_normal", "normal", "random"])
def test_out_must_be_an_array(method):
    """NumPy reads a list's memory as if it were an array; here it is an error."""
    with pytest.raises(TypeError, match="must be an array, not list"):
        getattr(default_rng(1), method)(out=[0.0, 0.0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_absurd_sizes_are_a_memory_error(dtype):
    rng = default_rng(1)
    for draw in (rng.standard_normal, rng.random, lambda size, dtype: rng.normal(1, 2, size, dtype=dtype)):
        with pytest.raises(MemoryError):
            draw(size=10**15, dtype=dtype)
    assert (rng.tell(), rng.tell(np.float32), rng.tell(np.uint64)) == (0, 0, 0)


# normal


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [None, (), 1, 5, 1025, 3000, (3, 5000), 200_000])
def test_normal_is_loc_plus_scale_times_z(dtype, size):
    """normal(loc, scale) is loc + scale * standard_normal() bit for bit, scalar or array, fused or not."""
    loc, scale = 0.1, 3.7
    z = np.asarray(default_rng(SEED).standard_normal(size, dtype), dtype)
    drawn = np.asarray(default_rng(SEED).normal(loc, scale, size, dtype=dtype), dtype)
    assert_same(drawn, np.asarray(dtype(loc) + dtype(scale) * z))
    arrays = default_rng(SEED).normal(np.full(drawn.shape or 1, loc), scale, dtype=dtype)
    assert_same(arrays.reshape(drawn.shape), drawn)


@pytest.mark.parametrize("dtype", DTYPES)
def test_normal_with_out(dtype):
    """Beyond NumPy: dtype and out, C- or Fortran-ordered, with scalar and with array parameters."""
    for make in (np.empty, lambda shape, dtype: np.empty(shape, dtype, order="F")):
        out = make((6, 7), dtype)
        assert default_rng(SEED).normal(2.0, 3.0, out=out, dtype=dtype) is out
        flat = default_rng(SEED).normal(2.0, 3.0, 42, dtype=dtype)
        assert_same(out.ravel(order="K"), flat)
    loc = np.arange(7.0)
    assert default_rng(SEED).normal(loc, 3.0, out=out, dtype=dtype) is out
    assert out.dtype == dtype
    with pytest.raises(ValueError, match="not compatible with broadcast"):
        default_rng(SEED).normal(np.zeros((3, 6, 7)), 1.0, out=out, dtype=dtype)
    with pytest.raises(ValueError, match=r"mismatch|broadcast"):
        default_rng(SEED).normal(np.zeros(5), 1.0, out=out, dtype=dtype)
    with pytest.raises(TypeError, match="wrong type"):
        default_rng(SEED).normal(0.0, 1.0, out=np.empty(3, np.float16), dtype=dtype)


def test_signatures_begin_as_numpys():
    """A positional call means the same."""
    import inspect

    for method in ("standard_normal", "random"):
        ours = inspect.signature(getattr(Generator, method))
        assert list(ours.parameters)[1:] == ["size", "dtype", "out"]
    assert list(inspect.signature(Generator.normal).parameters)[1:4] == ["loc", "scale", "size"]


# random, and the methods that are NumPy's


@pytest.mark.parametrize("sizes", [[1], [None, 3, None], [5, 1024, 7], [5000], [200_000, 3], [0, 1]])
def test_random_float64_is_numpys(sizes):
    """The kernels' uniforms are those that NumPy's own Generator makes of the same words."""
    ours, numpys = default_rng(SEED), np.random.Generator(BlockXoshiro256(SEED))
    for size in sizes:
        assert_same(ours.random(size), numpys.random(size))


@pytest.mark.parametrize(
    "sizes", [[1, 1, 1], [None, 3, None, 4], [2047, 2048, 2049], [5000, 3], [100_001, 7]]
)
def test_random_float32_is_numpys(sizes):
    """Two of each word; a half left over is kept, also across draws of whole words."""
    ours, numpys = default_rng(SEED), np.random.Generator(BlockXoshiro256(SEED))
    for size in sizes:
        assert_same(ours.random(size, np.float32), numpys.random(size, np.float32))
        assert_same(ours.random(3), numpys.random(3))
        assert ours.bit_generator.state["has_uint32"] == numpys.bit_generator.state["has_uint32"]


@pytest.mark.parametrize(
    "call",
    [
        lambda rng: rng.integers(1000, size=100),
        lambda rng: rng.integers(7, size=101, dtype=np.uint8),
        lambda rng: rng.choice(50, size=20, replace=False),
        lambda rng: rng.permutation(100),
        lambda rng: rng.exponential(size=100),
        lambda rng: rng.lognormal(size=100),
        lambda rng: rng.gamma(2.5, size=100),
        lambda rng: rng.poisson(4.0, size=100),
        lambda rng: rng.bytes(33),
    ],
)
def test_every_other_method_is_numpys(call):
    ours, numpys = call(default_rng(SEED)), call(np.random.Generator(BlockXoshiro256(SEED)))
    assert np.array_equal(ours, numpys)


def test_multivariate_normal_is_made_of_our_normals():
    """NumPy's method draws its normals from standard_normal, and so from the kernels."""
    mean, cov = [1.0, 2.0], [[2.0, 0.5], [0.5, 1.0]]
    drawn = default_rng(SEED).multivariate_normal(mean, cov, 10_000, method="cholesky")
    z = default_rng(SEED).standard_normal((10_000, 2))
    np.testing.assert_allclose(drawn, mean + z @ np.linalg.cholesky(cov).T, rtol=1e-12, atol=1e-12)


# Seeds, copies, other bit generators


def test_default_rng_takes_what_numpys_does():
    seeds = [7, [1, 2, 3], np.array([4, 5], np.uint32), np.random.SeedSequence(7), np.int64(7), 10**50]
    for seed in seeds:
        assert isinstance(default_rng(seed).bit_generator, BlockXoshiro256)
    assert_same(default_rng(7).random(3), default_rng(np.random.SeedSequence(7)).random(3))
    assert_same(default_rng(7).random(3), default_rng(np.int64(7)).random(3))
    assert default_rng().random() != default_rng().random()
    rng = default_rng(7)
    assert default_rng(rng) is rng
    bits = np.random.PCG64(7)
    assert default_rng(bits).bit_generator is bits
    assert default_rng(np.random.Generator(bits)).bit_generator is bits
    assert isinstance(default_rng(np.random.RandomState(7)).bit_generator, np.random.MT19937)


@pytest.mark.parametrize("seed", [-1, 1.5, "seven", [1, -2], object()])
def test_default_rng_rejects_what_numpys_does(seed):
    with pytest.raises((TypeError, ValueError)) as numpys:
        np.random.default_rng(seed)
    with pytest.raises(type(numpys.value)) as ours:
        default_rng(seed)
    assert str(ours.value) == str(numpys.value)


@pytest.mark.parametrize("wrong", [7, "seven", None, np.random.SeedSequence(7)])
def test_generator_needs_a_bit_generator(wrong):
    with pytest.raises(AttributeError, match=r"takes a bit generator, such as .* default_rng makes a Gen"):
        Generator(wrong)


def test_generator_needs_an_instance():
    with pytest.raises(ValueError, match="must be instantiated"):
        Generator(BlockXoshiro256)


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.Philox, np.random.MT19937, np.random.SFC64])
@pytest.mark.parametrize("dtype", DTYPES)
def test_foreign_bit_generators(bits, dtype):
    """Over any NumPy bit generator consecutive calls, however sliced, are one sequence of normals."""
    whole = Generator(bits(3)).standard_normal(600_000, dtype)
    rng = Generator(bits(3))
    parts = [rng.standard_normal(n, dtype) for n in (1, 5, 1024, 3000, 0, 300_000)]
    parts.append(np.array([rng.standard_normal(dtype=dtype) for _ in range(3)], dtype))
    parts.append(rng.standard_normal(out=np.empty(500, dtype), dtype=dtype))
    parts = np.concatenate(parts)
    assert_same(parts, whole[: parts.size])
    # n = 600 000: standard errors 1.3e-3 and 1.8e-3; five of them, alpha = 6e-7 each.
    assert abs(whole.mean()) < 5 / 600_000**0.5
    assert abs(whole.var() - 1) < 5 * (2 / 600_000) ** 0.5


COPIES = {
    "pickle": lambda rng: pickle.loads(pickle.dumps(rng)),
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES.keys())
@pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS.keys())
def test_copies_continue_alike(make, duplicate):
    """Mid-tile, and with a half word left over."""
    rng = make()
    rng.standard_normal(1500)
    rng.standard_normal(77, np.float32)
    rng.random(3, np.float32)
    twin = duplicate(rng)
    assert type(twin) is Generator
    assert twin.bit_generator is not rng.bit_generator
    for draw in (
        lambda r: r.standard_normal(3000),
        lambda r: r.standard_normal(3000, np.float32),
        lambda r: r.random(3, np.float32),
        lambda r: r.integers(100, size=10),
        lambda r: r.standard_normal(),
    ):
        assert_same(draw(twin), draw(rng))


@pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS.keys())
def test_shallow_copy_shares_the_stream(make):
    """As NumPy's: the copy draws from the same bit generator, and nothing is drawn twice."""
    rng = make()
    first = rng.standard_normal(3)
    twin = copy.copy(rng)
    assert twin.bit_generator is rng.bit_generator
    drawn = [rng.standard_normal(), twin.standard_normal(), *rng.standard_normal(2), *twin.standard_normal(2)]
    assert_same(np.array([*first, *drawn]), make().standard_normal(9))


@pytest.mark.parametrize("dtype", DTYPES)
def test_out_may_overlap_loc_and_scale(dtype):
    """normal(x, 1, out=x) moves x by normals: what is read is read before it is written."""
    z = default_rng(SEED).standard_normal(4, dtype)
    x = np.array([100, 200, 300, 400], dtype)
    old = x.copy()
    assert_same(default_rng(SEED).normal(x, 1.0, out=x, dtype=dtype), old + z)
    x = old.copy()
    assert_same(default_rng(SEED).normal(0.0, x, out=x, dtype=dtype), old * z)
    x = np.append(old, dtype(500))
    assert_same(default_rng(SEED).normal(x[:4], 1.0, out=x[1:], dtype=dtype), old + z)


def test_subclasses_of_ndarray_as_out():
    """Whatever a subclass makes of ravel and slices, its memory is filled."""

    class Elsewhere(np.ndarray):
        def ravel(self, order="C"):
            return np.array(self).ravel(order)

    out = np.zeros(50_000).view(Elsewhere)
    default_rng(SEED).standard_normal(out=out)
    assert_same(np.asarray(out), default_rng(SEED).standard_normal(50_000))


def test_seeding_anew():
    """A second __init__ of the bit generator leaves its Generators, ours and NumPy's, in working order."""
    bits = BlockXoshiro256(1)
    ours, numpys = Generator(bits), np.random.Generator(bits)
    for _ in range(20):
        bits.__init__(SEED)
        blocks = [np.ones(1 << 12) for _ in range(50)]  # where freed memory would be taken from
        assert numpys.random() == default_rng(SEED).random()
        assert ours.standard_normal() == default_rng(SEED).standard_normal()
        del blocks


def test_jumped_streams_have_children_of_their_own():
    """And they are the same children every time."""
    parents = [BlockXoshiro256(7), BlockXoshiro256(7).jumped(), BlockXoshiro256(99).jumped(3)]
    firsts = {Generator(parent.spawn(1)[0]).standard_normal() for parent in parents}
    assert len(firsts) == 3
    again = BlockXoshiro256(99).jumped(3).spawn(1)[0]
    assert Generator(again).standard_normal() in firsts


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda s: s.update(uinteger=1 << 40), ValueError),
        (lambda s: s.update(uinteger=-1), ValueError),
        (lambda s: s["state"].update(words=-1), ValueError),
        (lambda s: s["state"].update(float32_normals=1 << 64), ValueError),
        (lambda s: s["state"].update(float64_normals=1 << 63), ValueError),
        (lambda s: s["state"].update(words=1 << 63), ValueError),
        (lambda s: s["state"].update(float64_normals=1.5), TypeError),
        (lambda s: s["state"].update(key=[1, 2, 3]), ValueError),
        (lambda s: s["state"].update(key=[1.5, 2, 3, 4]), TypeError),
        (lambda s: s["state"].update(key=["1", "2", "3", "4"]), TypeError),
        (lambda s: s["state"].update(key=[-1, 2, 3, 4]), ValueError),
        (lambda s: s.update(bit_generator="PCG64"), ValueError),
        (lambda s: s.pop("state"), KeyError),
    ],
)
def test_a_rejected_state_changes_nothing(change, error):
    bits = BlockXoshiro256(SEED)
    bits.random_raw(5)
    before = pickle.dumps(bits.state)
    state = BlockXoshiro256(8).jumped().advance(777).state
    state["has_uint32"] = 1
    change(state)
    with pytest.raises(error):
        bits.state = state
    assert pickle.dumps(bits.state) == before


def test_a_state_must_be_a_dict():
    with pytest.raises(TypeError, match="state must be a dict"):
        BlockXoshiro256(1).state = 7


LAST_POSITION = 2**63 - 1
BEYOND = {
    "standard_normal": lambda rng: rng.standard_normal(6),
    "standard_normal, many": lambda rng: rng.standard_normal(50_000),
    "standard_normal, out": lambda rng: rng.standard_normal(out=np.zeros(6)),
    "standard_normal, float32": lambda rng: rng.standard_normal(6, np.float32),
    "normal": lambda rng: rng.normal(1, 2, (2, 3)),
    "normal, arrays": lambda rng: rng.normal([1, 2, 3, 4, 5, 6], 2),
    "normal, one float32": lambda rng: rng.normal(1, 2, dtype=np.float32),
    "multivariate_normal": lambda rng: rng.multivariate_normal([0, 0], np.eye(2), 3),
    "multivariate_normal, many": lambda rng: rng.multivariate_normal([0, 0], np.eye(2), 50_000),
    "random": lambda rng: rng.random(6),
    "random, many": lambda rng: rng.random((10, 5000)),
    "random, float32": lambda rng: rng.random(11, np.float32),
    "random, one float32": lambda rng: rng.random(dtype=np.float32),
    "random_raw": lambda rng: rng.bit_generator.random_raw(6),
    "random_raw, one": lambda rng: rng.bit_generator.random_raw(),
    "random_raw, no output": lambda rng: rng.bit_generator.random_raw((2, 3), output=False),
    "random_raw, one and no output": lambda rng: rng.bit_generator.random_raw(output=False),
    "advance": lambda rng: rng.bit_generator.advance(6),
}


@pytest.mark.parametrize("draw", BEYOND.values(), ids=BEYOND.keys())
def test_a_draw_beyond_the_end_of_the_stream_is_refused(draw):
    """With five samples left, six are refused, and no sequence moves."""
    rng = default_rng(SEED)
    for dtype in (*DTYPES, np.uint64):
        rng.seek(LAST_POSITION - 5, dtype)
    if draw is BEYOND["normal, one float32"]:
        rng.standard_normal(5, np.float32)
    if draw in (
        BEYOND["random, one float32"],
        BEYOND["random_raw, one"],
        BEYOND["random_raw, one and no output"],
    ):
        rng.random(5)
    before = rng.bit_generator.state
    with pytest.raises(ValueError, match=r"the stream ends at 2\*\*63 - 1|outside of the stream"):
        draw(rng)
    assert rng.bit_generator.state == before


def test_the_last_samples_of_the_stream():
    """What is left can be drawn, copied and saved; then nothing more."""
    rng = default_rng(SEED)
    rng.seek(LAST_POSITION - 10)
    rng.standard_normal(7)
    twin = pickle.loads(pickle.dumps(rng))
    assert_same(twin.standard_normal(3), rng.standard_normal(3))
    assert rng.tell() == LAST_POSITION
    rng.seek(rng.tell())
    rng.bit_generator.state = rng.bit_generator.state
    with pytest.raises(ValueError, match="1 samples from position"):
        rng.standard_normal()


def test_the_last_half_word_is_drawn():
    """Three uniforms of float32 are left: half a word, and a whole one."""
    rng, other = default_rng(SEED), default_rng(SEED)
    for each in (rng, other):
        each.seek(LAST_POSITION - 2, np.uint64)
        each.random(1, np.float32)
    assert rng.random(3, np.float32).tolist() == [float(other.random(dtype=np.float32)) for _ in range(3)]
    with pytest.raises(ValueError, match="1 samples from position"):
        rng.random(1, np.float32)


def test_random_raw_without_output_draws_as_many_words():
    for size in (None, 0, 5, (2, 3), (4, 0)):
        rng, other = BlockXoshiro256(SEED), BlockXoshiro256(SEED)
        assert rng.random_raw(size, output=False) is None
        other.random_raw(size)
        assert rng.state == other.state
    for wrong, error in ((-1, ValueError), (2.5, TypeError)):
        with pytest.raises(error):
            rng.random_raw(wrong, output=False)


def test_a_jumped_stream_has_no_half_word_of_the_original():
    bits = BlockXoshiro256(SEED)
    rng = Generator(bits)
    rng.random(3, np.float32)
    jumped = Generator(bits.jumped())
    assert jumped.bit_generator.state["has_uint32"] == 0
    assert jumped.integers(2**32, size=8, dtype=np.uint32).tolist() != (
        rng.integers(2**32, size=8, dtype=np.uint32).tolist()
    )


def test_a_second_init_seeds_anew_under_the_same_lock():
    """Generators that draw from it follow; what cannot be a seed changes nothing."""
    bits = BlockXoshiro256(SEED)
    rng, lock = Generator(bits), bits.lock
    rng.random(5)
    for wrong in ("seed", 2.5, -1, [[1.5]]):
        before = bits.state
        with pytest.raises((TypeError, ValueError)):
            bits.__init__(wrong)
        assert bits.state == before
        rng.integers(10)
    bits.__init__(8)
    assert bits.lock is lock
    assert np.random.Generator(bits).integers(2**62, size=4).tolist() == (
        default_rng(8).integers(2**62, size=4).tolist()
    )
    rng.random(3)
    with lock:
        waits = threading.Thread(target=rng.random, args=(3,))
        waits.start()
        waits.join(0.05)
        assert waits.is_alive()
        seeds = threading.Thread(target=bits.__init__, args=(9,))
        seeds.start()
        seeds.join(0.05)
        assert seeds.is_alive()
    waits.join()
    seeds.join()


@pytest.mark.parametrize("dtype", [*DTYPES, np.uint64])
def test_tell_waits_for_what_draws_words(dtype):
    """A position that is being changed is not read; normals need no lock but the interpreter's."""
    rng = default_rng(SEED)
    with rng.bit_generator.lock:
        tells = threading.Thread(target=rng.tell, args=(dtype,))
        tells.start()
        tells.join(0.05)
        assert tells.is_alive() == (dtype is np.uint64)
    tells.join()


def test_spawn_gives_independent_generators():
    children = default_rng(SEED).spawn(3)
    assert all(type(child) is Generator for child in children)
    values = {child.standard_normal() for child in children}
    assert len(values) == 3


def test_saving_and_restoring_the_state():
    """The idiom of NumPy programs brings back normals as well as raw words."""
    rng = default_rng(SEED)
    rng.standard_normal(1234)
    state = rng.bit_generator.state
    first = rng.standard_normal(10), rng.random(10), rng.standard_normal(3, np.float32)
    rng.bit_generator.state = state
    second = rng.standard_normal(10), rng.random(10), rng.standard_normal(3, np.float32)
    for a, b in zip(first, second, strict=True):
        assert_same(a, b)


def test_a_state_is_made_of_plain_numbers():
    """json stores it, and what it gives back is a state."""
    rng = default_rng(SEED)
    rng.standard_normal(77)
    rng.integers(10, dtype=np.int32)
    stored = json.dumps(rng.bit_generator.state)
    first = rng.standard_normal(5), rng.random(5), rng.integers(1 << 32, size=5, dtype=np.uint32)
    other = default_rng()
    other.bit_generator.state = json.loads(stored)
    again = other.standard_normal(5), other.random(5), other.integers(1 << 32, size=5, dtype=np.uint32)
    for a, b in zip(first, again, strict=True):
        assert_same(a, b)


FOREIGN = [np.random.PCG64, np.random.PCG64DXSM, np.random.Philox, np.random.MT19937, np.random.SFC64]
DRAWS = {
    "standard_normal": lambda rng: rng.standard_normal(),
    "standard_normal, float32": lambda rng: rng.standard_normal(dtype=np.float32),
    "standard_normal(3)": lambda rng: rng.standard_normal(3),
    "standard_normal(5), float32": lambda rng: rng.standard_normal(5, np.float32),
    "normal": lambda rng: rng.normal([1, 2], 3),
    "multivariate_normal": lambda rng: rng.multivariate_normal([0, 1], [[2, 1], [1, 2]], 3),
    "random": lambda rng: rng.random(3),
    "integers": lambda rng: rng.integers(10, size=3),
    "exponential": lambda rng: rng.exponential(size=2),
    "large": lambda rng: rng.standard_normal(20_000)[-3:],
}


@pytest.mark.parametrize("bits", FOREIGN)
@settings(deadline=None, max_examples=30)
@given(
    before=st.lists(st.sampled_from(sorted(DRAWS)), max_size=5),
    after=st.lists(st.sampled_from(sorted(DRAWS)), min_size=1, max_size=5),
)
def test_a_foreign_state_brings_all_draws_back(bits, before, after):
    """NumPy's promise for any bit generator: what follows depends on its state alone, whatever was drawn."""
    rng = Generator(bits(3))
    for name in before:
        DRAWS[name](rng)
    state = rng.bit_generator.state
    first = [np.asarray(DRAWS[name](rng)) for name in after]
    rng.bit_generator.state = state
    second = [np.asarray(DRAWS[name](rng)) for name in after]
    other = Generator(bits())
    DRAWS["standard_normal"](other)
    other.bit_generator.state = state
    third = [np.asarray(DRAWS[name](other)) for name in after]
    for a, b, c in zip(first, second, third, strict=True):
        assert_same(a, b)
        assert_same(a, c)


def test_a_checkpoint_of_a_loop():
    """A loop that is continued from its saved state ends where the uninterrupted one does."""

    def steps(rng, n):
        return [rng.normal(size=3).sum() + rng.standard_normal(2, np.float32).sum() for _ in range(n)]

    whole = steps(Generator(np.random.PCG64(9)), 20)
    rng = Generator(np.random.PCG64(9))
    assert steps(rng, 11) == whole[:11]
    state = rng.bit_generator.state
    again = Generator(np.random.PCG64())
    again.bit_generator.state = state
    assert steps(again, 9) == whole[11:]


def test_dask_draws_from_our_stream():
    """dask.array.random takes our bit generators: each chunk has a spawned one of its own."""
    random = pytest.importorskip("dask.array.random")
    draws = {
        "normal": lambda rng: rng.normal(10, 2, size=(300, 4), chunks=(100, 4)),
        "standard_normal": lambda rng: rng.standard_normal(300, chunks=100),
        "random": lambda rng: rng.random(300, chunks=100),
        "integers": lambda rng: rng.integers(10, size=300, chunks=100),
        "permutation": lambda rng: rng.permutation(50),
        "choice": lambda rng: rng.choice(3, size=30, chunks=10, p=[0.5, 0.25, 0.25]),
    }
    for name, draw in draws.items():
        first, again = (np.asarray(draw(random.default_rng(BlockXoshiro256(3)))) for _ in range(2))
        assert_same(first, again)
        assert len(np.unique(first)) > 2, name
    child = BlockXoshiro256(3).spawn(1)[0]
    z = np.asarray(random.default_rng(BlockXoshiro256(3)).standard_normal(300, chunks=100))
    assert_same(z[:100], Generator(child).standard_normal(100))


def test_the_namespace_of_numpy_random():
    """``fastdist.random`` has the names of ``numpy.random``; what the package lacks is an AttributeError."""
    assert fastdist.random.default_rng is default_rng
    assert fastdist.random.Generator is Generator
    assert fastdist.random.BlockXoshiro256 is BlockXoshiro256
    with pytest.raises(AttributeError, match="has no attribute 'zeros'"):
        fastdist.zeros  # noqa: B018


# Threads, forks, interrupts


@pytest.mark.parametrize("dtype", DTYPES)
def test_eight_threads_on_one_generator_lose_nothing(dtype):
    """Concurrent calls of many sizes: every sample of the stream is drawn once, none twice."""
    rng = default_rng(SEED)
    sizes = [1, 10, 1000, 5000, 40_000, 200_000]
    drawn = [[] for _ in range(8)]
    start = threading.Barrier(8)

    def work(mine):
        start.wait()
        for size in sizes * 3:
            mine.append(rng.standard_normal(size, dtype))
            mine.append(np.array([rng.standard_normal(dtype=dtype)], dtype))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in drawn]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = np.sort(np.concatenate([part for mine in drawn for part in mine]))
    assert rng.tell(dtype) == everything.size
    assert_same(everything, np.sort(default_rng(SEED).standard_normal(everything.size, dtype)))


@pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS.keys())
def test_eight_threads_on_the_raw_words(make):
    """The lock that NumPy's methods take guards the uniforms of the kernels too."""
    rng, alone = make(), make()
    sizes = [1, 100, 3000, 50_000]
    drawn = []

    def work():
        for size in sizes * 3:
            drawn.append(rng.random(size))
            drawn.append(rng.integers(2**64, dtype=np.uint64, size=7) / 2**64)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = np.sort(np.concatenate(drawn))
    words = alone.bit_generator.random_raw(everything.size)
    # random() keeps 53 bits of a word, the quotient above rounds all 64 of them
    np.testing.assert_allclose(everything, np.sort(words / 2**64), rtol=0, atol=2**-52)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_fork_with_the_pool_running():
    """A forked child has no threads of the pool, and makes its own: no hang, the same values."""
    n = 400_000
    with fastdist.num_threads(2):
        rng = default_rng(SEED)
        rng.standard_normal(n)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writing, rng.standard_normal(n)[-1:].tobytes())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            value = np.frombuffer(pipe.read())
        assert os.waitpid(child, 0)[1] == 0
        assert_same(value, rng.standard_normal(n)[-1:])


def test_an_unmodified_numpy_program():
    """A Monte Carlo written for numpy.random gives its right answer with only the import changed.

    The integral of exp(-|x|^2 / 2) over the unit ball of R^3 by importance sampling, and pi by rejection:
    4 standard errors, alpha = 6e-5 each, fixed seeds.
    """
    program = """
import {module}

rng = {module}.default_rng(12345)
n = 400_000
x = rng.normal(loc=0.0, scale=1.0, size=(n, 3))
inside = (x**2).sum(axis=1) < 1.0
probability = inside.mean()
points = rng.uniform(-1, 1, size=(n, 2))
pi = 4 * ((points**2).sum(axis=1) < 1).mean()
rng.shuffle(points)
"""
    results = {}
    for module in ("numpy.random", "fastdist"):
        names: dict = {}
        exec(program.format(module=module), names)
        results[module] = names
    # chi-square distribution function with 3 degrees of freedom at 1
    expected = 0.19874804309879915
    for names in results.values():
        assert abs(names["probability"] - expected) < 4 * (expected * (1 - expected) / 400_000) ** 0.5
        assert abs(names["pi"] - np.pi) < 4 * (np.pi * (4 - np.pi) / 400_000) ** 0.5
    assert type(results["fastdist"]["rng"]) is Generator
