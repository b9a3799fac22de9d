"""A run of the benchmarks: what it measures besides times, what it says of the machine, and its JSON."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("bench.operations", reason="the benchmarks are in a checkout alone")

from bench.bench_normal import MILLION
from bench.measuring import memory
from bench.operations import MEMORY, MemoryCase, memory_of

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
    assert [row["rung"] for row in memory.memory()] == [rung.name for rung, _ in others]


def test_a_peak_is_of_one_case():
    rung, case = memory.find("norm.loglikelihood", "SciPy")
    assert (rung.name, case.method) == ("SciPy", "loglikelihood")
    with pytest.raises(LookupError, match=r"0 of 'norm\.loglikelihood' by 'NumPy'"):
        memory.find("norm.loglikelihood", "NumPy")
