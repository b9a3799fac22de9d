"""Saved runs: the full ones by date, and how one is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from bench import HISTORY
from bench.report.results import Run, load

QUICK = "-quick"


def full_runs(history: Path = HISTORY) -> list[Path]:
    """Newest first; file names begin with date and time."""
    return sorted((path for path in history.glob("*.json") if not path.stem.endswith(QUICK)), reverse=True)


def find_run(name: str, history: Path = HISTORY) -> Path:
    """A path, a file name, the beginning of a date or a commit (of several, the newest), or ``latest``.

    ``latest`` is the newest full run of the history.  A quick run is found by its path or file name, and by
    a date or commit that no full run has.
    """
    for path in (Path(name), history / name, history / f"{name}.json"):
        if path.is_file():
            return path
    full = full_runs(history)
    quick = sorted((path for path in history.glob(f"*{QUICK}.json")), reverse=True)
    found = full[:1] if name == "latest" else [path for path in (*full, *quick) if _is_named(path, name)]
    if not found:
        there = ", ".join(path.name for path in full) or "none"
        raise FileNotFoundError(
            f"there is no file {name!r} in {Path.cwd()}, and no run of that name in {history}; full runs: "
            f"{there}. `python -m bench run --save` makes one"
        )
    return found[0]


def _is_named(path: Path, name: str) -> bool:
    commit = path.stem.rsplit("_", 1)[-1].split("-")[0]
    whole_commit = len(commit) >= 7 and name.startswith(commit)
    return bool(name) and (path.stem.startswith(name) or commit.startswith(name) or whole_commit)


def same_machine(a: Run, b: Run) -> bool:
    return a.identity == b.identity


def runs_up_to(run: Run, history: Path = HISTORY) -> list[Run]:
    """``run``, and then the full runs before it, newest first."""
    full = (other for other in map(load, full_runs(history)) if not other.quick)
    older = (other for other in full if other.date < run.date)
    return [run, *sorted(older, key=lambda other: other.date, reverse=True)]


def run_before(run: Run, runs: Sequence[Run]) -> Run | None:
    """The newest of the same machine, of those that ``runs_up_to`` found."""
    return next((other for other in runs[1:] if same_machine(run, other)), None)


def machines(runs: Sequence[Run]) -> dict[tuple[Any, ...], str]:
    """A letter for each machine, the oldest run's first; none where all runs are of one."""
    known = list(dict.fromkeys(run.identity for run in reversed(runs)))
    return dict(zip(known, ascii_uppercase, strict=False)) if len(known) > 1 else {}


def machines_named(runs: Sequence[Run]) -> str:
    """What the letters mean."""
    names = {run.identity: run.machine_name for run in runs}
    return "; ".join(f"{letter} is {names[identity]}" for identity, letter in machines(runs).items())
