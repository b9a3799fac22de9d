"""Four lessons in a picture: samples, density beside cumulative distribution, ellipses, a mixture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fastdist import multivariate_normal, norm
from fastdist._demo import mixture, multivariate, normals
from fastdist._demo.checks import DTYPES, Job

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fastdist.covariance.ellipse import ConfidenceEllipse

# Of M. Okabe and K. Ito's palette, which colour-blind readers can tell apart.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#882255"
BIN_WIDTH, LIMIT = 0.1, 6.0
# Up to where the area is shaded.
SHADED = 0.5
LEVELS = {0.5: GREEN, 0.95: ORANGE, 0.99: PURPLE}
POINTS = 2000
# Minutes of an eruption, and until the next.
RANGES = ((1.2, 5.6), (38.0, 100.0))
GRID = 201


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
    """Draw the samples that were checked, and the distributions that they are from."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 9), layout="constrained")
    samples, functions, ellipses, geyser = figure.subplots(2, 2).flat
    _draw_samples(samples, job)
    _draw_functions(functions)
    _draw_ellipses(ellipses, job)
    _draw_mixture(geyser, job)
    for axes in samples, functions:
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
    figure.savefig(path, dpi=130)


def _draw_samples(axes: Axes, job: Job) -> None:
    """A histogram, on a logarithmic scale that shows the tails."""
    edges = np.linspace(-LIMIT, LIMIT, round(2 * LIMIT / BIN_WIDTH) + 1)
    centres = (edges[1:] + edges[:-1]) / 2
    for dtype, colour, marker in zip(DTYPES, (BLUE, ORANGE), "ox", strict=True):
        counts = np.histogram(normals.draw(job, dtype), edges)[0]
        held = counts > 0
        density = counts[held] / (job.samples * BIN_WIDTH)
        axes.plot(centres[held], density, marker, color=colour, fillstyle="none", markersize=4, label=dtype)
    x = np.linspace(-LIMIT, LIMIT, 601)
    axes.plot(x, norm.pdf(x), color="black", linewidth=1, label="norm.pdf")
    axes.set(title=f"{job.samples:,} standard normals of each dtype", xlabel="z", ylabel="density")
    axes.set(yscale="log", ylim=(0.5 / (job.samples * BIN_WIDTH), 1))
    axes.legend(frameon=False)


def _draw_functions(axes: Axes) -> None:
    """The area under the density is the height of the cumulative distribution."""
    x = np.linspace(-3.5, 3.5, 701)
    probability = float(norm.cdf(SHADED))
    axes.plot(x, norm.pdf(x), color=BLUE, label="density, norm.pdf")
    axes.plot(x, norm.cdf(x), color=ORANGE, label="cumulative distribution, norm.cdf")
    shaded = x[x <= SHADED]
    axes.fill_between(shaded, norm.pdf(shaded), color=BLUE, alpha=0.25, linewidth=0)
    axes.vlines(SHADED, 0, probability, color=ORANGE, linestyle="--", linewidth=1)
    axes.plot(SHADED, probability, "o", color=ORANGE)
    axes.text(-0.45, 0.1, f"area {probability:.3f}", ha="center")
    axes.annotate(f"height {probability:.3f}", (SHADED, probability), (SHADED + 0.2, probability - 0.04))
    axes.set(title=f"The area up to {SHADED:g} is the height at {SHADED:g}", xlabel="x", ylim=(0, 1.25))
    axes.legend(frameon=False, loc="upper left")


def _draw_ellipses(axes: Axes, job: Job) -> None:
    """Samples of two dimensions, and the shares of them in ellipses of some levels."""
    example, x = next(multivariate.draw(job, "float64"))
    distribution = multivariate_normal(example.mean, example.cov)
    axes.plot(x[:POINTS, 0], x[:POINTS, 1], ".", color="0.6", markersize=3)
    for level, colour in LEVELS.items():
        ellipse = distribution.confidence_ellipse(level)
        share = np.count_nonzero(multivariate.inside(ellipse, x)) / len(x)
        _draw_ellipse(axes, ellipse, colour, f"{100 * level:g} % ellipse, holds {100 * share:.2f} %")
    axes.set(title=f"{len(x):,} samples of two dimensions, {min(POINTS, len(x)):,} shown")
    axes.set(xlabel="$x_0$", ylabel="$x_1$")
    axes.legend(frameon=False, loc="upper left")


def _draw_mixture(axes: Axes, job: Job) -> None:
    """The density that was fitted, the measurements by responsibility, and the modes."""
    model = mixture.fit("float64")
    x, order = mixture.measurements(), mixture.in_order(model)
    sides = [np.linspace(*limits, GRID) for limits in RANGES]
    grid = np.stack(np.meshgrid(*sides), axis=-1)
    density = np.exp(model.score_samples(grid.reshape(-1, 2))).reshape(GRID, GRID)
    axes.contourf(*sides, density, np.linspace(0, float(density.max()), 21), cmap="Greys", alpha=0.6)
    responsibility = model.predict_proba(x)[:, order[1]]
    axes.scatter(x[:, 0], x[:, 1], s=14, c=_between(BLUE, ORANGE, responsibility), zorder=2)
    for name, k, colour in zip(mixture.NAMES, order, (BLUE, ORANGE), strict=True):
        ellipse = multivariate_normal(model.means_[k], model.covariances_[k]).confidence_ellipse(0.95)
        _draw_ellipse(axes, ellipse, colour, f"{name}: weight {model.weights_[k]:.3f}")
    locations = model.modes().locations
    (modes,) = axes.plot(locations[:, 0], locations[:, 1], "x", color="black", markersize=8, zorder=4)
    modes.set(markeredgewidth=2, label=f"{len(locations)} modes")
    axes.set(title="Old Faithful: which of two normals made each eruption?")
    axes.set(xlabel="minutes of an eruption", ylabel="minutes until the next", xlim=RANGES[0], ylim=RANGES[1])
    axes.legend(frameon=False, loc="upper left")


def _between(low: str, high: str, share: np.ndarray) -> np.ndarray:
    """Colours from one to the other."""
    from matplotlib.colors import to_rgb

    return np.outer(1 - share, to_rgb(low)) + np.outer(share, to_rgb(high))


def _draw_ellipse(axes: Axes, ellipse: ConfidenceEllipse, colour: str, label: str) -> None:
    from matplotlib.patches import Ellipse

    patch = Ellipse(ellipse.center, ellipse.width, ellipse.height, angle=ellipse.angle)
    patch.set(edgecolor=colour, facecolor="none", linewidth=1.8, zorder=3, label=label)
    axes.add_patch(patch)
