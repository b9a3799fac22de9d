"""A picture of a Gaussian mixture in one or two dimensions, with matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from fastdist.covariance.checks import real
from fastdist.covariance.ellipse import ellipse_of
from fastdist.mixture.modes import Modes, modes, starts_of_data
from fastdist.mixture.parameters import MixtureParameters
from fastdist.normal import norm
from fastdist.typing import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# M. Okabe and K. Ito's palette, which colour-blind readers can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#000000")
# How far from each mean the picture reaches, in standard deviations.
REACH = 3.5
POINTS_OF_A_LINE = 1001
POINTS_OF_A_SIDE = 201
# Of the darkest region, of the next one, ... in two dimensions: the probability.
PROBABILITIES = (0.25, 0.5, 0.75, 0.95)
# The component ellipses.
LEVELS = (0.5, 0.95)
# Points of the data that are drawn in two dimensions, and bins in one.
MOST_POINTS, MOST_BINS = 5000, 120


def plot(
    parameters: MixtureParameters,
    ax: Axes | None = None,
    *,
    data: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    components: bool = True,
    modes_marked: bool = True,
) -> Axes:
    """Draw the density, its components, its modes, and data: `GaussianMixture.plot` has the details."""
    d = parameters.dimension
    if d > 2:
        raise ValueError(
            f"plot draws mixtures in one or two dimensions, not in {d}: marginal(i) or marginal([i, j]) "
            "is one that it draws"
        )
    if names is not None and (isinstance(names, str) or len(names) != d):
        raise ValueError(f"names must be {d} strings, one for each dimension, not {names!r}")
    points = None if data is None else _points(data, d)
    if ax is None:
        ax = _new_axes()
    found = None
    if modes_marked:
        found = modes(parameters, None if points is None else starts_of_data(points))
    if d == 1:
        _draw_line(ax, parameters, points, components, found)
        ax.set(xlabel="x" if names is None else names[0], ylabel="density")
    else:
        _draw_plane(ax, parameters, points, components, found)
        x, y = ("$x_0$", "$x_1$") if names is None else names
        ax.set(xlabel=x, ylabel=y)
    ax.legend(fontsize="small", framealpha=0.8, edgecolor="none")
    return ax


def _new_axes() -> Axes:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(f"plot needs matplotlib ({error}): pip install 'fastdist-kernels[plot]'") from error
    return plt.subplots(layout="constrained")[1]


def _points(data: ArrayLike, d: int) -> Array:
    points = real(data, "data")
    points = points[:, None] if points.ndim == 1 and d == 1 else points
    if points.ndim != 2 or points.shape[1] != d:
        raise ValueError(f"data must have shape (n, {d}), not {points.shape}")
    complete: Array = points[np.isfinite(points).all(axis=1)]
    return complete


def _deviations(parameters: MixtureParameters) -> Array:
    """The standard deviation of each number in each component, (K, d)."""
    variances: Array = np.diagonal(parameters.full_covariances(), axis1=1, axis2=2)
    return np.sqrt(variances)


def _limits(parameters: MixtureParameters, axis: int) -> tuple[float, float]:
    """Where the components lie that count."""
    counted = parameters.weights > 0
    mean, reach = parameters.means[counted, axis], REACH * _deviations(parameters)[counted, axis]
    return float((mean - reach).min()), float((mean + reach).max())


def _label(parameters: MixtureParameters, k: int) -> str | None:
    """For the legend; of a component that does not fit there, None."""
    if parameters.components > len(COLOURS):
        return None
    return f"component {k}, weight {parameters.weights[k]:.2g}"


def _count(found: Modes) -> str:
    return "1 mode" if len(found) == 1 else f"{len(found)} modes"


# One dimension


def _draw_line(
    ax: Axes, parameters: MixtureParameters, points: Array | None, components: bool, found: Modes | None
) -> None:
    low, high = _limits(parameters, 0)
    means, deviations = parameters.means[:, 0], _deviations(parameters)[:, 0]
    # Also where a component is so narrow that a grid would miss it.
    about_each = means[:, None] + deviations[:, None] * np.linspace(-REACH, REACH, 101)
    x = np.unique(np.concatenate([np.linspace(low, high, POINTS_OF_A_LINE), about_each.ravel()]))
    x = x[(x >= low) & (x <= high)]
    if points is not None and len(points):
        inside = points[(points >= low) & (points <= high)]
        bins = min(MOST_BINS, max(1, len(np.histogram_bin_edges(inside, "sqrt")) - 1))
        heights, edges = np.histogram(inside, bins, (low, high))
        heights = heights / (len(points) * np.diff(edges))
        ax.stairs(heights, edges, fill=True, color="0.85", zorder=0, label=f"{len(points):,} points of data")
    for k in range(parameters.components if components else 0):
        part = parameters.weights[k] * norm.pdf(x, means[k], deviations[k])
        colour = COLOURS[k % len(COLOURS)]
        ax.plot(x, part, color=colour, linewidth=1.2, linestyle="--", label=_label(parameters, k))
        ax.fill_between(x, part, color=colour, alpha=0.15, linewidth=0)
    density = np.exp(parameters.score_samples(x[:, None]))
    ax.plot(x, density, color="black", linewidth=1.8, label="density")
    if found is not None:
        places = found.locations[:, 0]
        ax.vlines(places, 0, found.heights, color="black", linestyle=":", linewidth=1)
        (marks,) = ax.plot(places, found.heights, "v", color="black", markersize=7, label=_count(found))
        marks.set(markerfacecolor="white", zorder=4)
    ax.set(xlim=(low, high), ylim=(0, 1.1 * density.max()))


# Two dimensions


def _draw_plane(
    ax: Axes, parameters: MixtureParameters, points: Array | None, components: bool, found: Modes | None
) -> None:
    from matplotlib.patches import Ellipse

    limits = [_limits(parameters, axis) for axis in (0, 1)]
    x, y = (np.linspace(*limit, POINTS_OF_A_SIDE) for limit in limits)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    density = np.exp(parameters.score_samples(grid.reshape(-1, 2))).reshape(grid.shape[:2])
    # From the largest region to the smallest, and with a height above all.
    heights = [*_heights_of_regions(density)[::-1], 1.01 * density.max()]
    shades = [f"{shade:g}" for shade in np.linspace(0.93, 0.62, len(PROBABILITIES))]
    if np.all(np.diff(heights) > 0):
        ax.contourf(x, y, density, heights, colors=shades, zorder=0)
        shares = ", ".join(f"{100 * share:g}" for share in PROBABILITIES)
        ax.plot([], [], "s", color=shades[-1], label=f"regions of {shares} %")
    if points is not None and len(points):
        some = points[np.linspace(0, len(points) - 1, min(len(points), MOST_POINTS)).astype(np.intp)]
        label = f"{len(points):,} points of data"
        if len(some) < len(points):
            label = f"{len(some):,} of {label}"
        alpha = 0.7 if len(some) < MOST_POINTS / 10 else 0.3
        ax.plot(some[:, 0], some[:, 1], ".", color="0.35", markersize=2.5, alpha=alpha, zorder=1, label=label)
    covariances, factors = parameters.full_covariances(), parameters.full_factors()
    for k in range(parameters.components if components else 0):
        root = float(factors[k, 0, 0] * factors[k, 1, 1])
        for level in LEVELS:
            ellipse = ellipse_of(parameters.means[k], covariances[k], root, level)
            patch = Ellipse(ellipse.center, ellipse.width, ellipse.height, angle=ellipse.angle)
            patch.set(edgecolor=COLOURS[k % len(COLOURS)], facecolor="none", linewidth=1.6, zorder=3)
            if level == LEVELS[0]:
                patch.set(label=_label(parameters, k))
            else:
                patch.set(linestyle="dashed")
            ax.add_patch(patch)
    if components:
        solid, dashed = (f"{100 * level:g} %" for level in LEVELS)
        ax.plot([], [], color="0.4", label=f"ellipses of {solid}, dashed: {dashed}")
    if found is not None:
        (marks,) = ax.plot(*found.locations.T, "X", color="black", markersize=9, label=_count(found))
        marks.set(markeredgecolor="white", zorder=4)
    ax.set(xlim=limits[0], ylim=limits[1])


def _heights_of_regions(density: Array) -> list[float]:
    """The density at the border of the smallest region of the grid that holds each share."""
    ordered = np.sort(density.ravel())[::-1]
    held = np.cumsum(ordered)
    places = np.searchsorted(held, np.array(PROBABILITIES) * held[-1])
    heights: list[float] = ordered[np.minimum(places, len(ordered) - 1)].tolist()
    return heights
