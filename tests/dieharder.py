"""Dieharder on the raw words: ``python tests/dieharder.py`` writes ``tests/data/dieharder.txt``.

Needs the program ``dieharder`` (Debian package of that name; R. G. Brown, version 3.31.1) and about an
hour.  All its tests read one stream, words 0, 1, 2, ... of a fixed seed, as 32-bit halves.  Of its
p-values about one in 50 falls outside [0.01, 0.99] for a perfect source too; its own verdict WEAK means
outside [0.005, 0.995], FAILED outside [1e-6, 1 - 1e-6].
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import fastdist

SEED = 20261122
RESULTS = Path(__file__).parent / "data" / "dieharder.txt"
WORDS_A_WRITE = 1 << 20


def main() -> None:
    bits = fastdist.BlockXoshiro256(SEED)
    # -a: all tests; -g 200: raw bits from standard input; -k 2: exact Kolmogorov-Smirnov p-values
    command = ["dieharder", "-a", "-g", "200", "-k", "2"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        while process.poll() is None:
            process.stdin.write(bits.random_raw(WORDS_A_WRITE).tobytes())
    except BrokenPipeError:
        pass
    report = process.stdout.read().decode()
    lines = [
        line for line in report.splitlines() if "rands/second" not in line and "stdin_input_raw" not in line
    ]
    drawn = bits.state["state"]["words"]
    header = f"{' '.join(command)}, on BlockXoshiro256({SEED}), words 0 to about {drawn:,}\n"
    RESULTS.write_text(header + "\n".join(lines) + "\n")
    print(report)


if __name__ == "__main__":
    main()
