"""Programs that others make, and are asked here: objdump and llvm-mca."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence


def output(command: Sequence[str], given: str | None = None, refusal: str | None = None) -> str:
    """What a program prints that is given some input.

    Raises
    ------
    ValueError
        If it fails, or reports a refusal; with the first line of its errors, as a reason for the report.
    """
    done = subprocess.run(command, input=given, capture_output=True, text=True)
    if done.returncode == 0 and (refusal is None or refusal not in done.stderr):
        return done.stdout
    said = done.stderr.strip().partition("\n")[0] or f"it ended with {done.returncode}, and said nothing"
    raise ValueError(f"{' '.join(command)}: {said}")
