"""A run of the benchmarks with ratios that are known, as its JSON; ``saved`` writes it to a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LEVEL = "x86_64_v4"
# Half of the times are disturbed, of all rungs alike.
DISTURBED = (1.0, 1.5, 1.0, 1.2, 1.0, 1.3)
# ns an element of the rungs of a group; fastdist's take FASTDIST.
FASTDIST = {"fastdist x86_64_v4": 1.0, "fastdist x86_64_v3": 2.0, "fastdist, 2 threads": 0.6}
PEERS = {"NumPy PCG64": 8.0, "SciPy": 20.0}
FAMILIES = {"NumPy PCG64": "NumPy", "python textbook": "pure Python", "array copy": "limit"}


def group(
    operation: str,
    case: str,
    size: int,
    ns: dict[str, float],
    headline: bool = True,
    topic: str = "normal",
    element: str = "number",
    sizes: dict[str, int] | None = None,
    noise: dict[str, tuple[float, ...]] | None = None,
    peer: str = "NumPy PCG64",
) -> list[dict[str, Any]]:
    """One benchmark for each rung of ``ns``; ``sizes`` are those of rungs that take fewer than asked.

    ``noise`` are factors of one rung's times alone.
    """
    found = []
    for rung, each in ns.items():
        own = (sizes or {}).get(rung, size)
        factors = (noise or {}).get(rung, (1.0,) * len(DISTURBED))
        data = [each * own * 1e-9 * d * f for d, f in zip(DISTURBED, factors, strict=True)]
        ours = rung.startswith("fastdist")
        facts = {
            "topic": topic,
            "operation": operation,
            "case": case,
            "dtype": "float64",
            "asked_size": size,
            "size": own,
            "element": element,
            "headline": headline,
            "peer": peer,
            "rung": rung,
            "family": "fastdist" if ours else FAMILIES.get(rung, rung.partition(",")[0]),
            "level": LEVEL if "threads" in rung else rung.removeprefix("fastdist ") if ours else None,
            "threads": int(rung.split()[1]) if "threads" in rung else 1,
        }
        stats = {"data": data}
        found.append({"group": f"{operation}: {case}", "name": rung, "extra_info": facts, "stats": stats})
    return found


def run(benchmarks: list[dict[str, Any]], **parts: Any) -> dict[str, Any]:
    """``parts`` replace those of the JSON."""
    facts = [benchmark["extra_info"] for benchmark in benchmarks]
    rungs = {(fact["topic"], fact["rung"]): fact["family"] for fact in facts}
    return {
        "datetime": "2026-11-23T12:10:00+00:00",
        "commit_info": {"id": "593866a" + "0" * 33, "dirty": False},
        "machine": {
            "CPU": "Synthetic 9000", "CPU model": "family 1, model 1", "CPUs": "2", "caches": "L1d 32 KiB",
            "instruction set": LEVEL,
        },
        "run": {
            "quick": False, "sweeps": 2, "seconds": 600,
            "load_before": [0.1, 0.2, 0.3], "load_after": [1.0, 1.1, 1.2],
        },
        "benchmarks": benchmarks,
        "rungs": [
            {"topic": topic, "name": name, "family": family, "how": f"as {name} is used", "missing": None}
            for (topic, name), family in rungs.items()
        ],
        "left_out": [],
        "programs": "this system has no /usr/bin/time",
        "limits": "llvm-mca is not installed",
        "memory": [],
        **parts,
    }  # fmt: skip


def saved(folder: Path, name: str, figures: dict[str, Any]) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(figures))
    return path
