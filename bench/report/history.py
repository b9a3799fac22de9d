"""Saved runs: the full ones by date, and how one is named."""

from __future__ import annotations

from pathlib import Path

from bench import HISTORY
from bench.report.results import Run, load

QUICK = "-quick"


def full_runs(history: Path = HISTORY) -> list[Path]:
    """Newest first; file names begin with date and time."""
    return sorted((path for path in history.glob("*.json") if not path.stem.endswith(QUICK)), reverse=True)


def find_run(name: str, history: Path = HISTORY) -> Path:
    """A path, a file name, the beginning of a date or a commit (of several, the newest), or ``latest``.

    A quick run is found by its path or file name, and by a date or commit that no full run has.
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
            f"no run {name!r} in {history}; full runs: {there}. `python -m bench run --save` makes one; what "
            "was not saved is given as a file"
        )
    return found[0]


def _is_named(path: Path, name: str) -> bool:
    commit = path.stem.rsplit("_", 1)[-1].split("-")[0]
    whole_commit = len(commit) >= 7 and name.startswith(commit)
    return bool(name) and (path.stem.startswith(name) or commit.startswith(name) or whole_commit)


def same_machine(a: Run, b: Run) -> bool:
    """And the same instruction set in use: one may be forced."""
    return all(a.machine.get(name) == b.machine.get(name) for name in ("CPU", "CPUs", "instruction set"))


def runs_up_to(run: Run, history: Path = HISTORY) -> list[Run]:
    """``run``, and then the full runs of the same machine before it, newest first."""
    older = [load(path) for path in full_runs(history) if path.name < run.path.name]
    return [run, *(other for other in older if not other.quick and same_machine(run, other))]
