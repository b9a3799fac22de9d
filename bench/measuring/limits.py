"""What the ports of the CPU allow; what memory allows are rungs beside all others (``cases/limits.py``)."""

from __future__ import annotations

from typing import Any

from bench.measuring.port_model import ROUNDS, bounds
from fastdist import _dispatch


def limits(quick: bool = False) -> list[dict[str, Any]] | str:
    """Of the kernels in use, or why that is not known."""
    found = bounds(rounds=1 if quick else ROUNDS)
    if isinstance(found, str):
        return found
    return [
        {
            "operation": bound.operation,
            "limit": "port model",
            "ns_per_element": bound.ns,
            "how": bound.how,
            "level": _dispatch.LEVEL,
        }
        for bound in found
    ]
