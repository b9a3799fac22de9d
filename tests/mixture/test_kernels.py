"""Densities, responsibilities and EM sums of mixtures: bit for bit the twin's, on every instruction set."""

from __future__ import annotations

import functools
import itertools
import math
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fastdist.reference import mixture as twin
from fastdist.reference import mixture_density as twin_density
from fastdist.reference import mixture_moments as twin_moments
from tests.support import mixture_cases as cases

parametrize_dtypes = pytest.mark.parametrize("dtype", cases.DTYPES)
parametrize_forms = pytest.mark.parametrize("form", cases.FORMS)
parametrize_products = pytest.mark.parametrize(
    "form", ["triangular", "diagonal"]
)  # to sums, shared is triangular
INF, NAN = math.inf, math.nan


def rows(d: int) -> int:
    """How many a twin can do in a moment: more than a vector of float32 where it is fast, of float64 else."""
    return 37 if d < 5 else 19 if d < 20 else 9


def kernel(level: Any, mixture: tuple[np.ndarray, ...], dtype: str) -> Any:
    return level.mixture.Mixture(*mixture, np.dtype(dtype))


def results(model: Any, x: np.ndarray) -> SimpleNamespace:
    """Log densities, responsibilities and labels of rows x; both methods give the same log densities."""
    n, components = len(x), model.components
    found = SimpleNamespace(
        log_density=np.empty(n, x.dtype),
        responsibilities=np.empty((n, components), x.dtype),
        labels=np.empty(n, np.intp),
        nearest=np.empty(n, np.intp),
    )
    also, alone = np.empty(n, x.dtype), np.empty((n, components), x.dtype)
    assert model.score_samples(x, found.log_density) is None
    assert model.responsibilities(x, found.responsibilities, also) is None
    model.responsibilities(x, alone)
    assert model.predict(x, found.labels) is None
    assert model.nearest(x, found.nearest) is None
    assert (found.labels == found.responsibilities.argmax(axis=1)).all()
    assert also.tobytes() == found.log_density.tobytes()
    assert alone.tobytes() == found.responsibilities.tobytes()
    return found


def assert_results(got: SimpleNamespace, want: SimpleNamespace, assert_same_bits, what: str) -> None:
    assert_same_bits(got.log_density, want.log_density, f"{what}, log density")
    for k in range(want.responsibilities.shape[1]):
        assert_same_bits(
            got.responsibilities[:, k].copy(), want.responsibilities[:, k].copy(), f"{what}, component {k}"
        )
    assert_same_bits(got.labels, want.labels, f"{what}, labels")
    assert_same_bits(got.nearest, want.nearest, f"{what}, nearest")


def assert_sums(got: tuple, want: tuple, assert_same_bits, what: str) -> None:
    for name, mine, other in zip(("totals", "sums", "products"), got, want, strict=True):
        assert_same_bits(mine.ravel(), np.asarray(other).ravel(), f"{what}, {name}")


# Densities, responsibilities and labels


@parametrize_dtypes
@parametrize_forms
@pytest.mark.parametrize("d", cases.DIMENSIONS)
def test_dimensions(level, d, form, dtype, assert_same_bits):
    """Rows near to a mean and far from all, side by side; a component without weight."""
    case = cases.known(3, d, form, rows(d), dtype)
    model = kernel(level, case.mixture, dtype)
    before = case.x.copy()
    got = results(model, case.x)
    assert_results(got, case, assert_same_bits, f"{level.name}, {form}, d={d}")
    assert_same_bits(case.x.ravel(), before.ravel(), "x")
    assert (case.log_density == -INF).any()
    assert np.isfinite(case.log_density).any()


@parametrize_dtypes
@parametrize_forms
@pytest.mark.parametrize("components", cases.COMPONENTS)
@pytest.mark.parametrize("d", [2, 5])
def test_components(level, d, components, form, dtype, assert_same_bits):
    """Any number of them."""
    case = cases.known(components, d, form, rows(d), dtype)
    model = kernel(level, case.mixture, dtype)
    assert (model.components, model.dimension, model.dtype) == (components, d, np.dtype(dtype))
    assert_results(
        results(model, case.x), case, assert_same_bits, f"{level.name}, {form}, {components} of d={d}"
    )


