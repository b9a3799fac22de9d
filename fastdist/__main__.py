"""``python -m fastdist``: check normals, densities, a mixture and a price, and time them beside the peers."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import fastdist
from fastdist._demo import SECTIONS, picture, report, speeds
from fastdist._demo.checks import Check, Job

FAILED, USAGE = 1, 2
# What a shell reports of a process that a signal ended: 128 and the number of SIGINT or SIGPIPE.
INTERRUPTED, BROKEN_PIPE = 130, 141


def main(arguments: Sequence[str] | None = None, job: Job | None = None) -> int:
    """Run a command line, and return the exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line; that of the process by default.
    job : Job, optional
        How much to draw and to time, and the seed where the command line has none.

    Returns
    -------
    int
        0; 1 if a check fails; 2 for a bad command line or a plot that cannot be written; 130 after Ctrl-C;
        141 if nobody reads the output.
    """
    if sys.stdout is None:
        return _error("there is no standard output", USAGE)
    try:
        status = _run_command(arguments, job or Job())
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return _error("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Python flushes stdout once more at exit, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _error(f"cannot write the output: {error.strerror or error}", USAGE)


def _run_command(arguments: Sequence[str] | None, job: Job) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command == "info":
        if options.plot or options.seed is not None:
            parser.error("info draws nothing: it takes neither --plot nor --seed")
        return _info(options.json)
    if options.seed is not None:
        job = replace(job, seed=options.seed)
    return _demo(job, options.plot, options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fastdist",
        description="Draw ten million normals of each dtype, check them and the functions of fastdist.norm "
        "and fastdist.multivariate_normal, fit a fastdist.GaussianMixture to eruptions of a geyser, price a "
        "European call, and time them beside pure Python, NumPy and, where installed, SciPy and "
        "scikit-learn.  The exit status is 1 when a check fails.",
    )
    parser.add_argument("--json", action="store_true", help="print the results as a JSON object")
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="FILE.png",
        help="draw a histogram, density beside cumulative distribution, ellipses of two dimensions, and "
        "a mixture of two normals",
    )
    parser.add_argument("--seed", type=_seed, metavar="N", help=f"seed of the normals (default {Job.seed})")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="[info]")
    info = commands.add_parser("info", help="print what is installed and in use, and do nothing else")
    info.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print a JSON object")
    return parser


def _seed(text: str) -> int:
    try:
        seed = int(text)
    except ValueError:
        seed = -1
    if seed < 0:
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is not a non-negative integer of at most 4300 digits"
        )
    return seed


def _info(as_json: bool) -> int:
    if as_json:
        print(json.dumps(fastdist.show_config(mode="dicts"), indent=2))
    else:
        fastdist.show_config()
    return 0


def _demo(job: Job, path: Path | None, in_json: bool) -> int:
    obstacle = picture.obstacle(path) if path else None
    if obstacle:
        return _error(obstacle, USAGE)
    tell = _silence if in_json else _tell
    tell(report.opening(job))
    checks: dict[str, list[Check]] = {}
    with _progress_bar(len(SECTIONS) + 1 + job.rounds) as start:
        for section in SECTIONS:
            start(f"check {section.title}")
            checks[section.title] = section.run(job)
            tell(report.section_lines(section.title, checks[section.title], len(SECTIONS)))
        tell(report.verdict_of_checks(checks))
        for section in SECTIONS:
            if findings := section.findings():
                tell(["", *findings])
        start("prepare the timings")
        found = speeds.measure(speeds.all_rows(job), job.rounds, start)
        tell(["", *report.speed_lines(found, job)])
    if in_json:
        print(json.dumps(report.as_dict(job, checks, found), indent=2, allow_nan=False))
    sys.stdout.flush()
    if path:
        try:
            picture.write(job, path)
        except OSError as error:
            return _error(f"cannot plot to {path}: {error.strerror or error}", USAGE)
    return FAILED if report.failed(checks) else 0


def _tell(lines: Iterable[str]) -> None:
    """Print lines at once, into a pipe too."""
    print(*lines, sep="\n", flush=True)


def _silence(lines: Iterable[str]) -> None:
    """What JSON has instead of lines comes at the end."""


def _error(message: str, status: int) -> int:
    print(f"python -m fastdist: {message}", file=sys.stderr)
    return status


@contextmanager
def _progress_bar(steps: int) -> Iterator[Callable[[str], None]]:
    """A bar on stderr; nothing if that is no terminal, or without tqdm."""
    try:
        from tqdm import tqdm
    except ImportError:
        tqdm = None
    if tqdm is None or not sys.stderr.isatty():
        yield lambda name: None
        return
    form = "{desc:<24}{bar} {n_fmt}/{total_fmt}"
    with tqdm(total=steps, file=sys.stderr, leave=False, mininterval=0, bar_format=form) as bar:

        def start(name: str) -> None:
            bar.set_description_str(name, refresh=False)
            bar.update()

        yield start


if __name__ == "__main__":
    sys.exit(main())
