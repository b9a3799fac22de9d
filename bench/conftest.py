"""Benchmarks under pytest: ``--quick``, the times taken in turn, and what a JSON says of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

pytest.register_assert_rewrite("bench.cases")

from bench.cases.benchmarks import PARAMETERS, parameters  # noqa: E402
from bench.cases.case import Case, Operation, Rung  # noqa: E402
from bench.measuring.interleaved import Group, Measurement, recorded  # noqa: E402

LEFT_OUT = ("total", "ld15iqr", "hd15iqr", "iqr_outliers", "stddev_outliers")
MEASUREMENT = pytest.StashKey[Measurement]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick",
        action="store_true",
        help="check that every benchmark works and is right; its times mean nothing",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.option.benchmark_quiet = True  # the report has tables


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``OPERATIONS`` of ``bench_<topic>.py``."""
    topic = metafunc.module.__name__.rpartition("bench_")[2]
    quick = metafunc.config.getoption("quick")
    metafunc.parametrize(PARAMETERS, parameters(topic, metafunc.module.OPERATIONS, quick))


@pytest.hookimpl(trylast=True)  # after -k and -m
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[MEASUREMENT] = Measurement(groups_of(items), config.getoption("quick"))


def groups_of(items: Sequence[pytest.Item]) -> list[Group]:
    """Of the items that were selected, and are not skipped."""
    groups: dict[tuple[str, Case], Group] = {}
    for item in items:
        given = getattr(getattr(item, "callspec", None), "params", {})
        if item.get_closest_marker("skip") or not given.keys() >= set(PARAMETERS):
            continue  # what is missing, and tests that run beside the benchmarks
        _, operation, case, rung, nearest = (given[name] for name in PARAMETERS)
        group = groups.setdefault((operation.name, case), Group(operation, case, []))
        groups[operation.name, case] = Group(operation, case, [*group.answers, (rung, nearest)])
    return list(groups.values())


@pytest.fixture
def seconds(request: pytest.FixtureRequest, operation: Operation, case: Case, rung: Rung) -> list[float]:
    """A call, each time that was taken, sweep after sweep (``measuring/interleaved.py``)."""
    return request.config.stash[MEASUREMENT].seconds((operation.name, case, rung.name))


@pytest.fixture
def recorded_benchmark(request: pytest.FixtureRequest, seconds: list[float]) -> Any:
    """pytest-benchmark's fixture, whose timer reads the record."""
    request.node.add_marker(pytest.mark.benchmark(timer=recorded(seconds)))
    return request.getfixturevalue("benchmark")


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    del machine_info["node"]  # the name of a machine says nothing about it


def pytest_benchmark_update_json(
    config: pytest.Config, benchmarks: Sequence[Any], output_json: dict[str, Any]
) -> None:
    """What ``pytest-benchmark compare`` and the report ask for; four digits are what a time has."""
    output_json["measurement"] = config.stash[MEASUREMENT].described
    for benchmark in output_json["benchmarks"]:
        for name in ("options", "param", "params"):
            benchmark.pop(name, None)
        benchmark["stats"] = {
            name: [rounded(time) for time in value] if name == "data" else rounded(value)
            for name, value in benchmark["stats"].items()
            if name not in LEFT_OUT
        }


def rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value
