"""The sample as a picture: histogram against density, and quantiles against quantiles."""

from __future__ import annotations

import math
import os
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fastdist._main_job.job import DTYPES, Job
from fastdist._main_job.standard_normals import Array, cdf, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Of M. Okabe and K. Ito's palette, which colour-blind readers can tell apart.
COLOURS = {"float64": "#0072B2", "float32": "#D55E00"}
MARKERS = {"float64": "o", "float32": "x"}
BIN_WIDTH = 0.1
LIMIT = 6.0
QUANTILES = 51


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
    """Draw the picture of the job's samples."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.5, 5.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.1, 1))
    figure.suptitle(f"fastdist: {job.samples:,} standard normals of each dtype, seed {job.seed}")
    _draw_density(left, job.samples)
    _draw_identity(right, job.samples)
    for dtype in DTYPES:
        # Drawn again: the same seed gives the values that were checked.
        ordered = np.sort(draw(job, dtype))
        style = {"color": COLOURS[dtype], "marker": MARKERS[dtype], "markersize": 5, "label": dtype}
        style |= {"linestyle": "none", "fillstyle": "none"}
        left.plot(*_histogram(ordered), **style)
        right.plot(*_quantiles(ordered), **style)
    for axes in left, right:
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


def _draw_density(axes: Axes, n: int) -> None:
    x = np.linspace(-LIMIT, LIMIT, 601)
    density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    axes.plot(x, density, color="black", linewidth=1, label="normal density")
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
    x = _inverse_cdf((ranks - 0.5) / n)
    i = ranks[ranks <= n / 2]
    low = _inverse_cdf(i * (1 - 1 / (9 * i) - 1.96 / (3 * np.sqrt(i))) ** 3 / n)
    high = _inverse_cdf(i * (1 - 1 / (9 * i) + 1.96 / (3 * np.sqrt(i))) ** 3 / n)
    axes.fill_between(x[: i.size], low, high, color="0.8", label="95 %, at each point")
    axes.fill_between(-x[: i.size], -high, -low, color="0.8")
    axes.axline((0, 0), slope=1, color="black", linewidth=1, label="identity")
    axes.set(title="QQ plot", xlabel="normal quantile", ylabel="sample quantile", aspect="equal")


def _quantiles(ordered: Array) -> tuple[Array, Array]:
    """The quantiles of the distribution, and those of a sample in ascending order."""
    ranks = _ranks(ordered.size)
    return _inverse_cdf((ranks - 0.5) / ordered.size), ordered[ranks - 1]


def _ranks(n: int) -> NDArray[np.int64]:
    """Ranks from 1 to n whose normal quantiles are about equally far apart."""
    end = -NormalDist().inv_cdf(0.5 / n)
    return np.unique(np.ceil(n * cdf(np.linspace(-end, end, QUANTILES))).clip(1, n).astype(np.int64))


def _inverse_cdf(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([NormalDist().inv_cdf(x) for x in p.tolist()])
