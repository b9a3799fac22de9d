"""The ellipse that holds a two-dimensional normal variable with a given probability."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastdist.covariance.checks import number


@dataclass(frozen=True)
class ConfidenceEllipse:
    """An ellipse, as ``matplotlib.patches.Ellipse(e.center, e.width, e.height, angle=e.angle)`` draws it.

    Attributes
    ----------
    center : tuple of two floats
        The mean.
    width, height : float
        The full lengths of the long and of the short axis.
    angle : float
        From the first coordinate axis to the long axis, counter-clockwise, in degrees, in [-90, 90].
    """

    center: tuple[float, float]
    width: float
    height: float
    angle: float

    def points(self, n: int = 200) -> NDArray[np.float64]:
        """Points of the ellipse, in order; the last is the first, so that a line through them closes.

        Parameters
        ----------
        n : int, optional
            How many.

        Returns
        -------
        ndarray of float64, shape (n, 2)

        Examples
        --------
        >>> from fastdist import multivariate_normal
        >>> ellipse = multivariate_normal([0, 0], [[4, 1], [1, 1]]).confidence_ellipse(0.95)
        >>> ellipse.points(100).shape
        (100, 2)
        """
        turn = np.linspace(0, 2 * math.pi, n)
        along, across = self.width / 2 * np.cos(turn), self.height / 2 * np.sin(turn)
        c, s = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        x, y = self.center
        return np.stack([x + c * along - s * across, y + s * along + c * across], axis=-1)


def ellipse_of(
    mean: NDArray[np.float64], cov: NDArray[np.float64], root_of_determinant: float, level: float
) -> ConfidenceEllipse:
    """The ellipse for a level; `fastdist.multivariate_normal.confidence_ellipse` has the formula."""
    level = number(level, "level")
    if not 0 <= level < 1:
        raise ValueError(f"level must be at least 0 and less than 1, not {level!r}")
    # A variance that rounding has made negative is 0.  A fourth of the covariance, so that no sum overflows.
    a, c = (max(0.0, float(variance)) / 8 for variance in (cov[0, 0], cov[1, 1]))
    b = float(cov[1, 0]) / 4 + 0.0
    # Eigenvalues of [[2a, b], [b, 2c]]: a + c +- sqrt((a - c)^2 + b^2); the less by the determinant, which
    # does not cancel.
    long = 2 * math.sqrt(a + c + math.hypot(a - c, b))
    short = root_of_determinant / long if long else 0.0
    # chi-square with 2 degrees of freedom, its square root; 0, not -0, at level 0
    quantile = math.sqrt(0.0 - 2 * math.log1p(-level))
    angle = math.degrees(math.atan2(b, a - c) / 2)
    return ConfidenceEllipse(
        (float(mean[0]), float(mean[1])), 2 * quantile * long, 2 * quantile * short, angle
    )
