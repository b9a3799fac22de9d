"""``--quick``, and what the benchmarks ran on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

# pytest imports by file name, without the folder on the path; `python bench/ratios.py` has it there.
sys.path.insert(0, str(Path(__file__).parent))
pytest.register_assert_rewrite("ladder", "sampling", "densities", "multivariate", "mixture")

from ladder import machine  # noqa: E402

QUICK_LARGEST = 1_000_000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick",
        action="store_true",
        help="check that every benchmark works and is right; its times mean nothing",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("quick"):
        config.option.benchmark_quiet = True


@pytest.fixture
def quick(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("quick"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("quick"):
        return
    config.hook.pytest_deselected(items=[item for item in items if not is_quick(item)])
    items[:] = [item for item in items if is_quick(item)]


def is_quick(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    case = callspec.params.get("case") if callspec else None
    return case is None or (case.quick and case.size <= QUICK_LARGEST)


def pytest_report_header(config: pytest.Config) -> list[str]:
    return [f"{name}: {value}" for name, value in machine().items()]


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    machine_info["fastdist"] = machine()
