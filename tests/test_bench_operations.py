"""Benchmarks: nothing public is left out, no peer is forgotten, and what is missing is named."""

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
import pytest

pytest.importorskip("bench.operations", reason="the benchmarks are in a checkout alone")

from threadpoolctl import threadpool_info, threadpool_limits

import fastdist
from bench.cases.benchmarks import parameters
from bench.cases.case import Case, Operation, Rung
from bench.cases.densities import Function
from bench.cases.fastdist_rungs import IN_USE, why_alone, why_missing
from bench.cases.mixture import Mixture
from bench.cases.mixture_functions import MixtureFunction
from bench.cases.mixture_relations import MixtureRelation
from bench.cases.multivariate import Vectors
from bench.cases.multivariate_relations import Relation
from bench.operations import OPERATIONS, TOPICS, WITHOUT_PEER
from bench.peers import (
    densities,
    mixture_expressions,
    mixture_functions,
    mixture_relations,
    multivariate_expressions,
    multivariate_relations,
)
from bench.peers.libraries import not_in_scipy_stats

# What a family, or a rung of it, is imported from.
MODULES = {
    "SciPy": "scipy",
    "mkl_random": "mkl_random",
    "numexpr": "numexpr",
    "numba": "numba",
    "PyTorch": "torch",
    "JAX": "jax",
    "scikit-learn": "sklearn",
    "ladder": "Cython",
    "gmr": "gmr",
    "gmmx (JAX)": "gmmx",
    "pomegranate (PyTorch)": "pomegranate",
    "tgmm (PyTorch)": "tgmm",
}
ALWAYS_THERE = ("pure Python", "standard library", "NumPy", "limit")

of_each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


# Nothing is left out


def names_of(cls: type) -> Iterator[str]:
    """Methods and properties that are defined by fastdist, not by NumPy or Python."""
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] != "fastdist":
            continue
        for name, value in vars(base).items():
            is_public = not name.startswith("_") or name == "__call__"
            if is_public and (callable(value) or isinstance(value, property | cached_property | classmethod)):
                yield name


def public_names() -> set[str]:
    names: set[str] = set()
    for name in fastdist.__all__:
        thing = getattr(fastdist, name)
        if isinstance(thing, type):
            names |= {name, *(f"{name}.{method}" for method in names_of(thing))}
        elif hasattr(thing, "freeze"):  # frozen, it has the same methods
            both = (*names_of(type(thing)), *names_of(type(thing())))
            names |= {f"{name}.{method}" for method in both}
        else:
            names.add(name)
    return names


def covered_names() -> set[str]:
    return {name for operation in OPERATIONS for name in operation.covers}


def test_every_public_name_is_measured_or_has_no_peer():
    assert public_names() - covered_names() - set(WITHOUT_PEER) == set()


def test_names_that_are_said_to_be_measured_exist():
    assert covered_names() - public_names() == set()


def test_names_without_a_peer_exist_and_are_not_measured():
    assert set(WITHOUT_PEER) - public_names() == set()
    assert set(WITHOUT_PEER) & covered_names() == set()


def test_every_module_of_cases_is_a_topic(request):
    modules = {
        path.stem.removeprefix("bench_") for path in (request.config.rootpath / "bench").glob("bench_*.py")
    }
    assert modules == set(TOPICS)


def test_names_of_operations_are_unique():
    names = [operation.name for operation in OPERATIONS]
    assert sorted(names) == sorted(set(names))


@of_each_operation
def test_sizes_ascend(operation):
    sizes = [case.size for case in operation.cases]
    assert sizes == sorted(set(sizes))


@of_each_operation
def test_the_peer_answers_the_headline(operation):
    headline = next(case for case in operation.cases if operation.is_headline(case))
    names = [rung.name for rung, _ in operation.answers(headline)]
    assert operation.peer in names
    assert IN_USE in names


