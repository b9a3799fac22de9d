"""The table of the peers' tests that may fail, and how a run is compared with it."""

import re
from pathlib import Path

import pytest

from tests.package import peer_suites
from tests.package.peer_suites import Expected, expected_failures, matches, problems

KINDS = {
    "another bit generator",
    "being mended",
    "deliberate difference",
    "exact values",
    "exact values, compared otherwise",
    "legacy RandomState",
    "pickles of NumPy",
    "private name",
}


@pytest.fixture(scope="module")
def differences() -> str:
    text = (Path(__file__).parents[2] / "docs" / "differences.md").read_text()
    return " ".join(text.split())


@pytest.mark.parametrize(
    "entry", expected_failures(), ids=lambda entry: f"{entry.suites[0]}: {entry.tests[0]}"
)
def test_every_entry_has_a_reason_and_names_tests(entry):
    assert re.fullmatch(r"[A-Z].*\.", entry.reason, re.DOTALL)
    assert entry.kind in KINDS
    assert entry.suites
    assert set(entry.suites) <= set(peer_suites.SUITES)
    assert entry.tests
    assert all(pattern.startswith("test_") and re.compile(pattern) for pattern in entry.tests)


@pytest.mark.parametrize(
    "entry", expected_failures(), ids=lambda entry: f"{entry.suites[0]}: {entry.tests[0]}"
)
def test_a_deliberate_difference_is_documented(entry, differences):
    assert entry.words or entry.kind != "deliberate difference"
    assert entry.words in differences


def test_a_pattern_names_all_parameters_or_those_given():
    test = "numpy/random/tests/test_smoke.py::TestPCG64::test_jump[a-[1]]"
    for pattern in ("test_smoke.py::TestPCG64::test_jump", r"test_smoke.py::.*::test_(seed|jump)\[a-.*\]"):
        assert matches(pattern, test)
    for pattern in (
        "test_smoke.py::TestPCG64::test_jum",
        "test_jump",
        r"test_smoke.py::TestPCG64::test_jump\[b\]",
    ):
        assert not matches(pattern, test)


def test_a_failure_beyond_the_table_and_a_stale_entry_are_problems():
    table = [
        Expected(["NumPy"], "exact values", "Reason.", ["test_a.py::test_expected", "test_a.py::test_gone"])
    ]
    outcomes = {
        "numpy/random/tests/test_a.py::test_expected[0]": "failed",
        "numpy/random/tests/test_a.py::test_expected[1]": "passed",
        "numpy/random/tests/test_a.py::test_expected[2]": "skipped",
        "numpy/random/tests/test_a.py::test_other": "failed",
        "numpy/random/tests/test_a.py::test_good": "passed",
    }
    stale, unexpected, gone = problems("NumPy", outcomes, table)
    assert "passes" in stale
    assert stale.endswith("test_expected[1]")
    assert "fails" in unexpected
    assert unexpected.endswith("test_other")
    assert "no test" in gone
    assert gone.endswith("test_gone")


def test_the_committed_results_have_every_suite_and_no_problem():
    results = peer_suites.RESULTS.read_text()
    assert all(f"\n{name}: {suite.title}\n" in results for name, suite in peer_suites.SUITES.items())
    assert results.endswith("\nNo other test fails.\n")
