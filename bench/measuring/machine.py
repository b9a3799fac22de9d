"""What is measured on: the CPU, its caches, the compiler and its flags, versions, the load."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from functools import cache
from pathlib import Path

import fastdist

PEERS = (
    "scipy", "mkl_random", "numexpr", "numba", "torch", "jax", "scikit-learn", "gmr", "gmmx", "pomegranate",
    "tgmm", "pytest-benchmark",
)  # fmt: skip
CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


def machine() -> dict[str, str]:
    config = fastdist.show_config(mode="dicts")
    described = {name: ", ".join(v) if isinstance(v, list) else str(v) for name, v in config.items()}
    return {
        "CPU": cpu_name(),
        "CPU model": cpu_model(),
        "CPUs": str(len(usable_cpus())),
        "caches": caches(),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": platform.platform(),
        **described,
        **{peer: version(peer) for peer in PEERS},
    }


def usable_cpus() -> set[int]:
    """Of this process."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def cpu_name() -> str:
    return cpu_facts().get("model name") or platform.processor() or platform.machine()


def cpu_model() -> str:
    """As ``family 25, model 1``: the CPUs of virtual machines often have one name for all generations."""
    facts = cpu_facts()
    return family_and_model(facts.get("cpu family"), facts.get("model"))


def family_and_model(family: object, model: object) -> str:
    numbers = {"family": family, "model": model}
    return ", ".join(f"{name} {n}" for name, n in numbers.items() if n is not None) or "unknown"


@cache
def cpu_facts() -> dict[str, str]:
    """Of the first CPU, as Linux tells them."""
    cpuinfo = Path("/proc/cpuinfo")
    first = cpuinfo.read_text().partition("\n\n")[0] if cpuinfo.exists() else ""
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def caches(folder: Path = CACHES) -> str:
    """Of the first CPU, as ``L1d 48 KiB, L2 1024 KiB, L3 32768 KiB``."""
    found = []
    for index in sorted(folder.glob("index*")):
        try:
            level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        except FileNotFoundError:  # ARM and some virtual machines have no sizes
            continue
        if kind != "Instruction":
            found.append(f"L{level}{'d' if kind == 'Data' else ''} {size.removesuffix('K')} KiB")
    return ", ".join(found) or "unknown"


def load() -> list[float]:
    """Processes that ran or waited, on average of 1, 5 and 15 minutes."""
    return [round(average, 2) for average in os.getloadavg()]


def version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
