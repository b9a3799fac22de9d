"""The peers' own tests, on fastdist.

``python tests/package/peer_suites.py`` writes ``tests/data/peer_suites.txt``.

The test modules that are installed with NumPy, SciPy and scikit-learn run unchanged, with fastdist's objects
under the peers' names; this takes two minutes.  A test may fail only if
``tests/data/peer_suites_expected.toml`` names it and gives the reason.  The exit status is 1 if another test
fails, or if a test passes that is named there.  Most tests that are skipped need cffi or an array library.

``python tests/package/peer_suites.py SciPy`` runs one suite, and writes no file.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import re
import sys
import tomllib
import types
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from textwrap import wrap

import numpy as np
import pytest

import fastdist

DATA = Path(__file__).parents[1] / "data"
RESULTS = DATA / "peer_suites.txt"
EXPECTED = DATA / "peer_suites_expected.toml"
PACKAGES = Path(np.__file__).parents[1]

Outcomes = dict[str, str]  # of each test, "passed", "failed" or "skipped"


@dataclass(frozen=True)
class Expected:
    """Tests that may fail, and why: an entry of the table, where the fields are explained."""

    suites: list[str]
    kind: str
    reason: str
    tests: list[str]
    words: str = ""

    def names(self, test: str) -> bool:
        return any(matches(pattern, test) for pattern in self.tests)


def matches(pattern: str, test: str) -> bool:
    """Whether a pattern is that of a node id, without its folder and perhaps without its parameters."""
    return re.fullmatch(rf"(?:{pattern})(\[.*\])?", test.rpartition("/tests/")[2]) is not None


@cache
def expected_failures() -> list[Expected]:
    return [Expected(**entry) for entry in tomllib.loads(EXPECTED.read_text())["expected"]]


# The swaps.  Test modules are imported in one of these contexts.


@contextmanager
def numpy_generator() -> Iterator[None]:
    """Generator and default_rng are fastdist's, for good: tests also look them up while they run."""
    np.random.Generator = fastdist.Generator  # type: ignore[misc]
    np.random.default_rng = fastdist.default_rng
    yield


@contextmanager
def numpy_bit_generators() -> Iterator[None]:
    """In addition, every bit generator is a BlockXoshiro256."""
    for name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"):
        setattr(np.random, name, fastdist.BlockXoshiro256)
    with numpy_generator():
        yield


@contextmanager
def numpy_shapes() -> Iterator[None]:
    """In addition, only shapes are compared, so that a test goes on after its first exact value."""
    for name in vars(np.testing):
        if re.fullmatch("assert_.*(equal|allclose|nulp|max_ulp)", name):
            setattr(np.testing, name, lambda actual, desired, *_, **__: np.broadcast(actual, desired))
    with numpy_bit_generators():
        yield


@contextmanager
def scipy_distributions() -> Iterator[None]:
    """Test modules import a changed copy of scipy.stats.  SciPy, and fastdist, use the original."""
    import scipy.stats

    original, copy = scipy.stats, types.ModuleType("scipy.stats")
    vars(copy).update(vars(original))
    copy.norm, copy.multivariate_normal = fastdist.norm, fastdist.multivariate_normal
    try:
        sys.modules["scipy.stats"] = scipy.stats = copy
        yield
    finally:
        sys.modules["scipy.stats"] = scipy.stats = original


@contextmanager
def sklearn_mixture() -> Iterator[None]:
    """GaussianMixture is fastdist's, and the only estimator that the tests of all estimators find."""
    import sklearn.mixture
    import sklearn.utils

    def all_estimators(type_filter: str | None = None) -> list[tuple[str, type]]:
        return [] if type_filter else [("GaussianMixture", fastdist.GaussianMixture)]

    sklearn.mixture.GaussianMixture = fastdist.GaussianMixture
    sklearn.utils.all_estimators = all_estimators
    yield


# The suites, and which tests of their modules are run.


