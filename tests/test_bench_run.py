"""A run of the benchmarks: what it measures besides times, what it says of the machine, and its JSON."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import replace
from importlib.metadata import version
from types import SimpleNamespace

import pytest

pytest.importorskip("bench.operations", reason="the benchmarks are in a checkout alone")

from bench.bench_normal import MILLION
from bench.cases.benchmarks import PARAMETERS
from bench.measuring import memory
from bench.measuring.interleaved import Group
from bench.measuring.machine import PEERS, caches, machine
from bench.measuring.run import file_name, written
from bench.operations import MEMORY, OPERATIONS, MemoryCase, memory_of

# Peak memory


@pytest.mark.parametrize("case", MEMORY, ids=lambda case: case.operation)
def test_peaks_of_one_operation_are_of_as_many_numbers(case):
    assert len({nearest.numbers for _, nearest in case.answers}) == 1


@pytest.mark.parametrize("name", ["Pandas", "python math, statistics"])
def test_who_cannot_do_all_of_a_case_is_named(name):
    """Of nobody is a peak left out, or of less than of the others, without a word."""
    with pytest.raises(LookupError, match=f"all of .* is called {name}$"):
        memory_of("norm.cdf, float64", MILLION, "SciPy", name)


def test_peaks_say_what_was_measured(monkeypatch):
    """SciPy has no ``out=``."""
    monkeypatch.setattr(memory, "MEMORY", [memory_of("norm.cdf, float64", MILLION, "SciPy", "scipy.special")])
    monkeypatch.setattr(memory, "peak_in_a_fresh_process", lambda operation, rung: {})
    cases = {row["rung"]: row["case"] for row in memory.memory()}
    assert cases["SciPy"] == "cdf(x) float64 1_000_000"
    assert cases["scipy.special"] == "cdf(x, out=) float64 1_000_000"


def test_what_is_not_installed_has_no_peak(monkeypatch):
    operation, ((rung, case), *others) = memory_of("norm.cdf, float64", MILLION, "SciPy")
    gone = replace(rung, missing="not installed")
    monkeypatch.setattr(memory, "MEMORY", [MemoryCase(operation, [(gone, case), *others])])
    monkeypatch.setattr(memory, "peak_in_a_fresh_process", lambda operation, rung: {})
    assert [row["rung"] for row in memory.memory()] == [
        rung.name for rung, _ in others if rung.missing is None
    ]


def test_a_peak_is_of_one_case():
    rung, case = memory.find("norm.loglikelihood", "SciPy")
    assert (rung.name, case.method) == ("SciPy", "loglikelihood")
    with pytest.raises(LookupError, match=r"0 of 'norm\.loglikelihood' by 'NumPy'"):
        memory.find("norm.loglikelihood", "NumPy")


# What is measured on


@pytest.fixture
def cache_folder(tmp_path):
    """As Linux shows the caches of a CPU; of the third it does not know the size."""
    described = [
        ("1", "Data", "48K"),
        ("1", "Instruction", "32K"),
        ("2", "Unified", None),
        ("3", "Unified", "32768K"),
    ]
    for i, facts in enumerate(described):
        (folder := tmp_path / f"index{i}").mkdir()
        for name, fact in zip(("level", "type", "size"), facts, strict=True):
            if fact is not None:
                (folder / name).write_text(f"{fact}\n")
    return tmp_path


def test_caches_are_those_whose_size_is_known(cache_folder):
    assert caches(cache_folder) == "L1d 48 KiB, L3 32768 KiB"
    assert caches(cache_folder / "index0") == "unknown"


def test_a_machine_is_described_by_text_alone():
    """So the report can compare two; and each peer has a version, or is not installed."""
    described = machine()
    assert {"CPU", "CPU model", "CPUs", "caches", "memory", "system", "instruction set"} <= described.keys()
    assert set(PEERS) <= described.keys()
    assert [name for name, fact in described.items() if not (isinstance(fact, str) and fact)] == []
    assert described["scipy"] == version("scipy")
    assert int(described["CPUs"]) >= 1


# Its JSON


def item(operation, case, rung, nearest, *markers):
    """What pytest collects."""
    given = dict(zip(PARAMETERS, ("norm", operation, case, rung, nearest), strict=True))
    callspec = SimpleNamespace(params=given)
    return SimpleNamespace(callspec=callspec, get_closest_marker=lambda name: name in markers)


@pytest.fixture
def groups_of(monkeypatch):
    """What was imported before can no longer be rewritten, which the conftest asks for."""
    monkeypatch.setattr(pytest, "register_assert_rewrite", lambda *names: None)
    return importlib.import_module("bench.conftest").groups_of


def test_groups_are_of_what_is_selected_and_not_skipped(groups_of):
    operation = next(one for one in OPERATIONS if one.name == "norm.cdf, float64")
    small, large = operation.cases[:2]
    first, second, third = operation.rungs[:3]
    beside = SimpleNamespace(get_closest_marker=lambda name: False)
    items = [
        item(operation, small, first, small),
        item(operation, large, first, large),
        beside,
        item(operation, small, second, large),
        item(operation, small, third, small, "skip"),
    ]
    assert groups_of(items) == [
        Group(operation, small, [(first, small), (second, large)]),
        Group(operation, large, [(first, large)]),
    ]


@pytest.mark.parametrize(
    ("dirty", "quick", "notes"),
    [(False, False, ""), (True, False, "-dirty"), (False, True, "-quick"), (True, True, "-dirty-quick")],
)
def test_a_file_is_named_after_date_and_commit(dirty, quick, notes):
    figures = {"commit_info": {"id": "593866a0c1d2", "dirty": dirty}, "run": {"quick": quick}}
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d_\d{{4}}_593866a{notes}\.json", file_name(figures))


def test_what_is_written_has_a_line_for_each_entry_of_a_list():
    figures = {"run": {"quick": True}, "rungs": [{"name": "a"}, {"name": "b", "how": "a\nb"}], "left_out": []}
    text = written(figures)
    assert json.loads(text) == figures
    assert '\n{"name":"a"},\n{"name":"b","how":"a\\nb"}\n' in text
