"""Benchmarks: a wrong result is caught before anything is timed, whatever was asked."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("bench.operations", reason="the benchmarks are in a checkout alone")

import fastdist
from bench.cases.case import SEED, Call, Case, Operation, Rung, assert_close, bits, check
from bench.cases.characteristics import Characteristic
from bench.cases.densities import ARRAY_COPY, Function
from bench.cases.fastdist_rungs import IN_USE
from bench.cases.limits import ARRAY_FILL
from bench.cases.mixture import Mixture
from bench.cases.mixture_functions import MixtureFunction
from bench.cases.mixture_relations import MixtureRelation
from bench.cases.multivariate import ONCE, Vectors
from bench.cases.multivariate_relations import Relation
from bench.cases.sampling import Samples
from bench.cases.streams import Stream
from bench.measuring.interleaved import Group, Measurement
from bench.operations import OPERATIONS


def ours(case: Case) -> Rung:
    """The rung of the level in use, of an operation of such cases."""
    for operation in OPERATIONS:
        example = operation.cases[0]
        if type(example) is type(case) and example.method == case.method:
            return next(rung for rung in operation.rungs if rung.name == IN_USE)
    raise LookupError(case)


def spoiled(rung: Rung, spoil: Callable[[Any], Any], **changes: Any) -> Rung:
    def start(case: Case) -> Call:
        call = rung.start(case)
        return lambda: spoil(call())

    return replace(rung, start=start, **changes)


SPOILED_CASES: list[tuple[Case, Callable[[Any], Any]]] = [
    (Samples("standard_normal", "out", np.float64, 10_000), lambda z: z * 1.1),
    (Samples("standard_normal", "new", np.float32, 10_000), lambda z: z[1:]),
    (Samples("standard_normal", "scalar"), lambda z: z + 0.2),
    (Samples("normal", "new", np.float64, 10_000), lambda x: x + 2),
    (Samples("rvs", "new", np.float64, 10_000), lambda x: x + 2),
    (Samples("random", "out", np.float64, 10_000), np.square),
    (Samples("random_raw", "new", np.uint64, 10_000), lambda words: words >> np.uint64(1)),
    (Function("cdf", "out", np.float64, 1000), lambda p: p + 1e-11),
    (Function("ppf", "out", np.float32, 1000), lambda x: x + np.float32(1e-3)),
    (Function("logpdf", "out", np.float64, 200_000, "arrays"), lambda x: np.roll(x, 1)),
    (Function("pdf", "new", np.float64, 1000), lambda x: x[:-1]),
    (Function("logpdf", "scalar"), lambda x: x + 1e-11),
    (Function("logpdf", "scalar", parameters="frozen"), lambda x: x + 1e-11),
    (Function("nnlf", "new", np.float64, 1000, "numbers"), lambda x: x * (1 + 1e-11)),
    (Function("fit", "new", np.float64, 1000), lambda found: (found[0], found[1] + 1e-11)),
    (Characteristic("interval", "scalar"), lambda ends: (ends[0], ends[1] + 1e-9)),
    (Characteristic("freeze", "scalar"), lambda _: fastdist.norm(1, 2)),
    (Vectors("sample", "new", np.float64, 3000, 3), lambda x: x[::-1] * 1.2),
    (Vectors("logpdf", "new", np.float64, 300, 3, ONCE), lambda x: x + 1e-9),
    (Vectors("cholesky", "new", np.float64, 16, 4), lambda factor: factor.T),
    (Vectors("fit", "new", np.float64, 48_000, 16), lambda found: (found[0], found[1] + 1e-9)),
    (Relation("entropy", "scalar", dimension=4), lambda entropy: entropy + 1e-9),
    (Relation("marginal", "scalar", dimension=4), lambda _: fastdist.multivariate_normal(np.zeros(2))),
    (Mixture("step", "new", np.float64, 1000), lambda found: (*found[:2], found[2] * 1.001)),
    (Mixture("score_samples", "new", np.float32, 1000), lambda x: x + np.float32(0.05)),
    (Mixture("predict", "new", np.float64, 1000), lambda labels: labels[::-1]),
    (Mixture("sample", "new", np.float64, 5000), lambda drawn: (drawn[0] + 1, drawn[1])),
    (MixtureFunction("sf", "new", np.float64, 1000), lambda p: p + 1e-8),
    (MixtureFunction("ppf", "new", np.float64, 1000), lambda x: x + 1e-6),
    (MixtureRelation("conditional", "scalar"), lambda mixture: mixture.marginal(range(7, -1, -1))),
    (Stream("default_rng", "scalar", np.uint64), lambda _: fastdist.default_rng(SEED + 1)),
    (Stream("advance", "scalar", np.uint64), lambda stream: stream.advance(1)),
    (Stream("jumped", "scalar", np.uint64), lambda _: fastdist.BlockXoshiro256(SEED)),
]
of_each_spoiled_case = pytest.mark.parametrize(
    ("case", "spoil"), SPOILED_CASES, ids=[str(case) for case, _ in SPOILED_CASES]
)


def test_every_type_of_case_is_spoiled_here():
    assert {type(case) for case, _ in SPOILED_CASES} == {type(operation.cases[0]) for operation in OPERATIONS}


@of_each_spoiled_case
def test_a_right_result_passes(case, spoil):
    rung = ours(case)
    check(rung, case, rung.start(case))


@of_each_spoiled_case
def test_a_wrong_result_is_caught(case, spoil):
    """By what holds of all right results: a peer's bits are its own."""
    wrong = spoiled(ours(case), spoil, family="other", reference=None)
    with pytest.raises(AssertionError):
        check(wrong, case, wrong.start(case))


