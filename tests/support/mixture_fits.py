"""Data, starts and comparisons that the tests of fits of mixtures share."""

import warnings

import numpy as np

TYPES = ("full", "tied", "diag", "spherical")
FITTED = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")


def data(n=3000, d=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
    x[: n // 3] += 3
    x[n // 3 : n // 2] -= 5
    return x


def start(covariance_type, x, components=3):
    d = x.shape[1]
    precisions = {
        "full": np.array([np.eye(d)] * components),
        "tied": np.eye(d),
        "diag": np.ones((components, d)),
        "spherical": np.ones(components),
    }[covariance_type]
    return {
        "n_components": components,
        "covariance_type": covariance_type,
        "weights_init": np.full(components, 1 / components),
        "means_init": x[:: len(x) // components][:components],
        "precisions_init": precisions,
    }


def fitted(model, x, **keywords):
    """Without the warning that a few steps are no convergence."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*did not converge.*")
        return model.fit(x, **keywords)


def assert_same_model(got, want, rtol=1e-8):
    for name in FITTED:
        a, b = getattr(got, name), getattr(want, name)
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.abs(b).max(), err_msg=name)
    np.testing.assert_allclose(got.lower_bound_, want.lower_bound_, rtol=rtol)
