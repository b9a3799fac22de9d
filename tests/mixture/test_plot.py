"""Pictures of mixtures: what is drawn, where, and how it is labelled."""

import sys

import numpy as np
import pytest

from fastdist.mixture.modes import modes
from fastdist.mixture.parameters import checked
from fastdist.mixture.plot import PROBABILITIES, _heights_of_regions, plot

LINE = ([0.3, 0.7], [[0.0], [4.0]], [1.0, 0.25], "spherical")
PLANE = ([0.3, 0.7], [[0.0, 1], [4, 3]], [[[1, 0.5], [0.5, 1]], [[0.5, 0], [0, 2]]])


@pytest.fixture
def axes():
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    return Figure().subplots()


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def line(ax, label):
    (found,) = (one for one in ax.lines if one.get_label() == label)
    return found.get_xydata()


def test_one_dimension(axes):
    """The density, its components of which it is the sum, and the modes upon it."""
    parameters = checked(*LINE)
    assert plot(parameters, axes) is axes
    assert labels(axes) == ["component 0, weight 0.3", "component 1, weight 0.7", "density", "2 modes"]
    density = line(axes, "density")
    parts = [line(axes, f"component {k}, weight {w}") for k, w in enumerate((0.3, 0.7))]
    np.testing.assert_allclose(parts[0][:, 1] + parts[1][:, 1], density[:, 1], rtol=1e-12)
    np.testing.assert_allclose(np.trapezoid(density[:, 1], density[:, 0]), 1, atol=1e-3)
    found = modes(parameters)
    np.testing.assert_array_equal(line(axes, "2 modes"), np.c_[found.locations, found.heights])
    assert axes.get_xlim() == (-3.5, 5.75)
    assert axes.get_ylim()[0] == 0
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "density")


def test_histogram_of_data(axes):
    """Its bars have area 1 with what lies outside of the picture; NaN is left out."""
    x = np.random.default_rng(1).normal(0, 1, 1000)
    plot(checked([1.0], [[0.0]], [1.0], "spherical"), axes, data=np.r_[x, np.nan, 50.0])
    assert labels(axes)[0] == "1,001 points of data"
    heights, edges, _ = axes.patches[0].get_data()
    np.testing.assert_allclose((heights * np.diff(edges)).sum(), (abs(x) <= 3.5).sum() / 1001)
    assert axes.get_xlim() == (-3.5, 3.5)


def test_a_narrow_component_is_not_missed(axes):
    """Its peak is drawn, though a thousand points across the picture would not meet it."""
    parameters = checked([0.5, 0.5], [[0.0], [np.pi]], [1.0, 1e-12], "spherical")
    plot(parameters, axes)
    np.testing.assert_allclose(line(axes, "density")[:, 1].max(), modes(parameters).heights[0], rtol=1e-3)


def test_two_dimensions(axes):
    """Ellipses in colours of their own, solid for 50 %, dashed for 95 %; shades; modes."""
    from matplotlib.patches import Ellipse

    parameters = checked(*PLANE)
    assert plot(parameters, axes) is axes
    components = ["component 0, weight 0.3", "component 1, weight 0.7"]
    shades, ellipses = "regions of 25, 50, 75, 95 %", "ellipses of 50 %, dashed: 95 %"
    assert labels(axes) == [shades, *components, ellipses, "2 modes"]
    drawn = [patch for patch in axes.patches if isinstance(patch, Ellipse)]
    assert [patch.center for patch in drawn] == [(0, 1), (0, 1), (4, 3), (4, 3)]
    assert [patch.get_linestyle() for patch in drawn] == ["solid", "dashed"] * 2
    np.testing.assert_allclose([drawn[2].width, drawn[2].angle], [2 * np.sqrt(2 * 2 * np.log(2)), 90])
    np.testing.assert_allclose([drawn[0].angle], [45])
    np.testing.assert_array_equal(line(axes, "2 modes"), modes(parameters).locations)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x_0$", "$x_1$")
    assert axes.get_xlim() == (-3.5, 4 + 3.5 * np.sqrt(0.5))


def test_regions_of_highest_density():
    """Of one normal distribution they are ellipses: outside of the share p the density is below 1 - p of the
    peak."""
    x = np.linspace(-6, 6, 601)
    density = np.exp(-(x[:, None] ** 2 + x**2) / 2)
    heights = _heights_of_regions(density)
    np.testing.assert_allclose(heights, 1 - np.array(PROBABILITIES), atol=2e-3)


def test_points_of_data(axes):
    """At most 5000, from the first to the last."""
    x = np.random.default_rng(1).standard_normal((20_000, 2))
    plot(checked(*PLANE), axes, data=x)
    assert labels(axes)[1] == "5,000 of 20,000 points of data"
    drawn = line(axes, labels(axes)[1])
    assert drawn.shape == (5000, 2)
    np.testing.assert_array_equal(drawn[[0, -1]], x[[0, -1]])


def test_less_may_be_drawn(axes):
    plot(checked(*LINE), axes, components=False, modes_marked=False, names=["length / cm"])
    assert labels(axes) == ["density"]
    assert axes.get_xlabel() == "length / cm"
    axes.clear()
    plot(checked(*PLANE), axes, components=False, modes_marked=False, names=("length", "width"))
    assert labels(axes) == ["regions of 25, 50, 75, 95 %"]
    assert not axes.patches
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("length", "width")


@pytest.mark.parametrize("d", [1, 2])
def test_components_that_a_legend_cannot_hold(axes, d):
    """They are drawn, and not listed; neither does one of weight 0 widen the picture."""
    weights = np.r_[np.full(12, 1 / 12), 0.0]
    means = np.r_[np.arange(12.0), 1e6][:, None] * np.ones(d)
    plot(checked(weights, means, np.full(13, 0.1), "spherical"), axes)
    assert not [label for label in labels(axes) if label.startswith("component")]
    assert axes.get_xlim()[1] < 13


def test_a_picture_that_one_component_fills(axes):
    """A component so narrow that the grid misses it leaves no shades, and no error."""
    plot(checked([1.0, 0.0], [[0.0, 0], [9, 9]], [1e-20, 1.0], "spherical"), axes)
    axes.figure.canvas.draw()
    assert "1 mode" in labels(axes)


def test_a_new_figure():
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    ax = plot(checked(*LINE))
    assert ax is plt.gca()
    ax.figure.canvas.draw()
    plt.close(ax.figure)


def test_without_matplotlib(monkeypatch):
    """The error names the extra."""
    for name in "matplotlib", "matplotlib.pyplot":
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"plot needs matplotlib .*pip install 'fastdist-kernels\[plot\]'"):
        plot(checked(*LINE))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"names": ["a", "b"]}, "names must be 1 strings, one for each dimension"),
        ({"names": "a"}, "names must be 1 strings, one for each dimension, not 'a'"),
        ({"data": np.ones((3, 2))}, r"data must have shape \(n, 1\), not \(3, 2\)"),
    ],
)
def test_what_is_refused(axes, arguments, message):
    with pytest.raises(ValueError, match=message):
        plot(checked(*LINE), axes, **arguments)
    wide = checked([1.0], np.zeros((1, 3)), [1.0], "spherical")
    with pytest.raises(ValueError, match=r"one or two dimensions, not in 3: marginal\(i\) or marginal"):
        plot(wide, axes)