def with_last_bit_changed(results: Any) -> Any:
    changed = np.array(results)
    bits(np.atleast_1d(changed))[-1] ^= 1
    return changed[()]


@pytest.mark.parametrize(
    "case",
    [
        Samples("standard_normal", "out", np.float64, 10_000),
        Samples("standard_normal", "scalar"),
        Samples("rvs", "new", np.float64, 10_000),
        Function("cdf", "out", np.float64, 1000),
        Function("pdf", "out", np.float32, 200_000),
        Function("logpdf", "scalar"),
        Function("loglikelihood", "new", np.float64, 1000),
        Characteristic("var", "scalar"),
        Vectors("sample", "new", np.float64, 3000, 3),
        Vectors("logpdf", "new", np.float64, 300, 3, ONCE),
        Relation("entropy", "scalar", dimension=4),
        Mixture("score_samples", "new", np.float64, 1000),
        MixtureFunction("isf", "new", np.float64, 1000),
    ],
    ids=str,
)
def test_a_wrong_last_bit_of_a_level_is_caught(case):
    wrong = spoiled(ours(case), with_last_bit_changed)
    with pytest.raises(AssertionError, match="other bits than"):
        check(wrong, case, wrong.start(case))


@pytest.mark.parametrize(
    ("limit", "case"),
    [
        (ARRAY_FILL, Samples("random", "out", np.float64, 100)),
        (ARRAY_FILL, Samples("random_raw", "new", np.uint64, 100)),
        (ARRAY_COPY, Function("cdf", "out", np.float64, 100)),
        (ARRAY_COPY, Function("cdf", "new", np.float32, 100)),
    ],
)
def test_a_limit_that_does_not_write_everything_is_caught(limit, case):
    check(limit, case, limit.start(case))
    wrong = spoiled(limit, with_last_bit_changed)
    with pytest.raises(AssertionError, match="other bits than"):
        check(wrong, case, wrong.start(case))


def test_a_wrong_rung_is_not_timed_and_the_others_are():
    case = Function("cdf", "out", np.float64, 100)
    right = ours(case)
    wrong = spoiled(right, lambda p: p + 1e-11, name="wrong")
    operation = Operation("cdf", [case], [right, wrong], right.name, [])
    group = Group(operation, case, operation.answers(case))
    measurement = Measurement([group], quick=True)
    assert len(measurement.seconds(group.key(right))) == 1
    assert not measurement.taken.get(group.key(wrong))
    with pytest.raises(AssertionError, match="results are off"):
        measurement.seconds(group.key(wrong))


def test_what_is_wrong_is_said_where_nobody_is_right():
    case = Function("cdf", "out", np.float64, 100)
    wrong = spoiled(ours(case), lambda p: p + 1e-11, name="wrong")
    operation = Operation("cdf", [case], [wrong], wrong.name, [])
    group = Group(operation, case, operation.answers(case))
    with pytest.raises(AssertionError, match="results are off"):
        Measurement([group], quick=False).seconds(group.key(wrong))


@pytest.mark.parametrize("wrong", [1e6 + 1.2, 0.0, np.nan, np.inf])
def test_results_are_close_within_a_part_of_them_or_of_one(wrong):
    expected = np.array([[1e-9, 1e6], [-1.0, 0.0]])
    assert_close(expected * (1 + 1e-6) + 1e-6, expected, tolerance=1.1e-6)
    got = expected.copy()
    got[0, 1] = wrong
    with pytest.raises(AssertionError, match=rf"1 results are off, at 1 first: {wrong}, not 1000000\.0"):
        assert_close(got, expected, tolerance=1e-6)
    with pytest.raises(AssertionError):
        assert_close(expected[:1], expected, tolerance=1e-6)


def test_a_limit_needs_a_reference():
    with pytest.raises(ValueError, match="without a reference"):
        Rung("nothing", lambda case: lambda: None, "limit")
