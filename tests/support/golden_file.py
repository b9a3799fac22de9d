"""The command line of the scripts ``golden_*.py``: write golden values, or say whether they are current."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path


def write_or_check(description: str, path: Path, file_text: Callable[[], str]) -> None:
    """Write what ``file_text`` returns; with ``--check`` compare it with what is there."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="compare with the committed file")
    check = parser.parse_args().check
    text = file_text()
    if not check:
        path.write_text(text, encoding="utf-8")
        return
    committed, computed = path.read_text(encoding="utf-8").splitlines(), text.splitlines()
    if committed != computed:
        pairs = enumerate(zip(committed, computed, strict=False), start=1)
        first = next((i for i, (a, b) in pairs if a != b), min(len(committed), len(computed)) + 1)
        sys.exit(f"{path} is not current, from line {first} on")
