"""The worst error of every numeric function, stated once: tests and README read it from here.

An error is counted in ULP (units in the last place) of the exact result, in the dtype of the result:
half an ULP is the best that any algorithm can do.  Each bound stands a little above the worst error
found, and ``worst_input`` reproduces that one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Accuracy:
    """What is promised of one function for one dtype, and where the number comes from."""

    function: str
    dtype: str
    valid_range: str
    max_ulp: float
    worst_ulp: float  # the worst error found
    worst_input: tuple[str, ...]  # where, in hex
    source: str
    # For a result that passes through zero where its parts do not: the error there, in halves of an
    # ULP of 1, relative to the scale that ``valid_range`` names.  ``max_ulp`` holds away from there.
    max_near_zero: float | None = None


ACCURACY = (
    Accuracy(
        "minus_log",
        "float64",
        "-ln((1 + f) 2^-e): f in [sqrt(1/2) - 1, sqrt(2) - 1], e = 0, 1, ..., 1074, result >= 0",
        1.4,
        1.288,
        ("0x1.21ab193ff812cp-2", "0x1p+0"),
        "1e7 arguments against 80-bit arithmetic",
    ),
    Accuracy(
        "minus_log",
        "float32",
        "-ln((1 + f) 2^-e): f in [sqrt(1/2) - 1, sqrt(2) - 1], e = 0, 1, ..., 149, result >= 0",
        1.0,
        0.941,
        ("0x1.143048p-2", "0x1p+0"),
        "1e7 arguments against 80-bit arithmetic",
    ),
    Accuracy(
        "sin_pi",
        "float64",
        "sin(pi t): t in [-1/4, 1/4]",
        0.9,
        0.821,
        ("0x0.97d2623c6bc6dp-1022",),
        "1e7 arguments against 80-bit arithmetic",
    ),
    Accuracy(
        "sin_pi",
        "float32",
        "sin(pi t): t in [-1/4, 1/4]",
        1.0,
        0.960,
        ("0x1.42ff78p-127",),
        "1e7 arguments against 80-bit arithmetic",
    ),
    Accuracy(
        "cos_pi",
        "float64",
        "cos(pi t): t in [-1/4, 1/4]",
        1.2,
        1.092,
        ("0x1.f974f43e23b5ap-3",),
        "1e7 arguments against 80-bit arithmetic",
    ),
    Accuracy(
        "cos_pi",
        "float32",
        "cos(pi t): t in [-1/4, 1/4]",
        1.2,
        1.081,
        ("0x1.fc5322p-3",),
        "1e7 arguments against 80-bit arithmetic",
    ),
    Accuracy(
        "standard_normal",
        "float64",
        "+-r (c +- s) of any two words, u rounded to float64: |c +- s| >= 1/2 in ULP; else relative to r",
        4.0,
        3.631,
        ("0x8b1ffb40efaa9d53", "0x546ce1268a8f70"),
        "1e7 pairs, and the worst radii with the worst directions, against 80-bit arithmetic",
        2.5,
    ),
    Accuracy(
        "standard_normal",
        "float32",
        "+-r (c +- s) of any two half words: |c +- s| >= 1/2 in ULP; else relative to r",
        5.0,
        4.351,
        ("0xcb1025fe", "0x6f37ed4e"),
        "1e7 pairs, and the worst radii with the worst directions, against 80-bit arithmetic",
        3.0,
    ),
)


def accuracy(function: str, dtype: str) -> Accuracy:
    """The statement about one function for one dtype.

    >>> accuracy("cos_pi", "float64").max_ulp
    1.2
    """
    for entry in ACCURACY:
        if (entry.function, entry.dtype) == (function, dtype):
            return entry
    raise KeyError(f"no accuracy is stated for {function} in {dtype}")


def markdown_table() -> str:
    """All statements as a table, for the README."""
    lines = [
        "| function | dtype | valid range | max ULP | worst found | at |",
        "|---|---|---|---|---|---|",
    ]
    for entry in ACCURACY:
        bound = f"{entry.max_ulp:g}"
        if entry.max_near_zero is not None:
            bits = {"float64": 53, "float32": 24}[entry.dtype]
            bound += f"; else {entry.max_near_zero:g} · 2^-{bits} r"
        cells = (
            f"`{entry.function}`",
            entry.dtype,
            entry.valid_range.replace("|", "\\|"),
            bound,
            f"{entry.worst_ulp:.2f}",
            ", ".join(f"`{number}`" for number in entry.worst_input),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
