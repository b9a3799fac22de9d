"""One lesson in a picture: a sum of normals has hills where data are, and says of each point who made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastdist import multivariate_normal
from fastdist._main_job.mixtures import NAMES, draw, fit, in_order, measurements
from fastdist._main_job.standard_normals import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

    from fastdist import GaussianMixture
    from fastdist._main_job.job import Job

# Of M. Okabe and K. Ito's palette.
COLOURS = {"short": "#0072B2", "long": "#D55E00"}
LEVEL = 0.95
GRID = 201
# Minutes of an eruption, and until the next.
RANGES = ((1.2, 5.6), (38.0, 100.0))
POINTS = 1000


def draw_mixture(figure: SubFigure, job: Job) -> None:
    """The measurements by the component that made them, and beside them samples upon the density."""
    model = fit("float64")
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    figure.suptitle("Old Faithful as a mixture: which of two normals made it, and more of the same")
    _draw_measurements(left, model)
    _draw_density(right, model, draw(job, model)[0])
    for axes in left, right:
        axes.set(xlabel="minutes of an eruption", xlim=RANGES[0], ylim=RANGES[1])
        axes.tick_params(labelleft=True)
        axes.legend(frameon=False, loc="upper left")
    left.set(ylabel="minutes until the next")


def _draw_measurements(axes: Axes, model: GaussianMixture) -> None:
    """The larger a responsibility, the more of its component's colour."""
    x, order = measurements(), in_order(model)
    blended = model.predict_proba(x)[:, order] @ _colours()
    axes.scatter(x[:, 0], x[:, 1], s=18, c=blended, zorder=2)
    for name, k in zip(NAMES, order, strict=True):
        label = f"{name}: weight {model.weights_[k]:.3f}"
        _draw_ellipse(axes, model, k, COLOURS[name], label)
    axes.set_title("predict_proba of the measurements")


def _colours() -> Array:
    """Red, green and blue of each component."""
    from matplotlib.colors import to_rgb

    return np.array([to_rgb(COLOURS[name]) for name in NAMES])


def _draw_ellipse(axes: Axes, model: GaussianMixture, k: int, colour: str, label: str) -> None:
    """That which holds so much of a component."""
    from matplotlib.patches import Ellipse

    ellipse = multivariate_normal(model.means_[k], model.covariances_[k]).confidence_ellipse(LEVEL)
    patch = Ellipse(ellipse.center, ellipse.width, ellipse.height, angle=ellipse.angle)
    patch.set(edgecolor=colour, facecolor="none", linewidth=1.8, zorder=3, label=label)
    axes.add_patch(patch)


def _draw_density(axes: Axes, model: GaussianMixture, samples: Array) -> None:
    axes_of_grid = [np.linspace(*limits, GRID) for limits in RANGES]
    grid = np.stack(np.meshgrid(*axes_of_grid), axis=-1)
    density = np.exp(model.score_samples(grid.reshape(-1, 2))).reshape(GRID, GRID)
    axes.contourf(*axes_of_grid, density, np.linspace(0, float(density.max()), 21), cmap="Greys")
    some = samples[:POINTS]
    (points,) = axes.plot(some[:, 0], some[:, 1], ".", color="#009E73", markersize=2, zorder=2)
    points.set_label(f"{len(some):,} samples")
    locations = model.modes().locations
    (modes,) = axes.plot(locations[:, 0], locations[:, 1], "x", color="#882255", markersize=9, zorder=4)
    modes.set(markeredgewidth=2.5, label=f"{len(locations)} modes")
    axes.set_title("GaussianMixture.sample upon its density, and modes()")
