"""What the tests of the mixture kernels share: mixtures of every form, data, and the twin's results.

from tests.support import mixture_cases as cases
"""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import numpy as np

from fastdist.reference import mixture as twin
from fastdist.reference import mixture_density as twin_density
from fastdist.reference.arithmetic import Float32
from tests.support import multivariate_cases as multivariate
from tests.support.remembered import remembered

numbers, layouts, baseline = multivariate.numbers, multivariate.layouts, multivariate.baseline

DTYPES = ["float64", "float32"]
# Factors of every component; a triangular one that all share; standard deviations.
FORMS = ["triangular", "shared", "diagonal"]
# On both sides of the borders of vectors, and of what is done in registers and in blocks.
DIMENSIONS = [1, 2, 3, 4, 5, 8, 15, 16, 17, 23, 24, 25, 33]
COMPONENTS = [1, 2, 3, 7, 17]
COUNTS = [0, 1, 15, 16, 17, 255, 256, 257, 600]
# Far enough for a square to overflow, in either type.
FAR = {"float64": 1e200, "float32": 1e25}


def factors(components: int, d: int, form: str, seed: int) -> np.ndarray:
    """Factors of a form, each row with a scale of its own; NaN above the diagonals, where no one looks."""
    matrices: np.ndarray = multivariate.factors(d, 1 if form == "shared" else components, seed, "float64")
    return np.ascontiguousarray(matrices[:, range(d), range(d)]) if form == "diagonal" else matrices


def parameters(components: int, d: int, form: str, seed: int = 1) -> tuple[np.ndarray, ...]:
    """log_heights, weights, means and factors.  Of three components and more the second has no weight.

    The means are no float32 numbers, and some are large beside their deviations.
    """
    random = np.random.default_rng(1000 * components + d + seed)
    weights = random.dirichlet(np.full(components, 2.0))
    if components >= 3:
        weights[1] = 0
        weights /= weights.sum()
    own = factors(components, d, form, components + d + seed)
    diagonals = own if form == "diagonal" else own[:, range(d), range(d)]
    peaks = np.array([twin_log_peak(diagonal) for diagonal in diagonals])
    with np.errstate(divide="ignore"):
        log_heights = np.log(weights) + peaks
    means = random.normal(size=(components, d)) * 10.0 ** random.integers(-2, 3, (components, 1))
    return log_heights, weights, means, own


def twin_log_peak(deviations: np.ndarray) -> float:
    """The log density of independent normals, at their mean."""
    return float(-np.log(deviations).sum() - len(deviations) * np.log(2 * np.pi) / 2)


def data(mixture: tuple[np.ndarray, ...], n: int, dtype: str, seed: int = 2) -> np.ndarray:
    """n rows about the means, at different distances; each 7th is a mean, and each 11th is far from all."""
    _, _, means, own = mixture
    random = np.random.default_rng(seed)
    d = means.shape[1]
    labels = random.integers(0, len(means), n)
    z = random.normal(size=(n, d)) * 10.0 ** random.integers(-1, 2, (n, 1))
    z[::7] = 0
    chosen = own[labels if len(own) > 1 else labels * 0]
    away = chosen * z if own.ndim == 2 else (np.tril(np.nan_to_num(chosen)) @ z[..., None])[..., 0]
    x = means[labels] + away
    x[5::11] *= FAR[dtype]
    return x.astype(dtype)


def prepared(mixture: tuple[np.ndarray, ...], dtype: str) -> Any:
    """The parameters as the twin has them."""
    return twin_density.prepare(
        *(array.tolist() for array in mixture), Float32 if dtype == "float32" else float
    )


@remembered
def of_twin(mixture: tuple[np.ndarray, ...], x: np.ndarray) -> SimpleNamespace:
    """The twin's log densities, responsibilities and labels of rows x.

    Labels as ``predict`` finds them, which would compute the responsibilities again.
    """
    components = prepared(mixture, x.dtype.name)
    found = [twin.responsibilities(row, components) for row in numbers(x)]
    return SimpleNamespace(
        log_density=np.array([log_density for _, log_density in found], x.dtype),
        responsibilities=np.array([r for r, _ in found], x.dtype).reshape(len(x), len(components)),
        labels=np.array([r.index(max(r)) for r, _ in found], np.intp),
        nearest=np.array([twin.nearest(row, components) for row in numbers(x)], np.intp),
    )


@functools.cache
def known(components: int, d: int, form: str, n: int, dtype: str) -> SimpleNamespace:
    """A mixture, data, and the twin's results."""
    mixture = parameters(components, d, form)
    x = data(mixture, n, dtype)
    return SimpleNamespace(mixture=mixture, x=x, **vars(of_twin(mixture, x)))


def sums_before(components: int, d: int, form: str) -> tuple[np.ndarray, ...]:
    """totals, sums and products as another call may have left them; NaN above the diagonals."""
    random = np.random.default_rng(3)
    products = random.normal(size=(components, d) if form == "diagonal" else (components, d, d))
    if products.ndim == 3:
        products[:, *np.triu_indices(d, 1)] = np.nan
    return random.uniform(size=components), random.normal(size=(components, d)), products


def weights_of_rows(n: int) -> np.ndarray:
    """Sample weights of different sizes, some of them 0."""
    random = np.random.default_rng(4)
    return random.uniform(size=n) * 10.0 ** random.integers(-3, 3, n) * (random.uniform(size=n) > 0.1)