@of_each_operation
def test_rungs_are_missing_exactly_if_their_library_is(operation):
    for rung in operation.rungs:
        module = MODULES.get(rung.name) or MODULES.get(rung.family)
        if rung.family in ALWAYS_THERE:
            assert rung.missing is None, rung.name
        elif rung.threads > 1 and why_alone():
            assert rung.missing, rung.name
        elif rung.family == "fastdist":
            assert rung.missing == why_missing(rung.level), rung.name
        else:
            assert module, f"whether {rung.name} is here is not known to this test"
            assert (rung.missing is None) == bool(importlib.util.find_spec(module)), rung.name


@pytest.mark.parametrize(
    ("rung", "case"),
    [
        (densities.NUMPY_DOT, Function("loglikelihood", "new", np.float64, 100)),
        (mixture_functions.EXPRESSION, MixtureFunction("cdf", "new", np.float64, 100)),
        (mixture_relations.NUMPY_EXPRESSION, MixtureRelation("conditional", "scalar")),
        (multivariate_relations.NUMPY_EXPRESSION, Relation("conditional", "scalar", dimension=4)),
        (multivariate_expressions.NUMPY_EXPRESSION, Vectors("logpdf", "new", np.float64, 30, 3)),
        (mixture_expressions.NUMPY_EXPRESSION, Mixture("step", "new", np.float64, 100)),
    ],
    ids=lambda value: str(value) if isinstance(value, Case) else value.name,
)
def test_what_calls_a_blas_has_one_thread_of_it(rung, case):
    if rung.missing:
        pytest.skip(rung.missing)
    with threadpool_limits(2):  # and as many as before behind it
        rung.start(case)
        assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} <= {1}


@pytest.mark.parametrize(("name", "since"), [("norm", True), ("Pareto4", False)])
def test_an_old_scipy_is_named(name, since):
    pytest.importorskip("scipy")
    assert not_in_scipy_stats(name) == (None if since else f"SciPy has no {name} yet")


@of_each_operation
def test_rungs_say_how_they_are_used(operation):
    assert [rung.name for rung in operation.rungs if not rung.how] == []


def test_a_peer_is_in_every_operation_that_it_can_do():
    """What answers one operation is not forgotten in another of such cases; the ladder has steps instead."""
    operations = [operation for topic in TOPICS if topic != "ladder" for operation in TOPICS[topic]]
    rungs: dict[type[Case], list[Rung]] = {}
    for operation in operations:
        rungs.setdefault(type(operation.cases[0]), []).extend(operation.rungs)
    for operation in operations:
        names = {rung.name for rung in operation.rungs}
        for case in operation.cases:
            able = {rung.name for rung in rungs[type(case)] if rung.nearest(case) is not None}
            assert able <= names, operation.name


def test_every_rung_answers_something():
    """Under a name, at least one is able to do one of the cases that it is listed for."""
    listed = {rung.name for operation in OPERATIONS for rung in operation.rungs}
    answering = {
        rung.name
        for operation in OPERATIONS
        for case in operation.cases
        for rung in operation.rungs
        if rung.nearest(case) is not None
    }
    assert listed == answering


# What is missing is named


@pytest.mark.parametrize("quick", [False, True])
def test_a_missing_rung_is_a_skipped_item_that_names_it(quick):
    operation = next(operation for operation in OPERATIONS if "norm.cdf" in operation.covers)
    case = Function("cdf", "out", np.float64, 100)
    here = next(rung for rung in operation.rungs if rung.name == IN_USE)
    gone = replace(here, name="gone", missing="no such library is installed")
    operation = Operation("cdf", [case], [here, gone], here.name, [])
    items = parameters("norm", [operation], quick)
    assert [item.id for item in items] == [f"cdf, {case}, {here.name}", f"cdf, {case}, gone"]
    assert list(items[0].marks) == []
    (mark,) = items[1].marks
    assert mark.name == "skip"
    assert mark.kwargs["reason"] == "gone: no such library is installed"
