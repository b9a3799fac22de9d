"""Four lessons in a picture: what samples are, that densities are no probabilities, ellipses, mixtures."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fastdist import norm
from fastdist._main_job.job import DTYPES, Job
from fastdist._main_job.mixture_plot import draw_mixture
from fastdist._main_job.multivariate_plot import draw_vectors
from fastdist._main_job.standard_normals import Array, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Of M. Okabe and K. Ito's palette, which colour-blind readers can tell apart.
COLOURS = {"float64": "#0072B2", "float32": "#D55E00"}
MARKERS = {"float64": "o", "float32": "x"}
BIN_WIDTH = 0.1
LIMIT = 6.0
QUANTILES = 51


@dataclass(frozen=True)
class Example:
    """A normal distribution, and a place up to which its probability is shown."""

    loc: float
    scale: float
    place: float
    colour: str

    @property
    def label(self) -> str:
        return f"norm({self.loc:g}, {self.scale:g})"

    @property
    def probability(self) -> float:
        """That of a value up to the place."""
        return float(norm.cdf(self.place, self.loc, self.scale))


EXAMPLES = (Example(0, 1, 0.5, "#009E73"), Example(2, 0.25, 1.9, "#882255"))
RANGE = (-3.5, 3.5)


def obstacle(path: Path) -> str | None:
    """Why the picture cannot be drawn or written, if so."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
    except ImportError as error:
        return f"--plot needs matplotlib ({error}): pip install 'fastdist-kernels[plot]'"
    suffixes = sorted(FigureCanvasAgg.get_supported_filetypes())
    if path.suffix[1:].lower() not in suffixes:
        return f"cannot plot to {path}: its name must end in one of {', '.join('.' + s for s in suffixes)}"
    if not path.parent.is_dir():
        return f"cannot plot to {path}: there is no folder {path.parent}"
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        return f"cannot plot to {path}: it is not writable"
    return None