@parametrize_dtypes
@pytest.mark.parametrize(("d", "form"), [(1, "shared"), (3, "diagonal"), (5, "shared"), (24, "triangular")])
def test_slices(level, d, form, dtype, assert_same_bits):
    """A row's results depend on that row alone: on neither how many there are nor which."""
    n = max(cases.COUNTS)
    mixture = cases.parameters(3, d, form)
    x = cases.data(mixture, n, dtype)
    model = kernel(level, mixture, dtype)
    whole = results(model, x)
    first = cases.known(3, d, form, rows(d), dtype)
    borders = [0, *cases.COUNTS[1:-1], 300, n]
    for start, stop in [(0, n) for n in cases.COUNTS] + list(itertools.pairwise(borders)):
        part = results(model, x[start:stop])
        want = SimpleNamespace(**{name: array[start:stop] for name, array in vars(whole).items()})
        assert_results(part, want, assert_same_bits, f"{level.name}, rows {start} to {stop}")
    again = results(model, np.concatenate([x[:100], first.x]))
    part = SimpleNamespace(**{name: array[100:] for name, array in vars(again).items()})
    assert_results(part, first, assert_same_bits, f"{level.name}, d={d}")


def readable_layouts(array: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """The layouts that the kernel reads, and one that repeats a row."""
    return [
        (name, other)
        for name, other in cases.layouts(array)
        if name not in ("unaligned", "the other byte order")
    ]


@parametrize_dtypes
@parametrize_forms
@pytest.mark.parametrize("d", [1, 2, 5, 24])
def test_layouts(level, d, form, dtype, assert_same_bits):
    """The same whatever the strides of x; a row that is repeated in place."""
    case = cases.known(3, d, form, rows(d), dtype)
    model = kernel(level, case.mixture, dtype)
    for layout, x in readable_layouts(case.x):
        what = f"{level.name}, {form}, {layout}, d={d}"
        assert_results(results(model, x), case, assert_same_bits, what)
    repeated = np.broadcast_to(case.x[3], (20, d))
    want = SimpleNamespace(
        **{name: np.repeat(getattr(case, name)[3:4], 20, axis=0) for name in vars(results(model, repeated))}
    )
    assert_results(results(model, repeated), want, assert_same_bits, f"{level.name}, {form}, repeated")


@parametrize_dtypes
@parametrize_forms
@pytest.mark.parametrize("d", [1, 2, 4, 5, 24])
def test_no_density_at_all(level, d, form, dtype, assert_same_bits):
    """Where even the logarithms are -inf, the log density is so too, and the heaviest tail takes all.

    That is the component of the least Mahalanobis distance, here worked out nearer to the origin.
    """
    log_heights, weights, means, own = cases.parameters(7, d, form)
    weights[0], log_heights[0] = 0.0, -INF
    mixture = log_heights, weights, means, own
    x = np.random.default_rng(d).normal(size=(20, d)) * cases.FAR[dtype]
    x[0] = cases.FAR[dtype]
    got = results(kernel(level, mixture, dtype), x.astype(dtype))
    assert (got.log_density == -INF).all()
    assert_results(
        got, cases.of_twin(mixture, x.astype(dtype)), assert_same_bits, f"{level.name}, {form}, d={d}"
    )
    factors = np.array([np.diag(row) for row in own]) if own.ndim == 2 else np.tril(np.nan_to_num(own))
    white = np.linalg.solve(factors[None], x[:, None, :, None] / cases.FAR[dtype])[..., 0]
    q = np.broadcast_to((white * white).sum(axis=-1), (20, 7)).copy()
    q[:, 0] = INF
    least = q == q.min(axis=1, keepdims=True)
    want = np.where(least, weights, 0)
    np.testing.assert_allclose(got.responsibilities, want / want.sum(axis=1, keepdims=True), rtol=1e-6)


@parametrize_dtypes
def test_heaviest_tails(level, dtype):
    """By hand: the wide component far out, the one that is wide in that direction, equal ones by weight."""
    far = cases.FAR[dtype]
    weights = np.array([0.5, 0.25, 0.125, 0.125])
    deviations = np.array([[1.0, 1.0], [3.0, 1.0], [1.0, 2.0], [1.0, 2.0]])
    model = kernel(level, (np.log(weights), weights, np.zeros((4, 2)), deviations), dtype)
    got = results(model, np.array([[far, 0], [0, -far], [far, far], [0, 0]], dtype))
    assert got.responsibilities[:2].tolist() == [[0, 1, 0, 0], [0, 0, 0.5, 0.5]]
    assert got.responsibilities[2].tolist() == [0, 1, 0, 0]  # 1/9 + 1 against 1 + 1/4
    assert got.labels.tolist()[:3] == [1, 2, 1]
    tiny = kernel(level, (np.log(weights), weights, np.zeros((4, 2)), deviations * 1e-300), "float64")
    x = np.array([[1e10, 0.0]])
    np.testing.assert_array_equal(results(tiny, x).responsibilities, [weights])  # no unit is small enough


@parametrize_dtypes
def test_components_without_weight(level, dtype, assert_same_bits):
    """They have responsibility 0, whatever their density; without any weight at all everything is -inf."""
    mixture = cases.parameters(4, 2, "triangular")
    x = cases.data(mixture, 50, dtype)
    mixture[0][1:] = -INF
    got = results(kernel(level, mixture, dtype), x)
    near = got.log_density > -INF
    assert 30 < near.sum() < 50
    assert_same_bits(
        got.responsibilities[near].ravel(), np.tile(np.eye(4, dtype=dtype)[0], near.sum()), level.name
    )
    assert_results(got, cases.of_twin(mixture, x), assert_same_bits, level.name)
    mixture[0][...] = -INF
    assert_results(
        results(kernel(level, mixture, dtype), x), cases.of_twin(mixture, x), assert_same_bits, level.name
    )


@parametrize_dtypes
@parametrize_forms
@pytest.mark.parametrize("d", [1, 2, 5])
def test_special_numbers(level, d, form, dtype, assert_same_bits):
    """The largest and the smallest numbers, in x, means and factors: overflow inside is infinitely far."""
    limits = np.finfo(dtype)
    specials = [0.0, -0.0, 1.0, limits.max, -limits.max, limits.tiny, limits.smallest_subnormal]
    x = np.array(list(itertools.product(specials, repeat=min(d, 2))), dtype)
    x = np.concatenate([x] * -(-d // 2), axis=1)[:, :d]
    log_heights, weights, means, own = cases.parameters(3, d, form)
    for scale, mean in ((1.0, 0.0), (1e150, 1e200), (1e-150, -1e-200), (1e300, 1e308), (1e-300, 0.0)):
        mixture = log_heights, weights, means * 0 + mean, own * scale
        what = f"{level.name}, {form}, d={d}, scale {scale}, mean {mean}"
        assert_results(
            results(kernel(level, mixture, dtype), x), cases.of_twin(mixture, x), assert_same_bits, what
        )


@parametrize_dtypes
def test_differences_of_infinities(level, dtype, assert_same_bits):
    """Where inf - inf comes up in the substitution, x is infinitely far from that component, not NaN."""
    factor = np.array([[[1e-5, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]], np.eye(3)])
    mixture = np.array([0.0, -1.0]), np.array([0.5, 0.5]), np.zeros((2, 3)), factor
    big = np.finfo(dtype).max
    x = np.array(list(itertools.product([big, -big, 0.0], repeat=3)), dtype)
    got = results(kernel(level, mixture, dtype), x)
    assert not np.isnan(got.log_density).any()
    assert_results(got, cases.of_twin(mixture, x), assert_same_bits, level.name)


def test_float32_takes_the_exact_mean(level):
    """The mean is no float32: its lower digits are not lost, though x and the result are float32."""
    means, deviations = np.array([[1e8 + 1.25]]), np.array([[0.5]])
    model = level.mixture.Mixture(np.zeros(1), np.ones(1), means, deviations, np.float32)
    x = np.array([[1e8], [1e8 + 8]], np.float32)
    out = np.empty(2, np.float32)
    model.score_samples(x, out)
    assert out.tolist() == [-0.5 * (1.25 / 0.5) ** 2, -0.5 * (6.75 / 0.5) ** 2]


@parametrize_dtypes
def test_equal_components(level, dtype):
    """Of components that are alike the first is predicted, and each is as likely."""
    mixture = np.full(4, -1.0), np.full(4, 0.25), np.zeros((4, 2)), np.ones((4, 2))
    x = np.random.default_rng(1).normal(size=(40, 2)).astype(dtype)
    got = results(kernel(level, mixture, dtype), x)
    assert not got.labels.any()
    assert (got.responsibilities == 0.25).all()


# Sums


@functools.cache
def sums_of_twin(components: int, d: int, form: str, n: int, dtype: str, weighted: bool) -> tuple[Any, ...]:
    """The log-likelihood, and the sums, added to ``sums_before``."""
    mixture = cases.parameters(components, d, form)
    x = finite_data(components, d, form, n, dtype)
    sums = tuple(array.tolist() for array in cases.sums_before(components, d, form))
    weight = cases.weights_of_rows(n).tolist() if weighted else None
    value = twin.add_expectations(
        cases.numbers(x) if n else [], weight, cases.prepared(mixture, dtype), centres(mixture), *sums
    )
    return value, sums


def finite_data(components: int, d: int, form: str, n: int, dtype: str) -> np.ndarray:
    """Data near and far, but not so far that the sums are infinite."""
    x = cases.data(cases.parameters(components, d, form), n, dtype)
    x[5::11] /= cases.FAR[dtype]
    return x


def centres(mixture: tuple[np.ndarray, ...]) -> list[list[float]]:
    """Near the means, and not at them."""
    return (mixture[2] + 0.125).tolist()


def check_sums(level, components, d, form, n, dtype, weighted, assert_same_bits, x=None) -> None:
    """One call of ``add_expectations`` against the twin."""
    mixture = cases.parameters(components, d, form)
    if x is None:
        x = finite_data(components, d, form, n, dtype)
    sums = cases.sums_before(components, d, form)
    weight = cases.weights_of_rows(n) if weighted else None
    got = kernel(level, mixture, dtype).add_expectations(x, weight, np.array(centres(mixture)), *sums)
    value, want = sums_of_twin(components, d, form, n, dtype, weighted)
    what = f"{level.name}, {form}, {n} rows of d={d}, K={components}, weighted={weighted}"
    assert type(got) is float
    assert_same_bits(np.array([got]), [value], f"{what}, log-likelihood")
    assert_sums(sums, want, assert_same_bits, what)


@parametrize_dtypes
@parametrize_forms
@pytest.mark.parametrize("d", cases.DIMENSIONS)
def test_expectations(level, d, form, dtype, assert_same_bits):
    """The sums are added to what there is, but not above diagonals; short rows also without weights."""
    for weighted in (False, True) if d < 8 else (True,):
        check_sums(level, 2, d, form, rows(d), dtype, weighted, assert_same_bits)


@parametrize_dtypes
@parametrize_products
@pytest.mark.parametrize("components", cases.COMPONENTS)
def test_expectations_of_components(level, components, form, dtype, assert_same_bits):
    """Any number of components, of short rows and of long."""
    for d in (2, 5, 16):
        check_sums(level, components, d, form, 19, dtype, True, assert_same_bits)


@parametrize_dtypes
@parametrize_products
@pytest.mark.parametrize("n", cases.COUNTS)
def test_expectations_of_any_number_of_rows(level, n, form, dtype, assert_same_bits):
    """Whole blocks, parts of one, and none."""
    check_sums(level, 2, 2, form, n, dtype, n % 2 == 1, assert_same_bits)


@parametrize_dtypes
@pytest.mark.parametrize("d", [5, twin_moments.SHORT_DIMENSION + 1])
@pytest.mark.parametrize(
    "n", [0, 1, twin_moments.PIECE_ROWS, twin_moments.PIECE_ROWS + 1, twin_moments.BLOCK_ROWS + 1]
)
def test_expectations_of_longer_rows(level, n, d, dtype, assert_same_bits):
    """Whole pieces, parts of one, and more than a block."""
    check_sums(level, 1, d, "triangular", n, dtype, False, assert_same_bits)


@parametrize_dtypes
@parametrize_products
@pytest.mark.parametrize("d", [1, 3, 15, 16, 24])
def test_layouts_of_expectations(level, d, form, dtype, assert_same_bits):
    """The same whatever the strides of x."""
    x = finite_data(2, d, form, rows(d), dtype)
    for _, other in readable_layouts(x):
        check_sums(level, 2, d, form, rows(d), dtype, True, assert_same_bits, other)


@parametrize_dtypes
@parametrize_products
@pytest.mark.parametrize("d", [2, 5])
def test_expectations_of_far_rows(level, d, form, dtype, assert_same_bits):
    """Rows without a density count by the weights; the likelihood is -inf, unless they weigh 0."""
    mixture = cases.parameters(3, d, form)
    x = cases.data(mixture, 40, dtype)
    for weight in (None, np.where(np.arange(40) % 11 == 5, 0.0, 1.0)):
        sums = tuple(np.zeros_like(array) for array in cases.sums_before(3, d, form))
        got = kernel(level, mixture, dtype).add_expectations(x, weight, mixture[2], *sums)
        want = tuple(np.zeros_like(array).tolist() for array in sums)
        value = twin.add_expectations(
            cases.numbers(x), weight if weight is None else weight.tolist(), cases.prepared(mixture, dtype),
            mixture[2].tolist(), *want,
        )  # fmt: skip
        what = f"{level.name}, {form}, d={d}"
        assert_same_bits(np.array([got]), [value], what)
        assert_sums(sums, want, assert_same_bits, what)
        assert got == -INF if weight is None else math.isfinite(got)


@parametrize_dtypes
@parametrize_products
def test_weights_of_one(level, form, dtype, assert_same_bits):
    """They are as good as none."""
    mixture = cases.parameters(3, 5, form)
    x = finite_data(3, 5, form, 300, dtype)
    model = kernel(level, mixture, dtype)
    found = []
    for weight in (None, np.ones(300)):
        sums = cases.sums_before(3, 5, form)
        found.append((np.array([model.add_expectations(x, weight, mixture[2], *sums)]), *sums))
    for one, other in zip(*found, strict=True):
        assert_same_bits(one.ravel(), other.ravel(), f"{level.name}, {form}")


@parametrize_dtypes
@parametrize_products
@pytest.mark.parametrize("d", [1, 2, 4, 5, 15, 16, 24])
def test_moments(level, d, form, dtype, assert_same_bits):
    """The same sums for responsibilities that are given, of any strides; some are 0."""
    n = rows(d)
    random = np.random.default_rng(5)
    x = finite_data(3, d, form, n, dtype)
    r = (random.dirichlet([1, 2, 3], n) * random.integers(0, 2, (n, 3))).astype(dtype)
    at = cases.parameters(3, d, form)[2]
    want = tuple(array.tolist() for array in cases.sums_before(3, d, form))
    twin.add_moments(cases.numbers(x), cases.numbers(r), at.tolist(), *want)
    both = zip([("", x), *readable_layouts(x)], [("", r), *readable_layouts(r)], strict=True)
    for (layout, x_too), (_, r_too) in both:
        sums = cases.sums_before(3, d, form)
        assert level.mixture.add_moments(x_too, r_too, at, *sums) is None
        assert_sums(sums, want, assert_same_bits, f"{level.name}, {form}, {layout}, d={d}")


@parametrize_dtypes
@parametrize_products
@pytest.mark.parametrize("n", cases.COUNTS)
def test_moments_of_the_expectations(level, n, form, dtype, assert_same_bits):
    """What the kernel's own responsibilities give is what an E step gives."""
    for d in (3, 5, 16, 33):
        mixture = cases.parameters(2, d, form)
        x = finite_data(2, d, form, n, dtype)
        model = kernel(level, mixture, dtype)
        r = np.empty((n, 2), dtype)
        model.responsibilities(x, r)
        one, other = (cases.sums_before(2, d, form) for _ in range(2))
        model.add_expectations(x, None, mixture[2], *one)
        level.mixture.add_moments(x, r, mixture[2], *other)
        assert_sums(one, other, assert_same_bits, f"{level.name}, {form}, {n} rows of d={d}")


@parametrize_dtypes
@parametrize_products
@pytest.mark.parametrize("d", [64, 130])
def test_large_dimensions(level, d, form, dtype, assert_same_bits):
    """Where the twin is too slow: what the plainest instruction set gives."""
    mixture = cases.parameters(3, d, form)
    x = finite_data(3, d, form, 100, dtype)
    found = []
    for module in (level.mixture, cases.baseline("mixture")):
        model = module.Mixture(*mixture, np.dtype(dtype))
        sums = cases.sums_before(3, d, form)
        value = model.add_expectations(x, cases.weights_of_rows(100), mixture[2], *sums)
        found.append((results(model, x), value, sums))
    (got, value, sums), (want, other_value, others) = found
    what = f"{level.name}, {form}, d={d}"
    assert np.isfinite(want.log_density).any()
    assert_results(got, want, assert_same_bits, what)
    assert_same_bits(np.array([value]), [other_value], what)
    assert_sums(sums, others, assert_same_bits, what)


# The interface


def test_constants_are_the_kernels(level):
    """The twin cuts rows where the kernel does."""
    assert (twin_moments.BLOCK_ROWS, twin_moments.PIECE_ROWS) == (
        level.mixture.BLOCK_ROWS,
        level.mixture.PIECE_ROWS,
    )


@parametrize_dtypes
@parametrize_forms
def test_a_mixture_keeps_copies(level, form, dtype, assert_same_bits):
    """What becomes of the arrays that it was made of does not matter."""
    case = cases.known(3, 5, form, rows(5), dtype)
    given = tuple(array.copy() for array in case.mixture)
    model = kernel(level, given, dtype)
    for array in given:
        array[...] = NAN
    assert_results(results(model, case.x), case, assert_same_bits, f"{level.name}, {form}")


@parametrize_dtypes
@pytest.mark.parametrize("d", [2, 33])
def test_one_mixture_in_two_threads(level, d, dtype, assert_same_bits):
    """Calls of one object at the same time do not disturb each other."""
    mixture = cases.parameters(3, d, "triangular")
    model = kernel(level, mixture, dtype)
    x = [cases.data(mixture, 1000, dtype, seed) for seed in (1, 2)]
    want = [results(model, each) for each in x]
    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            for got, one in zip(pool.map(lambda each: results(model, each), x), want, strict=True):
                assert_results(got, one, assert_same_bits, f"{level.name}, d={d}")


def wrong_parameters() -> list[tuple[str, int, Any]]:
    """Which of log_heights, weights, means and factors is replaced by what, of K = 3, d = 2."""
    return [
        ("log_heights too short", 0, np.zeros(2)),
        ("log_heights of float32", 0, np.zeros(3, "f")),
        ("log_heights no vector", 0, np.zeros((3, 1))),
        ("weights too long", 1, np.zeros(4)),
        ("weights of integers", 1, np.zeros(3, int)),
        ("weights not contiguous", 1, np.zeros(6)[::2]),
        ("means of another dimension", 2, np.zeros((3, 3))),
        ("means no matrix", 2, np.zeros(3)),
        ("means in Fortran order", 2, np.asfortranarray(np.ones((3, 2)))),
        ("factors of two components", 3, np.ones((2, 2, 2))),
        ("factors of another dimension", 3, np.ones((3, 3, 3))),
        ("factors not square", 3, np.ones((3, 2, 3))),
        ("deviations of two components", 3, np.ones((2, 2))),
        ("factors of float32", 3, np.ones((3, 2, 2), "f")),
        ("factors of four axes", 3, np.ones((3, 2, 2, 1))),
        ("no arrays", 3, [[[1.0, 0.0], [0.0, 1.0]]] * 3),
        ("nothing", 0, None),
    ]


@pytest.mark.parametrize(("what", "place", "wrong"), wrong_parameters(), ids=lambda v: str(v)[:30])
def test_wrong_parameters(level, what, place, wrong):
    """What does not fit together is refused, and no memory is read."""
    given: list[Any] = list(cases.parameters(3, 2, "triangular"))
    level.mixture.Mixture(*given, np.dtype("d"))
    given[place] = wrong
    with pytest.raises((ValueError, TypeError)):
        level.mixture.Mixture(*given, np.dtype("d"))


@pytest.mark.parametrize("dtype", [np.int64, np.float16, np.longdouble, np.complex128, object, "U8"])
def test_wrong_dtype(level, dtype):
    """Only float64 and float32."""
    given = cases.parameters(3, 2, "triangular")
    with pytest.raises(TypeError, match="float64 or float32"):
        level.mixture.Mixture(*given, np.dtype(dtype))


def wrong_data() -> list[tuple[str, Any]]:
    """What is no (n, 2) array of float64."""
    x = np.ones((5, 2))
    return [
        ("too many columns", np.ones((5, 3))),
        ("too few columns", np.ones((5, 1))),
        ("a vector", np.ones(2)),
        ("three axes", np.ones((5, 2, 1))),
        ("float32", x.astype("f")),
        ("integers", x.astype(int)),
        ("the other byte order", x.astype(x.dtype.newbyteorder())),
        ("a list", x.tolist()),
        ("nothing", None),
    ]


@parametrize_forms
@pytest.mark.parametrize(("what", "x"), wrong_data(), ids=lambda v: str(v)[:30])
def test_wrong_data(level, what, x, form):
    """It is refused, and nothing is written."""
    mixture = cases.parameters(3, 2, form)
    model = kernel(level, mixture, "float64")
    out, r, labels = np.full(5, 7.0), np.full((5, 3), 7.0), np.full(5, 7)
    sums = cases.sums_before(3, 2, form)
    calls = [
        lambda: model.score_samples(x, out),
        lambda: model.responsibilities(x, r),
        lambda: model.responsibilities(x, r, out),
        lambda: model.predict(x, labels),
        lambda: model.nearest(x, labels),
        lambda: model.add_expectations(x, None, mixture[2], *sums),
        lambda: level.mixture.add_moments(x, r, mixture[2], *sums),
    ]
    for call in calls:
        with pytest.raises((ValueError, TypeError)):
            call()
    assert (out == 7).all()
    assert (r == 7).all()
    assert (labels == 7).all()
    for array, before in zip(sums, cases.sums_before(3, 2, form), strict=True):
        np.testing.assert_array_equal(array, before)


def read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def test_wrong_outputs(level):
    """Of another length, type or layout, or read-only: refused, and not written to."""
    model = kernel(level, cases.parameters(3, 2, "triangular"), "float64")
    x = np.ones((5, 2))
    wrong = [
        np.empty(4),
        np.empty(6),
        np.empty(5, "f"),
        np.empty(5, int),
        np.empty(10)[::2],
        np.empty((5, 1)),
    ]
    for out in [*wrong, read_only(np.empty(5)), None, [0.0] * 5]:
        with pytest.raises((ValueError, TypeError)):
            model.score_samples(x, out)
        if out is not None:
            with pytest.raises((ValueError, TypeError)):
                model.responsibilities(x, np.empty((5, 3)), out)
    labels = [np.empty(4, np.intp), np.empty(5), np.empty(5, np.int32), np.empty(10, np.intp)[::2], None]
    for out in [*labels, read_only(np.empty(5, np.intp))]:
        with pytest.raises((ValueError, TypeError)):
            model.predict(x, out)
    r = [np.empty((5, 2)), np.empty((4, 3)), np.empty((5, 3), "f"), np.empty((3, 5)).T, np.empty(15), None]
    for out in [*r, read_only(np.empty((5, 3)))]:
        with pytest.raises((ValueError, TypeError)):
            model.responsibilities(x, out)


def test_wrong_sums(level):
    """Sample weights, centres and sums of another shape, type or layout are refused."""
    x, r = np.ones((5, 2)), np.ones((5, 3))
    for form in ("triangular", "diagonal"):
        mixture = cases.parameters(3, 2, form)
        model = kernel(level, mixture, "float64")
        right = [None, mixture[2], *cases.sums_before(3, 2, form)]
        wrong_products = np.zeros((3, 2)) if form == "triangular" else np.zeros((3, 2, 2))
        wrong = [
            (0, np.ones(4)), (0, np.ones(5, "f")), (0, np.ones(10)[::2]), (0, np.ones((5, 1))),
            (0, [1.0] * 5), (1, np.zeros((2, 2))), (1, np.zeros((3, 3))), (1, np.zeros((3, 2), "f")),
            (1, np.zeros((2, 3)).T),
            (2, np.zeros(2)), (2, np.zeros(3, "f")), (2, np.zeros(6)[::2]), (2, read_only(np.zeros(3))),
            (3, np.zeros((2, 3)).T), (3, np.zeros((3, 3))), (3, read_only(np.zeros((3, 2)))),
            (4, np.zeros((3, 3, 3))), (4, read_only(np.zeros_like(right[4]))), (4, wrong_products),
            (4, np.zeros(3)), (4, None),
        ]  # fmt: skip
        for place, array in wrong:
            given = list(right)
            given[place] = array
            with pytest.raises((ValueError, TypeError)):
                model.add_expectations(x, *given)
            if place and array is not wrong_products:
                with pytest.raises((ValueError, TypeError)):
                    level.mixture.add_moments(x, r, *given[1:])
    for wrong_r in (np.ones((5, 2)), np.ones((4, 3)), np.ones((5, 3), "f"), np.ones(15), None):
        with pytest.raises((ValueError, TypeError)):
            level.mixture.add_moments(x, wrong_r, *right[1:])


# The textbook


@parametrize_dtypes
@parametrize_forms
def test_twin_predicts_the_largest_responsibility(form, dtype):
    """The labels that the kernel is compared with are those of ``predict``."""
    case = cases.known(3, 2, form, rows(2), dtype)
    components = cases.prepared(case.mixture, dtype)
    assert [twin.predict(row, components) for row in cases.numbers(case.x)] == case.labels.tolist()


def test_textbook_version():
    """Densities, responsibilities and EM steps of the textbook differ from the twin's by rounding alone."""
    weights, means = [0.2, 0.5, 0.3], [[0.0, 0.0], [3.0, 1.0], [-2.0, 4.0]]
    factors = [[[1.0, 0.0], [0.5, 2.0]], [[2.0, 0.0], [-1.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]]
    covariances = [(np.array(f) @ np.array(f).T).tolist() for f in factors]
    heights = [math.log(w) + cases.twin_log_peak(np.diag(f)) for w, f in zip(weights, factors, strict=True)]
    mixture = twin_density.prepare(heights, weights, means, factors)
    x = np.random.default_rng(1).normal(1, 3, size=(40, 2)).tolist()
    for row in x:
        r, log_density = twin.responsibilities(row, mixture)
        want = twin.textbook_density(row, weights, means, covariances)
        assert math.exp(log_density) == pytest.approx(want, rel=1e-12)
        assert r == pytest.approx(twin.textbook_responsibilities(row, weights, means, covariances), rel=1e-12)
    totals, sums, products = [0.0] * 3, np.zeros((3, 2)).tolist(), np.zeros((3, 2, 2)).tolist()
    twin.add_expectations(x, None, mixture, means, totals, sums, products)
    new = twin.textbook_em_step(x, weights, means, covariances)
    n_k, s, p = np.array(totals), np.array(sums), np.array(products)
    moved = s / n_k[:, None]
    p[:, 0, 1] = p[:, 1, 0]
    np.testing.assert_allclose(n_k / 40, new[0], rtol=1e-12)
    np.testing.assert_allclose(means + moved, new[1], rtol=1e-12)
    spread = p / n_k[:, None, None] - moved[:, :, None] * moved[:, None, :]
    np.testing.assert_allclose(spread, new[2], rtol=1e-10)