def names_in(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_in(constant)


def concerns_normals(test: pytest.Function) -> bool:
    """Whether the code or the parameters of a test name one of fastdist's distributions."""
    parameters = test.callspec.params.values() if hasattr(test, "callspec") else ()
    parts = [part for p in parameters for part in (p if isinstance(p, tuple | list) else [p])]
    return (
        not {"norm", "multivariate_normal"}.isdisjoint(names_in(test.function.__code__))
        or any(part is fastdist.norm or part is fastdist.multivariate_normal for part in parts)
        or any(isinstance(part, str) and part == "norm" for part in parts)
    )


def concerns_mixtures(test: pytest.Function) -> bool:
    """Whether a test is about GaussianMixture, alone or among all estimators."""
    return "bayesian" not in test.nodeid and "mixture" in test.nodeid.lower()


def has_exact_values(test: pytest.Function) -> bool:
    """Whether a test may fail over BlockXoshiro256 because of its values alone."""
    name = "NumPy over BlockXoshiro256"
    expected = [e for e in expected_failures() if e.kind == "exact values" and name in e.suites]
    return any(e.names(test.nodeid) for e in expected)


@dataclass(frozen=True)
class Suite:
    title: str
    swap: Callable[[], object]
    modules: tuple[str, ...]
    chosen: Callable[[pytest.Function], bool] = lambda test: True
    environment: Mapping[str, str] = field(default_factory=dict)


NUMPY = tuple(
    f"numpy/random/tests/test_{name}.py"
    for name in ("direct", "generator_mt19937", "generator_mt19937_regressions", "smoke")
)
SUITES = {
    "NumPy": Suite(
        "tests of Generator, bit generators and their spawning; Generator and default_rng are fastdist's",
        numpy_generator,
        NUMPY,
    ),
    "NumPy over BlockXoshiro256": Suite(
        "the same, and every bit generator is a BlockXoshiro256",
        numpy_bit_generators,
        NUMPY,
    ),
    "NumPy, shapes": Suite(
        "those of the suite above that fail for exact values, with only shapes compared",
        numpy_shapes,
        NUMPY,
        has_exact_values,
    ),
    "SciPy": Suite(
        "tests whose code or parameters name norm or multivariate_normal, which are fastdist's",
        scipy_distributions,
        ("scipy/stats", "scipy/differentiate", "scipy/integrate"),
        concerns_normals,
        {"SCIPY_XSLOW": "1"},
    ),
    "scikit-learn": Suite(
        "tests of mixtures, and all checks of estimators; GaussianMixture is fastdist's",
        sklearn_mixture,
        ("sklearn/mixture/tests", "sklearn/tests/test_common.py"),
        concerns_mixtures,
        {"SCIPY_ARRAY_API": "1", "SKLEARN_RUN_FLOAT32_TESTS": "1"},
    ),
}


class Plugin:
    """A plugin of pytest that swaps, selects the tests and records their outcomes."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.outcomes: Outcomes = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Iterator[None]:
        with self.suite.swap():
            return (yield)

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        items[:] = filter(self.suite.chosen, items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.outcomes[report.nodeid] = "failed"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed:
            self.outcomes[report.nodeid] = report.outcome


def run(name: str) -> Outcomes:
    """Run a suite.  The process has fastdist in the peer's place from then on."""
    plugin = Plugin(SUITES[name])
    os.environ.update(plugin.suite.environment)
    options = ["-q", "--tb=no", "--no-summary", "--disable-warnings", "-p", "no:cacheprovider"]
    modules = [str(PACKAGES / module) for module in plugin.suite.modules]
    pytest.main([*options, "-c", os.devnull, "--rootdir", str(PACKAGES), *modules], plugins=[plugin])
    return plugin.outcomes


def problems(name: str, outcomes: Outcomes, entries: list[Expected]) -> list[str]:
    """The failures that the table does not have, and its tests that do not fail."""
    found = []
    for test, outcome in outcomes.items():
        expected = any(entry.names(test) for entry in entries)
        if outcome == "failed" and not expected:
            found.append(f"{name}: this test fails, and the table does not name it: {test}")
        if outcome == "passed" and expected:
            found.append(f"{name}: this test passes, so delete it from the table: {test}")
    for pattern in (pattern for entry in entries for pattern in entry.tests):
        if not any(matches(pattern, test) for test in outcomes):
            found.append(f"{name}: no test has this name, so delete it from the table: {pattern}")
    return found


def report(name: str, outcomes: Outcomes, entries: list[Expected]) -> str:
    """How many tests passed, failed and were skipped, and every failure under its reason."""
    count = Counter(outcomes.values())
    lines = [
        f"{name}: {SUITES[name].title}",
        f"  {count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped",
    ]
    for entry in entries:
        failed = [test for test, outcome in outcomes.items() if outcome == "failed" and entry.names(test)]
        if failed:
            quoted = f' docs/differences.md: "{entry.words}"' if entry.words else ""
            lines += ["", *fill(f"{entry.kind}: {entry.reason}{quoted}", 2)]
        for group, functions in groupby(failed, lambda test: test.partition("[")[0].rpartition("::")[0]):
            # Parameters are counted, since one function may have dozens.
            times = Counter(test.partition("[")[0].rpartition("::")[2] for test in functions)
            listed = ", ".join(f"{test} ({n} times)" if n > 1 else test for test, n in times.items())
            lines += fill(f"{group.rpartition('/')[2]}: {listed}", 4)
    return "\n".join([*lines, "", ""])


def fill(text: str, margin: int) -> list[str]:
    """Lines of a paragraph whose first line stands out to the left."""
    first, others = " " * margin, " " * (margin + 2)
    return wrap(" ".join(text.split()), 108, initial_indent=first, subsequent_indent=others)


def main(names: list[str]) -> int:
    if unknown := set(names) - set(SUITES):
        sys.exit(f"unknown suites: {', '.join(unknown)}; there are: {', '.join(SUITES)}")
    entries = expected_failures()
    versions = ", ".join(f"{peer} {version(peer)}" for peer in ("numpy", "scipy", "scikit-learn"))
    text = f"{versions}, Python {platform.python_version()}\n\n"
    found = []
    for name in names or SUITES:
        # Each suite has a process of its own.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            outcomes = process.submit(run, name).result()
        of_suite = [entry for entry in entries if name in entry.suites]
        text += report(name, outcomes, of_suite) + "\n"
        found += problems(name, outcomes, of_suite)
    text += "\n".join(found or ["No other test fails."]) + "\n"
    print(text, end="")
    if not names:
        RESULTS.write_text(text)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
