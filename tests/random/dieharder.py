"""Dieharder on the raw words: ``python tests/random/dieharder.py`` writes ``tests/data/dieharder.txt``.

Needs the program ``dieharder`` (Debian package of that name; R. G. Brown, version 3.31.1) and about an
hour.  All its tests read one stream, words 0, 1, 2, ... of a fixed seed, as 32-bit halves.  Its verdict
WEAK means a p-value outside [0.005, 0.995], and one test in a hundred of a perfect source is that; FAILED
means outside [1e-6, 1 - 1e-6].  What is WEAK is run again with four times the samples, on a fresh stream.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import fastdist

SEED = 20261122
RESULTS = Path(__file__).parents[1] / "data" / "dieharder.txt"
WORDS_A_WRITE = 1 << 20


def run(seed: int, *selection: str) -> str:
    """The report of dieharder on the words of a seed."""
    bits = fastdist.BlockXoshiro256(seed)
    # -g 200: raw bits from standard input; -k 2: exact Kolmogorov-Smirnov p-values
    command = ["dieharder", *selection, "-g", "200", "-k", "2"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        while process.poll() is None:
            process.stdin.write(bits.random_raw(WORDS_A_WRITE).tobytes())
    except BrokenPipeError:
        pass
    report = process.stdout.read().decode()
    # The input is a pipe: its rate says nothing.
    noise = ("rands/second", "stdin_input_raw", "Preparing to run")
    lines = [line for line in report.splitlines() if not any(word in line for word in noise)]
    drawn = bits.state["state"]["words"]
    return "\n".join([f"{' '.join(command)}, on BlockXoshiro256({seed}), words 0 to {drawn:,}", *lines, ""])


def again(report: str) -> str:
    """The tests that a report calls WEAK, each on a stream of its own."""
    weak = [line.split("|") for line in report.splitlines() if "WEAK" in line]
    return "".join(
        "\n" + run(SEED + 1 + i, "-d", fields[0].strip(), "-n", fields[1].strip(), "-p", "400")
        for i, fields in enumerate(weak)
    )


def main() -> None:
    report = run(SEED, "-a")
    RESULTS.write_text(report)
    RESULTS.write_text(report + again(report))


if __name__ == "__main__":
    main()
