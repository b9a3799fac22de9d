"""Numbers, tables and paragraphs as Markdown."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 110


def figure(x: float) -> str:
    """Three digits, below 1 two; thousands apart."""
    if x < 1:
        return f"{x:#.2g}"
    if x < 999.5:  # what is more would round to 1.00e+03
        return f"{x:#.3g}".rstrip(".")
    digits = 10 ** (len(str(int(x))) - 3)
    return whole(round(x / digits) * digits)


def whole(n: int) -> str:
    return f"{n:,}".replace(",", "\N{NO-BREAK SPACE}")


def percent(x: float) -> str:
    return f"{100 * x:.1f} %"


def duration(seconds: float) -> str:
    for unit in ("s", "ms", "microseconds"):
        if seconds >= 1:
            return f"{figure(seconds)} {unit}"
        seconds *= 1000
    return f"{figure(seconds)} ns"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> list[str]:
    """The first ``left`` columns are text, to the left; the others figures, to the right."""
    aligned = ["---" if i < left else "---:" for i in range(len(headings))]
    return [_line(headings), f"|{'|'.join(aligned)}|", *(_line(row) for row in rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def paragraph(text: str) -> list[str]:
    return _wrapped(text)


def bullet(text: str) -> list[str]:
    return _wrapped(text, "- ", "  ")


# What begins a list, a title or a quotation where it stands first in a line.
_BEGINS_A_BLOCK = re.compile(r"^ *(\d+(?=[.)] )|(?=[-+*>#]+ ))")


def _wrapped(text: str, first: str = "", others: str = "") -> list[str]:
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [*lines[:1], *(_BEGINS_A_BLOCK.sub(r"\g<0>\\", line) for line in lines[1:])]


def details(summary: str, lines: Iterable[str]) -> list[str]:
    """Folded away until it is asked for."""
    return ["<details>", f"<summary>{summary}</summary>", "", *lines, "", "</details>"]
