"""The pictures: PNG files as wide as GitHub shows a README, told apart without colours too."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedLocator,
    FormatStrFormatter,
    FuncFormatter,
    LogLocator,
    NullFormatter,
    NullLocator,
)
from PIL import Image

from bench.report.charts import BarChart, BarPanel, Chart, Line, LineChart, LinePanel
from bench.report.markdown import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

DOTS_AN_INCH = 100
WIDTH = 9.0
PALETTE = 128
STYLE: dict[Any, Any] = {
    "font.size": 9.5,
    "axes.titlesize": 10,
    "legend.fontsize": 9,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "hatch.linewidth": 0.5,
}
# Okabe and Ito's, which the colour-blind tell apart.  Yellow is too pale for lines on white.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, BLACK, GREY = "#CC79A7", "#56B4E9", "#F0E442", "#000000", "#767676"
STANDS_OUT = (BLUE, "o", "-")
LINES = (
    (VERMILION, "s", "--"), (GREEN, "^", "-."), (PURPLE, "D", ":"), (ORANGE, "v", "-"), (SKY, "P", "--"),
    (BLACK, "X", "-."), (GREY, "*", ":"), (BLUE, "h", "-"),
)  # fmt: skip
KINDS = {
    "pure Python": GREY, "standard library": GREY, "NumPy": ORANGE, "SciPy": GREEN, "mkl_random": PURPLE,
    "numba": SKY, "PyTorch": VERMILION, "JAX": YELLOW, "scikit-learn": SKY, "ladder": SKY, "fastdist": BLUE,
    "port model": ORANGE, "array copy": SKY, "array fill": GREEN,
}  # fmt: skip
OTHER = "#bbbbbb"
SLOWER = "///"
MOST_TICKS = 8


def draw(charts: Sequence[Chart], folder: Path) -> None:
    folder.mkdir(exist_ok=True, parents=True)
    with matplotlib.rc_context(STYLE):
        for chart in charts:
            write(
                _bars(chart) if isinstance(chart, BarChart) else _lines(chart), folder / f"{chart.name}.png"
            )


def remove_others(charts: Sequence[Chart], folder: Path) -> None:
    for old in {*folder.glob("*.png")} - {folder / f"{chart.name}.png" for chart in charts}:
        old.unlink()


def write(picture: Figure, path: Path) -> None:
    """With a palette: a third of the bytes.  Without a date: the same data give the same file."""
    png = BytesIO()
    picture.savefig(png, format="png")
    pixels = Image.open(png).convert("RGB")
    pixels.quantize(PALETTE, dither=Image.Dither.NONE).save(path, optimize=True)


# Bars


def _bars(chart: BarChart) -> Figure:
    columns = min(2, len(chart.panels)) if chart.log else 1  # the others' labels are long
    rows = [chart.panels[i : i + columns] for i in range(0, len(chart.panels), columns)]
    heights = [max(len(panel.bars) for panel in row) * 0.2 + 0.6 for row in rows]
    picture = Figure(figsize=(WIDTH, sum(heights) + 0.4), dpi=DOTS_AN_INCH, layout="constrained")
    axes = picture.subplots(len(rows), columns, squeeze=False, height_ratios=heights, sharex=True)
    for places, row in zip(axes, rows, strict=True):
        for place, panel in zip(places, row, strict=False):
            _draw_bars(place, panel, chart.log)
        for place in places[len(row) :]:
            place.set_visible(False)
    if chart.log:
        for place in axes.flat:  # when the limits, which all share, are known
            _logarithmic(place.xaxis)
    picture.supxlabel(f"{chart.x_label}{' (log scale)' if chart.log else ''}", fontsize=9.5)
    return picture


def _draw_bars(axes: Axes, panel: BarPanel, log: bool) -> None:
    """Hatched is what is below 1, where the peer is faster."""
    start = 1 if log else 0
    for y, bar in enumerate(panel.bars):
        errors = [[max(0.0, bar.value - bar.lower)], [max(0.0, bar.upper - bar.value)]]
        slower = log and bar.value < 1
        axes.barh(
            y,
            bar.value - start,
            left=start,
            height=0.72,
            color=KINDS.get(bar.kind, OTHER),
            hatch=SLOWER if slower else None,
            edgecolor="black" if slower else "none",
            xerr=errors if bar.upper > bar.lower else None,
            error_kw={"elinewidth": 1, "capsize": 2},
        )
        axes.annotate(
            figure(bar.value),
            (max(bar.value, bar.upper, start), y),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    if log:
        axes.set_xscale("log")
    axes.margins(x=0.17 if log else 0.08)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(panel.bars)), [bar.label for bar in panel.bars])
    axes.set_ylim(len(panel.bars) - 0.4, -0.6)
    axes.set_title(panel.title, loc="left")
    axes.grid(axis="x", linewidth=0.4, color="#cccccc")
    axes.tick_params(labelbottom=True)


# Lines


def _lines(chart: Chart) -> Figure:
    """One panel below the other, its legend beside it, where no line can be."""
    assert isinstance(chart, LineChart)
    count = len(chart.panels)
    picture = Figure(figsize=(WIDTH, 3.1 * count + 0.2), dpi=DOTS_AN_INCH, layout="constrained")
    axes = picture.subplots(count, 1, squeeze=False, sharex=True, sharey=not chart.ticks).ravel()
    for place, panel in zip(axes, chart.panels, strict=True):
        _draw_lines(place, panel, chart)
    for place in axes:
        if not chart.ideal:
            _logarithmic(place.yaxis)
    axes[-1].set_xlabel(chart.x_label)
    return picture


def _draw_lines(axes: Axes, panel: LinePanel, chart: LineChart) -> None:
    others = iter(LINES)
    for line in panel.lines:
        colour, marker, style = STANDS_OUT if line.stands_out else next(others)
        axes.plot(
            line.x, line.y, color=colour, marker=marker, linestyle=style, markersize=5, label=line.label,
            linewidth=2.2 if line.stands_out else 1.3,
        )  # fmt: skip
        _error_bars(axes, line, colour)
    if chart.ideal:
        _ideal(axes, chart)
    else:
        axes.set_yscale("log")
    for label, x in chart.marks.items():
        axes.axvline(x, color="#888888", linewidth=0.9, linestyle=(0, (1, 2)))
        axes.annotate(
            label, (x, 1), xycoords=("data", "axes fraction"), xytext=(-2, -1), textcoords="offset points",
            ha="right", va="top", color="#555555", fontsize=9,
        )  # fmt: skip
    if chart.ticks:
        step = -(-len(chart.ticks) // MOST_TICKS)
        shown = range((len(chart.ticks) - 1) % step, len(chart.ticks), step)  # the newest among them
        axes.set_xticks(shown, [chart.ticks[i] for i in shown])
        axes.set_xlim(-0.3, len(chart.ticks) - 0.7)
        _at_least_a_factor(axes, 3)
    elif not chart.ideal:
        axes.set_xscale("log")
    axes.set_ylabel(chart.y_label)
    axes.set_title(panel.title, loc="left")
    axes.grid(linewidth=0.4, color="#cccccc")
    axes.tick_params(labelbottom=True)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.03), frameon=False)


def _error_bars(axes: Axes, line: Line, colour: str) -> None:
    if line.lower:
        below = [max(0.0, y - lower) for y, lower in zip(line.y, line.lower, strict=True)]
        above = [max(0.0, upper - y) for y, upper in zip(line.y, line.upper, strict=True)]
        axes.errorbar(line.x, line.y, [below, above], color=colour, linestyle="none", linewidth=1, capsize=2)


def _ideal(axes: Axes, chart: LineChart) -> None:
    counts = sorted({x for panel in chart.panels for line in panel.lines for x in line.x})
    axes.plot(counts, counts, color="black", linestyle=(0, (6, 3)), linewidth=1, label="ideal")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    finer = [0.25, 0.5, 0.75, *(count * step for count in counts for step in (1, 1.25, 1.5, 1.75))]
    for axis, ticks in ((axes.xaxis, counts), (axes.yaxis, finer)):
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_major_formatter(FormatStrFormatter("%g"))
        axis.set_minor_locator(NullLocator())


def _at_least_a_factor(axes: Axes, factor: float) -> None:
    """Between the borders of the y axis, so that noise does not look like a change."""
    lower, upper = axes.get_ylim()
    if upper < lower * factor:
        middle = (lower * upper) ** 0.5
        axes.set_ylim(middle / factor**0.5, middle * factor**0.5)


def _logarithmic(axis: Axis) -> None:
    """Plain numbers, and enough of them where less than two powers of ten are in view."""
    lower, upper = sorted(axis.get_view_interval())
    few = (1, 2, 3, 5, 7) if upper < 10 * lower else (1, 2, 5) if upper < 100 * lower else (1,)
    axis.set_major_locator(LogLocator(subs=few))
    axis.set_major_formatter(
        FuncFormatter(lambda x, _: f"{x:,.0f}".replace(",", " ") if x >= 1 else f"{x:g}")
    )
    axis.set_minor_formatter(NullFormatter())
