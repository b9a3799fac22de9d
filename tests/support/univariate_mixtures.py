"""Mixtures of numbers, easy and hard ones."""

import numpy as np

from fastdist.mixture.parameters import checked
from fastdist.mixture.quantiles import ppf

MIXTURES = {
    "one": ([1.0], [3.0], [2.0]),
    "overlapping": ([0.3, 0.7], [0.0, 1.5], [1.0, 0.5]),
    "apart": ([0.25, 0.25, 0.5], [-30.0, 0.0, 40.0], [1.0, 3.0, 2.0]),
    "narrow upon wide": ([0.999, 0.001], [0.0, 0.3], [10.0, 1e-6]),
    "a quantile near 0": ([1.0], [21.27345356], [1.0]),
    "large means": ([0.4, 0.6], [1e8, 1e8 + 2], [1.0, 0.1]),
    "small unit": ([0.4, 0.6], [1e-150, 3e-150], [1e-151, 1e-150]),
    "a weight of almost nothing": ([1 - 2.0**-50, 2.0**-50], [0.0, 60.0], [1.0, 1.0]),
    "a weight of nothing": ([0.5, 0.0, 0.5], [0.0, 1e6, 2.0], [1.0, 1.0, 1.0]),
}


def a_mixture(weights, means, deviations):
    means = np.array(means)[:, None]
    return checked(weights, means, np.array(deviations) ** 2, "spherical")


def bits_of_quantiles():
    """Of all mixtures, in hex."""
    q = np.random.default_rng(2).random(200) ** 8
    return [ppf(a_mixture(*one), q).tobytes().hex() for one in MIXTURES.values()]
