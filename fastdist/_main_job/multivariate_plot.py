"""One lesson in a picture: the ellipse of level p holds the share p of the samples, and is a contour.

In two dimensions |z|^2 exceeds q with probability e^(-q/2), and the density there is e^(-q/2) times its peak:
outside of the contour at 5 % of the peak lie 5 % of the samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastdist import multivariate_normal
from fastdist._main_job.job import Job
from fastdist._main_job.multivariate_normals import Example, draw, inside
from fastdist._main_job.standard_normals import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

    from fastdist.covariance.ellipse import ConfidenceEllipse

# Of M. Okabe and K. Ito's palette.
LEVELS = {0.5: "#009E73", 0.95: "#D55E00", 0.99: "#882255"}
POINTS = 2000
GRID = 401
# So many standard deviations are shown, in each direction.
DEVIATIONS = 3.8


def draw_vectors(figure: SubFigure, job: Job) -> None:
    """Samples with their ellipses, and beside them the density with its contours."""
    example, x = next(draw(job, "float64"))
    distribution = multivariate_normal(example.mean, example.cov)
    ellipses = {level: distribution.confidence_ellipse(level) for level in LEVELS}
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    figure.suptitle("Two dimensions: outside of the contour at 5 % of the peak lie 5 % of the samples")
    _draw_samples(left, x, ellipses)
    _draw_density(right, example, ellipses)
    low, high = example.mean - DEVIATIONS * example.scales, example.mean + DEVIATIONS * example.scales
    for axes in left, right:
        axes.set(
            xlabel="$x_0$", ylabel="$x_1$", aspect="equal", xlim=(low[0], high[0]), ylim=(low[1], high[1])
        )
        axes.tick_params(labelleft=True)
        axes.legend(frameon=False, loc="upper left")


def _draw_samples(axes: Axes, x: Array, ellipses: dict[float, ConfidenceEllipse]) -> None:
    some = x[:POINTS]
    (points,) = axes.plot(some[:, 0], some[:, 1], ".", color="0.55", markersize=3)
    points.set_label(f"{len(some):,} of {len(x):,} samples")
    for level, ellipse in ellipses.items():
        share = np.count_nonzero(inside(ellipse, x)) / len(x)
        _draw_ellipse(axes, level, ellipse, f"{100 * share:.2f} % of all inside")
    axes.set_title("rng.multivariate_normal, and confidence ellipses")


def _draw_density(axes: Axes, example: Example, ellipses: dict[float, ConfidenceEllipse]) -> None:
    distribution = multivariate_normal(example.mean, example.cov)
    reach = DEVIATIONS * example.scales
    x, y = np.meshgrid(*(np.linspace(m - r, m + r, GRID) for m, r in zip(example.mean, reach, strict=True)))
    density = distribution.pdf(np.stack([x, y], axis=-1)) / distribution.pdf(example.mean)
    axes.contourf(x, y, density, np.linspace(0, 1, 21), cmap="Greys")
    heights = sorted(1 - level for level in ellipses)
    contours = axes.contour(x, y, density, heights, colors="black", linestyles=":", linewidths=1.5)
    contours.set_zorder(4)  # upon the ellipses
    percents = ", ".join(f"{100 * height:g}" for height in reversed(heights))
    axes.plot([], [], color="black", linestyle=":", label=f"contours at {percents} % of the peak")
    for level, ellipse in ellipses.items():
        _draw_ellipse(axes, level, ellipse, f"confidence_ellipse({level:g})")
    axes.set_title("Density, multivariate_normal.pdf")


def _draw_ellipse(axes: Axes, level: float, ellipse: ConfidenceEllipse, label: str) -> None:
    from matplotlib.patches import Ellipse

    patch = Ellipse(ellipse.center, ellipse.width, ellipse.height, angle=ellipse.angle)
    patch.set(edgecolor=LEVELS[level], facecolor="none", linewidth=1.8, zorder=3, label=label)
    axes.add_patch(patch)