def write(job: Job, path: Path) -> None:
    """Draw the job's samples, density and cumulative distribution, two dimensions, and a mixture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.5, 20), layout="constrained")
    rows = figure.subfigures(4, 1, squeeze=False, height_ratios=(1.1, 1, 0.9, 1), hspace=0.04)
    samples, functions, vectors, mixture = rows[:, 0]
    left, right = samples.subplots(1, 2, width_ratios=(1.1, 1))
    samples.suptitle(f"fastdist: {job.samples:,} standard normals of each dtype, seed {job.seed}")
    _draw_density(left, job.samples)
    _draw_identity(right, job.samples)
    for dtype in DTYPES:
        # Drawn again: the same seed gives the values that were checked.
        ordered = np.sort(draw(job, dtype))
        style = {"color": COLOURS[dtype], "marker": MARKERS[dtype], "markersize": 5, "label": dtype}
        style |= {"linestyle": "none", "fillstyle": "none"}
        left.plot(*_histogram(ordered), **style)
        right.plot(*_quantiles(ordered), **style)
    density, cumulative = functions.subplots(1, 2, sharex=True, sharey=True)
    functions.suptitle("A density is no probability: the shaded area on the left is the height on the right")
    _draw_areas(density)
    _draw_heights(cumulative)
    for axes in left, right, density, cumulative:
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        axes.legend(frameon=False, loc="center left" if axes is density else "best")
    draw_vectors(vectors, job)
    draw_mixture(mixture, job)
    figure.savefig(path, dpi=150)


def _draw_density(axes: Axes, n: int) -> None:
    x = np.linspace(-LIMIT, LIMIT, 601)
    axes.plot(x, norm.pdf(x), color="black", linewidth=1, label="normal density")
    one_in_a_bin = 1 / (n * BIN_WIDTH)
    axes.set(title="Histogram against density", xlabel="z", ylabel=f"density (bins of {BIN_WIDTH})")
    axes.set(yscale="log", ylim=(one_in_a_bin / 2, 1))


def _histogram(ordered: Array) -> tuple[Array, Array]:
    """The centres of the bins that hold something, and the density in them."""
    edges = np.linspace(-LIMIT, LIMIT, round(2 * LIMIT / BIN_WIDTH) + 1)
    counts = np.diff(np.searchsorted(ordered, edges))
    centres = (edges[1:] + edges[:-1]) / 2
    return centres[counts > 0], counts[counts > 0] / (ordered.size * BIN_WIDTH)


def _draw_identity(axes: Axes, n: int) -> None:
    """Where the quantiles should lie, and how far from there they may be.

    The order statistic of rank i has Phi(x) = Gamma(i) / n nearly, and the quantiles of Gamma(i) are
    i (1 - 1 / (9 i) +- 1.96 / (3 sqrt(i)))^3 nearly.  E. B. Wilson, M. M. Hilferty, PNAS 17 (1931).
    """
    ranks = _ranks(n)
    x = norm.ppf((ranks - 0.5) / n)
    i = ranks[ranks <= n / 2]
    low = norm.ppf(i * (1 - 1 / (9 * i) - 1.96 / (3 * np.sqrt(i))) ** 3 / n)
    high = norm.ppf(i * (1 - 1 / (9 * i) + 1.96 / (3 * np.sqrt(i))) ** 3 / n)
    axes.fill_between(x[: i.size], low, high, color="0.8", label="95 %, at each point")
    axes.fill_between(-x[: i.size], -high, -low, color="0.8")
    axes.axline((0, 0), slope=1, color="black", linewidth=1, label="identity")
    axes.set(title="QQ plot", xlabel="normal quantile", ylabel="sample quantile", aspect="equal")


def _quantiles(ordered: Array) -> tuple[Array, Array]:
    """The quantiles of the distribution, and those of a sample in ascending order."""
    ranks = _ranks(ordered.size)
    return norm.ppf((ranks - 0.5) / ordered.size), ordered[ranks - 1]


def _ranks(n: int) -> NDArray[np.int64]:
    """Ranks from 1 to n whose normal quantiles are about equally far apart."""
    end = norm.isf(0.5 / n)
    return np.unique(np.ceil(n * norm.cdf(np.linspace(-end, end, QUANTILES))).clip(1, n).astype(np.int64))


def _draw_areas(axes: Axes) -> None:
    """The density of each example, and the area under it up to the place."""
    wide, narrow = EXAMPLES
    for one in EXAMPLES:
        x = np.linspace(*RANGE, 1401)
        axes.plot(x, norm.pdf(x, one.loc, one.scale), color=one.colour, label=one.label)
        x = np.linspace(RANGE[0], one.place, 1401)
        density = norm.pdf(x, one.loc, one.scale)
        axes.fill_between(x, density, color=one.colour, alpha=0.3, linewidth=0)
    axes.text(-0.45, 0.12, f"area {wide.probability:.3f}\nup to x = {wide.place:g}", ha="center")
    arrow = {"arrowstyle": "-", "color": narrow.colour, "shrinkB": 0}
    axes.annotate(
        f"area {narrow.probability:.3f}\nup to x = {narrow.place:g}",
        (narrow.loc - narrow.scale, 0.5), (1, 0.7), ha="right", va="center", arrowprops=arrow,
    )  # fmt: skip
    peak = norm.pdf(narrow.loc, narrow.loc, narrow.scale)
    axes.annotate(
        f"a density may exceed 1: here {peak:.1f}",
        (narrow.loc, peak), (1, peak), ha="right", va="center", arrowprops=arrow,
    )  # fmt: skip
    axes.axhline(1, color="0.4", linewidth=1, linestyle=":")
    axes.set(title="Density, norm.pdf: a probability is an area", xlabel="x", ylabel="density at x")
    axes.set(xlim=RANGE, ylim=(0, 1.1 * peak))


def _draw_heights(axes: Axes) -> None:
    """The cumulative distribution of each example, and its height at the place."""
    x = np.linspace(*RANGE, 1401)
    for one in EXAMPLES:
        height = one.probability
        axes.plot(x, norm.cdf(x, one.loc, one.scale), color=one.colour, label=one.label)
        axes.vlines(one.place, 0, height, color=one.colour, linestyle="--", linewidth=1)
        axes.hlines(height, RANGE[0], one.place, color=one.colour, linestyle="--", linewidth=1)
        axes.plot(one.place, height, color=one.colour, marker="o")
        axes.text(RANGE[0] + 0.1, height + 0.02, f"height {height:.3f}, up to x = {one.place:g}")
    axes.axhline(1, color="0.4", linewidth=1, linestyle=":")
    axes.text(RANGE[0] + 0.1, 1.02, "a probability never exceeds 1")
    axes.set(title="Cumulative distribution, norm.cdf: a probability is a height", xlabel="x")
    axes.set(ylabel="probability of a value up to x")
    axes.tick_params(labelleft=True)
