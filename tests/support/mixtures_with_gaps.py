"""Mixtures, and samples of them of which some numbers are missing."""

import hashlib

import numpy as np

from fastdist.mixture.missing_values import expectation, responsibilities, score_samples
from fastdist.mixture.parameters import checked

TYPES = ("full", "tied", "diag", "spherical")


def a_mixture(covariance_type, components=3, d=4, seed=1, spread=1.0):
    random = np.random.default_rng(seed)
    factors = random.standard_normal((components, d, d))
    full = factors @ factors.mT + 0.5 * np.eye(d)
    covariances = {
        "full": full,
        "tied": full[0],
        "diag": np.diagonal(full, axis1=1, axis2=2),
        "spherical": full[:, 0, 0],
    }[covariance_type]
    weights = random.uniform(1, 3, components)
    means = spread * random.standard_normal((components, d))
    return checked(weights / weights.sum(), means, covariances, covariance_type)


def with_gaps(x, share, seed=3):
    gaps = np.random.default_rng(seed).random(x.shape) < share
    return np.where(gaps, np.nan, x).astype(x.dtype)


def samples(parameters, n, seed=2):
    random = np.random.default_rng(seed)
    labels = random.choice(parameters.components, n, p=parameters.weights)
    z = random.standard_normal((n, parameters.dimension))
    return parameters.means[labels] + np.einsum("nij,nj->ni", parameters.full_factors()[labels], z)


def bits_of(moments, log_likelihood):
    arrays = (moments.totals, moments.sums, moments.products)
    return b"".join(a.tobytes() for a in arrays) + np.float64(log_likelihood).tobytes()


def digests_with_gaps():
    """Of densities, responsibilities and moments, in hex."""
    digests = []
    for covariance_type in TYPES:
        parameters = a_mixture(covariance_type, d=6)
        x = with_gaps(samples(parameters, 1500), 0.25)
        r, logs = responsibilities(parameters, x), score_samples(parameters, x)
        moments = expectation(parameters, x, None, parameters.means)
        bits = r.tobytes() + logs.tobytes() + score_samples(parameters, x.astype(np.float32)).tobytes()
        digests.append(hashlib.sha256(bits + bits_of(*moments)).hexdigest())
    return digests
