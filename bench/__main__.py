"""``python -m bench``: measure, report, compare."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.ladder.build import ANNOTATED, annotate
from bench.measuring.run import run
from bench.report.compare import compare
from bench.report.history import find_run
from bench.report.report import report

NAMED = (
    "a file, or the beginning of its name or commit in bench/history (of several, the newest), or 'latest', "
    "the newest there"
)


def parser() -> argparse.ArgumentParser:
    every = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = every.add_subparsers(dest="command", required=True, metavar="COMMAND")

    one = commands.add_parser("run", help="measure everything (some 19 minutes); write a JSON")
    one.add_argument(
        "--quick",
        action="store_true",
        help="does every benchmark work, and is it right? (a minute)",
    )
    one.add_argument("--save", action="store_true", help="keep the JSON in bench/history, by date and commit")

    one = commands.add_parser(
        "report",
        help="write bench/REPORT.md, its pictures and the tables of README.md and docs/benchmarks.md",
    )
    one.add_argument("run", nargs="?", default="latest", metavar="RUN", help=NAMED)
    one.add_argument(
        "--into", type=Path, metavar="FOLDER", help="write there, and leave these files as they are"
    )

    one = commands.add_parser(
        "compare",
        help="what changed from run to run; exit status 1 if a ratio to NumPy fell by more than 10 %%",
    )
    one.add_argument("before", metavar="A", help=NAMED)
    one.add_argument("after", metavar="B", help=NAMED)

    one = commands.add_parser(
        "annotate", help="the ladder's Cython sources as HTML that shows where Python is left"
    )
    one.add_argument("--into", type=Path, default=ANNOTATED, metavar="FOLDER", help=f"default: {ANNOTATED}")
    return every


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        if options.command == "run":
            print(f"written: {run(options.quick, options.save)}")
        elif options.command == "report":
            path = find_run(options.run)
            print(f"written: {report(path, options.into)}, from {path}")
        elif options.command == "compare":
            return compare(find_run(options.before), find_run(options.after))
        else:
            annotate(options.into)
    except (OSError, RuntimeError) as error:  # no such run, a folder that is read-only, no compiler, ...
        into = getattr(options, "into", None)
        blocked = into is not None and isinstance(error, OSError) and error.errno is not None
        told = f"--into {into} is no folder that can be written: {error}" if blocked else error
        print(f"python -m bench: {told}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted" + ": nothing was written" * (options.command == "run"), file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
